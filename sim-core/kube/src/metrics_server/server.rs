//! Answers for `metrics.k8s.io`. Models pkg/api.

use super::MetricsServer;
use crate::api::metrics_v1beta1::{NODES, RESOURCES};
use crate::api::{Key, Object, ObjectExt, Resource, Status, new_object};
use crate::apiserver::{Request, Response, extension};
use crate::json;
use crate::kubelet::server::parse_target;
use linux::http::{Connection, HttpError};
use linux::{Fd, Sys};
use serde_json::Value;
use sim::{Duration, Timestamp};
use std::rc::Rc;

/// Serves a connection.
pub(super) async fn serve(sys: &Sys, server: &MetricsServer, fd: Fd) -> Result<(), HttpError> {
    let mut connection = Connection::new(sys, fd);
    while let Some(head) = connection.read_request().await? {
        let body = connection.read_request_body(&head).await?;
        let (path, query) = parse_target(&head.target);
        let (method, headers) = (head.method.clone(), head.headers.clone());
        let request = Request { method, path, query, headers, body, ..Request::default() };
        sys.cpu(Duration::from_micros(400)).await;
        if let Response::Whole { status, headers, body } = answer(server, &request, sys.clock()) {
            connection.write_response(status, &headers, &body).await?;
        }
        if !head.keep_alive() {
            break;
        }
    }
    Ok(())
}

fn answer(server: &MetricsServer, request: &Request, now: Timestamp) -> Response {
    let ready = server.storage.borrow().is_ready();
    match request.path.as_str() {
        "/readyz" if !ready => {
            let text = "[+]ping ok\n[-]metric-storage-ready failed: reason withheld\nreadyz check failed\n";
            return extension::text(500, text);
        }
        "/readyz" | "/livez" | "/healthz" => return extension::text(200, "ok"),
        _ => {}
    }
    let list = |kind: Resource, namespace: &str| -> Vec<Object> {
        let all = if std::ptr::eq(kind, &NODES) { server.nodes.list() } else { server.pods.list() };
        let here = all.iter().filter(|object| namespace.is_empty() || object.namespace() == namespace);
        here.filter_map(|object| metrics(server, kind, object, now)).collect()
    };
    let get = |kind: Resource, namespace: &str, name: &str| -> Result<Object, Status> {
        let missing = |what: &str, name: &str| {
            Err(Status::new(404, "NotFound", format!("{what} \"{name}\" not found")))
        };
        let of_nodes = std::ptr::eq(kind, &NODES);
        let found = if of_nodes { server.nodes.get("", name) } else { server.pods.get(namespace, name) };
        match found.map(|object| metrics(server, kind, &object, now)) {
            None => missing(if of_nodes { "node" } else { "pods" }, name),
            Some(None) if of_nodes => missing("nodemetrics.metrics.k8s.io", name),
            Some(None) => missing("podmetrics.metrics.k8s.io", &format!("{namespace}/{name}")),
            Some(Some(metrics)) => Ok(metrics),
        }
    };
    extension::answer(RESOURCES, request, now, &list, &get)
}

/// What is known of a node or a pod.
fn metrics(server: &MetricsServer, kind: Resource, object: &Object, now: Timestamp) -> Option<Object> {
    let storage = server.storage.borrow();
    let mut metrics = new_object(kind, object.namespace(), object.name());
    metrics["metadata"]["creationTimestamp"] = json!(now.rfc3339());
    if !object.at("/metadata/labels").is_null() {
        metrics["metadata"]["labels"] = object.at("/metadata/labels").clone();
    }
    let earliest = if std::ptr::eq(kind, &NODES) {
        let measured = storage.node(object.name())?;
        metrics["usage"] = measured.usage.clone();
        measured
    } else {
        let mut measured = storage.pod(&Key::new(object.namespace(), object.name()))?;
        let containers = measured.iter().map(|(name, m)| json!({"name": name, "usage": m.usage}));
        metrics["containers"] = containers.collect::<Vec<Value>>().into();
        // That of the container that was measured first.
        sim::Ordered::order_by_key(measured.as_mut_slice(), |(_, measured)| measured.time);
        measured.into_iter().next()?.1
    };
    let at = Timestamp { seconds: earliest.time.as_secs(), nanos: earliest.time.subsec_nanos() };
    metrics["timestamp"] = json!(at.rfc3339());
    metrics["window"] = json!(earliest.window);
    Some(Rc::new(metrics))
}
