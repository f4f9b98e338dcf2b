//! Tasks: futures that run when they are woken, one after the other, in the order of their waking.

use crate::queue::{Event, EventId, Queue};
use crate::{Instant, Rng, Trace};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Names a task. Ids are reused only with another generation, so a stale one names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskId {
    index: u32,
    generation: u32,
}

/// What [`Sim::advance`] achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Events that fired and tasks that were polled.
    pub steps: u64,
    /// True when all that was due has happened and the clock stands at the instant asked for;
    /// false when the budget ran out first.
    pub done: bool,
}

/// A handle on one world's clock, queue and tasks. Clones name the same world.
#[derive(Clone)]
pub struct Sim(Rc<World>);

type Job = Pin<Box<dyn Future<Output = ()>>>;
type Ready = Arc<Woken>;

/// Tasks that were woken, in order. Wakers may be sent to other threads, hence the lock; there are none.
#[derive(Default)]
struct Woken {
    tasks: Mutex<VecDeque<TaskId>>,
    any: AtomicBool,
}

impl Woken {
    fn push(&self, id: TaskId) {
        lock(&self.tasks).push_back(id);
        self.any.store(true, Ordering::Relaxed);
    }

    fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Exchanges all of them for an empty queue.
    fn swap(&self, empty: &mut VecDeque<TaskId>) {
        std::mem::swap(&mut *lock(&self.tasks), empty);
        self.any.store(false, Ordering::Relaxed);
    }
}

struct World {
    seed: u64,
    now: Cell<Instant>,
    queue: RefCell<Queue>,
    tasks: RefCell<Vec<Slot>>,
    free: RefCell<Vec<u32>>,
    ready: Ready,
    /// Those of the ready tasks whose turn comes before the others.
    turn: RefCell<VecDeque<TaskId>>,
    trace: Cell<Trace>,
}

struct Slot {
    generation: u32,
    state: State,
}

enum State {
    Empty,
    Idle(Job, Arc<TaskWaker>),
    /// Being polled right now; aborted if it aborts itself.
    Running {
        aborted: bool,
    },
}

struct TaskWaker {
    id: TaskId,
    queued: AtomicBool,
    ready: Ready,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::Relaxed) {
            self.ready.push(self.id);
        }
    }
}

