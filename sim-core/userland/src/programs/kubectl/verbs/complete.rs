//! `kubectl __complete WORDS`: what a shell asks when Tab is pressed; the last word is what there is so far.
//!
//! Models cobra's completion protocol: one candidate per line, with a description after a tab, then `:` and a
//! number that tells the shell what to do. What goes wrong on the way ends in no candidates.

use crate::programs::kubectl::command::{Arguments, Command};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::{Flag, Flags, Kind};
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::tree::{self, ROOT};
use linux::Sys;
use linux::vfs::FileType;
use serde_json::Value;
use sim::Ordered;

/// The row of the tree.
pub const COMMAND: Command =
    Command { hidden: true, ..Command::not_simulated("__complete", "Complete a command line") };

/// What the shell does with the candidates.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Directive {
    /// It may offer files.
    Default = 0,
    /// It does not offer files.
    #[default]
    NoFiles = 4,
    /// It puts no space behind the candidate.
    NoSpace = 2,
    /// Neither.
    NoSpaceNoFiles = 6,
}

impl Directive {
    fn name(self) -> &'static str {
        match self {
            Directive::Default => "ShellCompDirectiveDefault",
            Directive::NoFiles => "ShellCompDirectiveNoFileComp",
            Directive::NoSpace => "ShellCompDirectiveNoSpace",
            Directive::NoSpaceNoFiles => "ShellCompDirectiveNoSpace, ShellCompDirectiveNoFileComp",
        }
    }
}

