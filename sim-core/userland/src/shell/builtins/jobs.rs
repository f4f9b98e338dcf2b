//! `jobs fg bg wait kill disown`

use super::trap::signal_table;
use super::{Outcome, flags};
use crate::shell::exec::Flow;
use crate::shell::jobs::State;
use crate::shell::state::Shell;
use linux::{Errno, Pid, Signal, WaitFor, WaitStatus};

pub(super) async fn jobs(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "lnprsx").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    shell.reap().await;
    let mut wanted = Vec::new();
    for spec in flags.rest {
        match shell.jobs.find(spec) {
            Ok(number) => wanted.push(number),
            Err(why) => {
                shell.error(&format!("jobs: {spec}: {why}")).await;
                return Ok(1);
            }
        }
    }
    let cwd = shell.cwd();
    let mut text = String::new();
    let mut gone = Vec::new();
    for job in &shell.jobs.list {
        let state = job.state();
        let fits = (wanted.is_empty() || wanted.contains(&job.number))
            && (!flags.has('r') || state == State::Running)
            && (!flags.has('s') || matches!(state, State::Stopped(_)))
            && (!flags.has('n') || !job.notified);
        if !fits {
            continue;
        }
        if flags.has('p') {
            text.push_str(&format!("{}\n", job.members.first().map_or(0, |member| member.pid)));
        } else {
            text.push_str(&shell.jobs.line(job, flags.has('l'), &cwd));
            text.push('\n');
        }
        if matches!(state, State::Done(_)) {
            gone.push(job.number);
        }
    }
    for number in gone {
        shell.jobs.remove(number);
    }
    Ok(shell.print("jobs", &text).await)
}

async fn job_argument(shell: &mut Shell, who: &str, spec: Option<&String>) -> Option<usize> {
    if !shell.options.has('m') {
        shell.error(&format!("{who}: no job control")).await;
        return None;
    }
    shell.reap().await;
    let text = spec.map_or("%%", String::as_str);
    let found = shell.jobs.find(text);
    match found {
        Ok(number) => {
            let over = shell.jobs.get(number).is_some_and(|job| matches!(job.state(), State::Done(_)));
            if over {
                shell.error(&format!("{who}: job has terminated")).await;
                return None;
            }
            Some(number)
        }
        Err(why) => {
            let shown = spec.map_or("current", String::as_str);
            shell.error(&format!("{who}: {shown}: {why}")).await;
            None
        }
    }
}

pub(super) async fn fg(shell: &mut Shell, args: &[String]) -> Outcome {
    let Some(number) = job_argument(shell, "fg", args.get(1)).await else { return Ok(1) };
    shell.jobs.touch(number);
    let Some(at) = shell.jobs.list.iter().position(|job| job.number == number) else { return Ok(1) };
    let mut job = shell.jobs.list[at].clone();
    shell.print("fg", &format!("{}\n", job.text)).await;
    shell.jobs.list.remove(at);
    job.background = false;
    for member in &mut job.members {
        if matches!(member.status, Some(WaitStatus::Stopped(_))) {
            member.status = None;
        }
    }
    if let Some(group) = job.group {
        if let Some(tty) = shell.tty {
            let _ = shell.sys.tcsetpgrp(tty, group);
        }
        let _ = shell.sys.kill(-group, Some(Signal::CONT));
    }
    shell.wait_foreground(job).await?;
    Ok(shell.status)
}

pub(super) async fn bg(shell: &mut Shell, args: &[String]) -> Outcome {
    let specs: Vec<Option<&String>> =
        if args.len() > 1 { args[1..].iter().map(Some).collect() } else { vec![None] };
    for spec in specs {
        let Some(number) = job_argument(shell, "bg", spec).await else { return Ok(1) };
        let mark = shell.jobs.mark(number);
        let Some(job) = shell.jobs.get(number) else { return Ok(1) };
        if job.state() == State::Running {
            shell.error(&format!("bg: job {number} already in background")).await;
            continue;
        }
        job.background = true;
        for member in &mut job.members {
            if matches!(member.status, Some(WaitStatus::Stopped(_))) {
                member.status = None;
            }
        }
        let (text, group) = (job.text.clone(), job.group);
        shell.print("bg", &format!("[{number}]{mark} {text} &\n")).await;
        if let Some(group) = group {
            let _ = shell.sys.kill(-group, Some(Signal::CONT));
        }
    }
    Ok(0)
}

