//! Live signals: what the feeds that users really have say, as the same records that files hold.
//!
//! Every format is one file under `read/`: a pure function from the bytes of an answer to a [`Reading`]. What cannot be
//! read is unknown, is said so, and is never taken for up or down. Knows signals and diagnostics; nothing of graphs beyond
//! ids, nothing of models.

pub mod ask;
pub mod classify;
pub mod config;
pub mod fetch;
pub mod find;
pub mod follow;
pub mod honesty;
pub mod life;
pub mod look;
pub mod overview;
pub mod probe;
pub mod read;
pub mod receive;
pub mod standing;

use crate::signal::Record;
use classify::Rules;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one answer of a feed says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// What is said of components, in the order of the feed.
    pub signals: Vec<Collected>,
    /// What was in the answer and could not be understood, or was left out on purpose, in words for people. Never empty
    /// where anything was passed over.
    pub notes: Vec<String>,
    /// Whether trouble may have been passed over: then what is not told any more has not therefore ended.
    pub partial: bool,
    /// Whether all that is wrong now is in it, so that what is not told any more has ended; whoever asked knows.
    pub whole: bool,
    /// How long, and in which order, what is said holds, by identity: of senders that tell.
    pub terms: BTreeMap<String, Terms>,
    /// From when on the same answer will say something else, because what it announces begins or ends then.
    pub differs_from: Option<Timestamp>,
}

/// How long a signal holds, and its place among those of its identity, as the sender tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// When the sender says that it was so: what was so earlier may arrive later.
    pub told_at: Option<Timestamp>,
    /// Until when it holds, unless it is told again.
    pub holds_until: Option<Timestamp>,
}

/// A signal and how to recognise it when it is told again.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    /// Unique within its source and stable: the same trouble of the same component in the same capability has the same
    /// identity in every answer, so that a later answer corrects an earlier one.
    pub identity: String,
    /// The signal.
    pub record: Record,
}

/// Why an answer says nothing: it is no answer of this format. The state of all that the feed covers is then unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(
    /// In words for people, with what was found instead.
    pub String,
);

/// What a reader knows of the feed that it reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// The name of the source, as it will stand in signals.
    pub name: String,
    /// The component of which the feed speaks where it names none; where it is `None` and the feed names none, there is no
    /// signal and a note.
    pub component: Option<String>,
    /// What the feed calls things, and the components meant; an empty component leaves out. Names are compared in lower
    /// case. What is not listed is a part of `component`: the signal is on `component`, with the capability that the name
    /// tells.
    pub names: BTreeMap<String, String>,
    /// When the answer was received.
    pub seen_at: Timestamp,
    /// The rules for its texts.
    pub rules: Arc<Rules>,
}
