//! How all sources stand at a moment, worst first: the public contract `commoncause/standing/v1`.

use super::honesty::{Honesty, Lag, Track};
use super::standing::{Entry, Heard, SILENT, Status};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Name of the contract, the value of [`Overview::schema`].
pub const SCHEMA: &str = "commoncause/standing/v1";

/// How all sources stand.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Overview {
    /// Always `commoncause/standing/v1`.
    pub schema: String,
    /// The moment.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// When the collector told it.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub written_at: Timestamp,
    /// What the collector does.
    pub collector: Collector,
    /// Days of the history from which lag and honesty are.
    pub days: u16,
    /// How many sources stand how.
    pub total: Total,
    /// The sources: those that were not heard lately first, of these the longest silent ones.
    pub sources: Vec<Seen>,
}

/// What the collector does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Collector {
    /// It has told of itself within a minute.
    Runs,
    /// It was ended.
    Ended,
    /// It was not ended, and has not told of itself for more than a minute.
    Silent,
}

/// How many sources stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Total {
    /// All of them.
    pub sources: usize,
    /// Answered lately.
    pub heard: usize,
    /// Nothing has come yet from those that come to us.
    pub waiting: usize,
    /// Answered lately, and not the last time.
    pub unknown: usize,
    /// Did not answer for more than three times their interval.
    pub stale: usize,
    /// Never answered.
    pub never: usize,
}

/// How one source stands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Seen {
    /// In one word.
    pub heard: Heard,
    /// What the collector knows of it.
    #[serde(flatten)]
    pub entry: Entry,
    /// How late it tells; `null` if it never told anything.
    pub lag: Option<Lag>,
    /// What it admits; only of status pages.
    pub honesty: Option<Honesty>,
}

/// The overview of what a collector wrote, with what `days` of the history say of each source by name.
pub fn overview(status: Status, tracks: &BTreeMap<String, Track>, days: u16, now: Timestamp) -> Overview {
    let age = now.duration_since(status.written_at);
    let collector = match status.ended_at {
        Some(_) => Collector::Ended,
        None if age > SignedDuration::try_from(SILENT).unwrap_or(SignedDuration::MAX) => Collector::Silent,
        None => Collector::Runs,
    };
    let mut total = Total { sources: status.sources.len(), ..Total::default() };
    let mut sources: Vec<Seen> = status
        .sources
        .into_iter()
        .map(|entry| {
            let heard = entry.heard(now);
            *total.of(heard) += 1;
            let track = tracks.get(&entry.name);
            Seen { heard, lag: track.map(|t| t.lag), honesty: track.and_then(|t| t.honesty), entry }
        })
        .collect();
    sources.sort_by(|a, b| {
        let order = |s: &Seen| (!s.heard.is_bad(), s.entry.last_answered);
        order(a).cmp(&order(b)).then_with(|| a.entry.name.cmp(&b.entry.name))
    });
    Overview { schema: SCHEMA.to_string(), at: now, written_at: status.written_at, collector, days, total, sources }
}

impl Total {
    fn of(&mut self, heard: Heard) -> &mut usize {
        match heard {
            Heard::Never => &mut self.never,
            Heard::Stale => &mut self.stale,
            Heard::Unknown => &mut self.unknown,
            Heard::Waiting => &mut self.waiting,
            Heard::Lately => &mut self.heard,
        }
    }

    /// Sources that were not heard lately, and should have been.
    pub fn bad(&self) -> usize {
        self.never + self.stale + self.unknown
    }
}

/// The JSON Schema (draft-07) of an overview.
pub fn schema() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft07().into_generator().into_root_schema_for::<Overview>().to_value()
}
