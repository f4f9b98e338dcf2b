//! What only the kubelet of a pod's node can answer: logs, commands, ports. Models
//! `pkg/registry/core/pod/strategy.go`: here it is found out whom to ask, and for what.

use super::rest::{Request, Response};
use super::{ApiServer, Filter};
use crate::api::{ENDPOINT_SLICE, NODE, ObjectExt, POD, SERVICE, Status, pod};
use serde_json::Value;

/// A request to be passed on to a kubelet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upstream {
    /// `log`, `exec`, `attach`, `portforward`, `proxy` or `aggregate`.
    pub verb: &'static str,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container; empty where none is meant.
    pub container: String,
    /// Query parameters.
    pub query: Vec<(String, String)>,
    /// The node whose kubelet is asked, on port 10250.
    pub node: String,
    /// The path to ask it for.
    pub path: String,
    /// Who is asked instead of a kubelet: `10.244.1.2:80`; empty for none.
    pub address: String,
}

fn names(list: &[Value]) -> String {
    list.iter().map(|c| c.str_at("/name")).collect::<Vec<_>>().join(" ")
}

/// The container that is meant.
fn container(found: &Value, asked: &str) -> Result<String, Status> {
    let containers = pod::containers(found);
    let inits = found.list_at("/spec/initContainers");
    let ephemeral = found.list_at("/spec/ephemeralContainers");
    let name = found.name();
    if !asked.is_empty() {
        let known = containers.iter().chain(inits).chain(ephemeral).any(|c| c.str_at("/name") == asked);
        return if known {
            Ok(asked.to_string())
        } else {
            Err(Status::bad_request(format!("container {asked} is not valid for pod {name}")))
        };
    }
    if let [only] = containers
        && inits.is_empty()
        && ephemeral.is_empty()
    {
        return Ok(only.str_at("/name").to_string());
    }
    if let Some(default) = found.annotation("kubectl.kubernetes.io/default-container")
        && containers.iter().any(|c| c.str_at("/name") == default)
    {
        return Ok(default.to_string());
    }
    let mut message =
        format!("a container name must be specified for pod {name}, choose one of: [{}]", names(containers));
    if !inits.is_empty() {
        message += &format!(" or one of the init containers: [{}]", names(inits));
    }
    Err(Status::bad_request(message))
}

fn upstream(
    request: &Request,
    verb: &'static str,
    found: &Value,
    container: String,
    path: String,
) -> Response {
    Response::Upstream(Upstream {
        verb,
        namespace: found.namespace().to_string(),
        pod: found.name().to_string(),
        container,
        query: request.query.clone(),
        node: pod::node_name(found).to_string(),
        path,
        address: String::new(),
    })
}

/// `GET .../pods/NAME/log`.
pub(super) fn log(
    server: &ApiServer,
    request: &Request,
    namespace: &str,
    name: &str,
) -> Result<Response, Status> {
    let found = server.get(POD, namespace, name)?;
    let container = container(&found, request.param("container"))?;
    if pod::node_name(&found).is_empty() {
        // Nothing has run, so nothing was said.
        return Ok(Response::text(200, ""));
    }
    let path = format!("/containerLogs/{namespace}/{name}/{container}");
    Ok(upstream(request, "log", &found, container, path))
}

/// `exec`, `attach` and `portforward`.
pub(super) fn stream(
    server: &ApiServer,
    request: &Request,
    subresource: &str,
    namespace: &str,
    name: &str,
) -> Result<Response, Status> {
    let found = server.get(POD, namespace, name)?;
    let verb = match subresource {
        "exec" => "exec",
        "attach" => "attach",
        _ => "portforward",
    };
    let container =
        if verb == "portforward" { String::new() } else { container(&found, request.param("container"))? };
    if pod::node_name(&found).is_empty() {
        return Err(Status::bad_request(format!("pod {name} does not have a host assigned")));
    }
    if verb != "portforward" && pod::is_terminal(&found) {
        return Err(Status::bad_request(format!(
            "cannot exec into a container in a completed pod; current phase is {}",
            pod::phase(&found)
        )));
    }
    let path = match verb {
        "portforward" => format!("/portForward/{namespace}/{name}"),
        verb => format!("/{verb}/{namespace}/{name}/{container}"),
    };
    Ok(upstream(request, verb, &found, container, path))
}

