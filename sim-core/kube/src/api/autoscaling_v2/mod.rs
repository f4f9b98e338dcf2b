//! The group `autoscaling/v2`: how many replicas there are, by what they do.

pub mod horizontal_pod_autoscaler;
mod validation;
