//! Synthetic incidents whose truth is known by construction.
//!
//! Worlds are drawn from the model of a real incident's graph: faults by their rates and in the bins of that day, failures
//! over dependencies, and reports by the sources that spoke then: each looks with chance `LOOKS`, whatever happened,
//! and says failing, degraded or healthy with the chances of its source model. Worlds in which fewer than
//! `LEAST_REPORTED` components are reported failing are no incidents and are drawn again, which both the truth and
//! the posterior know of. In the matched mode the judge has the very chances that made the world, and times tell
//! nothing, so what it gives 0.9 must be so in 0.9 of all cases. In the others it has the shipped numbers and is told
//! times, and each mode breaks one more assumption.

use super::score::{Answer, Bin, CaseScore, Guess, reliability, score};
use crate::correlate::{Case, Detail, Options, correlate};
use crate::graph::DependencyGraph;
use crate::incident::{Incident, Truth};
use crate::infer::logspace::SameEverywhere;
use crate::infer::world::{Happened, draw};
use crate::model::build::build;
use crate::model::timeline::{hours, tells_onset};
use crate::model::{Model, Params};
use crate::signal::{AtKind, Likelihood, Observation, Precision, SourceKind, State, Window};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeSet;

/// With fewer components reported failing there is nothing to correlate.
const LEAST_REPORTED: usize = 8;
/// Worlds that are drawn at most for one incident.
const MOST_WORLDS: usize = 20_000;
/// P(a source looks at what it spoke of on the real day).
const LOOKS: f64 = 0.5;
/// Mean minutes until a source that notices at once reports, and until others do.
const TOLD_AFTER: [f64; 2] = [10.0, 90.0];
/// The same where reports come late.
const TOLD_LATE: [f64; 2] = [90.0, 240.0];
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Nothing: the judge has the model that made the world.
    Matched,
    /// The world is as modelled, and the judge has the shipped numbers.
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
    /// Reports come hours late.
    Delays,
    /// Something shared that is not in the graph fails more often.
    UnlistedCause,
    /// All of these.
    Everything,
}

