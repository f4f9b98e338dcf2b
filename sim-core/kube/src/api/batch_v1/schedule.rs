//! `*/5 * * * *`: when a cron job is due. Models ParseStandard and SpecSchedule of robfig/cron, whose errors users meet.

use crate::api::time_zone;
use sim::Timestamp;

/// A schedule in a time zone.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// Minutes, hours, days, months and days of the week as bits.
    Fields {
        /// Minute, hour, day of the month, month, day of the week.
        bits: [u64; 5],
        /// The zone, empty for UTC.
        zone: String,
    },
    /// `@every 90s`.
    Every(u64),
}

/// Set where a field was `*`: then the other one of the two kinds of days decides alone.
const STAR: u64 = 1 << 63;
const DAY: i64 = 86_400;

struct Bounds {
    min: u64,
    max: u64,
    names: &'static [&'static str],
}

const BOUNDS: [Bounds; 5] = [
    Bounds { min: 0, max: 59, names: &[] },
    Bounds { min: 0, max: 23, names: &[] },
    Bounds { min: 1, max: 31, names: &[] },
    Bounds {
        min: 1,
        max: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

impl Schedule {
    /// Reads a schedule; `zone` is the time zone, empty for UTC. A schedule may name its own: `TZ=Asia/Tokyo 0 4 * * *`.
    pub fn parse(text: &str, zone: &str) -> Result<Schedule, String> {
        if text.is_empty() {
            return Err("empty spec string".to_string());
        }
        let (mut text, mut zone) = (text, zone.to_string());
        if let Some(rest) = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) {
            let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            if time_zone::offset(name, Timestamp { seconds: 0, nanos: 0 }).is_none() {
                return Err(format!("provided bad location {name}: unknown time zone {name}"));
            }
            zone = name.to_string();
            text = rest.trim();
        }
        if text.starts_with('@') {
            return descriptor(text, zone);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != 5 {
            let found = fields.len();
            return Err(format!("expected exactly 5 fields, found {found}: [{}]", fields.join(" ")));
        }
        let mut bits = [0; 5];
        for ((bits, field), bounds) in bits.iter_mut().zip(fields).zip(&BOUNDS) {
            *bits = parse_field(field, bounds)?;
        }
        Ok(Schedule::Fields { bits, zone })
    }

    /// The first time after `after`; nothing when there is none within five years.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let (bits, zone) = match self {
            Schedule::Every(seconds) => {
                return Some(Timestamp { seconds: after.seconds + seconds, nanos: 0 });
            }
            Schedule::Fields { bits, zone } => (bits, zone),
        };
        let mut time = i64::try_from(after.seconds).ok()? / 60 * 60 + 60;
        let limit = time + 5 * 366 * DAY;
        while time < limit {
            let utc = Timestamp { seconds: u64::try_from(time).ok()?, nanos: 0 };
            let zone = if zone.is_empty() { "UTC" } else { zone };
            let local = time + time_zone::offset(zone, utc).unwrap_or(0);
            let civil = Timestamp { seconds: u64::try_from(local).ok()?, nanos: 0 }.civil();
            let has = |field: usize, value: u8| bits[field] & (1 << value) != 0;
            let (by_month, by_week) = (has(2, civil.day), has(4, civil.weekday));
            let any_day =
                if (bits[2] | bits[4]) & STAR != 0 { by_month && by_week } else { by_month || by_week };
            if !has(3, civil.month) || !any_day {
                time += DAY - local.rem_euclid(DAY);
            } else if !has(1, civil.hour) {
                time += 3_600 - local.rem_euclid(3_600);
            } else if !has(0, civil.minute) {
                time += 60;
            } else {
                return Some(utc);
            }
        }
        None
    }
}

fn descriptor(text: &str, zone: String) -> Result<Schedule, String> {
    let spelled = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => {
            let Some(every) = text.strip_prefix("@every ") else {
                return Err(format!("unrecognized descriptor: {text}"));
            };
            let seconds = go_duration(every).ok_or_else(|| {
                format!("failed to parse duration {text}: time: invalid duration {every:?}")
            })?;
            return Ok(Schedule::Every(seconds.max(1)));
        }
    };
    Schedule::parse(spelled, &zone)
}

