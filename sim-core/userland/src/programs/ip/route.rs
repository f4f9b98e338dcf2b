//! `ip route` and `ip rule`.

use super::link::prefix;
use super::{Failure, Ip, Outcome, Words, command};
use ipnet::IpNet;
use linux::Errno;
use linux::net::{InterfaceKind, Route, RouteKind};
use sim::Ordered;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

const NAMES: &[&str] = &[
    "list", "show", "lst", "add", "delete", "del", "append", "change", "replace", "get", "flush", "save",
    "restore", "help",
];

impl Ip {
    /// `ip route`
    pub(super) fn route(&self, mut words: Words<'_>) -> Outcome {
        let name = match words.next() {
            Some("chg") => "change",
            word => command(word, NAMES, "route")?,
        };
        match name {
            "add" | "append" | "change" | "replace" => self.put_route(name, words),
            "delete" | "del" => self.delete_route(words),
            "get" => self.get_route(words),
            "flush" | "save" | "restore" | "help" => {
                Err(Failure::Missing(format!("the command route {name}")))
            }
            _ => self.list_routes(words),
        }
    }

    /// `ip rule`
    pub(super) fn rule(&self, mut words: Words<'_>) -> Outcome {
        match words.next() {
            None | Some("show" | "list" | "ls") => {
                Ok("0:\tfrom all lookup local\n32766:\tfrom all lookup main\n\
                32767:\tfrom all lookup default\n"
                    .into())
            }
            Some(word) => Err(Failure::Missing(format!("the command rule {word}"))),
        }
    }

    fn list_routes(&self, mut words: Words<'_>) -> Outcome {
        let (mut dev, mut via, mut proto, mut table) = (None, None, None, "main");
        let (mut root, mut exact, mut matching) = (None, None, None);
        while let Some(word) = words.next() {
            match word {
                "dev" | "oif" => dev = Some(words.value()?),
                "via" => via = Some(words.value()?),
                "proto" | "protocol" => proto = Some(words.value()?),
                "table" => table = words.value()?,
                "root" => root = Some(prefix(words.value()?)?),
                "match" => matching = Some(prefix(words.value()?)?),
                "to" | "exact" => exact = Some(prefix(words.value()?)?),
                "scope" | "type" | "src" | "metric" | "cache" | "cached" => {
                    return Err(Failure::Missing(format!("the selector {word}")));
                }
                word => exact = Some(prefix(word)?),
            }
        }
        if self.look.six {
            return Ok(String::new());
        }
        if let Some(dev) = dev {
            self.device(dev)?;
        }
        let mut text = String::new();
        if matches!(table, "main" | "all" | "254") {
            for mut route in self.net.routes(self.ns) {
                let takes = dev.is_none_or(|dev| route.dev.as_deref() == Some(dev))
                    && via.is_none_or(|via| route.via.is_some_and(|own| own.to_string() == via))
                    && proto.is_none_or(|proto| {
                        route.protocol == proto || route.protocol.is_empty() && proto == "boot"
                    })
                    && exact.is_none_or(|net| net.trunc() == route.destination)
                    && root.is_none_or(|net| net.contains(&route.destination))
                    && matching.is_none_or(|net| route.destination.contains(&net));
                if !takes {
                    continue;
                }
                // What was asked for is not said again.
                if dev.is_some() {
                    route.dev = None;
                }
                let _ = writeln!(text, "{route}");
            }
        }
        if matches!(table, "all" | "local" | "255") {
            self.write_local(&mut text, table != "all", dev);
        } else if !matches!(table, "main" | "254") {
            return Err(Failure::says(
                format!("Error: argument \"{table}\" is wrong: table id value is invalid\n"),
                255,
            ));
        }
        Ok(text)
    }

    /// The table that the kernel makes of the addresses.
    fn write_local(&self, text: &mut String, alone: bool, only: Option<&str>) {
        let mut lines = Vec::new();
        for one in self.net.interfaces(self.ns) {
            if only.is_some_and(|only| only != one.name) {
                continue;
            }
            for net in &one.addresses {
                let table = if alone { "" } else { "table local " };
                let dev = if only.is_some() { String::new() } else { format!("dev {} ", one.name) };
                let source = net.addr();
                let rest = |scope: &str| format!("{dev}{table}proto kernel scope {scope} src {source} ");
                if one.kind == InterfaceKind::Loopback && net.prefix_len() < 32 {
                    lines.push((net.network(), 0, format!("local {} {}", net.trunc(), rest("host"))));
                }
                lines.push((source, 1, format!("local {source} {}", rest("host"))));
                if net.prefix_len() < 31 {
                    lines.push((
                        net.broadcast(),
                        2,
                        format!("broadcast {} {}", net.broadcast(), rest("link")),
                    ));
                }
            }
        }
        lines.order();
        for (_, _, line) in lines {
            let _ = writeln!(text, "{line}");
        }
    }

