//! `ip link` and `ip addr`.

use super::{CYAN, Failure, GREEN, Ip, MAGENTA, Outcome, RED, Words, YELLOW, command};
use ipnet::{IpNet, Ipv4Net};
use linux::Errno;
use linux::net::{InterfaceInfo, InterfaceKind};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

/// Which interfaces to show.
#[derive(Default)]
struct Selection<'a> {
    dev: Option<&'a str>,
    up: bool,
    kind: Option<&'a str>,
    master: Option<&'a str>,
    to: Option<IpNet>,
    scope: Option<&'a str>,
}

impl Ip {
    /// `ip addr`
    pub(super) fn address(&self, mut words: Words<'_>) -> Outcome {
        match command(
            words.next(),
            &["show", "list", "lst", "add", "delete", "flush", "change", "replace", "help"],
            "address",
        )? {
            "add" | "change" | "replace" => self.change_address(words, true),
            "delete" => self.change_address(words, false),
            "flush" => self.flush(words),
            "help" => Err(Failure::Missing("the help of ip address".into())),
            _ => self.show(words, true),
        }
    }

    /// `ip link`
    pub(super) fn link(&self, mut words: Words<'_>) -> Outcome {
        match command(words.next(), &["show", "list", "lst", "set", "add", "delete", "help"], "link")? {
            "set" => self.set(words),
            "add" => self.add(words),
            "delete" => self.delete(words),
            "help" => Err(Failure::Missing("the help of ip link".into())),
            _ => self.show(words, false),
        }
    }

    fn show(&self, mut words: Words<'_>, addresses: bool) -> Outcome {
        let mut wanted = Selection::default();
        while let Some(word) = words.next() {
            match word {
                "dev" => wanted.dev = Some(words.value()?),
                "up" => wanted.up = true,
                "type" => wanted.kind = Some(words.value()?),
                "master" => wanted.master = Some(words.value()?),
                "to" if addresses => wanted.to = Some(prefix(words.value()?)?),
                "scope" if addresses => wanted.scope = Some(words.value()?),
                "label" | "dynamic" | "permanent" | "primary" | "secondary" | "group" | "vrf" => {
                    return Err(Failure::Missing(format!("the selector {word}")));
                }
                _ if wanted.dev.is_some() => return Err(Failure::garbage(word)),
                name => wanted.dev = Some(name.split('@').next().unwrap_or(name)),
            }
        }
        let all = self.net.interfaces(self.ns);
        if let Some(dev) = wanted.dev
            && !all.iter().any(|one| one.name == dev)
        {
            return Err(Failure::says(format!("Device \"{dev}\" does not exist."), 1));
        }
        let mut text = String::new();
        for one in all.iter().filter(|one| wanted.takes(one)) {
            self.write(&mut text, one, &all, addresses, &wanted);
        }
        Ok(text)
    }