/// `/api/v1/nodes/NAME/proxy/...`: a request to the kubelet itself.
pub(super) fn node_proxy(
    server: &ApiServer,
    request: &Request,
    node: &str,
    rest: &str,
) -> Result<Response, Status> {
    server.get(NODE, "", node)?;
    Ok(Response::Upstream(Upstream {
        verb: "proxy",
        namespace: String::new(),
        pod: String::new(),
        container: String::new(),
        query: request.query.clone(),
        node: node.to_string(),
        path: format!("/{rest}"),
        address: String::new(),
    }))
}

/// A request to whoever listens at an address.
fn passed_on(request: &Request, address: String, rest: &str) -> Response {
    Response::Upstream(Upstream {
        verb: "proxy",
        namespace: String::new(),
        pod: String::new(),
        container: String::new(),
        query: request.query.clone(),
        node: String::new(),
        path: format!("/{rest}"),
        address,
    })
}

/// `web`, `web:8080`, `http:web:http`: a name and a port.
fn name_and_port(text: &str) -> (&str, &str) {
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [name, port] | [_, name, port] => (name, port),
        _ => (text, ""),
    }
}

/// `/api/v1/namespaces/NS/pods/NAME:PORT/proxy/...`.
pub(super) fn pod_proxy(
    server: &ApiServer,
    request: &Request,
    namespace: &str,
    target: &str,
    rest: &str,
) -> Result<Response, Status> {
    let (name, port) = name_and_port(target);
    let found = server.get(POD, namespace, name)?;
    let port = match port {
        "" => {
            let first = pod::containers(&found).iter().flat_map(|c| c.list_at("/ports")).next();
            first.and_then(|port| port.int_at("/containerPort")).unwrap_or(80).to_string()
        }
        port => port.to_string(),
    };
    let ip = found.str_at("/status/podIP");
    if ip.is_empty() {
        return Err(Status::bad_request("address not allowed"));
    }
    Ok(passed_on(request, format!("{ip}:{port}"), rest))
}

/// `/api/v1/namespaces/NS/services/NAME:PORT/proxy/...`.
pub(super) fn service_proxy(
    server: &ApiServer,
    request: &Request,
    namespace: &str,
    target: &str,
    rest: &str,
) -> Result<Response, Status> {
    let (name, asked) = name_and_port(target);
    let service = server.get(SERVICE, namespace, name)?;
    let unavailable = |why: String| Status::new(503, "ServiceUnavailable", why);
    let ports = service.list_at("/spec/ports");
    let port = match asked {
        "" if ports.len() == 1 => ports.first(),
        asked => ports.iter().find(|port| {
            port.str_at("/name") == asked || port.int_at("/port").is_some_and(|n| n.to_string() == asked)
        }),
    };
    let Some(port) = port else {
        return Err(unavailable(format!("no service port {asked:?} found for service {name:?}")));
    };
    let ready = |endpoint: &&Value| endpoint.at("/conditions/ready").as_bool() != Some(false);
    for slice in server.list(ENDPOINT_SLICE, namespace, &Filter::default()) {
        if slice.label("kubernetes.io/service-name") != Some(name) {
            continue;
        }
        let number = slice.list_at("/ports").iter().find(|p| p.str_at("/name") == port.str_at("/name"));
        let number = number.and_then(|p| p.int_at("/port"));
        let address =
            slice.list_at("/endpoints").iter().find(ready).map(|e| e.str_at("/addresses/0").to_string());
        if let (Some(number), Some(address)) = (number, address) {
            return Ok(passed_on(request, format!("{address}:{number}"), rest));
        }
    }
    Err(unavailable(format!("no endpoints available for service {name:?}")))
}
