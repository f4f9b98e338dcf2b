//! Keys to look at. A key that is added twice is looked at once; one that is added while it is being
//! looked at is looked at again. Models `client-go/util/workqueue`.

use crate::api::Key;
use sim::{Duration, Instant, Sim, SortedMap, SortedSet};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

const BASE_DELAY: Duration = Duration::from_millis(5);
const MAX_DELAY: Duration = Duration::from_secs(1_000);

/// A queue; clones are the same one.
#[derive(Clone)]
pub struct WorkQueue {
    sim: Sim,
    inner: Rc<RefCell<Inner>>,
}

#[derive(Default)]
struct Inner {
    queue: VecDeque<Key>,
    dirty: SortedSet<Key>,
    processing: SortedSet<Key>,
    failures: SortedMap<Key, u32>,
    /// Keys that are added later, and when.
    waiting: SortedMap<Key, Instant>,
    wakers: VecDeque<Waker>,
    shut_down: bool,
}

impl WorkQueue {
    /// An empty queue.
    pub fn new(sim: &Sim) -> Self {
        WorkQueue { sim: sim.clone(), inner: Rc::default() }
    }

    /// Asks for `key` to be looked at.
    pub fn add(&self, key: Key) {
        let mut inner = self.inner.borrow_mut();
        if inner.shut_down || !inner.dirty.insert(key.clone()) {
            return;
        }
        if !inner.processing.contains(&key) {
            inner.queue.push_back(key);
            inner.wake();
        }
    }

    /// Asks for `key` to be looked at after a while.
    pub fn add_after(&self, key: Key, delay: Duration) {
        if delay.is_zero() {
            return self.add(key);
        }
        // As in client-go, a key waits once: until the earliest of the times that were asked for.
        let ready = self.sim.now() + delay;
        {
            let mut inner = self.inner.borrow_mut();
            match inner.waiting.get(&key) {
                Some(earlier) if *earlier <= ready => return,
                _ => inner.waiting.insert(key.clone(), ready),
            };
        }
        let queue = self.clone();
        self.sim.schedule(ready, move || {
            let due = queue.inner.borrow().waiting.get(&key) == Some(&ready);
            if due {
                queue.inner.borrow_mut().waiting.remove(&key);
                queue.add(key);
            }
        });
    }

    /// Asks for `key` to be looked at again after a failure: later each time.
    pub fn add_rate_limited(&self, key: Key) {
        let failures = {
            let mut inner = self.inner.borrow_mut();
            let failures = inner.failures.entry(key.clone()).or_insert(0);
            *failures += 1;
            *failures - 1
        };
        let delay = 2u32.checked_pow(failures).and_then(|n| BASE_DELAY.checked_mul(n)).unwrap_or(MAX_DELAY);
        self.add_after(key, delay.min(MAX_DELAY));
    }

    /// Forgets that looking at `key` ever failed.
    pub fn forget(&self, key: &Key) {
        self.inner.borrow_mut().failures.remove(key);
    }

    /// How often looking at `key` failed.
    pub fn num_requeues(&self, key: &Key) -> u32 {
        self.inner.borrow().failures.get(key).copied().unwrap_or(0)
    }

    /// Waits for a key; nothing once the queue is shut down. Say [`WorkQueue::done`] afterwards.
    pub async fn get(&self) -> Option<Key> {
        poll_fn(|cx| {
            let mut inner = self.inner.borrow_mut();
            match inner.queue.pop_front() {
                Some(key) => {
                    inner.dirty.remove(&key);
                    inner.processing.insert(key.clone());
                    Poll::Ready(Some(key))
                }
                None if inner.shut_down => Poll::Ready(None),
                None => {
                    if !inner.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
                        inner.wakers.push_back(cx.waker().clone());
                    }
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Says that `key` has been looked at.
    pub fn done(&self, key: &Key) {
        let mut inner = self.inner.borrow_mut();
        inner.processing.remove(key);
        if inner.dirty.contains(key) {
            inner.queue.push_back(key.clone());
            inner.wake();
        }
    }

    /// How many keys wait.
    pub fn len(&self) -> usize {
        self.inner.borrow().queue.len()
    }

    /// Whether no key waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes no more keys, and lets those who wait go.
    pub fn shut_down(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.shut_down = true;
        for waker in inner.wakers.drain(..) {
            waker.wake();
        }
    }
}

impl Inner {
    /// One key wakes one worker: the one that has waited longest.
    fn wake(&mut self) {
        if let Some(waker) = self.wakers.pop_front() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::Instant;

    #[test]
    fn a_key_added_twice_is_looked_at_once() {
        let sim = Sim::new(1);
        let queue = WorkQueue::new(&sim);
        let seen = Rc::new(RefCell::new(Vec::new()));
        let key = Key::new("default", "a");
        queue.add(key.clone());
        queue.add(key.clone());
        let (worker, log) = (queue.clone(), seen.clone());
        sim.spawn(async move {
            while let Some(key) = worker.get().await {
                let again = log.borrow().is_empty();
                log.borrow_mut().push(key.to_string());
                if again {
                    worker.add(key.clone());
                    worker.add(key.clone());
                }
                worker.done(&key);
            }
        });
        queue.add_rate_limited(Key::new("default", "b"));
        sim.advance(Instant::ZERO + Duration::from_secs(1), 1_000);
        assert_eq!(*seen.borrow(), ["default/a", "default/a", "default/b"]);
        assert_eq!(queue.num_requeues(&Key::new("default", "b")), 1);
    }
}
