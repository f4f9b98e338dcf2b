//! `pods/NAME/ephemeralcontainers`: containers that are added to a pod that runs, as `kubectl debug` does. Models
//! registry/core/pod `EphemeralContainersREST`.

use super::ApiServer;
use crate::api::validation::Errors;
use crate::api::{Object, ObjectExt, POD, Status, set};
use crate::json;
use serde_json::Value;
use std::rc::Rc;

const PATH: &str = "/spec/ephemeralContainers";

impl ApiServer {
    /// Takes the ephemeral containers of `wanted` into the pod; those that are there stay as they are.
    pub(super) fn add_ephemeral_containers(
        &self,
        namespace: &str,
        name: &str,
        mut wanted: Value,
        dry_run: bool,
    ) -> Result<Object, Status> {
        let old = self.get(POD, namespace, name)?;
        POD.schema.decode(&mut wanted).map_err(Status::bad_request)?;
        (POD.default)(&mut wanted);
        let list = wanted.list_at(PATH);
        let mut errors = Errors::default();
        for before in old.list_at(PATH) {
            let name = before.str_at("/name");
            match list.iter().find(|container| container.str_at("/name") == name) {
                None => {
                    let why = format!("existing ephemeral containers {name:?} may not be removed\n");
                    errors.forbidden("spec.ephemeralContainers", &why);
                }
                Some(container) if container != before => {
                    let why = format!("existing ephemeral containers {name:?} may not be changed\n");
                    errors.forbidden("spec.ephemeralContainers", &why);
                }
                Some(_) => {}
            }
        }
        let others = || ["/spec/containers", "/spec/initContainers"].into_iter().flat_map(|l| old.list_at(l));
        for (i, container) in list.iter().enumerate() {
            let path = format!("spec.ephemeralContainers[{i}]");
            for field in ["name", "image"] {
                if container.str_at(&format!("/{field}")).is_empty() {
                    errors.required(format!("{path}.{field}"), "");
                }
            }
            let same = |other: &Value| other.at("/name") == container.at("/name");
            if others().any(same) || list[..i].iter().any(same) {
                errors.duplicate(format!("{path}.name"), container.at("/name"));
            }
            let target = container.str_at("/targetContainerName");
            if !target.is_empty() && !others().any(|other| other.str_at("/name") == target) {
                errors.not_found(format!("{path}.targetContainerName"), target);
            }
        }
        if !errors.0.is_empty() {
            return Err(Status::invalid(POD, name, &errors.0));
        }
        if list == old.list_at(PATH) {
            return Ok(old);
        }
        let mut new = (*old).clone();
        set(&mut new, PATH, json!(list));
        set(&mut new, "/metadata/generation", json!(old.generation() + 1));
        let new = Rc::new(new);
        Ok(if dry_run { new } else { self.0.store.borrow_mut().put(POD, new) })
    }
}
