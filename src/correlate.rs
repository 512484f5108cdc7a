//! The pipeline: graph + signals → model → inference → report.
//!
//! The only place where `model`, `infer` and `report` meet, so that none of them needs the others.

mod ask;
mod joint;
mod ledger;
mod lens;
mod paths;
mod picture;
mod range;
mod weigh;

use crate::graph::{ComponentIx, DependencyGraph};
use crate::infer::eliminate::Limits;
use crate::infer::network::NetworkError;
use crate::infer::relevance::relevant;
use crate::infer::{Engine, Method, Scenario};
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
    /// Only the ranked causes, for runs over many incidents: no evidence, explanations, kinds.
    Ranking,
}

/// Ranks the common causes of what was observed in the window. The report's incident name is empty: whoever knows
/// it puts it in, so that it cannot be scored.
pub fn correlate(
    graph: &DependencyGraph,
    signals: &[Observation],
    coverage: &[Coverage],
    window: Window,
    options: &Options,
) -> Report {
    // The silence of a source that watches is a signal like any other.
    let read = signals.len();
    let mut signals = signals.to_vec();
    signals.extend(silences(graph, &signals, coverage, window));
    let signals = signals.as_slice();
    let (model, engine) = match compile(graph, signals, window, options) {
        Ok(compiled) => compiled,
        Err(error) => return compose::refused(window, &error.to_string()),
    };
    let (posterior, quality) = engine.posterior(Scenario::default());
    tracing::debug!(
        components = graph.components().len(),
        signals = signals.len(),
        bins = model.timeline.bins(),
        variables = model.network.len(),
        relevant = quality.relevant,
        cells = engine.cells(),
        largest_table = engine.largest(),
        "Inference is compiled."
    );
    if quality.error >= 1.0 {
        return compose::refused(
            window,
            "what needs what runs in circles too wide to compute an answer that can be trusted",
        );
    }
    let asker = Asker { graph, signals, model: &model, engine: &engine, posterior: &posterior };

    let reported = asker.reported_failing();
    let believed: BTreeSet<(ComponentIx, String)> =
        reported.iter().filter(|(_, nodes)| asker.believed(nodes)).map(|(place, _)| place.clone()).collect();
    let failed: BTreeSet<ComponentIx> = believed.iter().map(|(ix, _)| *ix).collect();
    let owners = model.owners();
    let paths: Paths =
        reported.iter().map(|(place, nodes)| (place.clone(), asker.paths_from(nodes, &owners))).collect();
    let mut suspects: Vec<Suspect> = graph.iter().map(|(ix, _)| asker.suspect(ix, &paths, &believed)).collect();
    let shared: Vec<ComponentIx> = suspects.iter().filter(|s| s.reaches >= 2).map(|s| s.component).collect();
    let full = options.detail == Detail::Full;
    let coincidence = asker.coincidence(&shared);
    let kinds = if full { asker.kinds(&suspects, &paths) } else { Vec::new() };
    let all = if full { suspects.clone() } else { Vec::new() };
    suspects.retain(|s| s.p_fault > 0.01 || s.p_fault > 3.0 * s.prior);
    for s in suspects.iter_mut().filter(|s| s.is_shared() && s.p_fault >= WEIGHED_LEAST) {
        s.p_cause = asker.p_passed_on(s.component, &owners);
    }
    suspects.sort_by(|a, b| a.order().total_cmp(&b.order()).then(a.component.cmp(&b.component)));
    let (mut explanations, mut ties, mut within, mut resting) = (Vec::new(), Vec::new(), None, Vec::new());
    if full {
        asker.weigh(&mut suspects, &all, window, options);
        explanations = asker.explanations(&suspects);
        within = asker.within(&suspects, &failed, compose::LEADS);
        ties = asker.ties(&suspects).into_iter().map(|g| (asker.p_any_fault(&g), g)).collect();
        resting = asker.resting(&suspects, &ties, within.as_ref().map(|(_, _, group)| group));
    }
    let picture = if full { asker.picture(&suspects, &paths, &believed) } else { view::GraphView::default() };
    compose(Findings {
        graph,
        signals,
        read,
        window,
        timeline: &model.timeline,
        discounts: &model.discounts,
        believed,
        failing: reported.into_keys().collect(),
        suspects,
        explanations,
        ties,
        within,
        resting,
        kinds,
        coincidence,
        unknown: asker.unknown(),
        states: asker.states(&paths),
        picture,
        inference: view::Inference {
            method: match quality.method {
                Method::Exact => view::Method::Exact,
                Method::Sampled => view::Method::Sampled,
            },
            error: quality.error,
            nodes: model.network.len(),
            edges: model.network.links(),
            relevant_nodes: quality.relevant,
            seed: options.seed,
        },
    })
}

/// Builds and compiles with as many bins as stay cheap; with one bin, whatever it takes.
fn compile(
    graph: &DependencyGraph,
    signals: &[Observation],
    window: Window,
    options: &Options,
) -> Result<(Model, Engine), NetworkError> {
    let mut bins = options.params.bins.max(1);
    loop {
        let model = build(graph, signals, window, bins, &options.params)?;
        let targets = displayed(graph, signals, &model);
        let found = model.timeline.bins();
        if found == 1 {
            let engine = Engine::new(model.network.clone(), &targets, options.limits, options.seed);
            return Ok((model, engine));
        }
        if let Some(engine) = Engine::exact(&model.network, &targets, TIMED) {
            return Ok((model, engine));
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
