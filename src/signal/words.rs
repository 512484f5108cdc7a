//! The words that signals are written in: ours, and the feeds' own that mean the same.

use super::record::{AtKind, Precision, SourceKind, State};

/// Words for states. `info` is shown and no evidence.
pub(crate) const STATES: &[(&str, State)] = &[
    ("failing", State::Failing),
    ("degraded", State::Degraded),
    ("healthy", State::Healthy),
    ("recovered", State::Recovered),
    ("maintenance", State::Maintenance),
    ("unknown", State::Unknown),
    ("operational", State::Healthy),
    ("degraded_performance", State::Degraded),
    ("partial_outage", State::Degraded),
    ("major_outage", State::Failing),
    ("under_maintenance", State::Maintenance),
    ("info", State::Unknown),
];

/// Words for kinds of source.
pub(crate) const SOURCE_KINDS: &[(&str, SourceKind)] = &[
    ("user_reports", SourceKind::UserReports),
    ("status_page", SourceKind::StatusPage),
    ("probe", SourceKind::Probe),
    ("alert", SourceKind::Alert),
    ("official_statement", SourceKind::OfficialStatement),
    ("analyst", SourceKind::Analyst),
    ("press", SourceKind::Press),
    ("social", SourceKind::Social),
    ("observatory", SourceKind::Observatory),
];

/// Words for how finely a time is known.
pub(crate) const PRECISIONS: &[(&str, Precision)] =
    &[("minute", Precision::Minute), ("hour", Precision::Hour), ("day", Precision::Day)];

/// Words for what a time means.
pub(crate) const AT_KINDS: &[(&str, AtKind)] = &[("onset", AtKind::Onset), ("seen", AtKind::Seen)];

/// What `word` means in `table`.
pub(crate) fn look_up<T: Copy>(table: &[(&'static str, T)], word: &str) -> Option<T> {
    table.iter().find(|(w, _)| *w == word).map(|(_, t)| *t)
}

/// All words of `table`, in its order.
pub(crate) fn words<T>(table: &'static [(&'static str, T)]) -> impl Iterator<Item = &'static str> {
    table.iter().map(|(w, _)| *w)
}

/// The word that `value` is written with.
pub(crate) fn word_of<T: Copy + PartialEq>(table: &[(&'static str, T)], value: T) -> &'static str {
    table.iter().find(|(_, t)| *t == value).map_or("", |(w, _)| w)
}

/// A capability in our words: the feeds' general words mean ours, all others stand for themselves.
pub(crate) fn capability(word: &str) -> &str {
    match word {
        "general" => "any",
        "network" => "connectivity",
        "cdn" => "content",
        other => other,
    }
}

impl State {
    /// The word it is written with.
    pub fn as_str(self) -> &'static str {
        word_of(STATES, self)
    }
}

impl SourceKind {
    /// The word it is written with.
    pub fn as_str(self) -> &'static str {
        word_of(SOURCE_KINDS, self)
    }
}

impl Precision {
    /// The word it is written with.
    pub fn as_str(self) -> &'static str {
        word_of(PRECISIONS, self)
    }
}

impl AtKind {
    /// The word it is written with.
    pub fn as_str(self) -> &'static str {
        word_of(AT_KINDS, self)
    }
}
