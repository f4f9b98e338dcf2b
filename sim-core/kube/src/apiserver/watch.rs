//! A watch as it goes over the wire: one line of JSON for each event.

use super::store::{EventKind, WatchEvent, WatchHandle};
use super::table::Form;
use super::{ApiServer, strategy};
use crate::api::{Object, ObjectExt, Resource, Status};
use futures_util::future::{Either, select};
use serde_json::{Value, json};
use sim::{Duration, Instant};
use std::pin::pin;

/// The body of an answer that goes on. Dropping it ends the watch.
pub struct WatchStream {
    server: ApiServer,
    resource: Resource,
    handle: Option<WatchHandle>,
    form: Option<Form>,
    /// A table's columns are named once.
    headers: bool,
    ends: Option<Instant>,
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
            failure: None,
        }
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
            failure: Some(status.to_value()),
        }
    }

    /// The next line, with its newline; nothing when the watch is over.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        if let Some(failure) = self.failure.take() {
            return Some(line("ERROR", &failure));
        }
        let event = match (self.handle.as_ref()?, self.ends) {
            (handle, None) => handle.next().await,
            (handle, Some(ends)) => {
                let sim = self.server.sim().clone();
                match select(pin!(handle.next()), pin!(sim.sleep_until(ends))).await {
                    Either::Left((event, _)) => Some(event),
                    Either::Right(_) => None,
                }?
            }
        };
        Some(self.write(event))
    }

    fn write(&mut self, event: WatchEvent) -> Vec<u8> {
        let object: Object = strategy::outward(self.resource, event.object);
        let kind = event.kind.as_str();
        match self.form.filter(|_| !matches!(event.kind, EventKind::Error | EventKind::Bookmark)) {
            None => line(kind, &object),
            Some(form) => {
                let metadata = json!({"resourceVersion": object.resource_version()});
                let now = self.server.now();
                let table = form.table(self.resource, &[object], metadata, now, self.headers);
                self.headers = false;
                line(kind, &table)
            }
        }
    }
}

fn line(kind: &str, object: &Value) -> Vec<u8> {
    let mut line = format!("{{\"type\":\"{kind}\",\"object\":").into_bytes();
    serde_json::to_writer(&mut line, object).expect("JSON values can always be written");
    line.extend_from_slice(b"}\n");
    line
}
