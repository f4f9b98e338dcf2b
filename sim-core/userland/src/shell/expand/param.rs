//! Parameter expansion: `$x`, `${x...}`. Models param_expand and parameter_brace_expand of subst.c.

use super::Fields;
use crate::shell::ast::{Index, Param, ParamOp, Word};
use crate::shell::escape;
use crate::shell::exec::Flow;
use crate::shell::parser::{Parser, is_name};
use crate::shell::state::Shell;
use crate::shell::vars::Value;

/// What a parameter gives.
enum Values {
    /// One string, or unset.
    One(Option<String>),
    /// A list; true when it was asked for with `*`.
    Many(Vec<String>, bool),
}

impl Shell {
    pub(super) async fn expand_param(
        &mut self,
        param: &Param,
        quoted: bool,
        fields: &mut Fields,
    ) -> Result<(), Flow> {
        if param.op == ParamOp::Bad {
            self.error(&format!("{}: bad substitution", param.text)).await;
            return Err(self.discard(1));
        }
        let (mut name, mut index) = (param.name.clone(), param.index.clone());
        if let ParamOp::Names(at) = param.op {
            let names: Vec<String> = self
                .vars
                .visible()
                .keys()
                .filter(|n| n.starts_with(&name))
                .map(|n| (*n).to_string())
                .collect();
            self.put_many(&names, !at, quoted, fields);
            return Ok(());
        }
        if let ParamOp::Keys(at) = param.op {
            let keys = self.variable(&name).map(|var| var.keys()).unwrap_or_default();
            self.put_many(&keys, !at, quoted, fields);
            return Ok(());
        }
        if param.indirect {
            if self.vars.find(&name).is_some_and(|var| var.nameref) {
                let target = self.vars.resolve(&name);
                self.put(&target, quoted, fields);
                return Ok(());
            }
            let target = match self.values(&name, index.as_ref()).await? {
                Values::One(value) => value.unwrap_or_default(),
                Values::Many(list, _) => list.join(" "),
            };
            (name, index) = match target.split_once('[') {
                Some((name, rest)) => {
                    let key = rest.strip_suffix(']').unwrap_or(rest);
                    let index = match key {
                        "@" => Index::At,
                        "*" => Index::Star,
                        key => Index::Key(Parser::free_word(key)),
                    };
                    (name.to_string(), Some(index))
                }
                None => (target.clone(), None),
            };
            if !is_name(&name) && !is_parameter(&name) {
                if target.is_empty() {
                    self.error(&format!("{}: invalid indirect expansion", param.name)).await;
                } else {
                    self.error(&format!("{target}: invalid variable name")).await;
                }
                return Err(self.discard(1));
            }
        }
        if param.op == ParamOp::Length {
            return self.expand_length(&name, index.as_ref(), quoted, fields).await;
        }
        if let ParamOp::Transform(kind @ ('a' | 'A' | 'K' | 'k')) = param.op {
            let text = self.describe(&name, kind);
            self.put(&text, quoted, fields);
            return Ok(());
        }
        let values = self.values(&name, index.as_ref()).await?;
        let values = match values {
            Values::One(None) if self.options.has('u') && needs_value(&param.op) => {
                let label = match &index {
                    Some(Index::Key(word)) => format!("{name}[{}]", word.text),
                    _ => name,
                };
                return Err(self.unset_error(&format!("{label}: unbound variable")).await);
            }
            values => values,
        };
        self.apply(param, &name, index.as_ref(), values, quoted, fields).await
    }

    async fn unset_error(&mut self, message: &str) -> Flow {
        self.error(message).await;
        if self.interactive {
            return self.discard(1);
        }
        self.status = if self.from_string && !self.in_subshell() { 127 } else { 1 };
        Flow::Exit
    }

    /// The value or values of a parameter.
    async fn values(&mut self, name: &str, index: Option<&Index>) -> Result<Values, Flow> {
        if name == "@" || name == "*" {
            return Ok(Values::Many(self.positional.clone(), name == "*"));
        }
        Ok(match index {
            None => Values::One(self.parameter(name)),
            Some(Index::At) => {
                Values::Many(self.variable(name).map(|v| v.elements()).unwrap_or_default(), false)
            }
            Some(Index::Star) => {
                Values::Many(self.variable(name).map(|v| v.elements()).unwrap_or_default(), true)
            }
            Some(Index::Key(word)) => {
                let text = self.expand_single(word).await?;
                match self.element(name, &text) {
                    Ok(value) => Values::One(value),
                    Err(message) => {
                        self.error(&message).await;
                        if !message.ends_with("subscript") {
                            return Err(self.discard(1));
                        }
                        Values::One(None)
                    }
                }
            }
        })
    }

