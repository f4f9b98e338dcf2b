//! Kustomizations: `kubectl kustomize DIR`, and `-k DIR` of the commands that take files.
//!
//! Models `sigs.k8s.io/kustomize/api` v0.20 (`internal/target/kusttarget.go`). Reading order: [`mod@file`] (what a
//! `kustomization.yaml` may say), [`resource`] (an object and the names it has had), [`generate`] (config maps and
//! secrets), [`patch`], [`transform`] (names, namespaces, labels, images), [`references`] (who names whom).
//!
//! Left out, and said so: remote bases, `helmCharts`, `replacements`, `vars`, plugins, `crds`, `configurations`,
//! `openapi`, `buildMetadata`.

mod file;
mod generate;
mod patch;
mod references;
mod resource;
mod transform;

use super::error::{Error, Result};
use super::invocation::Kubectl;
use file::Kustomization;
use linux::vfs::FileType;
use resource::Res;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;

/// The objects of a directory, in the order in which kubectl prints and applies them.
///
/// # Errors
/// Kustomize's own sentences.
pub async fn build(k: &Kubectl, directory: &str) -> Result<Vec<Value>> {
    if directory.contains("://") || directory.starts_with("git@") || directory.starts_with("github.com/") {
        return Err(Error::not_simulated("a kustomization that is not in a directory"));
    }
    let root = directory_of(k, directory, directory)
        .map_err(|why| Error::text(format!("must build at directory: {why}")))?;
    let mut all = accumulate(k, &root, Vec::new(), false, &[]).await?;
    for res in all.iter_mut().filter(|res| res.needs_hash) {
        res.add_hash();
    }
    references::fix(&mut all);
    all.retain(|res| {
        let local = &res.value["metadata"]["annotations"]["config.kubernetes.io/local-config"];
        local.is_null() || local == "false"
    });
    resource::order(&mut all);
    Ok(all.into_iter().map(|res| res.value).collect())
}

/// The absolute path of a directory, or kustomize's words about why it is none.
fn directory_of(k: &Kubectl, path: &str, shown: &str) -> std::result::Result<String, String> {
    let real = k.sys.realpath(path).ok().filter(|real| k.sys.stat(real).is_ok());
    let Some(real) = real else {
        let absolute = absolute(k, path);
        return Err(format!(
            "not a valid directory: evalsymlink failure on '{shown}' : {}",
            lstat(k, &absolute)
        ));
    };
    let is_directory = k.sys.stat(&real).is_ok_and(|stat| stat.file_type == FileType::Directory);
    if is_directory { Ok(real) } else { Err(format!("'{shown}': file is not directory")) }
}

/// What Go says of the first part of a path that is not there.
fn lstat(k: &Kubectl, absolute: &str) -> String {
    let mut so_far = String::new();
    for part in absolute.split('/').filter(|part| !part.is_empty()) {
        so_far = format!("{so_far}/{part}");
        if k.sys.stat(&so_far).is_err() {
            break;
        }
    }
    format!("lstat {so_far}: no such file or directory")
}

/// A path without `.` and `..`, from the root of the file system.
fn absolute(k: &Kubectl, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_string() } else { format!("{}/{path}", k.sys.getcwd()) };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// What is in a file below a root.
async fn load(k: &Kubectl, root: &str, path: &str) -> std::result::Result<Vec<u8>, String> {
    let whole =
        if path.starts_with('/') { absolute(k, path) } else { absolute(k, &format!("{root}/{path}")) };
    if k.sys.stat(&whole).is_err() {
        return Err(format!("evalsymlink failure on '{whole}' : {}", lstat(k, &whole)));
    }
    if !whole.starts_with(&format!("{root}/")) {
        return Err(format!("security; file '{whole}' is not in or below '{root}'"));
    }
    k.sys.read_file(&whole).await.map_err(|errno| format!("read {whole}: {}", errno.text().to_lowercase()))
}

type Accumulated<'a> = Pin<Box<dyn Future<Output = Result<Vec<Res>>> + 'a>>;

/// What a directory makes of its resources; a component goes on with those of its parent.
fn accumulate<'a>(
    k: &'a Kubectl,
    root: &'a str,
    parent: Vec<Res>,
    component: bool,
    visited: &'a [String],
) -> Accumulated<'a> {
    Box::pin(async move {
        let kustomization = Kustomization::load(k, root).await?;
        if visited.is_empty() {
            // The first one may be of any kind.
        } else if component && !kustomization.is_component() {
            let kind = kustomization.kind();
            return Err(Error::text(format!("expected kind 'Component' for path '{root}' but got '{kind}'")));
        } else if !component && kustomization.is_component() {
            return Err(Error::text(format!("expected kind != 'Component' for path '{root}'")));
        }
        let mut below = visited.to_vec();
        below.push(root.to_string());
        let mut all = parent;
        for path in kustomization.strings("resources") {
            accumulate_path(k, root, &path, &mut all, &below)
                .await
                .map_err(|error| prefixed("accumulating resources", error))?;
        }
        generate::run(k, root, &kustomization, &mut all).await?;
        for path in kustomization.strings("components") {
            let real = directory_of(k, &format!("{root}/{path}"), &absolute(k, &format!("{root}/{path}")))
                .map_err(|why| {
                    let why = format!("must build at directory: {why}");
                    Error::text(format!("accumulating components: loader.New {why:?}"))
                })?;
            all = accumulate(k, &real, all, true, &below).await.map_err(|error| {
                prefixed(
                    "accumulating components",
                    if is_ours(&error) {
                        error
                    } else {
                        Error::text(format!("accumulateDirectory: {:?}", error.message()))
                    },
                )
            })?;
        }
        transform::run(k, root, &kustomization, &mut all).await?;
        Ok(all)
    })
}

