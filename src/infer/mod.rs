//! Numerics: a frozen [`network::Network`] in, posteriors out. No names, no files, no clocks.

pub mod network;
