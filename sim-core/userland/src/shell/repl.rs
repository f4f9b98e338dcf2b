//! The conversation with a person: prompt, line, command, and again.
//!
//! What happens seldom is boxed, so that its code is not part of the loop that every prompt runs through.

use super::exec::loops::LoopState;
use super::exec::{Boxed, Flow};
use super::history::Expansion;
use super::jobs::State;
use super::parser::{ParseError, Parser};
use super::readline::keys::Decoder;
use super::readline::{Action, Editor};
use super::state::Shell;
use linux::{Errno, Fd, Signal, Termios};
use std::rc::Rc;

/// What a person entered.
enum Entered {
    Line(String),
    Interrupted,
    Eof,
}

/// What is kept from one line to the next.
#[derive(Default)]
struct Keyboard {
    decoder: Decoder,
    /// Bytes that were typed before they were wanted.
    ahead: Vec<u8>,
    killed: Vec<char>,
}

impl Shell {
    /// Reads commands from a person and runs them, until the end.
    pub(super) async fn repl(&mut self) -> Result<(), Flow> {
        self.load_history().await;
        let marks = self.sys.env("PODIUM_SHELL_INTEGRATION").as_deref() == Some("1");
        let mut keyboard = Keyboard::default();
        let mut buffer = String::new();
        let mut entry = String::new();
        loop {
            self.nesting = 0;
            self.loops = LoopState::default();
            self.frames.clear();
            if buffer.is_empty() {
                entry.clear();
                self.notify_jobs().await;
                if let Some(command) = self.vars.text("PROMPT_COMMAND").map(str::to_string) {
                    let status = self.status;
                    if let Err(flow @ (Flow::Exit | Flow::Killed(_))) =
                        self.eval_text(&command, "PROMPT_COMMAND").await
                    {
                        return Err(flow);
                    }
                    self.status = status;
                }
            }
            let line = match self.enter(&mut keyboard, buffer.is_empty(), marks).await? {
                Entered::Line(line) => line,
                Entered::Interrupted => {
                    buffer.clear();
                    self.status = 130;
                    continue;
                }
                Entered::Eof if buffer.is_empty() => {
                    self.sys.err(if self.login { "\nlogout\n" } else { "\nexit\n" }).await;
                    let stopped = self.jobs.list.iter().any(|job| matches!(job.state(), State::Stopped(_)));
                    if stopped && !std::mem::replace(&mut self.exit_warned, true) {
                        self.sys.err("There are stopped jobs.\n").await;
                        continue;
                    }
                    return Err(Flow::Exit);
                }
                Entered::Eof => {
                    let mut dialect = self.dialect();
                    dialect.at_end = true;
                    if let Err(error) = Parser::new(&buffer, 1).next(&dialect) {
                        self.sys.err("\n").await;
                        self.parse_error(&error, None).await;
                        self.status = 2;
                    }
                    buffer.clear();
                    continue;
                }
            };
            let line = match self.expand_history(&line).await {
                Some(line) => line,
                None => {
                    self.status = 1;
                    buffer.clear();
                    continue;
                }
            };
            join(&mut entry, &buffer, &line);
            buffer.push_str(&line);
            buffer.push('\n');
            if self.is_incomplete(&buffer) {
                continue;
            }
            let entry = std::mem::take(&mut entry);
            self.remember(&entry);
            let text = std::mem::take(&mut buffer);
            if text.trim().is_empty() {
                continue;
            }
            if marks {
                self.sys.err("\x1b]133;C\x07").await;
            }
            self.jobs.just_killed = false;
            let result = self.run_entered(&text).await;
            if marks {
                let mark = format!("\x1b]133;D;{}\x07", self.status);
                self.sys.err(&mark).await;
            }
            self.exit_warned &= self.jobs.list.iter().any(|job| matches!(job.state(), State::Stopped(_)));
            result?;
            self.update_size();
        }
    }

