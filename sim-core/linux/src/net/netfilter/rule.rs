//! Rules: what a packet must look like, and what then happens to it. `Display` writes a rule as
//! `iptables-save` does.

use ipnet::Ipv4Net;
use std::fmt;
use std::net::Ipv4Addr;

/// A value that `!` may turn around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maybe<T> {
    /// True with `!` before the option.
    pub negated: bool,
    /// What is compared with.
    pub value: T,
}

impl<T> Maybe<T> {
    /// Without `!`.
    pub fn is(value: T) -> Self {
        Maybe { negated: false, value }
    }
    /// With `!`.
    pub fn is_not(value: T) -> Self {
        Maybe { negated: true, value }
    }
    fn bang(&self) -> &'static str {
        if self.negated { "! " } else { "" }
    }
}

/// A rule of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// `-s`
    pub source: Option<Maybe<Ipv4Net>>,
    /// `-d`
    pub destination: Option<Maybe<Ipv4Net>>,
    /// `-i`; a `+` at the end stands for anything.
    pub in_interface: Option<Maybe<String>>,
    /// `-o`
    pub out_interface: Option<Maybe<String>>,
    /// `-p`, as a protocol number.
    pub protocol: Option<Maybe<u8>>,
    /// `-m ...`, in order.
    pub matches: Vec<Match>,
    /// `-j` or `-g`; none only counts.
    pub target: Target,
}

/// Ports, from and to.
pub type Ports = (u16, u16);

/// One of the matches of `-m`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// `-m comment --comment TEXT`
    Comment(String),
    /// `-m statistic --mode random --probability P`, in units of 2^-31.
    Random(Maybe<u32>),
    /// `-m statistic --mode nth --every N --packet P`
    Nth {
        /// Every so many packets.
        every: u32,
        /// Which one of them.
        packet: u32,
    },
    /// `-m mark --mark VALUE/MASK`
    Mark(Maybe<(u32, u32)>),
    /// `-m conntrack --ctstate ...`, bits of [`CtStates`].
    CtState(Maybe<CtStates>),
    /// `-m addrtype`
    AddrType {
        /// `--src-type`
        source: Option<Maybe<AddrType>>,
        /// `--dst-type`
        destination: Option<Maybe<AddrType>>,
    },
    /// `-m recent`
    Recent(Recent),
    /// `-m tcp`
    Tcp {
        /// `--sport`
        sport: Option<Maybe<Ports>>,
        /// `--dport`
        dport: Option<Maybe<Ports>>,
        /// `--tcp-flags MASK SET`
        flags: Option<Maybe<(u8, u8)>>,
    },
    /// `-m udp`
    Udp {
        /// `--sport`
        sport: Option<Maybe<Ports>>,
        /// `--dport`
        dport: Option<Maybe<Ports>>,
    },
    /// `-m multiport --dports ...` or `--sports ...`
    Multiport {
        /// True for `--sports`.
        source: bool,
        /// The ports.
        ports: Maybe<Vec<Ports>>,
    },
    /// `-m icmp --icmp-type N`
    Icmp(Maybe<u8>),
}

/// States of `--ctstate`, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CtStates(pub u8);

impl CtStates {
    /// Belongs to no connection and cannot begin one.
    pub const INVALID: u8 = 1;
    /// Begins a connection.
    pub const NEW: u8 = 2;
    /// An error about a connection.
    pub const RELATED: u8 = 4;
    /// Of a connection that was answered.
    pub const ESTABLISHED: u8 = 8;
    /// Not tracked.
    pub const UNTRACKED: u8 = 16;
    /// Source was translated.
    pub const SNAT: u8 = 32;
    /// Destination was translated.
    pub const DNAT: u8 = 64;
    /// Names in the order in which `iptables-save` writes them.
    pub const NAMES: [(&'static str, u8); 7] = [
        ("INVALID", Self::INVALID),
        ("NEW", Self::NEW),
        ("RELATED", Self::RELATED),
        ("ESTABLISHED", Self::ESTABLISHED),
        ("UNTRACKED", Self::UNTRACKED),
        ("SNAT", Self::SNAT),
        ("DNAT", Self::DNAT),
    ];
}

/// Kinds of addresses of `-m addrtype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddrType {
    /// An address of this host.
    Local,
    /// Another host's.
    Unicast,
    /// Everybody on the link.
    Broadcast,
    /// A group.
    Multicast,
}

