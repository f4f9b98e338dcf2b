//! `printf`: formatted text.

use super::support::{prelude::*, program};

program!(PROGRAM, "printf", "Format and print data", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let mut rest = &args[1..];
    if rest.first().is_some_and(|first| first == "--") {
        rest = &rest[1..];
    }
    let Some((format, mut words)) = rest.split_first() else {
        complain(&sys, name, "missing operand").await;
        return super::usage_hint(&sys, name).await;
    };
    let mut out = Out::new(&sys);
    let mut status = 0;
    loop {
        let before = words.len();
        let mut run = Run { bytes: Vec::new(), words, complaints: Vec::new(), stopped: false };
        let fatal = run.format(format.as_bytes());
        words = run.words;
        out.put(&run.bytes).await;
        for (word, problem) in &run.complaints {
            out.flush().await;
            complain(&sys, name, &format!("{}: {problem}", quote(&sys, word))).await;
            status = 1;
        }
        if let Some(directive) = fatal {
            out.flush().await;
            complain(&sys, name, &format!("{directive}: invalid conversion specification")).await;
            return 1;
        }
        if words.is_empty() || words.len() == before || run.stopped {
            break;
        }
    }
    if !words.is_empty() && !format.contains('%') {
        out.flush().await;
        let text = format!("warning: ignoring excess arguments, starting with {}", quote(&sys, &words[0]));
        complain(&sys, name, &text).await;
    }
    out.finish(name, status).await
}

struct Run<'a> {
    bytes: Vec<u8>,
    words: &'a [String],
    complaints: Vec<(String, &'static str)>,
    stopped: bool,
}

impl Run<'_> {
    /// Goes through the format once; what is wrong with it, if something is.
    fn format(&mut self, format: &[u8]) -> Option<String> {
        let mut i = 0;
        while i < format.len() {
            if format[i] == b'\\' {
                let (bytes, used, stop) = escape(&format[i..], false);
                self.bytes.extend(bytes);
                i += used;
                if stop {
                    self.stopped = true;
                    return None;
                }
                continue;
            }
            if format[i] != b'%' {
                self.bytes.push(format[i]);
                i += 1;
                continue;
            }
            if format.get(i + 1) == Some(&b'%') {
                self.bytes.push(b'%');
                i += 2;
                continue;
            }
            let start = i;
            i += 1;
            let mut flags = Flags::default();
            while let Some(c @ (b'-' | b'+' | b' ' | b'0' | b'#' | b'\'')) = format.get(i) {
                flags.set(*c);
                i += 1;
            }
            let width = self.number_or_star(format, &mut i);
            let mut precision = None;
            if format.get(i) == Some(&b'.') {
                i += 1;
                precision = Some(self.number_or_star(format, &mut i).unwrap_or(0));
            }
            let Some(&letter) = format.get(i) else {
                return Some(String::from_utf8_lossy(&format[start..]).into_owned());
            };
            i += 1;
            if let Some(width) = width.filter(|width| *width < 0) {
                flags.left = true;
                flags.width = width.unsigned_abs() as usize;
            } else {
                flags.width = width.unwrap_or(0) as usize;
            }
            flags.precision = precision.and_then(|precision| usize::try_from(precision).ok());
            if !self.convert(letter, &flags) {
                return Some(String::from_utf8_lossy(&format[start..i]).into_owned());
            }
            if self.stopped {
                return None;
            }
        }
        None
    }

    fn number_or_star(&mut self, format: &[u8], i: &mut usize) -> Option<i64> {
        if format.get(*i) == Some(&b'*') {
            *i += 1;
            let word = self.word();
            return Some(self.integer(&word) as i64);
        }
        let start = *i;
        while format.get(*i).is_some_and(u8::is_ascii_digit) {
            *i += 1;
        }
        std::str::from_utf8(&format[start..*i]).ok()?.parse().ok()
    }

    fn word(&mut self) -> String {
        match self.words.split_first() {
            Some((first, rest)) => {
                self.words = rest;
                first.clone()
            }
            None => String::new(),
        }
    }

    fn convert(&mut self, letter: u8, flags: &Flags) -> bool {
        let word = self.word();
        let body = match letter {
            b's' => {
                let end = flags.precision.unwrap_or(usize::MAX).min(word.len());
                let end = (0..=end).rev().find(|end| word.is_char_boundary(*end)).unwrap_or(0);
                word.as_bytes()[..end].to_vec()
            }
            b'b' => {
                let (bytes, stop) = unescape(word.as_bytes(), true);
                self.stopped = stop;
                bytes
            }
            b'q' => quote_if_needed(&word).into_bytes(),
            b'c' => word.bytes().take(1).collect(),
            b'd' | b'i' => {
                let number = self.integer(&word);
                flags.sign(number < 0, flags.digits(number.unsigned_abs().to_string()))
            }
            b'u' => flags.digits((self.integer(&word) as u64).to_string()).into_bytes(),
            b'x' => flags.prefixed("0x", format!("{:x}", self.integer(&word) as u64)),
            b'X' => flags.prefixed("0X", format!("{:X}", self.integer(&word) as u64)),
            b'o' => flags.prefixed("0", format!("{:o}", self.integer(&word) as u64)),
            b'f' | b'F' | b'e' | b'E' | b'g' | b'G' => {
                let number = self.real(&word);
                let text = float(letter, number.abs(), flags.precision.unwrap_or(6));
                flags.sign(number.is_sign_negative(), text)
            }
            _ => return false,
        };
        flags.pad(&mut self.bytes, body, b"diuxXofFeEgG".contains(&letter));
        true
    }

    fn integer(&mut self, word: &str) -> i128 {
        if let Some(c) = word.strip_prefix(['"', '\'']).and_then(|rest| rest.chars().next()) {
            return i128::from(u32::from(c));
        }
        let trimmed = word.trim_start();
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let (radix, digits) = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
            Some(hex) => (16, hex),
            None if digits.starts_with('0') => (8, digits),
            None => (10, digits),
        };
        let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        let number = i128::from_str_radix(&digits[..end], radix).unwrap_or(0);
        if end == 0 && !word.is_empty() {
            self.complaints.push((word.to_string(), "expected a numeric value"));
        } else if end < digits.len() {
            self.complaints.push((word.to_string(), "value not completely converted"));
        }
        if negative { -number } else { number }
    }

    fn real(&mut self, word: &str) -> f64 {
        let word = word.trim_start();
        let end = (0..=word.len())
            .rev()
            .find(|end| word.is_char_boundary(*end) && word[..*end].parse::<f64>().is_ok());
        match end {
            Some(end) => {
                if end < word.len() {
                    self.complaints.push((word.to_string(), "value not completely converted"));
                }
                word[..end].parse().unwrap_or(0.0)
            }
            None => {
                if !word.is_empty() {
                    self.complaints.push((word.to_string(), "expected a numeric value"));
                }
                0.0
            }
        }
    }
}

