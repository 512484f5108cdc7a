//! Synthetic incidents whose truth is known by construction.
//!
//! Worlds are drawn from the model of a real incident's graph: faults by their rates, failures over dependencies, and
//! reports by the sources that spoke on that day, each with the chances of its source model. Worlds in which fewer
//! than [`LEAST_REPORTED`] components are reported failing are no incidents and are drawn again, which both the truth
//! and the posterior know of. In the matched mode the judge has the very model that made the world, so what it gives
//! 0.9 must be so in 0.9 of all cases; the other modes break an assumption each, for a judge with the shipped numbers.

use super::score::{Answer, Bin, CaseScore, Guess, reliability, score};
use crate::correlate::{Detail, Options, correlate};
use crate::graph::DependencyGraph;
use crate::incident::{Incident, Truth};
use crate::infer::world::{Happened, draw};
use crate::model::build::build;
use crate::model::{Model, Params};
use crate::signal::{AtKind, Likelihood, Observation, Precision, SourceKind, State, Window};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeSet;

/// With fewer components reported failing there is nothing to correlate.
const LEAST_REPORTED: usize = 8;
/// Worlds that are drawn at most for one incident.
const MOST_WORLDS: usize = 20_000;
/// P(a source that may say "healthy" says so | fine).
const HEALTHY_SAID: f64 = 0.8;
/// Share of dependencies that are missing or stale in those modes.
const MAP_WRONG: f64 = 0.2;
/// Chance that an innocent component gets crowd reports in a storm.
const SPILL: f64 = 0.15;
/// Chance that a status page stays green.
const STAYS_GREEN: f64 = 0.5;
/// Rates are wrong by up to this factor either way.
const RATES_WRONG: f64 = 3.0;
/// Faults per year of the unknown shared dependency where the graph lacks one.
const UNLISTED_PER_YEAR: f64 = 5.0;

/// What the judge does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: the judge has the model that made the world.
    Matched,
    /// The world is as modelled, the judge has the shipped numbers, and silence tells nothing.
    Shipped,
    /// A fifth of the dependencies is missing from the judge's graph.
    MissingEdges,
    /// A fifth of the dependencies in the judge's graph does not exist.
    StaleEdges,
    /// Every rate is wrong by up to a factor of three.
    WrongRates,
    /// Crowds report the innocent.
    SpillOver,
    /// Half of all status pages stay green.
    GreenPages,
    /// Something shared that is not in the graph fails more often.
    UnlistedCause,
    /// All of these.
    Everything,
}

impl Mode {
    /// All of them.
    pub const ALL: [Mode; 9] = [
        Mode::Matched,
        Mode::Shipped,
        Mode::MissingEdges,
        Mode::StaleEdges,
        Mode::WrongRates,
        Mode::SpillOver,
        Mode::GreenPages,
        Mode::UnlistedCause,
        Mode::Everything,
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Matched => "matched",
            Mode::Shipped => "shipped numbers, silence unknown",
            Mode::MissingEdges => "  a fifth of dependencies missing",
            Mode::StaleEdges => "  a fifth of dependencies stale",
            Mode::WrongRates => "  rates wrong up to threefold",
            Mode::SpillOver => "  crowds report the innocent",
            Mode::GreenPages => "  half of status pages stay green",
            Mode::UnlistedCause => "  shared causes not in the graph",
            Mode::Everything => "  all of these together",
        }
    }

    fn has(self, other: Mode) -> bool {
        self == other || self == Mode::Everything
    }
}

/// What one simulated incident gave.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// (probability, whether it had a fault) of every cause named.
    pub named: Vec<(f64, bool)>,
    /// Score of the ranking, if something shared in the graph had a fault.
    pub score: Option<CaseScore>,
    /// Causes of several failures named above 0.9 that had no fault.
    pub sure_and_wrong: usize,
}

/// What can be heard on one incident's day.
struct Stage<'a> {
    graph: &'a DependencyGraph,
    window: Window,
    sites: Vec<Observation>,
    model: Model,
}

/// The numbers under which worlds are made: no time, no storm, no saturation, so that reports are independent given
/// what failed.
fn generating(params: &Params, mode: Mode) -> Params {
    let mut params = Params { spillover: false, bins: 1, repeat: 1.0, ..params.clone() };
    params.sources.values_mut().for_each(|s| s.floor = 0.0);
    // Status pages and recoveries are quick: what is said holds for the whole window.
    params.page_delay_minutes = 1e-6;
    params.recovery_minutes = 1e6;
    if mode.has(Mode::UnlistedCause) {
        params.unknown_per_year = UNLISTED_PER_YEAR;
    }
    params
}

