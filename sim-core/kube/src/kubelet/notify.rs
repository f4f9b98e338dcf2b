//! A bell: tasks wait for it, and it is remembered when nobody does.

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Rings for everybody who waits. A ring is counted, so that one who looks away for a moment does not miss it.
#[derive(Default)]
pub struct Notify {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    rings: u64,
    waiting: Vec<Waker>,
}

impl Notify {
    /// Rings.
    pub fn ring(&self) {
        let waiting = {
            let mut state = self.state.borrow_mut();
            state.rings += 1;
            std::mem::take(&mut state.waiting)
        };
        for waker in waiting {
            waker.wake();
        }
    }

    /// How often it has rung.
    pub fn count(&self) -> u64 {
        self.state.borrow().rings
    }

    /// Waits until it has rung more often than `seen`; says how often it has.
    pub async fn rung_since(&self, seen: u64) -> u64 {
        poll_fn(|cx| {
            let mut state = self.state.borrow_mut();
            if state.rings > seen {
                return Poll::Ready(state.rings);
            }
            if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                state.waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}
