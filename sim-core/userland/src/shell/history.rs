//! What was typed before, and `!` expansion. Models histexpand.c.

use super::state::Shell;
use std::rc::Rc;

/// Lines typed, oldest first.
#[derive(Clone, Debug, Default)]
pub struct History {
    lines: Rc<Vec<String>>,
    /// How many lines have been dropped at the beginning.
    dropped: usize,
}

/// What `!` made of a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Expansion {
    /// Nothing changed.
    Same,
    /// This is to be shown and run.
    Changed(String),
    /// This is only to be shown (`:p`).
    Print(String),
    /// It failed, with this message.
    Failed(String),
}

impl History {
    /// How many lines, those that were dropped included.
    pub fn len(&self) -> usize {
        self.dropped + self.lines.len()
    }

    /// True when nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines themselves.
    pub fn lines(&self) -> Rc<Vec<String>> {
        self.lines.clone()
    }

    /// The lines with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &String)> {
        (self.dropped + 1..).zip(self.lines.iter())
    }

    /// Adds a line.
    pub fn add(&mut self, line: &str) {
        let lines = Rc::make_mut(&mut self.lines);
        lines.push(line.to_string());
        if lines.len() > 2000 {
            lines.drain(..500);
            self.dropped += 500;
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = History::default();
    }

    /// Forgets the line of a number (from the end when negative).
    pub fn delete(&mut self, number: i64) -> bool {
        let index =
            if number < 0 { self.lines.len() as i64 + number } else { number - 1 - self.dropped as i64 };
        let Some(index) = usize::try_from(index).ok().filter(|index| *index < self.lines.len()) else {
            return false;
        };
        Rc::make_mut(&mut self.lines).remove(index);
        true
    }

    /// Expands `!` in a line.
    pub fn expand(&self, line: &str) -> Expansion {
        let chars: Vec<char> = line.chars().collect();
        if chars.first() == Some(&'^') {
            return self.quick_substitution(line);
        }
        let mut out = String::new();
        let mut at = 0;
        let mut changed = false;
        let mut print = false;
        let mut double = false;
        while at < chars.len() {
            match chars[at] {
                '\\' => {
                    out.push('\\');
                    if let Some(c) = chars.get(at + 1) {
                        out.push(*c);
                    }
                    at += 2;
                }
                '\'' if !double => {
                    let end =
                        chars[at + 1..].iter().position(|c| *c == '\'').map_or(chars.len(), |n| at + n + 2);
                    out.extend(&chars[at..end]);
                    at = end;
                }
                '"' => {
                    double = !double;
                    out.push('"');
                    at += 1;
                }
                '!' if is_event(&chars, at, double) => match self.event(&chars, at) {
                    Ok((text, next, only_print)) => {
                        out.push_str(&text);
                        at = next;
                        print |= only_print;
                        changed = true;
                    }
                    Err(message) => return Expansion::Failed(message),
                },
                c => {
                    out.push(c);
                    at += 1;
                }
            }
        }
        match (changed, print) {
            (false, _) => Expansion::Same,
            (true, false) => Expansion::Changed(out),
            (true, true) => Expansion::Print(out),
        }
    }

    fn quick_substitution(&self, line: &str) -> Expansion {
        let mut pieces = line[1..].split('^');
        let (from, to) = (pieces.next().unwrap_or_default(), pieces.next().unwrap_or_default());
        let rest = pieces.next().unwrap_or_default();
        match self.lines.last() {
            Some(last) if !from.is_empty() && last.contains(from) => {
                Expansion::Changed(last.replacen(from, to, 1) + rest)
            }
            _ => Expansion::Failed(format!(":s{line}: substitution failed")),
        }
    }

    /// What the `!` at `at` stands for, and where the text goes on.
    fn event(&self, chars: &[char], at: usize) -> Result<(String, usize, bool), String> {
        let mut pos = at + 1;
        let not_found = |pos: usize| {
            let text: String = chars[at..pos].iter().collect();
            format!("{text}: event not found")
        };
        let last = self.lines.last();
        let line = match chars[pos] {
            '!' => {
                pos += 1;
                last.ok_or_else(|| not_found(pos))?
            }
            '$' | '^' | '*' | ':' => last.ok_or_else(|| not_found(pos + 1))?,
            '?' => {
                let end =
                    chars[pos + 1..].iter().position(|c| *c == '?').map_or(chars.len(), |n| pos + 1 + n);
                let text: String = chars[pos + 1..end].iter().collect();
                pos = (end + 1).min(chars.len());
                self.lines.iter().rev().find(|line| line.contains(&text)).ok_or_else(|| not_found(pos))?
            }
            c if c == '-' && chars.get(pos + 1).is_some_and(char::is_ascii_digit) || c.is_ascii_digit() => {
                let back = c == '-';
                pos += usize::from(back);
                let start = pos;
                while chars.get(pos).is_some_and(char::is_ascii_digit) {
                    pos += 1;
                }
                let number: usize =
                    chars[start..pos].iter().collect::<String>().parse().unwrap_or(usize::MAX);
                let index = if back {
                    self.lines.len().checked_sub(number)
                } else {
                    number.checked_sub(1 + self.dropped)
                };
                index.and_then(|index| self.lines.get(index)).ok_or_else(|| not_found(pos))?
            }
            _ => {
                let start = pos;
                while chars.get(pos).is_some_and(|c| {
                    !matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | ':' | '"' | '\'' | '(' | ')')
                }) {
                    pos += 1;
                }
                let text: String = chars[start..pos].iter().collect();
                self.lines.iter().rev().find(|line| line.starts_with(&text)).ok_or_else(|| not_found(pos))?
            }
        };
        self.designate(line, chars, pos)
    }

    /// Words (`:1`, `$`) and modifiers (`:h`, `:s/a/b/`).
    fn designate(&self, line: &str, chars: &[char], mut pos: usize) -> Result<(String, usize, bool), String> {
        let words = words(line);
        let mut text = line.to_string();
        let start = pos;
        let colon = chars.get(pos) == Some(&':');
        let after = pos + usize::from(colon);
        let bad = |end: usize| {
            let spec: String = chars[start..end.min(chars.len())].iter().collect();
            format!("{spec}: bad word specifier")
        };
        let last = words.len().saturating_sub(1);
        let mut range = None;
        match chars.get(after) {
            Some('$') => {
                range = Some((last, last));
                pos = after + 1;
            }
            Some('^') => {
                range = Some((1, 1));
                pos = after + 1;
            }
            Some('*') => {
                range = Some((1, last));
                pos = after + 1;
            }
            Some(c) if colon && (c.is_ascii_digit() || *c == '-') => {
                let mut at = after;
                let number = |at: &mut usize| {
                    let mut value = None;
                    while let Some(digit) = chars.get(*at).and_then(|c| c.to_digit(10)) {
                        value = Some(value.unwrap_or(0) * 10 + digit as usize);
                        *at += 1;
                    }
                    value
                };
                let from = number(&mut at).unwrap_or(0);
                let mut to = from;
                if chars.get(at) == Some(&'-') {
                    at += 1;
                    to = if chars.get(at) == Some(&'$') {
                        at += 1;
                        last
                    } else {
                        number(&mut at).unwrap_or(last.saturating_sub(1))
                    };
                } else if chars.get(at) == Some(&'*') {
                    at += 1;
                    to = last;
                }
                range = Some((from, to));
                pos = at;
            }
            _ => {}
        }
        if let Some((from, to)) = range {
            if from > to && from > last {
                text = String::new();
            } else {
                text = words.get(from..=to).ok_or_else(|| bad(pos))?.join(" ");
            }
        }
        let mut print = false;
        while chars.get(pos) == Some(&':') {
            let all = matches!(chars.get(pos + 1), Some('g' | 'a'));
            let at = pos + 1 + usize::from(all);
            match chars.get(at) {
                Some('p') => print = true,
                Some('h') => text = text.rsplit_once('/').map_or(text.clone(), |(head, _)| head.to_string()),
                Some('t') => text = text.rsplit('/').next().unwrap_or_default().to_string(),
                Some('r') => text = text.rsplit_once('.').map_or(text.clone(), |(root, _)| root.to_string()),
                Some('e') => text = text.rsplit_once('.').map_or(String::new(), |(_, e)| format!(".{e}")),
                Some('s') => {
                    let Some(&mark) = chars.get(at + 1) else { break };
                    let rest: String = chars[at + 2..].iter().collect();
                    let mut pieces = rest.splitn(3, mark);
                    let (from, to) = (pieces.next().unwrap_or_default(), pieces.next().unwrap_or_default());
                    if !text.contains(from) {
                        let spec: String = chars[pos..].iter().collect();
                        return Err(format!("{spec}: substitution failed"));
                    }
                    text = if all { text.replace(from, to) } else { text.replacen(from, to, 1) };
                    let used = 2 + from.chars().count() + 1 + to.chars().count();
                    pos = (at + used + usize::from(chars.get(at + used) == Some(&mark))).min(chars.len());
                    continue;
                }
                _ => break,
            }
            pos = at + 1;
        }
        Ok((text, pos, print))
    }
}

