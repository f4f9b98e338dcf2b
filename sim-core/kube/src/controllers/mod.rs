//! The controller manager: what moves the cluster from what is to what was asked for.
//!
//! Each controller watches a few kinds through informers that all of them share, puts the keys of objects that
//! may need work into a queue, and reconciles one key at a time, as those of `kube-controller-manager` do
//! (pkg/controller). A controller knows the [`Client`](crate::client::Client) and nothing behind it.
//!
//! Reading order: [`context`], [`pod_control`] (what all that make pods do), then the controllers: [`replica_set`] and
//! [`deployment`], [`stateful_set`] and [`daemon_set`] with their [`history`], [`job`] and [`cron_job`], [`disruption`] and
//! [`horizontal_pod_autoscaler`]; those for Services, [`endpoints`], [`endpoint_slice`] and
//! [`service_cidr`]; and the ones that clean up.

mod context;
mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod endpoint_slice;
mod endpoint_slice_mirroring;
mod endpoints;
mod ephemeral_volume;
mod expectations;
mod garbage_collector;
mod history;
mod horizontal_pod_autoscaler;
mod job;
mod namespace;
mod node_lifecycle;
mod persistent_volume;
mod pod_control;
mod pod_gc;
mod replica_set;
mod resource_quota;
mod root_ca;
mod service_account;
mod service_account_token;
mod service_cidr;
mod service_endpoints;
mod stateful_set;
mod taint_eviction;
mod ttl_after_finished;

pub use context::Context;
pub use root_ca::ROOT_CA;

use crate::apiserver::ApiServer;
use sim::Sim;

/// A controller: its name in `--controllers` and what starts it. Models
/// cmd/kube-controller-manager/app/controller_descriptor.go.
pub struct Descriptor {
    /// Upstream's name, for example `deployment-controller`.
    pub name: &'static str,
    start: fn(&Context),
}

/// All controllers, by name.
pub const CONTROLLERS: &[Descriptor] = &[
    Descriptor { name: "cronjob-controller", start: cron_job::start },
    Descriptor { name: "daemonset-controller", start: daemon_set::start },
    Descriptor { name: "deployment-controller", start: deployment::start },
    Descriptor { name: "disruption-controller", start: disruption::start },
    Descriptor { name: "endpoints-controller", start: endpoints::start },
    Descriptor { name: "endpointslice-controller", start: endpoint_slice::start },
    Descriptor { name: "endpointslice-mirroring-controller", start: endpoint_slice_mirroring::start },
    Descriptor { name: "ephemeral-volume-controller", start: ephemeral_volume::start },
    Descriptor { name: "garbage-collector-controller", start: garbage_collector::start },
    Descriptor { name: "horizontal-pod-autoscaler-controller", start: horizontal_pod_autoscaler::start },
    Descriptor { name: "job-controller", start: job::start },
    Descriptor { name: "namespace-controller", start: namespace::start },
    Descriptor { name: "node-lifecycle-controller", start: node_lifecycle::start },
    Descriptor { name: "persistentvolume-binder-controller", start: persistent_volume::start },
    Descriptor {
        name: "persistentvolume-protection-controller",
        start: persistent_volume::start_volume_protection,
    },
    Descriptor {
        name: "persistentvolumeclaim-protection-controller",
        start: persistent_volume::start_claim_protection,
    },
    Descriptor { name: "pod-garbage-collector-controller", start: pod_gc::start },
    Descriptor { name: "replicaset-controller", start: replica_set::start },
    Descriptor { name: "replicationcontroller-controller", start: replica_set::start_replication },
    Descriptor { name: "resourcequota-controller", start: resource_quota::start },
    Descriptor { name: "root-ca-certificate-publisher-controller", start: root_ca::start },
    Descriptor { name: "service-cidr-controller", start: service_cidr::start },
    Descriptor { name: "serviceaccount-controller", start: service_account::start },
    Descriptor { name: "serviceaccount-token-controller", start: service_account_token::start },
    Descriptor { name: "statefulset-controller", start: stateful_set::start },
    Descriptor { name: "taint-eviction-controller", start: taint_eviction::start },
    Descriptor { name: "ttl-after-finished-controller", start: ttl_after_finished::start },
];

/// Starts all controllers of a cluster, with one set of informers.
pub fn start(sim: &Sim, api: &ApiServer) {
    let context = Context::new(sim, api);
    for controller in CONTROLLERS {
        (controller.start)(&context.named(controller.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(CONTROLLERS.is_sorted_by_key(|controller| controller.name));
    }
}
