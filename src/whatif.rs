//! What if? Questions to the graph alone, before anything has failed: whom would a fault take down, on what does most
//! rest, and which causes could not be told apart.
//!
//! One fault is taken for granted and every other is ruled out; what follows is percolation in the same network that
//! `correlate` infers in. [`spread`] computes, [`mod@impact`], [`mod@concentration`] and [`mod@twins`] ask, [`view`] is the public
//! contract. Delays are left out: the question is what fails, not when.

pub mod concentration;
pub mod impact;
pub mod spread;
pub mod twins;
pub mod view;

pub use concentration::concentration;
pub use impact::impact;
pub use spread::{Effort, Percolation};
pub use twins::twins;

/// A chance of failure below this is not worth a line.
pub const LEAST_SHOWN: f64 = 0.01;
/// From this chance on a component counts among those that would probably fail.
pub const PROBABLE: f64 = 0.5;
