//! Wait queues: the tasks that go on when something changes.

use std::cell::RefCell;
use std::task::{Context, Waker};

/// Tasks that wait for one thing. Models the kernel's `wait_queue_head`.
#[derive(Default)]
pub(crate) struct WaitQueue(RefCell<Vec<Waker>>);

impl WaitQueue {
    /// The task of `cx` goes on at the next [`WaitQueue::wake`].
    pub(crate) fn register(&self, cx: &Context<'_>) {
        let mut wakers = self.0.borrow_mut();
        if !wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            wakers.push(cx.waker().clone());
        }
    }

    /// Lets all of them look again.
    pub(crate) fn wake(&self) {
        for waker in self.0.take() {
            waker.wake();
        }
    }
}
