//! From statements to likelihoods: repeats within a channel saturate, channels add.
//!
//! For one channel (all statements of one kind of source about one node) with likelihood ratios `r₁ … r_n` sorted by
//! strength, the ratio is `R = Π rᵢ^(repeat^(i−1))`, for each bin of the onset. With chance `floor` the channel says
//! what it says whatever the state, as readily as in the state that fits it best, `C = max(1, R₀, R₁ …)`:
//!
//! ```text
//! R'_b = ((1 − floor) R_b + floor · C) / ((1 − floor) + floor · C)      [FLR]
//! ```
//!
//! so that no channel outweighs `1 / floor` for, or `floor` against.

use super::params::Params;
use super::spillover::Storm;
use super::timeline::{Timeline, hours, slack, tells_onset};
use crate::infer::logspace::SameEverywhere;
use crate::infer::logspace::{ln_add, ln_not};
use crate::infer::network::NodeIx;
use crate::signal::{Observation, Precision, SourceKind, State};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// One statement that bears on a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Which signal, by its position among the observations.
    pub signal: usize,
    /// For each bin `ln P(statement | failed since then) − ln P(statement | ok)`, before saturation.
    pub ln_ratio: Vec<f64>,
}

/// All statements, by node and kind of source.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    by_node: BTreeMap<(NodeIx, SourceKind), Vec<Statement>>,
    node_of: BTreeMap<usize, NodeIx>,
    bins: usize,
}

/// What is left out of the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Except<'a> {
    /// Nothing.
    #[default]
    Nothing,
    /// Some signals.
    Signals(&'a [usize]),
    /// Everything that a kind of source says.
    Source(SourceKind),
}

impl Channels {
    /// No statements yet.
    pub fn new(bins: usize) -> Self {
        Channels { by_node: BTreeMap::new(), node_of: BTreeMap::new(), bins }
    }

    /// Adds a statement.
    pub fn add(&mut self, node: NodeIx, kind: SourceKind, statement: Statement) {
        self.node_of.insert(statement.signal, node);
        self.by_node.entry((node, kind)).or_default().push(statement);
    }

    /// The nodes that statements bear on.
    pub fn nodes(&self) -> Vec<NodeIx> {
        let mut nodes: Vec<NodeIx> = self.by_node.keys().map(|(node, _)| *node).collect();
        nodes.dedup();
        nodes
    }

    /// The node a signal bears on; none if it tells nothing.
    pub fn node_of(&self, signal: usize) -> Option<NodeIx> {
        self.node_of.get(&signal).copied()
    }

    /// `[ln P(e | ok), ln P(e | failed since bin 0), …]` at one node, leaving something out.
    pub fn at(&self, node: NodeIx, params: &Params, except: Except) -> Vec<f64> {
        let left_out = |s: &Statement| matches!(except, Except::Signals(list) if list.contains(&s.signal));
        let mut evidence = vec![0.0; 1 + self.bins];
        for ((_, kind), statements) in
            self.by_node.range((node, SourceKind::UserReports)..=(node, SourceKind::Observatory))
        {
            if except == Except::Source(*kind) {
                continue;
            }
            let of_bin = |bin: usize| {
                let kept = statements.iter().filter(|s| !left_out(s)).map(|s| s.ln_ratio[bin]);
                fade(kept, params.repeat)
            };
            let ln_ratios: Vec<f64> = (0..self.bins).map(of_bin).collect();
            for (sum, ln) in evidence[1..].iter_mut().zip(saturate(&ln_ratios, params.source(*kind).floor)) {
                *sum += ln;
            }
        }
        evidence
    }
}

/// The sum of a channel's statements in one bin, each further one fading; supports and doubts apart.
fn fade(ln_ratios: impl Iterator<Item = f64>, repeat: f64) -> f64 {
    let (mut up, mut down): (Vec<f64>, Vec<f64>) = ln_ratios.partition(|&r| r > 0.0);
    up.sort_by(|a, b| b.total_cmp(a));
    down.sort_by(f64::total_cmp);
    let sum = |side: &[f64]| side.iter().rev().fold(0.0, |sum, r| r + repeat * sum);
    sum(&up) + sum(&down)
}

/// A channel's ratios for all bins, as far as the channel can be trusted at all; see the module's formula.
fn saturate(ln_ratios: &[f64], floor: f64) -> Vec<f64> {
    let best = ln_ratios.iter().copied().fold(0.0, f64::max);
    let mixed = |ln: f64| ln_add(ln_not(floor) + ln, floor.logarithm() + best);
    ln_ratios.iter().map(|&ln| mixed(ln) - mixed(0.0)).collect()
}

