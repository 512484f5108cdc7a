//! The science: graph + signals → a [`Network`](crate::infer::network::Network) with evidence.
//!
//! No I/O, no clock, no randomness. Every number stands in [`params::Params`]; every formula in `docs/inference.md`.
//! [`prior`] gives fault chances, [`mod@build`] makes the nodes, [`channel`] turns statements into likelihoods,
//! [`spillover`] discounts what crowds say of the innocent.

pub mod build;
pub mod channel;
pub mod params;
pub mod prior;
pub mod spillover;
mod symptom;

pub use build::{Model, build};
pub use params::Params;
