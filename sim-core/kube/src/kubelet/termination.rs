//! The end of a pod and of its containers: hook, signal, grace, SIGKILL. Models `SyncTerminatingPod` and
//! `killContainer`.

use super::Kubelet;
use super::container::Instance;
use super::pod::PodWorker;
use super::status::ContainerState;
use super::{probe, sandbox};
use crate::api::{Object, ObjectExt, POD};
use crate::client::DeleteOptions;
use futures_util::future::{Either, join_all, select};
use linux::Signal;
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;

impl PodWorker {
    /// Stops everything, tells the API, and lets go.
    pub(super) async fn terminate_pod(&self, kubelet: &Kubelet) {
        let pod = self.pod();
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
                    kubelet.stop_container(self, *index, instance, None)
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
            if matches!(container.state, ContainerState::Waiting { .. })
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

    /// How long the pod may take to stop, as it is asked for now: a second deletion can shorten it.
    fn grace(&self) -> Duration {
        let pod = self.pod();
        let seconds = if self.removed.get() && !pod.is_terminating() {
            1
        } else {
            let asked = pod.int_at("/metadata/deletionGracePeriodSeconds");
            asked.or_else(|| pod.int_at("/spec/terminationGracePeriodSeconds")).unwrap_or(30)
        };
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0).max(1))
    }
}

/// What a container killed for its probe, or its changed definition, is given.
pub(super) fn grace_of_probe(pod: &Value, index: usize, reason: &str) -> Duration {
    let spec = PodWorker::container_spec(pod, index);
    let field = if reason.contains("startup") { "/startupProbe" } else { "/livenessProbe" };
    let own = spec.at(field).int_at("/terminationGracePeriodSeconds");
    let seconds = own.or_else(|| pod.int_at("/spec/terminationGracePeriodSeconds")).unwrap_or(30);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

impl Kubelet {
    /// Stops a container: its hook, its signal, its grace (the pod's own unless given), SIGKILL.
    pub(super) async fn stop_container(
        &self,
        worker: &PodWorker,
        index: usize,
        instance: &Rc<Instance>,
        grace: Option<Duration>,
    ) {
        let began = self.sim().now();
        let grace_now = || grace.unwrap_or_else(|| worker.grace());
        instance.cancel_tasks();
        let pod = worker.pod();
        let spec = PodWorker::container_spec(&pod, index);
        let hook = spec.at("/lifecycle/preStop");
        if !hook.is_null() {
            self.pre_stop(worker, index, instance, spec, hook, grace_now()).await;
        }
        if instance.exit().is_none() {
            let _ = self.host().kill(instance.pid, instance.stop_signal);
        }
        loop {
            let seen = worker.terminate.count();
            let left = began + grace_now() - self.sim().now();
            if left.is_zero() {
                break;
            }
            let ended = std::pin::pin!(instance.wait());
            let hurried = std::pin::pin!(worker.terminate.rung_since(seen));
            match probe::limited(self.host(), left, select(ended, hurried)).await {
                Some(Either::Left(_)) => return,
                Some(Either::Right(_)) | None => {}
            }
        }
        let _ = self.host().kill(instance.pid, Signal::KILL);
        instance.wait().await;
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
