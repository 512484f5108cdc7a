//! What was learnt as data: the public contract `commoncause/lessons/v1`.

use schemars::JsonSchema;
use serde::Serialize;

/// Name of the contract, the value of [`Lessons::schema`].
pub const SCHEMA: &str = "commoncause/lessons/v1";

/// Proposals for a graph. Nothing is applied: a person decides.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Lessons {
    /// Always `commoncause/lessons/v1`.
    pub schema: String,
    /// The incidents that were used, by time.
    pub incidents: Vec<String>,
    /// The incidents that were not, with the reason.
    pub skipped: Vec<Skipped>,
    /// How many observations a written impact is worth.
    pub strength: f64,
    /// Years that the incidents cover completely; `null`: not known, so that no rates are proposed.
    pub years: Option<f64>,
    /// Dependencies whose impact should be written otherwise, by component.
    pub impacts: Vec<ImpactLesson>,
    /// Dependencies about which any incident says something.
    pub edges_seen: usize,
    /// Components whose rate of faults should be written otherwise.
    pub rates: Vec<RateLesson>,
    /// Dependencies that seem to be missing, most probable first.
    pub missing: Vec<MissingLesson>,
    /// Pairs of a component that failed and a cause that it is not tied to.
    pub pairs_seen: usize,
    /// The proposals as YAML for a person to apply.
    pub patch: String,
}

/// An incident that was not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Skipped {
    /// Its id, or its folder.
    pub incident: String,
    /// Why.
    pub why: String,
}

/// What one incident says, and where.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Witness {
    /// The incident.
    pub incident: String,
    /// Its signals, as `incident#line`, at most three.
    pub signals: Vec<String>,
    /// How much it counts, as a share of one sure observation.
    pub weight: f64,
}

/// A dependency whose impact should be written otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ImpactLesson {
    /// The dependent.
    pub component: String,
    /// What it needs.
    pub needs: String,
    /// The capability that is needed; `null`: the whole.
    pub capability: Option<String>,
    /// The capabilities of the dependent it is for; empty: the whole.
    #[serde(rename = "for")]
    pub scope: Vec<String>,
    /// Where it holds; `null`: everywhere.
    pub region: Option<String>,
    /// Where it is written, as `file:line`, in the latest of the incidents.
    pub place: String,
    /// The written chance that failure gets through: impact times confidence.
    pub written: f64,
    /// The same after the incidents: the mean of what is believed then.
    pub mean: f64,
    /// Where it lies with a probability of 0.9.
    pub interval: [f64; 2],
    /// The impact to write, with the confidence left as it is.
    pub propose: f64,
    /// Incidents in which the need failed and the dependent failed with it.
    pub passed_on: Vec<Witness>,
    /// Incidents in which the need failed and the dependent did not.
    pub held: Vec<Witness>,
}

/// A component whose rate of faults should be written otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RateLesson {
    /// The component.
    pub component: String,
    /// Faults per year as written, or as its kind has them.
    pub written: f64,
    /// The same after the incidents.
    pub mean: f64,
    /// Where it lies with a probability of 0.9.
    pub interval: [f64; 2],
    /// The incidents in which it was a confirmed cause.
    pub incidents: Vec<String>,
}

/// A dependency that seems to be missing.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MissingLesson {
    /// The component that failed without a known reason.
    pub component: String,
    /// The confirmed cause.
    pub needs: String,
    /// The capabilities that failed; empty: the whole, or not said.
    #[serde(rename = "for")]
    pub scope: Vec<String>,
    /// The chance that the dependency exists.
    pub confidence: f64,
    /// Incidents of that cause in which the component failed.
    pub supporting: Vec<Witness>,
    /// Incidents of that cause in which it did not.
    pub contradicting: Vec<Witness>,
}

/// The JSON Schema (draft-07) of what was learnt.
pub fn schema() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft07().into_generator().into_root_schema_for::<Lessons>().to_value()
}

/// As many figures as mean anything.
pub(super) fn rounded(p: f64) -> f64 {
    (p * 1e4).round() / 1e4
}
