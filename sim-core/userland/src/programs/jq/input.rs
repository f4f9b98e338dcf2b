//! The inputs of jq: values of files or of standard input, as they come.

use super::json::Json;
use super::options::Invocation;
use super::read::Reader;
use crate::programs::support::input::Lines;
use linux::Sys;
use linux::fd::OpenFlags;
use std::collections::VecDeque;

/// Where they come from.
pub(super) struct Inputs {
    sys: Sys,
    files: VecDeque<String>,
    lines: Option<Lines>,
    reader: Reader,
    /// Values of the current line that nobody has taken yet.
    ready: VecDeque<Result<Json, String>>,
    slurp: bool,
    raw: bool,
    done: bool,
    /// The file that is being read.
    pub(super) file: Option<String>,
    /// Lines of it that were read.
    pub(super) line: usize,
    /// A file could not be opened.
    pub(super) failed: bool,
}

impl Inputs {
    pub(super) fn new(sys: &Sys, invocation: &Invocation) -> Inputs {
        let mut files: VecDeque<String> = invocation.files.iter().cloned().collect();
        if files.is_empty() {
            files.push_back("-".into());
        }
        Inputs {
            sys: sys.clone(),
            files,
            lines: None,
            reader: Reader::new(),
            ready: VecDeque::new(),
            slurp: invocation.slurp,
            raw: invocation.raw_input,
            done: false,
            file: None,
            line: 0,
            failed: false,
        }
    }

    /// The next input; what is wrong with the text ends them.
    pub(super) async fn next(&mut self) -> Option<Result<Json, String>> {
        if !self.slurp {
            return self.value().await;
        }
        if self.done {
            return None;
        }
        let mut all = Vec::new();
        let mut text = String::new();
        while let Some(value) = self.value().await {
            match value {
                Ok(Json::String(line)) if self.raw => text.push_str(&line),
                Ok(value) => all.push(value),
                Err(wrong) => return Some(Err(wrong)),
            }
        }
        self.done = true;
        Some(Ok(if self.raw { Json::string(text) } else { Json::array(all) }))
    }

    async fn value(&mut self) -> Option<Result<Json, String>> {
        loop {
            if let Some(value) = self.ready.pop_front() {
                return Some(value);
            }
            if self.done {
                return None;
            }
            let Some(line) = self.line().await else {
                if !self.slurp {
                    self.done = true;
                }
                if self.raw {
                    return None;
                }
                return self.reader.finish().transpose();
            };
            if self.raw {
                let text = String::from_utf8_lossy(&line);
                let text = if self.slurp { &*text } else { text.strip_suffix('\n').unwrap_or(&text) };
                return Some(Ok(Json::string(text)));
            }
            let ready = &mut self.ready;
            if let Err(wrong) = self.reader.feed(&line, &mut |value| ready.push_back(Ok(value))) {
                ready.push_back(Err(wrong));
                self.done = true;
            }
        }
    }

    /// The next line, of whatever file.
    async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(lines) = &mut self.lines {
                if let Ok(Some(line)) = lines.next().await {
                    self.line += usize::from(line.ends_with(b"\n"));
                    return Some(line);
                }
                self.lines = None;
            }
            let name = self.files.pop_front()?;
            let fd = if name == "-" { Ok(0) } else { self.sys.open(&name, OpenFlags::READ, 0) };
            match fd {
                Ok(fd) => {
                    self.lines = Some(Lines::new(&self.sys, fd));
                    self.file = Some(if name == "-" { "<stdin>".into() } else { name });
                    self.line = 0;
                }
                Err(errno) => {
                    self.sys.err(&format!("jq: error: Could not open file {name}: {errno}\n")).await;
                    self.failed = true;
                }
            }
        }
    }
}
