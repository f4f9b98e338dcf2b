//! Where a Go template goes wrong: `output:1:8: executing "output" at <.items.foo>`, which the engine does not tell.
//!
//! The template is walked once more as `text/template/exec.go` walks it, without printing; functions are called
//! through the engine. Left out: `template`, assignments to variables of outer blocks, `break` and `continue`.

use gotmpl::parse::{CommandNode, Expr, ListNode, Node, Number, Parser, PipeNode};
use gotmpl::{Template, TemplateError, Value};
use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};

/// The sentence that Go ends with; nothing when this walk finds no fault.
pub fn locate(
    raw: &str,
    data: &Value,
    engine: &dyn Fn(Template) -> Template,
    strict: bool,
) -> Option<String> {
    let (list, _) = Parser::new(raw, "{{", "}}").ok()?.parse().ok()?;
    let dot = Held { value: Some(data.clone()), boxed: false };
    let walk = Walk {
        raw,
        engine,
        strict,
        at: RefCell::new((0, String::new())),
        variables: RefCell::new(vec![("$".to_string(), dot.clone())]),
        steps: Cell::new(0),
    };
    match walk.list(&list, &dot) {
        Err(Stop::Fault(why)) => {
            let (offset, context) = walk.at.take();
            let before = raw.get(..offset)?;
            let column = offset - before.rfind('\n').map_or(0, |at| at + 1);
            let line = before.matches('\n').count() + 1;
            Some(format!("template: output:{line}:{column}: executing \"output\" at <{context}>: {why}"))
        }
        _ => None,
    }
}

/// Why the walk ends.
enum Stop {
    /// Here it goes wrong.
    Fault(String),
    /// Something that is left out, or too much.
    Lost,
}

type Step<T> = Result<T, Stop>;

/// A value; none where a key was missing. What comes out of a map or a list is still in its box.
#[derive(Clone)]
struct Held {
    value: Option<Value>,
    boxed: bool,
}

struct Walk<'a> {
    raw: &'a str,
    engine: &'a dyn Fn(Template) -> Template,
    strict: bool,
    /// The node that an error is said to be at.
    at: RefCell<(usize, String)>,
    variables: RefCell<Vec<(String, Held)>>,
    steps: Cell<usize>,
}

const MAX_STEPS: usize = 100_000;

fn fault<T>(why: impl Into<String>) -> Step<T> {
    Err(Stop::Fault(why.into()))
}

/// The name of Go's type.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nil",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Uint(_) => "int",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
        _ => "func",
    }
}

impl Held {
    fn type_name(&self) -> &'static str {
        if self.boxed { "interface {}" } else { self.value.as_ref().map_or("nil", type_name) }
    }

    fn truth(&self) -> bool {
        self.value.as_ref().is_some_and(Value::is_truthy)
    }
}

