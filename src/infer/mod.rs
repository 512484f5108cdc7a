//! Numerics: a frozen [`network::Network`] in, posteriors out. No names, no files, no clocks.
//!
//! [`Engine`] is the door. Behind it: [`relevance`] leaves out what no evidence can feel, [`factor`] cuts every
//! family into small tables, [`order`] plans, [`eliminate`] computes exactly; [`conditioning`] and [`sample`] answer with a stated error
//! where exact tables would be too large; [`oracle`] enumerates everything and judges the rest in tests;
//! [`world`] draws what could have happened.

pub mod bn;
pub mod conditioning;
pub mod eliminate;
pub mod engine;
pub mod factor;
pub mod logspace;
pub mod network;
pub mod oracle;
pub mod order;
pub mod posterior;
pub mod relevance;
pub mod sample;
pub mod world;

pub use engine::{Engine, Scenario};
pub use posterior::{Method, Posterior, Quality};
