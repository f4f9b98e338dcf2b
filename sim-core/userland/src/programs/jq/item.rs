//! What flows through a program and the names that it sees.

use super::ast::{Ast, Definition};
use super::eval::Stop;
use super::json::Json;
use std::rc::Rc;

/// A value and how it was reached.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) value: Json,
    pub(super) track: Track,
}

/// The way to a value.
#[derive(Clone)]
pub(super) enum Track {
    /// Nobody asks.
    Off,
    At(Option<Rc<Step>>),
    Lost,
}

/// A key and those before it.
pub(super) struct Step {
    before: Option<Rc<Step>>,
    key: Json,
}

impl Item {
    pub(super) fn plain(value: Json) -> Item {
        Item { value, track: Track::Off }
    }

    /// The same value without its way.
    pub(super) fn bare(&self) -> Item {
        Item::plain(self.value.clone())
    }

    /// What was computed from it.
    pub(super) fn computed(&self, value: Json) -> Item {
        let track = match &self.track {
            Track::Off => Track::Off,
            track if value.is_same(&self.value) => track.clone(),
            _ => Track::Lost,
        };
        Item { value, track }
    }

    /// What is found in it under a key.
    pub(super) fn step(&self, key: Json, value: Json) -> Item {
        let track = match &self.track {
            Track::Off => Track::Off,
            Track::Lost => Track::Lost,
            Track::At(before) => Track::At(Some(Rc::new(Step { before: before.clone(), key }))),
        };
        Item { value, track }
    }

    pub(super) fn path(&self) -> Result<Json, Stop> {
        let Track::At(mut step) = self.track.clone() else {
            return Err(Stop::error(format!("Invalid path expression with result {}", self.value.cut(29))));
        };
        let mut keys = Vec::new();
        while let Some(this) = step {
            keys.push(this.key.clone());
            step = this.before.clone();
        }
        keys.reverse();
        Ok(Json::array(keys))
    }
}

/// Names and what they mean, the nearest first.
#[derive(Clone, Default)]
pub(super) struct Env<'a>(pub(super) Option<Rc<Node<'a>>>);

/// A name and those before it.
pub(super) struct Node<'a> {
    pub(super) binding: Binding<'a>,
    before: Env<'a>,
}

pub(super) enum Binding<'a> {
    Variable(&'a str, Json),
    Function(&'a Definition),
    /// A parameter: an expression and the names that it sees.
    Closure(&'a str, &'a Ast, Env<'a>),
    Label(&'a str, u64),
}

impl<'a> Env<'a> {
    pub(super) fn with(&self, binding: Binding<'a>) -> Env<'a> {
        Env(Some(Rc::new(Node { binding, before: self.clone() })))
    }

    pub(super) fn with_variable(&self, name: &'a str, value: Json) -> Env<'a> {
        self.with(Binding::Variable(name, value))
    }

    pub(super) fn with_function(&self, definition: &'a Definition) -> Env<'a> {
        self.with(Binding::Function(definition))
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Rc<Node<'a>>> {
        std::iter::successors(self.0.as_ref(), |node| node.before.0.as_ref())
    }
}
