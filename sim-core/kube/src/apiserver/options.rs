//! How to write and how to delete: what a request says beside the object.

use super::rbac::Identity;
use super::strict::Findings;
use crate::api::{Object, Resource};
use serde_json::Value;
use std::rc::Rc;

/// What happens to fields that no table knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// They are dropped.
    #[default]
    Ignore,
    /// They are dropped, with a warning.
    Warn,
    /// The request fails.
    Strict,
}

/// How to write.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// Do everything but keep it.
    pub dry_run: bool,
    /// What happens to unknown fields.
    pub field_validation: FieldValidation,
    /// Who writes, for `metadata.managedFields`; nobody writes what is not tracked.
    pub manager: Option<Rc<str>>,
    /// Whether tracking begins with this write; what is tracked already stays so.
    pub track: bool,
    /// The subresource that is written, where it is not the status.
    pub subresource: &'static str,
    /// Who asks, where it is a person's or a program's request over HTTP.
    pub who: Option<Rc<Identity>>,
    /// The managers as server-side apply has found them.
    pub applied: Option<Value>,
    /// In which form the object came, where that is not the form in which it is stored.
    pub form: Option<Resource>,
    /// What was found in the text of the object.
    pub findings: Findings,
}

/// What was written, and what the server has to say about it.
#[derive(Clone, Debug)]
pub struct Written {
    /// The object as it is now.
    pub object: Object,
    /// For the `Warning` headers.
    pub warnings: Vec<String>,
}

/// What becomes of an object's dependents when it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They are deleted afterwards.
    Background,
    /// They are deleted first.
    Foreground,
    /// They stay.
    Orphan,
}

/// How to delete.
#[derive(Clone, Debug, Default)]
pub struct DeleteOptions {
    /// How long a pod may take to stop.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of dependents.
    pub propagation_policy: Option<Propagation>,
    /// Only if it is this very object.
    pub uid: Option<String>,
    /// Only if it is this version.
    pub resource_version: Option<String>,
    /// Do everything but delete.
    pub dry_run: bool,
}
