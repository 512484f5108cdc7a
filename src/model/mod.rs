//! The science: graph + signals → a [`Network`](crate::infer::network::Network) with evidence.
//!
//! No I/O, no clock, no randomness. Every number stands in [`params::Params`]; every formula in `docs/inference.md`.
//! [`prior`] gives fault chances, [`mod@build`] makes the nodes, [`channel`] turns statements into likelihoods,
//! [`silence`] hears what sources that watch do not say, [`spillover`] discounts what crowds say of the innocent, [`timeline`] cuts the window into bins.

pub mod build;
pub mod channel;
pub mod params;
pub mod prior;
pub mod silence;
pub mod spillover;
mod symptom;
pub mod timeline;

pub use build::{Model, build};
pub use params::Params;
