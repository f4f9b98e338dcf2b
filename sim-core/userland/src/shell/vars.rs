//! Variables: their values, attributes and scopes. Models variables.c.

use super::escape;
use sim::SortedMap;

/// What a variable holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Declared but not set.
    Unset,
    /// A string.
    Scalar(String),
    /// An indexed array.
    Indexed(SortedMap<i64, String>),
    /// An associative array.
    Assoc(SortedMap<AssocKey, String>),
}

/// A key of an associative array, ordered as bash's hash table is walked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssocKey {
    bucket: u32,
    /// The key.
    pub key: String,
}

impl AssocKey {
    /// The key with its place in the table.
    pub fn new(key: &str) -> AssocKey {
        // FNV-1 over bytes; the table has 1024 buckets.
        let hash =
            key.bytes().fold(2_166_136_261_u32, |hash, byte| hash.wrapping_mul(16_777_619) ^ u32::from(byte));
        AssocKey { bucket: hash & 1023, key: key.to_string() }
    }
}

/// A variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Var {
    /// Its value.
    pub value: Value,
    /// `export`
    pub exported: bool,
    /// `readonly`
    pub readonly: bool,
    /// `declare -i`
    pub integer: bool,
    /// `declare -l`
    pub lower: bool,
    /// `declare -u`
    pub upper: bool,
    /// `declare -n`
    pub nameref: bool,
}

impl Var {
    /// Declared, without a value or attributes.
    pub const NEW: Var = Var {
        value: Value::Unset,
        exported: false,
        readonly: false,
        integer: false,
        lower: false,
        upper: false,
        nameref: false,
    };

    /// The value as a plain `$name` gives it.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Unset => None,
            Value::Scalar(text) => Some(text),
            Value::Indexed(map) => map.get(&0).map(String::as_str),
            Value::Assoc(map) => map.get(&AssocKey::new("0")).map(String::as_str),
        }
    }

    /// All elements.
    pub fn elements(&self) -> Vec<String> {
        match &self.value {
            Value::Unset => Vec::new(),
            Value::Scalar(text) => vec![text.clone()],
            Value::Indexed(map) => map.values().cloned().collect(),
            Value::Assoc(map) => map.values().cloned().collect(),
        }
    }

    /// All subscripts.
    pub fn keys(&self) -> Vec<String> {
        match &self.value {
            Value::Unset => Vec::new(),
            Value::Scalar(_) => vec!["0".into()],
            Value::Indexed(map) => map.keys().map(i64::to_string).collect(),
            Value::Assoc(map) => map.keys().map(|key| key.key.clone()).collect(),
        }
    }

    /// The attributes as `declare` writes them: `-x`, or `--`.
    pub fn flags(&self) -> String {
        let mut flags = String::from("-");
        for (on, flag) in [
            (matches!(self.value, Value::Indexed(_)), 'a'),
            (matches!(self.value, Value::Assoc(_)), 'A'),
            (self.integer, 'i'),
            (self.nameref, 'n'),
            (self.readonly, 'r'),
            (self.exported, 'x'),
            (self.lower, 'l'),
            (self.upper, 'u'),
        ] {
            if on {
                flags.push(flag);
            }
        }
        if flags.len() == 1 {
            flags.push('-');
        }
        flags
    }

    /// `="value"` as `declare -p` writes it; empty when unset.
    pub fn declaration(&self) -> String {
        match &self.value {
            Value::Unset => String::new(),
            Value::Scalar(text) => format!("={}", escape::double_quote(text)),
            _ => format!("={}", self.array_literal()),
        }
    }

    /// `([0]="a" [1]="b")`
    pub fn array_literal(&self) -> String {
        match &self.value {
            Value::Indexed(map) => {
                let items: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("[{key}]={}", escape::double_quote(value)))
                    .collect();
                format!("({})", items.join(" "))
            }
            Value::Assoc(map) => {
                let quote = |key: &str| {
                    if key.is_empty() || key.contains(|c: char| !c.is_alphanumeric() && !"_-./:".contains(c))
                    {
                        escape::double_quote(key)
                    } else {
                        key.to_string()
                    }
                };
                let items: String = map
                    .iter()
                    .map(|(key, value)| format!("[{}]={} ", quote(&key.key), escape::double_quote(value)))
                    .collect();
                format!("({items})")
            }
            _ => String::new(),
        }
    }
}

/// Why a variable was not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOnly(pub String);

/// All variables: the global ones, and those of the functions that run.
#[derive(Clone, Debug)]
pub struct Variables {
    scopes: Vec<SortedMap<String, Var>>,
}

impl Default for Variables {
    fn default() -> Self {
        Variables { scopes: vec![SortedMap::new()] }
    }
}

