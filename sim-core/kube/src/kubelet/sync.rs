//! One step of a pod towards what its spec asks for. Models kuberuntime `SyncPod` and `computePodActions`.

use super::container::{ContainerConfig, Instance, runc_exec_error};
use super::images::{BackOff, ImageError};
use super::log::ContainerLog;
use super::pod::{PodWorker, SANDBOX, Slot};
use super::sandbox::{self, Sandbox};
use super::status::{ContainerRecord, ContainerState, Terminated};
use super::volumes::{self, PodFacts};
use super::{Kubelet, container_env, create, probe, prober};
use crate::api::{Object, ObjectExt};
use serde_json::Value;
use sim::Instant;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

/// What a sync wants next.
pub(super) enum Next {
    /// Nothing until something happens.
    Wait,
    /// Try again at this moment.
    At(Instant),
    /// It is over: stop what is left.
    Finished,
}

/// Why a container was not started.
enum Failure {
    /// It has ended too often; not before this moment.
    BackOff(Instant),
    /// Anything else.
    Other,
}

impl PodWorker {
    /// One step towards what the spec asks for. Models kuberuntime `SyncPod`.
    pub(super) async fn sync_pod(&self, kubelet: &Kubelet) -> Next {
        let pod = self.pod();
        let policy = pod.str_at("/spec/restartPolicy");
        let deadline = self.deadline(kubelet, &pod);
        if self.is_finished(policy) || self.is_past(kubelet, deadline) {
            return Next::Finished;
        }
        if let Err(retry) = self.ensure_volumes(kubelet, &pod).await {
            return Next::At(retry);
        }
        if let Err(retry) = self.ensure_sandbox(kubelet, &pod).await {
            return Next::At(retry);
        }
        // Back-off counts from runs that were over before this sync.
        let ended: Vec<Option<Instant>> = self.slots.borrow().iter().map(|slot| slot.ended).collect();
        self.kill_doomed(kubelet, &pod).await;
        let (mut back_off, mut failed): (Option<Instant>, bool) = (None, false);
        // Ephemeral containers wait for nobody.
        let order: Vec<usize> = {
            let record = self.record.borrow();
            let (late, first): (Vec<usize>, Vec<usize>) =
                (0..record.containers.len()).partition(|&index| !record.containers[index].ephemeral);
            [first, late].concat()
        };
        for index in order {
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
            match self.start_container(kubelet, &pod, index, ended.get(index).copied().flatten()).await {
                Ok(()) => {}
                Err(Failure::BackOff(at)) => back_off = Some(back_off.map_or(at, |first| first.min(at))),
                Err(Failure::Other) => failed = true,
            }
            if init {
                // A sidecar without a startup probe has started as soon as it runs.
                self.observe(kubelet);
                if !self.record.borrow().containers[index].is_initialized() {
                    break;
                }
            }
        }
        let now = kubelet.sim().now();
        let retry = match back_off {
            Some(at) => Some(kubelet.retry_after(at - now)),
            None => failed.then(|| kubelet.retry_at()),
        };
        match retry.into_iter().chain(deadline).min() {
            Some(at) => Next::At(at),
            None => Next::Wait,
        }
    }

    /// When the pod has been active for long enough. Models pkg/kubelet/active_deadline.go.
    fn deadline(&self, kubelet: &Kubelet, pod: &Object) -> Option<Instant> {
        let allowed = Duration::from_secs(pod.int_at("/spec/activeDeadlineSeconds")?.unsigned_abs());
        let now = kubelet.sim().now();
        let active = now.timestamp().duration_since(self.record.borrow().start_time);
        Some(now + allowed.saturating_sub(active))
    }

    /// Whether the time is up; then the pod has failed.
    fn is_past(&self, kubelet: &Kubelet, deadline: Option<Instant>) -> bool {
        if deadline.is_none_or(|deadline| deadline > kubelet.sim().now()) {
            return false;
        }
        let failure = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
        self.record.borrow_mut().failure = Some(failure);
        kubelet.events().event(&kubelet.event_object(self), "Normal", failure.0, failure.1);
        true
    }

