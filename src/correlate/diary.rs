//! How the ranking came about: one run for every arrival of signals, with what was known then.

use super::lens::Lens;
use super::{Case, Detail, Options, Prepared, correlate};
use crate::model::channel::Except;
use crate::report::view::{
    Cause, Change, DIFFERENCE_SCHEMA, Difference, Moment, Move, SignalWeight, Standing, Verdict, VerdictKind,
};
use crate::signal::Observation;
use jiff::Timestamp;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Moments that are told at most; with more arrivals, neighbours are told together.
const MOMENTS: usize = 120;
/// Moments times signals, beyond which fewer moments are told …
const WORK: usize = 100_000;
/// … but not fewer than these.
const MOMENTS_LEAST: usize = 12;
/// Causes that a moment lists.
const STANDINGS: usize = 12;
/// Signals that weigh less, in log-odds, move nothing.
const WEIGHT_LEAST: f64 = 0.05;
/// Causes for which a difference weighs the new signals.
const MOVERS: usize = 4;
/// Causes among which the largest move is looked for.
const FIRST: usize = 4;
/// A smaller move is none.
const MOVE_LEAST: f64 = 0.005;
/// Signals that a difference names for one cause.
const NAMED: usize = 5;

/// What was known at one time: (number of the signal in the case, the signal as known then).
type Known = Vec<(usize, Observation)>;

/// The diary: a moment for every arrival. Deterministic; runs on all cores.
pub fn diary(case: Case, options: &Options) -> Vec<Moment> {
    let arrivals = arrivals(case.signals);
    let stages: Vec<Stage> = arrivals.par_iter().map(|(at, _)| stage(case, *at, options)).collect();
    let nothing = Stage::default();
    let before = |i: usize| if i == 0 { &nothing } else { &stages[i - 1] };
    let changes: Vec<Option<Change>> = (0..stages.len())
        .into_par_iter()
        .map(|i| {
            let (component, from, to) = stages[i].largest_move(before(i))?;
            let weights = new_weights(case, arrivals[i].0, &arrivals[i].1, &[&component], options);
            let mover = weights.into_iter().flatten().find(|(_, w)| (*w > 0.0) == (to > from));
            let (signal, log_odds) = mover.map_or((None, None), |(signal, w)| (Some(signal), Some(w)));
            Some(Change { component, from, to, signal, log_odds })
        })
        .collect();
    let mut moments = Vec::with_capacity(stages.len());
    for ((stage, (at, signals)), change) in stages.into_iter().zip(arrivals).zip(changes) {
        moments.push(Moment {
            at: at.to_string(),
            signals,
            verdict: stage.verdict,
            causes: stage.standings,
            coincidence: stage.coincidence,
            error: stage.error,
            change,
        });
    }
    moments
}

/// What changed between two times, and which of the signals that arrived in between did it. \[LOO\]
pub fn difference(case: Case, from: Timestamp, to: Timestamp, options: &Options) -> Difference {
    let new = |(_, o): &(usize, Observation)| o.seen_at > from;
    let later = known(case.signals, to);
    let arrived: Vec<usize> = later.iter().filter(|k| new(k)).map(|(number, _)| *number).collect();
    let (before, after) = (stage(case, from, options), stage(case, to, options));
    let mut names: Vec<&String> = after.all.keys().chain(before.all.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let of = |all: &BTreeMap<String, f64>, name: &String| all.get(name).copied().unwrap_or(0.0);
    let mut moves: Vec<Move> = names
        .into_iter()
        .map(|name| Move {
            component: name.clone(),
            from: of(&before.all, name),
            to: of(&after.all, name),
            because: Vec::new(),
        })
        .filter(|m| (m.to - m.from).abs() >= MOVE_LEAST)
        .collect();
    let size = |m: &Move| (m.to - m.from).abs();
    moves.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| a.component.cmp(&b.component)));
    let movers: Vec<String> = moves.iter().take(MOVERS).map(|m| m.component.clone()).collect();
    let movers: Vec<&String> = movers.iter().collect();
    for (m, weights) in moves.iter_mut().zip(new_weights(case, to, &arrived, &movers, options)) {
        m.because =
            weights.into_iter().take(NAMED).map(|(signal, log_odds)| SignalWeight { signal, log_odds }).collect();
    }
    Difference {
        schema: DIFFERENCE_SCHEMA.to_string(),
        from: from.to_string(),
        to: to.to_string(),
        before: before.verdict,
        after: after.verdict,
        signals: arrived,
        moves,
        error: before.error.max(after.error),
    }
}