#[derive(Default)]
struct Flags {
    left: bool,
    plus: bool,
    blank: bool,
    zero: bool,
    alternative: bool,
    width: usize,
    precision: Option<usize>,
}

impl Flags {
    fn set(&mut self, flag: u8) {
        match flag {
            b'-' => self.left = true,
            b'+' => self.plus = true,
            b' ' => self.blank = true,
            b'0' => self.zero = true,
            b'#' => self.alternative = true,
            _ => {}
        }
    }

    fn digits(&self, digits: String) -> String {
        let width = self.precision.unwrap_or(0);
        format!("{digits:0>width$}")
    }

    fn sign(&self, negative: bool, digits: String) -> Vec<u8> {
        let sign = match () {
            () if negative => "-",
            () if self.plus => "+",
            () if self.blank => " ",
            () => "",
        };
        format!("{sign}{digits}").into_bytes()
    }

    fn prefixed(&self, prefix: &str, digits: String) -> Vec<u8> {
        let digits = self.digits(digits);
        if self.alternative && digits != "0" {
            format!("{prefix}{digits}").into_bytes()
        } else {
            digits.into_bytes()
        }
    }

    fn pad(&self, out: &mut Vec<u8>, body: Vec<u8>, number: bool) {
        let length = String::from_utf8_lossy(&body).chars().count();
        let missing = self.width.saturating_sub(length).min(1 << 20);
        if self.left {
            out.extend(&body);
            out.extend(std::iter::repeat_n(b' ', missing));
        } else if self.zero && number {
            let sign = body.iter().take_while(|byte| b"+- ".contains(byte)).count();
            out.extend(&body[..sign]);
            out.extend(std::iter::repeat_n(b'0', missing));
            out.extend(&body[sign..]);
        } else {
            out.extend(std::iter::repeat_n(b' ', missing));
            out.extend(&body);
        }
    }
}

