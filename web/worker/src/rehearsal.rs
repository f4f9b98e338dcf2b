//! A visit up to its first prompt, and an hour in which nobody types. The build looks at which functions this
//! calls: they are what a visitor waits for, and the rest of the code comes after them.

use podium_protocol::{FromWorker, Input, Place, ShellState};

use crate::driver::Driver;
use crate::history::History;

/// How much a slice is said to take, in milliseconds of wall time. No clock is read, so every build of the same
/// code sees the same functions called.
const SLICE_MS: f64 = 10.0;
/// How many slices a shell gets to show its prompt.
const PATIENCE: u32 = 10_000;
/// How long nobody types, in virtual nanoseconds.
const HOUR_NS: u64 = 3_600_000_000_000;

/// Plays the visit through; says how it went, or nothing when it came to no prompt.
pub fn rehearse() -> Option<String> {
    let mut visit = Visit { driver: Driver::new(History::default(), "rehearsal"), wall: 0.0, prompt: false };
    visit.slice();
    visit.driver.set_slide("1".to_owned());
    visit.driver.handle_input(Input::OpenTerminal { id: 1, place: Place::Lab, rows: 24, cols: 80 });
    visit.driver.handle_input(Input::Resize { id: 1, rows: 30, cols: 100 });
    for _ in 0..PATIENCE {
        if visit.prompt {
            break;
        }
        visit.slice();
    }
    visit.driver.set_clock(false, 100);
    while visit.prompt && visit.driver.now_ns() < HOUR_NS {
        visit.slice();
    }
    let trace = visit.driver.trace();
    visit.prompt.then(|| format!("{} {:016x}", trace.steps, trace.fingerprint))
}

struct Visit {
    driver: Driver,
    wall: f64,
    prompt: bool,
}

impl Visit {
    fn slice(&mut self) {
        let mut messages = Vec::new();
        self.wall += SLICE_MS;
        let wall = self.wall;
        self.driver.slice(&|| wall, &mut messages);
        for (message, bytes) in messages {
            self.prompt |= matches!(message, FromWorker::Shell(_, ShellState::Prompt { .. }));
            self.driver.drawn(bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_visit_comes_to_a_prompt() {
        assert!(super::rehearse().is_some());
    }
}
