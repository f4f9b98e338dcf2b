//! Arithmetic: `$(( ))`, `(( ))`, `let`, subscripts. Models expr.c.
//!
//! The text has been expanded like a double-quoted string. Variables are looked up while evaluating, through
//! [`Variables`], and a variable's value is an expression itself.

/// What an expression reads and changes.
pub trait Variables {
    /// The text of a variable (of an element, when there is a subscript); empty when unset.
    fn get(&mut self, name: &str, subscript: Option<&str>) -> Result<String, String>;
    /// Assigns.
    fn set(&mut self, name: &str, subscript: Option<&str>, value: i64) -> Result<(), String>;
}

/// Evaluates an expression; the error is what bash prints after its prefix.
pub fn evaluate(text: &str, variables: &mut dyn Variables) -> Result<i64, String> {
    evaluate_nested(text, variables, 0)
}

/// A variable whose value is itself, again and again, ends here, as in bash.
const MAX_RECURSION: u32 = 64;

fn evaluate_nested(text: &str, variables: &mut dyn Variables, depth: u32) -> Result<i64, String> {
    let trimmed = text.trim_start_matches([' ', '\t', '\n']);
    if trimmed.trim_end().is_empty() {
        return Ok(0);
    }
    // Most expressions are plain numbers.
    if trimmed.len() < 18 && !trimmed.starts_with('0') && trimmed.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(trimmed.parse().unwrap_or(0));
    }
    let mut eval = Eval {
        src: trimmed.chars().collect(),
        pos: 0,
        text: trimmed,
        last: 0,
        variables,
        depth,
        skip: 0,
        nesting: 0,
    };
    if depth > MAX_RECURSION {
        return Err(format!("{trimmed}: expression recursion level exceeded (error token is \"{trimmed}\")"));
    }
    let value = eval.comma()?;
    eval.blanks();
    if eval.pos < eval.src.len() {
        eval.last = eval.pos;
        let assignment = eval.src[eval.pos] == '=' && eval.src.get(eval.pos + 1) != Some(&'=');
        let message = if assignment {
            "attempted assignment to non-variable"
        } else if eval
            .src
            .get(eval.pos)
            .is_some_and(|c| !c.is_alphanumeric() && !"_()+-*/%<>=!&|^~?:,".contains(*c))
        {
            "syntax error: invalid arithmetic operator"
        } else {
            "syntax error in expression"
        };
        return Err(eval.error(message));
    }
    Ok(value)
}

struct Eval<'a> {
    src: Vec<char>,
    pos: usize,
    text: &'a str,
    /// Where the last token began, for messages.
    last: usize,
    variables: &'a mut dyn Variables,
    depth: u32,
    /// Above zero in the branch of `?:`, `&&`, `||` that does not count.
    skip: u32,
    nesting: u32,
}

/// A place that can be assigned to.
type Place = (String, Option<String>);

