//! From words to a tree: expressions, by precedence.

use super::lexer::Token;
use super::parser::{Parsed, Parser, Wrong};
use super::tree::Expression;

const BINARY: &[(&[&str], u8)] =
    &[(&["||"], 1), (&["&&"], 2), (&["in"], 3), (&["~", "!~"], 4), (&["<", "<=", "==", "!=", ">", ">="], 5)];

impl Parser {
    pub(super) fn list(&mut self, close: &str) -> Parsed<Vec<Expression>> {
        let outer = (std::mem::take(&mut self.no_in), std::mem::take(&mut self.no_greater));
        let mut all = Vec::new();
        self.newlines();
        while !self.take(close) {
            all.push(self.expression()?);
            self.newlines();
            if !self.is(close) && !self.is(",") && close == ")" {
                self.close()?;
            }
            if !self.is(close) {
                self.expect(",")?;
                self.newlines();
            }
        }
        (self.no_in, self.no_greater) = outer;
        Ok(all)
    }

    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.depth += 1;
        if self.depth > 100 {
            return Err(Wrong::NotSimulated("a program nested this deep".into()));
        }
        let left = self.choice()?;
        let operator = match self.peek() {
            Token::Word(word @ ("=" | "+=" | "-=" | "*=" | "/=" | "%=" | "^=")) => Some(*word),
            _ => None,
        };
        let result = match operator {
            Some(operator)
                if matches!(
                    left,
                    Expression::Variable(_) | Expression::Element(..) | Expression::Field(_)
                ) =>
            {
                self.at += 1;
                self.newlines();
                let right = self.expression()?;
                Expression::Assign(operator, Box::new(left), Box::new(right))
            }
            _ => left,
        };
        self.depth -= 1;
        Ok(result)
    }

    fn choice(&mut self) -> Parsed<Expression> {
        let condition = self.binary(1)?;
        if !self.take("?") {
            return Ok(condition);
        }
        self.newlines();
        let then = self.expression()?;
        self.newlines();
        self.expect(":")?;
        self.newlines();
        let otherwise = self.expression()?;
        Ok(Expression::Choice(Box::new(condition), Box::new(then), Box::new(otherwise)))
    }

    fn binary(&mut self, level: u8) -> Parsed<Expression> {
        if level > 5 {
            return self.concatenation();
        }
        let mut left = self.binary(level + 1)?;
        loop {
            let Token::Word(word) = *self.peek() else { return Ok(left) };
            let fits = BINARY.iter().any(|(words, at)| *at == level && words.contains(&word));
            if !fits || (word == ">" && self.no_greater) || (word == "in" && self.no_in) {
                return Ok(left);
            }
            self.at += 1;
            if word == "in" {
                let Token::Name(array) = self.peek().clone() else { return Err(self.wrong()) };
                self.at += 1;
                self.arrays.push(array.clone());
                left = Expression::In(
                    match left {
                        Expression::In(list, marker) if marker.is_empty() => list,
                        one => vec![one],
                    },
                    array,
                );
                continue;
            }
            self.newlines();
            let right = Box::new(self.binary(level + 1)?);
            left = match word {
                "~" | "!~" => Expression::Match(word == "~", Box::new(left), right),
                word => Expression::Binary(word, Box::new(left), right),
            };
            if level == 5 {
                return Ok(left);
            }
        }
    }

    pub(super) fn concatenation(&mut self) -> Parsed<Expression> {
        let mut left = self.sum()?;
        while match self.peek() {
            Token::Number(_)
            | Token::String(_)
            | Token::Regex(_)
            | Token::Name(_)
            | Token::Function(_)
            | Token::Builtin(_) => true,
            Token::Word(word) => matches!(*word, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
            _ => false,
        } {
            let right = self.sum()?;
            left = Expression::Concatenate(Box::new(left), Box::new(right));
        }
        if self.is("|") && matches!(self.tokens.get(self.at + 1), Some((Token::Word("getline"), _))) {
            return Err(Wrong::NotSimulated("getline".into()));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed<Expression> {
        let mut left = self.product()?;
        while let Token::Word(word @ ("+" | "-")) = *self.peek() {
            self.at += 1;
            let right = self.product()?;
            left = Expression::Binary(word, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed<Expression> {
        let mut left = self.unary()?;
        while let Token::Word(word @ ("*" | "/" | "%")) = *self.peek() {
            self.at += 1;
            let right = self.unary()?;
            left = Expression::Binary(word, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expression> {
        if let Token::Word(word @ ("!" | "-" | "+")) = *self.peek() {
            self.at += 1;
            self.depth += 1;
            if self.depth > 100 {
                return Err(Wrong::NotSimulated("a program nested this deep".into()));
            }
            let of = self.unary()?;
            self.depth -= 1;
            return Ok(Expression::Unary(word, Box::new(of)));
        }
        let base = self.postfix()?;
        if self.take("^") {
            let power = self.unary()?;
            return Ok(Expression::Binary("^", Box::new(base), Box::new(power)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Parsed<Expression> {
        if let Token::Word(word @ ("++" | "--")) = *self.peek() {
            self.at += 1;
            let of = self.postfix()?;
            return Ok(Expression::Step(if word == "++" { 1.0 } else { -1.0 }, false, Box::new(of)));
        }
        let of = self.primary()?;
        let place = matches!(of, Expression::Variable(_) | Expression::Element(..) | Expression::Field(_));
        if let (true, Token::Word(word @ ("++" | "--"))) = (place, self.peek().clone()) {
            self.at += 1;
            return Ok(Expression::Step(if word == "++" { 1.0 } else { -1.0 }, true, Box::new(of)));
        }
        Ok(of)
    }

    fn primary(&mut self) -> Parsed<Expression> {
        let token = self.peek().clone();
        self.at += 1;
        Ok(match token {
            Token::Number(number) => Expression::Number(number),
            Token::String(text) => Expression::String(text),
            Token::Regex(text) => Expression::Regex(text),
            Token::Name(name) if self.take("[") => {
                self.arrays.push(name.clone());
                Expression::Element(name, self.list("]")?)
            }
            Token::Name(name) => Expression::Variable(name),
            Token::Function(name) => {
                self.expect("(")?;
                self.calls.push(name.clone());
                Expression::Call(name, self.list(")")?)
            }
            Token::Builtin(name) => {
                let arguments = if self.take("(") {
                    self.list(")")?
                } else if name == "length" {
                    Vec::new()
                } else {
                    return Err(self.wrong());
                };
                if matches!(name, "system" | "close") {
                    return Err(Wrong::NotSimulated(format!("the function {name}")));
                }
                if let ("split", Some(Expression::Variable(array))) = (name, arguments.get(1)) {
                    self.arrays.push(array.clone());
                }
                Expression::Builtin(name, arguments)
            }
            Token::Word("$") => {
                // `$NF-1` is `($NF) - 1`; `$i++` steps the field.
                let of = if let Token::Word(word @ ("++" | "--")) = *self.peek() {
                    self.at += 1;
                    let of = self.primary()?;
                    Expression::Step(if word == "++" { 1.0 } else { -1.0 }, false, Box::new(of))
                } else if self.take("-") {
                    Expression::Unary("-", Box::new(self.primary()?))
                } else {
                    self.primary()?
                };
                Expression::Field(Box::new(of))
            }
            Token::Word("(") => {
                let mut all = self.list(")")?;
                match all.len() {
                    0 => {
                        self.at -= 1;
                        return Err(self.wrong());
                    }
                    1 => Expression::Group(Box::new(all.remove(0))),
                    // A list: for `in` or for print.
                    _ => Expression::In(all, String::new()),
                }
            }
            Token::Word("-") => Expression::Unary("-", Box::new(self.primary()?)),
            Token::Word("getline") => return Err(Wrong::NotSimulated("getline".into())),
            _ => {
                self.at -= 1;
                return Err(self.wrong());
            }
        })
    }
}
