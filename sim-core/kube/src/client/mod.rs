//! What components of the cluster see of the API server: calls, caches, work queues, events.
//!
//! Reading order: [`Client`] (one call, a few milliseconds), [`Informer`] (a cache that a watch keeps
//! up to date), [`WorkQueue`] (keys to look at, each once), [`EventRecorder`] (what goes to
//! `kubectl get events`). Models `client-go`.

mod calls;
mod events;
mod informer;
mod work_queue;

pub use crate::apiserver::{DeleteOptions, EventKind, Propagation, WatchEvent};
pub use calls::{Client, ListOptions, ObjectList, Patch, Watch};
pub use events::EventRecorder;
pub use informer::{Informer, InformerFactory};
pub use work_queue::WorkQueue;
