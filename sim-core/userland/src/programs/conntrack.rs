//! `conntrack` of conntrack-tools: the connections that a node's kernel keeps track of, and how it translates them.

use super::support::{prelude::*, program};
use linux::net::{ConntrackEntry, CtTuple, NetnsId};
use std::net::Ipv4Addr;
use std::time::Duration;

program!(PROGRAM, "conntrack", "Command line interface for the connection tracking system", main);

const VERSION: &str = "conntrack v1.4.7 (conntrack-tools)";

const PROTOCOLS: [(&str, u8); 3] = [("tcp", 6), ("udp", 17), ("icmp", 1)];

const STATES: [&str; 8] =
    ["SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE"];

/// Which entries are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Filter {
    protocol: Option<u8>,
    source: Option<Ipv4Addr>,
    destination: Option<Ipv4Addr>,
    reply_source: Option<Ipv4Addr>,
    reply_destination: Option<Ipv4Addr>,
    source_nat: Option<Option<Ipv4Addr>>,
    destination_nat: Option<Option<Ipv4Addr>>,
    sport: Option<u16>,
    dport: Option<u16>,
    state: Option<String>,
}

/// A command line that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Request {
    command: char,
    filter: Filter,
    extended: bool,
}

enum Wrong {
    Usage(String),
    Missing(String),
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(Duration::from_millis(2)).await;
    let request = match read(&args[1..]) {
        Ok(request) => request,
        Err(Wrong::Missing(what)) => return not_simulated(&sys, "conntrack", &what).await,
        Err(Wrong::Usage(text)) => {
            let hint = "Try `conntrack -h' or 'conntrack --help' for more information.";
            sys.err(&format!("{VERSION}: {text}\n{hint}\n")).await;
            return 2;
        }
    };
    match request.command {
        'V' => {
            sys.out(&format!("{VERSION}\n")).await;
            return 0;
        }
        'h' => {
            sys.out(HELP).await;
            return 0;
        }
        _ => {}
    }
    if sys.uid() != 0 {
        sys.err(&format!("{VERSION}: Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this\n"))
            .await;
        return 1;
    }
    let (net, ns) = (sys.host().net().clone(), sys.namespaces().netns);
    match request.command {
        'C' => {
            sys.out(&format!("{}\n", net.conntrack(ns).len())).await;
            0
        }
        'F' => {
            net.conntrack_flush(ns);
            sys.err(&format!("{VERSION}: connection tracking table has been emptied.\n")).await;
            0
        }
        'D' => delete(&sys, ns, &request).await,
        _ => {
            let entries: Vec<ConntrackEntry> = net.conntrack(ns);
            let shown: Vec<String> = entries
                .iter()
                .filter(|entry| request.filter.takes(entry))
                .map(|entry| line(entry, &request))
                .collect();
            say(&sys, &shown, "shown").await;
            0
        }
    }
}

async fn delete(sys: &Sys, ns: NetnsId, request: &Request) -> ExitCode {
    let mut gone = Vec::new();
    sys.host().net().conntrack_delete(ns, |entry| {
        let takes = request.filter.takes(entry);
        if takes {
            gone.push(line(entry, request));
        }
        takes
    });
    say(sys, &gone, "deleted").await;
    i32::from(gone.is_empty())
}

async fn say(sys: &Sys, lines: &[String], what: &str) {
    let mut out = Out::new(sys);
    for line in lines {
        out.line(line).await;
    }
    out.flush().await;
    sys.err(&format!("{VERSION}: {} flow entries have been {what}.\n", lines.len())).await;
}

/// An entry as `-L` shows it.
fn line(entry: &ConntrackEntry, request: &Request) -> String {
    let protocol =
        PROTOCOLS.iter().find(|(_, number)| *number == entry.protocol).map_or("unknown", |(name, _)| *name);
    let mut text = if request.extended { "ipv4     2 ".to_string() } else { String::new() };
    text.push_str(&format!("{protocol:<8} {} {} ", entry.protocol, entry.remaining.as_secs()));
    if let Some(state) = entry.state {
        text.push_str(&format!("{} ", state.name()));
    }
    text.push_str(&tuple(&entry.original, entry.protocol));
    text.push_str(if entry.replied { "" } else { "[UNREPLIED] " });
    text.push_str(&tuple(&entry.reply, entry.protocol));
    text.push_str(if entry.assured { "[ASSURED] " } else { "" });
    text.push_str("mark=0 use=1");
    text
}

fn tuple(one: &CtTuple, protocol: u8) -> String {
    let CtTuple { src, dst, sport, dport } = one;
    match protocol {
        1 => format!("src={src} dst={dst} type={dport} code=0 id={sport} "),
        _ => format!("src={src} dst={dst} sport={sport} dport={dport} "),
    }
}

