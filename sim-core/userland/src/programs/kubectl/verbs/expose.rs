//! `kubectl expose`: a Service for what something selects. Models pkg/cmd/expose.

use super::create;
use crate::programs::kubectl::command::{Arguments, Command, Run};
use crate::programs::kubectl::error::{Error, Result};
use crate::programs::kubectl::flags::Flag;
use crate::programs::kubectl::globals;
use crate::programs::kubectl::invocation::Kubectl;
use crate::programs::kubectl::printers::{self, DryRun};
use crate::programs::kubectl::selection::{self, Info, Rules};
use kube::json;
use serde_json::{Map, Value};
use std::rc::Rc;

/// The row of the tree.
pub const COMMAND: Command = Command {
    name: "expose",
    usage: "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]",
    short: "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
    long: "Expose a resource as a new Kubernetes service.\n\n Takes a deployment, service, replica set, replication controller or pod by name and gives the new service its selector. Possible resources include (case insensitive):\n\n pod (po), service (svc), replicationcontroller (rc), deployment (deploy), replicaset (rs)",
    examples: "# A service for a deployment of nginx, on port 80, that leads to port 8000 of its containers\nkubectl expose deployment nginx --port=80 --target-port=8000\n\n# A service for a pod, called frontend, on port 444\nkubectl expose pod valid-pod --port=444 --name=frontend\n\n# A second service for what another one selects\nkubectl expose service nginx --port=443 --target-port=8443 --name=nginx-https",
    flags: &[globals::DRY_RUN, globals::FILENAMES, globals::PRINT, globals::RECORD, FLAGS],
    run: Run::Verb(|k| Box::pin(run(k))),
    arguments: Arguments::Resources(
        &["pod", "service", "replicationcontroller", "deployment", "replicaset"],
        true,
    ),
    ..Command::NEW
};

const FLAGS: &[Flag] = &[
    Flag::string(
        "cluster-ip",
        "",
        "Address of the service in the cluster; chosen by the server if empty, 'None' for a headless service.",
    ),
    Flag::string(
        "external-ip",
        "",
        "A further address (not managed by Kubernetes) at which nodes accept traffic for the service.",
    ),
    Flag::string("field-manager", "kubectl-expose", "Name that stands for who owns the fields"),
    Flag::string("labels", "", "Labels of the service.").short('l'),
    Flag::string("load-balancer-ip", "", "Address for the load balancer; chosen by the cloud if empty."),
    Flag::string("name", "", "Name of the service."),
    Flag::string("override-type", "merge", "How --overrides is applied: json, merge or strategic."),
    Flag::string("overrides", "", "JSON that replaces fields of the object."),
    Flag::string("port", "", "The port of the service; that of the exposed resource if not given."),
    Flag::string("protocol", "", "The protocol of the service: TCP by default."),
    Flag::bool(
        "save-config",
        "Keep the configuration in an annotation of the object, for a later kubectl apply",
    ),
    Flag::string(
        "selector",
        "",
        "Labels that the service selects by; those of the exposed resource if not given.",
    ),
    Flag::string("session-affinity", "", "'None' or 'ClientIP'"),
    Flag::string("target-port", "", "Name or number of the port on the containers that traffic goes to."),
    Flag::string("type", "", "ClusterIP, NodePort, LoadBalancer, or ExternalName: 'ClusterIP' by default."),
];

async fn run(k: Rc<Kubectl>) -> Result<()> {
    let dry_run = printers::dry_run(&k)?;
    let selection = selection::select(&k, k.args(), Rules { own_selector: true, ..Rules::default() }).await?;
    let (infos, errors) = selection.fetch(&k, true).await?;
    let mut all = errors;
    for info in infos {
        if let Err(error) = expose(&k, &info, dry_run).await {
            all.push(error);
        }
    }
    Error::many(all)
}

