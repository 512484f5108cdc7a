//! Why: accounts of single causes, sentences, next checks, and how the ranking came about.

use super::{IncidentName, SignalView, SignalWeight, Verdict, WindowView};
use crate::signal::SourceKind;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The account of one cause, in natural log-odds of a fault of its own:
/// `prior + Σ channels + overlap = posterior`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Ledger {
    /// Log-odds before any signal.
    pub prior: f64,
    /// Log-odds with all signals: those of `p_fault`.
    pub posterior: f64,
    /// What several channels say together and no single one alone: if they repeat each other, leaving one out undoes
    /// little, and the rest stands here.
    pub overlap: f64,
    /// Who is the next best cause, against which the signals are also weighed.
    pub rival: Option<Rival>,
    /// One entry for all that one kind of source says of one component, strongest first.
    pub channels: Vec<Channel>,
}

impl Ledger {
    /// What several channels say together against the rival; none without a rival.
    pub fn rival_overlap(&self) -> Option<f64> {
        let rival = self.rival.as_ref()?;
        Some(rival.posterior - rival.prior - self.channels.iter().filter_map(|c| c.against_rival).sum::<f64>())
    }
}

/// The next best cause: the one whose chance of a fault would rise most if the cause had none.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Rival {
    /// Which.
    pub component: String,
    /// Log-odds of "the cause had a fault and the rival none" against "the rival had one and the cause none", before any
    /// signal.
    pub prior: f64,
    /// The same with all signals; the difference is the logarithm of the Bayes factor.
    pub posterior: f64,
}

/// All that one kind of source says of one component.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Channel {
    /// What it observes.
    pub component: String,
    /// The kind of source.
    pub source: SourceKind,
    /// What leaving the whole channel out would undo.
    pub log_odds: f64,
    /// The same of the log-odds against the rival; `null` without a rival.
    pub against_rival: Option<f64>,
    /// `log_odds` minus the sum over the channel's signals: what they say together and none alone.
    pub overlap: f64,
    /// Its signals, strongest first.
    pub signals: Vec<ChannelSignal>,
}

/// One signal of a channel.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ChannelSignal {
    /// Its number.
    pub signal: usize,
    /// What leaving it out would undo.
    pub log_odds: f64,
    /// The same of the log-odds against the rival; `null` without a rival.
    pub against_rival: Option<f64>,
}

/// A sentence that the numbers bear out.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Sentence {
    /// How sure it is.
    pub band: Band,
    /// The sentence.
    pub text: String,
    /// The component it is about, if about one.
    pub component: Option<String>,
    /// Numbers of the signals it rests on, strongest first.
    pub signals: Vec<usize>,
}

/// How sure a sentence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Band {
    /// It leads, and the signals are why.
    PointsTo,
    /// It may be so; other causes are as good or better.
    ConsistentWith,
    /// Nothing observed separates these.
    CannotBeToldApart,
    /// The signals make it less likely than it was without them, or less than one in twenty.
    PointsAwayFrom,
    /// Nothing leads.
    Undecided,
}

/// Name of the contract of [`Diary`].
pub const DIARY_SCHEMA: &str = "commoncause/diary/v1";

/// How the ranking came about.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Diary {
    /// Always `commoncause/diary/v1`.
    pub schema: String,
    /// Which incident.
    pub incident: IncidentName,
    /// Which stretch of time.
    pub window: WindowView,
    /// The signals by their numbers.
    pub signals: Vec<SignalView>,
    /// One entry for every arrival, earliest first.
    pub moments: Vec<Moment>,
}

/// How the ranking stood once some signals had arrived.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Moment {
    /// When they arrived.
    pub at: String,
    /// Numbers of the signals that arrived then.
    pub signals: Vec<usize>,
    /// The verdict at that moment.
    pub verdict: Verdict,
    /// The first causes at that moment, best first.
    pub causes: Vec<Standing>,
    /// The chance of coincidence at that moment.
    pub coincidence: f64,
    /// Largest error of these probabilities.
    pub error: f64,
    /// The largest move of a cause since the moment before, and why; `null` if nothing moved.
    pub change: Option<Change>,
}

/// Name of the contract of [`Difference`].
pub const DIFFERENCE_SCHEMA: &str = "commoncause/difference/v1";

/// What changed between two times.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Difference {
    /// Always `commoncause/difference/v1`.
    pub schema: String,
    /// The earlier time.
    pub from: String,
    /// The later time.
    pub to: String,
    /// The verdict at the earlier time.
    pub before: Verdict,
    /// The verdict at the later time.
    pub after: Verdict,
    /// Numbers of the signals that arrived in between.
    pub signals: Vec<usize>,
    /// Causes that moved, the largest move first.
    pub moves: Vec<Move>,
    /// Largest error of these probabilities.
    pub error: f64,
}

/// How a cause moved between two times.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Move {
    /// Which.
    pub component: String,
    /// Before.
    pub from: f64,
    /// After.
    pub to: f64,
    /// For the first causes: the new signals, and what leaving each out would undo at the later time, in log-odds of a
    /// fault; strongest first.
    pub because: Vec<SignalWeight>,
}

/// A cause at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Standing {
    /// Which.
    pub component: String,
    /// `probability` of the cause at that moment.
    pub probability: f64,
    /// True if it would have explained the failure of two or more components.
    pub common: bool,
}

/// A move of a cause.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    /// Which cause.
    pub component: String,
    /// Before.
    pub from: f64,
    /// After.
    pub to: f64,
    /// The new signal that moved it most, if one did.
    pub signal: Option<usize>,
    /// What leaving that signal out would undo, in log-odds of a fault.
    pub log_odds: Option<f64>,
}

/// Something to look at next: a component and capability of which nothing was observed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Check {
    /// The component.
    pub component: String,
    /// The capability; `any` for the component as a whole.
    pub capability: String,
    /// Expected information about which of the leading causes had a fault, in bits, if its state became known for sure.
    pub gain_bits: f64,
    /// Chance that it has failed.
    pub p_failing: f64,
    /// The leading causes' probabilities if it is failing.
    pub if_failing: BTreeMap<String, f64>,
    /// The leading causes' probabilities if it is healthy.
    pub if_healthy: BTreeMap<String, f64>,
}
