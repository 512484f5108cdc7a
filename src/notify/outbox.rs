//! The queue of what is to be told: one file for each message and receiver, until the receiver has taken it.
//!
//! - What [`Outbox::put`] took is on the disk; a process that is killed at any moment loses nothing of it.
//! - A receiver gets its messages in the order in which they were put; one that cannot be delivered holds up those behind
//!   it, for this receiver only, and is tried again, ever more seldom.
//! - Nothing here waits for a receiver: [`Outbox::take`] says what is to be sent, whoever has the queue sends it, and
//!   [`Outbox::settle`] takes up what became of it. Messages can be put meanwhile.
//! - Each is delivered once. If the process ends between a receiver's yes and the removal of the file, or the yes is lost
//!   on its way, the receiver gets it again, under the same name.
//! - What is refused for good, or is not delivered within [`MAX_AGE`], is kept in [`DEAD_LETTERS`].
//!
//! One process has it: the one that holds the history of the same data folder. Time is an argument.

mod attempt;
mod disk;
mod line;

pub use attempt::Attempt;
pub use disk::DEAD_LETTERS;

use super::codes::{SAME_RECEIVER, UNDELIVERED, UNREADABLE};
use super::{Message, Status, hash, label};
use crate::collect::config::{Notify, RECEIVERS, Receiver};
use crate::collect::fetch::Failure;
use crate::diag::{Diagnostic, clean, cut};
use disk::{Disk, Name};
use jiff::{SignedDuration, Timestamp};
use line::{Line, Waiting};
use std::fmt;
use std::path::Path;

/// The folder of the queue in a data folder.
pub const FOLDER: &str = "outbox";
/// How long it is tried to deliver a message, at least …
pub(super) const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);
/// … and how often in a row a receiver must have failed then: a clock that was wrong gives nothing up.
pub(super) const MIN_FAILURES: u32 = 3;
/// Messages that wait for one receiver; beyond that the oldest is given up.
pub const MAX_WAITING: usize = 1000;
/// Hexadecimal digits by which a receiver is known in names of files.
const RECEIVER_DIGITS: usize = 16;

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Accepted,
    /// It did not, and will be asked again.
    Waiting {
        /// Why.
        why: String,
        /// When.
        next: Timestamp,
    },
    /// It did not and will not; the message is among the dead letters.
    GivenUp {
        /// Why.
        why: String,
    },
    /// An alert that goes on could not be renewed this time.
    NotRenewed {
        /// Why.
        why: String,
    },
}

/// One attempt to tell somebody something, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What the receiver is called.
    pub to: String,
    /// The incident.
    pub key: String,
    /// What was said of it.
    pub status: Status,
    /// What became of it.
    pub outcome: Outcome,
    /// What went wrong on the disk meanwhile.
    pub problem: Option<Diagnostic>,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}: ", clean(&self.to), self.status.as_str(), clean(&self.key))?;
        match &self.outcome {
            Outcome::Accepted => write!(f, "accepted"),
            Outcome::Waiting { why, next } => write!(f, "{}; tried again at {}", clean(why), super::words::time(*next)),
            Outcome::GivenUp { why } => write!(f, "given up, kept in {DEAD_LETTERS}: {}", clean(why)),
            Outcome::NotRenewed { why } => write!(f, "not renewed this time: {}", clean(why)),
        }
    }
}

/// The queue.
#[derive(Debug)]
pub struct Outbox {
    disk: Disk,
    lines: Vec<Line>,
    /// Of the next message, for the order of files.
    number: u64,
}

impl Outbox {
    /// Opens the queue below the folder `data`, which is made if it is not there. What is told of what the last process left
    /// comes back beside it: files that are no messages are set aside, messages to receivers that are no longer among
    /// `receivers` are given up.
    ///
    /// # Errors
    /// If nothing can be written or read there.
    pub fn open(data: &Path, receivers: &[Notify]) -> Result<(Outbox, Vec<Diagnostic>), Box<Diagnostic>> {
        let (disk, left) = Disk::open(data)?;
        let mut notices = Vec::new();
        let mut outbox = Outbox { disk, lines: lines(receivers, &mut notices), number: 1 };
        for (name, path) in left {
            if let Name::Message { number, .. } = &name {
                outbox.number = outbox.number.max(number.saturating_add(1));
            }
            outbox.take_up(name, &path, &mut notices);
        }
        Ok((outbox, notices))
    }

    /// Takes up one file that the last process left.
    fn take_up(&mut self, name: Name, path: &Path, notices: &mut Vec<Diagnostic>) {
        let (read, receiver) = match &name {
            Name::Message { receiver, .. } | Name::Open { receiver, .. } => (self.disk.read(path), receiver),
            Name::Strange => (Err("its name is none of a message".to_string()), &String::new()),
        };
        let kept = match read {
            Ok(kept) => kept,
            Err(why) => return notices.push(self.set_aside(path, &why)),
        };
        let line = self.lines.iter_mut().find(|line| line.identity == *receiver);
        match (name, line) {
            (Name::Open { .. }, Some(line)) => line.reopen(kept.message, path.to_path_buf()),
            // It ends by itself.
            (Name::Open { .. }, None) => notices.extend(self.disk.remove(path).err().map(|e| *e)),
            (_, Some(line)) => line.waiting.push_back(Waiting {
                path: path.to_path_buf(),
                id: kept.id,
                put_at: kept.put_at,
                message: kept.message,
            }),
            (_, None) => {
                let why = "this receiver is no longer configured";
                let buried = self.disk.bury(&kept, why, None).and_then(|()| self.disk.remove(path));
                notices.push(match buried {
                    Ok(()) => {
                        let (status, key) = (kept.message.status.as_str(), clean(&kept.message.key));
                        let message = format!("`{status} {key}` to {} is given up: {why}", clean(&kept.to));
                        let help = format!("see `{DEAD_LETTERS}`, and tell it by hand if it still matters");
                        Diagnostic::warning(UNDELIVERED, message).help(help)
                    }
                    Err(problem) => *problem,
                });
            }
        }
    }

