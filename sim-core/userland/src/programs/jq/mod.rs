//! `jq` 1.7.1: a language for JSON, as Ubuntu 24.04 has it.
//!
//! Reading order: [`json`], [`read`], [`mod@print`] (values and their texts); [`lexer`], [`parser`] with [`terms`], [`ast`], [`scope`]
//! (programs); [`eval`] with [`item`], [`binding`], [`generators`], [`paths`], [`operators`], [`functions`], [`text`], [`regex`], [`calendar`] (running them);
//! [`options`], [`input`] (the command line and the files). Functions that jq itself writes in jq are in `defs.jq`.
//!
//! Left out: modules, `--stream`, `--seq`, `limit` of memory, back references and look-around of Oniguruma.

mod ast;
mod binding;
mod calendar;
mod eval;
mod functions;
mod generators;
mod input;
mod item;
mod json;
mod lexer;
mod operators;
mod options;
mod parser;
mod paths;
mod print;
mod read;
mod regex;
mod scope;
mod terms;
mod text;

use super::support::{prelude::*, program};
use eval::{Stop, World};
use input::Inputs;
use item::{Env, Item};
use json::Json;
use options::Invocation;
use std::cell::{Cell, RefCell};
use std::time::Duration;

program!(PROGRAM, "jq", "Command-line JSON processor", main);

/// Output that a program may make of one input.
const OUTPUT: usize = 8 << 20;

/// What a program left behind for an input.
#[derive(Clone, Copy, PartialEq)]
enum Left {
    Nothing,
    /// `null` or `false` last.
    Untrue,
    Something,
    Failed(i32),
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(Duration::from_millis(3)).await;
    let mut invocation = match options::read(&sys, &args).await {
        Ok(invocation) => invocation,
        Err(status) => return status,
    };
    let source = match &invocation.file {
        None => invocation.program.clone(),
        Some(file) => match sys.read_file(file).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(errno) => {
                complain(&sys, &args[0], &format!("Could not open {file}: {errno}")).await;
                return 2;
            }
        },
    };
    let library = parser::parse_definitions(include_str!("defs.jq")).unwrap_or_default();
    let program = match parser::parse(&source) {
        Ok(program) => program,
        Err(wrong) if wrong.iter().any(|one| one.text == "modules") => {
            return not_simulated(&sys, "jq", "a module").await;
        }
        Err(wrong) if wrong.iter().any(|one| one.text == "nesting") => {
            return not_simulated(&sys, "jq", "a program nested this deep").await;
        }
        Err(wrong) => return compile_errors(&sys, &source, &wrong).await,
    };
    let names: Vec<String> = invocation.variables.iter().map(|variable| variable.0.clone()).collect();
    let wrong = scope::check(&program, &library, &names);
    if !wrong.is_empty() {
        return compile_errors(&sys, &source, &wrong).await;
    }
    let variables = std::mem::take(&mut invocation.variables);
    let mut env = Env::default();
    for definition in &library {
        env = env.with_function(definition);
    }
    for (name, value) in &variables {
        env = env.with_variable(name, value.clone());
    }
    let asks = scope::uses_inputs(&program, &library, &names);
    Run { sys: &sys, invocation: &invocation, program: &program, asks, env, world: world(&sys) }.all().await
}

fn world(sys: &Sys) -> World {
    let now = sys.clock();
    let environ = sys.environ();
    let environment = environ.iter().map(|(name, value)| (name.as_str(), Json::string(value))).collect();
    World {
        inputs: RefCell::default(),
        errors: RefCell::default(),
        environment: Json::object(environment),
        file: Json::Null,
        line: Cell::new(0),
        now: now.seconds as f64 + f64::from(now.nanos / 1000) / 1e6,
        labels: Cell::new(0),
        depth: Cell::new(0),
        steps: Cell::new(0),
    }
}

async fn compile_errors(sys: &Sys, source: &str, wrong: &[parser::Mistake]) -> ExitCode {
    let mut text = String::new();
    for mistake in wrong {
        text.push_str(&format!("jq: error: {}", mistake.text));
        if let Some(place) = mistake.place {
            let place = place.min(source.len());
            let start = source[..place].rfind('\n').map_or(0, |at| at + 1);
            let line = source[start..].split('\n').next().unwrap_or("");
            let number = source[..place].matches('\n').count() + 1;
            text.push_str(&format!(" at <top-level>, line {number}:\n{line}{}", " ".repeat(place - start)));
        }
        text.push('\n');
    }
    let plural = if wrong.len() == 1 { "" } else { "s" };
    sys.err(&format!("{text}jq: {} compile error{plural}\n", wrong.len())).await;
    3
}

/// A program and what it runs over.
struct Run<'a> {
    sys: &'a Sys,
    invocation: &'a Invocation,
    program: &'a ast::Ast,
    /// Whether the program asks for inputs itself.
    asks: bool,
    env: Env<'a>,
    world: World,
}

