//! Assignments and redirections.

use super::{Parser, Pending, Result, is_meta, is_name};
use crate::shell::ast::{Assign, Redirect, RedirectFd, RedirectOp, Value, Word};
use std::cell::OnceCell;
use std::rc::Rc;

impl Parser {
    /// `name=value`, `name+=value`, `name[i]=value`, `name=(...)`, if one stands here.
    pub(super) fn assign(&mut self) -> Result<Option<Assign>> {
        let start = self.pos;
        let line = self.line;
        let mut at = self.pos;
        while self.src.get(at).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
            at += 1;
        }
        let name: String = self.src[start..at].iter().collect();
        if !is_name(&name) {
            return Ok(None);
        }
        let mut index = None;
        self.pos = at;
        if self.peek() == Some('[') {
            let mut end = at + 1;
            let mut depth = 1;
            while depth > 0 {
                match self.src.get(end) {
                    Some('[') => depth += 1,
                    Some(']') => depth -= 1,
                    Some('\n') | None => {
                        self.pos = start;
                        return Ok(None);
                    }
                    _ => {}
                }
                end += 1;
            }
            let assigns = self.src.get(end) == Some(&'=')
                || self.src.get(end) == Some(&'+') && self.src.get(end + 1) == Some(&'=');
            if !assigns {
                self.pos = start;
                return Ok(None);
            }
            self.pos += 1;
            index = Some(self.word_until(&[']'], false)?);
            self.pos += 1;
        }
        let append = self.looking_at("+=");
        if !append && self.peek() != Some('=') {
            (self.pos, self.line) = (start, line);
            return Ok(None);
        }
        self.pos += 1 + usize::from(append);
        let value = if self.peek() == Some('(') && index.is_none() {
            self.pos += 1;
            Value::Array(self.array_elements()?)
        } else if self.peek().is_none_or(|c| is_meta(c) && !self.looking_at("<(") && !self.looking_at(">(")) {
            Value::Scalar(Word::default())
        } else {
            Value::Scalar(self.assign_word()?)
        };
        Ok(Some(Assign { name, index, append, value, text: self.text_from(start) }))
    }

    fn array_elements(&mut self) -> Result<Vec<(Option<Word>, bool, Word)>> {
        let mut elements = Vec::new();
        loop {
            self.newlines()?;
            match self.peek() {
                Some(')') => {
                    self.pos += 1;
                    return Ok(elements);
                }
                Some('[') => {
                    let (start, line) = (self.pos, self.line);
                    self.pos += 1;
                    let key = self.word_until(&[']'], false)?;
                    self.pos += 1;
                    let append = self.looking_at("+=");
                    if append || self.peek() == Some('=') {
                        self.pos += 1 + usize::from(append);
                        let value = if self.peek().is_none_or(is_meta) {
                            Word::default()
                        } else {
                            self.assign_word()?
                        };
                        elements.push((Some(key), append, value));
                        continue;
                    }
                    (self.pos, self.line) = (start, line);
                    elements.push((None, false, self.word()?));
                }
                Some(c) if is_meta(c) && !self.looking_at("<(") => return Err(self.unexpected()),
                None => return Err(self.unmatched(self.line, ')')),
                _ => elements.push((None, false, self.word()?)),
            }
        }
    }

    /// A redirection, if one stands here.
    pub(super) fn redirect(&mut self) -> Result<Option<Redirect>> {
        let start = self.pos;
        let mut fd = None;
        if self.peek().is_some_and(|c| c.is_ascii_digit()) {
            let mut number = String::new();
            while let Some(c) = self.peek().filter(char::is_ascii_digit) {
                number.push(c);
                self.pos += 1;
            }
            fd = number.parse().ok().map(RedirectFd::Number);
        } else if self.peek() == Some('{') {
            let end = self.src[self.pos..].iter().position(|c| *c == '}').map(|i| self.pos + i);
            if let Some(end) = end {
                let name: String = self.src[self.pos + 1..end].iter().collect();
                if is_name(&name) {
                    fd = Some(RedirectFd::Variable(name));
                    self.pos = end + 1;
                }
            }
        }
        const SIGNS: &[(&str, RedirectOp)] = &[
            ("&>>", RedirectOp::BothAppend),
            ("<<<", RedirectOp::HereString),
            ("<<-", RedirectOp::HereDocTabs),
            ("&>", RedirectOp::Both),
            ("<<", RedirectOp::HereDoc),
            (">>", RedirectOp::Append),
            ("<&", RedirectOp::DupIn),
            (">&", RedirectOp::DupOut),
            ("<>", RedirectOp::InOut),
            (">|", RedirectOp::Clobber),
            ("<", RedirectOp::In),
            (">", RedirectOp::Out),
        ];
        let found = SIGNS.iter().find(|(sign, _)| self.looking_at(sign));
        let process = self.looking_at("<(") || self.looking_at(">(");
        let Some((sign, op)) = found.filter(|(sign, _)| !process && (fd.is_none() || !sign.starts_with('&')))
        else {
            self.pos = start;
            return Ok(None);
        };
        self.pos += sign.len();
        let mut op = *op;
        self.blanks();
        if self.peek().is_none() {
            return Err(self.syntax(vec!["syntax error near unexpected token `newline'".into()]));
        }
        if self.peek().is_some_and(is_meta) && !self.looking_at("<(") && !self.looking_at(">(") {
            return Err(self.unexpected());
        }
        let target = self.word()?;
        if op == RedirectOp::DupOut
            && fd.is_none()
            && target
                .as_literal()
                .is_none_or(|t| t != "-" && !t.trim_end_matches('-').chars().all(|c| c.is_ascii_digit()))
            && !target.text.starts_with('$')
        {
            op = RedirectOp::Both;
        }
        let mut body = None;
        if matches!(op, RedirectOp::HereDoc | RedirectOp::HereDocTabs) {
            let cell = Rc::new(OnceCell::new());
            self.pending.push(Pending {
                cell: cell.clone(),
                delimiter: target.plain_text(),
                quoted: target.is_quoted(),
                strip_tabs: op == RedirectOp::HereDocTabs,
                line: self.line,
            });
            body = Some(cell);
        }
        Ok(Some(Redirect { fd, op, target, body }))
    }
}