pub(super) async fn disown(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "arh").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    let mut numbers = Vec::new();
    if flags.has('a') || flags.has('r') {
        numbers.extend(
            shell
                .jobs
                .list
                .iter()
                .filter(|j| !flags.has('r') || j.state() == State::Running)
                .map(|j| j.number),
        );
    } else {
        let current = ["%%".to_string()];
        let specs = if flags.rest.is_empty() { &current[..] } else { flags.rest };
        for spec in specs {
            let by_pid = spec.parse::<Pid>().ok().and_then(|pid| {
                shell.jobs.list.iter().find(|j| j.members.iter().any(|m| m.pid == pid)).map(|j| j.number)
            });
            match by_pid.map_or_else(|| shell.jobs.find(spec), Ok) {
                Ok(number) => numbers.push(number),
                Err(why) => {
                    let shown = if flags.rest.is_empty() { "current" } else { spec };
                    shell.error(&format!("disown: {shown}: {why}")).await;
                    return Ok(1);
                }
            }
        }
    }
    for number in numbers {
        if flags.has('h') {
            if let Some(job) = shell.jobs.get(number) {
                job.nohup = true;
            }
        } else {
            shell.jobs.remove(number);
        }
    }
    Ok(0)
}

/// Waits for a change of some child; the status when a signal came first.
async fn wait_change(
    shell: &mut Shell,
    which: WaitFor,
) -> Result<Result<Option<(Pid, WaitStatus)>, i32>, Flow> {
    loop {
        match shell.sys.wait(which, shell.options.has('m'), false).await {
            Ok(Some((pid, status))) => {
                shell.jobs.update(pid, status);
                return Ok(Ok(Some((pid, status))));
            }
            Ok(None) => {}
            Err(Errno::EINTR) => {
                // A trapped signal ends `wait`; its status says which.
                shell.traps.last = None;
                shell.handle_signals().await?;
                let trapped = shell.traps.last.take();
                if let Some(signal) = trapped {
                    return Ok(Err(128 + signal.number()));
                }
                shell.sys.cpu(std::time::Duration::from_micros(1)).await;
            }
            Err(_) => return Ok(Ok(None)),
        }
    }
}

async fn wait_for_pid(shell: &mut Shell, pid: Pid) -> Outcome {
    loop {
        let member = shell
            .jobs
            .list
            .iter()
            .flat_map(|job| job.members.iter().map(move |member| (job.number, member)))
            .find(|(_, member)| member.pid == pid)
            .map(|(number, member)| (number, member.status));
        match member {
            Some((number, Some(status))) if !matches!(status, WaitStatus::Stopped(_)) => {
                let over = shell.jobs.get(number).is_some_and(|job| matches!(job.state(), State::Done(_)));
                if over
                    && (!shell.interactive || shell.in_subshell())
                    && let Some(job) = shell.jobs.remove(number)
                {
                    shell.report_death(&job).await;
                }
                return Ok(status.exit_code());
            }
            Some(_) => match wait_change(shell, WaitFor::Pid(pid)).await? {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(127),
                Err(status) => return Ok(status),
            },
            None => {
                if let Some((_, status)) = shell.jobs.past.iter().rev().find(|(past, _)| *past == pid) {
                    return Ok(*status);
                }
                shell.error(&format!("wait: pid {pid} is not a child of this shell")).await;
                return Ok(127);
            }
        }
    }
}

pub(super) async fn wait(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "fnp:").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if flags.has('n') {
        return wait_next(shell, flags.value('p').map(str::to_string)).await;
    }
    if flags.rest.is_empty() {
        loop {
            let running = shell.jobs.list.iter().any(|job| job.state() == State::Running);
            if !running {
                break;
            }
            match wait_change(shell, WaitFor::Any).await? {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(status) => return Ok(status),
            }
        }
        if !shell.interactive || shell.in_subshell() {
            let done: Vec<usize> = shell.jobs.list.iter().map(|job| job.number).collect();
            for number in done {
                if let Some(job) = shell.jobs.remove(number) {
                    shell.report_death(&job).await;
                }
            }
        }
        return Ok(0);
    }
    let mut status = 0;
    for spec in flags.rest {
        if spec.starts_with('%') {
            let pid = match shell.jobs.find(spec) {
                Ok(number) => shell.jobs.get(number).map(|job| job.last_pid()),
                Err(why) => {
                    shell.error(&format!("wait: {spec}: {why}")).await;
                    None
                }
            };
            status = match pid {
                Some(pid) => wait_for_pid(shell, pid).await?,
                None => 127,
            };
        } else if let Ok(pid) = spec.parse::<Pid>() {
            status = wait_for_pid(shell, pid).await?;
        } else {
            shell.error(&format!("wait: `{spec}': not a pid or valid job spec")).await;
            status = 1;
        }
    }
    Ok(status)
}

