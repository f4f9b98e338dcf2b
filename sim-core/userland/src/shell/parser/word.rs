//! Words: quoting and everything that begins with a dollar.

use super::{ParseError, Parser, Result, is_meta};
use crate::shell::ast::{Index, List, Param, ParamOp, Part, Word};
use std::rc::Rc;

/// Where a sequence of parts ends.
#[derive(Clone, Copy)]
pub(super) enum Stop<'a> {
    /// At a character that ends words.
    Meta,
    /// At one of these, outside of quotes.
    Chars(&'a [char]),
    /// At a blank outside of parentheses.
    Regex,
    /// At the closing double quote.
    Quote,
    /// At the end of the text.
    End,
}

/// Collects parts, joining neighbouring characters.
#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn literal(&mut self, c: char) {
        if let Some(Part::Literal(text)) = self.0.last_mut() {
            text.push(c);
        } else {
            self.0.push(Part::Literal(c.to_string()));
        }
    }
}

impl Word {
    /// The text without its quotes and without expanding anything.
    pub fn plain_text(&self) -> String {
        fn collect(parts: &[Part], out: &mut String) {
            for part in parts {
                match part {
                    Part::Literal(text) | Part::Quoted(text) => out.push_str(text),
                    Part::Double(parts) => collect(parts, out),
                    Part::Param(param) => out.push_str(&param.text),
                    Part::Backquote(text) => {
                        out.push('`');
                        out.push_str(text);
                        out.push('`');
                    }
                    _ => {}
                }
            }
        }
        let mut out = String::new();
        collect(&self.parts, &mut out);
        out
    }
}

impl Parser {
    /// A word, empty when none stands here.
    pub(super) fn word(&mut self) -> Result<Word> {
        let start = self.pos;
        let parts = self.parts(Stop::Meta, false)?;
        Ok(Word { text: self.text_from(start), parts })
    }

    /// The value of an assignment.
    pub(super) fn assign_word(&mut self) -> Result<Word> {
        self.word()
    }

    /// The right side of `=~`.
    pub(super) fn regex_word(&mut self) -> Result<Word> {
        let start = self.pos;
        let parts = self.parts(Stop::Regex, false)?;
        Ok(Word { text: self.text_from(start), parts })
    }

    /// All up to one of the characters, which is left standing.
    pub(super) fn word_until(&mut self, stops: &[char], in_double: bool) -> Result<Word> {
        let (start, line) = (self.pos, self.line);
        let parts = self.parts(Stop::Chars(stops), in_double)?;
        if self.peek().is_none() {
            return Err(self.unmatched(line, *stops.last().expect("callers name a character")));
        }
        Ok(Word { text: self.text_from(start), parts })
    }

    /// The text of a here-document.
    pub(super) fn heredoc_parts(&mut self) -> Result<Vec<Part>> {
        self.parts(Stop::End, true)
    }

    /// A text in which parameters are expanded, such as a prompt.
    pub fn prompt_parts(text: &str) -> Vec<Part> {
        Parser::new(text, 1).parts(Stop::End, true).unwrap_or_else(|_| vec![Part::Literal(text.to_string())])
    }

    /// A text as a single word, blanks and all, as subscripts given to builtins are read.
    pub fn free_word(text: &str) -> Word {
        let parts = Parser::new(text, 1)
            .parts(Stop::Chars(&[]), false)
            .unwrap_or_else(|_| vec![Part::Literal(text.to_string())]);
        Word { text: text.to_string(), parts }
    }

    pub(super) fn parts(&mut self, stop: Stop<'_>, double: bool) -> Result<Vec<Part>> {
        self.depth += 1;
        if self.depth > 2 * super::MAX_DEPTH {
            return Err(self.syntax(vec!["memory exhausted".into()]));
        }
        let parts = self.parts_inner(stop, double);
        self.depth -= 1;
        parts
    }

