//! The driver: brings a history back, then lets time pass in slices.

use podium_protocol::{FromWorker, Input, Record, ShellState, Stamp, TerminalId, UNACKNOWLEDGED_MAX, View};
use sim_core::{Instant, Output, Sim, SortedMap};

use crate::history::History;

/// How long a slice may take, in milliseconds of wall time. A key waits at most this long.
pub const SLICE_MS: f64 = 8.0;
/// Steps between two looks at the wall clock.
const BUDGET: u64 = 64;
/// How much of a terminal's past is drawn again after a restore: about twice its scrollback.
const SCROLLBACK_BYTES: usize = 1 << 20;
/// A tab that slept does not make up for more than this, in milliseconds.
const LEAP_MAX_MS: f64 = 250.0;
/// How far `skip` looks ahead: ten minutes.
const SKIP_MAX_NS: u64 = 600_000_000_000;
/// How often the panel may change, in milliseconds.
const VIEW_EVERY_MS: f64 = 250.0;

/// When the driver wants its next slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    /// At once: there is more to do.
    Now,
    /// After this many milliseconds.
    In(f64),
    /// When a screen has caught up, or something comes in.
    WhenTold,
}

/// A message, and the bytes that go with it.
pub type Message = (FromWorker, Vec<u8>);

/// One world, its history and its clock.
pub struct Driver {
    sim: Sim,
    history: History,
    /// Replay by steps: the history was made by this very build.
    exact: bool,
    /// The next record to replay; past the end when the world is where it was.
    replayed: usize,
    restored: bool,
    /// Screens during a replay: only their end is drawn.
    tails: SortedMap<TerminalId, Vec<u8>>,
    shells: SortedMap<TerminalId, Shell>,
    slide: String,
    clock: Clock,
    /// The world stopped in the middle of an instant when the last slice was over.
    midway: bool,
    unacknowledged: usize,
    /// Until when to skip at most, and whether something has happened.
    skip: Option<u64>,
    view: View,
    view_at: f64,
    view_steps: u64,
    shown_time: String,
    shown_behind: bool,
}

#[derive(Default)]
struct Shell {
    /// It waits for a command and nothing was typed yet.
    waits: bool,
    size: (u16, u16),
}

struct Clock {
    paused: bool,
    speed: u32,
    /// The instant the world should be at.
    target: u64,
    /// The wall clock at the last slice.
    wall: Option<f64>,
}

impl Driver {
    /// A world about to go through `history` again, in the build called `build`.
    pub fn new(mut history: History, build: &str) -> Self {
        if history.records.is_empty() {
            build.clone_into(&mut history.build);
        }
        let exact = history.build == build;
        Driver {
            sim: Sim::new(history.config.clone()),
            exact,
            replayed: 0,
            restored: false,
            tails: SortedMap::new(),
            shells: SortedMap::new(),
            slide: String::new(),
            clock: Clock { paused: false, speed: 1, target: 0, wall: None },
            midway: false,
            unacknowledged: 0,
            skip: None,
            view: View::default(),
            view_at: f64::MIN,
            view_steps: u64::MAX,
            shown_time: String::new(),
            shown_behind: false,
            history,
        }
    }

    /// What has come in so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The history up to now, with where to go on from.
    pub fn history_now(&self) -> History {
        History { until: self.sim.stamp(), ..self.history.clone() }
    }

    /// The point that the world has reached.
    pub fn stamp(&self) -> Stamp {
        self.sim.stamp()
    }

    /// Virtual nanoseconds since the world began.
    pub fn now_ns(&self) -> u64 {
        self.sim.now().as_nanos()
    }

    /// Whether the replay is over.
    pub fn is_restored(&self) -> bool {
        self.restored
    }

    /// The world's fingerprint.
    pub fn trace(&self) -> sim_core::Trace {
        self.sim.trace()
    }

    /// The slide on show, under which inputs are recorded.
    pub fn set_slide(&mut self, slide: String) {
        self.slide = slide;
    }

    /// How time passes.
    pub fn set_clock(&mut self, paused: bool, speed: u32) {
        self.clock.paused = paused;
        self.clock.speed = speed.clamp(1, 1000);
    }

    /// Lets time fly until something happens.
    pub fn skip(&mut self) {
        self.skip = Some(self.now_ns().saturating_add(SKIP_MAX_NS));
    }

