//! Kubeconfig files: which cluster, who, and in which namespace.
//!
//! Models `k8s.io/client-go/tools/clientcmd`: the files of `$KUBECONFIG` are merged, the first that says
//! something wins; `--kubeconfig` names the only one; else `~/.kube/config`.

use super::error::{Error, Result};
use super::flags::Flags;
use kube::json;
use linux::{Errno, Sys};
use serde_json::{Map, Value};
use sim::Ordered;

/// Where kubectl looks when nothing says where the server is.
pub const NOBODY: &str = "http://localhost:8080";
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The kubeconfig files of an invocation, merged.
pub struct Kubeconfig {
    /// The file that changes go to.
    pub path: String,
    /// What is in it: an object of kind `Config`.
    pub value: Value,
}

/// How to reach the server, and as whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    /// URL of the server.
    pub server: String,
    /// Name of the user, as a client certificate of the kubeconfig would carry it.
    pub user: String,
    /// Bearer token.
    pub token: String,
    /// Namespace of the context; empty when it has none.
    pub namespace: String,
    /// True when there is no configuration at all.
    pub nobody: bool,
}

impl Kubeconfig {
    /// Reads the files.
    pub async fn load(sys: &Sys, flags: &Flags) -> Result<Kubeconfig> {
        let explicit = flags.str("kubeconfig");
        if !explicit.is_empty() {
            let text = match sys.read_file(explicit).await {
                // It may be about to be written.
                Err(Errno::ENOENT) => Vec::new(),
                text => text.map_err(|errno| missing(explicit, errno))?,
            };
            return Ok(Kubeconfig { path: explicit.to_string(), value: read(explicit, &text)? });
        }
        let home = home(sys);
        let default = format!("{home}/.kube/config");
        let list = sys.env("KUBECONFIG").filter(|list| !list.is_empty());
        let paths: Vec<String> = match &list {
            Some(list) => list.split(':').filter(|p| !p.is_empty()).map(str::to_string).collect(),
            None => vec![default.clone()],
        };
        let mut merged = empty();
        let mut first_there = None;
        for path in &paths {
            match sys.read_file(path).await {
                Ok(text) => {
                    merge(&mut merged, read(path, &text)?);
                    first_there.get_or_insert_with(|| path.clone());
                }
                Err(Errno::ENOENT | Errno::ENOTDIR) => {}
                Err(errno) => {
                    return Err(Error::text(format!(
                        "error loading config file {path:?}: open {path}: {}",
                        errno.text().to_lowercase()
                    )));
                }
            }
        }
        let path = first_there.or_else(|| paths.first().cloned()).unwrap_or(default);
        Ok(Kubeconfig { path, value: merged })
    }

    /// Writes it back.
    pub async fn save(&self, sys: &Sys) -> Result<()> {
        if let Some((directory, _)) = self.path.rsplit_once('/') {
            let _ = sys.mkdir(directory, 0o755);
        }
        let mut value = self.value.clone();
        // A list without entries is nothing, as Go writes it.
        for list in ["clusters", "contexts", "users"] {
            if value[list].as_array().is_some_and(Vec::is_empty) {
                value[list] = Value::Null;
            }
        }
        let text = yaml::emit(&value);
        sys.write_file(&self.path, text.as_bytes())
            .await
            .map_err(|errno| Error::text(format!("open {}: {}", self.path, errno.text().to_lowercase())))
    }

    /// Entries of `clusters`, `contexts` or `users`.
    pub fn entries(&self, list: &str) -> &[Value] {
        self.value[list].as_array().map_or(&[], Vec::as_slice)
    }

    /// An entry by name; `list` is `clusters`, `contexts` or `users`. What it holds, without its name.
    pub fn entry(&self, list: &str, name: &str) -> Option<&Value> {
        let field = &list[..list.len() - 1];
        self.entries(list).iter().find(|e| e["name"] == name).map(|e| &e[field])
    }

    /// Name of the current context, `--context` included; empty for none.
    pub fn current_context(&self, flags: &Flags) -> String {
        if flags.changed("context") {
            return flags.str("context").to_string();
        }
        self.value["current-context"].as_str().unwrap_or("").to_string()
    }