/// Where a statement stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// No statement of trouble about the same in an earlier bin.
    pub first: bool,
    /// The same was said to be in trouble before.
    pub after_trouble: bool,
}

/// For each bin `ln` of the likelihood ratio of one statement, before saturation; `None` if it tells nothing.
///
/// - A report of trouble at time `t`. With `s` the bin of `t`, `b` that of the onset, `m` the share of all reports (so of
///   false ones) that come in a bin, and `M` in a bin or later:
///
///   ```text
///   a first report that states an onset:  ratio · (1 − late) / m_s   for b = s
///                                         ratio · g + (1 − g)        for b < s, g = late / M_(b+1)
///   any other report:                     ratio / M_b                for b ≤ s
///   both:                                 1                          for b > s: it cannot be about that  [BIN]
///   ```
///
/// - A "healthy" at time `t` says nothing of a trouble that began later. A trouble that began before may be over: with
///   `q` the chance of that, the ratio is `q + (1 − q) h`; it is not over while others still report trouble. A status
///   page turns red late: with `s` the chance that it still has to, `h` becomes `s + (1 − s) h`. \[REC\] \[PAGE\]
pub fn ln_ratio(
    o: &Observation,
    place: Place,
    storm: &Storm,
    timeline: &Timeline,
    params: &Params,
) -> Option<Vec<f64>> {
    let bins = timeline.bins();
    if let Some(l) = o.likelihood {
        return Some(vec![l.failed.logarithm() - l.ok.logarithm(); bins]);
    }
    let source = params.source(o.source.kind);
    let (hit, false_rate) = match o.state {
        State::Failing => (source.failing, source.false_failing),
        // Who says that something works again says that it did not.
        State::Degraded | State::Recovered => (source.degraded, source.false_degraded),
        State::Healthy => return Some((0..bins).map(|b| healthy(o, place, b, timeline, params).logarithm()).collect()),
        State::Maintenance | State::Unknown => return None,
    };
    let false_rate = storm.false_rate(o, false_rate, params);
    let ratio = 1.0 + (hit / false_rate - 1.0) * storm.own_share(o, params);
    let said = if o.precision == Precision::Day { bins - 1 } else { timeline.bin(o.at) };
    let dates = place.first && o.state != State::Recovered && tells_onset(o) && o.precision != Precision::Day;
    let last = said + 1 == bins;
    let of_bin = |bin: usize| match bin.cmp(&said) {
        Ordering::Greater => 1.0,
        Ordering::Equal if dates => ratio * if last { 1.0 } else { 1.0 - source.late } / timeline.reports[said],
        Ordering::Less if dates => {
            let g = (source.late / timeline.reports_from(bin + 1)).min(1.0);
            ratio * g + 1.0 - g
        }
        _ => ratio / timeline.reports_from(bin),
    };
    Some((0..bins).map(|bin| of_bin(bin).logarithm()).collect())
}

/// P(says healthy | failed since `bin`) / P(says healthy | fine).
fn healthy(o: &Observation, place: Place, bin: usize, timeline: &Timeline, params: &Params) -> f64 {
    let source = params.source(o.source.kind);
    let since = (hours(timeline.onsets[bin], o.at) + slack(o.precision)) * 60.0;
    // Health before the trouble began says nothing of it.
    if since <= 0.0 || (timeline.bins() > 1 && timeline.bin(o.at) < bin) {
        return 1.0;
    }
    let mut h = source.healthy;
    if o.source.kind == SourceKind::StatusPage {
        let still_to_turn = normal_below((params.page_delay_minutes - since.max(0.0)) / params.page_delay_spread);
        h = still_to_turn + (1.0 - still_to_turn) * h;
    }
    // Others still in trouble: what failed with them is not over. What failed itself may be over at any time.
    let storm_over = timeline.last_trouble.is_none_or(|last| o.at > last);
    // Who tells of an incident in words tells of all of it; who looks sees the moment.
    let looks = matches!(
        o.source.kind,
        SourceKind::Probe | SourceKind::Alert | SourceKind::StatusPage | SourceKind::UserReports
    );
    if looks && (storm_over || place.after_trouble) {
        let q = normal_below((since / params.recovery_minutes).logarithm() / params.recovery_spread);
        h = q + (1.0 - q) * h;
    }
    h
}

/// P(a standard normal variable is below `x`), by the logistic approximation with error below 0.01. \[LOGI\]
fn normal_below(x: f64) -> f64 {
    1.0 / (1.0 + (-1.702 * x).exponential())
}
