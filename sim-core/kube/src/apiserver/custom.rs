//! Custom kinds: those of the scheme and those that definitions have brought, side by side. Models
//! `apiextensions-apiserver/pkg/apiserver/customresource_handler.go` and the controllers beside it.

use super::{ApiServer, DeleteOptions, Filter, Propagation, strategy};
use crate::api::apiextensions_v1::custom_resource::served;
use crate::api::scheme::{RESOURCES, by_plural};
use crate::api::{API_SERVICE, CUSTOM_RESOURCE_DEFINITION, ObjectExt, Resource, remove, set};
use serde_json::Value;

impl ApiServer {
    /// Every kind that is served.
    pub fn resources(&self) -> Vec<Resource> {
        RESOURCES.iter().copied().chain(self.0.custom.borrow().iter().copied()).collect()
    }

    /// The kinds that definitions have brought.
    pub fn custom_resources(&self) -> Vec<Resource> {
        self.0.custom.borrow().clone()
    }

    /// The kind at a path.
    pub(super) fn resource(&self, group: &str, version: &str, plural: &str) -> Option<Resource> {
        let known = |r: &Resource| r.plural == plural && r.group == group && r.version == version;
        by_plural(group, version, plural).or_else(|| self.0.custom.borrow().iter().copied().find(known))
    }

    /// After a definition came, changed or went: what is served follows.
    pub(super) fn follow_definitions(&self) {
        let definitions = self.0.store.borrow().list(CUSTOM_RESOURCE_DEFINITION, "", &Filter::default());
        let now: Vec<Resource> = definitions.iter().flat_map(|definition| served(definition)).collect();
        let before = self.0.custom.replace(now.clone());
        self.0.documents.borrow_mut().clear();
        for resource in &now {
            self.register_custom_group(resource);
        }
        // Objects of a kind that is gone are gone with it.
        let same = |a: Resource, b: Resource| a.plural == b.plural && a.group == b.group;
        for gone in before.into_iter().filter(|old| !now.iter().any(|new| same(new, old))) {
            if !now.iter().any(|new| new.group == gone.group && new.version == gone.version) {
                let name = format!("{}.{}", gone.version, gone.group);
                self.0.store.borrow_mut().remove(API_SERVICE, "", &name);
            }
            let objects = self.0.store.borrow().list(gone, "", &Filter::default());
            for object in objects {
                self.0.store.borrow_mut().remove(gone, object.namespace(), object.name());
            }
        }
    }

    /// After a custom object has gone: what it alone owned goes too, or forgets it.
    pub(super) fn release_dependents(&self, owner: &Value, policy: Option<Propagation>) {
        let of_owner = |reference: &Value| reference.str_at("/uid") == owner.uid();
        for resource in self.resources() {
            let all = self.0.store.borrow().list(resource, "", &Filter::default());
            for object in all.iter().filter(|object| object.owner_references().iter().any(of_owner)) {
                let others: Vec<Value> =
                    object.owner_references().iter().filter(|r| !of_owner(r)).cloned().collect();
                if others.is_empty() && policy != Some(Propagation::Orphan) {
                    let options = DeleteOptions {
                        propagation_policy: Some(Propagation::Background),
                        ..DeleteOptions::default()
                    };
                    // It may have gone in the meantime with another owner.
                    let _ = self.delete(resource, object.namespace(), object.name(), &options);
                    continue;
                }
                let mut free = (**object).clone();
                if others.is_empty() {
                    remove(&mut free, "/metadata/ownerReferences");
                } else {
                    set(&mut free, "/metadata/ownerReferences", Value::Array(others));
                }
                self.0.store.borrow_mut().put(resource, free.into());
            }
        }
    }

    /// What a write to this kind brings about at once, elsewhere in the server.
    pub(super) fn after_write(&self, resource: Resource) {
        if std::ptr::eq(resource, crate::api::CLUSTER_ROLE) {
            self.aggregate_roles();
        } else if std::ptr::eq(resource, CUSTOM_RESOURCE_DEFINITION) {
            self.follow_definitions();
        }
    }
}

/// An object in the version that was asked for: all versions of a custom kind are the same but for their name.
pub(super) fn in_version(resource: Resource, object: &Value) -> Option<Value> {
    let version = resource.api_version();
    (resource.custom.is_some() && object.api_version() != version).then(|| {
        let mut object = object.clone();
        strategy::place_version(resource, &mut object);
        object
    })
}
