//! `vi`: the modal editor, as vim's small build behaves without a configuration (`nocompatible`, `ruler`).
//!
//! Reading order: [`editor`] (what is edited and the loop of commands), [`buffer`] (the text), [`motion`], [`normal`],
//! [`operate`], [`insert`], [`visual`], [`ex`], [`substitute`] (what keys mean), [`screen`] (what is shown).
//!
//! Left out: windows, registers with names, marks, macros, blocks of the visual mode, folds, syntax, options beyond those
//! in [`ex`]; they beep or say so.

mod buffer;
mod editor;
mod ex;
mod insert;
mod motion;
mod normal;
mod operate;
mod screen;
mod substitute;
mod visual;

use super::support::{keys::Keyboard, prelude::*, program};
use editor::Editor;

program!(VI, "vi", "Edit text", main);
program!(VIM, "vim", "Edit text", main);

const TABLE: &str = "R c: n u: N C i: e s v E y !d !o !O !p !r !b !h|help --version --clean";

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = super::basename::base(&args[0], "").to_string();
    let mut words = vec![args[0].clone()];
    let mut commands = Vec::new();
    for word in &args[1..] {
        match word.strip_prefix('+') {
            Some("") => commands.push("$".to_string()),
            Some(command) => commands.push(command.to_string()),
            None => words.push(word.clone()),
        }
    }
    let options = match super::support::options::read(&words, TABLE) {
        Ok(options) => options,
        Err(super::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, &name, &format!("the option {option}")).await;
        }
        Err(super::support::options::Problem::Usage(text)) => {
            let option = text.rsplit('\'').nth(1).unwrap_or("").to_string();
            let dashes = if option.starts_with('-') || option.len() != 1 { "" } else { "-" };
            sys.err(&format!(
                "VIM - Vi IMproved 9.1 (2024 Jan 02, compiled Mar 14 2025 09:10:27)\nUnknown option argument: \"{dashes}{option}\"\nMore info with: \"vim -h\"\n"
            ))
            .await;
            return 1;
        }
    };
    commands.extend(options.values("c").map(String::from));
    sys.cpu(std::time::Duration::from_millis(8)).await;
    if !sys.isatty(0) && !sys.isatty(1) {
        return not_simulated(&sys, &name, "editing without a terminal").await;
    }
    if !sys.isatty(1) {
        sys.err("Vim: Warning: Output is not to a terminal\n").await;
        return not_simulated(&sys, &name, "editing without a terminal").await;
    }
    let keyboard = Keyboard::open(&sys);
    sys.out("\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\x1b[H\x1b[2J").await;
    let mut editor = Editor::new(&sys, keyboard);
    editor.readonly = options.has("R");
    let status = editor.run(&options.operands, &commands).await;
    let rows = editor.keyboard.size().rows;
    sys.out(&format!("\x1b[{rows};1H\x1b[K\x1b[?1l\x1b>\x1b[?1049l\x1b[23;0;0t")).await;
    editor.keyboard.close();
    status
}
