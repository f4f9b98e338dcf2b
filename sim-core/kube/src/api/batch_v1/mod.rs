//! The group `batch/v1`: work that ends.

pub mod cron_job;
pub mod job;
pub mod schedule;
pub mod validation;
