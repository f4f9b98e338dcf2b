//! Who may do what. A cluster has one administrator here, and its own components; everybody else may
//! do nothing, and is told so in the words of role-based access control.

use crate::api::{Resource, Status};

/// Whether this user may do everything.
pub(super) fn is_trusted(user: &str) -> bool {
    user == "kubernetes-admin"
        || user == "admin"
        || (user.starts_with("system:")
            && user != "system:anonymous"
            && !user.starts_with("system:serviceaccount:"))
}

/// Refuses a request for a resource.
pub(super) fn check(
    user: &str,
    verb: &str,
    resource: Resource,
    subresource: &str,
    namespace: &str,
    name: &str,
) -> Result<(), Status> {
    if is_trusted(user) {
        return Ok(());
    }
    let slash = if subresource.is_empty() { "" } else { "/" };
    let place = if resource.namespaced && !namespace.is_empty() {
        format!("in the namespace {namespace:?}")
    } else {
        "at the cluster scope".to_string()
    };
    let why = format!(
        "User {user:?} cannot {verb} resource \"{}{slash}{subresource}\" in API group {:?} {place}",
        resource.plural, resource.group
    );
    Err(Status::forbidden(resource, name, &why))
}

/// Refuses a request for a path that is no resource.
pub(super) fn check_path(user: &str, verb: &str, path: &str) -> Result<(), Status> {
    let open = ["/api", "/apis", "/version", "/healthz", "/livez", "/readyz"];
    let public = ["/version", "/healthz", "/livez", "/readyz"];
    let discovery = open.iter().any(|p| path == *p || path.starts_with(&format!("{p}/")));
    let allowed = is_trusted(user) || public.contains(&path) || (discovery && user != "system:anonymous");
    if allowed {
        return Ok(());
    }
    let mut status =
        Status::new(403, "Forbidden", format!("forbidden: User {user:?} cannot {verb} path {path:?}"));
    status.details = serde_json::json!({});
    Err(status)
}