impl Mode {
    /// All of them.
    pub const ALL: [Mode; 10] = [
        Mode::Matched,
        Mode::Shipped,
        Mode::MissingEdges,
        Mode::StaleEdges,
        Mode::WrongRates,
        Mode::SpillOver,
        Mode::GreenPages,
        Mode::Delays,
        Mode::UnlistedCause,
        Mode::Everything,
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Matched => "matched",
            Mode::Shipped => "shipped numbers",
            Mode::MissingEdges => "  a fifth of dependencies missing",
            Mode::StaleEdges => "  a fifth of dependencies stale",
            Mode::WrongRates => "  rates wrong up to threefold",
            Mode::SpillOver => "  crowds report the innocent",
            Mode::GreenPages => "  half of status pages stay green",
            Mode::Delays => "  reports come hours late",
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
    /// (probability, whether it was so) of every cause named: that it had a fault and, if it is the cause of several
    /// failures, that it passed failure on.
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

/// The numbers under which worlds are made: no storm and no saturation, so that reports are independent given what
/// failed.
fn generating(params: &Params, mode: Mode) -> Params {
    let mut params = Params { spillover: false, repeat: 1.0, ..params.clone() };
    if mode == Mode::Matched {
        params.bins = 1;
    }
    params.sources.values_mut().for_each(|s| s.floor = 0.0);
    // Status pages and recoveries are quick: what is said holds for the whole window.
    params.page_delay_minutes = -1e6;
    params.recovery_minutes = 1e6;
    if mode.has(Mode::UnlistedCause) {
        params.unknown_per_year = UNLISTED_PER_YEAR;
    }
    params
}

/// Simulates the `number`-th incident by the numbers `world`, and judges it with `params`.
pub fn one(
    incident: &Incident,
    seed: u64,
    number: u64,
    mode: Mode,
    world: &Params,
    params: &Params,
) -> Option<Outcome> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    let mut uniform = move || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let world_params = generating(world, mode);
    let full = &incident.graph;
    let truth_graph =
        if mode.has(Mode::StaleEdges) { full.without(|_, _| uniform() < MAP_WRONG) } else { full.clone() };
    let judged = if mode.has(Mode::MissingEdges) { full.without(|_, _| uniform() < MAP_WRONG) } else { full.clone() };
    let sites = sites(incident);
    let model = build(&truth_graph, &sites, incident.window, world_params.bins, &world_params).ok()?;
    let mut prior = model.network.prior().to_vec();
    if mode.has(Mode::WrongRates) {
        for p in prior.iter_mut() {
            *p = (*p * RATES_WRONG.power(2.0 * uniform() - 1.0)).min(0.5);
        }
    }
    let stage = Stage { graph: &truth_graph, window: incident.window, sites, model };
    for _ in 0..MOST_WORLDS {
        let world = draw(&stage.model.network, &prior, &mut uniform);
        let (heard, troubled) = stage.report(&world, &world_params, mode, &mut uniform);
        if troubled < LEAST_REPORTED {
            continue;
        }
        let used: Params = if mode == Mode::Matched { world_params } else { params.clone() };
        let options = Options { params: used, detail: Detail::Ranking, ..Options::default() };
        let report = correlate(Case { graph: &judged, signals: &heard, coverage: &[], window: stage.window }, &options);
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
        let owners = stage.model.owners();
        let left = |(v, u): &(usize, usize)| match (owners[*v], owners[*u]) {
            (Some(dependent), Some(dependency)) if dependent != dependency => Some(dependency),
            _ => None,
        };
        let passed: BTreeSet<_> = world.passed.iter().filter_map(left).collect();
        let was_cause = |c: &crate::report::view::Cause| {
            let passed = stage.graph.find(&c.component).is_some_and(|ix| passed.contains(&ix));
            had_fault(&c.component) && (passed || !common(c))
        };
        return Some(Outcome {
            named: report.causes.iter().map(|c| (c.probability, was_cause(c))).collect(),
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
    // Each once more as a statement on health: that bears on another place of the model.
    let healthy: Vec<Observation> = sites.iter().map(|o| Observation { state: State::Healthy, ..o.clone() }).collect();
    sites.extend(healthy);
    sites
}

impl Stage<'_> {
    /// What is reported of a world, and of how many components trouble. In the matched mode everything, silence too, comes with its chances.
    fn report(
        &self,
        world: &Happened,
        params: &Params,
        mode: Mode,
        uniform: &mut dyn FnMut() -> f64,
    ) -> (Vec<Observation>, usize) {
        let mut troubled = BTreeSet::new();
        let half = self.sites.len() / 2;
        let mut heard = Vec::with_capacity(half);
        for (i, site) in self.sites[..half].iter().enumerate() {
            let of = |site: usize| self.model.channels.node_of(site);
            let (Some(node), Some(works)) = (of(i), of(half + i)) else { continue };
            let chances = said(params, site.source.kind);
            let begun = world.failed[node.at()];
            // When the source looks: some while after the trouble began, or at any time.
            let prompt = usize::from(!tells_onset(site));
            let mean = if mode.has(Mode::Delays) { TOLD_LATE[prompt] } else { TOLD_AFTER[prompt] };
            let wait = -mean * (1.0 - uniform()).logarithm();
            let at = match begun {
                0 => self.minutes_in(uniform() * self.minutes(self.window.end)),
                bin => self.minutes_in(self.minutes(self.model.timeline.onsets[bin - 1]) + wait),
            };
            let mut left = uniform();
            let found = chances[usize::from(begun > 0)].iter().position(|chance| {
                left -= chance;
                left < 0.0
            });
            let mut state = found.map(|k| SAID[k]);
            let crowd = matches!(site.source.kind, SourceKind::UserReports | SourceKind::Social | SourceKind::Press);
            if mode.has(Mode::SpillOver) && crowd && state.is_none() {
                state = (uniform() < SPILL).then_some(State::Degraded);
            }
            let page = site.source.kind == SourceKind::StatusPage;
            if mode.has(Mode::GreenPages) && page && state.is_some() && uniform() < STAYS_GREEN {
                state = Some(State::Healthy);
            }
            if matches!(state, Some(State::Failing | State::Degraded)) {
                troubled.insert(site.component.as_str());
            }
            if mode == Mode::Matched {
                let chance = |failed: usize| match found {
                    Some(k) => chances[failed][k],
                    None => 1.0 - chances[failed].iter().sum::<f64>(),
                };
                let likelihood = Some(Likelihood { failed: chance(1), ok: chance(0) });
                heard.push(Observation { likelihood, ..site.clone() });
            } else if let Some(state) = state {
                // Nobody calls healthy what does not work, although it is not what people name.
                if state == State::Healthy && begun == 0 && world.failed[works.at()] > 0 {
                    continue;
                }
                heard.push(Observation { at, seen_at: at, state, ..site.clone() });
            }
        }
        (heard, troubled.len())
    }

    /// Minutes from the beginning of the window.
    fn minutes(&self, at: Timestamp) -> f64 {
        60.0 * hours(self.window.start, at)
    }

    /// The time that many minutes into the window, within it.
    fn minutes_in(&self, minutes: f64) -> Timestamp {
        let minutes = minutes.clamp(0.0, self.minutes(self.window.end) - 1.0);
        let after = SignedDuration::from_secs_f64(60.0 * minutes);
        self.window.start.checked_add(after).unwrap_or(self.window.start)
    }
}

/// What a source may say.
const SAID: [State; 3] = [State::Failing, State::Degraded, State::Healthy];

/// P(looks and says each of [`SAID`]), if fine and if failed.
fn said(params: &Params, kind: SourceKind) -> [[f64; 3]; 2] {
    let s = params.source(kind);
    let fine = [s.false_failing[0], s.false_degraded[0]];
    let healthy = 1.0 - fine[0] - fine[1];
    let missed = s.healthy * healthy;
    // Who may miss a failure has that much less to say of it.
    let noticed = ((1.0 - missed) / (s.failing + s.degraded)).min(1.0);
    [[fine[0], fine[1], healthy], [s.failing * noticed, s.degraded * noticed, missed]].map(|row| row.map(|p| LOOKS * p))
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
