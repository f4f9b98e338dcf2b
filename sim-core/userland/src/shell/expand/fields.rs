//! Fields: what a word becomes, kept with the knowledge of what in it was quoted.

use crate::shell::pattern::Pattern;

/// A word being made.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// Its text.
    pub text: String,
    /// The same as a pattern, quoted characters behind backslashes.
    pub pattern: String,
    /// Some unquoted character makes it a pattern.
    pub is_pattern: bool,
}

impl Field {
    fn quoted(&mut self, text: &str) {
        self.text.push_str(text);
        for c in text.chars() {
            if "*?[]\\()|!@+".contains(c) || c == '-' || c == '^' {
                self.pattern.push('\\');
            }
            self.pattern.push(c);
        }
    }

    fn unquoted(&mut self, c: char) {
        self.text.push(c);
        self.pattern.push(c);
        self.is_pattern |= matches!(c, '*' | '?' | '[' | '(');
    }
}

/// Collects fields.
#[derive(Debug)]
pub struct Fields {
    /// Complete ones.
    pub done: Vec<Field>,
    current: Option<Field>,
    /// Characters that separate fields; nothing when there is no splitting.
    ifs: Option<String>,
    ended_by_blank: bool,
}

impl Fields {
    /// Splits unquoted expansions at the characters of `ifs`, or not at all.
    pub fn new(ifs: Option<String>) -> Fields {
        Fields { done: Vec::new(), current: None, ifs, ended_by_blank: false }
    }

    /// True when fields are split.
    pub fn splits(&self) -> bool {
        self.ifs.is_some()
    }

    /// There is a field here, even if it stays empty.
    pub fn touch(&mut self) {
        self.current.get_or_insert_default();
        self.ended_by_blank = false;
    }

    /// Quoted text.
    pub fn quoted(&mut self, text: &str) {
        self.touch();
        if let Some(field) = &mut self.current {
            field.quoted(text);
        }
    }

    /// Unquoted text of the word itself.
    pub fn literal(&mut self, text: &str) {
        self.ended_by_blank = false;
        let field = self.current.get_or_insert_default();
        text.chars().for_each(|c| field.unquoted(c));
    }

    /// What an unquoted expansion gave.
    pub fn expansion(&mut self, text: &str) {
        let Some(ifs) = self.ifs.take() else {
            let field = self.current.get_or_insert_default();
            text.chars().for_each(|c| field.unquoted(c));
            return;
        };
        for c in text.chars() {
            if !ifs.contains(c) {
                self.ended_by_blank = false;
                self.current.get_or_insert_default().unquoted(c);
            } else if matches!(c, ' ' | '\t' | '\n') {
                if let Some(field) = self.current.take() {
                    self.done.push(field);
                    self.ended_by_blank = true;
                }
            } else if let Some(field) = self.current.take() {
                self.done.push(field);
            } else if !std::mem::take(&mut self.ended_by_blank) {
                self.done.push(Field::default());
            }
        }
        self.ifs = Some(ifs);
    }

    /// Ends the field, as between the elements of `"$@"`.
    pub fn next_field(&mut self) {
        if let Some(field) = self.current.take() {
            self.done.push(field);
        }
        self.ended_by_blank = false;
    }

    /// All fields.
    pub fn finish(mut self) -> Vec<Field> {
        self.next_field();
        self.done
    }

    /// All as one, for places that take no list.
    pub fn joined(self) -> Field {
        let mut fields = self.finish().into_iter();
        let mut all = fields.next().unwrap_or_default();
        for field in fields {
            all.text.push(' ');
            all.pattern.push(' ');
            all.text.push_str(&field.text);
            all.pattern.push_str(&field.pattern);
            all.is_pattern |= field.is_pattern;
        }
        all
    }
}

/// Splits a text as `read` and arrays do.
pub fn split(text: &str, ifs: &str) -> Vec<String> {
    let mut fields = Fields::new(Some(ifs.to_string()));
    fields.expansion(text);
    fields.finish().into_iter().map(|field| field.text).collect()
}

/// Compiles the pattern of a field.
pub fn pattern(field: &Field, extglob: bool) -> Pattern {
    Pattern::new(&field.pattern, extglob)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn fields_are_split_as_posix_says() {
        assert_eq!(split("  a  b ", " \t\n"), ["a", "b"]);
        assert_eq!(split(":a::b:", ":"), ["", "a", "", "b"]);
        assert_eq!(split(" a : b ", " :"), ["a", "b"]);
        assert_eq!(split(" : a", " :"), ["", "a"]);
        assert!(split("", " ").is_empty());
    }
}
