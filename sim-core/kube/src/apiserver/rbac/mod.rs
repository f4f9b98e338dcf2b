//! Role-based access control: what the roles say that somebody has. Models `plugin/pkg/auth/authorizer/rbac`.
//!
//! [`identity`] finds out who asks, `review` answers questions about what somebody may do, `escalation` keeps people
//! from giving away what they do not have, `bootstrap` holds the roles of a fresh cluster.

mod bootstrap;
mod escalation;
mod identity;
mod review;
mod token;

pub(super) use bootstrap::create as create_bootstrap_roles;
pub use identity::Identity;
pub(super) use review::is_question;
pub use token::{Token, TokenOptions};

use super::{ApiServer, Filter};
use crate::api::{
    CLUSTER_ROLE, CLUSTER_ROLE_BINDING, Object, ObjectExt, ROLE, ROLE_BINDING, Resource, Status,
};
use serde_json::Value;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attributes<'a> {
    pub verb: &'a str,
    pub group: &'a str,
    pub resource: &'a str,
    pub subresource: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    /// Set instead of the others where the path is no resource.
    pub path: &'a str,
}

/// What was decided.
#[derive(Debug, Default)]
pub(super) struct Decision {
    pub allowed: bool,
    pub reason: String,
}

/// A rule that somebody has, and why.
struct Held {
    rule: Value,
    why: String,
}

impl ApiServer {
    /// Whether somebody may do something.
    pub(super) fn authorize(&self, who: &Identity, wanted: &Attributes<'_>) -> Decision {
        if who.is_master() {
            return Decision { allowed: true, reason: String::new() };
        }
        let mut errors = Vec::new();
        let held = self.rules_of(who, wanted.namespace, &mut errors);
        match held.iter().find(|held| matches(&held.rule, wanted)) {
            Some(held) => Decision { allowed: true, reason: format!("RBAC: allowed by {}", held.why) },
            None if errors.is_empty() => Decision::default(),
            None => {
                let text = match errors.as_slice() {
                    [one] => one.clone(),
                    many => format!("[{}]", many.join(", ")),
                };
                Decision { allowed: false, reason: format!("RBAC: {text}") }
            }
        }
    }

    /// Refuses what somebody may not do.
    pub(super) fn check_access(&self, who: &Identity, wanted: &Attributes<'_>) -> Result<(), Status> {
        let decision = self.authorize(who, wanted);
        if decision.allowed {
            return Ok(());
        }
        let reason =
            if decision.reason.is_empty() { String::new() } else { format!(": {}", decision.reason) };
        if !wanted.path.is_empty() {
            let mut status = Status::new(
                403,
                "Forbidden",
                format!(
                    "forbidden: User {:?} cannot {} path {:?}{reason}",
                    who.name, wanted.verb, wanted.path
                ),
            );
            status.details = crate::json!({});
            return Err(status);
        }
        let slash = if wanted.subresource.is_empty() { "" } else { "/" };
        let place = if wanted.namespace.is_empty() {
            "at the cluster scope".to_string()
        } else {
            format!("in the namespace {:?}", wanted.namespace)
        };
        Err(Status::forbidden_named(
            wanted.group,
            wanted.resource,
            wanted.name,
            &format!(
                "User {:?} cannot {} resource \"{}{slash}{}\" in API group {:?} {place}{reason}",
                who.name, wanted.verb, wanted.resource, wanted.subresource, wanted.group
            ),
        ))
    }

    /// All rules that somebody has, in the cluster and in a namespace.
    fn rules_of(&self, who: &Identity, namespace: &str, errors: &mut Vec<String>) -> Vec<Held> {
        let mut held = Vec::new();
        for binding in self.list(CLUSTER_ROLE_BINDING, "", &Filter::default()) {
            self.add_rules(who, &binding, "ClusterRoleBinding", "", &mut held, errors);
        }
        if !namespace.is_empty() {
            for binding in self.list(ROLE_BINDING, namespace, &Filter::default()) {
                self.add_rules(who, &binding, "RoleBinding", namespace, &mut held, errors);
            }
        }
        held
    }

