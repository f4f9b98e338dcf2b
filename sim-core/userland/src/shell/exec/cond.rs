//! Tests: `[[ ]]`, and what `test` shares with it.

use super::Boxed;
use crate::shell::ast::Cond;
use crate::shell::pattern::Pattern;
use crate::shell::state::Shell;
use crate::shell::vars::Value;
use linux::vfs::FileType;

impl Shell {
    /// True, false, or nothing when the expression has an error, which has been printed.
    pub(super) fn cond<'a>(&'a mut self, cond: &'a Cond) -> Boxed<'a, Option<bool>> {
        Box::pin(async move {
            Ok(match cond {
                Cond::Word(word) => {
                    let text = self.expand_single(word).await?;
                    self.trace_cond(&format!("-n {text}")).await;
                    Some(!text.is_empty())
                }
                Cond::Unary(test, word) => {
                    let text = self.expand_single(word).await?;
                    self.trace_cond(&format!("{test} {text}")).await;
                    self.unary_test(test, &text)
                }
                Cond::Binary(operator, left, right) => {
                    let left = self.expand_single(left).await?;
                    match operator.as_str() {
                        "=~" => {
                            let regex = self.expand_regex(right).await?;
                            self.trace_cond(&format!("{left} =~ {regex}")).await;
                            self.regex_test(&left, &regex)
                        }
                        "==" | "=" | "!=" => {
                            let pattern = self.expand_pattern(right).await?;
                            self.trace_cond(&format!("{left} {operator} {pattern}")).await;
                            let hit =
                                Pattern::new(&pattern, true).matches_nocase(&left, self.shopt("nocasematch"));
                            Some(hit == (operator != "!="))
                        }
                        "<" => Some(left < self.expand_single(right).await?),
                        ">" => Some(left > self.expand_single(right).await?),
                        "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                            let right = self.expand_single(right).await?;
                            self.trace_cond(&format!("{left} {operator} {right}")).await;
                            let (a, b) = match (self.evaluate(&left), self.evaluate(&right)) {
                                (Ok(a), Ok(b)) => (a, b),
                                (Err(message), _) | (_, Err(message)) => {
                                    self.error(&format!("[[: {message}")).await;
                                    return Ok(Some(false));
                                }
                            };
                            Some(compare(operator, a, b))
                        }
                        _ => {
                            let right = self.expand_single(right).await?;
                            self.file_test(operator, &left, &right)
                        }
                    }
                }
                Cond::Not(inner) => self.cond(inner).await?.map(|truth| !truth),
                Cond::And(a, b) => match self.cond(a).await? {
                    Some(true) => self.cond(b).await?,
                    other => other,
                },
                Cond::Or(a, b) => match self.cond(a).await? {
                    Some(false) => self.cond(b).await?,
                    other => other,
                },
                Cond::Group(inner) => self.cond(inner).await?,
            })
        })
    }

    async fn trace_cond(&mut self, text: &str) {
        if self.options.has('x') {
            self.trace(&format!("[[ {text} ]]")).await;
        }
    }

    fn regex_test(&mut self, text: &str, regex: &str) -> Option<bool> {
        let Ok(regex) =
            regex_lite::RegexBuilder::new(regex).case_insensitive(self.shopt("nocasematch")).build()
        else {
            return None;
        };
        let captures = regex.captures(text);
        let groups = match &captures {
            Some(captures) => (0..)
                .zip(
                    captures
                        .iter()
                        .map(|group| group.map_or(String::new(), |group| group.as_str().to_string())),
                )
                .collect(),
            None => Default::default(),
        };
        self.vars.global("BASH_REMATCH").value = Value::Indexed(groups);
        Some(captures.is_some())
    }

    /// `-f path` and its like; nothing when there is no such test.
    pub fn unary_test(&mut self, test: &str, text: &str) -> Option<bool> {
        let kind = |wanted: FileType| self.sys.stat(text).is_ok_and(|stat| stat.file_type == wanted);
        Some(match test {
            "-n" => !text.is_empty(),
            "-z" => text.is_empty(),
            "-e" | "-a" => self.sys.stat(text).is_ok(),
            "-f" => kind(FileType::Regular),
            "-d" => kind(FileType::Directory),
            "-c" => kind(FileType::CharDevice),
            "-p" => kind(FileType::Fifo),
            "-S" => kind(FileType::Socket),
            "-b" => false,
            "-h" | "-L" => self.sys.lstat(text).is_ok_and(|stat| stat.file_type == FileType::Symlink),
            "-s" => self.sys.stat(text).is_ok_and(|stat| stat.size > 0),
            "-r" => self.sys.access(text, 4),
            "-w" => self.sys.access(text, 2),
            "-x" => self.sys.access(text, 1),
            "-O" => self.sys.stat(text).is_ok_and(|stat| stat.uid == self.sys.uid()),
            "-G" => self.sys.stat(text).is_ok_and(|stat| stat.gid == self.sys.gid()),
            "-g" | "-u" | "-k" => {
                let bit = match test {
                    "-u" => 0o4000,
                    "-g" => 0o2000,
                    _ => 0o1000,
                };
                self.sys.stat(text).is_ok_and(|stat| stat.mode & bit != 0)
            }
            "-N" => self.sys.stat(text).is_ok(),
            "-t" => text.trim().parse().is_ok_and(|fd| self.sys.isatty(fd)),
            "-o" => {
                crate::shell::options::Options::letter(text).is_some_and(|letter| self.options.has(letter))
            }
            "-v" => match text.split_once('[') {
                Some((name, rest)) => {
                    let key = rest.strip_suffix(']').unwrap_or(rest).to_string();
                    if key == "@" || key == "*" {
                        self.variable(name).is_some_and(|var| !var.elements().is_empty())
                    } else {
                        self.element(name, &key).ok().flatten().is_some()
                    }
                }
                None => self.parameter(text).is_some(),
            },
            "-R" => self.vars.find(text).is_some_and(|var| var.nameref),
            _ => return None,
        })
    }

    /// `-nt`, `-ot`, `-ef`.
    pub fn file_test(&self, operator: &str, left: &str, right: &str) -> Option<bool> {
        let (a, b) = (self.sys.stat(left).ok(), self.sys.stat(right).ok());
        Some(match operator {
            "-nt" => match (a, b) {
                (Some(a), Some(b)) => a.mtime > b.mtime,
                (a, _) => a.is_some(),
            },
            "-ot" => match (a, b) {
                (Some(a), Some(b)) => a.mtime < b.mtime,
                (_, b) => b.is_some(),
            },
            "-ef" => matches!((a, b), (Some(a), Some(b)) if a.ino == b.ino),
            _ => return None,
        })
    }
}

/// `-eq` and its like.
pub fn compare(operator: &str, a: i64, b: i64) -> bool {
    match operator {
        "-eq" => a == b,
        "-ne" => a != b,
        "-lt" => a < b,
        "-le" => a <= b,
        "-gt" => a > b,
        _ => a >= b,
    }
}
