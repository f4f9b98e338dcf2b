//! Gives claims and ingresses without a class the one that is marked as default. Models
//! `plugin/pkg/admission/storage/storageclass/setdefault` and
//! `plugin/pkg/admission/network/defaultingressclass`.

use crate::api::{INGRESS_CLASS, ObjectExt, Resource, STORAGE_CLASS, set};
use crate::api::{networking_v1::ingress_class, storage_v1::storage_class};
use crate::apiserver::{ApiServer, Filter};
use crate::json;
use serde_json::Value;

/// Lets a claim in.
pub(crate) fn admit_claim(server: &ApiServer, claim: &mut Value) {
    let annotated = claim.annotation("volume.beta.kubernetes.io/storage-class").is_some();
    if annotated || !claim.at("/spec/storageClassName").is_null() {
        return;
    }
    if let Some(name) = default(server, STORAGE_CLASS, storage_class::is_default) {
        set(claim, "/spec/storageClassName", json!(name));
    }
}

/// Lets an ingress in.
pub(crate) fn admit_ingress(server: &ApiServer, ingress: &mut Value) {
    let annotated = ingress.annotation("kubernetes.io/ingress.class").is_some();
    if annotated || !ingress.at("/spec/ingressClassName").is_null() {
        return;
    }
    if let Some(name) = default(server, INGRESS_CLASS, ingress_class::is_default) {
        set(ingress, "/spec/ingressClassName", json!(name));
    }
}

/// The newest of those that are marked, the first by name of those that are as new.
fn default(server: &ApiServer, resource: Resource, is_default: fn(&Value) -> bool) -> Option<String> {
    let classes = server.list(resource, "", &Filter::default());
    let marked = classes.iter().filter(|class| is_default(class)).rev();
    let newest = marked.max_by(|a, b| a.creation_timestamp().cmp(b.creation_timestamp()))?;
    Some(newest.name().to_string())
}
