//! `kubectl apply --prune`: what was applied before and is in the files no more is deleted. Models prune.go.

use super::LAST_APPLIED;
use crate::programs::kubectl::discovery::Resource;
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::selection::Info;
use kube::json;
use std::rc::Rc;

/// What is looked at when nothing else is said, those in namespaces first.
const KINDS: &[(&str, &str)] = &[
    ("v1", "ConfigMap"),
    ("v1", "Endpoints"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Pod"),
    ("v1", "ReplicationController"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
    ("networking.k8s.io/v1", "Ingress"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("v1", "Namespace"),
    ("v1", "PersistentVolume"),
];

/// The types to look at.
pub struct Prune(Vec<Rc<Resource>>);

impl Prune {
    /// Reads `--prune` and `--prune-allowlist`.
    pub async fn read(k: &Kubectl) -> Result<Option<Prune>> {
        if !k.flags.bool("prune") {
            return Ok(None);
        }
        let mapper = k.mapper().await?;
        let mut resources = Vec::new();
        for text in k.flags.list("prune-allowlist") {
            let parts: Vec<&str> = text.split('/').collect();
            let [group, version, kind] = parts[..] else {
                return Err(Error::text(format!(
                    "invalid GroupVersionKind format: {text}, please follow <group/version/kind>"
                )));
            };
            let api_version =
                if group == "core" { version.to_string() } else { format!("{group}/{version}") };
            resources.push(mapper.of_kind(&api_version, kind).ok_or_else(|| {
                Error::text(format!("no matches for kind {kind:?} in version {api_version:?}"))
            })?);
        }
        if resources.is_empty() {
            resources.extend(KINDS.iter().filter_map(|(version, kind)| mapper.of_kind(version, kind)));
        }
        Ok(Some(Prune(resources)))
    }

    /// Deletes what was applied once and is not among `applied`, in the namespaces of those.
    pub async fn run(self, k: &Kubectl, applied: &[Info], dry_run: DryRun) -> Result<()> {
        let client = k.client().await?;
        let policy = crate::programs::kubectl::verbs::delete::policy(k.flags.str("cascade"))?;
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy});
        for info in self.orphans(k, applied).await? {
            if dry_run != DryRun::Client {
                let query: &[(&str, &str)] =
                    if dry_run == DryRun::Server { &[("dryRun", "All")] } else { &[] };
                client.delete(&info.path(), query, &options).await?;
            }
            printers::print_result(k, &info, "pruned").await?;
        }
        Ok(())
    }

    /// What was applied once and is not among `applied`, in the namespaces of those.
    pub async fn orphans(&self, k: &Kubectl, applied: &[Info]) -> Result<Vec<Info>> {
        if k.flags.list("prune-allowlist").is_empty() {
            k.log(
                'W',
                "prune.go:71",
                "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.",
            )
            .await;
        }
        let client = k.client().await?;
        let mut orphans = Vec::new();
        let mut namespaces: Vec<&str> = applied.iter().map(|info| info.namespace.as_str()).collect();
        namespaces.retain(|namespace| !namespace.is_empty());
        namespaces.dedup();
        let selector = k.flags.str("selector");
        let query: &[(&str, &str)] = if selector.is_empty() { &[] } else { &[("labelSelector", selector)] };
        let places = namespaces.iter().map(|namespace| (true, *namespace)).chain([(false, "")]);
        for (namespaced, namespace) in places {
            for resource in self.0.iter().filter(|resource| resource.namespaced == namespaced) {
                let list = client.get(&resource.collection(namespace), query).await?;
                for item in list["items"].as_array().into_iter().flatten() {
                    let mut info = Info::of_object(resource, item.clone());
                    info.object["apiVersion"] = resource.api_version().into();
                    info.object["kind"] = resource.kind.as_str().into();
                    let known = applied
                        .iter()
                        .any(|other| other.object["metadata"]["uid"] == info.object["metadata"]["uid"]);
                    if known || item["metadata"]["annotations"][LAST_APPLIED].is_null() {
                        continue;
                    }
                    orphans.push(info);
                }
            }
        }
        Ok(orphans)
    }
}
