//! Groups that another server answers for, under this server's roof: who they are, what is told of them, and the way
//! there. Models kube-aggregator; [`crate::aggregator`] looks after the servers.

use super::discovery::told;
use super::rbac::Attributes;
use super::rest::{Request, Response};
use super::{ApiServer, Upstream};
use crate::api::scheme::{RESOURCES, Resource};
use crate::api::{API_SERVICE, ObjectExt, Status, new_object};
use crate::json;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// An answer on its way: an HTTP status and a body.
pub type Dialed = Pin<Box<dyn Future<Output = Result<(u16, Vec<u8>), Status>>>>;
/// Who asks another server over the network.
pub type Dialer = Rc<dyn Fn(Upstream) -> Dialed>;

/// A version of a group that another server answers for.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregated {
    /// `metrics.k8s.io`.
    pub group: String,
    /// `v1beta1`.
    pub version: String,
    /// The Service's: `10.96.3.4:443`.
    pub address: String,
    /// The server has answered when it was looked after.
    pub available: bool,
    /// Its `APIResourceList` as it was read last.
    pub resources: Value,
}

/// `groupPriorityMinimum` of the server's own groups. Models pkg/controlplane/apiserver's table.
const PRIORITIES: &[(&str, u32)] = &[
    ("", 18_000),
    ("apps", 17_800),
    ("events.k8s.io", 17_750),
    ("authentication.k8s.io", 17_700),
    ("authorization.k8s.io", 17_600),
    ("autoscaling", 17_500),
    ("batch", 17_400),
    ("certificates.k8s.io", 17_300),
    ("networking.k8s.io", 17_200),
    ("policy", 17_100),
    ("rbac.authorization.k8s.io", 17_000),
    ("storage.k8s.io", 16_800),
    ("apiextensions.k8s.io", 16_700),
    ("admissionregistration.k8s.io", 16_700),
    ("scheduling.k8s.io", 16_600),
    ("coordination.k8s.io", 16_500),
    ("node.k8s.io", 16_300),
    ("discovery.k8s.io", 16_200),
    ("flowcontrol.apiserver.k8s.io", 16_100),
];

impl ApiServer {
    /// From now on requests for other servers go this way; nothing when the server's program has ended.
    pub fn dial_with(&self, dialer: Option<Dialer>) {
        drop(self.0.dialer.replace(dialer));
    }

    /// Passes a request on, for a client that is not on the wire itself.
    ///
    /// # Errors
    /// Nobody can be reached.
    pub async fn dial(&self, upstream: Upstream) -> Result<(u16, Vec<u8>), Status> {
        let dialer = self.0.dialer.borrow().clone();
        match dialer {
            Some(dialer) => dialer(upstream).await,
            None => Err(Status::new(503, "ServiceUnavailable", "service unavailable")),
        }
    }

    /// What other servers answer for from now on.
    pub fn aggregate(&self, groups: Vec<Aggregated>) {
        if *self.0.aggregated.borrow() != groups {
            *self.0.aggregated.borrow_mut() = groups;
            self.0.documents.borrow_mut().clear();
        }
    }

    /// What was read last of a group of another server.
    pub(crate) fn known_resources(&self, group: &str, version: &str) -> Value {
        let groups = self.0.aggregated.borrow();
        let found = groups.iter().find(|found| found.group == group && found.version == version);
        found.map_or(Value::Null, |found| found.resources.clone())
    }

    /// Notes down the groups that the server answers for itself. Models pkg/controlplane's autoregistration.
    pub(super) fn register_own_groups(&self) {
        let mut rng = self.0.sim.rng("autoregister");
        for (group, minimum) in PRIORITIES {
            for resource in RESOURCES.iter().filter(|resource| resource.group == *group) {
                let priority = match (*group, resource.version) {
                    ("", _) => 1,
                    ("flowcontrol.apiserver.k8s.io", _) => 21,
                    ("autoscaling", "v2") => 30,
                    _ => 15,
                };
                let service = self.local(resource, "onstart", *minimum, priority);
                if self.get(API_SERVICE, "", service.name()).is_err() {
                    self.put_own(API_SERVICE, service, &mut rng);
                }
            }
        }
    }

    /// Notes down the group of a kind that somebody has defined.
    pub(super) fn register_custom_group(&self, resource: Resource) {
        let service = self.local(resource, "true", 1_000, 100);
        if self.get(API_SERVICE, "", service.name()).is_err() {
            self.put_own(API_SERVICE, service, &mut self.0.addresses.borrow_mut());
        }
    }

    fn local(&self, resource: Resource, managed: &str, minimum: u32, priority: u32) -> Value {
        let (group, version) = (resource.group, resource.version);
        let mut service = new_object(API_SERVICE, "", &format!("{version}.{group}"));
        service["metadata"]["labels"] = json!({"kube-aggregator.kubernetes.io/automanaged": managed});
        service["spec"] =
            json!({"groupPriorityMinimum": minimum, "version": version, "versionPriority": priority});
        if !group.is_empty() {
            service["spec"]["group"] = json!(group);
        }
        let available = json!({"type": "Available", "status": "True", "reason": "Local",
            "message": "Local APIServices are always available", "lastTransitionTime": self.now_text()});
        service["status"] = json!({"conditions": [available]});
        service
    }

    /// A request for another server's group, on its way there.
    pub(super) fn pass_on(&self, request: &Request) -> Result<Option<Response>, Status> {
        let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let ["apis", group, version, ref rest @ ..] = parts[..] else { return Ok(None) };
        let found =
            self.0.aggregated.borrow().iter().find(|a| a.group == group && a.version == version).cloned();
        let Some(found) = found else { return Ok(None) };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            rest => ("", rest),
        };
        let part = |i: usize| rest.get(i).copied().unwrap_or("");
        let verb = match request.method.as_str() {
            "GET" | "HEAD" if rest.len() > 1 || rest.is_empty() => "get",
            "GET" | "HEAD" if request.flag("watch") => "watch",
            "GET" | "HEAD" => "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            _ => "delete",
        };
        let path = if rest.is_empty() { request.path.as_str() } else { "" };
        let wanted = Attributes {
            verb,
            group: if rest.is_empty() { "" } else { group },
            resource: part(0),
            subresource: part(2),
            namespace,
            name: part(1),
            path,
        };
        self.check_access(&request.who, &wanted)?;
        if !found.available {
            return Ok(Some(Response::text(503, "service unavailable\n")));
        }
        Ok(Some(Response::Upstream(Upstream {
            verb: "aggregate",
            query: request.query.clone(),
            path: request.path.clone(),
            address: found.address,
            ..Upstream::default()
        })))
    }

    /// Adds other servers' groups to a document of discovery.
    pub(super) fn add_aggregated(&self, document: &mut Value, aggregated: bool) {
        let list = if aggregated { "items" } else { "groups" };
        for found in self.0.aggregated.borrow().iter() {
            let Some(groups) = document[list].as_array_mut() else { continue };
            let Aggregated { group, version, .. } = found;
            groups.push(if aggregated {
                let mut one = json!({"version": version,
                    "freshness": if found.available { "Current" } else { "Stale" }});
                let resources = told(&found.resources, group, version);
                if !resources.is_empty() {
                    one["resources"] = Value::Array(resources);
                }
                json!({"metadata": {"name": group}, "versions": [one]})
            } else {
                super::discovery::group(group, &[version])
            });
        }
    }
}
