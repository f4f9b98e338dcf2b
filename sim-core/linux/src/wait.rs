//! Wait queues: the tasks that go on when something changes.

use std::cell::RefCell;
use std::task::{Context, Waker};

/// Wakers of tasks; hardly ever more than one.
#[derive(Default)]
pub(crate) struct Wakers {
    first: Option<Waker>,
    others: Vec<Waker>,
}

impl Wakers {
    /// Keeps a waker unless it is kept already.
    pub(crate) fn keep(&mut self, waker: &Waker) {
        if !self.first.iter().chain(&self.others).any(|kept| kept.will_wake(waker)) {
            match self.first {
                None => self.first = Some(waker.clone()),
                Some(_) => self.others.push(waker.clone()),
            }
        }
    }

    /// Wakes all of them, in the order in which they came.
    pub(crate) fn wake(&mut self) {
        if let Some(first) = self.first.take() {
            first.wake();
            for other in self.others.drain(..) {
                other.wake();
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Wakers::default();
    }
}

/// Tasks that wait for one thing. Models the kernel's `wait_queue_head`.
#[derive(Default)]
pub(crate) struct WaitQueue(RefCell<Wakers>);

impl WaitQueue {
    /// The task of `cx` goes on at the next [`WaitQueue::wake`].
    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.0.borrow_mut().keep(cx.waker());
    }

    /// Lets all of them look again.
    pub(crate) fn wake(&self) {
        // Waking puts a task into a queue, no more: it cannot come back here.
        self.0.borrow_mut().wake();
    }
}