    fn write(
        &self,
        text: &mut String,
        one: &InterfaceInfo,
        all: &[InterfaceInfo],
        addresses: bool,
        wanted: &Selection<'_>,
    ) {
        let look = self.look;
        let shown: Vec<&IpNet> =
            one.addresses.iter().filter(|_| !look.six).filter(|net| wanted.takes_address(net)).collect();
        let picky = look.four || look.six || wanted.to.is_some() || wanted.scope.is_some();
        if addresses && picky && shown.is_empty() {
            return;
        }
        let name = match one.kind {
            InterfaceKind::Veth { peer_index: Some(index) } => format!("{}@if{index}", one.name),
            _ => one.name.clone(),
        };
        let (flags, state) = flags_and_state(one, all);
        let painted_state = match state {
            "UP" => look.paint(GREEN, state),
            "DOWN" => look.paint(RED, state),
            _ => state.to_string(),
        };
        // What is written of text in a string cannot fail.
        if look.brief {
            let gap = " ".repeat(17_usize.saturating_sub(name.len()).max(1));
            let _ = write!(text, "{}{gap}", look.paint(CYAN, &name));
            let _ = write!(text, "{painted_state}{} ", " ".repeat(14 - state.len()));
            if addresses {
                for net in &shown {
                    let _ = write!(text, "{} ", look.paint(MAGENTA, &net.to_string()));
                }
            } else {
                let _ = write!(text, "{} <{flags}> ", look.paint(YELLOW, &mac(one.mac)));
            }
            text.push('\n');
            return;
        }
        if look.one_line && addresses {
            for net in &shown {
                let _ = write!(text, "{}: {}    ", one.index, look.paint(CYAN, &one.name));
                self.write_address(text, one, net, "\\");
            }
            return;
        }
        let end = look.line_end();
        let discipline = if one.kind == InterfaceKind::Ethernet { "fq_codel" } else { "noqueue" };
        let discipline = if one.up { discipline } else { "noop" };
        let master = one.master.as_ref().map_or_else(String::new, |master| format!("master {master} "));
        let mode = if addresses { "" } else { "mode DEFAULT " };
        let link = match one.kind {
            InterfaceKind::Veth { peer_index: Some(_) } => format!(" link-netnsid {}", netnsid(one, all)),
            _ => String::new(),
        };
        let _ = write!(
            text,
            "{}: {}: <{flags}> mtu {} qdisc {discipline} {master}state {painted_state} {mode}group default qlen 1000",
            one.index,
            look.paint(CYAN, &name),
            one.mtu
        );
        // With -4 the second line is left out, but not what ends it.
        if addresses && look.four {
            let _ = writeln!(text, "{link}");
        } else {
            let loopback = one.kind == InterfaceKind::Loopback;
            let (kind, broadcast) = if loopback { ("loopback", [0; 6]) } else { ("ether", [0xff; 6]) };
            let (own, all) = (look.paint(YELLOW, &mac(one.mac)), look.paint(YELLOW, &mac(broadcast)));
            let _ = write!(text, "{end}    link/{kind} {own} brd {all}{link}");
            if look.statistics {
                self.write_statistics(text, one);
            }
            text.push('\n');
        }
        if addresses {
            for net in &shown {
                text.push_str("    ");
                self.write_address(text, one, net, end);
            }
        }
    }

    fn write_address(&self, text: &mut String, one: &InterfaceInfo, net: &IpNet, end: &str) {
        let address = self.look.paint(MAGENTA, &net.addr().to_string());
        let _ = write!(text, "inet {address}/{} ", net.prefix_len());
        if one.kind != InterfaceKind::Loopback && net.prefix_len() < 31 {
            let _ = write!(text, "brd {} ", self.look.paint(MAGENTA, &net.broadcast().to_string()));
        }
        let _ = writeln!(
            text,
            "scope {} {}{end}       valid_lft forever preferred_lft forever",
            scope(net),
            one.name
        );
    }

    fn write_statistics(&self, text: &mut String, one: &InterfaceInfo) {
        let end = self.look.line_end();
        let count = &one.counters;
        let mut direction = |heading: &str, bytes: u64, packets: u64| {
            let (wide, narrow) = (bytes.to_string().len().max(10), packets.to_string().len().max(7));
            let rest = if heading == "RX:" { " missed   mcast" } else { "carrier collsns" };
            let _ = write!(
                text,
                "{end}    {heading}{:>left$} {:>narrow$} errors dropped {rest}           \
                 {end}    {bytes:>wide$} {packets:>narrow$} {:>6} {:>7} {:>7} {:>7} ",
                "bytes",
                "packets",
                0,
                0,
                0,
                0,
                left = wide - 3
            );
        };
        direction("RX:", count.rx_bytes, count.rx_packets);
        direction("TX:", count.tx_bytes, count.tx_packets);
    }

    fn change_address(&self, mut words: Words<'_>, add: bool) -> Outcome {
        let (mut address, mut dev) = (None, None);
        while let Some(word) = words.next() {
            match word {
                "dev" => dev = Some(words.value()?),
                "brd" | "broadcast" | "scope" | "label" => {
                    words.value()?;
                }
                "local" => address = Some(prefix(words.value()?)?),
                "peer" | "anycast" | "valid_lft" | "preferred_lft" | "metric" => {
                    return Err(Failure::Missing(format!("the word {word}")));
                }
                word => address = Some(prefix(word)?),
            }
        }
        let Some(dev) = dev else {
            return Err(Failure::says("Not enough information: \"dev\" argument is required.", 255));
        };
        self.device(dev)?;
        self.need_root()?;
        let Some(address) = address else { return Err(Failure::kernel(Errno::EINVAL)) };
        let result = match add {
            true => self.net.add_address(self.ns, dev, address),
            false => self.net.del_address(self.ns, dev, address),
        };
        match result {
            Ok(()) => Ok(String::new()),
            Err(Errno::EEXIST) => Err(Failure::says("Error: ipv4: Address already assigned.", 2)),
            Err(Errno::EADDRNOTAVAIL) => Err(Failure::says("Error: ipv4: Address not found.", 2)),
            Err(errno) => Err(Failure::kernel(errno)),
        }
    }

