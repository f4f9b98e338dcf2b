//! `env`, `printenv`: the environment.

use super::support::{child::become_program, prelude::*, program};

program!(ENV, "env", "Run a program in a modified environment", env);
program!(PRINTENV, "printenv", "Print all or part of environment", printenv);

async fn env(sys: Sys, args: Args) -> ExitCode {
    const TABLE: &str = "+i|ignore-environment u:|unset C:|chdir 0|null !S:|split-string v|debug !--block-signal? !--ignore-signal? \
        !--default-signal? !--list-signal-handling";
    let name = args[0].clone();
    let options = match parse(&sys, &args, TABLE, 125).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut words = options.operands.as_slice();
    let mut clear = options.has("i");
    if words.first().is_some_and(|word| word == "-") {
        clear = true;
        words = &words[1..];
    }
    let mut env = if clear { Vec::new() } else { sys.environ() };
    for name in options.values("u") {
        env.retain(|(key, _)| key != name);
    }
    while let Some((key, value)) = words.first().and_then(|word| word.split_once('=')) {
        match env.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value.to_string(),
            None => env.push((key.to_string(), value.to_string())),
        }
        words = &words[1..];
    }
    if let Some(directory) = options.value("C")
        && let Err(errno) = sys.chdir(directory)
    {
        complain(&sys, &name, &format!("cannot change directory to {}: {errno}", quote_always(directory)))
            .await;
        return 125;
    }
    if words.is_empty() {
        let end = if options.has("0") { "\0" } else { "\n" };
        let mut out = Out::new(&sys);
        for (key, value) in &env {
            out.text(&format!("{key}={value}{end}")).await;
        }
        return out.finish(&name, 0).await;
    }
    become_program(sys, &name, words.to_vec(), env).await
}

async fn printenv(sys: Sys, args: Args) -> ExitCode {
    let options = match parse(&sys, &args, "+0|null", 2).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    let end = if options.has("0") { "\0" } else { "\n" };
    let mut out = Out::new(&sys);
    let mut status = 0;
    if options.operands.is_empty() {
        for (key, value) in sys.environ() {
            out.text(&format!("{key}={value}{end}")).await;
        }
    }
    for key in &options.operands {
        match sys.env(key) {
            Some(value) => out.text(&format!("{value}{end}")).await,
            None => status = 1,
        }
    }
    out.finish(&args[0], status).await
}
