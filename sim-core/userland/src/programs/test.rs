//! `test` and `[`: conditions.

use super::support::{prelude::*, program};
use linux::vfs::FileType;

program!(TEST, "test", "Check file types and compare values", test);
program!(BRACKET, "[", "Check file types and compare values", test);

async fn test(sys: Sys, args: Args) -> ExitCode {
    let name = super::basename::base(&args[0], "").to_string();
    let mut words: Vec<&str> = args[1..].iter().map(String::as_str).collect();
    if name == "[" && words.pop() != Some("]") {
        complain(&sys, "[", "missing ‘]’").await;
        return 2;
    }
    let mut reader = Reader { sys: &sys, words: &words, at: 0 };
    let result = if words.is_empty() { Ok(false) } else { reader.whole() };
    match result {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(problem) => {
            complain(&sys, &name, &problem).await;
            2
        }
    }
}

struct Reader<'a> {
    sys: &'a Sys,
    words: &'a [&'a str],
    at: usize,
}

impl Reader<'_> {
    fn whole(&mut self) -> Result<bool, String> {
        // With one to three words POSIX says what is meant, whatever they look like.
        let value = match self.words {
            [one] => return Ok(!one.is_empty()),
            ["!", one] => return Ok(one.is_empty()),
            [a, operator, b] if is_binary(operator) => return self.binary(a, operator, b),
            [one, word] if one.len() != 2 || !one.starts_with('-') => {
                return Err(format!("missing argument after {}", quote(self.sys, word)));
            }
            _ => self.or()?,
        };
        match self.words.get(self.at) {
            None => Ok(value),
            Some(extra) => Err(format!("extra argument {}", quote(self.sys, extra))),
        }
    }

    fn or(&mut self) -> Result<bool, String> {
        let mut value = self.and()?;
        while self.words.get(self.at) == Some(&"-o") {
            self.at += 1;
            value |= self.and()?;
        }
        Ok(value)
    }

    fn and(&mut self) -> Result<bool, String> {
        let mut value = self.not()?;
        while self.words.get(self.at) == Some(&"-a") {
            self.at += 1;
            value &= self.not()?;
        }
        Ok(value)
    }

    fn not(&mut self) -> Result<bool, String> {
        if self.words.get(self.at) == Some(&"!") {
            self.at += 1;
            return Ok(!self.not()?);
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<bool, String> {
        let missing = |after: &str| format!("missing argument after {}", quote(self.sys, after));
        let rest = &self.words[self.at.min(self.words.len())..];
        match rest {
            [] => Err(missing(self.words.last().unwrap_or(&""))),
            ["(", ..] if rest.len() > 1 => {
                self.at += 1;
                let value = self.or()?;
                if self.words.get(self.at) != Some(&")") {
                    return Err(format!("{} expected", quote(self.sys, ")")));
                }
                self.at += 1;
                Ok(value)
            }
            [a, operator, b, ..] if is_binary(operator) => {
                self.at += 3;
                self.binary(a, operator, b)
            }
            [operator, word, ..] if operator.len() == 2 && operator.starts_with('-') => {
                self.at += 2;
                self.unary(operator, word)
            }
            [one, ..] => {
                self.at += 1;
                Ok(!one.is_empty())
            }
        }
    }

    fn unary(&self, operator: &str, word: &str) -> Result<bool, String> {
        let stat = || self.sys.stat(word).ok();
        let is = |kind: FileType| stat().is_some_and(|stat| stat.file_type == kind);
        Ok(match operator {
            "-n" => !word.is_empty(),
            "-z" => word.is_empty(),
            "-e" | "-a" => stat().is_some(),
            "-f" => is(FileType::Regular),
            "-d" => is(FileType::Directory),
            "-h" | "-L" => self.sys.lstat(word).is_ok_and(|stat| stat.file_type == FileType::Symlink),
            "-p" => is(FileType::Fifo),
            "-S" => is(FileType::Socket),
            "-c" => is(FileType::CharDevice),
            "-b" => false,
            "-s" => stat().is_some_and(|stat| stat.size > 0),
            "-r" => self.sys.access(word, 4),
            "-w" => self.sys.access(word, 2),
            "-x" => self.sys.access(word, 1),
            "-u" => stat().is_some_and(|stat| stat.mode & 0o4000 != 0),
            "-g" => stat().is_some_and(|stat| stat.mode & 0o2000 != 0),
            "-k" => stat().is_some_and(|stat| stat.mode & 0o1000 != 0),
            "-O" => stat().is_some_and(|stat| stat.uid == self.sys.uid()),
            "-G" => stat().is_some_and(|stat| stat.gid == self.sys.gid()),
            "-t" => self.sys.isatty(self.integer(word)? as i32),
            operator => return Err(format!("{}: unary operator expected", quote(self.sys, operator))),
        })
    }

    fn binary(&self, a: &str, operator: &str, b: &str) -> Result<bool, String> {
        let times =
            || (self.sys.stat(a).ok().map(|stat| stat.mtime), self.sys.stat(b).ok().map(|stat| stat.mtime));
        Ok(match operator {
            "=" | "==" => a == b,
            "!=" => a != b,
            "-eq" => self.integer(a)? == self.integer(b)?,
            "-ne" => self.integer(a)? != self.integer(b)?,
            "-lt" => self.integer(a)? < self.integer(b)?,
            "-le" => self.integer(a)? <= self.integer(b)?,
            "-gt" => self.integer(a)? > self.integer(b)?,
            "-ge" => self.integer(a)? >= self.integer(b)?,
            "-nt" => times().0 > times().1,
            "-ot" => times().0 < times().1,
            "-ef" => matches!((self.sys.stat(a), self.sys.stat(b)), (Ok(a), Ok(b)) if a.ino == b.ino),
            "-a" => !a.is_empty() && !b.is_empty(),
            _ => !a.is_empty() || !b.is_empty(),
        })
    }

    fn integer(&self, text: &str) -> Result<i64, String> {
        text.trim().parse().map_err(|_| format!("invalid integer {}", quote(self.sys, text)))
    }
}

fn is_binary(word: &str) -> bool {
    matches!(word, "=" | "==" | "!=" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-nt" | "-ot" | "-ef")
}