async fn expose(k: &Kubectl, info: &Info, dry_run: DryRun) -> Result<()> {
    let kind = info.resource.kind.as_str();
    let exposable = matches!(kind, "Deployment" | "Pod" | "ReplicaSet" | "ReplicationController" | "Service");
    if !exposable {
        return Err(Error::text(format!("cannot expose a {kind}")));
    }
    let name = match k.flags.str("name") {
        "" => info.name.clone(),
        name => name.to_string(),
    };
    let selector = match k.flags.str("selector") {
        "" => selector_of(kind, &info.object).map_err(|why| {
            Error::text(format!(
                "couldn't retrieve selectors via --selector flag or introspection: {}",
                why.message()
            ))
        })?,
        text => labels(text)?,
    };
    let headless = k.flags.str("cluster-ip") == "None";
    let ports = ports_of(kind, &info.object);
    let numbers: Vec<String> = match k.flags.str("port") {
        "" if ports.is_empty() && !headless => {
            return Err(Error::text("couldn't find port via --port flag or introspection"));
        }
        "" => ports.iter().map(|(number, _)| number.to_string()).collect(),
        text => text.split(',').map(String::from).collect(),
    };
    let mut entries = Vec::new();
    for (index, text) in numbers.iter().enumerate() {
        let number: i64 = text
            .parse()
            .map_err(|_| Error::text(format!("strconv.Atoi: parsing {text:?}: invalid syntax")))?;
        let protocol = match k.flags.str("protocol") {
            "" => ports.iter().find(|(port, _)| *port == number).map_or("TCP", |(_, protocol)| protocol),
            protocol => protocol,
        };
        let target = match k.flags.str("target-port") {
            "" => json!(number),
            text => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
        };
        let mut entry = json!({"port": number, "protocol": protocol, "targetPort": target});
        if numbers.len() > 1 {
            entry["name"] = json!(format!("port-{}", index + 1));
        }
        entries.push(entry);
    }
    let mut service = super::run::with_overrides(k, service(k, info, &name, selector, entries)?)?;
    k.record(&mut service);
    let namespace = info.namespace.clone();
    if k.flags.bool("save-config") && dry_run != DryRun::Client {
        service["metadata"]["annotations"][super::apply::LAST_APPLIED] =
            (kube::api::go_order::compact(&service) + "\n").into();
    }
    let resource = k.mapper().await?.find("services")?;
    let mut made = Info { resource, namespace, name, source: String::new(), object: service };
    if k.namespace().await?.1 {
        made.object["metadata"]["namespace"] = made.namespace.as_str().into();
    }
    if dry_run != DryRun::Client {
        let query = create::query(k, dry_run)?;
        let query: Vec<(&str, &str)> = query.iter().map(|(key, value)| (*key, value.as_str())).collect();
        made.object =
            k.client().await?.post(&made.resource.collection(&made.namespace), &query, &made.object).await?;
    }
    printers::print_typed_result(k, &made, "exposed").await
}

fn service(
    k: &Kubectl,
    info: &Info,
    name: &str,
    selector: Map<String, Value>,
    ports: Vec<Value>,
) -> Result<Value> {
    let own = match k.flags.str("labels") {
        "" => info.object["metadata"]["labels"].as_object().cloned().unwrap_or_default(),
        text => labels(text)?,
    };
    let mut service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": selector},
        "status": {"loadBalancer": {}},
    });
    if !own.is_empty() {
        service["metadata"]["labels"] = Value::Object(own);
    }
    let spec = &mut service["spec"];
    if !ports.is_empty() {
        spec["ports"] = Value::from(ports);
    }
    for (flag, field) in [
        ("type", "type"),
        ("cluster-ip", "clusterIP"),
        ("load-balancer-ip", "loadBalancerIP"),
        ("session-affinity", "sessionAffinity"),
    ] {
        let only_of_load_balancers = flag == "load-balancer-ip" && k.flags.str("type") != "LoadBalancer";
        if !k.flags.str(flag).is_empty() && !only_of_load_balancers {
            spec[field] = k.flags.str(flag).into();
        }
    }
    if !k.flags.str("external-ip").is_empty() {
        spec["externalIPs"] = json!([k.flags.str("external-ip")]);
    }
    match k.flags.str("session-affinity") {
        "" | "None" | "ClientIP" => Ok(service),
        other => Err(Error::text(format!("unknown session affinity: {other}"))),
    }
}

fn selector_of(kind: &str, object: &Value) -> Result<Map<String, Value>> {
    let map = match kind {
        "Pod" => &object["metadata"]["labels"],
        "Service" | "ReplicationController" => &object["spec"]["selector"],
        _ => {
            if object
                .pointer("/spec/selector/matchExpressions")
                .and_then(Value::as_array)
                .is_some_and(|e| !e.is_empty())
            {
                return Err(Error::text(
                    "couldn't convert expressions - \"matchExpressions\" to map-based selector format",
                ));
            }
            &object["spec"]["selector"]["matchLabels"]
        }
    };
    match map.as_object().filter(|map| !map.is_empty()) {
        Some(map) => Ok(map.clone()),
        None if kind == "Service" => Err(Error::text("the service has no pod selector set")),
        None if kind == "Pod" => Err(Error::text("the pod has no labels and cannot be exposed")),
        None => Err(Error::text(format!(
            "invalid {}: no selectors, therefore cannot be exposed",
            kind.to_lowercase()
        ))),
    }
}

/// Ports of the containers or of the Service, with their protocols.
fn ports_of(kind: &str, object: &Value) -> Vec<(i64, String)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let protocol = |port: &Value| port["protocol"].as_str().unwrap_or("TCP").to_string();
    if kind == "Service" {
        return list(&object["spec"]["ports"])
            .iter()
            .map(|port| (port["port"].as_i64().unwrap_or(0), protocol(port)))
            .collect();
    }
    let spec = if kind == "Pod" { &object["spec"] } else { &object["spec"]["template"]["spec"] };
    let containers = list(&spec["containers"]);
    let ports = containers.iter().flat_map(|container| list(&container["ports"]));
    ports.map(|port| (port["containerPort"].as_i64().unwrap_or(0), protocol(&port))).collect()
}

/// `a=b,c=d`
pub(super) fn labels(text: &str) -> Result<Map<String, Value>> {
    let mut labels = Map::new();
    for pair in text.split(',').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some((key, value)) if !value.contains('=') => {
                labels.insert(key.to_string(), value.into());
            }
            _ => return Err(Error::text(format!("unexpected label spec: {pair}"))),
        }
    }
    Ok(labels)
}
