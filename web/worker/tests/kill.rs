//! A page that is killed at any moment comes back as it was: same world, same screens.

use podium_protocol::{Config, FromWorker, Input, Place, Stamp};
use podium_worker::driver::{Driver, Message, Next};
use podium_worker::history::History;
use std::cell::Cell;

/// A session of a learner whose wall clock and keys are dealt by `seed`.
struct Session {
    driver: Driver,
    wall: Cell<f64>,
    random: u64,
    screen: Vec<u8>,
}

const BUILD: &str = "test";
const LINES: &[&str] = &[
    "kubectl create deployment blue --image=jpetazzo/color\r",
    "kubectl get pods -o wide\r",
    "kubectl expose deployment blue --port=80\r",
    "for i in 1 2 3; do echo $i; done\r",
    "sleep 2\r",
    "while true; do :; done\r",
    "\u{3}",
    "echo $RANDOM\r",
    "watch kubectl get pods\r",
    "\u{3}",
];

impl Session {
    fn new(seed: u64) -> Self {
        let config = Config { seed, ..Config::default() };
        let driver = Driver::new(History { config, ..History::default() }, BUILD);
        Session {
            driver,
            wall: Cell::new(0.0),
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            screen: Vec::new(),
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound
    }

    /// One slice, on a wall clock on which every look takes a while.
    fn slice(&mut self) -> Next {
        let mut messages: Vec<Message> = Vec::new();
        let wall = &self.wall;
        let next = self.driver.slice(
            &|| {
                wall.set(wall.get() + 0.7);
                wall.get()
            },
            &mut messages,
        );
        for (message, bytes) in messages {
            if let FromWorker::Screen(1) = message {
                self.driver.drawn(bytes.len());
                self.screen.extend(bytes);
            }
        }
        next
    }

    fn pass(&mut self, milliseconds: f64) {
        let end = self.wall.get() + milliseconds;
        while self.wall.get() < end {
            match self.slice() {
                Next::Now | Next::WhenTold => {}
                Next::In(wait) => self.wall.set(self.wall.get() + wait.min(end - self.wall.get()).max(0.0)),
            }
        }
    }

    fn live(&mut self, inputs: u64) {
        self.slice();
        self.driver.handle_input(Input::OpenTerminal { id: 1, place: Place::Lab, rows: 24, cols: 80 });
        for _ in 0..inputs {
            let line = LINES[self.below(LINES.len() as u64) as usize];
            let pause = self.below(900) as f64;
            self.pass(pause);
            self.driver.handle_input(Input::Type { id: 1, bytes: line.as_bytes().to_vec() });
        }
        let pause = self.below(1500) as f64;
        self.pass(pause);
    }
}

fn come_back(history: History) -> (Driver, Vec<u8>) {
    let mut session = Session::new(1);
    session.driver = Driver::new(history, BUILD);
    while !session.driver.is_restored() {
        session.slice_of_replay();
    }
    (session.driver, session.screen)
}

impl Session {
    fn slice_of_replay(&mut self) {
        // A clock that stands still lets no time pass beyond the history's end.
        let mut messages: Vec<Message> = Vec::new();
        self.driver.set_clock(true, 1);
        self.driver.slice(&|| 0.0, &mut messages);
        for (message, bytes) in messages {
            if let FromWorker::Screen(1) = message {
                self.screen.extend(bytes);
            }
        }
    }
}

#[test]
fn a_hundred_kills_change_nothing() {
    for seed in 0..100 {
        let mut session = Session::new(seed);
        session.live(1 + seed % 7);
        let history = session.driver.history_now();
        let (driver, screen) = come_back(history);
        assert_eq!(driver.trace(), session.driver.trace(), "seed {seed}");
        assert_eq!(driver.stamp(), session.driver.stamp(), "seed {seed}");
        assert!(screen == session.screen, "seed {seed}: another screen");
    }
}

#[test]
fn undo_leads_to_where_the_command_was_not_given() {
    let mut session = Session::new(3);
    session.slice();
    session.driver.handle_input(Input::OpenTerminal { id: 1, place: Place::Lab, rows: 24, cols: 80 });
    session.pass(800.0);
    let before: Stamp = session.driver.stamp();
    session.driver.handle_input(Input::Type { id: 1, bytes: b"echo gone\r".to_vec() });
    session.pass(800.0);
    let mut history = session.driver.history_now();
    assert_eq!(history.cut_last_command().as_deref(), Some("echo gone"));
    let (driver, screen) = come_back(history);
    assert_eq!(driver.stamp(), before);
    assert!(!String::from_utf8_lossy(&screen).contains("gone"));
}
