//! The pipeline: graph + signals → model → inference → report.
//!
//! The only place where `model`, `infer` and `report` meet, so that none of them needs the others.

mod ask;
mod checks;
mod diary;
mod joint;
mod ledger;
mod lens;
mod paths;
mod picture;
mod question;
mod range;
mod weigh;

pub use diary::{diary, difference};
pub use question::{ask, compare, subject};

use crate::graph::{ComponentIx, DependencyGraph};
use crate::infer::eliminate::Limits;
use crate::infer::network::NetworkError;
use crate::infer::relevance::relevant;
use crate::infer::{Engine, Method, Posterior, Quality, Scenario};
use crate::model::build::{Model, Nodes, build};
use crate::model::params::Params;
use crate::model::silence::silences;
use crate::report::compose::{self, compose};
use crate::report::findings::{Findings, Suspect};
use crate::report::view::{self, Report};
use crate::signal::{Coverage, Observation, Window};
use ask::{Asker, Paths};
use std::collections::BTreeSet;

/// Causes that are weighed signal by signal, with ranges.
const WEIGHED_CAUSES: usize = 5;
/// Causes that are less probable are not weighed.
const WEIGHED_LEAST: f64 = 0.02;
/// Onsets are told apart as long as that stays cheap.
const TIMED: Limits = Limits { table_cells: 1 << 19, total_cells: 1 << 21 };

/// How to correlate.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Numbers of the model.
    pub params: Params,
    /// When to give up exactness.
    pub limits: Limits,
    /// For the sampler.
    pub seed: u64,
    /// How much is asked.
    pub detail: Detail,
}

/// How much is asked of the posterior.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// Everything the report shows.
    #[default]
    Full,
    /// The ranked causes and the verdict: no evidence, checks, kinds, picture.
    Verdict,
    /// Only the ranked causes, for runs over many incidents: no evidence, explanations, kinds.
    Ranking,
}

/// What is asked about: a graph, and what was observed in a window.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The graph.
    pub graph: &'a DependencyGraph,
    /// The signals; their position is their number.
    pub signals: &'a [Observation],
    /// What sources say they watch.
    pub coverage: &'a [Coverage],
    /// When.
    pub window: Window,
}

/// Ranks the common causes of what was observed in the window. The report's incident name is empty: whoever knows
/// it puts it in, so that it cannot be scored.
pub fn correlate(case: Case, options: &Options) -> Report {
    let prepared = match Prepared::new(case, options) {
        Ok(prepared) => prepared,
        Err(reason) => return compose::refused(case.window, &reason),
    };
    let asker = prepared.asker(case.graph);
    let mut ranked = asker.ranked();
    let full = options.detail == Detail::Full;
    let (mut explanations, mut ties, mut within, mut resting) = (Vec::new(), Vec::new(), None, Vec::new());
    let (mut kinds, mut checks, mut picture) = (Vec::new(), Vec::new(), view::GraphView::default());
    if options.detail != Detail::Ranking {
        within = asker.within(&ranked.suspects, &ranked.failed(), compose::LEADS);
        ties = asker.ties(&ranked.suspects).into_iter().map(|g| (asker.p_any_fault(&g), g)).collect();
    }
    if full {
        kinds = asker.kinds(&ranked.all, &ranked.paths);
        asker.weigh(&mut ranked, case, options);
        explanations = asker.explanations(&ranked.suspects);
        resting = asker.resting(&ranked.suspects, &ties, within.as_ref().map(|(_, _, group)| group));
        checks = asker.checks(&ranked.suspects, &prepared.targets);
        picture = asker.picture(&ranked.suspects, &ranked.paths, &ranked.believed);
    }
    compose(Findings {
        graph: case.graph,
        signals: &prepared.signals,
        read: case.signals.len(),
        window: case.window,
        timeline: &prepared.model.timeline,
        discounts: &prepared.model.discounts,
        states: asker.states(&ranked.paths),
        believed: ranked.believed,
        failing: ranked.paths.into_keys().collect(),
        suspects: ranked.suspects,
        explanations,
        ties,
        within,
        resting,
        kinds,
        coincidence: ranked.coincidence,
        unknown: asker.unknown(),
        checks,
        picture,
        inference: prepared.inference(options.seed),
    })
}

/// A case made ready for questions.
struct Prepared {
    /// Those of the case, and the silences of sources that watch.
    signals: Vec<Observation>,
    model: Model,
    engine: Engine,
    /// Nodes that are asked for although no evidence may touch them.
    targets: Vec<usize>,
    posterior: Posterior,
    quality: Quality,
}

