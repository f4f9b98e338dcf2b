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

use super::container::{ContainerConfig, Instance, runc_exec_error};
use super::images::{BackOff, ImageError};
use super::log::ContainerLog;
use super::notify::Notify;
use super::probe;
use super::sandbox::{self, Sandbox};
use super::status::{ContainerRecord, ContainerState, PodRecord, Terminated};
use super::volumes::{self, PodFacts, Volumes};
use super::{Kubelet, container_env, create};
use crate::api::{Object, ObjectExt, POD};
use crate::client::{DeleteOptions, Patch};
use futures_util::future::{Either, join_all, select};
use linux::Signal;
use serde_json::{Value, json};
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
    volumes: RefCell<Option<Rc<Volumes>>>,
    terminate: Notify,
    /// Deleted from the API without waiting for this node.
    removed: Cell<bool>,
    sent: RefCell<Value>,
    mount_back_off: Cell<Duration>,
    /// When the bell is to ring for what the node finds at its next look.
    pub(super) relist: Cell<Option<Instant>>,
}

/// What belongs to one container besides its record.
#[derive(Default)]
pub(super) struct Slot {
    /// The run of now, or the last one.
    pub instance: Option<Rc<Instance>>,
    /// Log of the run before.
    pub previous_log: Option<Rc<ContainerLog>>,
    back_off: BackOff,
    /// When its last run ended.
    ended: Option<Instant>,
    /// The image in the spec that it was made of.
    image: String,
}

