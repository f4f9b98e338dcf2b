//! `apiextensions.k8s.io/v1`: kinds that a cluster learns. [`custom_resource_definition`] is the definition,
//! [`custom_resource`] the kind that comes of it, [`open_api_schema`] checks its objects, [`printer_columns`] shows
//! them.

pub mod custom_resource;
pub mod custom_resource_definition;
pub mod open_api_schema;
pub mod printer_columns;
