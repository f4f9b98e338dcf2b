//! What a parameter expansion does to each value: cutting, replacing, changing case.

use crate::shell::ast::{ParamOp, ReplaceWhere, Word};
use crate::shell::escape;
use crate::shell::exec::Flow;
use crate::shell::pattern::Pattern;
use crate::shell::state::Shell;

impl Shell {
    pub(super) async fn prepare(&mut self, op: &ParamOp) -> Result<Edit, Flow> {
        let extglob = self.shopt("extglob");
        Ok(match op {
            ParamOp::RemovePrefix(longest, word) => {
                Edit::Prefix(*longest, Pattern::new(&self.expand_pattern(word).await?, extglob))
            }
            ParamOp::RemoveSuffix(longest, word) => {
                Edit::Suffix(*longest, Pattern::new(&self.expand_pattern(word).await?, extglob))
            }
            ParamOp::Replace(place, pattern, replacement) => {
                let pattern = self.expand_pattern(pattern).await?;
                // An empty pattern matches only where it is tied to an end.
                if pattern.is_empty() && matches!(place, ReplaceWhere::First | ReplaceWhere::All) {
                    Edit::None
                } else {
                    let replacement = self.expand_replacement(replacement).await?;
                    Edit::Replace(*place, Pattern::new(&pattern, extglob), replacement)
                }
            }
            ParamOp::Case(sign, all, word) => {
                let pattern = self.expand_pattern(word).await?;
                let pattern = (!pattern.is_empty()).then(|| Pattern::new(&pattern, extglob));
                Edit::Case(*sign, *all, pattern)
            }
            ParamOp::Transform(kind) => Edit::Transform(*kind),
            _ => Edit::None,
        })
    }

    /// The replacement of `${x/a/b}`; an unquoted `&` stands for what matched.
    async fn expand_replacement(&mut self, word: &Word) -> Result<Vec<Option<String>>, Flow> {
        let mut out = vec![];
        let mut text = String::new();
        for part in &word.parts {
            match part {
                crate::shell::ast::Part::Literal(literal) => {
                    for (i, piece) in literal.split('&').enumerate() {
                        if i > 0 {
                            out.push(Some(std::mem::take(&mut text)));
                            out.push(None);
                        }
                        text.push_str(piece);
                    }
                }
                other => {
                    let single = Word { text: String::new(), parts: vec![other.clone()] };
                    text.push_str(&self.expand_single(&single).await?);
                }
            }
        }
        out.push(Some(text));
        Ok(out)
    }

    pub(super) async fn edit(&mut self, edit: &Edit, text: String) -> Result<String, Flow> {
        let chars: Vec<char> = match edit {
            Edit::None | Edit::Transform(_) => Vec::new(),
            _ => text.chars().collect(),
        };
        if chars.len() > 4096 {
            self.charge(chars.len() as u64 / 100).await?;
        }
        Ok(match edit {
            Edit::None => text,
            Edit::Prefix(longest, pattern) => match pattern.prefix(&chars, *longest) {
                Some(n) => chars[n..].iter().collect(),
                None => text,
            },
            Edit::Suffix(longest, pattern) => match pattern.suffix(&chars, *longest) {
                Some(n) => chars[..n].iter().collect(),
                None => text,
            },
            Edit::Replace(place, pattern, replacement) => replace(&chars, *place, pattern, replacement),
            Edit::Case(sign, all, pattern) => {
                let mut out = String::new();
                for (i, c) in chars.iter().enumerate() {
                    let fits = pattern.as_ref().is_none_or(|pattern| pattern.matches_chars(&[*c], false));
                    if fits && (*all || i == 0) {
                        match sign {
                            '^' => out.extend(c.to_uppercase()),
                            ',' => out.extend(c.to_lowercase()),
                            _ if c.is_uppercase() => out.extend(c.to_lowercase()),
                            _ => out.extend(c.to_uppercase()),
                        }
                    } else {
                        out.push(*c);
                    }
                }
                out
            }
            Edit::Transform(kind) => match kind {
                'Q' => escape::single_quote(&text),
                'E' => escape::ansi_c(&text),
                'P' => self.expand_prompt(&text).await,
                'U' => text.to_uppercase(),
                'L' => text.to_lowercase(),
                'u' => {
                    let mut chars = text.chars();
                    chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default()
                        + chars.as_str()
                }
                _ => text,
            },
        })
    }
}

/// What is done to each value.
pub(super) enum Edit {
    None,
    Prefix(bool, Pattern),
    Suffix(bool, Pattern),
    Replace(ReplaceWhere, Pattern, Vec<Option<String>>),
    Case(char, bool, Option<Pattern>),
    Transform(char),
}

fn replace(chars: &[char], place: ReplaceWhere, pattern: &Pattern, replacement: &[Option<String>]) -> String {
    let put = |out: &mut String, matched: &[char]| {
        for piece in replacement {
            match piece {
                Some(text) => out.push_str(text),
                None => out.extend(matched),
            }
        }
    };
    let mut out = String::new();
    match place {
        ReplaceWhere::Prefix => {
            let n = pattern.prefix(chars, true);
            if let Some(n) = n {
                put(&mut out, &chars[..n]);
            }
            out.extend(&chars[n.unwrap_or(0)..]);
        }
        ReplaceWhere::Suffix => {
            let n = pattern.suffix(chars, true);
            out.extend(&chars[..n.unwrap_or(chars.len())]);
            if let Some(n) = n {
                put(&mut out, &chars[n..]);
            }
        }
        ReplaceWhere::First | ReplaceWhere::All => {
            let mut at = 0;
            while at < chars.len() {
                match pattern.prefix(&chars[at..], true).filter(|n| *n > 0) {
                    Some(n) => {
                        put(&mut out, &chars[at..at + n]);
                        at += n;
                        if place == ReplaceWhere::First {
                            break;
                        }
                    }
                    None => {
                        out.push(chars[at]);
                        at += 1;
                    }
                }
            }
            out.extend(&chars[at..]);
        }
    }
    out
}
