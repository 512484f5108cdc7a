//! What inference found, before it is put into words: plain data with graph indices.

use super::view;
use crate::graph::{ComponentIx, DependencyGraph};
use crate::signal::{Observation, Window};
use std::collections::BTreeSet;

/// Everything a report is composed from.
#[derive(Debug)]
pub struct Findings<'a> {
    /// The graph.
    pub graph: &'a DependencyGraph,
    /// The observations, in the order of the signals.
    pub signals: &'a [Observation],
    /// The window.
    pub window: Window,
    /// Components and capabilities that some signal said were failing.
    pub failing: Vec<(ComponentIx, String)>,
    /// Those of them that are believed to have failed.
    pub believed: BTreeSet<(ComponentIx, String)>,
    /// Suspects, best first.
    pub suspects: Vec<Suspect>,
    /// Joint explanations, best first.
    pub explanations: Vec<Group>,
    /// (kind or family, chance of at least one fault, best member), best first.
    pub kinds: Vec<(String, f64, ComponentIx)>,
    /// Chance that nothing shared had a fault.
    pub coincidence: f64,
    /// States of components.
    pub states: Vec<view::ComponentState>,
    /// How the numbers were made.
    pub inference: view::Inference,
}

/// A component that may have had a fault.
#[derive(Debug, Clone)]
pub struct Suspect {
    /// Which.
    pub component: ComponentIx,
    /// The capability in which it most likely failed.
    pub capability: String,
    /// Chance of a fault of its own.
    pub probability: f64,
    /// The same before any signal.
    pub prior: f64,
    /// Reported failing, believed so, and reached by its fault: (place, path from the place to the suspect).
    pub explains: Vec<((ComponentIx, String), Vec<ComponentIx>)>,
    /// How many components that were reported failing its fault would reach, believed or not.
    pub reaches: usize,
    /// (signal, log-odds it adds), strongest first.
    pub evidence: Vec<(usize, f64)>,
}

impl Suspect {
    /// True if its fault would explain the failure of at least two components.
    pub fn is_shared(&self) -> bool {
        self.explains.iter().map(|((c, _), _)| *c).collect::<BTreeSet<_>>().len() >= 2
    }

    /// Sort key, smallest first: likely shared causes, then everything by probability.
    pub fn order(&self) -> f64 {
        -self.probability - if self.is_shared() { 1.0 } else { 0.0 }
    }
}

/// A set of suspects that held together.
#[derive(Debug, Clone)]
pub struct Group {
    /// Which.
    pub causes: Vec<ComponentIx>,
    /// Chance that exactly these, of the leading suspects, had a fault.
    pub probability: f64,
}
