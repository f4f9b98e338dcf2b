//! `kubectl config set-cluster`, `set-credentials`, `delete-cluster`, `delete-user`.

use super::{put, remove, unexpected};
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::help;
use crate::programs::kubectl::invocation::Kubectl;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// `kubectl config delete-cluster`
pub const DELETE_CLUSTER: Command = Command {
    name: "delete-cluster",
    arguments: Arguments::Config("clusters"),
    short: "Delete the specified cluster from the kubeconfig",
    examples: "# Forget the cluster minikube\nkubectl config delete-cluster minikube",
    usage: "NAME",
    run: Run::Verb(|k| Box::pin(delete_cluster(k))),
    ..Command::NEW
};

/// `kubectl config delete-user`
pub const DELETE_USER: Command = Command {
    name: "delete-user",
    arguments: Arguments::Config("users"),
    short: "Delete the specified user from the kubeconfig",
    examples: "# Forget the user minikube\nkubectl config delete-user minikube",
    usage: "NAME",
    run: Run::Verb(|k| Box::pin(delete_user(k))),
    ..Command::NEW
};

/// `kubectl config set-cluster`
pub const SET_CLUSTER: Command = Command {
    name: "set-cluster",
    short: "Set a cluster entry in kubeconfig",
    long: "Set a cluster entry in kubeconfig.\n\n With a name that exists, only the fields that are given change.",
    examples: "# Only the server of the entry e2e\nkubectl config set-cluster e2e --server=https://1.2.3.4\n\n# Put the certificate of the authority into the file\nkubectl config set-cluster e2e --embed-certs --certificate-authority=~/.kube/e2e/kubernetes.ca.crt\n\n# Do not check the server's certificate\nkubectl config set-cluster e2e --insecure-skip-tls-verify=true",
    usage: "NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com]",
    flags: &[&[
        Flag::string("certificate-authority", "", "File with the certificate of the cluster's authority"),
        Flag::bool("embed-certs", "Put the certificate into the kubeconfig, not the name of its file"),
        Flag::bool("insecure-skip-tls-verify", "Do not check the server's certificate"),
        Flag::string("proxy-url", "", "Proxy on the way to the server"),
        Flag::string("server", "", "Address of the server"),
        Flag::string("tls-server-name", "", "Name to check the server's certificate against"),
    ]],
    run: Run::Verb(|k| Box::pin(set_cluster(k))),
    ..Command::NEW
};

/// `kubectl config set-credentials`
pub const SET_CREDENTIALS: Command = Command {
    name: "set-credentials",
    short: "Set a user entry in kubeconfig",
    long: "Set a user entry in kubeconfig.\n\n With a name that exists, only the fields that are given change. A token excludes a user name with a password.",
    examples: "# Only the key of the entry cluster-admin\nkubectl config set-credentials cluster-admin --client-key=~/.kube/admin.key\n\n# Put the certificate into the file\nkubectl config set-credentials cluster-admin --client-certificate=~/.kube/admin.crt --embed-certs=true",
    usage: "NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [--auth-provider=provider_name] [--auth-provider-arg=key=value] [--exec-command=exec_command] [--exec-api-version=exec_api_version] [--exec-arg=arg] [--exec-env=key=value]",
    flags: &[&[
        Flag::string("auth-provider", "", "Provider of credentials").not_simulated(),
        Flag::slice("auth-provider-arg", "Arguments for the provider, as key=value").not_simulated(),
        Flag::string("client-certificate", "", "File with the user's certificate"),
        Flag::string("client-key", "", "File with the user's key"),
        Flag::bool(
            "embed-certs",
            "Put certificate and key into the kubeconfig, not the names of their files",
        ),
        Flag::string("exec-api-version", "", "API version of the command that gives credentials"),
        Flag::slice("exec-arg", "Arguments of the command that gives credentials"),
        Flag::string("exec-command", "", "Command that gives credentials"),
        Flag::array("exec-env", "Environment of the command, as key=value"),
        Flag::string("exec-interactive-mode", "", "Whether the command may ask").not_simulated(),
        Flag::bool("exec-provide-cluster-info", "Tell the command about the cluster"),
        Flag::string("password", "", "Password of the user"),
        Flag::string("token", "", "Token of the user"),
        Flag::string("username", "", "Name of the user"),
    ]],
    run: Run::Verb(|k| Box::pin(set_credentials(k))),
    ..Command::NEW
};

async fn set_cluster(k: Rc<Kubectl>) -> Result<()> {
    let [name] = k.args() else { return Err(unexpected(&k).await) };
    let flags = &k.flags;
    if name.is_empty() {
        return Err(Error::text("you must specify a non-empty cluster name"));
    }
    let (authority, embed) = (flags.str("certificate-authority"), flags.bool("embed-certs"));
    if flags.bool("insecure-skip-tls-verify") && !authority.is_empty() {
        return Err(Error::text(
            "you cannot specify a certificate authority and insecure mode at the same time",
        ));
    }
    if embed && authority.is_empty() {
        return Err(Error::text("you must specify a --certificate-authority to embed"));
    }
    let mut config = k.kubeconfig().await?;
    let mut cluster = config.entry("clusters", name).cloned().unwrap_or(json!({"server": ""}));
    for field in ["server", "tls-server-name", "proxy-url"] {
        if flags.changed(field) {
            set_text(&mut cluster, field, flags.str(field));
        }
    }
    if flags.changed("insecure-skip-tls-verify") {
        clear(&mut cluster, &["insecure-skip-tls-verify"]);
        if flags.bool("insecure-skip-tls-verify") {
            cluster["insecure-skip-tls-verify"] = true.into();
            clear(&mut cluster, &["certificate-authority", "certificate-authority-data"]);
        }
    }
    if flags.changed("certificate-authority") {
        file(&k, &mut cluster, "certificate-authority", embed).await?;
        if !authority.is_empty() {
            clear(&mut cluster, &["insecure-skip-tls-verify"]);
        }
    }
    if cluster["server"].is_null() {
        cluster["server"] = "".into();
    }
    put(&mut config, "clusters", name, cluster);
    config.save(&k.sys).await?;
    k.out(&format!("Cluster {name:?} set.\n")).await;
    Ok(())
}

