//! A terminal on the world, as a person at the keyboard uses it.

use crate::screen::Screen;
use crate::world::World;
use sim_core::{Input, Output, Place, ShellState, TerminalId};
use std::time::Duration;

/// How long a prompt has to stand still before it counts as one.
const SETTLE: Duration = Duration::from_millis(400);
const ROWS: u16 = 40;
const COLS: u16 = 160;

/// One terminal.
pub struct Pane {
    id: TerminalId,
    /// What it showed.
    pub screen: Screen,
    /// `$?` of the last command, when the class's shell is at its prompt.
    prompt: Option<i32>,
}

impl Pane {
    /// Opens a terminal and waits for the first prompt.
    pub fn open(world: &mut World, id: TerminalId, place: Place) -> Pane {
        let mut pane = Pane { id, screen: Screen::default(), prompt: None };
        world.input(Input::OpenTerminal { id, place, rows: ROWS, cols: COLS });
        pane.wait_for_prompt(world, Duration::from_secs(30));
        pane
    }

    fn take(&mut self, output: &Output) {
        match output {
            Output::Screen { id, bytes } if *id == self.id => self.screen.write(bytes),
            Output::Shell { id, state } if *id == self.id => {
                self.prompt = match state {
                    ShellState::Prompt { status } => Some(*status),
                    ShellState::Running => None,
                };
            }
            _ => {}
        }
    }

    /// Presses keys.
    pub fn type_bytes(&mut self, world: &mut World, bytes: &[u8]) {
        world.input(Input::Type { id: self.id, bytes: bytes.to_vec() });
    }

    /// Types a command and Return; a prompt that stood there is no longer the one to wait for.
    pub fn type_line(&mut self, world: &mut World, line: &str) {
        self.prompt = None;
        self.type_bytes(world, format!("{}\r", line.replace('\n', "\r")).as_bytes());
    }

    /// Lets time pass and takes what this terminal shows.
    pub fn pass(&mut self, world: &mut World, time: Duration) {
        world.run(time, |output| {
            self.take(output);
            false
        });
    }

    /// Waits for the prompt of the class's shell; gives the status of the last command.
    pub fn wait_for_prompt(&mut self, world: &mut World, limit: Duration) -> Option<i32> {
        self.pass(world, Duration::from_millis(1));
        if self.prompt.is_none() {
            world.run(limit, |output| {
                self.take(output);
                self.prompt.is_some()
            });
        }
        // Its text comes right after.
        self.pass(world, Duration::from_millis(1));
        self.prompt
    }

    /// Waits until the last line looks like a shell's prompt and nothing moves any more.
    pub fn wait_for_some_prompt(&mut self, world: &mut World, limit: Duration) -> bool {
        let end = world.now() + limit;
        while world.now() < end {
            let before = (self.screen.line_count(), self.screen.last_line());
            self.pass(world, SETTLE);
            let line = self.screen.last_line();
            let still = before == (self.screen.line_count(), line.clone());
            if still
                && (line.ends_with("# ") || line.ends_with("$ ") || line.trim_end().ends_with(['#', '$']))
            {
                return true;
            }
        }
        false
    }

    /// Waits until a text is on the screen, from a line on.
    pub fn wait_for_text(&mut self, world: &mut World, text: &str, from: usize, limit: Duration) -> bool {
        if self.screen.text_from(from).contains(text) {
            return true;
        }
        world.run(limit, |output| {
            self.take(output);
            self.screen.text_from(from).contains(text)
        })
    }

    /// Whether the class's shell waits for a command.
    pub fn at_prompt(&self) -> bool {
        self.prompt.is_some()
    }
}
