//! How the ranking came about: one run for every arrival of signals, with what was known then.

use super::ask::Asker;
use super::lens::Lens;
use super::{Case, Detail, Options, Prepared, report_of};
use crate::model::channel::Except;
use crate::report::findings::Suspect;
use crate::report::view::{Change, Difference, Moment, Move, SignalWeight, Standing};
use crate::signal::Observation;
use jiff::Timestamp;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Moments that are told at most; with more arrivals, neighbours are told together.
const MOMENTS: usize = 120;
/// Causes that a moment lists.
const STANDINGS: usize = 4;
/// Causes for which the new signals are weighed.
const MOVERS: usize = 4;
/// A smaller move is none.
const MOVE_LEAST: f64 = 0.005;
/// Signals that a difference names for one cause.
const NAMED: usize = 5;

/// What was known at one time: (number of the signal in the case, the signal as known then).
type Known = Vec<(usize, Observation)>;

/// The diary: a moment for every arrival. Deterministic; runs on all cores.
pub fn diary(case: Case, options: &Options) -> Vec<Moment> {
    let arrivals = arrivals(case.signals);
    let stages: Vec<Stage> = arrivals.par_iter().map(|(at, new)| stage(case, *at, new, options)).collect();
    let mut before: (BTreeMap<String, f64>, Vec<String>) = Default::default();
    let mut moments = Vec::new();
    for (stage, (at, signals)) in stages.into_iter().zip(arrivals) {
        let change = stage.change(&before);
        before = (stage.all, stage.standings.iter().map(|s| s.component.clone()).collect());
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
    let (before, after) = (stage(case, from, &[], options), stage(case, to, &arrived, options));
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
            because: after.weights.get(name).into_iter().flatten().take(NAMED).map(weight).collect(),
        })
        .filter(|m| (m.to - m.from).abs() >= MOVE_LEAST)
        .collect();
    moves.sort_by(|a, b| {
        (b.to - b.from).abs().total_cmp(&(a.to - a.from).abs()).then_with(|| a.component.cmp(&b.component))
    });
    Difference {
        schema: crate::report::view::DIFFERENCE_SCHEMA.to_string(),
        from: from.to_string(),
        to: to.to_string(),
        before: before.verdict,
        after: after.verdict,
        signals: arrived,
        moves,
        error: before.error.max(after.error),
    }
}

fn weight(&(signal, log_odds): &(usize, f64)) -> SignalWeight {
    SignalWeight { signal, log_odds }
}

/// Distinct times of arrival with the numbers of the signals that arrived, in order.
fn arrivals(signals: &[Observation]) -> Vec<(Timestamp, Vec<usize>)> {
    let mut at: BTreeMap<Timestamp, Vec<usize>> = BTreeMap::new();
    signals.iter().enumerate().for_each(|(number, o)| at.entry(o.seen_at).or_default().push(number));
    let all: Vec<(Timestamp, Vec<usize>)> = at.into_iter().collect();
    let together = all.len().div_ceil(MOMENTS).max(1);
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
    verdict: crate::report::view::Verdict,
    standings: Vec<Standing>,
    coincidence: f64,
    /// Largest error of the probabilities.
    error: f64,
    /// Every named cause with its probability.
    all: BTreeMap<String, f64>,
    /// For the first causes, what leaving each of the new signals out would undo, strongest first.
    weights: BTreeMap<String, Vec<(usize, f64)>>,
}

fn stage(case: Case, at: Timestamp, new: &[usize], options: &Options) -> Stage {
    let options = Options { detail: Detail::Verdict, ..options.clone() };
    let known = known(case.signals, at);
    let signals: Vec<Observation> = known.iter().map(|(_, o)| o.clone()).collect();
    let case = Case { signals: &signals, ..case };
    let prepared = Prepared::new(case, &options);
    let mut weights = BTreeMap::new();
    if let Ok(prepared) = &prepared {
        let asker = prepared.asker(case.graph);
        let ranked = asker.ranked();
        for suspect in ranked.suspects.iter().take(MOVERS) {
            let name = case.graph.component(suspect.component).id.clone();
            weights.insert(name, asker.new_weights(suspect, &known, new));
        }
    }
    let report = report_of(case, prepared, &options);
    let standings: Vec<Standing> = report
        .causes
        .iter()
        .map(|c| Standing { component: c.component.clone(), probability: c.probability, common: c.is_common() })
        .collect();
    let all = standings.iter().map(|s| (s.component.clone(), s.probability)).collect();
    Stage {
        verdict: report.verdict,
        standings: standings.into_iter().take(STANDINGS).collect(),
        coincidence: report.coincidence,
        error: report.inference.error,
        all,
        weights,
    }
}

impl Stage {
    /// The largest move of one that is or was among the first.
    fn change(&self, (before, first): &(BTreeMap<String, f64>, Vec<String>)) -> Option<Change> {
        let of = |all: &BTreeMap<String, f64>, name: &str| all.get(name).copied().unwrap_or(0.0);
        let now = self.standings.iter().map(|s| s.component.as_str());
        let moves =
            now.chain(first.iter().map(String::as_str)).map(|name| (name, of(before, name), of(&self.all, name)));
        let size = |m: &(&str, f64, f64)| (m.2 - m.1).abs();
        let (name, from, to) = moves.max_by(|a, b| size(a).total_cmp(&size(b)).then(b.0.cmp(a.0)))?;
        if (to - from).abs() < MOVE_LEAST {
            return None;
        }
        let mover = self.weights.get(name).into_iter().flatten().find(|(_, w)| (*w > 0.0) == (to > from));
        let (signal, log_odds) = mover.map_or((None, None), |&(signal, w)| (Some(signal), Some(w)));
        Some(Change { component: name.to_string(), from, to, signal, log_odds })
    }
}

impl Asker<'_> {
    /// What leaving each new signal out would undo of a suspect, strongest first.
    fn new_weights(&self, suspect: &Suspect, known: &Known, new: &[usize]) -> Vec<(usize, f64)> {
        let Some(lens) = Lens::any(self, &[suspect.component]) else { return Vec::new() };
        let local = known.iter().enumerate().filter(|(_, (number, _))| new.contains(number));
        let mut weights: Vec<(usize, f64)> = local
            .filter_map(|(signal, (number, _))| {
                let node = self.model.channels.node_of(signal)?;
                let left = lens.at(node, &self.ratio_without(node, Except::Signals(&[signal])))?;
                Some((*number, lens.posterior - left)).filter(|(_, w)| w.is_finite() && *w != 0.0)
            })
            .collect();
        weights.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        weights
    }
}
