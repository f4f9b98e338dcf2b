//! Expressions between `[[` and `]]`.

use super::{Parser, Result};
use crate::shell::ast::{Cond, Word};

/// Tests of two operands.
const BINARY: &[&str] =
    &["==", "=", "!=", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];

impl Parser {
    /// All up to `]]`.
    pub(super) fn cond_rest(&mut self) -> Result<Cond> {
        let cond = self.cond_or()?;
        self.newlines()?;
        if self.keyword().as_deref() != Some("]]") {
            return Err(self.cond_error(None));
        }
        self.pos += 2;
        Ok(cond)
    }

    fn cond_or(&mut self) -> Result<Cond> {
        let mut left = self.cond_and()?;
        loop {
            self.newlines()?;
            if !self.looking_at("||") {
                return Ok(left);
            }
            self.pos += 2;
            left = Cond::Or(Box::new(left), Box::new(self.cond_and()?));
        }
    }

    fn cond_and(&mut self) -> Result<Cond> {
        let mut left = self.cond_term()?;
        loop {
            self.newlines()?;
            if !self.looking_at("&&") {
                return Ok(left);
            }
            self.pos += 2;
            left = Cond::And(Box::new(left), Box::new(self.cond_term()?));
        }
    }

    fn cond_term(&mut self) -> Result<Cond> {
        self.newlines()?;
        self.depth += 1;
        if self.depth > super::MAX_DEPTH {
            return Err(self.syntax(vec!["memory exhausted".into()]));
        }
        let term = self.cond_term_inner();
        self.depth -= 1;
        term
    }

    fn cond_term_inner(&mut self) -> Result<Cond> {
        if self.peek() == Some('(') {
            self.pos += 1;
            let inner = self.cond_or()?;
            self.newlines()?;
            if self.peek() != Some(')') {
                return Err(self.cond_error(Some("expected `)'")));
            }
            self.pos += 1;
            return Ok(Cond::Group(Box::new(inner)));
        }
        let keyword = self.keyword();
        if keyword.as_deref() == Some("!") {
            self.pos += 1;
            return Ok(Cond::Not(Box::new(self.cond_term()?)));
        }
        if keyword.as_deref() == Some("]]") {
            return Err(self.cond_error(None));
        }
        if let Some(test) = keyword.filter(|word| {
            word.len() == 2 && word.starts_with('-') && "abcdefghknoprstuvwxzGLNORS".contains(&word[1..])
        }) {
            let (start, line) = (self.pos, self.line);
            self.pos += 2;
            self.blanks();
            let binary_next = self.binary_operator().is_some();
            if self.peek().is_some_and(|c| !matches!(c, ')' | '&' | '|' | '\n'))
                && self.keyword().as_deref() != Some("]]")
                && !binary_next
            {
                return Ok(Cond::Unary(test, self.cond_word()?));
            }
            (self.pos, self.line) = (start, line);
            if !binary_next {
                self.pos += 2;
                self.blanks();
                return Err(self.cond_error(Some("unexpected argument `]]' to conditional unary operator")));
            }
        }
        let left = self.cond_word()?;
        self.blanks();
        let Some(operator) = self.binary_operator() else {
            let at_end = self.keyword().as_deref() == Some("]]")
                || matches!(self.peek(), Some('\n' | ')') | None)
                || self.looking_at("&&")
                || self.looking_at("||");
            if at_end {
                return Ok(Cond::Word(left));
            }
            return Err(self.cond_error(Some("conditional binary operator expected")));
        };
        self.pos += operator.len();
        self.blanks();
        if self.keyword().as_deref() == Some("]]") || self.peek() == Some('\n') {
            let argument = if self.peek() == Some('\n') { "newline" } else { "]]" };
            return Err(self.cond_error(Some(&format!(
                "unexpected argument `{argument}' to conditional binary operator"
            ))));
        }
        let right = match operator.as_str() {
            "=~" => self.regex_word()?,
            "==" | "=" | "!=" => {
                let before = std::mem::replace(&mut self.dialect.extglob, true);
                let word = self.cond_word();
                self.dialect.extglob = before;
                word?
            }
            _ => self.cond_word()?,
        };
        Ok(Cond::Binary(operator, left, right))
    }

    fn cond_word(&mut self) -> Result<Word> {
        let word = self.word()?;
        if word.text.is_empty() {
            return Err(self.cond_error(None));
        }
        Ok(word)
    }

    fn binary_operator(&self) -> Option<String> {
        if let Some(c @ ('<' | '>')) = self.peek() {
            return Some(c.to_string());
        }
        let word = self.keyword()?;
        BINARY.contains(&word.as_str()).then_some(word)
    }

    fn cond_error(&mut self, message: Option<&str>) -> super::ParseError {
        self.blanks();
        if self.peek().is_none() {
            return self.incomplete("unexpected EOF while looking for `]]'".into(), 0);
        }
        let (start, line) = (self.pos, self.line);
        let near = match self.word() {
            Ok(word) if !word.text.is_empty() => word.text,
            Ok(_) => self
                .peek()
                .map_or(String::new(), |c| if c == '\n' { "newline".into() } else { c.to_string() }),
            Err(error) => return error,
        };
        (self.pos, self.line) = (start, line);
        let mut messages: Vec<String> = message.map(str::to_string).into_iter().collect();
        messages.push(if message.is_some() {
            format!("syntax error near `{near}'")
        } else {
            format!("syntax error near unexpected token `{near}'")
        });
        self.syntax(messages)
    }
}