impl Prepared {
    /// Builds, compiles and runs; the reason if no answer can be trusted.
    fn new(case: Case, options: &Options) -> Result<Prepared, String> {
        // The silence of a source that watches is a signal like any other.
        let mut signals = case.signals.to_vec();
        signals.extend(silences(case.graph, case.signals, case.coverage, case.window));
        let (model, engine, targets) =
            compile(case.graph, &signals, case.window, options).map_err(|error| error.to_string())?;
        let (posterior, quality) = engine.posterior(Scenario::default());
        tracing::debug!(
            components = case.graph.components().len(),
            signals = signals.len(),
            bins = model.timeline.bins(),
            variables = model.network.len(),
            relevant = quality.relevant,
            cells = engine.cells(),
            largest_table = engine.largest(),
            "Inference is compiled."
        );
        if quality.error >= 1.0 {
            let reason = "what needs what runs in circles too wide to compute an answer that can be trusted";
            return Err(reason.to_string());
        }
        Ok(Prepared { signals, model, engine, targets, posterior, quality })
    }

    fn asker<'a>(&'a self, graph: &'a DependencyGraph) -> Asker<'a> {
        let Prepared { signals, model, engine, posterior, .. } = self;
        Asker { graph, signals, model, engine, posterior }
    }

    fn inference(&self, seed: u64) -> view::Inference {
        view::Inference {
            method: match self.quality.method {
                Method::Exact => view::Method::Exact,
                Method::Sampled => view::Method::Sampled,
            },
            error: self.quality.error,
            nodes: self.model.network.len(),
            edges: self.model.network.links(),
            relevant_nodes: self.quality.relevant,
            seed,
        }
    }
}

/// Who may have been it.
struct Ranked {
    /// For every place that was reported failing, by which paths faults would reach it.
    paths: Paths,
    /// Those that probably failed.
    believed: BTreeSet<(ComponentIx, String)>,
    /// Every component, in the graph's order.
    all: Vec<Suspect>,
    /// Those that are more suspect than before any signal, best first.
    suspects: Vec<Suspect>,
    /// The chance that nothing shared had a fault.
    coincidence: f64,
}

impl Ranked {
    fn failed(&self) -> BTreeSet<ComponentIx> {
        self.believed.iter().map(|(ix, _)| *ix).collect()
    }
}

impl Asker<'_> {
    fn ranked(&self) -> Ranked {
        let reported = self.reported_failing();
        let believed: BTreeSet<(ComponentIx, String)> =
            reported.iter().filter(|(_, nodes)| self.believed(nodes)).map(|(place, _)| place.clone()).collect();
        let owners = self.model.owners();
        let paths: Paths =
            reported.iter().map(|(place, nodes)| (place.clone(), self.paths_from(nodes, &owners))).collect();
        let all: Vec<Suspect> = self.graph.iter().map(|(ix, _)| self.suspect(ix, &paths, &believed)).collect();
        let shared: Vec<ComponentIx> = all.iter().filter(|s| s.reaches >= 2).map(|s| s.component).collect();
        let coincidence = self.coincidence(&shared);
        let mut suspects: Vec<Suspect> =
            all.iter().filter(|s| s.p_fault > 0.01 || s.p_fault > 3.0 * s.prior).cloned().collect();
        for s in suspects.iter_mut().filter(|s| s.is_shared() && s.p_fault >= WEIGHED_LEAST) {
            s.p_cause = self.p_passed_on(s.component, &owners);
        }
        suspects.sort_by(|a, b| a.order().total_cmp(&b.order()).then(a.component.cmp(&b.component)));
        Ranked { paths, believed, all, suspects, coincidence }
    }
}

/// Builds and compiles with as many bins as stay cheap; with one bin, whatever it takes.
fn compile(
    graph: &DependencyGraph,
    signals: &[Observation],
    window: Window,
    options: &Options,
) -> Result<(Model, Engine, Vec<usize>), NetworkError> {
    let mut bins = options.params.bins.max(1);
    loop {
        let model = build(graph, signals, window, bins, &options.params)?;
        let targets = displayed(graph, signals, &model);
        let found = model.timeline.bins();
        if found == 1 {
            let engine = Engine::new(model.network.clone(), &targets, options.limits, options.seed);
            return Ok((model, engine, targets));
        }
        if let Some(engine) = Engine::exact(&model.network, &targets, TIMED) {
            return Ok((model, engine, targets));
        }
        bins = found - 1;
    }
}

/// Nodes whose state the report shows: everything of components that were observed.
fn displayed(graph: &DependencyGraph, signals: &[Observation], model: &Model) -> Vec<usize> {
    let observed: BTreeSet<ComponentIx> = signals.iter().filter_map(|o| graph.find(&o.component)).collect();
    let shown = observed.into_iter().flat_map(|ix| {
        let nodes = &model.nodes[ix.0 as usize];
        nodes.works.values().chain([&nodes.general, &nodes.whole]).map(|n| n.at()).collect::<Vec<_>>()
    });
    let sensible = relevant(&model.network, &shown.collect::<Vec<_>>());
    let mut targets: Vec<usize> = (0..model.network.len()).filter(|&v| sensible[v]).collect();
    // Faults are asked for where evidence can feel them; elsewhere they are as likely as before.
    let felt = |nodes: &&Nodes| nodes.own.iter().any(|(_, own)| sensible[own.at()]);
    targets.extend(model.nodes.iter().filter(felt).map(|nodes| nodes.fault.at()));
    targets
}