fn lock(tasks: &Mutex<VecDeque<TaskId>>) -> std::sync::MutexGuard<'_, VecDeque<TaskId>> {
    // There is one thread; a poisoned lock means that a panic is on its way already.
    tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Sim {
    /// A world at its first instant, with nothing in it.
    pub fn new(seed: u64) -> Self {
        Sim(Rc::new(World {
            seed,
            now: Cell::new(Instant::ZERO),
            queue: RefCell::default(),
            tasks: RefCell::default(),
            free: RefCell::default(),
            ready: Ready::default(),
            turn: RefCell::default(),
            trace: Cell::default(),
        }))
    }

    /// The seed of this world.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// The moment it is.
    pub fn now(&self) -> Instant {
        self.0.now.get()
    }

    /// The random stream of the component called `name`, from its beginning. A component takes it
    /// once and keeps it: two calls with one name give the same numbers again.
    pub fn rng(&self, name: &str) -> Rng {
        Rng::forked(self.0.seed, name)
    }

    /// What happened so far, as a fingerprint.
    pub fn trace(&self) -> Trace {
        self.0.trace.get()
    }

    /// Starts a task; it runs for the first time after what is ready already.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) -> TaskId {
        self.spawn_boxed(Box::pin(future))
    }

    /// The same for all types of futures.
    fn spawn_boxed(&self, future: Pin<Box<dyn Future<Output = ()>>>) -> TaskId {
        let mut tasks = self.0.tasks.borrow_mut();
        let index = match self.0.free.borrow_mut().pop() {
            Some(index) => index,
            None => {
                tasks.push(Slot { generation: 0, state: State::Empty });
                u32::try_from(tasks.len() - 1).expect("fewer than 2^32 tasks")
            }
        };
        let slot = &mut tasks[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        let id = TaskId { index, generation: slot.generation };
        let waker = Arc::new(TaskWaker { id, queued: AtomicBool::new(true), ready: self.0.ready.clone() });
        slot.state = State::Idle(future, waker);
        self.0.ready.push(id);
        id
    }

    /// Ends a task: its future is dropped, now or, if it is the one that runs, at its next await.
    /// Aborting a task that has ended does nothing.
    pub fn abort(&self, id: TaskId) {
        let dropped = {
            let mut tasks = self.0.tasks.borrow_mut();
            let Some(slot) = tasks.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)
            else {
                return;
            };
            match &mut slot.state {
                State::Empty => return,
                State::Running { aborted } => {
                    *aborted = true;
                    return;
                }
                State::Idle(..) => {}
            }
            self.0.free.borrow_mut().push(id.index);
            std::mem::replace(&mut slot.state, State::Empty)
        };
        // Outside of the borrow: what the future owns may call back when it is dropped.
        drop(dropped);
    }

    /// Ends the world: every task and every event is dropped. Tasks hold what holds the world, so that without this a
    /// world that nobody wants any more would keep itself alive.
    pub fn shut_down(&self) {
        loop {
            // Outside of the borrows: what is dropped may start or schedule something, which goes in the next round.
            let tasks = std::mem::take(&mut *self.0.tasks.borrow_mut());
            let queue = std::mem::take(&mut *self.0.queue.borrow_mut());
            self.0.free.borrow_mut().clear();
            self.0.turn.borrow_mut().clear();
            self.0.ready.swap(&mut VecDeque::new());
            if tasks.is_empty() && queue.len() == 0 {
                return;
            }
        }
    }

    /// Calls `f` at the instant `at` (now, when that has passed).
    pub fn schedule(&self, at: Instant, f: impl FnOnce() + 'static) -> EventId {
        self.0.queue.borrow_mut().push(at.max(self.now()), Event::Call(Box::new(f)))
    }

    /// Calls `f` after `delay`.
    pub fn schedule_in(&self, delay: Duration, f: impl FnOnce() + 'static) -> EventId {
        self.schedule(self.now() + delay, f)
    }

    /// Calls `f`, which is there for many such events, after `delay`.
    pub fn schedule_again(&self, delay: Duration, f: &Rc<dyn Fn()>) -> EventId {
        self.0.queue.borrow_mut().push(self.now() + delay, Event::CallAgain(f.clone()))
    }

    /// Takes back an event that has not happened yet.
    pub fn cancel(&self, id: EventId) {
        // Dropped after the borrow ends: what the call owns may schedule when it goes.
        let cancelled = self.0.queue.borrow_mut().cancel(id);
        drop(cancelled);
    }

    /// Waits for `duration` of virtual time.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now() + duration)
    }

    /// Waits until the instant `at`. A zero sleep still lets others run.
    pub fn sleep_until(&self, at: Instant) -> Sleep {
        Sleep { sim: self.clone(), at, event: None }
    }

    /// When the next thing happens: now if a task is ready, nothing if the world has come to rest.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.0.ready.any() || !self.0.turn.borrow().is_empty() {
            return Some(self.now());
        }
        self.0.queue.borrow().next_at()
    }

    /// How many events wait in the queue.
    pub fn pending_events(&self) -> usize {
        self.0.queue.borrow().len()
    }

    /// Lets everything happen that is due up to and including `until`, at most `budget` steps of it.
    pub fn advance(&self, until: Instant, budget: u64) -> Progress {
        let mut turn = self.0.turn.take();
        let progress = self.advance_from(&mut turn, until, budget);
        self.0.turn.replace(turn);
        progress
    }

    fn advance_from(&self, turn: &mut VecDeque<TaskId>, until: Instant, budget: u64) -> Progress {
        let mut steps = 0;
        while steps < budget {
            if turn.is_empty() && self.0.ready.any() {
                self.0.ready.swap(turn);
            }
            if let Some(id) = turn.pop_front() {
                // A task that has ended meanwhile costs nothing and counts as nothing, so that the count of steps
                // names one point of the history.
                steps += u64::from(self.poll(id));
                continue;
            }
            let Some((at, sequence, event)) = self.0.queue.borrow_mut().pop_due(until) else {
                self.0.now.set(self.now().max(until));
                return Progress { steps, done: true };
            };
            self.0.now.set(at);
            self.step(sequence, 1);
            match event {
                Event::Wake(waker) => waker.wake(),
                Event::Call(call) => call(),
                Event::CallAgain(call) => call(),
            }
            steps += 1;
        }
        Progress { steps, done: false }
    }

    fn step(&self, a: u64, b: u64) {
        let mut trace = self.0.trace.get();
        trace.step(self.now().as_nanos() ^ (a << 32), b);
        self.0.trace.set(trace);
    }

    /// Polls a task; false when there is none of that name any more.
    fn poll(&self, id: TaskId) -> bool {
        let taken = {
            let mut tasks = self.0.tasks.borrow_mut();
            let Some(slot) = tasks.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)
            else {
                return false;
            };
            std::mem::replace(&mut slot.state, State::Running { aborted: false })
        };
        let State::Idle(mut job, waker) = taken else {
            self.0.tasks.borrow_mut()[id.index as usize].state = taken;
            return false;
        };
        waker.queued.store(false, Ordering::Relaxed);
        self.step(u64::from(id.index), 2);
        let poll = job.as_mut().poll(&mut Context::from_waker(&Waker::from(waker.clone())));
        let over = {
            let mut tasks = self.0.tasks.borrow_mut();
            let slot = &mut tasks[id.index as usize];
            let aborted = matches!(slot.state, State::Running { aborted: true });
            if poll.is_ready() || aborted {
                slot.state = State::Empty;
                self.0.free.borrow_mut().push(id.index);
                Some(job)
            } else {
                slot.state = State::Idle(job, waker);
                None
            }
        };
        drop(over);
        true
    }
}

