//! `seq`, `yes`, `true`, `false`: endless and trivial things.

use super::support::{prelude::*, program};

program!(SEQ, "seq", "Print a sequence of numbers", seq);
program!(YES, "yes", "Output a string repeatedly until killed", yes);
program!(TRUE, "true", "Do nothing, successfully", succeed);
program!(FALSE, "false", "Do nothing, unsuccessfully", fail);

async fn succeed(_sys: Sys, _args: Args) -> ExitCode {
    0
}

async fn fail(_sys: Sys, _args: Args) -> ExitCode {
    1
}

async fn yes(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let line =
        if options.operands.is_empty() { "y\n".to_string() } else { options.operands.join(" ") + "\n" };
    let block = line.repeat((8192 / line.len()).max(1));
    loop {
        if let Err(errno) = sys.write_all(1, block.as_bytes()).await {
            complain(&sys, &args[0], &format!("standard output: {errno}")).await;
            return 1;
        }
    }
}

async fn seq(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    // Negative numbers are no options.
    let mut words: Args = vec![name.clone()];
    let mut numbers = false;
    for word in &args[1..] {
        if !numbers && !word.starts_with('-') {
            numbers = words.last().is_none_or(|last| !["-s", "-f"].contains(&last.as_str()));
        }
        if !numbers
            && word.starts_with('-')
            && word[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.')
        {
            words.push("--".into());
            numbers = true;
        }
        words.push(word.clone());
    }
    let options = match parse(&sys, &words, "+f:|format s:|separator w|equal-width", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let given = &options.operands;
    let problem = match given.len() {
        0 => Some("missing operand".to_string()),
        1..=3 => None,
        _ => Some(format!("extra operand {}", quote(&sys, &given[3]))),
    };
    if let Some(problem) = problem {
        complain(&sys, name, &problem).await;
        return super::usage_hint(&sys, name).await;
    }
    let mut values = Vec::new();
    for word in given {
        match Decimal::parse(word) {
            Some(value) => values.push(value),
            None => {
                complain(&sys, name, &format!("invalid floating point argument: {}", quote(&sys, word)))
                    .await;
                return super::usage_hint(&sys, name).await;
            }
        }
    }
    let one = Decimal { digits: 1, places: 0 };
    let (first, step, last) = match values.as_slice() {
        [last] => (one, one, *last),
        [first, last] => (*first, one, *last),
        [first, step, last] => (*first, *step, *last),
        _ => return 1,
    };
    if step.digits == 0 {
        complain(&sys, name, &format!("invalid Zero increment value: {}", quote(&sys, &given[1]))).await;
        return super::usage_hint(&sys, name).await;
    }
    let places = first.places.max(step.places);
    let scale = places.max(last.places);
    let (Some(mut at), Some(step), Some(end)) = (first.scaled(scale), step.scaled(scale), last.scaled(scale))
    else {
        complain(&sys, name, "numbers of this size are not simulated").await;
        return 2;
    };
    let shown = |value: i128| Decimal { digits: value / 10_i128.pow(scale - places), places }.to_string();
    let width = if options.has("w") { shown(at).len().max(shown(end).len()) } else { 0 };
    let separator = options.value("s").unwrap_or("\n");
    let format = match options.value("f").map(Format::parse) {
        Some(None) => {
            let text = options.value("f").unwrap_or("");
            complain(&sys, name, &format!("format {} has no % directive", quote(&sys, text))).await;
            return 1;
        }
        format => format.flatten(),
    };
    let mut out = Out::new(&sys);
    let mut any = false;
    while if step > 0 { at <= end } else { at >= end } {
        if any {
            out.text(separator).await;
        }
        any = true;
        let text = shown(at);
        let text = match &format {
            Some(format) => format.apply(at as f64 / 10_f64.powi(scale as i32)),
            None if text.starts_with('-') => format!("-{:0>1$}", &text[1..], width.saturating_sub(1)),
            None => format!("{text:0>width$}"),
        };
        out.text(&text).await;
        if out.is_broken() {
            return 1;
        }
        at += step;
    }
    if any {
        out.text("\n").await;
    }
    out.finish(name, 0).await
}

/// A decimal number as it was written: digits and how many of them stand behind the point.
#[derive(Clone, Copy)]
struct Decimal {
    digits: i128,
    places: u32,
}

impl Decimal {
    fn parse(text: &str) -> Option<Decimal> {
        let plain = text.strip_prefix('+').unwrap_or(text);
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        if fraction.len() > 12 || whole.len() > 24 {
            return None;
        }
        let digits = format!("{whole}{fraction}");
        let valid = digits.strip_prefix('-').unwrap_or(&digits);
        if valid.is_empty() || !valid.chars().all(|c| c.is_ascii_digit()) {
            return None;
        }
        Some(Decimal { digits: digits.parse().ok()?, places: fraction.len() as u32 })
    }

    fn scaled(self, places: u32) -> Option<i128> {
        self.digits.checked_mul(10_i128.pow(places - self.places))
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.places == 0 {
            return write!(f, "{}", self.digits);
        }
        let scale = 10_u128.pow(self.places);
        let digits = self.digits.unsigned_abs();
        let sign = if self.digits < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02$}", digits / scale, digits % scale, self.places as usize)
    }
}

/// `%03g`, `%.2f` with text around.
struct Format {
    before: String,
    zero: bool,
    width: usize,
    precision: usize,
    letter: u8,
    after: String,
}

impl Format {
    fn parse(text: &str) -> Option<Format> {
        let at = text.find('%')?;
        let rest = &text[at + 1..];
        let end = rest.find(['f', 'g', 'e', 'E', 'G'])?;
        let (flags, number) = rest[..end].split_at(rest[..end].find(|c: char| c != '0').unwrap_or(end));
        let (width, precision) = number.split_once('.').unwrap_or((number, "6"));
        Some(Format {
            before: text[..at].to_string(),
            zero: !flags.is_empty(),
            width: width.parse().unwrap_or(0),
            precision: precision.parse().unwrap_or(0),
            letter: rest.as_bytes()[end],
            after: rest[end + 1..].to_string(),
        })
    }

    fn apply(&self, number: f64) -> String {
        let sign = if number < 0.0 { "-" } else { "" };
        let digits = super::printf::float(self.letter, number.abs(), self.precision);
        let width = self.width.saturating_sub(sign.len());
        let text = if self.zero {
            format!("{sign}{digits:0>width$}")
        } else {
            format!("{:>1$}", format!("{sign}{digits}"), self.width)
        };
        format!("{}{text}{}", self.before, self.after)
    }
}
