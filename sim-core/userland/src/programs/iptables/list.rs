//! Rules as `-L` and `-S` show them. Models the `print` functions of libxtables and of its extensions.

use super::args::Request;
use super::{Failure, Shown};
use crate::programs::lookup;
use ipnet::Ipv4Net;
use linux::Sys;
use linux::net::netfilter::{
    CtStates, Match, Maybe, NatTo, PROTOCOLS, Policy, Ports, RecentAction, RejectWith, Rule, StoredRule,
    Target,
};
use sim::SortedMap;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Nobody waits for more names when one took so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// `-S`
pub(super) fn show(chains: &[Shown], only: Option<usize>, counters: bool) -> String {
    let mut text = String::new();
    if only.is_none() {
        for Shown { chain, .. } in chains {
            let _ = match chain.policy {
                Some(policy) => write!(text, "-P {} {}", chain.name, policy.name()),
                None => write!(text, "-N {}", chain.name),
            };
            if counters && chain.policy.is_some() {
                let _ = write!(text, " -c {} {}", chain.packets, chain.bytes);
            }
            text.push('\n');
        }
    }
    for Shown { chain, .. } in chains {
        for (at, stored) in chain.rules().iter().enumerate() {
            if only.is_some_and(|only| only != at + 1) {
                continue;
            }
            // Counters stand before the target.
            let matches = Rule { target: Target::None, ..(*stored.rule).clone() }.to_string();
            let counted =
                if counters { format!("-c {} {}", stored.packets, stored.bytes) } else { String::new() };
            let target = stored.rule.target.to_string();
            let words = [format!("-A {}", chain.name), matches, counted, target];
            let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
            let _ = writeln!(text, "{}", words.join(" "));
        }
    }
    text
}

/// `-L`
pub(super) async fn list(
    sys: &Sys,
    chains: &[Shown],
    only: Option<usize>,
    request: &Request,
) -> Result<String, Failure> {
    let names = if request.numeric { SortedMap::new() } else { names(sys, chains).await };
    let format = Format { numeric: request.numeric, counters: request.verbose, exact: request.exact, names };
    let mut text = String::new();
    for (index, Shown { chain, references }) in chains.iter().enumerate() {
        if only.is_none() {
            if index > 0 {
                text.push('\n');
            }
            let _ = match chain.policy {
                Some(policy) if request.verbose => {
                    let (packets, bytes) = (format.amount(chain.packets), format.amount(chain.bytes));
                    writeln!(
                        text,
                        "Chain {} (policy {} {packets} packets, {bytes} bytes)",
                        chain.name,
                        policy.name()
                    )
                }
                Some(policy) => writeln!(text, "Chain {} (policy {})", chain.name, Policy::name(policy)),
                None => writeln!(text, "Chain {} ({references} references)", chain.name),
            };
            if request.line_numbers {
                text.push_str("num  ");
            }
            if request.verbose {
                text.push_str(if request.exact { "    pkts      bytes " } else { " pkts bytes " });
            }
            text.push_str("target     prot opt ");
            text.push_str(if request.verbose { "in     out     " } else { "" });
            text.push_str("source               destination         \n");
        }
        for (at, stored) in chain.rules().iter().enumerate() {
            if only.is_some_and(|only| only != at + 1) {
                continue;
            }
            if request.line_numbers {
                let _ = write!(text, "{:<4} ", at + 1);
            }
            format.rule(&mut text, stored);
        }
    }
    Ok(text)
}

/// The names of all addresses in the rules.
async fn names(sys: &Sys, chains: &[Shown]) -> SortedMap<Ipv4Addr, String> {
    let mut names = SortedMap::new();
    let mut asked = Vec::new();
    for stored in chains.iter().flat_map(|shown| shown.chain.rules()) {
        for net in [&stored.rule.source, &stored.rule.destination].into_iter().flatten() {
            let address = net.value.network();
            if net.value.prefix_len() == 0 || asked.contains(&address) {
                continue;
            }
            asked.push(address);
            let began = sys.now();
            if let Some(name) = lookup::reverse(sys, IpAddr::V4(address)).await {
                names.insert(address, name);
            }
            if sys.now().duration_since(began) > PATIENCE {
                return names;
            }
        }
    }
    names
}

struct Format {
    numeric: bool,
    counters: bool,
    exact: bool,
    names: SortedMap<Ipv4Addr, String>,
}

// Writing into a string cannot fail, so results are let go.
impl Format {
    /// A counter without its column.
    fn amount(&self, number: u64) -> String {
        if self.exact || number <= 99_999 {
            return number.to_string();
        }
        let mut number = (number + 500) / 1000;
        for unit in ["K", "M", "G"] {
            if number <= 9999 {
                return format!("{number}{unit}");
            }
            number = (number + 500) / 1000;
        }
        format!("{number}T")
    }

