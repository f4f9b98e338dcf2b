//! `kubectl create secret`: one subcommand for each type.

use super::data::{Data, Kind, append_hash};
use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Bare, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use encoding::json;
use kube::api::map_of;
use kube::json;
use serde_json::Value;
use std::rc::Rc;

pub(super) const COMMAND: Command = Command {
    name: "secret",
    usage: "(docker-registry | generic | tls)",
    short: "Create a secret using a specified subcommand",
    long: "Create a secret of one of these types.\n\n docker-registry is for pulling images from a registry that asks who you are.\n\n generic is for anything (type Opaque).\n\n tls is for a certificate and its key.",
    commands: &[&DOCKER_REGISTRY, &GENERIC, &TLS],
    run: Run::Group(Bare::Err),
    ..Command::NEW
};

const APPEND_HASH: Flag = Flag::bool("append-hash", "Put a hash of the contents behind the name.");
const FROM_FILE: Flag = Flag::slice("from-file", "File, key=file or directory to take contents from.");

const DOCKER_REGISTRY: Command = Command {
    name: "docker-registry",
    usage: "NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none]",
    short: "Create a secret for use with a Docker registry",
    long: "Create a secret that a node uses to pull images.\n\n It is named in a pod's or a service account's imagePullSecrets.",
    examples: "# From a name and a password\nkubectl create secret docker-registry my-secret --docker-server=DOCKER_REGISTRY_SERVER --docker-username=DOCKER_USER --docker-password=DOCKER_PASSWORD --docker-email=DOCKER_EMAIL\n\n# From the file that docker login wrote\nkubectl create secret docker-registry my-secret --from-file=path/to/.docker/config.json",
    flags: &[
        globals::DRY_RUN,
        globals::PRINT,
        COMMON,
        &[
            APPEND_HASH,
            Flag::string("docker-email", "", "Email for the registry"),
            Flag::string("docker-password", "", "Password for the registry"),
            Flag::string("docker-server", "https://index.docker.io/v1/", "Address of the registry"),
            Flag::string("docker-username", "", "User name for the registry"),
            FROM_FILE,
        ],
    ],
    run: Run::Verb(|k| Box::pin(docker_registry(k))),
    ..Command::NEW
};

const GENERIC: Command = Command {
    name: "generic",
    usage: "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
    short: "Create a secret from a local file, directory, or literal value",
    long: "Create a secret from files, directories, or literal values.\n\n A file's key is its name unless another is given; of a directory, every regular file whose name can be a key is taken.",
    examples: "# A key for each file of folder bar\nkubectl create secret generic my-secret --from-file=path/to/bar\n\n# Keys of your choice\nkubectl create secret generic my-secret --from-file=ssh-privatekey=path/to/id_rsa --from-file=ssh-publickey=path/to/id_rsa.pub\n\n# Two values\nkubectl create secret generic my-secret --from-literal=key1=supersecret --from-literal=key2=topsecret",
    flags: &[
        globals::DRY_RUN,
        globals::PRINT,
        COMMON,
        &[
            APPEND_HASH,
            Flag::slice("from-env-file", "File of key=value lines, each of which becomes a key."),
            FROM_FILE,
            Flag::array("from-literal", "A key and its value (mykey=somevalue)"),
            Flag::string("type", "", "The type of the secret"),
        ],
    ],
    run: Run::Verb(|k| Box::pin(generic(k))),
    ..Command::NEW
};

const TLS: Command = Command {
    name: "tls",
    usage: "NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]",
    short: "Create a TLS secret",
    long: "Create a secret from a certificate and the private key that belongs to it.\n\n Both are PEM files.",
    examples: "# From two files\nkubectl create secret tls tls-secret --cert=path/to/tls.crt --key=path/to/tls.key",
    flags: &[
        globals::DRY_RUN,
        globals::PRINT,
        COMMON,
        &[
            APPEND_HASH,
            Flag::string("cert", "", "File with the certificate, in PEM."),
            Flag::string("key", "", "File with its private key."),
        ],
    ],
    run: Run::Verb(|k| Box::pin(tls(k))),
    ..Command::NEW
};

