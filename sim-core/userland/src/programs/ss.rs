//! `ss` of iproute2: sockets, and with `-p` whose they are.

use super::support::{prelude::*, program};
use linux::net::{SocketInfo, SocketKind, TcpState};
use sim::{Ordered, SortedMap};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

program!(PROGRAM, "ss", "Another utility to investigate sockets", main);

const TABLE: &str = "t|tcp u|udp w|raw l|listening a|all n|numeric p|processes H|no-header 4|ipv4 6|ipv6 s|summary o|options \
    !i|info !e|extended !m|memory !x|unix !0|packet !f: !A: !K|kill !D: !F: !r|resolve !b|bpf !Z|context !N: !E|events !S|sctp \
    !d|dccp !O|oneline h|help V|version";

/// Sockets of each inode number: names of descriptors by it are `socket:[N]`.
type Owners = SortedMap<u32, Vec<String>>;

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(Duration::from_millis(2)).await;
    let options = match super::support::options::read(&args, TABLE) {
        Ok(options) => options,
        Err(super::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, "ss", &format!("the option {option}")).await;
        }
        Err(super::support::options::Problem::Usage(text)) => {
            complain(&sys, "ss", &text).await;
            sys.err("Usage: ss [ OPTIONS ]\n       ss [ OPTIONS ] [ FILTER ]\n").await;
            return 255;
        }
    };
    if options.has("V") {
        sys.out("ss utility, iproute2-6.1.0\n").await;
        return 0;
    }
    for option in ["h", "s", "o"] {
        if options.has(option) {
            return not_simulated(&sys, "ss", &format!("the option -{option}")).await;
        }
    }
    let filter = match Filter::read(&options.operands) {
        Ok(filter) => filter,
        Err(word) => return not_simulated(&sys, "ss", &format!("a filter with {word}")).await,
    };
    let named = options.has("t") || options.has("u") || options.has("w");
    let wants = |kind: SocketKind| match kind {
        _ if options.has("6") => false,
        _ if !named => kind != SocketKind::Icmp,
        SocketKind::Tcp => options.has("t"),
        SocketKind::Udp => options.has("u"),
        SocketKind::Icmp => false,
    };
    let mut sockets = sys.host().net().sockets(sys.namespaces().netns);
    sockets.retain(|one| {
        wants(one.kind) && filter.state_fits(one, options.has("a"), options.has("l")) && filter.takes(one)
    });
    // Raw and UDP sockets are asked for first, and of TCP those that listen.
    sockets.order_by_key(|one| (order(one.kind), one.state != TcpState::Listen));
    let owners = if options.has("p") { owners(&sys).await } else { Owners::new() };
    let numeric = options.has("n");
    let mut table = Table { netid: !(named && sockets_of_one_kind(&options)), rows: Vec::new() };
    for one in &sockets {
        let users = owners.get(&one.id).map_or(String::new(), |list| format!(" users:({})", list.join(",")));
        table.rows.push(Row {
            netid: netid(one.kind),
            state: state(one),
            recv: one.recv_q.to_string(),
            send: one.send_q.to_string(),
            local: address(one.local),
            local_port: port(one.local, one.kind, numeric),
            peer: address(one.remote),
            peer_port: port(one.remote, one.kind, numeric),
            users,
        });
    }
    let width = sys.isatty(1).then(|| sys.winsize(1).map_or(80, |size| usize::from(size.cols)));
    let mut out = Out::new(&sys);
    out.text(&table.render(width, !options.has("H"))).await;
    out.flush().await;
    0
}

fn sockets_of_one_kind(options: &Options) -> bool {
    ["t", "u", "w"].iter().filter(|kind| options.has(kind)).count() == 1
}

fn order(kind: SocketKind) -> u8 {
    match kind {
        SocketKind::Icmp => 0,
        SocketKind::Udp => 1,
        SocketKind::Tcp => 2,
    }
}

fn netid(kind: SocketKind) -> &'static str {
    match kind {
        SocketKind::Tcp => "tcp",
        SocketKind::Udp => "udp",
        SocketKind::Icmp => "icmp6",
    }
}

fn state(one: &SocketInfo) -> &'static str {
    match one.state {
        TcpState::Listen => "LISTEN",
        TcpState::SynSent => "SYN-SENT",
        TcpState::SynReceived => "SYN-RECV",
        TcpState::Established => "ESTAB",
        TcpState::FinWait1 => "FIN-WAIT-1",
        TcpState::FinWait2 => "FIN-WAIT-2",
        TcpState::CloseWait => "CLOSE-WAIT",
        TcpState::Closing => "CLOSING",
        TcpState::LastAck => "LAST-ACK",
        TcpState::TimeWait => "TIME-WAIT",
        TcpState::Closed => "UNCONN",
    }
}

