//! `printf`

use super::Outcome;
use crate::programs::support::calendar;
use crate::shell::escape::{self, Style, decode};
use crate::shell::state::Shell;

pub(super) async fn printf(shell: &mut Shell, args: &[String]) -> Outcome {
    let mut variable = None;
    let mut at = 1;
    if args.get(at).is_some_and(|arg| arg == "-v") {
        let Some(name) = args.get(at + 1) else {
            shell.error("printf: -v: option requires an argument").await;
            return Ok(shell.usage("printf").await);
        };
        variable = Some(name.clone());
        at += 2;
    }
    if args.get(at).is_some_and(|arg| arg == "--") {
        at += 1;
    }
    let Some(format) = args.get(at) else { return Ok(shell.usage("printf").await) };
    if at == 1 && format.len() > 1 && format.starts_with('-') {
        return Ok(shell.invalid_option("printf", &format[..2]).await);
    }
    let mut state = State {
        args: &args[at + 1..],
        next: 0,
        out: String::new(),
        errors: Vec::new(),
        stop: false,
        now: shell.sys.clock(),
        started: shell.started.timestamp(),
    };
    loop {
        let before = state.next;
        state.run(format);
        if state.stop || state.next >= state.args.len() || state.next == before {
            break;
        }
        if state.out.len() > 1 << 16 {
            shell.charge(100).await?;
        }
    }
    let State { out, errors, .. } = state;
    let failed = !errors.is_empty();
    let mut status = 0;
    match variable {
        Some(target) => {
            let (name, key) = match target.split_once('[') {
                Some((name, rest)) => (name, rest.strip_suffix(']')),
                None => (target.as_str(), None),
            };
            if !crate::shell::parser::is_name(name) {
                shell.error(&format!("printf: `{target}': not a valid identifier")).await;
                return Ok(2);
            }
            shell.assign_or_discard(name, key, out, false).await?;
        }
        None => {
            for message in &errors {
                shell.error(&format!("printf: {message}")).await;
            }
            status = shell.print("printf", &out).await;
            return Ok(if failed { 1 } else { status });
        }
    }
    for message in errors {
        shell.error(&format!("printf: {message}")).await;
    }
    Ok(if failed { 1 } else { status })
}

struct State<'a> {
    args: &'a [String],
    next: usize,
    out: String,
    errors: Vec<String>,
    stop: bool,
    now: sim::Timestamp,
    started: sim::Timestamp,
}

#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

