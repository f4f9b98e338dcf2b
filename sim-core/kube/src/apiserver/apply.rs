//! Server-side apply over HTTP: a configuration comes in, the object as it is now goes out. What is laid over what is
//! found out in [`managed_fields`]. Models `apiserver/pkg/endpoints/handlers/patch.go`,
//! `applyPatcher`.

use super::body::{configuration, named};
use super::options::WriteOptions;
use super::rest::{Request, Response, Target};
use super::strategy::{decode, place};
use super::{ApiServer, managed_fields};
use crate::api::{ObjectExt, Status, object_at, remove};
use crate::json;

/// Whether the patch is a configuration to be applied.
pub(super) fn is_apply(request: &Request) -> bool {
    request.header("Content-Type").starts_with("application/apply-patch")
}

impl ApiServer {
    /// Applies a configuration to an object, or makes the object.
    pub(super) fn answer_apply(
        &self,
        request: &Request,
        target: &Target,
        status: bool,
    ) -> Result<Response, Status> {
        let Target { resource, namespace, name, .. } = target;
        if request.param("fieldManager").is_empty() {
            let detail = "Required value: is required for apply patch";
            let mut refused = Status::new(
                422,
                "Invalid",
                format!("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: {detail}"),
            );
            refused.details = json!({
                "group": "meta.k8s.io", "kind": "PatchOptions",
                "causes": [{"reason": "FieldValueRequired", "message": detail, "field": "fieldManager"}],
            });
            return Err(refused);
        }
        let (mut config, options) = configuration(request)?;
        if !config.meta("managedFields").is_null() {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        if config.name().is_empty() {
            object_at(&mut config, "/metadata").insert("name".to_string(), json!(name));
        }
        named(name, &config)?;
        if config.api_version() != resource.api_version() || config.kind() != resource.kind {
            return Err(Status::bad_request(format!(
                "invalid object type: {}, Kind={} does not match {}, Kind={}",
                config.api_version(),
                config.kind(),
                resource.api_version(),
                resource.kind,
            )));
        }
        place(resource, namespace, &mut config)?;
        let mut checked = config.clone();
        let warnings = decode(resource, &mut checked, &options, &|_| true)?;
        let force = request.flag("force");
        let live = match self.get(resource, namespace, name) {
            Ok(live) => Some(live),
            Err(missing) if missing.is_not_found() && !status => None,
            Err(other) => return Err(other),
        };
        if let Some(live) = &live
            && !config.resource_version().is_empty()
            && config.resource_version() != live.resource_version()
        {
            return Err(Status::modified(resource, name));
        }
        let subresource = if status { "status" } else { "" };
        let now = self.now_text();
        let applied =
            managed_fields::apply(resource, live.as_deref(), &config, subresource, &now, &options, force)?;
        let quiet = WriteOptions {
            applied: Some(applied.managers),
            field_validation: super::FieldValidation::Ignore,
            ..options
        };
        let mut object = applied.object;
        let mut written = if live.is_some() {
            self.update(resource, namespace, object, status, &quiet)?
        } else {
            if !object.uid().is_empty() {
                let mut refused =
                    Status::conflict(resource, name, "uid mismatch: the provided object specified uid ");
                refused.message += &format!("{}, and no existing object was found", object.uid());
                return Err(refused);
            }
            remove(&mut object, "/metadata/resourceVersion");
            self.create(resource, namespace, object, &quiet)?
        };
        written.warnings = warnings;
        Ok(self.written(request, resource, if live.is_some() { 200 } else { 201 }, written))
    }
}