fn address(of: SocketAddr) -> String {
    of.ip().to_string()
}

fn port(of: SocketAddr, kind: SocketKind, numeric: bool) -> String {
    match of.port() {
        0 => "*".into(),
        number => {
            let name = super::lookup::service(number, kind == SocketKind::Udp).filter(|_| !numeric);
            name.map_or_else(|| number.to_string(), String::from)
        }
    }
}

/// Which sockets are wanted: states, ports, addresses.
#[derive(Debug, Default)]
struct Filter {
    states: Option<Vec<String>>,
    ports: Vec<(bool, u16)>,
    addresses: Vec<(bool, IpAddr)>,
}

impl Filter {
    /// `state established`, `sport = :80`, `dst 10.0.0.1`, with `and` between.
    fn read(words: &[String]) -> Result<Filter, String> {
        let mut filter = Filter::default();
        let mut rest = words
            .iter()
            .map(String::as_str)
            .filter(|word| !matches!(*word, "and" | "(" | ")" | "=" | "==" | "eq"));
        while let Some(word) = rest.next() {
            let value = rest.next().ok_or_else(|| word.to_string())?;
            match word {
                "state" => filter.states.get_or_insert_default().push(value.to_ascii_lowercase()),
                "sport" | "dport" => {
                    let number = super::lookup::port(value.trim_start_matches(':'))
                        .ok_or_else(|| value.to_string())?;
                    filter.ports.push((word == "sport", number));
                }
                "src" | "dst" => {
                    let address = value.parse().map_err(|_| value.to_string())?;
                    filter.addresses.push((word == "src", address));
                }
                word => return Err(word.to_string()),
            }
        }
        Ok(filter)
    }

    fn state_fits(&self, one: &SocketInfo, all: bool, listening: bool) -> bool {
        let waits = matches!(
            (one.kind, one.state),
            (_, TcpState::Listen) | (SocketKind::Udp | SocketKind::Icmp, TcpState::Closed)
        );
        let Some(states) = &self.states else {
            let quiet = matches!(one.state, TcpState::TimeWait | TcpState::SynReceived)
                || one.kind == SocketKind::Tcp && one.state == TcpState::Closed;
            return if all {
                true
            } else if listening {
                waits
            } else {
                !waits && !quiet
            };
        };
        let name = state(one).to_ascii_lowercase();
        states.iter().any(|wanted| match wanted.as_str() {
            "all" => true,
            "established" => name == "estab",
            "listening" => name == "listen",
            "closed" => name == "unconn",
            "connected" => !waits && name != "unconn",
            wanted => wanted == name,
        })
    }

    fn takes(&self, one: &SocketInfo) -> bool {
        let side = |local: bool| if local { one.local } else { one.remote };
        self.ports.iter().all(|(local, port)| side(*local).port() == *port)
            && self.addresses.iter().all(|(local, address)| side(*local).ip() == *address)
    }
}

/// Who has which socket open, as far as this user may know.
async fn owners(sys: &Sys) -> Owners {
    let mut owners = Owners::new();
    for process in sys.processes() {
        sys.cpu(Duration::from_micros(20)).await;
        let folder = format!("/proc/{}/fd", process.pid);
        let mut descriptors: Vec<i32> =
            sys.read_dir(&folder).unwrap_or_default().iter().filter_map(|name| name.parse().ok()).collect();
        descriptors.order();
        for fd in descriptors {
            let link = sys.readlink(&format!("{folder}/{fd}")).unwrap_or_default();
            let inode = link.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            if let Some(number) = inode.and_then(|text| text.parse::<u32>().ok()) {
                let user = format!("(\"{}\",pid={},fd={fd})", process.comm, process.pid);
                owners.entry(number.wrapping_sub(FIRST_INODE)).or_default().push(user);
            }
        }
    }
    owners
}

/// Inode number of the first socket of a world.
const FIRST_INODE: u32 = 30_000;

struct Row {
    netid: &'static str,
    state: &'static str,
    recv: String,
    send: String,
    local: String,
    local_port: String,
    peer: String,
    peer_port: String,
    users: String,
}

struct Table {
    netid: bool,
    rows: Vec<Row>,
}

