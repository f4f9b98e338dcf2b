//! The world's calendar and ours.
//!
//! A world begins on a day of its own, and kubectl works out ages with the wall clock. So every time in an answer is moved by
//! the difference between the two, and every time in a request back.

/// How much later it is here than in the world, in nanoseconds; negative when it is earlier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// The difference.
    pub ahead: i128,
}

impl Calendar {
    /// The calendar of a world in which it is `world`, while here it is now. Whole seconds leave times as
    /// readable as they were; to the microsecond, which is as fine as times in objects are, ages are the same too.
    #[expect(clippy::disallowed_types, reason = "the wall clock, outside of the simulation")]
    pub fn now(world: sim_core::Instant, whole_seconds: bool) -> Calendar {
        let here = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let world = world.timestamp();
        let world = i128::from(world.seconds) * SECOND + i128::from(world.nanos);
        let ahead = i128::try_from(here.as_nanos()).unwrap_or(0) - world;
        let grain = if whole_seconds { SECOND } else { 1_000 };
        Calendar { ahead: ahead.div_euclid(grain) * grain }
    }

    /// Text of the world as it reads here.
    pub fn outward(self, text: &[u8]) -> Vec<u8> {
        shifted(text, self.ahead)
    }

    /// Text from here as it reads in the world.
    pub fn inward(self, text: &[u8]) -> Vec<u8> {
        shifted(text, -self.ahead)
    }
}

const SECOND: i128 = 1_000_000_000;

/// Moves every RFC 3339 time in UTC. One without a fraction is taken for one whose fraction was cut off.
pub fn shifted(text: &[u8], by: i128) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    let mut at = 0;
    while at < text.len() {
        if text[at].is_ascii_digit()
            && (at == 0 || !text[at - 1].is_ascii_alphanumeric())
            && let Some((length, nanos, digits)) = parse(&text[at..])
        {
            let moved = match digits {
                0 if by < 0 => nanos - (-by).div_euclid(SECOND) * SECOND,
                _ => nanos + by,
            };
            out.extend_from_slice(write(moved, digits).as_bytes());
            at += length;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// Length, instant and digits of the fraction of the time that the text begins with.
fn parse(text: &[u8]) -> Option<(usize, i128, usize)> {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let head = text.get(..SHAPE.len())?;
    let fits = head.iter().zip(SHAPE).all(|(byte, shape)| match shape {
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    });
    if !fits {
        return None;
    }
    let rest = &text[SHAPE.len()..];
    let digits = match rest.first()? {
        b'.' => rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let end = SHAPE.len() + if digits == 0 { 0 } else { digits + 1 };
    // What goes on behind it is the layout of a time, as Go writes it in its complaints.
    let goes_on = text.get(end + 1).is_some_and(u8::is_ascii_alphanumeric);
    if text.get(end) != Some(&b'Z') || digits > 9 || goes_on {
        return None;
    }
    let number = |from: usize, to: usize| {
        text[from..to].iter().fold(0_i64, |sum, byte| sum * 10 + i64::from(byte - b'0'))
    };
    let days = days_from_civil(number(0, 4), number(5, 7), number(8, 10));
    let seconds = days * 86_400 + number(11, 13) * 3_600 + number(14, 16) * 60 + number(17, 19);
    let fraction = if digits == 0 { 0 } else { number(SHAPE.len() + 1, end) };
    let scale = 10_i128.pow(9 - digits as u32);
    Some((end + 1, i128::from(seconds) * SECOND + i128::from(fraction) * scale, digits))
}

/// A time with as many digits of its fraction; with nine where it has a fraction that was cut off.
pub(super) fn write(nanos: i128, digits: usize) -> String {
    let (seconds, fraction) = (nanos.div_euclid(SECOND) as i64, nanos.rem_euclid(SECOND));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let head = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    // Times with microseconds have six digits always; others that have gained a fraction are told by their nine.
    if digits == 6 {
        format!("{head}.{:06}Z", fraction / 1_000)
    } else if fraction != 0 {
        format!("{head}.{fraction:09}Z")
    } else {
        format!("{head}Z")
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, by: i128) -> String {
        String::from_utf8(shifted(text.as_bytes(), by)).expect("times are ASCII")
    }

    #[test]
    fn times_are_moved_and_come_back() {
        let object = r#"{"creationTimestamp":"2026-01-05T08:00:03Z","name":"web-2026-01-05"}"#;
        let there = check(object, 86_400 * SECOND);
        assert_eq!(there, r#"{"creationTimestamp":"2026-01-06T08:00:03Z","name":"web-2026-01-05"}"#);
        assert_eq!(check(&there, -86_400 * SECOND), object);
        let leap = check("2024-02-28T23:59:59Z", SECOND);
        assert_eq!(leap, "2024-02-29T00:00:00Z");
        assert_eq!(check("2006-01-02T15:04:05Z07:00", SECOND), "2006-01-02T15:04:05Z07:00");
    }

    #[test]
    fn a_fraction_that_was_cut_off_does_no_harm() {
        let by = 3_600 * SECOND + 250_000_000;
        let there = check("2026-01-05T08:00:03Z", by);
        assert_eq!(there, "2026-01-05T09:00:03.250000000Z");
        assert_eq!(check(&there, -by), "2026-01-05T08:00:03Z");
        assert_eq!(check("2026-01-05T09:00:03Z", -by), "2026-01-05T08:00:03Z");
    }

    #[test]
    fn micro_times_keep_their_digits() {
        assert_eq!(check("2026-01-05T08:00:03.000000Z", SECOND), "2026-01-05T08:00:04.000000Z");
        assert_eq!(check("2026-01-05T08:00:03.123456Z", SECOND), "2026-01-05T08:00:04.123456Z");
    }
}
