//! kubelet: what runs pods on a node.
//!
//! One runs on every node, as a service of the machine. It watches the pods that are bound to its node and makes
//! them true: volumes, a sandbox with an address, images, containers, probes, restarts; and it tells the API what
//! became of them. What containerd, runc and the CNI plugins do on a real node is in here as well.
//!
//! Modelled on pkg/kubelet (1.35). Reading order: [`pod`], the life of one pod, with `sync`
//! and `termination`; [`status`], what is said about it;
//! [`images`], [`sandbox`], [`container`], [`volumes`], [`mod@env`], [`mod@log`], what it is made of; [`probe`];
//! [`node_status`]; [`server`], what `kubectl logs` and `exec` end up at.
//! Left out: limits of memory, evictions, image and container garbage collection, CSI, device plugins.

pub mod container;
mod container_env;
mod create;
pub mod env;
pub mod image;
pub mod images;
pub mod log;
pub mod node_status;
pub mod notify;
pub mod pod;
pub mod probe;
mod prober;
mod resource_metrics;
pub mod sandbox;
pub mod server;
mod static_pods;
pub mod status;
pub mod stream;
mod streaming;
mod sync;
mod termination;
pub mod volumes;

pub use image::{Image, ImageRef, ImageRegistry, PullError};

use crate::api::{Object, ObjectExt, POD, SERVICE};
use crate::apiserver::ApiServer;
use crate::client::{Client, EventRecorder, Informer, InformerFactory, ListOptions};
use crate::cluster::Installation;
use container::Instance;
use images::ImageStore;
use ipnet::Ipv4Net;
use linux::{Host, Program, Sys};
use pod::PodWorker;
use sandbox::AddressPool;
use serde_json::Value;
use sim::{Instant, Rng, Sim, SortedMap};
use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::{Rc, Weak};
use std::time::Duration;

/// What a node is told when it is set up.
#[derive(Clone, Debug)]
pub struct KubeletConfig {
    /// The node's name.
    pub node: String,
    /// Its address.
    pub address: Ipv4Addr,
    /// Its part of the pods' network.
    pub pod_cidr: Ipv4Net,
    /// How many pods it takes.
    pub max_pods: u32,
    /// What pods ask for names.
    pub cluster_dns: Ipv4Addr,
    /// Labels of the node beyond those that every node has.
    pub labels: Vec<(String, String)>,
    /// Manifests of `/etc/kubernetes/manifests`.
    pub static_pods: Vec<Value>,
    /// Images that are there from the beginning.
    pub preloaded: Vec<String>,
    /// What it says of its machine.
    pub installation: Installation,
}

/// A node's kubelet. Clones name the same one.
#[derive(Clone)]
pub struct Kubelet(Rc<Inner>);

struct Inner {
    config: KubeletConfig,
    host: Host,
    client: Client,
    events: EventRecorder,
    services: Informer,
    images: ImageStore,
    addresses: AddressPool,
    workers: RefCell<SortedMap<String, Rc<PodWorker>>>,
    rng: RefCell<Rng>,
    /// When within a second this node looks at what its containers do.
    relist_phase: Duration,
}

/// How often kubelet looks at what the container runtime does.
const RELIST_PERIOD: Duration = Duration::from_secs(1);
/// How long a pod that could not be synced is left alone.
const BACK_OFF_PERIOD: Duration = Duration::from_secs(10);
/// How long any pod is left alone.
const RESYNC_INTERVAL: Duration = Duration::from_secs(60);

impl Kubelet {
    /// A kubelet for this machine; [`Kubelet::run`] starts it.
    pub fn new(
        host: &Host,
        api: &ApiServer,
        registry: Rc<dyn ImageRegistry>,
        config: KubeletConfig,
    ) -> Kubelet {
        let sim = host.sim();
        let client = Client::new(api, &format!("system:node:{}", config.node));
        let images = ImageStore::new(sim, registry, &config.node);
        for image in &config.preloaded {
            images.preload(image);
        }
        let mut rng = sim.rng(&format!("kubelet-{}", config.node));
        let relist_phase = rng.duration(Duration::ZERO, RELIST_PERIOD - Duration::from_nanos(1));
        Kubelet(Rc::new(Inner {
            host: host.clone(),
            events: EventRecorder::new(&client, "kubelet", &config.node),
            services: InformerFactory::new(&client).informer(SERVICE),
            images,
            addresses: AddressPool::new(config.pod_cidr),
            workers: RefCell::default(),
            rng: RefCell::new(rng),
            relist_phase,
            client,
            config,
        }))
    }

