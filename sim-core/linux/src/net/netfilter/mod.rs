//! netfilter: the tables of rules that every packet of a host runs through. What `iptables` shows and what
//! kube-proxy writes.
//!
//! ```text
//!                     from a link                                       from a local process
//!                          |                                                     |
//!                          v                                                  routing
//!                     PREROUTING                                                 |
//!           raw, [conntrack], mangle, nat (DNAT)                                 v
//!                          |                                                  OUTPUT
//!                          v                                  raw, [conntrack], mangle, nat (DNAT), filter
//!                       routing --- not for this host ---+                       |
//!                          |                             |                       v
//!                          v                             v             routing again, if translated
//!                        INPUT                        FORWARD                    |
//!              mangle, filter, nat (SNAT),          mangle, filter               |
//!                 [conntrack confirms]                   |                       |
//!                          |                             +---------+-------------+
//!                          v                                       v
//!                   local process                             POSTROUTING
//!                                            mangle, nat (SNAT), [conntrack confirms]
//!                                                                  |
//!                                                                  v
//!                                                              to a link
//! ```
//!
//! A bridge with `bridge-nf-call-iptables` runs what it forwards through PREROUTING, FORWARD and POSTROUTING
//! as well. The nat table sees the first packet of a connection only; conntrack then treats the others alike.
//!
//! Models net/ipv4/netfilter and the extensions that kube-proxy uses. Left out: IPv6, ipset, limits, user
//! defined tables of nft.

mod eval;
mod parse;
mod restore;
mod rule;
mod table;

pub(crate) use eval::{Env, NatAction, Outcome};
pub use rule::{
    AddrType, CtStates, Match, Maybe, NatTo, PROTOCOLS, Ports, REJECT_WITH, Recent, RecentAction, RejectWith,
    Rule, Target,
};

pub use table::{Chain, StoredRule, TableData};

use sim::{Instant, SortedMap};
use std::fmt;
use std::net::Ipv4Addr;

/// The five places in the stack at which packets run through rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// Before routing.
    Prerouting,
    /// For this host.
    Input,
    /// Through this host.
    Forward,
    /// From this host.
    Output,
    /// Before the link.
    Postrouting,
}

impl Hook {
    /// All of them, in the order in which chains are listed.
    pub const ALL: [Hook; 5] =
        [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];
    /// Name of its chains.
    pub const fn name(self) -> &'static str {
        match self {
            Hook::Prerouting => "PREROUTING",
            Hook::Input => "INPUT",
            Hook::Forward => "FORWARD",
            Hook::Output => "OUTPUT",
            Hook::Postrouting => "POSTROUTING",
        }
    }
}

/// A table of chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Before connection tracking.
    Raw,
    /// For changing packets.
    Mangle,
    /// For translating addresses.
    Nat,
    /// For letting through.
    Filter,
}

impl Table {
    /// All of them, in the order in which packets meet them.
    pub const ALL: [Table; 4] = [Table::Raw, Table::Mangle, Table::Nat, Table::Filter];
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Raw => "raw",
            Table::Mangle => "mangle",
            Table::Nat => "nat",
            Table::Filter => "filter",
        }
    }
    /// Its bit in a set of tables.
    pub(crate) const fn bit(self) -> u8 {
        1 << self as u8
    }
    /// The table of this name.
    pub fn from_name(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|table| table.name() == name)
    }
    /// At which hooks it has a chain.
    pub const fn hooks(self) -> &'static [Hook] {
        match self {
            Table::Raw => &[Hook::Prerouting, Hook::Output],
            Table::Mangle => &Hook::ALL,
            Table::Nat => &[Hook::Prerouting, Hook::Input, Hook::Output, Hook::Postrouting],
            Table::Filter => &[Hook::Input, Hook::Forward, Hook::Output],
        }
    }
}

/// What a built-in chain does at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Lets the packet through.
    #[default]
    Accept,
    /// Loses it.
    Drop,
}

impl Policy {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Policy::Accept => "ACCEPT",
            Policy::Drop => "DROP",
        }
    }
    /// The policy of this name.
    pub fn from_name(name: &str) -> Option<Policy> {
        [Policy::Accept, Policy::Drop].into_iter().find(|policy| policy.name() == name)
    }
}