impl Walk<'_> {
    fn at(&self, offset: usize, context: String) {
        *self.at.borrow_mut() = (offset, context);
    }

    fn list(&self, list: &ListNode, dot: &Held) -> Step<()> {
        let scope = self.variables.borrow().len();
        for node in &list.nodes {
            self.steps.set(self.steps.get() + 1);
            if self.steps.get() > MAX_STEPS {
                return Err(Stop::Lost);
            }
            match node {
                Node::Text(_) | Node::Define(_) => {}
                Node::Action(action) => drop(self.pipe(&action.pipe, dot)?),
                Node::If(branch) | Node::With(branch) => {
                    let inner = self.variables.borrow().len();
                    let value = self.pipe(&branch.pipe, dot)?;
                    let dot = if matches!(node, Node::With(_)) && value.truth() { &value } else { dot };
                    match (value.truth(), &branch.else_body) {
                        (true, _) => self.list(&branch.body, dot)?,
                        (false, Some(other)) => self.list(other, dot)?,
                        (false, None) => {}
                    }
                    self.variables.borrow_mut().truncate(inner);
                }
                Node::Range(branch) => {
                    let inner = self.variables.borrow().len();
                    let value = self.commands(&branch.pipe, dot)?;
                    let entries: Vec<(Value, Value)> = match &value.value {
                        None => Vec::new(),
                        Some(Value::List(items)) => {
                            let index = |i: usize| Value::Int(i64::try_from(i).unwrap_or(0));
                            items.iter().enumerate().map(|(i, item)| (index(i), item.clone())).collect()
                        }
                        Some(Value::Map(map)) => {
                            map.iter().map(|(k, v)| (Value::String(k.clone()), v.clone())).collect()
                        }
                        Some(Value::Int(count)) => {
                            (0..*count.min(&1_000)).map(|i| (Value::Int(i), Value::Int(i))).collect()
                        }
                        Some(other) => return fault(format!("range can't iterate over {other}")),
                    };
                    if let (true, Some(other)) = (entries.is_empty(), &branch.else_body) {
                        self.list(other, dot)?;
                    }
                    for (key, item) in entries {
                        let item = Held { value: Some(item), boxed: true };
                        let key = Held { value: Some(key), boxed: false };
                        let names = &branch.pipe.decl;
                        let values =
                            if names.len() == 2 { vec![key, item.clone()] } else { vec![item.clone()] };
                        for (name, value) in names.iter().zip(values) {
                            self.variables.borrow_mut().push((name.to_string(), value));
                        }
                        self.list(&branch.body, &item)?;
                        self.variables.borrow_mut().truncate(inner);
                    }
                }
                _ => return Err(Stop::Lost),
            }
        }
        self.variables.borrow_mut().truncate(scope);
        Ok(())
    }

    /// A pipeline, and what it declares.
    fn pipe(&self, pipe: &PipeNode, dot: &Held) -> Step<Held> {
        let value = self.commands(pipe, dot)?;
        for name in &pipe.decl {
            if pipe.is_assign {
                return Err(Stop::Lost);
            }
            self.variables.borrow_mut().push((name.to_string(), value.clone()));
        }
        Ok(value)
    }

    fn commands(&self, pipe: &PipeNode, dot: &Held) -> Step<Held> {
        self.at(pipe.pos.offset, self.pipe_text(pipe));
        let mut value: Option<Held> = None;
        for command in &pipe.commands {
            let next = self.command(command, dot, value)?;
            // Out of its box; what was null is nothing then.
            let unboxed = next.value.filter(|value| !(next.boxed && matches!(value, Value::Nil)));
            value = Some(Held { value: unboxed, boxed: false });
        }
        value.ok_or(Stop::Lost)
    }

    fn command(&self, command: &CommandNode, dot: &Held, last: Option<Held>) -> Step<Held> {
        match command.args.first() {
            Some(Expr::Identifier(pos, name)) => {
                self.at(pos.offset, name.to_string());
                self.call(name, command, dot, last)
            }
            Some(first) => self.expr(first, dot),
            None => Err(Stop::Lost),
        }
    }

    fn expr(&self, expr: &Expr, dot: &Held) -> Step<Held> {
        let plain = |value: Value| Ok(Held { value: Some(value), boxed: false });
        if !matches!(expr, Expr::Pipe(..)) {
            self.at(self.place(expr), self.text(expr));
        }
        match expr {
            Expr::Dot(_) => Ok(dot.clone()),
            Expr::Field(_, names) => self.fields(dot.clone(), names.iter().map(|name| name.as_str())),
            Expr::Variable(_, name, names) => {
                let known = self.variables.borrow();
                let found = known.iter().rev().find(|(known, _)| known == name.as_str());
                let value = found.map(|(_, value)| value.clone()).ok_or(Stop::Lost)?;
                drop(known);
                self.fields(value, names.iter().map(|name| name.as_str()))
            }
            Expr::Identifier(pos, name) => {
                let command = CommandNode { pos: *pos, args: vec![expr.clone()] };
                self.call(name, &command, dot, None)
            }
            Expr::String(_, text) => plain(Value::String(text.clone())),
            Expr::Number(_, Number::Int(number)) => plain(Value::Int(*number)),
            Expr::Number(_, Number::Uint(number)) => plain(Value::Uint(*number)),
            Expr::Number(_, Number::Float(number)) => plain(Value::Float(*number)),
            Expr::Bool(_, on) => plain(Value::Bool(*on)),
            Expr::Nil(_) => fault("nil is not a command"),
            Expr::Pipe(_, pipe) => self.pipe(pipe, dot),
            Expr::Chain(_, inner, names) => {
                let value = self.expr(inner, dot)?;
                self.fields(value, names.iter().map(|name| name.as_str()))
            }
        }
    }

    fn fields<'n>(&self, mut from: Held, names: impl Iterator<Item = &'n str>) -> Step<Held> {
        for name in names {
            from = match &from.value {
                None if self.strict => return fault(format!("nil data; no entry for key {name:?}")),
                None => Held { value: None, boxed: true },
                Some(Value::Map(map)) => match map.get(name) {
                    Some(value) => Held { value: Some(value.clone()), boxed: true },
                    None if self.strict => return fault(format!("map has no entry for key {name:?}")),
                    None => Held { value: None, boxed: true },
                },
                Some(Value::Nil) => return fault(format!("nil pointer evaluating interface {{}}.{name}")),
                Some(_) => {
                    return fault(format!("can't evaluate field {name} in type {}", from.type_name()));
                }
            };
        }
        Ok(from)
    }

    /// Calls a function of the engine, with arguments that are worked out here.
    fn call(&self, name: &str, command: &CommandNode, dot: &Held, last: Option<Held>) -> Step<Held> {
        let given = command.args.len() - 1 + usize::from(last.is_some());
        if let Some((least, variadic)) = arguments(name)
            && (given < least || !variadic && given > least)
        {
            let want = if variadic { "at least " } else { "" };
            return fault(format!("wrong number of args for {name}: want {want}{least} got {given}"));
        }
        let mut args = Vec::new();
        for expr in &command.args[1..] {
            // These stop as soon as they know.
            if matches!(name, "and" | "or")
                && args.last().is_some_and(|held: &Held| held.truth() == (name == "or"))
            {
                return Ok(args.pop().unwrap_or(Held { value: None, boxed: false }));
            }
            let held = match expr {
                Expr::Nil(_) => Held { value: Some(Value::Nil), boxed: false },
                expr => self.expr(expr, dot)?,
            };
            if let ("base64decode", Some(value)) = (name, &held.value)
                && value.as_str().is_none()
            {
                return fault(match expr {
                    Expr::Number(..) | Expr::Bool(..) => {
                        format!("expected string; found {}", self.text(expr))
                    }
                    _ => format!("wrong type for value; expected string; got {}", type_name(value)),
                });
            }
            args.push(held);
        }
        args.extend(last);
        let values: Vec<Value> = args.iter().map(|held| held.value.clone().unwrap_or(Value::Nil)).collect();
        let places: Vec<String> = (0..values.len()).map(|i| format!(" (index . {i})")).collect();
        let caught = Arc::new(Mutex::new(Value::Nil));
        let catch = caught.clone();
        let template = Template::new("output").func("caught", move |args: &[Value]| {
            if let (Ok(mut caught), Some(value)) = (catch.lock(), args.first()) {
                *caught = value.clone();
            }
            Ok(Value::Nil)
        });
        let source = format!("{{{{caught ({name}{})}}}}", places.concat());
        let outcome = (self.engine)(template)
            .parse(&source)
            .and_then(|template| template.execute_to_string(&Value::List(values.clone().into())));
        match outcome {
            Ok(_) => {
                let value = caught.lock().map_err(|_| Stop::Lost)?.clone();
                Ok(Held { value: Some(value), boxed: name == "index" })
            }
            Err(TemplateError::UndefinedFunction(_)) => Err(Stop::Lost),
            Err(error) => {
                self.at(command.pos.offset, self.command_text(command));
                fault(format!("error calling {name}: {}", complaint(name, &args, &error)))
            }
        }
    }

    /// Where Go says that an expression is: a chain of fields at its second.
    fn place(&self, expr: &Expr) -> usize {
        let offset = expr.pos().offset;
        let second = match expr {
            Expr::Field(_, names) if names.len() > 1 => names[0].len() + 1,
            Expr::Variable(_, name, names) if !names.is_empty() => name.len(),
            _ => 0,
        };
        offset + second
    }

    fn pipe_text(&self, pipe: &PipeNode) -> String {
        let commands: Vec<String> = pipe.commands.iter().map(|command| self.command_text(command)).collect();
        let names: Vec<&str> = pipe.decl.iter().map(|name| name.as_str()).collect();
        let declared = match (names.is_empty(), pipe.is_assign) {
            (true, _) => String::new(),
            (false, true) => format!("{} = ", names.join(", ")),
            (false, false) => format!("{} := ", names.join(", ")),
        };
        format!("{declared}{}", commands.join(" | "))
    }

    fn command_text(&self, command: &CommandNode) -> String {
        let words: Vec<String> = command.args.iter().map(|expr| self.text(expr)).collect();
        words.join(" ")
    }

    fn text(&self, expr: &Expr) -> String {
        let dotted = |names: &[gotmpl::parse::SmolStr]| -> String {
            names.iter().map(|name| format!(".{name}")).collect()
        };
        match expr {
            Expr::Dot(_) => ".".to_string(),
            Expr::Field(_, names) => dotted(names),
            Expr::Variable(_, name, names) => format!("{name}{}", dotted(names)),
            Expr::Identifier(_, name) => name.to_string(),
            Expr::String(pos, text) => {
                // As it was written, quotes and all.
                let from = self.raw.get(pos.offset..).unwrap_or("");
                if from.starts_with('`') { format!("`{text}`") } else { format!("{text:?}") }
            }
            Expr::Number(_, Number::Int(number)) => number.to_string(),
            Expr::Number(_, Number::Uint(number)) => number.to_string(),
            Expr::Number(_, Number::Float(number)) => number.to_string(),
            Expr::Bool(_, on) => on.to_string(),
            Expr::Nil(_) => "nil".to_string(),
            Expr::Pipe(_, pipe) => format!("({})", self.pipe_text(pipe)),
            Expr::Chain(_, inner, names) => format!("{}{}", self.text(inner), dotted(names)),
        }
    }
}

