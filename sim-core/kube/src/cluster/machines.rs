//! The machines: nodes, laptop, router, and the network between them.

use super::{
    CLUSTER_DNS, ClusterConfig, LAPTOP, Node, cluster_cidr, node_address, objects, pod_cidr, workloads,
};
use crate::apiserver::ApiServer;
use crate::apiserver_program;
use crate::coredns::upstream;
use crate::kubelet::{ImageRegistry, Kubelet, KubeletConfig};
use ipnet::{IpNet, Ipv4Net};
use linux::net::{Fabric, Net, NetnsId, Route};
use linux::vfs::Vfs;
use linux::{Errno, File, Host, Program, Spawn};
use sim::Sim;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

/// The wires.
pub(super) struct Network {
    sim: Sim,
    net: Net,
    fabric: Fabric,
    nodes: u8,
}

impl Network {
    pub(super) fn new(sim: &Sim, net: &Net, nodes: u8) -> Network {
        Network { sim: sim.clone(), net: net.clone(), fabric: Fabric::new(net), nodes: nodes.max(1) }
    }

    pub(super) fn router(&self) -> NetnsId {
        self.fabric.router()
    }

    /// Names that every machine knows.
    fn hosts_file(&self, own: &str) -> String {
        let mut text = format!("127.0.0.1\tlocalhost\n127.0.1.1\t{own}\n");
        for number in 1..=self.nodes {
            text.push_str(&format!("{}\tnode{number}\n", node_address(number)));
        }
        text.push_str("\n::1\tip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff02::1\tip6-allnodes\n");
        text
    }

    fn prepare(&self, root: &Vfs, name: &str, name_server: Ipv4Addr) {
        put(root, "/etc/hostname", format!("{name}\n"));
        put(root, "/etc/hosts", self.hosts_file(name));
        put(root, "/etc/resolv.conf", format!("nameserver {name_server}\n"));
    }
}

fn put(root: &Vfs, path: &str, text: String) {
    root.put(path, text.into_bytes(), 0o644).expect("a new root file system takes files in /etc");
}

