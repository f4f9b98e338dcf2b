//! Selectors: which objects a Service, a controller or `-l` means. Models `apimachinery/pkg/labels`.

use super::ObjectExt;
use serde_json::{Map, Value};
use sim::Ordered;
use std::fmt;

/// A field selector: `spec.nodeName=node2,status.phase!=Running`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSelector {
    /// Path of the field in the JSON, whether it must equal, and what.
    requirements: Vec<(&'static str, bool, String)>,
}

impl FieldSelector {
    /// Reads what stands after `--field-selector`, for objects of this kind.
    pub fn parse(resource: super::Resource, text: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for term in text.split(',').filter(|term| !term.is_empty()) {
            let (name, equal, value) = if let Some((name, value)) = term.split_once("!=") {
                (name, false, value)
            } else if let Some((name, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
                (name, true, value)
            } else {
                return Err(format!("invalid selector: '{text}'; can't understand '{term}'"));
            };
            let path = match name {
                "metadata.name" => "/metadata/name",
                "metadata.namespace" if resource.namespaced => "/metadata/namespace",
                _ => resource
                    .selectable
                    .iter()
                    .find(|(field, _)| *field == name)
                    .map(|(_, path)| *path)
                    .ok_or_else(|| format!("field label not supported: {name}"))?,
            };
            requirements.push((path, equal, value.to_string()));
        }
        Ok(FieldSelector { requirements })
    }

    /// Whether every object is meant.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether this object is meant.
    pub fn matches(&self, object: &Value) -> bool {
        self.requirements.iter().all(|(path, equal, value)| {
            let found = match object.at(path) {
                Value::String(text) => text == value,
                // Who writes events of the new kind says only there who that is.
                Value::Null if *path == "/source/component" => object.str_at("/reportingComponent") == value,
                Value::Null if path.ends_with("able") || path.ends_with("Network") => value == "false",
                Value::Null => value.is_empty(),
                Value::Bool(truth) => value.parse() == Ok(*truth),
                Value::Number(number) => value.parse().ok() == number.as_i64(),
                _ => false,
            };
            found == *equal
        })
    }

    /// The value that must stand at `path`, if one must.
    pub fn exact(&self, path: &str) -> Option<&str> {
        let mut exact = self.requirements.iter().filter(|(field, equal, _)| *equal && *field == path);
        exact.next().map(|(_, _, value)| value.as_str())
    }

    /// The name that must be matched, if it is asked for.
    pub fn name(&self) -> Option<&str> {
        self.exact("/metadata/name")
    }
}

/// All requirements must hold; no requirement, everything matches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
    nothing: bool,
}

/// One requirement on a label.
#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Equals,
    DoubleEquals,
    NotEquals,
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

impl LabelSelector {
    /// Matches every object.
    pub fn everything() -> Self {
        LabelSelector::default()
    }

    /// Whether it matches every object.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty() && !self.nothing
    }

    /// Equality with each pair, the way a Service selects. An empty map selects nothing, as a Service
    /// without selector does.
    pub fn from_map(map: &Map<String, Value>) -> Self {
        let requirements = map.iter().map(|(key, value)| Requirement {
            key: key.clone(),
            operator: Operator::Equals,
            values: vec![value.as_str().unwrap_or("").to_string()],
        });
        LabelSelector { nothing: map.is_empty(), requirements: requirements.collect() }
    }

    /// From `{matchLabels, matchExpressions}`; without either, everything. From `Null`, nothing.
    pub fn from_value(value: &Value) -> Self {
        let mut selector = LabelSelector::from_map(value.map_at("/matchLabels"));
        selector.nothing = value.is_null();
        for expression in value.list_at("/matchExpressions") {
            selector.requirements.push(Requirement {
                key: expression.str_at("/key").to_string(),
                operator: match expression.str_at("/operator") {
                    "In" => Operator::In,
                    "NotIn" => Operator::NotIn,
                    "Exists" => Operator::Exists,
                    _ => Operator::DoesNotExist,
                },
                values: expression
                    .list_at("/values")
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_string)
                    .collect(),
            });
        }
        selector.requirements.order_by(|a, b| a.key.cmp(&b.key));
        selector
    }

    /// Reads what stands after `-l`: `app=blue,tier in (web, db),!legacy`.
    pub fn parse(text: &str) -> Result<Self, String> {
        Parser { tokens: lex(text), at: 0 }.selector()
    }

    /// Whether an object with these labels is meant.
    pub fn matches(&self, labels: &Map<String, Value>) -> bool {
        !self.nothing
            && self.requirements.iter().all(|r| r.matches(labels.get(&r.key).and_then(Value::as_str)))
    }
}

impl Requirement {
    fn matches(&self, value: Option<&str>) -> bool {
        let listed = || value.is_some_and(|value| self.values.iter().any(|v| v == value));
        let number = |text: &str| text.parse::<i64>().ok();
        let compare = |holds: fn(i64, i64) -> bool| {
            let right = self.values.first().and_then(|v| number(v));
            value.and_then(number).zip(right).is_some_and(|(left, right)| holds(left, right))
        };
        match self.operator {
            Operator::Equals | Operator::DoubleEquals | Operator::In => listed(),
            Operator::NotEquals | Operator::NotIn => !listed(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => compare(|left, right| left > right),
            Operator::LessThan => compare(|left, right| left < right),
        }
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, r) in self.requirements.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            let list = || {
                let mut values = r.values.clone();
                values.order();
                values.join(",")
            };
            match r.operator {
                Operator::Equals => write!(f, "{}={}", r.key, list())?,
                Operator::DoubleEquals => write!(f, "{}=={}", r.key, list())?,
                Operator::NotEquals => write!(f, "{}!={}", r.key, list())?,
                Operator::In => write!(f, "{} in ({})", r.key, list())?,
                Operator::NotIn => write!(f, "{} notin ({})", r.key, list())?,
                Operator::Exists => write!(f, "{}", r.key)?,
                Operator::DoesNotExist => write!(f, "!{}", r.key)?,
                Operator::GreaterThan => write!(f, "{}>{}", r.key, list())?,
                Operator::LessThan => write!(f, "{}<{}", r.key, list())?,
            }
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Symbol(&'static str),
    End,
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Token::Word(word) => word,
            Token::Symbol(symbol) => symbol,
            Token::End => "",
        }
    }
}