/// How many arguments a function takes, and whether it takes more.
fn arguments(name: &str) -> Option<(usize, bool)> {
    match name {
        "and" | "or" | "call" | "eq" | "exists" | "index" | "slice" => Some((1, true)),
        "html" | "js" | "print" | "println" | "urlquery" => Some((0, true)),
        "printf" => Some((1, true)),
        "base64decode" | "len" | "not" => Some((1, false)),
        "ge" | "gt" | "le" | "lt" | "ne" => Some((2, false)),
        _ => None,
    }
}

/// What Go's function says.
fn complaint(name: &str, args: &[Held], error: &TemplateError) -> String {
    let of = |index: usize| args.get(index).and_then(|held| held.value.as_ref());
    let own = error.to_string();
    let own = own.strip_prefix("execution error: ").unwrap_or(&own).to_string();
    match name {
        "index" => index_complaint(args).unwrap_or(own),
        "len" => match of(0) {
            None => "reflect: call of reflect.Value.Type on zero Value".to_string(),
            Some(Value::Nil) => "len of nil pointer".to_string(),
            Some(value) => format!("len of type {}", type_name(value)),
        },
        "eq" | "ne" | "lt" | "le" | "gt" | "ge" => match (of(0), of(1)) {
            (Some(a), Some(b)) if type_name(a) != type_name(b) => {
                format!("incompatible types for comparison: {} and {}", type_name(a), type_name(b))
            }
            _ => own,
        },
        "slice" => {
            let length =
                of(0).and_then(Value::len).and_then(|length| i64::try_from(length).ok()).unwrap_or(0);
            let beyond = args.iter().skip(1).filter_map(|held| held.value.as_ref().and_then(Value::as_int));
            let beyond = beyond.into_iter().find(|index| *index < 0 || *index > length);
            beyond.map_or(own, |index| format!("index out of range: {index}"))
        }
        _ => own,
    }
}

