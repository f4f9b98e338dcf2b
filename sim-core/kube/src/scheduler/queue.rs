//! Pods that wait for a node. Models pkg/scheduler/backend/queue: an active queue, and those that could not be placed,
//! which come back when something changed in the cluster, after a pause that grows with each try.

use crate::api::Key;
use sim::{Instant, Sim, SortedMap, SortedSet};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(10);
/// After this long a pod is tried again whatever has happened.
const FLUSH: Duration = Duration::from_secs(5 * 60);

#[derive(Clone)]
pub(super) struct SchedulingQueue {
    sim: Sim,
    inner: Rc<RefCell<Inner>>,
}

#[derive(Default)]
struct Inner {
    active: VecDeque<Key>,
    /// What is in `active`.
    queued: SortedSet<Key>,
    waiting: SortedMap<Key, Waiting>,
    attempts: SortedMap<Key, u32>,
    waker: Option<Waker>,
}

struct Waiting {
    /// Not before.
    backoff_until: Instant,
    /// At the latest.
    flush_at: Instant,
    /// Something changed that may help.
    moved: bool,
}

impl SchedulingQueue {
    pub(super) fn new(sim: &Sim) -> Self {
        SchedulingQueue { sim: sim.clone(), inner: Rc::default() }
    }

    pub(super) fn add(&self, key: Key) {
        let mut inner = self.inner.borrow_mut();
        inner.waiting.remove(&key);
        inner.push(key);
        inner.wake();
    }

    pub(super) fn add_unschedulable(&self, key: Key) {
        let now = self.sim.now();
        let mut inner = self.inner.borrow_mut();
        let attempts = inner.attempts.entry(key.clone()).or_default();
        let pause = FIRST_BACKOFF.saturating_mul(1 << (*attempts).min(8)).min(MAX_BACKOFF);
        *attempts += 1;
        inner
            .waiting
            .insert(key, Waiting { backoff_until: now + pause, flush_at: now + FLUSH, moved: false });
        drop(inner);
        self.wake_at(now + FLUSH);
    }

    /// Something has changed: all that wait get another try when their pause is over.
    pub(super) fn move_all(&self) {
        let mut inner = self.inner.borrow_mut();
        let mut next = None;
        for waiting in inner.waiting.values_mut() {
            waiting.moved = true;
            next = Some(next.map_or(waiting.backoff_until, |at: Instant| at.min(waiting.backoff_until)));
        }
        drop(inner);
        if let Some(at) = next {
            self.wake_at(at);
        }
    }

    pub(super) fn remove(&self, key: &Key) {
        let mut inner = self.inner.borrow_mut();
        inner.waiting.remove(key);
        inner.attempts.remove(key);
        if inner.queued.remove(key) {
            inner.active.retain(|other| other != key);
        }
    }

    /// Waits for the next pod.
    pub(super) async fn next(&self) -> Key {
        std::future::poll_fn(|context| {
            let now = self.sim.now();
            let mut inner = self.inner.borrow_mut();
            inner.release(now);
            match inner.active.pop_front() {
                Some(key) => {
                    inner.queued.remove(&key);
                    Poll::Ready(key)
                }
                None => {
                    inner.waker = Some(context.waker().clone());
                    let next = inner.waiting.values().filter(|w| w.moved).map(|w| w.backoff_until).min();
                    drop(inner);
                    if let Some(at) = next {
                        self.wake_at(at);
                    }
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn wake_at(&self, at: Instant) {
        let inner = self.inner.clone();
        self.sim.schedule(at, move || inner.borrow_mut().wake());
    }
}

impl Inner {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn push(&mut self, key: Key) {
        if self.queued.insert(key.clone()) {
            self.active.push_back(key);
        }
    }

    fn release(&mut self, now: Instant) {
        let due = |w: &Waiting| (w.moved && now >= w.backoff_until) || now >= w.flush_at;
        let keys: Vec<Key> =
            self.waiting.iter().filter(|(_, w)| due(w)).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.waiting.remove(&key);
            self.push(key);
        }
    }
}
