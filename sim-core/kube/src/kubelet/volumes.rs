//! Volumes: the files that a pod's containers find at their mount points.

use super::container_env::resource_value;
use super::env::field_value;
use crate::api::core_v1::persistent_volume::SOURCES;
use crate::api::pod::claim_of;
use crate::api::{CONFIG_MAP, ObjectExt, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, SECRET};
use crate::apiserver::{Token, TokenOptions};
use crate::client::Client;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use linux::vfs::Vfs;
use serde_json::{Map, Value};
use sim::SortedMap;

/// The volumes of a pod by name, set up.
pub type Volumes = SortedMap<String, Volume>;

/// A volume that can be mounted.
#[derive(Clone)]
pub enum Volume {
    /// A tree of its own, shared by all who mount it.
    Tree(Vfs),
    /// A path of the node.
    HostPath(String),
}

/// Addresses that downward volumes can show.
pub struct PodFacts<'a> {
    /// The pod.
    pub pod: &'a Value,
    /// Its node's address.
    pub host_ip: String,
    /// The wall clock, in seconds.
    pub now: u64,
}

/// Sets up all volumes of a pod.
///
/// # Errors
/// Reason and message of the event, for the first that cannot be.
pub async fn set_up(client: &Client, facts: &PodFacts<'_>) -> Result<Volumes, (&'static str, String)> {
    let mut volumes = Volumes::new();
    for volume in facts.pod.list_at("/spec/volumes") {
        let name = volume.str_at("/name");
        let content = match set_up_one(client, facts, volume).await {
            Ok(content) => content,
            Err(cause) => {
                return Err((
                    "FailedMount",
                    format!("MountVolume.SetUp failed for volume \"{name}\" : {cause}"),
                ));
            }
        };
        volumes.insert(name.to_string(), content);
    }
    Ok(volumes)
}

async fn set_up_one(client: &Client, facts: &PodFacts<'_>, volume: &Value) -> Result<Volume, String> {
    let tree = Vfs::new();
    if let Some(path) = volume.at("/hostPath/path").as_str() {
        return Ok(Volume::HostPath(path.to_string()));
    }
    let claim = claim_of(facts.pod, volume);
    if !claim.is_empty() {
        return claimed(client, facts.pod.namespace(), &claim).await;
    }
    for (kind, source) in volume.as_object().into_iter().flatten() {
        match kind.as_str() {
            "configMap" | "secret" | "downwardAPI" => {
                let name =
                    if kind == "secret" { source.str_at("/secretName") } else { source.str_at("/name") };
                add_source(client, facts, kind, name, source, &tree).await?;
            }
            "projected" => {
                for source in source.list_at("/sources") {
                    for (kind, source) in source.as_object().into_iter().flatten() {
                        add_source(client, facts, kind, source.str_at("/name"), source, &tree).await?;
                    }
                }
            }
            "name" | "emptyDir" => {}
            kind => return Err(format!("kubelet: a volume of type {kind} is not simulated")),
        }
    }
    Ok(Volume::Tree(tree))
}

/// Whether a volume shows a config map or a secret that may change, besides what every pod has of its account.
fn may_change(volume: &Value) -> bool {
    let shows = |source: &Value| source.get("configMap").is_some() || source.get("secret").is_some();
    shows(volume)
        || (!volume.str_at("/name").starts_with("kube-api-access-")
            && volume.list_at("/projected/sources").iter().any(shows))
}

/// Whether a pod has volumes of which [`refresh`] has to look after.
pub fn may_refresh(pod: &Value) -> bool {
    pod.list_at("/spec/volumes").iter().any(may_change)
}

/// Brings volumes of config maps and secrets to what those hold now. Who mounted a single file of one keeps the
/// old one.
///
/// # Errors
/// Reason and message of the event, for the first that cannot be.
pub async fn refresh(
    client: &Client,
    facts: &PodFacts<'_>,
    volumes: &Volumes,
) -> Result<(), (&'static str, String)> {
    for volume in facts.pod.list_at("/spec/volumes").iter().filter(|volume| may_change(volume)) {
        let name = volume.str_at("/name");
        let Some(Volume::Tree(shown)) = volumes.get(name) else { continue };
        let failed = |cause: String| {
            ("FailedMount", format!("MountVolume.SetUp failed for volume \"{name}\" : {cause}"))
        };
        if let Volume::Tree(new) = set_up_one(client, facts, volume).await.map_err(failed)? {
            follow(shown, &new, "");
        }
    }
    Ok(())
}

/// Makes the files below `path` those of `new`.
fn follow(shown: &Vfs, new: &Vfs, path: &str) {
    let names = |tree: &Vfs| tree.read_dir(if path.is_empty() { "/" } else { path }).unwrap_or_default();
    let wanted = names(new);
    for name in names(shown).iter().filter(|name| !wanted.contains(name)) {
        let _ = shown.remove_all(&format!("{path}/{name}"));
    }
    for name in wanted {
        let path = format!("{path}/{name}");
        match new.read(&path) {
            Ok(data) if shown.read(&path).ok().as_ref() != Some(&data) => {
                let mode = new.stat(&path).map_or(0o644, |stat| stat.mode & 0o7777);
                let _ = shown.put(&path, data, mode);
            }
            Ok(_) => {}
            Err(_) => follow(shown, new, &path),
        }
    }
}

