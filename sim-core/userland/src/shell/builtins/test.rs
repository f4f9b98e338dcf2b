//! `test` and `[`. Models test.c, whose reading depends on the number of arguments.

use super::Outcome;
use crate::shell::exec::cond::compare;
use crate::shell::state::Shell;

pub(super) async fn test(shell: &mut Shell, args: &[String]) -> Outcome {
    run(shell, "test", &args[1..]).await
}

pub(super) async fn bracket(shell: &mut Shell, args: &[String]) -> Outcome {
    match args.split_last() {
        Some((last, rest)) if last == "]" && !rest.is_empty() => run(shell, "[", &rest[1..]).await,
        _ => {
            shell.error("[: missing `]'").await;
            Ok(2)
        }
    }
}

async fn run(shell: &mut Shell, name: &str, args: &[String]) -> Outcome {
    match evaluate(shell, args) {
        Ok(truth) => Ok(i32::from(!truth)),
        Err(message) => {
            shell.error(&format!("{name}: {message}")).await;
            Ok(2)
        }
    }
}

fn is_unary(text: &str) -> bool {
    text.len() == 2 && text.starts_with('-') && "abcdefghknoprstuvwxzGLNORS".contains(&text[1..])
}

fn is_binary(text: &str) -> bool {
    matches!(
        text,
        "=" | "==" | "!=" | "<" | ">" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-nt" | "-ot" | "-ef"
    )
}

fn evaluate(shell: &mut Shell, args: &[String]) -> Result<bool, String> {
    match args {
        [] => Ok(false),
        [word] => Ok(!word.is_empty()),
        [not, word] if not == "!" => Ok(word.is_empty()),
        [operator, word] => {
            if is_unary(operator) {
                unary(shell, operator, word)
            } else {
                Err(format!("{operator}: unary operator expected"))
            }
        }
        [left, operator, right] if is_binary(operator) => binary(shell, left, operator, right),
        [left, operator, right] if operator == "-a" => Ok(!left.is_empty() && !right.is_empty()),
        [left, operator, right] if operator == "-o" => Ok(!left.is_empty() || !right.is_empty()),
        [not, rest @ ..] if not == "!" && rest.len() < 4 => evaluate(shell, rest).map(|truth| !truth),
        [open, word, close] if open == "(" && close == ")" => Ok(!word.is_empty()),
        [_, operator, _] => Err(format!("{operator}: binary operator expected")),
        [open, middle @ .., close] if open == "(" && close == ")" && middle.len() == 2 => {
            evaluate(shell, middle)
        }
        _ => {
            let mut parser = Parser { shell, args, at: 0, depth: 0 };
            let truth = parser.or()?;
            if parser.at < args.len() {
                return Err("too many arguments".into());
            }
            Ok(truth)
        }
    }
}

fn unary(shell: &mut Shell, operator: &str, word: &str) -> Result<bool, String> {
    shell.unary_test(operator, word).ok_or_else(|| format!("{operator}: unary operator expected"))
}

fn integer(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("{text}: integer expression expected"))
}

fn binary(shell: &mut Shell, left: &str, operator: &str, right: &str) -> Result<bool, String> {
    Ok(match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "-nt" | "-ot" | "-ef" => shell.file_test(operator, left, right).unwrap_or(false),
        _ => compare(operator, integer(left)?, integer(right)?),
    })
}

struct Parser<'a> {
    shell: &'a mut Shell,
    args: &'a [String],
    at: usize,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.args.get(self.at).map(String::as_str)
    }

    fn or(&mut self) -> Result<bool, String> {
        let mut truth = self.and()?;
        while self.peek() == Some("-o") {
            self.at += 1;
            truth |= self.and()?;
        }
        Ok(truth)
    }

    fn and(&mut self) -> Result<bool, String> {
        let mut truth = self.term()?;
        while self.peek() == Some("-a") {
            self.at += 1;
            truth &= self.term()?;
        }
        Ok(truth)
    }

    fn term(&mut self) -> Result<bool, String> {
        self.depth += 1;
        if self.depth > 100 {
            return Err("too many arguments".into());
        }
        let truth = self.term_inner();
        self.depth -= 1;
        truth
    }

    fn term_inner(&mut self) -> Result<bool, String> {
        let Some(first) = self.peek().map(str::to_string) else { return Err("argument expected".into()) };
        if let Some(operator) = self.args.get(self.at + 1).cloned().filter(|operator| is_binary(operator))
            && let Some(right) = self.args.get(self.at + 2).cloned()
        {
            self.at += 3;
            return binary(self.shell, &first, &operator, &right);
        }
        if first == "!" {
            self.at += 1;
            return self.term().map(|truth| !truth);
        }
        if first == "(" {
            self.at += 1;
            let truth = self.or()?;
            if self.peek() != Some(")") {
                return Err("`)' expected".into());
            }
            self.at += 1;
            return Ok(truth);
        }
        if is_unary(&first)
            && let Some(word) = self.args.get(self.at + 1).cloned()
        {
            self.at += 2;
            return unary(self.shell, &first, &word);
        }
        self.at += 1;
        Ok(!first.is_empty())
    }
}
