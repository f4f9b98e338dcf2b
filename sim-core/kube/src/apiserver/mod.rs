//! The API server: objects by name, with versions, watched by whoever wants to know.
//!
//! Reading order: `store` (objects and their history), `registry` and `delete` (what create, update and
//! delete mean), `admission` (who changes or refuses an object on its way in), `rest` (paths, verbs, bodies),
//! then the forms of an answer: `table`, `discovery`, `watch`, and `upstream` for what only a
//! kubelet can answer.
//!
//! `managed_fields` and `apply` are server-side apply; `openapi` tells the tables of fields.
//!
//! Models `k8s.io/apiserver` and `pkg/registry`. Left out:
//! audit. `rbac` is who asks and what they may do.

mod admission;
mod aggregation;
mod allocation;
mod apply;
mod body;
mod certificates;
mod custom;
mod delete;
mod discovery;
mod encoded;
mod ephemeral_containers;
mod eviction;
pub mod extension;
mod filter;
mod list;
mod managed_fields;
mod negotiate;
mod openapi;
mod openapi_paths;
mod options;
mod patch;
mod rbac;
mod registry;
mod rest;
mod scale;
mod store;
mod strategy;
mod strict;
mod table;
#[cfg(test)]
mod tests;
mod upstream;
mod watch;

pub use aggregation::{Aggregated, Dialed, Dialer};
pub use filter::Filter;
pub(crate) use managed_fields::manager_of_user;
pub use options::{DeleteOptions, FieldValidation, Propagation, WriteOptions, Written};
pub use patch::PatchKind;
pub use rbac::{Identity, Token, TokenOptions};
pub use rest::{Request, Response};
pub use store::{EventKind, WatchEvent, WatchHandle};
pub use strict::Findings;
pub use upstream::Upstream;
pub use watch::WatchStream;

use crate::api::{NAMESPACE, Object, Resource, SERVICE_CIDR, new_object};
use crate::json;
use encoded::Encoded;
use sim::{Rng, Sim, SortedMap, Timestamp};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use store::Store;

/// The version that the cluster says it is.
pub const VERSION: &str = "v1.35.2";

/// A handle on the API server of one cluster.
#[derive(Clone)]
pub struct ApiServer(Rc<Server>);

struct Server {
    sim: Sim,
    store: RefCell<Store>,
    rng: RefCell<Rng>,
    /// For the uids of the addresses of Services.
    addresses: RefCell<Rng>,
    /// The second that was asked for last, in words: many objects are made in one.
    second: RefCell<(u64, String)>,
    /// The kinds that definitions have brought.
    custom: RefCell<Vec<Resource>>,
    /// How requests that are another server's are passed on, while the server's program runs.
    dialer: RefCell<Option<Dialer>>,
    /// Groups of other servers.
    aggregated: RefCell<Vec<Aggregated>>,
    /// Discovery documents that were asked for, by path.
    documents: RefCell<SortedMap<String, Vec<u8>>>,
    /// The objects of the last long list as they were written.
    encoded: RefCell<Encoded>,
    /// Where the server is reached.
    address: RefCell<String>,
}

impl ApiServer {
    /// A server with the namespaces that every cluster has, and nothing else.
    pub fn new(sim: &Sim) -> Self {
        let server = ApiServer(Rc::new(Server {
            sim: sim.clone(),
            store: RefCell::new(Store::new()),
            rng: RefCell::new(sim.rng("kube-apiserver")),
            addresses: RefCell::new(sim.rng("ipallocator")),
            second: RefCell::default(),
            custom: RefCell::default(),
            dialer: RefCell::default(),
            aggregated: RefCell::default(),
            documents: RefCell::default(),
            encoded: RefCell::default(),
            address: RefCell::default(),
        }));
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            let namespace = new_object(NAMESPACE, "", name);
            server
                .create(NAMESPACE, "", namespace, &WriteOptions::default())
                .expect("the first namespaces are well-formed");
        }
        rbac::create_bootstrap_roles(&server);
        server.create_default_range();
        server.register_own_groups();
        server
    }

    /// The range of Service addresses that the server was started with. Models
    /// pkg/controlplane/controller/defaultservicecidr.
    fn create_default_range(&self) {
        let mut range = new_object(SERVICE_CIDR, "", "kubernetes");
        range["spec"] = json!({"cidrs": [allocation::DEFAULT_RANGE]});
        let ready = json!({"type": "Ready", "status": "True", "reason": "", "lastTransitionTime": self.now_text(),
            "message": "Kubernetes default Service CIDR is ready"});
        range["status"] = json!({"conditions": [ready]});
        self.put_own(SERVICE_CIDR, range, &mut self.0.addresses.borrow_mut());
    }

    /// The world it is in.
    pub fn sim(&self) -> &Sim {
        &self.0.sim
    }

    /// What its clock shows.
    pub fn now(&self) -> Timestamp {
        self.0.sim.now().timestamp()
    }

    /// What its clock shows, as objects say it.
    pub fn now_text(&self) -> String {
        let now = self.now();
        let mut second = self.0.second.borrow_mut();
        if second.0 != now.seconds || second.1.is_empty() {
            *second = (now.seconds, now.rfc3339());
        }
        second.1.clone()
    }

    /// Looks after the server's own Service, as long as the server runs. Models
    /// pkg/controlplane/controller/kubernetesservice.
    pub async fn keep_kubernetes_service(self) {
        loop {
            self.0.sim.sleep(Duration::from_secs(10)).await;
            let address = self.0.address.borrow().clone();
            self.ensure_kubernetes_service(&address);
        }
    }

    /// The Service `default/kubernetes` with its endpoints, as the server itself keeps them: it is
    /// the one Service that leads to the API server. Does nothing when it is there.
    pub fn ensure_kubernetes_service(&self, node_address: &str) {
        *self.0.address.borrow_mut() = node_address.to_string();
        use crate::api::{ENDPOINT_SLICE, ENDPOINTS, SERVICE};
        let objects = [
            (
                SERVICE,
                json!({
                    "apiVersion": "v1", "kind": "Service",
                    "metadata": {
                        "name": "kubernetes", "namespace": "default",
                        "labels": {"component": "apiserver", "provider": "kubernetes"},
                    },
                    "spec": {
                        "clusterIP": allocation::KUBERNETES.to_string(),
                        "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
                    },
                }),
            ),
            (
                ENDPOINTS,
                json!({
                    "apiVersion": "v1", "kind": "Endpoints",
                    "metadata": {
                        "name": "kubernetes", "namespace": "default",
                        "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
                    },
                    "subsets": [{
                        "addresses": [{"ip": node_address}],
                        "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
                    }],
                }),
            ),
            (
                ENDPOINT_SLICE,
                json!({
                    "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                    "metadata": {
                        "name": "kubernetes", "namespace": "default",
                        "labels": {"kubernetes.io/service-name": "kubernetes"},
                    },
                    "endpoints": [{"addresses": [node_address], "conditions": {"ready": true}}],
                    "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
                }),
            ),
        ];
        for (resource, object) in objects {
            if self.get(resource, "default", "kubernetes").is_err() {
                self.create(resource, "default", object, &WriteOptions::default())
                    .expect("the server's own Service is well-formed");
            }
        }
    }

    /// All objects of a kind, by namespace and name, without cost: for panels and tests.
    pub fn snapshot(&self, resource: Resource) -> Vec<Object> {
        self.0.store.borrow().list(resource, "", &Filter::default())
    }

    /// The version of the latest change.
    pub fn resource_version(&self) -> u64 {
        self.0.store.borrow().revision()
    }
}
