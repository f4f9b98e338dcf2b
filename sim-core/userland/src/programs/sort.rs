//! `sort`: lines in order, bytes compared as in the C locale.

use super::support::{prelude::*, program};
use sim::Ordered;
use std::cmp::Ordering;

program!(PROGRAM, "sort", "Sort lines of text", main);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Manner {
    numeric: bool,
    general: bool,
    human: bool,
    version: bool,
    month: bool,
    fold: bool,
    dictionary: bool,
    blanks: bool,
    reverse: bool,
}

struct Key {
    start: (usize, usize),
    end: Option<(usize, usize)>,
    manner: Manner,
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "b|ignore-leading-blanks d|dictionary-order f|ignore-case g|general-numeric-sort !i|ignore-nonprinting \
        M|month-sort h|human-numeric-sort n|numeric-sort !R|random-sort r|reverse V|version-sort c|check? C m|merge \
        k:|key o:|output s|stable !S:|buffer-size t:|field-separator !T:|temporary-directory u|unique z|zero-terminated !--parallel: !--debug";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 2).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut manner = Manner::default();
    for (key, _) in &options.found {
        manner.set(key.chars().next().unwrap_or(' '));
    }
    let separator = match options.value("t") {
        Some("") => {
            complain(&sys, name, "empty tab").await;
            return 2;
        }
        Some("\\0") => Some('\0'),
        Some(text) if text.chars().count() > 1 => {
            complain(&sys, name, &format!("multi-character tab {}", quote(&sys, text))).await;
            return 2;
        }
        text => text.and_then(|text| text.chars().next()),
    };
    let mut keys = Vec::new();
    for text in options.values("k") {
        match key(text, manner) {
            Ok(key) => keys.push(key),
            Err(problem) => {
                complain(&sys, name, &format!("{problem}{}", quote(&sys, text))).await;
                return 2;
            }
        }
    }
    let order = Order { manner, keys, separator, stable: options.has("s") || options.has("u") };
    let delimiter = if options.has("z") { 0 } else { b'\n' };
    let mut lines: Vec<String> = Vec::new();
    for file in options.files() {
        let shown = quote_if_needed(&file);
        let bytes = match if file == "-" { Ok(0) } else { sys.open(&file, linux::fd::OpenFlags::READ, 0) } {
            Ok(fd) => sys.read_to_end(fd).await.map_err(|errno| format!("read failed: {shown}: {errno}")),
            Err(errno) => Err(format!("cannot read: {shown}: {errno}")),
        };
        match bytes {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let whole = text.strip_suffix(char::from(delimiter)).unwrap_or(&text);
                if !text.is_empty() {
                    lines.extend(whole.split(char::from(delimiter)).map(String::from));
                }
            }
            Err(problem) => {
                complain(&sys, name, &problem).await;
                return 2;
            }
        }
    }
    let bytes: usize = lines.iter().map(String::len).sum();
    sys.cpu(std::time::Duration::from_nanos(bytes as u64 * 40)).await;
    if options.has("c") || options.has("C") {
        return check(&sys, name, &options, &order, &lines).await;
    }
    lines.order_by(|a, b| order.compare(a, b));
    if options.has("u") {
        lines.dedup_by(|b, a| order.compare_keys(a, b) == Ordering::Equal);
    }
    let mut text = String::with_capacity(bytes + lines.len());
    for line in &lines {
        text.push_str(line);
        text.push(char::from(delimiter));
    }
    if let Some(file) = options.value("o") {
        if let Err(errno) = sys.write_file(file, text.as_bytes()).await {
            complain(&sys, name, &format!("open failed: {}: {errno}", quote_if_needed(file))).await;
            return 2;
        }
        return 0;
    }
    let mut out = Out::new(&sys);
    out.text(&text).await;
    out.finish(name, 0).await
}

async fn check(sys: &Sys, name: &str, options: &Options, order: &Order, lines: &[String]) -> ExitCode {
    let wrong = lines.windows(2).position(|pair| match order.compare(&pair[0], &pair[1]) {
        Ordering::Greater => true,
        Ordering::Equal => options.has("u"),
        Ordering::Less => options.has("u") && order.compare_keys(&pair[0], &pair[1]) == Ordering::Equal,
    });
    let Some(at) = wrong else { return 0 };
    if options.has("c") {
        let files = options.files();
        complain(sys, name, &format!("{}:{}: disorder: {}", files[0], at + 2, lines[at + 1])).await;
    }
    1
}

impl Manner {
    fn set(&mut self, letter: char) -> bool {
        match letter {
            'n' => self.numeric = true,
            'g' => self.general = true,
            'h' => self.human = true,
            'V' => self.version = true,
            'M' => self.month = true,
            'f' => self.fold = true,
            'd' => self.dictionary = true,
            'b' => self.blanks = true,
            'r' => self.reverse = true,
            _ => return false,
        }
        true
    }
}