/// `-m recent`: a list of addresses with the times at which they were seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    /// `--set`, `--rcheck`, `--update` or `--remove`
    pub action: RecentAction,
    /// With `!` before it.
    pub negated: bool,
    /// `--seconds`
    pub seconds: Option<u32>,
    /// `--reap`
    pub reap: bool,
    /// `--hitcount`
    pub hitcount: Option<u32>,
    /// `--name`
    pub name: String,
    /// `--mask`
    pub mask: Ipv4Addr,
    /// `--rsource` (or `--rdest`)
    pub by_source: bool,
}

/// What a `recent` match does with its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecentAction {
    /// Adds the address.
    Set,
    /// Looks for it.
    Rcheck,
    /// Looks for it and, if it is there, marks it as seen now.
    Update,
    /// Takes it away.
    Remove,
}

/// What `REJECT` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectWith {
    /// An ICMP error: name of the option's value and code.
    Icmp(&'static str, u8),
    /// A TCP reset.
    TcpReset,
}

/// Values of `--reject-with` and their ICMP codes.
pub const REJECT_WITH: [(&str, u8); 6] = [
    ("icmp-net-unreachable", 0),
    ("icmp-host-unreachable", 1),
    ("icmp-port-unreachable", 3),
    ("icmp-net-prohibited", 9),
    ("icmp-host-prohibited", 10),
    ("icmp-admin-prohibited", 13),
];

/// Where NAT sends a connection to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NatTo {
    /// Address; none keeps it.
    pub address: Option<Ipv4Addr>,
    /// Port or ports; none keeps it.
    pub ports: Option<Ports>,
    /// `--random`
    pub random: bool,
    /// `--random-fully`
    pub random_fully: bool,
    /// `--persistent`
    pub persistent: bool,
}

/// What happens to a packet that matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Nothing: the rule counts.
    #[default]
    None,
    /// `-j ACCEPT`
    Accept,
    /// `-j DROP`
    Drop,
    /// `-j RETURN`
    Return,
    /// `-j CHAIN`
    Jump(String),
    /// `-g CHAIN`
    Goto(String),
    /// `-j DNAT`
    Dnat(NatTo),
    /// `-j SNAT`
    Snat(NatTo),
    /// `-j MASQUERADE`
    Masquerade(NatTo),
    /// `-j REDIRECT`
    Redirect(NatTo),
    /// `-j MARK --set-xmark VALUE/MASK`
    Mark(u32, u32),
    /// `-j REJECT`
    Reject(RejectWith),
    /// `-j CT --notrack`
    Notrack,
    /// `-j LOG`, which writes nothing here.
    Log {
        /// `--log-prefix`
        prefix: String,
    },
}

/// Protocols by the name that `-p` knows.
pub const PROTOCOLS: [(&str, u8); 5] =
    [("tcp", 6), ("udp", 17), ("icmp", 1), ("sctp", 132), ("udplite", 136)];

/// A text as `iptables-save` quotes it.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() && self.0.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            return f.write_str(self.0);
        }
        f.write_str("\"")?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\' | '\'') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

fn write_ports(f: &mut fmt::Formatter<'_>, ports: &Ports) -> fmt::Result {
    if ports.0 == ports.1 { write!(f, "{}", ports.0) } else { write!(f, "{}:{}", ports.0, ports.1) }
}

