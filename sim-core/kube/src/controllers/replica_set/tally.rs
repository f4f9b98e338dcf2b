//! What the pods of a set add up to. Kept up to date with each pod that changes, so that the status of a set of a
//! thousand is not counted anew a thousand times.

use crate::api::{self, LabelSelector, Object, ObjectExt, pod};
use crate::controllers::pod_control::selector;
use serde_json::{Map, Value};
use sim::Timestamp;
use std::time::Duration;

/// Numbers of pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) active: i64,
    pub(super) labelled: i64,
    pub(super) ready: i64,
    pub(super) available: i64,
    pub(super) terminating: i64,
    /// Controlled by the set, and not selected by it.
    pub(super) strays: i64,
}

impl Tally {
    fn add(&mut self, other: Tally, sign: i64) {
        self.active += sign * other.active;
        self.labelled += sign * other.labelled;
        self.ready += sign * other.ready;
        self.available += sign * other.available;
        self.terminating += sign * other.terminating;
        self.strays += sign * other.strays;
    }
}

/// What one pod counts for in a set.
struct Measure {
    selector: LabelSelector,
    template_labels: Map<String, Value>,
}

impl Measure {
    fn of(set: &Object) -> Measure {
        Measure {
            selector: selector(set),
            template_labels: set.map_at("/spec/template/metadata/labels").clone(),
        }
    }

    /// A pod that is ready counts as available.
    fn weigh(&self, pod: &Object) -> Tally {
        let mut tally = Tally::default();
        let labels = pod.labels();
        if !self.selector.matches(labels) {
            tally.strays = 1;
            return tally;
        }
        tally.terminating = i64::from(pod.is_terminating());
        if pod::is_active(pod) {
            tally.active = 1;
            let labelled = self.template_labels.iter().all(|(key, value)| labels.get(key) == Some(value));
            tally.labelled = i64::from(labelled);
            tally.ready = i64::from(pod::is_ready(pod));
            tally.available = tally.ready;
        }
        tally
    }
}

/// Counts the pods of a set; says when to look again for those that become available by waiting.
pub(super) fn count(set: &Object, pods: &[Object], now: Timestamp) -> (Tally, Option<Duration>) {
    let measure = Measure::of(set);
    let min_ready = Duration::from_secs(set.int_at("/spec/minReadySeconds").unwrap_or(0).unsigned_abs());
    let mut sum = Tally::default();
    let mut recheck: Option<Duration> = None;
    for pod in pods {
        let mut one = measure.weigh(pod);
        if one.ready > 0 {
            let since = api::condition(pod, "Ready")
                .and_then(|c| Timestamp::parse_rfc3339(c.str_at("/lastTransitionTime")));
            let passed = since.map_or(Duration::ZERO, |since| now.duration_since(since));
            let left = min_ready.saturating_sub(passed);
            if !left.is_zero() {
                one.available = 0;
                recheck = Some(recheck.map_or(left, |sooner| sooner.min(left)));
            }
        }
        sum.add(one, 1);
    }
    (sum, recheck)
}

/// The tally of each set, by its uid.
#[derive(Default)]
pub(super) struct Tallies(Vec<(String, Measure, Tally)>);

impl Tallies {
    fn place(&self, uid: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _, _)| other.as_str().cmp(uid))
    }

    /// What the pods of a set add up to; those that are ready count as available.
    pub(super) fn get(&self, set: &Object) -> Option<Tally> {
        self.place(set.uid()).ok().map(|place| self.0[place].2)
    }

    /// A set is new, or another one than before: its pods are counted once.
    pub(super) fn set_changed(
        &mut self,
        old: Option<&Object>,
        set: &Object,
        pods: impl FnOnce() -> Vec<Object>,
    ) {
        let same = |path: &str| old.is_some_and(|old| old.at(path) == set.at(path));
        let place = self.place(set.uid());
        if place.is_ok() && same("/spec/selector") && same("/spec/template/metadata/labels") {
            return;
        }
        let measure = Measure::of(set);
        let mut tally = Tally::default();
        for pod in pods() {
            tally.add(measure.weigh(&pod), 1);
        }
        let entry = (set.uid().to_string(), measure, tally);
        match place {
            Ok(place) => self.0[place] = entry,
            Err(place) => self.0.insert(place, entry),
        }
    }

    /// A set is gone.
    pub(super) fn forget(&mut self, set: &Object) {
        if let Ok(place) = self.place(set.uid()) {
            self.0.remove(place);
        }
    }

    /// A pod has changed: it no longer counts for what it was, but for what it is.
    pub(super) fn pod_changed(&mut self, old: Option<&Object>, new: Option<&Object>) {
        for (pod, sign) in [(old, -1), (new, 1)] {
            let Some(pod) = pod else { continue };
            let Some(uid) = pod.controller_uid() else { continue };
            if let Ok(place) = self.place(uid) {
                let (_, measure, tally) = &mut self.0[place];
                tally.add(measure.weigh(pod), sign);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use std::rc::Rc;

    fn set(labels: &Value) -> Object {
        Rc::new(json!({"metadata": {"uid": "1"}, "spec": {"selector": {"matchLabels": {"app": "blue"}},
            "template": {"metadata": {"labels": labels}}}}))
    }

    fn pod(color: &str, ready: &str) -> Object {
        Rc::new(json!({"metadata": {"labels": {"app": color},
                "ownerReferences": [{"controller": true, "uid": "1"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready,
                "lastTransitionTime": "2026-01-05T08:00:00Z"}]}}))
    }

    #[test]
    fn what_is_kept_is_what_counting_gives() {
        let (plain, rich) = (set(&json!({"app": "blue"})), set(&json!({"app": "blue", "tier": "web"})));
        let (ready, unready, stray) = (pod("blue", "True"), pod("blue", "False"), pod("red", "True"));
        let now = Timestamp::parse_rfc3339("2026-01-05T08:00:05Z").unwrap();
        let mut tallies = Tallies::default();
        let mut pods = vec![unready.clone()];
        tallies.set_changed(None, &plain, || pods.clone());
        let check = |tallies: &Tallies, set: &Object, pods: &[Object]| {
            assert_eq!(tallies.get(set), Some(count(set, pods, now).0));
        };
        check(&tallies, &plain, &pods);
        tallies.pod_changed(Some(&unready), Some(&ready));
        tallies.pod_changed(None, Some(&stray));
        pods = vec![ready.clone(), stray];
        check(&tallies, &plain, &pods);
        assert_eq!(
            tallies.get(&plain).map(|t| (t.active, t.labelled, t.available, t.strays)),
            Some((1, 1, 1, 1))
        );
        tallies.set_changed(Some(&plain), &rich, || pods.clone());
        check(&tallies, &rich, &pods);
        tallies.pod_changed(Some(&ready), None);
        check(&tallies, &rich, &pods[1..]);
        tallies.set_changed(Some(&rich), &rich, || panic!("nothing has changed"));
        tallies.forget(&rich);
        assert_eq!(tallies.get(&rich), None);
    }

    #[test]
    fn pods_become_available_by_waiting() {
        let mut patient = (*set(&json!({}))).clone();
        patient["spec"]["minReadySeconds"] = json!(30);
        let now = Timestamp::parse_rfc3339("2026-01-05T08:00:05Z").unwrap();
        let (tally, recheck) = count(&Rc::new(patient), &[pod("blue", "True")], now);
        assert_eq!((tally.ready, tally.available, recheck), (1, 0, Some(Duration::from_secs(25))));
    }
}
