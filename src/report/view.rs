//! The report as data: the public contract `commoncause/report/v1`.
//!
//! Every pen (terminal, Markdown, JSON) draws from this and from nothing else. Probabilities are in [0, 1];
//! log-odds are natural logarithms; times are RFC 3339 in UTC.

mod answers;
mod picture;
mod reasons;

pub use answers::*;
pub use picture::*;
pub use reasons::*;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name of the contract, the value of [`Report::schema`].
pub const SCHEMA: &str = "commoncause/report/v1";

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// Always `commoncause/report/v1`.
    pub schema: String,
    /// Which incident.
    pub incident: IncidentName,
    /// Which stretch of time.
    pub window: WindowView,
    /// The answer in one sentence.
    pub verdict: Verdict,
    /// Every component whose fault probability is above three times its prior, or 0.01; best first:
    /// those that at least two components reported failing depend on, then faults that explain only themselves.
    pub causes: Vec<Cause>,
    /// Sets of causes that held together, most probable first.
    pub explanations: Vec<Explanation>,
    /// For each kind and family of kinds: the chance that at least one such component had a fault.
    pub kinds: Vec<KindTotal>,
    /// Chance that nothing shared by two or more failing components had a fault.
    pub coincidence: f64,
    /// Chance of a shared cause that is not in the graph.
    pub unknown_cause: UnknownCause,
    /// Reported failing, believed to have failed, and not explained by any common cause that leads.
    pub unexplained: Vec<Place>,
    /// Every component and capability that was observed, is suspected, or could have caused what was reported.
    pub components: Vec<ComponentState>,
    /// What to look at next, most telling first.
    pub checks: Vec<Check>,
    /// What may be said, sentence by sentence, each with how sure it is and the signals it rests on.
    pub sentences: Vec<Sentence>,
    /// The part of the graph that this is about: what was observed, what is suspected, and the paths between.
    pub graph: GraphView,
    /// The signals by their numbers: those that were read, then the silences of sources that watch.
    pub signals: Vec<SignalView>,
    /// How the ranking stood after each arrival; empty unless it was asked for (`replay`, `--format html`).
    pub diary: Vec<Moment>,
    /// How the numbers were made and how far they may be off.
    pub inference: Inference,
    /// Components about which a source that watches them said nothing: each counts as a healthy signal, numbered after
    /// those that were read.
    pub silences: Vec<Silence>,
    /// Signals of crowds, press and social media that count less because the outage is large (see `--no-spillover`).
    pub spill_over: Vec<Discounted>,
    /// What the reader should know before trusting the numbers.
    pub warnings: Vec<String>,
}

/// Which incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IncidentName {
    /// Short id.
    pub id: String,
    /// One line for people.
    pub title: String,
}

/// Which stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WindowView {
    /// First instant.
    pub start: String,
    /// One past the last.
    pub end: String,
}

/// The answer in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Verdict {
    /// What kind of answer.
    pub kind: VerdictKind,
    /// The sentence.
    pub text: String,
}

/// What kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictKind {
    /// One shared cause leads.
    CommonCause,
    /// Two or more shared causes are each likely.
    SeveralCauses,
    /// The failures have causes of their own.
    Independent,
    /// Something shared, but not in the graph.
    UnknownCause,
    /// The signals do not decide.
    Inconclusive,
}

impl VerdictKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            VerdictKind::CommonCause => "common-cause",
            VerdictKind::SeveralCauses => "several-causes",
            VerdictKind::Independent => "independent",
            VerdictKind::UnknownCause => "unknown-cause",
            VerdictKind::Inconclusive => "inconclusive",
        }
    }

    /// Whether something shared is blamed.
    pub fn is_shared(self) -> bool {
        matches!(self, VerdictKind::CommonCause | VerdictKind::SeveralCauses | VerdictKind::UnknownCause)
    }
}

/// One suspected cause.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Cause {
    /// From 1.
    pub rank: usize,
    /// The component.
    pub component: String,
    /// Components that the signals cannot tell apart from it, itself included.
    pub ties: Vec<String>,
    /// Its kind.
    pub kind: String,
    /// The capability in which it most likely failed; `any` for the whole.
    pub capability: String,
    /// Chance that it is a cause: that it had a fault of its own in the window and passed failure on. For one that
    /// explains no other component's failure, the chance of the fault.
    pub probability: f64,
    /// Chance that it had a fault of its own in the window, passed on or not.
    pub p_fault: f64,
    /// Chance of at least one fault among `ties`.
    pub tied_probability: f64,
    /// From where to where `probability` moves if the rates of faults or the odds of impacts are wrong by a factor of
    /// three, with the error of inference added.
    pub range: [f64; 2],
    /// The chance before any signal.
    pub prior: f64,
    /// First time at which something it explains was reported failing, in the stretch of time in which its fault most
    /// likely began.
    pub onset: Option<String>,
    /// Reported failing and downstream of it.
    pub explains: Vec<Explained>,
    /// Observations that speak against it, strongest first.
    pub contradicted_by: Vec<Weighed>,
    /// What each signal adds to its log-odds: with all signals, minus without this one's likelihood. Strongest first. How
    /// the window is cut, how large the storm is and whom an unknown cause could reach are held as they are.
    pub evidence: Vec<SignalWeight>,
    /// The first five of them once more, with the signal deleted from the input and everything built anew; for causes
    /// that lead, where the network is small enough for that. Where it differs in sign, the signal is no reason.
    pub deleted: Vec<SignalWeight>,
    /// The account of how the signals lead from the prior to `p_fault`; `null` for causes that were not weighed.
    pub ledger: Option<Ledger>,
}

