//! Brace expansion: `a{b,c}d`, `{1..9..2}`, `{a..e}`.
//!
//! The words are counted first and made one at a time, so that a range of a billion costs nothing to refuse.

use crate::shell::ast::{Part, Word};

/// All words that a word with braces stands for.
#[derive(Debug)]
pub struct Braces(Tree);

#[derive(Debug)]
enum Tree {
    Part(Part),
    Sequence(Vec<Tree>),
    Choice(Vec<Tree>),
    Numbers { from: i64, step: i64, count: u64, width: usize },
    Letters { from: u8, step: i64, count: u64 },
}

enum Atom {
    Char(char),
    Part(Part),
}

impl Braces {
    /// Nothing when the word has no braces to expand.
    pub fn of(word: &Word) -> Option<Braces> {
        let braced = |part: &Part| matches!(part, Part::Literal(text) if text.contains('{'));
        if !word.parts.iter().any(braced) {
            return None;
        }
        let mut atoms = Vec::new();
        for part in &word.parts {
            match part {
                Part::Literal(text) => atoms.extend(text.chars().map(Atom::Char)),
                other => atoms.push(Atom::Part(other.clone())),
            }
        }
        let tree = sequence(&atoms);
        (count(&tree) != 1 || has_choice(&tree)).then_some(Braces(tree))
    }

    /// How many words.
    pub fn count(&self) -> u64 {
        count(&self.0)
    }

    /// The length of the longest range or list in it, for bash's complaint.
    pub fn widest(&self) -> u64 {
        widest(&self.0)
    }

    /// The word with this number.
    pub fn word(&self, index: u64) -> Vec<Part> {
        let mut parts = Vec::new();
        build(&self.0, index, &mut parts);
        parts
    }
}

fn has_choice(tree: &Tree) -> bool {
    match tree {
        Tree::Part(_) => false,
        Tree::Sequence(list) => list.iter().any(has_choice),
        _ => true,
    }
}

fn count(tree: &Tree) -> u64 {
    match tree {
        Tree::Part(_) => 1,
        Tree::Sequence(list) => list.iter().map(count).fold(1, u64::saturating_mul),
        Tree::Choice(list) => list.iter().map(count).fold(0, u64::saturating_add),
        Tree::Numbers { count, .. } | Tree::Letters { count, .. } => *count,
    }
}

fn widest(tree: &Tree) -> u64 {
    match tree {
        Tree::Part(_) => 1,
        Tree::Sequence(list) | Tree::Choice(list) => list.iter().map(widest).max().unwrap_or(1),
        Tree::Numbers { count, .. } | Tree::Letters { count, .. } => *count,
    }
}

fn push(parts: &mut Vec<Part>, text: &str) {
    if let Some(Part::Literal(last)) = parts.last_mut() {
        last.push_str(text);
    } else {
        parts.push(Part::Literal(text.to_string()));
    }
}

fn build(tree: &Tree, mut index: u64, parts: &mut Vec<Part>) {
    match tree {
        Tree::Part(Part::Literal(text)) => push(parts, text),
        Tree::Part(part) => parts.push(part.clone()),
        Tree::Sequence(list) => {
            // The last one changes fastest.
            let mut after: u64 = list.iter().map(count).product();
            for tree in list {
                let own = count(tree);
                after /= own.max(1);
                build(tree, index / after.max(1), parts);
                index %= after.max(1);
            }
        }
        Tree::Choice(list) => {
            for tree in list {
                let own = count(tree);
                if index < own {
                    return build(tree, index, parts);
                }
                index -= own;
            }
        }
        Tree::Numbers { from, step, width, .. } => {
            let value = from.wrapping_add(step.wrapping_mul(index as i64));
            let digits = value.unsigned_abs().to_string();
            let sign = if value < 0 { "-" } else { "" };
            let zeros = width.saturating_sub(digits.len() + sign.len());
            push(parts, &format!("{sign}{}{digits}", "0".repeat(zeros)));
        }
        Tree::Letters { from, step, .. } => {
            let letter = (i64::from(*from) + step * index as i64) as u8 as char;
            if letter == '\\' {
                parts.push(Part::Quoted(letter.to_string()));
            } else {
                push(parts, &letter.to_string());
            }
        }
    }
}

