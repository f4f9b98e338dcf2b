//! `read mapfile readarray`

use super::{Outcome, flags};
use crate::shell::exec::Flow;
use crate::shell::parser::is_name;
use crate::shell::state::Shell;
use linux::fd::PollFd;
use linux::{Errno, Fd, Termios};
use std::time::Duration;

/// What ended the reading of a line.
#[derive(PartialEq, Eq)]
enum End {
    Delimiter,
    Count,
    Eof,
    Timeout,
    Failed(Errno),
}

impl Shell {
    /// A line of standard input without its end; nothing at the end of input.
    pub async fn read_line(&mut self) -> Result<Option<String>, Flow> {
        let (bytes, end) = self.read_until(0, b'\n', None, true, None).await?;
        if bytes.is_empty() && end != End::Delimiter {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Reads byte by byte, so that what follows is left for others.
    async fn read_until(
        &mut self,
        fd: Fd,
        delimiter: u8,
        count: Option<usize>,
        backslash: bool,
        deadline: Option<sim::Instant>,
    ) -> Result<(Vec<u8>, End), Flow> {
        let mut bytes: Vec<u8> = Vec::new();
        let mut chars = 0;
        loop {
            if count.is_some_and(|count| chars >= count) {
                return Ok((bytes, End::Count));
            }
            if let Some(deadline) = deadline {
                let left = deadline.duration_since(self.sys.now());
                let wanted = [PollFd { fd, readable: true, writable: false }];
                match self.sys.poll(&wanted, Some(left)).await {
                    Ok(ready) if ready.first().is_some_and(|ready| ready.0) => {}
                    Ok(_) => return Ok((bytes, End::Timeout)),
                    Err(Errno::EINTR) => {
                        self.handle_signals().await?;
                        continue;
                    }
                    Err(error) => return Ok((bytes, End::Failed(error))),
                }
            }
            match self.sys.read(fd, 1).await {
                Ok(data) => {
                    let Some(&byte) = data.first() else { return Ok((bytes, End::Eof)) };
                    if byte == delimiter && (!backslash || !ends_escaped(&bytes)) {
                        return Ok((bytes, End::Delimiter));
                    }
                    if byte & 0xc0 != 0x80 {
                        chars += 1;
                    }
                    if byte != 0 {
                        bytes.push(byte);
                    }
                }
                Err(Errno::EINTR) => self.handle_signals().await?,
                Err(error) => return Ok((bytes, End::Failed(error))),
            }
        }
    }
}

fn ends_escaped(bytes: &[u8]) -> bool {
    bytes.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

pub(super) async fn read(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "ersa:d:i:n:N:p:t:u:").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    let raw = flags.has('r');
    let fd: Fd = flags.value('u').and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut deadline = None;
    if let Some(text) = flags.value('t') {
        let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds >= 0.0 && seconds.is_finite());
        let Some(seconds) = seconds else {
            shell.error(&format!("read: {text}: invalid timeout specification")).await;
            return Ok(1);
        };
        if seconds == 0.0 {
            let wanted = [PollFd { fd, readable: true, writable: false }];
            let ready = shell.sys.poll(&wanted, Some(Duration::ZERO)).await;
            return Ok(i32::from(!ready.is_ok_and(|ready| ready.first().is_some_and(|ready| ready.0))));
        }
        deadline = Some(shell.sys.now() + Duration::from_secs_f64(seconds.min(1e9)));
    }
    for name in flags.rest {
        let bare = name.split('[').next().unwrap_or_default();
        if !is_name(bare) {
            shell.error(&format!("read: `{name}': not a valid identifier")).await;
            return Ok(1);
        }
    }
    let exact = flags.value('N').is_some();
    let count = flags.value('N').or(flags.value('n')).and_then(|text| text.parse::<usize>().ok());
    let delimiter = match flags.value('d') {
        _ if exact => 0,
        Some(text) => text.bytes().next().unwrap_or(0),
        None => b'\n',
    };
    let terminal = shell.sys.isatty(fd);
    if let Some(prompt) = flags.value('p')
        && terminal
    {
        let prompt = prompt.to_string();
        shell.sys.err(&prompt).await;
    }
    let modes = shell.sys.tcgetattr(fd).ok().filter(|_| terminal);
    if let Some(modes) = modes {
        let silent = flags.has('s');
        let by_character = count.is_some() || delimiter != b'\n';
        let _ = shell.sys.tcsetattr(
            fd,
            Termios { echo: modes.echo && !silent, canonical: modes.canonical && !by_character, ..modes },
        );
    }
    let backslash = !raw && !exact;
    let result = shell.read_until(fd, delimiter, count, backslash, deadline).await;
    if let Some(modes) = modes {
        let _ = shell.sys.tcsetattr(fd, modes);
    }
    let (bytes, end) = result?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = match end {
        End::Delimiter | End::Count => 0,
        End::Eof => 1,
        End::Timeout => 142,
        End::Failed(error) => {
            shell.error(&format!("read: read error: {fd}: {}", error.text())).await;
            1
        }
    };
    if let Some(name) = flags.value('a') {
        let name = name.to_string();
        let ifs = shell.ifs();
        let fields = fields(&text, &ifs, usize::MAX, backslash);
        let elements = fields.into_iter().map(|field| (None, false, field)).collect();
        if let Err(message) = shell.assign_array(&name, elements, false) {
            shell.error(&format!("read: {message}")).await;
            return Ok(1);
        }
        return Ok(status);
    }
    let mut values = if exact {
        vec![text]
    } else if flags.rest.is_empty() {
        vec![unescape(&text, backslash)]
    } else {
        let ifs = shell.ifs();
        fields(&text, &ifs, flags.rest.len(), backslash)
    }
    .into_iter();
    let reply = ["REPLY".to_string()];
    let names = if flags.rest.is_empty() { &reply[..] } else { flags.rest };
    for name in names {
        let value = values.next().unwrap_or_default();
        let (bare, key) = match name.split_once('[') {
            Some((bare, rest)) => (bare, rest.strip_suffix(']')),
            None => (name.as_str(), None),
        };
        if let Err(message) = shell.assign(bare, key, value, false) {
            shell.error(&message).await;
            return Ok(1);
        }
    }
    Ok(status)
}

fn unescape(text: &str, backslash: bool) -> String {
    if !backslash {
        return text.to_string();
    }
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('\n') | None => {}
            Some(c) => out.push(c),
        }
    }
    out
}