/// The future of [`Sim::sleep`].
pub struct Sleep {
    sim: Sim,
    at: Instant,
    event: Option<EventId>,
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.event.is_some() && self.sim.now() >= self.at {
            self.event = None;
            return Poll::Ready(());
        }
        if let Some(event) = self.event {
            if self.sim.0.queue.borrow().wakes(event, cx.waker()) {
                return Poll::Pending;
            }
            self.sim.cancel(event);
        }
        let at = self.at.max(self.sim.now());
        let event = self.sim.0.queue.borrow_mut().push(at, Event::Wake(cx.waker().clone()));
        self.event = Some(event);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(event) = self.event.take() {
            self.sim.cancel(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (Rc<RefCell<Vec<String>>>, impl Fn(&str) + Clone) {
        let lines = Rc::new(RefCell::new(Vec::new()));
        let write = {
            let lines = lines.clone();
            move |line: &str| lines.borrow_mut().push(line.to_string())
        };
        (lines, write)
    }

    #[test]
    fn sleepers_wake_in_order_of_time_then_of_scheduling() {
        let sim = Sim::new(1);
        let (lines, write) = log();
        for (name, ms) in [("c", 3), ("a", 1), ("b", 1)] {
            let (sim2, write) = (sim.clone(), write.clone());
            sim.spawn(async move {
                sim2.sleep(Duration::from_millis(ms)).await;
                write(name);
            });
        }
        assert!(sim.advance(Instant::ZERO + Duration::from_secs(1), 1_000).done);
        assert_eq!(*lines.borrow(), ["a", "b", "c"]);
        assert_eq!(sim.now(), Instant::ZERO + Duration::from_secs(1));
    }

    #[test]
    fn a_budget_cuts_a_busy_task_short() {
        let sim = Sim::new(1);
        let sim2 = sim.clone();
        sim.spawn(async move {
            loop {
                sim2.sleep(Duration::from_micros(1)).await;
            }
        });
        let progress = sim.advance(Instant::FAR_FUTURE, 100);
        assert_eq!(progress, Progress { steps: 100, done: false });
    }

    #[test]
    fn an_aborted_task_drops_what_it_holds() {
        let sim = Sim::new(1);
        let held = Rc::new(());
        let inner = held.clone();
        let sim2 = sim.clone();
        let id = sim.spawn(async move {
            sim2.sleep(Duration::from_secs(1)).await;
            drop(inner);
        });
        sim.advance(Instant::ZERO, 10);
        sim.abort(id);
        assert_eq!(Rc::strong_count(&held), 1);
        assert_eq!(sim.next_timeout(), None);
    }

    #[test]
    fn a_task_can_abort_itself() {
        let sim = Sim::new(1);
        let own = Rc::new(Cell::new(None));
        let (sim2, own2) = (sim.clone(), own.clone());
        let (lines, write) = log();
        own.set(Some(sim.spawn(async move {
            if let Some(id) = own2.get() {
                sim2.abort(id);
            }
            write("before");
            sim2.sleep(Duration::ZERO).await;
            write("after");
        })));
        sim.advance(Instant::FAR_FUTURE, 10);
        assert_eq!(*lines.borrow(), ["before"]);
    }

    #[test]
    fn a_world_that_is_shut_down_lets_everything_go() {
        let sim = Sim::new(1);
        let held = Rc::new(());
        let (sim2, inner) = (sim.clone(), held.clone());
        sim.spawn(async move {
            sim2.sleep(Duration::from_secs(1)).await;
            drop(inner);
        });
        let inner = held.clone();
        sim.schedule_in(Duration::from_secs(9), move || drop(inner));
        sim.advance(Instant::ZERO, 10);
        sim.shut_down();
        assert_eq!(Rc::strong_count(&held), 1);
    }

    #[test]
    fn equal_worlds_leave_equal_traces() {
        let run = || {
            let sim = Sim::new(42);
            let sim2 = sim.clone();
            let mut rng = sim.rng("walker");
            sim.spawn(async move {
                for _ in 0..50 {
                    sim2.sleep(Duration::from_millis(rng.below(100))).await;
                }
            });
            sim.advance(Instant::ZERO + Duration::from_secs(60), 10_000);
            sim.trace()
        };
        assert_eq!(run(), run());
    }
}
