//! `env`, `printenv`, `nohup`: what programs start with.

use super::support::{child::become_program, prelude::*, program};
use linux::fd::OpenFlags;
use linux::signal::Disposition;

program!(ENV, "env", "Run a program in a modified environment", env);
program!(PRINTENV, "printenv", "Print all or part of environment", printenv);
program!(NOHUP, "nohup", "Run a command immune to hangups", nohup);

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

async fn nohup(sys: Sys, args: Args) -> ExitCode {
    let name = args[0].clone();
    let options = match parse(&sys, &args, "+", 125).await {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.operands.is_empty() {
        super::missing_operand(&sys, &name).await;
        return 125;
    }
    let (from_terminal, to_terminal) = (sys.isatty(0), sys.isatty(1));
    if from_terminal && let Ok(null) = sys.open("/dev/null", OpenFlags::READ, 0) {
        let _ = sys.dup2(null, 0);
    }
    if to_terminal {
        match sys.open("nohup.out", OpenFlags::APPEND, 0o600) {
            Ok(file) => {
                let said = if from_terminal {
                    "ignoring input and appending output to"
                } else {
                    "appending output to"
                };
                complain(&sys, &name, &format!("{said} {}", quote_always("nohup.out"))).await;
                let _ = sys.dup2(file, 1);
            }
            Err(errno) => {
                complain(&sys, &name, &format!("failed to open {}: {errno}", quote_always("nohup.out")))
                    .await;
                return 125;
            }
        }
    } else if from_terminal {
        complain(&sys, &name, "ignoring input").await;
    }
    sys.sigaction(Signal::HUP, Disposition::Ignore);
    let env = sys.environ();
    become_program(sys, "nohup", options.operands, env).await
}