fn write_port_option(f: &mut fmt::Formatter<'_>, name: &str, ports: &Option<Maybe<Ports>>) -> fmt::Result {
    if let Some(ports) = ports {
        write!(f, " {}--{name} ", ports.bang())?;
        write_ports(f, &ports.value)?;
    }
    Ok(())
}

impl fmt::Display for AddrType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddrType::Local => "LOCAL",
            AddrType::Unicast => "UNICAST",
            AddrType::Broadcast => "BROADCAST",
            AddrType::Multicast => "MULTICAST",
        })
    }
}

fn write_flags(f: &mut fmt::Formatter<'_>, flags: u8) -> fmt::Result {
    const NAMES: [(&str, u8); 6] = [("FIN", 1), ("SYN", 2), ("RST", 4), ("PSH", 8), ("ACK", 16), ("URG", 32)];
    let mut first = true;
    for (name, bit) in NAMES {
        if flags & bit != 0 {
            write!(f, "{}{name}", if first { "" } else { "," })?;
            first = false;
        }
    }
    if first { f.write_str("NONE") } else { Ok(()) }
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Match::Comment(text) => write!(f, "-m comment --comment {}", Quoted(text)),
            Match::Random(p) => {
                let probability = f64::from(p.value) / 2_147_483_648.0;
                write!(f, "-m statistic --mode random {}--probability {probability:.11}", p.bang())
            }
            Match::Nth { every, packet } => {
                write!(f, "-m statistic --mode nth --every {every} --packet {packet}")
            }
            Match::Mark(mark) => {
                write!(f, "-m mark {}--mark {:#x}", mark.bang(), mark.value.0)?;
                if mark.value.1 != u32::MAX { write!(f, "/{:#x}", mark.value.1) } else { Ok(()) }
            }
            Match::CtState(states) => {
                write!(f, "-m conntrack {}--ctstate ", states.bang())?;
                let mut first = true;
                for (name, bit) in CtStates::NAMES {
                    if states.value.0 & bit != 0 {
                        write!(f, "{}{name}", if first { "" } else { "," })?;
                        first = false;
                    }
                }
                Ok(())
            }
            Match::AddrType { source, destination } => {
                f.write_str("-m addrtype")?;
                if let Some(kind) = source {
                    write!(f, " {}--src-type {}", kind.bang(), kind.value)?;
                }
                if let Some(kind) = destination {
                    write!(f, " {}--dst-type {}", kind.bang(), kind.value)?;
                }
                Ok(())
            }
            Match::Recent(recent) => {
                f.write_str("-m recent ")?;
                if recent.negated {
                    f.write_str("! ")?;
                }
                f.write_str(match recent.action {
                    RecentAction::Set => "--set",
                    RecentAction::Rcheck => "--rcheck",
                    RecentAction::Update => "--update",
                    RecentAction::Remove => "--remove",
                })?;
                if let Some(seconds) = recent.seconds {
                    write!(f, " --seconds {seconds}")?;
                }
                if recent.reap {
                    f.write_str(" --reap")?;
                }
                if let Some(hits) = recent.hitcount {
                    write!(f, " --hitcount {hits}")?;
                }
                let side = if recent.by_source { "rsource" } else { "rdest" };
                write!(f, " --name {} --mask {} --{side}", recent.name, recent.mask)
            }
            Match::Tcp { sport, dport, flags } => {
                f.write_str("-m tcp")?;
                write_port_option(f, "sport", sport)?;
                write_port_option(f, "dport", dport)?;
                if let Some(flags) = flags {
                    write!(f, " {}--tcp-flags ", flags.bang())?;
                    write_flags(f, flags.value.0)?;
                    f.write_str(" ")?;
                    write_flags(f, flags.value.1)?;
                }
                Ok(())
            }
            Match::Udp { sport, dport } => {
                f.write_str("-m udp")?;
                write_port_option(f, "sport", sport)?;
                write_port_option(f, "dport", dport)
            }
            Match::Multiport { source, ports } => {
                let side = if *source { "sports" } else { "dports" };
                write!(f, "-m multiport {}--{side} ", ports.bang())?;
                for (n, range) in ports.value.iter().enumerate() {
                    if n > 0 {
                        f.write_str(",")?;
                    }
                    write_ports(f, range)?;
                }
                Ok(())
            }
            Match::Icmp(kind) => write!(f, "-m icmp {}--icmp-type {}", kind.bang(), kind.value),
        }
    }
}

