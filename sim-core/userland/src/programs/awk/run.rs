//! Running a program over records.

use super::tree::{Expression, Pattern, Program};
use super::value::Value;
use crate::programs::support::pattern::{PatternError, Syntax, compile};
use linux::Sys;
use regex_lite::Regex;
use sim::SortedMap;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Why a run ends early.
pub(super) enum Stop {
    Error(String),
    NotSimulated(String),
    Exit(i32),
    Next,
    Break,
    Continue,
    Return(Value),
}

pub(super) type Done = Result<(), Stop>;
type Array = Rc<RefCell<BTreeMap<Key, Value>>>;

/// A subscript: numbers come before words, so that lists come in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Number(i64),
    Word(Rc<str>),
}

impl Key {
    pub(super) fn new(text: &str) -> Key {
        let number = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
        number.map_or_else(|| Key::Word(text.into()), Key::Number)
    }

    pub(super) fn text(&self) -> Rc<str> {
        match self {
            Key::Number(number) => number.to_string().into(),
            Key::Word(word) => word.clone(),
        }
    }
}

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Slot {
    Value(Value),
    Array(Array),
}

/// Steps that one run may take.
pub(super) const STEPS: u64 = 30_000_000;
/// Calls within calls.
const DEPTH: usize = 200;

pub(super) struct Machine<'a> {
    program: &'a Program,
    pub(super) globals: SortedMap<String, Slot>,
    locals: Vec<SortedMap<String, Slot>>,
    pub(super) record: Rc<str>,
    pub(super) fields: Vec<Value>,
    in_range: Vec<bool>,
    pub(super) output: String,
    pub(super) errors: String,
    pub(super) files: Vec<(String, bool, String)>,
    patterns: SortedMap<String, Regex>,
    pub(super) steps: u64,
    pub(super) all_steps: u64,
    pub(super) status: i32,
    pub(super) seed: u64,
    pub(super) now: u64,
}