/// Splits a line for `read`: at most `count` fields, the last one with all that is left.
fn fields(text: &str, ifs: &str, count: usize, backslash: bool) -> Vec<String> {
    let mut chars: Vec<(char, bool)> = Vec::new();
    let mut iter = text.chars();
    while let Some(c) = iter.next() {
        if c == '\\' && backslash {
            match iter.next() {
                Some('\n') | None => {}
                Some(c) => chars.push((c, true)),
            }
        } else {
            chars.push((c, false));
        }
    }
    let separates = |(c, quoted): (char, bool)| !quoted && ifs.contains(c);
    let blank = |(c, quoted): (char, bool)| !quoted && matches!(c, ' ' | '\t' | '\n') && ifs.contains(c);
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < chars.len() && blank(chars[at]) {
        at += 1;
    }
    while at < chars.len() {
        let start = at;
        if out.len() + 1 == count {
            let mut end = chars.len();
            while end > start && blank(chars[end - 1]) {
                end -= 1;
            }
            // One separator at the very end goes, if nothing but the last field is before it.
            if end > start
                && separates(chars[end - 1])
                && !chars[start..end - 1].iter().any(|c| separates(*c) && !blank(*c))
            {
                let has_inner = chars[start..end - 1].iter().any(|c| separates(*c));
                if !has_inner {
                    end -= 1;
                }
            }
            out.push(chars[start..end].iter().map(|(c, _)| *c).collect());
            return out;
        }
        while at < chars.len() && !separates(chars[at]) {
            at += 1;
        }
        out.push(chars[start..at].iter().map(|(c, _)| *c).collect());
        while at < chars.len() && blank(chars[at]) {
            at += 1;
        }
        if at < chars.len() && separates(chars[at]) && !blank(chars[at]) {
            at += 1;
            while at < chars.len() && blank(chars[at]) {
                at += 1;
            }
        }
    }
    out
}

pub(super) async fn mapfile(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "d:n:O:s:tu:C:c:").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if flags.has('C') {
        let name = args[0].clone();
        return Ok(shell.not_simulated(&name, "the option -C").await);
    }
    let name = flags.rest.first().map_or("MAPFILE", String::as_str).to_string();
    let fd: Fd = flags.value('u').and_then(|text| text.parse().ok()).unwrap_or(0);
    let number = |letter| flags.value(letter).and_then(|text| text.parse::<usize>().ok());
    let count = number('n').filter(|n| *n > 0).unwrap_or(usize::MAX);
    let skip = number('s').unwrap_or(0);
    let delimiter = flags.value('d').map_or(b'\n', |text| text.bytes().next().unwrap_or(0));
    let mut elements = Vec::new();
    let mut seen = 0;
    while elements.len() < count {
        let (bytes, end) = shell.read_until(fd, delimiter, None, false, None).await?;
        if bytes.is_empty() && end != End::Delimiter {
            break;
        }
        seen += 1;
        if seen > skip {
            let mut text = String::from_utf8_lossy(&bytes).into_owned();
            if end == End::Delimiter && !flags.has('t') {
                text.push(delimiter as char);
            }
            elements.push((None, false, text));
        }
        if end != End::Delimiter {
            break;
        }
    }
    let origin = number('O');
    if let (Some(origin), Some(first)) = (origin, elements.first_mut()) {
        first.0 = Some(origin.to_string());
    }
    if let Err(message) = shell.assign_array(&name, elements, origin.is_some()) {
        shell.error(&format!("{}: {message}", args[0])).await;
        return Ok(1);
    }
    Ok(0)
}
