//! A packet runs through the chains of a table.

use super::rule::{
    AddrType, CtStates, Match, Maybe, NatTo, Ports, Recent, RecentAction, RejectWith, Rule, Target,
};
use super::{Chain, Hook, Netfilter, Policy, RecentList, Table};
use crate::net::IcmpKind;
use crate::net::namespace::is_local;
use crate::net::packet::{Body, Icmp, Packet};
use sim::{Instant, Rng, SortedMap};
use std::net::Ipv4Addr;

/// What is known about a packet at a hook.
pub(crate) struct Env<'a> {
    pub(crate) packet: &'a mut Packet,
    pub(crate) in_dev: &'a str,
    pub(crate) out_dev: &'a str,
    /// The host's own addresses.
    pub(crate) locals: &'a [Ipv4Addr],
    /// Bits of [`CtStates`].
    pub(crate) ct: u8,
    pub(crate) rng: &'a mut Rng,
    pub(crate) now: Instant,
}

/// What the rules decided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Accept,
    Drop,
    Reject(RejectWith),
    Nat(NatAction),
    Notrack,
}

/// How the connection is to be translated.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NatAction {
    Dnat(NatTo),
    Snat(NatTo),
    Masquerade(NatTo),
    Redirect(NatTo),
}

/// What a rule asks for first, ready to compare: addresses, protocol, state of the connection, mark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quick {
    src: u32,
    src_mask: u32,
    dst: u32,
    dst_mask: u32,
    mark: u32,
    mark_mask: u32,
    /// 0 is any.
    proto: u8,
    /// One of these bits of [`CtStates`].
    ct: u8,
    negated: u8,
    /// How many of the matches this answers; [`ALL`] when nothing else is to be looked at, [`CHANCE`] when that is a
    /// number to be drawn.
    matches: u8,
    /// It must be below this one.
    chance: u32,
}

const NOT_SRC: u8 = 1;
const NOT_DST: u8 = 2;
const NOT_PROTO: u8 = 4;
const NOT_MARK: u8 = 8;
/// All matches are answered.
const ALL: u8 = u8::MAX;
/// All but the last, which is one of chance.
const CHANCE: u8 = ALL - 1;
/// Any state of the connection: every packet has the highest bit.
const ANY: u8 = u8::MAX;
const ALWAYS: u8 = 0x80;

/// What rules are compared with.
struct Seen {
    src: u32,
    dst: u32,
    mark: u32,
    proto: u8,
    ct: u8,
}

impl Quick {
    pub(crate) fn of(rule: &Rule) -> Quick {
        let parts = |net: &Option<Maybe<ipnet::Ipv4Net>>| {
            net.as_ref().map_or((0, 0, false), |net| {
                (u32::from(net.value.network()), u32::from(net.value.netmask()), net.negated)
            })
        };
        let (src, src_mask, not_src) = parts(&rule.source);
        let (dst, dst_mask, not_dst) = parts(&rule.destination);
        let (proto, not_proto) = rule.protocol.as_ref().map_or((0, false), |p| (p.value, p.negated));
        let negated =
            u8::from(not_src) * NOT_SRC + u8::from(not_dst) * NOT_DST + u8::from(not_proto) * NOT_PROTO;
        let (mark, mark_mask, ct) = (0, 0, ANY);
        let mut quick = Quick {
            src,
            src_mask,
            dst,
            dst_mask,
            mark,
            mark_mask,
            proto,
            ct,
            negated,
            matches: 0,
            chance: 0,
        };
        let answered = rule.matches.iter().take_while(|one| quick.answers(one)).count();
        let interfaces = rule.in_interface.is_some() || rule.out_interface.is_some();
        quick.matches = match &rule.matches[answered..] {
            [] if !interfaces => ALL,
            [Match::Random(Maybe { negated: false, value })] if !interfaces => {
                quick.chance = *value;
                CHANCE
            }
            _ => u8::try_from(answered).unwrap_or(0).min(CHANCE - 1),
        };
        quick
    }

    /// Takes a match in, if it is one of the simple ones.
    fn answers(&mut self, one: &Match) -> bool {
        match one {
            Match::Comment(_)
            | Match::Tcp { sport: None, dport: None, flags: None }
            | Match::Udp { sport: None, dport: None } => true,
            Match::CtState(states) if self.ct == ANY && !states.negated => {
                self.ct = states.value.0;
                true
            }
            Match::Mark(mark) if self.mark_mask == 0 && mark.value.1 != 0 => {
                (self.mark, self.mark_mask) = mark.value;
                self.negated |= u8::from(mark.negated) * NOT_MARK;
                true
            }
            _ => false,
        }
    }