/// Starts a service of a machine, as systemd would.
fn start_service(host: &Host, argv: &[&str]) {
    let spawn = Spawn {
        namespaces: host.namespaces(),
        argv: argv.iter().map(|arg| (*arg).to_string()).collect(),
        env: vec![("PATH".into(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into())],
        cwd: "/".into(),
        uid: 0,
        gid: 0,
        stdio: [File::null(), File::null(), File::null()],
        controlling_tty: false,
    };
    host.spawn(spawn).expect("the program was put there just before");
}

/// Puts a program there and starts it.
fn install_service(host: &Host, path: &str, program: &Program, args: &[&str]) {
    host.namespaces().root.put_program(path, program).expect("a new root file system takes programs");
    let argv: Vec<&str> = std::iter::once(path).chain(args.iter().copied()).collect();
    start_service(host, &argv);
}

pub(super) fn start_node(
    network: &Network,
    number: u8,
    cluster: &ClusterConfig,
    api: &ApiServer,
    images: &Rc<dyn ImageRegistry>,
    root: Vfs,
) -> Node {
    let name = format!("node{number}");
    let address = node_address(number);
    let net = &network.net;
    let netns = network.fabric.add_host(&name, address).expect("the address is in the nodes' network");
    let subnet = pod_cidr(number);
    connect_pods(network, netns, number)
        .expect("a new namespace takes a bridge, addresses, settings and routes");
    network.prepare(&root, &name, super::ROUTER);
    put(&root, "/etc/kubernetes/kubelet.conf", objects::kubeconfig_of(&format!("system:node:{name}")));
    put(&root, "/var/lib/kubelet/config.yaml", objects::kubelet_config());
    let control_plane = number == 1;
    let in_pods = control_plane && cluster.installation.kubeadm;
    if control_plane {
        put(&root, "/etc/kubernetes/admin.conf", objects::kubeconfig());
    }
    let host = Host::new(&network.sim, net, &name, netns, root);
    let config = KubeletConfig {
        node: name.clone(),
        address,
        pod_cidr: subnet,
        max_pods: cluster.max_pods,
        cluster_dns: CLUSTER_DNS,
        labels: labels(control_plane, in_pods),
        static_pods: if in_pods { workloads::static_pods(address, cluster_cidr()) } else { Vec::new() },
        preloaded: super::images::preloaded(in_pods, cluster.installation.images),
        installation: cluster.installation,
    };
    let kubelet = Kubelet::new(&host, api, images.clone(), config);
    let idle =
        Program::new("containerd", "The container runtime", |sys, _| Box::pin(super::images::idle(sys)))
            .taking(58_400, 7);
    install_service(&host, "/usr/bin/containerd", &idle, &[]);
    let args = ["--kubeconfig=/etc/kubernetes/kubelet.conf", "--config=/var/lib/kubelet/config.yaml"];
    install_service(&host, "/usr/bin/kubelet", &kubelet.program().taking(81_900, 15), &args);
    if control_plane && !in_pods {
        install_service(
            &host,
            "/usr/local/bin/kube-apiserver",
            &apiserver_program::program(api).taking(247_800, 31),
            &[],
        );
    }
    let router = crate::kube_router::runner::program(api).taking(34_800, 1);
    let args = ["--run-firewall=true", "--run-router=false", "--run-service-proxy=false"];
    install_service(&host, "/usr/local/bin/kube-router", &router, &args);
    Node { name, address, host, kubelet }
}

/// How a node is marked: its role, and what kubeadm adds to a control plane.
fn labels(control_plane: bool, by_kubeadm: bool) -> Vec<(String, String)> {
    let marks = [
        (control_plane, "node-role.kubernetes.io/control-plane"),
        (by_kubeadm, "node.kubernetes.io/exclude-from-external-load-balancers"),
    ];
    marks.iter().filter(|(wanted, _)| *wanted).map(|(_, name)| (name.to_string(), String::new())).collect()
}

/// The bridge that pods are plugged into, and the way to those of the other nodes.
fn connect_pods(network: &Network, netns: NetnsId, number: u8) -> Result<(), Errno> {
    let net = &network.net;
    let subnet = pod_cidr(number);
    net.add_bridge(netns, "cni0")?;
    let bridge = Ipv4Net::new(first_host(subnet), subnet.prefix_len()).map_err(|_| Errno::EINVAL)?;
    net.add_address(netns, "cni0", IpNet::V4(bridge))?;
    for (key, value) in [("net.ipv4.ip_forward", "1"), ("net.bridge.bridge-nf-call-iptables", "1")] {
        net.set_sysctl(netns, key, value)?;
    }
    for other in (1..=network.nodes).filter(|other| *other != number) {
        let via = IpAddr::V4(node_address(other));
        net.add_route(netns, Route::via(IpNet::V4(pod_cidr(other)), via))?;
    }
    network.fabric.add_pod_route(subnet, node_address(number))
}

fn first_host(subnet: Ipv4Net) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(subnet.network()) + 1)
}

pub(super) fn start_laptop(network: &Network, root: Vfs) -> Host {
    let netns = network.fabric.add_host("laptop", LAPTOP).expect("the address is in the laptop's network");
    network.prepare(&root, "laptop", Ipv4Addr::new(192, 168, 50, 1));
    Host::new(&network.sim, &network.net, "laptop", netns, root)
}

pub(super) fn start_router(network: &Network) -> Host {
    let netns = network.fabric.router();
    let host = Host::new(&network.sim, &network.net, "router", netns, Vfs::new());
    let programs: [(&str, Program); 2] = [
        (
            "/usr/sbin/unbound",
            Program::new("unbound", "A resolver", |sys, _| Box::pin(upstream::resolver(sys))),
        ),
        ("/usr/sbin/web", Program::new("web", "example.com", |sys, _| Box::pin(upstream::web_server(sys)))),
    ];
    for (path, program) in programs {
        install_service(&host, path, &program, &[]);
    }
    host
}
