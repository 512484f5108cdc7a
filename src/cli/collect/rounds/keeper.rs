//! Writes the history, and says what changes.

use super::attend::Told;
use super::{Happening, Until};
use crate::cli::Exit;
use crate::cli::collect::board::Board;
use crate::cli::output::tell;
use crate::collect::Reading;
use crate::collect::ask::Round;
use crate::collect::config::{Keep, Source, SyncRule};
use crate::collect::life::Life;
use crate::collect::receive::Delivery;
use crate::diag::{Diagnostic, Sources, clean};
use crate::report::text::cut;
use crate::store::{Appended, History, Settings, Sync};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Columns of the text output.
const WIDTH: usize = 80;
/// How often the history is tidied up.
const MAINTAIN: SignedDuration = SignedDuration::from_hours(24);
/// How long until what failed of it, or a history that cannot be opened, is tried again.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);

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
    /// The folder of the history, how it is kept, and itself; `None` while it cannot be written.
    folder: PathBuf,
    settings: Settings,
    history: Option<History>,
    /// When it was last tried to open it.
    tried: Timestamp,
    /// What came to us and has not ended.
    life: Life,
    /// How sources stand, for whoever looks.
    board: Board,
    voice: Voice,
    /// Sources that said nothing in their last round, and why.
    unknown: BTreeMap<String, String>,
    /// What was noted of each source in its last round, told when it is new.
    notes: BTreeMap<String, Vec<String>>,
    /// The last problem of writing, told once.
    unkept: Option<String>,
    maintained: Timestamp,
}

impl Keeper {
    /// Keeps in `history`, which is in `folder`; without it nothing is kept until it can be opened.
    pub fn new(
        (folder, settings): (PathBuf, Settings),
        history: Option<History>,
        life: Life,
        board: Board,
        voice: Voice,
    ) -> Self {
        let unkept = history.is_none().then(|| format!("the history in `{}` is not open", folder.display()));
        Keeper {
            folder,
            settings,
            history,
            tried: Timestamp::now(),
            life,
            board,
            voice,
            unknown: BTreeMap::new(),
            notes: BTreeMap::new(),
            unkept,
            // Long ago: it is tidied up soon.
            maintained: Timestamp::UNIX_EPOCH,
        }
    }

    /// Keeps what a source said that was asked.
    pub fn hear(&mut self, told: Told) -> Vec<Happening> {
        let Told { source, round, asked, rest } = told;
        self.board.hear(&source, &round, asked, rest);
        self.keep(&source, round).1
    }

    /// Keeps what a sender waits to have kept, and tells it so.
    pub fn take(&mut self, delivery: Delivery) -> Vec<Happening> {
        self.board.hear(&delivery.source, &delivery.round, Timestamp::now(), None);
        let (kept, happened) = self.keep(&delivery.source, delivery.round);
        // A sender that has gone sends it again.
        let _ = delivery.kept.send(kept);
        happened
    }

    /// Keeps that what is not told again has ended.
    pub fn look_through(&mut self, now: Timestamp) -> Vec<Happening> {
        let mut happened = Vec::new();
        for (name, reading) in self.life.silent(now) {
            if let Some(what) = self.append(&name, &reading) {
                self.told(&name, &what);
                happened.push(Happening::Heard(name, Some(reading)));
            }
        }
        happened
    }

    /// Keeps what a round told: whether all of it is in the history, and what happened.
    fn keep(&mut self, name: &str, round: Round) -> (bool, Vec<Happening>) {
        let mut kept = true;
        let mut happened = Vec::new();
        match round {
            Round::Told(reading) => {
                for (of, reading) in self.life.settle(name, reading, Timestamp::now()) {
                    match self.append(&of, &reading) {
                        Some(what) if of == name => self.heard(name, &what),
                        Some(what) => self.told(&of, &what),
                        None => kept = false,
                    }
                    // What cannot be kept is heard all the same.
                    happened.push(Happening::Heard(of, Some(reading)));
                }
            }
            Round::Unchanged => {
                self.heard(name, "the same as before");
                happened.push(Happening::Heard(name.to_string(), None));
            }
            Round::Unknown(why) => {
                self.not_heard(name, &why);
                happened.push(Happening::NotHeard(name.to_string()));
            }
        }
        (kept, happened)
    }

