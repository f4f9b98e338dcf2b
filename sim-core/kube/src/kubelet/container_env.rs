//! The environment of a container: the image's, the pod's, and the Services'.

use super::Kubelet;
use super::env::{expand, field_value, host_name, service_variables};
use super::image::Image;
use super::node_status::EVICTION_RESERVE_KIB;
use super::volumes::data_of;
use crate::api::{ObjectExt, quantity};
use linux::host::{CPUS, MEMORY_KIB};
use serde_json::Value;
use sim::SortedMap;

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Builds it. Models pkg/kubelet/kubelet_pods.go `makeEnvironmentVariables`.
///
/// # Errors
/// Text of `CreateContainerConfigError`: `configmap "settings" not found`.
pub(super) async fn build(
    kubelet: &Kubelet,
    pod: &Value,
    container: &Value,
    image: &Image,
) -> Result<Vec<(String, String)>, String> {
    let namespace = pod.namespace();
    let links = pod.at("/spec/enableServiceLinks").as_bool().unwrap_or(true);
    let services = kubelet.services().list();
    let visible = services.iter().filter(|service| {
        let master = service.namespace() == "default" && service.name() == "kubernetes";
        master || (links && service.namespace() == namespace)
    });
    let mut from_services = service_variables(visible);
    let mut own: Vec<(String, String)> = Vec::new();
    let put = |own: &mut Vec<(String, String)>, name: &str, value: String| {
        own.retain(|(n, _)| n != name);
        own.push((name.to_string(), value));
    };
    for source in container.list_at("/envFrom") {
        let prefix = source.str_at("/prefix");
        for (kind, field) in [("configmap", "/configMapRef"), ("secret", "/secretRef")] {
            let reference = source.at(field);
            if reference.is_null() {
                continue;
            }
            match data_of(kubelet.client(), kind, namespace, reference.str_at("/name")).await {
                Ok(data) => {
                    for (key, value) in data {
                        put(
                            &mut own,
                            &format!("{prefix}{key}"),
                            String::from_utf8_lossy(&value).into_owned(),
                        );
                    }
                }
                Err(_) if reference.bool_at("/optional") => {}
                Err(cause) => return Err(cause),
            }
        }
    }
    for variable in container.list_at("/env") {
        let name = variable.str_at("/name");
        let from = variable.at("/valueFrom");
        let value = if from.is_null() {
            let known = |name: &str| {
                let found = own.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
                found.or_else(|| from_services.get(name).cloned())
            };
            expand(variable.str_at("/value"), &known)
        } else {
            match from_source(kubelet, pod, container, from).await? {
                Some(value) => value,
                None => continue,
            }
        };
        put(&mut own, name, value);
    }
    let mut env: Vec<(String, String)> = Vec::new();
    let in_image = |name: &str| image.env.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    env.push(("PATH".into(), in_image("PATH").unwrap_or_else(|| DEFAULT_PATH.into())));
    let host = if pod.bool_at("/spec/hostNetwork") { kubelet.config().node.clone() } else { host_name(pod) };
    env.push(("HOSTNAME".into(), host));
    if container.bool_at("/tty") {
        env.push(("TERM".into(), "xterm".into()));
    }
    env.extend(image.env.iter().filter(|(name, _)| name != "PATH").cloned());
    for (name, _) in &own {
        from_services.remove(name);
    }
    let from_services: SortedMap<String, String> = from_services;
    for (name, value) in own.into_iter().chain(from_services) {
        match env.iter_mut().find(|(n, _)| *n == name) {
            Some(entry) => entry.1 = value,
            None => env.push((name, value)),
        }
    }
    if !env.iter().any(|(name, _)| name == "HOME") {
        env.push(("HOME".into(), if image.user.0 == 0 { "/root" } else { "/" }.into()));
    }
    Ok(env)
}

async fn from_source(
    kubelet: &Kubelet,
    pod: &Value,
    container: &Value,
    from: &Value,
) -> Result<Option<String>, String> {
    if let Some(path) = from.at("/fieldRef/fieldPath").as_str() {
        let worker_ip = kubelet.pod_ip(pod.uid()).map(|ip| ip.to_string()).unwrap_or_default();
        let host_ip = kubelet.config().address.to_string();
        return field_value(pod, path, &worker_ip, &host_ip)
            .map(Some)
            .ok_or_else(|| format!("field label not supported: {path}"));
    }
    if !from.at("/resourceFieldRef").is_null() {
        return Ok(Some(resource_value(container, from.at("/resourceFieldRef"))));
    }
    for (kind, word, field) in
        [("configmap", "ConfigMap", "/configMapKeyRef"), ("secret", "Secret", "/secretKeyRef")]
    {
        let reference = from.at(field);
        if reference.is_null() {
            continue;
        }
        let optional = reference.bool_at("/optional");
        let (name, key) = (reference.str_at("/name"), reference.str_at("/key"));
        let data = match data_of(kubelet.client(), kind, pod.namespace(), name).await {
            Ok(data) => data,
            Err(_) if optional => return Ok(None),
            Err(cause) => return Err(cause),
        };
        return match data.get(key) {
            Some(value) => Ok(Some(String::from_utf8_lossy(value).into_owned())),
            None if optional => Ok(None),
            None => Err(format!("couldn't find key {key} in {word} {}/{name}", pod.namespace())),
        };
    }
    Ok(None)
}

/// What a container may use or asks for, in units of the divisor, rounded up; what is not limited is limited by the
/// node. Models ExtractContainerResourceValue.
pub(super) fn resource_value(container: &Value, reference: &Value) -> String {
    let resource = reference.str_at("/resource");
    let (list, name) = resource.split_once('.').unwrap_or((resource, ""));
    let amount = container.at(&format!("/resources/{list}")).get(name).and_then(Value::as_str);
    let of_node = match (list, name) {
        ("limits", "cpu") => i64::from(CPUS) * 1_000,
        ("limits", "memory") => {
            i64::try_from(MEMORY_KIB - EVICTION_RESERVE_KIB).unwrap_or(i64::MAX).saturating_mul(1_024_000)
        }
        _ => 0,
    };
    let milli = amount.and_then(quantity::parse_milli).unwrap_or(of_node);
    let divisor =
        quantity::parse_milli(reference.str_at("/divisor")).filter(|milli| *milli > 0).unwrap_or(1_000);
    (milli.saturating_add(divisor - 1) / divisor).to_string()
}