/// Simulates `count` incidents on the graphs of `incidents`, in turn, and judges them with `params`.
pub fn simulate(incidents: &[Incident], count: usize, seed: u64, mode: Mode, params: &Params) -> Vec<Outcome> {
    (0..count).filter_map(|i| one(&incidents[i % incidents.len()], seed, i as u64, mode, params)).collect()
}

/// Simulates and judges the `number`-th incident.
pub fn one(incident: &Incident, seed: u64, number: u64, mode: Mode, params: &Params) -> Option<Outcome> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    let mut uniform = move || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let world_params = generating(params, mode);
    let full = &incident.graph;
    let truth_graph =
        if mode.has(Mode::StaleEdges) { full.without(|_, _| uniform() < MAP_WRONG) } else { full.clone() };
    let judged = if mode.has(Mode::MissingEdges) { full.without(|_, _| uniform() < MAP_WRONG) } else { full.clone() };
    let sites = sites(incident);
    let model = build(&truth_graph, &sites, incident.window, 1, &world_params).ok()?;
    let mut prior = model.network.prior().to_vec();
    if mode.has(Mode::WrongRates) {
        for p in prior.iter_mut() {
            *p = (*p * RATES_WRONG.powf(2.0 * uniform() - 1.0)).min(0.5);
        }
    }
    let stage = Stage { graph: &truth_graph, window: incident.window, sites, model };
    for _ in 0..MOST_WORLDS {
        let world = draw(&stage.model.network, &prior, &mut uniform);
        let heard = stage.report(&world, &world_params, mode, &mut uniform);
        let reported: BTreeSet<&str> =
            heard.iter().filter(|o| o.likelihood.is_none() && is_bad(o)).map(|o| o.component.as_str()).collect();
        if reported.len() < LEAST_REPORTED {
            continue;
        }
        let used: Params = if mode == Mode::Matched { world_params } else { params.clone() };
        let options = Options { params: used, detail: Detail::Ranking, ..Options::default() };
        let report = correlate(&judged, &heard, &[], stage.window, &options);
        let had_fault = |id: &str| {
            let nodes = stage.graph.find(id).map(|ix| &stage.model.nodes[ix.0 as usize].own);
            nodes.is_some_and(|own| own.iter().any(|(_, v)| world.own[v.at()] > 0))
        };
        let common = |c: &crate::report::view::Cause| {
            c.explains.iter().map(|e| &e.component).collect::<BTreeSet<_>>().len() >= 2
        };
        let guesses: Vec<Guess> = report
            .causes
            .iter()
            .map(|c| Guess { component: c.component.clone(), probability: c.probability, common: common(c) })
            .collect();
        let needs = full.components().iter().flat_map(|c| &c.depends_on).flat_map(|d| d.need.members());
        let depended: BTreeSet<_> = needs.map(|m| m.component).collect();
        let causes: Vec<String> = full
            .iter()
            .filter(|(ix, c)| depended.contains(ix) && had_fault(&c.id))
            .map(|(_, c)| c.id.clone())
            .collect();
        let others = report.components.iter().map(|s| (s.component.clone(), s.p_fault)).collect();
        let truth = Truth { causes, acceptable: Vec::new(), separate: Vec::new() };
        let answer = Answer { guesses, others };
        return Some(Outcome {
            named: report.causes.iter().map(|c| (c.p_fault, had_fault(&c.component))).collect(),
            sure_and_wrong: report
                .causes
                .iter()
                .filter(|c| common(c) && c.probability > super::score::SURE && !had_fault(&c.component))
                .count(),
            score: (!truth.causes.is_empty()).then(|| score(&answer, &truth)),
        });
    }
    None
}

fn is_bad(o: &Observation) -> bool {
    matches!(o.state, State::Failing | State::Degraded)
}

/// Who may say what of whom: each source of the real day once for each place, on failure or on health as it did then.
fn sites(incident: &Incident) -> Vec<Observation> {
    let mut seen = BTreeSet::new();
    let mut sites = Vec::new();
    for record in &incident.signals {
        let o = &record.observation;
        let state = match o.state {
            State::Failing | State::Degraded | State::Recovered => State::Failing,
            State::Healthy => State::Healthy,
            State::Maintenance | State::Unknown => continue,
        };
        let key = (o.component.clone(), o.capability.clone(), o.region.clone(), o.source.kind, state as u8);
        if seen.insert(key) {
            sites.push(Observation {
                at: incident.window.start,
                precision: Precision::Minute,
                at_kind: AtKind::Seen,
                state,
                count: None,
                baseline: None,
                share: Default::default(),
                likelihood: None,
                ..o.clone()
            });
        }
    }
    sites
}

