//! The images that the control plane is made of. Their programs are the cluster's own; images for everything else
//! come from whoever builds the world.

use super::cluster_cidr;
use crate::apiserver::{ApiServer, VERSION};
use crate::kubelet::{Image, ImageRef, ImageRegistry, PullError};
use crate::{apiserver_program, coredns, kube_proxy, metrics_server};
use linux::vfs::Vfs;
use linux::{ExitCode, Program, Signal, Sys};
use sha2::{Digest, Sha256};
use sim::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

/// CoreDNS of this version of Kubernetes.
pub const COREDNS: &str = "registry.k8s.io/coredns/coredns:v1.13.1";
/// etcd of this version of Kubernetes.
pub const ETCD: &str = "registry.k8s.io/etcd:3.6.6-0";
/// The metrics server.
pub const METRICS_SERVER: &str = "registry.k8s.io/metrics-server/metrics-server:v0.8.0";
/// What holds a sandbox open.
pub const PAUSE: &str = "registry.k8s.io/pause:3.10.1";

/// An image of the control plane, for example `kube-proxy`.
pub fn kubernetes(component: &str) -> String {
    format!("registry.k8s.io/{component}:{VERSION}")
}

/// What a node has before its kubelet starts.
pub(super) fn preloaded(control_plane: bool, others: &[&str]) -> Vec<String> {
    let mut images = vec![kubernetes("kube-proxy"), COREDNS.to_string(), PAUSE.to_string()];
    images.extend(others.iter().map(|name| name.to_string()));
    if control_plane {
        images.push(ETCD.to_string());
        images.extend(["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map(kubernetes));
    }
    images
}

/// A program that is only there.
pub(super) async fn idle(sys: Sys) -> ExitCode {
    sys.sigaction(Signal::TERM, linux::signal::Disposition::Catch);
    loop {
        if sys.wait_signal().await == Signal::TERM {
            return 0;
        }
    }
}

/// Ends a program at SIGTERM, as Go servers do.
fn until_terminated(name: &'static str, about: &'static str, program: Program) -> Program {
    Program::with_state(name, about, move |sys, args| {
        let main = program.run(sys.clone(), args);
        Box::pin(async move {
            use futures_util::future::{Either, select};
            sys.sigaction(Signal::TERM, linux::signal::Disposition::Catch);
            let terminated = std::pin::pin!(sys.wait_signal());
            match select(main, terminated).await {
                Either::Left((code, _)) => code,
                Either::Right(_) => 0,
            }
        })
    })
}

/// The cluster's own images, then those of the world.
pub struct SystemImages {
    /// The cluster's own, and others that were asked for: all nodes share what they pull.
    known: RefCell<SortedMap<String, Rc<Image>>>,
    others: Rc<dyn ImageRegistry>,
}

impl SystemImages {
    /// With the programs of this API server's cluster.
    pub fn new(api: &ApiServer, others: Rc<dyn ImageRegistry>) -> Self {
        let just_there = |name, about| Program::new(name, about, |sys, _| Box::pin(idle(sys)));
        // What they take by being there is what `kubectl top` shows of them in a cluster of this size at rest.
        let rows: [(String, u64, &str, Program); 8] = [
            (COREDNS.into(), 23_553_139, "/coredns", coredns::server::program(api).taking(14_300, 1)),
            (
                ETCD.into(),
                22_871_747,
                "/usr/local/bin/etcd",
                just_there("etcd", "A key-value store").taking(46_100, 14),
            ),
            (
                METRICS_SERVER.into(),
                22_454_144,
                "/metrics-server",
                metrics_server::program(api).taking(18_900, 3),
            ),
            (PAUSE.into(), 320_448, "/pause", just_there("pause", "Holds a sandbox open").taking(512, 0)),
            (
                kubernetes("kube-apiserver"),
                27_671_920,
                "/usr/local/bin/kube-apiserver",
                apiserver_program::program(api).taking(247_800, 31),
            ),
            (
                kubernetes("kube-controller-manager"),
                23_110_411,
                "/usr/local/bin/kube-controller-manager",
                just_there("kube-controller-manager", "The controllers").taking(54_200, 11),
            ),
            (
                kubernetes("kube-scheduler"),
                17_230_806,
                "/usr/local/bin/kube-scheduler",
                just_there("kube-scheduler", "The scheduler").taking(21_900, 3),
            ),
            (
                kubernetes("kube-proxy"),
                25_788_101,
                "/usr/local/bin/kube-proxy",
                kube_proxy::runner::program(api, cluster_cidr()).taking(17_600, 0),
            ),
        ];
        let mut own = SortedMap::new();
        for (name, size, path, program) in rows {
            let rootfs = Vfs::new();
            let footprint = program.footprint;
            let mut program = until_terminated(program.name, program.about, program);
            program.footprint = footprint;
            rootfs.put_program(path, &program).expect("an empty root file system takes a program");
            let image = Image {
                digest: format!(
                    "sha256:{}",
                    base16ct::lower::encode_string(&Sha256::digest(name.as_bytes()))
                ),
                size,
                rootfs,
                entrypoint: vec![path.to_string()],
                cmd: Vec::new(),
                env: Vec::new(),
                workdir: "/".into(),
                user: (0, 0),
                exposed_ports: Vec::new(),
                stop_signal: Signal::TERM,
            };
            own.insert(name, Rc::new(image));
        }
        SystemImages { known: RefCell::new(own), others }
    }
}

impl ImageRegistry for SystemImages {
    fn resolve(&self, reference: &ImageRef) -> Result<Rc<Image>, PullError> {
        let name = reference.to_string();
        if let Some(image) = self.known.borrow().get(&name) {
            return Ok(image.clone());
        }
        let image = self.others.resolve(reference)?;
        self.known.borrow_mut().insert(name, image.clone());
        Ok(image)
    }
}
