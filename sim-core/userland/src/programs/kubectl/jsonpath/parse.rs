//! The parser: a template is text with actions in braces. Models `jsonpath/parser.go`.

use serde_json::Value;

/// A node of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// An action: its nodes apply one after the other.
    List(Vec<Node>),
    /// Text outside of actions, or quoted inside.
    Text(String),
    /// `.name`
    Field(String),
    /// `[start:end:step]`
    Array([Param; 3]),
    /// `[?(left op right)]`
    Filter { left: Vec<Node>, right: Vec<Node>, operator: String },
    /// A number or a truth value.
    Literal(Value),
    /// `*`
    Wildcard,
    /// `..`
    Recursive,
    /// `[a,b]`
    Union(Vec<Vec<Node>>),
    /// `range`, `end`, or a mistake.
    Identifier(String),
}

/// A number of a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Param {
    /// The number.
    pub value: i64,
    /// Whether it was said.
    pub known: bool,
    /// Whether it follows from the first one.
    pub derived: bool,
}

/// Reads a template.
pub fn parse(template: &str) -> Result<Vec<Node>, String> {
    let mut parser = Parser { input: template.chars().collect(), pos: 0 };
    let mut root = Vec::new();
    loop {
        let text = parser.take_while(|c| c != '{');
        if !text.is_empty() {
            root.push(Node::Text(text));
        }
        if parser.next().is_none() {
            return Ok(root);
        }
        root.push(Node::List(parser.action()?));
    }
}

