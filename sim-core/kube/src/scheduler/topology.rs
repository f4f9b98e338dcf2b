//! Pods near to each other, far from each other, or evenly spread. Models the plugins interpodaffinity and
//! podtopologyspread.
//!
//! Pods on all nodes are looked at once for each pod that asks for it, or while a pod is about that keeps others away;
//! a cluster where nobody does pays nothing.

use super::node_info::{Cluster, NodeInfo};
use super::plugins::Rejection;
use crate::api::core_v1::node_selector;
use crate::api::{LabelSelector, Object, ObjectExt, map_of};
use crate::client::Informer;
use serde_json::Value;
use sim::{SortedMap, SortedSet};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
/// The highest score.
const MAX: i64 = 100;

/// A term of affinity, and where pods are that it means.
struct Term {
    key: String,
    selector: LabelSelector,
    namespaces: Namespaces,
    weight: i64,
    /// Pods that match, by the value of the topology key.
    found: SortedMap<String, i64>,
}

struct Namespaces {
    named: Vec<String>,
    selector: Option<LabelSelector>,
}

impl Term {
    fn of(term: &Value, owner: &Object, weight: i64) -> Term {
        let mut named: Vec<String> =
            term.list_at("/namespaces").iter().filter_map(Value::as_str).map(str::to_string).collect();
        let selector = term.at("/namespaceSelector");
        if named.is_empty() && selector.is_null() {
            named.push(owner.namespace().to_string());
        }
        Term {
            key: term.str_at("/topologyKey").to_string(),
            selector: LabelSelector::from_value(term.at("/labelSelector")),
            namespaces: Namespaces {
                named,
                selector: (!selector.is_null()).then(|| LabelSelector::from_value(selector)),
            },
            weight,
            found: SortedMap::new(),
        }
    }

    fn means(&self, pod: &Object) -> bool {
        let namespace = pod.namespace();
        let by_label = || {
            let labels = map_of([("kubernetes.io/metadata.name".to_string(), namespace.into())]);
            self.namespaces.selector.as_ref().is_some_and(|selector| selector.matches(&labels))
        };
        (self.namespaces.named.iter().any(|named| named == namespace) || by_label())
            && self.selector.matches(pod.labels())
    }

    fn count(&mut self, pod: &Object, node: &Object) {
        if let Some(value) = node.label(&self.key).filter(|_| self.means(pod)) {
            *self.found.entry(value.to_string()).or_default() += 1;
        }
    }

    fn at(&self, node: &Object) -> Option<i64> {
        node.label(&self.key).map(|value| self.found.get(value).copied().unwrap_or(0))
    }
}

/// One of `spec.topologySpreadConstraints`.
struct Constraint {
    key: String,
    selector: LabelSelector,
    /// Labels that must be the same as the pod's.
    same: Vec<(String, Option<Value>)>,
    max_skew: i64,
    min_domains: usize,
    hard: bool,
    counts: SortedMap<String, i64>,
}

impl Constraint {
    fn of(constraint: &Value, pod: &Object) -> Constraint {
        let keys = constraint.list_at("/matchLabelKeys").iter().filter_map(Value::as_str);
        Constraint {
            key: constraint.str_at("/topologyKey").to_string(),
            selector: LabelSelector::from_value(constraint.at("/labelSelector")),
            same: keys.map(|key| (key.to_string(), pod.labels().get(key).cloned())).collect(),
            max_skew: constraint.int_at("/maxSkew").unwrap_or(1),
            min_domains: constraint.int_at("/minDomains").and_then(|n| usize::try_from(n).ok()).unwrap_or(1),
            hard: constraint.str_at("/whenUnsatisfiable") != "ScheduleAnyway",
            counts: SortedMap::new(),
        }
    }

    fn means(&self, pod: &Object) -> bool {
        self.selector.matches(pod.labels())
            && self.same.iter().all(|(key, value)| pod.labels().get(key) == value.as_ref())
    }

    fn least(&self) -> i64 {
        if self.counts.len() < self.min_domains {
            return 0;
        }
        self.counts.values().copied().min().unwrap_or(0)
    }
}

/// What a pod finds on all nodes.
pub(super) struct Topology {
    affinity: Vec<Term>,
    anti: Vec<Term>,
    preferred: Vec<Term>,
    spread: Vec<Constraint>,
    /// Places that pods on them keep this pod away from.
    guarded: SortedSet<(String, String)>,
    /// The pod itself is what its affinity asks for: the first of a group may go anywhere.
    meets_itself: bool,
    counts_itself: Vec<i64>,
}

