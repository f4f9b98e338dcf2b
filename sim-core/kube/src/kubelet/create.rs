//! From a container's spec to what it is made of: root file system, arguments, user.

use super::Kubelet;
use super::container::ContainerConfig;
use super::env::{expand, host_name, hosts_file, resolv_conf};
use super::images::Present;
use super::sandbox::Sandbox;
use super::volumes::{Volume, Volumes};
use crate::api::{ObjectExt, quantity};
use linux::vfs::Vfs;
use serde_json::Value;

/// Puts it together. Models `generateContainerConfig`.
pub(super) fn config(
    kubelet: &Kubelet,
    pod: &Value,
    container: &Value,
    image: Present,
    sandbox: &Sandbox,
    volumes: &Volumes,
    env: Vec<(String, String)>,
) -> ContainerConfig {
    let host = kubelet.host();
    let root = image.image.rootfs.fork();
    let hostname = if sandbox.host_network { kubelet.config().node.clone() } else { host_name(pod) };
    let of_node = |path: &str| {
        let text = host.namespaces().root.read(path).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    };
    let ip = sandbox.address.to_string();
    let put = |path: &str, text: String| {
        let _ = root.put(path, text.into_bytes(), 0o644);
    };
    put("/etc/hostname", format!("{hostname}\n"));
    put("/etc/hosts", hosts_file(pod, &ip, &of_node("/etc/hosts")));
    put("/etc/resolv.conf", resolv_conf(pod, kubelet.config().cluster_dns, &of_node("/etc/resolv.conf")));
    put("/dev/termination-log", String::new());
    for mount in container.list_at("/volumeMounts") {
        if let Some(volume) = volumes.get(mount.str_at("/name")) {
            mount_volume(kubelet, &root, mount, volume);
        }
    }
    let lookup = |name: &str| env.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let texts = |path: &str| -> Vec<String> {
        container.list_at(path).iter().filter_map(Value::as_str).map(|text| expand(text, &lookup)).collect()
    };
    let (command, args) = (texts("/command"), texts("/args"));
    let argv = match (command.is_empty(), args.is_empty()) {
        (false, _) => [command, args].concat(),
        (true, false) => [image.image.entrypoint.clone(), args].concat(),
        (true, true) => [image.image.entrypoint.clone(), image.image.cmd.clone()].concat(),
    };
    let number = |path: &str| {
        let of_container = container.int_at(&format!("/securityContext/{path}"));
        let id = of_container.or_else(|| pod.int_at(&format!("/spec/securityContext/{path}")));
        id.and_then(|id| u32::try_from(id).ok())
    };
    let cwd = match container.str_at("/workingDir") {
        "" => image.image.workdir.clone(),
        dir => dir.to_string(),
    };
    let namespaces = host.new_namespaces(root, sandbox.netns, &hostname);
    let cpu = quantity::parse_milli(container.str_at("/resources/limits/cpu")).unwrap_or(0);
    namespaces.cgroup.set_cpu_max(u64::try_from(cpu).unwrap_or(0));
    ContainerConfig {
        namespaces,
        argv,
        env,
        cwd: if cwd.is_empty() { "/".into() } else { cwd },
        uid: number("runAsUser").unwrap_or(image.image.user.0),
        gid: number("runAsGroup").unwrap_or(image.image.user.1),
        stdin: container.bool_at("/stdin"),
        tty: container.bool_at("/tty"),
        id: kubelet.random_id(),
        image,
    }
}

fn mount_volume(kubelet: &Kubelet, root: &Vfs, mount: &Value, volume: &Volume) {
    let path = mount.str_at("/mountPath");
    let (tree, base) = match volume {
        Volume::Tree(tree) => (tree.clone(), ""),
        Volume::HostPath(on_node) => (kubelet.host().namespaces().root, on_node.as_str()),
    };
    let part = match mount.str_at("/subPath") {
        "" => base.to_string(),
        part => format!("{base}/{part}"),
    };
    if part.is_empty() {
        let _ = root.mount(path, &tree);
    } else if let Ok(data) = tree.read(&part) {
        // A single file: it is copied, what changes later does not show.
        let _ = root.put(path, data, 0o644);
    } else if tree.mkdir_all(&part).is_ok()
        && let Ok(part) = tree.subtree(&part)
    {
        let _ = root.mount(path, &part);
    }
}
