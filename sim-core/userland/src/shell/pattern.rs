//! Patterns as `case`, `[[ == ]]`, `${x#..}` and file names use them. Models strmatch of bash.

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern(Vec<Node>);

#[derive(Clone, Debug)]
enum Node {
    Char(char),
    Any,
    Star,
    Class(bool, Vec<Item>),
    Group(char, Vec<Vec<Node>>),
}

#[derive(Clone, Debug)]
enum Item {
    Range(char, char),
    Named(String),
}

impl Pattern {
    /// Compiles a pattern in which a backslash takes the meaning of what follows.
    pub fn new(text: &str, extglob: bool) -> Pattern {
        let chars: Vec<char> = text.chars().collect();
        let mut pos = 0;
        Pattern(nodes(&chars, &mut pos, extglob, false))
    }

    /// True when the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        self.matches_chars(&chars, false)
    }

    /// As [`Pattern::matches`], letters of either case being equal.
    pub fn matches_nocase(&self, text: &str, nocase: bool) -> bool {
        let chars: Vec<char> = text.chars().collect();
        self.matches_chars(&chars, nocase)
    }

    /// True when all these characters match.
    pub fn matches_chars(&self, text: &[char], nocase: bool) -> bool {
        // A budget keeps `*a*a*a*a*b` from running for ever.
        let mut budget = 2_000_000;
        run(&self.0, text, nocase, &mut budget)
    }

    /// The length of a prefix that matches: the longest, or the shortest.
    pub fn prefix(&self, text: &[char], longest: bool) -> Option<usize> {
        let mut lengths: Box<dyn Iterator<Item = usize>> =
            if longest { Box::new((0..=text.len()).rev()) } else { Box::new(0..=text.len()) };
        lengths.find(|&n| self.matches_chars(&text[..n], false))
    }

    /// Where a suffix that matches begins: the longest, or the shortest.
    pub fn suffix(&self, text: &[char], longest: bool) -> Option<usize> {
        let mut starts: Box<dyn Iterator<Item = usize>> =
            if longest { Box::new(0..=text.len()) } else { Box::new((0..=text.len()).rev()) };
        starts.find(|&n| self.matches_chars(&text[n..], false))
    }
}

fn nodes(chars: &[char], pos: &mut usize, extglob: bool, in_group: bool) -> Vec<Node> {
    let mut out = Vec::new();
    while let Some(&c) = chars.get(*pos) {
        if in_group && matches!(c, '|' | ')') {
            break;
        }
        *pos += 1;
        if extglob && matches!(c, '?' | '*' | '+' | '@' | '!') && chars.get(*pos) == Some(&'(') {
            let start = *pos;
            *pos += 1;
            let mut branches = Vec::new();
            let closed = loop {
                branches.push(nodes(chars, pos, extglob, true));
                match chars.get(*pos) {
                    Some('|') => *pos += 1,
                    Some(_) => {
                        *pos += 1;
                        break true;
                    }
                    None => break false,
                }
            };
            if closed {
                out.push(Node::Group(c, branches));
                continue;
            }
            *pos = start;
        }
        match c {
            '?' => out.push(Node::Any),
            '*' => {
                if !matches!(out.last(), Some(Node::Star)) {
                    out.push(Node::Star);
                }
            }
            '\\' => match chars.get(*pos) {
                Some(&c) => {
                    *pos += 1;
                    out.push(Node::Char(c));
                }
                None => out.push(Node::Char('\\')),
            },
            '[' => match class(chars, *pos) {
                Some((node, next)) => {
                    *pos = next;
                    out.push(node);
                }
                None => out.push(Node::Char('[')),
            },
            c => out.push(Node::Char(c)),
        }
    }
    out
}

fn class(chars: &[char], mut pos: usize) -> Option<(Node, usize)> {
    let negated = matches!(chars.get(pos), Some('!' | '^'));
    pos += usize::from(negated);
    let mut items = Vec::new();
    let mut first = true;
    loop {
        let mut c = *chars.get(pos)?;
        pos += 1;
        if c == ']' && !first {
            return Some((Node::Class(negated, items), pos));
        }
        first = false;
        if c == '[' && chars.get(pos) == Some(&':') {
            let end = chars[pos..].windows(2).position(|pair| pair == [':', ']']);
            if let Some(end) = end {
                items.push(Item::Named(chars[pos + 1..pos + end].iter().collect()));
                pos += end + 2;
                continue;
            }
        }
        if c == '\\' {
            c = *chars.get(pos)?;
            pos += 1;
        }
        if chars.get(pos) == Some(&'-') && chars.get(pos + 1).is_some_and(|c| *c != ']') {
            let mut high = chars[pos + 1];
            pos += 2;
            if high == '\\' {
                high = *chars.get(pos)?;
                pos += 1;
            }
            items.push(Item::Range(c, high));
        } else {
            items.push(Item::Range(c, c));
        }
    }
}

