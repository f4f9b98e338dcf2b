//! `kubectl`: the command line client of Kubernetes, v1.35.2.
//!
//! An ordinary client of the API server: it reads a kubeconfig, opens a simulated TCP connection, speaks
//! HTTP, and prints what comes back. It knows nothing else of the simulation.
//!
//! Reading order: [`command`], [`tree`], [`flags`], [`globals`], [`help`] (what can be typed);
//! [`invocation`], [`kubeconfig`], [`rest`], [`stream`], [`discovery`] (how the server is reached);
//! [`selection`], [`manifest`], [`kustomize`] (which objects are meant); [`printers`], [`describe`], [`yaml`], [`jsonpath`],
//! [`encoding::tape`] (how they are shown); [`verbs`].
//!
//! Left out: plugins, `kuberc`, URLs as `-f`, and the commands that say so.

mod command;
mod describe;
mod discovery;
mod env_file;
mod error;
mod failure;
mod flags;
mod globals;
mod go_sort;
mod help;
mod invocation;
mod jsonpath;
mod klog;
mod kubeconfig;
mod kustomize;
mod manifest;
mod pods;
mod printers;
mod remote;
mod rest;
mod rules;
mod selection;
mod stern;
mod stream;
mod tabwriter;
mod tree;
mod verbs;

/// What makes bash complete it.
pub use stern::STERN;
pub use verbs::completion::BASH as COMPLETION;

use command::{Bare, Run};
use error::Error;
use flags::{Flag, Flags};
use invocation::Kubectl;
use linux::{Args, ExitCode, Program, Sys};
use std::rc::Rc;
use std::time::Duration;

/// The program.
pub const KUBECTL: Program =
    Program::new("kubectl", "Control the Kubernetes cluster manager", |sys, args| Box::pin(main(sys, args)));

/// The version that this client says it is.
pub const VERSION: &str = "v1.35.2";

async fn main(sys: Sys, args: Args) -> ExitCode {
    // A Go program of this size needs a while to start: 40 to 60 ms on an ordinary machine.
    let start = Duration::from_micros(40_000 + sys.random() % 20_000);
    sys.cpu(start).await;
    let line = args.get(1..).unwrap_or_default();
    match run(&sys, line).await {
        Ok(()) => 0,
        Err(error) => {
            let output = error.output();
            if !output.is_empty() {
                sys.out(&output).await;
            }
            let (text, code) = error.report();
            if !text.is_empty() {
                sys.err(&text).await;
            }
            code
        }
    }
}

async fn run(sys: &Sys, line: &[String]) -> error::Result<()> {
    if matches!(line.first().map(String::as_str), Some("__complete" | "__completeNoDesc")) {
        return verbs::complete::complete(sys, line).await;
    }
    let found = match tree::find(line) {
        Ok(found) => found,
        Err(text) => {
            // What is not a command may be a plugin, whose name comes before its flags.
            return Err(match line.first() {
                Some(flag) if flag.starts_with('-') => {
                    Error::Verbatim(format!("Error: flags cannot be placed before plugin name: {flag}"))
                }
                _ => Error::text(text),
            });
        }
    };
    let command = found.command;
    let known: Vec<&'static Flag> =
        command.own_flags().chain(globals::GLOBAL).chain(std::iter::once(&globals::HELP)).collect();
    // A command that is not simulated has no flags in the table; only a call for help is looked for.
    if matches!(command.run, Run::NotSimulated) {
        if found.line.iter().any(|word| word == "-h" || word == "--help") {
            sys.out(&help::help(command, &found.path)).await;
            return Ok(());
        }
        let name = found.path.strip_prefix("kubectl ").unwrap_or(&found.path);
        return Err(Error::not_simulated(format!("the command {name:?}")));
    }
    let flags = match Flags::parse(known, &found.line) {
        Ok(flags) => flags,
        Err(text) if found.path == "kubectl diff" => {
            // Status 1 is for differences.
            sys.err(&format!("error: {text}\nSee 'kubectl diff -h' for help and examples\n")).await;
            return Err(Error::Exit(2));
        }
        Err(text) if found.path == "kubectl options" => {
            return Err(Error::text(format!("{text}\nRun 'kubectl options' without flags.")));
        }
        Err(text) => return Err(Error::text(format!("{text}\nSee '{} --help' for usage.", found.path))),
    };
    sys.err(&flags.deprecations()).await;
    if flags.bool("help") {
        sys.out(&help::help(command, &found.path)).await;
        return Ok(());
    }
    if let Some(flag) = flags.not_simulated() {
        return Err(Error::not_simulated(format!("the option --{}", flag.name)));
    }
    let missing: Vec<String> =
        command.required.iter().filter(|name| !flags.changed(name)).map(|name| format!("{name:?}")).collect();
    if !missing.is_empty() {
        return Err(Error::text(format!("required flag(s) {} not set", missing.join(", "))));
    }
    match command.run {
        Run::Verb(verb) => {
            let kubectl = Rc::new(Kubectl::new(sys.clone(), command, found.path, flags));
            printers::warn_of_old_dry_run(&kubectl).await;
            if let Err(error) = verb(kubectl.clone()).await {
                kubectl.tell_of(&error).await;
                return Err(error);
            }
            kubectl.check_warnings()
        }
        Run::Group(Bare::Help) => {
            sys.out(&help::help(command, &found.path)).await;
            Ok(())
        }
        Run::Group(bare) => {
            if !flags.args.is_empty() {
                let words = flags.args.join(" ");
                return Err(Error::text(format!(
                    "unknown command {words:?}\nSee '{} -h' for help and examples",
                    found.path
                )));
            }
            let text = help::help(command, &found.path);
            if bare == Bare::Err {
                sys.err(&text).await
            } else {
                sys.out(&text).await
            }
            Err(Error::Exit(1))
        }
        Run::NotSimulated => Ok(()),
    }
}
