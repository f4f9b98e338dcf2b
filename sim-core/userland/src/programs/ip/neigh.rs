//! `ip neigh`: which hardware address answers for which neighbour.

use super::link::{mac, prefix};
use super::{CYAN, Failure, Ip, MAGENTA, Outcome, Words, YELLOW, command};
use ipnet::IpNet;
use linux::net::NeighbourState;
use std::fmt::Write;

impl Ip {
    /// `ip neigh`
    pub(super) fn neigh(&self, mut words: Words<'_>) -> Outcome {
        let names = ["show", "list", "lst", "get", "add", "change", "replace", "delete", "flush", "help"];
        match command(words.next(), &names, "neigh")? {
            "show" | "list" | "lst" => {}
            name => return Err(Failure::Missing(format!("the command neigh {name}"))),
        }
        let (mut dev, mut to, mut state): (_, Option<IpNet>, _) = (None, None, None);
        while let Some(word) = words.next() {
            match word {
                "dev" => dev = Some(words.value()?),
                "to" => to = Some(prefix(words.value()?)?),
                "nud" => state = Some(words.value()?.to_ascii_uppercase()),
                word => to = Some(prefix(word)?),
            }
        }
        if let Some(dev) = dev {
            self.device(dev)?;
        }
        let look = self.look;
        let mut text = String::new();
        for one in self.net.neighbours(self.ns) {
            let name = match one.state {
                NeighbourState::Reachable => "REACHABLE",
                NeighbourState::Stale => "STALE",
                NeighbourState::Incomplete => "INCOMPLETE",
                NeighbourState::Failed => "FAILED",
            };
            let takes = !look.six
                && dev.is_none_or(|dev| dev == one.dev)
                && to.is_none_or(|to| to.contains(&one.address))
                && state.as_ref().is_none_or(|state| state == name || state == "ALL");
            if !takes {
                continue;
            }
            let hardware = one.mac.map(|bytes| look.paint(YELLOW, &mac(bytes)));
            if look.brief {
                let address = one.address.to_string();
                let gap = " ".repeat(39_usize.saturating_sub(address.len()) + 1);
                let _ = write!(text, "{}{gap}{:<16} ", look.paint(MAGENTA, &address), one.dev);
                let _ = writeln!(text, "{} ", hardware.unwrap_or_default());
                continue;
            }
            let _ = write!(text, "{} ", look.paint(MAGENTA, &one.address.to_string()));
            if dev.is_none() {
                let _ = write!(text, "dev {} ", look.paint(CYAN, &one.dev));
            }
            if let Some(hardware) = hardware {
                let _ = write!(text, "lladdr {hardware} ");
            }
            let _ = writeln!(text, "{name} ");
        }
        Ok(text)
    }
}