impl State<'_> {
    fn argument(&mut self) -> Option<String> {
        let arg = self.args.get(self.next).cloned();
        self.next += usize::from(arg.is_some());
        arg
    }

    fn run(&mut self, format: &str) {
        let chars: Vec<char> = format.chars().collect();
        let mut i = 0;
        while i < chars.len() && !self.stop {
            match chars[i] {
                '\\' => {
                    let start = i;
                    i += 2;
                    while i < chars.len() && i < start + 10 && chars[i].is_ascii_hexdigit() {
                        i += 1;
                    }
                    let text: String = chars[start..i.min(chars.len())].iter().collect();
                    let (decoded, _) = decode(&text, Style::Printf);
                    self.out.push_str(&decoded);
                }
                '%' if chars.get(i + 1) == Some(&'%') => {
                    self.out.push('%');
                    i += 2;
                }
                '%' => i = self.directive(&chars, i + 1),
                c => {
                    self.out.push(c);
                    i += 1;
                }
            }
        }
    }

    fn directive(&mut self, chars: &[char], mut i: usize) -> usize {
        let start = i;
        let mut spec = Spec::default();
        while let Some(c) = chars.get(i) {
            match c {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '#' => spec.alternate = true,
                '0' => spec.zero = true,
                _ => break,
            }
            i += 1;
        }
        let number = |state: &mut Self, i: &mut usize| -> Option<i64> {
            if chars.get(*i) == Some(&'*') {
                *i += 1;
                return Some(state.argument().and_then(|arg| arg.parse().ok()).unwrap_or(0));
            }
            let mut value = None;
            while let Some(digit) = chars.get(*i).and_then(|c| c.to_digit(10)) {
                value = Some(
                    value.unwrap_or(0i64).saturating_mul(10).saturating_add(i64::from(digit)).min(1_000_000),
                );
                *i += 1;
            }
            value
        };
        if let Some(width) = number(self, &mut i) {
            spec.left |= width < 0;
            spec.width = width.unsigned_abs().min(1_000_000) as usize;
        }
        if chars.get(i) == Some(&'.') {
            i += 1;
            spec.precision = usize::try_from(number(self, &mut i).unwrap_or(0)).ok();
        }
        let mut time_format = None;
        if chars.get(i) == Some(&'(') {
            let end = chars[i..].iter().position(|c| *c == ')').map(|n| i + n);
            if let Some(end) = end.filter(|end| chars.get(end + 1) == Some(&'T')) {
                time_format = Some(chars[i + 1..end].iter().collect::<String>());
                i = end + 1;
            }
        }
        while matches!(chars.get(i), Some('l' | 'h' | 'q' | 'L' | 'j' | 'z' | 't'))
            && !(chars.get(i) == Some(&'q') && chars.get(i + 1).is_none_or(|c| !"diouxX".contains(*c)))
        {
            i += 1;
        }
        let Some(&conversion) = chars.get(i) else {
            let text: String = chars[start - 1..].iter().collect();
            self.errors.push(format!("`{text}': missing format character"));
            self.stop = true;
            return i;
        };
        match conversion {
            's' => {
                let text = self.argument().unwrap_or_default();
                self.text(&spec, &text);
            }
            'b' => {
                let text = self.argument().unwrap_or_default();
                let (decoded, stop) = decode(&text, Style::PrintfB);
                self.text(&spec, &decoded);
                self.stop |= stop;
            }
            'q' | 'Q' => {
                let text = escape::backslash_quote(&self.argument().unwrap_or_default());
                self.text(&spec, &text);
            }
            'c' => {
                let text = self.argument().unwrap_or_default();
                self.text(&Spec { precision: Some(1), ..spec }, &text);
            }
            'd' | 'i' => {
                let value = self.integer();
                let sign = sign(value < 0, &spec);
                self.number(&spec, sign, value.unsigned_abs().to_string());
            }
            'u' => {
                let value = self.integer() as u64;
                self.number(&spec, "", value.to_string());
            }
            'o' => {
                let value = self.integer() as u64;
                let digits = if spec.alternate { format!("0{value:o}") } else { format!("{value:o}") };
                self.number(&spec, "", digits);
            }
            'x' => {
                let value = self.integer() as u64;
                self.number(
                    &spec,
                    if spec.alternate && value != 0 { "0x" } else { "" },
                    format!("{value:x}"),
                );
            }
            'X' => {
                let value = self.integer() as u64;
                self.number(
                    &spec,
                    if spec.alternate && value != 0 { "0X" } else { "" },
                    format!("{value:X}"),
                );
            }
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
                let value = self.float();
                let precision = spec.precision.unwrap_or(6).min(400);
                let body = float(value.abs(), conversion, precision, spec.alternate);
                let sign = sign(value.is_sign_negative(), &spec);
                let plain = Spec { precision: None, zero: spec.zero && value.is_finite(), ..spec };
                self.number(&plain, sign, body);
            }
            'T' if time_format.is_some() => {
                let at = match self.argument().as_deref() {
                    None | Some("-1") => self.now,
                    Some("-2") => self.started,
                    Some(text) => sim::Timestamp { seconds: text.parse().unwrap_or(0), nanos: 0 },
                };
                let text = strftime(time_format.as_deref().unwrap_or_default(), at);
                self.text(&spec, &text);
            }
            other => {
                self.errors.push(format!("`{other}': invalid format character"));
                self.stop = true;
            }
        }
        i + 1
    }

    fn text(&mut self, spec: &Spec, text: &str) {
        let text: String = match spec.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_string(),
        };
        // Width counts bytes, as in bash.
        let padding = " ".repeat(spec.width.saturating_sub(text.len()));
        if spec.left {
            self.out.push_str(&text);
            self.out.push_str(&padding);
        } else {
            self.out.push_str(&padding);
            self.out.push_str(&text);
        }
    }

    fn number(&mut self, spec: &Spec, sign: &str, digits: String) {
        let mut digits = digits;
        if let Some(precision) = spec.precision {
            let zeros = precision.saturating_sub(digits.len());
            digits.insert_str(0, &"0".repeat(zeros));
        } else if spec.zero && !spec.left {
            let zeros = spec.width.saturating_sub(digits.len() + sign.len());
            digits.insert_str(0, &"0".repeat(zeros));
        }
        let text = format!("{sign}{digits}");
        let whole = Spec { left: spec.left, width: spec.width, ..Spec::default() };
        self.text(&whole, &text);
    }

    fn integer(&mut self) -> i64 {
        let Some(text) = self.argument().filter(|text| !text.is_empty()) else { return 0 };
        if let Some(c) = text.strip_prefix(['\'', '"']) {
            return c.chars().next().map_or(0, |c| i64::from(c as u32));
        }
        let trimmed = text.trim_start();
        let (negative, body) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let (digits, base) = if let Some(hex) = body.strip_prefix("0x").or_else(|| body.strip_prefix("0X")) {
            (hex, 16)
        } else if body.len() > 1 && body.starts_with('0') {
            (&body[1..], 8)
        } else {
            (body, 10)
        };
        let end = digits.find(|c: char| !c.is_digit(base)).unwrap_or(digits.len());
        if end < digits.len() || digits.is_empty() && base != 8 {
            let octal = base == 8 && digits[end..].starts_with(['8', '9']);
            self.errors.push(format!("{text}: invalid {}number", if octal { "octal " } else { "" }));
        }
        let value = u64::from_str_radix(&digits[..end], base).unwrap_or(0);
        if negative { (value as i64).wrapping_neg() } else { value as i64 }
    }

    fn float(&mut self) -> f64 {
        let Some(text) = self.argument() else { return 0.0 };
        if let Some(c) = text.strip_prefix(['\'', '"']) {
            return c.chars().next().map_or(0.0, |c| f64::from(c as u32));
        }
        match text.trim().parse::<f64>() {
            Ok(value) => value,
            Err(_) => {
                self.errors.push(format!("{text}: invalid number"));
                let end = (0..=text.len())
                    .rev()
                    .find(|&n| text.is_char_boundary(n) && text[..n].parse::<f64>().is_ok());
                end.and_then(|end| text[..end].parse().ok()).unwrap_or(0.0)
            }
        }
    }
}

