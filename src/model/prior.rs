//! Chances of an own fault in the window, before any signal.

use super::params::Params;
use crate::graph::{Component, DependencyGraph};
use crate::infer::logspace::SameEverywhere;

/// Hours in a mean year.
const HOURS_PER_YEAR: f64 = 8766.0;

/// Chance of at least one fault in `hours` at `per_year` faults a year: `1 − exp(−rate · hours)`. \[POI\]
pub fn in_window(per_year: f64, hours: f64) -> f64 {
    -(-per_year * hours / HOURS_PER_YEAR).exp_minus_one()
}

/// Own faults per year of a component: its own figure, else its kind's, else the default.
pub fn faults_per_year(graph: &DependencyGraph, component: &Component, params: &Params) -> f64 {
    if !params.rates {
        return params.default_faults_per_year;
    }
    component.faults_per_year.or(graph.kind(component).faults_per_year).unwrap_or(params.default_faults_per_year)
}
