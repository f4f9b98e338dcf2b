//! From words to a tree. Models src/parser.y: its precedences and what it says about mistakes.

use super::ast::{Assign, Ast, Definition, Operator, Pattern, Place};
use super::json::Json;
use super::lexer::{TextPart, Token, tokens};

/// Expressions within expressions beyond which nobody goes.
const DEPTH: usize = 60;

/// A mistake and where it is.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) text: String,
    pub(super) place: Option<Place>,
}

pub(super) type Parsed<T> = Result<T, Mistakes>;
pub(super) type Mistakes = Vec<Mistake>;

/// Reads a program.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn parse(text: &str) -> Parsed<Ast> {
    let tokens = tokens(text);
    let mut parser = Parser { tokens: &tokens, at: 0, text, depth: 0 };
    if parser.is("import") || parser.is("include") || parser.is("module") {
        return Err(vec![Mistake { text: "modules".into(), place: None }]);
    }
    let definitions = parser.definitions()?;
    if *parser.peek() == Token::End {
        let text = "Top-level program not given (try \".\")".to_string();
        let nothing = definitions.is_empty() && text_is_blank(parser.text);
        if nothing || !definitions.is_empty() {
            return Err(vec![Mistake { text, place: None }]);
        }
    }
    let body = parser.at_start()?;
    if *parser.peek() != Token::End {
        return Err(parser.unexpected(&["end of file"]));
    }
    Ok(wrap(definitions, body))
}

/// Reads a file of nothing but definitions.
///
/// # Errors
/// As [`parse`].
pub(super) fn parse_definitions(text: &str) -> Parsed<Vec<Definition>> {
    let tokens = tokens(text);
    let mut parser = Parser { tokens: &tokens, at: 0, text, depth: 0 };
    parser.definitions()
}

fn text_is_blank(text: &str) -> bool {
    text.lines().all(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#'))
}

fn wrap(definitions: Vec<Definition>, body: Ast) -> Ast {
    definitions
        .into_iter()
        .rev()
        .fold(body, |body, definition| Ast::Define(Box::new(definition), Box::new(body)))
}

/// A program on its way into a tree.
pub(super) struct Parser<'a> {
    pub(super) tokens: &'a [(Token, Place)],
    pub(super) at: usize,
    pub(super) text: &'a str,
    pub(super) depth: usize,
}

/// Strength of an operator, and to which side it groups.
fn strength(token: &Token) -> Option<(u8, Side)> {
    let Token::Word(word) = token else { return None };
    Some(match *word {
        "|" => (1, Side::Right),
        "," => (2, Side::Left),
        "//" => (3, Side::Right),
        "=" | "|=" | "+=" | "-=" | "*=" | "/=" | "%=" | "//=" => (4, Side::None),
        "or" => (5, Side::Left),
        "and" => (6, Side::Left),
        "==" | "!=" | "<" | "<=" | ">" | ">=" => (7, Side::None),
        "+" | "-" => (8, Side::Left),
        "*" | "/" | "%" => (9, Side::Left),
        _ => return None,
    })
}

#[derive(PartialEq)]
enum Side {
    Left,
    Right,
    None,
}

fn operator(word: &str) -> Option<Operator> {
    Some(match word {
        "+" => Operator::Add,
        "-" => Operator::Subtract,
        "*" => Operator::Multiply,
        "/" => Operator::Divide,
        "%" => Operator::Modulo,
        "==" => Operator::Equal,
        "!=" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterEqual,
        _ => return None,
    })
}

