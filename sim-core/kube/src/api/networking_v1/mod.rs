//! `networking.k8s.io/v1`.

pub mod ingress;
pub mod ingress_class;
mod ingress_validation;
pub mod network_policy;
