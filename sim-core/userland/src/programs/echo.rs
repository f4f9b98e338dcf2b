//! `echo`: arguments, blanks between them.

use super::support::{prelude::*, program};

program!(PROGRAM, "echo", "Display a line of text", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    let mut words = &args[1..];
    let (mut newline, mut escapes) = (true, false);
    while let Some(letters) = words.first().and_then(|word| word.strip_prefix('-')) {
        if letters.is_empty() || !letters.chars().all(|c| "neE".contains(c)) {
            break;
        }
        for letter in letters.chars() {
            match letter {
                'n' => newline = false,
                letter => escapes = letter == 'e',
            }
        }
        words = &words[1..];
    }
    let mut text = words.join(" ").into_bytes();
    let mut stopped = false;
    if escapes {
        (text, stopped) = super::printf::unescape(&text, true);
    }
    if newline && !stopped {
        text.push(b'\n');
    }
    let mut out = Out::new(&sys);
    out.put(&text).await;
    out.finish(&args[0], 0).await
}
