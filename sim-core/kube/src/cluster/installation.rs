//! What a cluster stands on: what its machines say of themselves, and who put the control plane there.

use linux::host::{KERNEL_RELEASE, MEMORY_KIB};

/// Where the API server is: on node1.
pub const API_SERVER: &str = "https://10.10.0.11:6443";

/// What a cluster stands on. Nothing in the world depends on it but what the nodes report and what is in kube-system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Installation {
    /// What the nodes call their system; nothing for what their `/etc/os-release` says.
    pub os_image: Option<&'static str>,
    /// The kernel that they report.
    pub kernel: &'static str,
    /// The container runtime that they report.
    pub container_runtime: &'static str,
    /// The memory that they report, in KiB.
    pub memory_kib: u64,
    /// Images that are on every node from the beginning, besides the cluster's own.
    pub images: &'static [&'static str],
    /// Where the learner's kubeconfig finds the API server.
    pub server: &'static str,
    /// kubeadm made the cluster: the control plane runs in static pods, and what kubeadm notes down is there.
    /// Otherwise the control plane runs beside the cluster, as services of node1.
    pub kubeadm: bool,
}

impl Default for Installation {
    fn default() -> Self {
        Installation {
            os_image: None,
            kernel: KERNEL_RELEASE,
            container_runtime: "containerd://2.2.1",
            memory_kib: MEMORY_KIB,
            images: &[],
            server: API_SERVER,
            kubeadm: true,
        }
    }
}
