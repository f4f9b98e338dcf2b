//! Tables and chains, and what `iptables` does to them.

use super::{Hook, NetfilterError, Policy, Rule, Table, Target, eval};
use sim::SortedMap;
use std::fmt;
use std::rc::Rc;

/// A rule in its chain, with what went through it.
#[derive(Clone, Debug)]
pub struct StoredRule {
    /// The rule.
    pub rule: Rc<Rule>,
    /// Packets that matched.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The chain that it jumps to.
    pub(super) jump: u32,
    /// Where the `nth` match of this rule stands.
    pub(super) nth: u32,
}

/// No jump.
pub(super) const NOWHERE: u32 = u32::MAX;

/// A chain of rules.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// At the end of a built-in chain; none for a user's chain.
    pub policy: Option<Policy>,
    /// Packets that reached the policy.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    pub(super) rules: Vec<StoredRule>,
    /// What each rule needs of addresses and protocol, side by side: most rules of most chains end there.
    pub(super) quick: Vec<eval::Quick>,
}

impl Chain {
    fn new(name: &str, policy: Option<Policy>) -> Chain {
        Chain { name: name.to_string(), policy, packets: 0, bytes: 0, rules: Vec::new(), quick: Vec::new() }
    }
    /// Its rules.
    pub fn rules(&self) -> &[StoredRule] {
        &self.rules
    }
    fn put(&mut self, at: usize, rule: StoredRule) {
        self.quick.insert(at, eval::Quick::of(&rule.rule));
        self.rules.insert(at, rule);
    }
    fn take(&mut self, at: usize) {
        self.quick.remove(at);
        self.rules.remove(at);
    }
    fn clear(&mut self) {
        self.quick.clear();
        self.rules.clear();
    }
}

/// The chains of one table.
#[derive(Clone, Debug, Default)]
pub struct TableData {
    pub(super) table: Option<Table>,
    /// By number; built-in chains come first. A deleted one leaves a gap.
    pub(super) chains: Vec<Option<Chain>>,
    names: SortedMap<String, u32>,
    pub(super) builtin: [Option<u32>; 5],
}

impl TableData {
    /// The built-in chains, empty.
    pub fn new(table: Table) -> Self {
        let mut data = TableData { table: Some(table), ..TableData::default() };
        for &hook in table.hooks() {
            let number = data.add(Chain::new(hook.name(), Some(Policy::Accept)));
            data.builtin[hook as usize] = Some(number);
        }
        data
    }

    fn add(&mut self, chain: Chain) -> u32 {
        let name = chain.name.clone();
        let number = match self.chains.iter().position(Option::is_none) {
            Some(gap) => gap,
            None => {
                self.chains.push(None);
                self.chains.len() - 1
            }
        };
        self.chains[number] = Some(chain);
        self.names.insert(name, number as u32);
        number as u32
    }

    fn number(&self, name: &str) -> Result<u32, NetfilterError> {
        self.names.get(name).copied().ok_or_else(|| NetfilterError::NoChain(name.to_string()))
    }

    fn chain_mut(&mut self, name: &str) -> Result<&mut Chain, NetfilterError> {
        let number = self.number(name)?;
        self.chains[number as usize].as_mut().ok_or_else(|| NetfilterError::NoChain(name.to_string()))
    }

