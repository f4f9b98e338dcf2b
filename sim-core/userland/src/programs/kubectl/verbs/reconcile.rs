//! `kubectl auth reconcile`: roles and bindings as files have them, merged into those that are there.
//!
//! Models `k8s.io/component-helpers/auth/rbac/reconciliation`.

use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::rest::Request;
use crate::programs::kubectl::rules::{self, Rule};
use crate::programs::kubectl::selection::{self, Info};
use kube::json;
use serde_json::Value;
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "reconcile",
    usage: "-f FILENAME",
    short: "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects",
    long: "Merges roles and bindings of files into those of the cluster.\n\n What is missing is created, with its namespace. Roles gain the rules of the file and bindings its subjects; --remove-extra-permissions and --remove-extra-subjects take away what the file does not have.\n\n For these kinds this is better than 'apply', since it knows what rules mean.",
    examples: "# Roles and bindings of a file\nkubectl auth reconcile -f my-rbac-rules.yaml",
    flags: &[globals::FILENAMES, globals::PRINT, globals::DRY_RUN, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::bool("remove-extra-permissions", "Take away what roles allow beyond the file."),
    Flag::bool("remove-extra-subjects", "Take away subjects of bindings that the file does not have."),
];

const GROUP: &str = "rbac.authorization.k8s.io";
const ATTEMPTS: usize = 3;

async fn run(k: Rc<Kubectl>) -> Result<()> {
    if k.flags.list("filename").is_empty() && k.flags.str("kustomize").is_empty() {
        return Err(Error::text("must specify one of -f and -k"));
    }
    if !k.args().is_empty() {
        return Err(Error::text("no arguments are allowed"));
    }
    let strategy = printers::dry_run(&k).map_err(|error| {
        Error::text(format!("error accessing --dry-run flag for command reconcile: {}", error.message()))
    })?;
    if strategy == DryRun::Server {
        return Err(Error::text("--dry-run=server for command reconcile is not supported yet"));
    }
    let (namespace, explicit) = k.namespace().await?;
    let infos = selection::local(&k, true).await?;
    printers::Format::of(&k).await?;
    let mut errors = Vec::new();
    for info in infos {
        let own = &info.namespace;
        if explicit && !own.is_empty() && *own != namespace {
            errors.push(Error::text(format!(
                "the namespace from the provided object {own:?} does not match the namespace {namespace:?}. You must pass '--namespace={own}' to perform this operation."
            )));
            continue;
        }
        if info.resource.group != GROUP {
            continue;
        }
        if let Err(error) = reconcile(&k, info, strategy == DryRun::None).await {
            errors.push(error);
        }
    }
    Error::many(errors)
}

/// What has to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    None,
    Create,
    Update,
    Recreate,
}

/// What an object has to become, and how that differs from what it is.
struct Plan {
    object: Value,
    operation: Operation,
    protected: bool,
    missing: Vec<String>,
    extra: Vec<String>,
}

