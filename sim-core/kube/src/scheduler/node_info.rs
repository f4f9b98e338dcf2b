//! What the scheduler knows of each node: its room and who is there. Models pkg/scheduler/framework NodeInfo.

use crate::api::{Key, Object, ObjectExt, quantity};
use serde_json::Value;
use sim::SortedMap;
use std::rc::Rc;

/// What a pod that asks for nothing is counted with in scores, not in filters.
const DEFAULT_MILLI_CPU: i64 = 100;
const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// Amounts of what nodes have and pods ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Resources {
    pub(super) milli_cpu: i64,
    /// Bytes.
    pub(super) memory: i64,
    pub(super) pods: i64,
}

impl Resources {
    fn add(&mut self, other: Resources, sign: i64) {
        self.milli_cpu += sign * other.milli_cpu;
        self.memory += sign * other.memory;
        self.pods += sign * other.pods;
    }

    fn max(self, other: Resources) -> Resources {
        Resources {
            milli_cpu: self.milli_cpu.max(other.milli_cpu),
            memory: self.memory.max(other.memory),
            pods: self.pods.max(other.pods),
        }
    }
}

/// Amounts of other resources by name, in thousandths: storage of the node, devices.
pub(super) type Others = SortedMap<Rc<str>, i64>;

fn add_others(list: &mut Others, other: &Others, sign: i64) {
    for (name, amount) in other.iter() {
        *list.entry(name.clone()).or_default() += sign * amount;
    }
}

fn others(amounts: &Value) -> Others {
    let amounts = amounts.as_object().into_iter().flatten();
    amounts
        .filter(|(name, _)| !matches!(name.as_str(), "cpu" | "memory" | "pods"))
        .filter_map(|(name, amount)| {
            Some((Rc::from(name.as_str()), amount.as_str().and_then(quantity::parse_milli)?))
        })
        .collect()
}

/// What a pod asks for.
#[derive(Clone, Debug)]
pub(super) struct PodRequest {
    pub(super) key: Key,
    pub(super) requests: Resources,
    pub(super) others: Others,
    /// With defaults for containers that ask for nothing.
    pub(super) non_zero: Resources,
    /// Ports of the host: protocol and number.
    pub(super) host_ports: Vec<(String, i64)>,
    /// Whoever made it: pods of one owner are spread.
    pub(super) owner: Option<Rc<str>>,
    pub(super) images: Vec<String>,
    /// Says where it wants to run: by `nodeSelector` or `affinity`.
    pub(super) is_choosy: bool,
    /// Keeps other pods away: by required anti-affinity.
    pub(super) guards: bool,
    pub(super) priority: i64,
}

impl PodRequest {
    pub(super) fn of(pod: &Object) -> Self {
        let mut requests = Resources::default();
        let mut wanted = Others::default();
        let mut non_zero = Resources::default();
        let mut host_ports = Vec::new();
        let mut images = Vec::new();
        for container in pod.list_at("/spec/containers") {
            let asked = asked(container, 0, 0);
            requests.add(asked, 1);
            add_others(&mut wanted, &others(container.at("/resources/requests")), 1);
            non_zero.add(self::asked(container, DEFAULT_MILLI_CPU, DEFAULT_MEMORY), 1);
            images.push(container.str_at("/image").to_string());
            for port in container.list_at("/ports") {
                if let Some(number) = port.int_at("/hostPort").filter(|&number| number > 0) {
                    let protocol = port.str_at("/protocol");
                    host_ports.push((if protocol.is_empty() { "TCP" } else { protocol }.to_string(), number));
                }
            }
        }
        for container in pod.list_at("/spec/initContainers") {
            requests = requests.max(asked(container, 0, 0));
            for (name, amount) in others(container.at("/resources/requests")).iter() {
                let most = wanted.entry(name.clone()).or_default();
                *most = (*most).max(*amount);
            }
            non_zero = non_zero.max(asked(container, DEFAULT_MILLI_CPU, DEFAULT_MEMORY));
        }
        requests.pods = 1;
        non_zero.pods = 1;
        let owner = pod.controller_uid().map(Rc::from);
        let is_choosy = ["/spec/nodeSelector", "/spec/affinity"].iter().any(|path| !pod.at(path).is_null());
        let anti = "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution";
        PodRequest {
            key: pod.key(),
            requests,
            others: wanted,
            non_zero,
            host_ports,
            owner,
            images,
            is_choosy,
            guards: is_choosy && !pod.list_at(anti).is_empty(),
            priority: pod.int_at("/spec/priority").unwrap_or(0),
        }
    }
}

fn asked(container: &Value, cpu: i64, memory: i64) -> Resources {
    let amount = |name: &str| container.at("/resources/requests").get(name).and_then(Value::as_str);
    Resources {
        milli_cpu: amount("cpu").and_then(quantity::parse_milli).unwrap_or(cpu),
        memory: amount("memory").and_then(quantity::parse_milli).map_or(memory, |milli| milli / 1000),
        pods: 0,
    }
}