/// Reads `2,3nr` or `1.2,1.5`.
fn key(text: &str, default: Manner) -> Result<Key, &'static str> {
    let mut own = Manner::default();
    let mut position = |text: &str, is_end: bool| {
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let end = digits(text);
        let field: usize =
            text[..end].parse().map_err(|_| "invalid number at field start: invalid count at start of ")?;
        let mut rest = &text[end..];
        let mut column = if is_end { 0 } else { 1 };
        if let Some(after) = rest.strip_prefix('.') {
            let end = digits(after);
            column =
                after[..end].parse().map_err(|_| "invalid number after '.': invalid count at start of ")?;
            rest = &after[end..];
        }
        if field == 0 {
            return Err("field number is zero: invalid field specification ");
        }
        if !rest.chars().all(|letter| own.set(letter)) {
            return Err("stray character in field spec: invalid field specification ");
        }
        Ok((field, column))
    };
    let (start, end) = match text.split_once(',') {
        Some((start, end)) => (position(start, false)?, Some(position(end, true)?)),
        None => (position(text, false)?, None),
    };
    let manner = if own == Manner::default() { default } else { own };
    Ok(Key { start, end, manner })
}

struct Order {
    manner: Manner,
    keys: Vec<Key>,
    separator: Option<char>,
    stable: bool,
}

impl Order {
    fn compare(&self, a: &str, b: &str) -> Ordering {
        let by_keys = self.compare_keys(a, b);
        if by_keys != Ordering::Equal || self.stable {
            return by_keys;
        }
        let last = a.cmp(b);
        if self.manner.reverse { last.reverse() } else { last }
    }

    fn compare_keys(&self, a: &str, b: &str) -> Ordering {
        if self.keys.is_empty() {
            return compare(a, b, &self.manner);
        }
        let differing = |key: &Key| match compare(self.part(a, key), self.part(b, key), &key.manner) {
            Ordering::Equal => None,
            ordering => Some(ordering),
        };
        self.keys.iter().find_map(differing).unwrap_or(Ordering::Equal)
    }

    fn part<'a>(&self, line: &'a str, key: &Key) -> &'a str {
        let start = self.field(line, key.start.0).map_or(line.len(), |(start, end)| {
            let blanks =
                if key.manner.blanks { line[start..].len() - line[start..].trim_start().len() } else { 0 };
            let from = start + blanks;
            let skipped: usize =
                line[from..].chars().take(key.start.1.saturating_sub(1)).map(char::len_utf8).sum();
            (from + skipped).min(end.max(from))
        });
        let end = match key.end {
            None => line.len(),
            Some((field, column)) => self.field(line, field).map_or(line.len(), |(start, end)| {
                if column == 0 {
                    return end;
                }
                start + line[start..].chars().take(column).map(char::len_utf8).sum::<usize>()
            }),
        };
        line.get(start..end.max(start)).unwrap_or("")
    }

    /// Where a field begins and ends; without `-t` a field has the blanks in front of it.
    fn field(&self, line: &str, number: usize) -> Option<(usize, usize)> {
        let mut start = 0;
        for _ in 1..number {
            start = match self.separator {
                Some(separator) => start + line[start..].find(separator)? + separator.len_utf8(),
                None => self.end_of_field(line, start),
            };
            if start >= line.len() && self.separator.is_none() {
                return None;
            }
        }
        Some((start, self.end_of_field(line, start)))
    }

    fn end_of_field(&self, line: &str, start: usize) -> usize {
        let rest = &line[start..];
        match self.separator {
            Some(separator) => rest.find(separator).map_or(line.len(), |end| start + end),
            None => {
                let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
                rest[blanks..].find([' ', '\t']).map_or(line.len(), |end| start + blanks + end)
            }
        }
    }
}

fn compare(a: &str, b: &str, manner: &Manner) -> Ordering {
    let ordering = if manner.numeric {
        numeric(a, b)
    } else if manner.human {
        suffix(a).cmp(&suffix(b)).then_with(|| numeric(a, b))
    } else if manner.general {
        let value = |text: &str| leading_float(text.trim_start());
        value(a).partial_cmp(&value(b)).unwrap_or(Ordering::Equal)
    } else if manner.month {
        month(a).cmp(&month(b))
    } else if manner.version {
        version(a, b)
    } else if manner.fold || manner.dictionary {
        let folded = |text: &str| -> String {
            let kept =
                text.chars().filter(|c| !manner.dictionary || c.is_alphanumeric() || c.is_whitespace());
            kept.map(|c| if manner.fold { c.to_ascii_uppercase() } else { c }).collect()
        };
        folded(a).cmp(&folded(b))
    } else if manner.blanks {
        a.trim_start().cmp(b.trim_start())
    } else {
        a.cmp(b)
    };
    if manner.reverse { ordering.reverse() } else { ordering }
}

