//! The history: every signal that was collected, in one append-only log for each day.
//!
//! A signal that says the same as the last one of its identity is not written again; one that says something else is
//! appended as a correction, so that what was known at any time can be told. Knows signals and diagnostics, nothing of
//! where signals come from.
//!
//! One process writes ([`History`]); any number read ([`read`]), also while it writes.

mod codes;
mod day;
mod line;

pub use codes::{CODES, DAMAGED, IN_USE, TORN, UNREADABLE, UNWRITABLE};
pub use line::{MAX_RECORD_BYTES, Stored, json};

use crate::diag::Diagnostic;
use crate::signal::{Record, SourceName};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The folder of the logs in a data folder.
pub const FOLDER: &str = "signals";
/// The file in it that the one writer holds.
const LOCK: &str = "writer.lock";

/// How often the lock is tried again before another process is taken for its owner, and the time between.
const LOCK_TRIES: u32 = 10;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// When what was written is made durable, that is, survives the loss of power. What was written survives the end of the
/// process in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// Before every append returns.
    Always,
    /// After this many records.
    Records(usize),
    /// With the first append, or call of [`History::sync_if_due`], after this time.
    After(Duration),
}

/// How the history is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// When it is made durable.
    pub sync: Sync,
    /// Days that are kept, today among them.
    pub keep_days: u16,
    /// Days of which all corrections are kept, today among them; of older ones the last of each day is.
    pub keep_corrections_days: u16,
    /// How old a sighting (what was so at the moment of looking) may be before the same is written again.
    pub renew: SignedDuration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            sync: Sync::After(Duration::from_secs(1)),
            keep_days: 90,
            keep_corrections_days: 14,
            renew: SignedDuration::from_mins(5),
        }
    }
}

/// What became of the signals of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Appended {
    /// Not heard of before.
    pub new: usize,
    /// Say something else than the last one of their identity.
    pub corrections: usize,
    /// Sightings that are written again so that they do not age.
    pub renewed: usize,
    /// Say the same as the last one of their identity: not written.
    pub same: usize,
    /// Larger than [`MAX_RECORD_BYTES`]: not written.
    pub too_large: usize,
}

/// What is known of the last record of an identity.
#[derive(Debug, Clone, Copy)]
struct Last {
    content: u64,
    seen_at: Timestamp,
}

/// The history, held for writing.
#[derive(Debug)]
pub struct History {
    folder: PathBuf,
    settings: Settings,
    last: HashMap<u64, Last>,
    open: Option<day::Open>,
    unsynced: usize,
    synced_at: Instant,
    _lock: File,
}

