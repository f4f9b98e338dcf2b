//! The parser: from text to the syntax tree.
//!
//! Shell words can only be read knowing where they stand, so there is no lexer apart: a recursive descent over
//! characters. Lists and pipelines are here, simple and compound commands in `command`, assignments and redirections
//! in `assign`, quoting in `word`, `${..}` in `param`, `[[ ]]` in `cond`. Models parse.y.

mod assign;
mod command;
mod cond;
mod param;
mod word;

use super::ast::{AndOr, HereDoc, Item, List, Pipeline, TimeFormat};
use sim::SortedMap;
use std::cell::OnceCell;
use std::rc::Rc;

/// Why a text is not a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// It is not over yet; the message says what bash prints when no more comes.
    Incomplete {
        /// The line that the message names.
        line: u32,
        /// The message.
        message: String,
    },
    /// It can never become one.
    Syntax {
        /// The line of the error.
        line: u32,
        /// What bash prints.
        messages: Vec<String>,
        /// The line's text, which bash prints when it does not come from a terminal.
        source: String,
    },
}

/// What the parser has to know about the shell.
#[derive(Clone, Debug, Default)]
pub struct Dialect {
    /// Aliases, when they are expanded.
    pub aliases: Rc<SortedMap<String, String>>,
    /// `shopt -s extglob`.
    pub extglob: bool,
    /// No more text will come.
    pub at_end: bool,
}

/// A here-document whose body has not been read yet.
struct Pending {
    cell: Rc<OnceCell<HereDoc>>,
    delimiter: String,
    quoted: bool,
    strip_tabs: bool,
    line: u32,
}

/// Reads commands from a text.
pub struct Parser {
    src: Vec<char>,
    pos: usize,
    line: u32,
    dialect: Dialect,
    pending: Vec<Pending>,
    /// Aliases being expanded: the name, and how many characters stood after its value.
    expanding: Vec<(String, usize)>,
    depth: u32,
    /// Complaints that do not stop parsing, with their line.
    pub warnings: Vec<(u32, String)>,
}

/// Nesting beyond this is refused, as the parser's own stack is finite.
const MAX_DEPTH: u32 = 150;

type Result<T> = std::result::Result<T, ParseError>;

impl Parser {
    /// A parser of `text`, whose first line has the number `line`.
    pub fn new(text: &str, line: u32) -> Parser {
        Parser {
            src: text.chars().collect(),
            pos: 0,
            line,
            dialect: Dialect { at_end: true, ..Dialect::default() },
            pending: Vec::new(),
            expanding: Vec::new(),
            depth: 0,
            warnings: Vec::new(),
        }
    }

    /// The number of the line that comes next.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// What has not been read yet.
    pub fn rest(&self) -> String {
        self.src[self.pos..].iter().collect()
    }

    /// Reads the next line of commands; nothing at the end.
    pub fn next(&mut self, dialect: &Dialect) -> Result<Option<List>> {
        self.dialect = dialect.clone();
        self.depth = 0;
        self.expanding.clear();
        loop {
            self.blanks();
            if self.peek() == Some('\n') {
                self.bump();
                self.read_heredocs()?;
            } else {
                break;
            }
        }
        if self.peek().is_none() {
            return Ok(None);
        }
        let mut list = List::default();
        loop {
            list.items.push(self.item()?);
            self.blanks();
            match self.peek() {
                None => {
                    self.read_heredocs()?;
                    break;
                }
                Some('\n') => {
                    self.bump();
                    self.read_heredocs()?;
                    break;
                }
                _ if list.items.last().is_some_and(|item| item.background) || self.after_separator() => {}
                _ => return Err(self.unexpected()),
            }
        }
        Ok(Some(list))
    }

    /// Reads a whole text as one list.
    pub fn parse_all(text: &str, dialect: &Dialect) -> Result<List> {
        let mut parser = Parser::new(text, 1);
        let mut all = List::default();
        while let Some(list) = parser.next(dialect)? {
            all.items.extend(list.items);
        }
        Ok(all)
    }