    #[inline(always)]
    fn matches(&self, seen: &Seen) -> bool {
        ((seen.dst & self.dst_mask == self.dst) != (self.negated & NOT_DST != 0))
            && ((seen.src & self.src_mask == self.src) != (self.negated & NOT_SRC != 0))
            && (self.proto == 0 || (self.proto == seen.proto) != (self.negated & NOT_PROTO != 0))
            && seen.ct & self.ct != 0
            && ((seen.mark & self.mark_mask == self.mark) != (self.negated & NOT_MARK != 0))
    }
}

/// How deep chains may call chains.
pub(super) const DEPTH: usize = 16;

impl Netfilter {
    /// Runs the packet through one table at one hook.
    pub(crate) fn traverse(&mut self, table: Table, hook: Hook, env: &mut Env<'_>) -> Outcome {
        let Netfilter { tables, recent, callers, .. } = self;
        let data = &mut tables[table as usize];
        let Some(first) = data.builtin[hook as usize] else { return Outcome::Accept };
        let length = env.packet.length() as u64;
        let mut seen = Seen {
            src: env.packet.src.into(),
            dst: env.packet.dst.into(),
            mark: env.packet.mark,
            proto: env.packet.proto(),
            ct: env.ct | ALWAYS,
        };
        let chains = data.chains.as_mut_slice();
        let mut depth = 0;
        let (mut number, mut at) = (first, 0);
        loop {
            let Some(chain) = &mut chains[number as usize] else { return Outcome::Accept };
            let mut found = None;
            for quick in &chain.quick[at..] {
                at += 1;
                if quick.matches(&seen) && (quick.matches != CHANCE || draw(env.rng) < quick.chance) {
                    found = Some(quick.matches);
                    break;
                }
            }
            let Some(answered) = found else {
                if depth > 0 {
                    depth -= 1;
                    (number, at) = callers[depth];
                    continue;
                }
                return policy(chain, data.builtin[hook as usize] == Some(number), length);
            };
            let stored = &mut chain.rules.as_mut_slice()[at - 1];
            if answered < CHANCE && !matches(&stored.rule, answered.into(), &mut stored.nth, env, recent) {
                continue;
            }
            stored.packets += 1;
            stored.bytes += length;
            match &stored.rule.target {
                Target::None | Target::Log { .. } => {}
                Target::Accept => return Outcome::Accept,
                Target::Drop => return Outcome::Drop,
                Target::Reject(with) => return Outcome::Reject(*with),
                Target::Notrack => return Outcome::Notrack,
                Target::Mark(value, mask) => {
                    seen.mark = (seen.mark & !mask) ^ value;
                    env.packet.mark = seen.mark;
                }
                Target::Dnat(to) => return Outcome::Nat(NatAction::Dnat(to.clone())),
                Target::Snat(to) => return Outcome::Nat(NatAction::Snat(to.clone())),
                Target::Masquerade(to) => return Outcome::Nat(NatAction::Masquerade(to.clone())),
                Target::Redirect(to) => return Outcome::Nat(NatAction::Redirect(to.clone())),
                Target::Return => {
                    if depth == 0 {
                        return policy(chain, true, length);
                    }
                    depth -= 1;
                    (number, at) = callers[depth];
                }
                Target::Jump(_) => {
                    // A loop of jumps cannot be loaded into a real kernel; here it ends the walk.
                    if depth == DEPTH {
                        return Outcome::Drop;
                    }
                    callers[depth] = (number, at);
                    depth += 1;
                    (number, at) = (stored.jump, 0);
                }
                Target::Goto(_) => (number, at) = (stored.jump, 0),
            }
        }
    }
}

fn policy(chain: &mut Chain, builtin: bool, length: u64) -> Outcome {
    if builtin {
        chain.packets += 1;
        chain.bytes += length;
    }
    match chain.policy {
        Some(Policy::Drop) => Outcome::Drop,
        _ => Outcome::Accept,
    }
}

fn is<T>(maybe: &Maybe<T>, test: impl FnOnce(&T) -> bool) -> bool {
    test(&maybe.value) != maybe.negated
}

fn interface(wanted: &str, name: &str) -> bool {
    match wanted.strip_suffix('+') {
        Some(prefix) => name.starts_with(prefix),
        None => wanted == name,
    }
}

fn within(ports: &Option<Maybe<Ports>>, port: u16) -> bool {
    ports.as_ref().is_none_or(|ports| is(ports, |range| range.0 <= port && port <= range.1))
}

fn addr_type(env: &Env<'_>, kind: AddrType, address: Ipv4Addr) -> bool {
    match kind {
        AddrType::Local => is_local(env.locals, address),
        AddrType::Broadcast => address.is_broadcast(),
        AddrType::Multicast => address.is_multicast(),
        AddrType::Unicast => {
            !is_local(env.locals, address) && !address.is_broadcast() && !address.is_multicast()
        }
    }
}

