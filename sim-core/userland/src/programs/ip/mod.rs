//! `ip` of iproute2: interfaces, addresses, routes and neighbours of the network namespace one is in.
//!
//! `link` shows and changes interfaces and their addresses (`ip link`, `ip addr`), `route` routes (`ip route`,
//! `ip rule`), `neigh` the neighbour table. Words may be shortened as in the real one: `ip a`, `ip r g 10.0.0.1`.
//! There is no IPv6, so none is shown.

mod link;
mod neigh;
mod route;

use super::support::{prelude::*, program};
use linux::net::{Net, NetnsId};
use std::time::Duration;

program!(PROGRAM, "ip", "Show and manipulate routing, network devices, interfaces and tunnels", main);

const OBJECTS: &[&str] = &[
    "address",
    "addrlabel",
    "maddress",
    "route",
    "rule",
    "neighbor",
    "neighbour",
    "ntable",
    "ntbl",
    "link",
    "l2tp",
    "fou",
    "ila",
    "macsec",
    "tunnel",
    "tunl",
    "tuntap",
    "tap",
    "token",
    "tcpmetrics",
    "monitor",
    "xfrm",
    "mroute",
    "mrule",
    "netns",
    "netconf",
    "vrf",
    "sr",
    "nexthop",
    "mptcp",
    "ioam",
    "stats",
    "amt",
    "help",
];

/// Options in front of the object.
#[derive(Clone, Copy, Default)]
struct Look {
    brief: bool,
    one_line: bool,
    statistics: bool,
    /// `-4`: IPv4 only. Interfaces without such an address are left out of `ip addr`.
    four: bool,
    six: bool,
    color: bool,
}

impl Look {
    /// What ends a line within a record.
    fn line_end(self) -> &'static str {
        if self.one_line { "\\" } else { "\n" }
    }

    /// A text in a colour of `-c`.
    fn paint(self, color: u8, text: &str) -> String {
        if self.color { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_string() }
    }
}

const CYAN: u8 = 36;
const YELLOW: u8 = 33;
const MAGENTA: u8 = 35;
const GREEN: u8 = 32;
const RED: u8 = 31;

/// How a command ended that did not work out.
enum Failure {
    /// A text for standard error and a status.
    Says(String, ExitCode),
    /// What is not simulated.
    Missing(String),
}

impl Failure {
    fn says(text: impl Into<String>, status: ExitCode) -> Failure {
        Failure::Says(text.into(), status)
    }

    /// The kernel's refusal.
    fn kernel(errno: Errno) -> Failure {
        Failure::says(format!("RTNETLINK answers: {errno}"), 2)
    }

    fn no_device(name: &str) -> Failure {
        Failure::says(format!("Cannot find device \"{name}\""), 1)
    }

    fn garbage(word: &str) -> Failure {
        Failure::says(format!("Error: either \"dev\" is duplicate, or \"{word}\" is a garbage."), 255)
    }
}

/// What a command prints.
type Outcome = Result<String, Failure>;

/// Where commands work.
struct Ip {
    net: Net,
    ns: NetnsId,
    root: bool,
    uid: u32,
    look: Look,
}

/// The words behind the object.
struct Words<'a>(std::slice::Iter<'a, String>);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        self.0.next().map(String::as_str)
    }

    fn value(&mut self) -> Result<&'a str, Failure> {
        self.next().ok_or_else(|| Failure::says("Command line is not complete. Try option \"help\"", 255))
    }
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(Duration::from_micros(900)).await;
    let outcome = run(&sys, &args);
    match outcome {
        Ok(text) => {
            let mut out = Out::new(&sys);
            out.text(&text).await;
            out.flush().await;
            0
        }
        Err(Failure::Says(text, status)) => {
            sys.err(&format!("{text}\n")).await;
            status
        }
        Err(Failure::Missing(what)) => not_simulated(&sys, "ip", &what).await,
    }
}