    fn should_start(&self, container: &ContainerRecord, policy: &str) -> bool {
        let Some(last) = container.last_run() else { return true };
        if container.sidecar {
            return true;
        }
        if container.ephemeral {
            return false;
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
                if volumes::may_refresh(pod) {
                    kubelet.sim().spawn(refresh_volumes(kubelet.clone(), self.uid.clone()));
                }
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
            for what in unsimulated(pod) {
                let text = format!("kubelet: {what} is not simulated");
                kubelet.events().event(&kubelet.event_object(self), "Warning", "NotSimulated", &text);
            }
            sandbox::set_up(host, kubelet.addresses(), pod.name(), id)
        };
        match sandbox {
            Ok(sandbox) => {
                let mut record = self.record.borrow_mut();
                record.pod_ip = Some(sandbox.address);
                record.sandbox_ready = true;
                drop(record);
                *self.sandbox.borrow_mut() = Some(sandbox);
                kubelet.ring_at_relist(&self.uid, SANDBOX);
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
            let grace = Some(super::termination::grace_of_probe(pod, index, &reason));
            kubelet.stop_container(self, index, &instance, grace).await;
            self.observe(kubelet);
        }
    }

    /// Starts a container; `ended` is when its last run did that was over before.
    async fn start_container(
        &self,
        kubelet: &Kubelet,
        pod: &Object,
        index: usize,
        ended: Option<Instant>,
    ) -> Result<(), Failure> {
        let spec = Self::container_spec(pod, index).clone();
        if let Some(ended) = ended
            && let Some(until) = self.crash_back_off(kubelet, index, pod, ended)
        {
            return Err(Failure::BackOff(until));
        }
        let told = |kind: &str, reason: &str, message: &str| {
            self.container_event(kubelet, index, kind, reason, message)
        };
        let image = match kubelet.images().ensure_image_exists(pod, &spec, &told).await {
            Ok(image) => image,
            Err(ImageError { reason, message }) => {
                told("Warning", "Failed", &format!("Error: {reason}"));
                self.wait_because(index, reason, &message);
                return Err(Failure::Other);
            }
        };
        let Some(sandbox) = self.sandbox.borrow().clone() else { return Err(Failure::Other) };
        let env = match container_env::build(kubelet, pod, &spec, &image.image).await {
            Ok(env) => env,
            Err(cause) => {
                told("Warning", "Failed", &format!("Error: {cause}"));
                self.wait_because(index, "CreateContainerConfigError", &cause);
                return Err(Failure::Other);
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
        {
            let mut record = self.record.borrow_mut();
            let record = &mut record.containers[index];
            if let Some(last) = record.last_run().cloned() {
                record.last = Some(last);
                record.restart_count += 1;
            }
            record.image = image.reference.to_string();
            record.image_id = image.image_id();
            record.container_id = format!("containerd://{id}");
            record.user = (uid, gid);
        }
        match started {
            Ok(instance) => {
                self.has_started(kubelet, index, &spec, &instance);
                kubelet.watch_container(&self.uid, index, &instance);
                self.start_probes(kubelet, index, &spec, &instance, sandbox.address);
                told("Normal", "Started", "Container started");
                kubelet.ring_at_relist(&self.uid, index);
                self.post_start(kubelet, index, &spec, &instance, sandbox.address).await;
                Ok(())
            }
            Err(message) => {
                self.has_not_started(kubelet, index, message.clone());
                told("Warning", "Failed", &format!("Error: {message}"));
                kubelet.ring_at_relist(&self.uid, index);
                let record = self.record.borrow().containers[index].clone();
                if self.should_start(&record, pod.str_at("/spec/restartPolicy")) {
                    self.wait_because(index, "RunContainerError", &message);
                }
                Err(Failure::Other)
            }
        }
    }

    fn has_started(&self, kubelet: &Kubelet, index: usize, spec: &Value, instance: &Rc<Instance>) {
        let slot = &mut self.slots.borrow_mut()[index];
        slot.previous_log = slot.instance.replace(instance.clone()).map(|old| old.log.clone());
        slot.image = spec.str_at("/image").to_string();
        let record = &mut self.record.borrow_mut().containers[index];
        record.state = ContainerState::Running { started_at: kubelet.sim().now().timestamp() };
        record.ready = false;
        record.started = false;
    }

    fn has_not_started(&self, kubelet: &Kubelet, index: usize, message: String) {
        let now = kubelet.sim().now();
        let slot = &mut self.slots.borrow_mut()[index];
        slot.previous_log = slot.instance.take().map(|old| old.log.clone());
        slot.ended = Some(now);
        let record = &mut self.record.borrow_mut().containers[index];
        record.state = ContainerState::Terminated(Terminated {
            exit_code: 128,
            reason: "StartError".into(),
            message,
            started_at: None,
            finished_at: now.timestamp(),
            container_id: record.container_id.clone(),
        });
    }

    /// The end of the pause after a container has ended, if it is still to come. Models `doBackOff`: the first restart
    /// comes at once, the pause counts from the end of the last run, and another image begins anew.
    fn crash_back_off(
        &self,
        kubelet: &Kubelet,
        index: usize,
        pod: &Value,
        ended: Instant,
    ) -> Option<Instant> {
        let spec = Self::container_spec(pod, index);
        let now = kubelet.sim().now();
        let mut slots = self.slots.borrow_mut();
        let slot = &mut slots[index];
        if !slot.image.is_empty() && slot.image != spec.str_at("/image") {
            slot.back_off = BackOff::default();
        }
        if !slot.back_off.is_active_since(ended, now) {
            slot.back_off.next_since(ended, now);
            return None;
        }
        let until = ended + slot.back_off.delay();
        let delay = minutes(slot.back_off.delay());
        drop(slots);
        let container = spec.str_at("/name").to_string();
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
        Some(until)
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

    /// Runs the hook that a container may have for its start; one that fails costs the container its life.
    async fn post_start(
        &self,
        kubelet: &Kubelet,
        index: usize,
        spec: &Value,
        instance: &Rc<Instance>,
        pod_ip: Ipv4Addr,
    ) {
        let hook = spec.at("/lifecycle/postStart");
        if hook.is_null() {
            return;
        }
        let target = probe::Target { host: kubelet.host(), instance, container: spec, pod_ip };
        if probe::run(&target, hook, Duration::from_secs(120)).await.is_err() {
            self.container_event(kubelet, index, "Warning", "FailedPostStartHook", "PostStartHook failed");
            *instance.doomed.borrow_mut() = Some("FailedPostStartHook".to_string());
            kubelet.ring(&self.uid);
        }
    }

    fn start_probes(
        &self,
        kubelet: &Kubelet,
        index: usize,
        spec: &Value,
        instance: &Rc<Instance>,
        pod_ip: Ipv4Addr,
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
                prober::run(kubelet, uid, index, kind, spec, definition, weak, pod_ip).await;
            });
            instance.tasks.borrow_mut().push(task);
        }
    }
}

/// Go prints whole minutes with their seconds: `1m20s`, `5m0s`.
fn minutes(delay: Duration) -> String {
    match delay.as_secs() {
        seconds if seconds >= 60 => format!("{}m{}s", seconds / 60, seconds % 60),
        seconds => format!("{seconds}s"),
    }
}

/// `syncFrequency`, and half as much more: so often a pod's volumes are brought up to date.
const SYNC_FREQUENCY: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(90));

