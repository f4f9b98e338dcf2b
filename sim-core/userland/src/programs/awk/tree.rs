//! Programs as trees.

/// A program.
#[derive(Default)]
pub(super) struct Program {
    pub(super) begin: Vec<Statement>,
    pub(super) end: Vec<Statement>,
    pub(super) rules: Vec<(Pattern, Option<Vec<Statement>>)>,
    pub(super) functions: Vec<Function>,
    pub(super) has_end: bool,
}

pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<String>,
    pub(super) body: Vec<Statement>,
    /// Which names the body uses as arrays.
    pub(super) arrays: Vec<String>,
}

pub(super) enum Pattern {
    Always,
    When(Expression),
    Range(Expression, Expression),
}

pub(super) enum Statement {
    Expression(Expression),
    /// Values, and the file they go to; `true` for `>>`.
    Print(Vec<Expression>, Option<(Expression, bool)>),
    Printf(Vec<Expression>, Option<(Expression, bool)>),
    If(Expression, Vec<Statement>, Vec<Statement>),
    While(Expression, Vec<Statement>),
    Do(Vec<Statement>, Expression),
    For(Option<Box<Statement>>, Option<Expression>, Option<Box<Statement>>, Vec<Statement>),
    ForIn(String, String, Vec<Statement>),
    Delete(String, Option<Vec<Expression>>),
    Exit(Option<Expression>),
    Return(Option<Expression>),
    Next,
    NextFile,
    Break,
    Continue,
}

pub(super) enum Expression {
    Number(f64),
    String(String),
    Regex(String),
    Variable(String),
    Element(String, Vec<Expression>),
    Field(Box<Expression>),
    Assign(&'static str, Box<Expression>, Box<Expression>),
    /// `++x`: by how much, and whether the old value counts.
    Step(f64, bool, Box<Expression>),
    Unary(&'static str, Box<Expression>),
    Binary(&'static str, Box<Expression>, Box<Expression>),
    Concatenate(Box<Expression>, Box<Expression>),
    Match(bool, Box<Expression>, Box<Expression>),
    In(Vec<Expression>, String),
    Choice(Box<Expression>, Box<Expression>, Box<Expression>),
    Builtin(&'static str, Vec<Expression>),
    Call(String, Vec<Expression>),
    Group(Box<Expression>),
}