    fn add_rules(
        &self,
        who: &Identity,
        binding: &Object,
        kind: &str,
        namespace: &str,
        held: &mut Vec<Held>,
        errors: &mut Vec<String>,
    ) {
        let own = |subject: &&Value| is_subject(who, subject, namespace);
        let Some(subject) = binding.list_at("/subjects").iter().find(own) else { return };
        let role = match self.role_of(binding, namespace) {
            Ok(role) => role,
            Err(missing) => return errors.push(missing.message),
        };
        let quoted = if namespace.is_empty() {
            format!("{:?}", binding.name())
        } else {
            format!("\"{}/{namespace}\"", binding.name())
        };
        let subject = match subject.str_at("/kind") {
            "ServiceAccount" => {
                format!(
                    "ServiceAccount \"{}/{}\"",
                    subject.str_at("/name"),
                    subject_namespace(subject, namespace)
                )
            }
            kind => format!("{kind} {:?}", subject.str_at("/name")),
        };
        let why = format!("{kind} {quoted} of {} {:?} to {subject}", role.kind(), role.name());
        held.extend(role.list_at("/rules").iter().map(|rule| Held { rule: rule.clone(), why: why.clone() }));
    }

    /// The role that a binding gives.
    fn role_of(&self, binding: &Value, namespace: &str) -> Result<Object, Status> {
        let name = binding.str_at("/roleRef/name");
        let (resource, namespace) = match binding.str_at("/roleRef/kind") {
            "Role" => (ROLE, namespace),
            _ => (CLUSTER_ROLE, ""),
        };
        self.get(resource, namespace, name).map_err(|mut missing| {
            // The lister that upstream asks names the resource in the singular.
            missing.message = missing.message.replacen(resource.plural, resource.singular, 1);
            missing
        })
    }

    /// Gives roles that gather others what they gather. Models the clusterrole-aggregation-controller.
    pub(super) fn aggregate_roles(&self) {
        // Some gather what was gathered: three rounds are enough for view, edit and admin.
        for _ in 0..4 {
            let roles = self.list(CLUSTER_ROLE, "", &Filter::default());
            let mut changed = false;
            for role in roles.iter().filter(|role| !role.at("/aggregationRule").is_null()) {
                let mut rules: Vec<&Value> = Vec::new();
                for selector in role.list_at("/aggregationRule/clusterRoleSelectors") {
                    let selector = crate::api::LabelSelector::from_value(selector);
                    let others = roles
                        .iter()
                        .filter(|other| other.name() != role.name() && selector.matches(other.labels()));
                    for rule in others.flat_map(|other| other.list_at("/rules")) {
                        if !rules.contains(&rule) {
                            rules.push(rule);
                        }
                    }
                }
                if role.list_at("/rules").iter().ne(rules.iter().copied()) {
                    let mut new = (**role).clone();
                    new["rules"] = rules.into_iter().cloned().collect();
                    self.0.store.borrow_mut().put(CLUSTER_ROLE, new.into());
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }
}

fn subject_namespace<'a>(subject: &'a Value, namespace: &'a str) -> &'a str {
    match subject.str_at("/namespace") {
        "" => namespace,
        own => own,
    }
}

/// Whether a binding's subject is this person.
fn is_subject(who: &Identity, subject: &Value, namespace: &str) -> bool {
    let name = subject.str_at("/name");
    match subject.str_at("/kind") {
        "User" => who.name == name,
        "Group" => who.groups.iter().any(|group| group == name),
        "ServiceAccount" => {
            who.name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'))
                == Some((subject_namespace(subject, namespace), name))
        }
        _ => false,
    }
}

fn has(list: &[Value], wanted: &str) -> bool {
    list.iter().any(|value| value == "*" || value == wanted)
}

/// Whether a rule allows it. Models `RuleAllows`.
fn matches(rule: &Value, wanted: &Attributes<'_>) -> bool {
    if !has(rule.list_at("/verbs"), wanted.verb) {
        return false;
    }
    if !wanted.path.is_empty() {
        return rule.list_at("/nonResourceURLs").iter().filter_map(Value::as_str).any(|url| {
            url == wanted.path || url.strip_suffix('*').is_some_and(|prefix| wanted.path.starts_with(prefix))
        });
    }
    let resources = rule.list_at("/resources");
    let resource = if wanted.subresource.is_empty() {
        has(resources, wanted.resource)
    } else {
        has(resources, &format!("{}/{}", wanted.resource, wanted.subresource))
            || resources.iter().any(|r| *r == format!("*/{}", wanted.subresource).as_str())
    };
    let names = rule.list_at("/resourceNames");
    resource
        && has(rule.list_at("/apiGroups"), wanted.group)
        && (names.is_empty() || names.iter().any(|name| name == wanted.name))
}

/// Whether a kind says who may do what.
pub(super) fn is_rbac(resource: Resource) -> bool {
    resource.group == crate::api::rbac_v1::GROUP
}