/// Whether a packet is what a rule asks for, as far as [`Quick`] has not answered that.
fn matches(
    rule: &Rule,
    answered: usize,
    nth: &mut u32,
    env: &mut Env<'_>,
    lists: &mut SortedMap<String, RecentList>,
) -> bool {
    if rule.in_interface.as_ref().is_some_and(|name| !is(name, |name| interface(name, env.in_dev)))
        || rule.out_interface.as_ref().is_some_and(|name| !is(name, |name| interface(name, env.out_dev)))
    {
        return false;
    }
    rule.matches[answered..].iter().all(|one| match one {
        Match::Comment(_) => true,
        Match::Random(p) => {
            let drawn = draw(env.rng);
            is(p, |p| drawn < *p)
        }
        Match::Nth { every, packet } => {
            let hit = *nth == *packet;
            *nth = (*nth + 1) % every;
            hit
        }
        Match::Mark(mark) => is(mark, |(value, mask)| env.packet.mark & mask == *value),
        Match::CtState(states) => is(states, |states| states.0 & env.ct != 0),
        Match::AddrType { source, destination } => {
            source.as_ref().is_none_or(|kind| is(kind, |kind| addr_type(env, *kind, env.packet.src)))
                && destination
                    .as_ref()
                    .is_none_or(|kind| is(kind, |kind| addr_type(env, *kind, env.packet.dst)))
        }
        Match::Recent(recent) => recent_match(recent, env, lists) != recent.negated,
        Match::Tcp { sport, dport, flags } => match &env.packet.body {
            Body::Tcp(segment) => {
                within(sport, segment.sport)
                    && within(dport, segment.dport)
                    && flags.as_ref().is_none_or(|f| is(f, |(mask, set)| segment.flags & mask == *set))
            }
            _ => false,
        },
        Match::Udp { sport, dport } => match &env.packet.body {
            Body::Udp(datagram) => within(sport, datagram.sport) && within(dport, datagram.dport),
            _ => false,
        },
        Match::Multiport { source, ports } => {
            let port = match &env.packet.body {
                Body::Tcp(segment) => {
                    if *source {
                        segment.sport
                    } else {
                        segment.dport
                    }
                }
                Body::Udp(datagram) => {
                    if *source {
                        datagram.sport
                    } else {
                        datagram.dport
                    }
                }
                Body::Icmp(_) => return false,
            };
            is(ports, |ranges| ranges.iter().any(|range| range.0 <= port && port <= range.1))
        }
        Match::Icmp(kind) => match &env.packet.body {
            Body::Icmp(icmp) => is(kind, |kind| {
                *kind
                    == match icmp {
                        Icmp::Echo { reply, .. } => {
                            if *reply {
                                0
                            } else {
                                8
                            }
                        }
                        Icmp::Error { kind: IcmpKind::TimeExceeded, .. } => 11,
                        Icmp::Error { .. } => 3,
                    }
            }),
            _ => false,
        },
    })
}

/// A number for the match of chance.
fn draw(rng: &mut Rng) -> u32 {
    (rng.next_u64() & 0x7fff_ffff) as u32
}

fn recent_match(recent: &Recent, env: &Env<'_>, lists: &mut SortedMap<String, RecentList>) -> bool {
    let address = if recent.by_source { env.packet.src } else { env.packet.dst };
    let address = Ipv4Addr::from(u32::from(address) & u32::from(recent.mask));
    let list = match lists.get_mut(&recent.name) {
        Some(list) => list,
        None => lists.entry(recent.name.clone()).or_default(),
    };
    let fresh = |seen: &Instant| {
        recent.seconds.is_none_or(|seconds| env.now.duration_since(*seen).as_secs() <= u64::from(seconds))
    };
    if recent.reap && recent.action != RecentAction::Set {
        list.retain(|_, times| times.last().is_some_and(fresh));
    }
    match recent.action {
        RecentAction::Set => {
            let times = list.entry(address).or_default();
            // A list remembers 20 times of an address.
            if times.len() >= 20 {
                times.remove(0);
            }
            times.push(env.now);
            true
        }
        RecentAction::Remove => list.remove(&address).is_some(),
        RecentAction::Rcheck | RecentAction::Update => {
            let hits = list.get(&address).map_or(0, |times| times.iter().filter(|time| fresh(time)).count());
            let hit = hits >= recent.hitcount.unwrap_or(1).max(1) as usize;
            if hit
                && recent.action == RecentAction::Update
                && let Some(times) = list.get_mut(&address)
            {
                times.push(env.now);
            }
            hit
        }
    }
}

impl CtStates {
    /// The bit of a named state.
    pub fn bit(name: &str) -> Option<u8> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, bit)| *bit)
    }
}
