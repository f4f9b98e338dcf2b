//! Names in messages, and the messages themselves.

use linux::{ExitCode, Sys};

/// Writes `NAME: TEXT` to standard error.
pub(crate) async fn complain(sys: &Sys, name: &str, text: &str) {
    sys.err(&format!("{name}: {text}\n")).await;
}

/// Says that something is not simulated, and gives the status to end with.
pub(crate) async fn not_simulated(sys: &Sys, name: &str, what: &str) -> ExitCode {
    sys.err(&format!("{name}: {what} is not simulated\n")).await;
    2
}

/// A word in typographic quotes where the locale has them, as gnulib's `quote`.
pub(crate) fn quote(sys: &Sys, text: &str) -> String {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| sys.env(name))
        .find(|value| !value.is_empty());
    let utf8 = locale.is_some_and(|value| {
        let lower = value.to_ascii_lowercase();
        lower.ends_with("utf-8") || lower.ends_with("utf8")
    });
    if utf8 { format!("‘{text}’") } else { format!("'{text}'") }
}

/// A file name quoted for a shell, as gnulib's `quoteaf`.
pub(crate) fn quote_always(name: &str) -> String {
    if name.contains('\'') && !name.contains(['"', '$', '`', '\\', '!']) {
        return format!("\"{name}\"");
    }
    format!("'{}'", name.replace('\'', "'\\''"))
}

/// A file name, quoted when a shell would need it, as gnulib's `quotef`.
pub(crate) fn quote_if_needed(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "%+,-./:@_~#{}]^".contains(c) || !c.is_ascii();
    let safe_start = !name.starts_with(['~', '#']);
    if !name.is_empty() && safe_start && name.chars().all(plain) {
        name.to_string()
    } else {
        quote_always(name)
    }
}

/// The number of terminal columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// A number of bytes as `ls -h`, `du -h` and `df -h` write it: rounded up, one digit behind the point below ten.
pub(crate) fn human(bytes: u64) -> String {
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut unit = 1024_u64;
    for letter in ['K', 'M', 'G', 'T', 'P'] {
        let tenths = (u128::from(bytes) * 10).div_ceil(u128::from(unit));
        if tenths < 100 {
            return format!("{}.{}{letter}", tenths / 10, tenths % 10);
        }
        let whole = bytes.div_ceil(unit);
        if whole < 1024 || letter == 'P' {
            return format!("{whole}{letter}");
        }
        unit *= 1024;
    }
    bytes.to_string()
}

/// Reads a number with the suffix that coreutils allow: `b` 512, `K` 1024, `kB` 1000, `M`, `G` and so on.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let factor = match &text[digits..] {
        "" | "c" => 1,
        "b" => 512,
        "kB" | "KB" => 1000,
        "k" | "K" | "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "M" | "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "G" | "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_coreutils_do() {
        assert_eq!(quote_if_needed("a/b.txt"), "a/b.txt");
        assert_eq!(quote_if_needed("a b"), "'a b'");
        assert_eq!(quote_if_needed(""), "''");
        assert_eq!(quote_always("it's"), "\"it's\"");
    }

    #[test]
    fn sizes_are_rounded_up() {
        let sizes = [0, 1023, 1024, 1025, 10_239, 10_241, 1_048_576, 123_456_789].map(human);
        assert_eq!(sizes, ["0", "1023", "1.0K", "1.1K", "10K", "11K", "1.0M", "118M"]);
    }
}
