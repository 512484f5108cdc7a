//! What a picture of the incident needs: the part of the graph that it is about, and the signals.

use crate::signal::{SourceKind, State};
use schemars::JsonSchema;
use serde::Serialize;

/// The part of the graph that a report is about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct GraphView {
    /// Components, sorted by id.
    pub components: Vec<ComponentView>,
    /// Dependencies among them, in the order of the dependents.
    pub dependencies: Vec<DependencyView>,
}

/// A component of that part.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ComponentView {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// What contains it, if that is among these components.
    pub part_of: Option<String>,
    /// What was seen of it.
    pub state: SeenState,
    /// Chance that some of it failed: the largest `p_failed` of what was observed of it, or of the whole.
    pub p_failed: f64,
    /// Chance of a fault of its own.
    pub p_fault: f64,
}

/// What was seen of a component, as far as it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SeenState {
    /// Reported failing, and probably so.
    Failing,
    /// Reported degraded or recovered, and probably so.
    Degraded,
    /// Seen healthy, and probably nothing of it failed.
    Healthy,
    /// Reported in trouble by some, seen healthy by none, and probably not in trouble.
    Doubted,
    /// No signal is about it.
    Unobserved,
}

/// A dependency.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DependencyView {
    /// What needs.
    pub dependent: String,
    /// What is needed.
    pub dependency: String,
    /// Capability of the dependency that is needed; `null`: its main one, or the whole.
    pub capability: Option<String>,
    /// Capabilities of the dependent that need it; empty: all.
    #[serde(rename = "for")]
    pub scope: Vec<String>,
    /// `one`, or the rule of the group that it is a member of: `any of`, `at least k of`, `all of`.
    pub rule: String,
    /// Chance that the dependent fails when the need is not met.
    pub impact: f64,
    /// Chance that the dependency exists.
    pub confidence: f64,
    /// Where the claim was read.
    pub source: Option<String>,
}

/// A signal as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SignalView {
    /// Onset or observation time.
    pub at: String,
    /// End, if over.
    pub until: Option<String>,
    /// When it reached us.
    pub seen_at: String,
    /// What it is about.
    pub component: String,
    /// In what; `any` if the source did not say.
    pub capability: String,
    /// What was said: `failing`, `degraded`, `healthy`, `recovered`, `maintenance` or `unknown`.
    pub state: State,
    /// Where.
    pub region: String,
    /// Kind of source.
    pub source: SourceKind,
    /// Name of the source.
    pub name: String,
    /// Number of reports.
    pub count: Option<f64>,
    /// Share failed of a probe.
    pub value: Option<f64>,
    /// What was said in words; shown, never scored.
    pub text: Option<String>,
    /// Where it was said; shown, never scored.
    pub url: Option<String>,
}
