//! Several things are failing at once: what do they share, and is that the cause?
//!
//! The code, in the order data flows through it:
//!
//! - [`diag`]: problems with a place and a next step. Knows nothing else of ours.
//! - [`graph`]: YAML → the checked [`graph::DependencyGraph`]. Knows nothing of signals or probability.
//! - [`discover`]: what DNS tells of the dependencies of a domain, as a proposal.
//! - [`signal`]: JSON Lines, CSV, YAML → [`signal::Record`]s. Knows nothing of graphs beyond ids.
//! - [`store`]: the history of what was collected, one log for each day.
//! - [`collect`]: live sources, asked and received. Knows nothing of graphs beyond ids.
//! - [`watch`]: what goes on now, and when there is something to tell.
//! - [`notify`]: what people are told, and the queue of it.
//! - [`incident`]: window + graph + signals + truth.
//! - [`scenario`]: tests of a graph, and whether a report keeps to them.
//! - [`infer`]: numerics, [`infer::network::Network`] → posterior. Knows no names and no files.
//! - [`whatif`]: what a fault would take down, from the graph alone.
//! - [`learn`]: what confirmed incidents say about the numbers of a graph.
//! - [`report`]: the public [`report::view::Report`] and the pens that draw it.
//!
//! `docs/architecture.md` says who may import whom; a test enforces it.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod backtest;
pub mod cli;
pub mod collect;
pub mod correlate;
pub mod diag;
pub mod discover;
pub mod graph;
pub mod incident;
pub mod infer;
pub mod learn;
pub mod model;
pub mod notify;
pub mod report;
pub mod scenario;
pub mod signal;
pub mod store;
pub mod watch;
pub mod whatif;
