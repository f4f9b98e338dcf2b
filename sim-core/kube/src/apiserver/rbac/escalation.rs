//! Nobody gives away what they do not have. Models `pkg/registry/rbac/*/policybased`.

use super::{Attributes, Identity, matches};
use crate::api::{CLUSTER_ROLE, ObjectExt, Resource, Status};
use crate::apiserver::ApiServer;
use crate::json;
use serde_json::Value;

impl ApiServer {
    /// Refuses a role with more than its author has, and a binding to such a role.
    pub(in crate::apiserver) fn check_escalation(
        &self,
        who: &Identity,
        resource: Resource,
        namespace: &str,
        object: &Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        if who.is_master() {
            return Ok(());
        }
        let binding = resource.kind.ends_with("Binding");
        let unchanged = |path: &str| old.is_some_and(|old| old.at(path) == object.at(path));
        if if binding { unchanged("/roleRef") && unchanged("/subjects") } else { unchanged("/rules") } {
            return Ok(());
        }
        let (verb, of, name) = if binding {
            let cluster = object.str_at("/roleRef/kind") == "ClusterRole";
            ("bind", if cluster { "clusterroles" } else { "roles" }, object.str_at("/roleRef/name"))
        } else {
            ("escalate", resource.plural, object.name())
        };
        let allowed = Attributes {
            verb,
            group: resource.group,
            resource: of,
            namespace,
            name,
            ..Attributes::default()
        };
        if self.authorize(who, &allowed).allowed {
            return Ok(());
        }
        let mut rules = object.list_at("/rules").to_vec();
        if binding {
            rules = self.role_of(object, namespace)?.list_at("/rules").to_vec();
        } else if std::ptr::eq(resource, CLUSTER_ROLE) && !object.at("/aggregationRule").is_null() {
            rules.push(json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}));
        }
        let held = self.rules_of(who, namespace, &mut Vec::new());
        let mut missing: Vec<String> = Vec::new();
        for rule in &rules {
            let lacking = lacking(rule, |wanted| held.iter().any(|held| matches(&held.rule, wanted)));
            missing.extend(lacking);
        }
        if missing.is_empty() {
            return Ok(());
        }
        let groups: Vec<String> = who.groups.iter().map(|group| format!("{group:?}")).collect();
        let why = format!(
            "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
            who.name,
            groups.join(" "),
            missing.join("\n")
        );
        Err(Status::forbidden(resource, object.name(), &why))
    }
}

/// What of a rule is not covered, a resource a line.
fn lacking(rule: &Value, covered: impl Fn(&Attributes<'_>) -> bool) -> Vec<String> {
    let texts = |path: &str| -> Vec<String> {
        rule.list_at(path).iter().filter_map(Value::as_str).map(String::from).collect()
    };
    let (verbs, mut lines) = (texts("/verbs"), Vec::new());
    let open = |test: &dyn Fn(&str) -> bool| -> Vec<String> {
        verbs.iter().filter(|verb| !test(verb)).cloned().collect()
    };
    for url in texts("/nonResourceURLs") {
        let missing = open(&|verb| covered(&Attributes { verb, path: &url, ..Attributes::default() }));
        if !missing.is_empty() {
            lines.push(format!("{{NonResourceURLs:[{url:?}], Verbs:{}}}", go_list(&missing)));
        }
    }
    let mut names = texts("/resourceNames");
    let named = !names.is_empty();
    if !named {
        names.push(String::new());
    }
    for group in texts("/apiGroups") {
        for resource in texts("/resources") {
            for name in &names {
                let (plain, below) = resource.split_once('/').unwrap_or((&resource, ""));
                let missing = open(&|verb| {
                    covered(&Attributes {
                        verb,
                        group: &group,
                        resource: plain,
                        subresource: below,
                        name,
                        ..Attributes::default()
                    })
                });
                if missing.is_empty() {
                    continue;
                }
                let name = if named { format!("ResourceNames:[{name:?}], ") } else { String::new() };
                lines.push(format!(
                    "{{APIGroups:[{group:?}], Resources:[{resource:?}], {name}Verbs:{}}}",
                    go_list(&missing)
                ));
            }
        }
    }
    lines
}

/// As Go's `%q` prints a list.
fn go_list(list: &[String]) -> String {
    let quoted: Vec<String> = list.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", quoted.join(" "))
}
