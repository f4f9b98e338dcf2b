//! Events: what a component has to say about an object. Who says the same again counts up the event
//! that is there; who says too much is not heard. Models `client-go/tools/record`, and `client-go/tools/events` for those
//! of the new kind, whose end of a series is not told.

use super::{Client, Patch};
use crate::api::core_v1::event::{self, Note};
use crate::api::{EVENT, Key, ObjectExt, texts};
use crate::json;
use serde_json::Value;
use sim::{Duration, SortedMap, Timestamp};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// How many different messages of one reason are told apart.
const MAX_SIMILAR: usize = 10;
const SIMILAR_INTERVAL: Duration = Duration::from_secs(600);
/// How many events about one object a component may send at once, and how soon it may send one more.
const SPAM_BURST: f64 = 25.0;
const SPAM_REFILL_S: f64 = 300.0;
/// After what silence a series has ended, and how often the count of one that goes on is told.
const FINISH_TIME: Duration = Duration::from_secs(360);
const REFRESH_TIME: Duration = Duration::from_secs(1_800);

/// Where a component reports events; clones are the same one.
#[derive(Clone)]
pub struct EventRecorder {
    client: Client,
    component: Rc<str>,
    host: Rc<str>,
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    /// Events to be sent, in order.
    outbox: VecDeque<Outgoing>,
    sending: bool,
    /// What was said already: the event that says it, and how often.
    known: SortedMap<u64, Known>,
    similar: SortedMap<u64, Similar>,
    allowance: SortedMap<u64, (f64, Timestamp)>,
    /// The number in the name of the last event; no two are the same.
    last_name: u64,
}

#[derive(Clone)]
struct Known {
    name: Rc<str>,
    first: Timestamp,
    last: Timestamp,
    told: Timestamp,
    count: u64,
}

struct Similar {
    messages: Vec<String>,
    last: Timestamp,
}

enum Outgoing {
    Create(Value),
    Count { key: Key, patch: Value, whole: Value },
}

impl EventRecorder {
    /// A recorder for a component, such as `kubelet` on the host `node1`.
    pub fn new(client: &Client, component: &str, host: &str) -> Self {
        EventRecorder {
            client: client.clone(),
            component: component.into(),
            host: host.into(),
            state: Rc::default(),
        }
    }

    /// The component starts anew and remembers nothing of what it has said.
    pub fn restart(&self) {
        self.state.borrow_mut().forget();
    }

    /// Reports an event about an object.
    pub fn event(&self, object: &Value, kind: &str, reason: &str, message: impl AsRef<str>) {
        self.event_for(object, "", kind, reason, message);
    }

    /// Reports an event about a part of an object: `spec.containers{color}`.
    pub fn event_for(
        &self,
        object: &Value,
        field_path: &str,
        kind: &str,
        reason: &str,
        message: impl AsRef<str>,
    ) {
        let now = self.client.sim().now().timestamp();
        let about = fingerprint(&[object.kind(), object.namespace(), object.name(), object.uid()]);
        let group = fingerprint(&[kind, reason]) ^ about.rotate_left(1);
        let outgoing = {
            let mut state = self.state.borrow_mut();
            state.forget_much();
            let combined = state.aggregate(group, message.as_ref(), now);
            let same = if combined { group } else { fingerprint(&[field_path, message.as_ref()]) ^ group };
            let message = match combined {
                true => Cow::Owned(format!("(combined from similar events): {}", message.as_ref())),
                false => Cow::Borrowed(message.as_ref()),
            };
            let known = self.observe(&mut state, object.name(), same, now);
            if !state.may_send(about, now) {
                return;
            }
            self.outgoing(known, object, field_path, kind, reason, &message)
        };
        self.send(outgoing);
    }

    /// Reports an event of the new kind: its type, reason, action and note. What is said of the same version of an
    /// object is a series, be the note another one. Models `recordToSink`.
    pub fn eventf(&self, about: &Value, related: Option<&Value>, [kind, reason, action, note]: [&str; 4]) {
        let now = self.client.sim().now().timestamp();
        let other = related.map_or("", |related| related.uid());
        let same = fingerprint(&[kind, reason, action, about.uid(), about.resource_version(), other]);
        let known = {
            let mut state = self.state.borrow_mut();
            state.forget_much();
            if state.known.get(&same).is_some_and(|known| now.duration_since(known.last) > FINISH_TIME) {
                state.known.remove(&same);
            }
            let known = self.observe(&mut state, about.name(), same, now);
            if known.count > 2 && now.duration_since(known.told) < REFRESH_TIME {
                return;
            }
            if let Some(known) = state.known.get_mut(&same) {
                known.told = now;
            }
            known
        };
        let note = Note { component: &self.component, host: &self.host, kind, reason, action, note };
        let mut whole = event::new_kind(about, &known.name, known.first, &note);
        if let Some(related) = related {
            whole["related"] = event::reference(related, "");
        }
        if known.count == 1 {
            return self.send(Outgoing::Create(whole));
        }
        let patch = json!({"series": {"count": known.count, "lastObservedTime": now.rfc3339_micro()}});
        whole["series"] = patch["series"].clone();
        self.send(Outgoing::Count { key: Key::new(whole.namespace(), &known.name), patch, whole });
    }

