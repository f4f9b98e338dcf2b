//! The journal's records as a history that can be cut.

use podium_protocol::{Config, Input, Place, Record, Stamp, TerminalId};
use serde::{Deserialize, Serialize};

/// Everything a session is: how its world began, what came in, and how far it went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// How the world began.
    pub config: Config,
    /// What came in, in order.
    pub records: Vec<Record>,
    /// Where to go on from; later than the last input when time passed.
    pub until: Stamp,
    /// The build of the simulation that the stamps were made by.
    pub build: String,
}

impl History {
    /// Takes the last command back: everything since the shell it was typed at waited for it. The
    /// answer is what was typed, or nothing when there is no command.
    pub fn cut_last_command(&mut self) -> Option<String> {
        let last_return =
            self.records.iter().rposition(|r| typed(&r.input).is_some_and(|(_, b)| has_return(b)))?;
        let at = self.records[..=last_return].iter().rposition(|record| record.fresh).unwrap_or(last_return);
        let command = self.text_typed_from(at);
        self.cut(at);
        Some(command)
    }

    /// Takes back everything since the first input under a slide. False when there is none.
    pub fn cut_slide(&mut self, slide: &str) -> bool {
        let first = |r: &Record| r.slide == slide && typed(&r.input).is_some();
        let Some(at) = self.records.iter().position(first) else { return false };
        self.cut(at);
        true
    }

    /// The terminals that are open at the end.
    pub fn terminals(&self) -> Vec<(TerminalId, Place)> {
        let mut open: Vec<(TerminalId, Place)> = Vec::new();
        for record in &self.records {
            match record.input {
                Input::OpenTerminal { id, place, .. } => {
                    open.retain(|(other, _)| *other != id);
                    open.push((id, place));
                }
                Input::CloseTerminal { id } => open.retain(|(other, _)| *other != id),
                _ => {}
            }
        }
        open
    }

    fn cut(&mut self, at: usize) {
        self.until = self.records[at].stamp;
        self.records.truncate(at);
    }

    /// Whether a learner has typed anything.
    pub fn has_typed(&self) -> bool {
        self.records.iter().any(|record| typed(&record.input).is_some())
    }

    fn text_typed_from(&self, at: usize) -> String {
        let Some((terminal, _)) = typed(&self.records[at].input) else { return String::new() };
        let mut bytes = Vec::new();
        for record in &self.records[at..] {
            match typed(&record.input) {
                Some((id, more)) if id == terminal => bytes.extend_from_slice(more),
                _ => continue,
            }
            if has_return(&bytes) {
                break;
            }
        }
        let text = String::from_utf8_lossy(&bytes).replace("\u{1b}[200~", "").replace("\u{1b}[201~", "");
        text.split(['\r', '\n']).next().unwrap_or("").chars().filter(|c| !c.is_control()).collect()
    }
}

fn typed(input: &Input) -> Option<(TerminalId, &[u8])> {
    match input {
        Input::Type { id, bytes } => Some((*id, bytes)),
        _ => None,
    }
}

fn has_return(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(at: u64) -> Stamp {
        Stamp { steps: at, at }
    }

    fn record(at: u64, fresh: bool, slide: &str, text: &str) -> Record {
        let input = Input::Type { id: 1, bytes: text.as_bytes().to_vec() };
        Record { stamp: stamp(at), fresh, slide: slide.to_owned(), input }
    }

    fn history() -> History {
        let open = Input::OpenTerminal { id: 1, place: Place::Lab, rows: 24, cols: 80 };
        History {
            config: Config::default(),
            records: vec![
                Record { stamp: stamp(0), fresh: false, slide: "intro".into(), input: open },
                record(10, true, "one", "l"),
                record(11, false, "one", "s"),
                record(12, false, "one", "\r"),
                record(20, true, "two", "\u{1b}[200~sleep 5\u{1b}[201~\r"),
                record(30, false, "two", "x"),
            ],
            until: stamp(99),
            build: String::new(),
        }
    }

    #[test]
    fn undo_takes_commands_back_one_by_one() {
        let mut history = history();
        assert_eq!(history.cut_last_command().as_deref(), Some("sleep 5"));
        assert_eq!((history.records.len(), history.until), (4, stamp(20)));
        assert_eq!(history.cut_last_command().as_deref(), Some("ls"));
        assert_eq!((history.records.len(), history.until), (1, stamp(10)));
        assert_eq!(history.cut_last_command(), None);
        assert_eq!(history.terminals(), [(1, Place::Lab)]);
    }

    #[test]
    fn a_slide_is_reset_to_before_its_first_input() {
        let mut history = history();
        assert!(!history.cut_slide("three"));
        assert!(history.cut_slide("two"));
        assert_eq!(history.records.len(), 4);
    }
}