fn lex(text: &str) -> Vec<Token> {
    const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "=!(),><".contains(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_string()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    tokens.push(Token::End);
    tokens
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }
    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn selector(mut self) -> Result<LabelSelector, String> {
        let mut requirements: Vec<Requirement> = Vec::new();
        loop {
            match self.peek() {
                Token::Word(_) | Token::Symbol("!") => {
                    let requirement =
                        self.requirement().map_err(|why| format!("unable to parse requirement: {why}"))?;
                    requirements.push(requirement);
                    match self.next() {
                        Token::End => break,
                        Token::Symbol(",") => {
                            if !matches!(self.peek(), Token::Word(_) | Token::Symbol("!")) {
                                return Err(format!(
                                    "found '{}', expected: identifier after ','",
                                    self.peek().text()
                                ));
                            }
                        }
                        other => {
                            return Err(format!(
                                "found '{}', expected: ',' or 'end of string'",
                                other.text()
                            ));
                        }
                    }
                }
                Token::End => break,
                other => {
                    return Err(format!(
                        "found '{}', expected: !, identifier, or 'end of string'",
                        other.text()
                    ));
                }
            }
        }
        requirements.order_by(|a, b| a.key.cmp(&b.key));
        Ok(LabelSelector { requirements, nothing: false })
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = *self.peek() == Token::Symbol("!");
        if negated {
            self.next();
        }
        let key = match self.next() {
            Token::Word(key) => key,
            other => return Err(format!("found '{}', expected: identifier", other.text())),
        };
        super::validation::label_key(&key).map_err(|why| format!("key: Invalid value: {key:?}: {why}"))?;
        let plain = |operator| Requirement { key: key.clone(), operator, values: Vec::new() };
        if negated {
            return Ok(plain(Operator::DoesNotExist));
        }
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Ok(plain(Operator::Exists));
        }
        let operator = match self.next() {
            Token::Symbol("=") => Operator::Equals,
            Token::Symbol("==") => Operator::DoubleEquals,
            Token::Symbol("!=") => Operator::NotEquals,
            Token::Symbol(">") => Operator::GreaterThan,
            Token::Symbol("<") => Operator::LessThan,
            Token::Word(word) if word == "in" => Operator::In,
            Token::Word(word) if word == "notin" => Operator::NotIn,
            other => {
                return Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", other.text()));
            }
        };
        let values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => vec![match self.peek() {
                Token::Word(_) => self.next().text().to_string(),
                Token::End | Token::Symbol(",") => String::new(),
                other => return Err(format!("found '{}', expected: identifier", other.text())),
            }],
        };
        for value in &values {
            if matches!(operator, Operator::GreaterThan | Operator::LessThan) {
                if value.parse::<i64>().is_err() {
                    return Err(format!(
                        "values[0][{key}]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer"
                    ));
                }
            } else {
                super::validation::label_value(value)
                    .map_err(|why| format!("values[0][{key}]: Invalid value: {value:?}: {why}"))?;
            }
        }
        Ok(Requirement { key, operator, values })
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.next() {
            Token::Symbol("(") => {}
            other => return Err(format!("found '{}' expected: '('", other.text())),
        }
        let mut values = Vec::new();
        loop {
            match self.next() {
                Token::Word(word) => {
                    values.push(word);
                    match self.next() {
                        Token::Symbol(",") => {}
                        Token::Symbol(")") => return Ok(values),
                        other => return Err(format!("found '{}', expected: ',' or ')'", other.text())),
                    }
                }
                Token::Symbol(",") => values.push(String::new()),
                Token::Symbol(")") => {
                    values.push(String::new());
                    return Ok(values);
                }
                other => return Err(format!("found '{}', expected: ',', ')' or identifier", other.text())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn selectors_match_as_upstream() {
        let labels = json!({"app": "blue", "tier": "web"});
        let labels = labels.as_object().unwrap();
        for (text, expected) in [
            ("", true),
            ("app=blue", true),
            ("app==blue,tier!=db", true),
            ("app in (blue, red)", true),
            ("app notin (blue)", false),
            ("!app", false),
            ("tier", true),
            ("legacy!=x", true),
        ] {
            assert_eq!(LabelSelector::parse(text).unwrap().matches(labels), expected, "{text}");
        }
    }

    #[test]
    fn a_broken_selector_says_where() {
        assert_eq!(
            LabelSelector::parse("app in blue").unwrap_err(),
            "unable to parse requirement: found 'blue' expected: '('"
        );
        assert_eq!(LabelSelector::parse("a=b,").unwrap_err(), "found '', expected: identifier after ','");
    }

    #[test]
    fn a_service_without_selector_selects_nothing() {
        assert!(!LabelSelector::from_map(&Map::new()).matches(&Map::new()));
        assert!(LabelSelector::from_value(&json!({})).matches(&Map::new()));
    }
}