fn images_of(node: &Object) -> Vec<(String, i64)> {
    let mut images = Vec::new();
    for image in node.list_at("/status/images") {
        let Some(size) = image.int_at("/sizeBytes") else { continue };
        let names = image.list_at("/names").iter().filter_map(Value::as_str);
        images.extend(names.map(|name| (name.to_string(), size)));
    }
    images
}

/// A node as the plugins see it.
#[derive(Clone, Debug)]
pub(super) struct NodeInfo {
    pub(super) name: Rc<str>,
    pub(super) node: Object,
    pub(super) allocatable: Resources,
    pub(super) requested: Resources,
    pub(super) other_allocatable: Others,
    pub(super) other_requested: Others,
    pub(super) non_zero_requested: Resources,
    /// How many pods of each owner are here.
    pub(super) owners: SortedMap<Rc<str>, i64>,
    pub(super) host_ports: Vec<(String, i64)>,
    /// The images that are here, by one of their names, and their sizes.
    pub(super) images: Vec<(String, i64)>,
    /// How many pods here keep others away.
    pub(super) guards: usize,
    pods: SortedMap<Key, PodRequest>,
}

impl NodeInfo {
    /// The pods that are here.
    pub(super) fn pods(&self) -> impl Iterator<Item = &PodRequest> {
        self.pods.values()
    }

    /// Counts a pod, once.
    pub(super) fn add(&mut self, pod: &PodRequest) {
        if self.pods.insert(pod.key.clone(), pod.clone()).is_some() {
            return;
        }
        self.requested.add(pod.requests, 1);
        add_others(&mut self.other_requested, &pod.others, 1);
        self.non_zero_requested.add(pod.non_zero, 1);
        self.host_ports.extend(pod.host_ports.iter().cloned());
        self.guards += usize::from(pod.guards);
        if let Some(owner) = &pod.owner {
            *self.owners.entry(owner.clone()).or_default() += 1;
        }
    }

    /// Counts a pod no longer.
    pub(super) fn remove(&mut self, key: &Key) {
        let Some(pod) = self.pods.remove(key) else { return };
        self.requested.add(pod.requests, -1);
        add_others(&mut self.other_requested, &pod.others, -1);
        self.non_zero_requested.add(pod.non_zero, -1);
        self.host_ports.retain(|port| !pod.host_ports.contains(port));
        self.guards -= usize::from(pod.guards);
        if let Some(owner) = &pod.owner {
            *self.owners.entry(owner.clone()).or_default() -= 1;
        }
    }
}

/// All nodes, and the pods on them, assumed ones included.
#[derive(Default)]
pub(super) struct Cluster {
    nodes: SortedMap<Rc<str>, NodeInfo>,
    /// Pods that came before their node.
    early: SortedMap<Key, (PodRequest, String)>,
}

impl Cluster {
    pub(super) fn nodes(&self) -> impl Iterator<Item = &NodeInfo> {
        self.nodes.values()
    }

    pub(super) fn set_node(&mut self, node: &Object) {
        let amount = |name: &str| {
            node.at("/status/allocatable").get(name).and_then(Value::as_str).and_then(quantity::parse_milli)
        };
        let allocatable = Resources {
            milli_cpu: amount("cpu").unwrap_or(0),
            memory: amount("memory").unwrap_or(0) / 1000,
            pods: amount("pods").unwrap_or(0) / 1000,
        };
        if let Some(info) = self.nodes.get_mut(node.name()) {
            info.node = node.clone();
            info.allocatable = allocatable;
            info.other_allocatable = others(node.at("/status/allocatable"));
            info.images = images_of(node);
            return;
        }
        let name: Rc<str> = Rc::from(node.name());
        let info = NodeInfo {
            name: name.clone(),
            node: node.clone(),
            allocatable,
            requested: Resources::default(),
            other_allocatable: others(node.at("/status/allocatable")),
            other_requested: Others::default(),
            non_zero_requested: Resources::default(),
            owners: SortedMap::new(),
            host_ports: Vec::new(),
            images: images_of(node),
            guards: 0,
            pods: SortedMap::new(),
        };
        self.nodes.insert(name, info);
        let early: Vec<_> =
            self.early.values().filter(|(_, node_name)| node_name == node.name()).cloned().collect();
        for (request, node_name) in early {
            self.early.remove(&request.key);
            self.add_pod(&request, &node_name);
        }
    }

    pub(super) fn remove_node(&mut self, name: &str) {
        self.nodes.remove(name);
    }

    /// Counts a pod on a node, once.
    pub(super) fn add_pod(&mut self, pod: &PodRequest, node: &str) {
        let Some(info) = self.nodes.get_mut(node) else {
            self.early.insert(pod.key.clone(), (pod.clone(), node.to_string()));
            return;
        };
        info.add(pod);
    }

    pub(super) fn remove_pod(&mut self, key: &Key, node: &str) {
        self.early.remove(key);
        let Some(info) = self.nodes.get_mut(node) else { return };
        info.remove(key);
    }
}
