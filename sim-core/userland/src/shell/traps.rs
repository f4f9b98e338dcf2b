//! Traps, and what the shell does about signals.

use super::exec::Flow;
use super::state::Shell;
use linux::Signal;
use linux::signal::Disposition;
use sim::SortedMap;
use std::rc::Rc;

/// What a trap waits for, in the order in which `trap` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// The shell ends.
    Exit,
    /// A signal.
    Signal(Signal),
    /// Before every simple command.
    Debug,
    /// A command failed.
    Err,
    /// A function or sourced file ended.
    Return,
}

impl Event {
    /// Reads `EXIT`, `0`, `INT`, `SIGINT`, `2`, `ERR`.
    pub fn parse(text: &str) -> Option<Event> {
        Some(match text.to_ascii_uppercase().as_str() {
            "0" | "EXIT" => Event::Exit,
            "DEBUG" => Event::Debug,
            "ERR" => Event::Err,
            "RETURN" => Event::Return,
            other => Event::Signal(Signal::parse(other)?),
        })
    }

    /// As `trap` writes it.
    pub fn name(self) -> String {
        match self {
            Event::Exit => "EXIT".into(),
            Event::Debug => "DEBUG".into(),
            Event::Err => "ERR".into(),
            Event::Return => "RETURN".into(),
            Event::Signal(signal) => format!("SIG{}", signal.name()),
        }
    }
}

/// What is to be done; an empty command ignores.
#[derive(Clone, Debug, Default)]
pub struct Traps {
    actions: SortedMap<Event, Rc<str>>,
    running: bool,
    /// The last signal whose trap ran: `wait` says which ended it.
    pub last: Option<Signal>,
}

impl Traps {
    /// The command of an event.
    pub fn get(&self, event: Event) -> Option<Rc<str>> {
        self.actions.get(&event).cloned()
    }

    /// All, in order.
    pub fn all(&self) -> Vec<(Event, Rc<str>)> {
        self.actions.iter().map(|(event, action)| (*event, action.clone())).collect()
    }

    /// A subshell keeps only what is ignored.
    pub fn reset_for_subshell(&mut self) {
        self.actions.retain(|event, action| matches!(event, Event::Signal(_)) && action.is_empty());
        self.running = false;
    }
}

/// Signals that an interactive shell does not die of.
const SHIELDED: &[Signal] = &[Signal::QUIT, Signal::TERM, Signal::TSTP, Signal::TTIN, Signal::TTOU];

impl Shell {
    /// Prepares for a person at a terminal.
    pub fn shield_signals(&self) {
        for signal in SHIELDED {
            self.sys.sigaction(*signal, Disposition::Ignore);
        }
        for signal in [Signal::INT, Signal::HUP, Signal::WINCH] {
            self.sys.sigaction(signal, Disposition::Catch);
        }
    }

    /// A child answers signals as programs do.
    pub fn unshield_signals(&self, background: bool) {
        for signal in Signal::ALL {
            let ignored = self.traps.get(Event::Signal(*signal)).is_some_and(|action| action.is_empty());
            let shielded = self.interactive && SHIELDED.contains(signal);
            if !ignored && (shielded || self.sys.disposition(*signal) == Disposition::Catch) {
                self.sys.sigaction(*signal, Disposition::Default);
            }
        }
        if background && !self.options.has('m') {
            self.sys.sigaction(Signal::INT, Disposition::Ignore);
            self.sys.sigaction(Signal::QUIT, Disposition::Ignore);
        }
    }

    /// Sets, ignores (empty) or takes back (nothing) a trap.
    pub fn set_trap(&mut self, event: Event, action: Option<&str>) {
        match action {
            Some(text) => self.traps.actions.insert(event, Rc::from(text)),
            None => self.traps.actions.remove(&event),
        };
        if let Event::Signal(signal) = event {
            self.sys.sigaction(signal, self.wanted_disposition(signal));
        }
        if event == Event::Exit {
            for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
                self.sys.sigaction(signal, self.wanted_disposition(signal));
            }
        }
    }

    fn wanted_disposition(&self, signal: Signal) -> Disposition {
        match self.traps.get(Event::Signal(signal)) {
            Some(action) if action.is_empty() => Disposition::Ignore,
            Some(_) => Disposition::Catch,
            None if self.interactive && !self.in_subshell() => {
                if SHIELDED.contains(&signal) {
                    Disposition::Ignore
                } else if matches!(signal, Signal::INT | Signal::HUP | Signal::WINCH) {
                    Disposition::Catch
                } else {
                    Disposition::Default
                }
            }
            None if matches!(signal, Signal::HUP | Signal::INT | Signal::TERM)
                && self.traps.get(Event::Exit).is_some() =>
            {
                Disposition::Catch
            }
            None => Disposition::Default,
        }
    }

    /// Does what is to be done about signals that have arrived.
    ///
    /// # Errors
    /// What they make of the command that runs.
    pub async fn handle_signals(&mut self) -> Result<(), Flow> {
        while let Some(signal) = self.sys.take_signal() {
            match self.traps.get(Event::Signal(signal)) {
                Some(action) if !action.is_empty() => {
                    self.traps.last = Some(signal);
                    self.run_trap(&action).await?;
                }
                Some(_) => {}
                None => match signal {
                    Signal::INT if self.interactive && !self.in_subshell() => {
                        self.status = 130;
                        return Err(Flow::Interrupt);
                    }
                    Signal::INT | Signal::TERM | Signal::HUP => return Err(Flow::Killed(signal)),
                    _ => {}
                },
            }
        }
        Ok(())
    }

    /// Runs the command of a trap; `$?` is as before afterwards.
    pub async fn run_trap(&mut self, action: &str) -> Result<(), Flow> {
        let (status, line) = (self.status, self.line);
        let result = self.eval_text(action, "trap").await;
        if !matches!(result, Err(Flow::Exit | Flow::Return)) {
            self.status = status;
        }
        self.line = line;
        result
    }

    /// Runs the trap of an event that is not a signal.
    pub async fn run_event(&mut self, event: Event) -> Result<(), Flow> {
        let Some(action) = self.traps.get(event).filter(|action| !action.is_empty()) else { return Ok(()) };
        if self.traps.running {
            return Ok(());
        }
        self.traps.running = true;
        let result = self.run_trap(&action).await;
        self.traps.running = false;
        result
    }

    /// The shell ends: its EXIT trap runs once.
    pub async fn run_exit_trap(&mut self) {
        let Some(action) = self.traps.get(Event::Exit) else { return };
        self.set_trap(Event::Exit, None);
        self.traps.running = false;
        let status = self.status;
        let result = self.eval_text(&action, "exit trap").await;
        if !matches!(result, Err(Flow::Exit)) {
            self.status = status;
        }
    }
}
