//! What runs in kube-system: the control plane as static pods, CoreDNS as a Deployment, kube-proxy as a DaemonSet.

use super::images::{COREDNS, ETCD, kubernetes};
use super::objects::put;
use crate::api::{self, DAEMON_SET, DEPLOYMENT, new_object, set};
use crate::apiserver::ApiServer;
use ipnet::Ipv4Net;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

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
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "kube-system",
            "labels": {"component": name, "tier": "control-plane"},
        },
        "spec": {
            "containers": [{
                "name": name,
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "command": command,
                "resources": {"requests": requests},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }],
            "dnsPolicy": "ClusterFirst",
            "enableServiceLinks": true,
            "hostNetwork": true,
            "priority": 2_000_001_000,
            "priorityClassName": "system-node-critical",
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "terminationGracePeriodSeconds": 30,
            "tolerations": [{"effect": "NoExecute", "operator": "Exists"}],
        },
    });
    if let Some((key, value)) = annotation {
        api::object_at(&mut pod, "/metadata/annotations").insert(key.to_string(), json!(value));
    }
    pod
}

/// Creates the rest; `kubeadm` gives kube-proxy its configuration in a config map.
pub(super) fn start(api: &ApiServer, kubeadm: bool) {
    put(api, DEPLOYMENT, "kube-system", coredns());
    let mut proxy = kube_proxy();
    if !kubeadm {
        api::remove(&mut proxy, "/spec/template/spec/volumes");
        api::remove(&mut proxy, "/spec/template/spec/containers/0/volumeMounts");
    }
    put(api, DAEMON_SET, "kube-system", proxy);
}

fn coredns() -> Value {
    let mut deployment = new_object(DEPLOYMENT, "kube-system", "coredns");
    set(&mut deployment, "/metadata/labels", json!({"k8s-app": "kube-dns"}));
    set(
        &mut deployment,
        "/spec",
        json!({
            "replicas": 2,
            "selector": {"matchLabels": {"k8s-app": "kube-dns"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": "25%"}},
            "template": {
                "metadata": {"labels": {"k8s-app": "kube-dns"}},
                "spec": {
                    "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{
                        "weight": 100,
                        "podAffinityTerm": {
                            "labelSelector": {"matchExpressions":
                                [{"key": "k8s-app", "operator": "In", "values": ["kube-dns"]}]},
                            "topologyKey": "kubernetes.io/hostname",
                        },
                    }]}},
                    "containers": [{
                        "name": "coredns",
                        "image": COREDNS,
                        "imagePullPolicy": "IfNotPresent",
                        "args": ["-conf", "/etc/coredns/Corefile"],
                        "ports": [
                            {"containerPort": 53, "name": "dns", "protocol": "UDP"},
                            {"containerPort": 53, "name": "dns-tcp", "protocol": "TCP"},
                            {"containerPort": 9153, "name": "metrics", "protocol": "TCP"},
                            {"containerPort": 8080, "name": "liveness-probe", "protocol": "TCP"},
                            {"containerPort": 8181, "name": "readiness-probe", "protocol": "TCP"},
                        ],
                        "livenessProbe": {
                            "httpGet": {"path": "/health", "port": "liveness-probe", "scheme": "HTTP"},
                            "initialDelaySeconds": 60, "timeoutSeconds": 5, "successThreshold": 1, "failureThreshold": 5,
                        },
                        "readinessProbe": {"httpGet": {"path": "/ready", "port": "readiness-probe", "scheme": "HTTP"}},
                        "resources": {"limits": {"memory": "170Mi"}, "requests": {"cpu": "100m", "memory": "70Mi"}},
                        "securityContext": {
                            "allowPrivilegeEscalation": false,
                            "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
                            "readOnlyRootFilesystem": true,
                        },
                        "volumeMounts": [{"mountPath": "/etc/coredns", "name": "config-volume", "readOnly": true}],
                    }],
                    "dnsPolicy": "Default",
                    "nodeSelector": {"kubernetes.io/os": "linux"},
                    "priorityClassName": "system-cluster-critical",
                    "serviceAccountName": "coredns",
                    "tolerations": [
                        {"key": "CriticalAddonsOnly", "operator": "Exists"},
                        {"effect": "NoSchedule", "key": "node-role.kubernetes.io/control-plane"},
                    ],
                    "volumes": [{"name": "config-volume", "configMap":
                        {"name": "coredns", "items": [{"key": "Corefile", "path": "Corefile"}]}}],
                },
            },
        }),
    );
    deployment
}

fn kube_proxy() -> Value {
    let mut daemon_set = new_object(DAEMON_SET, "kube-system", "kube-proxy");
    set(&mut daemon_set, "/metadata/labels", json!({"k8s-app": "kube-proxy"}));
    set(
        &mut daemon_set,
        "/spec",
        json!({
            "selector": {"matchLabels": {"k8s-app": "kube-proxy"}},
            "template": {
                "metadata": {"labels": {"k8s-app": "kube-proxy"}},
                "spec": {
                    "containers": [{
                        "name": "kube-proxy",
                        "image": kubernetes("kube-proxy"),
                        "imagePullPolicy": "IfNotPresent",
                        "command": [
                            "/usr/local/bin/kube-proxy",
                            "--config=/var/lib/kube-proxy/config.conf",
                            "--hostname-override=$(NODE_NAME)",
                        ],
                        "env": [{"name": "NODE_NAME", "valueFrom":
                            {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}}],
                        "securityContext": {"privileged": true},
                        "volumeMounts": [{"mountPath": "/var/lib/kube-proxy", "name": "kube-proxy"}],
                    }],
                    "hostNetwork": true,
                    "nodeSelector": {"kubernetes.io/os": "linux"},
                    "priorityClassName": "system-node-critical",
                    "serviceAccountName": "kube-proxy",
                    "tolerations": [{"operator": "Exists"}],
                    "volumes": [{"name": "kube-proxy", "configMap": {"name": "kube-proxy"}}],
                },
            },
        }),
    );
    daemon_set
}
