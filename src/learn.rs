//! What confirmed incidents say about the numbers of a graph: proposals with their reasons, never applied from here.
//!
//! [`learn()`] takes incidents whose truth is known, lets the truth happen in the graph (`world`), and holds what was
//! observed (`stance`) against it: impacts of dependencies (`impact`), rates of faults (`rate`) and dependencies
//! that seem to be missing (`missing`). Everything is drawn towards what is written (`shrink`). The method and its
//! limits are told in `docs/inference.md`, section "Learning from incidents"; [`view`] is the public contract.

mod impact;
mod missing;
mod patch;
mod rate;
mod shrink;
mod stance;
pub mod view;
mod world;

use crate::diag::Sources;
use crate::incident::Incident;
use crate::model::Params;
use view::{Lessons, SCHEMA, Skipped};
use world::World;

/// An incident with the texts it was read from, so that its signals can be named by line.
#[derive(Debug)]
pub struct Case {
    /// The incident; without truth it is skipped.
    pub incident: Incident,
    /// What was read for it.
    pub sources: Sources,
}

/// How to learn.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many observations the written impact of a dependency is worth.
    pub strength: f64,
    /// Years in which every noticeable fault of the named components is among the incidents; `None`: not known.
    pub years: Option<f64>,
    /// Numbers of the model.
    pub params: Params,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { strength: 4.0, years: None, params: Params::default() }
    }
}

/// Learns from the cases; `skipped` are those that could not even be loaded, with the reason.
pub fn learn(cases: &[Case], skipped: Vec<Skipped>, settings: &Settings) -> Lessons {
    let mut skipped = skipped;
    let mut worlds: Vec<World> = Vec::new();
    for case in cases {
        match World::new(case, &settings.params) {
            Ok(world) => worlds.push(world),
            Err(why) => skipped.push(Skipped { incident: case.incident.name.id.clone(), why }),
        }
    }
    // What is written last counts, so the order is that of the events.
    worlds.sort_by(|a, b| {
        (a.incident.window.start, &a.incident.name.id).cmp(&(b.incident.window.start, &b.incident.name.id))
    });
    skipped.sort_by(|a, b| a.incident.cmp(&b.incident));
    let (impacts, edges_seen) = impact::lessons(&worlds, settings.strength);
    let (missing, pairs_seen) = missing::lessons(&worlds);
    let rates = settings.years.map_or(Vec::new(), |years| rate::lessons(&worlds, years, &settings.params));
    let mut lessons = Lessons {
        schema: SCHEMA.to_string(),
        incidents: worlds.iter().map(|w| w.incident.name.id.clone()).collect(),
        skipped,
        strength: settings.strength,
        years: settings.years,
        impacts,
        edges_seen,
        rates,
        missing,
        pairs_seen,
        patch: String::new(),
    };
    lessons.patch = patch::patch(&lessons);
    lessons
}
