//! The revisions of an object: replica sets for deployments, controller revisions for the others.

use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::selection::Info;
use kube::api::{scheme, strategic};
use serde_json::Value;
use sim::Ordered;

/// The annotation that numbers the replica sets of a deployment.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// The annotation that says why.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// A state that the object was in.
pub struct Revision {
    /// Its number.
    pub number: i64,
    /// The replica set or controller revision.
    pub object: Value,
    /// The pod template.
    pub template: Value,
}

/// The revision of a deployment or a replica set.
pub fn revision_of(object: &Value) -> i64 {
    let text = object["metadata"]["annotations"][REVISION].as_str();
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// All revisions, the oldest first.
pub async fn list(k: &Kubectl, info: &Info) -> Result<Vec<Revision>> {
    let plural = if info.resource.kind == "Deployment" { "replicasets" } else { "controllerrevisions" };
    let path = format!("/apis/apps/v1/namespaces/{}/{plural}", info.namespace);
    let list = k.client().await?.get(&path, &[]).await?;
    let uid = &info.object["metadata"]["uid"];
    let mut revisions = Vec::new();
    for item in list["items"].as_array().into_iter().flatten() {
        let owners = item["metadata"]["ownerReferences"].as_array().map_or(&[][..], Vec::as_slice);
        if !owners.iter().any(|owner| owner["controller"] == true && owner["uid"] == *uid) {
            continue;
        }
        let mut object = item.clone();
        object["apiVersion"] = "apps/v1".into();
        if plural == "replicasets" {
            object["kind"] = "ReplicaSet".into();
            let number = revision_of(item);
            revisions.push(Revision { number, template: item["spec"]["template"].clone(), object });
        } else {
            object["kind"] = "ControllerRevision".into();
            let template = applied(info, &item["data"])["spec"]["template"].clone();
            revisions.push(Revision { number: item["revision"].as_i64().unwrap_or(0), template, object });
        }
    }
    revisions.order_by_key(|revision| revision.number);
    Ok(revisions)
}

/// The object with the patch of a controller revision.
pub fn applied(info: &Info, data: &Value) -> Value {
    let mut object = info.object.clone();
    if let Some(schema) = scheme::schema_of(&info.resource.api_version(), &info.resource.kind) {
        strategic::apply(schema, &mut object, data);
    }
    object
}

/// The complaint about a revision that is not there.
pub fn not_found(number: i64) -> Error {
    Error::text(format!("unable to find specified revision {number} in history"))
}
