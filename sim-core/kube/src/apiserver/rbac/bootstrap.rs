//! The roles and bindings of a fresh cluster: the API server's own and kubeadm's. Models
//! `plugin/pkg/auth/authorizer/rbac/bootstrappolicy` and `cmd/kubeadm/app/phases`.

use crate::api::{CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING, Resource, new_object, rbac_v1};
use crate::apiserver::ApiServer;
use crate::json;
use serde_json::Value;

static TEXT: &str = include_str!("bootstrap.txt");

/// Puts them into the store. They are well-formed: nobody checks them.
pub(in crate::apiserver) fn create(server: &ApiServer) {
    let mut rng = server.sim().rng("bootstrap roles");
    let mut current: Option<(Resource, Value)> = None;
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        if let Some(rule) = line.strip_prefix(' ') {
            if let Some((_, role)) = &mut current
                && let Some(Value::Array(rules)) = role.get_mut("rules")
            {
                rules.push(parse_rule(rule));
            }
            continue;
        }
        if let Some((resource, object)) = current.take() {
            server.put_own(resource, object, &mut rng);
        }
        current = parse_head(line);
    }
    if let Some((resource, object)) = current {
        server.put_own(resource, object, &mut rng);
    }
    server.aggregate_roles();
}

fn parse_head(line: &str) -> Option<(Resource, Value)> {
    let mut words = line.split(' ');
    let resource = match words.next()? {
        "clusterrole" => CLUSTER_ROLE,
        "role" => ROLE,
        "clusterrolebinding" => CLUSTER_ROLE_BINDING,
        _ => ROLE_BINDING,
    };
    let place = words.next()?;
    let (namespace, name) = if resource.namespaced { place.split_once('/')? } else { ("", place) };
    let mut object = new_object(resource, namespace, name);
    if resource.kind.ends_with("Binding") {
        let kind = if resource.namespaced { "Role" } else { "ClusterRole" };
        object["roleRef"] = json!({"apiGroup": rbac_v1::GROUP, "kind": kind, "name": words.next()?});
    } else {
        object["rules"] = json!([]);
    }
    let mut own = true;
    let mut labels = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
    let mut subjects = Vec::new();
    for word in words {
        if word == "plain" {
            own = false;
        } else if let Some(level) = word.strip_prefix("aggregate-to=") {
            labels[format!("rbac.authorization.k8s.io/aggregate-to-{level}")] = json!("true");
        } else if let Some(level) = word.strip_prefix("aggregate-from=") {
            let label = format!("rbac.authorization.k8s.io/aggregate-to-{level}");
            object["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {label: "true"}}]});
        } else if let Some((kind, name)) = word.split_once(':') {
            subjects.push(match name.split_once('/') {
                Some((namespace, name)) => json!({"kind": kind, "name": name, "namespace": namespace}),
                None => json!({"apiGroup": rbac_v1::GROUP, "kind": kind, "name": name}),
            });
        }
    }
    if own {
        object["metadata"]["labels"] = labels;
        object["metadata"]["annotations"] = json!({"rbac.authorization.kubernetes.io/autoupdate": "true"});
    }
    if !subjects.is_empty() {
        object["subjects"] = Value::Array(subjects);
    }
    Some((resource, object))
}

/// `core; pods services; ro; NAMES`.
fn parse_rule(line: &str) -> Value {
    let mut parts = line.split(';').map(|part| part.split_whitespace().collect::<Vec<_>>());
    let (groups, resources) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let verbs = match parts.next().unwrap_or_default()[..] {
        ["ro"] => vec!["get", "list", "watch"],
        ["rw"] => vec!["create", "delete", "deletecollection", "patch", "update"],
        ["all"] => vec!["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        ref verbs => verbs.to_vec(),
    };
    if groups == ["url"] {
        return json!({"nonResourceURLs": resources, "verbs": verbs});
    }
    let groups: Vec<&str> =
        groups.into_iter().map(|group| if group == "core" { "" } else { group }).collect();
    let mut rule = json!({"apiGroups": groups, "resources": resources, "verbs": verbs});
    if let Some(names) = parts.next() {
        rule["resourceNames"] = json!(names);
    }
    rule
}