    fn parts_inner(&mut self, stop: Stop<'_>, double: bool) -> Result<Vec<Part>> {
        let begin = self.line;
        let mut parts = Parts::default();
        let mut depth = 0;
        loop {
            let Some(c) = self.peek() else {
                if matches!(stop, Stop::Quote) {
                    return Err(self.unmatched(begin, '"'));
                }
                return Ok(parts.0);
            };
            match stop {
                Stop::Meta if is_meta(c) => {
                    if (c == '<' || c == '>') && self.peek_at(1) == Some('(') && !double {
                        self.pos += 1;
                        let list = self.command_substitution()?;
                        parts.0.push(Part::Process(c == '>', list));
                        continue;
                    }
                    if c == '('
                        && self.dialect.extglob
                        && self.pos > 0
                        && matches!(self.src[self.pos - 1], '?' | '*' | '+' | '@' | '!')
                        && matches!(parts.0.last(), Some(Part::Literal(_)))
                    {
                        self.extglob_group(&mut parts)?;
                        continue;
                    }
                    return Ok(parts.0);
                }
                Stop::Chars(stops) => {
                    if depth == 0 && stops.contains(&c) {
                        return Ok(parts.0);
                    }
                    match c {
                        '[' if stops.contains(&']') => depth += 1,
                        ']' if stops.contains(&']') => depth -= 1,
                        '(' if stops.contains(&':') => depth += 1,
                        ')' if stops.contains(&':') && depth > 0 => depth -= 1,
                        _ => {}
                    }
                }
                Stop::Regex => match c {
                    ' ' | '\t' | '\n' if depth == 0 => return Ok(parts.0),
                    '(' => depth += 1,
                    ')' if depth == 0 => return Ok(parts.0),
                    ')' => depth -= 1,
                    _ => {}
                },
                Stop::Quote if c == '"' => return Ok(parts.0),
                _ => {}
            }
            match c {
                '\\' => self.backslash(&mut parts, stop, double),
                '\'' if !double => {
                    let line = self.line;
                    self.pos += 1;
                    let mut text = String::new();
                    loop {
                        match self.bump() {
                            Some('\'') => break,
                            Some(c) => text.push(c),
                            None => return Err(self.unmatched(line, '\'')),
                        }
                    }
                    parts.0.push(Part::Quoted(text));
                }
                '"' if !matches!(stop, Stop::End) => {
                    self.pos += 1;
                    let inner = self.parts(Stop::Quote, true)?;
                    self.pos += 1;
                    parts.0.push(Part::Double(inner));
                }
                '`' => parts.0.push(self.backquote(double)?),
                '$' => match self.dollar(double)? {
                    Some(part) => parts.0.push(part),
                    None => {
                        self.pos += 1;
                        parts.literal('$');
                    }
                },
                _ => {
                    self.bump();
                    parts.literal(c);
                }
            }
        }
    }

    fn backslash(&mut self, parts: &mut Parts, stop: Stop<'_>, double: bool) {
        self.pos += 1;
        match self.peek() {
            None => parts.literal('\\'),
            Some('\n') => {
                self.bump();
            }
            Some(c) if double => {
                let special = matches!(c, '$' | '`' | '\\')
                    || c == '"' && !matches!(stop, Stop::End)
                    || c == '}' && matches!(stop, Stop::Chars(_));
                if !special {
                    parts.literal('\\');
                }
                self.bump();
                if special {
                    // Kept apart, so that what it escapes is never taken for something else.
                    parts.0.push(Part::Quoted(c.to_string()));
                } else {
                    parts.literal(c);
                }
            }
            Some(c) => {
                self.bump();
                parts.0.push(Part::Quoted(c.to_string()));
            }
        }
    }

    /// `(a|b)` after `?*+@!`, taken literally for the pattern matcher.
    fn extglob_group(&mut self, parts: &mut Parts) -> Result<()> {
        let line = self.line;
        self.pos += 1;
        parts.literal('(');
        loop {
            let inner = self.parts(Stop::Chars(&['(', ')']), false)?;
            for part in inner {
                match part {
                    Part::Literal(text) => text.chars().for_each(|c| parts.literal(c)),
                    other => parts.0.push(other),
                }
            }
            match self.peek() {
                Some('(') => self.extglob_group(parts)?,
                Some(_) => {
                    self.pos += 1;
                    parts.literal(')');
                    return Ok(());
                }
                None => return Err(self.unmatched(line, ')')),
            }
        }
    }

    fn backquote(&mut self, double: bool) -> Result<Part> {
        let line = self.line;
        self.pos += 1;
        let mut text = String::new();
        loop {
            match self.bump() {
                Some('`') => return Ok(Part::Backquote(Rc::from(text))),
                Some('\\') => match self.peek() {
                    Some(c @ ('$' | '`' | '\\')) => {
                        self.pos += 1;
                        text.push(c);
                    }
                    Some('"') if double => {
                        self.pos += 1;
                        text.push('"');
                    }
                    _ => text.push('\\'),
                },
                Some(c) => text.push(c),
                None => return Err(self.unmatched(line, '`')),
            }
        }
    }

