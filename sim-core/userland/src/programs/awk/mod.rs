//! `awk`: patterns and actions on lines, as mawk 1.3.4 does it, which Ubuntu has as `awk`.
//!
//! Reading order: [`lexer`], [`parser`] (programs), [`value`] (numbers and strings), [`run`] (records,
//! expressions), [`statements`], [`functions`], [`mod@format`].
//!
//! Left out: `getline`, pipes, `system`, and `RS` of more than one character.

mod expressions;
mod format;
mod functions;
mod lexer;
mod parser;
mod run;
mod statements;
mod tree;
mod value;

use super::support::{input::close_input, prelude::*, program};
use run::{Machine, Stop};
use std::time::Duration;
use value::Value;

program!(PROGRAM, "awk", "Pattern scanning and processing language", main);

async fn main(sys: Sys, args: Args) -> ExitCode {
    sys.cpu(Duration::from_millis(1)).await;
    let mut source: Option<String> = None;
    let mut separator = None;
    let mut assignments = Vec::new();
    let mut words = args[1..].iter();
    let mut operands: Vec<String> = Vec::new();
    while let Some(word) = words.next() {
        let (letter, attached) = match word.strip_prefix('-') {
            Some(rest) if !rest.is_empty() && operands.is_empty() => rest.split_at(1),
            _ => {
                operands.push(word.clone());
                operands.extend(words.by_ref().cloned());
                break;
            }
        };
        match letter {
            "-" if attached.is_empty() => {
                operands.extend(words.by_ref().cloned());
                break;
            }
            "F" | "v" | "f" => {
                let value = match (attached, letter) {
                    ("", _) => match words.next() {
                        Some(value) => value.clone(),
                        None => {
                            sys.err(&format!("awk: option requires an argument -- {letter}\n")).await;
                            return usage(&sys).await;
                        }
                    },
                    (attached, _) => attached.to_string(),
                };
                match letter {
                    "F" => separator = Some(value),
                    "v" => match value.split_once('=') {
                        Some((name, text)) => assignments.push((name.to_string(), text.to_string())),
                        None => {
                            sys.err(&format!("awk: improper assignment: -v {value}\n")).await;
                            return 2;
                        }
                    },
                    _ => match slurp_program(&sys, &value).await {
                        Some(text) => source = Some(source.unwrap_or_default() + &text + "\n"),
                        None => return 2,
                    },
                }
            }
            _ => {
                return not_simulated(&sys, "awk", &format!("the option {word}")).await;
            }
        }
    }
    let source = match source {
        Some(source) => source,
        None if operands.is_empty() => return usage(&sys).await,
        None => operands.remove(0),
    };
    let program = match parser::parse(&source) {
        Ok(program) => program,
        Err(parser::Wrong::NotSimulated(what)) => return not_simulated(&sys, "awk", &what).await,
        Err(parser::Wrong::Syntax(text)) => {
            sys.err(&format!("awk: {text}\n")).await;
            return 2;
        }
    };
    let mut machine = Machine::new(&program, &sys);
    if let Some(separator) = separator {
        machine.set("FS", Value::string(&value::unescape(&separator)));
    }
    for (name, text) in assignments {
        machine.set(&name, Value::input(&value::unescape(&text)));
    }
    machine.arguments(&operands);
    let status = all(&sys, &mut machine, &operands).await;
    status.max(0)
}

/// What mawk says when there is no program.
const USAGE: &str = "\
Usage: mawk [Options] [Program] [file ...]

Program:
    The -f option value is the name of a file containing program text.
    If no -f option is given, a \"--\" ends option processing; the following
    parameters are the program text.

