//! Terms of a program: paths, brackets, objects, strings, `if`, `reduce`.

use super::ast::{Ast, Part, Pattern, Place};
use super::json::Json;
use super::lexer::{TextPart, Token};
use super::parser::{Mistake, Parsed, Parser};
use super::read;

impl Parser<'_> {
    /// A term with what hangs on it.
    pub(super) fn term(&mut self) -> Parsed<Ast> {
        let mut term = self.primary()?;
        loop {
            if let Token::Field(name) = self.peek() {
                self.at += 1;
                term = Ast::Index(Box::new(term), Box::new(Ast::Literal(Json::string(name))));
            } else if self.is(".") {
                self.at += 1;
                match self.peek() {
                    Token::Text(_) => term = Ast::Index(Box::new(term), Box::new(self.string(None)?)),
                    Token::Word("[") => {}
                    _ => return Err(self.unexpected(&["FORMAT", "QQSTRING_START", "'['"])),
                }
            } else if self.is("[") {
                term = self.bracket(term)?;
            } else if self.take("?") {
                term = Ast::Try(Box::new(term), None);
            } else {
                return Ok(term);
            }
        }
    }

    fn bracket(&mut self, of: Ast) -> Parsed<Ast> {
        self.at += 1;
        let of = Box::new(of);
        if self.take("]") {
            return Ok(Ast::Iterate(of));
        }
        if self.take(":") {
            let to = self.boxed()?;
            self.expect("]", &[])?;
            return Ok(Ast::Slice(of, None, Some(to)));
        }
        let from = self.boxed()?;
        if self.take(":") {
            if self.take("]") {
                return Ok(Ast::Slice(of, Some(from), None));
            }
            let to = self.boxed()?;
            self.expect("]", &[])?;
            return Ok(Ast::Slice(of, Some(from), Some(to)));
        }
        self.expect("]", &[])?;
        Ok(Ast::Index(of, from))
    }

    fn primary(&mut self) -> Parsed<Ast> {
        let place = self.place();
        let token = self.peek();
        match token {
            Token::Field(name) => {
                self.at += 1;
                Ok(Ast::Index(Box::new(Ast::Identity), Box::new(Ast::Literal(Json::string(name)))))
            }
            Token::Literal(number) => {
                self.at += 1;
                Ok(Ast::Literal(Json::Number(number.0.clone())))
            }
            Token::Text(_) => self.string(None),
            Token::Format(name) => {
                self.at += 1;
                if matches!(self.peek(), Token::Text(_)) {
                    return self.string(Some(name.clone()));
                }
                Ok(Ast::Format(name.clone()))
            }
            Token::Binding(name) if name == "__loc__" => {
                self.at += 1;
                Ok(Ast::Literal(self.location(place)))
            }
            Token::Binding(name) => {
                self.at += 1;
                Ok(Ast::Variable(name.clone(), place))
            }
            Token::Ident(name) => {
                self.at += 1;
                let mut arguments = Vec::new();
                if self.take("(") {
                    arguments.push(self.expression()?);
                    while self.take(";") {
                        arguments.push(self.expression()?);
                    }
                    self.expect(")", &["';'", "')'"])?;
                }
                if arguments.is_empty() {
                    let constant = match name.as_str() {
                        "null" => Some(Json::Null),
                        "true" => Some(Json::Bool(true)),
                        "false" => Some(Json::Bool(false)),
                        _ => None,
                    };
                    if let Some(constant) = constant {
                        return Ok(Ast::Literal(constant));
                    }
                }
                Ok(Ast::Call(name.clone(), arguments, place))
            }
            Token::Word(word) => self.compound(word, place),
            Token::OpenText(parts) => Err(self.open_text(parts)),
            Token::Invalid | Token::End => Err(self.unexpected(&[])),
        }
    }

    fn compound(&mut self, word: &'static str, place: Place) -> Parsed<Ast> {
        match word {
            "." => {
                self.at += 1;
                if matches!(self.peek(), Token::Text(_)) {
                    return Ok(Ast::Index(Box::new(Ast::Identity), Box::new(self.string(None)?)));
                }
                if let Token::OpenText(parts) = self.peek() {
                    let mut all = self.open_text(parts);
                    let text = "try .[\"field\"] instead of .field for unusually named fields".to_string();
                    all.push(Mistake { text, place: Some(place) });
                    return Err(all);
                }
                Ok(Ast::Identity)
            }
            ".." => {
                self.at += 1;
                Ok(Ast::Everything)
            }
            "break" => {
                self.at += 1;
                let name = self.binding(&["BINDING"]).map_err(|mut all| {
                    let text = "break requires a label to break to".to_string();
                    all.push(Mistake { text, place: Some(place) });
                    all
                })?;
                Ok(Ast::Break(name, place))
            }
            "(" => {
                self.at += 1;
                let inside = self.expression()?;
                self.expect(")", &[])?;
                Ok(inside)
            }
            "[" => {
                self.at += 1;
                if self.take("]") {
                    return Ok(Ast::Array(None));
                }
                let inside = self.boxed()?;
                self.expect("]", &[])?;
                Ok(Ast::Array(Some(inside)))
            }
            "{" => self.object(),
            "if" => {
                self.at += 1;
                self.condition(place)
            }
            "reduce" => {
                self.at += 1;
                let (source, patterns) = self.source()?;
                let start = self.boxed()?;
                self.expect(";", &[])?;
                let update = self.boxed()?;
                self.expect(")", &[])?;
                Ok(Ast::Reduce(source, patterns, start, update))
            }
            "foreach" => {
                self.at += 1;
                let (source, patterns) = self.source()?;
                let start = self.boxed()?;
                self.expect(";", &[])?;
                let update = self.boxed()?;
                let extract = if self.take(";") { Some(self.boxed()?) } else { None };
                self.expect(")", &[])?;
                Ok(Ast::Foreach(source, patterns, start, update, extract))
            }
            "$" => {
                self.at += 1;
                if self.take("__loc__") {
                    return Ok(Ast::Literal(self.location(place)));
                }
                let mut wrong = self.unexpected(&["'$'"]);
                if let Some(first) = wrong.first_mut()
                    && *self.peek() == Token::End
                {
                    first.place = Some(place);
                }
                Err(wrong)
            }
            _ => Err(self.unexpected(&[])),
        }
    }

    fn location(&self, place: Place) -> Json {
        let line = self.text[..place.min(self.text.len())].matches('\n').count() + 1;
        Json::object(vec![("file", Json::string("<top-level>")), ("line", Json::count(line))])
    }

    fn source(&mut self) -> Parsed<(Box<Ast>, Vec<Pattern>)> {
        let source = Box::new(self.term()?);
        self.expect("as", &["FIELD", "as", "'.'", "'['"])?;
        let patterns = self.patterns()?;
        self.expect("(", &["'('"])?;
        Ok((source, patterns))
    }

    fn condition(&mut self, place: Place) -> Parsed<Ast> {
        let condition = self.boxed()?;
        self.expect("then", &[])?;
        self.branches(condition).map_err(|mut all| {
            let text = "Possibly unterminated 'if' statement".to_string();
            all.push(Mistake { text, place: Some(place) });
            all
        })
    }

    fn branches(&mut self, condition: Box<Ast>) -> Parsed<Ast> {
        let then = self.boxed()?;
        if self.take("elif") {
            let next = self.boxed()?;
            self.expect("then", &[])?;
            let rest = self.branches(next)?;
            return Ok(Ast::If(condition, then, Some(Box::new(rest))));
        }
        let otherwise = if self.take("else") { Some(self.boxed()?) } else { None };
        self.expect("end", &[])?;
        Ok(Ast::If(condition, then, otherwise))
    }

    fn object(&mut self) -> Parsed<Ast> {
        self.at += 1;
        let mut fields = Vec::new();
        if self.take("}") {
            return Ok(Ast::Object(fields));
        }
        loop {
            if !fields.is_empty() && self.take("}") {
                return Ok(Ast::Object(fields));
            }
            let place = self.place();
            let confused = !matches!(self.peek(), Token::Field(_) | Token::End | Token::Word("("));
            let (key, value) = self.pair().map_err(|mut all| {
                let at_colon = self.is(":");
                if confused && at_colon {
                    all.push(parentheses(place));
                }
                all
            })?;
            let had_value = value.is_some();
            fields.push((key, value));
            if self.take("}") {
                return Ok(Ast::Object(fields));
            }
            if !self.is(",") {
                let mut all = self.unexpected(&["'}'"]);
                if had_value && self.next_is(":") {
                    all.push(parentheses(place));
                }
                return Err(all);
            }
            self.at += 1;
        }
    }

    fn pair(&mut self) -> Parsed<(Ast, Option<Ast>)> {
        let place = self.place();
        let key = match self.peek() {
            Token::Ident(name) => {
                self.at += 1;
                Ast::Literal(Json::string(name))
            }
            Token::Word(word) if word.starts_with(char::is_alphabetic) || *word == "__loc__" => {
                self.at += 1;
                Ast::Literal(Json::string(word))
            }
            Token::Binding(name) if name == "__loc__" => {
                self.at += 1;
                return Ok((Ast::Literal(Json::string(name)), Some(Ast::Literal(self.location(place)))));
            }
            Token::Binding(name) => {
                self.at += 1;
                if self.is(":") {
                    Ast::Variable(name.clone(), place)
                } else {
                    return Ok((Ast::Literal(Json::string(name)), Some(Ast::Variable(name.clone(), place))));
                }
            }
            Token::Text(_) => self.string(None)?,
            Token::Format(name) => {
                self.at += 1;
                if !matches!(self.peek(), Token::Text(_)) {
                    return Err(self.unexpected(&["QQSTRING_START"]));
                }
                self.string(Some(name.clone()))?
            }
            Token::Word("(") => {
                self.at += 1;
                let key = self.expression()?;
                self.expect(")", &[])?;
                self.expect(":", &["':'"])?;
                if let Ast::Literal(constant) = &key
                    && !matches!(constant, Json::String(_))
                {
                    let text = format!("Cannot use {} as object key", constant.described());
                    return Err(vec![Mistake { text, place: Some(place) }]);
                }
                return Ok(((key), Some(self.value()?)));
            }
            Token::Literal(_) => {
                let all = self.unexpected(&[]);
                self.at += 1;
                return Err(all);
            }
            _ => return Err(self.unexpected(&[])),
        };
        if self.take(":") {
            return Ok((key, Some(self.value()?)));
        }
        Ok((key, None))
    }

    /// A value of an object: terms and pipes of them.
    fn value(&mut self) -> Parsed<Ast> {
        self.deeper()?;
        let value = if self.take("-") {
            Ast::Negate(Box::new(self.value()?))
        } else {
            if matches!(self.peek(), Token::Word("if" | "reduce" | "foreach" | "try" | "def" | "label")) {
                return Err(self.unexpected(&[]));
            }
            self.term()?
        };
        self.depth -= 1;
        if self.take("|") {
            let rest = self.value()?;
            return Ok(Ast::Pipe(Box::new(value), Box::new(rest)));
        }
        Ok(value)
    }

    /// A program within a string.
    pub(super) fn embedded(&self, tokens: &[(Token, Place)]) -> Parsed<Ast> {
        let mut inner = Parser { tokens, at: 0, text: self.text, depth: self.depth };
        let program = inner.expression()?;
        if *inner.peek() == Token::End { Ok(program) } else { Err(inner.unexpected(&[])) }
    }

    pub(super) fn string(&mut self, format: Option<String>) -> Parsed<Ast> {
        let Token::Text(parts) = self.peek() else { return Err(self.unexpected(&[])) };
        self.at += 1;
        let mut out = Vec::new();
        for part in parts {
            match part {
                TextPart::Raw(raw, place) => {
                    match read::parse(&format!("\"{}\"", raw.replace('\n', "\\n"))) {
                        Ok(Json::String(text)) => out.push(Part::Text(text.to_string())),
                        Ok(_) => {}
                        Err(text) => {
                            return Err(vec![Mistake { text, place: Some(*place) }]);
                        }
                    }
                }
                TextPart::Program(tokens) => {
                    out.push(Part::Value(self.embedded(tokens)?));
                }
            }
        }
        match out.as_slice() {
            [] => Ok(Ast::Literal(Json::string(""))),
            [Part::Text(text)] => Ok(Ast::Literal(Json::string(text))),
            _ => Ok(Ast::Text(format, out)),
        }
    }
}

fn parentheses(place: Place) -> Mistake {
    Mistake { text: "May need parentheses around object key expression".into(), place: Some(place) }
}
