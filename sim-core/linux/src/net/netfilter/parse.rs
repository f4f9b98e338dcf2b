//! Reading rules: the words after `-A CHAIN`.

use super::rule::{
    AddrType, CtStates, Match, Maybe, NatTo, PROTOCOLS, Ports, REJECT_WITH, Recent, RecentAction, RejectWith,
    Rule, Target,
};
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

/// The words that are still to be read.
struct Words<'a, S: AsRef<str>> {
    words: &'a [S],
    at: usize,
}

impl<'a, S: AsRef<str>> Words<'a, S> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).map(S::as_ref)
    }
    fn next(&mut self) -> Option<&'a str> {
        let word = self.peek();
        self.at += 1;
        word
    }
    fn value(&mut self, option: &str) -> Result<&'a str, String> {
        self.next().ok_or_else(|| format!("option \"{option}\" requires an argument"))
    }
}

/// `10.0.0.0/8`, `10.0.0.1`, `10.0.0.0/255.0.0.0`
fn parse_net(text: &str) -> Result<Ipv4Net, String> {
    let (address, mask) = text.split_once('/').unwrap_or((text, "32"));
    let bad = || format!("host/network `{address}' not found");
    let address: Ipv4Addr = address.parse().map_err(|_| bad())?;
    let net = match mask.parse::<u8>() {
        Ok(length) => Ipv4Net::new(address, length).ok(),
        Err(_) => mask.parse().ok().and_then(|mask| Ipv4Net::with_netmask(address, mask).ok()),
    };
    net.map(|net| net.trunc()).ok_or_else(|| format!("invalid mask `{mask}' specified"))
}

fn parse_number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn parse_masked(text: &str, option: &str) -> Result<(u32, u32), String> {
    let (value, mask) = match text.split_once('/') {
        Some((value, mask)) => (parse_number(value), parse_number(mask)),
        None => (parse_number(text), Some(u32::MAX)),
    };
    match (value, mask) {
        (Some(value), Some(mask)) => Ok((value, mask)),
        _ => Err(format!("option \"{option}\": bad value \"{text}\"")),
    }
}

const SERVICES: [(&str, u16); 8] = [
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("http", 80),
    ("https", 443),
    ("http-alt", 8080),
];

fn parse_port(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .or_else(|| SERVICES.iter().find(|(name, _)| *name == text).map(|(_, port)| *port))
        .ok_or_else(|| format!("invalid port/service `{text}' specified"))
}

fn parse_ports(text: &str, between: char) -> Result<Ports, String> {
    match text.split_once(between) {
        Some(("", to)) => Ok((0, parse_port(to)?)),
        Some((from, "")) => Ok((parse_port(from)?, u16::MAX)),
        Some((from, to)) => Ok((parse_port(from)?, parse_port(to)?)),
        None => parse_port(text).map(|port| (port, port)),
    }
}

fn parse_addr_type(text: &str) -> Result<AddrType, String> {
    match text {
        "LOCAL" => Ok(AddrType::Local),
        "UNICAST" => Ok(AddrType::Unicast),
        "BROADCAST" => Ok(AddrType::Broadcast),
        "MULTICAST" => Ok(AddrType::Multicast),
        _ => Err(format!("addrtype: bad type `{text}'")),
    }
}

fn parse_flags(text: &str) -> Result<u8, String> {
    let mut flags = 0;
    for name in text.split(',') {
        flags |= match name {
            "FIN" => 1,
            "SYN" => 2,
            "RST" => 4,
            "PSH" => 8,
            "ACK" => 16,
            "URG" => 32,
            "ALL" => 63,
            "NONE" => 0,
            _ => return Err(format!("Unknown TCP flag `{name}'")),
        };
    }
    Ok(flags)
}

fn parse_nat_to(text: &str) -> Result<NatTo, String> {
    let (address, ports) = match text.split_once(':') {
        Some((address, ports)) => (address, Some(parse_ports(ports, '-')?)),
        None => (text, None),
    };
    let address = match address {
        "" => None,
        address => Some(address.parse().map_err(|_| format!("Bad IP address \"{address}\""))?),
    };
    Ok(NatTo { address, ports, ..NatTo::default() })
}

const fn unset_recent() -> Recent {
    Recent {
        action: RecentAction::Rcheck,
        negated: false,
        seconds: None,
        reap: false,
        hitcount: None,
        name: String::new(),
        mask: Ipv4Addr::BROADCAST,
        by_source: true,
    }
}

