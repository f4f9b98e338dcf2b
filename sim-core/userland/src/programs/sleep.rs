//! `sleep`, `timeout`: time.

use super::support::{child, prelude::*, program};
use linux::WaitFor;
use linux::signal::Disposition;
use std::time::Duration;

program!(SLEEP, "sleep", "Delay for a specified amount of time", sleep);
program!(TIMEOUT, "timeout", "Run a command with a time limit", timeout);

async fn sleep(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let options = match parse(&sys, &args, "", 1).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.operands.is_empty() {
        return super::missing_operand(&sys, name).await;
    }
    let mut total = Duration::ZERO;
    let mut wrong = false;
    for word in &options.operands {
        match interval(word) {
            Some(time) => total = total.saturating_add(time),
            None => {
                complain(&sys, name, &format!("invalid time interval {}", quote(&sys, word))).await;
                wrong = true;
            }
        }
    }
    if wrong {
        return super::usage_hint(&sys, name).await;
    }
    let _ = sys.sleep(total).await;
    0
}

/// `1`, `0.3`, `2m`, `inf`.
pub(crate) fn interval(text: &str) -> Option<Duration> {
    // Longer than any class: what "for ever" is here.
    const LONGEST: f64 = 1e9;
    let (number, factor) = match text.char_indices().next_back()? {
        (at, 's') => (&text[..at], 1.0),
        (at, 'm') => (&text[..at], 60.0),
        (at, 'h') => (&text[..at], 3600.0),
        (at, 'd') => (&text[..at], 86_400.0),
        _ => (text, 1.0),
    };
    if matches!(text, "inf" | "infinity") {
        return Some(Duration::from_secs_f64(LONGEST));
    }
    let seconds: f64 = number.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)?;
    Some(Duration::from_secs_f64((seconds * factor).min(LONGEST)))
}

async fn timeout(sys: Sys, args: Args) -> ExitCode {
    let name = args[0].clone();
    let options =
        match parse(&sys, &args, "+--preserve-status --foreground k:|kill-after s:|signal v|verbose", 125)
            .await
        {
            Ok(options) => options,
            Err(status) => return status,
        };
    let (Some(limit), Some(command)) =
        (options.operands.first(), options.operands.get(1..).filter(|rest| !rest.is_empty()))
    else {
        super::usage_hint(&sys, &name).await;
        return 125;
    };
    let mut times = Vec::new();
    for text in [Some(limit.as_str()), options.value("k")].into_iter().flatten() {
        match interval(text) {
            Some(time) => times.push(time),
            None => {
                complain(&sys, &name, &format!("invalid time interval {}", quote(&sys, text))).await;
                super::usage_hint(&sys, &name).await;
                return 125;
            }
        }
    }
    let signal = match options.value("s") {
        None => Signal::TERM,
        Some(text) => match Signal::parse(text) {
            Some(signal) => signal,
            None => {
                complain(&sys, &name, &format!("{}: invalid signal", quote(&sys, text))).await;
                super::usage_hint(&sys, &name).await;
                return 125;
            }
        },
    };
    if !options.has("foreground") {
        let _ = sys.setpgid(0, 0);
    }
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        sys.sigaction(signal, Disposition::Catch);
    }
    let pid = match child::start(&sys, &name, command.to_vec(), sys.environ()) {
        Ok(pid) => pid,
        Err(errno) => {
            complain(&sys, &name, &format!("fork system call failed: {errno}")).await;
            return 125;
        }
    };
    let began = sys.now();
    let mut limits = times.into_iter().filter(|time| !time.is_zero());
    let mut next = limits.next().map(|time| (began + time, signal));
    let mut timed_out = false;
    loop {
        let waiting = sys.wait(WaitFor::Pid(pid), false, false);
        let result = match next {
            Some((at, _)) => sys.timeout(at.duration_since(sys.now()), waiting).await,
            None => Some(waiting.await),
        };
        match result {
            Some(Ok(Some((_, status)))) => {
                return match (timed_out, status) {
                    (true, WaitStatus::Signaled(Signal::KILL)) => 137,
                    (true, _) if !options.has("preserve-status") => 124,
                    (_, status) => status.exit_code(),
                };
            }
            Some(_) => match sys.take_signal() {
                Some(signal) => {
                    let _ = sys.kill(pid, Some(signal));
                }
                None => sys.cpu(Duration::from_micros(10)).await,
            },
            None => {
                let Some((_, signal)) = next else { continue };
                timed_out = true;
                if options.has("v") {
                    complain(
                        &sys,
                        &name,
                        &format!("sending signal {} to command {}", signal.name(), quote(&sys, &command[0])),
                    )
                    .await;
                }
                let _ = sys.kill(pid, Some(signal));
                let _ = sys.kill(pid, Some(Signal::CONT));
                next = limits.next().map(|time| (sys.now() + time, Signal::KILL));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_units() {
        let millis = |text| interval(text).map(|time| time.as_millis());
        assert_eq!(
            ["1", "0.3", "2m", "1h", ".5s"].map(millis),
            [1000, 300, 120_000, 3_600_000, 500].map(Some)
        );
        assert_eq!(["x", "-1", "", "1q"].map(millis), [None; 4]);
    }
}