async fn reconcile(k: &Kubectl, mut info: Info, confirmed: bool) -> Result<()> {
    let client = k.client().await?;
    let is_role = info.resource.kind.ends_with("Role");
    let mut plan = None;
    for _ in 0..ATTEMPTS {
        let existing = match client.get(&info.path(), &[]).await {
            Ok(object) => Some(object),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let mut next = match &existing {
            None => create(&info.object, is_role),
            Some(existing) if is_role => {
                role(existing, &info.object, k.flags.bool("remove-extra-permissions"))
            }
            Some(existing) => binding(existing, &info.object, k.flags.bool("remove-extra-subjects")),
        };
        if next.protected || !confirmed || next.operation == Operation::None {
            plan = Some(next);
            break;
        }
        match submit(k, &info, &next, existing.as_ref()).await {
            Ok(object) => {
                next.object = object;
                plan = Some(next);
                break;
            }
            // Somebody else was faster.
            Err(error) if matches!(error.reason(), "AlreadyExists" | "NotFound") => {}
            Err(error) => return Err(error),
        }
    }
    let plan = plan.ok_or_else(|| Error::text("exceeded maximum attempts"))?;
    info.object = plan.object.clone();
    printers::print_typed_result(k, &info, "reconciled").await?;
    k.err(&plan.report(is_role, remove_extra(k, is_role))).await;
    Ok(())
}

fn remove_extra(k: &Kubectl, is_role: bool) -> bool {
    k.flags.bool(if is_role { "remove-extra-permissions" } else { "remove-extra-subjects" })
}

/// Sends what the plan says.
async fn submit(k: &Kubectl, info: &Info, plan: &Plan, existing: Option<&Value>) -> Result<Value> {
    let client = k.client().await?;
    if plan.operation == Operation::Update {
        let path = info.path();
        let body = plan.object.to_string().into_bytes();
        return client.send(Request { body, ..Request::new("PUT", &path, &[]) }).await;
    }
    if let (Operation::Recreate, Some(existing)) = (plan.operation, existing) {
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": existing["metadata"]["uid"]},
        });
        match client.delete(&info.path(), &[], &options).await {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    if info.resource.namespaced {
        ensure_namespace(k, &info.namespace).await?;
    }
    client.post(&info.resource.collection(&info.namespace), &[], &plan.object).await
}

async fn ensure_namespace(k: &Kubectl, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::text("resource name may not be empty"));
    }
    let client = k.client().await?;
    match client.get(&format!("/api/v1/namespaces/{name}"), &[]).await {
        Ok(_) => return Ok(()),
        Err(error) if matches!(error.reason(), "NotFound" | "Forbidden") => {}
        Err(error) => return Err(error),
    }
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    match client.post("/api/v1/namespaces", &[], &namespace).await {
        Err(error) if !matches!(error.reason(), "AlreadyExists" | "Forbidden") => Err(error),
        _ => Ok(()),
    }
}

fn list<'a>(object: &'a Value, field: &str) -> &'a [Value] {
    object[field].as_array().map_or(&[][..], Vec::as_slice)
}

fn rules_of(role: &Value) -> Vec<Rule> {
    list(role, "rules").iter().map(Rule::read).collect()
}

/// Go's `%+v` of a subject.
fn subject_text(subject: &Value) -> String {
    let [kind, group, name, namespace] =
        ["kind", "apiGroup", "name", "namespace"].map(|field| subject[field].as_str().unwrap_or(""));
    format!("{{Kind:{kind} APIGroup:{group} Name:{name} Namespace:{namespace}}}")
}

fn create(object: &Value, is_role: bool) -> Plan {
    let missing = if is_role {
        rules_of(object).iter().map(Rule::text).collect()
    } else {
        list(object, "subjects").iter().map(subject_text).collect()
    };
    Plan {
        object: object.clone(),
        operation: Operation::Create,
        protected: false,
        missing,
        extra: Vec::new(),
    }
}

/// The object that is there with the labels and annotations of the other, its own first.
fn begin(existing: &Value, expected: &Value) -> Plan {
    let mut object = existing.clone();
    let mut operation = Operation::None;
    for field in ["annotations", "labels"] {
        for (key, value) in expected["metadata"][field].as_object().into_iter().flatten() {
            if existing["metadata"][field].get(key).is_none() {
                object["metadata"][field][key] = value.clone();
                operation = Operation::Update;
            }
        }
    }
    let protected =
        existing["metadata"]["annotations"]["rbac.authorization.kubernetes.io/autoupdate"] == "false";
    Plan { object, operation, protected, missing: Vec::new(), extra: Vec::new() }
}

