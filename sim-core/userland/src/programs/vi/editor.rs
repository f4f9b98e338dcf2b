//! The editor: a file, a cursor, and the loop that takes one command after the other.

use super::buffer::{Buffer, Place};
use crate::programs::support::keys::{Key, Keyboard};
use linux::{Errno, ExitCode, Sys};
use regex_lite::Regex;
use std::collections::VecDeque;

/// What keys mean at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Normal,
    Insert,
    Replace,
    Visual,
    VisualLine,
}

/// What was yanked or deleted.
#[derive(Clone, Default)]
pub(super) struct Register {
    pub(super) text: String,
    /// Whole lines.
    pub(super) lines: bool,
}

/// Options of `:set`.
pub(super) struct Settings {
    pub(super) number: bool,
    pub(super) expand_tab: bool,
    pub(super) auto_indent: bool,
    pub(super) ignore_case: bool,
    pub(super) highlight: bool,
    pub(super) list: bool,
    pub(super) shift_width: usize,
    pub(super) tab_stop: usize,
}

/// The editor.
pub(super) struct Editor {
    pub(super) sys: Sys,
    pub(super) keyboard: Keyboard,
    pub(super) buffer: Buffer,
    pub(super) file: String,
    pub(super) readonly: bool,
    pub(super) cursor: Place,
    /// The column that vertical motions try to keep; all of the line for `$`.
    pub(super) wanted: usize,
    /// The first line on the screen.
    pub(super) top: usize,
    pub(super) mode: Mode,
    /// Where the visual mode began.
    pub(super) anchor: Place,
    pub(super) register: Register,
    /// The last search: what, whether backwards.
    pub(super) search: Option<(String, bool)>,
    /// The last `f F t T`.
    pub(super) find: Option<(char, char)>,
    pub(super) settings: Settings,
    /// What stands in the last line.
    pub(super) message: String,
    /// It is an error, and shown as such.
    pub(super) is_error: bool,
    /// Keys that come before those of the keyboard.
    pub(super) queue: VecDeque<Key>,
    /// Keys of the command under way, and of the last change, for `.`.
    pub(super) recorded: Vec<Key>,
    pub(super) last_change: Vec<Key>,
    pub(super) repeating: bool,
    pub(super) quit: Option<ExitCode>,
    /// The line that ends without a line feed.
    pub(super) no_eol: bool,
    pub(super) bells: usize,
    pub(super) old_screen: Vec<String>,
    /// The command was `u` or `^R`, which is no change of its own.
    pub(super) travelled: bool,
    /// Where the command began to change the text.
    pub(super) changed_at: Option<Place>,
    /// The last `:s`: pattern, text, flags.
    pub(super) substitution: Option<(String, String, String)>,
}

impl Editor {
    pub(super) fn new(sys: &Sys, keyboard: Keyboard) -> Editor {
        Editor {
            sys: sys.clone(),
            keyboard,
            buffer: Buffer::new(""),
            file: String::new(),
            readonly: false,
            cursor: Place::default(),
            wanted: 0,
            top: 0,
            mode: Mode::Normal,
            anchor: Place::default(),
            register: Register::default(),
            search: None,
            find: None,
            settings: Settings {
                number: false,
                expand_tab: false,
                auto_indent: false,
                ignore_case: false,
                highlight: false,
                list: false,
                shift_width: 8,
                tab_stop: 8,
            },
            message: String::new(),
            is_error: false,
            queue: VecDeque::new(),
            recorded: Vec::new(),
            last_change: Vec::new(),
            repeating: false,
            quit: None,
            no_eol: false,
            bells: 0,
            old_screen: Vec::new(),
            travelled: false,
            changed_at: None,
            substitution: None,
        }
    }

    /// Edits files; only the first one.
    pub(super) async fn run(&mut self, files: &[String], commands: &[String]) -> ExitCode {
        if let Some(file) = files.first() {
            self.open(file).await;
        }
        for command in commands {
            self.ex(command).await;
        }
        while self.quit.is_none() {
            self.clamp();
            self.draw().await;
            let before = self.buffer.lines.clone();
            let cursor = self.cursor;
            self.recorded.clear();
            let message = self.message.clone();
            match self.mode {
                Mode::Visual | Mode::VisualLine => self.visual().await,
                _ => self.normal().await,
            }
            // Lines that scroll on the screen take an old message with them.
            if before.len() != self.buffer.lines.len() && message == self.message {
                self.message.clear();
            }
            if !std::mem::take(&mut self.travelled) {
                let cursor = self.changed_at.take().unwrap_or(cursor);
                self.buffer.commit(before, cursor, self.sys.now());
            }
        }
        self.quit.unwrap_or(0)
    }

    /// The next key, kept for `.`.
    pub(super) async fn key(&mut self) -> Key {
        loop {
            let key = match self.queue.pop_front() {
                Some(key) => key,
                None => self.keyboard.key().await,
            };
            match key {
                Key::Resized => {
                    self.old_screen.clear();
                    self.draw().await;
                }
                Key::Closed => {
                    self.quit = Some(1);
                    return Key::Char('\x1b');
                }
                key => {
                    self.recorded.push(key);
                    return key;
                }
            }
        }
    }

