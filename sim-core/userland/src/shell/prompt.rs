//! Prompts: `PS1` and its like.

use super::builtins::printf::strftime;
use super::parser::Parser;
use super::state::Shell;

/// Stands before characters that take no room (`\[`).
pub const HIDE: char = '\x01';
/// Stands after them (`\]`).
pub const SHOW: char = '\x02';

impl Shell {
    /// What a prompt string shows, with [`HIDE`] and [`SHOW`] in it.
    pub async fn expand_prompt(&mut self, text: &str) -> String {
        let decoded = self.decode_prompt(text);
        if !self.shopt("promptvars") || !decoded.contains(['$', '`', '\\']) {
            return decoded;
        }
        let parts = Parser::prompt_parts(&decoded);
        let status = self.status;
        let expanded = Box::pin(self.expand_quoted(&parts)).await;
        self.status = status;
        expanded.unwrap_or(decoded)
    }

    fn decode_prompt(&self, text: &str) -> String {
        let mut out = String::new();
        let mut chars = text.chars().peekable();
        let now = self.sys.clock();
        while let Some(c) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('a') => out.push('\x07'),
                Some('d') => out.push_str(&strftime("%a %b %d", now)),
                Some('D') if chars.peek() == Some(&'{') => {
                    chars.next();
                    let format: String = chars.by_ref().take_while(|c| *c != '}').collect();
                    out.push_str(&strftime(&format, now));
                }
                Some('e') => out.push('\x1b'),
                Some('h') => out.push_str(self.sys.hostname().split('.').next().unwrap_or_default()),
                Some('H') => out.push_str(&self.sys.hostname()),
                Some('j') => out.push_str(&self.jobs.list.len().to_string()),
                Some('l') => {
                    let name = self.sys.ttyname(0).unwrap_or_default();
                    out.push_str(name.rsplit('/').next().unwrap_or_default());
                }
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('s') => out.push_str(self.name.rsplit('/').next().unwrap_or_default()),
                Some('t') => out.push_str(&strftime("%H:%M:%S", now)),
                Some('T') => out.push_str(&strftime("%I:%M:%S", now)),
                Some('@') => out.push_str(&strftime("%I:%M %p", now)),
                Some('A') => out.push_str(&strftime("%H:%M", now)),
                Some('u') => out.push_str(&self.user_name()),
                Some('v') => out.push_str("5.2"),
                Some('V') => out.push_str("5.2.15"),
                Some('w') => out.push_str(&escape_path(&self.short_cwd())),
                Some('W') => {
                    let short = self.short_cwd();
                    let last = match short.rsplit('/').next() {
                        Some(last) if !last.is_empty() => last.to_string(),
                        _ => short.clone(),
                    };
                    out.push_str(&escape_path(&last));
                }
                Some('!' | '#') => out.push_str(&(self.history.len() + 1).to_string()),
                Some('$') => out.push_str(if self.sys.uid() == 0 { "#" } else { "\\$" }),
                Some('[') => out.push(HIDE),
                Some(']') => out.push(SHOW),
                Some('\\') => out.push_str("\\\\"),
                Some(digit @ '0'..='7') => {
                    let mut value = digit.to_digit(8).unwrap_or(0);
                    for _ in 0..2 {
                        if let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) {
                            value = value * 8 + digit;
                            chars.next();
                        }
                    }
                    out.push(char::from_u32(value & 0xff).unwrap_or(' '));
                }
                Some(other) => {
                    out.push('\\');
                    out.push(other);
                }
                None => out.push('\\'),
            }
        }
        if self.shopt("promptvars") { out } else { out.replace("\\$", "$").replace("\\\\", "\\") }
    }

    fn short_cwd(&self) -> String {
        let cwd = self.cwd();
        match self.vars.text("HOME") {
            Some(home) if home != "/" && !home.is_empty() => match cwd.strip_prefix(home) {
                Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
                _ => cwd,
            },
            _ => cwd,
        }
    }
}

/// A directory's name is not expanded again.
fn escape_path(path: &str) -> String {
    let mut out = String::new();
    for c in path.chars() {
        if matches!(c, '$' | '`' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
