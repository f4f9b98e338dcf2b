//! `kubectl create quota`.

use super::{COMMON, begin, create_generated};
use crate::programs::kubectl::command::{Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use kube::api::quantity;
use kube::json;
use serde_json::{Map, Value};
use std::rc::Rc;

pub(super) const COMMAND: Command = Command {
    name: "quota",
    aliases: &["resourcequota"],
    usage: "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none]",
    short: "Create a quota with the specified name",
    long: "Create a resource quota with the specified name, hard limits, and optional scopes.",
    examples: "# A quota named my-quota\nkubectl create quota my-quota --hard=cpu=1,memory=1G,pods=2,services=3,replicationcontrollers=2,resourcequotas=1,secrets=5,persistentvolumeclaims=10\n\n# One that only counts pods of the class BestEffort\nkubectl create quota best-effort --hard=pods=100 --scopes=BestEffort",
    flags: &[globals::DRY_RUN, globals::PRINT, COMMON, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string("hard", "", "The limits, as resource=quantity, separated by commas."),
    Flag::string("scopes", "", "Scopes, separated by commas; the quota counts what is in all of them."),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let name = begin(&k).await?;
    let mut spec = Map::new();
    let mut hard = Map::new();
    for pair in k.flags.str("hard").split(',').filter(|_| !k.flags.str("hard").is_empty()) {
        let parts: Vec<&str> = pair.split('=').collect();
        let [resource, amount] = parts[..] else {
            return Err(Error::text(format!("Invalid argument syntax {pair}, expected <resource>=<value>")));
        };
        let amount = quantity::canonical(amount).ok_or_else(|| {
            Error::text(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            )
        })?;
        hard.insert(resource.to_string(), Value::from(amount));
    }
    if !hard.is_empty() {
        spec.insert("hard".to_string(), Value::from(hard));
    }
    let scopes = k.flags.str("scopes");
    if !scopes.is_empty() {
        spec.insert("scopes".to_string(), json!(scopes.split(',').collect::<Vec<_>>()));
    }
    let object = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": spec, "status": {},
    });
    create_generated(&k, object, Some("quota:")).await
}
