//! `head`: the beginning of files.

use super::support::input::{close_input, open_for_reading};
use super::support::{prelude::*, program, text::parse_size};

program!(PROGRAM, "head", "Output the first part of files", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = args[0].clone();
    let args = obsolete(args);
    let options =
        match parse(&sys, &args, "n:|lines c:|bytes q|quiet|silent v|verbose z|zero-terminated", 1).await {
            Ok(options) => options,
            Err(status) => return status,
        };
    let unit = options.last_of(&["n", "c"]).unwrap_or("n");
    let given = options.value(unit).unwrap_or("10");
    let (from_end, digits) = given.strip_prefix('-').map_or((false, given), |digits| (true, digits));
    let Some(count) = parse_size(digits) else {
        let what = if unit == "n" { "lines" } else { "bytes" };
        complain(&sys, &name, &format!("invalid number of {what}: {}", quote(&sys, digits))).await;
        return 1;
    };
    let delimiter = if options.has("z") { 0 } else { b'\n' };
    let files = options.files();
    let headers = (files.len() > 1 || options.has("v")) && !options.has("q");
    let mut out = Out::new(&sys);
    let mut status = 0;
    let mut first = true;
    for file in &files {
        let shown = if file == "-" { "standard input" } else { file };
        let Some(fd) = open_for_reading(&sys, &mut out, &name, file).await else {
            status = 1;
            continue;
        };
        if headers {
            out.text(&format!("{}==> {shown} <==\n", if first { "" } else { "\n" })).await;
        }
        first = false;
        let result = match (unit, from_end) {
            ("n", false) => lines(&sys, fd, &mut out, count, delimiter).await,
            ("n", true) => all_but_lines(&sys, fd, &mut out, count, delimiter).await,
            (_, false) => bytes(&sys, fd, &mut out, count).await,
            (_, true) => all_but_bytes(&sys, fd, &mut out, count).await,
        };
        if let Err(errno) = result {
            out.flush().await;
            complain(&sys, &name, &format!("error reading {}: {errno}", quote_always(shown))).await;
            status = 1;
        }
        close_input(&sys, fd);
    }
    out.finish(&name, status).await
}

/// `-5` is `-n 5`.
fn obsolete(mut args: Args) -> Args {
    if let Some(digits) = args.get(1).and_then(|arg| arg.strip_prefix('-'))
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit())
    {
        args[1] = format!("-n{digits}");
    }
    args
}

async fn lines(sys: &Sys, fd: i32, out: &mut Out, mut count: u64, delimiter: u8) -> Result<(), Errno> {
    let mut lines = Lines::new(sys, fd).delimited_by(delimiter);
    while count > 0 {
        let Some(line) = lines.next().await? else { break };
        out.put(&line).await;
        count -= 1;
    }
    Ok(())
}

async fn all_but_lines(sys: &Sys, fd: i32, out: &mut Out, count: u64, delimiter: u8) -> Result<(), Errno> {
    let mut lines = Lines::new(sys, fd).delimited_by(delimiter);
    let mut held = std::collections::VecDeque::new();
    while let Some(line) = lines.next().await? {
        held.push_back(line);
        if held.len() as u64 > count
            && let Some(line) = held.pop_front()
        {
            out.put(&line).await;
        }
    }
    Ok(())
}

async fn bytes(sys: &Sys, fd: i32, out: &mut Out, mut count: u64) -> Result<(), Errno> {
    while count > 0 {
        let some = sys.read(fd, count.min(65_536) as usize).await?;
        if some.is_empty() {
            break;
        }
        count -= some.len() as u64;
        out.put(&some).await;
    }
    Ok(())
}

async fn all_but_bytes(sys: &Sys, fd: i32, out: &mut Out, count: u64) -> Result<(), Errno> {
    let all = sys.read_to_end(fd).await?;
    out.put(&all[..all.len().saturating_sub(count as usize)]).await;
    Ok(())
}
