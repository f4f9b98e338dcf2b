//! Times: seconds since 1970 and their parts. The world's clocks are all in UTC.

use super::eval::Stop;
use super::json::Json;
use crate::programs::support::calendar;
use sim::Timestamp;

/// Seconds as year, month (from 0), day, hour, minute, second, day of the week and of the year.
///
/// # Errors
/// When it is no number.
pub(super) fn broken_down(input: &Json, name: &str) -> Result<Json, Stop> {
    let Some(seconds) = input.as_number() else {
        return Err(Stop::error(format!("{name}() requires a number")));
    };
    let whole = seconds.floor();
    let days = (whole / 86_400.0).floor();
    let within = whole - days * 86_400.0;
    let (year, month, day) = civil(days as i64);
    let parts = [
        year as f64,
        (month - 1) as f64,
        day as f64,
        (within / 3600.0).floor(),
        (within / 60.0).floor() % 60.0,
        within % 60.0 + (seconds - whole),
        (days + 4.0).rem_euclid(7.0),
        days - days_from_civil(year, 1, 1) as f64,
    ];
    Ok(Json::array(parts.into_iter().map(Json::number).collect()))
}

/// Parts as seconds.
///
/// # Errors
/// When they are no parts.
pub(super) fn seconds(input: &Json) -> Result<Json, Stop> {
    let Json::Array(_) = input else {
        return Err(Stop::error("mktime requires array of 6 numbers"));
    };
    Ok(Json::number(total(input, "mktime requires parsed datetime inputs")?))
}

fn total(input: &Json, wrong: &str) -> Result<f64, Stop> {
    let Json::Array(all) = input else { return Err(Stop::error(wrong)) };
    if all.len() < 6 {
        return Err(Stop::error(if wrong.starts_with("mktime") {
            "mktime requires array of 6 numbers"
        } else {
            wrong
        }));
    }
    let mut parts = [0.0; 6];
    for (part, value) in parts.iter_mut().zip(all.iter()) {
        *part = value.as_number().ok_or_else(|| Stop::error(wrong))?.floor();
    }
    let [year, month, day, hour, minute, second] = parts;
    let year = year + (month / 12.0).floor();
    let days = days_from_civil(year as i64, month.rem_euclid(12.0) as i64 + 1, 1) as f64 + day - 1.0;
    Ok(days * 86_400.0 + hour * 3600.0 + minute * 60.0 + second)
}

/// A time in a format of `strftime`.
///
/// # Errors
/// When it is no time.
pub(super) fn print(input: &Json, format: &Json, name: &str) -> Result<Json, Stop> {
    let parsed = format!("{name}/1 requires parsed datetime inputs");
    let seconds = match input {
        Json::Number(number) => number.value.floor(),
        other => total(other, &parsed)?,
    };
    let Json::String(format) = format else {
        return Err(Stop::error(format!("{name}/1 requires a string format")));
    };
    if seconds < 0.0 {
        return Err(Stop::NotSimulated("a time before 1970".into()));
    }
    let at = Timestamp { seconds: seconds as u64, nanos: 0 };
    Ok(Json::string(calendar::format(format, at)))
}

/// A text in a format of `strptime` as parts.
///
/// # Errors
/// When it does not fit.
pub(super) fn read(input: &Json, format: &Json) -> Result<Json, Stop> {
    let Json::String(text) = input else {
        return Err(Stop::error(format!(
            "strptime/1 requires string inputs and arguments, not {}",
            input.kind()
        )));
    };
    let Json::String(format) = format else {
        return Err(Stop::error("strptime/1 requires string inputs and arguments"));
    };
    let wrong = || Stop::error(format!("date \"{text}\" does not match format \"{format}\""));
    let mut parts = [1970_i64, 1, 1, 0, 0, 0];
    let mut rest: &str = text;
    let expanded = format.replace("%T", "%H:%M:%S").replace("%F", "%Y-%m-%d").replace("%D", "%m/%d/%y");
    let mut directives = expanded.chars();
    while let Some(c) = directives.next() {
        if c.is_whitespace() {
            rest = rest.trim_start();
            continue;
        }
        if c != '%' {
            rest = rest.strip_prefix(c).ok_or_else(wrong)?;
            continue;
        }
        let directive = directives.next().ok_or_else(wrong)?;
        let mut number = |most: usize| -> Option<i64> {
            let trimmed = rest.trim_start();
            let sign = usize::from(trimmed.starts_with(['+', '-']) && most > 4);
            let digits = trimmed[sign..].bytes().take(most).take_while(u8::is_ascii_digit).count();
            let value = trimmed[..sign + digits].parse().ok()?;
            rest = &trimmed[sign + digits..];
            Some(value)
        };
        match directive {
            'Y' => parts[0] = number(4).ok_or_else(wrong)?,
            'm' => parts[1] = number(2).filter(|n| (1..=12).contains(n)).ok_or_else(wrong)?,
            'd' | 'e' => parts[2] = number(2).filter(|n| (1..=31).contains(n)).ok_or_else(wrong)?,
            'H' | 'k' => parts[3] = number(2).filter(|n| *n < 24).ok_or_else(wrong)?,
            'M' => parts[4] = number(2).filter(|n| *n < 60).ok_or_else(wrong)?,
            'S' => parts[5] = number(2).filter(|n| *n < 62).ok_or_else(wrong)?,
            'y' => {
                let year = number(2).ok_or_else(wrong)?;
                parts[0] = if year < 69 { 2000 + year } else { 1900 + year };
            }
            's' => {
                let seconds = number(12).ok_or_else(wrong)?;
                return broken_down(&Json::number(seconds as f64), "gmtime");
            }
            'b' | 'B' | 'h' => {
                const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
                let head = rest.get(..3).ok_or_else(wrong)?.to_ascii_lowercase();
                let at = (0..12).find(|at| MONTHS[at * 3..at * 3 + 3] == head).ok_or_else(wrong)?;
                parts[1] = at as i64 + 1;
                rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            }
            'a' | 'A' => rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
            'Z' => rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
            'z' => {
                let end = rest.find(|c: char| !"+-:0123456789Z".contains(c)).unwrap_or(rest.len());
                rest = &rest[end..];
            }
            '%' => rest = rest.strip_prefix('%').ok_or_else(wrong)?,
            other => return Err(Stop::NotSimulated(format!("the directive \"%{other}\" of strptime"))),
        }
    }
    if !rest.is_empty() {
        return Err(wrong());
    }
    let days = days_from_civil(parts[0], parts[1], parts[2]);
    let all = [
        parts[0],
        parts[1] - 1,
        parts[2],
        parts[3],
        parts[4],
        parts[5],
        (days + 4).rem_euclid(7),
        days - days_from_civil(parts[0], 1, 1),
    ];
    Ok(Json::array(all.into_iter().map(|part| Json::number(part as f64)).collect()))
}

/// Days since 1970 of a date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
