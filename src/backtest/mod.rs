//! Runs labelled incidents and scores the answers, beside trivial baselines.
//!
//! The only place that reads [`Truth`]. The judge gets a copy of the incident without name and truth.

pub mod ablate;
pub mod baseline;
pub mod score;
pub mod simulate;
pub mod table;
pub mod transform;
pub mod tune;

use crate::incident::{Incident, Truth};
use crate::report::view::{Moment, Report, VerdictKind};
use score::{Answer, CaseScore, Guess};
use std::collections::BTreeMap;

/// What is done to the incidents before they are judged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BacktestOptions {
    /// Keep only what was seen within this many minutes of the first report of failure.
    pub early_minutes: Option<f64>,
    /// Whether components that others depend on may speak.
    pub blind: Blind,
    /// Share of dependencies that are dropped at random.
    pub drop_edges: f64,
    /// Share of signals that are dropped at random.
    pub drop_signals: f64,
    /// Seed of both.
    pub seed: u64,
}

/// Whether signals about suspects themselves are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Blind {
    /// All signals.
    #[default]
    No,
    /// Not those about a component that some other component of the case depends on.
    Yes,
}

/// One judged incident.
#[derive(Debug, Clone)]
pub struct Case {
    /// The incident's id.
    pub id: String,
    /// What the correlator answered.
    pub report: Report,
    /// How good that was.
    pub score: CaseScore,
    /// How long after the first signal the right answer led, if the report has a diary.
    pub to_answer: ToAnswer,
    /// What the baselines would have got, by name.
    pub baselines: Vec<(&'static str, CaseScore)>,
}

/// How long it took until a right answer led for good: from the arrival of the first signal to the first moment from
/// which on the first cause is true or acceptable and the verdict names a common cause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ToAnswer {
    /// The report has no diary.
    NotAsked,
    /// It does not lead at the end.
    Never,
    /// So many minutes.
    After(f64),
}

/// The judged corpus.
#[derive(Debug, Clone)]
pub struct Backtest {
    /// In the order of the incidents.
    pub cases: Vec<Case>,
    /// What was done to them.
    pub options: BacktestOptions,
}

/// Judges every labelled incident; unlabelled ones are left out.
pub fn run(incidents: Vec<Incident>, options: &BacktestOptions, judge: &dyn Fn(&Incident) -> Report) -> Backtest {
    let mut cases = Vec::new();
    for mut incident in incidents {
        let Some(truth) = incident.truth.take() else { continue };
        let name = std::mem::take(&mut incident.name);
        transform::apply(&mut incident, options);
        let report = judge(&incident);
        let score = score::score(&answer(&report), &truth);
        let to_answer = to_answer(&report.diary, &truth);
        let observations: Vec<_> = incident.signals.iter().map(|r| &r.observation).collect();
        let baselines = baseline::ALL
            .iter()
            .map(|(label, guess)| (*label, score_guess(&guess(&incident.graph, &observations), &truth)))
            .collect();
        cases.push(Case { id: name.id, report, score, to_answer, baselines });
    }
    Backtest { cases, options: options.clone() }
}

fn to_answer(diary: &[Moment], truth: &Truth) -> ToAnswer {
    let Some(first) = diary.first() else { return ToAnswer::NotAsked };
    let right = |m: &Moment| {
        let named = m.causes.first().filter(|c| c.common).map(|c| &c.component);
        let known = |c: &String| truth.causes.contains(c) || truth.acceptable.contains(c);
        matches!(m.verdict.kind, VerdictKind::CommonCause | VerdictKind::SeveralCauses) && named.is_some_and(known)
    };
    let since = diary.iter().rev().take_while(|m| right(m)).last();
    let time = |m: &Moment| m.at.parse::<jiff::Timestamp>().ok();
    match since.and_then(|m| Some(time(m)?.duration_since(time(first)?))) {
        Some(wait) => ToAnswer::After(wait.as_secs_f64() / 60.0),
        None => ToAnswer::Never,
    }
}

/// A report as a ranking. A cause counts as common if it explains at least two components.
fn answer(report: &Report) -> Answer {
    let guesses = report
        .causes
        .iter()
        .map(|c| Guess { component: c.component.clone(), probability: c.probability, common: c.is_common() })
        .collect();
    let others = report.components.iter().map(|s| (s.component.clone(), s.p_fault));
    let mut any: BTreeMap<String, f64> = BTreeMap::new();
    others.for_each(|(component, p)| {
        let most = any.entry(component).or_default();
        *most = most.max(p);
    });
    Answer { guesses, others: any }
}

fn score_guess(ranking: &[(String, f64)], truth: &Truth) -> CaseScore {
    let guesses = ranking
        .iter()
        .map(|(component, p)| Guess { component: component.clone(), probability: *p, common: true })
        .collect();
    score::score(&Answer { guesses, ..Answer::default() }, truth)
}