impl Filter {
    fn takes(&self, entry: &ConntrackEntry) -> bool {
        let fits = |wanted: Option<Ipv4Addr>, own: Ipv4Addr| wanted.is_none_or(|wanted| wanted == own);
        let port = |wanted: Option<u16>, own: u16| wanted.is_none_or(|wanted| wanted == own);
        let translated = |wanted: Option<Option<Ipv4Addr>>, is: bool, to: Ipv4Addr| match wanted {
            None => true,
            Some(address) => is && fits(address, to),
        };
        self.protocol.is_none_or(|protocol| protocol == entry.protocol)
            && fits(self.source, entry.original.src)
            && fits(self.destination, entry.original.dst)
            && fits(self.reply_source, entry.reply.src)
            && fits(self.reply_destination, entry.reply.dst)
            && translated(self.source_nat, entry.snat, entry.reply.dst)
            && translated(self.destination_nat, entry.dnat, entry.reply.src)
            && port(self.sport, entry.original.sport)
            && port(self.dport, entry.original.dport)
            && self.state.as_ref().is_none_or(|state| entry.state.is_some_and(|own| own.name() == state))
    }
}

fn read(args: &[String]) -> Result<Request, Wrong> {
    let mut request = Request::default();
    let mut rest = args.iter().peekable();
    while let Some(arg) = rest.next() {
        let (name, attached) = match arg.strip_prefix("--") {
            Some(long) => long.split_once('=').map_or((format!("--{long}"), None), |(name, value)| {
                (format!("--{name}"), Some(value.to_string()))
            }),
            None if arg.starts_with('-') && arg.len() > 2 && arg.is_ascii() => {
                (arg[..2].to_string(), Some(arg[2..].to_string()))
            }
            None => (arg.clone(), None),
        };
        let mut value = || {
            let next = attached.clone().or_else(|| rest.next().cloned());
            next.ok_or_else(|| Wrong::Usage(format!("option `{name}' requires an argument")))
        };
        let ports = matches!(request.filter.protocol, Some(6 | 17));
        match name.as_str() {
            "-L" | "--dump" => request.command = 'L',
            "-D" | "--delete" => request.command = 'D',
            "-F" | "--flush" => request.command = 'F',
            "-C" | "--count" => request.command = 'C',
            "-V" | "--version" => request.command = 'V',
            "-h" | "--help" => request.command = 'h',
            "-p" | "--proto" | "--protonum" => {
                let name = value()?;
                let number = PROTOCOLS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
                request.filter.protocol = Some(
                    number
                        .or_else(|| name.parse().ok())
                        .ok_or_else(|| Wrong::Usage(format!("`{name}' unsupported protocol")))?,
                );
            }
            "-s" | "--src" | "--orig-src" => request.filter.source = Some(address(&value()?)?),
            "-d" | "--dst" | "--orig-dst" => request.filter.destination = Some(address(&value()?)?),
            "-r" | "--reply-src" => request.filter.reply_source = Some(address(&value()?)?),
            "-q" | "--reply-dst" => request.filter.reply_destination = Some(address(&value()?)?),
            "-n" | "--src-nat" | "-g" | "--dst-nat" => {
                let given = attached.clone().or_else(|| rest.next_if(|next| !next.starts_with('-')).cloned());
                let given = given.map(|text| address(&text)).transpose()?;
                match name.as_str() {
                    "-n" | "--src-nat" => request.filter.source_nat = Some(given),
                    _ => request.filter.destination_nat = Some(given),
                }
            }
            "--sport" | "--orig-port-src" if ports => request.filter.sport = Some(port(&value()?)?),
            "--dport" | "--orig-port-dst" if ports => request.filter.dport = Some(port(&value()?)?),
            "--state" if request.filter.protocol == Some(6) => {
                let state = value()?.to_ascii_uppercase();
                if !STATES.contains(&state.as_str()) {
                    return Err(Wrong::Usage(format!("unknown TCP state `{state}'")));
                }
                request.filter.state = Some(state);
            }
            "-f" | "--family" => match value()?.as_str() {
                "ipv4" => {}
                family => return Err(Wrong::Missing(format!("the family {family}"))),
            },
            "-o" | "--output" => match value()?.as_str() {
                "extended" => request.extended = true,
                format => return Err(Wrong::Missing(format!("the output {format}"))),
            },
            "conntrack" => {}
            "expect" | "dying" | "unconfirmed" => return Err(Wrong::Missing(format!("the table {name}"))),
            "-E" | "--event" | "-G" | "--get" | "-I" | "--create" | "-U" | "--update" | "-S" | "--stats"
            | "-R" | "--load-file" | "-m" | "--mark" | "-e" | "--event-mask" | "-z" | "--zero" | "-j"
            | "--any-nat" | "-u" | "--status" | "-t" | "--timeout" | "--reply-port-src"
            | "--reply-port-dst" | "--mask-src" | "--mask-dst" | "--id" | "-w" | "--zone" | "-b"
            | "--buffer-size" | "-l" | "--label" => {
                return Err(Wrong::Missing(format!("the option {name}")));
            }
            name if name.starts_with('-') => return Err(Wrong::Usage(format!("unknown option `{name}'"))),
            name => return Err(Wrong::Usage(format!("Bad parameter `{name}'"))),
        }
    }
    if request.command == '\0' {
        request.command = 'h';
    }
    Ok(request)
}