/// Distinct times of arrival with the numbers of the signals that arrived, in order.
fn arrivals(signals: &[Observation]) -> Vec<(Timestamp, Vec<usize>)> {
    let mut at: BTreeMap<Timestamp, Vec<usize>> = BTreeMap::new();
    signals.iter().enumerate().for_each(|(number, o)| at.entry(o.seen_at).or_default().push(number));
    let all: Vec<(Timestamp, Vec<usize>)> = at.into_iter().collect();
    let most = (WORK / signals.len().max(1)).clamp(MOMENTS_LEAST, MOMENTS);
    let together = all.len().div_ceil(most).max(1);
    let merge = |part: &[(Timestamp, Vec<usize>)]| {
        let last = part.last().map_or(Timestamp::MIN, |p| p.0);
        (last, part.iter().flat_map(|p| p.1.iter().copied()).collect())
    };
    all.chunks(together).map(merge).collect()
}

/// What had arrived by `at`, with ends that lie later not known yet.
fn known(signals: &[Observation], at: Timestamp) -> Known {
    signals.iter().enumerate().filter_map(|(number, o)| Some((number, o.known_at(at)?))).collect()
}

/// The answer at one time.
struct Stage {
    verdict: Verdict,
    standings: Vec<Standing>,
    coincidence: f64,
    /// Largest error of the probabilities.
    error: f64,
    /// Every named cause with its probability.
    all: BTreeMap<String, f64>,
}

impl Default for Stage {
    fn default() -> Self {
        let verdict = Verdict { kind: VerdictKind::Inconclusive, text: String::new() };
        Stage { verdict, standings: Vec::new(), coincidence: 1.0, error: 0.0, all: BTreeMap::new() }
    }
}

fn stage(case: Case, at: Timestamp, options: &Options) -> Stage {
    let options = Options { detail: Detail::Verdict, ..options.clone() };
    let signals: Vec<Observation> = known(case.signals, at).into_iter().map(|(_, o)| o).collect();
    let report = correlate(Case { signals: &signals, ..case }, &options);
    let standing =
        |c: &Cause| Standing { component: c.component.clone(), probability: c.probability, common: c.is_common() };
    Stage {
        standings: report.causes.iter().take(STANDINGS).map(standing).collect(),
        all: report.causes.iter().map(|c| (c.component.clone(), c.probability)).collect(),
        verdict: report.verdict,
        coincidence: report.coincidence,
        error: report.inference.error,
    }
}

impl Stage {
    /// The largest move of one that is or was among the first few: (which, from, to).
    fn largest_move(&self, before: &Stage) -> Option<(String, f64, f64)> {
        let of = |all: &BTreeMap<String, f64>, name: &String| all.get(name).copied().unwrap_or(0.0);
        let first = |stage: &Stage| stage.standings.iter().take(FIRST).map(|s| s.component.clone()).collect::<Vec<_>>();
        let names = [first(self), first(before)].concat();
        let moves = names.iter().map(|name| (name, of(&before.all, name), of(&self.all, name)));
        let size = |m: &(&String, f64, f64)| (m.2 - m.1).abs();
        let (name, from, to) = moves.max_by(|a, b| size(a).total_cmp(&size(b)).then(b.0.cmp(a.0)))?;
        ((to - from).abs() >= MOVE_LEAST).then(|| (name.clone(), from, to))
    }
}

/// For each of these causes, what leaving each new signal out would undo at that time, strongest first. \[LOO\]
fn new_weights(
    case: Case,
    at: Timestamp,
    new: &[usize],
    causes: &[&String],
    options: &Options,
) -> Vec<Vec<(usize, f64)>> {
    let known = known(case.signals, at);
    let signals: Vec<Observation> = known.iter().map(|(_, o)| o.clone()).collect();
    let Ok(prepared) = Prepared::new(Case { signals: &signals, ..case }, options) else { return Vec::new() };
    let asker = prepared.asker(case.graph);
    let weights = |cause: &&String| -> Option<Vec<(usize, f64)>> {
        let lens = Lens::any(&asker, &[case.graph.find(cause)?])?;
        let of = |(signal, (number, _)): (usize, &(usize, Observation))| {
            let node = asker.model.channels.node_of(signal).filter(|_| new.contains(number))?;
            let left = lens.at(node, &asker.ratio_without(node, Except::Signals(&[signal])))?;
            Some((*number, lens.posterior - left)).filter(|(_, w)| w.abs() >= WEIGHT_LEAST)
        };
        let mut weights: Vec<(usize, f64)> = known.iter().enumerate().filter_map(of).collect();
        weights.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        Some(weights)
    };
    causes.iter().map(|cause| weights(cause).unwrap_or_default()).collect()
}
