//! The last two points of every node and container, and what lies between them. Models pkg/storage.

use crate::api::{Key, duration, metrics_v1beta1};
use serde_json::Value;
use sim::{Duration, SortedMap};

/// A younger container has used nothing that could be told.
const FRESH: Duration = Duration::from_secs(10);

/// What was used up to a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    /// When it began, since 1970.
    pub start: Duration,
    /// When it was measured, since 1970.
    pub time: Duration,
    /// Processor time since the start.
    pub cpu: Duration,
    /// Bytes.
    pub memory: u64,
}

/// What was used in a while.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    /// When it was measured, since 1970.
    pub time: Duration,
    /// `15.02s`
    pub window: String,
    /// `{"cpu": "1250u", "memory": "12Mi"}`
    pub usage: Value,
}

/// Points of one thing that is measured by its name: a node, or a pod's containers.
type Points = SortedMap<String, Point>;

/// What one round has found.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    pub nodes: Points,
    pub pods: SortedMap<Key, Points>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Storage {
    last: Batch,
    before: Batch,
}

impl Storage {
    /// Takes a round's points.
    pub fn store(&mut self, new: Batch, resolution: Duration) {
        let mut before = Batch::default();
        for (name, point) in new.nodes.iter() {
            if let Some(old) = previous(point, self.last.nodes.get(name), self.before.nodes.get(name)) {
                before.nodes.insert(name.clone(), old);
            }
        }
        for (key, containers) in new.pods.iter() {
            let mut points = Points::new();
            for (name, point) in containers.iter() {
                let age = point.time.saturating_sub(point.start);
                let of = |batch: &Batch| batch.pods.get(key).and_then(|points| points.get(name)).copied();
                let old = if (FRESH..resolution).contains(&age) {
                    Some(Point { time: point.start, cpu: Duration::ZERO, ..*point })
                } else {
                    let last = of(&self.last).filter(|last| point.start < last.time);
                    last.and_then(|last| previous(point, Some(&last), of(&self.before).as_ref()))
                };
                if let Some(old) = old {
                    points.insert(name.clone(), old);
                }
            }
            if !points.is_empty() {
                before.pods.insert(key.clone(), points);
            }
        }
        self.last = new;
        self.before = before;
    }

    /// Two rounds are over.
    pub fn is_ready(&self) -> bool {
        !self.before.nodes.is_empty()
    }

    /// What a node has used.
    pub fn node(&self, name: &str) -> Option<Measured> {
        between(self.last.nodes.get(name)?, self.before.nodes.get(name)?)
    }

    /// What each container of a pod has used, if that is known of all of them.
    pub fn pod(&self, key: &Key) -> Option<Vec<(String, Measured)>> {
        let (last, before) = (self.last.pods.get(key)?, self.before.pods.get(key)?);
        last.iter().map(|(name, point)| Some((name.clone(), between(point, before.get(name)?)?))).collect()
    }
}

/// The point before a new one.
fn previous(new: &Point, last: Option<&Point>, before: Option<&Point>) -> Option<Point> {
    let last = *last?;
    if new.time > last.time { Some(last) } else { before.copied().filter(|before| before.time < new.time) }
}

/// Models `resourceUsage`.
fn between(last: &Point, before: &Point) -> Option<Measured> {
    let window = last.time.checked_sub(before.time).filter(|window| !window.is_zero())?;
    let used = last.cpu.checked_sub(before.cpu)?;
    let rate = used.as_nanos() as f64 / window.as_secs_f64();
    let usage = metrics_v1beta1::usage(rate as i128, i128::from(last.memory));
    Some(Measured { time: last.time, window: duration::go(window), usage })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn round(start: u64, time: u64, cpu: u64) -> Batch {
        let point = Point { start: s(start), time: s(time), cpu: s(cpu), memory: 12 << 20 };
        let mut batch = Batch::default();
        batch.nodes.insert("node1".into(), point);
        let mut containers = Points::new();
        containers.insert("web".into(), point);
        batch.pods.insert(Key::new("default", "web"), containers);
        batch
    }

    #[test]
    fn the_difference_of_two_rounds_is_told() {
        let mut storage = Storage::default();
        let key = Key::new("default", "web");
        storage.store(round(0, 100, 10), s(15));
        assert!(!storage.is_ready() && storage.pod(&key).is_none());
        storage.store(round(0, 115, 13), s(15));
        let node = storage.node("node1").expect("two rounds are over");
        assert_eq!((node.window.as_str(), node.usage), ("15s", json!({"cpu": "200m", "memory": "12Mi"})));
        assert_eq!(storage.pod(&key).expect("two rounds are over")[0].0, "web");
    }

    #[test]
    fn a_container_that_was_started_anew_waits() {
        let mut storage = Storage::default();
        let key = Key::new("default", "web");
        storage.store(round(0, 100, 10), s(15));
        // Five seconds old: nothing can be said. Ten: what it has used since its start.
        storage.store(round(110, 115, 1), s(15));
        assert_eq!(storage.pod(&key), None);
        storage.store(round(118, 130, 6), s(15));
        let fresh = storage.pod(&key).expect("it is twelve seconds old");
        assert_eq!((fresh[0].1.window.as_str(), fresh[0].1.usage["cpu"].as_str()), ("12s", Some("500m")));
    }
}
