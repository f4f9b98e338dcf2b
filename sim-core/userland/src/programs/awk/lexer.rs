//! The words of an awk program.

use super::value::unescape;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    String(String),
    Regex(String),
    Name(String),
    /// A name with its parenthesis right behind it: a function of the program.
    Function(String),
    /// A function of awk itself.
    Builtin(&'static str),
    /// A keyword or an operator.
    Word(&'static str),
    Newline,
    End,
}

const KEYWORDS: &[&str] = &[
    "BEGIN", "END", "break", "continue", "delete", "do", "else", "exit", "for", "function", "func",
    "getline", "if", "in", "next", "nextfile", "print", "printf", "return", "while",
];

pub(super) const BUILTINS: &[&str] = &[
    "atan2", "close", "cos", "exp", "fflush", "gsub", "index", "int", "length", "log", "match", "rand",
    "sin", "split", "sprintf", "sqrt", "srand", "strftime", "sub", "substr", "system", "systime", "tolower",
    "toupper",
];

const OPERATORS: &[&str] = &[
    "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=", "!~", ">>", "{", "}",
    "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":", "~", "$", "=",
];

/// Splits a program; each word with the number of its line.
///
/// # Errors
/// What is wrong.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let mut out: Vec<(Token, usize)> = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after_value = matches!(
            out.last(),
            Some((
                Token::Number(_)
                    | Token::String(_)
                    | Token::Name(_)
                    | Token::Builtin(_)
                    | Token::Regex(_)
                    | Token::Word(")" | "]" | "$" | "++" | "--"),
                _
            ))
        );
        match c {
            ' ' | '\t' | '\r' => rest = &rest[1..],
            '\n' => {
                out.push((Token::Newline, line));
                line += 1;
                rest = &rest[1..];
            }
            '\\' if rest.starts_with("\\\n") => {
                line += 1;
                rest = &rest[2..];
            }
            '#' => rest = &rest[rest.find('\n').unwrap_or(rest.len())..],
            '"' | '/' if c == '"' || !after_value => {
                let mut end = 1;
                let bytes = rest.as_bytes();
                let mut bracket = false;
                loop {
                    match bytes.get(end) {
                        None | Some(b'\n') => {
                            let kind = if c == '"' {
                                "runaway string constant"
                            } else {
                                "runaway regular expression"
                            };
                            return Err(format!("line {line}: {kind} {} ...", &rest[..rest.len().min(10)]));
                        }
                        Some(b'\\') => end += 2,
                        Some(b'[') if c == '/' && !bracket => {
                            bracket = true;
                            end += 1;
                            if bytes.get(end) == Some(&b'^') {
                                end += 1;
                            }
                            if bytes.get(end) == Some(&b']') {
                                end += 1;
                            }
                        }
                        Some(b']') if bracket => {
                            bracket = false;
                            end += 1;
                        }
                        Some(byte) if *byte == c as u8 && !bracket => break,
                        Some(_) => end += 1,
                    }
                }
                let inside = rest.get(1..end).unwrap_or("");
                out.push((
                    if c == '"' {
                        Token::String(unescape(inside))
                    } else {
                        Token::Regex(inside.replace("\\/", "/"))
                    },
                    line,
                ));
                rest = rest.get(end + 1..).unwrap_or("");
            }
            c if c.is_ascii_digit() || c == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                let mut end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                if rest[end..].starts_with(['e', 'E']) {
                    let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
                    let power = &rest[end + 1 + sign..];
                    let digits = power.find(|c: char| !c.is_ascii_digit()).unwrap_or(power.len());
                    if digits > 0 {
                        end += 1 + sign + digits;
                    }
                }
                out.push((Token::Number(rest[..end].parse().unwrap_or(0.0)), line));
                rest = &rest[end..];
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                let name = &rest[..end];
                rest = &rest[end..];
                out.push((
                    if let Some(word) = KEYWORDS.iter().find(|word| **word == name) {
                        Token::Word(word)
                    } else if let Some(word) = BUILTINS.iter().find(|word| **word == name) {
                        Token::Builtin(word)
                    } else if rest.starts_with('(') {
                        Token::Function(name.to_string())
                    } else {
                        Token::Name(name.to_string())
                    },
                    line,
                ));
            }
            c => match OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
                Some(operator) => {
                    out.push((Token::Word(operator), line));
                    rest = &rest[operator.len()..];
                }
                None => return Err(format!("line {line}: unexpected character '{c}'")),
            },
        }
    }
    out.push((Token::Newline, line));
    out.push((Token::End, line));
    Ok(out)
}
