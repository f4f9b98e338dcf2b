//! `kubectl cluster-info dump`: objects and logs, all in one stream or in files. Models pkg/cmd/clusterinfo.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::pods;
use crate::programs::kubectl::printers::{Format, shown};
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "dump",
    usage: "[flags]",
    short: "Dump relevant information for debugging and diagnosis",
    long: "Dump what helps to find out what is wrong with a cluster. Everything goes to standard output, or into files below the directory that --output-directory names. The current namespace and 'kube-system' are dumped, others with --namespaces, all with --all-namespaces.\n\n The logs of the pods belong to it; in files, each pod has a directory for them.",
    examples: "# To standard output\nkubectl cluster-info dump\n\n# To files below /path/to/cluster-state\nkubectl cluster-info dump --output-directory=/path/to/cluster-state\n\n# All namespaces\nkubectl cluster-info dump --all-namespaces\n\n# Some namespaces, to files\nkubectl cluster-info dump --namespaces default,kube-system --output-directory=/path/to/cluster-state",
    flags: &[
        FLAGS,
        &[globals::PRINT[0], globals::PRINT[1].default("json"), globals::PRINT[2], globals::PRINT[3]],
    ],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::bool("all-namespaces", "Dump all namespaces; --namespaces is then ignored.").short('A'),
    Flag::slice("namespaces", "Namespaces to dump, separated by commas."),
    Flag::string(
        "output-directory",
        "",
        "Where the files go. Without it, or with '-', everything goes to standard output",
    ),
    Flag::duration("pod-running-timeout", "20s", "How long to wait until a pod runs"),
];

/// What is dumped of each namespace, pods and their logs left out: its path on the server, its file, its kind.
const KINDS: &[(&str, &str, &str)] = &[
    ("/api/v1", "events", "events"),
    ("/api/v1", "replicationcontrollers", "replication-controllers"),
    ("/api/v1", "services", "services"),
    ("/apis/apps/v1", "daemonsets", "daemonsets"),
    ("/apis/apps/v1", "deployments", "deployments"),
    ("/apis/apps/v1", "replicasets", "replicasets"),
    ("/api/v1", "pods", "pods"),
];

/// Where it goes, and how.
struct Dump<'a> {
    k: &'a Kubectl,
    format: Format,
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let dump = Dump { format: Format::of(&k).await?, k: &k };
    if k.flags.duration("pod-running-timeout").is_none() {
        return Err(Error::text("--pod-running-timeout must be higher than zero"));
    }
    let client = k.client().await?;
    dump.list("/api/v1/nodes", "nodes").await?;
    let (current, _) = k.namespace().await?;
    let namespaces: Vec<String> = if k.flags.bool("all-namespaces") {
        let list = client.get("/api/v1/namespaces", &[]).await?;
        let name = |item: &Value| item["metadata"]["name"].as_str().unwrap_or("").to_string();
        list["items"].as_array().into_iter().flatten().map(name).collect()
    } else if k.flags.list("namespaces").is_empty() {
        vec!["kube-system".to_string(), current]
    } else {
        k.flags.list("namespaces").to_vec()
    };
    for namespace in &namespaces {
        let mut list = Value::Null;
        for (root, plural, file) in KINDS {
            let path = format!("{root}/namespaces/{namespace}/{plural}");
            list = dump.list(&path, &format!("{namespace}/{file}")).await?;
        }
        for pod in list["items"].as_array().into_iter().flatten() {
            dump.logs(namespace, pod).await?;
        }
    }
    if let Some(directory) = dump.directory() {
        k.out(&format!("Cluster info dumped to {directory}\n")).await;
    }
    Ok(())
}

impl Dump<'_> {
    /// The directory of the files, if there are to be any.
    fn directory(&self) -> Option<&str> {
        Some(self.k.flags.str("output-directory")).filter(|directory| !matches!(*directory, "" | "-"))
    }

    /// Writes a list of objects, and gives it.
    async fn list(&self, path: &str, file: &str) -> Result<Value> {
        let list = self.k.client().await?.get(path, &[]).await?;
        if matches!(self.format, Format::Name) {
            let kind = list["kind"].as_str().unwrap_or("");
            return Err(Error::text(format!("list types are not supported by name printing: *v1.{kind}")));
        }
        let mut text = self.format.print_typed(&shown(self.k, list.clone()))?;
        if matches!(self.format, Format::Yaml) {
            text.insert_str(0, self.k.document());
        }
        let extension = match self.k.flags.str("output") {
            "json" => "json",
            "yaml" => "yaml",
            _ => "txt",
        };
        self.write(&format!("{file}.{extension}"), text.as_bytes()).await?;
        Ok(list)
    }

    /// Writes the logs of a pod's containers.
    async fn logs(&self, namespace: &str, pod: &Value) -> Result<()> {
        let name = pod["metadata"]["name"].as_str().unwrap_or("");
        let client = self.k.client().await?;
        let mut text = Vec::new();
        let mut containers = pods::containers(pod);
        // Init containers come first here.
        let begin = containers.iter().position(|(_, init)| *init).unwrap_or(0);
        containers.rotate_left(begin);
        for (container, _) in containers {
            let line = |edge: &str| {
                format!("==== {edge} logs for container {container} of pod {namespace}/{name} ====\n")
            };
            text.extend(line("START").into_bytes());
            let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log");
            let query = [("container", container.as_str())];
            match client.stream(&path, &query, "application/json, */*").await {
                Ok(mut log) => {
                    while let Some(piece) = log.piece().await? {
                        text.extend(piece);
                    }
                }
                Err(error) => text.extend(format!("Request log error: {}\n", error.message()).into_bytes()),
            }
            text.extend(line("END").into_bytes());
        }
        self.write(&format!("{namespace}/{name}/logs.txt"), &text).await
    }

    /// Writes a file below the directory, or to standard output.
    async fn write(&self, file: &str, bytes: &[u8]) -> Result<()> {
        let sys = &self.k.sys;
        let Some(directory) = self.directory() else {
            let _ = sys.write_all(1, bytes).await;
            return Ok(());
        };
        let path = super::cp::clean(&format!("{directory}/{file}"));
        let fail = |doing: &str, path: &str, errno: linux::Errno| {
            Error::text(format!("{doing} {path}: {}", errno.text().to_lowercase()))
        };
        let folder = super::cp::parent(&path);
        super::cp::make_directories(self.k, &folder).map_err(|(path, errno)| fail("mkdir", &path, errno))?;
        sys.write_file(&path, bytes).await.map_err(|errno| fail("open", &path, errno))
    }
}
