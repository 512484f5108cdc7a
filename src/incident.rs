//! An incident: a window, a graph, the signals of the window, and (for the corpus) the truth.
//!
//! Joins `graph` and `signal`: aliases become ids here. [`Truth`] is kept apart from what is scored;
//! only `backtest` reads it.

use crate::graph::DependencyGraph;
use crate::signal::{Coverage, Record, Window};

/// What an incident is called. Shown, never scored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// Short id.
    pub id: String,
    /// One line for people.
    pub title: String,
}

/// What was established later. Only `backtest` may read it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Truth {
    /// Component ids of the true causes.
    pub causes: Vec<String>,
    /// Ids that count as right though not exact.
    pub acceptable: Vec<String>,
    /// Real troubles of that day which had a cause of their own.
    pub separate: Vec<String>,
}

/// A loaded incident. Every component named in `signals` and `coverage` is an id of `graph`.
#[derive(Debug, Clone)]
pub struct Incident {
    /// What it is called.
    pub name: Name,
    /// When.
    pub window: Window,
    /// The graph it is judged on.
    pub graph: DependencyGraph,
    /// The signals, in file order.
    pub signals: Vec<Record>,
    /// What sources say they watch.
    pub coverage: Vec<Coverage>,
    /// What was established later, if the incident is labelled.
    pub truth: Option<Truth>,
}