    fn set_aside(&self, path: &Path, why: &str) -> Diagnostic {
        let message = format!("`{}` is no message: {}", path.display(), cut(why, 200));
        match self.disk.set_aside(path) {
            Ok(place) => Diagnostic::warning(UNREADABLE, message)
                .help(format!("it is kept as `{}`, and not sent; all other messages are", place.display())),
            Err(problem) => *problem,
        }
    }

    /// Puts a message in the queue of every receiver. When this returns it is on the disk. A message that waits there
    /// already is not put again.
    ///
    /// # Errors
    /// If it cannot be kept for all receivers; it is then kept for none, and may be put again.
    pub fn put(&mut self, message: &Message, now: Timestamp) -> Result<(), Box<Diagnostic>> {
        let message = message.clone().bounded();
        for line in self.lines.iter_mut().filter(|line| line.waiting.len() >= MAX_WAITING) {
            line.give_up_first(&self.disk, &format!("more than {MAX_WAITING} messages wait"), now)?;
        }
        let mut made: Vec<(usize, Waiting)> = Vec::new();
        let kept = self.keep(&message, now, &mut made).and_then(|()| self.disk.sync());
        if let Err(problem) = kept {
            for (_, waiting) in &made {
                // Best effort: the error that matters is the first one.
                let _ = self.disk.remove(&waiting.path);
            }
            return Err(problem);
        }
        self.number += 1;
        for (i, waiting) in made {
            self.lines[i].waiting.push_back(waiting);
        }
        Ok(())
    }

    /// Writes a message for every receiver that has it not yet.
    fn keep(&self, message: &Message, now: Timestamp, made: &mut Vec<(usize, Waiting)>) -> Result<(), Box<Diagnostic>> {
        for (i, line) in self.lines.iter().enumerate() {
            let name = Name::Message { receiver: line.identity.clone(), number: self.number };
            let path = self.disk.path(&name);
            let id = disk::id(message);
            if line.waiting.iter().any(|waiting| waiting.id == id) {
                continue;
            }
            self.disk.write(&path, &line.label, message, now)?;
            made.push((i, Waiting { path, id, put_at: now, message: message.clone() }));
        }
        Ok(())
    }

    /// When something is next to be tried; nothing if there is nothing to do before an attempt that is under way is settled.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        self.lines.iter().filter_map(|line| line.due(now)).min()
    }

    /// What is to be sent now: at most one attempt for each receiver, and none for one that has an attempt under way. Each
    /// is to be sent, and then settled.
    pub fn take(&mut self, now: Timestamp) -> Vec<Attempt> {
        let disk = &self.disk;
        self.lines.iter_mut().filter_map(|line| line.take(disk, now)).collect()
    }

    /// Takes up what became of an attempt, `now` being after it: what is to be told of it.
    pub fn settle(&mut self, attempt: &Attempt, sent: Result<(), Failure>, now: Timestamp) -> Vec<Delivery> {
        if let Some(line) = self.lines.iter_mut().find(|line| line.identity == attempt.receiver) {
            line.settle(&self.disk, &attempt.what, sent, now);
        }
        self.told()
    }

    /// What is still to be told, as of messages that were given up since too many wait.
    pub fn told(&mut self) -> Vec<Delivery> {
        self.lines.iter_mut().flat_map(|line| std::mem::take(&mut line.told)).collect()
    }

    /// Messages that wait or are under way, for all receivers together.
    pub fn waiting(&self) -> usize {
        self.lines.iter().map(|line| line.waiting.len()).sum()
    }
}

/// A queue for each receiver, empty.
fn lines(receivers: &[Notify], notices: &mut Vec<Diagnostic>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for receiver in receivers {
        let simple = |other: &&Notify| identity(other, false) == identity(receiver, false);
        // By what else is written there, only where the place alone does not tell them apart.
        let identity = identity(receiver, receivers.iter().filter(simple).count() > 1);
        if lines.iter().any(|line| line.identity == identity) {
            let message = format!("the receiver {} is configured twice", label(receiver));
            notices.push(Diagnostic::warning(SAME_RECEIVER, message).help("remove one; it is told everything once"));
            continue;
        }
        lines.push(Line::new(receiver.clone(), identity));
    }
    lines
}

/// By what a receiver is known in names of files: its kind and its place, whatever its position in the configuration. Of
/// PagerDuty, where all have the same place, also the name of the variable with its key; never the key itself.
fn identity(receiver: &Notify, whole: bool) -> String {
    let kind = RECEIVERS.iter().find(|(_, to)| *to == receiver.to).map_or("", |(word, _)| word);
    let secret = receiver.secret.as_ref().map_or("", |s| s.written.as_str());
    let mut parts = vec![kind, super::address(receiver)];
    if whole || receiver.to == Receiver::PagerDuty {
        parts.push(secret);
    }
    if whole {
        parts.extend(receiver.headers.iter().flat_map(|(name, value)| [name.as_str(), value.written.as_str()]));
    }
    hash(&parts, RECEIVER_DIGITS)
}