fn in_class(c: char, items: &[Item], nocase: bool) -> bool {
    let other = if c.is_lowercase() { c.to_uppercase().next() } else { c.to_lowercase().next() };
    items.iter().any(|item| match item {
        Item::Range(low, high) => {
            (*low..=*high).contains(&c) || nocase && other.is_some_and(|c| (*low..=*high).contains(&c))
        }
        Item::Named(name) => match name.as_str() {
            "alpha" => c.is_alphabetic(),
            "digit" => c.is_ascii_digit(),
            "alnum" => c.is_alphanumeric(),
            "upper" => c.is_uppercase(),
            "lower" => c.is_lowercase(),
            "space" => matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c'),
            "blank" => matches!(c, ' ' | '\t'),
            "punct" => c.is_ascii_punctuation(),
            "cntrl" => c.is_control(),
            "print" => !c.is_control(),
            "graph" => !c.is_control() && c != ' ',
            "xdigit" => c.is_ascii_hexdigit(),
            "word" => c.is_alphanumeric() || c == '_',
            "ascii" => c.is_ascii(),
            _ => false,
        },
    })
}

fn same(a: char, b: char, nocase: bool) -> bool {
    a == b || nocase && a.to_lowercase().eq(b.to_lowercase())
}

/// Matches with a single point to come back to (the last star), which is enough without groups.
fn run(nodes: &[Node], text: &[char], nocase: bool, budget: &mut u32) -> bool {
    let (mut n, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        if *budget == 0 {
            return false;
        }
        *budget -= 1;
        let step = match nodes.get(n) {
            None if t == text.len() => return true,
            None => false,
            Some(Node::Star) => {
                back = Some((n + 1, t));
                n += 1;
                continue;
            }
            Some(Node::Group(kind, branches)) => {
                if group(*kind, branches, &nodes[n..], &text[t..], nocase, budget) {
                    return true;
                }
                false
            }
            Some(node) => t < text.len() && one(node, text[t], nocase),
        };
        if step {
            n += 1;
            t += 1;
        } else {
            match back {
                Some((star, from)) if from < text.len() => {
                    back = Some((star, from + 1));
                    (n, t) = (star, from + 1);
                }
                _ => return false,
            }
        }
    }
}

fn one(node: &Node, c: char, nocase: bool) -> bool {
    match node {
        Node::Char(expected) => same(*expected, c, nocase),
        Node::Any => true,
        Node::Class(negated, items) => in_class(c, items, nocase) != *negated,
        Node::Star | Node::Group(..) => false,
    }
}

/// Tries every length for a group, then what follows it; `nodes[0]` is the group.
fn group(
    kind: char,
    branches: &[Vec<Node>],
    nodes: &[Node],
    text: &[char],
    nocase: bool,
    budget: &mut u32,
) -> bool {
    let rest = &nodes[1..];
    if matches!(kind, '?' | '*') && run(rest, text, nocase, budget) {
        return true;
    }
    for length in 0..=text.len() {
        let (head, tail) = text.split_at(length);
        let hit = branches.iter().any(|branch| run(branch, head, nocase, budget));
        let ok = match kind {
            '!' => !hit && run(rest, tail, nocase, budget),
            '?' | '@' => hit && run(rest, tail, nocase, budget),
            // More of the same may follow, but only after some progress.
            _ => {
                hit && (run(rest, tail, nocase, budget)
                    || length > 0 && group('*', branches, nodes, tail, nocase, budget))
            }
        };
        if ok {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_case() {
        let check = |pattern: &str, text: &str| Pattern::new(pattern, true).matches(text);
        assert!(check("*.tar.gz", "a.tar.gz"));
        assert!(check("[a-c]?[!x]", "bzy"));
        assert!(!check("[a-c]?[!x]", "bzx"));
        assert!(check("[[:digit:]]*", "7up"));
        assert!(check("a\\*", "a*") && !check("a\\*", "ab"));
        assert!(check("@(foo|bar)", "bar") && !check("@(foo|bar)", "foobar"));
        assert!(check("+(foo|bar)", "foobar"));
        assert!(check("!(*.txt)", "a.md") && !check("!(*.txt)", "a.txt"));
        assert!(check("[]a]", "]") && check("[", "["));
    }
}
