//! `podium`: the class in a native terminal. The same world as in the page, driven by a shell, by a deck
//! or by a recorded transcript.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program prints")]

mod check;
mod container;
mod pane;
pub mod record;
mod screen;
pub mod serve_api;
mod shell;
pub mod world;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sim_core::{Config, Place};
use std::path::PathBuf;
use std::process::ExitCode;

/// A Kubernetes class on a simulated cluster.
#[derive(Parser)]
#[command(name = "podium", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Open a shell on the simulated cluster, or run a command or a script there.
    Shell(ShellArgs),
    /// Run every lab of decks, each deck on a fresh cluster.
    Check(CheckArgs),
    /// Replay a recorded transcript on a fresh cluster and write down what it answers.
    Record(RecordArgs),
    /// Serve the API of a simulated cluster on 127.0.0.1, for a real kubectl.
    ServeApi(serve_api::options::ServeApiArgs),
}

#[derive(Args)]
struct WorldArgs {
    /// Where all chance comes from: the same seed gives the same history [default: 1; of `record` 18]
    #[arg(long)]
    seed: Option<u64>,
    /// How many nodes the cluster has.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=9))]
    nodes: u8,
    /// Give Services of type LoadBalancer an address, as a cloud does.
    #[arg(long)]
    cloud: bool,
    /// Run a metrics server, for `kubectl top` and for autoscalers.
    #[arg(long)]
    metrics: bool,
    /// Where the shell runs.
    #[arg(long, value_enum, default_value_t = PlaceArg::Lab)]
    place: PlaceArg,
}

impl WorldArgs {
    fn config(&self) -> Config {
        let seed = self.seed.unwrap_or(Config::default().seed);
        Config { seed, nodes: self.nodes, cloud: self.cloud, metrics: self.metrics }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum PlaceArg {
    /// On node1: addresses of pods and Services answer.
    Lab,
    /// Outside of the cluster, with a kubeconfig.
    Laptop,
}

impl From<PlaceArg> for Place {
    fn from(place: PlaceArg) -> Place {
        match place {
            PlaceArg::Lab => Place::Lab,
            PlaceArg::Laptop => Place::Laptop,
        }
    }
}

#[derive(Args)]
struct ShellArgs {
    #[command(flatten)]
    world: WorldArgs,
    /// Run this command instead of reading from the terminal.
    #[arg(short = 'c', value_name = "COMMAND", conflicts_with = "script")]
    command: Option<String>,
    /// A script to run, and its arguments.
    script: Option<PathBuf>,
    /// Arguments of the command or script.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

#[derive(Args)]
struct CheckArgs {
    #[command(flatten)]
    world: WorldArgs,
    /// Show what was typed and what the screen showed.
    #[arg(long)]
    transcript: bool,
    /// Run the commands that need internal addresses in an interactive container, as the decks advise on a laptop.
    #[arg(long)]
    from_container: bool,
    /// Decks: Markdown files.
    #[arg(required = true, value_name = "DECK")]
    decks: Vec<PathBuf>,
}

#[derive(Args)]
struct RecordArgs {
    #[command(flatten)]
    world: WorldArgs,
    /// The transcript: a line of `meta`, then a line for each command.
    file: PathBuf,
    /// Where to write; standard output if not given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Does what the command line says; gives the exit status.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let code = match &cli.command {
        Command::Shell(args) => shell::run(args),
        Command::Check(args) => check::run(args),
        Command::Record(args) => record::run(args),
        Command::ServeApi(args) => serve_api::options::run(args),
    };
    ExitCode::from(code)
}

/// Says what is wrong with an input and gives the status for it.
fn unusable(what: &std::path::Path, error: &dyn std::fmt::Display) -> u8 {
    eprintln!("podium: {}: {error}", what.display());
    2
}