    fn get_route(&self, mut words: Words<'_>) -> Outcome {
        let (mut to, mut from, mut iif) = (None, None, None);
        while let Some(word) = words.next() {
            match word {
                "to" => to = Some(prefix(words.value()?)?),
                "from" => from = Some(prefix(words.value()?)?.addr()),
                "iif" => iif = Some(words.value()?),
                "oif" | "dev" | "mark" | "uid" | "fibmatch" | "vrf" | "tos" | "ipproto" | "sport"
                | "dport" => {
                    return Err(Failure::Missing(format!("route get with {word}")));
                }
                word => to = Some(prefix(word)?),
            }
        }
        let Some(to) = to.map(|to: IpNet| to.addr()) else {
            return Err(Failure::says("need at least a destination address", 1));
        };
        let found = self.net.route_to(self.ns, to).map_err(Failure::kernel)?;
        let mut text = String::new();
        if found.local {
            text.push_str("local ");
        }
        let _ = write!(text, "{to} ");
        if let Some(from) = from {
            let own = self
                .net
                .interfaces(self.ns)
                .iter()
                .any(|one| one.addresses.iter().any(|net| net.addr() == from));
            if iif.is_none() && !own {
                return Err(Failure::kernel(Errno::ENETUNREACH));
            }
            let _ = write!(text, "from {from} ");
        }
        if let Some(via) = found.via {
            let _ = write!(text, "via {via} ");
        }
        let _ = write!(text, "dev {} ", found.dev);
        if found.local {
            text.push_str("table local ");
        }
        if from.is_none() {
            let _ = write!(text, "src {} ", found.source);
        }
        match iif {
            Some(iif) => {
                self.device(iif)?;
                let _ = write!(text, "\n    cache iif {iif} \n");
            }
            None => {
                let _ = write!(
                    text,
                    "uid {} \n    cache {}\n",
                    self.uid,
                    if found.local { "<local> " } else { "" }
                );
            }
        }
        Ok(text)
    }

    fn read_route(&self, mut words: Words<'_>) -> Result<(Route, bool), Failure> {
        let mut route = Route::on_link(IpNet::V4(Default::default()), "");
        route.dev = None;
        let mut named = false;
        while let Some(word) = words.next() {
            match word {
                "via" => {
                    let text = words.value()?;
                    let router: Ipv4Addr = text.parse().map_err(|_| {
                        Failure::says(format!("Error: inet address is expected rather than \"{text}\"."), 1)
                    })?;
                    route.via = Some(IpAddr::V4(router));
                }
                "dev" | "oif" => route.dev = Some(words.value()?.to_string()),
                "src" => route.source = Some(prefix(words.value()?)?.addr()),
                "metric" | "priority" | "preference" => {
                    let text = words.value()?;
                    route.metric = text.parse().map_err(|_| {
                        Failure::says(
                            format!("Error: argument \"{text}\" is wrong: \"metric\" value is invalid\n"),
                            255,
                        )
                    })?;
                }
                "proto" | "protocol" => {
                    let name = words.value()?;
                    route.protocol = if name == "boot" { String::new() } else { name.to_string() };
                }
                "scope" => {
                    words.value()?;
                }
                "blackhole" => route.kind = RouteKind::Blackhole,
                "unreachable" => route.kind = RouteKind::Unreachable,
                "prohibit" => route.kind = RouteKind::Prohibit,
                "unicast" => route.kind = RouteKind::Unicast,
                "table" | "mtu" | "nexthop" | "onlink" | "throw" | "local" | "broadcast" | "encap"
                | "weight" | "advmss" => {
                    return Err(Failure::Missing(format!("a route with {word}")));
                }
                word => {
                    let word = if word == "to" { words.value()? } else { word };
                    let net = prefix(word)?;
                    if net.trunc() != net {
                        return Err(Failure::says("Error: Invalid prefix for given prefix length.", 2));
                    }
                    route.destination = net;
                    named = true;
                }
            }
        }
        if let Some(dev) = &route.dev {
            self.device(dev)?;
        }
        Ok((route, named))
    }

    fn put_route(&self, name: &str, words: Words<'_>) -> Outcome {
        let (route, _) = self.read_route(words)?;
        self.need_root()?;
        let exists = self
            .net
            .routes(self.ns)
            .iter()
            .any(|one| one.destination == route.destination && one.metric == route.metric);
        if name == "change" && !exists {
            return Err(Failure::kernel(Errno::ENOENT));
        }
        if exists && matches!(name, "change" | "replace") {
            // A route that cannot be made must not cost the old one: try it beside that first.
            let old: Vec<Route> = self
                .net
                .routes(self.ns)
                .into_iter()
                .filter(|one| one.destination == route.destination && one.metric == route.metric)
                .collect();
            self.net.del_route(self.ns, route.destination, None).map_err(Failure::kernel)?;
            return self.add_route(route).inspect_err(|_| {
                for one in old {
                    // It was there a moment ago, so it can be again.
                    let _ = self.net.add_route(self.ns, one);
                }
            });
        }
        self.add_route(route)
    }

    fn add_route(&self, route: Route) -> Outcome {
        let gateway = route.via.is_some();
        match self.net.add_route(self.ns, route) {
            Ok(()) => Ok(String::new()),
            Err(Errno::ENETUNREACH) if gateway => {
                Err(Failure::says("Error: Nexthop has invalid gateway.", 2))
            }
            Err(Errno::ENXIO) => Err(Failure::says("RTNETLINK answers: No such device", 2)),
            Err(errno) => Err(Failure::kernel(errno)),
        }
    }

    fn delete_route(&self, words: Words<'_>) -> Outcome {
        let (route, _) = self.read_route(words)?;
        self.need_root()?;
        let fits = |one: &Route| {
            one.destination == route.destination
                && (route.dev.is_none() || one.dev == route.dev)
                && (route.kind == RouteKind::Unicast || one.kind == route.kind)
        };
        if !self.net.routes(self.ns).iter().any(fits) {
            return Err(Failure::kernel(Errno::ESRCH));
        }
        self.net.del_route(self.ns, route.destination, route.via).map_err(Failure::kernel)?;
        Ok(String::new())
    }
}
