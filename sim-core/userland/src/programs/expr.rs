//! `expr`: arithmetic and text of old scripts.

use super::support::{pattern, prelude::*, program};

program!(PROGRAM, "expr", "Evaluate expressions", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    let words: Vec<&str> = args[1..].iter().map(String::as_str).collect();
    if words.is_empty() {
        complain(&sys, &args[0], "missing operand").await;
        super::usage_hint(&sys, &args[0]).await;
        return 2;
    }
    let mut reader = Reader { words: &words, at: 0 };
    let result = reader.or().and_then(|value| match words.get(reader.at) {
        None => Ok(value),
        Some(extra) => Err(format!("syntax error: unexpected argument {}", quote(&sys, extra))),
    });
    match result {
        Ok(value) => {
            sys.out(&format!("{value}\n")).await;
            i32::from(value.is_empty() || value == "0")
        }
        Err(problem) => {
            let straight = quote(&sys, "") == "''";
            let problem = if straight { problem.replace(['‘', '’'], "'") } else { problem };
            complain(&sys, &args[0], &problem).await;
            2
        }
    }
}

struct Reader<'a> {
    words: &'a [&'a str],
    at: usize,
}

fn truth(text: &str) -> bool {
    !text.is_empty() && text != "0"
}

fn integer(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "non-integer argument".to_string())
}

impl Reader<'_> {
    fn accept(&mut self, operators: &[&str]) -> Option<String> {
        let word = self.words.get(self.at).filter(|word| operators.contains(word))?;
        self.at += 1;
        Some(word.to_string())
    }

    fn or(&mut self) -> Result<String, String> {
        let mut left = self.and()?;
        while self.accept(&["|"]).is_some() {
            let right = self.and()?;
            if !truth(&left) {
                left = if truth(&right) { right } else { "0".into() };
            }
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<String, String> {
        let mut left = self.comparison()?;
        while self.accept(&["&"]).is_some() {
            let right = self.comparison()?;
            if !truth(&left) || !truth(&right) {
                left = "0".into();
            }
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<String, String> {
        let mut left = self.sum()?;
        while let Some(operator) = self.accept(&["<", "<=", "=", "==", "!=", ">=", ">"]) {
            let right = self.sum()?;
            let ordering = match (integer(&left), integer(&right)) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                _ => left.cmp(&right),
            };
            let holds = match operator.as_str() {
                "<" => ordering.is_lt(),
                "<=" => ordering.is_le(),
                "=" | "==" => ordering.is_eq(),
                "!=" => ordering.is_ne(),
                ">=" => ordering.is_ge(),
                _ => ordering.is_gt(),
            };
            left = i32::from(holds).to_string();
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<String, String> {
        let mut left = self.product()?;
        while let Some(operator) = self.accept(&["+", "-"]) {
            let right = self.product()?;
            let (a, b) = (integer(&left)?, integer(&right)?);
            left = if operator == "+" { a.wrapping_add(b) } else { a.wrapping_sub(b) }.to_string();
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<String, String> {
        let mut left = self.matching()?;
        while let Some(operator) = self.accept(&["*", "/", "%"]) {
            let right = self.matching()?;
            let (a, b) = (integer(&left)?, integer(&right)?);
            if b == 0 && operator != "*" {
                return Err("division by zero".into());
            }
            left = match operator.as_str() {
                "*" => a.wrapping_mul(b),
                "/" => a.wrapping_div(b),
                _ => a.wrapping_rem(b),
            }
            .to_string();
        }
        Ok(left)
    }

    fn matching(&mut self) -> Result<String, String> {
        let mut left = self.primary()?;
        while self.accept(&[":"]).is_some() {
            let right = self.primary()?;
            left = regex(&left, &right)?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Result<String, String> {
        let previous = self.at.checked_sub(1).and_then(|at| self.words.get(at)).copied().unwrap_or("");
        let Some(word) = self.words.get(self.at).copied() else {
            return Err(format!("syntax error: missing argument after ‘{previous}’"));
        };
        self.at += 1;
        match word {
            "(" => {
                let value = self.or()?;
                self.accept(&[")"]).ok_or_else(|| format!("syntax error: expecting ‘)’ after ‘{value}’"))?;
                Ok(value)
            }
            "length" if self.at < self.words.len() => Ok(self.primary()?.chars().count().to_string()),
            "substr" if self.at + 2 < self.words.len() => {
                let (text, from, count) =
                    (self.primary()?, integer(&self.primary()?)?, integer(&self.primary()?)?);
                let from = usize::try_from(from - 1).unwrap_or(usize::MAX);
                Ok(text.chars().skip(from).take(usize::try_from(count).unwrap_or(0)).collect())
            }
            "index" if self.at + 1 < self.words.len() => {
                let (text, set) = (self.primary()?, self.primary()?);
                Ok(text.chars().position(|c| set.contains(c)).map_or(0, |at| at + 1).to_string())
            }
            "match" if self.at + 1 < self.words.len() => {
                let (text, expression) = (self.primary()?, self.primary()?);
                regex(&text, &expression)
            }
            word => Ok(word.to_string()),
        }
    }
}

fn regex(text: &str, expression: &str) -> Result<String, String> {
    let compiled = pattern::compile(expression, pattern::Syntax::Basic, false)
        .map_err(|_| "Invalid regular expression".to_string())?;
    let captures =
        compiled.captures(text).filter(|captures| captures.get(0).is_some_and(|whole| whole.start() == 0));
    Ok(match captures {
        Some(captures) if captures.len() > 1 => {
            captures.get(1).map_or("", |group| group.as_str()).to_string()
        }
        Some(captures) => captures.get(0).map_or(0, |whole| whole.as_str().chars().count()).to_string(),
        None if compiled.captures_len() > 1 => String::new(),
        None => "0".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expr(line: &str) -> Result<String, String> {
        let words: Vec<&str> = line.split(' ').collect();
        Reader { words: &words, at: 0 }.or()
    }

    #[test]
    fn arithmetic_and_text() {
        assert_eq!(expr("1 + 2 * 3").as_deref(), Ok("7"));
        assert_eq!(expr("( 1 + 2 ) * 3").as_deref(), Ok("9"));
        assert_eq!(expr("10 < 9").as_deref(), Ok("0"));
        assert_eq!(expr("abc : a.").as_deref(), Ok("2"));
        assert_eq!(expr("abc : a\\(.*\\)").as_deref(), Ok("bc"));
        assert_eq!(expr("1 / 0"), Err("division by zero".into()));
        assert_eq!(expr("a + 1"), Err("non-integer argument".into()));
    }
}
