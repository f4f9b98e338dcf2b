//! `echo`

use super::Outcome;
use crate::shell::escape::{Style, decode};
use crate::shell::state::Shell;

pub(super) async fn echo(shell: &mut Shell, args: &[String]) -> Outcome {
    let mut newline = true;
    let mut escapes = shell.shopt("xpg_echo");
    let mut at = 1;
    while let Some(options) = args.get(at).and_then(|arg| arg.strip_prefix('-')) {
        if options.is_empty() || !options.chars().all(|c| matches!(c, 'n' | 'e' | 'E')) {
            break;
        }
        for option in options.chars() {
            match option {
                'n' => newline = false,
                'e' => escapes = true,
                _ => escapes = false,
            }
        }
        at += 1;
    }
    let mut text = args[at..].join(" ");
    if escapes {
        let (decoded, stop) = decode(&text, Style::Echo);
        text = decoded;
        newline &= !stop;
    }
    if newline {
        text.push('\n');
    }
    Ok(shell.print("echo", &text).await)
}