/// Source and destination ports of a match.
type PortOptions<'a> = (&'a mut Option<Maybe<Ports>>, &'a mut Option<Maybe<Ports>>);

impl Rule {
    /// Reads the words of a rule, from after the chain's name.
    ///
    /// # Errors
    /// What iptables says about them, without its name before it.
    pub fn parse<S: AsRef<str>>(words: &[S]) -> Result<Rule, String> {
        let mut words = Words { words, at: 0 };
        let mut rule = Rule::default();
        let mut module = String::new();
        let mut negated = false;
        while let Some(word) = words.next() {
            if word == "!" {
                negated = true;
                continue;
            }
            if !rule.option(word, negated, &mut module, &mut words)? {
                return Err(format!("unknown option \"{word}\""));
            }
            negated = false;
        }
        for one in &mut rule.matches {
            if let Match::Recent(recent) = one
                && recent.name.is_empty()
            {
                recent.name = "DEFAULT".to_string();
            }
        }
        Ok(rule)
    }

    fn option<S: AsRef<str>>(
        &mut self,
        word: &str,
        negated: bool,
        module: &mut String,
        words: &mut Words<'_, S>,
    ) -> Result<bool, String> {
        match word {
            "-s" | "--source" | "--src" => {
                self.source = Some(Maybe { negated, value: parse_net(words.value(word)?)? });
            }
            "-d" | "--destination" | "--dst" => {
                self.destination = Some(Maybe { negated, value: parse_net(words.value(word)?)? });
            }
            "-i" | "--in-interface" => {
                self.in_interface = Some(Maybe { negated, value: words.value(word)?.to_string() });
            }
            "-o" | "--out-interface" => {
                self.out_interface = Some(Maybe { negated, value: words.value(word)?.to_string() });
            }
            "-p" | "--protocol" | "--proto" => {
                let name = words.value(word)?;
                let lower = name.to_ascii_lowercase();
                let number = PROTOCOLS
                    .iter()
                    .find(|(known, _)| *known == lower)
                    .map(|(_, number)| *number)
                    .or_else(|| name.parse().ok());
                match number {
                    _ if lower == "all" || number == Some(0) => self.protocol = None,
                    Some(value) => self.protocol = Some(Maybe { negated, value }),
                    None => return Err(format!("unknown protocol \"{name}\" specified")),
                }
            }
            "-m" | "--match" => {
                *module = words.value(word)?.to_string();
                match module.as_str() {
                    "tcp" => self.matches.push(Match::Tcp { sport: None, dport: None, flags: None }),
                    "udp" => self.matches.push(Match::Udp { sport: None, dport: None }),
                    "recent" => self.matches.push(Match::Recent(unset_recent())),
                    "addrtype" => self.matches.push(Match::AddrType { source: None, destination: None }),
                    "comment" | "statistic" | "mark" | "conntrack" | "state" | "multiport" | "icmp" => {}
                    _ => {
                        return Err(format!("Couldn't load match `{module}':No such file or directory"));
                    }
                }
            }
            "-j" | "--jump" | "-g" | "--goto" => {
                let name = words.value(word)?;
                self.target = match name {
                    _ if word.starts_with("-g") || word == "--goto" => Target::Goto(name.to_string()),
                    "ACCEPT" => Target::Accept,
                    "DROP" => Target::Drop,
                    "RETURN" => Target::Return,
                    "DNAT" => Target::Dnat(NatTo::default()),
                    "SNAT" => Target::Snat(NatTo::default()),
                    "MASQUERADE" => Target::Masquerade(NatTo::default()),
                    "REDIRECT" => Target::Redirect(NatTo::default()),
                    "MARK" => Target::Mark(0, u32::MAX),
                    "REJECT" => Target::Reject(RejectWith::Icmp("icmp-port-unreachable", 3)),
                    "CT" | "NOTRACK" => Target::Notrack,
                    "LOG" => Target::Log { prefix: String::new() },
                    chain => Target::Jump(chain.to_string()),
                };
            }
            _ => {
                return Ok(
                    self.match_option(word, negated, module, words)? || self.target_option(word, words)?
                );
            }
        }
        Ok(true)
    }

