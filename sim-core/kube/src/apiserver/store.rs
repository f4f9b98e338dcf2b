//! Objects by kind, namespace and name; each change has a number, and watchers see it. Stands for etcd
//! and the watch cache before it.

use super::Filter;
use crate::api::scheme::RESOURCES;
use crate::api::{Object, ObjectExt, Resource, Status, set};
use crate::json;
use sim::Ordered;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

/// What happened to an object, as a watch tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// It came to be, or came to match.
    Added,
    /// It changed.
    Modified,
    /// It is gone, or matches no longer.
    Deleted,
    /// Nothing; only the version moved on.
    Bookmark,
    /// The watch is over; the object is a `Status`.
    Error,
}

impl EventKind {
    /// As it goes over the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Added => "ADDED",
            EventKind::Modified => "MODIFIED",
            EventKind::Deleted => "DELETED",
            EventKind::Bookmark => "BOOKMARK",
            EventKind::Error => "ERROR",
        }
    }
}

/// One event of a watch.
#[derive(Clone, Debug)]
pub struct WatchEvent {
    /// What happened.
    pub kind: EventKind,
    /// The object, as it is now; what is gone, as it was.
    pub object: Object,
}

/// How many changes of a kind are remembered, for watches that begin a little in the past. Whoever is
/// later lists again.
const HISTORY: usize = 250;

/// Fields by whose value watches are found. Each kubelet watches the pods of its own node: a change of one is not
/// held against the selectors of all. Models the indexers and triggers of `registry/core/pod` and the watch cache.
const TRIGGERS: &[&str] = &["/metadata/name", "/spec/nodeName"];

pub(super) struct Store {
    revision: u64,
    shelves: Vec<Shelf>,
    /// Which custom kinds the shelves after those of the scheme hold.
    custom: Vec<(&'static str, &'static str)>,
}

/// All objects of one kind.
#[derive(Default)]
struct Shelf {
    namespaces: BTreeMap<Rc<str>, BTreeMap<Rc<str>, Object>>,
    history: VecDeque<Change>,
    /// The version before which history is gone.
    forgotten: u64,
    watchers: Vec<Weak<Watcher>>,
    /// Those that want one value of a trigger, by trigger and value.
    triggered: Vec<(&'static str, String, Vec<Weak<Watcher>>)>,
}

struct Change {
    revision: u64,
    old: Option<Object>,
    /// Absent when the object is gone.
    new: Option<Object>,
    /// The object with the version of its end.
    last: Option<Object>,
}

struct Watcher {
    /// Only what happened after this version is told.
    since: u64,
    namespace: String,
    filter: Filter,
    pending: RefCell<VecDeque<WatchEvent>>,
    waker: RefCell<Option<Waker>>,
}

/// A watch, open as long as this is kept.
pub struct WatchHandle(Rc<Watcher>);

impl WatchHandle {
    /// The next event, when there is one already.
    pub fn try_next(&self) -> Option<WatchEvent> {
        self.0.pending.borrow_mut().pop_front()
    }

    /// Adds an event of the server's own.
    pub(super) fn push(&self, event: WatchEvent) {
        self.0.pending.borrow_mut().push_back(event);
    }