fn index_complaint(args: &[Held]) -> Option<String> {
    let (first, keys) = args.split_first()?;
    let Some(mut item) = first.value.clone() else { return Some("index of untyped nil".to_string()) };
    for key in keys {
        let key = key.value.clone().unwrap_or(Value::Nil);
        item = match &item {
            Value::List(items) => {
                let Some(number) = key.as_int() else {
                    return Some(format!("cannot index slice/array with type {}", type_name(&key)));
                };
                match usize::try_from(number).ok().and_then(|number| items.get(number)) {
                    Some(item) => item.clone(),
                    None => return Some(format!("index out of range: {number}")),
                }
            }
            Value::String(text) => {
                let Some(number) = key.as_int() else {
                    return Some(format!("cannot index slice/array with type {}", type_name(&key)));
                };
                match usize::try_from(number).ok().and_then(|number| text.as_bytes().get(number)) {
                    Some(byte) => Value::Int(i64::from(*byte)),
                    None => return Some(format!("index out of range: {number}")),
                }
            }
            Value::Map(map) => match key.as_str() {
                Some(key) => map.get(key).cloned().unwrap_or(Value::Nil),
                None => return Some(format!("value has type {}; should be string", type_name(&key))),
            },
            Value::Nil => return Some("index of nil pointer".to_string()),
            other => return Some(format!("can't index item of type {}", type_name(other))),
        };
    }
    None
}
