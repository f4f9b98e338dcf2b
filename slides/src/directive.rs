//! Reads the hidden directives of a lab from its comments.
//!
//! As in container.training's autopilot, whatever stands between three back-quotes is a directive: its first word says
//! what to do, the rest is what to do it with.

use crate::lab::Directive;
use crate::source::Source;

/// The directives of a comment which begins at `at`.
pub(crate) fn directives(source: &mut Source, comment: &str, at: usize) -> Vec<(usize, Directive)> {
    let mut found = Vec::new();
    let mut place = at;
    let pieces: Vec<&str> = comment.split("```").collect();
    for (number, piece) in pieces.iter().enumerate() {
        if number % 2 == 1 {
            if number + 1 == pieces.len() {
                source.error(
                    place - 3,
                    3,
                    "this directive is never closed",
                    Some("end it with three back-quotes"),
                );
            } else if let Some(directive) = parse(source, piece, place) {
                found.push((place, directive));
            }
        }
        place += piece.len() + 3;
    }
    found
}

fn parse(source: &mut Source, piece: &str, at: usize) -> Option<Directive> {
    let (word, rest) = match piece.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (piece, ""),
    };
    // Back-quotes only stress something, here as in the commands that are shown.
    let line = || rest.lines().map(str::trim).collect::<Vec<_>>().join("\n").replace('`', "");
    let text = || rest.to_owned();
    if rest.is_empty() && !matches!(word, "paste") {
        source.warn(at, word.len().max(1), format!("the directive `{word}` says nothing to do"), None);
        return None;
    }
    Some(match word {
        "hide" | "bash" => Directive::Hide(line()),
        "key" => Directive::Key(text()),
        "keys" => Directive::Keys(text()),
        "wait" => Directive::Wait(text()),
        "longwait" => Directive::LongWait(text()),
        "check" => Directive::Check(line()),
        "tmux" => Directive::Tmux(text()),
        "open" => Directive::Open(text()),
        "copy" => Directive::Copy(text()),
        "paste" => Directive::Paste(text()),
        "copypaste" => Directive::CopyPaste(text()),
        _ => {
            let help =
                "known are bash, check, copy, copypaste, hide, key, keys, longwait, open, paste, tmux, wait";
            source.warn(at, word.len().max(1), format!("the directive `{word}` is not known"), Some(help));
            return None;
        }
    })
}
