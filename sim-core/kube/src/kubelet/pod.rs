//! One pod on its node: from the moment it is bound to it until nothing is left of it.
//!
//! ```text
//!   bound ─► volumes ─► sandbox ─► init containers ─► containers ─┐
//!              ▲                                                  │ exits, probes, back-off
//!              └──────────────── sync_pod again ◄─────────────────┘
//!   deleted, or finished ─► preStop, SIGTERM, grace, SIGKILL ─► no sandbox ─► gone from the API
//! ```
//!
//! Each pod has a worker, a task of its own, as in pkg/kubelet/pod_workers.go; it looks at what is, does what is
//! missing, and waits for its bell. Models `SyncPod`, `computePodActions` and `SyncTerminatingPod`.
//!
//! What is, the node finds out once a second (pkg/kubelet/pleg); after a sync nothing is done before it has looked
//! again. So what a sync could not do is told by the next one: with containers that end at once that is a second
//! later, for the node's findings queue up behind each other; otherwise only when the pause is over, and until then
//! the pod shows `Error` rather than `CrashLoopBackOff`.

use super::Kubelet;
use super::container::Instance;
use super::images::BackOff;
use super::log::ContainerLog;
use super::notify::Notify;
use super::sandbox::Sandbox;
use super::status::{ContainerRecord, ContainerState, FIELDS, PodRecord, Terminated, unmet_gates};
use super::sync::Next;
use super::volumes::Volumes;
use crate::api::{Object, ObjectExt, POD, slot};
use crate::client::Patch;
use crate::json;
use encoding::value::field;
use futures_util::future::{Either, select};
use serde_json::Value;
use sim::Instant;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// A pod and what its node does about it.
pub struct PodWorker {
    /// Its uid: of the static pod itself for a mirrored one.
    pub uid: String,
    pub(super) pod: RefCell<Object>,
    pub(super) record: RefCell<PodRecord>,
    pub(super) slots: RefCell<Vec<Slot>>,
    pub(super) sandbox: RefCell<Option<Sandbox>>,
    pub(super) bell: Notify,
    /// From a file, not from the API.
    pub(super) is_static: bool,
    pub(super) volumes: RefCell<Option<Rc<Volumes>>>,
    pub(super) terminate: Notify,
    /// Deleted from the API without waiting for this node.
    pub(super) removed: Cell<bool>,
    /// The object as the API has it since the last status was sent.
    sent: RefCell<Option<Object>>,
    pub(super) mount_back_off: Cell<Duration>,
    /// What the node will find changed at its next look.
    changed: RefCell<Vec<usize>>,
    /// Nothing is being done for the pod.
    idle: Cell<bool>,
    /// There is more to look at than the sync that comes.
    pending: Cell<bool>,
    /// What rang the bell does not wait for the node's next look.
    pub(super) urgent: Cell<bool>,
    /// When the last sync ended.
    synced_at: Cell<Option<Instant>>,
}

/// Stands for the sandbox among the containers of a pod.
pub(super) const SANDBOX: usize = usize::MAX;

/// What belongs to one container besides its record.
#[derive(Default)]
pub(super) struct Slot {
    /// The run of now, or the last one.
    pub instance: Option<Rc<Instance>>,
    /// Log of the run before.
    pub previous_log: Option<Rc<ContainerLog>>,
    pub back_off: BackOff,
    /// When its last run ended.
    pub ended: Option<Instant>,
    /// The image in the spec that it was made of.
    pub image: String,
}

impl PodWorker {
    pub(super) fn new(kubelet: &Kubelet, pod: &Object, is_static: bool) -> Rc<PodWorker> {
        let spec = pod.at("/spec");
        let mut containers: Vec<ContainerRecord> = Vec::new();
        for container in spec.list_at("/initContainers") {
            let sidecar = container.str_at("/restartPolicy") == "Always";
            containers.push(ContainerRecord::new(container.str_at("/name"), true, sidecar));
        }
        for container in spec.list_at("/containers") {
            containers.push(ContainerRecord::new(container.str_at("/name"), false, false));
        }
        for container in spec.list_at("/ephemeralContainers") {
            containers.push(ContainerRecord::ephemeral(container.str_at("/name")));
        }
        let slots = containers.iter().map(|_| Slot::default()).collect();
        let record = PodRecord {
            start_time: kubelet.sim().now().timestamp(),
            host_ip: kubelet.config().address,
            pod_ip: None,
            sandbox_ready: false,
            containers,
            terminal: false,
            failure: None,
        };
        Rc::new(PodWorker {
            uid: pod.uid().to_string(),
            pod: RefCell::new(pod.clone()),
            record: RefCell::new(record),
            slots: RefCell::new(slots),
            sandbox: RefCell::default(),
            bell: Notify::default(),
            is_static,
            volumes: RefCell::default(),
            terminate: Notify::default(),
            removed: Cell::new(false),
            sent: RefCell::default(),
            mount_back_off: Cell::new(Duration::from_millis(500)),
            changed: RefCell::default(),
            idle: Cell::default(),
            pending: Cell::default(),
            urgent: Cell::default(),
            synced_at: Cell::default(),
        })
    }

