//! Functions that take programs: `path`, `limit`, `until` and so on.

use super::ast::{Ast, Operator};
use super::eval::{Done, Out, STEPS, Stop, World};
use super::item::{Env, Item, Track};
use super::json::Json;
use super::{functions, operators, paths};

impl World {
    /// Calls a function that the program has not defined.
    pub(super) fn builtin<'a>(
        &self,
        name: &'a str,
        arguments: &'a [Ast],
        env: &Env<'a>,
        item: Item,
        out: Out<'_>,
    ) -> Done {
        match (name, arguments) {
            ("empty", []) => Ok(()),
            ("error", []) => Err(Stop::Error(item.value)),
            ("error", [message]) => self.each(message, env, &item, &mut |value| Err(Stop::Error(value))),
            ("not", []) => out(item.computed(Json::Bool(!item.value.is_true()))),
            ("path", [of]) => {
                let start = Item { value: item.value.clone(), track: Track::At(None) };
                self.eval(of, env, start, &mut |found| out(item.computed(found.path()?)))
            }
            ("getpath", [path]) => self.each(path, env, &item, &mut |path| {
                let value = paths::get_path(&item.value, &path)?;
                let Json::Array(keys) = &path else { return Ok(()) };
                let mut found = item.clone();
                for key in keys.iter() {
                    found = found.step(key.clone(), Json::Null);
                }
                found.value = value;
                out(found)
            }),
            ("recurse", [f]) => self.recurse_by(f, env, item, out),
            ("range", [from, to]) => self.each(from, env, &item, &mut |from| {
                self.each(to, env, &item, &mut |to| {
                    let (Some(mut at), Some(to)) = (from.as_number(), to.as_number()) else {
                        return Err(Stop::error("Range bounds must be numeric"));
                    };
                    while at < to {
                        self.count()?;
                        out(item.computed(Json::number(at)))?;
                        at += 1.0;
                    }
                    Ok(())
                })
            }),
            ("range", [from, to, by]) => self.each(from, env, &item, &mut |from| {
                self.each(to, env, &item, &mut |to| {
                    self.each(by, env, &item, &mut |by| {
                        let mut at = from.clone();
                        let zero = Json::number(0.0);
                        loop {
                            let goes_on = match by.order(&zero) {
                                std::cmp::Ordering::Greater => at.order(&to).is_lt(),
                                std::cmp::Ordering::Less => at.order(&to).is_gt(),
                                std::cmp::Ordering::Equal => false,
                            };
                            if !goes_on {
                                return Ok(());
                            }
                            self.count()?;
                            out(item.computed(at.clone()))?;
                            at = operators::apply(Operator::Add, &at, &by)?;
                        }
                    })
                })
            }),
            ("first", [of]) => self.some(1, of, env, item, out),
            ("limit", [count, of]) => {
                self.each(count, env, &item, &mut |count| match count.as_number().unwrap_or(f64::MAX) {
                    0.0 => Ok(()),
                    count if count > 0.0 => self.some(count.ceil() as usize, of, env, item.clone(), out),
                    _ => self.eval(of, env, item.clone(), out),
                })
            }
            ("last", [of]) => {
                let mut last = None;
                self.eval(of, env, item.clone(), &mut |item| {
                    last = Some(item);
                    Ok(())
                })?;
                out(last.unwrap_or_else(|| item.computed(Json::Null)))
            }
            ("nth", [at, of]) => self.each(at, env, &item, &mut |at| {
                let at = at.as_number().unwrap_or(0.0);
                if at < 0.0 {
                    return Err(Stop::error("nth doesn't support negative indices"));
                }
                let mut left = at.floor() as usize + 1;
                self.some(left, of, env, item.clone(), &mut |item| {
                    left -= 1;
                    if left == 0 { out(item) } else { Ok(()) }
                })
            }),
            ("until", [condition, next]) => self.until(condition, next, env, item, out),
            ("while", [condition, next]) => self.while_true(condition, next, env, item, out),
            ("repeat", [of]) => loop {
                self.count()?;
                self.eval(of, env, item.clone(), out)?;
            },
            ("isempty", [of]) => {
                let mut any = false;
                self.some(1, of, env, item.bare(), &mut |_| {
                    any = true;
                    Ok(())
                })?;
                out(item.computed(Json::Bool(!any)))
            }
            ("any" | "all", [of, condition]) => {
                let wanted = name == "any";
                let mut found = false;
                let ended = self.eval(of, env, item.bare(), &mut |one| {
                    self.each(condition, env, &one, &mut |value| {
                        if value.is_true() == wanted {
                            found = true;
                            return Err(Stop::Enough);
                        }
                        Ok(())
                    })
                });
                match ended {
                    Err(Stop::Enough) if found => {}
                    done => done?,
                }
                out(item.computed(Json::Bool(found == wanted)))
            }
            ("input", []) => match self.inputs.borrow_mut().pop_front() {
                Some(Ok(value)) => out(item.computed(value)),
                Some(Err(text)) => Err(Stop::error(text)),
                None => Err(Stop::error("break")),
            },
            ("debug", []) => {
                let line = format!("[\"DEBUG:\",{}]\n", super::print::compact(&item.value));
                self.errors.borrow_mut().push_str(&line);
                out(item)
            }
            ("stderr", []) => {
                let text = match &item.value {
                    Json::String(text) => text.to_string(),
                    other => super::print::compact(other),
                };
                self.errors.borrow_mut().push_str(&text);
                out(item)
            }
            ("halt", []) => Err(Stop::Halt(0, None)),
            ("halt_error", [status]) => {
                self.each(status, env, &item, &mut |status| match status.as_number() {
                    Some(number) => Err(Stop::Halt(number as i32, Some(item.value.clone()))),
                    None => Err(Stop::error("halt_error/1: number required")),
                })
            }
            ("env", []) => out(item.computed(self.environment.clone())),
            ("now", []) => out(item.computed(Json::number(self.now))),
            ("input_filename", []) => out(item.computed(self.file.clone())),
            ("input_line_number", []) => out(item.computed(Json::count(self.line.get()))),
            (name, arguments) => self.values(name, arguments, env, &item, &mut Vec::new(), out),
        }
    }

    /// A function of values: every combination of what its arguments give, the last one slowest.
    fn values<'a>(
        &self,
        name: &str,
        arguments: &'a [Ast],
        env: &Env<'a>,
        item: &Item,
        known: &mut Vec<Json>,
        out: Out<'_>,
    ) -> Done {
        let Some((last, rest)) = arguments.split_last() else {
            let mut given = known.clone();
            given.reverse();
            return out(item.computed(functions::call(name, &item.value, &given)?));
        };
        self.each(last, env, item, &mut |value| {
            known.push(value);
            let done = self.values(name, rest, env, item, known, out);
            known.pop();
            done
        })
    }

    fn count(&self) -> Done {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS {
            return Err(Stop::NotSimulated("a program that runs this long".into()));
        }
        Ok(())
    }

    /// The first few values.
    fn some<'a>(&self, most: usize, of: &'a Ast, env: &Env<'a>, item: Item, out: Out<'_>) -> Done {
        let mut left = most;
        let mut ours = false;
        let depth = self.depth.get();
        let ended = self.eval(of, env, item, &mut |item| {
            left -= 1;
            out(item)?;
            if left == 0 {
                ours = true;
                return Err(Stop::Enough);
            }
            Ok(())
        });
        match ended {
            Err(Stop::Enough) if ours => {
                self.depth.set(depth);
                Ok(())
            }
            done => done,
        }
    }

    fn recurse_by<'a>(&self, f: &'a Ast, env: &Env<'a>, item: Item, out: Out<'_>) -> Done {
        out(item.clone())?;
        self.eval(f, env, item, &mut |item| self.recurse_by(f, env, item, out))
    }

    fn until<'a>(&self, condition: &'a Ast, next: &'a Ast, env: &Env<'a>, item: Item, out: Out<'_>) -> Done {
        let mut item = item;
        loop {
            self.count()?;
            let conditions = self.collect(condition, env, item.bare())?;
            let [only] = conditions.as_slice() else { return Ok(()) };
            if only.value.is_true() {
                return out(item);
            }
            let mut nexts = self.collect(next, env, item)?;
            match nexts.len() {
                0 => return Ok(()),
                1 => item = nexts.remove(0),
                _ => {
                    for item in nexts {
                        self.until(condition, next, env, item, out)?;
                    }
                    return Ok(());
                }
            }
        }
    }

    fn while_true<'a>(
        &self,
        condition: &'a Ast,
        next: &'a Ast,
        env: &Env<'a>,
        item: Item,
        out: Out<'_>,
    ) -> Done {
        let mut item = item;
        loop {
            self.count()?;
            let conditions = self.collect(condition, env, item.bare())?;
            if !conditions.first().is_some_and(|first| first.value.is_true()) {
                return Ok(());
            }
            out(item.clone())?;
            let mut nexts = self.collect(next, env, item)?;
            match nexts.len() {
                0 => return Ok(()),
                1 => item = nexts.remove(0),
                _ => {
                    for item in nexts {
                        self.while_true(condition, next, env, item, out)?;
                    }
                    return Ok(());
                }
            }
        }
    }

    fn collect<'a>(&self, ast: &'a Ast, env: &Env<'a>, item: Item) -> Result<Vec<Item>, Stop> {
        let mut all = Vec::new();
        self.eval(ast, env, item, &mut |item| {
            all.push(item);
            Ok(())
        })?;
        Ok(all)
    }
}
