//! What objects use of a quota. Models `pkg/quota/v1/evaluator/core` and `apiserver/pkg/quota/v1/generic`.

use super::core_v1::persistent_volume::class;
use super::resource_list::{self, Amount, ResourceList};
use super::service::service_type;
use super::{ObjectExt, PERSISTENT_VOLUME_CLAIM, POD, Resource, SERVICE, pod};
use serde_json::Value;
use sim::Ordered;

/// The names under which kinds of the core group are counted besides `count/...`.
const COUNTED: &[&str] = &[
    "configmaps",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "persistentvolumeclaims",
];

/// Requests and limits that every container must name when a quota has them.
const COMPUTE: &[&str] = &["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// What one object uses.
pub fn usage(resource: Resource, object: &Value) -> ResourceList {
    let mut used = ResourceList::new();
    let one = Amount::of(1);
    if std::ptr::eq(resource, POD) {
        if pod::is_terminal(object) {
            return used;
        }
        used.insert("pods".to_string(), one);
        compute(&pod_total(object, "requests"), &["", "requests."], &mut used);
        compute(&pod_total(object, "limits"), &["limits."], &mut used);
    }
    used.insert(format!("count/{}", resource.qualified()), one);
    if resource.group.is_empty() && COUNTED.contains(&resource.plural) {
        used.insert(resource.plural.to_string(), one);
    }
    if std::ptr::eq(resource, SERVICE) {
        let ports = Amount::of(object.list_at("/spec/ports").len());
        let balanced = service_type(object) == "LoadBalancer";
        let open = service_type(object) == "NodePort"
            || (balanced && object.at("/spec/allocateLoadBalancerNodePorts") != &Value::Bool(false));
        used.insert("services.nodeports".to_string(), if open { ports } else { Amount::default() });
        used.insert("services.loadbalancers".to_string(), Amount::of(usize::from(balanced)));
    }
    if std::ptr::eq(resource, PERSISTENT_VOLUME_CLAIM) {
        let size = object.at("/spec/resources/requests/storage").as_str().map(Amount::parse);
        let of_class = class(object);
        if !of_class.is_empty() {
            used.insert(format!("{of_class}.storageclass.storage.k8s.io/persistentvolumeclaims"), one);
        }
        if let Some(size) = size {
            used.insert("requests.storage".to_string(), size);
            if !of_class.is_empty() {
                used.insert(format!("{of_class}.storageclass.storage.k8s.io/requests.storage"), size);
            }
        }
    }
    used
}

fn compute(total: &ResourceList, prefixes: &[&str], used: &mut ResourceList) {
    for (name, amount) in total {
        for prefix in prefixes {
            // Other resources are counted by their requests only.
            let native = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage");
            if native || *prefix == "requests." {
                used.insert(format!("{prefix}{name}"), *amount);
            }
        }
    }
}

/// Requests or limits of a whole pod: of all containers together, or of the init container that has most.
pub fn pod_total(pod: &Value, kind: &str) -> ResourceList {
    let path = format!("/resources/{kind}");
    let of = |container: &Value| resource_list::read(container.map_at(&path));
    let mut total = ResourceList::new();
    for container in pod.list_at("/spec/containers") {
        resource_list::add(&mut total, &of(container));
    }
    // Sidecars go on beside the others; what comes before them needs what they have by then.
    let (mut sidecars, mut most) = (ResourceList::new(), ResourceList::new());
    for container in pod.list_at("/spec/initContainers") {
        let mut own = of(container);
        if container.str_at("/restartPolicy") == "Always" {
            resource_list::add(&mut total, &own);
            resource_list::add(&mut sidecars, &own);
            own.clone_from(&sidecars);
        } else {
            resource_list::add(&mut own, &sidecars);
        }
        resource_list::maximum(&mut most, &own);
    }
    resource_list::maximum(&mut total, &most);
    resource_list::add(&mut total, &resource_list::read(pod.map_at("/spec/overhead")));
    total
}

/// Whether a quota's resource of this name is one that objects of this kind use.
pub fn is_of(resource: Resource, name: &str) -> bool {
    if name.strip_prefix("count/").is_some_and(|counted| counted == resource.qualified()) {
        return true;
    }
    if std::ptr::eq(resource, POD) {
        let foreign = name
            .strip_prefix("requests.")
            .is_some_and(|rest| rest.contains('/') || rest.starts_with("hugepages-"));
        return foreign
            || COMPUTE.contains(&name)
            || name.ends_with("ephemeral-storage")
            || name.starts_with("hugepages-")
            || name == "pods";
    }
    if std::ptr::eq(resource, SERVICE) {
        return matches!(name, "services" | "services.nodeports" | "services.loadbalancers");
    }
    if std::ptr::eq(resource, PERSISTENT_VOLUME_CLAIM) {
        return matches!(name, "persistentvolumeclaims" | "requests.storage")
            || name.contains(".storageclass.storage.k8s.io/");
    }
    resource.group.is_empty() && resource.plural == name && COUNTED.contains(&name)
}

/// Whether a quota is about this object: its scopes fit, and it has a resource that such objects use.
pub fn matches(quota: &Value, resource: Resource, object: &Value) -> bool {
    quota.map_at("/status/hard").keys().any(|name| is_of(resource, name)) && in_scope(quota, resource, object)
}

/// Whether an object is within a quota's scopes.
pub fn in_scope(quota: &Value, resource: Resource, object: &Value) -> bool {
    let plain = quota.list_at("/spec/scopes").iter().filter_map(Value::as_str);
    let mut all = plain.map(|scope| (scope, "Exists", &[] as &[Value])).chain(
        quota.list_at("/spec/scopeSelector/matchExpressions").iter().map(|expression| {
            (expression.str_at("/scopeName"), expression.str_at("/operator"), expression.list_at("/values"))
        }),
    );
    all.all(|(scope, operator, values)| {
        // Scopes choose among pods; nothing else is ever in one.
        std::ptr::eq(resource, POD)
            && match scope {
                "Terminating" => object.int_at("/spec/activeDeadlineSeconds").is_some_and(|s| s >= 0),
                "NotTerminating" => object.int_at("/spec/activeDeadlineSeconds").is_none_or(|s| s < 0),
                "BestEffort" => pod::qos_class(object) == "BestEffort",
                "NotBestEffort" => pod::qos_class(object) != "BestEffort",
                "PriorityClass" => {
                    let class = object.str_at("/spec/priorityClassName");
                    let listed = values.iter().any(|value| value == class);
                    match operator {
                        "Exists" => !class.is_empty(),
                        "DoesNotExist" => class.is_empty(),
                        "In" => listed,
                        _ => !listed,
                    }
                }
                "CrossNamespacePodAffinity" => crosses_namespaces(object),
                _ => false,
            }
    })
}

fn crosses_namespaces(pod: &Value) -> bool {
    let term =
        |term: &Value| !term.list_at("/namespaces").is_empty() || !term.at("/namespaceSelector").is_null();
    ["podAffinity", "podAntiAffinity"].iter().any(|kind| {
        let affinity = pod.at("/spec/affinity").get(*kind).unwrap_or(&Value::Null);
        affinity.list_at("/requiredDuringSchedulingIgnoredDuringExecution").iter().any(term)
            || affinity
                .list_at("/preferredDuringSchedulingIgnoredDuringExecution")
                .iter()
                .any(|weighted| term(weighted.at("/podAffinityTerm")))
    })
}

/// What containers must name and do not, when a quota has these resources: `cpu for: a,b; memory for: a`.
pub fn missing<'a>(pod: &Value, names: impl Iterator<Item = &'a String>) -> Option<String> {
    let mut parts = Vec::new();
    for name in names.filter(|name| COMPUTE.contains(&name.as_str())) {
        let (kind, plain) = match name.split_once('.') {
            Some((kind, plain)) => (kind, plain),
            None => ("requests", name.as_str()),
        };
        let all = ["containers", "initContainers"]
            .iter()
            .flat_map(|list| pod.at("/spec").get(*list).and_then(Value::as_array).into_iter().flatten());
        let mut without: Vec<&str> = all
            .filter(|container| {
                container.at("/resources").get(kind).is_none_or(|list| list.get(plain).is_none())
            })
            .map(|container| container.str_at("/name"))
            .collect();
        without.order();
        without.dedup();
        if !without.is_empty() {
            parts.push(format!("{name} for: {}", without.join(",")));
        }
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}
