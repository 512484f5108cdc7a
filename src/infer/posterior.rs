//! What inference answers.

/// Posterior of a network's nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// P(own fault | evidence), per node.
    pub own: Vec<f64>,
    /// P(failed, for whatever reason | evidence), per node; `None` for nodes that were neither relevant nor asked for.
    pub failed: Vec<Option<f64>>,
    /// The same by onset, per node: `[P(ok | evidence), P(failed since bin 0 | evidence), …]`; where only whether it
    /// failed was computed there are two numbers, where nothing was there are none.
    pub states: Vec<Vec<f64>>,
    /// P(own fault that began in each bin | evidence), likewise.
    pub own_states: Vec<Vec<f64>>,
    /// `ln P(evidence)`.
    pub ln_evidence: f64,
}

/// How the numbers were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All combinations were accounted for.
    Exact,
    /// Drawn at random.
    Sampled,
}

/// How the numbers were made and how far they may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Exact or drawn.
    pub method: Method,
    /// Exact: rounding. Sampled: two standard errors of the worst posterior.
    pub error: f64,
    /// Nodes that matter for the evidence.
    pub relevant: usize,
}