/// `1h30m`, in whole seconds.
fn go_duration(text: &str) -> Option<u64> {
    let (mut rest, mut total) = (text, 0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let (unit, after) = [("ms", 0), ("h", 3_600), ("m", 60), ("s", 1)]
            .iter()
            .find_map(|(unit, seconds)| Some((seconds, rest[digits..].strip_prefix(unit)?)))?;
        total += number * unit;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

fn parse_field(field: &str, bounds: &Bounds) -> Result<u64, String> {
    let mut bits = 0;
    for expression in field.split(',').filter(|part| !part.is_empty()) {
        bits |= parse_range(expression, bounds)?;
    }
    Ok(bits)
}

fn parse_range(expression: &str, bounds: &Bounds) -> Result<u64, String> {
    let parts: Vec<&str> = expression.split('/').collect();
    let ends: Vec<&str> = parts[0].split('-').collect();
    let is_star = matches!(ends[0], "*" | "?");
    let (start, mut end, mut extra) = if is_star {
        (bounds.min, bounds.max, STAR)
    } else {
        let start = number_or_name(ends[0], bounds.names)?;
        let end = match ends.len() {
            1 => start,
            2 => number_or_name(ends[1], bounds.names)?,
            _ => return Err(format!("too many hyphens: {expression}")),
        };
        (start, end, 0)
    };
    let step = match parts.len() {
        1 => 1,
        2 => {
            let step = whole_number(parts[1])?;
            if ends.len() == 1 {
                end = bounds.max;
            }
            if step > 1 {
                extra = 0;
            }
            step
        }
        _ => return Err(format!("too many slashes: {expression}")),
    };
    let (min, max) = (bounds.min, bounds.max);
    if start < min {
        return Err(format!("beginning of range ({start}) below minimum ({min}): {expression}"));
    }
    if end > max {
        return Err(format!("end of range ({end}) above maximum ({max}): {expression}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {expression}"));
    }
    let Ok(stride) = usize::try_from(step) else { return Ok(1 << start | extra) };
    if stride == 0 {
        return Err(format!("step of range should be a positive number: {expression}"));
    }
    Ok((start..=end).step_by(stride).fold(extra, |bits, value| bits | 1 << value))
}

fn number_or_name(text: &str, names: &[&str]) -> Result<u64, String> {
    let lower = text.to_lowercase();
    match names.iter().position(|name| *name == lower) {
        // Months are counted from one.
        Some(place) => Ok(place as u64 + u64::from(names.len() == 12)),
        None => whole_number(text),
    }
}

fn whole_number(text: &str) -> Result<u64, String> {
    match text.parse::<i64>() {
        Ok(number) => {
            u64::try_from(number).map_err(|_| format!("negative number ({number}) not allowed: {text}"))
        }
        Err(_) => {
            Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_say_when_they_are_due() {
        let next = |schedule: &str, zone: &str, after: &str| {
            let after = Timestamp::parse_rfc3339(after).expect("a time");
            Schedule::parse(schedule, zone).expect("a schedule").next(after).map(Timestamp::rfc3339)
        };
        // 2026-01-05 is a Monday.
        let cases = [
            ("*/5 * * * *", "", "2026-01-05T08:00:00Z", "2026-01-05T08:05:00Z"),
            ("@hourly", "", "2026-01-05T08:00:01Z", "2026-01-05T09:00:00Z"),
            ("0 0 * * sun", "", "2026-01-05T08:00:00Z", "2026-01-11T00:00:00Z"),
            ("0 0 13 * fri", "", "2026-01-05T08:00:00Z", "2026-01-09T00:00:00Z"),
            ("30 4 1 jan-mar *", "", "2026-03-02T00:00:00Z", "2027-01-01T04:30:00Z"),
            ("@every 1m30s", "", "2026-01-05T08:00:00Z", "2026-01-05T08:01:30Z"),
            ("0 9 * * 1-5", "America/New_York", "2026-01-05T08:00:00Z", "2026-01-05T14:00:00Z"),
            ("TZ=Asia/Tokyo 0 4 * * *", "", "2026-01-05T08:00:00Z", "2026-01-05T19:00:00Z"),
        ];
        for (schedule, zone, after, expected) in cases {
            assert_eq!(next(schedule, zone, after).as_deref(), Some(expected), "{schedule}");
        }
        assert_eq!(next("59 23 31 2 *", "", "2026-01-05T08:00:00Z"), None);
    }

    #[test]
    fn mistakes_are_told_as_the_library_tells_them() {
        let cases = [
            ("", "empty spec string"),
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("a * * * *", "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
            ("@often", "unrecognized descriptor: @often"),
        ];
        for (schedule, expected) in cases {
            assert_eq!(Schedule::parse(schedule, "").unwrap_err(), expected);
        }
    }
}
