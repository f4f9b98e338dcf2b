//! Expansion: from words as they were written to the arguments of a command.
//!
//! In bash's order: braces ([`brace`]), tilde, parameters (`param`), commands and arithmetic, splitting
//! ([`fields`]), file names ([`glob`]).

pub mod brace;
mod edit;
pub mod fields;
pub mod glob;
mod param;

use super::ast::{List, Part, Word};
use super::exec::Flow;
use super::state::Shell;
use brace::Braces;
use fields::{Field, Fields};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// More words than this from one word with braces are refused, as bash refuses what memory cannot hold.
const MAX_BRACES: u64 = 1 << 20;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, Flow>> + 'a>>;

impl Shell {
    /// Words to arguments.
    pub async fn expand_words(&mut self, words: &[Word]) -> Result<Vec<String>, Flow> {
        let mut out = Vec::new();
        for word in words {
            self.expand_word(word, &mut out).await?;
        }
        Ok(out)
    }

    /// One word to any number of arguments.
    pub async fn expand_word(&mut self, word: &Word, out: &mut Vec<String>) -> Result<(), Flow> {
        if let Some(text) = word.as_literal()
            && !text.contains(['{', '~', '*', '?', '[', '('])
        {
            out.push(text.to_string());
            return Ok(());
        }
        let braces = if self.options.has('B') { Braces::of(word) } else { None };
        let Some(braces) = braces else {
            return self.expand_plain(&word.parts, out).await;
        };
        let count = braces.count();
        if count > MAX_BRACES {
            let elements = if braces.widest() > MAX_BRACES { braces.widest() } else { count };
            self.error(&format!("brace expansion: failed to allocate memory for {elements} elements")).await;
            return self.expand_plain(&word.parts, out).await;
        }
        for index in 0..count {
            if index % 256 == 255 {
                self.charge(50).await?;
            }
            let parts = braces.word(index);
            match parts.as_slice() {
                [Part::Literal(text)] if !text.contains(['~', '*', '?', '[', '(']) => out.push(text.clone()),
                _ => self.expand_plain(&parts, out).await?,
            }
        }
        Ok(())
    }

    async fn expand_plain(&mut self, parts: &[Part], out: &mut Vec<String>) -> Result<(), Flow> {
        let mut fields = Fields::new(Some(self.ifs()));
        self.expand_tilde_and_parts(parts, &mut fields, false).await?;
        for field in fields.finish() {
            if field.is_pattern && !self.options.has('f') {
                self.expand_glob(field, out).await?;
            } else {
                out.push(field.text);
            }
        }
        Ok(())
    }

    async fn expand_glob(&mut self, field: Field, out: &mut Vec<String>) -> Result<(), Flow> {
        let options = glob::Options {
            extglob: self.shopt("extglob"),
            dotglob: self.shopt("dotglob"),
            nocase: self.shopt("nocaseglob"),
            globstar: self.shopt("globstar"),
        };
        let found = glob::glob(&self.sys, &field.pattern, options);
        if !found.is_empty() {
            out.extend(found);
        } else if self.shopt("failglob") {
            self.error(&format!("no match: {}", field.text)).await;
            return Err(self.discard(1));
        } else if !self.shopt("nullglob") {
            out.push(field.text);
        }
        Ok(())
    }

    /// A word to any number of strings, none of which is taken for a pattern of file names.
    pub async fn expand_without_files(&mut self, word: &Word) -> Result<Vec<String>, Flow> {
        let mut fields = Fields::new(Some(self.ifs()));
        self.expand_parts(&word.parts, false, &mut fields).await?;
        Ok(fields.finish().into_iter().map(|field| field.text).collect())
    }

    /// A word to one string: no splitting, no file names.
    pub async fn expand_single(&mut self, word: &Word) -> Result<String, Flow> {
        if let Some(text) = word.as_literal()
            && !text.starts_with('~')
        {
            return Ok(text.to_string());
        }
        Ok(self.expand_field(word, false).await?.text)
    }

    /// The value of an assignment: tildes after colons too.
    pub async fn expand_assigned(&mut self, word: &Word) -> Result<String, Flow> {
        Ok(self.expand_field(word, true).await?.text)
    }

    /// A word to a pattern, in which quoted characters stand behind backslashes.
    pub async fn expand_pattern(&mut self, word: &Word) -> Result<String, Flow> {
        Ok(self.expand_field(word, false).await?.pattern)
    }

    async fn expand_field(&mut self, word: &Word, assigned: bool) -> Result<Field, Flow> {
        let mut fields = Fields::new(None);
        self.expand_tilde_and_parts(&word.parts, &mut fields, assigned).await?;
        Ok(fields.joined())
    }

