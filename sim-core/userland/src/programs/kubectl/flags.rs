//! Flags and their parser: GNU style, mixed with arguments, as spf13/pflag reads them.

use sim::SortedMap;
use std::time::Duration;

/// A flag of a command.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Long name, without dashes.
    pub name: &'static str,
    /// One letter, or `'\0'`.
    pub short: char,
    /// What it holds.
    pub kind: Kind,
    /// Its value when it is not given, as it would be typed.
    pub default: &'static str,
    /// Its value when it is given without one, for flags that need none (as `--watch`).
    pub bare: &'static str,
    /// What it does, for the help.
    pub help: &'static str,
    /// False when kubectl knows it and this simulation does nothing with it, but says so.
    pub simulated: bool,
    /// What to use instead; a flag that has this is in no list.
    pub deprecated: &'static str,
}

/// What a flag holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A whole number of 32 bits.
    Int32,
    /// Text.
    String,
    /// Go's `1h2m3s`.
    Duration,
    /// Several, separated by commas or given again.
    Slice,
    /// Several, given again; commas have no meaning.
    Array,
    /// Pairs of key and value, separated by commas or given again.
    Map,
}

impl Flag {
    const fn new(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Flag {
        Flag { name, short: '\0', kind, default, bare: "", help, simulated: true, deprecated: "" }
    }
    /// A switch, off by default.
    pub const fn bool(name: &'static str, help: &'static str) -> Flag {
        Flag { bare: "true", ..Flag::new(name, Kind::Bool, "false", help) }
    }
    /// A number.
    pub const fn int(name: &'static str, default: &'static str, help: &'static str) -> Flag {
        Flag::new(name, Kind::Int, default, help)
    }
    /// A number of 32 bits.
    pub const fn int32(name: &'static str, default: &'static str, help: &'static str) -> Flag {
        Flag::new(name, Kind::Int32, default, help)
    }
    /// Pairs of key and value.
    pub const fn map(name: &'static str, help: &'static str) -> Flag {
        Flag::new(name, Kind::Map, "", help)
    }
    /// A text.
    pub const fn string(name: &'static str, default: &'static str, help: &'static str) -> Flag {
        Flag::new(name, Kind::String, default, help)
    }
    /// A length of time.
    pub const fn duration(name: &'static str, default: &'static str, help: &'static str) -> Flag {
        Flag::new(name, Kind::Duration, default, help)
    }
    /// A list, also with commas.
    pub const fn slice(name: &'static str, help: &'static str) -> Flag {
        Flag::new(name, Kind::Slice, "", help)
    }
    /// A list of texts as they are.
    pub const fn array(name: &'static str, help: &'static str) -> Flag {
        Flag::new(name, Kind::Array, "", help)
    }
    /// With a letter.
    pub const fn short(self, short: char) -> Flag {
        Flag { short, ..self }
    }
    /// With another default.
    pub const fn default(self, default: &'static str) -> Flag {
        Flag { default, ..self }
    }
    /// With a value for when it is given bare.
    pub const fn bare(self, bare: &'static str) -> Flag {
        Flag { bare, ..self }
    }
    /// Known, but not simulated.
    pub const fn not_simulated(self) -> Flag {
        Flag { simulated: false, ..self }
    }
    /// Still known, but something else should be used.
    pub const fn deprecated(self, deprecated: &'static str) -> Flag {
        Flag { deprecated, ..self }
    }
    /// The default as the help shows it: `''`, `[]`, `false`, `0s`.
    pub fn shown_default(&self) -> String {
        match self.kind {
            Kind::String => format!("'{}'", self.default),
            Kind::Slice | Kind::Array => format!("[{}]", self.default),
            _ => self.default.to_string(),
        }
    }

    fn described(&self) -> String {
        if self.short == '\0' {
            format!("--{}", self.name)
        } else {
            format!("-{}, --{}", self.short, self.name)
        }
    }

    fn validate(&self, value: &str) -> Result<(), String> {
        let complaint = match self.kind {
            Kind::Bool => parse_bool(value)
                .is_none()
                .then(|| format!("strconv.ParseBool: parsing {value:?}: invalid syntax")),
            Kind::Int => value.parse::<i64>().err().map(|error| number_error(value, &error)),
            Kind::Int32 => value.parse::<i32>().err().map(|error| number_error(value, &error)),
            Kind::Map => {
                split_csv(value).iter().find(|pair| !pair.contains('=')).map(|pair| match self.name {
                    "aggregation-rule" => "malformed pair, expect string=string".to_string(),
                    "vmodule" => "syntax error: expect comma-separated list of filename=N".to_string(),
                    _ => format!("{pair} must be formatted as key=value"),
                })
            }
            Kind::Duration if self.name == "log-flush-frequency" => {
                parse_duration(value).is_err().then(|| "parse error".to_string())
            }
            Kind::Duration => parse_duration(value).err(),
            Kind::String | Kind::Slice | Kind::Array => None,
        };
        match complaint {
            Some(why) => Err(format!("invalid argument {value:?} for {:?} flag: {why}", self.described())),
            None => Ok(()),
        }
    }
}

/// The flags of a command line, and the arguments between them.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    known: Vec<&'static Flag>,
    given: SortedMap<&'static str, Vec<String>>,
    /// The flags as they were given, in order, each with a space before it.
    pub line: String,
    /// What is not a flag, in order.
    pub args: Vec<String>,
    /// How many arguments came before `--`.
    pub dash: Option<usize>,
}

