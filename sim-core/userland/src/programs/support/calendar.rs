//! Dates as `strftime` writes them, in UTC, in the C locale.

use linux::Sys;
use sim::Timestamp;

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What `date` prints without a format.
pub(crate) const DATE: &str = "%a %b %e %H:%M:%S %Z %Y";

/// The time of day now, as `ls` and others ask for it.
pub(crate) fn now(sys: &Sys) -> Timestamp {
    sys.clock()
}

/// Fills in a format of `date`.
pub(crate) fn format(format: &str, at: Timestamp) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(start) = rest.find('%') {
        out.push_str(&rest[..start]);
        let directive = &rest[start..];
        let body = &directive[1..];
        let flags = body.find(|c: char| !"-_0^#".contains(c)).unwrap_or(body.len());
        let digits = body[flags..].find(|c: char| !c.is_ascii_digit()).map_or(body.len(), |n| flags + n);
        let colons = body[digits..].find(|c: char| c != ':').map_or(body.len(), |n| digits + n);
        let Some(letter) = body[colons..].chars().next() else {
            out.push_str(directive);
            return out;
        };
        let length = 1 + colons + letter.len_utf8();
        match field(letter, at) {
            Some(field) => pad(&mut out, field, &body[..flags], body[flags..digits].parse().ok()),
            None => out.push_str(&directive[..length]),
        }
        rest = &directive[length..];
    }
    out.push_str(rest);
    out
}

enum Field {
    Number(i64, usize, char),
    Text(String),
    Nanos(u32),
}

fn pad(out: &mut String, field: Field, flags: &str, width: Option<usize>) {
    let text = match field {
        Field::Number(number, digits, filler) => {
            let filler = match flags.chars().find(|c| "-_0".contains(*c)) {
                Some('-') => None,
                Some('_') => Some(' '),
                Some(_) => Some('0'),
                None => Some(filler),
            };
            let width = width.unwrap_or(digits);
            match filler {
                None => number.to_string(),
                Some(' ') => format!("{number:width$}"),
                Some(_) => format!("{number:0width$}"),
            }
        }
        Field::Nanos(nanos) => format!("{nanos:09}").chars().take(width.unwrap_or(9)).collect(),
        Field::Text(text) => {
            let width = width.unwrap_or(0);
            format!("{text:>width$}")
        }
    };
    if flags.contains('^') {
        out.push_str(&text.to_uppercase());
    } else {
        out.push_str(&text);
    }
}

fn field(letter: char, at: Timestamp) -> Option<Field> {
    let c = at.civil();
    let two = |number: u8| Field::Number(i64::from(number), 2, '0');
    let blank = |number: u8| Field::Number(i64::from(number), 2, ' ');
    let text = |text: &str| Field::Text(text.to_string());
    let hour12 = if c.hour.is_multiple_of(12) { 12 } else { c.hour % 12 };
    let (day, month) = (DAYS[usize::from(c.weekday)], MONTHS[usize::from(c.month) - 1]);
    let week_of = |first: u8| {
        let since = (c.weekday + 7 - first) % 7;
        (i64::from(c.year_day) + 6 - i64::from(since)) / 7
    };
    Some(match letter {
        '%' => text("%"),
        'n' => text("\n"),
        't' => text("\t"),
        'a' => text(&day[..3]),
        'A' => text(day),
        'b' | 'h' => text(&month[..3]),
        'B' => text(month),
        'c' => Field::Text(format("%a %b %e %H:%M:%S %Y", at)),
        'C' => Field::Number(c.year / 100, 2, '0'),
        'd' => two(c.day),
        'D' | 'x' => Field::Text(format("%m/%d/%y", at)),
        'e' => blank(c.day),
        'F' => Field::Text(format("%Y-%m-%d", at)),
        'G' => Field::Number(iso_week(at).0, 4, '0'),
        'H' => two(c.hour),
        'I' => two(hour12),
        'j' => Field::Number(i64::from(c.year_day), 3, '0'),
        'k' => blank(c.hour),
        'l' => blank(hour12),
        'm' => two(c.month),
        'M' => two(c.minute),
        'N' => Field::Nanos(at.nanos),
        'p' => text(if c.hour < 12 { "AM" } else { "PM" }),
        'P' => text(if c.hour < 12 { "am" } else { "pm" }),
        'q' => Field::Number(i64::from(c.month.div_ceil(3)), 1, '0'),
        'r' => Field::Text(format("%I:%M:%S %p", at)),
        'R' => Field::Text(format("%H:%M", at)),
        's' => Field::Number(at.seconds as i64, 1, '0'),
        'S' => two(c.second),
        'T' | 'X' => Field::Text(format("%H:%M:%S", at)),
        'u' => Field::Number(if c.weekday == 0 { 7 } else { i64::from(c.weekday) }, 1, '0'),
        'U' => Field::Number(week_of(0), 2, '0'),
        'V' => Field::Number(iso_week(at).1, 2, '0'),
        'w' => Field::Number(i64::from(c.weekday), 1, '0'),
        'W' => Field::Number(week_of(1), 2, '0'),
        'y' => Field::Number(c.year % 100, 2, '0'),
        'Y' => Field::Number(c.year, 1, '0'),
        'z' => text("+0000"),
        'Z' => text("UTC"),
        _ => return None,
    })
}

/// Year and week by ISO 8601: the week belongs to the year that its Thursday is in.
fn iso_week(at: Timestamp) -> (i64, i64) {
    let weekday = (at.civil().weekday + 6) % 7;
    let days = at.seconds / 86_400 + 3 - u64::from(weekday);
    let thursday = Timestamp { seconds: days * 86_400, nanos: 0 }.civil();
    (thursday.year, i64::from(thursday.year_day - 1) / 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_of_date() {
        // date -u -d @1767600000.123456789 +...
        let at = Timestamp { seconds: 1_767_600_000, nanos: 123_456_789 };
        assert_eq!(format(DATE, at), "Mon Jan  5 08:00:00 UTC 2026");
        assert_eq!(
            format("%F %T.%3N %z|%-d|%_H|%j|%V|%U|%W|%G", at),
            "2026-01-05 08:00:00.123 +0000|5| 8|005|02|01|01|2026"
        );
        assert_eq!(
            format("%I %p %P %^a %y %s %q %E", at),
            "08 AM am MON 26 1767600000 %E".replace("%E", "1 %E")
        );
    }
}
