//! What runs in kube-system: the control plane as static pods, CoreDNS as a Deployment, kube-proxy as a DaemonSet.

use super::images::{COREDNS, ETCD, kubernetes};
use super::objects::put;
use crate::api::{
    self, CONTROLLER_REVISION, DAEMON_SET, DEPLOYMENT, Object, ObjectExt, POD, condition, new_object,
    owner_reference, set,
};
use crate::apiserver::ApiServer;
use crate::client::{Client, InformerFactory, Patch};
use crate::kubelet::notify::Notify;
use ipnet::Ipv4Net;
use serde_json::{Value, json};
use sim::{Rng, Sim};
use std::net::Ipv4Addr;
use std::rc::Rc;

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

/// Creates the rest, and keeps a kube-proxy on every node.
pub(super) fn start(sim: &Sim, api: &ApiServer, nodes: Vec<String>) {
    put(api, DEPLOYMENT, "kube-system", coredns());
    put(api, DAEMON_SET, "kube-system", kube_proxy());
    let client = Client::new(api, "system:serviceaccount:kube-system:daemon-set-controller");
    let rng = sim.rng("daemon-set-controller");
    sim.spawn(run_daemon_set(client, nodes, rng));
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

/// As much of a DaemonSet controller as one set needs that nobody edits: a pod on every node, made again when it is
/// gone, and the numbers in its status.
async fn run_daemon_set(client: Client, nodes: Vec<String>, mut rng: Rng) {
    let informers = InformerFactory::new(&client);
    let pods = informers.informer(POD);
    let bell = Rc::new(Notify::default());
    let ring = bell.clone();
    pods.on_change(move |old, new| {
        if new.or(old).is_some_and(|pod| is_proxy(pod)) {
            ring.ring();
        }
    });
    informers.wait_for_sync().await;
    let Ok(set) = client.get(DAEMON_SET, "kube-system", "kube-proxy").await else { return };
    let hash = "66d5f8d6f6";
    let mut revision = new_object(CONTROLLER_REVISION, "kube-system", &format!("kube-proxy-{hash}"));
    api::set(
        &mut revision,
        "/metadata/labels",
        json!({"controller-revision-hash": hash, "k8s-app": "kube-proxy"}),
    );
    api::set(&mut revision, "/metadata/ownerReferences", json!([owner_reference(&set, DAEMON_SET)]));
    api::set(&mut revision, "/data", json!({"spec": {"template": set.at("/spec/template")}}));
    api::set(&mut revision, "/revision", json!(1));
    let _ = client.create(CONTROLLER_REVISION, "kube-system", revision).await;
    loop {
        let seen = bell.count();
        let own: Vec<Object> =
            pods.list_namespace("kube-system").into_iter().filter(|pod| is_proxy(pod)).collect();
        for node in &nodes {
            if !own.iter().any(|pod| pod.str_at("/spec/nodeName") == node) {
                let name = format!("kube-proxy-{}", suffix(&mut rng));
                let _ = client.create(POD, "kube-system", proxy_pod(&set, &name, node, hash)).await;
            }
        }
        let ready = |pod: &&Object| condition(pod, "Ready").is_some_and(|c| c.str_at("/status") == "True");
        let (count, ready) = (own.len(), own.iter().filter(ready).count());
        let status = json!({"status": {
            "currentNumberScheduled": count, "desiredNumberScheduled": nodes.len(), "numberAvailable": ready,
            "numberMisscheduled": 0, "numberReady": ready, "observedGeneration": 1, "updatedNumberScheduled": count,
            "numberUnavailable": if ready < nodes.len() { json!(nodes.len() - ready) } else { Value::Null },
        }});
        if client.patch_status(DAEMON_SET, "kube-system", "kube-proxy", Patch::Merge(status)).await.is_err() {
            return;
        }
        bell.rung_since(seen).await;
    }
}

fn is_proxy(pod: &Value) -> bool {
    pod.label("k8s-app") == Some("kube-proxy")
        && pod.controller_of().is_some_and(|owner| owner.kind == "DaemonSet")
}

fn suffix(rng: &mut Rng) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    (0..5).filter_map(|_| rng.pick(ALPHABET).map(|&c| char::from(c))).collect()
}

fn proxy_pod(set: &Value, name: &str, node: &str, hash: &str) -> Value {
    let mut pod = new_object(POD, "kube-system", name);
    api::set(&mut pod, "/metadata/generateName", json!("kube-proxy-"));
    api::set(
        &mut pod,
        "/metadata/labels",
        json!({"controller-revision-hash": hash, "k8s-app": "kube-proxy", "pod-template-generation": "1"}),
    );
    api::set(&mut pod, "/metadata/ownerReferences", json!([owner_reference(set, DAEMON_SET)]));
    api::set(&mut pod, "/spec", set.at("/spec/template/spec").clone());
    api::set(&mut pod, "/spec/nodeName", json!(node));
    let field = json!([{"key": "metadata.name", "operator": "In", "values": [node]}]);
    api::set(
        &mut pod,
        "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms",
        json!([{"matchFields": field}]),
    );
    let pressure = |what: &str, effect: &str| json!({"effect": effect, "key": format!("node.kubernetes.io/{what}"), "operator": "Exists"});
    let mut tolerations = vec![json!({"operator": "Exists"})];
    tolerations.extend(["not-ready", "unreachable"].map(|what| pressure(what, "NoExecute")));
    let others = ["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable", "network-unavailable"];
    tolerations.extend(others.map(|what| pressure(what, "NoSchedule")));
    api::set(&mut pod, "/spec/tolerations", Value::Array(tolerations));
    pod
}