/// Why rules could not be changed; the texts are those of the nf_tables variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetfilterError {
    /// No such chain.
    NoChain(String),
    /// `-N` of a chain that is there.
    ChainExists(String),
    /// `-X` of a chain that rules jump to or that has rules.
    ChainBusy(String),
    /// `-X` or `-N` of a built-in chain.
    BuiltIn(String),
    /// Position beyond the end of the chain.
    BadIndex(usize),
    /// `-D` or `-C` of a rule that is not there.
    NoRule,
    /// A jump to a chain that is not there.
    NoTarget(String),
    /// The target has no place in this chain (for example DNAT in filter).
    Misplaced(String),
}

impl fmt::Display for NetfilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NetfilterError::NoChain(_) => f.write_str("No chain/target/match by that name"),
            NetfilterError::ChainExists(_) => f.write_str("Chain already exists"),
            NetfilterError::ChainBusy(chain) => {
                write!(f, "CHAIN_DEL failed (Device or resource busy): chain {chain}")
            }
            NetfilterError::BuiltIn(chain) => write!(f, "Cannot change built-in chain {chain}"),
            NetfilterError::BadIndex(_) => f.write_str("Index of insertion too big"),
            NetfilterError::NoRule => f.write_str("Bad rule (does a matching rule exist in that chain?)"),
            NetfilterError::NoTarget(chain) => write!(f, "Chain '{chain}' does not exist"),
            NetfilterError::Misplaced(chain) => {
                write!(f, "RULE_APPEND failed (Invalid argument): rule in chain {chain}")
            }
        }
    }
}

impl std::error::Error for NetfilterError {}

/// When an address was seen by a `recent` list.
pub type RecentList = SortedMap<Ipv4Addr, Vec<Instant>>;

/// All rules of a network namespace.
#[derive(Clone, Debug, Default)]
pub struct Netfilter {
    tables: [TableData; 4],
    order: Vec<Table>,
    /// For each hook, the tables that have anything there, as bits.
    active: [u8; 5],
    /// Where a packet goes on after the chains that it has jumped to: chain and rule.
    callers: [(u32, usize); eval::DEPTH],
    /// Lists of the `recent` match: `/proc/net/xt_recent`.
    pub recent: SortedMap<String, RecentList>,
}

impl Netfilter {
    /// Tables that were used, in the order of their first use.
    pub fn used(&self) -> &[Table] {
        &self.order
    }

    /// A table.
    pub fn table(&mut self, table: Table) -> &TableData {
        self.table_mut(table)
    }

    /// A table, to be changed.
    pub fn table_mut(&mut self, table: Table) -> &mut TableData {
        let data = &mut self.tables[table as usize];
        if data.table.is_none() {
            *data = TableData::new(table);
            self.order.push(table);
        }
        data
    }

    /// As `iptables-restore` does it.
    ///
    /// # Errors
    /// Its error text; then nothing has changed.
    pub fn restore(&mut self, text: &str, noflush: bool) -> Result<(), String> {
        restore::restore(self, text, noflush)
    }

    /// To be called when tables may have changed, before the next packet.
    pub(crate) fn rules_changed(&mut self) {
        for hook in Hook::ALL {
            let busy = Table::ALL.into_iter().filter(|table| self.tables[*table as usize].is_active(hook));
            self.active[hook as usize] = busy.fold(0, |bits, table| bits | table.bit());
        }
    }

    /// The tables that have anything at this hook: rules, or a policy that drops. Bits by [`Table::bit`].
    pub(crate) fn active(&self, hook: Hook) -> u8 {
        self.active[hook as usize]
    }

    /// True when some rule needs to know connections; without one the host does not track them.
    pub(crate) fn wants_conntrack(&self) -> bool {
        !self.tables[Table::Nat as usize].is_empty()
            || self
                .tables
                .iter()
                .flat_map(|table| &table.chains)
                .flatten()
                .flat_map(|chain| &chain.rules)
                .any(|stored| stored.rule.matches.iter().any(|one| matches!(one, Match::CtState(_))))
    }
}
