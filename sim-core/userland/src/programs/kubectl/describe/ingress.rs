//! `kubectl describe ingress`.

use super::Describer;
use super::service::endpoints;
use super::writer::{Writer, items, or_none, plain};
use serde_json::Value;
use sim::Ordered;

/// Writes it, events left out.
pub async fn describe(describer: &Describer, w: &mut Writer, ingress: &Value) {
    let (metadata, spec) = (&ingress["metadata"], &ingress["spec"]);
    let namespace = plain(&metadata["namespace"]);
    w.value(0, "Name", &metadata["name"]);
    w.labels("Labels", &metadata["labels"]);
    w.field(0, "Namespace", &namespace);
    w.field(0, "Address", &addresses(ingress));
    w.field(0, "Ingress Class", or_none(&plain(&spec["ingressClassName"])));
    let default = match &spec["defaultBackend"] {
        Value::Null => "<default>".to_string(),
        target => backend(describer, &namespace, target).await,
    };
    w.field(0, "Default backend", &default);
    if !items(&spec["tls"]).is_empty() {
        w.write(0, "TLS:\n");
    }
    for tls in items(&spec["tls"]) {
        let hosts: Vec<String> = items(&tls["hosts"]).iter().map(plain).collect();
        let hosts = hosts.join(",");
        match plain(&tls["secretName"]).as_str() {
            "" => w.write(1, &format!("SNI routes {hosts}\n")),
            secret => w.write(1, &format!("{secret} terminates {hosts}\n")),
        }
    }
    w.write(0, "Rules:\n  Host\tPath\tBackends\n");
    w.write(1, "----\t----\t--------\n");
    let mut none = true;
    for rule in items(&spec["rules"]).iter().filter(|rule| !rule["http"].is_null()) {
        none = false;
        let host = plain(&rule["host"]);
        w.write(1, &format!("{}\t\n", if host.is_empty() { "*" } else { &host }));
        for path in items(&rule["http"]["paths"]) {
            let target = backend(describer, &namespace, &path["backend"]).await;
            w.write(2, &format!("\t{} \t{target}\n", plain(&path["path"])));
        }
    }
    if none {
        w.write(1, &format!("*\t*\t{default}\n"));
    }
    w.annotations("Annotations", &metadata["annotations"]);
}

fn addresses(ingress: &Value) -> String {
    let points = items(&ingress["status"]["loadBalancer"]["ingress"]).iter();
    let mut all: Vec<String> = points
        .map(|point| match plain(&point["ip"]) {
            ip if ip.is_empty() => plain(&point["hostname"]),
            ip => ip,
        })
        .collect();
    all.order();
    all.join(",")
}

/// `blue:80 (10.244.1.2:80)`: a Service with what is behind it now.
async fn backend(describer: &Describer, namespace: &str, backend: &Value) -> String {
    let service = &backend["service"];
    if service.is_null() {
        let resource = &backend["resource"];
        let group = plain(&resource["apiGroup"]);
        return format!(
            "APIGroup: {}, Kind: {}, Name: {}",
            or_none(&group),
            plain(&resource["kind"]),
            plain(&resource["name"])
        );
    }
    let (name, port) = (plain(&service["name"]), &service["port"]);
    let shown = match &port["number"] {
        Value::Null => plain(&port["name"]),
        number => plain(number),
    };
    let path = format!("/api/v1/namespaces/{namespace}/services/{name}");
    let found = match describer.client.get(&path, &[]).await {
        Ok(found) => found,
        Err(error) => return format!("{name}:{shown} (<error: {}>)", error.message()),
    };
    let same =
        |p: &&Value| p["port"] == port["number"] || (!p["name"].is_null() && p["name"] == port["name"]);
    let port_name = items(&found["spec"]["ports"]).iter().find(same).map(|p| plain(&p["name"]));
    let slices = describer.endpoint_slices(&found).await;
    format!("{name}:{shown} ({})", endpoints(&slices, &port_name.unwrap_or_default()))
}
