//! Which objects a list or a watch wants.

use crate::api::{FieldSelector, LabelSelector, ObjectExt, Resource, Status};
use serde_json::Value;

/// Selectors of labels and of fields.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// `-l`.
    pub labels: LabelSelector,
    /// `--field-selector`.
    pub fields: FieldSelector,
}

impl Filter {
    /// Reads both selectors.
    pub fn parse(resource: Resource, labels: &str, fields: &str) -> Result<Filter, Status> {
        Ok(Filter {
            labels: LabelSelector::parse(labels).map_err(Status::bad_request)?,
            fields: FieldSelector::parse(resource, fields).map_err(Status::bad_request)?,
        })
    }

    /// Whether this object is wanted.
    pub fn matches(&self, object: &Value) -> bool {
        (self.labels.is_empty() || self.labels.matches(object.labels()))
            && (self.fields.is_empty() || self.fields.matches(object))
    }
}