fn address(text: &str) -> Result<Ipv4Addr, Wrong> {
    text.parse().map_err(|_| match text.contains('/') {
        true => Wrong::Missing("an address with a mask".into()),
        false => Wrong::Usage(format!("Invalid IP address `{text}'")),
    })
}

fn port(text: &str) -> Result<u16, Wrong> {
    super::lookup::port(text).ok_or_else(|| Wrong::Usage(format!("bad port `{text}'")))
}

const HELP: &str = "Command line interface for the connection tracking system. Version 1.4.7
Usage: conntrack [commands] [options]

Commands:
  -L [table] [options]		List conntrack or expectation table
  -G [table] parameters		Get conntrack or expectation
  -D [table] parameters		Delete conntrack or expectation
  -I [table] parameters		Create a conntrack or expectation
  -U [table] parameters		Update a conntrack
  -E [table] [options]		Show events
  -F [table]			Flush table
  -C [table]			Show counter
  -S				Show statistics

Tables: conntrack, expect, dying, unconfirmed

Conntrack parameters and options:
  -n, --src-nat ip			source NAT ip
  -g, --dst-nat ip			destination NAT ip
  -j, --any-nat ip			source or destination NAT ip
  -m, --mark mark			Set mark
  -c, --secmark secmark			Set selinux secmark
  -e, --event-mask eventmask		Event mask, eg. NEW,DESTROY
  -z, --zero 				Zero counters while listing
  -o, --output type[,...]		Output format, eg. xml
  -l, --label label[,...]		conntrack labels

Expectation parameters and options:
  --tuple-src ip	Source address in expect tuple
  --tuple-dst ip	Destination address in expect tuple

Updating parameters and options:
  --label-add label	Add label
  --label-del label	Delete label

Common parameters and options:
  -s, --src, --orig-src ip		Source address from original direction
  -d, --dst, --orig-dst ip		Destination address from original direction
  -r, --reply-src ip		Source addres from reply direction
  -q, --reply-dst ip		Destination address from reply direction
  -p, --protonum proto		Layer 4 Protocol, eg. 'tcp'
  -f, --family proto		Layer 3 Protocol, eg. 'ipv6'
  -t, --timeout timeout		Set timeout
  -u, --status status		Set status, eg. ASSURED
  -w, --zone value		Set conntrack zone
  --orig-zone value		Set zone for original direction
  --reply-zone value		Set zone for reply direction
  -b, --buffer-size		Netlink socket buffer size
  --mask-src ip			Source mask address
  --mask-dst ip			Destination mask address

";

#[cfg(test)]
mod tests {
    use super::super::{iptables, ping, test_bed::Bed};
    use super::PROGRAM;

    #[test]
    fn shows_and_forgets_connections() {
        let bed = Bed::new(&[&PROGRAM, &ping::PROGRAM, &iptables::PROGRAM]);
        assert_eq!(bed.run("iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT").all(), "");
        let none = "conntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown.\n";
        assert_eq!(bed.run("conntrack -L").err, none);
        assert_eq!(bed.run("ping -c1 10.10.0.12").status, 0);
        let left = bed.run("conntrack -L -p icmp -d 10.10.0.12");
        let (before, id) = left.out.split_once(" id=").unwrap();
        assert_eq!(before, "icmp     1 29 src=10.10.0.11 dst=10.10.0.12 type=8 code=0");
        assert!(id.contains(" src=10.10.0.12 dst=10.10.0.11 type=0 code=0 id="), "{id}");
        assert!(id.ends_with(" mark=0 use=1\n"), "{id}");
        assert_eq!(bed.run("conntrack -C").out, "1\n");
        assert_eq!(bed.run("conntrack -L -p tcp").err, none);
        assert_eq!(bed.run("conntrack -L --src-nat").err, none);
        let deleted = "conntrack v1.4.7 (conntrack-tools): 1 flow entries have been deleted.\n";
        assert_eq!(bed.run("conntrack -D -p icmp").err, deleted);
        assert_eq!(bed.run("conntrack -D -d 1.2.3.4").status, 1);
    }

    /// Texts as recorded of the real one.
    #[test]
    fn says_what_is_wrong() {
        let bed = Bed::new(&[&PROGRAM]);
        let hint = "\nTry `conntrack -h' or 'conntrack --help' for more information.\n";
        for (line, text) in [
            ("conntrack -L --state TIME_WAIT", "unknown option `--state'"),
            ("conntrack -L -q nosuch", "Invalid IP address `nosuch'"),
            ("conntrack -L -p foo", "`foo' unsupported protocol"),
            ("conntrack --foo", "unknown option `--foo'"),
            ("conntrack -L -p tcp --state FOO", "unknown TCP state `FOO'"),
            ("conntrack -L --dport 80", "unknown option `--dport'"),
        ] {
            let left = bed.run(line);
            assert_eq!(
                (left.err, left.status),
                (format!("conntrack v1.4.7 (conntrack-tools): {text}{hint}"), 2),
                "{line}"
            );
        }
        assert_eq!(
            bed.run("conntrack -F").err,
            "conntrack v1.4.7 (conntrack-tools): connection tracking table has been emptied.\n"
        );
    }
}
