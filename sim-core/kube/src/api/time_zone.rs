//! Time zones by their IANA names, for schedules: the offsets and daylight rules of today. Zones that are not in the
//! table are unknown here, as they would be on a machine with an older table.

use sim::Timestamp;

/// When clocks are set forward.
#[derive(Clone, Copy)]
enum Daylight {
    Never,
    /// From the last Sunday of March to the last of October, at 01:00 UTC.
    Europe,
    /// From the second Sunday of March to the first of November, at 02:00.
    America,
    /// From the first Sunday of October to the first of April, at 02:00 standard time.
    Australia,
    /// From the last Sunday of September to the first of April, at 02:00 standard time.
    NewZealand,
}

use Daylight::{America, Australia, Europe, Never, NewZealand};

/// Names, minutes east of Greenwich in winter, and the rule.
const ZONES: &[(&str, i64, Daylight)] = &[
    ("Africa/Cairo", 120, Never),
    ("Africa/Johannesburg", 120, Never),
    ("Africa/Lagos", 60, Never),
    ("Africa/Nairobi", 180, Never),
    ("America/Anchorage", -540, America),
    ("America/Argentina/Buenos_Aires", -180, Never),
    ("America/Bogota", -300, Never),
    ("America/Chicago", -360, America),
    ("America/Denver", -420, America),
    ("America/Halifax", -240, America),
    ("America/Lima", -300, Never),
    ("America/Los_Angeles", -480, America),
    ("America/Mexico_City", -360, Never),
    ("America/New_York", -300, America),
    ("America/Phoenix", -420, Never),
    ("America/Sao_Paulo", -180, Never),
    ("America/Toronto", -300, America),
    ("America/Vancouver", -480, America),
    ("Asia/Bangkok", 420, Never),
    ("Asia/Calcutta", 330, Never),
    ("Asia/Dhaka", 360, Never),
    ("Asia/Dubai", 240, Never),
    ("Asia/Hong_Kong", 480, Never),
    ("Asia/Jakarta", 420, Never),
    ("Asia/Karachi", 300, Never),
    ("Asia/Kathmandu", 345, Never),
    ("Asia/Kolkata", 330, Never),
    ("Asia/Manila", 480, Never),
    ("Asia/Riyadh", 180, Never),
    ("Asia/Seoul", 540, Never),
    ("Asia/Shanghai", 480, Never),
    ("Asia/Singapore", 480, Never),
    ("Asia/Taipei", 480, Never),
    ("Asia/Tehran", 210, Never),
    ("Asia/Tokyo", 540, Never),
    ("Atlantic/Reykjavik", 0, Never),
    ("Australia/Brisbane", 600, Never),
    ("Australia/Melbourne", 600, Australia),
    ("Australia/Perth", 480, Never),
    ("Australia/Sydney", 600, Australia),
    ("CET", 60, Europe),
    ("EET", 120, Europe),
    ("EST", -300, Never),
    ("EST5EDT", -300, America),
    ("Etc/GMT", 0, Never),
    ("Etc/UTC", 0, Never),
    ("Europe/Amsterdam", 60, Europe),
    ("Europe/Athens", 120, Europe),
    ("Europe/Berlin", 60, Europe),
    ("Europe/Brussels", 60, Europe),
    ("Europe/Bucharest", 120, Europe),
    ("Europe/Budapest", 60, Europe),
    ("Europe/Copenhagen", 60, Europe),
    ("Europe/Dublin", 0, Europe),
    ("Europe/Helsinki", 120, Europe),
    ("Europe/Istanbul", 180, Never),
    ("Europe/Kiev", 120, Europe),
    ("Europe/Kyiv", 120, Europe),
    ("Europe/Lisbon", 0, Europe),
    ("Europe/London", 0, Europe),
    ("Europe/Madrid", 60, Europe),
    ("Europe/Moscow", 180, Never),
    ("Europe/Oslo", 60, Europe),
    ("Europe/Paris", 60, Europe),
    ("Europe/Prague", 60, Europe),
    ("Europe/Rome", 60, Europe),
    ("Europe/Sofia", 120, Europe),
    ("Europe/Stockholm", 60, Europe),
    ("Europe/Vienna", 60, Europe),
    ("Europe/Warsaw", 60, Europe),
    ("Europe/Zurich", 60, Europe),
    ("GMT", 0, Never),
    ("PST8PDT", -480, America),
    ("Pacific/Auckland", 720, NewZealand),
    ("Pacific/Honolulu", -600, Never),
    ("US/Central", -360, America),
    ("US/Eastern", -300, America),
    ("US/Pacific", -480, America),
    ("UTC", 0, Never),
];

