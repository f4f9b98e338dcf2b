//! Running a program: each expression gives any number of values, handed on one by one.
//!
//! A value carries the way on which it was reached while a path is asked for (`path(f)`, assignments); what was
//! computed has none, and asking for more of it is an error.

use super::ast::{Assign, Ast, Definition, Part};
use super::item::{Binding, Env, Item, Track};
use super::json::{Json, Object};
use super::text;
use super::{operators, paths};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Why a program ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// `error(x)`, or jq's own.
    Error(Json),
    /// `break`.
    Break(u64),
    /// `halt`, `halt_error`: the status and what is said.
    Halt(i32, Option<Json>),
    /// What we do not do.
    NotSimulated(String),
    /// Nobody wants more values.
    Enough,
}

impl Stop {
    pub(super) fn error(text: impl AsRef<str>) -> Stop {
        Stop::Error(Json::string(text))
    }
}

pub(super) type Done = Result<(), Stop>;
pub(super) type Out<'o> = &'o mut dyn FnMut(Item) -> Done;

/// What a program can reach beside its input.
pub(super) struct World {
    /// `input`
    pub(super) inputs: RefCell<std::collections::VecDeque<Result<Json, String>>>,
    /// What `debug` and `stderr` wrote.
    pub(super) errors: RefCell<String>,
    pub(super) environment: Json,
    pub(super) file: Json,
    pub(super) line: Cell<usize>,
    /// Seconds since 1970.
    pub(super) now: f64,
    pub(super) labels: Cell<u64>,
    pub(super) depth: Cell<usize>,
    pub(super) steps: Cell<u64>,
}

/// Expressions within expressions while running; beyond that the stack ends.
const DEPTH: usize = 300;
/// Expressions that one input may take: some seconds.
pub(super) const STEPS: u64 = 30_000_000;