    /// A pipeline chain with its `;` or `&`.
    fn item(&mut self) -> Result<Item> {
        let and_or = Rc::new(self.and_or()?);
        self.blanks();
        let mut background = false;
        if self.looking_at("&") && !self.looking_at("&&") && !self.looking_at("&>") {
            self.bump();
            background = true;
        } else if self.looking_at(";") && !self.looking_at(";;") && !self.looking_at(";&") {
            self.bump();
        }
        Ok(Item { and_or, background })
    }

    /// True right after `;`.
    fn after_separator(&self) -> bool {
        let mut at = self.pos;
        while at > 0 && matches!(self.src[at - 1], ' ' | '\t') {
            at -= 1;
        }
        at > 0 && self.src[at - 1] == ';'
    }

    /// Commands up to something that ends a list; not empty.
    fn list(&mut self) -> Result<Rc<List>> {
        let mut list = List::default();
        loop {
            self.newlines()?;
            if self.at_list_end() {
                break;
            }
            list.items.push(self.item()?);
            self.blanks();
            if self.peek() != Some('\n')
                && !self.at_list_end()
                && !list.items.last().is_some_and(|item| item.background)
                && !self.after_separator()
            {
                return Err(self.unexpected());
            }
        }
        if list.items.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Rc::new(list))
    }

    /// Skips blanks, comments and line ends.
    fn newlines(&mut self) -> Result<()> {
        loop {
            self.blanks();
            if self.peek() != Some('\n') {
                return Ok(());
            }
            self.bump();
            self.read_heredocs()?;
        }
    }

    fn at_list_end(&self) -> bool {
        match self.peek() {
            None | Some(')') => true,
            Some(';') => self.looking_at(";;") || self.looking_at(";&"),
            _ => matches!(
                self.keyword().as_deref(),
                Some("then" | "do" | "done" | "fi" | "elif" | "else" | "esac" | "}")
            ),
        }
    }

    fn and_or(&mut self) -> Result<AndOr> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let and = if self.looking_at("&&") {
                true
            } else if self.looking_at("||") {
                false
            } else {
                return Ok(AndOr { first, rest });
            };
            self.pos += 2;
            self.newlines()?;
            rest.push((and, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline> {
        let mut pipeline = Pipeline { negated: false, timed: None, commands: Vec::new() };
        loop {
            self.blanks();
            match self.keyword().as_deref() {
                Some("!") => {
                    self.pos += 1;
                    pipeline.negated = !pipeline.negated;
                }
                Some("time") if pipeline.timed.is_none() => {
                    self.pos += 4;
                    self.blanks();
                    pipeline.timed = Some(TimeFormat::Bash);
                    if self.keyword().as_deref() == Some("-p") {
                        self.pos += 2;
                        pipeline.timed = Some(TimeFormat::Posix);
                    }
                }
                _ => break,
            }
        }
        if (pipeline.negated || pipeline.timed.is_some()) && matches!(self.peek(), None | Some('\n' | ';')) {
            return Ok(pipeline);
        }
        loop {
            let mut command = self.command()?;
            self.blanks();
            let both = self.looking_at("|&");
            if !both && (!self.looking_at("|") || self.looking_at("||")) {
                pipeline.commands.push(Rc::new(command));
                return Ok(pipeline);
            }
            self.pos += 1 + usize::from(both);
            if both {
                command.redirects.push(Self::stderr_to_stdout());
            }
            pipeline.commands.push(Rc::new(command));
            self.newlines()?;
        }
    }

    // Characters.

    fn peek(&self) -> Option<char> {
        self.src.get(self.pos).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.src.get(self.pos + ahead).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += 1;
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.peek_at(i) == Some(c))
    }

    fn text_from(&self, start: usize) -> String {
        self.src[start..self.pos].iter().collect()
    }

    /// Skips blanks, continued lines and a comment.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => self.pos += 1,
                Some('\\') if self.peek_at(1) == Some('\n') => {
                    self.pos += 1;
                    self.bump();
                }
                Some('#') if self.pos == 0 || is_meta(self.src[self.pos - 1]) => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.pos += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// The word that stands here, if it is made of plain characters only.
    fn keyword(&self) -> Option<String> {
        let mut word = String::new();
        let mut at = self.pos;
        while let Some(&c) = self.src.get(at) {
            if is_meta(c) {
                break;
            }
            if matches!(c, '\\' | '\'' | '"' | '$' | '`') {
                return None;
            }
            word.push(c);
            at += 1;
        }
        (!word.is_empty()).then_some(word)
    }

    /// Takes the keyword, or complains about what stands there instead.
    fn expect(&mut self, keyword: &str) -> Result<()> {
        self.newlines()?;
        if self.keyword().as_deref() == Some(keyword) {
            self.pos += keyword.len();
            return Ok(());
        }
        Err(self.unexpected())
    }

    // Errors.

    /// The complaint about the token that stands here.
    fn unexpected(&mut self) -> ParseError {
        self.blanks();
        let Some(first) = self.peek() else {
            return self.incomplete("syntax error: unexpected end of file".into(), 1);
        };
        const OPERATORS: &[&str] = &[
            "&>>", "<<-", "<<<", ";;&", "&&", "||", ";;", ";&", "<<", ">>", "<&", ">&", "<>", ">|", "|&",
            "&>", "&", "|", ";", "(", ")", "<", ">",
        ];
        let token = if first == '\n' {
            "newline".to_string()
        } else if let Some(operator) = OPERATORS.iter().find(|operator| self.looking_at(operator)) {
            (*operator).to_string()
        } else {
            let (start, line) = (self.pos, self.line);
            let read = self.word();
            let text = self.text_from(start);
            if let Err(error) = read {
                return error;
            }
            (self.pos, self.line) = (start, line);
            text
        };
        self.syntax(vec![format!("syntax error near unexpected token `{token}'")])
    }

    fn syntax(&self, messages: Vec<String>) -> ParseError {
        let at = self.pos.min(self.src.len());
        let start = self.src[..at].iter().rposition(|c| *c == '\n').map_or(0, |i| i + 1);
        let end = self.src[at..].iter().position(|c| *c == '\n').map_or(self.src.len(), |i| at + i);
        ParseError::Syntax { line: self.line, messages, source: self.src[start..end].iter().collect() }
    }

    fn incomplete(&self, message: String, further: u32) -> ParseError {
        let newline = self.src.last() == Some(&'\n');
        let line = if newline { self.line } else { self.line + further };
        ParseError::Incomplete { line, message }
    }

    fn unmatched(&self, line: u32, quote: char) -> ParseError {
        ParseError::Incomplete {
            line,
            message: format!("unexpected EOF while looking for matching `{quote}'"),
        }
    }

    // Here-documents.

    /// Reads the bodies of the here-documents of the line that just ended.
    fn read_heredocs(&mut self) -> Result<()> {
        for pending in std::mem::take(&mut self.pending) {
            let mut text = String::new();
            let begin = self.line;
            loop {
                if self.peek().is_none() {
                    if !self.dialect.at_end {
                        return Err(self.incomplete("unexpected end of file".into(), 0));
                    }
                    self.warnings.push((
                        self.line,
                        format!(
                            "warning: here-document at line {} delimited by end-of-file (wanted `{}')",
                            pending.line, pending.delimiter
                        ),
                    ));
                    break;
                }
                let mut line = String::new();
                let mut ended = false;
                while let Some(c) = self.bump() {
                    if c == '\n' {
                        ended = true;
                        break;
                    }
                    line.push(c);
                }
                let stripped = if pending.strip_tabs { line.trim_start_matches('\t') } else { line.as_str() };
                if stripped == pending.delimiter {
                    break;
                }
                text.push_str(stripped);
                if ended {
                    text.push('\n');
                }
            }
            let parts = if pending.quoted {
                vec![super::ast::Part::Quoted(text.clone())]
            } else {
                let mut inner = Parser::new(&text, begin);
                inner.dialect = self.dialect.clone();
                inner.dialect.at_end = true;
                inner.heredoc_parts()?
            };
            // The cell was made empty for this document and is filled here only.
            let _ = pending.cell.set(HereDoc { text, delimiter: pending.delimiter, parts });
        }
        Ok(())
    }
}

/// Characters that end a word.
pub fn is_meta(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
}

/// True for a variable's name.
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
