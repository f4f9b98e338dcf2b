//! The options of stern, and how its usage shows them.

use crate::programs::kubectl::flags::{Flag, Kind};
use crate::programs::kubectl::globals::HELP;

/// All of them.
pub(super) const FLAGS: &[Flag] = &[
    Flag::bool("all-namespaces", "Tail across all namespaces, whatever --namespace says.").short('A'),
    Flag::string("color", "auto", "When to use colors: 'auto' (on a terminal), 'always' or 'never'."),
    Flag::string("completion", "", "Print the completion script of a shell.").not_simulated(),
    Flag::slice("condition", "Tail pods whose condition is so.").not_simulated(),
    Flag::string("config", "~/.config/stern/config.yaml", "File with other defaults.").not_simulated(),
    Flag::string("container", ".*", "Containers whose names match. (regular expression)").short('c'),
    Flag::slice("container-state", "Tail containers in these states: running, waiting, terminated or all.")
        .default("all"),
    Flag::string("context", "", "Context of the kubeconfig to use."),
    Flag::bool("diff-container", "Give containers colors of their own.").short('d'),
    Flag::bool("ephemeral-containers", "Tail ephemeral containers, too.").default("true"),
    Flag::array("exclude", "Leave lines out that match. (regular expression)").short('e'),
    Flag::array("exclude-container", "Leave containers out whose names match. (regular expression)")
        .short('E'),
    Flag::array("exclude-pod", "Leave pods out whose names match. (regular expression)"),
    Flag::string("field-selector", "", "Tail pods with these fields; the query may be left out then."),
    Flag::array("highlight", "Mark what matches in the lines. (regular expression)").short('H'),
    Flag::array("include", "Show only lines that match. (regular expression)").short('i'),
    Flag::bool("init-containers", "Tail init containers, too.").default("true"),
    Flag::string("kubeconfig", "", "Path of the kubeconfig."),
    Flag::int("max-log-requests", "-1", "How many logs may be read at once: 50, or 5 with --no-follow."),
    Flag::slice("namespace", "Namespaces to tail in, instead of the context's.").short('n'),
    Flag::bool("no-follow", "Stop once all logs have been shown."),
    Flag::string("node", "", "Tail pods of this node."),
    Flag::bool("only-log-lines", "Print nothing but log lines."),
    Flag::string("output", "default", "Template to use: default, raw, json, extjson or ppextjson.")
        .short('o'),
    Flag::bool("prompt", "Ask for the app.kubernetes.io/instance to tail.").short('p').not_simulated(),
    Flag::string("selector", "", "Tail pods with these labels; the query may be left out then.").short('l'),
    Flag::duration("since", "48h0m0s", "Show logs that are newer than this, such as 5s, 2m, or 3h.")
        .short('s'),
    Flag::bool("stdin", "Read log lines from standard input.").not_simulated(),
    Flag::int("tail", "-1", "How many lines from the end of the logs to show; -1 shows all."),
    Flag::string("template", "", "Template for log lines, instead of --output.").not_simulated(),
    Flag::string("template-file", "", "File of a template for log lines.").short('T').not_simulated(),
    Flag::string("timestamps", "", "Print timestamps: 'default' or 'short'.").short('t').bare("default"),
    Flag::string("timezone", "Local", "Time zone of the timestamps.").not_simulated(),
    Flag::int("verbosity", "0", "Number of the log level verbosity.").not_simulated(),
    Flag::bool("version", "Print the version and stop.").short('v'),
];

/// Usage and flags, as cobra and pflag lay them out.
pub(super) fn usage() -> String {
    let left = |flag: &Flag| {
        let short = if flag.short == '\0' { "    ".to_string() } else { format!("-{}, ", flag.short) };
        let kind = match flag.kind {
            Kind::Bool => "",
            Kind::Int | Kind::Int32 => " int",
            Kind::Duration => " duration",
            Kind::Slice => " strings",
            Kind::Array => " stringArray",
            Kind::String | Kind::Map => " string",
        };
        let bare = match flag.bare {
            "" | "true" => String::new(),
            bare => format!("[={bare:?}]"),
        };
        format!("  {short}--{}{kind}{bare}", flag.name)
    };
    let mut flags: Vec<&Flag> = FLAGS.iter().chain([&HELP]).collect();
    sim::Ordered::order_by_key(flags.as_mut_slice(), |flag| flag.name);
    let width = flags.iter().map(|flag| left(flag).len()).max().unwrap_or(0);
    let mut text = "Usage:\n  stern pod-query [flags]\n\nFlags:\n".to_string();
    for flag in flags {
        let default = match (flag.kind, flag.default) {
            (_, "" | "false" | "0") => String::new(),
            (Kind::String, default) => format!(" (default {default:?})"),
            (Kind::Slice | Kind::Array, default) => format!(" (default [{default}])"),
            (_, default) => format!(" (default {default})"),
        };
        text.push_str(&format!("{:width$}   {}{default}\n", left(flag), flag.help));
    }
    text
}
