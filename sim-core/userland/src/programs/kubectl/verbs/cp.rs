//! `kubectl cp`: files from and to a container, through a `tar` that runs in it. Models pkg/cmd/cp.

use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::pods;
use crate::programs::kubectl::remote::{self, Buffers};
use crate::programs::tar::header::{BLOCK, Header, Kind};
use linux::vfs::FileType;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "cp",
    usage: "<file-spec-src> <file-spec-dest>",
    short: "Copy files and directories to and from containers",
    long: "Copy files and directories to and from containers.",
    examples: "# Works only where the container's image has 'tar'. For links, wildcards or modes, use 'kubectl exec' with tar:\ntar cf - /tmp/foo | kubectl exec -i -n <some-namespace> <some-pod> -- tar xf - -C /tmp/bar\n\n# A directory from here to a pod of the default namespace\nkubectl cp /tmp/foo_dir <some-pod>:/tmp/bar_dir\n\n# A file to one of a pod's containers\nkubectl cp /tmp/foo <some-pod>:/tmp/bar -c <specific-container>\n\n# A file to a pod of another namespace\nkubectl cp /tmp/foo <some-namespace>/<some-pod>:/tmp/bar\n\n# A file from a pod to here\nkubectl cp <some-namespace>/<some-pod>:/tmp/foo /tmp/bar",
    flags: &[FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Copy,
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("container", "", "Container. Without it, the one of the annotation kubectl.kubernetes.io/default-container, or the first.").short('c'),
    Flag::bool("no-preserve", "Do not keep ownership and permissions in the container"),
    Flag::int("retries", "0", "How often to take up a copy from a container again; without end if negative."),
];

/// A file here or in a pod.
struct Spec {
    /// As it was given, perhaps not at all.
    given: String,
    namespace: String,
    pod: String,
    file: String,
}

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let [source, target] = k.args() else {
        return Err(Error::text("source and destination are required"));
    };
    let (namespace, _) = k.namespace().await?;
    let (source, target) = (Spec::parse(source, &namespace)?, Spec::parse(target, &namespace)?);
    if !source.pod.is_empty() && !target.pod.is_empty() {
        return Err(Error::text("one of src or dest must be a local file specification"));
    }
    if source.file.is_empty() || target.file.is_empty() {
        return Err(Error::text("filepath can not be empty"));
    }
    if !source.pod.is_empty() {
        return from_pod(&k, &source, &target.file).await;
    }
    if !target.pod.is_empty() {
        return to_pod(&k, &source.file, &target).await;
    }
    Err(Error::text("one of src or dest must be a remote file specification"))
}

impl Spec {
    fn parse(argument: &str, namespace: &str) -> Result<Spec> {
        let wrong = || Error::text("filespec must match the canonical format: [[namespace/]pod:]file/path");
        let spec = |given: &str, pod: &str, file: &str| Spec {
            given: given.to_string(),
            namespace: if given.is_empty() { namespace } else { given }.to_string(),
            pod: pod.to_string(),
            file: if file.len() > 1 { file.strip_suffix('/').unwrap_or(file) } else { file }.to_string(),
        };
        match argument.split_once(':') {
            None => Ok(spec("", "", argument)),
            Some(("", _)) => Err(wrong()),
            Some((pod, file)) => match pod.split('/').collect::<Vec<_>>()[..] {
                [pod] => Ok(spec("", pod, file)),
                [of, pod] => Ok(spec(of, pod, file)),
                _ => Err(wrong()),
            },
        }
    }

    /// The container that is meant, of a pod that still runs.
    async fn container(&self, k: &Kubectl, quiet: bool) -> Result<String> {
        let path = format!("/api/v1/namespaces/{}/pods/{}", self.namespace, self.pod);
        let pod = k.client().await?.get(&path, &[]).await?;
        let phase = pod["status"]["phase"].as_str().unwrap_or("");
        if matches!(phase, "Succeeded" | "Failed") {
            return Err(Error::text(format!(
                "cannot exec into a container in a completed pod; current phase is {phase}"
            )));
        }
        match k.flags.str("container") {
            "" => pods::container(k, &pod, "", quiet).await,
            named => Ok(named.to_string()),
        }
    }

    /// Runs a command in the container.
    async fn execute(
        &self,
        k: &Kubectl,
        container: &str,
        command: &[&str],
        stdin: bool,
        buffers: &Buffers,
    ) -> Result<Value> {
        let mut query: Vec<(&str, &str)> = command.iter().map(|word| ("command", *word)).collect();
        query.push(("container", container));
        if stdin {
            query.push(("stdin", "true"));
        }
        query.extend([("stdout", "true"), ("stderr", "true")]);
        let path = format!("/api/v1/namespaces/{}/pods/{}/exec", self.namespace, self.pod);
        remote::capture(k, &path, &query, stdin, buffers).await
    }
}

