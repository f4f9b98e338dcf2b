//! A hundred clients at once on `podium serve-api`: nothing that was acknowledged is lost, doubled or out of order.
//!
//! Runs for three seconds; `PODIUM_SOAK_SECONDS`, `PODIUM_SOAK_CLIENTS` and `PODIUM_SOAK_SEED` say otherwise. Nothing
//! here depends on how fast the machine is; the figures are printed.

#![allow(clippy::print_stdout, reason = "the figures are for people")]

mod support;

use hyper::Method;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::rc::Rc;
use std::time::Duration;
use support::{Api, Connection, MAPS};

/// What all writers count up together.
const SHARED: &str = "soak-shared";
const END: &str = "soak-end";

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Chance that the same seed gives again (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// What was acknowledged and seen, by everybody.
#[derive(Default)]
struct Book {
    stop: Cell<bool>,
    /// Versions of acknowledged creations and changes, with the writer.
    written: RefCell<BTreeMap<u64, usize>>,
    /// Objects whose deletion was acknowledged, by uid.
    deleted: RefCell<BTreeMap<String, usize>>,
    shared: Cell<u64>,
    conflicts: Cell<u64>,
    reads: Cell<u64>,
    expired: Cell<u64>,
    latencies: RefCell<Vec<u32>>,
}

fn count(cell: &Cell<u64>) {
    cell.set(cell.get() + 1);
}

fn version(object: &Value) -> u64 {
    let text = object.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or("");
    text.parse().expect("a resource version is a number")
}

#[expect(clippy::disallowed_types, reason = "the wall clock, outside of the simulation")]
async fn timed<T>(book: &Book, request: impl Future<Output = T>) -> T {
    let start = std::time::Instant::now();
    let answer = request.await;
    book.latencies.borrow_mut().push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
    answer
}

async fn write(mut to: Connection, number: usize, seed: u64, book: Rc<Book>) {
    let mut chance =
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number as u64 + 1).wrapping_mul(0x2545_f491));
    let mut own: Vec<(String, String)> = Vec::new();
    let mut made = 0_u64;
    let note = |object: &Value| {
        let before = book.written.borrow_mut().insert(version(object), number);
        assert_eq!(before, None, "two writes with one version");
    };
    while !book.stop.get() {
        match chance.below(10) {
            0..=2 if own.len() < 10 => {
                made += 1;
                let name = format!("soak-{number}-{made}");
                let map = json!({"metadata": {"name": name, "labels": {"writer": number.to_string()}}, "data": {"n": "0"}});
                let object = timed(&book, to.ok(Method::POST, MAPS, &map)).await;
                note(&object);
                let uid = object["metadata"]["uid"].as_str().expect("it has a uid").to_string();
                own.push((name, uid));
            }
            3..=5 if !own.is_empty() => {
                let (name, _) = &own[chance.below(own.len() as u64) as usize];
                let patch = json!({"data": {"n": chance.below(u64::MAX).to_string()}});
                note(&timed(&book, to.ok(Method::PATCH, &format!("{MAPS}/{name}"), &patch)).await);
            }
            6 if !own.is_empty() => {
                let (name, uid) = own.swap_remove(chance.below(own.len() as u64) as usize);
                timed(&book, to.ok(Method::DELETE, &format!("{MAPS}/{name}"), &Value::Null)).await;
                book.deleted.borrow_mut().insert(uid, number);
            }
            // One more, if nobody was quicker: what is acknowledged is counted.
            _ => {
                let url = format!("{MAPS}/{SHARED}");
                let mut object = to.ok(Method::GET, &url, &Value::Null).await;
                let n: u64 = object["data"]["n"].as_str().and_then(|n| n.parse().ok()).expect("a number");
                object["data"]["n"] = json!((n + 1).to_string());
                let json = [("Content-Type", "application/json")];
                let answer = timed(&book, to.send(Method::PUT, &url, &json, object.to_string())).await;
                match answer.status {
                    200 => {
                        note(&answer.json());
                        count(&book.shared);
                    }
                    409 => count(&book.conflicts),
                    status => panic!("{status}: {}", answer.text()),
                }
            }
        }
    }
}