    /// Appends what a source says; what became of it, in words, if it is in the history now.
    fn append(&mut self, name: &str, reading: &Reading) -> Option<String> {
        let before = self.notes.insert(name.to_string(), reading.notes.clone()).unwrap_or_default();
        for note in reading.notes.iter().filter(|note| !before.contains(note)) {
            eprintln!("{}: {}", clean(name), clean(note));
        }
        let signals = reading.signals.iter().map(|c| (c.identity.as_str(), &c.record));
        match self.history.as_mut()?.append(signals) {
            Ok(appended) => {
                // Only what was written shows that it can be.
                if appended.new + appended.corrections + appended.renewed > 0 {
                    self.unkept = None;
                }
                self.life.kept(name, reading, Timestamp::now());
                Some(format!("{} signals{}", reading.signals.len(), news(&appended)))
            }
            Err(problem) => {
                self.not_kept(&problem);
                None
            }
        }
    }

    /// Makes durable what waits for it, and once a day removes what need not be kept.
    pub fn tidy(&mut self, now: Timestamp) {
        self.board.save_if_due(now);
        let Some(history) = &mut self.history else { return self.reopen(now) };
        let mut done = history.sync_if_due();
        if now.duration_since(self.maintained) >= MAINTAIN {
            done = done.and_then(|()| history.maintain(now).map(|_| ()));
            // What failed is tried again, not with every tick.
            self.maintained = match done {
                Ok(()) => now,
                Err(_) => now.saturating_sub(MAINTAIN - AGAIN).unwrap_or(now),
            };
        }
        if let Err(problem) = done {
            self.not_kept(&problem);
        }
    }

    /// Tries, now and then, to write a history again that could not be written.
    fn reopen(&mut self, now: Timestamp) {
        if now.duration_since(self.tried) < AGAIN {
            return;
        }
        self.tried = now;
        match History::open(&self.folder, self.settings) {
            Ok((history, notices)) => {
                tell(&notices, &Sources::default());
                eprintln!("the history in `{}` is written again", self.folder.display());
                (self.history, self.unkept) = (Some(history), None);
            }
            Err(problem) => self.not_kept(&problem),
        }
    }

    /// Keeps from now on as `settings` say, what `sources` say.
    pub fn change(&mut self, settings: Settings, sources: &[Source]) {
        self.settings = settings;
        if let Some(history) = &mut self.history {
            history.settle(settings);
        }
        self.life.change(sources);
        self.board.change(sources);
    }

    /// Forgets who else could not be heard.
    pub fn forget_all_but(&mut self, names: &BTreeSet<&str>) {
        self.unknown.retain(|name, _| names.contains(name.as_str()));
        self.notes.retain(|name, _| names.contains(name.as_str()));
    }

    fn heard(&mut self, name: &str, what: &str) {
        match self.unknown.remove(name) {
            None => self.told(name, what),
            Some(_) if self.voice == Voice::Changes => eprintln!("{}: heard again", clean(name)),
            Some(_) => self.told(name, &format!("{what}, heard again")),
        }
    }

    fn told(&self, name: &str, what: &str) {
        if self.voice == Voice::EveryRound {
            say(&format!("{name}: {what}"));
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
        if let Some(Err(problem)) = self.history.as_mut().map(History::sync) {
            self.not_kept(&problem);
        }
        self.board.end(Timestamp::now());
        match until {
            Until::EachWasAsked if !self.unknown.is_empty() => Exit::Io,
            _ if self.unkept.is_some() => Exit::Io,
            _ => Exit::Done,
        }
    }
}

/// One line on stdout: on a terminal cut to fit, elsewhere whole.
fn say(line: &str) {
    let line = clean(line);
    match std::io::stdout().is_terminal() {
        true => println!("{}", cut(&line, WIDTH)),
        false => println!("{line}"),
    }
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