fn parse_action(text: &str) -> Result<Vec<Node>, String> {
    match parse(&format!("{{{text}}}"))?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

struct Parser {
    input: Vec<char>,
    pos: usize,
}

impl Parser {
    fn next(&mut self) -> Option<char> {
        let c = self.input.get(self.pos).copied();
        self.pos += usize::from(c.is_some());
        c
    }

    fn peek(&self) -> Option<char> {
        self.input.get(self.pos).copied()
    }

    fn starts_with(&self, prefix: &str) -> bool {
        prefix.chars().enumerate().all(|(i, c)| self.input.get(self.pos + i) == Some(&c))
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek().filter(|c| keep(*c)) {
            text.push(c);
            self.pos += 1;
        }
        text
    }

    /// Inside of braces, up to the closing one.
    fn action(&mut self) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        loop {
            if self.starts_with("[?(") {
                self.pos += 3;
                nodes.push(self.filter()?);
                continue;
            }
            if self.starts_with("..") {
                if nodes.last() == Some(&Node::Recursive) {
                    return Err("invalid multiple recursive descent".to_string());
                }
                self.pos += 2;
                nodes.push(Node::Recursive);
                if self.peek().is_some_and(is_alphanumeric) {
                    nodes.push(self.field());
                }
                continue;
            }
            match self.next() {
                None | Some('\n' | '\r') => return Err("unclosed action".to_string()),
                Some('}') => return Ok(nodes),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(&mut nodes)?,
                Some(quote @ ('"' | '\'')) => nodes.push(self.quote(quote)?),
                Some('.') => nodes.push(self.field()),
                Some(c) if c == '+' || c == '-' || c.is_ascii_digit() => {
                    self.pos -= 1;
                    nodes.push(self.number()?);
                }
                Some(c) if is_alphanumeric(c) => {
                    self.pos -= 1;
                    let name = self.take_while(|c| !is_terminator(c));
                    nodes.push(match name.as_str() {
                        "true" | "True" | "TRUE" => Node::Literal(Value::Bool(true)),
                        "false" | "False" | "FALSE" => Node::Literal(Value::Bool(false)),
                        _ => Node::Identifier(name),
                    });
                }
                Some(c) => {
                    return Err(format!("unrecognized character in action: U+{:04X} '{c}'", c as u32));
                }
            }
        }
    }

    fn field(&mut self) -> Node {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if c == '\\' {
                self.pos += 1;
                name.extend(self.next());
            } else if is_terminator(c) {
                break;
            } else {
                name.push(c);
                self.pos += 1;
            }
        }
        if name == "*" { Node::Wildcard } else { Node::Field(name) }
    }

    fn number(&mut self) -> Result<Node, String> {
        let start = self.pos;
        if matches!(self.peek(), Some('+' | '-')) {
            self.pos += 1;
        }
        self.take_while(|c| c == '.' || c.is_ascii_digit());
        let text: String = self.input[start..self.pos].iter().collect();
        let unsigned = text.strip_prefix('+').unwrap_or(&text);
        let value = match unsigned.parse::<i64>() {
            Ok(number) => Value::from(number),
            Err(_) => {
                Value::from(unsigned.parse::<f64>().map_err(|_| format!("cannot parse number {text}"))?)
            }
        };
        Ok(Node::Literal(value))
    }

    fn quote(&mut self, quote: char) -> Result<Node, String> {
        let mut text = String::new();
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_string()),
                Some('\\') => match self.next() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some(c) => text.push(c),
                    None => return Err("unterminated quoted string".to_string()),
                },
                Some(c) if c == quote => return Ok(Node::Text(text)),
                Some(c) => text.push(c),
            }
        }
    }

    fn array(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        let mut text = String::new();
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated array".to_string()),
                Some(']') => break,
                Some(c) => text.push(c),
            }
        }
        if text == "*" {
            text = ":".to_string();
        }
        if text.contains(',') {
            let members: Result<Vec<_>, _> = text
                .split(',')
                .map(|member| parse_action(&format!("[{}]", member.trim_matches(' '))))
                .collect();
            nodes.push(Node::Union(members?));
            return Ok(());
        }
        if let Some(key) =
            text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).filter(|k| !k.contains('\''))
        {
            nodes.extend(parse_action(&format!(".{key}"))?);
            return Ok(());
        }
        nodes.push(Node::Array(slice(&text)?));
        Ok(())
    }

    fn filter(&mut self) -> Result<Node, String> {
        let mut text = String::new();
        let mut quote = None;
        let mut closed = false;
        loop {
            let Some(c) = self.next().filter(|c| *c != '\n') else {
                return Err("unterminated filter".to_string());
            };
            match c {
                '"' | '\'' if quote.is_none() => quote = Some(c),
                c if quote == Some(c) && !text.ends_with('\\') => closed = true,
                ')' if quote.is_some() == closed => break,
                _ => {}
            }
            text.push(c);
        }
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_string());
        }
        let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
        let split = text.find(is_operator).filter(|at| *at > 0).and_then(|at| {
            let rest = &text[at..];
            let end = rest.find(|c| !is_operator(c))?;
            Some((&text[..at], &rest[..end], &rest[end..]))
        });
        Ok(match split {
            Some((left, operator, right)) => Node::Filter {
                left: parse_action(left)?,
                right: parse_action(right)?,
                operator: operator.to_string(),
            },
            None => {
                Node::Filter { left: parse_action(&text)?, right: Vec::new(), operator: "exists".to_string() }
            }
        })
    }
}

fn slice(text: &str) -> Result<[Param; 3], String> {
    let parts: Vec<&str> = text.split(':').collect();
    let is_number = |part: &&str| part.strip_prefix('-').unwrap_or(part).chars().all(|c| c.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(is_number) {
        return Err(format!("invalid array index {text}"));
    }
    let mut params = [Param::default(); 3];
    for (i, param) in params.iter_mut().enumerate() {
        if let Some(part) = parts.get(i).filter(|part| !part.is_empty()) {
            param.value = part.parse().map_err(|_| format!("array index {part} is not a number"))?;
            param.known = true;
        }
    }
    if parts.len() == 1 {
        params[1] = Param { value: params[0].value + 1, known: true, derived: true };
    }
    Ok(params)
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}