/// What a watcher has seen: how many events, and a fingerprint of all of them in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Seen {
    events: u64,
    print: u64,
}

/// Watches until the end; keeps all events if it is asked to.
async fn watch(from: Connection, url: String, keep: Option<Rc<RefCell<Vec<Value>>>>) -> Seen {
    let mut watch = from.watch(&url).await;
    let (mut seen, mut last) = (Seen::default(), 0);
    loop {
        let event = watch.next().await.expect("the watch goes on");
        let kind = event["type"].as_str().expect("it has a type");
        let object = &event["object"];
        assert!(matches!(kind, "ADDED" | "MODIFIED" | "DELETED"), "{event}");
        let version = version(object);
        assert!(version > last, "{version} came after {last}");
        last = version;
        if object["metadata"]["name"] == END {
            return seen;
        }
        seen.events += 1;
        for byte in format!("{kind} {version} {}", object["metadata"]["uid"]).bytes() {
            seen.print = (seen.print ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        if let Some(keep) = &keep {
            let slim = json!({"type": kind, "version": version, "uid": object["metadata"]["uid"],
                "writer": object["metadata"]["labels"]["writer"], "n": object["data"]["n"], "name": object["metadata"]["name"]});
            keep.borrow_mut().push(slim);
        }
    }
}

async fn read(mut from: Connection, number: usize, seed: u64, book: Rc<Book>) {
    let mut chance = Chance(seed ^ (number as u64 + 77).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    while !book.stop.get() {
        let limit = [20, 100, 0][chance.below(3) as usize];
        let (mut token, mut version_of_list, mut last) = (String::new(), None, String::new());
        loop {
            let url = format!("{MAPS}?limit={limit}&continue={token}");
            let answer = from.send(Method::GET, &url, &[], "").await;
            count(&book.reads);
            if answer.status == 410 && !token.is_empty() {
                // The page was too old by then: a client begins anew.
                count(&book.expired);
                break;
            }
            assert_eq!(answer.status, 200, "{}", answer.text());
            let list = answer.json();
            let version = version(&list);
            assert_eq!(*version_of_list.get_or_insert(version), version, "all pages are of one version");
            for object in list["items"].as_array().expect("a list has items") {
                let name = object["metadata"]["name"].as_str().expect("a name").to_string();
                assert!(name > last, "{name} after {last}");
                assert!(crate::version(object) <= version, "nothing is newer than the list");
                last = name;
            }
            token = list["metadata"]["continue"].as_str().unwrap_or("").to_string();
            if token.is_empty() {
                break;
            }
        }
    }
}

#[test]
fn a_hundred_clients_lose_nothing() {
    let (seconds, seed) = (setting("PODIUM_SOAK_SECONDS", 3), setting("PODIUM_SOAK_SEED", 1));
    let clients = setting("PODIUM_SOAK_CLIENTS", 100) as usize;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, soak(seconds, seed, clients));
}

async fn soak(seconds: u64, seed: u64, clients: usize) {
    let kubeconfig = std::env::temp_dir().join(format!("podium-soak-{}", std::process::id()));
    let mut server = std::process::Command::new(env!("CARGO_BIN_EXE_podium"));
    let seed_text = seed.to_string();
    server.args(["serve-api", "--port", "0", "--seed", &seed_text, "--kubeconfig"]).arg(&kubeconfig);
    let mut server = Server(server.stdout(Stdio::piped()).spawn().expect("podium can be run"));
    let said = server.0.stdout.take().expect("its output is a pipe");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(said), &mut line)
        .expect("it says where it listens");
    let text = std::fs::read_to_string(&kubeconfig).expect("the kubeconfig was written");
    std::fs::remove_file(&kubeconfig).expect("it was there just now");
    let api = Api::new(&text);

    let book = Rc::new(Book::default());
    let mut admin = api.connect().await;
    let shared = json!({"metadata": {"name": SHARED}, "data": {"n": "0"}});
    let begin = version(&admin.ok(Method::POST, MAPS, &shared).await);

    let (writers, watchers) = (clients * 2 / 5, clients * 2 / 5);
    let kept: Rc<RefCell<Vec<Value>>> = Rc::default();
    let mut watching = Vec::new();
    for number in 0..watchers {
        // A quarter of them wants the objects of one writer only.
        let of_one = number * 4 / watchers == 3;
        let selector =
            if of_one { format!("&labelSelector=writer%20in%20({number},end)") } else { String::new() };
        let url = format!("{MAPS}?watch=true&resourceVersion={begin}{selector}");
        let keep = (number == 0).then(|| kept.clone());
        let task = tokio::task::spawn_local(watch(api.connect().await, url, keep));
        watching.push((of_one.then_some(number), task));
    }
    let mut working = Vec::new();
    for number in 0..writers {
        working.push(tokio::task::spawn_local(write(api.connect().await, number, seed, book.clone())));
    }
    for number in writers + watchers..clients {
        working.push(tokio::task::spawn_local(read(api.connect().await, number, seed, book.clone())));
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    book.stop.set(true);
    for task in working {
        task.await.expect("no client failed");
    }
    let end = json!({"metadata": {"name": END, "labels": {"writer": "end"}}});
    admin.ok(Method::POST, MAPS, &end).await;

    let mut seen = Vec::new();
    for (of_one, task) in watching {
        seen.push((of_one, task.await.expect("no watcher failed")));
    }
    check(&book, &kept.borrow(), &seen);
    let shared = admin.ok(Method::GET, &format!("{MAPS}/{SHARED}"), &Value::Null).await;
    assert_eq!(shared["data"]["n"], json!(book.shared.get().to_string()), "no update was lost");

    let written = book.written.borrow().len() + book.deleted.borrow().len();
    let delivered: u64 = seen.iter().map(|(_, seen)| seen.events).sum();
    let mut latencies = book.latencies.take();
    latencies.sort_unstable();
    let at = |part: f64| {
        latencies.get((latencies.len() as f64 * part) as usize).map_or(0.0, |us| f64::from(*us) / 1_000.0)
    };
    println!(
        "{clients} clients, {seconds} s, seed {seed}: {written} writes acknowledged, {} refused for a conflict, \
         {delivered} events delivered to {watchers} watchers, {} reads, {} of them too late for their page; a write took \
         {:.1} ms (median), {:.1} ms (99 %)",
        book.conflicts.get(),
        book.reads.get(),
        book.expired.get(),
        at(0.5),
        at(0.99),
    );
}

/// Ends the server with the test.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every write that was acknowledged was seen, once, and nothing else.
fn check(book: &Book, kept: &[Value], seen: &[(Option<usize>, Seen)]) {
    let mut written = book.written.borrow().clone();
    let mut deleted = book.deleted.borrow().clone();
    let mut of_writer: BTreeMap<String, u64> = BTreeMap::new();
    for event in kept {
        if let Some(writer) = event["writer"].as_str() {
            *of_writer.entry(writer.to_string()).or_default() += 1;
        }
        if event["type"] == "DELETED" {
            let uid = event["uid"].as_str().expect("a uid");
            assert!(deleted.remove(uid).is_some(), "{event} was not asked for, or came twice");
        } else {
            let version = event["version"].as_u64().expect("a version");
            assert!(written.remove(&version).is_some(), "{event} was not asked for, or came twice");
        }
    }
    assert!(written.is_empty(), "never seen: {written:?}");
    assert!(deleted.is_empty(), "never seen: {deleted:?}");
    for (of_one, seen_by_one) in seen {
        match of_one {
            None => assert_eq!(seen_by_one, &seen[0].1, "all have seen the same"),
            Some(writer) => {
                let expected = of_writer.get(&writer.to_string()).copied().unwrap_or(0);
                assert_eq!(seen_by_one.events, expected, "writer {writer}");
            }
        }
    }
}