impl Run<'_> {
    async fn all(mut self) -> ExitCode {
        let mut inputs = Inputs::new(self.sys, self.invocation);
        // Who asks for further inputs gets them from a list.
        let asks = self.asks;
        let mut ahead = std::collections::VecDeque::new();
        if asks {
            while let Some(next) = inputs.next().await {
                let wrong = next.is_err();
                ahead.push_back(next);
                if wrong {
                    break;
                }
            }
        }
        *self.world.inputs.get_mut() = ahead;
        let mut out = Out::new(self.sys);
        let mut left = Left::Nothing;
        let mut last = None;
        if self.invocation.null_input {
            self.place(&inputs, asks);
            left = self.one(Json::Null, &mut out).await;
        } else {
            loop {
                let next =
                    if asks { self.world.inputs.borrow_mut().pop_front() } else { inputs.next().await };
                let Some(next) = next else { break };
                self.place(&inputs, true);
                match next {
                    Ok(value) => {
                        left = self.one(value, &mut out).await;
                        match left {
                            Left::Untrue => last = Some(false),
                            Left::Something => last = Some(true),
                            Left::Failed(status) if status != 5 => break,
                            _ => {}
                        }
                        if out.is_broken() {
                            break;
                        }
                    }
                    Err(text) => {
                        out.flush().await;
                        self.sys.err(&format!("jq: parse error: {text}\n")).await;
                        left = Left::Failed(5);
                        break;
                    }
                }
            }
        }
        if inputs.failed {
            left = Left::Failed(2);
        }
        let status = match (left, self.invocation.exit_status) {
            (Left::Failed(status), _) => status.max(0),
            (_, false) | (Left::Something, true) => 0,
            (Left::Untrue, true) => 1,
            (Left::Nothing, true) => match last {
                None => 4,
                Some(yes) => i32::from(!yes),
            },
        };
        out.finish("jq", status).await
    }

    /// Says where the input stands.
    fn place(&mut self, inputs: &Inputs, known: bool) {
        self.world.file = inputs.file.as_ref().filter(|_| known).map_or(Json::Null, Json::string);
        self.world.line.set(inputs.line);
    }

    async fn one(&self, value: Json, out: &mut Out) -> Left {
        let style = self.invocation.style;
        let mut text: Vec<u8> = Vec::new();
        let mut left = Left::Nothing;
        let before = self.world.steps.replace(0);
        self.world.depth.set(0);
        let ended = self.world.eval(self.program, &self.env, Item::plain(value), &mut |item| {
            left = if item.value.is_true() { Left::Something } else { Left::Untrue };
            match &item.value {
                Json::String(raw) if self.invocation.raw_output && style.ascii => {
                    let mut quoted = String::new();
                    print::quote(&mut quoted, raw, true);
                    text.extend_from_slice(quoted.as_bytes());
                }
                Json::String(raw) if self.invocation.raw_output => {
                    if self.invocation.terminator == "\0" && raw.contains('\0') {
                        return Err(Stop::error(
                            "Cannot dump a string containing NUL with --raw-output0 option",
                        ));
                    }
                    text.extend_from_slice(raw.as_bytes());
                }
                other => text.extend_from_slice(print::styled(other, style).as_bytes()),
            }
            text.extend_from_slice(self.invocation.terminator.as_bytes());
            if text.len() > OUTPUT {
                return Err(Stop::NotSimulated("a program that writes this much".into()));
            }
            Ok(())
        });
        let steps = self.world.steps.replace(before);
        self.sys.cpu(Duration::from_nanos(steps * 150)).await;
        let said = self.world.errors.take();
        if !said.is_empty() {
            self.sys.err(&said).await;
        }
        out.put(&text).await;
        let (message, left) = match ended {
            Ok(()) | Err(Stop::Enough) => return left,
            Err(Stop::Break(_)) => ("jq: error: break\n".to_string(), Left::Failed(5)),
            Err(Stop::NotSimulated(what)) => (format!("jq: {what} is not simulated\n"), Left::Failed(2)),
            Err(Stop::Halt(status, said)) => {
                let text = match said {
                    None => String::new(),
                    Some(Json::String(text)) => text.to_string(),
                    Some(other) => format!("{}\n", print::compact(&other)),
                };
                // Ends jq, with or without an error.
                (text, if status == 0 { Left::Failed(-1) } else { Left::Failed(status) })
            }
            Err(Stop::Error(error)) => {
                let place = match &self.world.file {
                    Json::String(file) => format!("{file}:{}", self.world.line.get()),
                    _ => "<unknown>".into(),
                };
                let text = match error {
                    Json::String(text) => format!("jq: error (at {place}): {text}\n"),
                    other => {
                        format!("jq: error (at {place}) (not a string): {}\n", print::compact(&other))
                    }
                };
                (text, Left::Failed(5))
            }
        };
        if !out.is_broken() {
            out.flush().await;
            self.sys.err(&message).await;
        }
        left
    }
}
