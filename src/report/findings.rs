//! What inference found, before it is put into words: plain data with graph indices.

use super::view;
use crate::graph::{ComponentIx, DependencyGraph};
use crate::model::build::Discount;
use crate::model::timeline::Timeline;
use crate::signal::{Observation, SourceKind, Window};
use std::collections::BTreeSet;

/// Everything a report is composed from.
#[derive(Debug)]
pub struct Findings<'a> {
    /// The graph.
    pub graph: &'a DependencyGraph,
    /// The observations, in the order of the signals.
    pub signals: &'a [Observation],
    /// How many of them were read; the rest are silences of sources that watch.
    pub read: usize,
    /// The window.
    pub window: Window,
    /// How the window is cut into bins.
    pub timeline: &'a Timeline,
    /// What spill-over takes from signals.
    pub discounts: &'a [Discount],
    /// Components and capabilities that some signal said were failing.
    pub failing: Vec<(ComponentIx, String)>,
    /// Those of them that are believed to have failed.
    pub believed: BTreeSet<(ComponentIx, String)>,
    /// Suspects, best first.
    pub suspects: Vec<Suspect>,
    /// Joint explanations, best first.
    pub explanations: Vec<Group>,
    /// Causes that nothing observed tells apart, with the chance of at least one fault among them.
    pub ties: Vec<(f64, Vec<ComponentIx>)>,
    /// The container in which the cause most likely is, although no single suspect leads: with the chance of a fault
    /// among these suspects in it.
    pub within: Option<(ComponentIx, f64, Vec<ComponentIx>)>,
    /// Whoever leads, alone or together, with the chance of a fault among them without each kind of source.
    pub resting: Vec<Resting>,
    /// (kind or family, chance of at least one fault, best member), best first.
    pub kinds: Vec<(String, f64, ComponentIx)>,
    /// Chance that nothing shared had a fault.
    pub coincidence: f64,
    /// A shared cause that is not in the graph.
    pub unknown: Unknown,
    /// States of components.
    pub states: Vec<view::ComponentState>,
    /// What to look at next, most telling first.
    pub checks: Vec<view::Check>,
    /// The part of the graph that this is about.
    pub picture: view::GraphView,
    /// How the numbers were made.
    pub inference: view::Inference,
}

/// Whoever leads, and on what it rests.
#[derive(Debug, Clone)]
pub struct Resting {
    /// One suspect, or several that lead together.
    pub causes: Vec<ComponentIx>,
    /// The chance of a fault among them without each kind of source.
    pub without: Vec<(SourceKind, f64)>,
}

/// A component that may have had a fault.
#[derive(Debug, Clone)]
pub struct Suspect {
    /// Which.
    pub component: ComponentIx,
    /// The capability in which it most likely failed.
    pub capability: String,
    /// Chance of a fault of its own.
    pub p_fault: f64,
    /// Chance that it had a fault and passed failure on; of one that explains no other failure, that it had a fault.
    pub p_cause: f64,
    /// The same before any signal.
    pub prior: f64,
    /// Reported failing, believed so, and reached by its fault: (place, path from the place to the suspect).
    pub explains: Vec<((ComponentIx, String), Vec<ComponentIx>)>,
    /// How many components that were reported failing its fault would reach, believed or not.
    pub reaches: usize,
    /// The most probable bin of its onset, and the chance of that bin given that it had a fault.
    pub onset: Option<(usize, f64)>,
    /// Its chance if rates or impacts are wrong by a factor of three.
    pub range: [f64; 2],
    /// (signal, log-odds it adds), strongest first.
    pub evidence: Vec<(usize, f64)>,
    /// The first of them with the signal deleted and everything built anew.
    pub deleted: Vec<(usize, f64)>,
    /// The whole account, if it was weighed.
    pub ledger: Option<view::Ledger>,
}

impl Suspect {
    /// True if its fault would explain the failure of at least two components.
    pub fn is_shared(&self) -> bool {
        self.explains.iter().map(|((c, _), _)| *c).collect::<BTreeSet<_>>().len() >= 2
    }

    /// Sort key, smallest first: likely shared causes, then everything by probability.
    pub fn order(&self) -> f64 {
        -self.p_cause - if self.is_shared() { 1.0 } else { 0.0 }
    }
}

/// A shared cause that is not in the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Unknown {
    /// Its chance.
    pub probability: f64,
    /// What it would have reached, more likely than not.
    pub members: Vec<ComponentIx>,
}

/// A set of suspects that held together.
#[derive(Debug, Clone)]
pub struct Group {
    /// Which.
    pub causes: Vec<ComponentIx>,
    /// Chance that exactly these, of the leading suspects, had a fault.
    pub probability: f64,
}