async fn set_credentials(k: Rc<Kubectl>) -> Result<()> {
    let [name] = k.args() else {
        k.out(&help::help(k.command, &k.path)).await;
        return Err(Error::text(format!("unexpected args: [{}]", k.args().join(" "))));
    };
    let flags = &k.flags;
    if name.is_empty() {
        return Err(Error::text("you must specify a non-empty user name"));
    }
    let basic = !flags.str("username").is_empty() || !flags.str("password").is_empty();
    if !flags.str("token").is_empty() && basic {
        return Err(Error::text(
            "you cannot specify more than one authentication method at the same time: --token, --username/--password",
        ));
    }
    let embed = flags.bool("embed-certs");
    let files = ["client-certificate", "client-key"];
    if embed && files.iter().all(|field| flags.str(field).is_empty()) {
        return Err(Error::text("you must specify a --client-certificate or --client-key to embed"));
    }
    let mut config = k.kubeconfig().await?;
    let mut user = config.entry("users", name).cloned().unwrap_or(json!({}));
    for field in files {
        if flags.changed(field) {
            file(&k, &mut user, field, embed).await?;
        }
    }
    for field in ["token", "username", "password"] {
        if flags.changed(field) {
            set_text(&mut user, field, flags.str(field));
        }
    }
    if flags.changed("token") && !flags.str("token").is_empty() {
        clear(&mut user, &["username", "password"]);
    }
    if basic {
        clear(&mut user, &["token"]);
    }
    if flags.changed("exec-command") {
        user["exec"]["command"] = flags.str("exec-command").into();
        user["exec"]["provideClusterInfo"] = flags.bool("exec-provide-cluster-info").into();
    }
    if user["exec"].is_object() {
        if flags.changed("exec-api-version") {
            user["exec"]["apiVersion"] = flags.str("exec-api-version").into();
        }
        for pair in flags.list("exec-env") {
            let Some((name, value)) = pair.split_once('=') else {
                k.out(&help::help(k.command, &k.path)).await;
                return Err(Error::text(format!("invalid exec-env format: {pair}")));
            };
            let env = &mut user["exec"]["env"];
            if !env.is_array() {
                *env = json!([]);
            }
            if let Some(list) = env.as_array_mut() {
                list.retain(|variable| variable["name"] != name);
                list.push(json!({"name": name, "value": value}));
            }
        }
        if flags.changed("exec-arg") {
            user["exec"]["args"] = json!(flags.list("exec-arg"));
        }
    } else {
        clear(&mut user, &["exec"]);
    }
    put(&mut config, "users", name, user);
    config.save(&k.sys).await?;
    k.out(&format!("User {name:?} set.\n")).await;
    Ok(())
}

/// A field that is left out when empty, but for the server.
fn set_text(entry: &mut Value, field: &str, text: &str) {
    if text.is_empty() && field != "server" {
        clear(entry, &[field]);
    } else {
        entry[field] = text.into();
    }
}

fn clear(entry: &mut Value, fields: &[&str]) {
    if let Some(entry) = entry.as_object_mut() {
        for field in fields {
            entry.remove(*field);
        }
    }
}

/// The name of a file, or with `--embed-certs` what is in it.
async fn file(k: &Kubectl, entry: &mut Value, field: &str, embed: bool) -> Result<()> {
    let path = k.flags.str(field);
    let data = format!("{field}-data");
    if !embed {
        set_text(entry, field, path);
        if !path.is_empty() {
            clear(entry, &[&data]);
        }
        return Ok(());
    }
    if path.is_empty() {
        return Ok(());
    }
    let bytes = k.sys.read_file(path).await.map_err(|errno| {
        Error::text(format!(
            "could not stat {field} file {path}: stat {path}: {}",
            errno.text().to_lowercase()
        ))
    })?;
    entry[data] = BASE64.encode(&bytes).into();
    clear(entry, &[field]);
    Ok(())
}

async fn delete_cluster(k: Rc<Kubectl>) -> Result<()> {
    let [name] = k.args() else {
        k.out(&help::help(k.command, &k.path)).await;
        return Ok(());
    };
    delete(&k, "clusters", "cluster", name).await
}

async fn delete_user(k: Rc<Kubectl>) -> Result<()> {
    let [name] = k.args() else {
        return Err(k.usage_error("user to delete is required"));
    };
    delete(&k, "users", "user", name).await
}

async fn delete(k: &Kubectl, list: &str, what: &str, name: &str) -> Result<()> {
    let mut config = k.kubeconfig().await?;
    if config.entry(list, name).is_none() {
        return Err(Error::text(format!("cannot delete {what} {name}, not in {}", config.path)));
    }
    remove(&mut config, list, name);
    config.save(&k.sys).await?;
    k.out(&format!("deleted {what} {name} from {}\n", config.path)).await;
    Ok(())
}
