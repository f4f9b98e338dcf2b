//! When the world moves: with the wall clock, or only while somebody waits for it.

use super::server::Server;
use sim_core::Instant;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;
use tokio::sync::Notify;

/// Steps of the world between two looks at the sockets.
const SLICE: u64 = 20_000;
/// A world that is further behind than this was not run: the machine slept. It goes on from where it is.
const ASLEEP: Duration = Duration::from_secs(10);
/// No byte moved for so long: whoever has a stream open waits for the world, not for the client.
const QUIET: Duration = Duration::from_millis(5);
/// A client that stays connected and says nothing for so long sleeps between two requests, as `kubectl drain` does: then
/// time passes for the world as it does for the client.
const ASLEEP_CLIENT: Duration = Duration::from_millis(300);
/// How far the world goes at once while only streams are open.
const STRIDE: Duration = Duration::from_millis(500);
/// Turns of the executor in which what the world has said reaches the sockets.
const TURNS: usize = 24;

/// How the world's time follows ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// Seconds in a second; nothing for a world that moves only while somebody waits.
    speed: Option<f64>,
}

impl Clock {
    /// So many seconds in a second of ours.
    pub fn real(speed: f64) -> Self {
        Clock { speed: Some(speed) }
    }

    /// Moves, as fast as it can, while a request is unanswered or a stream is open, and stands still otherwise.
    pub fn idle() -> Self {
        Clock { speed: None }
    }
}

/// What connections and the clock tell each other.
#[derive(Default)]
pub(super) struct Traffic {
    /// Something came in, or somebody began to wait.
    kick: Notify,
    /// The world has something for a connection.
    woken: Arc<AtomicBool>,
    /// Counts pieces that moved in either direction.
    moved: Cell<u64>,
    /// Requests that are unanswered.
    pressing: Cell<usize>,
    /// Streams that are open.
    patient: Cell<usize>,
    /// Clients that are connected.
    connected: Cell<usize>,
}

impl Traffic {
    /// Bytes went one way or the other.
    pub fn moved(&self) {
        self.moved.set(self.moved.get() + 1);
        self.kick.notify_one();
    }

    /// A waker that also tells the clock.
    pub fn waker(&self, inner: &Waker) -> Waker {
        Waker::from(Arc::new(Bell { woken: self.woken.clone(), inner: inner.clone() }))
    }

    /// Somebody waits for an answer, as long as what is given back lives.
    pub fn press(self: &Rc<Self>) -> Waiting {
        Waiting::new(self, Wait::Answer)
    }

    /// Somebody listens to a stream, as long as what is given back lives.
    pub fn listen(self: &Rc<Self>) -> Waiting {
        Waiting::new(self, Wait::Stream)
    }

    /// Somebody is connected, as long as what is given back lives.
    pub fn connect(self: &Rc<Self>) -> Waiting {
        Waiting::new(self, Wait::Nothing)
    }
}

/// What a client waits for.
#[derive(Clone, Copy)]
enum Wait {
    Answer,
    Stream,
    Nothing,
}

struct Bell {
    woken: Arc<AtomicBool>,
    inner: Waker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Relaxed);
        self.inner.wake_by_ref();
    }
}

/// A client that waits.
pub(super) struct Waiting {
    traffic: Rc<Traffic>,
    what: Wait,
}

impl Waiting {
    fn new(traffic: &Rc<Traffic>, what: Wait) -> Self {
        let waiting = Waiting { traffic: traffic.clone(), what };
        let count = waiting.count();
        count.set(count.get() + 1);
        traffic.kick.notify_one();
        waiting
    }

    fn count(&self) -> &Cell<usize> {
        match self.what {
            Wait::Answer => &self.traffic.pressing,
            Wait::Stream => &self.traffic.patient,
            Wait::Nothing => &self.traffic.connected,
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let count = self.count();
        count.set(count.get() - 1);
        self.traffic.kick.notify_one();
    }
}

/// Moves the world, for ever.
pub(super) async fn drive(server: Rc<Server>) {
    loop {
        match server.clock().speed {
            Some(speed) => with_the_wall(&server, speed).await,
            None => while_somebody_waits(&server).await,
        }
    }
}

#[expect(clippy::disallowed_types, reason = "the wall clock, outside of the simulation")]
async fn with_the_wall(server: &Server, speed: f64) {
    let mut anchor = (std::time::Instant::now(), server.now());
    // A clock that was set anew, be it to the same, begins now.
    let setting = server.settings();
    while server.settings() == setting {
        let target = anchor.1 + anchor.0.elapsed().mul_f64(speed);
        let done = server.advance(target, SLICE);
        if !done {
            tokio::task::yield_now().await;
            if target.duration_since(server.now()) > ASLEEP.mul_f64(speed.max(1.0)) {
                anchor = (std::time::Instant::now(), server.now());
            }
            continue;
        }
        let next = server.next().map_or(QUIET, |at| at.duration_since(target).div_f64(speed));
        // Never less than the timer can do, and not so long that a request would wait.
        let pause = next.clamp(Duration::from_millis(1), Duration::from_millis(50));
        tokio::select! {
            () = server.traffic().kick.notified() => tokio::task::yield_now().await,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn while_somebody_waits(server: &Server) {
    let traffic = server.traffic();
    while server.clock().speed.is_none() {
        // What has arrived on the sockets goes into the world first, and out of it.
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        if traffic.pressing.get() > 0 {
            step_until_woken(server, None, SLICE);
        } else if traffic.patient.get() > 0 {
            let before = traffic.moved.get();
            tokio::time::sleep(QUIET).await;
            if traffic.moved.get() == before && traffic.pressing.get() == 0 {
                step_until_woken(server, Some(server.now() + STRIDE), u64::MAX);
            }
        } else if traffic.connected.get() > 0 {
            // Cancelled by whatever comes.
            tokio::select! {
                biased;
                () = traffic.kick.notified() => {}
                () = sleep_along(server) => {}
            }
        } else {
            traffic.kick.notified().await;
        }
    }
}

/// Time passes here and there, while a client sleeps.
async fn sleep_along(server: &Server) {
    tokio::time::sleep(ASLEEP_CLIENT).await;
    let mut behind = ASLEEP_CLIENT;
    loop {
        let until = server.now() + behind;
        while !server.advance(until, SLICE) {
            tokio::task::yield_now().await;
        }
        behind = QUIET;
        tokio::time::sleep(QUIET).await;
    }
}

/// Goes on until the world has something for a client, up to `limit` if there is one, at most so many steps.
fn step_until_woken(server: &Server, limit: Option<Instant>, steps: u64) {
    let woken = &server.traffic().woken;
    for _ in 0..steps {
        if woken.swap(false, Ordering::Relaxed) {
            return;
        }
        match (server.next(), limit) {
            (Some(at), limit) if limit.is_none_or(|limit| at <= limit) => server.advance(at, 1),
            (_, Some(limit)) => {
                server.advance(limit, 1);
                return;
            }
            (_, None) => return,
        };
    }
}
