//! Objects that `kubeadm init` leaves behind, and the files that say the same.

use crate::api::{CONFIG_MAP, PRIORITY_CLASS, Resource, SERVICE, SERVICE_ACCOUNT, constant, new_object, set};
use crate::apiserver::{ApiServer, VERSION, WriteOptions};
use crate::json;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use serde_json::Value;

/// kubeadm's Corefile.
const COREFILE: &str = ".:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
";

const KUBE_PROXY_CONFIG: &str = "apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
clientConnection:
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
clusterCIDR: 10.244.0.0/16
iptables:
  minSyncPeriod: 1s
  syncPeriod: 30s
kind: KubeProxyConfiguration
mode: \"\"
";

const CLUSTER_CONFIG: &str = "apiServer: {}
apiVersion: kubeadm.k8s.io/v1beta4
caCertificateValidityPeriod: 87600h0m0s
certificateValidityPeriod: 8760h0m0s
certificatesDir: /etc/kubernetes/pki
clusterName: kubernetes
controllerManager: {}
dns: {}
encryptionAlgorithm: RSA-2048
etcd:
  local:
    dataDir: /var/lib/etcd
imageRepository: registry.k8s.io
kind: ClusterConfiguration
kubernetesVersion: {VERSION}
networking:
  dnsDomain: cluster.local
  podSubnet: 10.244.0.0/16
  serviceSubnet: 10.96.0.0/12
proxy: {}
scheduler: {}
";

pub(super) fn kubelet_config() -> String {
    "apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: true
cgroupDriver: systemd
clusterDNS:
- 10.96.0.10
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///var/run/containerd/containerd.sock
kind: KubeletConfiguration
rotateCertificates: true
staticPodPath: /etc/kubernetes/manifests
"
    .to_string()
}

/// The administrator's kubeconfig.
pub(super) fn kubeconfig() -> String {
    kubeconfig_of("kubernetes-admin")
}

/// Who certifies everybody. It certifies nothing.
const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----\nc2ltdWxhdGVk\n-----END CERTIFICATE-----\n";

/// A kubeconfig as kubeadm writes it. Its certificates certify nothing.
pub(super) fn kubeconfig_of(user: &str) -> String {
    let pem = |kind: &str| {
        BASE64.encode(
            format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", BASE64.encode(user.as_bytes()))
                .as_bytes(),
        )
    };
    let (certificate, key) = (pem("CERTIFICATE"), pem("RSA PRIVATE KEY"));
    let authority = BASE64.encode(AUTHORITY.as_bytes());
    format!(
        "apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {authority}
    server: https://10.10.0.11:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: {user}
  name: {user}@kubernetes
current-context: {user}@kubernetes
kind: Config
users:
- name: {user}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
"
    )
}

/// The classes that the API server itself keeps.
const PRIORITY_CLASSES: [(&str, i64, &str); 2] = [
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
];

/// Creates an object of the cluster's own.
pub(super) fn put(api: &ApiServer, resource: Resource, namespace: &str, object: Value) {
    let created = api.create(resource, namespace, object, &WriteOptions::default());
    if let Err(status) = created {
        panic!("the cluster's own objects are valid: {}", status.message);
    }
}

/// Creates them all; what only kubeadm notes down, if it was `kubeadm`.
pub(super) fn create(api: &ApiServer, kubeadm: bool) {
    for account in ["coredns", "kube-proxy"] {
        put(api, SERVICE_ACCOUNT, "kube-system", new_object(SERVICE_ACCOUNT, "kube-system", account));
    }
    let maps: [(&str, &str, Value); 6] = [
        ("kube-system", "coredns", json!({"Corefile": COREFILE})),
        (
            "kube-system",
            "extension-apiserver-authentication",
            json!({"client-ca-file": AUTHORITY,
                   "requestheader-allowed-names": "[\"front-proxy-client\"]",
                   "requestheader-client-ca-file": AUTHORITY,
                   "requestheader-extra-headers-prefix": "[\"X-Remote-Extra-\"]",
                   "requestheader-group-headers": "[\"X-Remote-Group\"]",
                   "requestheader-uid-headers": "[]",
                   "requestheader-username-headers": "[\"X-Remote-User\"]"}),
        ),
        (
            "kube-system",
            "kube-proxy",
            json!({"config.conf": KUBE_PROXY_CONFIG, "kubeconfig.conf": kubeconfig_of("default")}),
        ),
        (
            "kube-system",
            "kubeadm-config",
            json!({"ClusterConfiguration": CLUSTER_CONFIG.replace("{VERSION}", VERSION)}),
        ),
        ("kube-system", "kubelet-config", json!({"kubelet": kubelet_config()})),
        (
            "kube-public",
            "cluster-info",
            json!({"kubeconfig": "apiVersion: v1\nclusters:\n- cluster:\n    server: https://10.10.0.11:6443\n  name: \"\"\nkind: Config\n"}),
        ),
    ];
    let everywhere = ["coredns", "extension-apiserver-authentication"];
    for (namespace, name, data) in maps.into_iter().filter(|map| kubeadm || everywhere.contains(&map.1)) {
        let mut map = new_object(CONFIG_MAP, namespace, name);
        set(&mut map, "/data", data);
        put(api, CONFIG_MAP, namespace, map);
    }
    for (name, value, description) in PRIORITY_CLASSES {
        let mut class = new_object(PRIORITY_CLASS, "", name);
        set(&mut class, "/value", json!(value));
        set(&mut class, "/description", json!(description));
        put(api, PRIORITY_CLASS, "", class);
    }
    let mut dns = constant(include_str!("manifests/kube-dns.json"));
    if !kubeadm {
        dns["metadata"]["labels"]["kubernetes.io/name"] = json!("KubeDNS");
        // By hand that is `kubectl apply`, which notes down what it was given.
        let applied = json!(format!("{dns}\n"));
        dns["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = applied;
    }
    put(api, SERVICE, "kube-system", dns);
}
