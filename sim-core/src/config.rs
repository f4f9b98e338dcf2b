//! What a world begins with, and where a learner stands in it.

use serde::{Deserialize, Serialize};

/// What a world begins with. The same configuration and the same inputs give the same history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Where all chance comes from.
    pub seed: u64,
    /// How many nodes the cluster has.
    pub nodes: u8,
    /// True for a cluster with a cloud's load balancers; otherwise they stay `<pending>`.
    pub cloud: bool,
    /// True for a cluster with a metrics server: `kubectl top` has figures, and autoscalers scale by them.
    #[serde(default)]
    pub metrics: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config { seed: 1, nodes: 3, cloud: false, metrics: false }
    }
}

/// Where a shell runs (decision D8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// On node1 itself: pod and Service addresses answer.
    #[default]
    Lab,
    /// On a machine outside of the cluster, with a kubeconfig.
    Laptop,
}