/// True when the `!` at `at` is more than a sign.
fn is_event(chars: &[char], at: usize, double: bool) -> bool {
    let Some(next) = chars.get(at + 1) else { return false };
    let after_dollar = at > 0 && matches!(chars[at - 1], '$' | '{');
    !(after_dollar || matches!(next, ' ' | '\t' | '\n' | '=' | '(') || double && *next == '"')
}

/// The words of a line, quotes kept.
pub fn words(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, ' ' | '\t' | '\n') => {
                if !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                }
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                word.push(c);
            }
            (Some(open), c) if open == c => {
                quote = None;
                word.push(c);
            }
            (None | Some('"'), '\\') => {
                word.push(c);
                word.extend(chars.next());
            }
            (None, ';' | '|' | '&' | '<' | '>' | '(' | ')') => {
                if !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                }
                let mut operator = c.to_string();
                while chars.peek() == Some(&c) {
                    operator.extend(chars.next());
                }
                out.push(operator);
            }
            (_, c) => word.push(c),
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

impl Shell {
    fn history_file(&self) -> Option<String> {
        match self.vars.text("HISTFILE") {
            Some(path) if !path.is_empty() => Some(path.to_string()),
            _ => None,
        }
    }

    /// Reads `~/.bash_history`.
    pub async fn load_history(&mut self) {
        let Some(path) = self.history_file() else { return };
        if let Ok(bytes) = self.sys.read_file(&path).await {
            for line in String::from_utf8_lossy(&bytes).lines() {
                self.history.add(line);
            }
        }
    }