    fn send(&self, outgoing: Outgoing) {
        let start = {
            let mut state = self.state.borrow_mut();
            state.outbox.push_back(outgoing);
            !std::mem::replace(&mut state.sending, true)
        };
        if start {
            let own = self.clone();
            self.client.sim().spawn(async move { own.send_all().await });
        }
    }

    /// Counts what is said; gives how it is known.
    fn observe(&self, state: &mut State, about: &str, same: u64, now: Timestamp) -> Known {
        let last_name = &mut state.last_name;
        let known = state.known.entry(same).or_insert_with(|| {
            // Two components may speak at the same nanosecond; each is a little off in its own way.
            let offset = self
                .component
                .bytes()
                .chain(self.host.bytes())
                .fold(7, |n: u64, b| n * 31 % 4_099 + u64::from(b));
            let nanos = (event::moment(now) + offset).max(*last_name + 4_099);
            *last_name = nanos;
            Known { name: format!("{about}.{nanos:x}").into(), first: now, last: now, told: now, count: 0 }
        });
        known.count += 1;
        known.last = now;
        known.clone()
    }

    fn outgoing(
        &self,
        known: Known,
        object: &Value,
        field_path: &str,
        kind: &str,
        reason: &str,
        message: &str,
    ) -> Outgoing {
        let time = self.client.server().now_text();
        let first = if known.count == 1 { Cow::Borrowed(&time) } else { Cow::Owned(known.first.rfc3339()) };
        let own_namespace = object.namespace();
        let namespace = if own_namespace.is_empty() { "default" } else { own_namespace };
        let mut event = texts(&[
            ("apiVersion", "v1"),
            ("firstTimestamp", &first),
            ("kind", "Event"),
            ("lastTimestamp", &time),
            ("message", message),
            ("reason", reason),
            ("type", kind),
        ]);
        let source = texts(&[("component", &self.component), ("host", &self.host)]);
        for (field, value) in [
            ("count", Value::from(known.count)),
            ("involvedObject", event::reference(object, field_path)),
            ("metadata", Value::Object(texts(&[("name", &known.name), ("namespace", namespace)]))),
            ("reportingComponent", Value::from(&*self.component)),
            ("reportingInstance", Value::from(&*self.host)),
            ("source", Value::Object(source)),
        ] {
            event.insert(field.to_string(), value);
        }
        let event = Value::Object(event);
        if known.count == 1 {
            return Outgoing::Create(event);
        }
        let patch = json!({"count": known.count, "lastTimestamp": time, "message": message});
        Outgoing::Count { key: Key::new(namespace, &known.name), patch, whole: event }
    }

    async fn send_all(self) {
        loop {
            let next = {
                let mut state = self.state.borrow_mut();
                let next = state.outbox.pop_front();
                state.sending = next.is_some();
                next
            };
            // What cannot be recorded is let go, as upstream does after some attempts.
            match next {
                None => return,
                Some(Outgoing::Create(event)) => self.create(event).await,
                Some(Outgoing::Count { key, patch, whole }) => {
                    let sent = self.client.patch(EVENT, &key.namespace, &key.name, Patch::Merge(patch)).await;
                    if sent.is_err_and(|status| status.is_not_found()) {
                        self.create(whole).await;
                    }
                }
            }
        }
    }

    async fn create(&self, event: Value) {
        let namespace = event.namespace().to_string();
        let _ = self.client.create(EVENT, &namespace, event).await;
    }
}