impl Flags {
    /// Reads a command line. `help` and `h` are always known.
    ///
    /// # Errors
    /// pflag's sentence.
    pub fn parse(known: Vec<&'static Flag>, line: &[String]) -> Result<Flags, String> {
        let mut flags = Flags { known, ..Flags::default() };
        let mut rest = line.iter();
        while let Some(word) = rest.next() {
            if word == "--" {
                flags.dash = Some(flags.args.len());
                flags.args.extend(rest.cloned());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                if long.starts_with('-') || long.starts_with('=') {
                    return Err(format!("bad flag syntax: {word}"));
                }
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (long, None),
                };
                let flag = flags.find(name).ok_or_else(|| format!("unknown flag: --{name}"))?;
                let value = match value {
                    Some(value) => value.to_string(),
                    None if !flag.bare.is_empty() => flag.bare.to_string(),
                    None => {
                        rest.next().ok_or_else(|| format!("flag needs an argument: --{name}"))?.to_string()
                    }
                };
                flags.set(flag, &value)?;
            } else if word.len() > 1 && word.starts_with('-') {
                let cluster = &word[1..];
                let mut letters = cluster.chars();
                while let Some(letter) = letters.next() {
                    let left = letters.as_str();
                    let flag = flags
                        .find_short(letter)
                        .ok_or_else(|| format!("unknown shorthand flag: '{letter}' in -{letter}{left}"))?;
                    if let Some(value) = left.strip_prefix('=').filter(|value| !value.is_empty()) {
                        flags.set(flag, value)?;
                        break;
                    }
                    if !flag.bare.is_empty() {
                        flags.set(flag, flag.bare)?;
                        continue;
                    }
                    if !left.is_empty() {
                        flags.set(flag, left)?;
                    } else {
                        let value = rest.next().ok_or_else(|| {
                            format!("flag needs an argument: '{letter}' in -{letter}{left}")
                        })?;
                        flags.set(flag, value)?;
                    }
                    break;
                }
            } else {
                flags.args.push(word.clone());
            }
        }
        Ok(flags)
    }

    fn find(&self, name: &str) -> Option<&'static Flag> {
        self.known.iter().copied().find(|flag| flag.name == name)
    }

    fn find_short(&self, letter: char) -> Option<&'static Flag> {
        self.known.iter().copied().find(|flag| flag.short == letter)
    }

    fn set(&mut self, flag: &'static Flag, value: &str) -> Result<(), String> {
        flag.validate(value)?;
        self.line += &format!(" --{}={value}", flag.name);
        let values = self.given.entry(flag.name).or_default();
        match flag.kind {
            Kind::Array => values.push(value.to_string()),
            Kind::Slice | Kind::Map => values.extend(split_csv(value)),
            _ => *values = vec![value.to_string()],
        }
        Ok(())
    }

    /// The flags given that are known but not simulated.
    pub fn not_simulated(&self) -> Option<&'static Flag> {
        let mut given = self.known.iter().copied().filter(|flag| !flag.simulated && self.changed(flag.name));
        // A flag of the command's own hides that of every command with the same name.
        given.find(|flag| self.find(flag.name).is_some_and(|found| found.help == flag.help))
    }

    /// What is said about the flags given that should not be used any more.
    pub fn deprecations(&self) -> String {
        let given = self.known.iter().filter(|flag| !flag.deprecated.is_empty() && self.changed(flag.name));
        given.map(|flag| format!("Flag --{} has been deprecated, {}\n", flag.name, flag.deprecated)).collect()
    }

    /// Whether the command knows the flag at all.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Whether the flag was given.
    pub fn changed(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// Whether the flag that every command has was given, and not one of the command's own with its name.
    pub fn changed_global(&self, name: &str) -> bool {
        let global = super::globals::GLOBAL.iter().find(|flag| flag.name == name);
        self.changed(name) && self.find(name).zip(global).is_some_and(|(own, global)| own.help == global.help)
    }

    /// The text of a flag.
    pub fn str(&self, name: &str) -> &str {
        match self.given.get(name).and_then(|values| values.last()) {
            Some(value) => value,
            None => self.find(name).map_or("", |flag| flag.default),
        }
    }

    /// Whether a switch is on.
    pub fn bool(&self, name: &str) -> bool {
        parse_bool(self.str(name)).unwrap_or(false)
    }

    /// The number of a flag.
    pub fn int(&self, name: &str) -> i64 {
        self.str(name).parse().unwrap_or(0)
    }

    /// The list of a flag.
    pub fn list(&self, name: &str) -> &[String] {
        self.given.get(name).map_or(&[], Vec::as_slice)
    }

    /// A length of time in nanoseconds, which may be negative.
    pub fn nanos(&self, name: &str) -> i64 {
        parse_duration(self.str(name)).unwrap_or(0)
    }

    /// A length of time, unless it is zero or negative.
    pub fn duration(&self, name: &str) -> Option<Duration> {
        u64::try_from(self.nanos(name)).ok().filter(|n| *n > 0).map(Duration::from_nanos)
    }
}

