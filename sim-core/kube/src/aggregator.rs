//! The aggregator's legs: looks whether the servers behind APIServices answer, and carries requests to them for who
//! is not on the wire. Models kube-aggregator/pkg/controllers/status/remote.

use crate::api::{API_SERVICE, ENDPOINT_SLICE, Object, ObjectExt, SERVICE, set_condition};
use crate::apiserver::{Aggregated, ApiServer, Dialed, Upstream};
use crate::client::{Client, InformerFactory};
use crate::dial;
use crate::json;
use crate::kubelet::notify::Notify;
use crate::kubelet::server::encode_query;
use encoding::json;
use linux::Sys;
use serde_json::Value;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

/// So often the servers are looked after; one that does not answer sooner, and then ever more rarely.
const RESYNC: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_millis(5);
/// The reason of a server that should answer and does not.
const UNANSWERED: &str = "FailedDiscoveryCheck";
const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// How long a server may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Takes the way to other servers back when the process ends: it holds the process, and the process the API server, so
/// that neither would ever be freed.
struct TakenBack(ApiServer);

impl Drop for TakenBack {
    fn drop(&mut self) {
        self.0.dial_with(None);
    }
}

/// Looks after the servers for as long as the process lives.
pub(crate) async fn run(sys: Sys, api: ApiServer) {
    let own = sys.clone();
    let _taken_back = TakenBack(api.clone());
    api.dial_with(Some(Rc::new(move |upstream: Upstream| -> Dialed {
        let sys = own.clone();
        Box::pin(async move { Ok(ask(&sys, &upstream).await) })
    })));
    let client = Client::new(&api, "system:apiserver");
    let bell = Rc::new(Notify::default());
    let factory = InformerFactory::new(&client);
    let services = factory.informer(API_SERVICE);
    let is_remote = |service: &Object| !service.at("/spec/service").is_null();
    let ring = bell.clone();
    services.on_change(move |old, new| {
        let spec = |service: Option<&Object>| service.filter(|s| is_remote(s)).map(|s| s.at("/spec").clone());
        if spec(old) != spec(new) {
            ring.ring();
        }
    });
    let mut watches = false;
    let mut pause = RETRY;
    loop {
        if !watches && services.list().iter().any(is_remote) {
            // Only now is it of interest what is behind Services.
            watches = true;
            for resource in [SERVICE, ENDPOINT_SLICE] {
                let (services, ring) = (services.clone(), bell.clone());
                factory.informer(resource).on_change(move |old, new| {
                    let Some(changed) = new.or(old) else { return };
                    let name = changed.label(SERVICE_NAME).unwrap_or(changed.name());
                    let is_of = |service: &Object| {
                        service.str_at("/spec/service/name") == name
                            && service.str_at("/spec/service/namespace") == changed.namespace()
                    };
                    if services.list().iter().any(is_of) {
                        ring.ring();
                    }
                });
            }
            factory.wait_for_sync().await;
        }
        let seen = bell.count();
        let mut groups = Vec::new();
        let mut again = false;
        for service in services.list() {
            let target = service.at("/spec/service");
            if target.is_null() {
                continue;
            }
            let (group, version) = (service.str_at("/spec/group"), service.str_at("/spec/version"));
            let mut found = Aggregated {
                group: group.to_string(),
                version: version.to_string(),
                address: String::new(),
                available: false,
                resources: api.known_resources(group, version),
            };
            let condition = match check(&sys, &factory, target, &mut found).await {
                Ok(()) => json!({"type": "Available", "status": "True", "reason": "Passed",
                    "message": "all checks passed"}),
                Err((reason, message)) => {
                    again |= reason == UNANSWERED;
                    json!({"type": "Available", "status": "False", "reason": reason, "message": message})
                }
            };
            let mut updated = (*service).clone();
            if set_condition(&mut updated, condition, sys.clock()) {
                // It may have changed in the meantime.
                again |= client.update_status(API_SERVICE, updated).await.is_err();
            }
            groups.push(found);
        }
        let waits = !groups.is_empty();
        api.aggregate(groups);
        let rung = bell.rung_since(seen);
        if waits {
            let _ = sys.timeout(if again { pause } else { RESYNC }, rung).await;
            pause = if again { RESYNC.min(pause * 2) } else { RETRY };
        } else {
            rung.await;
        }
    }
}

