//! Simple and compound commands, redirections, assignments.

use super::{MAX_DEPTH, Parser, Result, is_meta};
use crate::shell::ast::{
    Arg, Arm, ArmEnd, Command, Kind, List, Redirect, RedirectFd, RedirectOp, Simple, Word,
};
use std::rc::Rc;

/// Builtins whose arguments may be assignments.
const DECLARATIONS: &[&str] = &["declare", "export", "local", "readonly", "typeset"];

impl Parser {
    pub(super) fn stderr_to_stdout() -> Redirect {
        Redirect {
            fd: Some(RedirectFd::Number(2)),
            op: RedirectOp::DupOut,
            target: Word::literal("1"),
            body: None,
        }
    }

    /// One command.
    pub(super) fn command(&mut self) -> Result<Command> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.syntax(vec!["memory exhausted".into()]));
        }
        let command = self.command_inner();
        self.depth -= 1;
        command
    }

    fn command_inner(&mut self) -> Result<Command> {
        self.blanks();
        self.expand_alias();
        let line = self.line;
        if self.looking_at("((")
            && let Some(kind) = self.arith_command()?
        {
            return self.with_redirects(kind, line);
        }
        if self.peek() == Some('(') {
            self.pos += 1;
            let list = self.list()?;
            self.close(')')?;
            return self.with_redirects(Kind::Subshell(list), line);
        }
        let keyword = self.keyword();
        let kind = match keyword.as_deref() {
            Some("{") => {
                self.pos += 1;
                let list = self.list()?;
                self.expect("}")?;
                Kind::Group(list)
            }
            Some("if") => {
                self.pos += 2;
                self.if_rest()?
            }
            Some(word @ ("while" | "until")) => {
                self.pos += 5;
                let condition = self.list()?;
                let body = self.do_group()?;
                Kind::While(word == "until", condition, body)
            }
            Some("for") => {
                self.pos += 3;
                self.for_rest()?
            }
            Some("select") => {
                self.pos += 6;
                let (name, words) = self.loop_head()?;
                Kind::Select(name, words, self.do_group()?)
            }
            Some("case") => {
                self.pos += 4;
                self.case_rest()?
            }
            Some("[[") => {
                self.pos += 2;
                Kind::Cond(self.cond_rest()?)
            }
            Some("function") => {
                self.pos += 8;
                self.blanks();
                let word = self.word()?;
                if word.text.is_empty() {
                    return Err(self.unexpected());
                }
                self.blanks();
                if self.peek() == Some('(') {
                    self.pos += 1;
                    self.close(')')?;
                }
                return self.function(word, line);
            }
            Some("then" | "do" | "done" | "fi" | "elif" | "else" | "esac" | "}") => {
                return Err(self.unexpected());
            }
            _ => return self.simple(line),
        };
        self.with_redirects(kind, line)
    }

    /// Replaces an alias that stands here by its value.
    fn expand_alias(&mut self) {
        for _ in 0..100 {
            let left = self.src.len() - self.pos;
            self.expanding.retain(|(_, after)| *after < left);
            let Some(word) = self.keyword() else { return };
            let Some(value) = self.dialect.aliases.get(&word).cloned() else { return };
            if self.expanding.iter().any(|(name, _)| *name == word) {
                return;
            }
            let end = self.pos + word.chars().count();
            if value.is_empty() || self.src.len() == end && word.is_empty() {
                self.src.drain(self.pos..end);
            } else {
                self.expanding.push((word, self.src.len() - end));
                self.src.splice(self.pos..end, value.chars());
            }
            self.blanks();
        }
    }

    /// `((...))`, or nothing when it is two subshells.
    fn arith_command(&mut self) -> Result<Option<Kind>> {
        let (start, line) = (self.pos, self.line);
        self.pos += 2;
        if let Some(word) = self.arith_word()? {
            return Ok(Some(Kind::Arith(word)));
        }
        (self.pos, self.line) = (start, line);
        Ok(None)
    }

    fn with_redirects(&mut self, kind: Kind, line: u32) -> Result<Command> {
        let mut redirects = Vec::new();
        loop {
            self.blanks();
            match self.redirect()? {
                Some(redirect) => redirects.push(redirect),
                None => break,
            }
        }
        Ok(Command { kind, redirects, line })
    }

    fn close(&mut self, c: char) -> Result<()> {
        self.newlines()?;
        if self.peek() != Some(c) {
            return Err(self.unexpected());
        }
        self.pos += 1;
        Ok(())
    }

    fn if_rest(&mut self) -> Result<Kind> {
        let mut branches = Vec::new();
        loop {
            let condition = self.list()?;
            self.expect("then")?;
            branches.push((condition, self.list()?));
            self.newlines()?;
            match self.keyword().as_deref() {
                Some("elif") => self.pos += 4,
                Some("else") => {
                    self.pos += 4;
                    let otherwise = self.list()?;
                    self.expect("fi")?;
                    return Ok(Kind::If(branches, Some(otherwise)));
                }
                _ => {
                    self.expect("fi")?;
                    return Ok(Kind::If(branches, None));
                }
            }
        }
    }

    /// `do list done` or `{ list; }`.
    fn do_group(&mut self) -> Result<Rc<List>> {
        self.newlines()?;
        let (open, close) = if self.keyword().as_deref() == Some("{") { ("{", "}") } else { ("do", "done") };
        self.expect(open)?;
        let list = self.list()?;
        self.expect(close)?;
        Ok(list)
    }

    fn for_rest(&mut self) -> Result<Kind> {
        self.blanks();
        if self.looking_at("((") {
            self.pos += 2;
            let header = match self.arith_word()? {
                Some(word) => word,
                None => return Err(self.unexpected()),
            };
            let mut pieces = [Word::default(), Word::default(), Word::default()];
            let texts: Vec<&str> = header.text.split(';').collect();
            if texts.len() != 3 {
                return Err(self.syntax(vec![
                    "syntax error: arithmetic expression required".into(),
                    format!("syntax error: `(({}))'", header.text),
                ]));
            }
            for (piece, text) in pieces.iter_mut().zip(texts) {
                let mut inner = Parser::new(&format!("{text}))"), self.line);
                inner.dialect = self.dialect.clone();
                *piece = inner.arith_word()?.unwrap_or_default();
            }
            self.blanks();
            if self.peek() == Some(';') {
                self.pos += 1;
            }
            let body = self.do_group()?;
            return Ok(Kind::ArithFor(pieces, body));
        }
        let (name, words) = self.loop_head()?;
        Ok(Kind::For(name, words, self.do_group()?))
    }

    /// `name [in words] ;`
    fn loop_head(&mut self) -> Result<(String, Option<Vec<Word>>)> {
        self.blanks();
        if self.peek().is_none_or(is_meta) {
            return Err(self.unexpected());
        }
        let name = self.word()?.text;
        self.newlines()?;
        let mut words = None;
        if self.keyword().as_deref() == Some("in") {
            self.pos += 2;
            let mut list = Vec::new();
            loop {
                self.blanks();
                match self.peek() {
                    Some(c) if !is_meta(c) || (c == '<' || c == '>') && self.peek_at(1) == Some('(') => {
                        list.push(self.word()?);
                    }
                    Some(';') => {
                        self.pos += 1;
                        break;
                    }
                    Some('\n') => break,
                    _ => return Err(self.unexpected()),
                }
            }
            words = Some(list);
        } else if self.peek() == Some(';') {
            self.pos += 1;
        }
        Ok((name, words))
    }

    fn case_rest(&mut self) -> Result<Kind> {
        self.blanks();
        if self.peek().is_none_or(is_meta) {
            return Err(self.unexpected());
        }
        let word = self.word()?;
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.newlines()?;
            if self.keyword().as_deref() == Some("esac") {
                self.pos += 4;
                return Ok(Kind::Case(word, arms));
            }
            if self.peek() == Some('(') {
                self.pos += 1;
            }
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                if self.peek().is_none_or(is_meta) {
                    return Err(self.unexpected());
                }
                patterns.push(self.word()?);
                self.blanks();
                match self.peek() {
                    Some('|') => self.pos += 1,
                    Some(')') => break,
                    _ => return Err(self.unexpected()),
                }
            }
            self.pos += 1;
            self.newlines()?;
            let body = if self.at_list_end() && self.peek().is_some() && self.peek() != Some(')') {
                Rc::new(List::default())
            } else {
                self.list()?
            };
            self.newlines()?;
            let end = if self.looking_at(";;&") {
                self.pos += 3;
                ArmEnd::TestNext
            } else if self.looking_at(";;") {
                self.pos += 2;
                ArmEnd::Break
            } else if self.looking_at(";&") {
                self.pos += 2;
                ArmEnd::FallThrough
            } else {
                ArmEnd::Break
            };
            let ended = end != ArmEnd::Break || self.src[self.pos - 1] == ';';
            arms.push(Arm { patterns, body, end });
            if !ended {
                self.expect("esac")?;
                return Ok(Kind::Case(word, arms));
            }
        }
    }

    fn function(&mut self, name: Word, line: u32) -> Result<Command> {
        self.newlines()?;
        let body_start = self.peek();
        let compound = matches!(body_start, Some('('))
            || matches!(
                self.keyword().as_deref(),
                Some("{" | "if" | "while" | "until" | "for" | "case" | "select" | "[[")
            );
        if !compound {
            return Err(self.unexpected());
        }
        let body = self.command()?;
        Ok(Command {
            kind: Kind::Function(Rc::from(name.text.as_str()), Rc::new(body)),
            redirects: Vec::new(),
            line,
        })
    }

    fn simple(&mut self, line: u32) -> Result<Command> {
        let mut simple = Simple::default();
        let mut redirects = Vec::new();
        let mut alias_next = false;
        loop {
            self.blanks();
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            let Some(c) = self.peek() else { break };
            let process = (c == '<' || c == '>') && self.peek_at(1) == Some('(');
            if is_meta(c) && !process {
                if c == '('
                    && redirects.is_empty()
                    && simple.assigns.is_empty()
                    && let [Arg::Word(name)] = simple.args.as_slice()
                {
                    let name = name.clone();
                    self.pos += 1;
                    self.blanks();
                    if self.peek() == Some(')') {
                        self.pos += 1;
                        return self.function(name, line);
                    }
                    return Err(self.unexpected());
                }
                break;
            }
            if simple.args.is_empty() {
                if !simple.assigns.is_empty() {
                    self.expand_alias();
                }
                if let Some(assign) = self.assign()? {
                    simple.assigns.push(assign);
                    continue;
                }
            } else if alias_next {
                self.expand_alias();
            } else if let Some(Arg::Word(first)) = simple.args.first()
                && first.as_literal().is_some_and(|name| DECLARATIONS.contains(&name))
                && let Some(assign) = self.assign()?
            {
                simple.args.push(Arg::Assign(assign));
                continue;
            }
            alias_next = false;
            let word = self.word()?;
            simple.args.push(Arg::Word(word));
            // An alias whose value ends in a blank lets the next word be one too.
            if let Some((_, after)) = self.expanding.last() {
                let end = self.src.len() - after;
                alias_next = end >= self.pos
                    && end > 0
                    && matches!(self.src.get(end - 1), Some(' ' | '\t'))
                    && self.src[self.pos..end].iter().all(|c| matches!(c, ' ' | '\t'))
                    && end > self.pos;
            }
        }
        if simple.assigns.is_empty() && simple.args.is_empty() && redirects.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Command { kind: Kind::Simple(simple), redirects, line })
    }
}
