//! From words to a tree: patterns, functions and statements. Expressions are in [`super::expressions`].

use super::lexer::{Token, tokens};
use super::tree::{Expression, Function, Pattern, Program, Statement};

/// Why a program cannot be run.
pub(super) enum Wrong {
    Syntax(String),
    NotSimulated(String),
}

pub(super) type Parsed<T> = Result<T, Wrong>;

/// Reads a program.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(text: &str) -> Parsed<Program> {
    let tokens = tokens(text).map_err(Wrong::Syntax)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        no_in: false,
        no_greater: false,
        depth: 0,
        calls: Vec::new(),
        arrays: Vec::new(),
    };
    let mut program = Program::default();
    parser.program(&mut program)?;
    let defined = |name: &String| program.functions.iter().any(|function| function.name == *name);
    match parser.calls.iter().find(|name| !defined(name)) {
        Some(name) => {
            let line = parser.last_line() + 1;
            Err(Wrong::Syntax(format!("line {line}: function {name} never defined")))
        }
        None => Ok(program),
    }
}

pub(super) struct Parser {
    pub(super) tokens: Vec<(Token, usize)>,
    pub(super) at: usize,
    pub(super) no_in: bool,
    pub(super) no_greater: bool,
    pub(super) depth: usize,
    /// Functions that are called.
    pub(super) calls: Vec<String>,
    /// What is used as an array, since the function began.
    pub(super) arrays: Vec<String>,
}

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if *found == word)
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.take(word) { Ok(()) } else { Err(self.wrong()) }
    }

    fn last_line(&self) -> usize {
        self.tokens.last().map_or(1, |last| last.1)
    }

    pub(super) fn wrong(&self) -> Wrong {
        let line = self.tokens[self.at.min(self.tokens.len() - 1)].1;
        Wrong::Syntax(format!("line {line}: syntax error {}", self.near()))
    }

    fn near(&self) -> String {
        match self.peek() {
            Token::Number(number) => format!("at or near {number}"),
            Token::String(text) => format!("at or near \"{text}\""),
            Token::Regex(text) => format!("at or near /{text}/"),
            Token::Name(name) | Token::Function(name) => format!("at or near {name}"),
            Token::Builtin(word) | Token::Word(word) => format!("at or near {word}"),
            Token::Newline if self.at + 2 < self.tokens.len() => "at or near end of line".into(),
            Token::Newline | Token::End => "at or near end of file".into(),
        }
    }

    /// A parenthesis that nobody closes.
    pub(super) fn close(&mut self) -> Parsed<()> {
        if self.take(")") {
            return Ok(());
        }
        let line = self.tokens[self.at.min(self.tokens.len() - 1)].1;
        let near = self.near();
        let near = near.strip_prefix("at or ").unwrap_or(&near);
        if self.is("}") || matches!(self.peek(), Token::Newline | Token::End) {
            return Err(Wrong::Syntax(format!("line {line}: missing ) {near}")));
        }
        Err(self.wrong())
    }

    pub(super) fn newlines(&mut self) {
        while *self.peek() == Token::Newline {
            self.at += 1;
        }
    }

    fn ends(&mut self) {
        while *self.peek() == Token::Newline || self.is(";") {
            self.at += 1;
        }
    }

    fn program(&mut self, program: &mut Program) -> Parsed<()> {
        loop {
            self.ends();
            if *self.peek() == Token::End {
                return Ok(());
            }
            if self.take("BEGIN") {
                self.newlines();
                program.begin.extend(self.block()?);
            } else if self.take("END") {
                self.newlines();
                program.has_end = true;
                program.end.extend(self.block()?);
            } else if self.take("function") || self.take("func") {
                let function = self.function()?;
                program.functions.push(function);
            } else if self.is("}") {
                let line = self.tokens[self.at].1;
                return Err(Wrong::Syntax(format!(
                    "line {line}: extra '}}'\nawk: line {line}: syntax error at or near end of line"
                )));
            } else {
                let pattern = if self.is("{") {
                    Pattern::Always
                } else {
                    let first = self.expression()?;
                    if self.take(",") {
                        self.newlines();
                        Pattern::Range(first, self.expression()?)
                    } else {
                        Pattern::When(first)
                    }
                };
                let action = if self.is("{") { Some(self.block()?) } else { None };
                if action.is_none() && !matches!(self.peek(), Token::Newline | Token::End) && !self.is(";") {
                    return Err(self.wrong());
                }
                program.rules.push((pattern, action));
            }
        }
    }

    fn function(&mut self) -> Parsed<Function> {
        let name = match self.peek() {
            Token::Name(name) | Token::Function(name) => name.clone(),
            _ => return Err(self.wrong()),
        };
        self.at += 1;
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.take(")") {
            let Token::Name(name) = self.peek() else { return Err(self.wrong()) };
            parameters.push(name.clone());
            self.at += 1;
            if !self.is(")") {
                self.expect(",")?;
                self.newlines();
            }
        }
        self.newlines();
        self.arrays.clear();
        let body = self.block()?;
        Ok(Function { name, parameters, body, arrays: std::mem::take(&mut self.arrays) })
    }

    fn block(&mut self) -> Parsed<Vec<Statement>> {
        self.expect("{")?;
        let mut all = Vec::new();
        loop {
            self.ends();
            if self.take("}") {
                return Ok(all);
            }
            if *self.peek() == Token::End {
                let line = self.last_line() + 1;
                return Err(Wrong::Syntax(format!("line {line}: missing }} near end of file")));
            }
            all.push(self.statement()?);
        }
    }

    /// A statement, or a block of them, as the body of another one.
    fn body(&mut self) -> Parsed<Vec<Statement>> {
        self.newlines();
        if self.take(";") {
            return Ok(Vec::new());
        }
        if self.is("{") { self.block() } else { Ok(vec![self.statement()?]) }
    }

    /// The end of a simple statement.
    fn end(&mut self) -> Parsed<()> {
        match self.peek() {
            Token::Newline | Token::End => Ok(()),
            Token::Word(";" | "}") => Ok(()),
            _ => Err(self.wrong()),
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        self.depth += 1;
        if self.depth > 100 {
            return Err(Wrong::NotSimulated("a program nested this deep".into()));
        }
        let statement = self.statement_inner();
        self.depth -= 1;
        statement
    }

    fn statement_inner(&mut self) -> Parsed<Statement> {
        if self.is("{") {
            return Ok(Statement::If(Expression::Number(1.0), self.block()?, Vec::new()));
        }
        if self.take("if") {
            self.expect("(")?;
            let condition = self.expression()?;
            self.expect(")")?;
            let then = self.body()?;
            let before = self.at;
            self.ends();
            if self.take("else") {
                return Ok(Statement::If(condition, then, self.body()?));
            }
            self.at = before;
            return Ok(Statement::If(condition, then, Vec::new()));
        }
        if self.take("while") {
            self.expect("(")?;
            let condition = self.expression()?;
            self.expect(")")?;
            return Ok(Statement::While(condition, self.body()?));
        }
        if self.take("do") {
            let body = self.body()?;
            self.ends();
            self.expect("while")?;
            self.expect("(")?;
            let condition = self.expression()?;
            self.expect(")")?;
            return Ok(Statement::Do(body, condition));
        }
        if self.take("for") {
            return self.for_loop();
        }
        let statement = self.simple()?;
        self.end()?;
        Ok(statement)
    }

    fn for_loop(&mut self) -> Parsed<Statement> {
        self.expect("(")?;
        if let [
            (Token::Name(name), _),
            (Token::Word("in"), _),
            (Token::Name(array), _),
            (Token::Word(")"), _),
        ] = &self.tokens[self.at..(self.at + 4).min(self.tokens.len())]
        {
            let (name, array) = (name.clone(), array.clone());
            self.at += 4;
            self.arrays.push(array.clone());
            return Ok(Statement::ForIn(name, array, self.body()?));
        }
        let start = if self.is(";") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(";")?;
        self.newlines();
        let condition = if self.is(";") { None } else { Some(self.expression()?) };
        self.expect(";")?;
        self.newlines();
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(")")?;
        Ok(Statement::For(start, condition, step, self.body()?))
    }

    fn simple(&mut self) -> Parsed<Statement> {
        let word = match self.peek() {
            Token::Word(word) => *word,
            _ => return Ok(Statement::Expression(self.expression()?)),
        };
        match word {
            "print" | "printf" => {
                self.at += 1;
                self.print(word == "printf")
            }
            "next" | "nextfile" | "break" | "continue" => {
                self.at += 1;
                Ok(match word {
                    "next" => Statement::Next,
                    "nextfile" => Statement::NextFile,
                    "break" => Statement::Break,
                    _ => Statement::Continue,
                })
            }
            "exit" | "return" => {
                self.at += 1;
                let value = if self.end().is_ok() { None } else { Some(self.expression()?) };
                Ok(if word == "exit" { Statement::Exit(value) } else { Statement::Return(value) })
            }
            "delete" => {
                self.at += 1;
                let Token::Name(name) = self.peek().clone() else { return Err(self.wrong()) };
                self.at += 1;
                self.arrays.push(name.clone());
                let index = if self.take("[") { Some(self.list("]")?) } else { None };
                Ok(Statement::Delete(name, index))
            }
            _ => Ok(Statement::Expression(self.expression()?)),
        }
    }

    fn print(&mut self, formatted: bool) -> Parsed<Statement> {
        let mut values = Vec::new();
        let outer = std::mem::replace(&mut self.no_greater, true);
        if self.end().is_err() && !self.is(">") && !self.is(">>") && !self.is("|") {
            loop {
                values.push(self.expression()?);
                if !self.take(",") {
                    break;
                }
                self.newlines();
            }
        }
        // `print (a, b)` is a list in parentheses.
        let mut target = None;
        if self.is(">") || self.is(">>") {
            let append = self.is(">>");
            self.at += 1;
            target = Some((self.concatenation()?, append));
        } else if self.is("|") {
            return Err(Wrong::NotSimulated("a pipe to a program".into()));
        }
        self.no_greater = outer;
        if let [Expression::In(_, marker)] = values.as_slice()
            && marker.is_empty()
            && let Some(Expression::In(list, _)) = values.pop()
        {
            values = list;
        }
        Ok(if formatted { Statement::Printf(values, target) } else { Statement::Print(values, target) })
    }
}