impl World {
    /// Runs an expression.
    ///
    /// # Errors
    /// Why it ended early.
    pub(super) fn eval<'a>(&self, ast: &'a Ast, env: &Env<'a>, item: Item, out: Out<'_>) -> Done {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS {
            return Err(Stop::NotSimulated("a program that runs this long".into()));
        }
        self.depth.set(self.depth.get() + 1);
        if self.depth.get() > DEPTH {
            return Err(Stop::NotSimulated("a recursion this deep".into()));
        }
        let done = self.expression(ast, env, item, out);
        self.depth.set(self.depth.get() - 1);
        done
    }

    fn expression<'a>(&self, ast: &'a Ast, env: &Env<'a>, item: Item, out: Out<'_>) -> Done {
        match ast {
            Ast::Identity => out(item),
            Ast::Everything => self.recurse(item, out),
            Ast::Literal(value) => out(item.computed(value.clone())),
            Ast::Format(name) => {
                let text = text::format(name, &item.value)?;
                out(item.computed(Json::string(text)))
            }
            Ast::Text(format, parts) => {
                self.text(format.as_deref().unwrap_or("text"), parts, env, &item, String::new(), out)
            }
            Ast::Pipe(first, second) => {
                self.eval(first, env, item, &mut |item| self.eval(second, env, item, out))
            }
            Ast::Comma(first, second) => {
                self.eval(first, env, item.clone(), out)?;
                self.eval(second, env, item, out)
            }
            Ast::Index(of, key) => self.each(key, env, &item, &mut |key| {
                self.eval(of, env, item.clone(), &mut |of| out(self.index(&of, key.clone())?))
            }),
            Ast::Slice(of, from, to) => self.optional(to.as_deref(), env, &item, &mut |to| {
                self.optional(from.as_deref(), env, &item, &mut |from| {
                    let key = Json::object(vec![("start", from), ("end", to.clone())]);
                    self.eval(of, env, item.clone(), &mut |of| out(self.index(&of, key.clone())?))
                })
            }),
            Ast::Iterate(of) => self.eval(of, env, item, &mut |of| self.iterate(&of, out)),
            Ast::Try(body, handler) => self.attempt(body, handler.as_deref(), env, item, out),
            Ast::Array(None) => out(item.computed(Json::array(Vec::new()))),
            Ast::Array(Some(inside)) => {
                let mut all = Vec::new();
                self.each(inside, env, &item, &mut |value| {
                    all.push(value);
                    Ok(())
                })?;
                out(item.computed(Json::array(all)))
            }
            Ast::Object(fields) => self.object(fields, env, &item, &Object::default(), out),
            Ast::Negate(of) => self.each(of, env, &item, &mut |value| match value.as_number() {
                Some(number) => out(item.computed(Json::number(-number))),
                None => Err(Stop::error(format!("{} cannot be negated", value.described()))),
            }),
            Ast::Operator(operator, left, right) => self.each(right, env, &item, &mut |right| {
                self.each(left, env, &item, &mut |left| {
                    out(item.computed(operators::apply(*operator, &left, &right)?))
                })
            }),
            Ast::And(left, right) => self.each(left, env, &item, &mut |left| {
                if !left.is_true() {
                    return out(item.computed(Json::Bool(false)));
                }
                self.each(right, env, &item, &mut |right| out(item.computed(Json::Bool(right.is_true()))))
            }),
            Ast::Or(left, right) => self.each(left, env, &item, &mut |left| {
                if left.is_true() {
                    return out(item.computed(Json::Bool(true)));
                }
                self.each(right, env, &item, &mut |right| out(item.computed(Json::Bool(right.is_true()))))
            }),
            Ast::Alternative(left, right) => {
                let mut any = false;
                let mut later = None;
                let tried = self.eval(left, env, item.clone(), &mut |item| {
                    if !item.value.is_true() {
                        return Ok(());
                    }
                    any = true;
                    out(item).map_err(|stop| {
                        later = Some(stop);
                        Stop::Enough
                    })
                });
                if let Some(stop) = later {
                    return Err(stop);
                }
                tried?;
                if any { Ok(()) } else { self.eval(right, env, item, out) }
            }
            Ast::Assign(how, left, right) => self.assign(*how, left, right, env, &item, out),
            Ast::If(condition, then, otherwise) => {
                self.each(condition, env, &item, &mut |condition| match (condition.is_true(), otherwise) {
                    (true, _) => self.eval(then, env, item.clone(), out),
                    (false, Some(otherwise)) => self.eval(otherwise, env, item.clone(), out),
                    (false, None) => out(item.clone()),
                })
            }
            Ast::Reduce(source, patterns, start, update) => {
                self.eval(start, env, item.clone(), &mut |start| {
                    let mut state = start;
                    self.each(source, env, &item, &mut |value| {
                        self.destructure(patterns, env, &value, &mut |env| {
                            let mut last = None;
                            let before = std::mem::replace(&mut state, Item::plain(Json::Null));
                            self.eval(update, env, before, &mut |item| {
                                last = Some(item);
                                Ok(())
                            })?;
                            state = last.unwrap_or_else(|| item.computed(Json::Null));
                            Ok(())
                        })
                    })?;
                    out(state)
                })
            }
            Ast::Foreach(source, patterns, start, update, extract) => {
                self.eval(start, env, item.clone(), &mut |start| {
                    let mut state = start;
                    self.each(source, env, &item, &mut |value| {
                        self.destructure(patterns, env, &value, &mut |env| {
                            let before = state.clone();
                            self.eval(update, env, before, &mut |item| {
                                state = item.clone();
                                match extract {
                                    Some(extract) => self.eval(extract, env, item, out),
                                    None => out(item),
                                }
                            })
                        })
                    })
                })
            }
            Ast::Define(definition, body) => {
                self.eval(body, &env.with(Binding::Function(definition)), item, out)
            }
            Ast::Call(name, arguments, _) => self.call(name, arguments, env, item, out),
            Ast::Variable(name, _) => {
                let found = env.nodes().find_map(|node| match &node.binding {
                    Binding::Variable(found, value) if found == name => Some(value.clone()),
                    _ => None,
                });
                let value = found.unwrap_or_else(|| self.environment.clone());
                out(item.computed(value))
            }
            Ast::As(source, patterns, body) => self.each(source, env, &item, &mut |value| {
                self.destructure(patterns, env, &value, &mut |env| self.eval(body, env, item.clone(), out))
            }),
            Ast::Label(name, body) => {
                let label = self.labels.get();
                self.labels.set(label + 1);
                match self.eval(body, &env.with(Binding::Label(name, label)), item, out) {
                    Err(Stop::Break(broken)) if broken == label => Ok(()),
                    done => done,
                }
            }
            Ast::Break(name, _) => {
                let label = env.nodes().find_map(|node| match node.binding {
                    Binding::Label(found, label) if found == name => Some(label),
                    _ => None,
                });
                Err(Stop::Break(label.unwrap_or(u64::MAX)))
            }
        }
    }

    /// The values of an expression, nobody asking for their ways.
    pub(super) fn each<'a>(
        &self,
        ast: &'a Ast,
        env: &Env<'a>,
        item: &Item,
        out: &mut dyn FnMut(Json) -> Done,
    ) -> Done {
        self.eval(ast, env, item.bare(), &mut |item| out(item.value))
    }

    fn optional<'a>(
        &self,
        ast: Option<&'a Ast>,
        env: &Env<'a>,
        item: &Item,
        out: &mut dyn FnMut(Json) -> Done,
    ) -> Done {
        match ast {
            Some(ast) => self.each(ast, env, item, out),
            None => out(Json::Null),
        }
    }

    fn index(&self, of: &Item, key: Json) -> Result<Item, Stop> {
        if matches!(of.track, Track::Lost) {
            return Err(Stop::error(format!(
                "Invalid path expression near attempt to access element {} of {}",
                key.cut(14),
                of.value.cut(29)
            )));
        }
        let value = paths::get(&of.value, &key)?;
        Ok(of.step(key, value))
    }

    fn iterate(&self, of: &Item, out: Out<'_>) -> Done {
        if matches!(of.track, Track::Lost) {
            return Err(Stop::error(format!(
                "Invalid path expression near attempt to iterate through {}",
                of.value.cut(14)
            )));
        }
        match &of.value {
            Json::Array(all) => {
                for (at, value) in all.iter().enumerate() {
                    out(of.step(Json::count(at), value.clone()))?;
                }
                Ok(())
            }
            Json::Object(object) => {
                for (key, value) in object.fields() {
                    out(of.step(Json::String(key.clone()), value.clone()))?;
                }
                Ok(())
            }
            other => Err(Stop::error(format!("Cannot iterate over {}", other.described()))),
        }
    }

    fn recurse(&self, item: Item, out: Out<'_>) -> Done {
        out(item.clone())?;
        match &item.value {
            Json::Array(_) | Json::Object(_) => self.iterate(&item, &mut |item| self.recurse(item, out)),
            _ => Ok(()),
        }
    }

    /// Errors of the body are caught; those of what happens to its values are not.
    fn attempt<'a>(
        &self,
        body: &'a Ast,
        handler: Option<&'a Ast>,
        env: &Env<'a>,
        item: Item,
        out: Out<'_>,
    ) -> Done {
        let mut later = None;
        let depth = self.depth.get();
        let tried = self.eval(body, env, item.clone(), &mut |item| {
            out(item).map_err(|stop| {
                later = Some(stop);
                Stop::Enough
            })
        });
        if let Some(stop) = later {
            return Err(stop);
        }
        match tried {
            Err(Stop::Error(error)) => {
                self.depth.set(depth);
                match handler {
                    Some(handler) => self.eval(handler, env, item.computed(error), out),
                    None => Ok(()),
                }
            }
            done => done,
        }
    }

    fn object<'a>(
        &self,
        fields: &'a [(Ast, Option<Ast>)],
        env: &Env<'a>,
        item: &Item,
        before: &Object,
        out: Out<'_>,
    ) -> Done {
        let Some(((key, value), rest)) = fields.split_first() else {
            return out(item.computed(Json::Object(Rc::new(before.clone()))));
        };
        self.each(key, env, item, &mut |key| {
            let mut put = |value: Json| {
                let Json::String(name) = &key else {
                    return Err(Stop::error(format!("Cannot use {} as object key", key.described())));
                };
                let mut object = before.clone();
                object.set(name.clone(), value);
                self.object(rest, env, item, &object, out)
            };
            match value {
                Some(value) => self.each(value, env, item, &mut put),
                None => put(paths::get(&item.value, &key)?),
            }
        })
    }

    fn text<'a>(
        &self,
        format: &str,
        parts: &'a [Part],
        env: &Env<'a>,
        item: &Item,
        after: String,
        out: Out<'_>,
    ) -> Done {
        let Some((last, rest)) = parts.split_last() else {
            return out(item.computed(Json::string(after)));
        };
        match last {
            Part::Text(text) => self.text(format, rest, env, item, format!("{text}{after}"), out),
            Part::Value(program) => self.each(program, env, item, &mut |value| {
                let text = text::format(format, &value)?;
                self.text(format, rest, env, item, format!("{text}{after}"), out)
            }),
        }
    }

    fn assign<'a>(
        &self,
        how: Assign,
        left: &'a Ast,
        right: &'a Ast,
        env: &Env<'a>,
        item: &Item,
        out: Out<'_>,
    ) -> Done {
        if how == Assign::Update {
            let mut value = item.value.clone();
            let mut gone = Vec::new();
            for path in self.paths(left, env, &item.value)? {
                let old = paths::get_path(&value, &path)?;
                let mut new = None;
                let tried = self.each(right, env, &Item::plain(old), &mut |value| {
                    new = Some(value);
                    Err(Stop::Enough)
                });
                match (tried, new) {
                    (Ok(()) | Err(Stop::Enough), Some(new)) => value = paths::set_path(&value, &path, new)?,
                    (Ok(()), None) => gone.push(path),
                    (Err(stop), _) => return Err(stop),
                }
            }
            return out(item.computed(paths::delete_paths(&value, gone)?));
        }
        self.each(right, env, item, &mut |right| {
            let mut value = item.value.clone();
            for path in self.paths(left, env, &item.value)? {
                let new = match how {
                    Assign::Set | Assign::Update => right.clone(),
                    Assign::Alternative => match paths::get_path(&value, &path)? {
                        old if old.is_true() => old,
                        _ => right.clone(),
                    },
                    Assign::Operator(operator) => {
                        operators::apply(operator, &paths::get_path(&value, &path)?, &right)?
                    }
                };
                value = paths::set_path(&value, &path, new)?;
            }
            out(item.computed(value))
        })
    }

    /// The paths of an expression.
    fn paths<'a>(&self, ast: &'a Ast, env: &Env<'a>, value: &Json) -> Result<Vec<Json>, Stop> {
        let mut all = Vec::new();
        let start = Item { value: value.clone(), track: Track::At(None) };
        self.eval(ast, env, start, &mut |item| {
            all.push(item.path()?);
            Ok(())
        })?;
        Ok(all)
    }

    fn call<'a>(&self, name: &'a str, arguments: &'a [Ast], env: &Env<'a>, item: Item, out: Out<'_>) -> Done {
        let found = env.nodes().find(|node| match &node.binding {
            Binding::Closure(found, ..) => *found == name && arguments.is_empty(),
            Binding::Function(found) => found.name == name && found.parameters.len() == arguments.len(),
            _ => false,
        });
        let Some(node) = found else { return self.builtin(name, arguments, env, item, out) };
        match &node.binding {
            Binding::Closure(_, body, inner) => self.eval(body, inner, item, out),
            Binding::Function(definition) => {
                let inner = Env(Some(node.clone()));
                self.enter(definition, &definition.parameters, arguments, env, inner, item, out)
            }
            _ => Ok(()),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a call is all of this")]
    fn enter<'a>(
        &self,
        definition: &'a Definition,
        parameters: &'a [String],
        arguments: &'a [Ast],
        env: &Env<'a>,
        inner: Env<'a>,
        item: Item,
        out: Out<'_>,
    ) -> Done {
        let (Some((parameter, parameters)), Some((argument, arguments))) =
            (parameters.split_first(), arguments.split_first())
        else {
            return self.eval(&definition.body, &inner, item, out);
        };
        // A parameter that is handed on as it is keeps its own names: the chain does not grow with recursion.
        let (body, seen) = match argument {
            Ast::Call(name, none, _) if none.is_empty() => env
                .nodes()
                .find_map(|node| match &node.binding {
                    Binding::Closure(found, body, seen) if found == name => Some(Some((*body, seen.clone()))),
                    Binding::Function(found) if found.name == *name && found.parameters.is_empty() => {
                        Some(None)
                    }
                    _ => None,
                })
                .flatten()
                .unwrap_or((argument, env.clone())),
            _ => (argument, env.clone()),
        };
        match parameter.strip_prefix('$') {
            None => {
                let inner = inner.with(Binding::Closure(parameter, body, seen));
                self.enter(definition, parameters, arguments, env, inner, item, out)
            }
            Some(name) => self.each(argument, env, &item, &mut |value| {
                let inner = inner.with(Binding::Closure(name, body, seen.clone())).with_variable(name, value);
                self.enter(definition, parameters, arguments, env, inner, item.clone(), out)
            }),
        }
    }
}
