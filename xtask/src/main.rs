//! What the README's commands call. `cargo xtask` lists the tasks.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool prints")]

mod bench;
mod bundle;
mod finish;
mod kubectl;
mod page;
mod serve;
mod shrink;
mod size;
mod test;
mod tools;

use std::process::ExitCode;

/// An error is a sentence for the person at the terminal.
type Result<T = ()> = std::result::Result<T, String>;

struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result,
}

const TASKS: &[Task] = &[
    Task { name: "bench", about: "print figures, natively and in wasm", run: bench::run },
    Task {
        name: "build",
        about: "build the page into dist/ (--dev: fast to build, slow to run)",
        run: bundle::run,
    },
    Task {
        name: "fidelity",
        about: "compare our kubectl with a real one and write docs/fidelity.md",
        run: |_| test::differential(&["--write"]),
    },
    Task {
        name: "finish",
        about: "what is left to do after trunk has built (Trunk.toml calls it)",
        run: finish::run,
    },
    Task {
        name: "npm",
        about: "install the npm packages that the page needs",
        run: |_| tools::npm_packages(),
    },
    Task {
        name: "serve",
        about: "build the page and serve it (--dev, --port N, --no-build)",
        run: serve::run,
    },
    Task { name: "size", about: "print the sizes of everything the page loads", run: size::run },
    Task { name: "test", about: "run everything that CI runs (names of stages: only those)", run: test::run },
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        println!("cargo xtask TASK\n");
        for task in TASKS {
            println!("  {:<8} {}", task.name, task.about);
        }
        return if name.is_empty() || name == "help" || name == "--help" {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        };
    };
    match (task.run)(&rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask {name}: {error}");
            ExitCode::FAILURE
        }
    }
}
