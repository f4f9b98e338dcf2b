//! Help texts, laid out as kubectl's templates lay them out.
//!
//! Models `k8s.io/kubectl/pkg/util/templates`.

use super::command::{Bare, Command, Run};
use super::flags::Flag;
use super::globals;
use super::tree::{self, ROOT};
use super::verbs;
use sim::Ordered;

/// The help of a command; `path` is what it is called by, for example `kubectl create service`.
pub fn help(command: &Command, path: &str) -> String {
    // Upstream takes this one's help away, so that it does not list itself.
    if command.name == verbs::options::COMMAND.name {
        return String::new();
    }
    let mut text = match command.long {
        "" => format!("{}.\n", command.short),
        long => format!("{}\n", long.trim_end()),
    };
    if !command.aliases.is_empty() {
        let mut names = vec![command.name];
        names.extend(command.aliases);
        text.push_str(&format!("\nAliases:\n{}\n", names.join(", ")));
    }
    if !command.examples.is_empty() {
        text.push_str("\nExamples:\n");
        for line in command.examples.trim_end().lines() {
            text.push_str(&format!("  {line}\n"));
        }
    }
    if path == ROOT.name {
        for (title, commands) in tree::GROUPS {
            text.push_str(&format!("\n{title}\n"));
            push_commands(&mut text, commands, width(ROOT.commands));
        }
    } else if !command.commands.is_empty() {
        text.push_str("\nAvailable Commands:\n");
        push_commands(&mut text, command.commands, width(command.commands));
    }
    let mut flags: Vec<&Flag> = command.own_flags().filter(|flag| flag.deprecated.is_empty()).collect();
    flags.order_by_key(|flag| flag.name);
    if !flags.is_empty() {
        text.push_str("\nOptions:\n");
        text.push_str(&flag_usages(flags));
    }
    // A group that cannot be called by itself has no usage.
    let callable =
        path == ROOT.name || !command.usage.is_empty() || !matches!(command.run, Run::Group(Bare::Help));
    if callable {
        text.push_str(&format!("\nUsage:\n  {}\n", usage_line(command, path)));
    }
    if !command.commands.is_empty() {
        let shown = if path == ROOT.name { "kubectl" } else { path };
        text.push_str(&format!(
            "\nUse \"{shown} <command> --help\" for more information about a given command.\n"
        ));
    } else {
        text.push('\n');
    }
    if !callable {
        return text;
    }
    text.push_str(
        "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n",
    );
    text
}

/// `kubectl options`.
pub fn options(home: &str) -> String {
    let mut text = "The following options can be passed to any command:\n\n".to_string();
    let usages = flag_usages(globals::GLOBAL.iter().collect());
    text.push_str(&usages.replace("$HOME/.kube/cache", &format!("{home}/.kube/cache")));
    text.push('\n');
    text
}

fn usage_line(command: &Command, path: &str) -> String {
    let mut line = path.to_string();
    if !command.usage.is_empty() {
        line.push(' ');
        line.push_str(command.usage);
    } else if matches!(command.run, Run::Group(Bare::Err | Bare::Out)) || path == ROOT.name {
        line.push_str(" [flags]");
    }
    if !line.contains("[options]") {
        line.push_str(" [options]");
    }
    line
}

fn width(commands: &[&Command]) -> usize {
    commands.iter().filter(|c| !c.hidden).map(|c| c.name.len()).max().unwrap_or(0).max(11)
}

fn push_commands(text: &mut String, commands: &[&Command], width: usize) {
    for command in commands.iter().filter(|c| !c.hidden) {
        text.push_str(&format!("  {:width$}   {}\n", command.name, command.short));
    }
}

fn flag_usages(flags: Vec<&Flag>) -> String {
    let lines: Vec<String> = flags
        .iter()
        .map(|flag| {
            let short = if flag.short == '\0' { String::new() } else { format!("-{}, ", flag.short) };
            format!("    {short}--{}={}:\n\t{}\n", flag.name, flag.shown_default(), flag.help)
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::kubectl::tree::find;

    #[test]
    fn help_of_a_group_has_kubectls_layout() {
        let words: Vec<String> = ["create", "service"].map(str::to_string).to_vec();
        let found = find(&words).expect("a command");
        assert_eq!(
            help(found.command, &found.path),
            "Create a service using a specified subcommand.

Aliases:
service, svc

Available Commands:
  clusterip      Create a ClusterIP service
  externalname   Create an ExternalName service
  loadbalancer   Create a LoadBalancer service
  nodeport       Create a NodePort service

Usage:
  kubectl create service [flags] [options]

Use \"kubectl create service <command> --help\" for more information about a given command.
Use \"kubectl options\" for a list of global command-line options (applies to all commands).
"
        );
    }

    #[test]
    fn flags_show_their_defaults() {
        let text = help(&crate::programs::kubectl::verbs::delete::COMMAND, "kubectl delete");
        assert!(text.contains("\n    --cascade='background':\n\t"), "{text}");
        assert!(text.contains("\n    -f, --filename=[]:\n\t"), "{text}");
        assert!(text.contains("\n    --grace-period=-1:\n\t"), "{text}");
        assert!(text.contains("\n    --timeout=0s:\n\t"), "{text}");
        assert!(text.ends_with(
            "\n\nUsage:\n  kubectl delete ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]\n\nUse \"kubectl options\" for a list of global command-line options (applies to all commands).\n"
        ));
    }
}