fn sequence(atoms: &[Atom]) -> Tree {
    let mut list = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while at < atoms.len() {
        match &atoms[at] {
            Atom::Char('{') => {
                if let Some((tree, next)) = braces(atoms, at) {
                    if !literal.is_empty() {
                        list.push(Tree::Part(Part::Literal(std::mem::take(&mut literal))));
                    }
                    list.push(tree);
                    at = next;
                    continue;
                }
                literal.push('{');
            }
            Atom::Char(c) => literal.push(*c),
            Atom::Part(part) => {
                if !literal.is_empty() {
                    list.push(Tree::Part(Part::Literal(std::mem::take(&mut literal))));
                }
                list.push(Tree::Part(part.clone()));
            }
        }
        at += 1;
    }
    if !literal.is_empty() {
        list.push(Tree::Part(Part::Literal(literal)));
    }
    Tree::Sequence(list)
}

/// What the opening brace at `open` begins, and what comes after it.
fn braces(atoms: &[Atom], open: usize) -> Option<(Tree, usize)> {
    let mut depth = 0;
    let mut commas = Vec::new();
    let mut close = None;
    for (i, atom) in atoms.iter().enumerate().skip(open) {
        match atom {
            Atom::Char('{') => depth += 1,
            Atom::Char('}') => {
                depth -= 1;
                if depth == 0 {
                    close = Some(i);
                    break;
                }
            }
            Atom::Char(',') if depth == 1 => commas.push(i),
            _ => {}
        }
    }
    let close = close?;
    if commas.is_empty() {
        let inner: Option<String> = atoms[open + 1..close]
            .iter()
            .map(|atom| match atom {
                Atom::Char(c) => Some(*c),
                Atom::Part(_) => None,
            })
            .collect();
        return Some((range(&inner?)?, close + 1));
    }
    let mut choices = Vec::new();
    let mut from = open + 1;
    for comma in commas.into_iter().chain([close]) {
        choices.push(sequence(&atoms[from..comma]));
        from = comma + 1;
    }
    Some((Tree::Choice(choices), close + 1))
}

fn range(text: &str) -> Option<Tree> {
    let mut pieces = text.split("..");
    let (from, to) = (pieces.next()?, pieces.next()?);
    let step = match pieces.next() {
        Some(step) => step.parse::<i64>().ok()?,
        None => 1,
    };
    if pieces.next().is_some() {
        return None;
    }
    let step = step.unsigned_abs().max(1);
    if let (Ok(from_number), Ok(to_number)) = (from.parse::<i64>(), to.parse::<i64>()) {
        let distance = from_number.abs_diff(to_number);
        let padded = |text: &str| {
            let digits = text.trim_start_matches(['-', '+']);
            digits.len() > 1 && digits.starts_with('0')
        };
        let width = if padded(from) || padded(to) { from.len().max(to.len()) } else { 0 };
        let direction = if from_number <= to_number { 1 } else { -1 };
        return Some(Tree::Numbers {
            from: from_number,
            step: i64::try_from(step).unwrap_or(i64::MAX).wrapping_mul(direction),
            count: (distance / step).saturating_add(1),
            width,
        });
    }
    let letter = |text: &str| match text.as_bytes() {
        [b] if b.is_ascii_alphabetic() => Some(*b),
        _ => None,
    };
    let (from, to) = (letter(from)?, letter(to)?);
    let direction = if from <= to { 1 } else { -1 };
    Some(Tree::Letters {
        from,
        step: i64::try_from(step).unwrap_or(i64::MAX).saturating_mul(direction),
        count: u64::from(from.abs_diff(to)) / step + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> String {
        let word = Word::literal(text);
        let Some(braces) = Braces::of(&word) else { return text.to_string() };
        let texts: Vec<String> = (0..braces.count())
            .map(|i| Word { text: String::new(), parts: braces.word(i) }.plain_text())
            .collect();
        texts.join(" ")
    }

    #[test]
    fn braces_expand_as_in_bash() {
        assert_eq!(check("a{b,c}d"), "abd acd");
        assert_eq!(check("{1..3}{a,b}"), "1a 1b 2a 2b 3a 3b");
        assert_eq!(check("{01..10..4}"), "01 05 09");
        assert_eq!(check("{e..a..2}"), "e c a");
        assert_eq!(check("{a,{b,c}}x"), "ax bx cx");
        assert_eq!(check("{}"), "{}");
        assert_eq!(check("{a}"), "{a}");
        assert_eq!(check("{a,b"), "{a,b");
        assert_eq!(check("x{,y}"), "x xy");
        assert_eq!(check("{3..-1}"), "3 2 1 0 -1");
    }

    #[test]
    fn a_billion_words_are_only_counted() {
        let word = Word::literal("{1..1000000000}");
        assert_eq!(Braces::of(&word).map(|b| b.count()), Some(1_000_000_000));
    }
}