/// FNV-1a over all parts: keys of the maps below would be long strings that begin alike.
fn fingerprint(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

impl State {
    /// Memory has an end: upstream keeps the 4,096 events used last.
    fn forget_much(&mut self) {
        if self.known.len() >= 4_096 {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.known.clear();
        self.similar.clear();
        self.allowance.clear();
    }

    /// Whether this is one of so many messages of one kind that they become one.
    fn aggregate(&mut self, group: u64, message: &str, now: Timestamp) -> bool {
        let similar =
            self.similar.entry(group).or_insert_with(|| Similar { messages: Vec::new(), last: now });
        if now.duration_since(similar.last) > SIMILAR_INTERVAL {
            similar.messages.clear();
        }
        similar.last = now;
        if !similar.messages.iter().any(|m| m == message) {
            similar.messages.push(message.to_string());
        }
        if similar.messages.len() < MAX_SIMILAR {
            return false;
        }
        similar.messages.remove(0);
        true
    }

    /// A bucket of 25 that one drop refills every five minutes.
    fn may_send(&mut self, place: u64, now: Timestamp) -> bool {
        let (tokens, last) = self.allowance.entry(place).or_insert((SPAM_BURST, now));
        let refill = now.duration_since(*last).as_secs_f64() / SPAM_REFILL_S;
        *tokens = (*tokens + refill).min(SPAM_BURST);
        *last = now;
        if *tokens < 1.0 {
            return false;
        }
        *tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{CONFIG_MAP, Object};
    use crate::apiserver::{ApiServer, WriteOptions};
    use sim::Sim;

    struct World {
        sim: Sim,
        api: ApiServer,
        recorder: EventRecorder,
        object: Object,
    }

    fn world() -> World {
        let sim = Sim::new(1);
        let api = ApiServer::new(&sim);
        let map = json!({"metadata": {"name": "blue"}});
        let object = api.create(CONFIG_MAP, "default", map, &WriteOptions::default()).unwrap().object;
        let recorder = EventRecorder::new(&Client::new(&api, "system:test"), "kubelet", "node1");
        World { sim, api, recorder, object }
    }

    impl World {
        fn say(&self, message: &str) {
            self.recorder.event(&self.object, "Warning", "BackOff", message);
            self.sim.advance(self.sim.now() + Duration::from_secs(1), 10_000);
        }

        fn events(&self) -> Vec<String> {
            let mut events: Vec<String> = self
                .api
                .snapshot(EVENT)
                .iter()
                .map(|e| format!("{} {}", e.int_at("/count").unwrap_or(0), e.str_at("/message")))
                .collect();
            events.sort();
            events
        }
    }

    #[test]
    fn the_same_again_is_counted() {
        let w = world();
        for _ in 0..3 {
            w.say("again");
        }
        w.say("other");
        assert_eq!(w.events(), ["1 other", "3 again"]);
    }

    #[test]
    fn many_alike_become_one() {
        let w = world();
        for i in 0..12 {
            w.say(&format!("number {i}"));
        }
        let events = w.events();
        assert_eq!(events.len(), 10);
        assert!(events.contains(&"3 (combined from similar events): number 11".to_string()), "{events:?}");
    }

    #[test]
    fn who_says_too_much_is_not_heard() {
        let w = world();
        for _ in 0..40 {
            w.say("again");
        }
        assert_eq!(w.events(), ["25 again"]);
    }

    #[test]
    fn events_of_the_new_kind_become_series() {
        let w = world();
        let say = |seconds: u64| {
            w.recorder.eventf(&w.object, None, ["Warning", "Odd", "Looking", "again"]);
            w.sim.advance(w.sim.now() + Duration::from_secs(seconds), 10_000);
        };
        let counts = || {
            let events = w.api.snapshot(EVENT);
            let mut counts: Vec<_> = events.iter().map(|event| event.int_at("/series/count")).collect();
            counts.sort();
            counts
        };
        say(1);
        assert_eq!(counts(), [None]);
        let event = w.api.snapshot(EVENT)[0].clone();
        assert_eq!(event.str_at("/reportingInstance"), "kubelet-node1");
        assert_eq!(event.str_at("/eventTime").len(), "2026-01-05T08:00:00.000000Z".len());
        assert!(event.at("/firstTimestamp").is_null() && event.at("/count").is_null());
        assert_eq!(event.at("/source"), &json!({}));
        say(1);
        assert_eq!(counts(), [Some(2)]);
        (0..6).for_each(|_| say(300));
        assert_eq!(counts(), [Some(2)], "what comes later is told in a while");
        say(400);
        assert_eq!(counts(), [Some(9)]);
        say(1);
        assert_eq!(counts(), [None, Some(9)], "after a silence another series begins");
    }

    #[test]
    fn an_event_lasts_an_hour() {
        let w = world();
        w.say("once");
        w.sim.advance(w.sim.now() + Duration::from_secs(3_500), 10_000);
        assert_eq!(w.events().len(), 1);
        w.sim.advance(w.sim.now() + Duration::from_secs(200), 10_000);
        assert_eq!(w.events().len(), 0);
    }
}
