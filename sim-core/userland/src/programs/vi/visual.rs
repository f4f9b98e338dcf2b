//! Visual mode: what is selected, and what is done with it.

use super::editor::{Editor, Mode};
use super::motion::{self, Kind};
use crate::programs::support::keys::Key;

impl Editor {
    /// One command of the visual mode.
    pub(super) async fn visual(&mut self) {
        let (count, key) = self.counted(None).await;
        let Key::Char(c) = key else { return self.go(key, count).await };
        let lines = self.mode == Mode::VisualLine;
        let leave = |editor: &mut Editor| editor.mode = Mode::Normal;
        match c {
            '\x1b' | '\x03' => leave(self),
            'v' | 'V' => {
                let wanted = if c == 'v' { Mode::Visual } else { Mode::VisualLine };
                self.mode = if self.mode == wanted { Mode::Normal } else { wanted };
            }
            'o' => std::mem::swap(&mut self.anchor, &mut self.cursor),
            ':' => {
                let (from, to) =
                    (self.anchor.line.min(self.cursor.line), self.anchor.line.max(self.cursor.line));
                leave(self);
                self.command_line(&format!("{},{}", from + 1, to + 1)).await;
            }
            'i' | 'a' => {
                let Key::Char(name) = self.key().await else { return self.bell() };
                match motion::object(&self.buffer, self.cursor, c == 'a', name) {
                    Some((from, to, kind)) => {
                        self.anchor = from;
                        self.cursor = to;
                        if kind == Kind::Lines {
                            self.mode = Mode::VisualLine;
                        }
                    }
                    None => self.bell(),
                }
            }
            'd' | 'x' | 'c' | 's' | 'y' | '>' | '<' | 'J' | '~' | 'u' | 'U' | 'r' | 'p' | 'D' | 'Y' => {
                let (from, mut to) = (self.anchor.min(self.cursor), self.anchor.max(self.cursor));
                let kind = if lines || c == 'D' || c == 'Y' { Kind::Lines } else { Kind::Inclusive };
                to.column = to.column.min(self.buffer.width(to.line).saturating_sub(1));
                leave(self);
                self.cursor = from;
                self.on_selection(c, from, to, kind, count.unwrap_or(1)).await;
            }
            'g' => match self.key().await {
                Key::Char('g') => self.go_line(count.unwrap_or(1)),
                _ => self.bell(),
            },
            _ => self.go(key, count).await,
        }
    }
}