    /// The program of the machine's service. It lies in a file system that the kubelet holds, and so does not hold
    /// the kubelet.
    pub fn program(&self) -> Program {
        let weak = Rc::downgrade(&self.0);
        Program::with_state("kubelet", "The Kubernetes node agent", move |sys, _| {
            let kubelet = weak.upgrade().map(Kubelet);
            Box::pin(async move {
                if let Some(kubelet) = kubelet {
                    kubelet.run(sys).await;
                }
                1
            })
        })
    }

    /// The process: registers the node, serves on port 10250, runs pods.
    pub async fn run(self, sys: Sys) {
        node_status::write_rules(&self.0.host);
        sys.spawn_thread(server::serve(self.clone(), sys.clone()));
        node_status::birth_cry(&self);
        node_status::register(&self).await;
        sys.spawn_thread(node_status::heartbeat(self.clone()));
        sys.spawn_thread(node_status::report(self.clone()));
        sys.spawn_thread(node_status::guard_rules(self.clone()));
        self.0.services.synced().await;
        static_pods::start(&self);
        self.watch_pods();
        std::future::pending::<()>().await;
    }

    /// Follows the pods of this node.
    fn watch_pods(&self) {
        let mine = format!("spec.nodeName={}", self.0.config.node);
        let options = ListOptions { field_selector: mine, ..ListOptions::default() };
        let kubelet = self.clone();
        Informer::start(&self.0.client, POD, options).on_change(move |old, new| match (old, new) {
            (Some(old), Some(new)) if old.uid() != new.uid() => {
                kubelet.pod_gone(old);
                kubelet.pod_changed(new);
            }
            (_, Some(new)) => kubelet.pod_changed(new),
            (Some(old), None) => kubelet.pod_gone(old),
            (None, None) => {}
        });
    }

    fn pod_changed(&self, pod: &Object) {
        if pod.annotation(static_pods::MIRROR).is_some() {
            static_pods::mirror_changed(self, pod);
            return;
        }
        let worker = self.0.workers.borrow().get(pod.uid()).cloned();
        match worker {
            Some(worker) => worker.update(pod),
            None => self.start_pod(pod, false),
        }
    }

    fn pod_gone(&self, pod: &Object) {
        if pod.annotation(static_pods::MIRROR).is_some() {
            static_pods::mirror_gone(self, pod);
        } else if let Some(worker) = self.worker(pod.uid()) {
            worker.remove();
        }
    }

    /// All pods that are here.
    fn workers(&self) -> Vec<Rc<PodWorker>> {
        self.0.workers.borrow().values().cloned().collect()
    }

    fn start_pod(&self, pod: &Object, is_static: bool) {
        let worker = PodWorker::new(self, pod, is_static);
        self.0.workers.borrow_mut().insert(worker.uid.clone(), worker.clone());
        self.sim().spawn(worker.run(self.clone()));
    }

    /// The worker of a pod.
    pub fn worker(&self, uid: &str) -> Option<Rc<PodWorker>> {
        self.0.workers.borrow().get(uid).cloned()
    }

    /// The worker of a pod by its name; the newest when there are several of that name.
    pub fn worker_named(&self, namespace: &str, name: &str) -> Option<Rc<PodWorker>> {
        let workers = self.0.workers.borrow();
        let named = workers.values().filter(|worker| {
            let pod = worker.pod();
            pod.namespace() == namespace && pod.name() == name
        });
        named.max_by_key(|worker| !worker.pod().is_terminating()).cloned()
    }

    /// The worker is done.
    fn forget(&self, uid: &str) {
        self.0.workers.borrow_mut().remove(uid);
    }

