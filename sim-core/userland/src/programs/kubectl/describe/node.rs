//! `kubectl describe node`.

use super::Describer;
use super::quantity::Quantity;
use super::writer::{Writer, entries, items, plain, rfc1123};
use crate::programs::kubectl::error::Result;
use serde_json::Value;

const ROLE: &str = "node-role.kubernetes.io/";
/// Resources that are always in the table of what is allocated.
const STANDARD: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// Writes it, events left out.
pub async fn describe(describer: &Describer, w: &mut Writer, node: &Value) -> Result<()> {
    let name = plain(&node["metadata"]["name"]);
    let lease = describer
        .client
        .get(&format!("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}"), &[])
        .await
        .unwrap_or(Value::Null);
    let fields = format!("spec.nodeName={name},status.phase!=Succeeded,status.phase!=Failed");
    let query = [("fieldSelector", fields.as_str()), ("limit", "500")];
    let pods = describer.list("/api/v1/pods", &query, Some(&["metadata", "spec"])).await;
    write(w, node, &lease, &pods);
    Ok(())
}

/// Writes what was fetched.
pub fn write(w: &mut Writer, node: &Value, lease: &Value, pods: &[Value]) {
    let (metadata, spec, status) = (&node["metadata"], &node["spec"], &node["status"]);
    w.value(0, "Name", &metadata["name"]);
    let roles: Vec<&str> = entries(&metadata["labels"])
        .filter_map(|(key, _)| key.strip_prefix(ROLE))
        .filter(|r| !r.is_empty())
        .collect();
    w.field(0, "Roles", &if roles.is_empty() { "<none>".to_string() } else { roles.join(",") });
    w.labels("Labels", &metadata["labels"]);
    w.annotations("Annotations", &metadata["annotations"]);
    w.time(0, "CreationTimestamp", &metadata["creationTimestamp"]);
    taints(w, &spec["taints"]);
    w.field(0, "Unschedulable", &(spec["unschedulable"] == true).to_string());
    w.write(0, "Lease:\n");
    let or_unset = |value: &Value| if value.is_null() { "<unset>".to_string() } else { plain(value) };
    let time = |value: &Value| if value.is_null() { "<unset>".to_string() } else { rfc1123(value) };
    w.field(1, "HolderIdentity", &or_unset(&lease["spec"]["holderIdentity"]));
    w.field(1, "AcquireTime", &time(&lease["spec"]["acquireTime"]));
    w.field(1, "RenewTime", &time(&lease["spec"]["renewTime"]));
    conditions(w, &status["conditions"]);
    w.write(0, "Addresses:\n");
    for address in items(&status["addresses"]) {
        w.value(1, &plain(&address["type"]), &address["address"]);
    }
    for (title, field) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        w.write(0, &format!("{title}:\n"));
        for (name, quantity) in entries(&status[field]) {
            w.value(1, name, quantity);
        }
    }
    system_info(w, &status["nodeInfo"]);
    w.optional(0, "PodCIDR", &spec["podCIDR"]);
    if !items(&spec["podCIDRs"]).is_empty() {
        let ranges: Vec<String> = items(&spec["podCIDRs"]).iter().map(plain).collect();
        w.field(0, "PodCIDRs", &ranges.join(","));
    }
    w.optional(0, "ProviderID", &spec["providerID"]);
    pods_table(w, pods, &status["allocatable"]);
}

fn taints(w: &mut Writer, taints: &Value) {
    let texts: Vec<String> = items(taints)
        .iter()
        .map(|t| match t["value"].as_str() {
            Some(value) if !value.is_empty() => {
                format!("{}={value}:{}", plain(&t["key"]), plain(&t["effect"]))
            }
            _ => format!("{}:{}", plain(&t["key"]), plain(&t["effect"])),
        })
        .collect();
    if texts.is_empty() {
        return w.field(0, "Taints", "<none>");
    }
    for (i, text) in texts.iter().enumerate() {
        w.write(0, &format!("{}\t{text}\n", if i == 0 { "Taints:" } else { "" }));
    }
}

fn conditions(w: &mut Writer, conditions: &Value) {
    w.write(0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n");
    w.write(1, "----\t------\t-----------------\t------------------\t------\t-------\n");
    for c in items(conditions) {
        w.write(
            1,
            &format!(
                "{} \t{} \t{} \t{} \t{} \t{}\n",
                plain(&c["type"]),
                plain(&c["status"]),
                rfc1123(&c["lastHeartbeatTime"]),
                rfc1123(&c["lastTransitionTime"]),
                plain(&c["reason"]),
                plain(&c["message"])
            ),
        );
    }
}

fn system_info(w: &mut Writer, info: &Value) {
    w.write(0, "System Info:\n");
    for (label, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
        ("Kube-Proxy Version", "kubeProxyVersion"),
    ] {
        w.value(1, label, &info[field]);
    }
}

fn pods_table(w: &mut Writer, pods: &[Value], allocatable: &Value) {
    w.write(0, &format!("Non-terminated Pods:\t({} in total)\n", pods.len()));
    w.write(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n");
    w.write(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n");
    let whole = |resource: &str| Quantity::parse(&plain(&allocatable[resource]));
    for pod in pods {
        let mut cells =
            vec![plain(&pod["metadata"]["namespace"]), plain(&pod["metadata"]["name"]), String::new()];
        for (resource, field) in
            [("cpu", "requests"), ("cpu", "limits"), ("memory", "requests"), ("memory", "limits")]
        {
            let amount = of_pod(pod, field, resource);
            cells.push(format!("{} ({}%)", amount.text(), amount.percent_of(whole(resource))));
        }
        cells.push(w.age(&pod["metadata"]["creationTimestamp"]));
        w.write(1, &(cells.join("\t") + "\n"));
    }
    w.write(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n");
    w.write(1, "Resource\tRequests\tLimits\n");
    w.write(1, "--------\t--------\t------\n");
    let extended =
        entries(allocatable).map(|(name, _)| name.as_str()).filter(|n| *n != "pods" && !STANDARD.contains(n));
    for resource in STANDARD.into_iter().chain(extended) {
        let sum = |field: &str| {
            pods.iter().fold(Quantity::default(), |sum, pod| sum.plus(of_pod(pod, field, resource)))
        };
        let text = |amount: Quantity| format!("{} ({}%)", amount.text(), amount.percent_of(whole(resource)));
        w.write(1, &format!("{resource}\t{}\t{}\n", text(sum("requests")), text(sum("limits"))));
    }
}

/// What a pod asks for: the sum of its containers, or the largest of its init containers.
fn of_pod(pod: &Value, field: &str, resource: &str) -> Quantity {
    let of = |container: &Value| match container["resources"][field][resource].as_str() {
        Some(text) => Quantity::parse(text),
        None => Quantity::default(),
    };
    let sum = items(&pod["spec"]["containers"]).iter().fold(Quantity::default(), |sum, c| sum.plus(of(c)));
    items(&pod["spec"]["initContainers"]).iter().fold(sum, |most, c| most.max(of(c)))
}