    /// Writes `~/.bash_history`.
    pub async fn save_history(&mut self) {
        let Some(path) = self.history_file() else { return };
        let text: String = self.history.lines().iter().map(|line| format!("{line}\n")).collect();
        if !text.is_empty() {
            let _ = self.sys.write_file(&path, text.as_bytes()).await;
        }
    }

    /// Remembers what was typed, as `HISTCONTROL` says.
    pub fn remember(&mut self, line: &str) {
        let control = self.vars.text("HISTCONTROL").unwrap_or_default().to_string();
        let has = |name: &str| {
            control.split(':').any(|item| item == name || item == "ignoreboth" && name != "erasedups")
        };
        if line.trim().is_empty() || has("ignorespace") && line.starts_with(' ') {
            return;
        }
        if has("ignoredups") && self.history.lines().last().is_some_and(|last| last == line) {
            return;
        }
        self.history.add(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Expansion {
        let mut history = History::default();
        for line in ["echo one two", "ls -l /tmp/a.txt", "kubectl get pods"] {
            history.add(line);
        }
        history.expand(line)
    }

    fn changed(text: &str) -> Expansion {
        Expansion::Changed(text.into())
    }

    #[test]
    fn events_are_found() {
        assert_eq!(check("!!"), changed("kubectl get pods"));
        assert_eq!(check("sudo !!"), changed("sudo kubectl get pods"));
        assert_eq!(check("echo !$"), changed("echo pods"));
        assert_eq!(check("!1"), changed("echo one two"));
        assert_eq!(check("!-2"), changed("ls -l /tmp/a.txt"));
        assert_eq!(check("!ec:2"), changed("two"));
        assert_eq!(check("cat !ls:$:h"), changed("cat /tmp"));
        assert_eq!(check("^get^describe"), changed("kubectl describe pods"));
        assert_eq!(check("!ls:p"), Expansion::Print("ls -l /tmp/a.txt".into()));
        assert_eq!(check("!nope"), Expansion::Failed("!nope: event not found".into()));
    }

    #[test]
    fn quotes_and_blanks_protect() {
        assert_eq!(check("echo '!!'"), Expansion::Same);
        assert_eq!(check("echo hello!"), Expansion::Same);
        assert_eq!(check("echo \"hello!\""), Expansion::Same);
        assert_eq!(check("[ a != b ]"), Expansion::Same);
        assert_eq!(check("echo $!"), Expansion::Same);
    }
}