impl<'a> Machine<'a> {
    pub(super) fn new(program: &'a Program, sys: &Sys) -> Machine<'a> {
        let mut machine = Machine {
            program,
            globals: SortedMap::new(),
            locals: Vec::new(),
            record: "".into(),
            fields: Vec::new(),
            in_range: vec![false; program.rules.len()],
            output: String::new(),
            errors: String::new(),
            files: Vec::new(),
            patterns: SortedMap::new(),
            steps: 0,
            all_steps: 0,
            status: 0,
            seed: sys.random(),
            now: sys.clock().seconds,
        };
        for (name, value) in [
            ("FS", " "),
            ("OFS", " "),
            ("ORS", "\n"),
            ("RS", "\n"),
            ("SUBSEP", "\x1c"),
            ("CONVFMT", "%.6g"),
            ("OFMT", "%.6g"),
            ("FILENAME", ""),
        ] {
            machine.set(name, Value::string(value));
        }
        for name in ["NR", "NF", "FNR", "RSTART"] {
            machine.set(name, Value::Number(0.0));
        }
        machine.set("RLENGTH", Value::Number(-1.0));
        let mut environment = BTreeMap::new();
        // Collecting it would have the standard library's sort compiled for it.
        environment
            .extend(sys.environ().into_iter().map(|(name, value)| (Key::new(&name), Value::input(&value))));
        machine.globals.insert("ENVIRON".into(), Slot::Array(Rc::new(RefCell::new(environment))));
        machine
    }

    /// Sets `ARGV` and `ARGC`.
    pub(super) fn arguments(&mut self, operands: &[String]) {
        let mut all: BTreeMap<Key, Value> = BTreeMap::new();
        all.insert(Key::Number(0), Value::string("awk"));
        for (at, operand) in operands.iter().enumerate() {
            all.insert(Key::Number(at as i64 + 1), Value::input(operand));
        }
        self.set("ARGC", Value::Number(all.len() as f64));
        self.globals.insert("ARGV".into(), Slot::Array(Rc::new(RefCell::new(all))));
    }

    pub(super) fn begin(&mut self) -> Done {
        ended(self.block(&self.program.begin))
    }

    pub(super) fn end(&mut self) -> Done {
        ended(self.block(&self.program.end))
    }

    /// Whether it looks at its input at all.
    pub(super) fn reads(&self) -> bool {
        !self.program.rules.is_empty() || self.program.has_end
    }

    pub(super) fn file(&mut self, name: &str) {
        self.set("FILENAME", Value::string(name));
        self.set("FNR", Value::Number(0.0));
    }

    pub(super) fn paragraphs(&self) -> bool {
        self.get("RS").text("%.6g").is_empty()
    }

    pub(super) fn delimiter(&self) -> Result<u8, Stop> {
        match self.get("RS").text("%.6g").as_bytes() {
            [byte] => Ok(*byte),
            _ => Err(Stop::NotSimulated("RS of more than one character".into())),
        }
    }

    pub(super) fn take_output(&mut self) -> (String, String) {
        (std::mem::take(&mut self.output), std::mem::take(&mut self.errors))
    }

    pub(super) fn take_steps(&mut self) -> u64 {
        std::mem::take(&mut self.steps)
    }

    /// Writes the files.
    pub(super) async fn close(&mut self, sys: &Sys) {
        for (name, append, text) in std::mem::take(&mut self.files) {
            let flags = if append { linux::fd::OpenFlags::APPEND } else { linux::fd::OpenFlags::CREATE };
            match sys.open(&name, flags, 0o666) {
                Ok(fd) => {
                    let _ = sys.write_all(fd, text.as_bytes()).await;
                    let _ = sys.close(fd);
                }
                Err(errno) => {
                    self.errors.push_str(&format!("awk: cannot open \"{name}\" for output ({errno})\n"));
                    self.status = 2;
                }
            }
        }
        let errors = std::mem::take(&mut self.errors);
        if !errors.is_empty() {
            sys.err(&errors).await;
        }
    }

    /// Runs the rules on a record.
    pub(super) fn record(&mut self, text: &str) -> Done {
        self.set_record(text);
        for name in ["NR", "FNR"] {
            let next = self.get(name).as_number() + 1.0;
            self.set(name, Value::Number(next));
        }
        for (at, (pattern, action)) in self.program.rules.iter().enumerate() {
            let runs = match pattern {
                Pattern::Always => true,
                Pattern::When(condition) => self.value(condition)?.is_true(),
                Pattern::Range(from, to) => {
                    let inside = self.in_range[at] || self.value(from)?.is_true();
                    if inside {
                        self.in_range[at] = !self.value(to)?.is_true();
                    }
                    inside
                }
            };
            if !runs {
                continue;
            }
            let done = match action {
                Some(action) => self.block(action),
                None => {
                    let line = format!("{}{}", self.record, self.text_of("ORS"));
                    self.output.push_str(&line);
                    Ok(())
                }
            };
            match done {
                Err(Stop::Next) => return Ok(()),
                done => done?,
            }
        }
        Ok(())
    }

    pub(super) fn set_record(&mut self, text: &str) {
        self.record = text.into();
        let separator = self.text_of("FS");
        self.fields = match self.split(text, &separator) {
            Ok(parts) => parts.iter().map(|part| Value::input(part)).collect(),
            Err(_) => Vec::new(),
        };
        let count = self.fields.len() as f64;
        self.globals.insert("NF".into(), Slot::Value(Value::Number(count)));
    }

    /// A text in fields.
    pub(super) fn split(&mut self, text: &str, separator: &str) -> Result<Vec<String>, Stop> {
        if separator == " " {
            return Ok(text
                .split([' ', '\t', '\n'])
                .filter(|part| !part.is_empty())
                .map(String::from)
                .collect());
        }
        if text.is_empty() {
            return Ok(Vec::new());
        }
        if separator.is_empty() {
            return Ok(text.chars().map(String::from).collect());
        }
        if separator.chars().count() == 1 {
            return Ok(text.split(separator).map(String::from).collect());
        }
        let regex = self.regex(separator)?;
        Ok(regex.split(text).map(String::from).collect())
    }

    pub(super) fn rebuild(&mut self) {
        let between = self.text_of("OFS");
        let how = self.text_of("CONVFMT");
        let parts: Vec<Rc<str>> = self.fields.iter().map(|field| field.text(&how)).collect();
        self.record = parts.join(&between).into();
    }

    pub(super) fn text_of(&self, name: &str) -> Rc<str> {
        self.get(name).text("%.6g")
    }

    pub(super) fn regex(&mut self, source: &str) -> Result<Regex, Stop> {
        if let Some(known) = self.patterns.get(source) {
            return Ok(known.clone());
        }
        let regex = compile(source, Syntax::Extended, false).map_err(|error| match error {
            PatternError::BackReference => Stop::NotSimulated("a back reference".into()),
            PatternError::Wrong(text) => {
                Stop::Error(format!("regular expression compile failed ({text})\n{source}"))
            }
        })?;
        self.patterns.insert(source.to_string(), regex.clone());
        Ok(regex)
    }

    pub(super) fn slot(&self, name: &str) -> Option<&Slot> {
        self.locals.last().and_then(|locals| locals.get(name)).or_else(|| self.globals.get(name))
    }

    pub(super) fn get(&self, name: &str) -> Value {
        match self.slot(name) {
            Some(Slot::Value(value)) => value.clone(),
            _ => Value::Nothing,
        }
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        if let Some(local) = self.locals.last_mut().and_then(|locals| locals.get_mut(name)) {
            *local = Slot::Value(value);
            return;
        }
        let count = (name == "NF").then(|| value.as_number());
        self.globals.insert(name.to_string(), Slot::Value(value));
        if let Some(count) = count.filter(|count| *count as usize != self.fields.len()) {
            self.fields.resize((count.max(0.0) as usize).min(100_000), Value::string(""));
            self.rebuild();
        }
    }

    pub(super) fn array(&mut self, name: &str) -> Array {
        if let Some(Slot::Array(array)) = self.slot(name) {
            return array.clone();
        }
        let new: Array = Array::default();
        let map = match self.locals.last_mut() {
            Some(locals) if locals.contains_key(name) => locals,
            _ => &mut self.globals,
        };
        map.insert(name.to_string(), Slot::Array(new.clone()));
        new
    }

    pub(super) fn key(&mut self, index: &'a [Expression]) -> Result<Key, Stop> {
        let how = self.text_of("CONVFMT");
        let mut parts: Vec<Rc<str>> = Vec::new();
        for one in index {
            parts.push(self.value(one)?.text(&how));
        }
        Ok(Key::new(&parts.join(&self.text_of("SUBSEP"))))
    }

    pub(super) fn value(&mut self, expression: &'a Expression) -> Result<Value, Stop> {
        self.step()?;
        Ok(match expression {
            Expression::Number(number) => Value::Number(*number),
            Expression::String(text) => Value::string(text),
            Expression::Regex(source) => {
                let regex = self.regex(source)?;
                Value::truth(regex.is_match(&self.record))
            }
            Expression::Group(inside) => self.value(inside)?,
            Expression::Variable(name) => self.get(name),
            Expression::Element(name, index) => {
                let key = self.key(index)?;
                self.array(name).borrow_mut().entry(key).or_default().clone()
            }
            Expression::Field(index) => {
                let at = self.value(index)?.as_number();
                match at as i64 {
                    0 => Value::input(&self.record),
                    at if at > 0 => self.fields.get(at as usize - 1).cloned().unwrap_or_default(),
                    at => return Err(Stop::Error(format!("run time error: negative field index ${at}"))),
                }
            }
            Expression::Assign(operator, place, value) => {
                let mut value = self.value(value)?;
                if *operator != "=" {
                    let old = self.value(place)?.as_number();
                    value = arithmetic(&operator[..1], old, value.as_number());
                }
                self.assign(place, value.clone())?;
                value
            }
            Expression::Step(by, old_counts, place) => {
                let old = self.value(place)?.as_number();
                self.assign(place, Value::Number(old + by))?;
                Value::Number(if *old_counts { old } else { old + by })
            }
            Expression::Unary(operator, of) => {
                let value = self.value(of)?;
                match *operator {
                    "!" => Value::truth(!value.is_true()),
                    "-" => Value::Number(-value.as_number()),
                    _ => Value::Number(value.as_number()),
                }
            }
            Expression::Binary("&&", left, right) => {
                Value::truth(self.value(left)?.is_true() && self.value(right)?.is_true())
            }
            Expression::Binary("||", left, right) => {
                Value::truth(self.value(left)?.is_true() || self.value(right)?.is_true())
            }
            Expression::Binary(operator, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                match *operator {
                    "<" | "<=" | "==" | "!=" | ">" | ">=" => {
                        Value::truth(self.compare(operator, &left, &right))
                    }
                    operator => arithmetic(operator, left.as_number(), right.as_number()),
                }
            }
            Expression::Concatenate(left, right) => {
                let how = self.text_of("CONVFMT");
                let left = self.value(left)?.text(&how);
                let right = self.value(right)?.text(&how);
                Value::String(format!("{left}{right}").into())
            }
            Expression::Match(wanted, text, pattern) => {
                let text = self.value(text)?.text("%.6g");
                let regex = self.pattern(pattern)?;
                Value::truth(regex.is_match(&text) == *wanted)
            }
            Expression::In(index, array) => {
                let key = self.key(index)?;
                Value::truth(self.array(array).borrow().contains_key(&key))
            }
            Expression::Choice(condition, then, otherwise) => {
                if self.value(condition)?.is_true() {
                    self.value(then)?
                } else {
                    self.value(otherwise)?
                }
            }
            Expression::Builtin(name, arguments) => self.builtin(name, arguments)?,
            Expression::Call(name, arguments) => self.call(name, arguments)?,
        })
    }

    fn compare(&self, operator: &str, left: &Value, right: &Value) -> bool {
        let order = if left.is_numeric() && right.is_numeric() {
            left.as_number().partial_cmp(&right.as_number())
        } else {
            let how = self.text_of("CONVFMT");
            Some(left.text(&how).cmp(&right.text(&how)))
        };
        match operator {
            "<" => order.is_some_and(|order| order.is_lt()),
            "<=" => order.is_some_and(|order| order.is_le()),
            ">" => order.is_some_and(|order| order.is_gt()),
            ">=" => order.is_some_and(|order| order.is_ge()),
            "==" => order.is_some_and(|order| order.is_eq()),
            _ => !order.is_some_and(|order| order.is_eq()),
        }
    }

    /// What stands on the right of `~`.
    pub(super) fn pattern(&mut self, expression: &'a Expression) -> Result<Regex, Stop> {
        if let Expression::Regex(source) = expression {
            return self.regex(source);
        }
        let source = self.value(expression)?.text("%.6g");
        self.regex(&source)
    }

    pub(super) fn assign(&mut self, place: &'a Expression, value: Value) -> Done {
        match place {
            Expression::Variable(name) => self.set(name, value),
            Expression::Element(name, index) => {
                let key = self.key(index)?;
                self.array(name).borrow_mut().insert(key, value);
            }
            Expression::Field(index) => {
                let at = self.value(index)?.as_number() as i64;
                if at == 0 {
                    let text = value.text(&self.text_of("CONVFMT"));
                    self.set_record(&text);
                } else if (1..=100_000).contains(&at) {
                    let at = at as usize;
                    if self.fields.len() < at {
                        self.fields.resize(at, Value::string(""));
                        let count = at as f64;
                        self.globals.insert("NF".into(), Slot::Value(Value::Number(count)));
                    }
                    self.fields[at - 1] = value;
                    self.rebuild();
                } else {
                    return Err(Stop::Error(format!("run time error: negative field index ${at}")));
                }
            }
            Expression::Group(inside) => return self.assign(inside, value),
            _ => {}
        }
        Ok(())
    }

    fn call(&mut self, name: &str, arguments: &'a [Expression]) -> Result<Value, Stop> {
        let Some(function) = self.program.functions.iter().find(|function| function.name == name) else {
            return Err(Stop::Error(format!("function {name} never defined")));
        };
        if self.locals.len() >= DEPTH {
            return Err(Stop::NotSimulated("a recursion this deep".into()));
        }
        let function: &'a super::tree::Function = function;
        let mut locals = SortedMap::new();
        for (at, parameter) in function.parameters.iter().enumerate() {
            let slot = match arguments.get(at) {
                Some(Expression::Variable(name)) => match self.slot(name) {
                    Some(Slot::Array(array)) => Slot::Array(array.clone()),
                    Some(Slot::Value(value)) if !matches!(value, Value::Nothing) => {
                        Slot::Value(value.clone())
                    }
                    // Nobody has said yet what it is: it becomes an array when the function uses it so.
                    _ if function.arrays.contains(parameter) => Slot::Array(self.array(name)),
                    _ => Slot::Value(Value::Nothing),
                },
                Some(argument) => Slot::Value(self.value(argument)?),
                None => Slot::Value(Value::Nothing),
            };
            locals.insert(parameter.clone(), slot);
        }
        self.locals.push(locals);
        let done = self.block(&function.body);
        self.locals.pop();
        match done {
            Ok(()) => Ok(Value::Nothing),
            Err(Stop::Return(value)) => Ok(value),
            Err(stop) => Err(stop),
        }
    }
}

fn arithmetic(operator: &str, left: f64, right: f64) -> Value {
    Value::Number(match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        "%" => left % right,
        _ => left.powf(right),
    })
}

/// `next` and its like mean nothing outside of rules.
fn ended(done: Done) -> Done {
    match done {
        Err(Stop::Next | Stop::Break | Stop::Continue | Stop::Return(_)) => Ok(()),
        done => done,
    }
}
