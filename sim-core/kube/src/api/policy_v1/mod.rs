//! The group `policy/v1`: how much may be taken away at a time.

pub mod pod_disruption_budget;
