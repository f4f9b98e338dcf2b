//! Ages as people read them. Models `apimachinery/pkg/util/duration`.

use sim::{Duration, Timestamp};

/// `5s`, `2m5s`, `10m`, `3h5m`, `2d`, `3y12d`: at most two units, fewer as it grows.
pub fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    let two = |high: u64, high_unit: char, low: u64, low_unit: char| match low {
        0 => format!("{high}{high_unit}"),
        low => format!("{high}{high_unit}{low}{low_unit}"),
    };
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        two(minutes, 'm', seconds % 60, 's')
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        two(hours, 'h', minutes % 60, 'm')
    } else if hours < 48 {
        format!("{hours}h")
    } else if hours < 24 * 8 {
        two(hours / 24, 'd', hours % 24, 'h')
    } else if hours < 24 * 365 * 2 {
        format!("{}d", hours / 24)
    } else if hours < 24 * 365 * 8 {
        two(hours / 24 / 365, 'y', hours / 24 % 365, 'd')
    } else {
        format!("{}y", hours / 24 / 365)
    }
}

/// `1m0.5s`, as Go writes a duration.
pub fn go(duration: Duration) -> String {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    if seconds == 0 && nanos > 0 {
        let (unit, size) = match nanos {
            0..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            _ => ("ms", 1_000_000),
        };
        return format!("{}{unit}", f64::from(nanos) / f64::from(size));
    }
    let fraction = format!("{}.{nanos:09}", seconds % 60);
    let mut text = fraction.trim_end_matches('0').trim_end_matches('.').to_string() + "s";
    if seconds >= 60 {
        text = format!("{}m{text}", seconds / 60 % 60);
    }
    if seconds >= 3_600 {
        text = format!("{}h{text}", seconds / 3_600);
    }
    text
}

/// How long ago `timestamp` (RFC 3339) was; `<unknown>` when there is none.
pub fn since(timestamp: &str, now: Timestamp) -> String {
    match Timestamp::parse_rfc3339(timestamp) {
        Some(then) => human(now.duration_since(then)),
        None => "<unknown>".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_lose_units_as_they_grow() {
        let cases = [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (18_300, "5h5m"),
            (28_800, "8h"),
            (172_800, "2d"),
            (180_000, "2d2h"),
            (691_200, "8d"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(human(Duration::from_secs(seconds)), expected);
        }
    }
}
