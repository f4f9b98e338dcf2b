//! Completion in the line: what is inserted, and the list of what could be.

use super::screen::text_width;
use sim::Ordered;

/// One thing the word could become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word.
    pub text: String,
    /// How the list shows it.
    pub shown: String,
    /// No blank follows it.
    pub no_space: bool,
}

/// All that the word could become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins.
    pub start: usize,
    /// The quote that is open in it.
    pub quote: Option<char>,
    /// The candidates.
    pub candidates: Vec<Candidate>,
    /// They are inserted as they are, without quoting.
    pub raw: bool,
}

impl Completion {
    /// What replaces the word: as much as all candidates have in common; nothing when that adds nothing.
    pub fn insertion(&self) -> Option<String> {
        let first = self.candidates.first()?;
        if let [only] = self.candidates.as_slice() {
            let mut text = self.quoted(&only.text);
            if !only.no_space {
                if let Some(quote) = self.quote {
                    text.push(quote);
                }
                text.push(' ');
            }
            return Some(text);
        }
        let mut common: Vec<char> = first.text.chars().collect();
        for candidate in &self.candidates[1..] {
            let same = common.iter().zip(candidate.text.chars()).take_while(|(a, b)| **a == *b).count();
            common.truncate(same);
        }
        Some(self.quoted(&common.into_iter().collect::<String>()))
    }

    fn quoted(&self, text: &str) -> String {
        if self.raw && self.quote.is_none() {
            return text.to_string();
        }
        match self.quote {
            Some(quote) => format!("{quote}{text}"),
            None => {
                let mut out = String::new();
                for (i, c) in text.chars().enumerate() {
                    if " \t'\"\\|&;()<>!{}*[]?^$`".contains(c) || i == 0 && c == '#' {
                        out.push('\\');
                    }
                    out.push(c);
                }
                out
            }
        }
    }
}

/// The list in columns, read downwards, as readline shows it.
pub fn columns(candidates: &[Candidate], width: usize) -> String {
    let mut names: Vec<&str> = candidates.iter().map(|candidate| candidate.shown.as_str()).collect();
    names.order();
    names.dedup();
    let longest = names.iter().map(|name| text_width(name)).max().unwrap_or(0) + 2;
    let per_row = (width / longest).max(1);
    let rows = names.len().div_ceil(per_row);
    let mut out = String::new();
    for row in 0..rows {
        for column in 0..per_row {
            let Some(name) = names.get(column * rows + row) else { break };
            out.push_str(name);
            // Only the last column of the screen has no space behind it.
            if column + 1 < per_row {
                out.push_str(&" ".repeat(longest - text_width(name)));
            }
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<Candidate> {
        names
            .iter()
            .map(|name| Candidate { text: name.to_string(), shown: name.to_string(), no_space: false })
            .collect()
    }

    #[test]
    fn lists_are_read_downwards() {
        assert_eq!(columns(&list(&["a", "b", "c", "d", "e"]), 9), "a  c  e\nb  d  \n");
    }

    #[test]
    fn what_is_common_is_inserted() {
        let completion = |names: &[&str]| Completion { candidates: list(names), ..Completion::default() };
        assert_eq!(completion(&["pods", "podtemplates"]).insertion(), Some("pod".into()));
        assert_eq!(completion(&["a b"]).insertion(), Some("a\\ b ".into()));
        assert_eq!(completion(&[]).insertion(), None);
    }
}
