//! Scripts of sed, parsed.

use crate::programs::support::pattern::{self, PatternError, Syntax};
use regex_lite::Regex;

/// Why a script cannot be run.
#[derive(Debug)]
pub(super) enum ScriptError {
    /// It is wrong: the place and what sed says.
    Wrong(usize, String),
    /// It uses what we do not have.
    NotSimulated(String),
}

/// Where a command applies.
#[derive(Clone, Debug)]
pub(super) enum Address {
    Line(u64),
    /// `first~step`
    Step(u64, u64),
    Last,
    Regex(Option<Regex>),
    /// `+N` as the second address.
    Plus(u64),
}

#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) from: Option<Address>,
    pub(super) to: Option<Address>,
    pub(super) negated: bool,
    pub(super) action: Action,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    /// `{`: where its `}` is.
    Block(usize),
    End,
    Substitute(Box<Substitute>),
    Translate(Vec<(char, char)>),
    Text(char, String),
    Branch(char, String),
    Label(String),
    Quit(bool, i32),
    Read(String),
    Write(String),
    /// `p P d D n N g G h H x =`
    Simple(char),
}

#[derive(Clone, Debug)]
pub(super) struct Substitute {
    /// Nothing: the last one that was used.
    pub(super) regex: Option<Regex>,
    pub(super) replacement: Vec<Piece>,
    pub(super) global: bool,
    pub(super) number: usize,
    pub(super) print: bool,
    pub(super) write: Option<String>,
}

/// A part of a replacement.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(String),
    Group(usize),
    /// `\U \L \u \l \E`
    Case(char),
}