impl NatTo {
    fn write_to(&self, f: &mut fmt::Formatter<'_>, option: &str) -> fmt::Result {
        if self.address.is_some() || self.ports.is_some() {
            write!(f, " --{option} ")?;
            if let Some(address) = self.address {
                write!(f, "{address}")?;
            }
            if let Some((from, to)) = self.ports {
                if self.address.is_some() {
                    f.write_str(":")?;
                }
                if from == to { write!(f, "{from}")? } else { write!(f, "{from}-{to}")? }
            }
        }
        if self.random {
            f.write_str(" --random")?;
        }
        if self.random_fully {
            f.write_str(" --random-fully")?;
        }
        if self.persistent { f.write_str(" --persistent") } else { Ok(()) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::None => Ok(()),
            Target::Accept => f.write_str("-j ACCEPT"),
            Target::Drop => f.write_str("-j DROP"),
            Target::Return => f.write_str("-j RETURN"),
            Target::Jump(chain) => write!(f, "-j {chain}"),
            Target::Goto(chain) => write!(f, "-g {chain}"),
            Target::Dnat(to) => {
                f.write_str("-j DNAT")?;
                to.write_to(f, "to-destination")
            }
            Target::Snat(to) => {
                f.write_str("-j SNAT")?;
                to.write_to(f, "to-source")
            }
            Target::Masquerade(to) => {
                f.write_str("-j MASQUERADE")?;
                to.write_to(f, "to-ports")
            }
            Target::Redirect(to) => {
                f.write_str("-j REDIRECT")?;
                to.write_to(f, "to-ports")
            }
            Target::Mark(value, mask) => write!(f, "-j MARK --set-xmark {value:#x}/{mask:#x}"),
            Target::Reject(RejectWith::Icmp(name, _)) => write!(f, "-j REJECT --reject-with {name}"),
            Target::Reject(RejectWith::TcpReset) => f.write_str("-j REJECT --reject-with tcp-reset"),
            Target::Notrack => f.write_str("-j CT --notrack"),
            Target::Log { prefix } => {
                f.write_str("-j LOG")?;
                if prefix.is_empty() { Ok(()) } else { write!(f, " --log-prefix {}", Quoted(prefix)) }
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut item = |f: &mut fmt::Formatter<'_>, args: fmt::Arguments<'_>| {
            write!(f, "{separator}{args}")?;
            separator = " ";
            Ok(())
        };
        if let Some(net) = &self.source {
            item(f, format_args!("{}-s {}", net.bang(), net.value))?;
        }
        if let Some(net) = &self.destination {
            item(f, format_args!("{}-d {}", net.bang(), net.value))?;
        }
        if let Some(name) = &self.in_interface {
            item(f, format_args!("{}-i {}", name.bang(), name.value))?;
        }
        if let Some(name) = &self.out_interface {
            item(f, format_args!("{}-o {}", name.bang(), name.value))?;
        }
        if let Some(protocol) = &self.protocol {
            match PROTOCOLS.iter().find(|(_, number)| *number == protocol.value) {
                Some((name, _)) => item(f, format_args!("{}-p {name}", protocol.bang()))?,
                None => item(f, format_args!("{}-p {}", protocol.bang(), protocol.value))?,
            }
        }
        for one in &self.matches {
            item(f, format_args!("{one}"))?;
        }
        if self.target != Target::None {
            item(f, format_args!("{}", self.target))?;
        }
        Ok(())
    }
}