    /// The chain of this name.
    pub fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains[*self.names.get(name)? as usize].as_ref()
    }

    /// All chains: the built-in ones, then the others by name.
    pub fn chains(&self) -> impl Iterator<Item = &Chain> {
        let builtin = self.builtin.iter().flatten();
        let others = self.names.values().filter(|number| !self.builtin.contains(&Some(**number)));
        builtin.chain(others).filter_map(|number| self.chains[*number as usize].as_ref())
    }

    /// True when no chain has a rule.
    pub fn is_empty(&self) -> bool {
        self.chains.iter().flatten().all(|chain| chain.rules.is_empty())
    }

    /// True when its chain at this hook does anything.
    pub(super) fn is_active(&self, hook: Hook) -> bool {
        let chain = self.builtin[hook as usize].and_then(|number| self.chains[number as usize].as_ref());
        chain.is_some_and(|chain| !chain.rules.is_empty() || chain.policy == Some(Policy::Drop))
    }

    /// True for `PREROUTING` and its like, as far as this table has them.
    pub fn is_builtin(&self, name: &str) -> bool {
        self.chain(name).is_some_and(|chain| chain.policy.is_some())
    }

    /// How many rules jump to a chain.
    pub fn references(&self, name: &str) -> usize {
        let Some(&number) = self.names.get(name) else { return 0 };
        self.chains.iter().flatten().flat_map(|chain| &chain.rules).filter(|rule| rule.jump == number).count()
    }

    fn stored(&self, chain: &str, rule: Rule) -> Result<StoredRule, NetfilterError> {
        let jump = match &rule.target {
            Target::Jump(to) | Target::Goto(to) => match self.names.get(to) {
                Some(&number) if !self.is_builtin(to) => number,
                _ => return Err(NetfilterError::NoTarget(to.clone())),
            },
            Target::Dnat(_) | Target::Snat(_) | Target::Masquerade(_) | Target::Redirect(_)
                if self.table != Some(Table::Nat) =>
            {
                return Err(NetfilterError::Misplaced(chain.to_string()));
            }
            Target::Masquerade(_) | Target::Snat(_) if matches!(chain, "PREROUTING" | "OUTPUT") => {
                return Err(NetfilterError::Misplaced(chain.to_string()));
            }
            Target::Dnat(_) | Target::Redirect(_) if matches!(chain, "POSTROUTING" | "INPUT") => {
                return Err(NetfilterError::Misplaced(chain.to_string()));
            }
            Target::Reject(_) if self.table != Some(Table::Filter) => {
                return Err(NetfilterError::Misplaced(chain.to_string()));
            }
            _ => NOWHERE,
        };
        Ok(StoredRule { rule: Rc::new(rule), packets: 0, bytes: 0, jump, nth: 0 })
    }

    /// `-A`
    pub fn append(&mut self, chain: &str, rule: Rule) -> Result<(), NetfilterError> {
        self.append_counted(chain, rule, (0, 0))
    }

    pub(super) fn append_counted(
        &mut self,
        chain: &str,
        rule: Rule,
        counters: (u64, u64),
    ) -> Result<(), NetfilterError> {
        self.number(chain)?;
        let mut stored = self.stored(chain, rule)?;
        (stored.packets, stored.bytes) = counters;
        let chain = self.chain_mut(chain)?;
        chain.put(chain.rules.len(), stored);
        Ok(())
    }

    /// `-I`, positions count from 1.
    pub fn insert(&mut self, chain: &str, position: usize, rule: Rule) -> Result<(), NetfilterError> {
        self.number(chain)?;
        let stored = self.stored(chain, rule)?;
        let chain = self.chain_mut(chain)?;
        if position == 0 || position > chain.rules.len() + 1 {
            return Err(NetfilterError::BadIndex(position));
        }
        chain.put(position - 1, stored);
        Ok(())
    }

    /// `-R`, positions count from 1.
    pub fn replace(&mut self, chain: &str, position: usize, rule: Rule) -> Result<(), NetfilterError> {
        self.number(chain)?;
        let stored = self.stored(chain, rule)?;
        let chain = self.chain_mut(chain)?;
        if position == 0 || position > chain.rules.len() {
            return Err(NetfilterError::BadIndex(position));
        }
        chain.take(position - 1);
        chain.put(position - 1, stored);
        Ok(())
    }

    /// `-D` with a rule.
    pub fn delete_rule(&mut self, chain: &str, rule: &Rule) -> Result<(), NetfilterError> {
        let at = self.position(chain, rule)?.ok_or(NetfilterError::NoRule)?;
        self.chain_mut(chain)?.take(at);
        Ok(())
    }

    /// `-D` with a position, counted from 1.
    pub fn delete_at(&mut self, chain: &str, position: usize) -> Result<(), NetfilterError> {
        let chain = self.chain_mut(chain)?;
        if position == 0 || position > chain.rules.len() {
            return Err(NetfilterError::BadIndex(position));
        }
        chain.take(position - 1);
        Ok(())
    }

    /// `-C`: where the rule is, counted from 0.
    pub fn position(&self, chain: &str, rule: &Rule) -> Result<Option<usize>, NetfilterError> {
        let chain = self.chain(chain).ok_or_else(|| NetfilterError::NoChain(chain.to_string()))?;
        Ok(chain.rules.iter().position(|stored| *stored.rule == *rule))
    }

    /// `-F`: one chain, or all.
    pub fn flush(&mut self, chain: Option<&str>) -> Result<(), NetfilterError> {
        match chain {
            Some(name) => self.chain_mut(name)?.clear(),
            None => self.chains.iter_mut().flatten().for_each(Chain::clear),
        }
        Ok(())
    }

    /// `-Z`: sets counters to zero, of one chain or all.
    pub fn zero(&mut self, chain: Option<&str>) -> Result<(), NetfilterError> {
        if let Some(name) = chain {
            self.number(name)?;
        }
        for one in self.chains.iter_mut().flatten().filter(|one| chain.is_none_or(|name| one.name == name)) {
            (one.packets, one.bytes) = (0, 0);
            for rule in &mut one.rules {
                (rule.packets, rule.bytes) = (0, 0);
            }
        }
        Ok(())
    }

    /// `-N`
    pub fn new_chain(&mut self, name: &str) -> Result<(), NetfilterError> {
        if self.names.contains_key(name) {
            return Err(NetfilterError::ChainExists(name.to_string()));
        }
        self.add(Chain::new(name, None));
        Ok(())
    }

    /// Makes a chain, or empties it: what `:NAME - [0:0]` means to `iptables-restore`.
    pub fn put_chain(&mut self, name: &str) -> Result<(), NetfilterError> {
        if self.names.contains_key(name) { self.flush(Some(name)) } else { self.new_chain(name) }
    }

    /// `-X`
    pub fn delete_chain(&mut self, name: &str) -> Result<(), NetfilterError> {
        let number = self.number(name)?;
        if self.is_builtin(name) {
            return Err(NetfilterError::BuiltIn(name.to_string()));
        }
        if self.references(name) > 0 || self.chain(name).is_some_and(|chain| !chain.rules.is_empty()) {
            return Err(NetfilterError::ChainBusy(name.to_string()));
        }
        self.names.remove(name);
        self.chains[number as usize] = None;
        Ok(())
    }

    /// `-E`
    pub fn rename_chain(&mut self, old: &str, new: &str) -> Result<(), NetfilterError> {
        let number = self.number(old)?;
        if self.is_builtin(old) {
            return Err(NetfilterError::BuiltIn(old.to_string()));
        }
        if self.names.contains_key(new) {
            return Err(NetfilterError::ChainExists(new.to_string()));
        }
        self.names.remove(old);
        self.names.insert(new.to_string(), number);
        let jumps = self.chains.iter_mut().flatten().flat_map(|chain| &mut chain.rules);
        for rule in jumps.filter(|rule| rule.jump == number) {
            match &mut Rc::make_mut(&mut rule.rule).target {
                Target::Jump(to) | Target::Goto(to) => *to = new.to_string(),
                _ => {}
            }
        }
        if let Some(chain) = &mut self.chains[number as usize] {
            chain.name = new.to_string();
        }
        Ok(())
    }

    /// `-P`
    pub fn set_policy(&mut self, name: &str, policy: Policy) -> Result<(), NetfilterError> {
        match self.chain_mut(name)? {
            chain if chain.policy.is_some() => chain.policy = Some(policy),
            _ => return Err(NetfilterError::NoChain(name.to_string())),
        }
        Ok(())
    }

    /// Replaces whole chains and deletes others, all or nothing.
    pub fn replace_chains(
        &mut self,
        chains: Vec<(String, Vec<Rule>)>,
        delete: &[String],
    ) -> Result<(), NetfilterError> {
        for (name, _) in &chains {
            if !self.names.contains_key(name) {
                self.new_chain(name)?;
            }
        }
        let mut ready = Vec::with_capacity(chains.len());
        for (name, rules) in chains {
            let rules =
                rules.into_iter().map(|rule| self.stored(&name, rule)).collect::<Result<Vec<_>, _>>()?;
            ready.push((self.number(&name)?, rules));
        }
        for (number, rules) in ready {
            if let Some(chain) = &mut self.chains[number as usize] {
                chain.quick = rules.iter().map(|stored| eval::Quick::of(&stored.rule)).collect();
                chain.rules = rules;
            }
        }
        // They may jump to one another: empty first, then gone.
        let gone: Vec<u32> = delete.iter().filter_map(|name| self.names.get(name).copied()).collect();
        for &number in &gone {
            if let Some(chain) = &mut self.chains[number as usize] {
                chain.clear();
            }
        }
        let kept = self.chains.iter().flatten().flat_map(|chain| &chain.rules);
        let referenced: sim::SortedSet<u32> = kept.map(|rule| rule.jump).collect();
        for number in gone {
            let Some(chain) = &self.chains[number as usize] else { continue };
            if referenced.contains(&number) {
                return Err(NetfilterError::ChainBusy(chain.name.clone()));
            }
            self.names.remove(&chain.name);
            self.chains[number as usize] = None;
        }
        Ok(())
    }

    /// The text of `iptables-save`, from `*table` to `COMMIT`.
    pub fn save(&self, counters: bool) -> String {
        use fmt::Write as _;
        let mut out = String::new();
        let _ = writeln!(out, "*{}", self.table.map_or("", Table::name));
        for chain in self.chains() {
            let policy = chain.policy.map_or("-", Policy::name);
            let _ = writeln!(out, ":{} {policy} [0:0]", chain.name);
        }
        for chain in self.chains() {
            for stored in &chain.rules {
                if counters {
                    let _ = write!(out, "[{}:{}] ", stored.packets, stored.bytes);
                }
                let text = stored.rule.to_string();
                let space = if text.is_empty() { "" } else { " " };
                let _ = writeln!(out, "-A {}{space}{text}", chain.name);
            }
        }
        out.push_str("COMMIT\n");
        out
    }
}
