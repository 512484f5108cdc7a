//! How sources stand: when each was asked and answered, what it said last, and why it failed. The public contract
//! `commoncause/status/v1`, which the collector keeps beside the history.

use super::ask::Round;
use super::config::{Source, Way};
use crate::diag::{Code, Diagnostic, cut};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// Name of the contract, the value of [`Status::schema`].
pub const SCHEMA: &str = "commoncause/status/v1";
/// The file in the folder of the history.
pub const FILE: &str = "status.json";

/// Characters that are kept of a reason or a note.
const MAX_TEXT_CHARS: usize = 300;
/// Notes that are kept of an answer.
const MAX_NOTES: usize = 5;
/// Stretches of collecting that are remembered.
const MAX_STRETCHES: usize = 100;
/// Without a sign of life for so long, the collector seems not to run.
pub const SILENT: Duration = Duration::from_secs(60);
/// A shorter pause is no end of a stretch: a restart, or a next run that asks once.
const PAUSE: Duration = Duration::from_secs(15 * 60);
/// A source that was not heard for so many times its interval is stale.
pub const STALE: u32 = 3;

/// The file cannot be read as a status.
pub const BAD: Code = Code { id: "bad-status", summary: "a status of sources cannot be read as one" };
/// The file cannot be written.
pub const UNWRITABLE: Code = Code { id: "unwritable-status", summary: "how sources stand cannot be written" };
/// Every code of this module.
pub const CODES: &[Code] = &[BAD, UNWRITABLE];

/// How all sources of a collector stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Always `commoncause/status/v1`.
    pub schema: String,
    /// When this was written; the collector does it every 15 seconds, and sooner when it heard something.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub written_at: Timestamp,
    /// When collecting was ended; `null` while it goes on.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub ended_at: Option<Timestamp>,
    /// When the collector ran, the last hundred stretches.
    pub stretches: Vec<Stretch>,
    /// The sources by name.
    pub sources: Vec<Entry>,
}

/// A time during which the collector ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stretch {
    /// Its beginning.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Timestamp,
    /// The last sign of life in it.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub until: Timestamp,
}

/// How one source stands. Nothing of it holds a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// What it is called.
    pub name: String,
    /// `url`, `file`, `probe` or `receive`.
    pub way: String,
    /// Its host, without path and query, if it has one.
    pub host: Option<String>,
    /// Its format, if the configuration names it.
    pub format: Option<String>,
    /// Seconds between two questions.
    pub every_s: f64,
    /// When it was asked for the first time.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub first_asked: Option<Timestamp>,
    /// When it was asked last.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_asked: Option<Timestamp>,
    /// When it was asked for the last answer that could be read.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_answered: Option<Timestamp>,
    /// Questions since then that had no answer that could be read.
    pub failures: u32,
    /// Why the last of them had none.
    pub why: Option<String>,
    /// Signals in the last answer that said something new.
    pub signals: usize,
    /// What was not understood in it, the first five notes.
    pub notes: Vec<String>,
    /// Until when the host wants to be left alone.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub asleep_until: Option<Timestamp>,
}

impl Status {
    /// The status of `sources` when collecting begins at `now`, with what is known of them from `before`.
    pub fn begin(sources: &[Source], before: Option<Status>, now: Timestamp) -> Status {
        let (mut stretches, known) = before.map(|b| (b.stretches, b.sources)).unwrap_or_default();
        match stretches.last_mut() {
            Some(last) if pause(last.until, now) <= PAUSE => last.until = last.until.max(now),
            _ => stretches.push(Stretch { from: now, until: now }),
        }
        let mut status =
            Status { schema: SCHEMA.to_string(), written_at: now, ended_at: None, stretches, sources: known };
        status.forget_old();
        status.reload(sources);
        status
    }