    /// What begins with the dollar that stands here; nothing when it is only a dollar.
    fn dollar(&mut self, double: bool) -> Result<Option<Part>> {
        let start = self.pos;
        match self.peek_at(1) {
            Some('\'') if !double => {
                self.pos += 2;
                self.ansi_c_quoted().map(Some)
            }
            Some('"') if !double => {
                self.pos += 2;
                let inner = self.parts(Stop::Quote, true)?;
                self.pos += 1;
                Ok(Some(Part::Double(inner)))
            }
            Some('(') => {
                if self.peek_at(2) == Some('(') {
                    let line = self.line;
                    self.pos += 3;
                    if let Some(word) = self.arith_word()? {
                        return Ok(Some(Part::Arith(word.parts)));
                    }
                    (self.pos, self.line) = (start, line);
                }
                self.pos += 1;
                Ok(Some(Part::Command(self.command_substitution()?)))
            }
            Some('[') => {
                self.pos += 2;
                let word = self.word_until(&[']'], true)?;
                self.pos += 1;
                Ok(Some(Part::Arith(word.parts)))
            }
            Some('{') => {
                self.pos += 2;
                self.braced(start, double).map(Some)
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                self.pos += 1;
                let name = self.name();
                Ok(Some(self.param(start, name, None, false, ParamOp::Plain)))
            }
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.pos += 2;
                Ok(Some(self.param(start, c.to_string(), None, false, ParamOp::Plain)))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn param(
        &self,
        start: usize,
        name: String,
        index: Option<Index>,
        indirect: bool,
        op: ParamOp,
    ) -> Part {
        Part::Param(Box::new(Param { name, index, indirect, op, text: self.text_from(start) }))
    }

    pub(super) fn name(&mut self) -> String {
        let start = self.pos;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
            self.pos += 1;
        }
        self.text_from(start)
    }

    /// `(list)`, the parenthesis still standing.
    fn command_substitution(&mut self) -> Result<Rc<List>> {
        self.pos += 1;
        let outer = std::mem::take(&mut self.pending);
        let list = self.substituted_list();
        self.pending.splice(0..0, outer);
        list
    }

    fn substituted_list(&mut self) -> Result<Rc<List>> {
        let end = |parser: &Parser, error| match error {
            ParseError::Incomplete { message, .. } if message.ends_with("end of file") => {
                parser.incomplete("unexpected EOF while looking for matching `)'".into(), 1)
            }
            other => other,
        };
        self.newlines().map_err(|error| end(self, error))?;
        if self.peek() == Some(')') {
            self.pos += 1;
            return Ok(Rc::default());
        }
        let list = self.list().map_err(|error| end(self, error))?;
        self.newlines().map_err(|error| end(self, error))?;
        if self.peek() == Some(')') {
            self.pos += 1;
            return Ok(list);
        }
        let error = self.unexpected();
        Err(end(self, error))
    }

    /// The expression up to `))`; nothing when the parentheses say that it is something else.
    pub(super) fn arith_word(&mut self) -> Result<Option<Word>> {
        let (start, line) = (self.pos, self.line);
        let mut parts = Parts::default();
        let mut depth = 0;
        loop {
            match self.peek() {
                None => return Err(self.unmatched(line, ')')),
                Some('(') => {
                    depth += 1;
                    self.pos += 1;
                    parts.literal('(');
                }
                Some(')') if depth > 0 => {
                    depth -= 1;
                    self.pos += 1;
                    parts.literal(')');
                }
                Some(')') if self.peek_at(1) == Some(')') => {
                    let text = self.text_from(start);
                    self.pos += 2;
                    return Ok(Some(Word { text, parts: parts.0 }));
                }
                Some(')') => return Ok(None),
                Some('\\') if self.peek_at(1) == Some('\n') => {
                    self.pos += 1;
                    self.bump();
                }
                Some('"') => {
                    self.pos += 1;
                    let inner = self.parts(Stop::Quote, true)?;
                    self.pos += 1;
                    parts.0.push(Part::Double(inner));
                }
                Some('`') => {
                    let part = self.backquote(true)?;
                    parts.0.push(part);
                }
                Some('$') => match self.dollar(true)? {
                    Some(part) => parts.0.push(part),
                    None => {
                        self.pos += 1;
                        parts.literal('$');
                    }
                },
                Some(c) => {
                    self.bump();
                    parts.literal(c);
                }
            }
        }
    }

    /// The rest of `$'...'`.
    fn ansi_c_quoted(&mut self) -> Result<Part> {
        let line = self.line;
        let start = self.pos;
        loop {
            match self.bump() {
                Some('\'') => break,
                Some('\\') => {
                    self.bump();
                }
                Some(_) => {}
                None => return Err(self.unmatched(line, '\'')),
            }
        }
        let raw: String = self.src[start..self.pos - 1].iter().collect();
        Ok(Part::Quoted(super::super::escape::ansi_c(&raw)))
    }
}