impl History {
    /// Opens the history below the folder `data`, which is made if it is not there. Repairs what the last process left
    /// half-written; what is told of that comes back beside the history.
    ///
    /// # Errors
    /// If another process writes there, or nothing can be written or read there.
    pub fn open(data: &Path, settings: Settings) -> Result<(History, Vec<Diagnostic>), Box<Diagnostic>> {
        let folder = data.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|e| day::unwritable(&folder, &e))?;
        let lock = lock(&folder)?;
        let mut notices = Vec::new();
        let mut last: HashMap<u64, Last> = HashMap::new();
        for day in day::days(&folder).map_err(|e| Box::new(day::unreadable(&folder, &e)))? {
            let path = day::path(&folder, day);
            match day::scan(&path, |stored| remember(&mut last, &stored.identity, &stored.record)) {
                Ok(scan) => {
                    notices.extend(scan.notices(&path));
                    notices.extend(day::repair(&path, &scan).map_err(|e| day::unwritable(&path, &e))?);
                }
                Err(e) => notices.push(day::unreadable(&path, &e)),
            }
        }
        let history =
            History { folder, settings, last, open: None, unsynced: 0, synced_at: Instant::now(), _lock: lock };
        Ok((history, notices))
    }

    /// Appends what is new or says something new: pairs of identity and signal.
    ///
    /// # Errors
    /// If it cannot be written, or not be made durable. What was not written may be given again; the history goes on.
    pub fn append<'a>(
        &mut self,
        signals: impl IntoIterator<Item = (&'a str, &'a Record)>,
    ) -> Result<Appended, Box<Diagnostic>> {
        let mut appended = Appended::default();
        let mut batches: BTreeMap<Date, Batch> = BTreeMap::new();
        let mut pending: HashMap<u64, Last> = HashMap::new();
        for (identity, record) in signals {
            let key = line::key(identity, record);
            let (content, seen_at) = (line::content(record), record.observation.seen_at);
            let counted = match pending.get(&key).or_else(|| self.last.get(&key)) {
                None => &mut appended.new,
                Some(last) if last.content != content => &mut appended.corrections,
                Some(last)
                    if line::is_sighting(record) && seen_at.duration_since(last.seen_at) >= self.settings.renew =>
                {
                    &mut appended.renewed
                }
                Some(_) => {
                    appended.same += 1;
                    continue;
                }
            };
            let batch = batches.entry(line::day(record)).or_default();
            if line::write(identity, record, &mut batch.lines).is_err() {
                appended.too_large += 1;
                continue;
            }
            *counted += 1;
            batch.last.push((key, Last { content, seen_at }));
            pending.insert(key, Last { content, seen_at });
        }
        for (day, batch) in batches.into_iter().filter(|(_, b)| !b.last.is_empty()) {
            self.write(day, batch)?;
        }
        self.sync_if_due()?;
        Ok(appended)
    }

    /// Makes durable what was written, if the settings say that it is time.
    ///
    /// # Errors
    /// As [`sync`](Self::sync).
    pub fn sync_if_due(&mut self) -> Result<(), Box<Diagnostic>> {
        let due = match self.settings.sync {
            Sync::Always => self.unsynced > 0,
            Sync::Records(n) => self.unsynced >= n.max(1),
            Sync::After(wait) => self.unsynced > 0 && self.synced_at.elapsed() >= wait,
        };
        if due { self.sync() } else { Ok(()) }
    }

    /// Keeps from now on as `settings` say.
    pub fn settle(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Writes the lines of one day.
    fn write(&mut self, day: Date, batch: Batch) -> Result<(), Box<Diagnostic>> {
        if self.open.as_ref().is_none_or(|open| open.day != day) {
            self.sync()?;
            let open = day::Open::new(&self.folder, day);
            self.open = Some(open.map_err(|e| day::unwritable(&day::path(&self.folder, day), &e))?);
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        open.append(&batch.lines).map_err(|e| day::unwritable(open.path(), &e))?;
        self.unsynced += batch.last.len();
        for (key, last) in batch.last {
            keep_later(&mut self.last, key, last);
        }
        Ok(())
    }

    /// Makes durable what was written.
    ///
    /// # Errors
    /// If the disk does not take it. What was written since the last time may then be lost with the power.
    pub fn sync(&mut self) -> Result<(), Box<Diagnostic>> {
        if let Some(open) = self.open.as_ref().filter(|_| self.unsynced > 0) {
            open.sync().map_err(|e| day::unwritable(open.path(), &e))?;
        }
        self.unsynced = 0;
        self.synced_at = Instant::now();
        Ok(())
    }

    /// Removes days that are over, and makes those small of which not all corrections are kept. To be called once a day;
    /// works through one log after the other in bounded memory.
    ///
    /// # Errors
    /// If a log cannot be read, replaced or removed; it is as before then.
    pub fn maintain(&mut self, now: Timestamp) -> Result<Maintained, Box<Diagnostic>> {
        let today = TimeZone::UTC.to_datetime(now).date();
        let first = |days: u16| today.saturating_sub(i64::from(days.max(1) - 1).days());
        let (keep, keep_all) = (first(self.settings.keep_days), first(self.settings.keep_corrections_days));
        let mut done = Maintained::default();
        let days = day::days(&self.folder).map_err(|e| Box::new(day::unreadable(&self.folder, &e)))?;
        for day in days.into_iter().filter(|d| *d < keep || *d < keep_all) {
            let path = day::path(&self.folder, day);
            if self.open.as_ref().is_some_and(|open| open.day == day) {
                self.sync()?;
                self.open = None;
            }
            if day < keep {
                fs::remove_file(&path).map_err(|e| day::unwritable(&path, &e))?;
                done.removed_days += 1;
            } else {
                done.dropped_records += day::compact(&path).map_err(|e| day::unwritable(&path, &e))?;
            }
        }
        self.last.retain(|_, last| TimeZone::UTC.to_datetime(last.seen_at).date() >= keep);
        Ok(done)
    }

    /// The number of identities whose last record is known.
    pub fn identities(&self) -> usize {
        self.last.len()
    }
}

impl Drop for History {
    fn drop(&mut self) {
        // Best effort: who must know calls `sync`.
        let _ = self.sync();
    }
}

/// What [`History::maintain`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Logs that were removed.
    pub removed_days: usize,
    /// Records that later ones of the same day had corrected, and that were left out.
    pub dropped_records: usize,
}

