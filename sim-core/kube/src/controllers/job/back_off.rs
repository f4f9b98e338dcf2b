//! How long a job waits before it makes another pod after failures. Models pkg/controller/job/backoff_utils.go.

use crate::api::{Object, ObjectExt, condition};
use serde_json::Value;
use sim::Ordered;
use sim::Timestamp;
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(600);

/// Failures in a row, and when the last of them was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BackOff {
    failures: u32,
    last: Option<Timestamp>,
}

impl BackOff {
    /// With pods that have ended since.
    pub(super) fn and(self, succeeded: &[Object], failed: &[Object]) -> BackOff {
        let times = |pods: &[Object]| {
            let mut times: Vec<Timestamp> = pods.iter().map(|pod| finished_at(pod)).collect();
            times.order_by_key(|time| (time.seconds, time.nanos));
            times
        };
        let (succeeded, failed) = (times(succeeded), times(failed));
        let Some(success) = succeeded.last() else {
            let count = u32::try_from(failed.len()).unwrap_or(u32::MAX);
            return BackOff {
                failures: self.failures.saturating_add(count),
                last: failed.last().copied().or(self.last),
            };
        };
        let after = |time: &&Timestamp| (time.seconds, time.nanos) > (success.seconds, success.nanos);
        let since: Vec<&Timestamp> = failed.iter().filter(after).collect();
        BackOff {
            failures: u32::try_from(since.len()).unwrap_or(u32::MAX),
            last: since.last().map(|time| **time),
        }
    }

    /// How long to wait from now on.
    pub(super) fn remaining(self, now: Timestamp) -> Duration {
        self.last.map_or(Duration::ZERO, |last| remaining(self.failures, last, now))
    }
}

/// How long to wait after so many failures: ten seconds, then twice as long each time, up to ten minutes.
pub(super) fn remaining(failures: u32, last: Timestamp, now: Timestamp) -> Duration {
    if failures == 0 {
        return Duration::ZERO;
    }
    let factor = 2_u32.saturating_pow((failures - 1).min(10));
    (FIRST * factor).min(LONGEST).saturating_sub(now.duration_since(last))
}

/// When a pod ended: with its last container, or when it was no longer ready, or when it was deleted.
pub(super) fn finished_at(pod: &Value) -> Timestamp {
    let time = |text: &str| Timestamp::parse_rfc3339(text);
    let sidecars: Vec<&str> = pod
        .list_at("/spec/initContainers")
        .iter()
        .filter(|container| container.str_at("/restartPolicy") == "Always")
        .map(|container| container.str_at("/name"))
        .collect();
    let own = pod.list_at("/status/containerStatuses").iter();
    let init = pod.list_at("/status/initContainerStatuses").iter();
    let ends: Option<Vec<Timestamp>> = own
        .chain(init.filter(|status| sidecars.contains(&status.str_at("/name"))))
        .map(|status| time(status.str_at("/state/terminated/finishedAt")))
        .collect();
    let last = ends.and_then(|ends| ends.into_iter().max_by_key(|time| (time.seconds, time.nanos)));
    let unready = || {
        let ready = condition(pod, "Ready").filter(|ready| ready.str_at("/status") == "False")?;
        time(ready.str_at("/lastTransitionTime"))
    };
    let deleted = || {
        let due = time(pod.deletion_timestamp()?)?;
        let grace = pod.int_at("/metadata/deletionGracePeriodSeconds").unwrap_or(0).unsigned_abs();
        Some(Timestamp { seconds: due.seconds.saturating_sub(grace), ..due })
    };
    let made = || time(pod.creation_timestamp());
    last.or_else(unready).or_else(deleted).or_else(made).unwrap_or(Timestamp { seconds: 0, nanos: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use std::rc::Rc;

    #[test]
    fn each_failure_doubles_the_wait_and_a_success_ends_it() {
        let at = |seconds| Timestamp { seconds, nanos: 0 };
        let pod = |text: &str| {
            Rc::new(
                json!({"status": {"containerStatuses": [{"state": {"terminated": {"finishedAt": text}}}]}}),
            )
        };
        let one = BackOff::default().and(&[], &[pod("1970-01-01T00:01:40Z")]);
        assert_eq!(one.remaining(at(100)), Duration::from_secs(10));
        assert_eq!(one.remaining(at(107)), Duration::from_secs(3));
        let two = one.and(&[], &[pod("1970-01-01T00:02:00Z")]);
        assert_eq!(two.remaining(at(120)), Duration::from_secs(20));
        let many = (0..9).fold(two, |record, _| record.and(&[], &[pod("1970-01-01T00:02:00Z")]));
        assert_eq!(many.remaining(at(120)), LONGEST);
        let after = two.and(&[pod("1970-01-01T00:03:00Z")], &[pod("1970-01-01T00:03:20Z")]);
        assert_eq!(after.remaining(at(200)), Duration::from_secs(10));
        assert_eq!(two.and(&[pod("1970-01-01T00:03:00Z")], &[]).remaining(at(181)), Duration::ZERO);
    }
}