/// What a status other than 0 makes of a command.
fn ended(status: &Value) -> Result<()> {
    match remote::exit_of(status)? {
        0 => Ok(()),
        code => Err(Error::Many(vec![
            Error::Verbatim(format!("command terminated with exit code {code}")),
            Error::Exit(code),
        ])),
    }
}

async fn to_pod(k: &Kubectl, source: &str, target: &Spec) -> Result<()> {
    if k.sys.stat(source).is_err() {
        return Err(Error::text(format!("{source} doesn't exist in local filesystem")));
    }
    let mut file = target.file.clone();
    if is_directory(k, target).await {
        file = clean(&format!("{file}/{}", base(source)));
    }
    let container = target.container(k, false).await?;
    let mut archive = Vec::new();
    pack(k, &clean(source), &base(&clean(&file)), &mut archive).await?;
    archive.resize(archive.len() + 2 * BLOCK, 0);
    let buffers = Buffers { input: archive, ..Buffers::default() };
    let mut command = vec!["tar"];
    if k.flags.bool("no-preserve") {
        command.extend(["--no-same-permissions", "--no-same-owner"]);
    }
    let directory = parent(&file);
    command.extend(["-xmf", "-", "-C", &directory]);
    let status = target.execute(k, &container, &command, true, &buffers).await?;
    let _ = k.sys.write_all(1, &buffers.output.take()).await;
    let _ = k.sys.write_all(2, &buffers.errors.take()).await;
    ended(&status)
}

/// Whether there is a directory of that name in the container.
async fn is_directory(k: &Kubectl, spec: &Spec) -> bool {
    let Ok(container) = spec.container(k, true).await else { return false };
    let status = spec.execute(k, &container, &["test", "-d", &spec.file], false, &Buffers::default()).await;
    status.is_ok_and(|status| status["status"] == "Success")
}

/// Puts a file, or all that is in a directory, into an archive under another name.
async fn pack(k: &Kubectl, source: &str, name: &str, archive: &mut Vec<u8>) -> Result<()> {
    let mut pending = vec![(source.to_string(), name.to_string())];
    while let Some((path, name)) = pending.pop() {
        let fail = |doing: &str, errno: linux::Errno| {
            Error::text(format!("{doing} {path}: {}", errno.text().to_lowercase()))
        };
        let stat = k.sys.lstat(&path).map_err(|errno| fail("lstat", errno))?;
        let mut header = Header::of(&name, &stat);
        let mut contents = Vec::new();
        match stat.file_type {
            FileType::Directory => {
                let mut children = k.sys.read_dir(&path).map_err(|errno| fail("open", errno))?;
                children.retain(|child| child != "." && child != "..");
                // Only what is empty has a member of its own.
                if !children.is_empty() {
                    let child = |child: &String| (format!("{path}/{child}"), format!("{name}/{child}"));
                    pending.extend(children.iter().rev().map(child));
                    continue;
                }
                header.kind = Kind::Directory;
            }
            FileType::Symlink => {
                header.kind = Kind::Symlink;
                header.link = k.sys.readlink(&path).unwrap_or_default();
            }
            _ => contents = k.sys.read_file(&path).await.map_err(|errno| fail("open", errno))?,
        }
        header.size = contents.len() as u64;
        header.write(archive);
        archive.extend_from_slice(&contents);
        archive.resize(archive.len().div_ceil(BLOCK) * BLOCK, 0);
    }
    Ok(())
}

async fn from_pod(k: &Kubectl, source: &Spec, target: &str) -> Result<()> {
    // What is said on the way goes to standard output, where the archive does not.
    let container = source.container(k, true).await?;
    say_default(k, source, &container).await;
    let tries = k.flags.int("retries");
    let (mut archive, mut retries) = (Vec::new(), 0);
    loop {
        let buffers = Buffers::default();
        let resumed =
            format!("tar cf - {} | tail -c+{}", source.file, archive.len() + usize::from(retries > 0));
        let command: &[&str] =
            if tries == 0 { &["tar", "cf", "-", &source.file] } else { &["sh", "-c", &resumed] };
        let status = source.execute(k, &container, command, false, &buffers).await?;
        let _ = k.sys.write_all(1, &buffers.errors.take()).await;
        archive.append(&mut buffers.output.take());
        if is_whole(&archive) {
            return unpack(k, source, target, &archive).await;
        }
        ended(&status)?;
        if retries == tries {
            k.out(&format!("Dropping out copy after {retries} retries - EOF\n")).await;
            return unpack(k, source, target, &archive).await;
        }
        retries += 1;
        k.out(&format!("Resuming copy at {} bytes, retry {retries}/{tries} - EOF\n", archive.len())).await;
    }
}

async fn say_default(k: &Kubectl, source: &Spec, container: &str) {
    let path = format!("/api/v1/namespaces/{}/pods/{}", source.namespace, source.pod);
    let Ok(client) = k.client().await else { return };
    let Ok(pod) = client.get(&path, &[]).await else { return };
    if k.flags.str("container").is_empty()
        && let Some(text) = pods::defaulted(&pod, container)
    {
        k.out(&text).await;
    }
}