    /// How to reach the server.
    ///
    /// # Errors
    /// What kubectl says about contexts and clusters that are not there.
    pub async fn target(&self, sys: &Sys, flags: &Flags) -> Result<Target> {
        let explicit = flags.str("kubeconfig");
        if let (false, Err(errno)) = (explicit.is_empty(), sys.stat(explicit)) {
            return Err(missing(explicit, errno));
        }
        let name = self.current_context(flags);
        let context = self.entry("contexts", &name);
        if context.is_none() && !name.is_empty() {
            return Err(Error::Verbatim(format!(
                "Error in configuration: context was not found for specified context: {name}"
            )));
        }
        let of_context = |field: &str| context.and_then(|c| c[field].as_str()).unwrap_or("").to_string();
        let or_flag = |flag: &str, value: String| {
            if flags.changed_global(flag) { flags.str(flag).to_string() } else { value }
        };
        let cluster_name = or_flag("cluster", of_context("cluster"));
        let user_name = or_flag("user", of_context("user"));
        let cluster = self.entry("clusters", &cluster_name);
        if cluster.is_none() && !cluster_name.is_empty() {
            return Err(Error::text(format!("no server found for cluster {cluster_name:?}")));
        }
        let user = self.entry("users", &user_name);
        if user.is_none() && flags.changed_global("user") {
            return Err(Error::text(format!("auth info {user_name:?} does not exist")));
        }
        let text = |entry: Option<&Value>, field: &str| {
            entry.and_then(|e| e[field].as_str()).unwrap_or("").to_string()
        };
        let mut target = Target {
            server: or_flag("server", text(cluster, "server")),
            token: or_flag("token", text(user, "token")),
            namespace: of_context("namespace"),
            ..Target::default()
        };
        let has_certificate = ["client-certificate-data", "client-certificate"]
            .iter()
            .any(|field| !text(user, field).is_empty());
        if has_certificate {
            target.user = user_name;
        }
        if target.server.is_empty() {
            return Ok(in_cluster(sys).await.unwrap_or(Target {
                server: NOBODY.to_string(),
                nobody: true,
                ..target
            }));
        }
        let secure = target.server.starts_with("https://");
        if secure && !has_certificate && target.token.is_empty() {
            return Err(ask_who(sys).await);
        }
        if !target.server.contains("://") {
            target.server = format!("http://{}", target.server);
        }
        Ok(target)
    }
}

fn missing(path: &str, errno: Errno) -> Error {
    Error::text(format!("stat {path}: {}", errno.text().to_lowercase()))
}

/// kubectl asks for a name and a password when a secure server is all that it knows.
async fn ask_who(sys: &Sys) -> Error {
    sys.out("Please enter Username: ").await;
    match sys.read(0, 4096).await {
        Ok(line) if !line.is_empty() => Error::not_simulated("authentication by user name and password"),
        _ => Error::text("EOF"),
    }
}

/// The configuration of a pod with a service account.
async fn in_cluster(sys: &Sys) -> Option<Target> {
    let host = sys.env("KUBERNETES_SERVICE_HOST").filter(|h| !h.is_empty())?;
    let port = sys.env("KUBERNETES_SERVICE_PORT").filter(|p| !p.is_empty())?;
    let token = sys.read_file(&format!("{SERVICE_ACCOUNT}/token")).await.ok()?;
    let namespace = sys.read_file(&format!("{SERVICE_ACCOUNT}/namespace")).await.unwrap_or_default();
    Some(Target {
        server: format!("https://{host}:{port}"),
        token: String::from_utf8_lossy(&token).trim().to_string(),
        namespace: String::from_utf8_lossy(&namespace).trim().to_string(),
        ..Target::default()
    })
}

/// `$HOME`, or nothing.
pub fn home(sys: &Sys) -> String {
    sys.env("HOME").unwrap_or_default()
}

fn empty() -> Value {
    json!({"apiVersion": "v1", "clusters": [], "contexts": [], "current-context": "", "kind": "Config", "users": []})
}

fn read(path: &str, bytes: &[u8]) -> Result<Value> {
    let text = String::from_utf8_lossy(bytes);
    let mut value = yaml::parse(&text)
        .map_err(|error| Error::text(format!("error loading config file {path:?}: {error}")))?;
    if value.is_null() {
        value = Value::Object(Map::new());
    }
    let mut whole = empty();
    if let (Some(whole), Value::Object(fields)) = (whole.as_object_mut(), value) {
        for (key, value) in fields {
            if !value.is_null() {
                whole.insert(key, value);
            }
        }
    }
    Ok(whole)
}

fn merge(into: &mut Value, from: Value) {
    for list in ["clusters", "contexts", "users"] {
        for entry in from[list].as_array().into_iter().flatten() {
            let Some(have) = into[list].as_array_mut() else { continue };
            if !have.iter().any(|e| e["name"] == entry["name"]) {
                have.push(entry.clone());
            }
        }
        if let Some(have) = into[list].as_array_mut() {
            have.order_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
        }
    }
    if into["current-context"] == "" {
        into["current-context"] = from["current-context"].clone();
    }
}
