//! Differences that have a reason: `known.txt`.
//!
//! ```text
//! ## the reason, in a sentence
//! rollout.txt: kubectl rollout history deployment/web
//! ```
//!
//! A line stands for every such command of the file. The run says which have become equal.

use std::collections::BTreeMap;
use std::path::Path;

/// Reasons, by file and command.
#[derive(Debug, Default)]
pub struct Known(BTreeMap<(String, String), String>);

impl Known {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Known, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Known::parse(&text)
    }

    /// Reads its text.
    pub fn parse(text: &str) -> Result<Known, String> {
        let mut known = BTreeMap::new();
        let mut reason = "";
        for (at, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if let Some(text) = line.strip_prefix("## ") {
                reason = text;
            } else if !line.is_empty() && !line.starts_with('#') {
                let Some((file, command)) = line.split_once(": ") else {
                    return Err(format!("known.txt:{}: a line is `FILE: COMMAND`", at + 1));
                };
                if reason.is_empty() {
                    return Err(format!("known.txt:{}: no reason stands above this", at + 1));
                }
                known.insert((file.to_string(), command.to_string()), reason.to_string());
            }
        }
        Ok(Known(known))
    }

    /// Why this line may differ, if it may.
    pub fn reason(&self, file: &str, command: &str) -> Option<&str> {
        let command = command.lines().next().unwrap_or("");
        self.0.get(&(file.to_string(), command.to_string())).map(String::as_str)
    }

    /// All of them: file, command, reason.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.0.iter().map(|((file, command), reason)| (file.as_str(), command.as_str(), reason.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_reason() {
        let known =
            Known::parse("# notes\n## upstream wins\na.txt: kubectl get x: y\n").expect("well-formed");
        assert_eq!(known.reason("a.txt", "kubectl get x: y\nEOF"), Some("upstream wins"));
        assert_eq!(known.reason("b.txt", "kubectl get x: y"), None);
        assert!(Known::parse("a.txt: kubectl get x\n").is_err());
    }
}