impl Eval<'_> {
    fn error(&self, message: &str) -> String {
        let token: String = self.src[self.last.min(self.src.len())..].iter().collect();
        format!("{}: {message} (error token is \"{token}\")", self.text)
    }

    fn blanks(&mut self) {
        while self.src.get(self.pos).is_some_and(|c| matches!(c, ' ' | '\t' | '\n')) {
            self.pos += 1;
        }
    }

    fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.src.get(self.pos + i) == Some(&c))
    }

    /// Takes an operator that is not the beginning of a longer one.
    fn take(&mut self, operator: &str, not_before: &[&str]) -> bool {
        self.blanks();
        if !self.looking_at(operator) || not_before.iter().any(|longer| self.looking_at(longer)) {
            return false;
        }
        self.last = self.pos;
        self.pos += operator.len();
        true
    }

    fn comma(&mut self) -> Result<i64, String> {
        let mut value = self.assignment()?;
        while self.take(",", &[]) {
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn assignment(&mut self) -> Result<i64, String> {
        self.nesting += 1;
        if self.nesting > 200 {
            return Err(self.error("expression recursion level exceeded"));
        }
        let value = self.assignment_inner();
        self.nesting -= 1;
        value
    }

    fn assignment_inner(&mut self) -> Result<i64, String> {
        self.blanks();
        let start = self.pos;
        if let Some(place) = self.place()? {
            self.blanks();
            const ASSIGNMENTS: &[&str] = &["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "="];
            let sign = ASSIGNMENTS.iter().find(|sign| self.looking_at(sign));
            if let Some(sign) = sign.filter(|sign| **sign != "=" || !self.looking_at("==")) {
                self.last = self.pos;
                self.pos += sign.len();
                let right = self.assignment()?;
                let value = match sign.strip_suffix('=').filter(|operator| !operator.is_empty()) {
                    Some(operator) => {
                        let left = self.load(&place)?;
                        self.binary(operator, left, right)?
                    }
                    None => right,
                };
                self.store(&place, value)?;
                return Ok(value);
            }
        }
        self.pos = start;
        self.conditional()
    }

    fn conditional(&mut self) -> Result<i64, String> {
        let condition = self.logical_or()?;
        if !self.take("?", &[]) {
            return Ok(condition);
        }
        self.blanks();
        if self.looking_at(":") || self.pos >= self.src.len() {
            self.last = self.pos;
            return Err(self.error("expression expected"));
        }
        self.skip += u32::from(condition == 0);
        let yes = self.comma();
        self.skip -= u32::from(condition == 0);
        let yes = yes?;
        if !self.take(":", &[]) {
            self.last = self.pos;
            return Err(self.error("`:' expected for conditional expression"));
        }
        self.blanks();
        if self.pos >= self.src.len() {
            self.last = self.pos - 1;
            return Err(self.error("expression expected"));
        }
        self.skip += u32::from(condition != 0);
        let no = self.conditional();
        self.skip -= u32::from(condition != 0);
        let no = no?;
        Ok(if condition != 0 { yes } else { no })
    }

    fn logical_or(&mut self) -> Result<i64, String> {
        let mut left = self.logical_and()?;
        while self.take("||", &[]) {
            self.skip += u32::from(left != 0);
            let right = self.logical_and();
            self.skip -= u32::from(left != 0);
            left = i64::from(right? != 0 || left != 0);
        }
        Ok(left)
    }

    fn logical_and(&mut self) -> Result<i64, String> {
        let mut left = self.level(0)?;
        while self.take("&&", &[]) {
            self.skip += u32::from(left == 0);
            let right = self.level(0);
            self.skip -= u32::from(left == 0);
            left = i64::from(right? != 0 && left != 0);
        }
        Ok(left)
    }

    /// The binary operators from the loosest to the tightest.
    fn level(&mut self, level: usize) -> Result<i64, String> {
        const LEVELS: &[&[(&str, &[&str])]] = &[
            &[("|", &["||", "|="])],
            &[("^", &["^="])],
            &[("&", &["&&", "&="])],
            &[("==", &[]), ("!=", &[])],
            &[("<=", &[]), (">=", &[]), ("<", &["<<"]), (">", &[">>"])],
            &[("<<", &["<<="]), (">>", &[">>="])],
            &[("+", &["+="]), ("-", &["-="])],
            &[("*", &["**", "*="]), ("/", &["/="]), ("%", &["%="])],
        ];
        let Some(operators) = LEVELS.get(level) else { return self.power() };
        let mut left = self.level(level + 1)?;
        'next: loop {
            for (operator, longer) in *operators {
                if self.take(operator, longer) {
                    self.blanks();
                    let at = self.pos;
                    let right = self.level(level + 1)?;
                    self.last = at;
                    left = self.binary(operator, left, right)?;
                    continue 'next;
                }
            }
            return Ok(left);
        }
    }

    fn power(&mut self) -> Result<i64, String> {
        let base = self.unary()?;
        if !self.take("**", &[]) {
            return Ok(base);
        }
        let exponent = self.power()?;
        if exponent < 0 {
            return Err(self.error("exponent less than 0"));
        }
        let (mut result, mut base, mut exponent) = (1i64, base, exponent);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result.wrapping_mul(base);
            }
            base = base.wrapping_mul(base);
            exponent >>= 1;
        }
        Ok(result)
    }

    fn unary(&mut self) -> Result<i64, String> {
        self.nesting += 1;
        if self.nesting > 200 {
            return Err(self.error("expression recursion level exceeded"));
        }
        let value = self.unary_inner();
        self.nesting -= 1;
        value
    }

    fn unary_inner(&mut self) -> Result<i64, String> {
        self.blanks();
        for step in ["++", "--"] {
            if self.looking_at(step) {
                let start = self.pos;
                self.pos += 2;
                self.blanks();
                if let Some(place) = self.place()? {
                    let value = self.load(&place)?.wrapping_add(if step == "++" { 1 } else { -1 });
                    self.store(&place, value)?;
                    return Ok(value);
                }
                self.pos = start;
            }
        }
        if self.take("!", &["!="]) {
            return Ok(i64::from(self.unary()? == 0));
        }
        if self.take("~", &[]) {
            return Ok(!self.unary()?);
        }
        if self.take("-", &[]) {
            return Ok(self.unary()?.wrapping_neg());
        }
        if self.take("+", &[]) {
            return self.unary();
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<i64, String> {
        self.blanks();
        let Some(&c) = self.src.get(self.pos) else {
            return Err(self.error("syntax error: operand expected"));
        };
        if c == '(' {
            self.last = self.pos;
            self.pos += 1;
            let value = self.comma()?;
            self.blanks();
            if self.src.get(self.pos) != Some(&')') {
                return Err(self.error("missing `)'"));
            }
            self.pos += 1;
            return Ok(value);
        }
        if c.is_ascii_digit() {
            return self.number();
        }
        let start = self.pos;
        if let Some(place) = self.place()? {
            self.last = start;
            let value = self.load(&place)?;
            self.blanks();
            for (step, by) in [("++", 1), ("--", -1)] {
                if self.looking_at(step) {
                    self.pos += 2;
                    self.store(&place, value.wrapping_add(by))?;
                }
            }
            return Ok(value);
        }
        self.last = self.pos;
        Err(self.error("syntax error: operand expected"))
    }

    fn number(&mut self) -> Result<i64, String> {
        let start = self.pos;
        while self.src.get(self.pos).is_some_and(|c| c.is_alphanumeric() || matches!(c, '#' | '@' | '_')) {
            self.pos += 1;
        }
        self.last = start;
        let word: String = self.src[start..self.pos].iter().collect();
        let digits = |digits: &str, base: u32| {
            let mut value = 0i64;
            for c in digits.chars() {
                let digit = match c {
                    '0'..='9' => c as u32 - '0' as u32,
                    'a'..='z' => c as u32 - 'a' as u32 + 10,
                    'A'..='Z' if base <= 36 => c as u32 - 'A' as u32 + 10,
                    'A'..='Z' => c as u32 - 'A' as u32 + 36,
                    '@' => 62,
                    '_' => 63,
                    _ => u32::MAX,
                };
                if digit >= base {
                    return None;
                }
                value = value.wrapping_mul(i64::from(base)).wrapping_add(i64::from(digit));
            }
            Some(value)
        };
        let named = |message: &str| format!("{}: {message} (error token is \"{word}\")", self.text);
        if let Some((base, rest)) = word.split_once('#') {
            let base = base.parse::<u32>().ok().filter(|base| (2..=64).contains(base));
            let base = base.ok_or_else(|| named("invalid arithmetic base"))?;
            if rest.is_empty() {
                return Err(named("invalid integer constant"));
            }
            return digits(rest, base).ok_or_else(|| named("value too great for base"));
        }
        let (rest, base) = if let Some(hex) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
            (hex, 16)
        } else if word.len() > 1 && word.starts_with('0') {
            (&word[1..], 8)
        } else {
            (word.as_str(), 10)
        };
        digits(rest, base).ok_or_else(|| named("value too great for base"))
    }

    /// A variable with its subscript, if one stands here.
    fn place(&mut self) -> Result<Option<Place>, String> {
        if !self.src.get(self.pos).is_some_and(|c| c.is_ascii_alphabetic() || *c == '_') {
            return Ok(None);
        }
        let start = self.pos;
        while self.src.get(self.pos).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
            self.pos += 1;
        }
        let name: String = self.src[start..self.pos].iter().collect();
        let mut subscript = None;
        if self.src.get(self.pos) == Some(&'[') {
            let open = self.pos + 1;
            let mut depth = 0;
            loop {
                match self.src.get(self.pos) {
                    Some('[') => depth += 1,
                    Some(']') => depth -= 1,
                    Some(_) => {}
                    None => {
                        self.last = start;
                        return Err(self.error("bad array subscript"));
                    }
                }
                self.pos += 1;
                if depth == 0 {
                    break;
                }
            }
            subscript = Some(self.src[open..self.pos - 1].iter().collect());
        }
        Ok(Some((name, subscript)))
    }

    fn load(&mut self, (name, subscript): &Place) -> Result<i64, String> {
        if self.skip > 0 {
            return Ok(0);
        }
        let text = self.variables.get(name, subscript.as_deref())?;
        evaluate_nested(&text, self.variables, self.depth + 1)
    }

    fn store(&mut self, (name, subscript): &Place, value: i64) -> Result<(), String> {
        if self.skip > 0 {
            return Ok(());
        }
        self.variables.set(name, subscript.as_deref(), value)
    }

    fn binary(&mut self, operator: &str, a: i64, b: i64) -> Result<i64, String> {
        Ok(match operator {
            "|" => a | b,
            "^" => a ^ b,
            "&" => a & b,
            "==" => i64::from(a == b),
            "!=" => i64::from(a != b),
            "<=" => i64::from(a <= b),
            ">=" => i64::from(a >= b),
            "<" => i64::from(a < b),
            ">" => i64::from(a > b),
            "<<" => a.wrapping_shl(b as u32),
            ">>" => a.wrapping_shr(b as u32),
            "+" => a.wrapping_add(b),
            "-" => a.wrapping_sub(b),
            "*" => a.wrapping_mul(b),
            _ if b == 0 && self.skip > 0 => 0,
            _ if b == 0 => return Err(self.error("division by 0")),
            "/" => a.wrapping_div(b),
            _ => a.wrapping_rem(b),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    struct Map(BTreeMap<String, String>);
    impl Variables for Map {
        fn get(&mut self, name: &str, _: Option<&str>) -> Result<String, String> {
            Ok(self.0.get(name).cloned().unwrap_or_default())
        }
        fn set(&mut self, name: &str, _: Option<&str>, value: i64) -> Result<(), String> {
            self.0.insert(name.into(), value.to_string());
            Ok(())
        }
    }

    fn check(text: &str) -> Result<i64, String> {
        let mut map = Map(BTreeMap::from([("x".into(), "5".into()), ("e".into(), "x+1".into())]));
        evaluate(text, &mut map)
    }

    #[test]
    fn precedence_and_assignment() {
        assert_eq!(check("1 + 2 * 3"), Ok(7));
        assert_eq!(check("2 ** 3 ** 2"), Ok(512));
        assert_eq!(check("-2 ** 2"), Ok(4));
        assert_eq!(check("x++ + ++x"), Ok(12));
        assert_eq!(check("x += 3, x"), Ok(8));
        assert_eq!(check("e * 2"), Ok(12));
        assert_eq!(check("x > 3 ? 10 : 1/0"), Ok(10));
        assert_eq!(check("0 && (x=1/0)"), Ok(0));
        assert_eq!(check("16#ff + 0x10 + 010 + 2#101"), Ok(284));
        assert_eq!(check(""), Ok(0));
        assert_eq!(check("1 << 3 | 1"), Ok(9));
        assert_eq!(check("!x"), Ok(0));
    }

    #[test]
    fn errors_are_those_of_bash() {
        assert_eq!(check("1/0").unwrap_err(), "1/0: division by 0 (error token is \"0\")");
        assert_eq!(check("1 +").unwrap_err(), "1 +: syntax error: operand expected (error token is \"+\")");
        assert_eq!(check("1 2").unwrap_err(), "1 2: syntax error in expression (error token is \"2\")");
        assert_eq!(check("08").unwrap_err(), "08: value too great for base (error token is \"08\")");
        assert_eq!(
            check("5=3").unwrap_err(),
            "5=3: attempted assignment to non-variable (error token is \"=3\")"
        );
    }
}