pub(super) fn parse(text: &str, extended: bool) -> Result<Vec<Command>, ScriptError> {
    let mut parser = Parser { chars: text.chars().collect(), at: 0, extended };
    let mut commands: Vec<Command> = Vec::new();
    let mut open = Vec::new();
    loop {
        parser.skip(|c| c.is_whitespace() || c == ';');
        if parser.peek().is_none() {
            break;
        }
        let command = parser.command()?;
        match command.action {
            Action::Block(_) => open.push(commands.len()),
            Action::End => {
                let start = open.pop().ok_or_else(|| parser.wrong("unexpected `}'"))?;
                commands[start].action = Action::Block(commands.len());
            }
            _ => {}
        }
        commands.push(command);
    }
    if !open.is_empty() {
        return Err(ScriptError::Wrong(0, "unmatched `{'".into()));
    }
    for command in &commands {
        if let Action::Branch(_, label) = &command.action
            && !label.is_empty()
            && !commands.iter().any(|c| matches!(&c.action, Action::Label(name) if name == label))
        {
            return Err(ScriptError::Wrong(parser.at, format!("can't find label for jump to `{label}'")));
        }
    }
    Ok(commands)
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    extended: bool,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    fn skip(&mut self, what: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&what) {
            self.at += 1;
        }
    }

    fn wrong(&self, why: &str) -> ScriptError {
        ScriptError::Wrong(self.at, why.to_string())
    }

    fn number(&mut self) -> Option<u64> {
        let start = self.at;
        self.skip(|c| c.is_ascii_digit());
        self.chars[start..self.at].iter().collect::<String>().parse().ok()
    }

    fn command(&mut self) -> Result<Command, ScriptError> {
        let from = self.address(false)?;
        let mut to = None;
        if from.is_some() {
            self.skip(|c| c == ' ');
            if self.peek() == Some(',') {
                self.at += 1;
                self.skip(|c| c == ' ');
                to = Some(self.address(true)?.ok_or_else(|| self.wrong("unexpected `,'"))?);
            }
        }
        self.skip(|c| c == ' ' || c == '\t');
        let negated = self.peek() == Some('!');
        if negated {
            self.skip(|c| c == '!' || c == ' ');
        }
        let Some(letter) = self.next() else { return Err(self.wrong("missing command")) };
        let action = self.action(letter, from.is_some())?;
        let ends = matches!(
            action,
            Action::Block(_)
                | Action::Text(..)
                | Action::Label(_)
                | Action::Branch(..)
                | Action::Read(_)
                | Action::Write(_)
        );
        if !ends {
            self.skip(|c| c == ' ' || c == '\t');
            match self.peek() {
                None | Some(';' | '\n' | '}' | '#') => {}
                Some(_) if matches!(action, Action::Substitute(_)) => {
                    self.at += 1;
                    return Err(self.wrong("unknown option to `s'"));
                }
                Some(_) => {
                    self.at += 1;
                    return Err(self.wrong("extra characters after command"));
                }
            }
        }
        Ok(Command { from, to, negated, action })
    }

    fn address(&mut self, second: bool) -> Result<Option<Address>, ScriptError> {
        Ok(Some(match self.peek() {
            Some('0'..='9') => {
                let line = self.number().unwrap_or(0);
                if self.peek() == Some('~') {
                    self.at += 1;
                    let step = self.number().unwrap_or(0);
                    return Ok(Some(Address::Step(line, step)));
                }
                Address::Line(line)
            }
            Some('$') => {
                self.at += 1;
                Address::Last
            }
            Some('+') if second => {
                self.at += 1;
                Address::Plus(self.number().ok_or_else(|| self.wrong("expected number"))?)
            }
            Some(delimiter @ ('/' | '\\')) => {
                self.at += 1;
                let delimiter = if delimiter == '\\' { self.next().unwrap_or('/') } else { delimiter };
                let text =
                    self.until(delimiter, true).ok_or_else(|| self.wrong("unterminated address regex"))?;
                let mut ignore_case = false;
                while let Some(flag @ ('I' | 'M')) = self.peek() {
                    ignore_case |= flag == 'I';
                    self.at += 1;
                }
                Address::Regex(self.regex(&text, ignore_case)?)
            }
            _ => return Ok(None),
        }))
    }

    fn regex(&self, text: &str, ignore_case: bool) -> Result<Option<Regex>, ScriptError> {
        if text.is_empty() {
            return Ok(None);
        }
        let syntax = if self.extended { Syntax::Extended } else { Syntax::Basic };
        match pattern::compile(text, syntax, ignore_case) {
            Ok(regex) => Ok(Some(regex)),
            Err(PatternError::Wrong(why)) => Err(self.wrong(why)),
            Err(PatternError::BackReference) => Err(ScriptError::NotSimulated("a back-reference".into())),
        }
    }

    /// The text up to a delimiter, which a backslash hides.
    fn until(&mut self, delimiter: char, is_regex: bool) -> Option<String> {
        let mut text = String::new();
        let mut in_brackets = false;
        while let Some(c) = self.next() {
            match c {
                '\\' if !in_brackets => match self.next()? {
                    next if next == delimiter => text.push(delimiter),
                    'n' if is_regex => text.push('\n'),
                    next => text.extend(['\\', next]),
                },
                '[' if is_regex && !in_brackets => {
                    in_brackets = true;
                    text.push(c);
                    if self.peek() == Some('^') {
                        text.extend(self.next());
                    }
                    if self.peek() == Some(']') {
                        text.extend(self.next());
                    }
                }
                ']' => {
                    in_brackets = false;
                    text.push(c);
                }
                c if c == delimiter && !in_brackets => return Some(text),
                c => text.push(c),
            }
        }
        None
    }

    fn rest_of_line(&mut self) -> String {
        self.skip(|c| c == ' ' || c == '\t');
        let start = self.at;
        self.skip(|c| c != '\n');
        self.chars[start..self.at].iter().collect()
    }

    fn action(&mut self, letter: char, has_address: bool) -> Result<Action, ScriptError> {
        Ok(match letter {
            '{' => Action::Block(0),
            '}' if has_address => return Err(self.wrong("} doesn't want any addresses")),
            '}' => Action::End,
            '#' => {
                self.rest_of_line();
                Action::Label(String::new())
            }
            's' => self.substitute()?,
            'y' => {
                let unterminated = "unterminated `y' command";
                let delimiter = self.next().ok_or_else(|| self.wrong(unterminated))?;
                let from = self.until(delimiter, false).ok_or_else(|| self.wrong(unterminated))?;
                let to = self.until(delimiter, false).ok_or_else(|| self.wrong(unterminated))?;
                let plain = |text: &str| text.replace("\\n", "\n").replace("\\\\", "\\");
                let (from, to) = (plain(&from), plain(&to));
                if from.chars().count() != to.chars().count() {
                    return Err(self.wrong("strings for `y' command are different lengths"));
                }
                Action::Translate(from.chars().zip(to.chars()).collect())
            }
            'a' | 'i' | 'c' => {
                self.skip(|c| c == ' ' || c == '\t');
                if self.peek() == Some('\\') {
                    self.at += 1;
                    let behind = self.at;
                    self.skip(|c| c == ' ' || c == '\t');
                    match self.peek() {
                        Some('\n') => self.at += 1,
                        None => return Ok(Action::Text(letter, String::new())),
                        // Blanks behind the backslash are the text's.
                        Some(_) => self.at = behind,
                    }
                } else if self.peek().is_none() {
                    return Err(self.wrong("expected \\ after `a', `c' or `i'"));
                }
                let mut text = String::new();
                while let Some(c) = self.next() {
                    match c {
                        '\\' => text.extend(self.next()),
                        '\n' => break,
                        c => text.push(c),
                    }
                }
                text.push('\n');
                Action::Text(letter, text)
            }
            'b' | 't' | 'T' => {
                self.skip(|c| c == ' ');
                let start = self.at;
                self.skip(|c| !c.is_whitespace() && c != ';' && c != '}');
                Action::Branch(letter, self.chars[start..self.at].iter().collect())
            }
            ':' => {
                self.skip(|c| c == ' ');
                let start = self.at;
                self.skip(|c| !c.is_whitespace() && c != ';');
                if start == self.at {
                    return Err(self.wrong("\":\" lacks a label"));
                }
                Action::Label(self.chars[start..self.at].iter().collect())
            }
            'q' | 'Q' => {
                self.skip(|c| c == ' ');
                Action::Quit(letter == 'q', self.number().unwrap_or(0) as i32)
            }
            'r' => Action::Read(self.rest_of_line()),
            'w' => Action::Write(self.rest_of_line()),
            'p' | 'P' | 'd' | 'D' | 'n' | 'N' | 'g' | 'G' | 'h' | 'H' | 'x' | '=' => Action::Simple(letter),
            'l' | 'e' | 'F' | 'R' | 'W' | 'v' | 'z' => {
                return Err(ScriptError::NotSimulated(format!("the command {letter}")));
            }
            letter => return Err(self.wrong(&format!("unknown command: `{letter}'"))),
        })
    }

    fn substitute(&mut self) -> Result<Action, ScriptError> {
        const UNTERMINATED: &str = "unterminated `s' command";
        let delimiter = self.next().ok_or_else(|| self.wrong(UNTERMINATED))?;
        let pattern = self.until(delimiter, true).ok_or_else(|| self.wrong(UNTERMINATED))?;
        let replacement = self.replacement(delimiter)?;
        let mut substitute =
            Substitute { regex: None, replacement, global: false, number: 1, print: false, write: None };
        let mut ignore_case = false;
        loop {
            match self.peek() {
                Some('g') => substitute.global = true,
                Some('p') => substitute.print = true,
                Some('i' | 'I') => ignore_case = true,
                Some('m' | 'M' | 'e') => return Err(ScriptError::NotSimulated("this flag of s".into())),
                Some('0'..='9') => {
                    substitute.number = self.number().unwrap_or(1) as usize;
                    if substitute.number == 0 {
                        return Err(self.wrong("number option to `s' command may not be zero"));
                    }
                    continue;
                }
                Some('w') => {
                    self.at += 1;
                    substitute.write = Some(self.rest_of_line());
                    break;
                }
                _ => break,
            }
            self.at += 1;
        }
        substitute.regex = self.regex(&pattern, ignore_case)?;
        let groups = substitute.regex.as_ref().map_or(9, |regex| regex.captures_len() - 1);
        for piece in &substitute.replacement {
            if let Piece::Group(number) = piece
                && *number > groups
            {
                return Err(self.wrong(&format!("invalid reference \\{number} on `s' command's RHS")));
            }
        }
        Ok(Action::Substitute(Box::new(substitute)))
    }

    fn replacement(&mut self, delimiter: char) -> Result<Vec<Piece>, ScriptError> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        loop {
            let c = self.next().ok_or_else(|| self.wrong("unterminated `s' command"))?;
            let special = match c {
                c if c == delimiter => break,
                '&' => Some(Piece::Group(0)),
                '\\' => match self.next() {
                    Some(digit @ '0'..='9') => Some(Piece::Group(digit as usize - '0' as usize)),
                    Some(case @ ('U' | 'L' | 'u' | 'l' | 'E')) => Some(Piece::Case(case)),
                    Some('n') => {
                        text.push('\n');
                        None
                    }
                    Some('t') => {
                        text.push('\t');
                        None
                    }
                    Some(c) => {
                        text.push(c);
                        None
                    }
                    None => return Err(self.wrong("unterminated `s' command")),
                },
                c => {
                    text.push(c);
                    None
                }
            };
            if let Some(piece) = special {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(piece);
            }
        }
        pieces.push(Piece::Text(text));
        Ok(pieces)
    }
}