/// Seconds east of Greenwich at a time; nothing for a zone that is not known.
pub fn offset(zone: &str, at: Timestamp) -> Option<i64> {
    let place = ZONES.binary_search_by(|(name, _, _)| (*name).cmp(zone)).ok()?;
    let (_, minutes, rule) = ZONES[place];
    let standard = minutes * 60;
    let (now, year) = (i64::try_from(at.seconds).unwrap_or(i64::MAX), at.civil().year);
    let summer = match rule {
        Never => false,
        Europe => (last_sunday(year, 3, 31) + 3_600..last_sunday(year, 10, 31) + 3_600).contains(&now),
        America => {
            let begin = sunday_from(year, 3, 8) + 7_200 - standard;
            (begin..sunday_from(year, 11, 1) + 3_600 - standard).contains(&now)
        }
        Australia => {
            let pause =
                sunday_from(year, 4, 1) + 7_200 - standard..sunday_from(year, 10, 1) + 7_200 - standard;
            !pause.contains(&now)
        }
        NewZealand => {
            let pause =
                sunday_from(year, 4, 1) + 7_200 - standard..last_sunday(year, 9, 30) + 7_200 - standard;
            !pause.contains(&now)
        }
    };
    Some(standard + if summer { 3_600 } else { 0 })
}

/// Midnight UTC of a day, in seconds since 1970.
fn midnight(year: i64, month: u8, day: u8) -> i64 {
    let text = format!("{year:04}-{month:02}-{day:02}T00:00:00Z");
    Timestamp::parse_rfc3339(&text).and_then(|time| i64::try_from(time.seconds).ok()).unwrap_or(0)
}

fn weekday(midnight: i64) -> i64 {
    (midnight / 86_400 + 4).rem_euclid(7)
}

/// Midnight of the first Sunday from a day on.
fn sunday_from(year: i64, month: u8, day: u8) -> i64 {
    let start = midnight(year, month, day);
    start + (7 - weekday(start)) % 7 * 86_400
}

/// Midnight of the last Sunday up to a day.
fn last_sunday(year: i64, month: u8, day: u8) -> i64 {
    let end = midnight(year, month, day);
    end - weekday(end) * 86_400
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_set_forward_and_back() {
        assert!(ZONES.is_sorted_by_key(|(name, _, _)| *name));
        let hours = |zone: &str, at: &str| {
            offset(zone, Timestamp::parse_rfc3339(at).expect("a time")).map(|seconds| seconds / 3_600)
        };
        assert_eq!(hours("Europe/Berlin", "2026-03-29T00:59:59Z"), Some(1));
        assert_eq!(hours("Europe/Berlin", "2026-03-29T01:00:00Z"), Some(2));
        assert_eq!(hours("America/New_York", "2026-11-01T05:59:59Z"), Some(-4));
        assert_eq!(hours("America/New_York", "2026-11-01T06:00:00Z"), Some(-5));
        assert_eq!(hours("Australia/Sydney", "2026-01-05T08:00:00Z"), Some(11));
        assert_eq!(hours("Australia/Sydney", "2026-07-05T08:00:00Z"), Some(10));
        assert_eq!(hours("Mars/Olympus", "2026-07-05T08:00:00Z"), None);
    }
}