    /// Reads a file into the buffer and says so.
    pub(super) async fn open(&mut self, file: &str) {
        if self.file != file {
            self.cursor = Place::default();
            self.top = 0;
        }
        self.file = file.to_string();
        match self.sys.read_file(file).await {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.buffer = Buffer::new(&text);
                self.no_eol = !text.is_empty() && !text.ends_with('\n');
                let lines = text.lines().count();
                let mut flags = String::new();
                if self.readonly || !self.sys.access(file, 2) {
                    self.readonly = true;
                    flags.push_str(" [readonly]");
                }
                if self.no_eol {
                    flags.push_str("[noeol]");
                }
                let flags = if flags.starts_with('[') { format!(" {flags}") } else { flags };
                self.say(&format!("\"{file}\"{flags} {lines}L, {}B", bytes.len()));
            }
            Err(Errno::ENOENT) => {
                self.buffer = Buffer::new("");
                self.say(&format!("\"{file}\" [New]"));
            }
            Err(Errno::EISDIR) => {
                self.buffer = Buffer::new("");
                self.say(&format!("\"{file}\" is a directory"));
            }
            Err(_) => {
                self.buffer = Buffer::new("");
                self.say(&format!("\"{file}\" [Permission Denied]"));
            }
        }
    }

    pub(super) fn say(&mut self, text: &str) {
        self.message = text.to_string();
        self.is_error = false;
    }

    pub(super) fn error(&mut self, text: &str) {
        self.message = text.to_string();
        self.is_error = true;
        self.queue.clear();
    }

    pub(super) fn bell(&mut self) {
        self.bells += 1;
        self.queue.clear();
    }

    /// Says how many lines came or went, when there are more than two of them.
    pub(super) fn report(&mut self, count: usize, what: &str) {
        if count > 2 {
            self.say(&format!("{count} {what}"));
        }
    }

    /// Keeps the cursor on a character.
    pub(super) fn clamp(&mut self) {
        self.cursor.line = self.cursor.line.min(self.buffer.last());
        let width = self.buffer.width(self.cursor.line);
        let past = matches!(self.mode, Mode::Insert | Mode::Replace | Mode::Visual);
        self.cursor.column = self.cursor.column.min(if past { width } else { width.saturating_sub(1) });
    }

    /// A pattern of vim as a regular expression.
    ///
    /// # Errors
    /// What vim says.
    pub(super) fn compile(&self, pattern: &str) -> Result<Regex, String> {
        let (pattern, flag) = match pattern.find("\\c") {
            Some(at) => (format!("{}{}", &pattern[..at], &pattern[at + 2..]), true),
            None => (pattern.to_string(), false),
        };
        use crate::programs::support::pattern::{PatternError, Syntax, compile};
        // vim's own: `\=` is `\?`, `\s` and `\d` are classes.
        let mut translated = String::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                translated.push(c);
                continue;
            }
            match chars.next() {
                Some('=') => translated.push_str("\\?"),
                Some('d') => translated.push_str("[0-9]"),
                Some('v') => return Err("vi: the pattern \"\\v\" is not simulated".into()),
                Some(c) => translated.extend(['\\', c]),
                None => translated.push_str("\\\\"),
            }
        }
        compile(&translated, Syntax::Basic, flag || self.settings.ignore_case).map_err(|error| match error {
            PatternError::BackReference => "vi: a back reference in a pattern is not simulated".into(),
            PatternError::Wrong(_) => format!("E486: Pattern not found: {pattern}"),
        })
    }

    /// Writes the file; true when that went well.
    pub(super) async fn write(&mut self, file: &str, from: usize, to: usize, force: bool) -> bool {
        if file.is_empty() {
            self.error("E32: No file name");
            return false;
        }
        if self.readonly && !force && file == self.file {
            self.error("E45: 'readonly' option is set (add ! to override)");
            return false;
        }
        let whole = from == 0 && to >= self.buffer.last();
        let mut text = String::new();
        if !self.buffer.is_empty() {
            for line in &self.buffer.lines[from..=to.min(self.buffer.last())] {
                text.push_str(line);
                text.push('\n');
            }
        }
        let new = if self.sys.stat(file).is_ok() { "" } else { " [New]" };
        let same = |path: &str| self.sys.realpath(path).unwrap_or_else(|_| path.to_string());
        let own = file == self.file || same(file) == same(&self.file);
        if !own && new.is_empty() && !force && !self.file.is_empty() {
            self.error("E13: File exists (add ! to override)");
            return false;
        }
        match self.sys.write_file(file, text.as_bytes()).await {
            Ok(()) => {
                let lines = text.lines().count();
                let name = if own { self.file.clone() } else { file.to_string() };
                self.say(&format!("\"{name}\"{new} {lines}L, {}B written", text.len()));
                if self.file.is_empty() {
                    self.file = file.to_string();
                }
                if whole && own {
                    self.buffer.modified = false;
                    self.no_eol = false;
                }
                true
            }
            Err(_) => {
                self.error(&format!("\"{file}\" E212: Can't open file for writing"));
                false
            }
        }
    }
}
