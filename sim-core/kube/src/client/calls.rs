//! Calls to the API server, without the wire: objects are handed over as they are, and each call
//! takes the time that a short way through a network would.

use crate::api::{Object, ObjectExt, Resource, Status};
use crate::apiserver::{
    ApiServer, DeleteOptions, Filter, PatchKind, Request, Response, WatchEvent, WatchHandle, WriteOptions,
    manager_of_user,
};
use encoding::json;
use serde_json::Value;
use sim::{Duration, Rng, Sim};
use std::cell::RefCell;
use std::rc::Rc;

/// A component's connection to the API server.
#[derive(Clone)]
pub struct Client {
    server: ApiServer,
    /// Which program it is, for the managers of fields.
    manager: Rc<str>,
    rng: Rc<RefCell<Rng>>,
}

/// Which objects to list or to watch.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// `app=blue`.
    pub label_selector: String,
    /// `spec.nodeName=node2`.
    pub field_selector: String,
    /// For a watch: begin with what happened after this version.
    pub resource_version: Option<u64>,
}

/// Objects, and the version at which they were so.
#[derive(Clone, Debug)]
pub struct ObjectList {
    /// By namespace and name.
    pub items: Vec<Object>,
    /// Where a watch may go on.
    pub resource_version: u64,
}

/// A change instead of an object.
#[derive(Clone, Debug)]
pub enum Patch {
    /// Strategic merge patch.
    Strategic(Value),
    /// Merge patch.
    Merge(Value),
    /// A list of operations.
    Json(Value),
}

/// An open watch; dropping it ends it.
pub struct Watch(WatchHandle);

impl Watch {
    /// The next event.
    pub async fn next(&mut self) -> Option<WatchEvent> {
        Some(self.0.next().await)
    }

    /// The next event, if there is one now.
    pub fn try_next(&mut self) -> Option<WatchEvent> {
        self.0.try_next()
    }
}

impl Client {
    /// A connection for `user`, such as `system:kube-scheduler`.
    pub fn new(server: &ApiServer, user: &str) -> Self {
        let rng = server.sim().rng(&format!("client {user}"));
        let manager = manager_of_user(user).into();
        Client { server: server.clone(), manager, rng: Rc::new(RefCell::new(rng)) }
    }

    /// The world it is in.
    pub fn sim(&self) -> &Sim {
        self.server.sim()
    }

    /// The server it talks to.
    pub fn server(&self) -> &ApiServer {
        &self.server
    }

    fn options(&self) -> WriteOptions {
        WriteOptions { manager: Some(Rc::clone(&self.manager)), ..WriteOptions::default() }
    }

    /// The way there: what is read is so when the server answers.
    async fn travel(&self) {
        let delay = self.rng.borrow_mut().duration(Duration::from_micros(700), Duration::from_micros(3_500));
        self.sim().sleep(delay).await;
    }

    /// One object. `namespace` is empty for what is cluster-scoped.
    pub async fn get(&self, resource: Resource, namespace: &str, name: &str) -> Result<Object, Status> {
        self.travel().await;
        self.server.get(resource, namespace, name)
    }

    /// What is at a path, for what another server than the API server itself has: metrics. Models `RESTClient`'s
    /// `AbsPath`.
    pub async fn get_raw(&self, path: &str, query: &[(String, String)]) -> Result<Value, Status> {
        let (path, query) = (path.to_string(), query.to_vec());
        self.send_raw(Request { method: "GET".into(), path, query, ..Request::default() }).await
    }

    /// Merges a patch into what is at a path: the scale of an object.
    pub async fn patch_raw(&self, path: &str, patch: &Value) -> Result<Value, Status> {
        let headers = vec![("Content-Type".to_string(), "application/merge-patch+json".to_string())];
        let query = vec![("fieldManager".to_string(), self.manager.to_string())];
        let body = patch.to_string().into_bytes();
        let path = path.to_string();
        self.send_raw(Request { method: "PATCH".into(), path, query, headers, body, ..Request::default() })
            .await
    }