/// The storage behind a claim: a directory of the node.
async fn claimed(client: &Client, namespace: &str, name: &str) -> Result<Volume, String> {
    let claim = client.get(PERSISTENT_VOLUME_CLAIM, namespace, name).await.map_err(|status| {
        format!(
            "error processing PVC {namespace}/{name}: failed to fetch PVC from API server: {}",
            status.message
        )
    })?;
    if claim.str_at("/status/phase") != "Bound" {
        return Err(format!("error processing PVC {namespace}/{name}: PVC is not bound"));
    }
    let volume = claim.str_at("/spec/volumeName");
    let volume = client.get(PERSISTENT_VOLUME, "", volume).await.map_err(|status| status.message)?;
    for kind in ["hostPath", "local"] {
        if let Some(path) = volume.at("/spec").get(kind).and_then(|source| source.at("/path").as_str()) {
            return Ok(Volume::HostPath(path.to_string()));
        }
    }
    let kind = SOURCES.iter().find(|source| volume.at("/spec").get(**source).is_some()).unwrap_or(&"unknown");
    Err(format!("kubelet: the volume type {kind} is not simulated"))
}

async fn add_source(
    client: &Client,
    facts: &PodFacts<'_>,
    kind: &str,
    name: &str,
    source: &Value,
    tree: &Vfs,
) -> Result<(), String> {
    let mode = source.int_at("/defaultMode").and_then(|m| u32::try_from(m).ok()).unwrap_or(0o644);
    let put = |path: &str, data: Vec<u8>| {
        let _ = tree.put(&format!("/{path}"), data, mode);
    };
    match kind {
        "serviceAccountToken" => {
            let token = token(client, facts);
            let text = move || token.map(|token| token.text()).unwrap_or_default().into_bytes();
            let _ = tree.put_lazy(&format!("/{}", source.str_at("/path")), text, mode);
        }
        "downwardAPI" => {
            for item in source.list_at("/items") {
                let resource = item.at("/resourceFieldRef");
                let path = item.str_at("/fieldRef/fieldPath");
                let value = if resource.is_null() {
                    field_value(facts.pod, path, "", &facts.host_ip).unwrap_or_default()
                } else {
                    let named = |container: &&Value| container.at("/name") == resource.at("/containerName");
                    let container = facts.pod.list_at("/spec/containers").iter().find(named);
                    resource_value(container.unwrap_or(&Value::Null), resource)
                };
                put(item.str_at("/path"), value.into_bytes());
            }
        }
        "configMap" | "secret" => {
            let data = match data_of(client, kind, facts.pod.namespace(), name).await {
                Ok(data) => data,
                Err(_) if source.bool_at("/optional") => return Ok(()),
                Err(cause) => return Err(cause),
            };
            let items = source.list_at("/items");
            if items.is_empty() {
                for (key, value) in data {
                    put(&key, value);
                }
            } else {
                for item in items {
                    let key = item.str_at("/key");
                    match data.get(key) {
                        Some(value) => put(item.str_at("/path"), value.clone()),
                        None if source.bool_at("/optional") => {}
                        None => {
                            return Err(format!(
                                "references non-existent {kind_word} key: {key}",
                                kind_word = if kind == "secret" { "secret" } else { "config" }
                            ));
                        }
                    }
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// What a ConfigMap or Secret holds.
///
/// # Errors
/// `configmap "settings" not found`
pub async fn data_of(
    client: &Client,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Result<SortedMap<String, Vec<u8>>, String> {
    let (resource, word) = if kind == "secret" { (SECRET, "secret") } else { (CONFIG_MAP, "configmap") };
    let object = match client.get(resource, namespace, name).await {
        Ok(object) => object,
        Err(status) if status.is_not_found() => return Err(format!("{word} \"{name}\" not found")),
        Err(status) => return Err(status.message),
    };
    let mut data = SortedMap::new();
    let texts = |map: &Map<String, Value>| -> Vec<(String, String)> {
        map.iter().map(|(k, v)| (k.clone(), v.as_str().unwrap_or("").to_string())).collect()
    };
    let encoded = |text: String| BASE64.decode(text.as_bytes()).unwrap_or_default();
    for (key, text) in texts(object.map_at("/data")) {
        data.insert(key, if kind == "secret" { encoded(text) } else { text.into_bytes() });
    }
    for (key, text) in texts(object.map_at("/binaryData")) {
        data.insert(key, encoded(text));
    }
    Ok(data)
}

/// A token of the pod's account; none where there is no such account.
fn token(client: &Client, facts: &PodFacts<'_>) -> Option<Token> {
    let pod = facts.pod;
    let account = match pod.str_at("/spec/serviceAccountName") {
        "" => "default",
        name => name,
    };
    let options = TokenOptions {
        expiration_seconds: 31_536_000 + 3_607,
        pod: pod.name().to_string(),
        pod_uid: pod.uid().to_string(),
        node: pod.str_at("/spec/nodeName").to_string(),
        ..TokenOptions::default()
    };
    client.server().issue_token(pod.namespace(), account, options).ok()
}
