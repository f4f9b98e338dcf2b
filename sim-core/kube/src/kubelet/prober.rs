//! One task per probe of a running container. Models pkg/kubelet/prober/worker.go.

use super::Kubelet;
use super::container::Instance;
use super::probe::{self, Kind, Schedule, Target};
use crate::api::ObjectExt;
use serde_json::Value;
use std::net::Ipv4Addr;
use std::rc::Weak;

/// Probes until the container ends, or until there is nothing more to find out.
#[allow(clippy::too_many_arguments, reason = "each is a fact about one probe")]
pub(super) async fn run(
    kubelet: Kubelet,
    uid: String,
    index: usize,
    kind: Kind,
    container: Value,
    probe: Value,
    instance: Weak<Instance>,
    pod_ip: Ipv4Addr,
) {
    let schedule = Schedule::of(&probe);
    let sim = kubelet.sim().clone();
    let (mut successes, mut failures) = (0, 0);
    // The first look comes soon after the start; the others by the period.
    kubelet.pause(20, 200).await;
    sim.sleep(schedule.initial_delay).await;
    loop {
        let Some(instance) = instance.upgrade() else { return };
        if instance.exit().is_some() {
            return;
        }
        if kind != Kind::Startup && !instance.started.get() {
            let period = schedule.period;
            drop(instance);
            sim.sleep(period).await;
            continue;
        }
        let result = {
            let target = Target { host: kubelet.host(), instance: &instance, container: &container, pod_ip };
            probe::run(&target, &probe, schedule.timeout).await
        };
        if instance.exit().is_some() {
            return;
        }
        match result {
            Ok(()) => (successes, failures) = (successes + 1, 0),
            Err(cause) => {
                (successes, failures) = (0, failures + 1);
                let message = format!("{} probe failed: {cause}", kind.name());
                if let Some(worker) = kubelet.worker(&uid) {
                    worker.container_event(&kubelet, index, "Warning", "Unhealthy", &message);
                }
            }
        }
        let name = container.str_at("/name");
        match kind {
            Kind::Readiness => {
                let ready = match (successes, failures) {
                    (n, 0) if n >= schedule.success_threshold => Some(true),
                    (0, n) if n >= schedule.failure_threshold => Some(false),
                    _ => None,
                };
                if let Some(ready) = ready
                    && instance.ready.replace(ready) != ready
                {
                    kubelet.ring(&uid);
                }
            }
            Kind::Startup if successes >= 1 => {
                instance.started.set(true);
                if container.get("readinessProbe").is_none() {
                    instance.ready.set(true);
                }
                kubelet.ring(&uid);
                return;
            }
            Kind::Startup | Kind::Liveness if failures >= schedule.failure_threshold => {
                let word = kind.name().to_lowercase();
                *instance.doomed.borrow_mut() =
                    Some(format!("Container {name} failed {word} probe, will be restarted"));
                kubelet.ring(&uid);
                return;
            }
            _ => {}
        }
        drop(instance);
        sim.sleep(schedule.period).await;
    }
}