    async fn send_raw(&self, mut request: Request) -> Result<Value, Status> {
        self.travel().await;
        // Components are not asked for their rights anywhere.
        request.headers.push(("X-Remote-Group".to_string(), "system:masters".to_string()));
        request.user = "system:kube-controller-manager".to_string();
        let (status, body) = match self.server.handle(request) {
            Response::Whole { status, body, .. } => (status, body),
            Response::Upstream(upstream) => self.server.dial(upstream).await?,
            Response::Watch(_) => return Err(Status::method_not_allowed()),
        };
        let value = json::read(&body).unwrap_or_default();
        if status < 300 {
            return Ok(value);
        }
        if value.str_at("/kind") == "Status" {
            return Err(Status::from_value(&value));
        }
        let reason = if status == 404 { "NotFound" } else { "ServiceUnavailable" };
        Err(Status::new(status, reason, String::from_utf8_lossy(&body).trim_end()))
    }

    /// All that match; of all namespaces when `namespace` is empty.
    pub async fn list(
        &self,
        resource: Resource,
        namespace: &str,
        options: &ListOptions,
    ) -> Result<ObjectList, Status> {
        self.travel().await;
        let filter = Filter::parse(resource, &options.label_selector, &options.field_selector)?;
        let items = self.server.list(resource, namespace, &filter);
        Ok(ObjectList { items, resource_version: self.server.resource_version() })
    }

    /// Creates an object.
    pub async fn create(&self, resource: Resource, namespace: &str, object: Value) -> Result<Object, Status> {
        self.travel().await;
        self.server
            .create(resource, namespace, object, &WriteOptions::default())
            .map(|written| written.object)
    }

    /// Replaces an object; its version must be the latest.
    pub async fn update(&self, resource: Resource, object: Value) -> Result<Object, Status> {
        self.travel().await;
        let namespace = object.namespace().to_string();
        self.server.replace(resource, &namespace, object, false, &self.options())
    }

    /// Replaces an object's status; its version must be the latest.
    pub async fn update_status(&self, resource: Resource, object: Value) -> Result<Object, Status> {
        self.travel().await;
        let namespace = object.namespace().to_string();
        self.server.replace(resource, &namespace, object, true, &self.options())
    }

    /// Changes an object.
    pub async fn patch(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        patch: Patch,
    ) -> Result<Object, Status> {
        self.travel().await;
        self.send_patch(resource, namespace, name, patch, false)
    }

    /// Changes an object's status.
    pub async fn patch_status(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        patch: Patch,
    ) -> Result<Object, Status> {
        self.travel().await;
        self.send_patch(resource, namespace, name, patch, true)
    }

    fn send_patch(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        patch: Patch,
        status: bool,
    ) -> Result<Object, Status> {
        let (kind, patch) = match patch {
            Patch::Strategic(patch) => (PatchKind::Strategic, patch),
            Patch::Merge(patch) => (PatchKind::Merge, patch),
            Patch::Json(patch) => (PatchKind::Json, patch),
        };
        let options = self.options();
        let written = self.server.patch(resource, namespace, name, kind, patch, status, &options);
        written.map(|written| written.object)
    }

    /// Deletes an object, or begins to.
    pub async fn delete(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        options: DeleteOptions,
    ) -> Result<Object, Status> {
        self.travel().await;
        self.server.delete(resource, namespace, name, &options)
    }

    /// Sets a pod's node.
    pub async fn bind(&self, namespace: &str, pod: &str, node: &str) -> Result<(), Status> {
        self.travel().await;
        self.server.bind(namespace, pod, node).map(drop)
    }

    /// Replaces a namespace's `spec.finalizers`.
    pub async fn finalize(&self, namespace: Value) -> Result<Object, Status> {
        self.travel().await;
        self.server.finalize(&namespace)
    }

    /// Begins a watch; of all namespaces when `namespace` is empty.
    pub async fn watch(
        &self,
        resource: Resource,
        namespace: &str,
        options: &ListOptions,
    ) -> Result<Watch, Status> {
        self.travel().await;
        let filter = Filter::parse(resource, &options.label_selector, &options.field_selector)?;
        self.server.watch(resource, namespace, filter, options.resource_version).map(Watch)
    }
}