fn number_error(value: &str, error: &std::num::ParseIntError) -> String {
    let range =
        matches!(error.kind(), std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow);
    let why = if range { "value out of range" } else { "invalid syntax" };
    format!("strconv.ParseInt: parsing {value:?}: {why}")
}

/// Go's `strconv.ParseBool`.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Go's `time.ParseDuration`, in nanoseconds.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| invalid())?;
        rest = &rest[digits..];
        let unit_len = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = &rest[..unit_len];
        rest = &rest[unit_len..];
        total += number
            * match unit {
                "ns" => 1.0,
                "us" | "µs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3600e9,
                "" => return Err(format!("time: missing unit in duration {text:?}")),
                unit => return Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
            };
    }
    Ok(if negative { -total } else { total } as i64)
}

/// Go's `Duration.String`: `1h0m0s`, `1.5s`, `300ms`.
pub fn duration_text(nanos: i64) -> String {
    let (sign, left) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    let with = |unit: u64, name: &str| {
        let fraction = format!("{:.9}", (left % unit) as f64 / unit as f64);
        let fraction = fraction[1..].trim_end_matches('0').trim_end_matches('.');
        format!("{sign}{}{fraction}{name}", left / unit)
    };
    match left {
        0 => "0s".to_string(),
        1..1_000 => format!("{sign}{left}ns"),
        1_000..1_000_000 => with(1_000, "µs"),
        1_000_000..1_000_000_000 => with(1_000_000, "ms"),
        _ => {
            let (hours, minutes) = (left / 3_600_000_000_000, left / 60_000_000_000 % 60);
            let seconds = format!("{:.9}", (left % 60_000_000_000) as f64 / 1e9);
            let seconds = seconds.trim_end_matches('0').trim_end_matches('.');
            match (hours, minutes) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

/// One record of comma separated values; quotes protect commas.
fn split_csv(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut fields = vec![String::new()];
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        let last = fields.len() - 1;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                fields[last].push('"');
            }
            '"' if quoted => quoted = false,
            '"' if fields[last].is_empty() => quoted = true,
            ',' if !quoted => fields.push(String::new()),
            c => fields[last].push(c),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Flag] = &[
        Flag::int("replicas", "1", "").short('r'),
        Flag::slice("label-columns", "").short('L'),
        Flag::string("output", "", "").short('o'),
        Flag::bool("watch", "").short('w'),
        Flag::int("node-port", "0", ""),
        Flag::bool("save-config", ""),
        Flag::duration("timeout", "0s", ""),
    ];

    fn parse(line: &str) -> Result<Flags, String> {
        let words: Vec<String> = line.split(' ').map(str::to_string).collect();
        Flags::parse(KNOWN.iter().collect(), &words)
    }

    #[test]
    fn flags_and_arguments_mix() {
        let flags =
            parse("pods -wo=wide blue -La,b --timeout=1m30s --label-columns c -- -x").expect("parses");
        assert_eq!(flags.args, ["pods", "blue", "-x"]);
        assert_eq!(flags.dash, Some(2));
        assert!(flags.bool("watch"));
        assert_eq!(flags.str("output"), "wide");
        assert_eq!(flags.list("label-columns"), ["a", "b", "c"]);
        assert_eq!(flags.duration("timeout"), Some(Duration::from_secs(90)));
    }

    #[test]
    fn complaints_are_pflags_own() {
        let check = |line: &str, text: &str| assert_eq!(parse(line).err().as_deref(), Some(text));
        check("pods --foo", "unknown flag: --foo");
        check("pods -z", "unknown shorthand flag: 'z' in -z");
        check("pods -wz", "unknown shorthand flag: 'z' in -z");
        check("pods -o", "flag needs an argument: 'o' in -o");
        check("x --output", "flag needs an argument: --output");
        check(
            "x --replicas=abc",
            "invalid argument \"abc\" for \"-r, --replicas\" flag: strconv.ParseInt: parsing \"abc\": invalid syntax",
        );
        check(
            "x --node-port=abc",
            "invalid argument \"abc\" for \"--node-port\" flag: strconv.ParseInt: parsing \"abc\": invalid syntax",
        );
        check(
            "x --save-config=foo",
            "invalid argument \"foo\" for \"--save-config\" flag: strconv.ParseBool: parsing \"foo\": invalid syntax",
        );
        check("x --timeout=x", "invalid argument \"x\" for \"--timeout\" flag: time: invalid duration \"x\"");
    }
}
