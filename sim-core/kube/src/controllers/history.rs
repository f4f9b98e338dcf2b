//! The templates that a daemon set or stateful set has had, as ControllerRevisions. Models
//! pkg/controller/history.

use super::Context;
use super::replica_set::ignore_missing;
use crate::api::{self, CONTROLLER_REVISION, Object, ObjectExt, Resource, Status};
use crate::client::{DeleteOptions, Informer};
use crate::json;
use serde_json::Value;
use sim::Ordered;
use std::borrow::Cow;

const BY_OWNER: &str = "revision-owner";
/// Letters and digits of generated names, without vowels and look-alikes.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The revisions of one kind of owner.
#[derive(Clone)]
pub(super) struct History {
    context: Context,
    revisions: Informer,
    owner: Resource,
    /// The label that carries the hash.
    label: &'static str,
}

impl History {
    pub(super) fn new(context: &Context, owner: Resource, label: &'static str) -> History {
        let revisions = context.informers.informer(CONTROLLER_REVISION);
        revisions
            .add_index(BY_OWNER, |revision| revision.controller_uid().map(Cow::from).into_iter().collect());
        History { context: context.clone(), revisions, owner, label }
    }

    /// All revisions of an owner, the oldest first.
    pub(super) fn list(&self, owner: &Value) -> Vec<Object> {
        let mut revisions = self.revisions.by_index(BY_OWNER, owner.uid());
        revisions.order_by_key(|revision| number(revision));
        revisions
    }

    /// The revision of the owner's present template: found, moved to the end when it is an older one, or made.
    pub(super) async fn current(
        &self,
        owner: &Object,
        revisions: &mut Vec<Object>,
    ) -> Result<Object, Status> {
        let data = data_of(owner);
        let next = revisions.last().map_or(0, |last| number(last)) + 1;
        if let Some(place) = revisions.iter().rposition(|revision| revision.at("/data") == &data) {
            if place + 1 < revisions.len() {
                let mut moved = (*revisions.remove(place)).clone();
                moved["revision"] = json!(next);
                let moved = self.context.client.update(CONTROLLER_REVISION, moved).await?;
                revisions.push(moved);
            }
            return Ok(revisions[revisions.len() - 1].clone());
        }
        let mut collisions = owner.int_at("/status/collisionCount").unwrap_or(0);
        loop {
            let hash = hash(&data, collisions);
            let name = format!("{}-{hash}", owner.name());
            let mut revision = api::new_object(CONTROLLER_REVISION, owner.namespace(), &name);
            api::object_at(&mut revision, "/metadata/labels")
                .extend(owner.map_at("/spec/template/metadata/labels").clone());
            api::object_at(&mut revision, "/metadata/labels").insert(self.label.to_string(), json!(hash));
            if !owner.annotations().is_empty() {
                revision["metadata"]["annotations"] = Value::Object(owner.annotations().clone());
            }
            revision["metadata"]["ownerReferences"] = json!([api::owner_reference(owner, self.owner)]);
            revision["data"] = data.clone();
            revision["revision"] = json!(next);
            match self.context.client.create(CONTROLLER_REVISION, owner.namespace(), revision).await {
                Ok(made) => {
                    revisions.push(made.clone());
                    return Ok(made);
                }
                Err(status) if status.is_already_exists() => {
                    let other =
                        self.context.client.get(CONTROLLER_REVISION, owner.namespace(), &name).await?;
                    if other.at("/data") == &data && other.controller_uid() == Some(owner.uid()) {
                        revisions.push(other.clone());
                        return Ok(other);
                    }
                    collisions += 1;
                }
                Err(status) => return Err(status),
            }
        }
    }

    /// Deletes the oldest revisions that nothing lives by, beyond `revisionHistoryLimit`.
    pub(super) async fn truncate(
        &self,
        owner: &Value,
        revisions: &[Object],
        is_live: impl Fn(&Object) -> bool,
    ) -> Result<(), Status> {
        let limit = usize::try_from(owner.int_at("/spec/revisionHistoryLimit").unwrap_or(10)).unwrap_or(0);
        let dead: Vec<&Object> = revisions.iter().filter(|revision| !is_live(revision)).collect();
        for revision in dead.iter().take(dead.len().saturating_sub(limit)) {
            let (namespace, name) = (revision.namespace(), revision.name());
            let options = DeleteOptions::default();
            ignore_missing(self.context.client.delete(CONTROLLER_REVISION, namespace, name, options).await)?;
        }
        Ok(())
    }
}

/// What a revision remembers: a patch that puts the template back.
fn data_of(owner: &Value) -> Value {
    let mut template = owner.at("/spec/template").clone();
    template["$patch"] = json!("replace");
    json!({"spec": {"template": template}})
}

/// The template that a revision remembers.
pub(super) fn template_of(revision: &Value) -> Value {
    let mut template = revision.at("/data/spec/template").clone();
    api::remove(&mut template, "/$patch");
    template
}

/// `revision`.
pub(super) fn number(revision: &Value) -> i64 {
    revision.int_at("/revision").unwrap_or(0)
}

/// The hash in a revision's name. Upstream hashes the bytes of the patch likewise (FNV-1a, 32 bits), which come from Go
/// structures; these come from the JSON.
fn hash(data: &Value, collisions: i64) -> String {
    let mut hash: u32 = 0x811c_9dc5;
    let mut fold = |bytes: &[u8]| {
        for &byte in bytes {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    };
    fold(data.to_string().as_bytes());
    fold(collisions.to_string().as_bytes());
    hash.to_string().bytes().map(|digit| char::from(SAFE[usize::from(digit) % SAFE.len()])).collect()
}