/// Candidates: the word, and what it is.
type Candidates = Vec<(String, &'static str)>;

/// Answers.
pub async fn complete(sys: &Sys, line: &[String]) -> Result<()> {
    let describe = line.first().is_none_or(|word| word != "__completeNoDesc");
    let words = line.get(1..).unwrap_or_default();
    let (last, before) = match words.split_last() {
        Some((last, before)) => (last.as_str(), before),
        None => ("", words),
    };
    let (candidates, directive) = candidates(sys, before, last).await;
    let mut text = String::new();
    for (word, about) in candidates {
        text.push_str(&word);
        if describe && !about.is_empty() {
            text.push('\t');
            text.push_str(about);
        }
        text.push('\n');
    }
    text.push_str(&format!(":{}\n", directive as u8));
    sys.out(&text).await;
    sys.err(&format!("Completion ended with directive: {}\n", directive.name())).await;
    Ok(())
}

async fn candidates(sys: &Sys, before: &[String], last: &str) -> (Candidates, Directive) {
    let nothing = (Vec::new(), Directive::NoFiles);
    let Ok(found) = tree::find(before) else { return nothing };
    let command = found.command;
    let known: Vec<&'static Flag> =
        command.own_flags().chain(globals::GLOBAL).chain(std::iter::once(&globals::HELP)).collect();
    // A flag that waits for its value.
    let mut line = found.line.clone();
    let waiting = line.last().and_then(|word| waiting_flag(&known, word));
    if let Some(flag) = waiting {
        line.pop();
        let k = kubectl(sys, command, found.path, known, &line);
        return values(k, flag, "", last).await;
    }
    if last.starts_with("--") && last.contains('=') {
        let (name, value) = last.split_once('=').unwrap_or((last, ""));
        let Some(flag) = known.iter().copied().find(|flag| flag.name == &name[2..]) else { return nothing };
        let k = kubectl(sys, command, found.path, known, &line);
        return values(k, flag, &format!("{name}="), value).await;
    }
    if last.starts_with('-') {
        return (flags(&known, &line, last), Directive::NoFiles);
    }
    let k = kubectl(sys, command, found.path.clone(), known, &line);
    let mut list: Candidates = Vec::new();
    if k.as_ref().is_none_or(|k| k.args().is_empty()) {
        let mut children: Vec<&Command> = command.commands.iter().copied().filter(|c| !c.hidden).collect();
        if found.path == ROOT.name {
            children.order_by_key(|child| child.name);
        }
        list.extend(
            children.iter().filter(|c| c.name.starts_with(last)).map(|c| (c.name.to_string(), c.short)),
        );
    }
    let Some(k) = k else { return (list, Directive::NoFiles) };
    let (more, directive) = arguments(&k, command.arguments, last).await.unwrap_or_default();
    list.extend(more);
    let directive = if command.commands.is_empty() { directive } else { Directive::NoFiles };
    (list, directive)
}

fn kubectl(
    sys: &Sys,
    command: &'static Command,
    path: String,
    known: Vec<&'static Flag>,
    line: &[String],
) -> Option<Kubectl> {
    let flags = Flags::parse(known, line).ok()?;
    Some(Kubectl::new(sys.clone(), command, path, flags))
}

fn waiting_flag(known: &[&'static Flag], word: &str) -> Option<&'static Flag> {
    let flag = if let Some(long) = word.strip_prefix("--") {
        known.iter().copied().find(|flag| flag.name == long)
    } else {
        let letter = word.strip_prefix('-')?.chars().last()?;
        known.iter().copied().find(|flag| flag.short == letter)
    };
    flag.filter(|flag| flag.bare.is_empty())
}

fn flags(known: &[&'static Flag], line: &[String], last: &str) -> Candidates {
    let global =
        |flag: &Flag| globals::GLOBAL.iter().any(|other| (other.name, other.help) == (flag.name, flag.help));
    let mut sorted: Vec<&Flag> = known.to_vec();
    // Those of every command first; where the command has one of the same name, that one counts.
    sorted.retain(|flag| !global(flag) || !known.iter().any(|own| own.name == flag.name && !global(own)));
    sorted.order_by_key(|flag| (!global(flag), flag.name));
    let parsed = Flags::parse(known.to_vec(), line).unwrap_or_default();
    let again = |flag: &Flag| matches!(flag.kind, Kind::Slice | Kind::Array);
    let mut list = Vec::new();
    for flag in sorted.into_iter().filter(|flag| again(flag) || !parsed.changed(flag.name)) {
        let long = format!("--{}", flag.name);
        if long.starts_with(last) {
            list.push((long, flag.help));
        }
        let short = format!("-{}", flag.short);
        if flag.short != '\0' && short.starts_with(last) {
            list.push((short, flag.help));
        }
    }
    list
}

async fn values(k: Option<Kubectl>, flag: &Flag, prefix: &str, last: &str) -> (Candidates, Directive) {
    let Some(k) = k else { return (Vec::new(), Directive::NoFiles) };
    let (words, directive): (Vec<String>, Directive) = match flag.name {
        "namespace" => (names(&k, "namespaces").await, Directive::NoFiles),
        "context" => (entries(&k, "contexts").await, Directive::NoFiles),
        "cluster" => (entries(&k, "clusters").await, Directive::NoFiles),
        "user" => (entries(&k, "users").await, Directive::NoFiles),
        "container" => (containers(&k).await, Directive::NoFiles),
        "output" => {
            let formats = "custom-columns custom-columns-file go-template go-template-file json jsonpath jsonpath-as-json jsonpath-file kyaml name template templatefile wide yaml";
            let formats = formats.split(' ').filter(|format| {
                k.flags.has("no-headers") || !(format.starts_with("custom") || *format == "wide")
            });
            (formats.map(str::to_string).collect(), Directive::NoFiles)
        }
        "dry-run" => (["none", "server", "client"].map(str::to_string).to_vec(), Directive::NoFiles),
        "cascade" => {
            (["background", "orphan", "foreground"].map(str::to_string).to_vec(), Directive::NoFiles)
        }
        _ => (Vec::new(), Directive::Default),
    };
    let list =
        words.into_iter().filter(|word| word.starts_with(last)).map(|word| (format!("{prefix}{word}"), ""));
    (list.collect(), directive)
}

async fn arguments(k: &Kubectl, kind: Arguments, last: &str) -> Result<(Candidates, Directive)> {
    let args = k.args();
    let mut words: Vec<String> = Vec::new();
    let mut directive = Directive::NoFiles;
    match kind {
        Arguments::None => return Ok((Vec::new(), Directive::Default)),
        Arguments::Contexts => {
            if args.is_empty() {
                words = entries(k, "contexts").await;
            }
        }
        Arguments::Copy => {
            let words = if args.is_empty() { copy(k, last).await } else { Vec::new() };
            return Ok((words.into_iter().map(|word| (word, "")).collect(), Directive::NoSpace));
        }
        Arguments::Nodes => words = names(k, "nodes").await,
        Arguments::Types => {
            if args.is_empty() {
                words = types(k).await?;
            }
        }
        Arguments::Pods => {
            if let Some((kind, _)) = last.split_once('/') {
                words = names(k, kind).await.into_iter().map(|name| format!("{kind}/{name}")).collect();
            } else if args.is_empty() {
                words = names(k, "pods").await;
                for kind in
                    ["daemonsets", "deployments", "pods", "jobs", "replicasets", "services", "statefulsets"]
                {
                    let word = format!("{kind}/");
                    if !last.is_empty() && word.starts_with(last) {
                        words.push(word);
                        directive = Directive::NoSpaceNoFiles;
                    }
                }
            }
        }
        Arguments::Resources => {
            if let Some((kind, _)) = last.split_once('/') {
                words = names(k, kind).await.into_iter().map(|name| format!("{kind}/{name}")).collect();
            } else if args.is_empty() {
                // After a comma, only the last type is still open.
                let done = last.rfind(',').map_or("", |at| &last[..=at]);
                words = types(k).await?.into_iter().map(|word| format!("{done}{word}")).collect();
            } else if args.iter().all(|arg| !arg.contains('/')) {
                words = names(k, &args[0]).await;
            }
        }
    }
    words.retain(|word| word.starts_with(last) && !args.get(1..).unwrap_or_default().contains(word));
    Ok((words.into_iter().map(|word| (word, "")).collect(), directive))
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

async fn types(k: &Kubectl) -> Result<Vec<String>> {
    let mapper = k.mapper().await?;
    let mut words: Vec<String> = mapper
        .resources
        .iter()
        .filter(|r| r.verbs.is_empty() || r.verbs.iter().any(|verb| verb == "get"))
        .map(|r| r.group_resource())
        .collect();
    words.order();
    words.dedup();
    Ok(words)
}

/// Names of the objects of a type, in the namespace of the command line.
async fn names(k: &Kubectl, kind: &str) -> Vec<String> {
    let path = async {
        let resource = k.mapper().await?.find(kind)?;
        let (namespace, _) = k.namespace().await?;
        Ok::<_, Error>(resource.collection(&namespace))
    };
    match path.await {
        Ok(path) => names_at(k, &path).await,
        Err(_) => Vec::new(),
    }
}

async fn names_at(k: &Kubectl, path: &str) -> Vec<String> {
    let list = async { k.client().await?.get(path, &[]).await };
    let Ok(list) = list.await else { return Vec::new() };
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(|item| item["metadata"]["name"].as_str()).map(str::to_string).collect()
}

async fn containers(k: &Kubectl) -> Vec<String> {
    let Some(name) = k.args().first() else { return Vec::new() };
    let name = name.strip_prefix("pod/").or(name.strip_prefix("pods/")).unwrap_or(name);
    let pod = async {
        let (namespace, _) = k.namespace().await?;
        k.client().await?.get(&format!("/api/v1/namespaces/{namespace}/pods/{name}"), &[]).await
    };
    let Ok(pod) = pod.await else { return Vec::new() };
    let of = |field: &str| pod["spec"][field].as_array().cloned().unwrap_or_default();
    let all: Vec<Value> = [of("initContainers"), of("containers")].concat();
    all.iter().filter_map(|c| c["name"].as_str()).map(str::to_string).collect()
}

/// Names in a list of the kubeconfig.
async fn entries(k: &Kubectl, list: &str) -> Vec<String> {
    let Ok(config) = k.kubeconfig().await else { return Vec::new() };
    config.entries(list).iter().filter_map(|entry| entry["name"].as_str()).map(str::to_string).collect()
}
