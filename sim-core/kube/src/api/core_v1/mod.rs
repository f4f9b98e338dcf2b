//! The core group, `v1`.

pub mod config_map;
pub mod container;
pub mod endpoints;
pub mod event;
pub mod limit_range;
pub mod namespace;
pub mod node;
pub mod node_selector;
pub mod persistent_volume;
pub mod persistent_volume_claim;
pub mod persistent_volume_source;
pub mod pod;
pub mod pod_parts;
pub mod pod_printer;
pub mod pod_spec;
pub mod pod_template;
pub mod pod_validation;
pub mod replication_controller;
pub mod resource_quota;
pub mod secret;
pub mod service;
pub mod service_account;
pub mod service_validation;
pub mod statuses;
pub mod taint;
pub mod volume_source;
