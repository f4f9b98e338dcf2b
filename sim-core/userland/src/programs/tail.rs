//! `tail`: the end of files, and what comes after it (`-f`).

use super::support::input::{close_input, open_for_reading};
use super::support::{prelude::*, program, text::parse_size};
use linux::fd::OpenFlags;
use std::time::Duration;

program!(PROGRAM, "tail", "Output the last part of files", main);

/// What to skip or keep.
#[derive(Clone, Copy)]
enum Part {
    LastLines(u64),
    LinesFrom(u64),
    LastBytes(u64),
    BytesFrom(u64),
}

async fn main(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str =
        "n:|lines c:|bytes f F q|quiet|silent v|verbose s:|sleep-interval !--pid: --follow? --retry";
    let name = args[0].clone();
    let args = obsolete(args);
    let options = match parse(&sys, &args, TABLE, 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let unit = options.last_of(&["n", "c"]).unwrap_or("n");
    let given = options.value(unit).unwrap_or("10");
    let digits = given.strip_prefix(['+', '-']).unwrap_or(given);
    let Some(count) = parse_size(digits) else {
        let what = if unit == "n" { "lines" } else { "bytes" };
        complain(&sys, &name, &format!("invalid number of {what}: {}", quote(&sys, given))).await;
        return 1;
    };
    let part = match (unit, given.starts_with('+')) {
        ("n", true) => Part::LinesFrom(count),
        ("n", false) => Part::LastLines(count),
        (_, true) => Part::BytesFrom(count),
        (_, false) => Part::LastBytes(count),
    };
    let follow = options.has("f") || options.has("F") || options.has("follow");
    let by_name = options.has("F") || options.value("follow") == Some("name");
    let interval =
        options.value("s").and_then(|text| text.parse::<f64>().ok()).unwrap_or(1.0).clamp(0.001, 1e6);
    let files = options.files();
    let headers = (files.len() > 1 || options.has("v")) && !options.has("q");
    let mut out = Out::new(&sys);
    let mut status = 0;
    let mut open = Vec::new();
    let mut shown_last = None;
    for (index, file) in files.iter().enumerate() {
        let label = if file == "-" { "standard input" } else { file };
        let Some(fd) = open_for_reading(&sys, &mut out, &name, file).await else {
            status = 1;
            if by_name {
                open.push(Followed { name: file.clone(), fd: None, seen: 0, index });
            }
            continue;
        };
        if headers {
            out.text(&format!("{}==> {label} <==\n", if shown_last.is_some() { "\n" } else { "" })).await;
        }
        shown_last = Some(index);
        match show(&sys, fd, &mut out, part).await {
            Ok(seen) => {
                if follow {
                    open.push(Followed { name: file.clone(), fd: Some(fd), seen, index });
                } else {
                    close_input(&sys, fd);
                }
            }
            Err(errno) => {
                out.flush().await;
                complain(&sys, &name, &format!("error reading {}: {errno}", quote_always(label))).await;
                status = 1;
                close_input(&sys, fd);
            }
        }
    }
    out.flush().await;
    if !follow {
        return out.finish(&name, status).await;
    }
    if open.is_empty() {
        complain(&sys, &name, "no files remaining").await;
        return 1;
    }
    let follower = Follower { sys: sys.clone(), name, by_name, headers, last: shown_last };
    follower.run(open, out, Duration::from_secs_f64(interval)).await
}

/// `-5` is `-n 5`, `+5` is `-n +5`.
fn obsolete(mut args: Args) -> Args {
    let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if let Some(arg) = args.get(1).cloned() {
        let (digits, follow) = arg.strip_suffix('f').map_or((arg.as_str(), false), |digits| (digits, true));
        if digits.strip_prefix('-').is_some_and(number) || digits.strip_prefix('+').is_some_and(number) {
            args[1] = format!("-n{}", digits.strip_prefix('-').unwrap_or(digits));
            if follow {
                args.insert(2, "-f".into());
            }
        }
    }
    args
}

/// Shows the part of a file that is asked for; how many bytes the file had.
async fn show(sys: &Sys, fd: i32, out: &mut Out, part: Part) -> Result<u64, Errno> {
    if let Part::LinesFrom(from) = part {
        let mut lines = Lines::new(sys, fd);
        let (mut number, mut seen) = (0, 0);
        while let Some(line) = lines.next().await? {
            number += 1;
            seen += line.len() as u64;
            if number >= from {
                out.put(&line).await;
            }
        }
        return Ok(seen);
    }
    let all = sys.read_to_end(fd).await?;
    let start = match part {
        Part::LastLines(count) => last_lines(&all, count),
        Part::LastBytes(count) => all.len().saturating_sub(count as usize),
        Part::BytesFrom(from) => all.len().min(from.saturating_sub(1) as usize),
        Part::LinesFrom(_) => 0,
    };
    out.put(&all[start..]).await;
    Ok(all.len() as u64)
}

fn last_lines(all: &[u8], count: u64) -> usize {
    let body = all.strip_suffix(b"\n").unwrap_or(all);
    if count == 0 {
        return all.len();
    }
    let breaks = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    breaks.map(|(at, _)| at + 1).nth(count as usize - 1).unwrap_or(0)
}

struct Followed {
    name: String,
    fd: Option<i32>,
    seen: u64,
    index: usize,
}

struct Follower {
    sys: Sys,
    name: String,
    by_name: bool,
    headers: bool,
    last: Option<usize>,
}

impl Follower {
    async fn run(mut self, mut files: Vec<Followed>, mut out: Out, interval: Duration) -> ExitCode {
        loop {
            for file in &mut files {
                self.look(file, &mut out).await;
            }
            out.flush().await;
            if out.is_broken() {
                return out.finish(&self.name, 1).await;
            }
            let _ = self.sys.sleep(interval).await;
        }
    }

    async fn look(&mut self, file: &mut Followed, out: &mut Out) {
        if self.by_name && file.name != "-" {
            self.reopen(file).await;
        }
        let Some(fd) = file.fd else { return };
        if let Ok(stat) = self.sys.fstat(fd)
            && stat.file_type == linux::vfs::FileType::Regular
            && stat.size < file.seen
        {
            complain(&self.sys, &self.name, &format!("{}: file truncated", quote_if_needed(&file.name)))
                .await;
            let _ = self.sys.seek(fd, linux::fd::SeekFrom::Start(0));
            file.seen = 0;
        }
        loop {
            match self.sys.read(fd, 32_768).await {
                Ok(more) if !more.is_empty() => {
                    if self.headers && self.last != Some(file.index) {
                        out.text(&format!("\n==> {} <==\n", file.name)).await;
                        self.last = Some(file.index);
                    }
                    file.seen += more.len() as u64;
                    out.put(&more).await;
                    out.flush().await;
                }
                _ => break,
            }
        }
    }

    /// Follows the name: another file that has appeared there is read from its beginning.
    async fn reopen(&self, file: &mut Followed) {
        let Ok(there) = self.sys.stat(&file.name) else {
            if let Some(fd) = file.fd.take() {
                let _ = self.sys.close(fd);
                let text = format!("{} has become inaccessible: {}", quote_always(&file.name), Errno::ENOENT);
                complain(&self.sys, &self.name, &text).await;
            }
            return;
        };
        let same = file.fd.and_then(|fd| self.sys.fstat(fd).ok()).is_some_and(|stat| stat.ino == there.ino);
        if same {
            return;
        }
        let Ok(fd) = self.sys.open(&file.name, OpenFlags::READ, 0) else { return };
        let what = if file.fd.is_some() { "has been replaced" } else { "has appeared" };
        complain(&self.sys, &self.name, &format!("{} {what};  following new file", quote_always(&file.name)))
            .await;
        if let Some(old) = file.fd.replace(fd) {
            let _ = self.sys.close(old);
        }
        file.seen = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_the_end() {
        let at = |text: &str, count| text[last_lines(text.as_bytes(), count)..].to_string();
        assert_eq!(at("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(at("a\nb\nc", 1), "c");
        assert_eq!(at("a\n", 5), "a\n");
        assert_eq!(at("a\n", 0), "");
    }
}