async fn wait_next(shell: &mut Shell, variable: Option<String>) -> Outcome {
    loop {
        let done = shell.jobs.list.iter().find(|job| matches!(job.state(), State::Done(_)));
        if let Some(job) = done {
            let (number, pid, state) = (job.number, job.last_pid(), job.state());
            shell.jobs.remove(number);
            if let Some(name) = variable {
                shell.assign_or_discard(&name, None, pid.to_string(), false).await?;
            }
            return Ok(match state {
                State::Done(status) => status.exit_code(),
                _ => 0,
            });
        }
        if shell.jobs.list.is_empty() {
            return Ok(127);
        }
        match wait_change(shell, WaitFor::Any).await? {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(127),
            Err(status) => return Ok(status),
        }
    }
}

pub(super) async fn kill(shell: &mut Shell, args: &[String]) -> Outcome {
    let mut signal = Some(Signal::TERM);
    let mut at = 1;
    match args.get(1).map(String::as_str) {
        None => return Ok(shell.usage("kill").await),
        Some("-l" | "-L") => return list(shell, &args[2..]).await,
        Some("--") => at = 2,
        Some(option @ ("-s" | "-n")) => {
            let Some(text) = args.get(2) else {
                shell.error(&format!("kill: {option}: option requires an argument")).await;
                return Ok(1);
            };
            match parse_signal(text) {
                Some(parsed) => signal = parsed,
                None => return invalid(shell, text).await,
            }
            at = 3;
        }
        Some(option) if option.starts_with('-') && option.len() > 1 => {
            match parse_signal(&option[1..]) {
                Some(parsed) => signal = parsed,
                None => return invalid(shell, &option[1..]).await,
            }
            at = 2;
        }
        Some(_) => {}
    }
    if args.get(at).is_some_and(|arg| arg == "--") {
        at += 1;
    }
    if at >= args.len() {
        return Ok(shell.usage("kill").await);
    }
    let mut status = 0;
    for target in &args[at..] {
        let pid = if target.starts_with('%') {
            shell.reap().await;
            match shell.jobs.find(target) {
                Ok(number) => shell.job_group(number),
                Err(why) => {
                    shell.error(&format!("kill: {target}: {why}")).await;
                    None
                }
            }
        } else {
            match target.parse::<Pid>() {
                Ok(pid) => Some(pid),
                Err(_) => {
                    shell.error(&format!("kill: {target}: arguments must be process or job IDs")).await;
                    None
                }
            }
        };
        let Some(pid) = pid else {
            status = 1;
            continue;
        };
        if let Err(error) = shell.sys.kill(pid, signal) {
            shell.error(&format!("kill: ({pid}) - {}", error.text())).await;
            status = 1;
            continue;
        }
        // A stopped job cannot take most signals until it goes on.
        if target.starts_with('%') && matches!(signal, Some(Signal::TERM | Signal::HUP)) {
            let _ = shell.sys.kill(pid, Some(Signal::CONT));
        }
    }
    shell.jobs.just_killed = true;
    Ok(status)
}

/// A signal, or nothing to send for 0.
fn parse_signal(text: &str) -> Option<Option<Signal>> {
    if text == "0" || text.eq_ignore_ascii_case("EXIT") {
        return Some(None);
    }
    Signal::parse(text).map(Some)
}

async fn invalid(shell: &mut Shell, text: &str) -> Outcome {
    shell.error(&format!("kill: {text}: invalid signal specification")).await;
    Ok(1)
}

async fn list(shell: &mut Shell, args: &[String]) -> Outcome {
    if args.is_empty() {
        let text = signal_table();
        return Ok(shell.print("kill", &text).await);
    }
    let mut status = 0;
    for arg in args {
        let found = match arg.parse::<i32>() {
            Ok(number) => {
                let number = if number > 128 { number - 128 } else { number };
                Signal::parse(&number.to_string()).map(|signal| signal.name().to_string())
            }
            Err(_) => Signal::parse(arg).map(|signal| signal.number().to_string()),
        };
        match found {
            Some(text) => {
                shell.print("kill", &format!("{text}\n")).await;
            }
            None => {
                shell.error(&format!("kill: {arg}: invalid signal specification")).await;
                status = 1;
            }
        }
    }
    Ok(status)
}
