//! The browser around the page: the worker, time, storage, other windows.

pub mod browser;
pub mod link;
pub mod mirror;
pub mod store;
pub mod timer;
