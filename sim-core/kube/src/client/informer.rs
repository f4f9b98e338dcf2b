//! Informers: a cache of all objects of a kind that a watch keeps up to date, shared by who reads it.
//! Models `client-go/tools/cache`.

use super::{Client, EventKind, ListOptions};
use crate::api::{Key, Object, ObjectExt, Resource};
use serde_json::Value;
use sim::{Duration, SortedMap, SortedSet};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// Hands out informers, one for each kind.
#[derive(Clone)]
pub struct InformerFactory {
    client: Client,
    informers: Rc<RefCell<Vec<Informer>>>,
}

impl InformerFactory {
    /// A factory without informers.
    pub fn new(client: &Client) -> Self {
        InformerFactory { client: client.clone(), informers: Rc::default() }
    }

    /// The informer of this kind; it is started when it is asked for first.
    pub fn informer(&self, resource: Resource) -> Informer {
        let mut informers = self.informers.borrow_mut();
        if let Some(found) = informers.iter().find(|i| std::ptr::eq(i.0.resource, resource)) {
            return found.clone();
        }
        let informer = Informer::start(&self.client, resource, ListOptions::default());
        informers.push(informer.clone());
        informer
    }

    /// Waits until every informer has seen what there is.
    pub async fn wait_for_sync(&self) {
        let informers = self.informers.borrow().clone();
        for informer in informers {
            informer.synced().await;
        }
    }
}

/// A cache of all objects of one kind; clones are the same one.
#[derive(Clone)]
pub struct Informer(Rc<Shared>);

struct Shared {
    resource: Resource,
    cache: RefCell<Cache>,
    handlers: RefCell<Vec<Rc<Handler>>>,
    waiting: RefCell<Vec<Waker>>,
}

type Handler = dyn Fn(Option<&Object>, Option<&Object>);
type IndexFn = fn(&Value) -> Vec<Cow<'_, str>>;

#[derive(Default)]
struct Cache {
    objects: BTreeMap<Key, Object>,
    indexes: Vec<Index>,
    synced: bool,
}

struct Index {
    name: &'static str,
    keys_of: IndexFn,
    keys: SortedMap<String, SortedSet<Key>>,
}

impl Index {
    fn words<'a>(&self, object: Option<&'a Object>) -> Vec<Cow<'a, str>> {
        object.map_or_else(Vec::new, |object| (self.keys_of)(object))
    }

    /// Most changes leave an object under the words under which it was found before.
    fn replace(&mut self, key: &Key, old: Option<&Object>, new: Option<&Object>) {
        let (before, after) = (self.words(old), self.words(new));
        if before == after {
            return;
        }
        for word in before {
            if let Some(keys) = self.keys.get_mut(&*word) {
                keys.remove(key);
                if keys.is_empty() {
                    self.keys.remove(&*word);
                }
            }
        }
        for word in after {
            self.keys.entry(word.into_owned()).or_default().insert(key.clone());
        }
    }
}

impl Cache {
    fn replace(&mut self, key: Key, new: Option<Object>) -> Option<Object> {
        let old = match &new {
            Some(new) => self.objects.insert(key.clone(), new.clone()),
            None => self.objects.remove(&key),
        };
        for index in &mut self.indexes {
            index.replace(&key, old.as_ref(), new.as_ref());
        }
        old
    }
}

/// When the world ends, an informer lets go of its handlers: they hold whoever reads it, who holds the informer.
struct End(Informer);

impl Drop for End {
    fn drop(&mut self) {
        let handlers = self.0.0.handlers.take();
        let cache = self.0.0.cache.take();
        drop((handlers, cache));
    }
}

impl Informer {
    /// Starts a cache of what the options select: a kubelet's pods, for example.
    pub fn start(client: &Client, resource: Resource, options: ListOptions) -> Self {
        let informer = Informer(Rc::new(Shared {
            resource,
            cache: RefCell::default(),
            handlers: RefCell::default(),
            waiting: RefCell::default(),
        }));
        let (client, own) = (client.clone(), informer.clone());
        let sim = client.sim().clone();
        sim.spawn(async move { own.run(client, options).await });
        informer
    }

    async fn run(self, client: Client, mut options: ListOptions) {
        let _end = End(self.clone());
        let sim = client.sim().clone();
        loop {
            let Ok(list) = client.list(self.0.resource, "", &options).await else {
                sim.sleep(Duration::from_secs(1)).await;
                continue;
            };
            self.fill(&list.items);
            options.resource_version = Some(list.resource_version);
            let Ok(mut watch) = client.watch(self.0.resource, "", &options).await else {
                // History has gone on without us: begin again.
                options.resource_version = None;
                continue;
            };
            while let Some(event) = watch.next().await {
                // The way of the first event is the way of those that follow it closely.
                sim.sleep(Duration::from_micros(800)).await;
                let mut next = Some(event);
                while let Some(event) = next {
                    match event.kind {
                        EventKind::Added | EventKind::Modified => {
                            self.change(event.object.key(), Some(event.object))
                        }
                        EventKind::Deleted => self.forget(&event.object),
                        EventKind::Bookmark | EventKind::Error => {}
                    }
                    next = watch.try_next();
                }
            }
        }
    }

