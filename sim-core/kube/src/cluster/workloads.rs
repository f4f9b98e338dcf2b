//! What runs in kube-system: the control plane as static pods, CoreDNS as a Deployment, kube-proxy as a DaemonSet.

use super::images::{COREDNS, ETCD, kubernetes};
use super::objects::put;
use crate::api::{self, DAEMON_SET, DEPLOYMENT, constant, set};
use crate::apiserver::ApiServer;
use crate::json;
use ipnet::Ipv4Net;
use serde_json::Value;
use std::net::Ipv4Addr;

/// Where a workload's image stands.
pub(super) const IMAGE: &str = "/spec/template/spec/containers/0/image";

/// Manifests of the control plane.
pub(super) fn static_pods(address: Ipv4Addr, pods: Ipv4Net) -> Vec<Value> {
    let ip = address.to_string();
    let etcd = vec![
        "etcd".to_string(),
        format!("--advertise-client-urls=https://{ip}:2379"),
        "--data-dir=/var/lib/etcd".into(),
        format!("--listen-client-urls=https://127.0.0.1:2379,https://{ip}:2379"),
        "--name=node1".into(),
    ];
    let apiserver = vec![
        "kube-apiserver".to_string(),
        format!("--advertise-address={ip}"),
        "--allow-privileged=true".into(),
        "--authorization-mode=Node,RBAC".into(),
        "--enable-admission-plugins=NodeRestriction".into(),
        "--etcd-servers=https://127.0.0.1:2379".into(),
        "--secure-port=6443".into(),
        "--service-cluster-ip-range=10.96.0.0/12".into(),
    ];
    let controller_manager = vec![
        "kube-controller-manager".to_string(),
        "--allocate-node-cidrs=true".into(),
        "--bind-address=127.0.0.1".into(),
        format!("--cluster-cidr={pods}"),
        "--cluster-name=kubernetes".into(),
        "--controllers=*,bootstrapsigner,tokencleaner".into(),
        "--leader-elect=true".into(),
        "--service-cluster-ip-range=10.96.0.0/12".into(),
    ];
    let scheduler = vec![
        "kube-scheduler".to_string(),
        "--bind-address=127.0.0.1".into(),
        "--kubeconfig=/etc/kubernetes/scheduler.conf".into(),
        "--leader-elect=true".into(),
    ];
    let advertised =
        ("kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint", format!("{ip}:6443"));
    let etcd_urls = ("kubeadm.kubernetes.io/etcd.advertise-client-urls", format!("https://{ip}:2379"));
    vec![
        static_pod("etcd", ETCD, etcd, json!({"cpu": "100m", "memory": "100Mi"}), Some(etcd_urls)),
        static_pod(
            "kube-apiserver",
            &kubernetes("kube-apiserver"),
            apiserver,
            json!({"cpu": "250m"}),
            Some(advertised),
        ),
        static_pod(
            "kube-controller-manager",
            &kubernetes("kube-controller-manager"),
            controller_manager,
            json!({"cpu": "200m"}),
            None,
        ),
        static_pod("kube-scheduler", &kubernetes("kube-scheduler"), scheduler, json!({"cpu": "100m"}), None),
    ]
}

fn static_pod(
    name: &str,
    image: &str,
    command: Vec<String>,
    requests: Value,
    annotation: Option<(&str, String)>,
) -> Value {
    let mut pod = constant(include_str!("manifests/static-pod.json"));
    let text = json!(name);
    for path in ["/metadata/name", "/metadata/labels/component", "/spec/containers/0/name"] {
        set(&mut pod, path, text.clone());
    }
    set(&mut pod, "/spec/containers/0/image", json!(image));
    set(&mut pod, "/spec/containers/0/command", json!(command));
    set(&mut pod, "/spec/containers/0/resources/requests", requests);
    if let Some((key, value)) = annotation {
        api::object_at(&mut pod, "/metadata/annotations").insert(key.to_string(), json!(value));
    }
    pod
}

/// Creates the rest; `kubeadm` gives kube-proxy its configuration in a config map.
pub(super) fn start(api: &ApiServer, kubeadm: bool) {
    let mut dns = constant(include_str!("manifests/coredns.json"));
    set(&mut dns, IMAGE, json!(COREDNS));
    put(api, DEPLOYMENT, "kube-system", dns);
    let mut proxy = constant(include_str!("manifests/kube-proxy.json"));
    set(&mut proxy, IMAGE, json!(kubernetes("kube-proxy")));
    if !kubeadm {
        api::remove(&mut proxy, "/spec/template/spec/volumes");
        api::remove(&mut proxy, "/spec/template/spec/containers/0/volumeMounts");
    }
    put(api, DAEMON_SET, "kube-system", proxy);
}
