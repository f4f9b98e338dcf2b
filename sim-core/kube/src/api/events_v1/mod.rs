//! The group `events.k8s.io/v1`: events once more, in a newer form.

pub mod event;