Options:
    -f program-file  Program  text is read from file instead of from the
                     command-line.  Multiple -f options are accepted.
    -F value         sets the field separator, FS, to value.
    -v var=value     assigns value to program variable var.
    --               unambiguous end of options.

    Implementation-specific options are prefixed with \"-W\".  They can be
    abbreviated:

    -W version       show version information and exit.
    -W dump          show assembler-like listing of program and exit.
    -W help          show this message and exit.
    -W interactive   set unbuffered output, line-buffered input.
    -W exec file     use file as program as well as last option.
    -W random=number set initial random seed.
    -W sprintf=number adjust size of sprintf buffer.
    -W posix_space   do not consider \"\\n\" a space.
    -W usage         show this message and exit.
";

async fn usage(sys: &Sys) -> ExitCode {
    sys.err(USAGE).await;
    0
}

async fn slurp_program(sys: &Sys, file: &str) -> Option<String> {
    match sys.read_file(file).await {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(errno) => {
            sys.err(&format!("awk: couldn't open file {file}: {errno}\n")).await;
            None
        }
    }
}

async fn all(sys: &Sys, machine: &mut Machine<'_>, operands: &[String]) -> ExitCode {
    let mut out = Out::new(sys);
    let mut ended = machine.begin();
    flush(sys, machine, &mut out).await;
    if ended.is_ok() && machine.reads() {
        ended = records(sys, machine, operands, &mut out).await;
    }
    if !matches!(ended, Err(Stop::Error(_) | Stop::NotSimulated(_))) {
        let status = if let Err(Stop::Exit(status)) = ended { status } else { 0 };
        ended = machine.end();
        if ended.is_ok() && status != 0 {
            ended = Err(Stop::Exit(status));
        }
    }
    flush(sys, machine, &mut out).await;
    machine.close(sys).await;
    let status = match ended {
        Err(Stop::Exit(status)) => status,
        Err(Stop::NotSimulated(what)) => {
            out.flush().await;
            return not_simulated(sys, "awk", &what).await;
        }
        Err(Stop::Error(text)) => {
            out.flush().await;
            sys.err(&format!("awk: {text}\n")).await;
            return 2;
        }
        _ => machine.status,
    };
    out.flush().await;
    status
}

/// Runs the rules on every record of the files.
async fn records(
    sys: &Sys,
    machine: &mut Machine<'_>,
    operands: &[String],
    out: &mut Out,
) -> Result<(), Stop> {
    let mut any = false;
    for operand in operands {
        if let Some((name, text)) = operand.split_once('=')
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            machine.set(name, Value::input(&value::unescape(text)));
            continue;
        }
        any = true;
        file(sys, machine, operand, out).await?;
    }
    if any { Ok(()) } else { file(sys, machine, "-", out).await }
}

async fn file(sys: &Sys, machine: &mut Machine<'_>, name: &str, out: &mut Out) -> Result<(), Stop> {
    let fd = match if name == "-" { Ok(0) } else { sys.open(name, linux::fd::OpenFlags::READ, 0) } {
        Ok(fd) => fd,
        Err(errno) => {
            return Err(Stop::Error(format!("cannot open {name} ({errno})")));
        }
    };
    machine.file(if name == "-" { "" } else { name });
    if machine.paragraphs() {
        let bytes = sys.read_to_end(fd).await.unwrap_or_default();
        for record in String::from_utf8_lossy(&bytes).trim_matches('\n').split("\n\n") {
            let record = record.trim_matches('\n');
            if !record.is_empty() {
                machine.record(record)?;
            }
        }
        close_input(sys, fd);
        return Ok(());
    }
    let mut lines = Lines::new(sys, fd).delimited_by(machine.delimiter()?);
    while let Ok(Some(line)) = lines.next_text().await {
        let done = machine.record(&line);
        flush(sys, machine, out).await;
        done?;
        if out.is_broken() {
            return Err(Stop::Exit(2));
        }
    }
    close_input(sys, fd);
    Ok(())
}

async fn flush(sys: &Sys, machine: &mut Machine<'_>, out: &mut Out) {
    let (text, errors) = machine.take_output();
    if !errors.is_empty() {
        out.flush().await;
        sys.err(&errors).await;
    }
    out.text(&text).await;
    sys.cpu(Duration::from_nanos(machine.take_steps() * 80)).await;
}