/// Whether the archive has its end: kubectl reads no further, nor does it wait for what becomes of `tar`.
fn is_whole(archive: &[u8]) -> bool {
    let mut at = 0;
    while let Some(block) = archive.get(at..at + BLOCK) {
        if block.iter().all(|byte| *byte == 0) {
            return true;
        }
        let Some((header, length)) = Header::read(&archive[at..]) else { return true };
        at += length + (header.size as usize).div_ceil(BLOCK) * BLOCK;
    }
    false
}

/// Writes the members of an archive below `target`.
async fn unpack(k: &Kubectl, source: &Spec, target: &str, archive: &[u8]) -> Result<()> {
    let prefix = without_climbs(&clean(source.file.trim_start_matches('/')));
    let fail = |doing: &str, path: &str, errno: linux::Errno| {
        Error::text(format!("{doing} {path}: {}", errno.text().to_lowercase()))
    };
    let (mut at, mut warned) = (0, false);
    while let Some(block) = archive.get(at..at + BLOCK) {
        if block.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let Some((header, length)) = Header::read(&archive[at..]) else {
            return Err(Error::text("archive/tar: invalid tar header"));
        };
        at += length;
        let Some(contents) = archive.get(at..at + header.size as usize) else {
            return Err(Error::text("unexpected EOF"));
        };
        at += contents.len().div_ceil(BLOCK) * BLOCK;
        let Some(rest) = header.name.strip_prefix(prefix.as_str()) else {
            return Err(Error::text("tar contents corrupted"));
        };
        let path = clean(&format!("{target}/{rest}"));
        if header.name.split('/').any(|part| part == "..") {
            k.err(&format!("warning: file {path:?} is outside target destination, skipping\n")).await;
            continue;
        }
        make_directories(k, &parent(&path)).map_err(|(path, errno)| fail("mkdir", &path, errno))?;
        match header.kind {
            Kind::Directory => {
                make_directories(k, &path).map_err(|(path, errno)| fail("mkdir", &path, errno))?;
            }
            Kind::Symlink => {
                let hint = if warned {
                    String::new()
                } else {
                    format!(
                        " (consider using \"kubectl exec -n {:?} {:?} -- tar cf - {:?} | tar xf -\")",
                        source.given, source.pod, source.file
                    )
                };
                warned = true;
                k.err(&format!("warning: skipping symlink: {path:?} -> {:?}{hint}\n", header.link)).await;
            }
            Kind::File => {
                k.sys.write_file(&path, contents).await.map_err(|errno| fail("open", &path, errno))?;
            }
        }
    }
    Ok(())
}

/// Go's `os.MkdirAll`; what cannot be made comes back with the reason.
pub(super) fn make_directories(k: &Kubectl, path: &str) -> std::result::Result<(), (String, linux::Errno)> {
    let ends = path.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0).chain([path.len()]);
    for end in ends {
        let made = k.sys.mkdir(&path[..end], 0o755);
        if k.sys.stat(&path[..end]).is_ok_and(|stat| stat.file_type == FileType::Directory) {
            continue;
        }
        let errno = match made {
            Err(errno) if errno != linux::Errno::EEXIST => errno,
            _ => linux::Errno::ENOTDIR,
        };
        return Err((path[..end].to_string(), errno));
    }
    Ok(())
}

/// Go's `path.Clean`.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match parts.last() {
            Some(last) if part == ".." && *last != ".." => drop(parts.pop()),
            None if part == ".." && rooted => {}
            _ => parts.push(part),
        }
    }
    match (rooted, parts.join("/")) {
        (true, path) => format!("/{path}"),
        (false, path) if path.is_empty() => ".".to_string(),
        (false, path) => path,
    }
}

/// Go's `path.Dir`.
pub(super) fn parent(path: &str) -> String {
    clean(path.rfind('/').map_or("", |at| &path[..=at]))
}

/// Go's `path.Base`.
fn base(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" if path.is_empty() => ".".to_string(),
        "" => "/".to_string(),
        path => path.rsplit('/').next().unwrap_or(path).to_string(),
    }
}

/// A path without what would lead out of its directory.
fn without_climbs(path: &str) -> String {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("../") {
        path = rest;
    }
    if matches!(path, "." | "..") { String::new() } else { path.trim_start_matches('/').to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_gos() {
        assert_eq!(["a/../b/", "/..", "", "./x//y/."].map(clean), ["b", "/", ".", "x/y"]);
        assert_eq!(["/tmp/x", "x", "/"].map(parent), ["/tmp", ".", "/"]);
        assert_eq!(["/tmp/x/", "x", "/", ""].map(base), ["x", "x", "/", "."]);
        assert_eq!(["../../etc", "..", "a"].map(without_climbs), ["etc", "", "a"]);
    }
}
