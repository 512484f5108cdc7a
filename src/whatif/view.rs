//! The answers as data: the public contract `commoncause/impact/v1`.

use super::{LEAST_SHOWN, PROBABLE};
use schemars::JsonSchema;
use serde::Serialize;

/// Name of the contract, the value of [`WhatIf::schema`].
pub const SCHEMA: &str = "commoncause/impact/v1";

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WhatIf {
    /// Always `commoncause/impact/v1`.
    pub schema: String,
    /// To which question.
    #[serde(flatten)]
    pub answer: Answer,
}

impl WhatIf {
    /// The answer under the name of the contract.
    pub fn new(answer: Answer) -> Self {
        WhatIf { schema: SCHEMA.to_string(), answer }
    }
}

/// The answer to one of the questions.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "question", rename_all = "kebab-case")]
pub enum Answer {
    /// Whom would a fault of this component take down?
    Fault(Impact),
    /// On what does most rest?
    All(Concentration),
    /// Which causes could not be told apart?
    Twins(Twins),
}

/// What a fault of one component would take down.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Impact {
    /// The component that is taken to have a fault.
    pub component: String,
    /// In what; `any`: all of it.
    pub capability: String,
    /// Groups (`all_of`) in which its fault is taken to bite, although it does so only where all members meet.
    pub bites: Vec<Vec<String>>,
    /// Other services that fail.
    pub services: Count,
    /// Other components that fail.
    pub components: Count,
    /// Everything that fails with a chance of at least 0.01, most probable first.
    pub affected: Vec<Affected>,
    /// What groups save.
    pub redundancy: Redundancy,
    /// How the numbers were made.
    pub numbers: Numbers,
}

/// How many fail.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, JsonSchema)]
pub struct Count {
    /// Of how many.
    pub of: usize,
    /// Expected number: the sum of the chances.
    pub expected: f64,
    /// How far that may be off by computing: rounding, or two standard errors.
    pub error: f64,
    /// How many fail with a chance of at least 0.5.
    pub probable: usize,
}

impl Count {
    /// From the chances of all that may fail.
    pub fn new(of: usize, p: &[f64], error: f64) -> Self {
        // A sum of nothing would be minus zero.
        let expected = p.iter().sum::<f64>() + 0.0;
        Count { of, expected, error, probable: p.iter().filter(|p| **p >= PROBABLE).count() }
    }

    /// True if it is worth a line.
    pub fn is_some(&self) -> bool {
        self.expected >= LEAST_SHOWN
    }
}

/// A component that a fault takes down.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Affected {
    /// Its id.
    pub component: String,
    /// Its kind.
    pub kind: String,
    /// How it stands to the faulty one.
    pub role: Role,
    /// Chance that some of it fails.
    pub p_failed: f64,
    /// What of it may fail, with a chance of at least 0.01, most probable first.
    pub places: Vec<PlaceChance>,
    /// The most probable path: from this component along dependencies (or containment) to the faulty one.
    pub path: Vec<String>,
}

/// How an affected component stands to the faulty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It needs it, directly or not.
    Dependent,
    /// It is part of it, directly or not.
    Part,
    /// It contains it, directly or not.
    Container,
}

/// A capability that may fail.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PlaceChance {
    /// The capability; `any`: as those see it who depend on the component in general.
    pub capability: String,
    /// Only for users there; `null`: for everyone.
    pub region: Option<String>,
    /// Its chance.
    pub p_failed: f64,
}

/// What groups save: the difference to a graph in which every `any_of` and `at_least` fails with its first member.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct Redundancy {
    /// Expected number of other services that would fail as well.
    pub services: f64,
    /// Expected number of other components that would fail as well.
    pub components: f64,
    /// How far these may be off by computing.
    pub error: f64,
    /// Components whose chance is lower by at least 0.01, largest difference first.
    pub saved: Vec<Saved>,
}

/// A component that redundancy keeps up.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Saved {
    /// Its id.
    pub component: String,
    /// Chance that some of it fails.
    pub p_failed: f64,
    /// The same without redundancy.
    pub p_without: f64,
}