type Failure = (&'static str, String);

/// Models `sync` of the controller.
async fn check(
    sys: &Sys,
    factory: &InformerFactory,
    target: &Value,
    found: &mut Aggregated,
) -> Result<(), Failure> {
    let (namespace, name) = (target.str_at("/namespace"), target.str_at("/name"));
    let port = target.int_at("/port").unwrap_or(443);
    let Some(service) = factory.informer(SERVICE).get(namespace, name) else {
        return Err(("ServiceNotFound", format!("service/{name} in {namespace:?} is not present")));
    };
    found.address = format!("{}:{port}", service.str_at("/spec/clusterIP"));
    let ports = service.list_at("/spec/ports");
    let Some(listening) = ports.iter().find(|p| p.int_at("/port") == Some(port)) else {
        let message = format!("service/{name} in {namespace:?} is not listening on port {port}");
        return Err(("ServicePortError", message));
    };
    let mut slices = factory.informer(ENDPOINT_SLICE).list_namespace(namespace);
    slices.retain(|slice| slice.label(SERVICE_NAME) == Some(name));
    if slices.is_empty() {
        let message = format!("cannot find endpointslices for service/{name} in {namespace:?}");
        return Err(("EndpointsNotFound", message));
    }
    let ready = |endpoint: &Value| endpoint.at("/conditions/ready").as_bool() != Some(false);
    let port_name = listening.str_at("/name");
    let serves = |slice: &&Object| {
        slice.list_at("/endpoints").iter().any(ready)
            && slice.list_at("/ports").iter().any(|p| p.str_at("/name") == port_name)
    };
    if !slices.iter().any(|slice| serves(&slice)) {
        let message = format!(
            "endpointslices for service/{name} in {namespace:?} have no addresses with port name {port_name:?}"
        );
        return Err(("MissingEndpoints", message));
    }
    let path = format!("/apis/{}/{}", found.group, found.version);
    let url = format!("https://{}{path}", found.address);
    let upstream = Upstream { address: found.address.clone(), path, ..Upstream::default() };
    let answer = sys.timeout(TIMEOUT, get(sys, &upstream)).await;
    let failing = |why: String| (UNANSWERED, format!("failing or missing response from {url}: {why}"));
    match answer {
        Some(Ok((200..300, body))) => {
            found.resources = json::read(&body).unwrap_or_default();
            found.available = true;
            Ok(())
        }
        Some(Ok((status, _))) => Err(failing(format!("bad status from {url}: {status}"))),
        Some(Err(why)) => Err(failing(format!("Get {url:?}: {why}"))),
        None => {
            let why = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
            Err(failing(format!("Get {url:?}: {why}")))
        }
    }
}

/// The answer to a request of somebody who is not on the wire.
async fn ask(sys: &Sys, upstream: &Upstream) -> (u16, Vec<u8>) {
    match sys.timeout(RESYNC, get(sys, upstream)).await {
        Some(Ok(answer)) => answer,
        Some(Err(why)) => (503, format!("error trying to reach service: {why}").into_bytes()),
        None => (503, b"error trying to reach service: i/o timeout".to_vec()),
    }
}

async fn get(sys: &Sys, upstream: &Upstream) -> Result<(u16, Vec<u8>), String> {
    let address: SocketAddr = upstream.address.parse().map_err(|_| "no such host".to_string())?;
    let mut target = upstream.path.clone();
    if !upstream.query.is_empty() {
        target = format!("{target}?{}", encode_query(&upstream.query));
    }
    let fd = dial::connect(sys, address).await?;
    Ok(dial::get(sys, fd, address, &target, &[]).await?)
}