/// Brings a pod's volumes of config maps and secrets up to date, again and again until the pod is gone.
async fn refresh_volumes(kubelet: Kubelet, uid: String) {
    loop {
        let pause = kubelet.0.rng.borrow_mut().duration(SYNC_FREQUENCY.0, SYNC_FREQUENCY.1);
        kubelet.sim().sleep(pause).await;
        let Some(worker) = kubelet.worker(&uid) else { return };
        let Some(volumes) = worker.volumes.borrow().clone() else { return };
        let pod = worker.pod();
        let now = kubelet.sim().now().timestamp().seconds;
        let facts = PodFacts { pod: &pod, host_ip: kubelet.config().address.to_string(), now };
        if let Err((reason, message)) = volumes::refresh(kubelet.client(), &facts, &volumes).await {
            kubelet.events().event(&kubelet.event_object(&worker), "Warning", reason, &message);
        }
    }
}

/// What a pod asks of its node that it does not get here.
fn unsimulated(pod: &Value) -> Vec<&'static str> {
    let mut asked: Vec<&str> =
        ["hostPID", "hostIPC"].into_iter().filter(|field| pod.at("/spec")[*field] == true).collect();
    if pod.at("/spec/hostUsers") == false {
        asked.push("hostUsers: false");
    }
    let ports =
        |container: &Value| container.list_at("/ports").iter().any(|port| port.int_at("/hostPort").is_some());
    if !pod.bool_at("/spec/hostNetwork") && pod.list_at("/spec/containers").iter().any(ports) {
        asked.push("hostPort");
    }
    asked
}
