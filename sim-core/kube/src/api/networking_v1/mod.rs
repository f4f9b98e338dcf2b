//! `networking.k8s.io/v1`.

pub mod ingress;
pub mod ingress_class;
mod ingress_validation;
pub mod ip_address;
pub mod network_policy;
pub mod service_cidr;
