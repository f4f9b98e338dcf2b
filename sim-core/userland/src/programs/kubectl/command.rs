//! Commands: what a row of kubectl's tree says about one.

use super::error::Result;
use super::flags::Flag;
use super::invocation::Kubectl;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// A command that runs.
pub type VerbFuture = Pin<Box<dyn Future<Output = Result<()>>>>;

/// A command of kubectl, with its children.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What follows its path in the usage line, flags left out.
    pub usage: &'static str,
    /// One line.
    pub short: &'static str,
    /// More; empty for `short` and a full stop.
    pub long: &'static str,
    /// Examples, without indentation.
    pub examples: &'static str,
    /// Tables of its own flags.
    pub flags: &'static [&'static [Flag]],
    /// Names of flags that must be given.
    pub required: &'static [&'static str],
    /// Its subcommands, alphabetically.
    pub commands: &'static [&'static Command],
    /// What it does.
    pub run: Run,
    /// What its arguments are, for completion.
    pub arguments: Arguments,
    /// Not in any list.
    pub hidden: bool,
}

/// What a command does.
#[derive(Clone, Copy)]
pub enum Run {
    /// It does something.
    Verb(fn(Rc<Kubectl>) -> VerbFuture),
    /// It only has subcommands, and prints its help when called bare; where to, and with which status.
    Group(Bare),
    /// kubectl has it, this simulation does not.
    NotSimulated,
}

/// What a group prints when it is called without a subcommand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bare {
    /// Help on standard output, status 0 (a cobra command without `Run`).
    Help,
    /// Help on standard output, status 1.
    Out,
    /// Help on standard error, status 1.
    Err,
}

/// What the arguments of a command are, for completion.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Arguments {
    /// Nothing that could be completed.
    None,
    /// `TYPE NAME...` or `TYPE/NAME...`: the types, all when none is named, and whether names may be several.
    Resources(&'static [&'static str], bool),
    /// The name of a pod, or `TYPE/NAME` of what has pods.
    Pods,
    /// The same, and then the name of a container.
    PodsAndContainers,
    /// A name of an object of the type.
    Name(&'static str),
    /// A name in a list of the kubeconfig.
    Config(&'static str),
    /// One of these words.
    Words(&'static [&'static str]),
    /// A command of kubectl.
    Commands,
    /// A file here, or in a pod.
    Copy,
}

impl Command {
    /// A command to be filled in: `Command { name: "get", .., ..Command::NEW }`.
    pub const NEW: Command = Command {
        name: "",
        aliases: &[],
        usage: "",
        short: "",
        long: "",
        examples: "",
        flags: &[],
        required: &[],
        commands: &[],
        run: Run::NotSimulated,
        arguments: Arguments::None,
        hidden: false,
    };

    /// A command that exists, and says that it is not simulated.
    pub const fn not_simulated(name: &'static str, short: &'static str) -> Command {
        Command { name, short, ..Command::NEW }
    }

    /// Finds a subcommand by name or alias.
    pub fn child(&self, name: &str) -> Option<&'static Command> {
        self.commands.iter().copied().find(|c| c.name == name || c.aliases.contains(&name))
    }

    /// All flags of its own.
    pub fn own_flags(&self) -> impl Iterator<Item = &'static Flag> {
        self.flags.iter().flat_map(|table| table.iter())
    }
}
