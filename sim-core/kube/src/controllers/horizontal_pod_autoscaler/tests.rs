//! What upstream's own tests state of the controller, and whole turns against the API server with invented metrics.

mod controller;
mod replica_calculator;
mod scaling_rules;
mod world;
