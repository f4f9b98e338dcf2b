//! Instants of virtual time, and what a calendar in the simulated world shows for them.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A moment of virtual time: nanoseconds since the world began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The first moment of every world.
    pub const ZERO: Instant = Instant(0);
    /// Later than anything that will happen.
    pub const FAR_FUTURE: Instant = Instant(u64::MAX);

    /// The moment `nanos` nanoseconds after the beginning.
    pub const fn from_nanos(nanos: u64) -> Self {
        Instant(nanos)
    }

    /// Nanoseconds since the beginning.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero when it is not earlier.
    pub const fn duration_since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The wall-clock time that programs in the world read at this moment.
    pub const fn timestamp(self) -> Timestamp {
        Timestamp { seconds: EPOCH_SECONDS + self.0 / 1_000_000_000, nanos: (self.0 % 1_000_000_000) as u32 }
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, rhs: Duration) -> Instant {
        Instant(self.0.saturating_add(u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;
    fn sub(self, rhs: Instant) -> Duration {
        self.duration_since(rhs)
    }
}

/// Every world begins on Monday, 5 January 2026, 08:00:00 UTC.
const EPOCH_SECONDS: u64 = 1_767_600_000;

/// Wall-clock time in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    pub seconds: u64,
    /// Nanoseconds within the second.
    pub nanos: u32,
}

/// A date and a time of day, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year, for example 2026.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
    /// Day of the week, 0 is Sunday.
    pub weekday: u8,
    /// Day of the year, 1 to 366.
    pub year_day: u16,
}

impl Timestamp {
    /// Year, month, day and time of day.
    pub fn civil(self) -> Civil {
        let days = (self.seconds / 86_400) as i64;
        let rest = self.seconds % 86_400;
        // Days since 0000-03-01, in eras of 400 years (Howard Hinnant's civil_from_days).
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u8;
        let month = if mp < 10 { mp + 3 } else { mp - 9 } as u8;
        let year = yoe + era * 400 + i64::from(month <= 2);
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        const BEFORE: [u16; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let year_day = BEFORE[usize::from(month) - 1] + u16::from(day) + u16::from(leap && month > 2);
        Civil {
            year,
            month,
            day,
            hour: (rest / 3_600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
            weekday: ((days + 4) % 7) as u8,
            year_day,
        }
    }

    /// `2026-01-05T08:00:00Z`, as Kubernetes writes `metav1.Time`.
    pub fn rfc3339(self) -> String {
        let c = self.civil();
        format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second)
    }

    /// `Mon, 05 Jan 2026 08:00:00 GMT`, as HTTP has it.
    pub fn http_date(self) -> String {
        const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let c = self.civil();
        let (day, month) = (DAYS[usize::from(c.weekday)], MONTHS[usize::from(c.month) - 1]);
        format!("{day}, {:02} {month} {} {:02}:{:02}:{:02} GMT", c.day, c.year, c.hour, c.minute, c.second)
    }

    /// `2026-01-05T08:00:00.000000Z`, as Kubernetes writes `metav1.MicroTime`.
    pub fn rfc3339_micro(self) -> String {
        let c = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            self.nanos / 1_000
        )
    }

    /// Reads `2026-01-05T08:00:00Z`, with or without a fraction of a second.
    pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
        let bytes = text.as_bytes();
        if bytes.len() < 20
            || bytes[4] != b'-'
            || bytes[7] != b'-'
            || bytes[10] != b'T'
            || !text.ends_with('Z')
        {
            return None;
        }
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        let days = era * 146_097 + doe - 719_468;
        let seconds = u64::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second).ok()?;
        let fraction = text[19..text.len() - 1].strip_prefix('.').unwrap_or("");
        let nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        Some(Timestamp { seconds, nanos })
    }

    /// How long ago `earlier` was; zero when it is not earlier.
    pub fn duration_since(self, earlier: Timestamp) -> Duration {
        let nanos = |t: Timestamp| u128::from(t.seconds) * 1_000_000_000 + u128::from(t.nanos);
        Duration::from_nanos(u64::try_from(nanos(self).saturating_sub(nanos(earlier))).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_begins_on_a_monday() {
        let begin = Instant::ZERO.timestamp();
        assert_eq!(begin.rfc3339(), "2026-01-05T08:00:00Z");
        assert_eq!(begin.civil().weekday, 1);
        assert_eq!(begin.civil().year_day, 5);
    }

    #[test]
    fn timestamps_read_back_what_they_write() {
        for nanos in [0, 1, 86_400_000_000_000, 5_097_600_000_000_000, 98_765_432_100_000_000] {
            let t = Instant::from_nanos(nanos).timestamp();
            let whole = Timestamp { nanos: 0, ..t };
            assert_eq!(Timestamp::parse_rfc3339(&t.rfc3339()), Some(whole));
        }
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
    }
}
