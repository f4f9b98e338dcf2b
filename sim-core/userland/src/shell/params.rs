//! Parameters: reading them, those included whose value is made on the way, and assigning. Models variables.c.

use super::arith;
use super::exec::Flow;
use super::state::{Elements, Shell};
use super::vars::{AssocKey, Value, Var, adapt, assign_scalar};
use sim::SortedMap;
use std::borrow::Cow;

impl Shell {
    /// The value of a parameter without operators; nothing when unset.
    pub fn parameter(&mut self, name: &str) -> Option<String> {
        if let Some(text) = self.special(name) {
            return Some(text);
        }
        let first = name.bytes().next()?;
        if first.is_ascii_digit() {
            let index: usize = name.parse().ok()?;
            return if index == 0 {
                Some(self.name.clone())
            } else {
                self.positional.get(index - 1).cloned()
            };
        }
        if !first.is_ascii_alphabetic() && first != b'_' {
            return None;
        }
        match self.dynamic(name) {
            Some(var) => var.scalar().map(str::to_string),
            None => {
                let resolved = self.vars.get(name)?;
                if resolved.nameref { None } else { resolved.scalar().map(str::to_string) }
            }
        }
    }

    fn special(&mut self, name: &str) -> Option<String> {
        Some(match name {
            "?" => self.status.to_string(),
            "$" => self.shell_pid.to_string(),
            "!" => self.last_background?.to_string(),
            "#" => self.positional.len().to_string(),
            "-" => self.flags(),
            "_" => self.last_argument.clone(),
            "@" | "*" => self.positional.join(" "),
            _ => return None,
        })
    }

    fn flags(&self) -> String {
        let mut flags = self.options.flags();
        if self.interactive {
            let at = flags.find(|c: char| c > 'i' || c.is_uppercase()).unwrap_or(flags.len());
            flags.insert(at, 'i');
        }
        if self.from_string {
            flags.push('c');
        } else if self.positional.is_empty() && self.interactive {
            flags.push('s');
        }
        flags
    }

