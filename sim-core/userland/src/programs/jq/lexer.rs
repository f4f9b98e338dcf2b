//! The words of a jq program. Models src/lexer.l.

use super::ast::Place;
use super::json::Number;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// An operator, or a keyword.
    Word(&'static str),
    /// `.name`
    Field(String),
    Ident(String),
    /// `$name`
    Binding(String),
    Literal(Number2),
    /// `@name`
    Format(String),
    /// A string in its parts: raw text with its escapes, and programs with their places.
    Text(Vec<TextPart>),
    /// The string does not end.
    OpenText(Vec<TextPart>),
    Invalid,
    End,
}

/// A number, compared by what it prints as.
#[derive(Clone, Debug)]
pub(super) struct Number2(pub(super) Number);

impl PartialEq for Number2 {
    fn eq(&self, other: &Self) -> bool {
        self.0.print() == other.0.print()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TextPart {
    Raw(String, Place),
    Program(Vec<(Token, Place)>),
}

impl Token {
    /// As bison calls it in a complaint.
    pub(super) fn name(&self) -> String {
        match self {
            Token::Word(word) if word.len() == 1 => format!("'{word}'"),
            Token::Word(word) => word.to_string(),
            Token::Field(_) => "FIELD".into(),
            Token::Ident(_) => "IDENT".into(),
            Token::Binding(_) => "BINDING".into(),
            Token::Literal(_) => "LITERAL".into(),
            Token::Format(_) => "FORMAT".into(),
            Token::Text(_) | Token::OpenText(_) => "QQSTRING_START".into(),
            Token::Invalid => "INVALID_CHARACTER".into(),
            Token::End => "end of file".into(),
        }
    }
}

const KEYWORDS: &[&str] = &[
    "__loc__", "and", "as", "break", "catch", "def", "elif", "else", "end", "foreach", "if", "import",
    "include", "label", "module", "or", "reduce", "then", "try",
];

const OPERATORS: &[&str] = &[
    "?//=", "?//", "!=", "==", "//=", "//", "|=", "+=", "-=", "*=", "/=", "%=", "<=", ">=", "..", ".", "?",
    "=", ";", ",", ":", "|", "+", "-", "*", "/", "%", "$", "<", ">", "(", ")", "[", "]", "{", "}",
];

/// Splits a program; the last token is the end, whose place is that of what came last.
pub(super) fn tokens(text: &str) -> Vec<(Token, Place)> {
    let mut lexer = Lexer { text, at: 0, last: 0 };
    lexer.run(None)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Where the last thing began that was taken, blanks and comments included.
    last: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Takes tokens up to the bracket that closes, or to the end.
    fn run(&mut self, until: Option<char>) -> Vec<(Token, Place)> {
        let mut out = Vec::new();
        let mut open: Vec<char> = Vec::new();
        loop {
            let start = self.at;
            let rest = self.rest();
            let Some(c) = rest.chars().next() else {
                out.push((Token::End, self.last));
                return out;
            };
            self.last = start;
            let blank = rest.find(|c: char| !matches!(c, ' ' | '\t' | '\r' | '\n')).unwrap_or(rest.len());
            if blank > 0 {
                self.at += blank;
                continue;
            }
            if c == '#' {
                self.at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            if c == ')' && open.is_empty() && until.is_some() {
                self.at += 1;
                out.push((Token::End, start));
                return out;
            }
            let token = self.token(c, &mut open);
            out.push((token, start));
        }
    }

    fn token(&mut self, c: char, open: &mut Vec<char>) -> Token {
        let rest = self.rest();
        let word = |text: &str| {
            // Names of modules are part of a name: `a::b`.
            let mut end = 0;
            loop {
                let begins = text[end..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
                if !begins {
                    return end;
                }
                let more = &text[end..];
                end += more.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(more.len());
                let next = text[end..].strip_prefix("::");
                if !next.is_some_and(|next| next.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')) {
                    return end;
                }
                end += 2;
            }
        };
        if c == '"' {
            self.at += 1;
            return self.string();
        }
        if c == '.' && word(&rest[1..]) > 0 {
            let name = &rest[1..];
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
            let name = name[..end].to_string();
            self.at += 1 + end;
            return Token::Field(name);
        }
        if c == '@' {
            let name = &rest[1..];
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
            let name = name[..end].to_string();
            self.at += 1 + end;
            return if name.is_empty() { Token::Invalid } else { Token::Format(name) };
        }
        if c == '$' && word(&rest[1..]) > 0 {
            let end = word(&rest[1..]);
            let name = rest[1..=end].to_string();
            self.at += 1 + end;
            return Token::Binding(name);
        }
        let end = word(rest);
        if end > 0 {
            let name = rest[..end].to_string();
            self.at += end;
            return match KEYWORDS.iter().find(|keyword| **keyword == name) {
                Some(keyword) => Token::Word(keyword),
                None => Token::Ident(name),
            };
        }
        let digits = number_length(rest);
        if digits > 0 {
            let number = Number::parse(&rest[..digits]);
            self.at += digits;
            return number.map_or(Token::Invalid, |number| Token::Literal(Number2(number)));
        }
        match OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
            Some(operator) => {
                self.at += operator.len();
                match *operator {
                    "(" | "[" | "{" => open.push(c),
                    ")" | "]" | "}" => {
                        let fits =
                            matches!((open.pop(), c), (Some('('), ')') | (Some('['), ']') | (Some('{'), '}'));
                        if !fits {
                            return Token::Invalid;
                        }
                    }
                    _ => {}
                }
                Token::Word(operator)
            }
            None => {
                self.at += c.len_utf8();
                Token::Invalid
            }
        }
    }

    fn string(&mut self) -> Token {
        let mut parts = Vec::new();
        loop {
            let start = self.at;
            let rest = self.rest();
            let mut end = 0;
            let bytes = rest.as_bytes();
            while end < bytes.len() && bytes[end] != b'"' && !rest[end..].starts_with("\\(") {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
                end = end.min(bytes.len());
                while !rest.is_char_boundary(end) {
                    end += 1;
                }
            }
            if end > 0 {
                self.last = start;
                parts.push(TextPart::Raw(rest[..end].to_string(), start));
                self.at += end;
            }
            let rest = self.rest();
            if rest.starts_with('"') {
                self.last = self.at;
                self.at += 1;
                return Token::Text(parts);
            }
            if rest.is_empty() {
                return Token::OpenText(parts);
            }
            self.last = self.at;
            self.at += 2;
            let program = self.run(Some(')'));
            parts.push(TextPart::Program(program));
        }
    }
}

/// `1`, `1.5`, `.5`, `1e3`.
fn number_length(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut end = digits(text);
    let whole = end;
    if text[end..].starts_with('.') {
        let fraction = digits(&text[end + 1..]);
        if whole == 0 && fraction == 0 {
            return 0;
        }
        end += 1 + fraction;
    } else if whole == 0 {
        return 0;
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let power = digits(&text[end + 1 + sign..]);
        if power > 0 {
            end += 1 + sign + power;
        }
    }
    end
}
