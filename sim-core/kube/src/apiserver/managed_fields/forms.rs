//! Managers of one object that know it in different forms: each is held against its own.

use super::set::Set;
use super::{Manager, difference};
use crate::api::Resource;
use crate::api::scheme::RESOURCES;
use serde_json::Value;
use std::borrow::Cow;

/// The form that a manager knows the object in, where it is another than `form`.
pub(super) fn other_form(form: Resource, manager: &Manager) -> Option<Resource> {
    if manager.api_version == form.api_version() {
        return None;
    }
    let same =
        |r: &&Resource| std::ptr::eq(r.storage(), form.storage()) && r.api_version() == manager.api_version;
    RESOURCES.iter().find(same).copied()
}

/// An object as a form shows it, from how it is stored.
fn shown_in(form: Resource, stored: &Value) -> Cow<'_, Value> {
    form.conversion.as_ref().map_or(Cow::Borrowed(stored), |of| Cow::Owned((of.outward)(stored)))
}

/// An object as it is stored, from how a form shows it.
pub(super) fn stored_from(form: Resource, shown: &Value) -> Cow<'_, Value> {
    form.conversion.as_ref().map_or(Cow::Borrowed(shown), |of| Cow::Owned((of.inward)(shown)))
}

/// What has changed and what has gone, as a form shows it.
pub(super) fn difference_in(form: Resource, old: Option<&Value>, new: &Value) -> (Set, Set) {
    let old = old.map(|old| shown_in(form, old));
    difference(form, old.as_deref(), &shown_in(form, new))
}
