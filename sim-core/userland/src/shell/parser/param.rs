//! Parameter expansions in braces: `${name...}`.

use super::word::Stop;
use super::{Parser, Result};
use crate::shell::ast::{Index, ParamOp, Part, ReplaceWhere, Word};

impl Parser {
    /// What follows `${`.
    pub(super) fn braced(&mut self, start: usize, double: bool) -> Result<Part> {
        let line = self.line;
        let mut indirect = false;
        if self.peek() == Some('#') && self.peek_at(1) != Some('}') {
            let next = self.peek_at(1);
            let plain = next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
                || next.is_some_and(|c| "@*#?-$!".contains(c)) && self.peek_at(2) == Some('}');
            if plain {
                self.pos += 1;
                let (name, index) = self.param_name()?;
                if self.peek() == Some('}') {
                    self.pos += 1;
                    return Ok(self.param(start, name, index, false, ParamOp::Length));
                }
                return self.bad_substitution(start, line);
            }
        }
        if self.peek() == Some('!')
            && self.peek_at(1).is_some_and(|c| c.is_ascii_alphanumeric() || "_@*#".contains(c))
        {
            self.pos += 1;
            indirect = true;
        }
        let (name, index) = self.param_name()?;
        if name.is_empty() {
            return self.bad_substitution(start, line);
        }
        if indirect {
            if let Some(c @ ('*' | '@')) = self.peek()
                && self.peek_at(1) == Some('}')
            {
                self.pos += 2;
                return Ok(self.param(start, name, None, false, ParamOp::Names(c == '@')));
            }
            if self.peek() == Some('}')
                && let Some(which @ (Index::At | Index::Star)) = &index
            {
                let op = ParamOp::Keys(*which == Index::At);
                self.pos += 1;
                return Ok(self.param(start, name, None, false, op));
            }
        }
        let op = match self.param_op(double)? {
            Some(op) if self.peek() == Some('}') => op,
            _ if self.peek().is_none() => return Err(self.unmatched(line, '}')),
            _ => return self.bad_substitution(start, line),
        };
        self.pos += 1;
        Ok(self.param(start, name, index, indirect, op))
    }

    fn param_name(&mut self) -> Result<(String, Option<Index>)> {
        let name = match self.peek() {
            Some(c) if c.is_ascii_digit() => {
                let start = self.pos;
                while self.peek().is_some_and(|c| c.is_ascii_digit()) {
                    self.pos += 1;
                }
                self.text_from(start)
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.name(),
            Some(c) if "@*#?-$!".contains(c) => {
                self.pos += 1;
                c.to_string()
            }
            _ => String::new(),
        };
        let indexable = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !indexable || self.peek() != Some('[') {
            return Ok((name, None));
        }
        self.pos += 1;
        let index = if self.looking_at("@]") {
            self.pos += 1;
            Index::At
        } else if self.looking_at("*]") {
            self.pos += 1;
            Index::Star
        } else {
            Index::Key(self.word_until(&[']'], false)?)
        };
        self.pos += 1;
        Ok((name, Some(index)))
    }

    /// The operation; the closing brace is left standing.
    fn param_op(&mut self, double: bool) -> Result<Option<ParamOp>> {
        let Some(c) = self.peek() else { return Ok(None) };
        let colon = c == ':' && self.peek_at(1).is_some_and(|c| "-=?+".contains(c));
        let sign = if colon { self.peek_at(1) } else { Some(c) };
        Ok(Some(match sign {
            Some('}') => ParamOp::Plain,
            Some(sign @ ('-' | '=' | '?' | '+')) => {
                self.pos += 1 + usize::from(colon);
                let word = self.word_until(&['}'], double)?;
                match sign {
                    '-' => ParamOp::Default(colon, word),
                    '=' => ParamOp::Assign(colon, word),
                    '?' => ParamOp::Error(colon, word),
                    _ => ParamOp::Alternative(colon, word),
                }
            }
            Some(':') => {
                self.pos += 1;
                let offset = self.word_until(&[':', '}'], true)?;
                let mut length = None;
                if self.peek() == Some(':') {
                    self.pos += 1;
                    length = Some(self.word_until(&['}'], true)?);
                }
                ParamOp::Slice(offset, length)
            }
            Some(sign @ ('#' | '%')) => {
                self.pos += 1;
                let longest = self.peek() == Some(sign);
                self.pos += usize::from(longest);
                let word = self.word_until(&['}'], false)?;
                if sign == '#' {
                    ParamOp::RemovePrefix(longest, word)
                } else {
                    ParamOp::RemoveSuffix(longest, word)
                }
            }
            Some('/') => {
                self.pos += 1;
                let place = match self.peek() {
                    Some('/') => ReplaceWhere::All,
                    Some('#') => ReplaceWhere::Prefix,
                    Some('%') => ReplaceWhere::Suffix,
                    _ => ReplaceWhere::First,
                };
                self.pos += usize::from(place != ReplaceWhere::First);
                let pattern = self.word_until(&['/', '}'], false)?;
                let mut replacement = Word::default();
                if self.peek() == Some('/') {
                    self.pos += 1;
                    replacement = self.word_until(&['}'], false)?;
                }
                ParamOp::Replace(place, pattern, replacement)
            }
            Some(sign @ ('^' | ',' | '~')) => {
                self.pos += 1;
                let all = self.peek() == Some(sign);
                self.pos += usize::from(all);
                ParamOp::Case(sign, all, self.word_until(&['}'], false)?)
            }
            Some('@')
                if self.peek_at(2) == Some('}')
                    && self.peek_at(1).is_some_and(|c| "QEPAKakUuL".contains(c)) =>
            {
                let transform = self.peek_at(1).unwrap_or('Q');
                self.pos += 2;
                ParamOp::Transform(transform)
            }
            _ => return Ok(None),
        }))
    }

    /// Skips to the closing brace; bash complains when it comes to the expansion.
    fn bad_substitution(&mut self, start: usize, line: u32) -> Result<Part> {
        self.parts(Stop::Chars(&['}']), false)?;
        if self.peek().is_none() {
            return Err(self.unmatched(line, '}'));
        }
        self.pos += 1;
        Ok(self.param(start, String::new(), None, false, ParamOp::Bad))
    }
}
