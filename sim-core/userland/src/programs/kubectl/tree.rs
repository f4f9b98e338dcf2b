//! The tree of commands, and the way down from a command line.
//!
//! The groups are those of `kubectl help`, in its order, which is also the order in which suggestions
//! come. A new command is a file in `verbs/` and a row here.

use super::command::{Bare, Command, Run};
use super::globals::GLOBAL;
use super::verbs;

const fn stub(name: &'static str, short: &'static str) -> Command {
    Command::not_simulated(name, short)
}

/// The groups of `kubectl help`.
pub const GROUPS: &[(&str, &[&Command])] = &[
    (
        "Basic Commands (Beginner):",
        &[&verbs::create::COMMAND, &verbs::expose::COMMAND, &verbs::run::COMMAND, &verbs::set::COMMAND],
    ),
    (
        "Basic Commands (Intermediate):",
        &[&verbs::explain::COMMAND, &verbs::get::COMMAND, &verbs::edit::COMMAND, &verbs::delete::COMMAND],
    ),
    ("Deploy Commands:", &[&verbs::rollout::COMMAND, &verbs::scale::COMMAND, &verbs::autoscale::COMMAND]),
    (
        "Cluster Management Commands:",
        &[
            &verbs::certificate::COMMAND,
            &verbs::cluster_info::COMMAND,
            &verbs::top::COMMAND,
            &verbs::cordon::CORDON,
            &verbs::cordon::UNCORDON,
            &verbs::drain::COMMAND,
            &verbs::taint::COMMAND,
        ],
    ),
    (
        "Troubleshooting and Debugging Commands:",
        &[
            &verbs::describe::COMMAND,
            &verbs::logs::COMMAND,
            &verbs::attach::COMMAND,
            &verbs::exec::COMMAND,
            &verbs::port_forward::COMMAND,
            &verbs::proxy::COMMAND,
            &verbs::cp::COMMAND,
            &verbs::auth::COMMAND,
            &verbs::debug::COMMAND,
            &verbs::events::COMMAND,
        ],
    ),
    (
        "Advanced Commands:",
        &[
            &verbs::diff::COMMAND,
            &verbs::apply::COMMAND,
            &verbs::patch::COMMAND,
            &verbs::replace::COMMAND,
            &verbs::wait::COMMAND,
            &verbs::kustomize::COMMAND,
        ],
    ),
    ("Settings Commands:", &[&verbs::label::COMMAND, &verbs::annotate::COMMAND, &verbs::completion::COMMAND]),
    ("Subcommands provided by plugins:", &[]),
    (
        "Other Commands:",
        &[
            &ALPHA,
            &verbs::api_resources::COMMAND,
            &verbs::api_versions::COMMAND,
            &verbs::config::COMMAND,
            &verbs::plugin::COMMAND,
            &verbs::version::COMMAND,
        ],
    ),
];

/// `kubectl` itself.
pub const ROOT: Command = Command {
    name: "kubectl",
    short: "kubectl controls the Kubernetes cluster manager",
    long: "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/",
    commands: &[
        &verbs::create::COMMAND,
        &verbs::expose::COMMAND,
        &verbs::run::COMMAND,
        &verbs::set::COMMAND,
        &verbs::explain::COMMAND,
        &verbs::get::COMMAND,
        &verbs::edit::COMMAND,
        &verbs::delete::COMMAND,
        &verbs::rollout::COMMAND,
        &verbs::scale::COMMAND,
        &verbs::autoscale::COMMAND,
        &verbs::certificate::COMMAND,
        &verbs::cluster_info::COMMAND,
        &verbs::top::COMMAND,
        &verbs::cordon::CORDON,
        &verbs::cordon::UNCORDON,
        &verbs::drain::COMMAND,
        &verbs::taint::COMMAND,
        &verbs::describe::COMMAND,
        &verbs::logs::COMMAND,
        &verbs::attach::COMMAND,
        &verbs::exec::COMMAND,
        &verbs::port_forward::COMMAND,
        &verbs::proxy::COMMAND,
        &verbs::cp::COMMAND,
        &verbs::auth::COMMAND,
        &verbs::debug::COMMAND,
        &verbs::events::COMMAND,
        &verbs::diff::COMMAND,
        &verbs::apply::COMMAND,
        &verbs::patch::COMMAND,
        &verbs::replace::COMMAND,
        &verbs::wait::COMMAND,
        &verbs::kustomize::COMMAND,
        &verbs::label::COMMAND,
        &verbs::annotate::COMMAND,
        &verbs::completion::COMMAND,
        &ALPHA,
        &verbs::api_resources::COMMAND,
        &verbs::api_versions::COMMAND,
        &verbs::config::COMMAND,
        &verbs::plugin::COMMAND,
        &verbs::version::COMMAND,
        &verbs::options::COMMAND,
        &verbs::complete::COMMAND,
        &verbs::help::COMMAND,
    ],
    run: Run::Group(Bare::Help),
    ..Command::NEW
};

