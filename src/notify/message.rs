//! What is told.

use super::hash;
use crate::diag::{clean, cut};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes of a key, as PagerDuty takes them.
pub const MAX_KEY_BYTES: usize = 255;
/// Of a key that is too long, so many bytes are kept, and a hash tells it from others.
const KEPT_KEY_BYTES: usize = 200;
/// Hexadecimal digits of that hash.
const KEY_DIGITS: usize = 16;
/// Causes that are told.
pub const MAX_CAUSES: usize = 20;
/// Components that one cause is told to explain.
pub const MAX_EXPLAINED: usize = 50;
/// Reasons that are told.
pub const MAX_LINES: usize = 50;
/// Characters of the verdict.
const MAX_VERDICT: usize = 1000;
/// Characters of one reason.
const MAX_LINE: usize = 500;
/// Characters of a name.
const MAX_NAME: usize = 200;

/// What a message says of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// A common cause is suspected.
    Suspected,
    /// It is still suspected, and something about it is another.
    Changed,
    /// It is over.
    Resolved,
}

impl Status {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Suspected => "suspected",
            Status::Changed => "changed",
            Status::Resolved => "resolved",
        }
    }
}

/// What is told of one incident at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// The incident: the same in all that is told of it, and in nothing else; at most 255 bytes.
    pub key: String,
    /// What is said of it.
    pub status: Status,
    /// When that was found out.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// When the incident began, if that is known.
    #[schemars(with = "Option<String>")]
    pub began: Option<Timestamp>,
    /// The answer in one sentence.
    pub verdict: String,
    /// What kind of answer: `common-cause`, `several-causes`, `independent`, `unknown-cause`, `inconclusive`; `test` in a
    /// message that only tries whether it arrives.
    pub verdict_kind: String,
    /// The likeliest causes, most probable first; at most 20.
    pub causes: Vec<Told>,
    /// The error of the worst probability.
    pub error: f64,
    /// Some reasons, in words.
    pub lines: Vec<String>,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    /// The component.
    pub component: String,
    /// The capability in which it most likely failed; `any` for the whole.
    pub capability: String,
    /// Its kind.
    pub kind: String,
    /// Chance that it is a cause.
    pub probability: f64,
    /// From where to where that moves if the numbers of the graph are wrong.
    pub range: [f64; 2],
    /// Components whose failure it explains; at most 50 of them.
    pub explains: Vec<String>,
}

impl Message {
    /// The same within the limits of what is sent: long texts and lists are cut, what moves a cursor is replaced, and what
    /// is no number is unknown. What is within them is not changed.
    pub fn bounded(mut self) -> Message {
        self.key = key(self.key);
        self.verdict = line(&self.verdict, MAX_VERDICT);
        self.verdict_kind = line(&self.verdict_kind, MAX_NAME);
        if !self.error.is_finite() {
            self.error = 1.0;
        }
        self.causes.truncate(MAX_CAUSES);
        self.causes = self.causes.into_iter().map(Told::bounded).collect();
        self.lines.truncate(MAX_LINES);
        self.lines.iter_mut().for_each(|l| *l = line(l, MAX_LINE));
        self
    }

    /// Whether it only tries whether it arrives.
    pub(super) fn is_trial(&self) -> bool {
        self.verdict_kind == super::trial::KIND
    }

    /// When it began, as far as is known; never after it is told.
    pub(super) fn beginning(&self) -> Timestamp {
        self.began.map_or(self.at, |began| began.min(self.at))
    }
}

impl Told {
    fn bounded(mut self) -> Told {
        for name in [&mut self.component, &mut self.capability, &mut self.kind] {
            *name = line(name, MAX_NAME);
        }
        self.explains.truncate(MAX_EXPLAINED);
        self.explains.iter_mut().for_each(|name| *name = line(name, MAX_NAME));
        if !self.probability.is_finite() || !self.range.iter().all(|p| p.is_finite()) {
            (self.probability, self.range) = (0.5, [0.0, 1.0]);
        }
        self
    }
}

/// On one line, without what moves the cursor.
fn line(text: &str, most: usize) -> String {
    cut(&text.replace(['\n', '\r'], " "), most)
}

/// A key that every receiver takes, another one for every other key.
fn key(key: String) -> String {
    let clean = clean(&key).replace('\t', " ");
    if clean == key && !key.trim().is_empty() && key.len() <= MAX_KEY_BYTES {
        return key;
    }
    let mut end = KEPT_KEY_BYTES.min(clean.len());
    while !clean.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{}", &clean[..end], hash(&[&key], KEY_DIGITS))
}
