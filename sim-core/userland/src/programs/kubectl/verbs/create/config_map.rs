//! `kubectl create configmap`.

use super::data::{Data, Kind, append_hash};
use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::Result;
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use kube::json;
use serde_json::{Map, Value};
use std::rc::Rc;

pub(super) const COMMAND: Command = Command {
    name: "configmap",
    aliases: &["cm"],
    usage: "NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
    short: "Create a config map from a local file, directory or literal value",
    long: "Create a config map from files, directories, or literal values.\n\n A file's key is its name unless another is given; of a directory, every regular file whose name can be a key is taken.",
    examples: "# A key for each file of folder bar\nkubectl create configmap my-config --from-file=path/to/bar\n\n# Keys of your choice\nkubectl create configmap my-config --from-file=key1=/path/to/bar/file1.txt --from-file=key2=/path/to/bar/file2.txt\n\n# Two values\nkubectl create configmap my-config --from-literal=key1=config1 --from-literal=key2=config2\n\n# The key=value lines of a file\nkubectl create configmap my-config --from-env-file=path/to/foo.env",
    flags: &[globals::DRY_RUN, globals::PRINT, COMMON, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::bool("append-hash", "Put a hash of the contents behind the name."),
    Flag::slice("from-env-file", "File of key=value lines, each of which becomes a key."),
    Flag::slice("from-file", "File, key=file or directory to take contents from."),
    Flag::array("from-literal", "A key and its value (mykey=somevalue)"),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let (mut text, mut binary) = (Map::new(), Map::new());
    for (key, bytes) in Data::of_flags(&k, Kind::ConfigMap, &name).await? {
        match String::from_utf8(bytes) {
            Ok(value) => drop(text.insert(key, Value::from(value))),
            Err(error) => drop(binary.insert(key, Value::from(BASE64.encode(error.as_bytes())))),
        }
    }
    let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    let mut hashed = json!({"kind": "ConfigMap", "name": name, "data": text});
    if !binary.is_empty() {
        hashed["binaryData"] = Value::from(binary.clone());
        object["binaryData"] = Value::from(binary);
    }
    if !text.is_empty() {
        object["data"] = Value::from(text);
    }
    append_hash(&k, &mut object, &hashed);
    create_generated(&k, object, Some("configmap:")).await
}