/// On what most rests.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Concentration {
    /// How many services there are.
    pub services: usize,
    /// How many components there are.
    pub components: usize,
    /// Every component whose fault takes others down, the largest expected number of services first, then of components.
    pub single_points: Vec<SinglePoint>,
    /// Outermost containers, those whose parts take most services down first.
    pub providers: Vec<Provider>,
    /// Operators, likewise. A part without an operator has its container's.
    pub operators: Vec<Provider>,
    /// How the numbers were made: the worst of all faults.
    pub numbers: Numbers,
}

/// A component whose fault takes others down.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SinglePoint {
    /// Its id.
    pub component: String,
    /// Its kind.
    pub kind: String,
    /// Other services that fail.
    pub services: Count,
    /// Other components that fail.
    pub components: Count,
}

/// What rests on one provider or operator. No fault of several components at once is assumed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Provider {
    /// Id of the outermost container, or name of the operator.
    pub name: String,
    /// How many components belong to it.
    pub components: usize,
    /// What fails, with a chance of at least 0.5, with the fault of the container itself; `null` for operators.
    pub whole: Option<Hit>,
    /// The component of it whose fault takes most services down.
    pub worst: String,
    /// What fails, with a chance of at least 0.5, with that fault.
    pub worst_hit: Hit,
    /// What fails, with a chance of at least 0.5, with the fault of one or another of its components.
    pub reach: Hit,
}

/// How much fails with a chance of at least 0.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Hit {
    /// Services, other than the faulty component.
    pub services: usize,
    /// Capabilities of services.
    pub capabilities: usize,
    /// Components, other than the faulty one.
    pub components: usize,
}

/// Causes that what is watched does not tell apart.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Twins {
    /// What is watched, sorted.
    pub watched: Vec<String>,
    /// How many causes were compared: every component that something depends on or that has parts.
    pub causes: usize,
    /// How many of them look different from every other.
    pub told_apart: usize,
    /// Chances of failure that differ by less look the same.
    pub same_within: f64,
    /// Causes that look the same on all that is watched, the largest reach first.
    pub groups: Vec<TwinGroup>,
    /// Causes that nothing watched would show, sorted by reach.
    pub invisible: Vec<Reach>,
    /// How the numbers were made: the worst of all faults.
    pub numbers: Numbers,
}

/// Causes that look the same.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TwinGroup {
    /// The causes, the largest reach first.
    pub causes: Vec<Reach>,
    /// What to watch in addition to tell them apart; `null` if nothing would.
    pub watch: Option<Watch>,
}

/// A cause and how much it takes down.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Reach {
    /// Its id.
    pub component: String,
    /// Expected number of other services that fail.
    pub services: f64,
    /// Expected number of other components that fail.
    pub components: f64,
}

/// A component that would tell causes apart if it were watched.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Watch {
    /// Its id.
    pub component: String,
    /// In what; `any`: in general.
    pub capability: String,
    /// Only for users there; `null`: for everyone.
    pub region: Option<String>,
    /// Chance that it fails, for each cause of the group in its order.
    pub p_failed: Vec<f64>,
    /// Causes that would still look the same.
    pub left: Vec<Vec<String>>,
}

/// How the numbers were made and how far they may be off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Numbers {
    /// Whether all combinations were accounted for.
    pub method: Method,
    /// Largest error of a probability: rounding, or two standard errors.
    pub error: f64,
    /// How many worlds were drawn for one fault; 0 if exact.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
}

impl Numbers {
    /// The worse of two.
    pub fn worse(self, other: Numbers) -> Numbers {
        if other.error > self.error { other } else { self }
    }
}

/// How the numbers were made, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// All combinations were accounted for.
    Exact,
    /// Drawn at random, with a stated error.
    Sampled,
}

/// Pretty-printed, with a newline at the end.
///
/// # Errors
/// If a number is not finite, which would be a bug of ours.
pub fn json(answer: &WhatIf) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(answer)? + "\n")
}

/// The JSON Schema (draft-07) of the answers.
pub fn schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft07();
    settings.into_generator().into_root_schema_for::<WhatIf>().to_value()
}
