//! Answers to one question: "is it this?" and "this or that?".

use super::{Band, Inference};
use schemars::JsonSchema;
use serde::Serialize;

/// Name of the contract of [`Answer`].
pub const ANSWER_SCHEMA: &str = "commoncause/answer/v1";
/// Name of the contract of [`Comparison`].
pub const COMPARISON_SCHEMA: &str = "commoncause/comparison/v1";

/// "Is it a cloud provider?"
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Answer {
    /// Always `commoncause/answer/v1`.
    pub schema: String,
    /// What was asked about.
    pub subject: Subject,
    /// How sure the answer is.
    pub band: Band,
    /// Chance that at least one of the members had a fault of its own in the window.
    pub probability: f64,
    /// The same before any signal.
    pub prior: f64,
    /// The member with the highest chance, and its chance; `null` if there is none.
    pub best: Option<Chance>,
    /// Observations that count most for it, strongest first; log-odds of `probability`, leave one component out.
    pub supported_by: Vec<Weight>,
    /// Observations that count most against it, strongest first.
    pub contradicted_by: Vec<Weight>,
    /// What would probably have failed if one of the likeliest members had a fault, and probably has not; what was seen
    /// healthy first.
    pub not_seen: Vec<Expected>,
    /// The answer in four to ten lines.
    pub text: Vec<String>,
    /// How the numbers were made.
    pub inference: Inference,
}

/// "This or that?"
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// Always `commoncause/comparison/v1`.
    pub schema: String,
    /// The first.
    pub a: Subject,
    /// The second.
    pub b: Subject,
    /// Chance that at least one member of the first had a fault.
    pub p_a: f64,
    /// The same of the second.
    pub p_b: f64,
    /// Chance that both had one.
    pub p_both: f64,
    /// Chance that neither had one.
    pub p_neither: f64,
    /// Log-odds of "the first had a fault and the second none" against the opposite, before any signal.
    pub prior: f64,
    /// The same with all signals.
    pub posterior: f64,
    /// `posterior − prior`: the natural logarithm of the Bayes factor.
    pub ln_bayes_factor: f64,
    /// Observations that decide for the first (positive) or the second, strongest first.
    pub deciding: Vec<Weight>,
    /// The smallest set found of signals without which the other one would be ahead; empty if none of up to ten is.
    pub flips_without: Vec<usize>,
    /// Unobserved states that would put the other one ahead.
    pub flips_if: Vec<Flip>,
    /// The answer in four to ten lines.
    pub text: Vec<String>,
    /// How the numbers were made.
    pub inference: Inference,
}

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Subject {
    /// As it was asked for.
    pub name: String,
    /// `component`, or `kind` for a kind or a family of kinds.
    pub what: SubjectKind,
    /// The components it stands for, those with the highest chance first: a component and its parts, or all of a kind.
    pub members: Vec<String>,
    /// How many of them could have caused something that was reported failing.
    pub upstream: usize,
}

/// What a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// One component, with what is part of it.
    Component,
    /// All components of a kind or of a family of kinds.
    Kind,
}

/// A component and its chance of a fault.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Chance {
    /// Which.
    pub component: String,
    /// Chance of a fault of its own.
    pub probability: f64,
}

/// All that was observed of one component, and what leaving it out would undo.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Weight {
    /// The component.
    pub component: String,
    /// What the signals say of it: `healthy`, `failing, healthy`.
    pub says: String,
    /// Their numbers.
    pub signals: Vec<usize>,
    /// In log-odds.
    pub log_odds: f64,
}

/// What would be seen if a component had a fault.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Expected {
    /// If this member had a fault …
    pub cause: String,
    /// … this would fail …
    pub component: String,
    /// In what.
    pub capability: String,
    /// Chance that it would have failed, if nothing else were known.
    pub expected: f64,
    /// Chance that it has failed, given all signals.
    pub believed: f64,
    /// What the signals say of it: `healthy`, `failing, healthy`.
    pub says: String,
    /// Their numbers.
    pub signals: Vec<usize>,
}

/// A state that would turn a comparison round.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Flip {
    /// Of what.
    pub component: String,
    /// In what.
    pub capability: String,
    /// True: if it is failing; false: if it is healthy.
    pub failing: bool,
    /// Log-odds of the first against the second then.
    pub log_odds: f64,
    /// Chance of that state.
    pub probability: f64,
}
