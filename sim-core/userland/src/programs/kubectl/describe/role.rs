//! `kubectl describe` of roles, cluster roles, and what binds them.

use super::writer::{Writer, items, plain};
use crate::programs::kubectl::rules::{self, Rule};
use serde_json::Value;

/// Writes a role; it has no events.
pub fn describe(w: &mut Writer, role: &Value) {
    head(w, role);
    w.write(0, "PolicyRule:\n");
    w.write(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    w.write(1, "---------\t-----------------\t--------------\t-----\n");
    let all: Vec<Rule> = items(&role["rules"]).iter().map(Rule::read).collect();
    for rule in rules::compact(&all) {
        w.write(1, &rule.row());
    }
}

/// Writes a binding; it has no events.
pub fn binding(w: &mut Writer, binding: &Value) {
    head(w, binding);
    w.write(0, "Role:\n");
    w.value(1, "Kind", &binding["roleRef"]["kind"]);
    w.value(1, "Name", &binding["roleRef"]["name"]);
    w.write(0, "Subjects:\n");
    w.write(1, "Kind\tName\tNamespace\n");
    w.write(1, "----\t----\t---------\n");
    for subject in items(&binding["subjects"]) {
        let [kind, name, namespace] = ["kind", "name", "namespace"].map(|field| plain(&subject[field]));
        w.write(1, &format!("{kind}\t{name}\t{namespace}\n"));
    }
}

fn head(w: &mut Writer, object: &Value) {
    w.value(0, "Name", &object["metadata"]["name"]);
    w.labels("Labels", &object["metadata"]["labels"]);
    w.annotations("Annotations", &object["metadata"]["annotations"]);
}
