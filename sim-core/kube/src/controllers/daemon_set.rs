//! DaemonSets: a pod on every node that takes it. Models pkg/controller/daemon.
//!
//! Each pod is made for one node, named in its required affinity: the scheduler binds it, and whatever keeps the node
//! from other pods is tolerated.

mod manage;
mod pod;
mod status;
mod update;

use super::Context;
use super::expectations::Expectations;
use super::history::History;
use super::pod_control::{self, selector};
use crate::api::{self, DAEMON_SET, Key, NODE, Object, ObjectExt, POD, Status};
use crate::client::{Informer, WorkQueue};
use sim::{Instant, SortedMap};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const WORKERS: usize = 2;
/// The label with the hash of the template, on revisions and pods.
const HASH: &str = "controller-revision-hash";

pub(super) fn start(context: &Context) {
    let controller = Controller {
        context: context.clone(),
        sets: context.informers.informer(DAEMON_SET),
        nodes: context.informers.informer(NODE),
        pods: context.informers.informer(POD),
        history: History::new(context, DAEMON_SET, HASH),
        queue: WorkQueue::new(&context.sim),
        expectations: Rc::default(),
        failures: Rc::default(),
    };
    pod_control::index(&controller.pods);
    controller.watch();
    let queue = controller.queue.clone();
    context.work(&queue, WORKERS, move |key| {
        let controller = controller.clone();
        async move { controller.sync(key).await }
    });
}

#[derive(Clone)]
struct Controller {
    context: Context,
    sets: Informer,
    nodes: Informer,
    pods: Informer,
    history: History,
    queue: WorkQueue,
    expectations: Rc<RefCell<Expectations>>,
    /// When a failed pod of a set on a node was last deleted, and how long the next has to wait.
    failures: Rc<RefCell<Failures>>,
}

/// By set and node.
type Failures = SortedMap<(Key, String), (Instant, Duration)>;

/// The pods of a set by node.
type Placed = SortedMap<String, Vec<Object>>;

impl Controller {
    fn watch(&self) {
        let this = self.clone();
        self.sets.on_change(move |old, new| {
            if let (Some(set), None) = (old, new) {
                this.expectations.borrow_mut().forget(&set.key());
            }
            if let Some(set) = new.or(old) {
                this.queue.add(set.key());
            }
        });
        let this = self.clone();
        self.nodes.on_change(move |old, new| {
            let same = |path| old.is_some() && old.map(|old| old.at(path)) == new.map(|new| new.at(path));
            if same("/spec/taints") && same("/metadata/labels") && same("/spec/unschedulable") {
                return;
            }
            for set in this.sets.list() {
                this.queue.add(set.key());
            }
        });
        let this = self.clone();
        self.pods.on_change(move |old, new| this.pod_changed(old, new));
    }

    fn pod_changed(&self, old: Option<&Object>, new: Option<&Object>) {
        let Some(pod) = new.or(old) else { return };
        let Some(owner) = pod.controller_of() else {
            for set in self.sets.list_namespace(pod.namespace()) {
                if new.is_some() && selector(&set).matches(pod.labels()) {
                    self.queue.add(set.key());
                }
            }
            return;
        };
        if owner.kind() != DAEMON_SET.kind {
            return;
        }
        let Some(set) = self.sets.get(pod.namespace(), owner.str_at("/name")) else { return };
        let key = set.key();
        let mut expectations = self.expectations.borrow_mut();
        if old.is_none() && !pod.is_terminating() {
            expectations.creation_observed(&key);
        }
        if new.is_none() || pod.is_terminating() {
            expectations.deletion_observed(&key, &pod.key());
        }
        let wait = set.int_at("/spec/minReadySeconds").unwrap_or(0).unsigned_abs();
        if wait > 0 && new.is_some_and(|pod| api::pod::is_ready(pod)) {
            self.queue.add_after(key.clone(), Duration::from_secs(wait + 1));
        }
        self.queue.add(key);
    }

    async fn sync(&self, key: Key) -> Result<(), Status> {
        let Some(set) = self.sets.get_key(&key) else { return Ok(()) };
        if set.map_at("/spec/selector/matchLabels").is_empty()
            && set.list_at("/spec/selector/matchExpressions").is_empty()
        {
            let message = "This daemon set is selecting all pods. A non-empty selector is required.";
            self.context.events.event(&set, "Warning", "SelectingAll", message);
            return Ok(());
        }
        if set.is_terminating() {
            return Ok(());
        }
        let mut revisions = self.history.list(&set);
        let current = self.history.current(&set, &mut revisions).await?;
        let hash = current.label(HASH).unwrap_or("").to_string();
        let nodes = self.nodes.list();
        let mut example = pod::new_pod(&set, "", &hash);
        if !self.is_satisfied(&key) {
            return self.update_status(&set, &nodes, &mut example, &hash, false).await;
        }
        let placed = self.placed(&set).await?;
        let outcome = self.manage(&set, &nodes, &mut example, placed, &hash).await;
        if outcome.is_ok() && self.is_satisfied(&key) {
            if set.str_at("/spec/updateStrategy/type") == "RollingUpdate" {
                let placed = self.placed(&set).await?;
                self.roll(&set, &nodes, &mut example, placed, &hash).await?;
            }
            let pods = self.pods.by_index(pod_control::BY_CONTROLLER, set.uid());
            let live = |revision: &Object| {
                let hash = revision.label(HASH);
                revision.name() == current.name() || pods.iter().any(|pod| pod.label(HASH) == hash)
            };
            self.history.truncate(&set, &revisions, live).await?;
        }
        self.update_status(&set, &nodes, &mut example, &hash, true).await?;
        outcome
    }

    fn is_satisfied(&self, key: &Key) -> bool {
        self.expectations.borrow().satisfied(key, self.context.sim.now())
    }

    /// The pods of a set by the node that they are on or made for; those that are deleted and have ended left out.
    async fn placed(&self, set: &Object) -> Result<Placed, Status> {
        let wanted = selector(set);
        let matches = |pod: &Object| wanted.matches(pod.labels());
        let pods = self.context.claim_pods(set, DAEMON_SET, &self.pods, matches).await?;
        let mut placed = Placed::new();
        for pod in pods {
            if !(pod.is_terminating() && api::pod::is_terminal(&pod)) {
                placed.entry(pod::target_node(&pod).to_string()).or_default().push(pod);
            }
        }
        Ok(placed)
    }
}
