//! `as` with its patterns: which variables a value gives.

use super::ast::{Ast, Pattern};
use super::eval::{Done, Stop, World};
use super::item::{Env, Item};
use super::json::Json;
use super::paths;

impl World {
    /// Binds the variables of the first pattern that fits.
    pub(super) fn destructure<'a>(
        &self,
        patterns: &'a [Pattern],
        env: &Env<'a>,
        value: &Json,
        out: &mut dyn FnMut(&Env<'a>) -> Done,
    ) -> Done {
        if let [pattern] = patterns {
            return self.bind(&[(pattern, value.clone())], env.clone(), value, out);
        }
        let mut names = Vec::new();
        patterns.iter().for_each(|pattern| pattern.variables(&mut names));
        let base = names.iter().fold(env.clone(), |env, name| env.with_variable(name, Json::Null));
        for (at, pattern) in patterns.iter().enumerate() {
            match self.bind(&[(pattern, value.clone())], base.clone(), value, out) {
                Err(Stop::Error(_)) if at + 1 < patterns.len() => {}
                done => return done,
            }
        }
        Ok(())
    }

    fn bind<'a>(
        &self,
        todo: &[(&'a Pattern, Json)],
        env: Env<'a>,
        dot: &Json,
        out: &mut dyn FnMut(&Env<'a>) -> Done,
    ) -> Done {
        let Some(((pattern, value), rest)) = todo.split_first() else { return out(&env) };
        match pattern {
            Pattern::Variable(name) => self.bind(rest, env.with_variable(name, value.clone()), dot, out),
            Pattern::Array(all) => {
                let mut todo = Vec::new();
                for (at, pattern) in all.iter().enumerate() {
                    todo.push((pattern, paths::get(value, &Json::count(at))?));
                }
                todo.extend_from_slice(rest);
                self.bind(&todo, env, dot, out)
            }
            Pattern::Object(fields) => self.bind_fields(fields, value, rest, env, dot, out),
        }
    }

    fn bind_fields<'a>(
        &self,
        fields: &'a [(Ast, Option<String>, Option<Pattern>)],
        value: &Json,
        rest: &[(&'a Pattern, Json)],
        env: Env<'a>,
        dot: &Json,
        out: &mut dyn FnMut(&Env<'a>) -> Done,
    ) -> Done {
        let Some(((key, name, pattern), more)) = fields.split_first() else {
            return self.bind(rest, env, dot, out);
        };
        self.each(key, &env, &Item::plain(dot.clone()), &mut |key| {
            if !matches!(key, Json::String(_)) {
                return Err(Stop::error(format!("Cannot index {} with {}", value.kind(), key.kind())));
            }
            let found = paths::get(value, &key)?;
            let mut env = env.clone();
            if let Some(name) = name {
                env = env.with_variable(name, found.clone());
            }
            match pattern {
                Some(pattern) => self.bind(&[(pattern, found)], env, dot, &mut |env| {
                    self.bind_fields(more, value, rest, env.clone(), dot, out)
                }),
                None => self.bind_fields(more, value, rest, env, dot, out),
            }
        })
    }
}