fn sign(negative: bool, spec: &Spec) -> &'static str {
    if negative {
        "-"
    } else if spec.plus {
        "+"
    } else if spec.space {
        " "
    } else {
        ""
    }
}

/// A number as C prints it.
fn float(value: f64, conversion: char, precision: usize, alternate: bool) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "nan".into() } else { "inf".into() };
    }
    let text = match conversion.to_ascii_lowercase() {
        'f' => format!("{value:.precision$}"),
        'e' => exponent(&format!("{value:.precision$e}")),
        _ => {
            let digits = precision.max(1);
            let scientific = format!("{value:.*e}", digits - 1);
            let power: i32 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
            let text = if power < -4 || power >= digits as i32 {
                exponent(&scientific)
            } else {
                format!("{value:.*}", (digits as i32 - 1 - power).max(0) as usize)
            };
            if alternate { text } else { trim_zeros(&text) }
        }
    };
    if conversion.is_ascii_uppercase() { text.to_uppercase() } else { text }
}

fn trim_zeros(text: &str) -> String {
    let (mantissa, power) = match text.find('e') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    if !mantissa.contains('.') {
        return text.to_string();
    }
    format!("{}{power}", mantissa.trim_end_matches('0').trim_end_matches('.'))
}

/// Rust writes `1e2`, C writes `1e+02`.
fn exponent(text: &str) -> String {
    let (mantissa, power) = text.split_once('e').unwrap_or((text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    format!("{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
}

/// A moment as `strftime` writes it, for prompts and `%(...)T`; without a format the time of day.
pub(crate) fn strftime(format: &str, at: sim::Timestamp) -> String {
    calendar::format(if format.is_empty() { "%H:%M:%S" } else { format }, at)
}