    fn flush(&self, mut words: Words<'_>) -> Outcome {
        let mut dev = None;
        while let Some(word) = words.next() {
            dev = Some(if word == "dev" { words.value()? } else { word });
        }
        let Some(dev) = dev else { return Err(Failure::says("Flush requires arguments.", 255)) };
        let interface = self.device(dev)?;
        self.need_root()?;
        for net in interface.addresses {
            self.net.del_address(self.ns, dev, net).map_err(Failure::kernel)?;
        }
        Ok(String::new())
    }

    fn set(&self, mut words: Words<'_>) -> Outcome {
        let mut dev = None;
        let mut changes = Vec::new();
        while let Some(word) = words.next() {
            match word {
                "dev" => dev = Some(words.value()?),
                "up" | "down" | "nomaster" => changes.push((word, "")),
                "master" => changes.push((word, words.value()?)),
                "address" | "mtu" | "name" | "netns" | "promisc" | "multicast" | "arp" | "txqueuelen"
                | "qlen" | "alias" | "type" | "group" | "broadcast" | "vf" | "xdp" | "addrgenmode" => {
                    return Err(Failure::Missing(format!("to set the {word} of a link")));
                }
                _ if dev.is_some() => return Err(Failure::garbage(word)),
                name => dev = Some(name),
            }
        }
        let Some(dev) = dev else {
            return Err(Failure::says("Not enough information: \"dev\" argument is required.", 255));
        };
        self.device(dev)?;
        self.need_root()?;
        for (what, value) in changes {
            match what {
                "up" => self.net.set_link_up(self.ns, dev, true),
                "down" => self.net.set_link_up(self.ns, dev, false),
                "master" => {
                    self.device(value)?;
                    self.net.add_bridge_port(self.ns, value, dev, false)
                }
                _ => return Err(Failure::Missing("to take a port from its bridge".into())),
            }
            .map_err(Failure::kernel)?;
        }
        Ok(String::new())
    }

    fn add(&self, mut words: Words<'_>) -> Outcome {
        let (mut name, mut kind, mut peer) = (None, None, None);
        while let Some(word) = words.next() {
            match word {
                "name" | "dev" => name = Some(words.value()?),
                "type" => kind = Some(words.value()?),
                "peer" => match words.value()? {
                    "name" => peer = Some(words.value()?),
                    other => peer = Some(other),
                },
                word if name.is_none() => name = Some(word),
                word => return Err(Failure::Missing(format!("to add a link with {word}"))),
            }
        }
        let Some(kind) = kind else {
            return Err(Failure::says("Not enough information: \"type\" argument is required", 255));
        };
        self.need_root()?;
        let name = name.unwrap_or(kind);
        match kind {
            "bridge" => self.net.add_bridge(self.ns, name),
            "veth" => self.net.add_veth((self.ns, name), (self.ns, peer.unwrap_or("veth0"))),
            kind => return Err(Failure::Missing(format!("to add a link of type {kind}"))),
        }
        .map_err(Failure::kernel)?;
        Ok(String::new())
    }

    fn delete(&self, mut words: Words<'_>) -> Outcome {
        let mut dev = None;
        while let Some(word) = words.next() {
            match word {
                "dev" => dev = Some(words.value()?),
                "type" => {
                    words.value()?;
                }
                word => dev = Some(word),
            }
        }
        let Some(dev) = dev else {
            return Err(Failure::says("Not enough information: \"dev\" argument is required.", 255));
        };
        let interface = self.device(dev)?;
        self.need_root()?;
        if matches!(interface.kind, InterfaceKind::Loopback | InterfaceKind::Ethernet) {
            return Err(Failure::says("RTNETLINK answers: Operation not supported", 2));
        }
        self.net.delete_link(self.ns, dev).map_err(Failure::kernel)?;
        Ok(String::new())
    }