impl Topology {
    /// Looks around for a pod; nothing when nothing of the kind is asked for.
    pub(super) fn of(pod: &Object, cluster: &Cluster, pods: &Informer) -> Option<Topology> {
        let (near, far) = (pod.at("/spec/affinity/podAffinity"), pod.at("/spec/affinity/podAntiAffinity"));
        let constraints = pod.list_at("/spec/topologySpreadConstraints");
        let guarded = cluster.nodes().any(|node| node.guards > 0);
        if near.is_null() && far.is_null() && constraints.is_empty() && !guarded {
            return None;
        }
        let required = |of: &Value| -> Vec<Term> {
            of.list_at(&format!("/{REQUIRED}")).iter().map(|term| Term::of(term, pod, 0)).collect()
        };
        let mut preferred = Vec::new();
        for (of, sign) in [(near, 1), (far, -1)] {
            for term in of.list_at(&format!("/{PREFERRED}")) {
                let weight = term.int_at("/weight").unwrap_or(0) * sign;
                preferred.push(Term::of(term.at("/podAffinityTerm"), pod, weight));
            }
        }
        let mut topology = Topology {
            affinity: required(near),
            anti: required(far),
            preferred,
            spread: constraints.iter().map(|constraint| Constraint::of(constraint, pod)).collect(),
            guarded: SortedSet::new(),
            meets_itself: false,
            counts_itself: Vec::new(),
        };
        topology.meets_itself = topology.affinity.iter().all(|term| term.means(pod));
        topology.counts_itself =
            topology.spread.iter().map(|constraint| i64::from(constraint.means(pod))).collect();
        topology.look(pod, cluster, pods);
        Some(topology)
    }

    fn look(&mut self, pod: &Object, cluster: &Cluster, pods: &Informer) {
        for node in cluster.nodes() {
            // Where the pod could not run anyway, nobody counts.
            let eligible = node_selector::matches(pod, &node.node);
            for constraint in self.spread.iter_mut().filter(|_| eligible) {
                if let Some(value) = node.node.label(&constraint.key) {
                    constraint.counts.entry(value.to_string()).or_default();
                }
            }
            for other in node.pods().filter_map(|request| pods.get_key(&request.key)) {
                let terms = self.affinity.iter_mut().chain(&mut self.anti).chain(&mut self.preferred);
                terms.for_each(|term| term.count(&other, &node.node));
                if eligible && other.namespace() == pod.namespace() && !other.is_terminating() {
                    for constraint in self.spread.iter_mut().filter(|constraint| constraint.means(&other)) {
                        let value = node.node.label(&constraint.key);
                        if let Some(count) = value.and_then(|value| constraint.counts.get_mut(value)) {
                            *count += 1;
                        }
                    }
                }
                for term in other.list_at(&format!("/spec/affinity/podAntiAffinity/{REQUIRED}")) {
                    let term = Term::of(term, &other, 0);
                    if let Some(value) = node.node.label(&term.key).filter(|_| term.means(pod)) {
                        self.guarded.insert((term.key.clone(), value.to_string()));
                    }
                }
            }
        }
    }

    /// Why the pod cannot run on a node, if it cannot.
    pub(super) fn filter(&self, node: &NodeInfo) -> Result<(), Rejection> {
        let node = &node.node;
        let reject =
            |reason: &str, unresolvable| Err(Rejection { reasons: vec![reason.to_string()], unresolvable });
        for (constraint, own) in self.spread.iter().zip(&self.counts_itself).filter(|(c, _)| c.hard) {
            let Some(value) = node.label(&constraint.key) else {
                let reason = "node(s) didn't match pod topology spread constraints (missing required label)";
                return reject(reason, true);
            };
            let count = constraint.counts.get(value).copied().unwrap_or(0);
            if count + own - constraint.least() > constraint.max_skew {
                return reject("node(s) didn't match pod topology spread constraints", false);
            }
        }
        let nobody = self.meets_itself && self.affinity.iter().all(|term| term.found.is_empty());
        let near = self.affinity.iter().all(|term| match term.at(node) {
            Some(count) => count > 0 || nobody,
            None => false,
        });
        if !near {
            return reject("node(s) didn't match pod affinity rules", true);
        }
        if self.anti.iter().any(|term| term.at(node).is_some_and(|count| count > 0)) {
            return reject("node(s) didn't match pod anti-affinity rules", false);
        }
        let is_guarded =
            self.guarded.iter().any(|(key, value)| node.label(key).is_some_and(|label| label == value));
        if is_guarded {
            return reject("node(s) didn't satisfy existing pods anti-affinity rules", false);
        }
        Ok(())
    }

    /// How near nodes are to the pods that this one likes, and how empty their domains, each with weight 2.
    pub(super) fn score(&self, nodes: &[&NodeInfo]) -> Vec<i64> {
        let liking = nodes.iter().map(|node| {
            let terms = self.preferred.iter();
            terms.map(|term| term.weight * term.at(&node.node).unwrap_or(0)).sum::<i64>()
        });
        let crowding = nodes.iter().map(|node| {
            let soft = self.spread.iter().filter(|constraint| !constraint.hard);
            let count = |constraint: &Constraint| {
                node.node.label(&constraint.key).and_then(|value| constraint.counts.get(value)).copied()
            };
            -soft.map(|constraint| count(constraint).unwrap_or(0)).sum::<i64>()
        });
        let (liking, crowding) = (normal(liking.collect()), normal(crowding.collect()));
        liking.iter().zip(crowding).map(|(a, b)| 2 * a + 2 * b).collect()
    }
}

/// From the least to the most as 0 to 100; 0 where all are the same.
fn normal(values: Vec<i64>) -> Vec<i64> {
    let least = values.iter().copied().min().unwrap_or(0);
    let range = values.iter().copied().max().unwrap_or(0) - least;
    values.iter().map(|value| if range == 0 { 0 } else { (value - least) * MAX / range }).collect()
}
