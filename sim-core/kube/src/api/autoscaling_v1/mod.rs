//! The group `autoscaling/v1`: the older form of the autoscaler, which knows the load of the processor only.

mod conversion;
pub mod horizontal_pod_autoscaler;

pub(in crate::api) use conversion::drop_round_trip;