    /// Brings the cache to what a list says.
    fn fill(&self, items: &[Object]) {
        let listed: SortedSet<Key> = items.iter().map(|object| object.key()).collect();
        let gone: Vec<Object> = {
            let cache = self.0.cache.borrow();
            cache
                .objects
                .iter()
                .filter(|(key, _)| !listed.contains(key))
                .map(|(_, object)| object.clone())
                .collect()
        };
        for object in gone {
            self.forget(&object);
        }
        for object in items {
            self.change(object.key(), Some(object.clone()));
        }
        self.0.cache.borrow_mut().synced = true;
        for waker in self.0.waiting.borrow_mut().drain(..) {
            waker.wake();
        }
    }

    fn change(&self, key: Key, new: Option<Object>) {
        let old = self.0.cache.borrow_mut().replace(key, new.clone());
        self.notify(old.as_ref(), new.as_ref());
    }

    /// Handlers see what is gone as it was last.
    fn forget(&self, last: &Object) {
        let old = self.0.cache.borrow_mut().replace(last.key(), None);
        if old.is_some() {
            self.notify(Some(last), None);
        }
    }

    fn notify(&self, old: Option<&Object>, new: Option<&Object>) {
        // By index: a handler may add another.
        let mut i = 0;
        loop {
            let Some(handler) = self.0.handlers.borrow().get(i).cloned() else { break };
            handler(old, new);
            i += 1;
        }
    }

    /// An object.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Object> {
        self.get_key(&Key::new(namespace, name))
    }

    /// An object.
    pub fn get_key(&self, key: &Key) -> Option<Object> {
        self.0.cache.borrow().objects.get(key).cloned()
    }

    /// All objects, by namespace and name.
    pub fn list(&self) -> Vec<Object> {
        self.0.cache.borrow().objects.values().cloned().collect()
    }

    /// All objects of a namespace, by name.
    pub fn list_namespace(&self, namespace: &str) -> Vec<Object> {
        let cache = self.0.cache.borrow();
        let from = cache.objects.range(Key::new(namespace, "")..);
        from.take_while(|(key, _)| &*key.namespace == namespace).map(|(_, object)| object.clone()).collect()
    }

    /// Keeps an index: `keys_of` says under which words an object is found. Does nothing when there
    /// is one of this name.
    pub fn add_index(&self, name: &'static str, keys_of: IndexFn) {
        let mut cache = self.0.cache.borrow_mut();
        if cache.indexes.iter().any(|index| index.name == name) {
            return;
        }
        let mut index = Index { name, keys_of, keys: SortedMap::new() };
        for (key, object) in &cache.objects {
            index.replace(key, None, Some(object));
        }
        cache.indexes.push(index);
    }

    /// The objects found under `value` in an index.
    pub fn by_index(&self, name: &str, value: &str) -> Vec<Object> {
        let cache = self.0.cache.borrow();
        let Some(index) = cache.indexes.iter().find(|index| index.name == name) else { return Vec::new() };
        let keys = index.keys.get(value).into_iter().flatten();
        keys.filter_map(|key| cache.objects.get(key).cloned()).collect()
    }

    /// Calls `handler` with what an object was and what it is, now for all that are in the cache and
    /// then at each change.
    pub fn on_change(&self, handler: impl Fn(Option<&Object>, Option<&Object>) + 'static) {
        let handler: Rc<Handler> = Rc::new(handler);
        for object in self.list() {
            handler(None, Some(&object));
        }
        self.0.handlers.borrow_mut().push(handler);
    }

    /// Whether it has seen what there was when it started.
    pub fn has_synced(&self) -> bool {
        self.0.cache.borrow().synced
    }

    /// Waits until it has.
    pub async fn synced(&self) {
        poll_fn(|cx| {
            if self.has_synced() {
                return Poll::Ready(());
            }
            self.0.waiting.borrow_mut().push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{CONFIG_MAP, set};
    use crate::apiserver::{ApiServer, WriteOptions};
    use crate::json;
    use sim::Sim;

    #[test]
    fn a_cache_follows_the_server() {
        let sim = Sim::new(1);
        let api = ApiServer::new(&sim);
        let write = WriteOptions::default();
        let map = |name: &str| json!({"metadata": {"name": name, "labels": {"color": name}}});
        api.create(CONFIG_MAP, "default", map("blue"), &write).unwrap();
        let informer = InformerFactory::new(&Client::new(&api, "system:test")).informer(CONFIG_MAP);
        informer.add_index("color", |map| vec![map.label("color").unwrap_or("").into()]);
        let log = Rc::new(RefCell::new(Vec::new()));
        let seen = log.clone();
        informer.on_change(move |old, new| {
            let name = |object: Option<&Object>| object.map_or("-".to_string(), |o| o.name().to_string());
            seen.borrow_mut().push(format!("{} {}", name(old), name(new)));
        });
        let later = || sim.advance(sim.now() + Duration::from_secs(1), 10_000);
        later();
        assert!(informer.has_synced());
        let made = api.create(CONFIG_MAP, "default", map("red"), &write).unwrap().object;
        later();
        let mut changed = (*made).clone();
        set(&mut changed, "/metadata/labels/color", json!("green"));
        api.update(CONFIG_MAP, "default", changed, false, &write).unwrap();
        later();
        assert!(informer.by_index("color", "red").is_empty());
        assert_eq!(informer.by_index("color", "green").len(), 1);
        api.delete(CONFIG_MAP, "default", "red", &crate::client::DeleteOptions::default()).unwrap();
        later();
        assert_eq!(*log.borrow(), ["- blue", "- red", "red red", "red -"]);
        assert_eq!(informer.list_namespace("default").len(), 1);
    }
}