    async fn expand_length(
        &mut self,
        name: &str,
        index: Option<&Index>,
        quoted: bool,
        fields: &mut Fields,
    ) -> Result<(), Flow> {
        let length = match self.values(name, index).await? {
            Values::One(Some(text)) => text.chars().count(),
            Values::One(None) => {
                if self.options.has('u') {
                    return Err(self.unset_error(&format!("{name}: unbound variable")).await);
                }
                0
            }
            Values::Many(list, _) => list.len(),
        };
        self.put(&length.to_string(), quoted, fields);
        Ok(())
    }

    async fn apply(
        &mut self,
        param: &Param,
        name: &str,
        index: Option<&Index>,
        values: Values,
        quoted: bool,
        fields: &mut Fields,
    ) -> Result<(), Flow> {
        let missing = |colon: bool| match &values {
            Values::One(None) => true,
            Values::One(Some(text)) => colon && text.is_empty(),
            Values::Many(list, _) => {
                list.is_empty() || colon && list.iter().all(String::is_empty) && list.len() == 1
            }
        };
        match &param.op {
            ParamOp::Default(colon, word) if missing(*colon) => self.put_word(word, quoted, fields).await,
            ParamOp::Alternative(colon, word) => {
                if missing(*colon) {
                    if quoted {
                        fields.touch();
                    }
                    return Ok(());
                }
                self.put_word(word, quoted, fields).await
            }
            ParamOp::Assign(colon, word) if missing(*colon) => {
                if !is_name(name) {
                    self.error(&format!("${name}: cannot assign in this way")).await;
                    return Err(self.discard(1));
                }
                let value = if quoted {
                    self.expand_quoted(&word.parts).await?
                } else {
                    self.expand_single(word).await?
                };
                let key = match index {
                    Some(Index::Key(word)) => Some(self.expand_single(word).await?),
                    _ => None,
                };
                self.assign_or_discard(name, key.as_deref(), value.clone(), false).await?;
                self.put(&value, quoted, fields);
                Ok(())
            }
            ParamOp::Error(colon, word) if missing(*colon) => {
                let text = self.expand_single(word).await?;
                let text = match (word.text.is_empty(), colon) {
                    (false, _) => text,
                    (true, true) => "parameter null or not set".into(),
                    (true, false) => "parameter not set".into(),
                };
                Err(self.unset_error(&format!("{name}: {text}")).await)
            }
            ParamOp::Slice(offset, length) => {
                let offset_text = self.expand_quoted(&offset.parts).await?;
                let offset = self.arith(&offset_text, name).await?;
                let length = match length {
                    Some(word) => {
                        let text = self.expand_quoted(&word.parts).await?;
                        Some((self.arith(&text, name).await?, text))
                    }
                    None => None,
                };
                self.put_slice(name, values, offset, length, quoted, fields).await
            }
            op => {
                let edit = self.prepare(op).await?;
                match values {
                    Values::One(None) => {
                        if quoted {
                            fields.touch();
                        }
                    }
                    Values::One(Some(text)) => {
                        let text = self.edit(&edit, text).await?;
                        self.put(&text, quoted, fields);
                    }
                    Values::Many(list, star) => {
                        let mut edited = Vec::with_capacity(list.len());
                        for text in list {
                            edited.push(self.edit(&edit, text).await?);
                        }
                        self.put_many(&edited, star, quoted, fields);
                    }
                }
                Ok(())
            }
        }
    }

    /// The word of `${x:-word}`: split like an expansion where it is not quoted.
    async fn put_word(&mut self, word: &Word, quoted: bool, fields: &mut Fields) -> Result<(), Flow> {
        if quoted {
            fields.touch();
            return self.expand_parts(&word.parts, true, fields).await;
        }
        let mut parts = word.parts.as_slice();
        if let Some(crate::shell::ast::Part::Literal(text)) = parts.first()
            && text.starts_with('~')
            && fields.splits()
        {
            let value = self.expand_single(&Word { text: text.clone(), parts: parts[..1].to_vec() }).await?;
            fields.expansion(&value);
            parts = &parts[1..];
        }
        for part in parts {
            match part {
                crate::shell::ast::Part::Literal(text) => fields.expansion(text),
                other => self.expand_parts(std::slice::from_ref(other), false, fields).await?,
            }
        }
        Ok(())
    }