/// Sign, integer digits without leading zeros, fraction.
fn parts(text: &str) -> (bool, &str, &str) {
    let text = text.trim_start_matches([' ', '\t']);
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let fraction = text[end..].strip_prefix('.').unwrap_or("");
    let fraction_end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
    (negative, text[..end].trim_start_matches('0'), fraction[..fraction_end].trim_end_matches('0'))
}

fn numeric(a: &str, b: &str) -> Ordering {
    let ((a_negative, a_whole, a_fraction), (b_negative, b_whole, b_fraction)) = (parts(a), parts(b));
    let zero = |whole: &str, fraction: &str| whole.is_empty() && fraction.is_empty();
    let a_negative = a_negative && !zero(a_whole, a_fraction);
    let b_negative = b_negative && !zero(b_whole, b_fraction);
    let magnitude = a_whole
        .len()
        .cmp(&b_whole.len())
        .then_with(|| a_whole.cmp(b_whole))
        .then_with(|| a_fraction.cmp(b_fraction));
    match (a_negative, b_negative) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (true, true) => magnitude.reverse(),
        (false, false) => magnitude,
    }
}

fn suffix(text: &str) -> i32 {
    let (negative, whole, fraction) = parts(text);
    let after = text.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let rank =
        after.chars().next().and_then(|c| " KMGTPEZY".find(c.to_ascii_uppercase())).unwrap_or(0) as i32;
    if whole.is_empty() && fraction.is_empty() {
        0
    } else if negative {
        -rank - 1
    } else {
        rank + 1
    }
}

fn leading_float(text: &str) -> f64 {
    let end =
        (0..=text.len()).rev().find(|end| text.is_char_boundary(*end) && text[..*end].parse::<f64>().is_ok());
    end.map_or(f64::NEG_INFINITY, |end| text[..end].parse().unwrap_or(0.0))
}

fn month(text: &str) -> usize {
    let name: String = text.trim_start().chars().take(3).collect::<String>().to_ascii_uppercase();
    "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
        .split(' ')
        .position(|month| month == name)
        .map_or(0, |n| n + 1)
}

/// Runs of digits as numbers, everything else as text, a tilde before all.
pub(crate) fn version(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    while !a.is_empty() || !b.is_empty() {
        let split = |text: &str, digits: bool| {
            text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len())
        };
        let (a_end, b_end) = (split(a, false), split(b, false));
        let rank = |c: char| {
            if c == '~' {
                0
            } else if c.is_ascii_alphabetic() {
                u32::from(c)
            } else {
                u32::from(c) + 256
            }
        };
        let (left, right) = (a[..a_end].chars().map(rank), b[..b_end].chars().map(rank));
        let text = left.chain([1]).cmp(right.chain([1]));
        if text != Ordering::Equal {
            return text;
        }
        (a, b) = (&a[a_end..], &b[b_end..]);
        let (a_end, b_end) = (split(a, true), split(b, true));
        let number = numeric(&a[..a_end], &b[..b_end]);
        if number != Ordering::Equal {
            return number;
        }
        (a, b) = (&a[a_end..], &b[b_end..]);
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(manner: &str, keys: &[&str], separator: Option<char>, lines: &str) -> String {
        let mut own = Manner::default();
        manner.chars().for_each(|letter| {
            own.set(letter);
        });
        let keys = keys.iter().map(|text| key(text, own).unwrap_or_else(|e| panic!("{e}"))).collect();
        let order = Order { manner: own, keys, separator, stable: false };
        let mut lines: Vec<&str> = lines.split(' ').collect();
        lines.sort_by(|a, b| order.compare(a, b));
        lines.join(" ")
    }

    #[test]
    fn numbers_sizes_and_versions() {
        assert_eq!(sorted("n", &[], None, "10 9 -1 x 1.5 1.25"), "-1 x 1.25 1.5 9 10");
        assert_eq!(sorted("h", &[], None, "1G 2K 900 1M 3K"), "900 2K 3K 1M 1G");
        assert_eq!(sorted("V", &[], None, "v1.10 v1.9 v1.9.1"), "v1.9 v1.9.1 v1.10");
        assert_eq!(sorted("r", &[], None, "a c b"), "c b a");
    }

    #[test]
    fn keys_are_fields_and_columns() {
        assert_eq!(sorted("", &["2n"], Some(':'), "a:10 b:9 c:1"), "c:1 b:9 a:10");
        assert_eq!(sorted("", &["2,2nr", "1,1"], Some(','), "b,1 a,1 c,2"), "c,2 a,1 b,1");
        assert_eq!(sorted("", &["1.2,1.2"], None, "ab ba cc"), "ba ab cc");
    }
}