impl Variables {
    /// A function begins.
    pub fn push_scope(&mut self) {
        self.scopes.push(SortedMap::new());
    }

    /// A function ends.
    pub fn pop_scope(&mut self) {
        if self.scopes.len() > 1 {
            self.scopes.pop();
        }
    }

    /// How many scopes there are.
    pub fn depth(&self) -> usize {
        self.scopes.len()
    }

    /// The name that a reference leads to.
    pub fn resolve(&self, name: &str) -> String {
        let mut name = name.to_string();
        for _ in 0..8 {
            match self.find(&name) {
                Some(var) if var.nameref => match var.scalar() {
                    Some(target) if !target.is_empty() => name = target.to_string(),
                    _ => break,
                },
                _ => break,
            }
        }
        name
    }

    /// A variable, references not followed.
    pub fn find(&self, name: &str) -> Option<&Var> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name))
    }

    /// A variable.
    pub fn get(&self, name: &str) -> Option<&Var> {
        match self.find(name) {
            Some(var) if var.nameref => self.find(&self.resolve(name)),
            found => found,
        }
    }

    /// A plain value.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Var::scalar)
    }

    /// A variable to change: the innermost of that name, else a new global one.
    pub fn entry(&mut self, name: &str) -> &mut Var {
        let name = self.resolve(name);
        let level = self.scopes.iter().rposition(|scope| scope.contains_key(&name)).unwrap_or(0);
        self.scopes[level].entry(name).or_insert(Var::NEW)
    }

    /// A variable to change, references not followed.
    pub fn entry_raw(&mut self, name: &str) -> &mut Var {
        let level = self.scopes.iter().rposition(|scope| scope.contains_key(name)).unwrap_or(0);
        self.scopes[level].entry(name.to_string()).or_insert(Var::NEW)
    }

    /// A variable of the innermost scope; true when it is new there.
    pub fn local(&mut self, name: &str) -> (&mut Var, bool) {
        let scope = self.scopes.last_mut().expect("the global scope is never removed");
        let new = !scope.contains_key(name);
        (scope.entry(name.to_string()).or_insert(Var::NEW), new)
    }

    /// A variable of the global scope.
    pub fn global(&mut self, name: &str) -> &mut Var {
        self.scopes[0].entry(name.to_string()).or_insert(Var::NEW)
    }

    /// Sets a string.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> Result<(), ReadOnly> {
        let var = self.entry(name);
        if var.readonly {
            return Err(ReadOnly(name.to_string()));
        }
        assign_scalar(var, value.into());
        Ok(())
    }

    /// Sets a string, whatever its attributes: for the shell's own variables.
    pub fn force(&mut self, name: &str, value: impl Into<String>) {
        let var = self.entry(name);
        var.value = Value::Scalar(value.into());
    }

    /// Removes a variable.
    pub fn unset(&mut self, name: &str) -> Result<bool, ReadOnly> {
        let name = self.resolve(name);
        let Some(level) = self.scopes.iter().rposition(|scope| scope.contains_key(&name)) else {
            return Ok(false);
        };
        if self.scopes[level].get(&name).is_some_and(|var| var.readonly) {
            return Err(ReadOnly(name));
        }
        if level > 0 && level + 1 == self.scopes.len() {
            // A local variable stays local, only unset.
            self.scopes[level].insert(name, Var::NEW);
        } else {
            self.scopes[level].remove(&name);
        }
        Ok(true)
    }

    /// What programs are started with, by name.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.visible()
            .into_iter()
            .filter(|(_, var)| var.exported)
            .filter_map(|(name, var)| match &var.value {
                Value::Scalar(text) => Some((name.to_string(), text.clone())),
                _ => None,
            })
            .collect()
    }

    /// Every variable that can be seen, by name.
    pub fn visible(&self) -> SortedMap<&str, &Var> {
        self.scopes.iter().flatten().map(|(name, var)| (name.as_str(), var)).collect()
    }

    /// The variables of the innermost function, by name.
    pub fn locals(&self) -> Vec<(&str, &Var)> {
        match self.scopes.as_slice() {
            [_, .., last] => last.iter().map(|(name, var)| (name.as_str(), var)).collect(),
            _ => Vec::new(),
        }
    }
}

/// Puts a string into a variable, as its attributes say.
pub fn assign_scalar(var: &mut Var, value: String) {
    let value = adapt(var, value);
    match &mut var.value {
        Value::Indexed(map) => {
            map.insert(0, value);
        }
        Value::Assoc(map) => {
            map.insert(AssocKey::new("0"), value);
        }
        slot => *slot = Value::Scalar(value),
    }
}

/// Changes the case as the attributes say.
pub fn adapt(var: &Var, value: String) -> String {
    if var.lower {
        value.to_lowercase()
    } else if var.upper {
        value.to_uppercase()
    } else {
        value
    }
}