    /// A screen has drawn this many bytes.
    pub fn drawn(&mut self, bytes: usize) {
        self.unacknowledged = self.unacknowledged.saturating_sub(bytes);
    }

    /// Something comes in. The answer is the record to journal, or nothing when it changes nothing.
    pub fn handle_input(&mut self, input: Input) -> Option<&Record> {
        if !self.restored {
            return None;
        }
        if let Input::Resize { id, rows, cols } = input
            && self.shells.get(&id).is_some_and(|shell| shell.size == (rows, cols))
        {
            return None;
        }
        let fresh = match &input {
            Input::Type { id, .. } => self.shells.get(id).is_some_and(|shell| shell.waits),
            _ => false,
        };
        self.note(&input);
        let entry = self.sim.handle_input(self.sim.now(), input);
        let record = Record { stamp: entry.stamp, fresh, slide: self.slide.clone(), input: entry.input };
        self.skip = None;
        self.history.records.push(record);
        self.history.records.last()
    }

    /// What the driver itself has to know of an input.
    fn note(&mut self, input: &Input) {
        match input {
            Input::OpenTerminal { id, rows, cols, .. } => {
                self.shells.insert(*id, Shell { waits: false, size: (*rows, *cols) });
            }
            Input::Resize { id, rows, cols } => {
                if let Some(shell) = self.shells.get_mut(id) {
                    shell.size = (*rows, *cols);
                }
            }
            Input::Type { id, .. } => {
                if let Some(shell) = self.shells.get_mut(id) {
                    shell.waits = false;
                }
            }
            Input::CloseTerminal { id } => {
                self.shells.remove(id);
            }
            _ => {}
        }
    }

    /// Lets the world go on for a slice. `wall` reads the wall clock, in milliseconds.
    pub fn slice(&mut self, wall: &dyn Fn() -> f64, out: &mut Vec<Message>) -> Next {
        let begin = wall();
        if !self.restored && !self.replay(begin, wall, out) {
            return Next::Now;
        }
        self.pass_time(begin);
        let next = self.advance(begin, wall, out);
        self.show(wall(), out);
        next
    }

    /// True when the replay is over.
    fn replay(&mut self, begin: f64, wall: &dyn Fn() -> f64, out: &mut Vec<Message>) -> bool {
        loop {
            let stamp =
                self.history.records.get(self.replayed).map_or(self.history.until, |record| record.stamp);
            loop {
                let reached = self.go_on_to(stamp);
                self.collect_tails(out);
                if reached {
                    break;
                }
                if wall() - begin > 4.0 * SLICE_MS {
                    return false;
                }
            }
            let Some(record) = self.history.records.get(self.replayed) else { break };
            let input = record.input.clone();
            self.replayed += 1;
            self.note(&input);
            self.sim.apply(input);
        }
        self.restored = true;
        self.midway = false;
        self.clock.target = self.now_ns();
        self.clock.wall = None;
        for (id, bytes) in std::mem::take(&mut self.tails) {
            self.unacknowledged += bytes.len();
            out.push((FromWorker::Screen(id), bytes));
        }
        out.push((FromWorker::Restored, Vec::new()));
        true
    }

    /// Goes on to a point of the history, a few steps of it; says whether it is reached.
    fn go_on_to(&mut self, stamp: Stamp) -> bool {
        let before = self.sim.trace().steps;
        if self.exact {
            // No step made and not there: the journal is not of this world. Go on by its clock.
            return self.sim.replay_to(stamp, BUDGET) || self.sim.trace().steps == before;
        }
        self.sim.handle_timeout(Instant::from_nanos(stamp.at), BUDGET).done
    }

    fn collect_tails(&mut self, out: &mut Vec<Message>) {
        while let Some(output) = self.sim.poll_output() {
            if let Output::Screen { id, bytes } = output {
                let tail = self.tails.entry(id).or_default();
                tail.extend_from_slice(&bytes);
                if tail.len() > 2 * SCROLLBACK_BYTES {
                    let from = tail.len() - SCROLLBACK_BYTES;
                    let line =
                        tail[from..].iter().position(|byte| *byte == b'\n').map_or(from, |at| from + at + 1);
                    tail.drain(..line);
                }
            } else {
                self.say(output, out);
            }
        }
    }

