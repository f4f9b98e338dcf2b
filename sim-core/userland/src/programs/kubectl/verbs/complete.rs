//! `kubectl __complete WORDS`: what a shell asks when Tab is pressed; the last word is what there is so far.
//!
//! Models cobra's completion protocol: one candidate per line, with a description after a tab, then `:` and a
//! number that tells the shell what to do. What goes wrong on the way ends in no candidates.

use crate::programs::kubectl::command::{Arguments, Command};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::{Flag, Flags, Kind};
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::pods;
use crate::programs::kubectl::tree::{self, ROOT};
use linux::Sys;
use linux::vfs::FileType;
use sim::Ordered;
use std::time::Duration;

/// The row of the tree.
pub const COMMAND: Command =
    Command { hidden: true, ..Command::not_simulated("__complete", "Complete a command line") };

/// What the shell does with the candidates: cobra's `ShellCompDirective`, whose numbers add up.
const DIRECTIVES: &[(u8, &str)] = &[
    (NO_SPACE, "ShellCompDirectiveNoSpace"),
    (NO_FILES, "ShellCompDirectiveNoFileComp"),
    (FILE_ENDINGS, "ShellCompDirectiveFilterFileExt"),
];
/// It may offer files.
const DEFAULT: u8 = 0;
const NO_SPACE: u8 = 2;
const NO_FILES: u8 = 4;
/// The candidates are the endings of the files that it offers.
const FILE_ENDINGS: u8 = 8;