fn is_ours(error: &Error) -> bool {
    matches!(error, Error::NotSimulated(_))
}

/// With words before it, as `errors.WrapPrefixf` puts them.
fn prefixed(prefix: &str, error: Error) -> Error {
    let message = error.message();
    if is_ours(&error) || message.starts_with(yaml::TWICE) {
        return error;
    }
    Error::text(format!("{prefix}: {message}"))
}

/// Takes the objects of a file, or of a directory with a kustomization of its own.
async fn accumulate_path(
    k: &Kubectl,
    root: &str,
    path: &str,
    all: &mut Vec<Res>,
    visited: &[String],
) -> Result<()> {
    if path.contains("://") || path.starts_with("github.com/") {
        return Err(Error::not_simulated(format!("{path}: a remote base")));
    }
    let whole = absolute(k, &format!("{root}/{path}"));
    let is_directory = k.sys.stat(&whole).is_ok_and(|stat| stat.file_type == FileType::Directory);
    let why = if is_directory {
        format!("accumulating resources from '{path}': '{whole}' must resolve to a file")
    } else {
        match accumulate_file(k, root, path, all).await {
            Ok(()) => return Ok(()),
            Err(Unreadable::Malformed(why)) => return Err(Error::text(why)),
            Err(Unreadable::Twice(why)) => return Err(Error::text(why)),
            Err(Unreadable::Wrong(why)) => why,
        }
    };
    let real = directory_of(k, &whole, &whole).map_err(|error| {
        Error::text(format!("accumulation err='{why}': must build at directory: {error}"))
    })?;
    if visited.iter().any(|one| *one == real || one.starts_with(&format!("{real}/"))) {
        let by = visited.iter().find(|one| **one == real || one.starts_with(&format!("{real}/")));
        let by = by.map_or("", String::as_str);
        return Err(Error::text(format!(
            "accumulation err='{why}': cycle detected: candidate root '{real}' contains visited root '{by}'"
        )));
    }
    let below = accumulate(k, &real, Vec::new(), false, visited).await.map_err(|error| {
        let is_missing = error.message().starts_with("unable to find one of")
            || error.message().starts_with("invalid Kustomization");
        let error = if is_missing {
            prefixed(&format!("couldn't make target for path '{real}'"), error)
        } else if error.message().starts_with("expected kind") {
            error
        } else {
            prefixed(&format!("recursed accumulation of path '{real}'"), error)
        };
        prefixed(&format!("accumulation err='{why}'"), error)
    })?;
    for res in below {
        resource::append(all, res).map_err(|error| {
            Error::text(format!("accumulation err='{why}': recursed merging from path '{real}': {error}"))
        })?;
    }
    Ok(())
}

/// Why a file gives no objects.
enum Unreadable {
    /// It is not YAML, so that it can be nothing else either.
    Malformed(String),
    /// A key comes twice.
    Twice(String),
    /// It may be a directory.
    Wrong(String),
}

async fn accumulate_file(
    k: &Kubectl,
    root: &str,
    path: &str,
    all: &mut Vec<Res>,
) -> std::result::Result<(), Unreadable> {
    let from = |why: String| Unreadable::Wrong(format!("accumulating resources from '{path}': {why}"));
    let bytes = load(k, root, path).await.map_err(from)?;
    let found = resource::read(&bytes).map_err(|error| match error {
        resource::Unreadable::Malformed(why) => Unreadable::Malformed(format!(
            "accumulating resources from '{path}': MalformedYAMLError: {why} in File: {path}"
        )),
        resource::Unreadable::Twice(why) => Unreadable::Twice(why),
        resource::Unreadable::Wrong(why) => from(why),
    })?;
    for res in found {
        resource::append(all, res)
            .map_err(|why| Unreadable::Wrong(format!("merging resources from '{path}': {why}")))?;
    }
    Ok(())
}

/// The objects as YAML, as `kubectl kustomize` prints them.
pub fn print(objects: &[Value]) -> String {
    let documents: Vec<String> = objects.iter().map(yaml::emit).collect();
    documents.join("---\n")
}