    /// The `tcp` or `udp` match that a port option belongs to; `-p` alone loads it as well.
    fn ports(&mut self, word: &str) -> Result<PortOptions<'_>, String> {
        let loaded = |one: &Match| matches!(one, Match::Tcp { .. } | Match::Udp { .. });
        if !self.matches.iter().any(loaded) {
            match self.protocol.as_ref().filter(|protocol| !protocol.negated).map(|protocol| protocol.value) {
                Some(6) => self.matches.push(Match::Tcp { sport: None, dport: None, flags: None }),
                Some(17) => self.matches.push(Match::Udp { sport: None, dport: None }),
                _ => return Err(format!("unknown option \"{word}\"")),
            }
        }
        match self.matches.iter_mut().rev().find(|one| loaded(one)) {
            Some(Match::Tcp { sport, dport, .. } | Match::Udp { sport, dport }) => Ok((sport, dport)),
            _ => Err(format!("unknown option \"{word}\"")),
        }
    }

    fn match_option<S: AsRef<str>>(
        &mut self,
        word: &str,
        negated: bool,
        module: &str,
        words: &mut Words<'_, S>,
    ) -> Result<bool, String> {
        match word {
            "--sport" | "--source-port" => {
                let value = parse_ports(words.value(word)?, ':')?;
                *self.ports(word)?.0 = Some(Maybe { negated, value });
            }
            "--dport" | "--destination-port" => {
                let value = parse_ports(words.value(word)?, ':')?;
                *self.ports(word)?.1 = Some(Maybe { negated, value });
            }
            "--tcp-flags" | "--syn" => {
                let value = match word {
                    "--syn" => (0x17, 0x02),
                    _ => (parse_flags(words.value(word)?)?, parse_flags(words.value(word)?)?),
                };
                self.ports(word)?;
                match self.matches.iter_mut().rev().find(|one| matches!(one, Match::Tcp { .. })) {
                    Some(Match::Tcp { flags, .. }) => *flags = Some(Maybe { negated, value }),
                    _ => return Ok(false),
                }
            }
            "--sports" | "--source-ports" | "--dports" | "--destination-ports" if module == "multiport" => {
                let value = words
                    .value(word)?
                    .split(',')
                    .map(|range| parse_ports(range, ':'))
                    .collect::<Result<_, _>>()?;
                let source = word.starts_with("--s");
                self.matches.push(Match::Multiport { source, ports: Maybe { negated, value } });
            }
            "--icmp-type" => {
                let name = words.value(word)?;
                let value = match name {
                    "echo-reply" => 0,
                    "destination-unreachable" => 3,
                    "echo-request" => 8,
                    "time-exceeded" => 11,
                    _ => name.parse().map_err(|_| format!("Invalid ICMP type `{name}'"))?,
                };
                self.matches.push(Match::Icmp(Maybe { negated, value }));
            }
            "--comment" if module == "comment" => {
                self.matches.push(Match::Comment(words.value(word)?.to_string()));
            }
            "--mode" if module == "statistic" => match words.value(word)? {
                "random" => self.matches.push(Match::Random(Maybe::is(0))),
                "nth" => self.matches.push(Match::Nth { every: 1, packet: 0 }),
                mode => return Err(format!("Bad mode \"{mode}\"")),
            },
            "--probability" => {
                let text = words.value(word)?;
                let p: f64 = text.parse().ok().filter(|p| (0.0..=1.0).contains(p)).ok_or_else(|| {
                    format!("statistic: Bad value for \"--probability\" option: \"{text}\"")
                })?;
                match self.matches.last_mut() {
                    Some(Match::Random(value)) => {
                        *value = Maybe { negated, value: (p * 2_147_483_648.0).round() as u32 };
                    }
                    _ => return Ok(false),
                }
            }
            "--every" | "--packet" => {
                let number = parse_number(words.value(word)?).ok_or("statistic: bad number")?;
                match self.matches.last_mut() {
                    Some(Match::Nth { every, .. }) if word == "--every" => *every = number.max(1),
                    Some(Match::Nth { packet, .. }) => *packet = number,
                    _ => return Ok(false),
                }
            }
            "--mark" if module == "mark" => {
                let value = parse_masked(words.value(word)?, word)?;
                self.matches.push(Match::Mark(Maybe { negated, value }));
            }
            "--ctstate" | "--state" => {
                let mut states = 0;
                let text = words.value(word)?;
                for name in text.split(',') {
                    match CtStates::NAMES.iter().find(|(known, _)| *known == name) {
                        Some((_, bit)) => states |= bit,
                        None => return Err(format!("Bad ctstate \"{text}\"")),
                    }
                }
                self.matches.push(Match::CtState(Maybe { negated, value: CtStates(states) }));
            }
            "--src-type" | "--dst-type" => {
                let value = Some(Maybe { negated, value: parse_addr_type(words.value(word)?)? });
                match self.matches.iter_mut().rev().find(|one| matches!(one, Match::AddrType { .. })) {
                    Some(Match::AddrType { source, destination }) => {
                        *(if word == "--src-type" { source } else { destination }) = value;
                    }
                    _ => return Ok(false),
                }
            }
            _ => return self.recent_option(word, negated, words),
        }
        Ok(true)
    }

    fn recent_option<S: AsRef<str>>(
        &mut self,
        word: &str,
        negated: bool,
        words: &mut Words<'_, S>,
    ) -> Result<bool, String> {
        let Some(Match::Recent(recent)) =
            self.matches.iter_mut().rev().find(|one| matches!(one, Match::Recent(_)))
        else {
            return Ok(false);
        };
        let mut number = || {
            parse_number(words.value(word)?).ok_or_else(|| format!("recent: bad value for option \"{word}\""))
        };
        match word {
            "--set" | "--rcheck" | "--update" | "--remove" => {
                recent.negated = negated;
                recent.action = match word {
                    "--set" => RecentAction::Set,
                    "--rcheck" => RecentAction::Rcheck,
                    "--update" => RecentAction::Update,
                    _ => RecentAction::Remove,
                };
            }
            "--seconds" => recent.seconds = Some(number()?),
            "--hitcount" => recent.hitcount = Some(number()?),
            "--reap" => recent.reap = true,
            "--name" => recent.name = words.value(word)?.to_string(),
            "--mask" => {
                recent.mask = words.value(word)?.parse().map_err(|_| "recent: bad mask".to_string())?;
            }
            "--rsource" => recent.by_source = true,
            "--rdest" => recent.by_source = false,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn target_option<S: AsRef<str>>(&mut self, word: &str, words: &mut Words<'_, S>) -> Result<bool, String> {
        match (word, &mut self.target) {
            ("--to-destination", Target::Dnat(to)) | ("--to-source", Target::Snat(to)) => {
                let parsed = parse_nat_to(words.value(word)?)?;
                (to.address, to.ports) = (parsed.address, parsed.ports);
            }
            ("--to-ports", Target::Masquerade(to) | Target::Redirect(to)) => {
                to.ports = Some(parse_ports(words.value(word)?, '-')?);
            }
            (
                "--random",
                Target::Dnat(to) | Target::Snat(to) | Target::Masquerade(to) | Target::Redirect(to),
            ) => {
                to.random = true;
            }
            ("--random-fully", Target::Snat(to) | Target::Masquerade(to)) => to.random_fully = true,
            ("--persistent", Target::Dnat(to) | Target::Snat(to)) => to.persistent = true,
            ("--set-xmark", Target::Mark(value, mask)) => {
                (*value, *mask) = parse_masked(words.value(word)?, word)?;
            }
            ("--set-mark", Target::Mark(value, mask)) => {
                // Bits of the value are set even where the mask would keep them.
                let (v, m) = parse_masked(words.value(word)?, word)?;
                (*value, *mask) = (v, m | v);
            }
            ("--or-mark", Target::Mark(value, mask)) => {
                let (v, _) = parse_masked(words.value(word)?, word)?;
                (*value, *mask) = (v, v);
            }
            ("--and-mark", Target::Mark(value, mask)) => {
                let (v, _) = parse_masked(words.value(word)?, word)?;
                (*value, *mask) = (0, !v);
            }
            ("--reject-with", Target::Reject(with)) => {
                let name = words.value(word)?;
                let short = name.strip_prefix("icmp-").unwrap_or(name);
                *with = if short == "tcp-reset" {
                    RejectWith::TcpReset
                } else {
                    REJECT_WITH
                        .iter()
                        .find(|(known, _)| {
                            known.strip_prefix("icmp-").is_some_and(|known| {
                                known == short || known.replace("unreachable", "unreach") == short
                            })
                        })
                        .map(|(known, code)| RejectWith::Icmp(known, *code))
                        .ok_or_else(|| format!("unknown reject type \"{name}\""))?
                };
            }
            ("--notrack", Target::Notrack) => {}
            ("--log-prefix", Target::Log { prefix }) => *prefix = words.value(word)?.to_string(),
            ("--log-level", Target::Log { .. }) => {
                words.value(word)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