    fn rule(&self, text: &mut String, stored: &StoredRule) {
        let rule = &stored.rule;
        if self.counters {
            let width = if self.exact { 8 } else { 5 };
            let _ = write!(
                text,
                "{:>width$} {:>width$} ",
                self.amount(stored.packets),
                self.amount(stored.bytes)
            );
        }
        let inverted = |negated: bool| if negated { '!' } else { ' ' };
        let _ = write!(text, "{:<9} ", target_name(&rule.target));
        let number = rule.protocol.as_ref().map_or(0, |protocol| protocol.value);
        let known = PROTOCOLS.iter().find(|(_, known)| *known == number).filter(|_| !self.numeric);
        let protocol = match known {
            Some((name, _)) => name.to_string(),
            None if number == 0 && !self.numeric => "all".into(),
            None => number.to_string(),
        };
        let _ = write!(
            text,
            "{}{protocol:<4} -- ",
            inverted(rule.protocol.as_ref().is_some_and(|one| one.negated))
        );
        if self.counters {
            let any = if self.numeric { "*" } else { "any" };
            let interface = |name: &Option<Maybe<String>>| match name {
                Some(name) => format!("{}{}", if name.negated { "!" } else { "" }, name.value),
                None => any.to_string(),
            };
            let _ =
                write!(text, " {:<6} {:<6} ", interface(&rule.in_interface), interface(&rule.out_interface));
        }
        for net in [&rule.source, &rule.destination] {
            let sign = inverted(net.as_ref().is_some_and(|net| net.negated));
            let _ = write!(text, "{sign}{:<19} ", self.net(net.as_ref().map(|net| net.value)));
        }
        if matches!(rule.target, Target::Goto(_)) {
            text.push_str("[goto] ");
        }
        for one in &rule.matches {
            self.one_match(text, one);
        }
        self.target(text, &rule.target);
        text.push('\n');
    }

    fn net(&self, net: Option<Ipv4Net>) -> String {
        let Some(net) = net.filter(|net| net.prefix_len() > 0) else {
            return if self.numeric { "0.0.0.0/0".into() } else { "anywhere".into() };
        };
        let name = self.names.get(&net.network()).cloned().unwrap_or_else(|| net.network().to_string());
        if net.prefix_len() == 32 { name } else { format!("{name}/{}", net.prefix_len()) }
    }

    fn port(&self, port: u16, udp: bool) -> String {
        let name = lookup::service(port, udp).filter(|_| !self.numeric);
        name.map_or_else(|| port.to_string(), String::from)
    }

    fn ports(&self, text: &mut String, name: &str, ports: &Option<Maybe<Ports>>, udp: bool) {
        let Some(Maybe { negated, value: (from, to) }) = ports else { return };
        let bang = if *negated { "!" } else { "" };
        let _ = match from == to {
            true => write!(text, " {name}:{bang}{}", self.port(*from, udp)),
            false => write!(text, " {name}s:{bang}{}:{}", self.port(*from, udp), self.port(*to, udp)),
        };
    }

    fn one_match(&self, text: &mut String, one: &Match) {
        let bang = |negated: bool| if negated { " !" } else { "" };
        match one {
            Match::Comment(comment) => {
                let _ = write!(text, " /* {comment} */");
            }
            Match::Random(probability) => {
                let value = f64::from(probability.value) / 2_147_483_648.0;
                let _ = write!(
                    text,
                    " statistic mode random{} probability {value:.11}",
                    bang(probability.negated)
                );
            }
            Match::Nth { every, packet } => {
                let _ = write!(text, " statistic mode nth every {every}");
                if *packet > 0 {
                    let _ = write!(text, " packet {packet}");
                }
            }
            Match::Mark(Maybe { negated, value: (mark, mask) }) => {
                let _ = write!(text, " mark match{} {mark:#x}", bang(*negated));
                if *mask != u32::MAX {
                    let _ = write!(text, "/{mask:#x}");
                }
            }
            Match::CtState(states) => {
                let known = CtStates::NAMES.iter().filter(|(_, bit)| states.value.0 & bit != 0);
                let known: Vec<&str> = known.map(|(name, _)| *name).collect();
                let _ = write!(text, "{} ctstate {}", bang(states.negated), known.join(","));
            }
            Match::AddrType { source, destination } => {
                text.push_str(" ADDRTYPE match");
                for (name, kind) in [("src", source), ("dst", destination)] {
                    if let Some(kind) = kind {
                        let _ = write!(
                            text,
                            " {name}-type {}{}",
                            if kind.negated { "!" } else { "" },
                            kind.value
                        );
                    }
                }
            }
            Match::Recent(recent) => {
                let action = match recent.action {
                    RecentAction::Set => "SET",
                    RecentAction::Rcheck => "CHECK",
                    RecentAction::Update => "UPDATE",
                    RecentAction::Remove => "REMOVE",
                };
                let _ = write!(text, "{} recent: {action}", bang(recent.negated));
                if let Some(seconds) = recent.seconds {
                    let _ = write!(text, " seconds: {seconds}");
                }
                text.push_str(if recent.reap { " reap" } else { "" });
                if let Some(hits) = recent.hitcount {
                    let _ = write!(text, " hit_count: {hits}");
                }
                let side = if recent.by_source { "source" } else { "dest" };
                let _ = write!(text, " name: {} side: {side} mask: {}", recent.name, recent.mask);
            }
            Match::Tcp { sport, dport, flags } => {
                text.push_str(" tcp");
                self.ports(text, "spt", sport, false);
                self.ports(text, "dpt", dport, false);
                if let Some(Maybe { negated, value: (mask, set) }) = flags {
                    let _ = write!(text, " flags:{}", if *negated { "!" } else { "" });
                    let _ = match self.numeric {
                        true => write!(text, "0x{mask:02X}/0x{set:02X}"),
                        false => write!(text, "{}/{}", flag_names(*mask), flag_names(*set)),
                    };
                }
            }
            Match::Udp { sport, dport } => {
                text.push_str(" udp");
                self.ports(text, "spt", sport, true);
                self.ports(text, "dpt", dport, true);
            }
            Match::Multiport { source, ports } => {
                let list: Vec<String> = ports
                    .value
                    .iter()
                    .map(|(from, to)| match from == to {
                        true => self.port(*from, false),
                        false => format!("{}:{}", self.port(*from, false), self.port(*to, false)),
                    })
                    .collect();
                let side = if *source { "sports" } else { "dports" };
                let _ = write!(text, " multiport {side}{} {}", bang(ports.negated), list.join(","));
            }
            Match::Icmp(kind) => {
                let name = match kind.value {
                    0 => Some("echo-reply"),
                    3 => Some("destination-unreachable"),
                    8 => Some("echo-request"),
                    11 => Some("time-exceeded"),
                    _ => None,
                };
                let _ = match name.filter(|_| !self.numeric) {
                    Some(name) => write!(text, " icmp {}{name}", if kind.negated { "!" } else { "" }),
                    None => write!(text, " icmp{}type {}", bang(kind.negated), kind.value),
                };
            }
        }
    }

