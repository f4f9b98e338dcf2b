//! A watch as it goes over the wire: one line of JSON for each event.

use super::store::{EventKind, WatchEvent, WatchHandle};
use super::table::Form;
use super::{ApiServer, managed_fields, strategy};
use crate::api::{Object, Resource, Status, go_order};
use crate::json;
use futures_util::future::{Either, select};
use serde_json::Value;
use sim::{Duration, Instant};
use std::pin::pin;
use std::rc::Rc;

/// How often who wants bookmarks gets one.
const BOOKMARKS: Duration = Duration::from_secs(60);

/// Nothing but how far the world has come.
fn bookmark_event(server: &ApiServer, resource: Resource) -> WatchEvent {
    let object = json!({
        "kind": resource.kind, "apiVersion": resource.api_version(),
        "metadata": {"resourceVersion": server.resource_version().to_string(), "creationTimestamp": null},
    });
    WatchEvent { kind: EventKind::Bookmark, object: Rc::new(object) }
}

/// The body of an answer that goes on. Dropping it ends the watch.
pub struct WatchStream {
    server: ApiServer,
    resource: Resource,
    handle: Option<WatchHandle>,
    form: Option<Form>,
    /// A table's columns are named once.
    headers: bool,
    ends: Option<Instant>,
    /// When the next bookmark is due, for who wants them.
    bookmark: Option<Instant>,
    failure: Option<Value>,
}

impl WatchStream {
    pub(super) fn new(
        server: &ApiServer,
        resource: Resource,
        handle: WatchHandle,
        form: Option<Form>,
        timeout_s: Option<u64>,
    ) -> Self {
        WatchStream {
            server: server.clone(),
            resource,
            handle: Some(handle),
            form,
            headers: true,
            ends: timeout_s.map(|seconds| server.sim().now() + Duration::from_secs(seconds)),
            bookmark: None,
            failure: None,
        }
    }

    /// The watch, which tells once a minute how far the world has come.
    pub(super) fn with_bookmarks(mut self, wanted: bool) -> Self {
        self.bookmark = wanted.then(|| self.server.sim().now() + BOOKMARKS);
        self
    }

    /// A watch that says why it cannot be, and ends.
    pub(super) fn failed(server: &ApiServer, resource: Resource, status: &Status) -> Self {
        WatchStream {
            server: server.clone(),
            resource,
            handle: None,
            form: None,
            headers: true,
            ends: None,
            bookmark: None,
            failure: Some(status.to_value()),
        }
    }

    /// The next line, with its newline; nothing when the watch is over.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        if let Some(failure) = self.failure.take() {
            return Some(line("ERROR", &failure));
        }
        let handle = self.handle.as_ref()?;
        let event = match (self.ends, self.bookmark) {
            (None, None) => handle.next().await,
            (ends, bookmark) => {
                let sim = self.server.sim().clone();
                let due = ends.into_iter().chain(bookmark).min().unwrap_or_else(|| sim.now());
                match select(pin!(handle.next()), pin!(sim.sleep_until(due))).await {
                    Either::Left((event, _)) => event,
                    Either::Right(_) if ends.is_some_and(|ends| ends <= due) => return None,
                    Either::Right(_) => {
                        self.bookmark = Some(due + BOOKMARKS);
                        bookmark_event(&self.server, self.resource)
                    }
                }
            }
        };
        Some(self.write(event))
    }

    fn write(&mut self, event: WatchEvent) -> Vec<u8> {
        let object: Object = strategy::outward(self.resource, event.object);
        let kind = event.kind.as_str();
        match self.form.filter(|_| !matches!(event.kind, EventKind::Error | EventKind::Bookmark)) {
            // What a watch tells has its managers, as what a list tells.
            None if matches!(event.kind, EventKind::Error | EventKind::Bookmark) => line(kind, &object),
            None => line_of(kind, |text| managed_fields::show(text, self.resource, &object)),
            Some(form) => {
                let headers = std::mem::take(&mut self.headers);
                line_of(kind, |text| form.write(text, self.resource, &object, self.server.now(), headers))
            }
        }
    }
}

fn line(kind: &str, object: &Value) -> Vec<u8> {
    line_of(kind, |text| go_order::write(text, object))
}

fn line_of(kind: &str, write: impl FnOnce(&mut String)) -> Vec<u8> {
    let mut line = format!("{{\"type\":\"{kind}\",\"object\":");
    write(&mut line);
    line.push_str("}\n");
    line.into_bytes()
}
