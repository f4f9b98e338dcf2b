//! Time, as the simulated world has it.
//!
//! One [`Sim`] holds the virtual clock, the event queue and the tasks of one world. Everything that
//! happens is an event at an instant, and two events of one instant happen in the order in which
//! they were scheduled; nothing else decides. A driver advances the clock with [`Sim::advance`], in
//! slices as small as it likes. Chance is drawn from streams forked from one seed by name
//! ([`Sim::rng`]), so that a component that draws more does not change what its neighbours draw.
//!
//! Reading order: [`time`], [`rng`], [`queue`], [`executor`], [`trace`]; [`join`], [`order`], [`sorted_map`] and
//! [`sorted_set`] are helpers of all layers.
//!
//! **Invariant**: no wall clock, no threads, no unordered maps, no I/O.

pub mod executor;
pub mod join;
pub mod order;
pub mod queue;
pub mod rng;
pub mod sorted_map;
pub mod sorted_set;
pub mod time;
pub mod trace;

pub use executor::{Progress, Sim, Sleep, TaskId};
pub use join::join_all;
pub use order::Ordered;
pub use queue::EventId;
pub use rng::Rng;
pub use sorted_map::SortedMap;
pub use sorted_set::SortedSet;
pub use std::time::Duration;
pub use time::{Instant, Timestamp};
pub use trace::Trace;
