//! `trap`

use super::{Outcome, flags};
use crate::shell::escape;
use crate::shell::state::Shell;
use crate::shell::traps::Event;
use linux::Signal;

pub(super) async fn trap(shell: &mut Shell, args: &[String]) -> Outcome {
    let flags = match flags(shell, args, "lp").await {
        Ok(flags) => flags,
        Err(status) => return Ok(status),
    };
    if flags.has('l') {
        let text = signal_table();
        return Ok(shell.print("trap", &text).await);
    }
    if flags.rest.is_empty() || flags.has('p') {
        let wanted: Vec<Option<Event>> = flags.rest.iter().map(|arg| Event::parse(arg)).collect();
        let text: String = shell
            .traps
            .all()
            .iter()
            .filter(|(event, _)| wanted.is_empty() || wanted.contains(&Some(*event)))
            .map(|(event, action)| format!("trap -- {} {}\n", escape::single_quote(action), event.name()))
            .collect();
        return Ok(shell.print("trap", &text).await);
    }
    // A single argument, or a number first, takes traps back.
    let (action, events) = match flags.rest {
        [only] => (None, std::slice::from_ref(only)),
        [first, ..] if first.parse::<u32>().is_ok() => (None, flags.rest),
        [first, rest @ ..] if first == "-" => (None, rest),
        [first, rest @ ..] => (Some(first.as_str()), rest),
        [] => return Ok(0),
    };
    let mut status = 0;
    for text in events {
        match Event::parse(text) {
            Some(event) => shell.set_trap(event, action),
            None => {
                shell.error(&format!("trap: {text}: invalid signal specification")).await;
                status = 1;
            }
        }
    }
    Ok(status)
}

/// `kill -l`
pub(crate) fn signal_table() -> String {
    let mut out = String::new();
    for (i, signal) in Signal::ALL.iter().enumerate() {
        let separator = if i % 5 == 4 || i + 1 == Signal::ALL.len() { '\n' } else { '\t' };
        out.push_str(&format!("{:2}) SIG{}{separator}", signal.number(), signal.name()));
    }
    out
}
