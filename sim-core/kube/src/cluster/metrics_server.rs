//! The `metrics` profile: the objects of metrics-server's `components.yaml`, as `kubectl apply` would leave them, with
//! `--kubelet-insecure-tls`, for kubeadm's kubelets sign their certificates themselves.

use super::images::METRICS_SERVER;
use super::objects::put;
use super::workloads::IMAGE;
use crate::api::{DEPLOYMENT, ObjectExt, constant, scheme, set};
use crate::apiserver::ApiServer;
use crate::json;
use serde_json::Value;

/// Creates them.
pub(super) fn create(api: &ApiServer) {
    let Value::Array(objects) = constant(include_str!("manifests/metrics-server.json")) else { return };
    for mut object in objects {
        let kind = scheme::by_kind(object.str_at("/apiVersion"), object.str_at("/kind"));
        let resource = kind.expect("the manifests are of known kinds");
        if std::ptr::eq(resource, DEPLOYMENT) {
            set(&mut object, IMAGE, json!(METRICS_SERVER));
        }
        let namespace = object.namespace().to_string();
        put(api, resource, &namespace, object);
    }
}