    /// A variable, those included whose value is made when they are read.
    pub fn variable(&mut self, name: &str) -> Option<Cow<'_, Var>> {
        if let Some(var) = self.dynamic(name) {
            return Some(Cow::Owned(var));
        }
        self.vars.get(name).map(Cow::Borrowed)
    }

    fn dynamic(&mut self, name: &str) -> Option<Var> {
        let list = |items: Vec<String>| Value::Indexed((0..).zip(items).collect());
        let value = match name {
            "RANDOM" => Value::Scalar(self.random().to_string()),
            "SRANDOM" => Value::Scalar((self.sys.random() as u32).to_string()),
            "SECONDS" => Value::Scalar((self.uptime() + self.seconds).to_string()),
            "EPOCHSECONDS" => Value::Scalar(self.sys.clock().seconds.to_string()),
            "EPOCHREALTIME" => {
                let now = self.sys.clock();
                Value::Scalar(format!("{}.{:06}", now.seconds, now.nanos / 1000))
            }
            "LINENO" => Value::Scalar(self.line.to_string()),
            "BASHPID" => Value::Scalar(self.sys.pid().to_string()),
            "BASH_SUBSHELL" => Value::Scalar(self.subshell.to_string()),
            "HISTCMD" => Value::Scalar((self.history.len() + 1).to_string()),
            "SHELLOPTS" => Value::Scalar(self.options.names()),
            "BASHOPTS" => Value::Scalar(self.shopts.names()),
            "FUNCNAME" => {
                if !self.frames.iter().any(|frame| frame.is_function) {
                    return None;
                }
                let mut names: Vec<String> =
                    self.frames.iter().rev().map(|f| f.function.to_string()).collect();
                if !self.interactive && !self.from_string {
                    names.push("main".into());
                }
                list(names)
            }
            "BASH_SOURCE" => {
                let mut names: Vec<String> = self.frames.iter().rev().map(|f| f.source.to_string()).collect();
                if !self.interactive && !self.from_string {
                    names.push(self.name.clone());
                }
                list(names)
            }
            "BASH_LINENO" => {
                let mut lines: Vec<String> = self.frames.iter().rev().map(|f| f.line.to_string()).collect();
                if !self.interactive && !self.from_string {
                    lines.push("0".into());
                }
                list(lines)
            }
            "PIPESTATUS" => list(self.pipe_status.iter().map(i32::to_string).collect()),
            "DIRSTACK" => {
                let mut all = vec![self.vars.text("PWD").unwrap_or("/").to_string()];
                all.extend(self.directories.iter().rev().cloned());
                list(all)
            }
            "GROUPS" => list(vec![self.sys.gid().to_string()]),
            _ => return None,
        };
        Some(Var { value, ..Var::NEW })
    }

    fn uptime(&self) -> i64 {
        self.sys.now().duration_since(self.started).as_secs() as i64
    }

    fn random(&mut self) -> u64 {
        match &mut self.random_seed {
            Some(seed) => {
                // The generator of bash's brand: minimal standard, high bits folded in.
                *seed = (*seed * 16_807) % 2_147_483_647;
                ((*seed >> 16) ^ (*seed & 0xffff)) & 0x7fff
            }
            None => self.sys.random() & 0x7fff,
        }
    }

    /// An element of an array; nothing when unset.
    pub fn element(&mut self, name: &str, subscript: &str) -> Result<Option<String>, String> {
        let dynamic = self.dynamic(name);
        if let Some(Value::Assoc(map)) = self.vars.get(name).map(|var| &var.value) {
            return Ok(map.get(&AssocKey::new(subscript)).cloned());
        }
        let index = self.evaluate(subscript)?;
        let var = match &dynamic {
            Some(var) => Some(var),
            None => self.vars.get(name),
        };
        Ok(match var.map(|var| &var.value) {
            Some(Value::Indexed(map)) => {
                let index =
                    if index < 0 { index + map.keys().next_back().map_or(0, |last| last + 1) } else { index };
                if index < 0 {
                    return Err(format!("{name}: bad array subscript"));
                }
                map.get(&index).cloned()
            }
            Some(Value::Scalar(text)) if index == 0 || index == -1 => Some(text.clone()),
            _ if index < 0 => return Err(format!("{name}: bad array subscript")),
            _ => None,
        })
    }

    /// Assigns to a variable or an element; the error is what bash prints.
    pub fn assign(
        &mut self,
        name: &str,
        subscript: Option<&str>,
        value: String,
        append: bool,
    ) -> Result<(), String> {
        let name = self.vars.resolve(name);
        let var = self.vars.entry(&name);
        if var.readonly {
            return Err(format!("{name}: readonly variable"));
        }
        let (integer, is_assoc) = (var.integer, matches!(var.value, Value::Assoc(_)));
        let Some(subscript) = subscript else {
            let value = match (integer, append) {
                (true, true) => {
                    let old = self.vars.text(&name).unwrap_or("0").to_string();
                    self.evaluate(&old)?.wrapping_add(self.evaluate(&value)?).to_string()
                }
                (true, false) => self.evaluate(&value)?.to_string(),
                (false, true) => self.vars.text(&name).unwrap_or_default().to_string() + &value,
                (false, false) => value,
            };
            self.assigned(&name, &value);
            let all_exported = self.options.has('a');
            let var = self.vars.entry(&name);
            assign_scalar(var, value);
            var.exported |= all_exported;
            return Ok(());
        };
        let key = if is_assoc { None } else { Some(self.evaluate(subscript)?) };
        let value = if integer { self.evaluate(&value)?.to_string() } else { value };
        let var = self.vars.entry(&name);
        let value = adapt(var, value);
        let Some(index) = key else {
            if subscript.is_empty() {
                return Err(format!("{name}[{subscript}]: bad array subscript"));
            }
            if let Value::Assoc(map) = &mut var.value {
                let slot = map.entry(AssocKey::new(subscript)).or_default();
                put(slot, value, append, integer);
            }
            return Ok(());
        };
        let mut map = match std::mem::replace(&mut var.value, Value::Unset) {
            Value::Indexed(map) => map,
            Value::Scalar(text) => SortedMap::from([(0, text)]),
            _ => SortedMap::new(),
        };
        let real = if index < 0 { index + map.keys().next_back().map_or(0, |last| last + 1) } else { index };
        if real < 0 {
            var.value = if map.is_empty() { Value::Unset } else { Value::Indexed(map) };
            return Err(format!("{name}[{subscript}]: bad array subscript"));
        }
        put(map.entry(real).or_default(), value, append, integer);
        var.value = Value::Indexed(map);
        Ok(())
    }

    /// Assigns a whole array.
    pub fn assign_array(&mut self, name: &str, elements: Elements, append: bool) -> Result<(), String> {
        let name = self.vars.resolve(name);
        let var = self.vars.entry(&name);
        if var.readonly {
            return Err(format!("{name}: readonly variable"));
        }
        if let Value::Assoc(map) = &mut var.value {
            if !append {
                map.clear();
            }
            let mut bare: Option<String> = None;
            for (key, append, value) in elements {
                match (key, bare.take()) {
                    (Some(key), _) => self.assign(&name, Some(&key), value, append)?,
                    (None, None) => bare = Some(value),
                    (None, Some(key)) => self.assign(&name, Some(&key), value, false)?,
                }
            }
            if let Some(key) = bare {
                self.assign(&name, Some(&key), String::new(), false)?;
            }
            return Ok(());
        }
        let mut next = 0;
        match (&var.value, append) {
            (Value::Indexed(map), true) => next = map.keys().next_back().map_or(0, |last| last + 1),
            (Value::Scalar(text), true) => {
                var.value = Value::Indexed(SortedMap::from([(0, text.clone())]));
                next = 1;
            }
            _ => var.value = Value::Indexed(SortedMap::new()),
        }
        for (key, append, value) in elements {
            if let Some(key) = key {
                next = self.evaluate(&key)?;
                if next < 0 {
                    return Err(format!("[{key}]={value}: bad array subscript"));
                }
            }
            self.assign(&name, Some(&next.to_string()), value, append)?;
            next += 1;
        }
        Ok(())
    }

    /// As [`Shell::assign`]; an error is printed and ends the line.
    pub async fn assign_or_discard(
        &mut self,
        name: &str,
        subscript: Option<&str>,
        value: String,
        append: bool,
    ) -> Result<(), Flow> {
        if let Err(message) = self.assign(name, subscript, value, append) {
            self.error(&message).await;
            return Err(self.discard(1));
        }
        Ok(())
    }

    /// Some variables do something when they are assigned.
    fn assigned(&mut self, name: &str, value: &str) {
        match name {
            "RANDOM" => self.random_seed = Some(value.parse::<u64>().unwrap_or(0).max(1)),
            "SECONDS" => {
                self.seconds = value.parse::<i64>().unwrap_or(0) - self.uptime();
            }
            "PATH" => self.hash.clear(),
            "OPTIND" => self.getopts_at = (value.parse().unwrap_or(1), 0),
            _ => {}
        }
    }

    /// Evaluates arithmetic; the error is what bash prints.
    pub fn evaluate(&mut self, text: &str) -> Result<i64, String> {
        arith::evaluate(text, &mut ArithVariables(self))
    }
}

fn put(slot: &mut String, value: String, append: bool, integer: bool) {
    if append && integer {
        let sum = slot.parse::<i64>().unwrap_or(0).wrapping_add(value.parse().unwrap_or(0));
        *slot = sum.to_string();
    } else if append {
        slot.push_str(&value);
    } else {
        *slot = value;
    }
}

/// Variables as expressions see them.
struct ArithVariables<'a>(&'a mut Shell);

impl arith::Variables for ArithVariables<'_> {
    fn get(&mut self, name: &str, subscript: Option<&str>) -> Result<String, String> {
        let value = match subscript {
            Some(subscript) => self.0.element(name, subscript)?,
            None => self.0.parameter(name),
        };
        match value {
            Some(value) => Ok(value),
            None if self.0.options.has('u') => Err(format!("{name}: unbound variable")),
            None => Ok(String::new()),
        }
    }

    fn set(&mut self, name: &str, subscript: Option<&str>, value: i64) -> Result<(), String> {
        self.0.assign(name, subscript, value.to_string(), false)
    }
}