impl Cause {
    /// What it explains, with all capabilities that fail by the same path: (component, capabilities, path).
    pub fn explained(&self) -> Vec<(&str, Vec<&str>, &[String])> {
        let mut list: Vec<(&str, Vec<&str>, &[String])> = Vec::new();
        for e in &self.explains {
            match list.iter_mut().find(|(component, _, path)| *component == e.component && *path == e.path.as_slice()) {
                Some((_, capabilities, _)) => capabilities.push(&e.capability),
                None => list.push((&e.component, vec![&e.capability], &e.path)),
            }
        }
        list
    }

    /// How many components it explains.
    pub fn components(&self) -> usize {
        self.explains.iter().map(|e| &e.component).collect::<std::collections::BTreeSet<_>>().len()
    }

    /// True if it explains the failure of at least two components.
    pub fn is_common(&self) -> bool {
        self.explains.iter().any(|e| e.component != self.explains[0].component)
    }
}

/// Something a cause explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Explained {
    /// The component that was reported failing.
    pub component: String,
    /// In what; `any` if the source did not say.
    pub capability: String,
    /// From that component along its dependencies to the cause.
    pub path: Vec<String>,
}

/// A component and capability.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Place {
    /// The component.
    pub component: String,
    /// The capability, or `any`.
    pub capability: String,
}

/// An observation and what it does to a cause.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Weighed {
    /// The component.
    pub component: String,
    /// The capability, or `any`.
    pub capability: String,
    /// Log-odds of the cause with everything, minus without this.
    pub log_odds: f64,
}

/// A signal and what it does to a cause.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SignalWeight {
    /// Index of the signal as it was read, from 0.
    pub signal: usize,
    /// Log-odds of the cause with everything, minus without this signal.
    pub log_odds: f64,
}

/// A set of causes that held together.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Explanation {
    /// Component ids; empty: none of the listed causes.
    pub causes: Vec<String>,
    /// Chance that exactly these, of the listed causes, had a fault.
    pub probability: f64,
}

/// Chance that at least one component of a kind or family had a fault.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct KindTotal {
    /// Kind.
    pub kind: String,
    /// Chance that at least one had a fault on which something that was reported failing depends.
    pub probability: f64,
    /// Its most probable member.
    pub best: String,
}

/// A shared cause that is not in the graph.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct UnknownCause {
    /// Its chance; `null` if no answer could be computed.
    pub probability: Option<f64>,
    /// What it would have to be shared by.
    pub members: Vec<String>,
    /// The smallest addition to the graph that would explain them, as YAML to be merged by hand: a component, and what
    /// depends on it. `null` if it is improbable.
    pub patch: Option<String>,
}

/// What is believed of one component and capability.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ComponentState {
    /// The component.
    pub component: String,
    /// The capability, or `any` for the component as a whole.
    pub capability: String,
    /// Chance that it failed, for whatever reason.
    pub p_failed: f64,
    /// Chance that it had a fault of its own.
    pub p_fault: f64,
}

/// A source that watches said nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Silence {
    /// Its number among the signals.
    pub signal: usize,
    /// Name of the source.
    pub source: String,
    /// What it said nothing about.
    pub component: String,
}

/// A signal that counts less because in a large outage crowds also report the innocent.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Discounted {
    /// Its number among the signals.
    pub signal: usize,
    /// What it is about.
    pub component: String,
    /// Log-odds that it can add at most to "this failed", before others of its channel are counted.
    pub log_odds: f64,
    /// The same on a calm day.
    pub undiscounted: f64,
}

/// How the numbers were made.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Inference {
    /// `exact`, `bounded` or `sampled`.
    pub method: Method,
    /// Largest error of any printed probability: numerical for `exact`, half the widest bound, or two standard errors.
    pub error: f64,
    /// Random variables of the network.
    pub nodes: usize,
    /// Its edges and group memberships.
    pub edges: usize,
    /// Nodes that matter for the signals.
    pub relevant_nodes: usize,
    /// Seed of the sampler (unused by `exact`).
    pub seed: u64,
}

/// How the numbers were made, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// All combinations were accounted for.
    Exact,
    /// Between proven bounds.
    Bounded,
    /// Drawn at random, with a stated error.
    Sampled,
}
