//! Writes the history, and says what changes.

use super::Until;
use crate::cli::Exit;
use crate::cli::output::tell;
use crate::collect::ask::Round;
use crate::collect::config::{Keep, SyncRule};
use crate::diag::{Diagnostic, Sources, clean};
use crate::report::text::cut;
use crate::store::{Appended, History, Settings, Sync};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the text output.
const WIDTH: usize = 80;
/// How often the history is tidied up.
const MAINTAIN: SignedDuration = SignedDuration::from_hours(24);

/// How much is said of each round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// A line for each, on stdout.
    EveryRound,
    /// Who cannot be heard, and who is heard again, on stderr.
    Changes,
}

/// Writes the history, and says what changes.
pub(super) struct Keeper {
    history: History,
    voice: Voice,
    /// Sources that said nothing in their last round, and why.
    unknown: BTreeMap<String, String>,
    /// The last problem of writing, told once.
    unkept: Option<String>,
    maintained: Timestamp,
}

impl Keeper {
    pub fn new(history: History, voice: Voice) -> Self {
        // Long ago: the first round tidies up.
        Keeper { history, voice, unknown: BTreeMap::new(), unkept: None, maintained: Timestamp::UNIX_EPOCH }
    }

    /// Appends what a round told.
    pub fn keep(&mut self, name: &str, round: &Round) {
        match round {
            Round::Told(reading) => {
                for note in reading.notes.iter().filter(|_| self.voice == Voice::EveryRound) {
                    eprintln!("{}: {}", clean(name), clean(note));
                }
                let signals = reading.signals.iter().map(|c| (c.identity.as_str(), &c.record));
                match self.history.append(signals) {
                    Ok(appended) => {
                        self.unkept = None;
                        self.heard(name, &format!("{} signals{}", reading.signals.len(), news(&appended)));
                    }
                    Err(problem) => self.not_kept(&problem),
                }
            }
            Round::Unchanged => self.heard(name, "the same as before"),
            Round::Unknown(why) => self.not_heard(name, why),
            Round::NotYet(what) => self.not_heard(name, &format!("{what} is not collected yet")),
        }
    }

    /// Makes durable what waits for it, and once a day removes what need not be kept.
    pub fn tidy(&mut self, now: Timestamp) {
        let mut done = self.history.sync_if_due();
        if now.duration_since(self.maintained) >= MAINTAIN {
            self.maintained = now;
            done = done.and_then(|()| self.history.maintain(now).map(|_| ()));
        }
        if let Err(problem) = done {
            self.not_kept(&problem);
        }
    }

    /// Keeps from now on as `settings` say.
    pub fn settle(&mut self, settings: Settings) {
        self.history.settle(settings);
    }

    /// Forgets who else could not be heard.
    pub fn forget_all_but(&mut self, names: &BTreeSet<&str>) {
        self.unknown.retain(|name, _| names.contains(name.as_str()));
    }

    fn heard(&mut self, name: &str, what: &str) {
        let again = self.unknown.remove(name).is_some();
        match self.voice {
            Voice::EveryRound => say(&format!("{name}: {what}{}", if again { ", heard again" } else { "" })),
            Voice::Changes if again => eprintln!("{}: heard again", clean(name)),
            Voice::Changes => {}
        }
    }

    /// The state of all that a source covers is unknown; said again only if the reason is another.
    fn not_heard(&mut self, name: &str, why: &str) {
        if self.unknown.insert(name.to_string(), why.to_string()).as_deref() != Some(why) {
            let line = format!("{name}: unknown: {why}");
            match self.voice {
                Voice::EveryRound => say(&line),
                Voice::Changes => eprintln!("{}", clean(&line)),
            }
        }
    }

    fn not_kept(&mut self, problem: &Diagnostic) {
        if self.unkept.replace(problem.message.clone()).as_ref() != Some(&problem.message) {
            tell(std::slice::from_ref(problem), &Sources::default());
        }
    }

    /// Makes all durable, and tells how it went.
    pub fn end(mut self, until: Until) -> Exit {
        if let Err(problem) = self.history.sync() {
            self.not_kept(&problem);
        }
        match until {
            Until::EachWasAsked if !self.unknown.is_empty() => Exit::Io,
            _ if self.unkept.is_some() => Exit::Io,
            _ => Exit::Done,
        }
    }
}

fn say(line: &str) {
    println!("{}", cut(&clean(line), WIDTH));
}

/// What of the signals the history did not have.
fn news(appended: &Appended) -> String {
    let counts =
        [(appended.new, "new"), (appended.corrections, "corrected"), (appended.too_large, "too large to keep")];
    counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!(", {n} {word}")).collect()
}

/// How the history is kept.
pub(super) fn settings(keep: &Keep) -> Settings {
    let usual = Settings::default();
    let sync = match keep.sync {
        Some(SyncRule::Always) => Sync::Always,
        Some(SyncRule::Records(n)) => Sync::Records(n),
        Some(SyncRule::After(time)) => Sync::After(time),
        None => usual.sync,
    };
    Settings {
        sync,
        keep_days: keep.days.unwrap_or(usual.keep_days),
        keep_corrections_days: keep.corrections_days.unwrap_or(usual.keep_corrections_days),
        ..usual
    }
}
