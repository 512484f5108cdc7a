//! Keeps how the sources stand in a file beside the history, for `collect status`.

use crate::cli::output::{replace, tell};
use crate::collect::ask::Round;
use crate::collect::config::Source;
use crate::collect::standing::{self, Status};
use crate::diag::{Diagnostic, Severity, Sources};
use crate::signal::read::read_bytes;
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Least time between two writes.
const PACE: SignedDuration = SignedDuration::from_secs(1);
/// Longest time between two writes: a sign of life.
const BEAT: SignedDuration = SignedDuration::from_secs(15);

/// How the sources stand, and the file that tells it. That it cannot be written hinders nothing, and is told once.
#[derive(Debug)]
pub(super) struct Board {
    path: PathBuf,
    status: Status,
    changed: bool,
    saved_at: Option<Timestamp>,
    /// Whether the last try to write failed.
    failing: bool,
}

impl Board {
    /// Goes on with what stands in the folder `data`; what cannot be read there is told, and begun anew.
    pub fn open(data: &Path, sources: &[Source], now: Timestamp) -> Board {
        let path = data.join(standing::FILE);
        let before = path.exists().then(|| read(&path)).and_then(|read| {
            let told = |problem: Box<Diagnostic>| {
                tell(&[Diagnostic { severity: Severity::Warning, ..*problem }], &Sources::default());
            };
            read.map_err(told).ok()
        });
        let status = Status::begin(sources, before, now);
        Board { path, status, changed: true, saved_at: None, failing: false }
    }

    /// What became of asking the source `name` at `asked`; `rest` is how long its host asks to be left alone.
    pub fn hear(&mut self, name: &str, round: &Round, asked: Timestamp, rest: Option<Duration>) {
        self.status.hear(name, round, asked, rest);
        self.changed = true;
    }

    /// Goes on with other sources.
    pub fn change(&mut self, sources: &[Source]) {
        self.status.reload(sources);
        self.changed = true;
    }

    /// Writes the file if there is something new, not too often, and now and then in any case.
    pub fn save_if_due(&mut self, now: Timestamp) {
        let due = self.saved_at.is_none_or(|saved| {
            let since = now.duration_since(saved);
            // A clock that was set back must not stop it.
            since < SignedDuration::ZERO || since >= BEAT || self.changed && since >= PACE
        });
        if due {
            self.save(now);
        }
    }

    /// Writes that collecting is over.
    pub fn end(&mut self, now: Timestamp) {
        self.status.ended_at = Some(now);
        self.save(now);
    }

    fn save(&mut self, now: Timestamp) {
        self.status.alive(now);
        (self.saved_at, self.changed) = (Some(now), false);
        match replace(&self.path, self.status.to_json().as_bytes()) {
            Ok(()) => self.failing = false,
            Err(e) if !self.failing => {
                self.failing = true;
                let message = format!("cannot write `{}`: {e}", self.path.display());
                let help = "collecting goes on; check the disk, or what `collect status` shows grows old";
                tell(&[Diagnostic::warning(standing::UNWRITABLE, message).help(help)], &Sources::default());
            }
            Err(_) => {}
        }
    }
}

/// Reads the status at `path`.
pub(super) fn read(path: &Path) -> Result<Status, Box<Diagnostic>> {
    Status::read(&read_bytes(path)?, &path.display().to_string())
}
