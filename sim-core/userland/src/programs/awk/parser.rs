//! From words to a tree.

use super::lexer::{Token, tokens};

/// Why a program cannot be run.
pub(super) enum Wrong {
    Syntax(String),
    NotSimulated(String),
}

type Parsed<T> = Result<T, Wrong>;

/// A program.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) begin: Vec<Statement>,
    pub(super) end: Vec<Statement>,
    pub(super) rules: Vec<(Pattern, Option<Vec<Statement>>)>,
    pub(super) functions: Vec<Function>,
    pub(super) has_end: bool,
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<String>,
    pub(super) body: Vec<Statement>,
}

#[derive(Debug)]
pub(super) enum Pattern {
    Always,
    When(Expression),
    Range(Expression, Expression),
}

#[derive(Debug)]
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

#[derive(Debug)]
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

/// Reads a program.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(text: &str) -> Parsed<Program> {
    let tokens = tokens(text).map_err(Wrong::Syntax)?;
    let mut parser = Parser { tokens, at: 0, no_in: false, no_greater: false, depth: 0, calls: Vec::new() };
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

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    no_in: bool,
    no_greater: bool,
    depth: usize,
    /// Functions that are called.
    calls: Vec<String>,
}

const BINARY: &[(&[&str], u8)] =
    &[(&["||"], 1), (&["&&"], 2), (&["in"], 3), (&["~", "!~"], 4), (&["<", "<=", "==", "!=", ">", ">="], 5)];

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    fn is(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if *found == word)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.take(word) { Ok(()) } else { Err(self.wrong()) }
    }

    fn last_line(&self) -> usize {
        self.tokens.last().map_or(1, |last| last.1)
    }

    fn wrong(&self) -> Wrong {
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
    fn close(&mut self) -> Parsed<()> {
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

    fn newlines(&mut self) {
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
        Ok(Function { name, parameters, body: self.block()? })
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

    fn list(&mut self, close: &str) -> Parsed<Vec<Expression>> {
        let outer = (std::mem::take(&mut self.no_in), std::mem::take(&mut self.no_greater));
        let mut all = Vec::new();
        self.newlines();
        while !self.take(close) {
            all.push(self.expression()?);
            self.newlines();
            if !self.is(close) && !self.is(",") && close == ")" {
                self.close()?;
            }
            if !self.is(close) {
                self.expect(",")?;
                self.newlines();
            }
        }
        (self.no_in, self.no_greater) = outer;
        Ok(all)
    }

    fn expression(&mut self) -> Parsed<Expression> {
        self.depth += 1;
        if self.depth > 100 {
            return Err(Wrong::NotSimulated("a program nested this deep".into()));
        }
        let left = self.choice()?;
        let operator = match self.peek() {
            Token::Word(word @ ("=" | "+=" | "-=" | "*=" | "/=" | "%=" | "^=")) => Some(*word),
            _ => None,
        };
        let result = match operator {
            Some(operator)
                if matches!(
                    left,
                    Expression::Variable(_) | Expression::Element(..) | Expression::Field(_)
                ) =>
            {
                self.at += 1;
                self.newlines();
                let right = self.expression()?;
                Expression::Assign(operator, Box::new(left), Box::new(right))
            }
            _ => left,
        };
        self.depth -= 1;
        Ok(result)
    }

    fn choice(&mut self) -> Parsed<Expression> {
        let condition = self.binary(1)?;
        if !self.take("?") {
            return Ok(condition);
        }
        self.newlines();
        let then = self.expression()?;
        self.newlines();
        self.expect(":")?;
        self.newlines();
        let otherwise = self.expression()?;
        Ok(Expression::Choice(Box::new(condition), Box::new(then), Box::new(otherwise)))
    }

    fn binary(&mut self, level: u8) -> Parsed<Expression> {
        if level > 5 {
            return self.concatenation();
        }
        let mut left = self.binary(level + 1)?;
        loop {
            let Token::Word(word) = *self.peek() else { return Ok(left) };
            let fits = BINARY.iter().any(|(words, at)| *at == level && words.contains(&word));
            if !fits || (word == ">" && self.no_greater) || (word == "in" && self.no_in) {
                return Ok(left);
            }
            self.at += 1;
            if word == "in" {
                let Token::Name(array) = self.peek().clone() else { return Err(self.wrong()) };
                self.at += 1;
                left = Expression::In(
                    match left {
                        Expression::In(list, marker) if marker.is_empty() => list,
                        one => vec![one],
                    },
                    array,
                );
                continue;
            }
            self.newlines();
            let right = Box::new(self.binary(level + 1)?);
            left = match word {
                "~" | "!~" => Expression::Match(word == "~", Box::new(left), right),
                word => Expression::Binary(word, Box::new(left), right),
            };
            if level == 5 {
                return Ok(left);
            }
        }
    }

    fn concatenation(&mut self) -> Parsed<Expression> {
        let mut left = self.sum()?;
        while match self.peek() {
            Token::Number(_)
            | Token::String(_)
            | Token::Regex(_)
            | Token::Name(_)
            | Token::Function(_)
            | Token::Builtin(_) => true,
            Token::Word(word) => matches!(*word, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
            _ => false,
        } {
            let right = self.sum()?;
            left = Expression::Concatenate(Box::new(left), Box::new(right));
        }
        if self.is("|") && matches!(self.tokens.get(self.at + 1), Some((Token::Word("getline"), _))) {
            return Err(Wrong::NotSimulated("getline".into()));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed<Expression> {
        let mut left = self.product()?;
        while let Token::Word(word @ ("+" | "-")) = *self.peek() {
            self.at += 1;
            let right = self.product()?;
            left = Expression::Binary(word, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed<Expression> {
        let mut left = self.unary()?;
        while let Token::Word(word @ ("*" | "/" | "%")) = *self.peek() {
            self.at += 1;
            let right = self.unary()?;
            left = Expression::Binary(word, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expression> {
        if let Token::Word(word @ ("!" | "-" | "+")) = *self.peek() {
            self.at += 1;
            self.depth += 1;
            if self.depth > 100 {
                return Err(Wrong::NotSimulated("a program nested this deep".into()));
            }
            let of = self.unary()?;
            self.depth -= 1;
            return Ok(Expression::Unary(word, Box::new(of)));
        }
        let base = self.postfix()?;
        if self.take("^") {
            let power = self.unary()?;
            return Ok(Expression::Binary("^", Box::new(base), Box::new(power)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Parsed<Expression> {
        if let Token::Word(word @ ("++" | "--")) = *self.peek() {
            self.at += 1;
            let of = self.postfix()?;
            return Ok(Expression::Step(if word == "++" { 1.0 } else { -1.0 }, false, Box::new(of)));
        }
        let of = self.primary()?;
        let place = matches!(of, Expression::Variable(_) | Expression::Element(..) | Expression::Field(_));
        if let (true, Token::Word(word @ ("++" | "--"))) = (place, self.peek().clone()) {
            self.at += 1;
            return Ok(Expression::Step(if word == "++" { 1.0 } else { -1.0 }, true, Box::new(of)));
        }
        Ok(of)
    }

    fn primary(&mut self) -> Parsed<Expression> {
        let token = self.peek().clone();
        self.at += 1;
        Ok(match token {
            Token::Number(number) => Expression::Number(number),
            Token::String(text) => Expression::String(text),
            Token::Regex(text) => Expression::Regex(text),
            Token::Name(name) if self.take("[") => Expression::Element(name, self.list("]")?),
            Token::Name(name) => Expression::Variable(name),
            Token::Function(name) => {
                self.expect("(")?;
                self.calls.push(name.clone());
                Expression::Call(name, self.list(")")?)
            }
            Token::Builtin(name) => {
                let arguments = if self.take("(") {
                    self.list(")")?
                } else if name == "length" {
                    Vec::new()
                } else {
                    return Err(self.wrong());
                };
                if matches!(name, "system" | "close") {
                    return Err(Wrong::NotSimulated(format!("the function {name}")));
                }
                Expression::Builtin(name, arguments)
            }
            Token::Word("$") => {
                // `$NF-1` is `($NF) - 1`; `$i++` steps the field.
                let of = if let Token::Word(word @ ("++" | "--")) = *self.peek() {
                    self.at += 1;
                    let of = self.primary()?;
                    Expression::Step(if word == "++" { 1.0 } else { -1.0 }, false, Box::new(of))
                } else if self.take("-") {
                    Expression::Unary("-", Box::new(self.primary()?))
                } else {
                    self.primary()?
                };
                Expression::Field(Box::new(of))
            }
            Token::Word("(") => {
                let mut all = self.list(")")?;
                match all.len() {
                    0 => {
                        self.at -= 1;
                        return Err(self.wrong());
                    }
                    1 => Expression::Group(Box::new(all.remove(0))),
                    // A list: for `in` or for print.
                    _ => Expression::In(all, String::new()),
                }
            }
            Token::Word("-") => Expression::Unary("-", Box::new(self.primary()?)),
            Token::Word("getline") => return Err(Wrong::NotSimulated("getline".into())),
            _ => {
                self.at -= 1;
                return Err(self.wrong());
            }
        })
    }
}