    /// The right side of `=~`: quoted parts match themselves.
    pub async fn expand_regex(&mut self, word: &Word) -> Result<String, Flow> {
        let mut out = String::new();
        for part in &word.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Quoted(text) => out.push_str(&regex_lite::escape(text)),
                Part::Double(parts) => {
                    let text = self.expand_quoted(parts).await?;
                    out.push_str(&regex_lite::escape(&text));
                }
                other => {
                    let mut fields = Fields::new(None);
                    self.expand_parts(std::slice::from_ref(other), false, &mut fields).await?;
                    out.push_str(&fields.joined().text);
                }
            }
        }
        Ok(out)
    }

    /// Parts as between double quotes: a here-document, an expression, a prompt.
    pub async fn expand_quoted(&mut self, parts: &[Part]) -> Result<String, Flow> {
        if let [Part::Literal(text)] = parts {
            return Ok(text.clone());
        }
        let mut fields = Fields::new(None);
        self.expand_parts(parts, true, &mut fields).await?;
        Ok(fields.joined().text)
    }

    async fn expand_tilde_and_parts(
        &mut self,
        parts: &[Part],
        fields: &mut Fields,
        assigned: bool,
    ) -> Result<(), Flow> {
        let Some(Part::Literal(text)) = parts.first().filter(|part| {
            matches!(part, Part::Literal(text) if text.starts_with('~') || assigned && text.contains(":~"))
        }) else {
            return self.expand_parts(parts, false, fields).await;
        };
        let alone = parts.len() == 1;
        let segments: Vec<&str> = if assigned { text.split(':').collect() } else { vec![text.as_str()] };
        for (i, segment) in segments.iter().enumerate() {
            if i > 0 {
                fields.literal(":");
            }
            let prefix = segment.split('/').next().unwrap_or_default();
            let whole = alone || prefix.len() < segment.len() || i + 1 < segments.len();
            match prefix.strip_prefix('~').filter(|_| whole).and_then(|name| self.tilde(name)) {
                Some(home) => {
                    let rest = &segment[prefix.len()..];
                    let home = if rest.starts_with('/') { home.trim_end_matches('/') } else { &home };
                    fields.quoted(home);
                    if !rest.is_empty() {
                        fields.literal(rest);
                    }
                }
                None => {
                    if !segment.is_empty() {
                        fields.literal(segment);
                    }
                }
            }
        }
        self.expand_parts(&parts[1..], false, fields).await
    }

    /// The directory that `~name` stands for.
    pub fn tilde(&self, name: &str) -> Option<String> {
        match name {
            "" => Some(self.vars.text("HOME").map_or_else(|| self.home_of_user(), str::to_string)),
            "+" => self.vars.text("PWD").map(str::to_string),
            "-" => self.vars.text("OLDPWD").map(str::to_string),
            name => self.passwd_field(name, 5),
        }
    }

    /// Expands parts into fields.
    pub fn expand_parts<'a>(
        &'a mut self,
        parts: &'a [Part],
        quoted: bool,
        fields: &'a mut Fields,
    ) -> Boxed<'a, ()> {
        Box::pin(async move {
            for part in parts {
                match part {
                    Part::Literal(text) if quoted => fields.quoted(text),
                    Part::Literal(text) => fields.literal(text),
                    Part::Quoted(text) => fields.quoted(text),
                    Part::Double(inner) => {
                        if inner.is_empty() {
                            fields.touch();
                        }
                        self.expand_parts(inner, true, fields).await?;
                    }
                    Part::Param(param) => self.expand_param(param, quoted, fields).await?,
                    Part::Command(list) => {
                        let text = self.command_substitution(list).await?;
                        self.put(&text, quoted, fields);
                    }
                    Part::Backquote(text) => {
                        let list = self.parse_text(text).await?;
                        let text = self.command_substitution(&list).await?;
                        self.put(&text, quoted, fields);
                    }
                    Part::Arith(parts) => {
                        let text = self.expand_quoted(parts).await?;
                        let value = self.arith(&text, "").await?;
                        self.put(&value.to_string(), quoted, fields);
                    }
                    Part::Process(output, list) => {
                        let path = self.process_substitution(*output, list).await?;
                        fields.quoted(&path);
                    }
                }
            }
            Ok(())
        })
    }

    fn put(&mut self, text: &str, quoted: bool, fields: &mut Fields) {
        if quoted {
            fields.quoted(text);
        } else {
            fields.expansion(text);
        }
    }

    /// What separates fields.
    pub fn ifs(&self) -> String {
        self.vars.text("IFS").unwrap_or(" \t\n").to_string()
    }

    /// Reads the commands of a substitution.
    pub async fn parse_text(&mut self, text: &str) -> Result<Rc<List>, Flow> {
        let dialect = self.dialect();
        match super::parser::Parser::parse_all(text, &dialect) {
            Ok(list) => Ok(Rc::new(list)),
            Err(error) => {
                self.parse_error(&error, Some("command substitution")).await;
                self.status = 1;
                Ok(Rc::default())
            }
        }
    }

    /// Evaluates arithmetic; an error is printed and ends the line.
    pub async fn arith(&mut self, text: &str, who: &str) -> Result<i64, Flow> {
        match self.evaluate(text) {
            Ok(value) => Ok(value),
            Err(message) => {
                let who = if who.is_empty() { String::new() } else { format!("{who}: ") };
                self.error(&format!("{who}{message}")).await;
                Err(self.discard(1))
            }
        }
    }
}