impl<'a> Parser<'a> {
    pub(super) fn peek(&self) -> &'a Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    pub(super) fn place(&self) -> Place {
        self.tokens[self.at.min(self.tokens.len() - 1)].1
    }

    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if *found == word)
    }

    pub(super) fn next_is(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at + 1), Some((Token::Word(found), _)) if *found == word)
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = self.is(word);
        if found {
            self.at += 1;
        }
        found
    }

    pub(super) fn expect(&mut self, word: &str, expected: &[&str]) -> Parsed<()> {
        if self.take(word) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    pub(super) fn unexpected(&self, expected: &[&str]) -> Mistakes {
        self.complaint(&self.peek().name(), expected, self.place())
    }

    /// A string that does not end.
    pub(super) fn open_text(&self, parts: &[TextPart]) -> Mistakes {
        for part in parts {
            if let TextPart::Program(tokens) = part
                && let Err(wrong) = self.embedded(tokens)
            {
                return wrong;
            }
        }
        let expected = ["QQSTRING_TEXT", "QQSTRING_INTERP_START", "QQSTRING_END"];
        let end = self.tokens.last().map_or(0, |last| last.1);
        self.complaint(&Token::End.name(), &expected, end)
    }

    fn complaint(&self, found: &str, expected: &[&str], place: Place) -> Mistakes {
        let mut text = format!("syntax error, unexpected {found}");
        for (at, name) in expected.iter().enumerate() {
            text.push_str(if at == 0 { ", expecting " } else { " or " });
            text.push_str(name);
        }
        text.push_str(" (Unix shell quoting issues?)");
        vec![Mistake { text, place: Some(place) }]
    }

    pub(super) fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(vec![Mistake { text: "nesting".into(), place: None }]);
        }
        Ok(())
    }

    fn definitions(&mut self) -> Parsed<Vec<Definition>> {
        let mut all = Vec::new();
        while self.is("def") {
            all.push(self.definition()?);
        }
        Ok(all)
    }

    fn definition(&mut self) -> Parsed<Definition> {
        self.at += 1;
        let name = match self.peek() {
            Token::Ident(name) => name.clone(),
            Token::Word(word) if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                word.to_string()
            }
            _ => return Err(self.unexpected(&["IDENT"])),
        };
        self.at += 1;
        let mut parameters = Vec::new();
        if self.take("(") {
            loop {
                match self.peek() {
                    Token::Ident(name) => parameters.push(name.clone()),
                    Token::Binding(name) => parameters.push(format!("${name}")),
                    _ => return Err(self.unexpected(&["IDENT", "BINDING"])),
                }
                self.at += 1;
                if self.take(")") {
                    break;
                }
                self.expect(";", &["';'", "')'"])?;
            }
            self.expect(":", &["':'"])?;
        } else {
            self.expect(":", &["'('", "':'"])?;
        }
        let body = self.expression()?;
        self.expect(";", &[])?;
        Ok(Definition { name, parameters, body })
    }

    /// The program proper: what cannot begin an expression is said to be in the place of the end.
    fn at_start(&mut self) -> Parsed<Ast> {
        let begins = match self.peek() {
            Token::Word(word) => {
                matches!(
                    *word,
                    "." | ".."
                        | "("
                        | "["
                        | "{"
                        | "-"
                        | "if"
                        | "try"
                        | "reduce"
                        | "foreach"
                        | "label"
                        | "def"
                        | "break"
                        | "__loc__"
                        | "$"
                )
            }
            Token::Invalid => false,
            _ => true,
        };
        if begins { self.expression() } else { Err(self.unexpected(&["end of file"])) }
    }

    pub(super) fn expression(&mut self) -> Parsed<Ast> {
        self.binary(0)
    }

    fn binary(&mut self, least: u8) -> Parsed<Ast> {
        self.deeper()?;
        let mut left = self.unary()?;
        let mut closed = None;
        while let Some((level, side)) = strength(self.peek()) {
            if level < least || closed == Some(level) {
                break;
            }
            let Token::Word(word) = self.peek() else { break };
            self.at += 1;
            let next = if side == Side::Right { level } else { level + 1 };
            let right = self.binary(next)?;
            if side == Side::None {
                closed = Some(level);
            }
            left = join(word, left, right);
        }
        if let Some((level, _)) = strength(self.peek())
            && closed == Some(level)
        {
            return Err(self.unexpected(&[]));
        }
        self.depth -= 1;
        Ok(left)
    }

    pub(super) fn unary(&mut self) -> Parsed<Ast> {
        if self.take("-") {
            let of = self.binary(9)?;
            return Ok(Ast::Negate(Box::new(of)));
        }
        if self.is("def") {
            let definition = self.definition()?;
            let body = self.expression()?;
            return Ok(wrap(vec![definition], body));
        }
        if self.take("label") {
            let name = self.binding(&[])?;
            self.expect("|", &["'|'"])?;
            let body = self.expression()?;
            return Ok(Ast::Label(name, Box::new(body)));
        }
        if self.take("try") {
            let body = self.tried()?;
            let handler = if self.take("catch") { Some(Box::new(self.tried()?)) } else { None };
            return Ok(self.questions(Ast::Try(Box::new(body), handler)));
        }
        let term = self.term()?;
        if self.take("as") {
            let patterns = self.patterns()?;
            self.expect("|", &["'|'"])?;
            let body = self.expression()?;
            return Ok(Ast::As(Box::new(term), patterns, Box::new(body)));
        }
        Ok(term)
    }

    fn tried(&mut self) -> Parsed<Ast> {
        self.deeper()?;
        let tried = if self.is("-") || self.is("try") || self.is("def") || self.is("label") {
            self.unary()
        } else {
            self.term()
        };
        self.depth -= 1;
        tried
    }

    fn questions(&mut self, mut of: Ast) -> Ast {
        while self.take("?") {
            of = Ast::Try(Box::new(of), None);
        }
        of
    }

    pub(super) fn binding(&mut self, expected: &[&str]) -> Parsed<String> {
        let Token::Binding(name) = self.peek() else { return Err(self.unexpected(expected)) };
        self.at += 1;
        Ok(name.clone())
    }

    pub(super) fn patterns(&mut self) -> Parsed<Vec<Pattern>> {
        let mut all = vec![self.pattern()?];
        while self.take("?//") {
            all.push(self.pattern()?);
        }
        Ok(all)
    }

    fn pattern(&mut self) -> Parsed<Pattern> {
        self.deeper()?;
        let pattern = if self.take("[") {
            let mut all = vec![self.pattern()?];
            while self.take(",") {
                all.push(self.pattern()?);
            }
            self.expect("]", &["','", "']'"])?;
            Pattern::Array(all)
        } else if self.take("{") {
            let mut fields = vec![self.field_pattern()?];
            while self.take(",") {
                fields.push(self.field_pattern()?);
            }
            self.expect("}", &["','", "'}'"])?;
            Pattern::Object(fields)
        } else {
            Pattern::Variable(self.binding(&["BINDING", "'['", "'{'"])?)
        };
        self.depth -= 1;
        Ok(pattern)
    }

    fn field_pattern(&mut self) -> Parsed<(Ast, Option<String>, Option<Pattern>)> {
        if let Token::Binding(name) = self.peek() {
            self.at += 1;
            let pattern = if self.take(":") { Some(self.pattern()?) } else { None };
            return Ok((Ast::Literal(Json::string(name)), Some(name.clone()), pattern));
        }
        let key = match self.peek() {
            Token::Ident(name) => {
                self.at += 1;
                Ast::Literal(Json::string(name))
            }
            Token::Word("(") => {
                self.at += 1;
                let key = self.expression()?;
                self.expect(")", &[])?;
                key
            }
            Token::Word(word) if word.starts_with(char::is_alphabetic) => {
                self.at += 1;
                Ast::Literal(Json::string(word))
            }
            Token::Text(_) => self.string(None)?,
            _ => return Err(self.unexpected(&[])),
        };
        self.expect(":", &["':'"])?;
        Ok((key, None, Some(self.pattern()?)))
    }

    pub(super) fn boxed(&mut self) -> Parsed<Box<Ast>> {
        Ok(Box::new(self.expression()?))
    }
}

fn join(word: &'static str, left: Ast, right: Ast) -> Ast {
    let (left, right) = (Box::new(left), Box::new(right));
    match word {
        "|" => Ast::Pipe(left, right),
        "," => Ast::Comma(left, right),
        "//" => Ast::Alternative(left, right),
        "or" => Ast::Or(left, right),
        "and" => Ast::And(left, right),
        "=" => Ast::Assign(Assign::Set, left, right),
        "|=" => Ast::Assign(Assign::Update, left, right),
        "//=" => Ast::Assign(Assign::Alternative, left, right),
        word => match operator(word) {
            Some(operator) => Ast::Operator(operator, left, right),
            None => {
                let operator = operator(word.trim_end_matches('=')).unwrap_or(Operator::Add);
                Ast::Assign(Assign::Operator(operator), left, right)
            }
        },
    }
}