impl Stage<'_> {
    /// What is reported of a world. In the matched mode silence is evidence, too, as explicit likelihoods.
    fn report(
        &self,
        world: &Happened,
        params: &Params,
        mode: Mode,
        uniform: &mut dyn FnMut() -> f64,
    ) -> Vec<Observation> {
        let mut heard = Vec::with_capacity(self.sites.len());
        for (i, site) in self.sites.iter().enumerate() {
            let Some(node) = self.model.channels.nodes_of(i).first().copied() else { continue };
            let failed = world.failed[node.at()] > 0;
            let s = params.source(site.source.kind);
            // The chances of each statement if failed and if fine.
            let ratio = |state: State| -> [f64; 2] {
                match state {
                    State::Failing => [s.failing, s.false_failing[0]],
                    State::Degraded => [s.degraded, s.false_degraded[0]],
                    _ => [HEALTHY_SAID * self.healthy(i), HEALTHY_SAID],
                }
            };
            let states: &[State] =
                if site.state == State::Healthy { &[State::Healthy] } else { &[State::Failing, State::Degraded] };
            let mut left = uniform();
            let mut said = None;
            let mut silence = [1.0, 1.0];
            for &state in states {
                let [if_failed, if_fine] = ratio(state);
                silence[0] -= if_failed;
                silence[1] -= if_fine;
                left -= if failed { if_failed } else { if_fine };
                if left < 0.0 && said.is_none() {
                    said = Some(state);
                }
            }
            let crowd = matches!(site.source.kind, SourceKind::UserReports | SourceKind::Social | SourceKind::Press);
            if mode.has(Mode::SpillOver) && crowd && said.is_none() && site.state != State::Healthy {
                said = (uniform() < SPILL).then_some(State::Degraded);
            }
            if mode.has(Mode::GreenPages) && site.source.kind == SourceKind::StatusPage && uniform() < STAYS_GREEN {
                said = Some(State::Healthy);
            }
            match said {
                Some(state) => heard.push(Observation { state, ..site.clone() }),
                None if mode == Mode::Matched => {
                    let likelihood = Some(Likelihood { failed: silence[0], ok: silence[1] });
                    heard.push(Observation { likelihood, ..site.clone() });
                }
                None => {}
            }
        }
        heard
    }

    /// P(says healthy | failed) / P(says healthy | fine) of a site, as the model has it.
    fn healthy(&self, site: usize) -> f64 {
        self.model.channels.ln_ratio_of(site).first().copied().unwrap_or(0.0).exp()
    }
}

/// Totals of one mode.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Incidents judged.
    pub incidents: usize,
    /// Incidents in which something shared in the graph had a fault.
    pub with_cause: usize,
    /// Of those, with one of them first.
    pub first: usize,
    /// Of those, mean log loss of the true causes.
    pub log_loss: f64,
    /// Wrong causes of several failures above 0.9, over all incidents.
    pub sure_and_wrong: usize,
    /// How many causes were named with 0.85 to 0.95, their mean probability, and the share that had a fault.
    pub around_nine: (usize, f64, f64),
    /// How often what was given a probability was so.
    pub reliability: Vec<Bin>,
}

/// Sums up.
pub fn summary(outcomes: &[Outcome]) -> Summary {
    let scores: Vec<&CaseScore> = outcomes.iter().filter_map(|o| o.score.as_ref()).collect();
    let named: Vec<(f64, bool)> = outcomes.iter().flat_map(|o| o.named.iter().copied()).collect();
    let nine: Vec<&(f64, bool)> = named.iter().filter(|(p, _)| (0.85..=0.95).contains(p)).collect();
    let mean = |sum: f64, n: usize| if n == 0 { 0.0 } else { sum / n as f64 };
    Summary {
        incidents: outcomes.len(),
        with_cause: scores.len(),
        first: scores.iter().filter(|s| s.exact_first).count(),
        log_loss: mean(scores.iter().map(|s| s.log_loss).sum(), scores.len()),
        sure_and_wrong: outcomes.iter().map(|o| o.sure_and_wrong).sum(),
        around_nine: (
            nine.len(),
            mean(nine.iter().map(|(p, _)| p).sum(), nine.len()),
            mean(nine.iter().filter(|(_, y)| *y).count() as f64, nine.len()),
        ),
        reliability: reliability(&named),
    }
}
