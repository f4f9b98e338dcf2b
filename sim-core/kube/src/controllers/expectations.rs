//! What a controller has asked for and not yet seen in its cache. Models ControllerExpectations in
//! pkg/controller/controller_utils.go: without them a replica set would create its pods twice.

use crate::api::Key;
use sim::{Instant, SortedMap, SortedSet};
use std::time::Duration;

/// After this long a lost event is given up on.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

#[derive(Default)]
pub(super) struct Expectations {
    pending: SortedMap<Key, Pending>,
}

struct Pending {
    creations: usize,
    deletions: SortedSet<Key>,
    since: Instant,
}

impl Expectations {
    /// Whether all that was asked for by the controller of `key` has been seen (or given up).
    pub(super) fn satisfied(&self, key: &Key, now: Instant) -> bool {
        self.pending.get(key).is_none_or(|pending| {
            (pending.creations == 0 && pending.deletions.is_empty())
                || now.duration_since(pending.since) > TIMEOUT
        })
    }

    /// `count` creations have been asked for.
    pub(super) fn expect_creations(&mut self, key: &Key, count: usize, now: Instant) {
        self.expect(key, count, [], now);
    }

    /// Deletions of these have been asked for.
    pub(super) fn expect_deletions(
        &mut self,
        key: &Key,
        deletions: impl IntoIterator<Item = Key>,
        now: Instant,
    ) {
        self.expect(key, 0, deletions, now);
    }

    /// Creations and deletions have been asked for.
    pub(super) fn expect(
        &mut self,
        key: &Key,
        creations: usize,
        deletions: impl IntoIterator<Item = Key>,
        now: Instant,
    ) {
        let deletions = deletions.into_iter().collect();
        self.pending.insert(key.clone(), Pending { creations, deletions, since: now });
    }

    /// One creation was seen, or failed.
    pub(super) fn creation_observed(&mut self, key: &Key) {
        if let Some(pending) = self.pending.get_mut(key) {
            pending.creations = pending.creations.saturating_sub(1);
        }
    }

    /// The deletion of `deleted` was seen, or failed.
    pub(super) fn deletion_observed(&mut self, key: &Key, deleted: &Key) {
        if let Some(pending) = self.pending.get_mut(key) {
            pending.deletions.remove(deleted);
        }
    }

    /// The object itself is gone.
    pub(super) fn forget(&mut self, key: &Key) {
        self.pending.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn satisfied_when_everything_was_seen_or_time_is_up() {
        let (set, pod) = (Key::new("default", "blue"), Key::new("default", "blue-x"));
        let mut expectations = Expectations::default();
        let start = Instant::ZERO;
        assert!(expectations.satisfied(&set, start));
        expectations.expect_creations(&set, 1, start);
        assert!(!expectations.satisfied(&set, start));
        assert!(expectations.satisfied(&set, start + TIMEOUT + Duration::from_secs(1)));
        expectations.creation_observed(&set);
        assert!(expectations.satisfied(&set, start));
        expectations.expect_deletions(&set, [pod.clone()], start);
        assert!(!expectations.satisfied(&set, start));
        expectations.deletion_observed(&set, &pod);
        assert!(expectations.satisfied(&set, start));
    }
}
