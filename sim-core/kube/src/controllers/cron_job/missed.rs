//! Which times of a schedule have passed. Models mostRecentScheduleTime.

use crate::api::ObjectExt;
use crate::api::batch_v1::schedule::Schedule;
use serde_json::Value;
use sim::Timestamp;

/// How many times have passed without a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    None,
    Few,
    Many,
}

/// The time from which on schedules count, the last time that has come since, and how many have.
pub(super) fn most_recent(
    cron_job: &Value,
    now: Timestamp,
    schedule: &Schedule,
    with_deadline: bool,
) -> (Timestamp, Option<Timestamp>, Missed) {
    let last = match cron_job.str_at("/status/lastScheduleTime") {
        "" => cron_job.creation_timestamp(),
        time => time,
    };
    let mut earliest = Timestamp::parse_rfc3339(last).unwrap_or(now);
    if let Some(deadline) = cron_job.int_at("/spec/startingDeadlineSeconds").filter(|_| with_deadline) {
        let seconds = now.seconds.saturating_sub(deadline.unsigned_abs());
        earliest = earliest.max(Timestamp { seconds, ..now });
    }
    let Some(first) = schedule.next(earliest) else { return (earliest, None, Missed::None) };
    if now < first {
        return (earliest, None, Missed::None);
    }
    let second = schedule.next(first).filter(|second| *second <= now);
    let Some(second) = second else { return (earliest, Some(first), Missed::None) };
    // Upstream guesses the number from the distance of the first two, and looks for the last one near its guess.
    let between = second.seconds.saturating_sub(first.seconds).max(1);
    let count = (now.seconds - first.seconds) / between + 1;
    let near = first.seconds + count.saturating_sub(2) * between;
    let mut recent = None;
    let mut next = schedule.next(Timestamp { seconds: near, nanos: 0 });
    while let Some(time) = next.filter(|time| *time <= now) {
        recent = Some(time);
        next = schedule.next(time);
    }
    (earliest, recent, if count > 100 { Missed::Many } else { Missed::Few })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn the_last_of_many_missed_times_counts() {
        let schedule = Schedule::parse("*/1 * * * *", "").expect("a schedule");
        let now = |text| Timestamp::parse_rfc3339(text).expect("a time");
        let mut cron_job = json!({"metadata": {"creationTimestamp": "2026-01-05T08:00:10Z"}});
        let recent = |cron_job: &Value, at| {
            let (_, recent, missed) = most_recent(cron_job, now(at), &schedule, true);
            (recent.map(Timestamp::rfc3339), missed)
        };
        let at = |text: &str| Some(text.to_string());
        assert_eq!(recent(&cron_job, "2026-01-05T08:00:59Z"), (None, Missed::None));
        assert_eq!(recent(&cron_job, "2026-01-05T08:01:00Z"), (at("2026-01-05T08:01:00Z"), Missed::None));
        assert_eq!(recent(&cron_job, "2026-01-05T08:05:30Z"), (at("2026-01-05T08:05:00Z"), Missed::Few));
        assert_eq!(recent(&cron_job, "2026-01-05T10:00:00Z"), (at("2026-01-05T10:00:00Z"), Missed::Many));
        cron_job["spec"] = json!({"startingDeadlineSeconds": 90});
        assert_eq!(recent(&cron_job, "2026-01-05T10:00:00Z"), (at("2026-01-05T10:00:00Z"), Missed::Few));
    }
}