    /// The object as it was last seen.
    pub fn pod(&self) -> Object {
        self.pod.borrow().clone()
    }

    /// The spec of container number `index`: init containers first, ephemeral ones last.
    pub(super) fn container_spec(pod: &Value, index: usize) -> &Value {
        let lists = ["/spec/initContainers", "/spec/containers", "/spec/ephemeralContainers"];
        lists.iter().flat_map(|list| pod.list_at(list)).nth(index).unwrap_or(&Value::Null)
    }

    /// Ephemeral containers that have come get a record.
    fn add_ephemeral(&self, pod: &Value) {
        let mut record = self.record.borrow_mut();
        for container in pod.list_at("/spec/ephemeralContainers") {
            let name = container.str_at("/name");
            if !record.containers.iter().any(|known| known.name == name) {
                record.containers.push(ContainerRecord::ephemeral(name));
                self.slots.borrow_mut().push(Slot::default());
            }
        }
    }

    /// The run of a container that goes on now.
    pub fn running(&self, name: &str) -> Option<Rc<Instance>> {
        let index = self.record.borrow().containers.iter().position(|c| c.name == name)?;
        let instance = self.slots.borrow().get(index)?.instance.clone()?;
        instance.exit().is_none().then_some(instance)
    }

    /// The object has changed.
    pub(super) fn update(&self, pod: &Object) {
        let old = self.pod.replace(pod.clone());
        self.add_ephemeral(pod);
        if pod.is_terminating() {
            self.terminate.ring();
            self.bell.ring();
        } else if old.generation() != pod.generation() || unmet_gates(&old) != unmet_gates(pod) {
            // Nothing else asks for anything to be done; a status comes back from where it was sent.
            self.bell.ring();
        }
    }

    /// The object is gone.
    pub(super) fn remove(&self) {
        self.removed.set(true);
        self.terminate.ring();
        self.bell.ring();
    }

    pub(super) fn must_terminate(&self) -> bool {
        self.removed.get() || self.pod.borrow().is_terminating()
    }

    /// Notes what the node will find; says whether it was going to find something anyway.
    pub(super) fn will_notice(&self, what: usize) -> bool {
        let mut changed = self.changed.borrow_mut();
        let before = !changed.is_empty();
        if !changed.contains(&what) {
            changed.push(what);
        }
        before
    }

    /// The node has looked. Each finding asks for a sync; those that come while one goes on ask for one together.
    pub(super) fn relisted(&self) {
        let findings = self.changed.take().len();
        if findings > 1 && self.idle.get() {
            self.pending.set(true);
        }
        self.bell.ring();
    }

    /// Waits until the node has looked at its containers since the last sync. Models `podCache.GetNewerThan`.
    async fn wait_for_relist(&self, kubelet: &Kubelet) {
        let Some(ended) = self.synced_at.get() else { return };
        while !self.urgent.get() && !self.must_terminate() && kubelet.relisted_at() <= ended {
            let seen = self.bell.count();
            let rung = std::pin::pin!(self.bell.rung_since(seen));
            let relist = std::pin::pin!(kubelet.sim().sleep_until(kubelet.relist_at()));
            select(rung, relist).await;
        }
        self.urgent.set(false);
    }