fn role(existing: &Value, expected: &Value, remove_extra: bool) -> Plan {
    let mut plan = begin(existing, expected);
    let (have, want) = (rules_of(existing), rules_of(expected));
    let (aggregated, to_aggregate) = (&existing["aggregationRule"], &expected["aggregationRule"]);
    let missing = rules::uncovered(&have, &want);
    let extra = if aggregated.is_null() || to_aggregate.is_null() {
        rules::uncovered(&want, &have)
    } else {
        Vec::new()
    };
    if remove_extra && !(missing.is_empty() && extra.is_empty()) {
        plan.object["rules"] = expected["rules"].clone();
        plan.operation = Operation::Update;
    } else if !missing.is_empty() {
        let rules = missing.iter().map(Rule::object);
        plan.object["rules"] = list(existing, "rules").iter().cloned().chain(rules).collect();
        plan.operation = Operation::Update;
    }
    let selectors = |rule: &Value| list(rule, "clusterRoleSelectors").to_vec();
    let beyond = |of: &Value, other: &Value| {
        let known = selectors(other);
        selectors(of).into_iter().filter(|selector| !known.contains(selector)).collect::<Vec<_>>()
    };
    let (lacking, surplus) = (beyond(to_aggregate, aggregated), beyond(aggregated, to_aggregate));
    if to_aggregate.is_null() && !aggregated.is_null() {
        if let Some(role) = plan.object.as_object_mut() {
            role.remove("aggregationRule");
        }
        plan.operation = Operation::Update;
    } else if remove_extra && !(lacking.is_empty() && surplus.is_empty()) {
        plan.object["aggregationRule"] = to_aggregate.clone();
        plan.operation = Operation::Update;
    } else if !lacking.is_empty() {
        let all = [selectors(aggregated), lacking].concat();
        plan.object["aggregationRule"] = json!({"clusterRoleSelectors": all});
        plan.operation = Operation::Update;
    }
    plan.missing = missing.iter().map(Rule::text).collect();
    plan.extra = extra.iter().map(Rule::text).collect();
    plan
}

fn binding(existing: &Value, expected: &Value, remove_extra: bool) -> Plan {
    let mut plan = begin(existing, expected);
    if existing["roleRef"] != expected["roleRef"] {
        return Plan { object: expected.clone(), operation: Operation::Recreate, ..plan };
    }
    let (have, want) = (list(existing, "subjects"), list(expected, "subjects"));
    let beyond = |of: &[Value], other: &[Value]| {
        let mut only: Vec<Value> = Vec::new();
        for subject in of {
            if !other.contains(subject) && !only.contains(subject) {
                only.push(subject.clone());
            }
        }
        only
    };
    let (missing, extra) = (beyond(want, have), beyond(have, want));
    if remove_extra && !(missing.is_empty() && extra.is_empty()) {
        plan.object["subjects"] = expected["subjects"].clone();
        plan.operation = Operation::Update;
    } else if !missing.is_empty() {
        plan.object["subjects"] = [have, &missing[..]].concat().into();
        plan.operation = Operation::Update;
    }
    plan.missing = missing.iter().map(subject_text).collect();
    plan.extra = extra.iter().map(subject_text).collect();
    plan
}

impl Plan {
    /// What is said about it on standard error.
    fn report(&self, is_role: bool, remove_extra: bool) -> String {
        let operation = match self.operation {
            Operation::None => return String::new(),
            Operation::Create => "create",
            Operation::Update => "update",
            Operation::Recreate => "recreate",
        };
        let caveat = if self.protected {
            ", but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)"
        } else {
            ""
        };
        let mut text = format!("\treconciliation required {operation}{caveat}\n");
        let what = if is_role { "rules" } else { "subjects" };
        let no_extra = Vec::new();
        let extra = if remove_extra { &self.extra } else { &no_extra };
        for (how, list) in
            [(format!("missing {what} added"), &self.missing), (format!("extra {what} removed"), extra)]
        {
            if !list.is_empty() {
                text.push_str(&format!("\t{how}:\n"));
                text.extend(list.iter().map(|one| format!("\t\t{one}\n")));
            }
        }
        text
    }
}