const ALPHA: Command = Command {
    name: "alpha",
    short: "Commands for features in alpha",
    long: "These commands belong to alpha features, which Kubernetes clusters do not switch on by default.",
    commands: &[&stub("kuberc", "Manage kuberc configuration files")],
    run: Run::Group(Bare::Help),
    ..Command::NEW
};

/// A command found, and what is left of the line.
pub struct Found {
    /// The command.
    pub command: &'static Command,
    /// Its path, for example `kubectl create service`.
    pub path: String,
    /// The line without the words of the path.
    pub line: Vec<String>,
}

/// Walks down the tree along the words of a command line that are not flags. Models cobra's `Find`.
///
/// # Errors
/// `unknown command ...` with suggestions, when the first word is none of kubectl's commands.
pub fn find(line: &[String]) -> Result<Found, String> {
    let mut found = Found { command: &ROOT, path: ROOT.name.to_string(), line: line.to_vec() };
    loop {
        let words = words_of(found.command, &found.line);
        let Some(&index) = words.first() else { return Ok(found) };
        let word = found.line[index].clone();
        match found.command.child(&word) {
            Some(child) => {
                found.line.remove(index);
                found.path = format!("{} {}", found.path, child.name);
                found.command = child;
            }
            None if found.path == ROOT.name => {
                return Err(unknown_command(&word));
            }
            None => return Ok(found),
        }
    }
}

/// Places of the words that are not flags nor values of flags. A flag that is not known takes the next word.
fn words_of(command: &Command, line: &[String]) -> Vec<usize> {
    let mut words = Vec::new();
    let mut index = 0;
    while index < line.len() {
        let word = line[index].as_str();
        if word == "--" {
            break;
        }
        let needs_value = if let Some(long) = word.strip_prefix("--") {
            !long.contains('=') && !is_bare(command, |flag| flag.name == long)
        } else if word.len() == 2 && word.starts_with('-') {
            !is_bare(command, |flag| word[1..].starts_with(flag.short))
        } else {
            if !word.is_empty() && !word.starts_with('-') {
                words.push(index);
            }
            false
        };
        index += 1 + usize::from(needs_value);
    }
    words
}

fn is_bare(command: &Command, is_it: impl Fn(&super::flags::Flag) -> bool) -> bool {
    GLOBAL
        .iter()
        .chain(command.own_flags())
        .chain([&super::globals::HELP])
        .any(|flag| is_it(flag) && !flag.bare.is_empty())
}

fn unknown_command(word: &str) -> String {
    let mut text = format!("unknown command {word:?} for \"kubectl\"");
    let lower = word.to_lowercase();
    let similar: Vec<&str> = ROOT
        .commands
        .iter()
        .filter(|c| !c.hidden)
        .map(|c| c.name)
        .filter(|name| distance(&lower, &name.to_lowercase()) <= 2 || name.to_lowercase().starts_with(&lower))
        .collect();
    if !similar.is_empty() {
        text.push_str("\n\nDid you mean this?\n");
        for name in similar {
            text.push_str(&format!("\t{name}\n"));
        }
    }
    text
}

/// How many letters have to change to come from `a` to `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_string).collect()
    }

    fn path(line: &str) -> Result<(String, Vec<String>), String> {
        find(&words(line)).map(|found| (found.path, found.line))
    }

    #[test]
    fn the_way_down_skips_flags_and_their_values() {
        assert_eq!(path("-n default get pods"), Ok(("kubectl get".into(), words("-n default pods"))));
        assert_eq!(
            path("create svc nodeport x --tcp=80"),
            Ok(("kubectl create service nodeport".into(), words("x --tcp=80")))
        );
        assert_eq!(path("rollout foo").map(|f| f.1), Ok(words("foo")));
    }

    #[test]
    fn unknown_commands_have_suggestions() {
        assert_eq!(path("frobnicate"), Err("unknown command \"frobnicate\" for \"kubectl\"".into()));
        assert_eq!(
            path("gte pods"),
            Err("unknown command \"gte\" for \"kubectl\"\n\nDid you mean this?\n\tget\n".into())
        );
        assert_eq!(
            path("GET pods"),
            Err("unknown command \"GET\" for \"kubectl\"\n\nDid you mean this?\n\tset\n\tget\n".into())
        );
        assert_eq!(path("--nosuchflag get nodes"), Err("unknown command \"nodes\" for \"kubectl\"".into()));
    }

    #[test]
    fn every_command_has_a_short_text_and_groups_are_complete() {
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|g| g.1.iter()).map(|c| c.name).collect();
        for command in ROOT.commands.iter().filter(|c| !c.hidden) {
            assert!(!command.short.is_empty(), "{}", command.name);
            assert!(grouped.contains(&command.name), "{}", command.name);
        }
    }
}