    /// The worker's life.
    pub(super) async fn run(self: Rc<Self>, kubelet: Kubelet) {
        let mut seen = self.bell.count();
        loop {
            self.wait_for_relist(&kubelet).await;
            if self.must_terminate() {
                break;
            }
            let asked = self.terminate.count();
            self.observe(&kubelet);
            self.update_status(&kubelet).await;
            if self.must_terminate() {
                break;
            }
            let next = {
                let sync = std::pin::pin!(self.sync_pod(&kubelet));
                let stop = std::pin::pin!(self.terminate.rung_since(asked));
                match select(sync, stop).await {
                    Either::Left((next, _)) => next,
                    Either::Right(_) => continue,
                }
            };
            self.synced_at.set(Some(kubelet.sim().now()));
            if matches!(next, Next::Finished) {
                break;
            }
            if !self.pending.take() {
                self.idle.set(true);
                let bell = std::pin::pin!(self.bell.rung_since(seen));
                if let Next::At(at) = next {
                    let alarm = std::pin::pin!(kubelet.sim().sleep_until(at));
                    select(bell, alarm).await;
                } else {
                    bell.await;
                }
                self.idle.set(false);
            }
            seen = self.bell.count();
        }
        self.terminate_pod(&kubelet).await;
    }

    /// Takes over into the record what the containers have done by themselves.
    pub(super) fn observe(&self, kubelet: &Kubelet) {
        let pod = self.pod();
        let mut record = self.record.borrow_mut();
        let mut slots = self.slots.borrow_mut();
        for (index, (container, slot)) in record.containers.iter_mut().zip(slots.iter_mut()).enumerate() {
            let Some(instance) = &slot.instance else { continue };
            if !container.is_running() {
                continue;
            }
            match instance.exit() {
                None => {
                    container.ready = instance.ready.get();
                    container.started = instance.started.get();
                }
                Some((status, at)) => {
                    let code = status.exit_code();
                    container.state = ContainerState::Terminated(Terminated {
                        exit_code: code,
                        reason: if code == 0 { "Completed" } else { "Error" }.to_string(),
                        message: kubelet.termination_message(
                            instance,
                            Self::container_spec(&pod, index),
                            code,
                        ),
                        started_at: Some(instance.started_at.timestamp()),
                        finished_at: at.timestamp(),
                        container_id: format!("containerd://{}", instance.id),
                    });
                    // An init container that has done its work counts as ready.
                    container.ready = container.init && !container.sidecar && code == 0;
                    container.started = false;
                    slot.ended = Some(at);
                }
            }
        }
    }

    /// Sends the status if it is another one than before.
    pub(super) async fn update_status(&self, kubelet: &Kubelet) {
        let pod = self.pod();
        let mut status = self.record.borrow().to_status(&pod, kubelet.sim().now().timestamp());
        if let Some(sent) = &*self.sent.borrow() {
            let sent = sent.map_at("/status");
            let differs = |name: &&&str| field(sent, name) != status.get(**name);
            let changed: Vec<&str> = FIELDS.iter().filter(differs).copied().collect();
            if changed.is_empty() {
                return;
            }
            // Fields of an earlier status that are no more have to be taken out by name.
            for name in changed {
                slot(&mut status, &format!("/{name}"));
            }
        }
        let mut body = if self.is_static { json!({}) } else { json!({"metadata": {"uid": self.uid}}) };
        body["status"] = status;
        let (namespace, name) = (pod.namespace(), pod.name());
        match kubelet.client().patch_status(POD, namespace, name, Patch::Merge(body)).await {
            Ok(object) => *self.sent.borrow_mut() = Some(object),
            Err(status) if status.is_not_found() && !self.is_static => self.remove(),
            Err(_) => {}
        }
    }

    pub(super) fn container_event(
        &self,
        kubelet: &Kubelet,
        index: usize,
        kind: &str,
        reason: &str,
        message: &str,
    ) {
        let (field, name) = {
            let record = self.record.borrow();
            let container = &record.containers[index];
            let field = match (container.init, container.ephemeral) {
                (true, _) => "initContainers",
                (_, true) => "ephemeralContainers",
                _ => "containers",
            };
            (field, container.name.clone())
        };
        let path = format!("spec.{field}{{{name}}}");
        kubelet.events().event_for(&kubelet.event_object(self), &path, kind, reason, message);
    }
}

impl Kubelet {
    /// The object of a pod in the API is a new one: its status has to be said again.
    pub(super) fn resend_status(&self, uid: &str) {
        if let Some(worker) = self.worker(uid) {
            *worker.sent.borrow_mut() = None;
            worker.bell.ring();
        }
    }
}
