//! From statements to likelihoods: repeats within a channel saturate, channels add.
//!
//! For one channel (all statements of one kind of source about one node) with likelihood ratios `r₁ … r_n` sorted by
//! strength, the ratio is `R = Π rᵢ^(repeat^(i−1))`, and with chance `floor` the channel tells nothing:
//!
//! ```text
//! R' = ((1 − floor) R + floor) / ((1 − floor) + floor R)   for R > 1
//! R' = (1 − floor) R + floor                               for R ≤ 1      [FLR]
//! ```

use super::params::Params;
use super::spillover::Storm;
use crate::infer::network::NodeIx;
use crate::signal::{Observation, SourceKind, State};
use std::collections::BTreeMap;

/// One statement that bears on a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statement {
    /// Which signal, by its position among the observations.
    pub signal: usize,
    /// `ln P(statement | failed) − ln P(statement | ok)`, before saturation.
    pub ln_ratio: f64,
}

/// All statements, by node and kind of source.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    by_node: BTreeMap<(NodeIx, SourceKind), Vec<Statement>>,
}

impl Channels {
    /// Adds a statement.
    pub fn add(&mut self, node: NodeIx, kind: SourceKind, statement: Statement) {
        self.by_node.entry((node, kind)).or_default().push(statement);
    }

    /// `[ln P(e | ok), ln P(e | failed)]` per node of a network of `nodes`, leaving out the signal `without`.
    pub fn ln_evidence(&self, nodes: usize, params: &Params, without: Option<usize>) -> Vec<[f64; 2]> {
        let mut evidence = vec![[0.0, 0.0]; nodes];
        for ((node, kind), statements) in &self.by_node {
            let kept = statements.iter().filter(|s| Some(s.signal) != without).map(|s| s.ln_ratio);
            evidence[node.at()][1] += saturate(kept, params.repeat, params.source(*kind).floor);
        }
        evidence
    }

    /// The nodes a signal bears on.
    pub fn nodes_of(&self, signal: usize) -> Vec<NodeIx> {
        let mut nodes: Vec<NodeIx> = self
            .by_node
            .iter()
            .filter(|(_, statements)| statements.iter().any(|s| s.signal == signal))
            .map(|((node, _), _)| *node)
            .collect();
        nodes.dedup();
        nodes
    }

    /// `[ln P(e | ok), ln P(e | failed)]` at one node, leaving out one signal.
    pub fn at(&self, node: NodeIx, params: &Params, without: Option<usize>) -> [f64; 2] {
        let channels = self.by_node.range((node, SourceKind::UserReports)..=(node, SourceKind::Observatory));
        let sum = channels.map(|((_, kind), statements)| {
            let kept = statements.iter().filter(|s| Some(s.signal) != without).map(|s| s.ln_ratio);
            saturate(kept, params.repeat, params.source(*kind).floor)
        });
        [0.0, sum.sum()]
    }
}

/// The logarithm of a channel's ratio; see the module's formula.
fn saturate(ln_ratios: impl Iterator<Item = f64>, repeat: f64, floor: f64) -> f64 {
    let (mut up, mut down): (Vec<f64>, Vec<f64>) = ln_ratios.partition(|&r| r > 0.0);
    up.sort_by(|a, b| b.total_cmp(a));
    down.sort_by(f64::total_cmp);
    let fade = |side: &[f64]| side.iter().rev().fold(0.0, |sum, r| r + repeat * sum);
    let ln = fade(&up) + fade(&down);
    let r = ln.exp();
    let mixed =
        if r > 1.0 { ((1.0 - floor) * r + floor) / ((1.0 - floor) + floor * r) } else { (1.0 - floor) * r + floor };
    if r.is_finite() { mixed.ln() } else { ((1.0 - floor) / floor).ln() }
}

/// `ln` of the likelihood ratio of one statement, before saturation; `None` if it tells nothing.
pub fn ln_ratio(o: &Observation, storm: &Storm, params: &Params) -> Option<f64> {
    if let Some(l) = o.likelihood {
        return Some(l.failed.ln() - l.ok.ln());
    }
    let source = params.source(o.source.kind);
    let (hit, false_rate) = match o.state {
        State::Failing => (source.failing, source.false_failing),
        // Who says that something works again says that it did not.
        State::Degraded | State::Recovered => (source.degraded, source.false_degraded),
        State::Healthy => return Some(source.healthy.ln()),
        State::Maintenance | State::Unknown => return None,
    };
    let false_rate = storm.false_rate(false_rate, params);
    let ratio = hit / false_rate;
    Some((1.0 + (ratio - 1.0) * storm.own_share(o, params)).ln())
}
