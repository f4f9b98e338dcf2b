//! The syntax tree: what a line of shell means before anything of it has happened.

use std::cell::OnceCell;
use std::rc::Rc;

/// Commands one after the other: `a; b & c`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List {
    /// The commands, each with how it ended.
    pub items: Vec<Item>,
}

/// A pipeline or a chain of them, and whether it runs in the background.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What runs.
    pub and_or: Rc<AndOr>,
    /// Ended by `&`.
    pub background: bool,
}

/// `a && b || c`.
#[derive(Clone, Debug, PartialEq)]
pub struct AndOr {
    /// What runs first.
    pub first: Pipeline,
    /// What runs after it; true for `&&`.
    pub rest: Vec<(bool, Pipeline)>,
}

/// `time ! a | b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// Number of `!` is odd.
    pub negated: bool,
    /// `time` stands before it.
    pub timed: Option<TimeFormat>,
    /// Its commands; empty only for a lone `!` or `time`.
    pub commands: Vec<Rc<Command>>,
}

/// How `time` reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// As bash likes it.
    Bash,
    /// `time -p`.
    Posix,
}

/// One command with its redirections.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// What it is.
    pub kind: Kind,
    /// Redirections, from left to right.
    pub redirects: Vec<Redirect>,
    /// The line it begins on.
    pub line: u32,
}

/// The kinds of command.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `A=1 program word word`.
    Simple(Simple),
    /// `( list )`.
    Subshell(Rc<List>),
    /// `{ list; }`.
    Group(Rc<List>),
    /// `if`: conditions with what follows them, then `else`.
    If(Vec<(Rc<List>, Rc<List>)>, Option<Rc<List>>),
    /// `while` (or, when true, `until`).
    While(bool, Rc<List>, Rc<List>),
    /// `for name in words`; without `in` the positional parameters.
    For(String, Option<Vec<Word>>, Rc<List>),
    /// `for ((a; b; c))`.
    ArithFor([Word; 3], Rc<List>),
    /// `select name in words`.
    Select(String, Option<Vec<Word>>, Rc<List>),
    /// `case word in ... esac`.
    Case(Word, Vec<Arm>),
    /// `name () body`.
    Function(Rc<str>, Rc<Command>),
    /// `(( expression ))`.
    Arith(Word),
    /// `[[ expression ]]`.
    Cond(Cond),
}

/// Assignments and words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Simple {
    /// Assignments before the command.
    pub assigns: Vec<Assign>,
    /// The command and its arguments.
    pub args: Vec<Arg>,
}

/// A word of a simple command, or an assignment that `declare` and its like take as an argument.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// A word.
    Word(Word),
    /// An assignment.
    Assign(Assign),
}

/// `name[index]+=value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assign {
    /// The variable.
    pub name: String,
    /// What stands between brackets.
    pub index: Option<Word>,
    /// `+=` instead of `=`.
    pub append: bool,
    /// What is assigned.
    pub value: Value,
    /// As it was written.
    pub text: String,
}

/// What an assignment assigns.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `=word`.
    Scalar(Word),
    /// `=(...)`, elements with their index if they have one; the flag is true for `[i]+=`.
    Array(Vec<(Option<Word>, bool, Word)>),
}

/// One arm of a `case`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Patterns.
    pub patterns: Vec<Word>,
    /// What runs.
    pub body: Rc<List>,
    /// How it ends.
    pub end: ArmEnd,
}

/// How an arm ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmEnd {
    /// `;;`
    Break,
    /// `;&`
    FallThrough,
    /// `;;&`
    TestNext,
}

/// A redirection.
#[derive(Clone, Debug, PartialEq)]
pub struct Redirect {
    /// The descriptor that stands before it.
    pub fd: Option<RedirectFd>,
    /// The operator.
    pub op: RedirectOp,
    /// Where it leads; the delimiter of a here-document.
    pub target: Word,
    /// The body of a here-document, once it has been read.
    pub body: Option<Rc<OnceCell<HereDoc>>>,
}

/// The left side of a redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectFd {
    /// `2>`
    Number(i32),
    /// `{name}>`
    Variable(String),
}

/// Redirection operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named by their signs in `RedirectOp::sign`")]
pub enum RedirectOp {
    In,
    Out,
    Clobber,
    Append,
    InOut,
    DupIn,
    DupOut,
    Both,
    BothAppend,
    HereDoc,
    HereDocTabs,
    HereString,
}

