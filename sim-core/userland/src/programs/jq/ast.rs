//! A jq program as a tree.

use super::json::Json;

/// Where something stands in the program text: a byte offset.
pub(super) type Place = usize;

/// An expression.
#[derive(Debug)]
pub(super) enum Ast {
    Identity,
    /// `..`
    Everything,
    Literal(Json),
    /// A string with `\(...)` in it; the name of a format is applied to what is put in.
    Text(Option<String>, Vec<Part>),
    /// `@base64`
    Format(String),
    Index(Box<Ast>, Box<Ast>),
    Slice(Box<Ast>, Option<Box<Ast>>, Option<Box<Ast>>),
    Iterate(Box<Ast>),
    Try(Box<Ast>, Option<Box<Ast>>),
    Array(Option<Box<Ast>>),
    /// Keys and values; without a value it is that of the same key of the input.
    Object(Vec<(Ast, Option<Ast>)>),
    Negate(Box<Ast>),
    Pipe(Box<Ast>, Box<Ast>),
    Comma(Box<Ast>, Box<Ast>),
    Operator(Operator, Box<Ast>, Box<Ast>),
    And(Box<Ast>, Box<Ast>),
    Or(Box<Ast>, Box<Ast>),
    Alternative(Box<Ast>, Box<Ast>),
    Assign(Assign, Box<Ast>, Box<Ast>),
    If(Box<Ast>, Box<Ast>, Option<Box<Ast>>),
    Reduce(Box<Ast>, Vec<Pattern>, Box<Ast>, Box<Ast>),
    Foreach(Box<Ast>, Vec<Pattern>, Box<Ast>, Box<Ast>, Option<Box<Ast>>),
    Define(Box<Definition>, Box<Ast>),
    Call(String, Vec<Ast>, Place),
    Variable(String, Place),
    As(Box<Ast>, Vec<Pattern>, Box<Ast>),
    Label(String, Box<Ast>),
    Break(String, Place),
}

#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    Value(Ast),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assign {
    /// `=`
    Set,
    /// `|=`
    Update,
    /// `//=`
    Alternative,
    /// `+=` and so on
    Operator(Operator),
}

/// What stands behind `as`.
#[derive(Debug)]
pub(super) enum Pattern {
    Variable(String),
    Array(Vec<Pattern>),
    /// Key, the variable that the key's value is bound to as well, pattern.
    Object(Vec<(Ast, Option<String>, Option<Pattern>)>),
}

impl Pattern {
    /// The variables it binds.
    pub(super) fn variables<'a>(&'a self, into: &mut Vec<&'a str>) {
        match self {
            Pattern::Variable(name) => into.push(name),
            Pattern::Array(all) => all.iter().for_each(|pattern| pattern.variables(into)),
            Pattern::Object(fields) => {
                for (_, name, pattern) in fields {
                    into.extend(name.as_deref());
                    if let Some(pattern) = pattern {
                        pattern.variables(into);
                    }
                }
            }
        }
    }
}

/// A function: its parameters begin with `$` when they are values.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) parameters: Vec<String>,
    pub(super) body: Ast,
}