    fn pass_time(&mut self, wall: f64) {
        let passed = self.clock.wall.map_or(0.0, |last| (wall - last).clamp(0.0, LEAP_MAX_MS));
        self.clock.wall = Some(wall);
        if !self.clock.paused && self.unacknowledged < UNACKNOWLEDGED_MAX {
            self.clock.target += (passed * 1e6 * f64::from(self.clock.speed)) as u64;
        }
        self.clock.target = self.clock.target.max(self.now_ns());
    }

    fn advance(&mut self, begin: f64, wall: &dyn Fn() -> f64, out: &mut Vec<Message>) -> Next {
        let mut screens: SortedMap<TerminalId, Vec<u8>> = SortedMap::new();
        let mut happened = false;
        let next = loop {
            if self.unacknowledged >= UNACKNOWLEDGED_MAX {
                break Next::WhenTold;
            }
            let progress = self.sim.handle_timeout(Instant::from_nanos(self.clock.target), BUDGET);
            self.midway = !progress.done;
            while let Some(output) = self.sim.poll_output() {
                happened = true;
                match output {
                    Output::Screen { id, bytes } => {
                        self.unacknowledged += bytes.len();
                        screens.entry(id).or_default().extend_from_slice(&bytes);
                    }
                    other => {
                        // What a shell says about itself comes after what it has written.
                        flush(&mut screens, out);
                        self.say(other, out);
                    }
                }
            }
            if progress.done && !self.skip_on(happened, out) {
                break self.idle();
            }
            if wall() - begin > SLICE_MS {
                break Next::Now;
            }
        };
        flush(&mut screens, out);
        if self.midway {
            // A world that is too busy for its clock falls behind; it does not owe the time for ever.
            let owed = (100.0 * 1e6 * f64::from(self.clock.speed)) as u64;
            self.clock.target = self.clock.target.min(self.now_ns().saturating_add(owed));
        }
        next
    }

    /// While skipping: goes to the next timer, unless something has happened. False when not skipping.
    fn skip_on(&mut self, happened: bool, out: &mut Vec<Message>) -> bool {
        let Some(limit) = self.skip else { return false };
        let timer = self.sim.poll_timeout().map(Instant::as_nanos);
        match timer {
            Some(at) if !happened && at <= limit && self.sim.view() == self.view => {
                self.clock.target = at.max(self.now_ns());
                true
            }
            _ => {
                self.skip = None;
                out.push((FromWorker::Skipped, Vec::new()));
                false
            }
        }
    }

    fn idle(&self) -> Next {
        if self.clock.paused {
            return Next::WhenTold;
        }
        let timer = self.sim.poll_timeout().map_or(f64::MAX, |at| at.as_nanos() as f64);
        let wait = (timer - self.now_ns() as f64) / 1e6 / f64::from(self.clock.speed);
        Next::In(wait.clamp(1.0, 200.0))
    }

    fn say(&mut self, output: Output, out: &mut Vec<Message>) {
        match output {
            Output::Shell { id, state } => {
                if let Some(shell) = self.shells.get_mut(&id) {
                    shell.waits = matches!(state, ShellState::Prompt { .. });
                }
                out.push((FromWorker::Shell(id, state), Vec::new()));
            }
            Output::Closed { id } => out.push((FromWorker::Closed(id), Vec::new())),
            // The page starts no jobs.
            Output::Screen { .. } | Output::Stdout { .. } | Output::Stderr { .. } | Output::Exited { .. } => {
            }
        }
    }

    fn show(&mut self, wall: f64, out: &mut Vec<Message>) {
        let steps = self.sim.trace().steps;
        if wall - self.view_at >= VIEW_EVERY_MS {
            self.view_at = wall;
            if steps != self.view_steps {
                self.view_steps = steps;
                let view = self.sim.view();
                if view != self.view {
                    self.view.clone_from(&view);
                    out.push((FromWorker::View(view), Vec::new()));
                }
            }
        }
        let civil = self.sim.now().timestamp().civil();
        let time = format!("{:02}:{:02}:{:02}", civil.hour, civil.minute, civil.second);
        let behind = self.midway;
        if time != self.shown_time || behind != self.shown_behind {
            self.shown_time.clone_from(&time);
            self.shown_behind = behind;
            out.push((FromWorker::Clock { time, behind }, Vec::new()));
        }
    }
}

fn flush(screens: &mut SortedMap<TerminalId, Vec<u8>>, out: &mut Vec<Message>) {
    for (id, bytes) in std::mem::take(screens) {
        out.push((FromWorker::Screen(id), bytes));
    }
}
