//! `:s`: text in place of what a pattern matches.

use super::buffer::Place;
use super::editor::Editor;
use super::motion;

impl Editor {
    /// `:s/pattern/text/flags`
    pub(super) fn substitute(&mut self, argument: &str, from: usize, to: usize) {
        let (pattern, text, flags) = match argument.chars().next() {
            Some(mark)
                if !mark.is_alphanumeric() && mark != ' ' && mark != '"' && mark != '|' && mark != '&' =>
            {
                let parts = split(&argument[mark.len_utf8()..], mark);
                let pattern = match (parts[0].as_str(), &self.search) {
                    ("", Some((old, _))) => old.clone(),
                    ("", None) => return self.error("E35: No previous regular expression"),
                    (pattern, _) => pattern.to_string(),
                };
                (pattern, parts[1].clone(), parts[2].trim().to_string())
            }
            _ => match &self.substitution {
                Some((pattern, text, _)) => (pattern.clone(), text.clone(), argument.trim().to_string()),
                None => return self.error("E35: No previous regular expression"),
            },
        };
        let count = flags.find(|c: char| c.is_ascii_digit()).map(|at| flags[at..].trim().to_string());
        let letters = flags.split(|c: char| c.is_ascii_digit()).next().unwrap_or("").trim().to_string();
        if let Some(wrong) = letters.chars().find(|c| !"cgiIne&".contains(*c)) {
            let at = letters.find(wrong).unwrap_or(0);
            return self.error(&format!("E488: Trailing characters: {}", &letters[at..]));
        }
        if letters.contains('c') {
            return self.error("vi: the flag c of :s is not simulated");
        }
        let (from, to) = match count.and_then(|count| count.parse::<usize>().ok()) {
            Some(count) => (to, (to + count.max(1) - 1).min(self.buffer.last())),
            None => (from, to),
        };
        let source = if letters.contains('i') { format!("{pattern}\\c") } else { pattern.clone() };
        let regex = match self.compile(&source) {
            Ok(regex) => regex,
            Err(text) => return self.error(&text),
        };
        self.search = Some((pattern.clone(), false));
        self.substitution = Some((pattern.clone(), text.clone(), letters.clone()));
        let (mut changes, mut lines, mut last) = (0, 0, None);
        let mut added = 0;
        for line in from..=to {
            let line = line + added;
            let old = self.buffer.line(line).to_string();
            let mut new = String::new();
            let mut end = 0;
            let mut here = 0;
            for found in regex.captures_iter(&old) {
                let Some(whole) = found.get(0) else { continue };
                new.push_str(&old[end..whole.start()]);
                new.push_str(&replacement(&text, &found));
                end = whole.end();
                here += 1;
                if !letters.contains('g') {
                    break;
                }
            }
            if here == 0 {
                continue;
            }
            new.push_str(&old[end..]);
            changes += here;
            lines += 1;
            if letters.contains('n') {
                continue;
            }
            let pieces: Vec<std::rc::Rc<str>> = new.split('\r').map(std::rc::Rc::from).collect();
            added += pieces.len() - 1;
            last = Some(line + pieces.len() - 1);
            self.buffer.lines.splice(line..=line, pieces);
        }
        if changes == 0 {
            if !letters.contains('e') {
                self.error(&format!("E486: Pattern not found: {pattern}"));
            }
            return;
        }
        let plural = |count: usize, one: &str| {
            format!("{count} {one}{}", if count == 1 { "" } else { if one == "match" { "es" } else { "s" } })
        };
        if letters.contains('n') {
            return self.say(&format!("{} on {}", plural(changes, "match"), plural(lines, "line")));
        }
        if let Some(line) = last {
            self.cursor = Place { line, column: motion::indent(&self.buffer, line) };
        }
        if changes > 2 {
            self.say(&format!("{} on {}", plural(changes, "substitution"), plural(lines, "line")));
        }
    }
}

/// Three parts at a mark that no backslash protects.
fn split(text: &str, mark: char) -> [String; 3] {
    let mut parts = [String::new(), String::new(), String::new()];
    let mut at = 0;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == mark && at < 2 {
            at += 1;
        } else if c == '\\' && at < 2 {
            match chars.next() {
                Some(next) if next == mark => parts[at].push(mark),
                Some(next) => parts[at].extend(['\\', next]),
                None => parts[at].push('\\'),
            }
        } else {
            parts[at].push(c);
        }
    }
    parts
}

/// What a match becomes.
fn replacement(text: &str, found: &regex_lite::Captures<'_>) -> String {
    let mut out = String::new();
    let group = |at: usize| found.get(at).map_or("", |part| part.as_str());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str(group(0)),
            '\\' => match chars.next() {
                Some(digit @ '0'..='9') => out.push_str(group(digit.to_digit(10).unwrap_or(0) as usize)),
                Some('n') => out.push('\0'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(c) => out.push(c),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}