    /// The sources are now these; what is known of those that stay is kept.
    pub fn reload(&mut self, sources: &[Source]) {
        let mut known: BTreeMap<String, Entry> = self.sources.drain(..).map(|e| (e.name.clone(), e)).collect();
        self.sources = sources
            .iter()
            .map(|source| {
                let new = Entry::new(source);
                match known.remove(&new.name).filter(|old| old.way == new.way && old.host == new.host) {
                    Some(old) => Entry { format: new.format, every_s: new.every_s, ..old },
                    None => new,
                }
            })
            .collect();
        self.sources.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// What became of asking the source `name` at `asked`; `rest` is how long its host asks to be left alone.
    pub fn hear(&mut self, name: &str, round: &Round, asked: Timestamp, rest: Option<Duration>) {
        let Ok(at) = self.sources.binary_search_by(|e| e.name.as_str().cmp(name)) else { return };
        let entry = &mut self.sources[at];
        entry.first_asked = entry.first_asked.or(Some(asked));
        entry.last_asked = Some(asked);
        entry.asleep_until = rest.and_then(|rest| asked.checked_add(rest).ok());
        let short = |text: &str| cut(text, MAX_TEXT_CHARS);
        match round {
            Round::Told(reading) => {
                entry.answered(asked);
                entry.signals = reading.signals.len();
                entry.notes = reading.notes.iter().take(MAX_NOTES).map(|n| short(n)).collect();
            }
            Round::Unchanged => entry.answered(asked),
            Round::Unknown(why) => entry.failed(short(why)),
        }
    }

    /// A sign of life at `now`.
    pub fn alive(&mut self, now: Timestamp) {
        self.written_at = now;
        match self.stretches.last_mut() {
            // After a sleep of the machine it is another stretch.
            Some(last) if pause(last.until, now) > PAUSE => {
                self.stretches.push(Stretch { from: now, until: now });
                self.forget_old();
            }
            Some(last) => last.until = last.until.max(now),
            None => self.stretches.push(Stretch { from: now, until: now }),
        }
    }

    /// Reads what a collector wrote.
    ///
    /// # Errors
    /// If it is no status.
    pub fn read(bytes: &[u8], shown: &str) -> Result<Status, Box<Diagnostic>> {
        let bad = |why: String| {
            let help = "it is written anew by the next collector: remove it if it stays so";
            Box::new(Diagnostic::error(BAD, format!("`{shown}` is no status of sources: {why}")).help(help))
        };
        let mut status: Status = serde_json::from_slice(bytes).map_err(|e| bad(e.to_string()))?;
        if status.schema != SCHEMA {
            return Err(bad(format!("it is `{}`, not `{SCHEMA}`", cut(&status.schema, MAX_TEXT_CHARS))));
        }
        status.sources.sort_by(|a, b| a.name.cmp(&b.name));
        status.sources.dedup_by(|a, b| a.name == b.name);
        Ok(status)
    }

    /// As a file.
    pub fn to_json(&self) -> String {
        // Texts, numbers and times into memory: there is nothing that could fail.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    fn forget_old(&mut self) {
        let beyond = self.stretches.len().saturating_sub(MAX_STRETCHES);
        self.stretches.drain(..beyond);
    }
}

impl Entry {
    /// A source that was never asked.
    pub fn new(source: &Source) -> Entry {
        let text = |word: &str| word.to_string();
        let way = match &source.way {
            Way::Url(_) => "url",
            Way::File(_) => "file",
            Way::Probe(_) => "probe",
            Way::Receive(_) => "receive",
        };
        Entry {
            name: source.name.text.clone(),
            way: text(way),
            host: host(&source.way),
            format: source.format.clone(),
            every_s: source.every.as_secs_f64(),
            first_asked: None,
            last_asked: None,
            last_answered: None,
            failures: 0,
            why: None,
            signals: 0,
            notes: Vec::new(),
            asleep_until: None,
        }
    }

    fn answered(&mut self, at: Timestamp) {
        self.last_answered = Some(at);
        self.failures = 0;
        self.why = None;
    }

    fn failed(&mut self, why: String) {
        self.failures = self.failures.saturating_add(1);
        self.why = Some(why);
    }

    /// How it stands at `now`.
    pub fn heard(&self, now: Timestamp) -> Heard {
        let Some(answered) = self.last_answered else {
            let waits = self.way == "receive" && self.failures == 0;
            return if waits { Heard::Waiting } else { Heard::Never };
        };
        let silent = now.duration_since(answered).as_secs_f64();
        // What comes to us comes when it has something to say.
        if self.way != "receive" && silent > self.every_s * f64::from(STALE) {
            Heard::Stale
        } else if self.failures > 0 {
            Heard::Unknown
        } else {
            Heard::Lately
        }
    }
}

/// From one time to a later one; none to an earlier one.
fn pause(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// How a source stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// It never answered.
    Never,
    /// It did not answer for more than three times its interval.
    Stale,
    /// It answered lately, and not the last time.
    Unknown,
    /// It is to come to us, and nothing has come yet.
    Waiting,
    /// It answered.
    Lately,
}

impl Heard {
    /// Whether there is something wrong.
    pub fn is_bad(self) -> bool {
        self < Heard::Waiting
    }

    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Heard::Never => "never",
            Heard::Stale => "stale",
            Heard::Unknown => "unknown",
            Heard::Waiting => "waiting",
            Heard::Lately => "heard",
        }
    }
}

/// The host that is asked, if the file itself names it: what comes from the environment may be a secret.
pub(super) fn host(way: &Way) -> Option<String> {
    let (written, meant) = match way {
        Way::Url(url) => (url.written.as_str(), url.value.0.as_str()),
        Way::Probe(targets) => targets.first().map(|t| (t.text.as_str(), t.text.as_str()))?,
        Way::File(_) | Way::Receive(_) => return None,
    };
    let authority = written.split_once("://")?.1.split(['/', '?', '#']).next()?;
    let url = Url::parse(meant).ok().filter(|_| !authority.contains("${"))?;
    let host = url.host_str()?;
    Some(url.port().map_or(host.to_string(), |port| format!("{host}:{port}")))
}

/// The JSON Schema (draft-07) of a status.
pub fn schema() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft07().into_generator().into_root_schema_for::<Status>().to_value()
}