async fn generic(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let data = Data::of_flags(&k, Kind::Secret, &name).await?;
    create(&k, &name, k.flags.str("type"), data).await
}

async fn docker_registry(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let flag = |name: &str| k.flags.str(name).to_string();
    let (user, password, server) = (flag("docker-username"), flag("docker-password"), flag("docker-server"));
    let kind = "kubernetes.io/dockerconfigjson";
    if !k.flags.list("from-file").is_empty() {
        let data = Data::of_flags(&k, Kind::DockerConfig, &name).await?;
        return create(&k, &name, kind, data).await;
    }
    if user.is_empty() || password.is_empty() || server.is_empty() {
        return Err(Error::text(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
        ));
    }
    // The order of the fields is that of Go's struct.
    let text = |value: &str| json::compact(&Value::from(value));
    let email = match flag("docker-email") {
        email if email.is_empty() => String::new(),
        email => format!("\"email\":{},", text(&email)),
    };
    let auth = BASE64.encode(format!("{user}:{password}").as_bytes());
    let config = format!(
        "{{\"auths\":{{{}:{{\"username\":{},\"password\":{},{email}\"auth\":\"{auth}\"}}}}}}",
        text(&server),
        text(&user),
        text(&password)
    );
    create(&k, &name, kind, vec![(".dockerconfigjson".to_string(), config.into_bytes())]).await
}

async fn tls(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let (cert, key) = (k.flags.str("cert"), k.flags.str("key"));
    if cert.is_empty() || key.is_empty() {
        return Err(Error::text("key and cert must be specified"));
    }
    let (certificate, private) = (read(&k, cert).await?, read(&k, key).await?);
    check_pem(&certificate, "certificate", "CERTIFICATE")?;
    check_pem(&private, "key", "PRIVATE KEY")?;
    let data = vec![("tls.crt".to_string(), certificate), ("tls.key".to_string(), private)];
    create(&k, &name, "kubernetes.io/tls", data).await
}

async fn read(k: &Kubectl, path: &str) -> Result<Vec<u8>> {
    k.sys.read_file(path).await.map_err(|errno| {
        Error::text(format!("Cannot read file {path}, open {path}: {}", errno.text().to_lowercase()))
    })
}

/// What Go's `tls.X509KeyPair` says of input that has no such block. What stands in the block is not read.
fn check_pem(bytes: &[u8], input: &str, wanted: &str) -> Result<()> {
    let text = String::from_utf8_lossy(bytes);
    let blocks: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim_end().strip_prefix("-----BEGIN ")?.strip_suffix("-----"))
        .collect();
    if blocks.iter().any(|block| *block == wanted || block.ends_with(&format!(" {wanted}"))) {
        return Ok(());
    }
    if blocks.is_empty() {
        return Err(Error::text(format!("tls: failed to find any PEM data in {input} input")));
    }
    let found = blocks.join(" ");
    Err(Error::text(if wanted == "CERTIFICATE" {
        match blocks[..] {
            [block] if block.ends_with("PRIVATE KEY") => "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched".to_string(),
            _ => format!("tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: [{found}]"),
        }
    } else if blocks[..] == ["CERTIFICATE"] {
        "tls: found a certificate rather than a key in the PEM for the private key".to_string()
    } else {
        format!(
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks of the following types: [{found}]"
        )
    }))
}

async fn create(k: &Kubectl, name: &str, kind: &str, data: Vec<(String, Vec<u8>)>) -> Result<()> {
    let data = map_of(data.into_iter().map(|(key, bytes)| (key, BASE64.encode(&bytes).into())));
    let hashed = json!({"kind": "Secret", "type": kind, "name": name, "data": data});
    let mut object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    if !data.is_empty() {
        object["data"] = Value::from(data);
    }
    if !kind.is_empty() {
        object["type"] = Value::from(kind);
    }
    append_hash(k, &mut object, &hashed);
    create_generated(k, object, Some("secret")).await
}