fn run(sys: &Sys, args: &[String]) -> Outcome {
    let mut look = Look::default();
    let mut rest = args[1..].iter();
    let object = loop {
        let Some(word) = rest.next() else { return Err(Failure::says(USAGE, 255)) };
        let Some(option) = word.strip_prefix('-').filter(|option| !option.is_empty()) else { break word };
        let option = option.strip_prefix('-').unwrap_or(option);
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name {
            "4" => look.four = true,
            "6" => look.six = true,
            "s" | "stats" | "statistics" => look.statistics = true,
            "c" | "co" | "col" | "colo" | "color" => {
                look.color = match value {
                    "" | "always" => true,
                    "auto" => sys.isatty(1),
                    _ => false,
                }
            }
            "f" | "family" => match rest.next().map(String::as_str) {
                Some("inet") => look.four = true,
                Some("inet6") => look.six = true,
                Some(family) => return Err(Failure::Missing(format!("the family {family}"))),
                None => return Err(Failure::says("Command line is not complete. Try option \"help\"", 255)),
            },
            "V" | "Version" => return Ok("ip utility, iproute2-6.1.0, libbpf 1.3.0\n".into()),
            "h" if value.is_empty() => {}
            "help" => return Err(Failure::says(USAGE, 255)),
            _ if name.len() >= 2 && "brief".starts_with(name) => look.brief = true,
            _ if "oneline".starts_with(name) => look.one_line = true,
            "d" | "details" | "j" | "json" | "p" | "pretty" | "n" | "netns" | "a" | "all" | "b" | "batch"
            | "r" | "resolve" | "t" | "ts" | "N" | "0" | "M" | "B" | "force" | "human-readable" | "iec" => {
                return Err(Failure::Missing(format!("the option -{name}")));
            }
            _ => return Err(Failure::says(format!("Option \"{word}\" is unknown, try \"ip -help\"."), 255)),
        }
    };
    let ip = Ip {
        net: sys.host().net().clone(),
        ns: sys.namespaces().netns,
        root: sys.uid() == 0,
        uid: sys.real_uid(),
        look,
    };
    let Some(object) = OBJECTS.iter().find(|name| name.starts_with(object.as_str())) else {
        return Err(Failure::says(format!("Object \"{object}\" is unknown, try \"ip help\"."), 1));
    };
    let words = Words(rest);
    match *object {
        "address" => ip.address(words),
        "link" => ip.link(words),
        "route" => ip.route(words),
        "rule" => ip.rule(words),
        "neighbor" | "neighbour" => ip.neigh(words),
        "help" => Err(Failure::says(USAGE, 255)),
        object => Err(Failure::Missing(format!("the object {object}"))),
    }
}

/// Finds a command by the beginning of its name.
fn command<'a>(word: Option<&str>, names: &[&'a str], object: &str) -> Result<&'a str, Failure> {
    let Some(word) = word else { return Ok(names[0]) };
    names.iter().find(|name| name.starts_with(word)).copied().ok_or_else(|| {
        Failure::says(format!("Command \"{word}\" is unknown, try \"ip {object} help\"."), 255)
    })
}

const USAGE: &str = "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
       ip [ -force ] -batch filename
where  OBJECT := { address | addrlabel | amt | fou | help | ila | ioam | l2tp |
                   link | macsec | maddress | monitor | mptcp | mroute | mrule |
                   neighbor | neighbour | netconf | netns | nexthop | ntable |
                   ntbl | route | rule | sr | tap | tcpmetrics |
                   token | tunnel | tuntap | vrf | xfrm }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -r[esolve] |
                    -h[uman-readable] | -iec | -j[son] | -p[retty] |
                    -f[amily] { inet | inet6 | mpls | bridge | link } |
                    -4 | -6 | -M | -B | -0 |
                    -l[oops] { maximum-addr-flush-attempts } | -br[ief] |
                    -o[neline] | -t[imestamp] | -ts[hort] | -b[atch] [filename] |
                    -rc[vbuf] [size] | -n[etns] name | -N[umeric] | -a[ll] |
                    -c[olor]}";

#[cfg(test)]
mod tests;