    pub(super) fn device(&self, name: &str) -> Result<InterfaceInfo, Failure> {
        let found = self.net.interfaces(self.ns).into_iter().find(|one| one.name == name);
        found.ok_or_else(|| Failure::no_device(name))
    }

    pub(super) fn need_root(&self) -> Result<(), Failure> {
        if self.root { Ok(()) } else { Err(Failure::kernel(Errno::EPERM)) }
    }
}

impl Selection<'_> {
    fn takes(&self, one: &InterfaceInfo) -> bool {
        let kind = match one.kind {
            InterfaceKind::Bridge => "bridge",
            InterfaceKind::Veth { .. } => "veth",
            _ => "",
        };
        self.dev.is_none_or(|dev| dev == one.name)
            && (!self.up || one.up)
            && self.kind.is_none_or(|wanted| wanted == kind)
            && self.master.is_none_or(|master| one.master.as_deref() == Some(master))
    }

    fn takes_address(&self, net: &IpNet) -> bool {
        self.to.is_none_or(|to| to.contains(&net.addr()))
            && self.scope.is_none_or(|wanted| wanted == scope(net))
    }
}

/// Flags in angle brackets, and the state that carrier and administrator make of it.
fn flags_and_state(one: &InterfaceInfo, all: &[InterfaceInfo]) -> (&'static str, &'static str) {
    let carries = |port: &InterfaceInfo| port.up && port.master.as_ref() == Some(&one.name);
    match (&one.kind, one.up) {
        (InterfaceKind::Loopback, true) => ("LOOPBACK,UP,LOWER_UP", "UNKNOWN"),
        (InterfaceKind::Loopback, false) => ("LOOPBACK", "DOWN"),
        (InterfaceKind::Bridge, true) if !all.iter().any(carries) => {
            ("NO-CARRIER,BROADCAST,MULTICAST,UP", "DOWN")
        }
        (InterfaceKind::Veth { peer_index: None }, true) => {
            ("NO-CARRIER,BROADCAST,MULTICAST,UP", "LOWERLAYERDOWN")
        }
        (_, true) => ("BROADCAST,MULTICAST,UP,LOWER_UP", "UP"),
        (_, false) => ("BROADCAST,MULTICAST", "DOWN"),
    }
}

/// The number that this namespace knows the other end's namespace by: in the order in which they came.
fn netnsid(one: &InterfaceInfo, all: &[InterfaceInfo]) -> usize {
    all.iter()
        .filter(|other| other.index < one.index && matches!(other.kind, InterfaceKind::Veth { .. }))
        .count()
}

fn scope(net: &IpNet) -> &'static str {
    match net.addr() {
        IpAddr::V4(address) if address.is_loopback() => "host",
        IpAddr::V4(address) if address.is_link_local() => "link",
        _ => "global",
    }
}

/// A hardware address.
pub(super) fn mac(bytes: [u8; 6]) -> String {
    let [a, b, c, d, e, f] = bytes;
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

/// `10.0.0.0/8`, `10.0.0.1`, `default`
pub(super) fn prefix(text: &str) -> Result<IpNet, Failure> {
    if matches!(text, "default" | "all" | "any") {
        return Ok(IpNet::V4(Ipv4Net::default()));
    }
    let bad = || Failure::says(format!("Error: any valid prefix is expected rather than \"{text}\"."), 1);
    let (address, length) = text.split_once('/').unwrap_or((text, "32"));
    // `10/8` is `10.0.0.0/8`.
    let mut parts = [0; 4];
    let given: Vec<&str> = address.split('.').collect();
    if given.len() > 4 || (given.len() < 4 && !text.contains('/')) {
        return Err(bad());
    }
    for (part, given) in parts.iter_mut().zip(given) {
        *part = given.parse::<u8>().map_err(|_| bad())?;
    }
    let length = length.parse::<u8>().map_err(|_| bad())?;
    Ipv4Net::new(Ipv4Addr::from(parts), length).map(IpNet::V4).map_err(|_| bad())
}