/// What a sync wants next.
enum Next {
    /// Nothing until something happens.
    Wait,
    /// Try again at this moment.
    At(Instant),
    /// It is over: stop what is left.
    Finished,
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
        let slots = containers.iter().map(|_| Slot::default()).collect();
        let record = PodRecord {
            start_time: kubelet.sim().now().timestamp(),
            host_ip: kubelet.config().address,
            pod_ip: None,
            sandbox_ready: false,
            containers,
            terminal: false,
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
            relist: Cell::default(),
        })
    }

    /// The object as it was last seen.
    pub fn pod(&self) -> Object {
        self.pod.borrow().clone()
    }

    /// The spec of container number `index`, init containers first.
    pub(super) fn container_spec(pod: &Value, index: usize) -> &Value {
        let init = pod.list_at("/spec/initContainers");
        match init.get(index) {
            Some(container) => container,
            None => pod.list_at("/spec/containers").get(index - init.len()).unwrap_or(&Value::Null),
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
        if pod.is_terminating() {
            self.terminate.ring();
            self.bell.ring();
        } else if old.generation() != pod.generation() {
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

    fn must_terminate(&self) -> bool {
        self.removed.get() || self.pod.borrow().is_terminating()
    }

    /// The worker's life.
    pub(super) async fn run(self: Rc<Self>, kubelet: Kubelet) {
        while !self.must_terminate() {
            let seen = self.bell.count();
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
            match next {
                Next::Finished => break,
                Next::Wait => {
                    self.bell.rung_since(seen).await;
                }
                Next::At(at) => {
                    // What was missing is said at the next look, as by the real one: for a while a pod shows `Error`
                    // before it shows `CrashLoopBackOff`.
                    let bell = std::pin::pin!(self.bell.rung_since(seen));
                    let alarm = std::pin::pin!(kubelet.sim().sleep_until(at));
                    select(bell, alarm).await;
                }
            }
        }
        self.terminate_pod(&kubelet).await;
    }

    /// Takes over into the record what the containers have done by themselves.
    fn observe(&self, kubelet: &Kubelet) {
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
    async fn update_status(&self, kubelet: &Kubelet) {
        let pod = self.pod();
        let status = self.record.borrow().to_status(&pod, kubelet.sim().now().timestamp());
        if *self.sent.borrow() == status {
            return;
        }
        // Fields of an earlier status that are no more have to be taken out by name.
        let mut patch = status.clone();
        for (field, _) in self.sent.borrow().as_object().into_iter().flatten() {
            if status.get(field).is_none() {
                patch[field.as_str()] = Value::Null;
            }
        }
        let mut body = json!({"status": patch});
        if !self.is_static {
            body["metadata"] = json!({"uid": self.uid});
        }
        let (namespace, name) = (pod.namespace(), pod.name());
        match kubelet.client().patch_status(POD, namespace, name, Patch::Merge(body)).await {
            Ok(_) => *self.sent.borrow_mut() = status,
            Err(status) if status.is_not_found() && !self.is_static => self.remove(),
            Err(_) => {}
        }
    }

    /// One step towards what the spec asks for. Models kuberuntime `SyncPod`.
    async fn sync_pod(&self, kubelet: &Kubelet) -> Next {
        let pod = self.pod();
        let policy = pod.str_at("/spec/restartPolicy");
        if self.is_finished(policy) {
            return Next::Finished;
        }
        if let Err(retry) = self.ensure_volumes(kubelet, &pod).await {
            return Next::At(retry);
        }
        if let Err(retry) = self.ensure_sandbox(kubelet, &pod).await {
            return Next::At(retry);
        }
        self.kill_doomed(kubelet, &pod).await;
        let mut earliest: Option<Instant> = None;
        let count = self.record.borrow().containers.len();
        for index in 0..count {
            let container = self.record.borrow().containers[index].clone();
            let init = container.init;
            if container.is_running() || (init && container.is_initialized()) {
                if init && !container.is_initialized() {
                    break; // The next one starts when this one is done, or has started.
                }
                continue;
            }
            if !self.should_start(&container, policy) {
                if init {
                    break;
                }
                continue;
            }
            match self.start_container(kubelet, &pod, index).await {
                Ok(()) => {}
                Err(at) => earliest = Some(earliest.map_or(at, |e| e.min(at))),
            }
            if init {
                // A sidecar without a startup probe has started as soon as it runs.
                self.observe(kubelet);
                if !self.record.borrow().containers[index].is_initialized() {
                    break;
                }
            }
        }
        match earliest {
            Some(at) => Next::At(at),
            None => Next::Wait,
        }
    }

    fn should_start(&self, container: &ContainerRecord, policy: &str) -> bool {
        let Some(last) = container.last_run() else { return true };
        if container.sidecar {
            return true;
        }
        match policy {
            "Never" => false,
            "OnFailure" => last.exit_code != 0,
            _ if container.init => last.exit_code != 0,
            _ => true,
        }
    }

    /// Whether all has run that will ever run.
    fn is_finished(&self, policy: &str) -> bool {
        let record = self.record.borrow();
        let phase = record.phase(policy, self.is_static);
        phase == "Succeeded" || phase == "Failed"
    }

    async fn ensure_volumes(&self, kubelet: &Kubelet, pod: &Object) -> Result<(), Instant> {
        if self.volumes.borrow().is_some() {
            return Ok(());
        }
        kubelet.pause(20, 60).await;
        let now = kubelet.sim().now();
        let facts =
            PodFacts { pod, host_ip: kubelet.config().address.to_string(), now: now.timestamp().seconds };
        match volumes::set_up(kubelet.client(), &facts).await {
            Ok(volumes) => {
                *self.volumes.borrow_mut() = Some(Rc::new(volumes));
                Ok(())
            }
            Err((reason, message)) => {
                kubelet.events().event(&kubelet.event_object(self), "Warning", reason, &message);
                // Half a second, doubled up to two minutes and two seconds.
                let delay = self.mount_back_off.get();
                self.mount_back_off.set((delay * 2).min(Duration::from_secs(122)));
                Err(kubelet.sim().now() + delay)
            }
        }
    }

    async fn ensure_sandbox(&self, kubelet: &Kubelet, pod: &Object) -> Result<(), Instant> {
        if self.sandbox.borrow().is_some() {
            return Ok(());
        }
        let host = kubelet.host();
        let id = kubelet.random_id();
        let sandbox = if pod.bool_at("/spec/hostNetwork") {
            kubelet.pause(30, 80).await;
            let netns = host.namespaces().netns;
            Ok(Sandbox { id, netns, address: kubelet.config().address, host_network: true })
        } else {
            kubelet.pause(150, 350).await;
            sandbox::set_up(host, kubelet.addresses(), pod.name(), id)
        };
        match sandbox {
            Ok(sandbox) => {
                let mut record = self.record.borrow_mut();
                record.pod_ip = Some(sandbox.address);
                record.sandbox_ready = true;
                drop(record);
                *self.sandbox.borrow_mut() = Some(sandbox);
                kubelet.ring_at_relist(&self.uid);
                Ok(())
            }
            Err(cause) => {
                let message = format!(
                    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: {cause}"
                );
                kubelet.events().event(
                    &kubelet.event_object(self),
                    "Warning",
                    "FailedCreatePodSandBox",
                    &message,
                );
                Err(kubelet.retry_at())
            }
        }
    }

    /// Kills containers whose probes have given them up.
    async fn kill_doomed(&self, kubelet: &Kubelet, pod: &Object) {
        let doomed: Vec<(usize, Rc<Instance>, String)> = {
            let slots = self.slots.borrow();
            let with_reason = |(index, slot): (usize, &Slot)| {
                let instance = slot.instance.clone()?;
                let spec = Self::container_spec(pod, index);
                let changed = (spec.str_at("/image") != slot.image).then(|| {
                    format!("Container {} definition changed, will be restarted", spec.str_at("/name"))
                });
                let reason = instance.doomed.borrow().clone().or(changed)?;
                instance.exit().is_none().then_some((index, instance, reason))
            };
            slots.iter().enumerate().filter_map(with_reason).collect()
        };
        for (index, instance, reason) in doomed {
            self.container_event(kubelet, index, "Normal", "Killing", &reason);
            let grace = grace_of_probe(pod, index, &reason);
            kubelet.stop_container(self, index, &instance, grace).await;
            self.observe(kubelet);
        }
    }

    /// Starts a container, or says when to try again.
    async fn start_container(&self, kubelet: &Kubelet, pod: &Object, index: usize) -> Result<(), Instant> {
        let spec = Self::container_spec(pod, index).clone();
        let now = kubelet.sim().now();
        let has_run = self.record.borrow().containers[index].last_run().is_some();
        if has_run && let Some(until) = self.crash_back_off(kubelet, index, pod, now) {
            return Err(until);
        }
        let told = |kind: &str, reason: &str, message: &str| {
            self.container_event(kubelet, index, kind, reason, message)
        };
        let image = match kubelet.images().ensure_image_exists(pod, &spec, &told).await {
            Ok(image) => image,
            Err(ImageError { reason, message }) => {
                told("Warning", "Failed", &format!("Error: {reason}"));
                self.wait_because(index, reason, &message);
                return Err(kubelet.retry_at());
            }
        };
        let Some(sandbox) = self.sandbox.borrow().clone() else { return Err(kubelet.retry_at()) };
        let env = match container_env::build(kubelet, pod, &spec, &image.image).await {
            Ok(env) => env,
            Err(cause) => {
                told("Warning", "Failed", &format!("Error: {cause}"));
                self.wait_because(index, "CreateContainerConfigError", &cause);
                return Err(kubelet.retry_at());
            }
        };
        kubelet.pause(30, 90).await;
        let volumes = self.volumes.borrow().clone().unwrap_or_default();
        let config: ContainerConfig =
            create::config(kubelet, pod, &spec, image.clone(), &sandbox, &volumes, env);
        let (uid, gid) = (config.uid, config.gid);
        let program = config.argv.first().cloned().unwrap_or_default();
        let id = config.id.clone();
        told("Normal", "Created", "Container created");
        kubelet.pause(30, 90).await;
        let log = Rc::new(ContainerLog::default());
        let started = if program.is_empty() {
            Err("no command specified".to_string())
        } else {
            Instance::start(kubelet.host(), config, log.clone()).map_err(|errno| {
                format!(
                    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc \
                     create failed: unable to start container process: error during container init: {}",
                    runc_exec_error(&program, errno)
                )
            })
        };
        let mut pod_record = self.record.borrow_mut();
        let record = &mut pod_record.containers[index];
        if let Some(last) = record.last_run().cloned() {
            record.last = Some(last);
            record.restart_count += 1;
        }
        record.image = image.reference.to_string();
        record.image_id = image.image_id();
        record.container_id = format!("containerd://{id}");
        record.user = (uid, gid);
        let mut slots = self.slots.borrow_mut();
        let slot = &mut slots[index];
        slot.previous_log = slot.instance.take().map(|old| old.log.clone());
        match started {
            Ok(instance) => {
                record.state = ContainerState::Running { started_at: kubelet.sim().now().timestamp() };
                record.ready = false;
                record.started = false;
                slot.instance = Some(instance.clone());
                slot.image = spec.str_at("/image").to_string();
                drop(slots);
                drop(pod_record);
                kubelet.watch_container(&self.uid, &instance);
                self.start_probes(kubelet, index, &spec, &instance, sandbox.address);
                told("Normal", "Started", "Container started");
                kubelet.ring_at_relist(&self.uid);
                Ok(())
            }
            Err(message) => {
                record.state = ContainerState::Terminated(Terminated {
                    exit_code: 128,
                    reason: "StartError".into(),
                    message: message.clone(),
                    started_at: None,
                    finished_at: kubelet.sim().now().timestamp(),
                    container_id: format!("containerd://{id}"),
                });
                slot.ended = Some(kubelet.sim().now());
                drop(slots);
                drop(pod_record);
                told("Warning", "Failed", &format!("Error: {message}"));
                Err(kubelet.relist_at())
            }
        }
    }

    /// The pause after a container has ended, if there is still one. Models `doBackOff`: the first restart comes at
    /// once, the pause counts from the end of the last run.
    fn crash_back_off(&self, kubelet: &Kubelet, index: usize, pod: &Value, now: Instant) -> Option<Instant> {
        let mut slots = self.slots.borrow_mut();
        let ended = slots[index].ended.unwrap_or(now);
        let back_off = &mut slots[index].back_off;
        if !back_off.is_active_since(ended, now) {
            back_off.next(now);
            return None;
        }
        let delay = minutes(back_off.delay());
        drop(slots);
        let container = Self::container_spec(pod, index).str_at("/name").to_string();
        let full = format!("{}_{}({})", pod.name(), pod.namespace(), self.uid);
        self.container_event(
            kubelet,
            index,
            "Warning",
            "BackOff",
            &format!("Back-off restarting failed container {container} in pod {full}"),
        );
        let message = format!("back-off {delay} restarting failed container={container} pod={full}");
        self.wait_because(index, "CrashLoopBackOff", &message);
        Some(kubelet.retry_at())
    }

    fn wait_because(&self, index: usize, reason: &str, message: &str) {
        let mut record = self.record.borrow_mut();
        let container = &mut record.containers[index];
        if let ContainerState::Terminated(ended) = &container.state {
            container.last = Some(ended.clone());
        }
        container.state =
            ContainerState::Waiting { reason: reason.to_string(), message: message.to_string() };
        container.ready = false;
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
            (if container.init { "initContainers" } else { "containers" }, container.name.clone())
        };
        let path = format!("spec.{field}{{{name}}}");
        kubelet.events().event_for(&kubelet.event_object(self), &path, kind, reason, message);
    }

    fn start_probes(
        &self,
        kubelet: &Kubelet,
        index: usize,
        spec: &Value,
        instance: &Rc<Instance>,
        pod_ip: std::net::Ipv4Addr,
    ) {
        instance.started.set(spec.get("startupProbe").is_none());
        instance.ready.set(spec.get("readinessProbe").is_none() && instance.started.get());
        for (kind, field) in probe::Kind::ALL {
            let definition = spec.at(field);
            if definition.is_null() {
                continue;
            }
            let (kubelet, uid) = (kubelet.clone(), self.uid.clone());
            let (spec, definition, weak) = (spec.clone(), definition.clone(), Rc::downgrade(instance));
            let task = kubelet.sim().clone().spawn(async move {
                super::prober::run(kubelet, uid, index, kind, spec, definition, weak, pod_ip).await;
            });
            instance.tasks.borrow_mut().push(task);
        }
    }

    /// Stops everything, tells the API, and lets go.
    async fn terminate_pod(&self, kubelet: &Kubelet) {
        let pod = self.pod();
        let grace = self.grace(&pod);
        let running: Vec<(usize, Rc<Instance>, bool)> = {
            let slots = self.slots.borrow();
            let record = self.record.borrow();
            slots
                .iter()
                .enumerate()
                .filter_map(|(i, slot)| Some((i, slot.instance.clone()?, record.containers[i].sidecar)))
                .filter(|(_, instance, _)| instance.exit().is_none())
                .collect()
        };
        for sidecars in [false, true] {
            let stops =
                running.iter().filter(|(_, _, sidecar)| *sidecar == sidecars).map(|(index, instance, _)| {
                    let name = self.record.borrow().containers[*index].name.clone();
                    self.container_event(
                        kubelet,
                        *index,
                        "Normal",
                        "Killing",
                        &format!("Stopping container {name}"),
                    );
                    kubelet.stop_container(self, *index, instance, grace)
                });
            join_all(stops.collect::<Vec<_>>()).await;
        }
        if !running.is_empty() {
            kubelet.sim().sleep_until(kubelet.relist_at()).await;
        }
        self.observe(kubelet);
        self.record.borrow_mut().terminal = true;
        self.settle();
        if !self.removed.get() {
            self.update_status(kubelet).await;
        }
        kubelet.pause(30, 120).await;
        let sandbox = self.sandbox.borrow_mut().take();
        if let Some(sandbox) = sandbox {
            sandbox::tear_down(kubelet.host(), kubelet.addresses(), &sandbox);
        }
        self.record.borrow_mut().sandbox_ready = false;
        kubelet.images().forget(&self.uid);
        if !self.removed.get() {
            self.update_status(kubelet).await;
        }
        // A pod that has finished stays until somebody deletes it; its logs with it.
        loop {
            let seen = self.bell.count();
            if self.removed.get() {
                break;
            }
            if self.pod.borrow().is_terminating() {
                self.delete_from_api(kubelet, &pod).await;
                break;
            }
            self.bell.rung_since(seen).await;
        }
        kubelet.forget(&self.uid);
    }

    /// Containers that never ran say why not.
    fn settle(&self) {
        let mut record = self.record.borrow_mut();
        for container in &mut record.containers {
            container.ready &= container.init;
            container.started = false;
            if let ContainerState::Waiting { reason, .. } = &container.state
                && reason == "CrashLoopBackOff"
                && let Some(last) = container.last.take()
            {
                container.state = ContainerState::Terminated(last);
            }
        }
    }

    async fn delete_from_api(&self, kubelet: &Kubelet, pod: &Object) {
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            uid: Some(self.uid.clone()),
            ..DeleteOptions::default()
        };
        let _ = kubelet.client().delete(POD, pod.namespace(), pod.name(), options).await;
    }

    fn grace(&self, pod: &Value) -> Duration {
        let seconds = if self.removed.get() && !pod.is_terminating() {
            1
        } else {
            let asked = pod.int_at("/metadata/deletionGracePeriodSeconds");
            asked.or_else(|| pod.int_at("/spec/terminationGracePeriodSeconds")).unwrap_or(30)
        };
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0).max(1))
    }
}

