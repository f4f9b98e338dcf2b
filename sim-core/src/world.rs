//! One world. UNDER CONSTRUCTION: for now a terminal that echoes.

use crate::Config;
use crate::journal::{Entry, Journal, Stamp};
use crate::message::{Input, Output, ShellState};
use crate::view::View;
use sim::{Instant, Progress, Trace};
use std::collections::VecDeque;
use std::time::Duration;

/// One world.
pub struct Sim {
    now: Instant,
    outputs: VecDeque<Output>,
    journal: Journal,
}

impl Sim {
    /// A booted cluster at the moment when the learner sits down.
    pub fn new(config: Config) -> Self {
        Sim {
            now: Instant::ZERO,
            outputs: VecDeque::new(),
            journal: Journal { config, ..Journal::default() },
        }
    }

    /// The same history again.
    pub fn replay(journal: &Journal) -> Self {
        let mut world = Sim::new(journal.config.clone());
        for entry in &journal.entries {
            while !world.replay_to(entry.stamp, u64::MAX) {}
            world.apply(entry.input.clone());
        }
        while !world.replay_to(journal.end, u64::MAX) {}
        world
    }

    /// Goes on to a point of the journal that is replayed, at most `budget` steps; says whether it is reached.
    pub fn replay_to(&mut self, stamp: Stamp, _budget: u64) -> bool {
        self.now = self.now.max(Instant::from_nanos(stamp.at));
        true
    }

    /// The moment it is.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The point of the history that is reached.
    pub fn stamp(&self) -> Stamp {
        Stamp { steps: 0, at: self.now.as_nanos() }
    }

    /// What the session has been so far.
    pub fn journal(&self) -> Journal {
        Journal { end: self.stamp(), ..self.journal.clone() }
    }

    /// Something comes in at `now`; where work that is due before has not been done yet, at the moment that is reached.
    /// Gives the entry for the journal.
    pub fn handle_input(&mut self, now: Instant, input: Input) -> Entry {
        self.now = self.now.max(now);
        self.apply(input)
    }

    /// Takes an input at the present point of the history.
    pub fn apply(&mut self, input: Input) -> Entry {
        let entry = Entry { stamp: self.stamp(), input: input.clone() };
        self.journal.entries.push(entry.clone());
        match input {
            Input::OpenTerminal { id, .. } => {
                self.outputs.push_back(Output::Screen { id, bytes: b"student@node1:~$ ".to_vec() });
                self.outputs.push_back(Output::Shell { id, state: ShellState::Prompt { status: 0 } });
            }
            Input::Type { id, bytes } => {
                let text = String::from_utf8_lossy(&bytes).replace('\r', "\r\n(echo)\r\nstudent@node1:~$ ");
                self.outputs.push_back(Output::Screen { id, bytes: text.into_bytes() });
            }
            _ => {}
        }
        entry
    }

    /// The next thing the world has to say, if any.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When the world wants to be called again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        Some(self.now + Duration::from_secs(1))
    }

    /// Lets happen what is due up to `now`, at most `budget` steps of it.
    pub fn handle_timeout(&mut self, now: Instant, _budget: u64) -> Progress {
        self.now = self.now.max(now);
        Progress { steps: 0, done: true }
    }

    /// The cluster as the panel shows it.
    pub fn view(&self) -> View {
        View::default()
    }

    /// Fingerprint of all that happened.
    pub fn trace(&self) -> Trace {
        Trace::default()
    }
}