    fn pod_ip(&self, uid: &str) -> Option<Ipv4Addr> {
        self.worker(uid)?.record.borrow().pod_ip
    }

    fn ring(&self, uid: &str) {
        if let Some(worker) = self.worker(uid) {
            worker.urgent.set(true);
            worker.bell.ring();
        }
    }

    /// When this node looks at its containers again.
    fn relist_at(&self) -> Instant {
        Instant::from_nanos(self.relisted_at().as_nanos() + RELIST_PERIOD.as_nanos() as u64)
    }

    /// When this node last looked at its containers.
    fn relisted_at(&self) -> Instant {
        let period = RELIST_PERIOD.as_nanos() as u64;
        let phase = self.0.relist_phase.as_nanos() as u64;
        let now = self.sim().now().as_nanos();
        Instant::from_nanos(now.saturating_sub((now + period - phase % period) % period))
    }

    /// When a pod that could not be synced is tried again: after `pause` and up to half as much more, but a pause
    /// of a minute at most. Models `completeWork` of pkg/kubelet/pod_workers.go.
    fn retry_after(&self, pause: Duration) -> Instant {
        let pause = pause.min(RESYNC_INTERVAL);
        self.sim().now() + self.0.rng.borrow_mut().duration(pause, pause * 3 / 2)
    }

    /// The same for a failure that does not say when to come back.
    fn retry_at(&self) -> Instant {
        self.retry_after(BACK_OFF_PERIOD)
    }

    /// Lets a pod know, when its node looks at its containers again, that `what` (a container, or [`pod::SANDBOX`])
    /// is no longer as it was.
    fn ring_at_relist(&self, uid: &str, what: usize) {
        let Some(worker) = self.worker(uid) else { return };
        if worker.will_notice(what) {
            return;
        }
        let worker: Weak<PodWorker> = Rc::downgrade(&worker);
        self.sim().schedule(self.relist_at(), move || {
            if let Some(worker) = worker.upgrade() {
                worker.relisted();
            }
        });
    }

    /// Does that when one of its containers has ended.
    fn watch_container(&self, uid: &str, index: usize, instance: &Rc<Instance>) {
        let (kubelet, uid, instance) = (self.clone(), uid.to_string(), instance.clone());
        self.sim().spawn(async move {
            instance.wait().await;
            kubelet.ring_at_relist(&uid, index);
        });
    }

    /// What a container left in its termination log.
    fn termination_message(&self, instance: &Instance, spec: &Value, code: i32) -> String {
        let path = match spec.str_at("/terminationMessagePath") {
            "" => "/dev/termination-log",
            path => path,
        };
        let text = instance.namespaces.root.read(path).unwrap_or_default();
        if text.is_empty() && code != 0 && spec.str_at("/terminationMessagePolicy") == "FallbackToLogsOnError"
        {
            return instance.log.tail_text();
        }
        String::from_utf8_lossy(&text[..text.len().min(4_096)]).into_owned()
    }

    /// Takes from `low` to `high` milliseconds.
    async fn pause(&self, low: u64, high: u64) {
        let pause = self.0.rng.borrow_mut().duration(Duration::from_millis(low), Duration::from_millis(high));
        self.sim().sleep(pause).await;
    }

    fn random_id(&self) -> String {
        let bytes: [u8; 32] = self.0.rng.borrow_mut().bytes();
        base16ct::lower::encode_string(&bytes)
    }

    fn event_object(&self, worker: &PodWorker) -> Object {
        worker.pod()
    }

    /// The clock.
    pub fn sim(&self) -> &Sim {
        self.0.host.sim()
    }
    /// The machine.
    pub fn host(&self) -> &Host {
        &self.0.host
    }
    /// What it was told.
    pub fn config(&self) -> &KubeletConfig {
        &self.0.config
    }
    fn client(&self) -> &Client {
        &self.0.client
    }
    fn events(&self) -> &EventRecorder {
        &self.0.events
    }
    fn services(&self) -> &Informer {
        &self.0.services
    }
    fn images(&self) -> &ImageStore {
        &self.0.images
    }
    fn addresses(&self) -> &AddressPool {
        &self.0.addresses
    }
}