impl RedirectOp {
    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            RedirectOp::In => "<",
            RedirectOp::Out => ">",
            RedirectOp::Clobber => ">|",
            RedirectOp::Append => ">>",
            RedirectOp::InOut => "<>",
            RedirectOp::DupIn => "<&",
            RedirectOp::DupOut => ">&",
            RedirectOp::Both => "&>",
            RedirectOp::BothAppend => "&>>",
            RedirectOp::HereDoc => "<<",
            RedirectOp::HereDocTabs => "<<-",
            RedirectOp::HereString => "<<<",
        }
    }
}

/// The body of a here-document.
#[derive(Clone, Debug, PartialEq)]
pub struct HereDoc {
    /// As it was written, tabs removed for `<<-`.
    pub text: String,
    /// Its delimiter, quotes removed.
    pub delimiter: String,
    /// What is to be expanded in it.
    pub parts: Vec<Part>,
}

/// A word: as it was written, and what it is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word {
    /// As it was written.
    pub text: String,
    /// What it is made of.
    pub parts: Vec<Part>,
}

impl Word {
    /// A word without anything special in it.
    pub fn literal(text: &str) -> Word {
        Word { text: text.to_string(), parts: vec![Part::Literal(text.to_string())] }
    }

    /// The text, if the word is nothing but unquoted characters.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// True when some part of it is quoted.
    pub fn is_quoted(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Quoted(_) | Part::Double(_)))
    }
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Characters outside of quotes.
    Literal(String),
    /// Characters that stand for themselves: `'..'`, `$'..'`, after a backslash.
    Quoted(String),
    /// `"..."`.
    Double(Vec<Part>),
    /// `$name`, `${name...}`.
    Param(Box<Param>),
    /// `$(...)`.
    Command(Rc<List>),
    /// `` `...` ``, one level of backslashes removed.
    Backquote(Rc<str>),
    /// `$((...))`.
    Arith(Vec<Part>),
    /// `<(...)`, or `>(...)` when true.
    Process(bool, Rc<List>),
}

/// A parameter expansion.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The parameter: a name, a number or a special character.
    pub name: String,
    /// `[...]` after the name.
    pub index: Option<Index>,
    /// `${!name}`.
    pub indirect: bool,
    /// What is done with the value.
    pub op: ParamOp,
    /// As it was written.
    pub text: String,
}

/// What stands between brackets.
#[derive(Clone, Debug, PartialEq)]
pub enum Index {
    /// `[@]`
    At,
    /// `[*]`
    Star,
    /// `[expression]`
    Key(Word),
}

/// What a parameter expansion does with the value.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamOp {
    /// The value itself.
    Plain,
    /// `${#name}`
    Length,
    /// `-`: the word when unset (or, when true, empty).
    Default(bool, Word),
    /// `=`
    Assign(bool, Word),
    /// `?`
    Error(bool, Word),
    /// `+`
    Alternative(bool, Word),
    /// `#`, or `##` when true.
    RemovePrefix(bool, Word),
    /// `%`, or `%%` when true.
    RemoveSuffix(bool, Word),
    /// `/pattern/replacement`.
    Replace(ReplaceWhere, Word, Word),
    /// `:offset:length`.
    Slice(Word, Option<Word>),
    /// `^ ^^ , ,, ~ ~~`: which sign, all of them, pattern.
    Case(char, bool, Word),
    /// `@Q` and its like.
    Transform(char),
    /// `${!prefix*}`, or `@` when true.
    Names(bool),
    /// `${!name[@]}`; true for `@`.
    Keys(bool),
    /// Something that bash calls a bad substitution, when it comes to it.
    Bad,
}

/// Which matches `${x/...}` replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplaceWhere {
    /// `/`
    First,
    /// `//`
    All,
    /// `/#`
    Prefix,
    /// `/%`
    Suffix,
}

/// An expression of `[[ ]]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Cond {
    /// `word`.
    Word(Word),
    /// `-f word`.
    Unary(String, Word),
    /// `a == b`.
    Binary(String, Word, Word),
    /// `! x`.
    Not(Box<Cond>),
    /// `a && b`.
    And(Box<Cond>, Box<Cond>),
    /// `a || b`.
    Or(Box<Cond>, Box<Cond>),
    /// `( x )`.
    Group(Box<Cond>),
}