    fn put_many(&mut self, list: &[String], star: bool, quoted: bool, fields: &mut Fields) {
        if star && (quoted || !fields.splits()) {
            let separator: String = match self.vars.text("IFS") {
                None => " ".into(),
                Some(ifs) => ifs.chars().next().map(String::from).unwrap_or_default(),
            };
            let text = list.join(&separator);
            if quoted {
                fields.quoted(&text);
            } else {
                fields.expansion(&text);
            }
            return;
        }
        for (i, text) in list.iter().enumerate() {
            if i > 0 {
                if fields.splits() || quoted {
                    fields.next_field();
                } else {
                    fields.expansion(" ");
                }
            }
            if quoted {
                fields.quoted(text);
            } else {
                fields.expansion(text);
            }
        }
    }

    async fn put_slice(
        &mut self,
        name: &str,
        values: Values,
        offset: i64,
        length: Option<(i64, String)>,
        quoted: bool,
        fields: &mut Fields,
    ) -> Result<(), Flow> {
        let (list, star) = match values {
            Values::One(value) => {
                let chars: Vec<char> = value.unwrap_or_default().chars().collect();
                let count = chars.len() as i64;
                let from = if offset < 0 { offset + count } else { offset };
                let mut text = String::new();
                if (0..=count).contains(&from) {
                    let to = match length {
                        None => count,
                        Some((n, _)) if n >= 0 => (from.saturating_add(n)).min(count),
                        Some((n, _)) => count + n,
                    };
                    if to < from {
                        let (_, text) = length.unwrap_or_default();
                        self.error(&format!("{text}: substring expression < 0")).await;
                        return Err(self.discard(1));
                    }
                    text = chars[from as usize..to as usize].iter().collect();
                }
                self.put(&text, quoted, fields);
                return Ok(());
            }
            Values::Many(list, star) => (list, star),
        };
        // Positional parameters count from `$0`.
        let mut all = list;
        let mut from = offset;
        let indexed = match self.vars.get(name).map(|var| &var.value) {
            Some(Value::Indexed(map)) => Some(map.keys().copied().collect::<Vec<i64>>()),
            _ => None,
        };
        if name == "@" || name == "*" {
            all.insert(0, self.name.clone());
        }
        if let Some(keys) = indexed {
            // Offsets of arrays are subscripts, not positions.
            let top = keys.last().map_or(0, |last| last + 1);
            let begin = if offset < 0 { offset + top } else { offset };
            from = if begin < 0 { -1 } else { keys.iter().filter(|key| **key < begin).count() as i64 };
        } else if from < 0 {
            from += all.len() as i64;
        }
        let picked: Vec<String> = match usize::try_from(from) {
            Err(_) => Vec::new(),
            Ok(from) => {
                let count = match &length {
                    None => usize::MAX,
                    Some((n, text)) => match usize::try_from(*n) {
                        Ok(n) => n,
                        Err(_) => {
                            self.error(&format!("{text}: substring expression < 0")).await;
                            return Err(self.discard(1));
                        }
                    },
                };
                all.into_iter().skip(from).take(count).collect()
            }
        };
        self.put_many(&picked, star, quoted, fields);
        Ok(())
    }

    /// `${x@a}`, `${x@A}`, `${x@K}`.
    fn describe(&mut self, name: &str, kind: char) -> String {
        let Some(var) = self.variable(name) else { return String::new() };
        let flags = var.flags();
        match kind {
            'a' => flags.trim_start_matches('-').to_string(),
            'A' => match &var.value {
                Value::Scalar(text) if flags == "--" => format!("{name}={}", escape::single_quote(text)),
                Value::Scalar(text) => format!("declare {flags} {name}={}", escape::single_quote(text)),
                _ => format!("declare {flags} {name}{}", var.declaration()),
            },
            _ => match &var.value {
                Value::Scalar(text) => escape::single_quote(text),
                _ => {
                    let pairs = var.keys().into_iter().zip(var.elements());
                    let texts: Vec<String> =
                        pairs.map(|(key, value)| format!("{key} {}", escape::double_quote(&value))).collect();
                    texts.join(" ")
                }
            },
        }
    }
}

fn needs_value(op: &ParamOp) -> bool {
    !matches!(op, ParamOp::Default(..) | ParamOp::Assign(..) | ParamOp::Error(..) | ParamOp::Alternative(..))
}

fn is_parameter(name: &str) -> bool {
    !name.is_empty() && (name.bytes().all(|b| b.is_ascii_digit()) || "@*#?-$!".contains(name))
}