    fn run_entered<'a>(&'a mut self, text: &str) -> Boxed<'a, ()> {
        Box::pin(self.run_lists(Parser::new(text, 1)))
    }

    async fn run_lists(&mut self, mut parser: Parser) -> Result<(), Flow> {
        loop {
            let dialect = self.dialect();
            let list = match parser.next(&dialect) {
                Ok(None) => return Ok(()),
                Ok(Some(list)) => Rc::new(list),
                Err(error) => {
                    self.parse_error(&error, None).await;
                    self.status = 2;
                    return Ok(());
                }
            };
            self.line = 1;
            match self.run_list(&list).await {
                Ok(()) | Err(Flow::Discard | Flow::Break(_) | Flow::Continue(_) | Flow::Return) => {}
                Err(Flow::Interrupt) => {
                    // A burst of ^C is one.
                    while self.sys.take_signal() == Some(Signal::INT) {}
                    self.status = 130;
                    self.sys.err("\n").await;
                    return Ok(());
                }
                Err(flow) => return Err(flow),
            }
            if let Err(flow) = self.handle_signals().await {
                match flow {
                    Flow::Interrupt => {
                        self.sys.err("\n").await;
                        return Ok(());
                    }
                    Flow::Discard => {}
                    other => return Err(other),
                }
            }
        }
    }

    fn is_incomplete(&self, text: &str) -> bool {
        let mut parser = Parser::new(text, 1);
        let mut dialect = self.dialect();
        dialect.at_end = false;
        loop {
            match parser.next(&dialect) {
                Ok(Some(_)) => {}
                Ok(None) => return text.ends_with("\\\n") && ends_continued(text),
                Err(ParseError::Incomplete { .. }) => return true,
                Err(ParseError::Syntax { .. }) => return false,
            }
        }
    }

    async fn expand_history(&mut self, line: &str) -> Option<String> {
        if !self.options.has('H') || !line.contains(['!', '^']) {
            return Some(line.to_string());
        }
        match self.history.expand(line) {
            Expansion::Same => Some(line.to_string()),
            Expansion::Changed(text) => {
                self.sys.err(&format!("{text}\n")).await;
                Some(text)
            }
            Expansion::Print(text) => {
                self.sys.err(&format!("{text}\n")).await;
                self.remember(&text);
                Some(String::new())
            }
            Expansion::Failed(message) => {
                self.error(&message).await;
                None
            }
        }
    }

    fn update_size(&mut self) {
        if let Some(size) = self.tty.and_then(|tty| self.sys.winsize(tty).ok())
            && self.shopt("checkwinsize")
        {
            self.vars.force("LINES", size.rows.to_string());
            self.vars.force("COLUMNS", size.cols.to_string());
        }
    }

    async fn enter(&mut self, keyboard: &mut Keyboard, first: bool, marks: bool) -> Result<Entered, Flow> {
        let name = if first { "PS1" } else { "PS2" };
        let prompt = self.vars.text(name).unwrap_or_default().to_string();
        let mut prompt = self.expand_prompt(&prompt).await;
        if marks && first {
            prompt = format!("\x1b]133;A\x07{prompt}\x1b]133;B\x07");
        }
        if !self.sys.isatty(0) {
            let shown: String =
                prompt.chars().filter(|c| *c != super::prompt::HIDE && *c != super::prompt::SHOW).collect();
            self.sys.err(&shown).await;
            return Ok(match self.read_raw_line().await? {
                Some(line) => Entered::Line(line.trim_end_matches('\n').to_string()),
                None => Entered::Eof,
            });
        }
        let tty = self.tty.unwrap_or(0);
        let modes = self.sys.tcgetattr(0).unwrap_or(Termios::COOKED);
        let raw = Termios { canonical: false, echo: false, signals: false, cr_to_nl: false, ..modes };
        let _ = self.sys.tcsetattr(0, raw);
        let result = self.edit_line(keyboard, &prompt, tty).await;
        let _ = self.sys.tcsetattr(0, modes);
        result
    }

    async fn edit_line(&mut self, keyboard: &mut Keyboard, prompt: &str, tty: Fd) -> Result<Entered, Flow> {
        let paste = self.vars.text("TERM") != Some("dumb");
        let (on, off) = if paste { ("\x1b[?2004h", "\x1b[?2004l\r") } else { ("", "") };
        let mut editor = Editor::new(self.history.lines(), std::mem::take(&mut keyboard.killed));
        let out = editor.begin(prompt, self.columns(tty));
        self.show(tty, &format!("{on}{out}")).await;
        let entered = self.edit_keys(keyboard, &mut editor, tty).await;
        keyboard.killed = editor.killed();
        if !matches!(entered, Ok(Entered::Eof)) {
            self.show(tty, off).await;
        } else if paste {
            self.show(tty, "\x1b[?2004l\r").await;
        }
        entered
    }

    async fn edit_keys(
        &mut self,
        keyboard: &mut Keyboard,
        editor: &mut Editor,
        tty: Fd,
    ) -> Result<Entered, Flow> {
        loop {
            if keyboard.ahead.is_empty() {
                match self.sys.read(0, 4096).await {
                    Ok(bytes) if bytes.is_empty() => return Ok(Entered::Eof),
                    Ok(bytes) => keyboard.ahead = bytes,
                    Err(Errno::EINTR) => {
                        if let Some(entered) = self.signal_while_editing(editor, tty).await? {
                            return Ok(entered);
                        }
                        continue;
                    }
                    Err(_) => return Ok(Entered::Eof),
                }
            }
            let mut out = String::new();
            let mut bytes = std::mem::take(&mut keyboard.ahead).into_iter();
            while let Some(byte) = bytes.next() {
                keyboard.decoder.literal = editor.wants_literal();
                let Some(key) = keyboard.decoder.feed(byte) else { continue };
                let (text, action) = editor.key(key);
                out.push_str(&text);
                let entered = match action {
                    Action::More => continue,
                    Action::Complete => {
                        self.show(tty, &std::mem::take(&mut out)).await;
                        out = self.complete_line(editor, tty).await?;
                        continue;
                    }
                    Action::Line(line) => Entered::Line(line),
                    Action::Interrupt => Entered::Interrupted,
                    Action::Eof => Entered::Eof,
                };
                keyboard.ahead = bytes.collect();
                self.show(tty, &out).await;
                if matches!(entered, Entered::Interrupted)
                    && let Some(action) = self.traps.get(super::traps::Event::Signal(Signal::INT))
                {
                    self.run_trap(&action).await?;
                }
                return Ok(entered);
            }
            self.show(tty, &out).await;
        }
    }

    fn complete_line<'a>(&'a mut self, editor: &'a mut Editor, tty: Fd) -> Boxed<'a, String> {
        Box::pin(async move {
            self.vars.force("COLUMNS", self.columns(tty).to_string());
            let (line, after) = (editor.before_cursor(), editor.after_cursor());
            let completion = self.complete(&line, &after).await?;
            Ok(editor.complete(completion))
        })
    }

    fn signal_while_editing<'a>(&'a mut self, editor: &'a mut Editor, tty: Fd) -> Boxed<'a, Option<Entered>> {
        Box::pin(self.take_signals(editor, tty))
    }

    async fn take_signals(&mut self, editor: &mut Editor, tty: Fd) -> Result<Option<Entered>, Flow> {
        while let Some(signal) = self.sys.take_signal() {
            if let Some(action) =
                self.traps.get(super::traps::Event::Signal(signal)).filter(|a| !a.is_empty())
            {
                self.run_trap(&action).await?;
                continue;
            }
            match signal {
                Signal::WINCH => {
                    let columns = self.columns(tty);
                    self.update_size();
                    let out = editor.resize(columns);
                    self.show(tty, &out).await;
                }
                Signal::INT => {
                    self.show(tty, "\n").await;
                    return Ok(Some(Entered::Interrupted));
                }
                Signal::HUP | Signal::TERM => return Err(Flow::Killed(signal)),
                _ => {}
            }
        }
        Ok(None)
    }

    fn columns(&self, tty: Fd) -> usize {
        self.sys.winsize(tty).map_or(80, |size| usize::from(size.cols).max(2))
    }

    async fn show(&self, tty: Fd, text: &str) {
        if !text.is_empty() {
            let _ = self.sys.write_all(tty, text.as_bytes()).await;
        }
    }
}

/// True when the last line ends in a backslash that continues it.
fn ends_continued(text: &str) -> bool {
    let body = text.trim_end_matches('\n');
    body.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}

/// Makes one line of history of the lines of a command, where that is possible.
fn join(entry: &mut String, before: &str, line: &str) {
    if entry.is_empty() {
        entry.push_str(line);
        return;
    }
    let dialect = super::parser::Dialect::default();
    let inside = matches!(
        Parser::new(before, 1).next(&dialect),
        Err(ParseError::Incomplete { message, .. }) if message.contains("matching") || message == "unexpected end of file"
    );
    let last = entry.split_whitespace().next_back().unwrap_or_default().to_string();
    if ends_continued(before) {
        entry.pop();
        entry.push_str(line);
        return;
    }
    let opens = matches!(
        last.as_str(),
        "do" | "then" | "else" | "elif" | "{" | "(" | "in" | "|" | "&&" | "||" | "if" | "while" | "until"
    );
    let closed = entry.ends_with([';', '&', '|', '(', '{']);
    entry.push_str(if inside {
        "\n"
    } else if opens || closed {
        " "
    } else {
        "; "
    });
    entry.push_str(line);
}
