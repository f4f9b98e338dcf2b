//! Keeps a namespace within its quotas: an object that would use more than is allowed does not come in, and
//! one that comes in is counted at once. Models `plugin/pkg/admission/resourcequota`.

use crate::api::quota::{is_of, matches, missing, usage};
use crate::api::resource_list::{self, Amount, ResourceList};
use crate::api::{ObjectExt, PERSISTENT_VOLUME_CLAIM, POD, RESOURCE_QUOTA, Resource, SERVICE, Status, set};
use crate::apiserver::{ApiServer, Filter};
use serde_json::Value;

/// The quotas as they are once the object is in; an error when it is too much for one. `old` when it is changed.
pub(crate) fn charge(
    server: &ApiServer,
    resource: Resource,
    object: &Value,
    old: Option<&Value>,
) -> Result<Vec<Value>, Status> {
    let changes = std::ptr::eq(resource, SERVICE) || std::ptr::eq(resource, PERSISTENT_VOLUME_CLAIM);
    if !resource.namespaced || (old.is_some() && !changes) {
        return Ok(Vec::new());
    }
    let quotas = server.list(RESOURCE_QUOTA, object.namespace(), &Filter::default());
    if quotas.is_empty() {
        return Ok(Vec::new());
    }
    let refuse = |why: String| Status::forbidden(resource, object.name(), &why);
    let mut delta = usage(resource, object);
    if let Some(old) = old {
        for (name, before) in usage(resource, old) {
            delta.entry(name).and_modify(|amount| *amount = amount.minus(before));
        }
    }
    let mut charged = Vec::new();
    for quota in quotas.iter().filter(|quota| matches(quota, resource, object)) {
        let hard = resource_list::read(quota.map_at("/status/hard"));
        let used = resource_list::read(quota.map_at("/status/used"));
        if std::ptr::eq(resource, POD)
            && let Some(missing) = missing(object, hard.keys().filter(|name| is_of(POD, name)))
        {
            return Err(refuse(format!("failed quota: {}: must specify {missing}", quota.name())));
        }
        if hard.keys().any(|name| !used.contains_key(name)) {
            return Err(refuse(format!("status unknown for quota: {}", quota.name())));
        }
        let asked: ResourceList =
            delta.iter().filter(|(name, _)| hard.contains_key(*name)).map(|(n, a)| (n.clone(), *a)).collect();
        if asked.values().all(|amount| amount.milli == 0) {
            continue;
        }
        let mut new = used.clone();
        resource_list::add(&mut new, &asked);
        let exceeded: Vec<&String> =
            asked.keys().filter(|name| new[*name].milli > hard[*name].milli).collect();
        if !exceeded.is_empty() {
            return Err(refuse(format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                quota.name(),
                listed(&asked, &exceeded),
                listed(&used, &exceeded),
                listed(&hard, &exceeded)
            )));
        }
        let mut changed = (**quota).clone();
        set(&mut changed, "/status/used", resource_list::write(&new));
        charged.push(changed);
    }
    Ok(charged)
}

fn listed(list: &ResourceList, names: &[&String]) -> String {
    let part = |name: &&String| {
        let amount = list.get(*name).copied().unwrap_or_else(Amount::default);
        format!("{name}={}", amount.text())
    };
    names.iter().map(part).collect::<Vec<_>>().join(",")
}