/// Candidates: the word, and what it is.
type Candidates = Vec<(String, &'static str)>;

/// Answers.
pub async fn complete(sys: &Sys, line: &[String]) -> Result<()> {
    let describe = line.first().is_none_or(|word| word != "__completeNoDesc");
    let Some((last, before)) = line.get(1..).and_then(<[String]>::split_last) else {
        return Err(Error::text("requires at least 1 arg(s), only received 0"));
    };
    let (candidates, directive) = match candidates(sys, before, last).await {
        Ok(found) => found,
        Err(why) => {
            sys.err(&format!("[Debug] [Error] {why}\n")).await;
            (Vec::new(), DEFAULT)
        }
    };
    let mut text = String::new();
    for (word, about) in candidates {
        text.push_str(&word);
        if describe && !about.is_empty() {
            text.push('\t');
            text.push_str(about);
        }
        text.push('\n');
    }
    text.push_str(&format!(":{directive}\n"));
    sys.out(&text).await;
    let names: Vec<&str> =
        DIRECTIVES.iter().filter(|(bit, _)| directive & bit != 0).map(|(_, name)| *name).collect();
    let names = if names.is_empty() { "ShellCompDirectiveDefault".to_string() } else { names.join(", ") };
    sys.err(&format!("Completion ended with directive: {names}\n")).await;
    Ok(())
}

/// Models cobra's `getCompletions`; an error is what it says when it is debugged.
async fn candidates(
    sys: &Sys,
    before: &[String],
    last: &str,
) -> std::result::Result<(Candidates, u8), String> {
    let Ok(found) = tree::find(before) else {
        // kubectl looks for a plugin first.
        sys.err("[Debug] Cleared global flags for plugin completion\n").await;
        return Err(format!("unable to find a command for arguments: [{}]", before.join(" ")));
    };
    let command = found.command;
    let known: Vec<&'static Flag> =
        command.own_flags().chain(globals::GLOBAL).chain(std::iter::once(&globals::HELP)).collect();
    let mut line = found.line.clone();
    // A flag whose value is asked for: in this word, or in the one before.
    let (named, value) = match last.split_once('=').filter(|_| last.starts_with('-')) {
        Some((name, value)) => (Some(name.to_string()), value),
        None if last.starts_with('-') => (None, last),
        None => (line.pop_if(|word| waiting_flag(&known, word).is_some()), last),
    };
    if let Some(named) = named {
        let Some(flag) = flag(&known, &named) else {
            let name = named.trim_start_matches('-');
            return Err(format!("Subcommand '{}' does not support flag '{name}'", command.name));
        };
        let k = kubectl(sys, command, found.path, known, &line)?;
        return Ok(values(&k, flag, value).await);
    }
    let k = kubectl(sys, command, found.path.clone(), known.clone(), &line)?;
    let missing = command.required.iter().filter(|name| !k.flags.changed(name));
    let missing = missing.filter_map(|name| known.iter().find(|flag| flag.name == *name));
    let mut missing: Candidates = missing.flat_map(|flag| names_of_flag(flag)).collect();
    missing.retain(|(name, _)| name.starts_with(last));
    if last.starts_with('-') {
        let list = if missing.is_empty() { flags(&k, command, &known, last) } else { missing };
        return Ok((list, NO_FILES));
    }
    let mut list: Candidates = Vec::new();
    if k.flags.changed(globals::HELP.name) {
        return Ok((list, NO_FILES));
    }
    let mut directive = DEFAULT;
    let local = command.own_flags().any(|flag| k.flags.changed(flag.name));
    if k.args().is_empty() && !local {
        list.extend(children(command, last));
        if !command.commands.is_empty() {
            directive = NO_FILES;
        }
    }
    list.extend(missing);
    if command.arguments == Arguments::Commands {
        // What `help` is about.
        list.extend(tree::find(k.args()).map(|found| children(found.command, last)).unwrap_or_default());
        directive = NO_FILES;
    } else if let Some((words, after)) = arguments(&k, command.arguments, last).await {
        list.extend(words.into_iter().map(|word| (word, "")));
        directive = after;
    }
    Ok((list, directive))
}

/// The subcommands that a word can become.
fn children(command: &Command, last: &str) -> Candidates {
    // Hidden from the list of commands, but commands all the same.
    let shown = |child: &&Command| !child.hidden || ["help", "options"].contains(&child.name);
    let mut children: Vec<&Command> = command.commands.iter().copied().filter(shown).collect();
    if command.name == ROOT.name {
        children.order_by_key(|child| child.name);
    }
    children.retain(|child| child.name.starts_with(last));
    children.into_iter().map(|child| (child.name.to_string(), child.short)).collect()
}

fn kubectl(
    sys: &Sys,
    command: &'static Command,
    path: String,
    known: Vec<&'static Flag>,
    line: &[String],
) -> std::result::Result<Kubectl, String> {
    let flags = Flags::parse(known, line)
        .map_err(|error| format!("Error while parsing flags from args [{}]: {}", line.join(" "), error))?;
    Ok(Kubectl::new(sys.clone(), command, path, flags))
}

/// The flag of a word: `--name`, or the last of `-abc`.
fn flag(known: &[&'static Flag], word: &str) -> Option<&'static Flag> {
    match word.strip_prefix("--") {
        Some(long) => known.iter().copied().find(|flag| flag.name == long),
        None => {
            let letter = word.strip_prefix('-')?.chars().last()?;
            known.iter().copied().find(|flag| flag.short == letter)
        }
    }
}

/// The flag of a word that has its value in the next.
fn waiting_flag(known: &[&'static Flag], word: &str) -> Option<&'static Flag> {
    flag(known, word).filter(|flag| flag.bare.is_empty())
}

fn names_of_flag(flag: &Flag) -> impl Iterator<Item = (String, &'static str)> + use<> {
    let short = (flag.short != '\0').then(|| format!("-{}", flag.short));
    let help = flag.help;
    std::iter::once(format!("--{}", flag.name)).chain(short).map(move |name| (name, help))
}

fn flags(k: &Kubectl, command: &Command, known: &[&'static Flag], last: &str) -> Candidates {
    let global =
        |flag: &Flag| globals::GLOBAL.iter().any(|other| (other.name, other.help) == (flag.name, flag.help));
    let mut sorted: Vec<&Flag> = known.to_vec();
    // Those of every command first; where the command has one of the same name, that one counts. To kubectl itself
    // they are its own.
    let is_root = command.name == ROOT.name;
    sorted.retain(|flag| !global(flag) || !known.iter().any(|own| own.name == flag.name && !global(own)));
    sorted.order_by_key(|flag| (!is_root && !global(flag), flag.name));
    let again = |flag: &Flag| matches!(flag.kind, Kind::Slice | Kind::Array);
    sorted.retain(|flag| again(flag) || !k.flags.changed(flag.name));
    let names = sorted.into_iter().flat_map(names_of_flag);
    names.filter(|(name, _)| name.starts_with(last)).collect()
}

/// What a flag can be set to.
async fn values(k: &Kubectl, flag: &Flag, last: &str) -> (Candidates, u8) {
    let words: Vec<String> = match flag.name {
        "namespace" => names(k, "namespaces").await,
        "context" => entries(k, "contexts").await,
        "cluster" => entries(k, "clusters").await,
        "user" => entries(k, "users").await,
        "container" if k.command.name == "exec" => containers(k).await,
        "output" if k.command.name == "get" => FORMATS.split(' ').map(str::to_string).collect(),
        // Not those that are a switch (`logs -f`).
        "filename" => {
            let endings = ["json", "yaml", "yml"].map(|ending| (ending.to_string(), ""));
            return (endings.to_vec(), FILE_ENDINGS);
        }
        _ => return (Vec::new(), DEFAULT),
    };
    let words = words.into_iter().filter(|word| word.starts_with(last));
    (words.map(|word| (word, "")).collect(), NO_FILES)
}

/// What the next argument could be, and what the shell does with it; nothing when kubectl does not say. Models
/// k8s.io/kubectl/pkg/util/completion.
async fn arguments(k: &Kubectl, kind: Arguments, last: &str) -> Option<(Vec<String>, u8)> {
    let args = k.args();
    let first = args.is_empty();
    let mut directive = NO_FILES;
    let mut words: Vec<String> = match kind {
        Arguments::None | Arguments::Commands => return None,
        Arguments::Copy => return Some((if first { copy(k, last).await } else { Vec::new() }, NO_SPACE)),
        Arguments::Words(words) if first => words.iter().map(|word| (*word).to_string()).collect(),
        Arguments::Config(list) if first => entries(k, list).await,
        Arguments::Name(kind) if first => names(k, kind).await,
        Arguments::Pods | Arguments::PodsAndContainers if first => match last.split_once('/') {
            Some((kind, _)) => objects(k, kind).await,
            None => {
                let mut words = names(k, "pods").await;
                words.retain(|word| word.starts_with(last));
                if words.is_empty() {
                    directive |= NO_SPACE;
                }
                words.extend(WITH_PODS.split(' ').map(|kind| format!("{kind}/")));
                words
            }
        },
        Arguments::PodsAndContainers if args.len() == 1 => containers(k).await,
        Arguments::Resources(allowed, repeat) => match (args, last.split_once('/')) {
            // TYPE NAME...
            ([kind, rest @ ..], _) if !kind.contains('/') && (repeat || rest.is_empty()) => {
                names(k, kind).await
            }
            // TYPE/NAME...
            (args, Some((kind, _))) if repeat || args.is_empty() => objects(k, kind).await,
            ([], None) if allowed.is_empty() => {
                // After a comma, only the last type is still open.
                let done = last.rfind(',').map_or("", |at| &last[..=at]);
                types(k).await.into_iter().map(|kind| format!("{done}{kind}")).collect()
            }
            ([], None) => allowed.iter().map(|kind| (*kind).to_string()).collect(),
            ([kind, ..], None) if kind.contains('/') && repeat => {
                directive |= NO_SPACE;
                let own: Vec<String> = allowed.iter().map(|kind| (*kind).to_string()).collect();
                let kinds = if own.is_empty() { types(k).await } else { own };
                kinds.into_iter().map(|kind| kind + "/").collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let given = match (kind, args) {
        (Arguments::Resources(..), [kind, rest @ ..]) if !kind.contains('/') => rest,
        _ => args,
    };
    words.retain(|word| word.starts_with(last) && !given.contains(word));
    Some((words, directive))
}

/// What `get -o` can be.
const FORMATS: &str = "json yaml kyaml name go-template go-template-file template templatefile jsonpath jsonpath-as-json jsonpath-file custom-columns custom-columns-file wide";

/// Types behind whose objects there are pods.
const WITH_PODS: &str =
    "daemonsets deployments pods jobs replicasets replicationcontrollers services statefulsets";

/// `TYPE/NAME` of all objects of a type.
async fn objects(k: &Kubectl, kind: &str) -> Vec<String> {
    names(k, kind).await.into_iter().map(|name| format!("{kind}/{name}")).collect()
}

/// Where a copy can begin: namespaces and pods, and files once something was typed.
async fn copy(k: &Kubectl, last: &str) -> Vec<String> {
    if last.starts_with(['/', '.', '~']) || last.contains(':') {
        return Vec::new();
    }
    if let Some((namespace, _)) = last.split_once('/') {
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let words = names_at(k, &path).await.into_iter().map(|pod| format!("{namespace}/{pod}:"));
        return words.filter(|word| word.starts_with(last)).collect();
    }
    let mut words: Vec<String> = Vec::new();
    for (kind, end) in [("namespaces", '/'), ("pods", ':')] {
        let found = names(k, kind).await.into_iter().filter(|name| name.starts_with(last));
        words.extend(found.map(|name| format!("{name}{end}")));
    }
    if last.is_empty() {
        words.extend(["./".to_string(), "/".to_string()]);
    } else if !words.is_empty() {
        let files = k.sys.read_dir(".").unwrap_or_default();
        let is_directory =
            |name: &str| k.sys.lstat(name).is_ok_and(|stat| stat.file_type == FileType::Directory);
        let files = files.into_iter().filter(|name| name.starts_with(last) && name != "." && name != "..");
        words.extend(files.map(|name| if is_directory(&name) { name + "/" } else { name }));
    }
    words
}

/// All types whose objects can be fetched, as `kubectl api-resources -o name` has them.
async fn types(k: &Kubectl) -> Vec<String> {
    let Ok(mapper) = k.mapper().await else { return Vec::new() };
    let mut found: Vec<_> = mapper
        .resources
        .iter()
        .filter(|resource| resource.verbs.is_empty() || resource.verbs.iter().any(|verb| verb == "get"))
        .map(|resource| (resource.group.clone(), resource.group_resource()))
        .collect();
    found.order();
    found.dedup();
    found.into_iter().map(|(_, name)| name).collect()
}

/// Names of the objects of types, in the namespace of the command line.
async fn names(k: &Kubectl, kinds: &str) -> Vec<String> {
    let mut found = Vec::new();
    for kind in kinds.split(',') {
        let path = async {
            let resource = k.mapper().await?.find(kind)?;
            let (namespace, _) = k.namespace().await?;
            Ok::<_, Error>(resource.collection(&namespace))
        };
        match path.await {
            Ok(path) => found.extend(names_at(k, &path).await),
            Err(_) => return Vec::new(),
        }
    }
    found
}

async fn names_at(k: &Kubectl, path: &str) -> Vec<String> {
    let list = async { k.client().await?.get(path, &[]).await };
    let Ok(list) = list.await else { return Vec::new() };
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(|item| item["metadata"]["name"].as_str()).map(str::to_string).collect()
}

/// The containers of the pod that the first argument names, or of one behind what it names.
async fn containers(k: &Kubectl) -> Vec<String> {
    let Some(name) = k.args().first() else { return Vec::new() };
    let pod = async {
        let info = pods::named(k, name).await?;
        pods::attachable(k, &info, Duration::from_secs(1)).await
    };
    let Ok(pod) = pod.await else { return Vec::new() };
    let lists =
        ["initContainers", "containers", "ephemeralContainers"].map(|list| pod["spec"][list].as_array());
    let all = lists.into_iter().flatten().flatten();
    all.filter_map(|container| container["name"].as_str()).map(str::to_string).collect()
}

/// Names in a list of the kubeconfig.
async fn entries(k: &Kubectl, list: &str) -> Vec<String> {
    let Ok(config) = k.kubeconfig().await else { return Vec::new() };
    config.entries(list).iter().filter_map(|entry| entry["name"].as_str()).map(str::to_string).collect()
}
