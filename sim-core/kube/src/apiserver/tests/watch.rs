//! Watches of many changes: some listen all the time, some come and go.

use super::*;
use crate::apiserver::{DeleteOptions, WatchStream};
use sim::{Rng, SortedMap};
use std::future::Future as _;
use std::task::{Context, Poll, Waker};

/// Somebody who watches pods and knows how to go on: as a reflector does.
#[derive(Default)]
struct Follower {
    stream: Option<WatchStream>,
    /// How far it has come.
    version: u64,
    /// Versions of the events it was told.
    told: Vec<u64>,
    pods: SortedMap<String, String>,
    relisted: usize,
    bookmarks: usize,
}

fn version_of(object: &Value) -> u64 {
    object.resource_version().parse().unwrap()
}

/// The next line that is there already.
fn line(w: &World, stream: &mut WatchStream) -> Option<Vec<u8>> {
    let mut next = std::pin::pin!(stream.next());
    let mut cx = Context::from_waker(Waker::noop());
    let mut polled = next.as_mut().poll(&mut cx);
    if polled.is_pending() {
        // A bookmark that is due.
        w.sim.advance(w.sim.now(), 1_000);
        polled = next.as_mut().poll(&mut cx);
    }
    match polled {
        Poll::Ready(line) => Some(line.expect("it has no end")),
        Poll::Pending => None,
    }
}

impl Follower {
    fn list(&mut self, w: &World) {
        let list = w.ok("GET", PODS, Value::Null);
        self.version = version_of(&list);
        let entry = |pod: &Value| (pod.name().to_string(), pod.resource_version().to_string());
        self.pods = list.list_at("/items").iter().map(entry).collect();
    }

    fn connect(&mut self, w: &World) {
        let url = format!("{PODS}?watch=true&allowWatchBookmarks=true&resourceVersion={}", self.version);
        let Response::Watch(stream) = w.request("GET", &url, &[], &Value::Null) else {
            panic!("a watch was asked for")
        };
        self.stream = Some(stream);
    }

    /// Takes all that is there.
    fn take(&mut self, w: &World) {
        while let Some(stream) = &mut self.stream {
            let Some(line) = line(w, stream) else { return };
            let event: Value = serde_json::from_slice(&line).unwrap();
            let (kind, object) = (event.str_at("/type"), event.at("/object"));
            if kind == "ERROR" {
                assert_eq!(object.int_at("/code"), Some(410), "{object}");
                assert!(object.str_at("/message").starts_with("too old resource version: "), "{object}");
                self.relisted += 1;
                self.stream = None;
                self.list(w);
                self.connect(w);
                continue;
            }
            let version = version_of(object);
            if kind == "BOOKMARK" {
                assert!(version >= self.version, "{version} after {}", self.version);
                self.bookmarks += 1;
            } else {
                assert!(version > self.version, "{version} after {}", self.version);
                self.told.push(version);
                let name = object.name().to_string();
                match kind {
                    "DELETED" => assert!(self.pods.remove(&name).is_some(), "{name}"),
                    _ => {
                        let before = self.pods.insert(name, object.resource_version().to_string());
                        assert_eq!(before.is_some(), kind == "MODIFIED", "{object}");
                    }
                }
            }
            self.version = version;
        }
    }
}

/// 10,000 pods come, nine in ten change and go: who listens all the time hears each change once and in order, who comes
/// and goes misses nothing that is not on its next list.
#[test]
fn ten_thousand_pods_are_followed() {
    let w = world();
    let mut rng = Rng::forked(7, "restless");
    let (mut steady, mut restless) = (Follower::default(), Follower::default());
    for follower in [&mut steady, &mut restless] {
        follower.list(&w);
        follower.connect(&w);
    }
    let options = WriteOptions::default();
    let mut happened = Vec::new();
    for number in 0..10_000 {
        let name = format!("p{number}");
        let made = w.api.create(POD, "default", pod(&name), &options).unwrap().object;
        happened.push(version_of(&made));
        if number % 10 != 0 {
            let mut changed = Object::unwrap_or_clone(made);
            changed["metadata"]["labels"]["changed"] = json!("yes");
            happened
                .push(version_of(&w.api.update(POD, "default", changed, false, &options).unwrap().object));
            let gone = w.api.delete(POD, "default", &name, &DeleteOptions::default()).unwrap();
            happened.push(version_of(&gone));
        }
        if rng.below(20) == 0 {
            steady.take(&w);
        }
        // It goes after it has heard something, and comes back after 200 changes or so: sometimes too late.
        match rng.below(200) {
            0 => {
                restless.take(&w);
                restless.stream = None;
            }
            1 if restless.stream.is_none() => restless.connect(&w),
            _ => {}
        }
        if number % 1_000 == 0 {
            w.later(61);
        }
    }
    restless.connect(&w);
    for follower in [&mut steady, &mut restless] {
        follower.take(&w);
        let all = w.api.list(POD, "default", &Filter::default());
        let all: SortedMap<String, String> =
            all.iter().map(|pod| (pod.name().to_string(), pod.resource_version().to_string())).collect();
        assert!(follower.pods == all, "{} of {}", follower.pods.len(), all.len());
    }
    assert!(steady.told == happened, "{} of {}", steady.told.len(), happened.len());
    assert_eq!((steady.relisted, happened.len()), (0, 28_000));
    assert!(restless.told.windows(2).all(|pair| pair[0] < pair[1]), "in order, none twice");
    let met = (restless.relisted > 2, restless.bookmarks > 0, steady.bookmarks > 0);
    assert_eq!(met, (true, true, true), "{} {}", restless.relisted, restless.told.len());
    // Whoever has only bookmarks to go by goes on from the last.
    w.later(61);
    steady.take(&w);
    let told = steady.told.len();
    steady.connect(&w);
    w.ok("POST", PODS, pod("last"));
    steady.take(&w);
    assert_eq!(steady.told.len(), told + 1);
}

#[test]
fn a_watch_from_the_future_waits_for_it() {
    let w = world();
    let now = w.api.resource_version();
    let watch = w.api.watch(POD, "", Filter::default(), Some(now + 1)).unwrap();
    w.ok("POST", PODS, pod("one"));
    w.ok("POST", PODS, pod("two"));
    let names: Vec<String> =
        std::iter::from_fn(|| watch.try_next()).map(|event| event.object.name().to_string()).collect();
    assert_eq!(names, ["two"]);
}