/// A number that is not negative, as C's `%f`, `%e` and `%g` write it.
pub(crate) fn float(letter: u8, number: f64, precision: usize) -> String {
    if !number.is_finite() {
        return if number.is_nan() { "nan".to_string() } else { "inf".to_string() };
    }
    let precision = precision.min(60);
    match letter {
        b'f' | b'F' => format!("{number:.precision$}"),
        b'e' | b'E' => {
            let text = format!("{number:.precision$e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let mark = char::from(letter);
            format!("{mantissa}{mark}{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        }
        _ => {
            let precision = precision.max(1);
            let exponent: i32 = format!("{number:.*e}", precision - 1)
                .split_once('e')
                .and_then(|(_, e)| e.parse().ok())
                .unwrap_or(0);
            let text = if exponent < -4 || exponent >= precision as i32 {
                float(if letter == b'G' { b'E' } else { b'e' }, number, precision - 1)
            } else {
                format!("{number:.*}", (precision as i32 - 1 - exponent).max(0) as usize)
            };
            let (mantissa, exponent) =
                text.find(['e', 'E']).map_or((text.as_str(), ""), |at| text.split_at(at));
            if mantissa.contains('.') {
                format!("{}{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'))
            } else {
                text
            }
        }
    }
}

/// Replaces escapes as `echo -e` does; true when `\c` ended the output.
pub(crate) fn unescape(text: &[u8], of_echo: bool) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut i = 0;
    while i < text.len() {
        if text[i] != b'\\' {
            out.push(text[i]);
            i += 1;
            continue;
        }
        let (bytes, used, stop) = escape(&text[i..], of_echo);
        out.extend(bytes);
        i += used;
        if stop {
            return (out, true);
        }
    }
    (out, false)
}

/// One escape: its bytes, its length, and whether it ends all output. `echo` wants a zero before octal digits.
fn escape(text: &[u8], of_echo: bool) -> (Vec<u8>, usize, bool) {
    let simple = |byte: u8| (vec![byte], 2, false);
    let digits = |from: usize, max: usize, radix: u32| {
        let end =
            (from..text.len().min(from + max)).take_while(|at| char::from(text[*at]).is_digit(radix)).count();
        let number = std::str::from_utf8(&text[from..from + end])
            .ok()
            .and_then(|t| u32::from_str_radix(t, radix).ok());
        (number, from + end)
    };
    match text.get(1) {
        Some(b'a') => simple(7),
        Some(b'b') => simple(8),
        Some(b'c') => (Vec::new(), 2, true),
        Some(b'e') => simple(27),
        Some(b'f') => simple(12),
        Some(b'n') => simple(b'\n'),
        Some(b'r') => simple(b'\r'),
        Some(b't') => simple(b'\t'),
        Some(b'v') => simple(11),
        Some(b'\\') => simple(b'\\'),
        Some(b'"') if !of_echo => simple(b'"'),
        Some(b'0') if of_echo => {
            let (number, end) = digits(2, 3, 8);
            (vec![number.unwrap_or(0) as u8], end, false)
        }
        Some(b'0'..=b'7') if !of_echo => {
            let (number, end) = digits(1, 3, 8);
            (vec![number.unwrap_or(0) as u8], end, false)
        }
        Some(b'x') => match digits(2, 2, 16) {
            (Some(number), end) => (vec![number as u8], end, false),
            _ => (b"\\x".to_vec(), 2, false),
        },
        Some(letter @ (b'u' | b'U')) => {
            let (number, end) = digits(2, if *letter == b'u' { 4 } else { 8 }, 16);
            match number.and_then(char::from_u32) {
                Some(c) => (c.to_string().into_bytes(), end, false),
                None => (text[..2].to_vec(), 2, false),
            }
        }
        Some(other) => (vec![b'\\', *other], 2, false),
        None => (b"\\".to_vec(), 1, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printf(format: &str, words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
        let mut run = Run { bytes: Vec::new(), words: &words, complaints: Vec::new(), stopped: false };
        assert_eq!(run.format(format.as_bytes()), None);
        String::from_utf8(run.bytes).unwrap()
    }

    #[test]
    fn conversions_are_those_of_c() {
        assert_eq!(
            printf("%05d|%-5s|%5.2f|%x\\n", &["-42", "ab", "3.14159", "255"]),
            "-0042|ab   | 3.14|ff\n"
        );
        assert_eq!(printf("%s %s", &["a"]), "a ");
        assert_eq!(printf("%c%%%+d %#x %o", &["xyz", "7", "16", "8"]), "x%+7 0x10 10");
        assert_eq!(
            printf("%e %g %g %g", &["12345.678", "0.0001", "1e10", "2.50"]),
            "1.234568e+04 0.0001 1e+10 2.5"
        );
        assert_eq!(printf("%.2s|%*d|%b", &["abc", "4", "7", "x\\ty"]), "ab|   7|x\ty");
        assert_eq!(printf("\\x41\\101\\u00e9", &[]), "AAé");
    }
}