    /// Waits for the next event.
    pub async fn next(&self) -> WatchEvent {
        poll_fn(|cx| match self.0.pending.borrow_mut().pop_front() {
            Some(event) => Poll::Ready(event),
            None => {
                *self.0.waker.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }
}

/// The key of an object as errors of the storage name it.
pub(super) fn etcd_key(resource: Resource, namespace: &str, name: &str) -> String {
    // Some kinds are older than the rule.
    let folder = match (resource.group, resource.plural) {
        ("", "nodes") => "minions",
        ("", "services") => "services/specs",
        ("", "endpoints") => "services/endpoints",
        ("networking.k8s.io", "ingresses") => "ingress",
        (_, plural) => plural,
    };
    let group = if resource.custom.is_some() { resource.group } else { "" };
    let parts = ["registry", group, folder, namespace, name];
    parts.iter().filter(|part| !part.is_empty()).map(|part| format!("/{part}")).collect()
}

/// The place of a custom kind's shelf: all of its versions share one.
fn custom_key(resource: Resource) -> (&'static str, &'static str) {
    (resource.group, resource.plural)
}

/// Namespaces as the keys of what is in them are sorted: `team-a/web` before `team/web`.
fn in_order_of_keys(a: &str, b: &str) -> Ordering {
    a.bytes().chain([b'/']).cmp(b.bytes().chain([b'/']))
}

impl Store {
    pub(super) fn new() -> Self {
        let shelves = RESOURCES.iter().map(|_| Shelf::default()).collect();
        Store { revision: 0, shelves, custom: Vec::new() }
    }

    fn index_of(&self, resource: Resource) -> Option<usize> {
        if resource.custom.is_some() {
            let place = self.custom.iter().position(|key| *key == custom_key(resource))?;
            return Some(RESOURCES.len() + place);
        }
        let resource = resource.storage();
        let place = RESOURCES.iter().position(|r| std::ptr::eq(*r, resource));
        Some(place.expect("every resource is in the scheme"))
    }

    fn shelf(&self, resource: Resource) -> Option<&Shelf> {
        self.index_of(resource).map(|place| &self.shelves[place])
    }

    fn shelf_mut(&mut self, resource: Resource) -> &mut Shelf {
        let place = self.index_of(resource).unwrap_or_else(|| {
            self.custom.push(custom_key(resource));
            self.shelves.push(Shelf::default());
            self.shelves.len() - 1
        });
        &mut self.shelves[place]
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// The version before which the history of a kind is gone.
    pub(super) fn forgotten(&self, resource: Resource) -> u64 {
        self.shelf(resource).map_or(0, |shelf| shelf.forgotten)
    }

    pub(super) fn get(&self, resource: Resource, namespace: &str, name: &str) -> Option<Object> {
        self.shelf(resource)?.namespaces.get(namespace)?.get(name).cloned()
    }

    /// Objects by namespace and name; of all namespaces when `namespace` is empty.
    pub(super) fn list(&self, resource: Resource, namespace: &str, filter: &Filter) -> Vec<Object> {
        let Some(shelf) = self.shelf(resource) else { return Vec::new() };
        let wanted = |object: &&Object| filter.matches(object);
        if namespace.is_empty() {
            let mut namespaces: Vec<_> = shelf.namespaces.iter().collect();
            namespaces.order_by(|(a, _), (b, _)| in_order_of_keys(a, b));
            namespaces.into_iter().flat_map(|(_, objects)| objects.values()).filter(wanted).cloned().collect()
        } else {
            shelf
                .namespaces
                .get(namespace)
                .into_iter()
                .flat_map(BTreeMap::values)
                .filter(wanted)
                .cloned()
                .collect()
        }
    }

    /// Objects as they were at a version that is not forgotten.
    pub(super) fn list_at(
        &self,
        resource: Resource,
        namespace: &str,
        filter: &Filter,
        version: u64,
    ) -> Vec<Object> {
        let mut objects = self.list(resource, namespace, &Filter::default());
        let Some(shelf) = self.shelf(resource) else { return objects };
        let same = |a: &Object, b: &Object| a.name() == b.name() && a.namespace() == b.namespace();
        // What each object was before its first change since then.
        let mut before: Vec<(&Object, Option<&Object>)> = Vec::new();
        for change in shelf.history.iter().filter(|change| change.revision > version) {
            let Some(any) = change.new.as_ref().or(change.old.as_ref()) else { continue };
            if (namespace.is_empty() || any.namespace() == namespace)
                && !before.iter().any(|(seen, _)| same(seen, any))
            {
                before.push((any, change.old.as_ref()));
            }
        }
        if !before.is_empty() {
            objects.retain(|object| !before.iter().any(|(changed, _)| same(changed, object)));
            objects.extend(before.iter().filter_map(|(_, old)| old.cloned()));
            objects.order_by(|a, b| {
                in_order_of_keys(a.namespace(), b.namespace()).then_with(|| a.name().cmp(b.name()))
            });
        }
        objects.retain(|object| filter.matches(object));
        objects
    }

    /// Keeps `object` under its names, with a new version.
    pub(super) fn put(&mut self, resource: Resource, mut object: Object) -> Object {
        self.revision += 1;
        set(Rc::make_mut(&mut object), "/metadata/resourceVersion", json!(self.revision.to_string()));
        let revision = self.revision;
        let shelf = self.shelf_mut(resource);
        let namespace = match shelf.namespaces.get_mut(object.namespace()) {
            Some(namespace) => namespace,
            None => shelf.namespaces.entry(object.namespace().into()).or_default(),
        };
        let old = match namespace.get_mut(object.name()) {
            Some(place) => Some(std::mem::replace(place, object.clone())),
            None => namespace.insert(object.name().into(), object.clone()),
        };
        shelf.publish(Change { revision, old, new: Some(object.clone()), last: None });
        object
    }

    /// Takes an object out; gives it as it was last, with the version of its end.
    pub(super) fn remove(&mut self, resource: Resource, namespace: &str, name: &str) -> Option<Object> {
        let revision = self.revision + 1;
        let shelf = self.shelf_mut(resource);
        let names = shelf.namespaces.get_mut(namespace)?;
        let old = names.remove(name)?;
        if names.is_empty() {
            shelf.namespaces.remove(namespace);
        }
        let mut last = old.clone();
        set(Rc::make_mut(&mut last), "/metadata/resourceVersion", json!(revision.to_string()));
        shelf.publish(Change { revision, old: Some(old), new: None, last: Some(last.clone()) });
        self.revision = revision;
        Some(last)
    }

    /// Begins a watch: with what happened after the version `since`, or, without one, with what there is.
    pub(super) fn watch(
        &mut self,
        resource: Resource,
        namespace: &str,
        filter: Filter,
        since: Option<u64>,
    ) -> Result<WatchHandle, Status> {
        let mut pending = VecDeque::new();
        match since {
            None => {
                let existing = self.list(resource, namespace, &filter);
                pending
                    .extend(existing.into_iter().map(|object| WatchEvent { kind: EventKind::Added, object }));
            }
            Some(since) => {
                let shelf = self.shelf_mut(resource);
                if since < shelf.forgotten {
                    return Err(Status::expired(format!(
                        "too old resource version: {since} ({})",
                        shelf.forgotten
                    )));
                }
                let past = shelf.history.iter().filter(|change| change.revision > since);
                pending.extend(past.filter_map(|change| change.seen(namespace, &filter)));
            }
        }
        let watcher = Rc::new(Watcher {
            since: since.unwrap_or(0),
            namespace: namespace.to_string(),
            filter,
            pending: RefCell::new(pending),
            waker: RefCell::default(),
        });
        self.shelf_mut(resource).register(&watcher);
        Ok(WatchHandle(watcher))
    }
}

impl Shelf {
    fn register(&mut self, watcher: &Rc<Watcher>) {
        let exact = |trigger: &&'static str| Some((*trigger, watcher.filter.fields.exact(trigger)?));
        let watcher = Rc::downgrade(watcher);
        match TRIGGERS.iter().find_map(exact) {
            None => self.watchers.push(watcher),
            Some((trigger, value)) => match self.place(trigger, value) {
                Ok(place) => self.triggered[place].2.push(watcher),
                Err(place) => self.triggered.insert(place, (trigger, value.to_string(), vec![watcher])),
            },
        }
    }

    fn place(&self, trigger: &str, value: &str) -> Result<usize, usize> {
        self.triggered.binary_search_by(|(path, of, _)| (*path, of.as_str()).cmp(&(trigger, value)))
    }

    fn publish(&mut self, change: Change) {
        change.tell(&mut self.watchers);
        let triggers = if self.triggered.is_empty() { &[] } else { TRIGGERS };
        for trigger in triggers {
            let value = |object: &Option<Object>| object.as_ref().map(|o| o.str_at(trigger).to_string());
            let (old, new) = (value(&change.old), value(&change.new));
            let moved = old.as_ref() != new.as_ref();
            for value in new.iter().chain(old.iter().filter(|_| moved)) {
                if let Ok(place) = self.place(trigger, value) {
                    change.tell(&mut self.triggered[place].2);
                    if self.triggered[place].2.is_empty() {
                        self.triggered.remove(place);
                    }
                }
            }
        }
        self.history.push_back(change);
        if self.history.len() > HISTORY
            && let Some(gone) = self.history.pop_front()
        {
            self.forgotten = gone.revision;
        }
    }
}

impl Change {
    /// Lets watchers know; forgets those that are gone.
    fn tell(&self, watchers: &mut Vec<Weak<Watcher>>) {
        watchers.retain(|watcher| {
            let Some(watcher) = watcher.upgrade() else { return false };
            if self.revision > watcher.since
                && let Some(event) = self.seen(&watcher.namespace, &watcher.filter)
            {
                watcher.pending.borrow_mut().push_back(event);
                if let Some(waker) = watcher.waker.borrow_mut().take() {
                    waker.wake();
                }
            }
            true
        });
    }

    /// What a watch with this filter sees of the change.
    fn seen(&self, namespace: &str, filter: &Filter) -> Option<WatchEvent> {
        let any = self.new.as_ref().or(self.old.as_ref())?;
        if !namespace.is_empty() && any.namespace() != namespace {
            return None;
        }
        let before = self.old.as_ref().is_some_and(|old| filter.matches(old));
        let after = self.new.as_ref().filter(|new| filter.matches(new));
        let (kind, object) = match (before, after) {
            (false, None) => return None,
            (false, Some(new)) => (EventKind::Added, new.clone()),
            (true, Some(new)) => (EventKind::Modified, new.clone()),
            (true, None) => (EventKind::Deleted, self.last.as_ref().or(self.new.as_ref())?.clone()),
        };
        Some(WatchEvent { kind, object })
    }
}
