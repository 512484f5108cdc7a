//! One record, the same names everywhere.

use crate::diag::Span;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A half-open stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub start: Timestamp,
    /// One past the last.
    pub end: Timestamp,
}

impl Window {
    /// Length in hours, never negative.
    pub fn hours(&self) -> f64 {
        (self.end.duration_since(self.start).as_secs_f64() / 3600.0).max(0.0)
    }
}

/// What was said of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It does not work.
    Failing,
    /// It works badly, or for some.
    Degraded,
    /// It works.
    Healthy,
    /// It works again, after having failed.
    Recovered,
    /// Announced work.
    Maintenance,
    /// Could not be told.
    Unknown,
}

/// What kind of source spoke.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Counts of users' complaints.
    UserReports,
    /// The operator's status page.
    StatusPage,
    /// An active test.
    Probe,
    /// A monitoring rule that fired.
    Alert,
    /// The operator said so.
    OfficialStatement,
    /// An expert or measurement firm said so.
    Analyst,
    /// A newspaper or broadcaster said so.
    Press,
    /// Posts of individuals.
    Social,
    /// An internet observatory.
    Observatory,
}

/// Which source spoke.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName {
    /// Its kind.
    pub kind: SourceKind,
    /// Its name, e.g. `downdetector`.
    pub name: String,
}

/// How finely `at` is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// To the minute.
    Minute,
    /// To the hour.
    Hour,
    /// To the day.
    Day,
}

/// What `at` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AtKind {
    /// The trouble began then.
    Onset,
    /// It was seen then.
    Seen,
}

/// An expert's own likelihoods, in place of the source model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likelihood {
    /// P(this signal | failed).
    pub failed: f64,
    /// P(this signal | ok).
    pub ok: f64,
}

/// The part of a signal that may be scored. Text and address are not here, so that they cannot be.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Onset or observation time.
    pub at: Timestamp,
    /// How finely `at` is known.
    pub precision: Precision,
    /// What `at` means.
    pub at_kind: AtKind,
    /// End, if over.
    pub until: Option<Timestamp>,
    /// When it reached us; `at` if not given.
    pub seen_at: Timestamp,
    /// Id of the component (an alias until the incident resolves it).
    pub component: String,
    /// Capability; `any` if the source did not say.
    pub capability: String,
    /// What was said.
    pub state: State,
    /// `global`, an ISO country, or a cloud region's id.
    pub region: String,
    /// Who said it.
    pub source: SourceName,
    /// Number of reports.
    pub count: Option<f64>,
    /// Usual number of reports.
    pub baseline: Option<f64>,
    /// Share of the reports by symptom.
    pub share: BTreeMap<String, f64>,
    /// Probes: share failed …
    pub value: Option<f64>,
    /// … of this many.
    pub n: Option<f64>,
    /// Overrides the source model.
    pub likelihood: Option<Likelihood>,
}

impl Observation {
    /// The observation as known at `at`: none if it had not arrived, and without an end that lay later.
    pub fn known_at(&self, at: Timestamp) -> Option<Observation> {
        let until = self.until.filter(|end| *end <= at);
        (self.seen_at <= at).then(|| Observation { until, ..self.clone() })
    }
}

/// A source that says what it watches: its silence is then a healthy observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// The source.
    pub source: SourceName,
    /// Ids it watches.
    pub covers: Vec<String>,
    /// Seconds between looks.
    pub every_seconds: f64,
    /// Where it stands.
    pub span: Span,
}

/// A signal with what is only shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What may be scored.
    pub observation: Observation,
    /// Shown, never scored.
    pub text: Option<String>,
    /// Shown, never scored.
    pub url: Option<String>,
    /// Where it stands.
    pub span: Span,
}