/// The lines of one day, and what they say.
#[derive(Default)]
struct Batch {
    lines: Vec<u8>,
    last: Vec<(u64, Last)>,
}

fn remember(known: &mut HashMap<u64, Last>, identity: &str, record: &Record) {
    let last = Last { content: line::content(record), seen_at: record.observation.seen_at };
    keep_later(known, line::key(identity, record), last);
}

/// What is told later counts; of what is told at the same time, what is written later.
fn keep_later(known: &mut HashMap<u64, Last>, key: u64, last: Last) {
    let entry = known.entry(key).or_insert(last);
    if entry.seen_at <= last.seen_at {
        *entry = last;
    }
}

fn lock(folder: &Path) -> Result<File, Box<Diagnostic>> {
    let path = folder.join(LOCK);
    let file = File::options().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|e| day::unwritable(&path, &e))?;
    let mut locked = file.try_lock();
    for _ in 0..LOCK_TRIES {
        // A process that ends, or one that it was just starting, may hold the lock a moment longer.
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        std::thread::sleep(LOCK_WAIT);
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let message = format!("another process writes the history in `{}`", folder.display());
            let help = "end it first, or give this one a data folder of its own; reading is possible meanwhile";
            Err(Box::new(Diagnostic::error(IN_USE, message).help(help)))
        }
        Err(TryLockError::Error(e)) => Err(day::unwritable(&path, &e)),
    }
}

/// What was known at `as_of`: of every identity the last record that had been told by then, of those that were told on
/// `since` or later, in the order of source and identity. Waits for no writer and changes nothing, so it also serves from
/// a disk that is read-only or full.
pub fn read(data: &Path, since: Date, as_of: Timestamp) -> (Vec<Stored>, Vec<Diagnostic>) {
    let mut known: BTreeMap<(SourceName, String), Stored> = BTreeMap::new();
    let notices = each(data, since, as_of, |stored| {
        let seen_at = stored.record.observation.seen_at;
        let key = (stored.record.observation.source.clone(), stored.identity.clone());
        if known.get(&key).is_none_or(|k| k.record.observation.seen_at <= seen_at) {
            known.insert(key, stored);
        }
    });
    (known.into_values().collect(), notices)
}

/// Gives every record with all its corrections to `take`, in the order in which they were written, of those that were
/// told on `since` or later and not after `as_of`. In bounded memory, and otherwise like [`read`].
pub fn each(data: &Path, since: Date, as_of: Timestamp, mut take: impl FnMut(Stored)) -> Vec<Diagnostic> {
    let folder = data.join(FOLDER);
    let mut notices = Vec::new();
    let days = day::days(&folder).unwrap_or_else(|e| {
        notices.push(day::unreadable(&folder, &e));
        Vec::new()
    });
    let until = TimeZone::UTC.to_datetime(as_of).date();
    for day in days.into_iter().filter(|d| (since..=until).contains(d)) {
        let path = day::path(&folder, day);
        let scan = day::scan(&path, |stored| {
            if stored.record.observation.seen_at <= as_of {
                take(stored);
            }
        });
        match scan {
            Ok(scan) => notices.extend(scan.notices(&path)),
            Err(e) => notices.push(day::unreadable(&path, &e)),
        }
    }
    notices
}