    fn target(&self, text: &mut String, target: &Target) {
        match target {
            Target::Dnat(to) | Target::Snat(to) => {
                text.push_str(" to:");
                if let Some(address) = to.address {
                    let _ = write!(text, "{address}");
                }
                if let Some(ports) = to.ports {
                    let _ = write!(text, ":{}", range(ports));
                }
                how(text, to);
            }
            Target::Masquerade(to) => {
                if let Some(ports) = to.ports {
                    let _ = write!(text, " masq ports: {}", range(ports));
                }
                how(text, to);
            }
            Target::Redirect(to) => {
                if let Some(ports) = to.ports {
                    let _ = write!(text, " redir ports {}", range(ports));
                }
                how(text, to);
            }
            Target::Mark(mark, mask) => {
                let _ = match (*mark, *mask) {
                    (0, mask) => write!(text, " MARK and {:#x}", !mask),
                    (mark, mask) if mark == mask => write!(text, " MARK or {mark:#x}"),
                    (mark, 0) => write!(text, " MARK xor {mark:#x}"),
                    (mark, u32::MAX) => write!(text, " MARK set {mark:#x}"),
                    (mark, mask) => write!(text, " MARK xset {mark:#x}/{mask:#x}"),
                };
            }
            Target::Reject(RejectWith::Icmp(name, _)) => {
                let _ = write!(text, " reject-with {name}");
            }
            Target::Reject(RejectWith::TcpReset) => text.push_str(" reject-with tcp-reset"),
            Target::Notrack => text.push_str(" CT notrack"),
            Target::Log { prefix } => {
                text.push_str(if self.numeric { " LOG flags 0 level 4" } else { " LOG level warning" });
                if !prefix.is_empty() {
                    let _ = write!(text, " prefix \"{prefix}\"");
                }
            }
            Target::None
            | Target::Accept
            | Target::Drop
            | Target::Return
            | Target::Jump(_)
            | Target::Goto(_) => {}
        }
    }
}

fn target_name(target: &Target) -> &str {
    match target {
        Target::None => "",
        Target::Accept => "ACCEPT",
        Target::Drop => "DROP",
        Target::Return => "RETURN",
        Target::Jump(chain) | Target::Goto(chain) => chain,
        Target::Dnat(_) => "DNAT",
        Target::Snat(_) => "SNAT",
        Target::Masquerade(_) => "MASQUERADE",
        Target::Redirect(_) => "REDIRECT",
        Target::Mark(..) => "MARK",
        Target::Reject(_) => "REJECT",
        Target::Notrack => "CT",
        Target::Log { .. } => "LOG",
    }
}

fn range((from, to): Ports) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}

fn how(text: &mut String, to: &NatTo) {
    for (is, word) in
        [(to.random, " random"), (to.random_fully, " random-fully"), (to.persistent, " persistent")]
    {
        text.push_str(if is { word } else { "" });
    }
}

fn flag_names(flags: u8) -> String {
    const NAMES: [(&str, u8); 6] = [("FIN", 1), ("SYN", 2), ("RST", 4), ("PSH", 8), ("ACK", 16), ("URG", 32)];
    let names: Vec<&str> = NAMES.iter().filter(|(_, bit)| flags & bit != 0).map(|(name, _)| *name).collect();
    if names.is_empty() { "NONE".into() } else { names.join(",") }
}
