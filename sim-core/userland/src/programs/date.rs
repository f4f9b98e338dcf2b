//! `date`: what time it is.

use super::support::{calendar, prelude::*, program};
use sim::Timestamp;

program!(PROGRAM, "date", "Print the system date and time", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str =
        "d:|date !--debug !f:|file I?|iso-8601 R|rfc-email --rfc-3339: r:|reference s:|set u|utc|universal";
    let name = &args[0];
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut at = calendar::now(&sys);
    if let Some(text) = options.value("d") {
        match read(text, at) {
            Some(time) => at = time,
            None => {
                complain(&sys, name, &format!("invalid date {}", quote(&sys, text))).await;
                return 1;
            }
        }
    }
    if let Some(file) = options.value("r") {
        match sys.stat(file) {
            Ok(stat) => at = stat.mtime.timestamp(),
            Err(errno) => {
                complain(&sys, name, &format!("{}: {errno}", quote_if_needed(file))).await;
                return 1;
            }
        }
    }
    let format = match options.operands.as_slice() {
        [] => match options.last_of(&["I", "R", "rfc-3339"]) {
            Some("I") => match options.value("I").unwrap_or("") {
                "hours" => "%Y-%m-%dT%H+00:00",
                "minutes" => "%Y-%m-%dT%H:%M+00:00",
                "seconds" => "%Y-%m-%dT%H:%M:%S+00:00",
                "ns" => "%Y-%m-%dT%H:%M:%S,%N+00:00",
                _ => "%Y-%m-%d",
            },
            Some("R") => "%a, %d %b %Y %H:%M:%S %z",
            Some(_) => match options.value("rfc-3339").unwrap_or("") {
                "date" => "%Y-%m-%d",
                "ns" => "%Y-%m-%d %H:%M:%S.%N+00:00",
                _ => "%Y-%m-%d %H:%M:%S+00:00",
            },
            None => calendar::DATE,
        },
        [format] if format.starts_with('+') => &format[1..],
        [_, extra, ..] => {
            complain(&sys, name, &format!("extra operand {}", quote(&sys, extra))).await;
            return super::usage_hint(&sys, name).await;
        }
        [text] => {
            if text.len() >= 8 && text.chars().all(|c| c.is_ascii_digit() || c == '.') {
                complain(&sys, name, &format!("cannot set date: {}", Errno::EPERM)).await;
            } else {
                complain(&sys, name, &format!("invalid date {}", quote(&sys, text))).await;
            }
            return 1;
        }
    };
    if options.has("s") {
        complain(&sys, name, &format!("cannot set date: {}", Errno::EPERM)).await;
        return 1;
    }
    sys.out(&format!("{}\n", calendar::format(format, at))).await;
    0
}

/// Reads the simple ones of the dates that people give: `@1767600000`, `2026-01-05`, `2026-01-05 08:00[:00]`,
/// RFC 3339, `now`, `today`, `tomorrow`, `yesterday`, `2 hours ago`, `+1 day`.
pub(crate) fn read(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(seconds) = text.strip_prefix('@') {
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        let nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        return Some(Timestamp { seconds: whole.parse().ok()?, nanos });
    }
    let shift = |seconds: i64| {
        let shifted = i64::try_from(now.seconds).ok()?.checked_add(seconds)?;
        Some(Timestamp { seconds: u64::try_from(shifted).ok()?, ..now })
    };
    match text {
        "" | "today" => {
            return if text.is_empty() {
                Some(Timestamp { seconds: now.seconds / 86_400 * 86_400, nanos: 0 })
            } else {
                Some(now)
            };
        }
        "now" => return Some(now),
        "tomorrow" => return shift(86_400),
        "yesterday" => return shift(-86_400),
        _ => {}
    }
    let zulu = text.replacen(' ', "T", 1);
    let zulu = zulu.trim_end_matches('Z').trim_end_matches(" UTC").trim_end_matches("UTC").trim_end();
    for tail in ["", ":00", "T00:00:00"] {
        if let Some(time) = Timestamp::parse_rfc3339(&format!("{zulu}{tail}Z")) {
            return Some(time);
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let (words, ago) = match words.split_last() {
        Some((&"ago", rest)) => (rest, -1),
        _ => (words.as_slice(), 1),
    };
    let (number, unit) = match words {
        [one] => {
            let end = one.rfind(|c: char| c.is_ascii_digit())? + 1;
            (one[..end].parse::<i64>().ok()?, &one[end..])
        }
        [number, unit] => (number.parse::<i64>().ok()?, *unit),
        _ => return None,
    };
    let seconds = match unit.trim_end_matches('s') {
        "sec" | "second" => 1,
        "min" | "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 604_800,
        _ => return None,
    };
    shift(number.checked_mul(seconds)?.checked_mul(ago)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_people_give() {
        let now = Timestamp { seconds: 1_767_600_000, nanos: 0 };
        let at = |text| read(text, now).map(|time| time.seconds);
        assert_eq!(at("@12"), Some(12));
        assert_eq!(at("2026-01-05"), Some(1_767_571_200));
        assert_eq!(at("2026-01-05 08:00"), Some(1_767_600_000));
        assert_eq!(at("2026-01-05T08:00:01Z"), Some(1_767_600_001));
        assert_eq!(at("2 hours ago"), Some(1_767_592_800));
        assert_eq!(at("+1 day"), Some(1_767_686_400));
        assert_eq!(at("nonsense"), None);
    }
}
