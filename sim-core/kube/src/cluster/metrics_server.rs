//! The `metrics` profile: the objects of metrics-server's `components.yaml`, as `kubectl apply` would leave them, with
//! `--kubelet-insecure-tls`, for kubeadm's kubelets sign their certificates themselves.

use super::images::METRICS_SERVER;
use super::objects::put;
use crate::api::{
    API_SERVICE, CLUSTER_ROLE, CLUSTER_ROLE_BINDING, DEPLOYMENT, ROLE_BINDING, Resource, SERVICE,
    SERVICE_ACCOUNT, new_object,
};
use crate::apiserver::ApiServer;
use serde_json::{Value, json};

const NAME: &str = "metrics-server";

/// Creates them.
pub(super) fn create(api: &ApiServer) {
    let subject = json!([{"kind": "ServiceAccount", "name": NAME, "namespace": "kube-system"}]);
    let role =
        |kind: &str, name: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name});
    let reads = |groups: &[&str], resources: &[&str], verbs: &[&str]| json!({"apiGroups": groups, "resources": resources, "verbs": verbs});
    let all = ["get", "list", "watch"];
    let reader = json!([reads(&["metrics.k8s.io"], &["pods", "nodes"], &all)]);
    let own = json!([reads(&[""], &["nodes/metrics"], &["get"]), reads(&[""], &["pods", "nodes"], &all)]);
    let bound = |kind: &str, name: &str| json!({"roleRef": role(kind, name), "subjects": subject});
    let objects: [(Resource, &str, Value); 9] = [
        (SERVICE_ACCOUNT, NAME, json!({})),
        (CLUSTER_ROLE, "system:aggregated-metrics-reader", json!({"rules": reader})),
        (CLUSTER_ROLE, "system:metrics-server", json!({"rules": own})),
        (
            ROLE_BINDING,
            "metrics-server-auth-reader",
            bound("Role", "extension-apiserver-authentication-reader"),
        ),
        (
            CLUSTER_ROLE_BINDING,
            "metrics-server:system:auth-delegator",
            bound("ClusterRole", "system:auth-delegator"),
        ),
        (CLUSTER_ROLE_BINDING, "system:metrics-server", bound("ClusterRole", "system:metrics-server")),
        (
            SERVICE,
            NAME,
            json!({"spec": {
                "ports": [{"appProtocol": "https", "name": "https", "port": 443, "protocol": "TCP", "targetPort": "https"}],
                "selector": {"k8s-app": NAME},
            }}),
        ),
        (DEPLOYMENT, NAME, json!({"spec": deployment()})),
        (
            API_SERVICE,
            "v1beta1.metrics.k8s.io",
            json!({"spec": {
                "group": "metrics.k8s.io", "groupPriorityMinimum": 100, "insecureSkipTLSVerify": true,
                "service": {"name": NAME, "namespace": "kube-system"}, "version": "v1beta1", "versionPriority": 100,
            }}),
        ),
    ];
    for (resource, name, fields) in objects {
        let namespace = if resource.namespaced { "kube-system" } else { "" };
        let mut object = new_object(resource, namespace, name);
        object["metadata"]["labels"] = json!({"k8s-app": NAME});
        if name == "system:aggregated-metrics-reader" {
            for to in ["admin", "edit", "view"] {
                object["metadata"]["labels"][format!("rbac.authorization.k8s.io/aggregate-to-{to}")] =
                    json!("true");
            }
        }
        for (field, value) in fields.as_object().into_iter().flatten() {
            object[field.as_str()] = value.clone();
        }
        put(api, resource, namespace, object);
    }
}

fn deployment() -> Value {
    let probe = |path: &str| json!({"failureThreshold": 3, "httpGet": {"path": path, "port": "https", "scheme": "HTTPS"}, "periodSeconds": 10});
    let mut readiness = probe("/readyz");
    readiness["initialDelaySeconds"] = json!(20);
    json!({
        "selector": {"matchLabels": {"k8s-app": NAME}},
        "strategy": {"rollingUpdate": {"maxUnavailable": 0}},
        "template": {
            "metadata": {"labels": {"k8s-app": NAME}},
            "spec": {
                "containers": [{
                    "name": NAME,
                    "image": METRICS_SERVER,
                    "imagePullPolicy": "IfNotPresent",
                    "args": [
                        "--cert-dir=/tmp",
                        "--secure-port=10250",
                        "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
                        "--kubelet-use-node-status-port",
                        "--metric-resolution=15s",
                        "--kubelet-insecure-tls",
                    ],
                    "livenessProbe": probe("/livez"),
                    "readinessProbe": readiness,
                    "ports": [{"containerPort": 10_250, "name": "https", "protocol": "TCP"}],
                    "resources": {"requests": {"cpu": "100m", "memory": "200Mi"}},
                    "securityContext": {
                        "allowPrivilegeEscalation": false,
                        "capabilities": {"drop": ["ALL"]},
                        "readOnlyRootFilesystem": true,
                        "runAsNonRoot": true,
                        "runAsUser": 1_000,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "volumeMounts": [{"mountPath": "/tmp", "name": "tmp-dir"}],
                }],
                "nodeSelector": {"kubernetes.io/os": "linux"},
                "priorityClassName": "system-cluster-critical",
                "serviceAccountName": NAME,
                "volumes": [{"emptyDir": {}, "name": "tmp-dir"}],
            },
        },
    })
}