/// A column: its heading, whether it is set to the right, what stands in front of it.
struct Column {
    heading: &'static str,
    right: bool,
    delimiter: &'static str,
    cells: Vec<String>,
}

impl Table {
    /// Models `render` of misc/ss.c: columns as wide as their widest cell; on a terminal the room that is left is
    /// shared out among them.
    fn render(&self, width: Option<usize>, header: bool) -> String {
        let column = |heading, right, delimiter, cell: fn(&Row) -> String| Column {
            heading,
            right,
            delimiter,
            cells: self.rows.iter().map(cell).collect(),
        };
        let mut columns = vec![
            column("State", false, if self.netid { " " } else { "" }, |row| row.state.to_string()),
            column("Recv-Q", false, " ", |row| row.recv.clone()),
            column("Send-Q", false, " ", |row| row.send.clone()),
            column("Local Address:", true, " ", |row| format!("{}:", row.local)),
            column("Port", false, "", |row| row.local_port.clone()),
            column("Peer Address:", true, " ", |row| format!("{}:", row.peer)),
            column("Port", false, "", |row| row.peer_port.clone()),
            column("Process", false, "", |row| row.users.clone()),
        ];
        if self.netid {
            columns.insert(0, column("Netid", false, "", |row| row.netid.to_string()));
        }
        let mut widths: Vec<usize> = columns
            .iter()
            .map(|column| {
                let cells = column.cells.iter().map(String::len).max().unwrap_or(0);
                cells.max(if header { column.heading.len() } else { 0 })
            })
            .collect();
        let used: usize =
            widths.iter().zip(&columns).map(|(width, column)| width + column.delimiter.len()).sum();
        let room = width.and_then(|width| width.checked_sub(used)).unwrap_or(0);
        let count = widths.len();
        for (at, width) in widths.iter_mut().enumerate() {
            *width += room / count + usize::from(at >= count - room % count);
        }
        let mut text = String::new();
        let first = usize::from(!header);
        for line in first..=self.rows.len() {
            for (at, column) in columns.iter().enumerate() {
                let cell = if line == 0 { column.heading } else { &column.cells[line - 1] };
                let wide = widths[at];
                text.push_str(column.delimiter);
                text.push_str(&if column.right {
                    format!("{cell:>wide$}")
                } else {
                    format!("{cell:<wide$}")
                });
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_bed::Bed;
    use super::*;
    use expect_test::expect;

    #[test]
    fn shows_nothing_with_headings() {
        let bed = Bed::new(&[&PROGRAM]);
        assert_eq!(
            bed.run("ss -tln").all(),
            "State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
        );
        // As recorded on a terminal of 100 columns.
        let wide = Table { netid: false, rows: Vec::new() }.render(Some(100), true);
        let recorded = "State     Recv-Q     Send-Q          Local Address:Port           Peer Address:Port     Process     \n";
        assert_eq!(wide, recorded);
    }

    #[test]
    fn columns_are_as_wide_as_needed() {
        let row = |state, port: &str, peer: &str, users: &str| Row {
            netid: "tcp",
            state,
            recv: "0".into(),
            send: "0".into(),
            local: "10.244.0.3".into(),
            local_port: port.into(),
            peer: peer.into(),
            peer_port: "80".into(),
            users: users.into(),
        };
        // As recorded.
        let table = Table {
            netid: false,
            rows: vec![row("ESTAB", "42740", "10.96.20.9", " users:((\"curl\",pid=818,fd=5))")],
        };
        expect![[r#"
            State Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess                      $
            ESTAB 0      0         10.244.0.3:42740   10.96.20.9:80   users:(("curl",pid=818,fd=5))
        "#]]
        .assert_eq(&table.render(None, true).replace(" \n", "$\n"));
        let table = Table { netid: false, rows: vec![row("TIME-WAIT", "49090", "10.96.20.2", "")] };
        expect![[r#"
            State     Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess
            TIME-WAIT 0      0         10.244.0.3:49090   10.96.20.2:80        $
        "#]]
        .assert_eq(&table.render(None, true).replace(" \n", "$\n"));
    }

    #[test]
    fn filters_are_read() {
        let words: Vec<String> =
            "state established and sport = :80 dst 10.0.0.1".split(' ').map(String::from).collect();
        let filter = Filter::read(&words).unwrap();
        assert_eq!(filter.ports, [(true, 80)]);
        assert_eq!(filter.addresses, [(false, "10.0.0.1".parse().unwrap())]);
    }
}
