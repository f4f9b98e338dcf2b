//! `sed`: a stream editor. Commands `s y p P d D q Q = a i c n N g G h H x l? r w b t T { }` and labels.

mod run;
mod script;

use super::support::{prelude::*, program};

program!(PROGRAM, "sed", "Stream editor for filtering and transforming text", main);

const TABLE: &str = "n|quiet|silent e:|expression f:|file E|regexp-extended r i?|in-place s|separate z|null-data u|unbuffered \
    !l:|line-length b|binary !--posix !--follow-symlinks !--debug !--sandbox !--help !--version";

async fn main(sys: Sys, args: Args) -> ExitCode {
    let name = &args[0];
    let mut options = match super::support::options::read(&args, TABLE) {
        Ok(options) => options,
        Err(super::support::options::Problem::NotSimulated(option)) => {
            return not_simulated(&sys, name, &format!("the option {option}")).await;
        }
        Err(super::support::options::Problem::Usage(text)) => {
            complain(&sys, name, &text).await;
            return usage(&sys, name).await;
        }
    };
    sys.cpu(std::time::Duration::from_micros(500)).await;
    let mut text = String::new();
    let mut given = false;
    for (key, value) in &options.found {
        let piece = match *key {
            "e" => value.clone(),
            "f" => {
                let Ok(bytes) = sys.read_file(value).await else {
                    complain(&sys, name, &format!("couldn't open file {value}: {}", Errno::ENOENT)).await;
                    return 1;
                };
                String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_string()
            }
            _ => continue,
        };
        if given {
            text.push('\n');
        }
        text.push_str(&piece);
        given = true;
    }
    if !given {
        if options.operands.is_empty() {
            return usage(&sys, name).await;
        }
        text = options.operands.remove(0);
    }
    let extended = options.has("E") || options.has("r");
    let script = match script::parse(&text, extended) {
        Ok(script) => script,
        Err(script::ScriptError::Wrong(at, why)) => {
            complain(&sys, name, &format!("-e expression #1, char {at}: {why}")).await;
            return 1;
        }
        Err(script::ScriptError::NotSimulated(what)) => return not_simulated(&sys, name, &what).await,
    };
    let quiet = options.has("n") || text.starts_with("#n\n");
    let in_place = options.value("i").map(String::from);
    let separate = options.has("s") || in_place.is_some();
    run::Editor::new(
        &sys,
        name,
        script,
        quiet,
        in_place,
        separate,
        options.has("u"),
        if options.has("z") { 0 } else { b'\n' },
    )
    .run(options.files())
    .await
}

async fn usage(sys: &Sys, name: &str) -> ExitCode {
    sys.err(&format!("Usage: {name} [OPTION]... {{script-only-if-no-other-script}} [input-file]...\n")).await;
    1
}
