//! The virtual cluster as a value: one seed, a log of inputs, four verbs.
//!
//! ```text
//!   sim  <-  linux  <-  kube  <-  userland  <-  sim-core (this facade)  <-  web, cli, tests
//! ```
//!
//! A driver (the page, the command line, a test) feeds [`Input`]s and the passing of time in, and takes [`Output`]s out:
//! [`Sim::handle_input`], [`Sim::poll_output`], [`Sim::poll_timeout`], [`Sim::handle_timeout`]. Nothing else goes in or
//! out. Every input that was taken is an [`Entry`] of the [`Journal`]; the same configuration and journal give the
//! same history again ([`Sim::replay`]), to the event.
//!
//! Reading order: [`config`], [`message`], [`journal`], [`world`], [`terminal`], [`job`], [`view`].

pub mod bench;
pub mod config;
pub mod job;
pub mod journal;
pub mod message;
mod shell_marks;
pub mod terminal;
pub mod view;
pub mod world;

pub use config::{Config, Place};
pub use journal::{Entry, Journal, Stamp};
pub use kube::cluster::Installation;
pub use message::{Input, JobId, Output, ShellState, TerminalId};
pub use sim::{Instant, Progress, SortedMap, Trace};
pub use view::{NodeView, PodView, ServiceView, View};
pub use world::Sim;
