//! Which names a program uses that nobody has defined.

use super::ast::{Ast, Definition, Part, Pattern};
use super::functions::{GENERATORS, NAMES};
use super::parser::Mistake;

/// Names in sight.
#[derive(Clone, Default)]
struct Scope<'a> {
    functions: Vec<(&'a str, usize)>,
    variables: Vec<&'a str>,
    labels: Vec<&'a str>,
}

/// All uses of names that are not there.
pub(super) fn check(program: &Ast, library: &[Definition], variables: &[String]) -> Vec<Mistake> {
    check_without(&[], program, library, variables)
}

/// Whether a program asks for inputs itself: it misses them when they are not there.
pub(super) fn uses_inputs(program: &Ast, library: &[Definition], variables: &[String]) -> bool {
    !check_without(&["input", "inputs"], program, library, variables).is_empty()
}

fn check_without(
    hidden: &[&str],
    program: &Ast,
    library: &[Definition],
    variables: &[String],
) -> Vec<Mistake> {
    let mut scope = Scope::default();
    scope.functions.extend(library.iter().map(|one| (one.name.as_str(), one.parameters.len())));
    for name in NAMES.iter().chain(GENERATORS) {
        if let Some((name, count)) = name.rsplit_once('/') {
            scope.functions.push((name, count.parse().unwrap_or(0)));
        }
    }
    scope.functions.retain(|(name, _)| !hidden.contains(name));
    scope.variables.extend(variables.iter().map(String::as_str));
    scope.variables.push("ENV");
    let mut found = Vec::new();
    scope.visit(program, &mut found);
    found
}

impl<'a> Scope<'a> {
    fn visit(&self, ast: &'a Ast, found: &mut Vec<Mistake>) {
        let missing = |text: String, place: usize, found: &mut Vec<Mistake>| {
            found.push(Mistake { text: format!("{text} is not defined"), place: Some(place) });
        };
        match ast {
            Ast::Identity | Ast::Everything | Ast::Literal(_) | Ast::Format(_) | Ast::Array(None) => {}
            Ast::Text(_, parts) => {
                for part in parts {
                    if let Part::Value(program) = part {
                        self.visit(program, found);
                    }
                }
            }
            Ast::Index(of, key) => self.all(&[of, key], found),
            Ast::Slice(of, from, to) => {
                self.visit(of, found);
                from.iter().chain(to).for_each(|end| self.visit(end, found));
            }
            Ast::Iterate(of) | Ast::Array(Some(of)) | Ast::Negate(of) => self.visit(of, found),
            Ast::Try(body, handler) => {
                self.visit(body, found);
                handler.iter().for_each(|handler| self.visit(handler, found));
            }
            Ast::Object(fields) => {
                for (key, value) in fields {
                    self.visit(key, found);
                    value.iter().for_each(|value| self.visit(value, found));
                }
            }
            Ast::Pipe(a, b)
            | Ast::Comma(a, b)
            | Ast::Operator(_, a, b)
            | Ast::And(a, b)
            | Ast::Or(a, b)
            | Ast::Alternative(a, b)
            | Ast::Assign(_, a, b) => self.all(&[a, b], found),
            Ast::If(condition, then, otherwise) => {
                self.all(&[condition, then], found);
                otherwise.iter().for_each(|otherwise| self.visit(otherwise, found));
            }
            Ast::Reduce(source, patterns, start, update) => {
                self.all(&[source, start], found);
                self.with_patterns(patterns, found).visit(update, found);
            }
            Ast::Foreach(source, patterns, start, update, extract) => {
                self.all(&[source, start], found);
                let inner = self.with_patterns(patterns, found);
                inner.visit(update, found);
                extract.iter().for_each(|extract| inner.visit(extract, found));
            }
            Ast::Define(definition, body) => {
                let mut scope = self.clone();
                scope.functions.push((&definition.name, definition.parameters.len()));
                let mut inner = scope.clone();
                for parameter in &definition.parameters {
                    let name = parameter.strip_prefix('$').unwrap_or(parameter);
                    if name.len() < parameter.len() {
                        inner.variables.push(name);
                    }
                    inner.functions.push((name, 0));
                }
                inner.visit(&definition.body, found);
                scope.visit(body, found);
            }
            Ast::Call(name, arguments, place) => {
                if !self.functions.contains(&(name, arguments.len())) {
                    missing(format!("{name}/{}", arguments.len()), *place, found);
                }
                arguments.iter().for_each(|argument| self.visit(argument, found));
            }
            Ast::Variable(name, place) => {
                if !self.variables.contains(&name.as_str()) {
                    missing(format!("${name}"), *place, found);
                }
            }
            Ast::As(source, patterns, body) => {
                self.visit(source, found);
                self.with_patterns(patterns, found).visit(body, found);
            }
            Ast::Label(name, body) => {
                let mut scope = self.clone();
                scope.labels.push(name);
                scope.visit(body, found);
            }
            Ast::Break(name, place) => {
                if !self.labels.contains(&name.as_str()) {
                    missing(format!("$*label-{name}"), *place, found);
                }
            }
        }
    }

    fn all(&self, all: &[&'a Ast], found: &mut Vec<Mistake>) {
        all.iter().for_each(|one| self.visit(one, found));
    }

    fn with_patterns(&self, patterns: &'a [Pattern], found: &mut Vec<Mistake>) -> Scope<'a> {
        let mut scope = self.clone();
        for pattern in patterns {
            pattern.variables(&mut scope.variables);
        }
        patterns.iter().for_each(|pattern| scope.visit_keys(pattern, found));
        scope
    }

    fn visit_keys(&self, pattern: &'a Pattern, found: &mut Vec<Mistake>) {
        match pattern {
            Pattern::Variable(_) => {}
            Pattern::Array(all) => all.iter().for_each(|one| self.visit_keys(one, found)),
            Pattern::Object(fields) => {
                for (key, _, pattern) in fields {
                    self.visit(key, found);
                    pattern.iter().for_each(|pattern| self.visit_keys(pattern, found));
                }
            }
        }
    }
}
