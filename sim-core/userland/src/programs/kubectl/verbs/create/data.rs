//! What `create configmap` and `create secret` share: keys from files, literals and env files, and the hash
//! that `--append-hash` puts behind the name.
//!
//! Models k8s.io/kubectl/pkg/util (`ParseLiteralSource`, `ParseFileSource`, `hash`).

use crate::programs::kubectl::env_file;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use encoding::json;
use linux::Errno;
use linux::vfs::FileType;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Which object gets the keys; the words of the errors differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ConfigMap,
    Secret,
    /// A secret in which a file without a key has the key `.dockerconfigjson`.
    DockerConfig,
}

/// Keys and their contents, in the order in which they were given.
pub(super) struct Data<'a> {
    kind: Kind,
    name: &'a str,
    entries: Vec<(String, Vec<u8>)>,
}

impl<'a> Data<'a> {
    /// Nothing yet.
    pub(super) fn new(kind: Kind, name: &'a str) -> Self {
        Data { kind, name, entries: Vec::new() }
    }

    /// Reads `--from-literal`, `--from-file` and `--from-env-file`, those that the command has.
    pub(super) async fn of_flags(k: &Kubectl, kind: Kind, name: &'a str) -> Result<Vec<(String, Vec<u8>)>> {
        let list = |flag: &str| if k.flags.has(flag) { k.flags.list(flag).to_vec() } else { Vec::new() };
        let (literals, files, env) = (list("from-literal"), list("from-file"), list("from-env-file"));
        let others = files.len() + literals.len();
        if !env.is_empty() && others > 0 {
            return Err(Error::text("from-env-file cannot be combined with from-file or from-literal"));
        }
        let mut data = Data::new(kind, name);
        for literal in &literals {
            match literal.split_once('=') {
                Some((key, value)) if !key.is_empty() => data.add(key, value.as_bytes().to_vec())?,
                _ => {
                    return Err(Error::text(format!("invalid literal source {literal}, expected key=value")));
                }
            }
        }
        for file in &files {
            data.add_file(k, file).await?;
        }
        for file in &env {
            data.add_env_file(k, file).await?;
        }
        Ok(data.entries)
    }

    fn add(&mut self, key: &str, value: Vec<u8>) -> Result<()> {
        if let Err(why) = valid_key(key) {
            return Err(Error::text(match self.kind {
                Kind::ConfigMap => format!("{key:?} is not a valid key name for a ConfigMap: {why}"),
                Kind::Secret | Kind::DockerConfig => {
                    format!("{key:?} is not valid key name for a Secret {why}")
                }
            }));
        }
        if let Some((_, before)) = self.entries.iter().find(|(other, _)| other == key) {
            return Err(Error::text(match self.kind {
                Kind::Secret | Kind::DockerConfig => {
                    format!("cannot add key {key}, another key by that name already exists")
                }
                Kind::ConfigMap => {
                    let field = if std::str::from_utf8(before).is_ok() { "Data" } else { "BinaryData" };
                    format!(
                        "cannot add key {key:?}, another key by that name already exists in {field} for ConfigMap {:?}",
                        self.name
                    )
                }
            }));
        }
        self.entries.push((key.to_string(), value));
        Ok(())
    }

    async fn add_file(&mut self, k: &Kubectl, source: &str) -> Result<()> {
        let (mut key, path) = file_source(source)?;
        let docker = self.kind == Kind::DockerConfig;
        if docker && !source.contains('=') {
            key = ".dockerconfigjson";
        }
        let reading = |errno: Errno| Error::text(format!("error reading {path}: {}", words(errno)));
        let stat = k.sys.stat(path).map_err(reading)?;
        if stat.file_type != FileType::Directory {
            let bytes = read(k, path).await?;
            return self.add(key, bytes);
        }
        if source.contains('=') || docker {
            return Err(Error::text("cannot give a key name for a directory path"));
        }
        let names = k.sys.read_dir(path).map_err(|errno| {
            Error::text(format!("error listing files in {path}: open {path}: {}", words(errno)))
        })?;
        for name in names {
            let file = match path.trim_end_matches('/') {
                "." => name.clone(),
                directory => format!("{directory}/{name}"),
            };
            if k.sys.stat(&file).is_ok_and(|stat| stat.file_type == FileType::Regular) {
                let bytes = read(k, &file).await?;
                self.add(&name, bytes)?;
            }
        }
        Ok(())
    }