fn grace_of_probe(pod: &Value, index: usize, reason: &str) -> Duration {
    let spec = PodWorker::container_spec(pod, index);
    let field = if reason.contains("startup") { "/startupProbe" } else { "/livenessProbe" };
    let own = spec.at(field).int_at("/terminationGracePeriodSeconds");
    let seconds = own.or_else(|| pod.int_at("/spec/terminationGracePeriodSeconds")).unwrap_or(30);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// Go prints whole minutes with their seconds: `1m20s`, `5m0s`.
fn minutes(delay: Duration) -> String {
    match delay.as_secs() {
        seconds if seconds >= 60 => format!("{}m{}s", seconds / 60, seconds % 60),
        seconds => format!("{seconds}s"),
    }
}

impl Kubelet {
    /// Stops a container: its hook, its signal, its grace, SIGKILL. Models `killContainer`.
    pub(super) async fn stop_container(
        &self,
        worker: &PodWorker,
        index: usize,
        instance: &Rc<Instance>,
        grace: Duration,
    ) {
        let deadline = self.sim().now() + grace;
        instance.cancel_tasks();
        let pod = worker.pod();
        let spec = PodWorker::container_spec(&pod, index);
        let hook = spec.at("/lifecycle/preStop");
        if !hook.is_null() {
            self.pre_stop(worker, index, instance, spec, hook, grace).await;
        }
        if instance.exit().is_none() {
            let _ = self.host().kill(instance.pid, instance.stop_signal);
        }
        let left = deadline - self.sim().now();
        if probe::limited(self.host(), left, instance.wait()).await.is_none() {
            let _ = self.host().kill(instance.pid, Signal::KILL);
            instance.wait().await;
        }
    }

    async fn pre_stop(
        &self,
        worker: &PodWorker,
        index: usize,
        instance: &Rc<Instance>,
        spec: &Value,
        hook: &Value,
        grace: Duration,
    ) {
        if let Some(seconds) = hook.int_at("/sleep/seconds") {
            let pause = Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).min(grace);
            let _ = probe::limited(self.host(), pause, instance.wait()).await;
            return;
        }
        let Some(pod_ip) = worker.record.borrow().pod_ip else { return };
        let target = probe::Target { host: self.host(), instance, container: spec, pod_ip };
        if let Err(cause) = probe::run(&target, hook, grace.max(Duration::from_secs(1))).await {
            worker.container_event(
                self,
                index,
                "Warning",
                "FailedPreStopHook",
                &format!("PreStopHook failed: {cause}"),
            );
        }
    }
}

impl Kubelet {
    /// The object of a pod in the API is a new one: its status has to be said again.
    pub(super) fn resend_status(&self, uid: &str) {
        if let Some(worker) = self.worker(uid) {
            *worker.sent.borrow_mut() = Value::Null;
            worker.bell.ring();
        }
    }
}