    async fn add_env_file(&mut self, k: &Kubectl, path: &str) -> Result<()> {
        let reading = |errno: Errno| Error::text(format!("error reading {path}: {}", words(errno)));
        if k.sys.stat(path).map_err(reading)?.file_type == FileType::Directory {
            let what = if self.kind == Kind::ConfigMap { "config" } else { "secret" };
            return Err(Error::text(format!("env {what} file cannot be a directory")));
        }
        let bytes = read(k, path).await?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let bytes = error.as_bytes();
            let line =
                bytes.split(|&b| b == b'\n').enumerate().find(|(_, l)| std::str::from_utf8(l).is_err());
            let (number, line) = line.unwrap_or((0, bytes));
            let shown: Vec<String> = line.iter().map(u8::to_string).collect();
            Error::text(format!(
                "env file {path} contains invalid utf8 bytes at line {}: [{}]",
                number + 1,
                shown.join(" ")
            ))
        })?;
        for (key, value) in env_file::variables(k, &text) {
            if !is_variable(key) {
                return Err(Error::text(format!(
                    "{key:?} is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')"
                )));
            }
            self.add(key, value.into_bytes())?;
        }
        Ok(())
    }
}

/// `KEY=FILE`, or `FILE` alone, whose last part is the key.
fn file_source(source: &str) -> Result<(&str, &str)> {
    match source.split_once('=') {
        None => Ok((source.trim_end_matches('/').rsplit('/').next().unwrap_or(source), source)),
        Some((_, path)) if path.contains('=') => {
            Err(Error::text("key names or file paths cannot contain '='"))
        }
        Some(("", path)) => Err(Error::text(format!("key name for file path {path} missing"))),
        Some((key, "")) => Err(Error::text(format!("file path for key name {key} missing"))),
        Some(pair) => Ok(pair),
    }
}

async fn read(k: &Kubectl, path: &str) -> Result<Vec<u8>> {
    let bytes = k.sys.read_file(path).await;
    bytes.map_err(|errno| Error::text(format!("open {path}: {}", words(errno))))
}

fn words(errno: Errno) -> String {
    errno.text().to_lowercase()
}

fn is_variable(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !name.is_empty() && name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Models k8s.io/apimachinery/pkg/util/validation IsConfigMapKey.
fn valid_key(key: &str) -> std::result::Result<(), &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if key.len() > 253 {
        return Err("must be no more than 253 characters");
    }
    if key.is_empty() || !key.chars().all(fits) {
        return Err(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        );
    }
    match key {
        "." => Err("must not be '.'"),
        ".." => Err("must not be '..'"),
        key if key.starts_with("..") => Err("must not start with '..'"),
        _ => Ok(()),
    }
}

/// Puts a hash of `hashed` behind the object's name, with `--append-hash`.
pub(super) fn append_hash(k: &Kubectl, object: &mut Value, hashed: &Value) {
    if !k.flags.bool("append-hash") {
        return;
    }
    let name = object["metadata"]["name"].as_str().unwrap_or("");
    object["metadata"]["name"] = Value::from(format!("{name}-{}", hash(hashed)));
}

/// Ten letters of the SHA-256 sum, in which nothing can be read. Models k8s.io/kubectl/pkg/util/hash.
pub(in crate::programs::kubectl) fn hash(hashed: &Value) -> String {
    let sum = base16ct::lower::encode_string(&Sha256::digest(json::compact(hashed)));
    let letter = |c| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        c => c,
    };
    sum.chars().take(10).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::json;

    #[test]
    fn hashes_are_those_of_kubectl() {
        assert_eq!(hash(&json!({"kind": "ConfigMap", "name": "x", "data": {"a": "1"}})), "m8mt92gg65");
        assert_eq!(hash(&json!({"kind": "ConfigMap", "name": "x", "data": {}})), "62ctbmbfd2");
        let secret = json!({"kind": "Secret", "type": "", "name": "x", "data": {"a": "MQ=="}});
        assert_eq!(hash(&secret), "hbhk6tkb4h");
    }

    #[test]
    fn sources_have_a_key_and_a_path() {
        let check = |source: &str, found: std::result::Result<(&str, &str), &str>| {
            assert_eq!(file_source(source).map_err(|error| error.message()), found.map_err(str::to_string));
        };
        check("dir/one", Ok(("one", "dir/one")));
        check("k=dir/one", Ok(("k", "dir/one")));
        check("=dir", Err("key name for file path dir missing"));
        check("dir=", Err("file path for key name dir missing"));
        check("a=b=c", Err("key names or file paths cannot contain '='"));
    }
}
