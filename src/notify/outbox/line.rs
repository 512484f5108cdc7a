//! One receiver and what waits for it.

use super::attempt::{Attempt, What};
use super::disk::{Disk, Kept, Name};
use super::{Delivery, MAX_AGE, MIN_FAILURES, Message, Outcome, Status, hash, label};
use crate::collect::config::{Notify, Receiver};
use crate::collect::fetch::{Failure, backoff};
use crate::diag::Diagnostic;
use crate::notify::alertmanager::RENEW;
use crate::notify::letter;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

/// The wait after the first failure, at least.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// Alerts that are renewed at one receiver; beyond that the oldest ends by itself.
const MAX_OPEN: usize = 100;
/// How long an alert is renewed whose end nobody tells.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Numbers of answers with 4xx that may be others the next time: the request took too long, came too early or too often.
const PASSING: [u16; 3] = [408, 425, 429];

/// A message that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Its file.
    pub path: PathBuf,
    /// Its name.
    pub id: String,
    /// When it was put.
    pub put_at: Timestamp,
    /// It itself.
    pub message: Message,
}

/// An alert that goes on.
#[derive(Debug)]
struct Open {
    path: PathBuf,
    message: Message,
    /// When it was last sent; nothing if that was another process.
    sent_at: Option<Timestamp>,
}

/// How long nothing is tried.
#[derive(Debug, Clone, Copy)]
struct Pause {
    from: Timestamp,
    length: SignedDuration,
}

impl Pause {
    fn new(from: Timestamp, length: Duration) -> Pause {
        Pause { from, length: SignedDuration::try_from(length).unwrap_or(MAX_AGE) }
    }

    /// Its end; a clock that was set back ends it.
    fn end(self, now: Timestamp) -> Timestamp {
        if now < self.from { now } else { self.from.checked_add(self.length).unwrap_or(Timestamp::MAX) }
    }
}

/// One receiver.
#[derive(Debug)]
pub(super) struct Line {
    receiver: Notify,
    /// By what it is known in names of files.
    pub identity: String,
    /// What it is called before people.
    pub label: String,
    /// What waits for it, in order.
    pub waiting: VecDeque<Waiting>,
    failures: u32,
    pause: Option<Pause>,
    /// What is under way.
    busy: Option<What>,
    open: BTreeMap<String, Open>,
    /// Files that could not be removed.
    leftovers: Vec<PathBuf>,
    /// What is still to be told.
    pub told: Vec<Delivery>,
}

impl Line {
    pub fn new(receiver: Notify, identity: String) -> Line {
        let label = label(&receiver);
        Line {
            receiver,
            identity,
            label,
            waiting: VecDeque::new(),
            failures: 0,
            pause: None,
            busy: None,
            open: BTreeMap::new(),
            leftovers: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Goes on with an alert of another process.
    pub fn reopen(&mut self, message: Message, path: PathBuf) {
        self.open.insert(message.key.clone(), Open { path, message, sent_at: None });
    }

    /// When something is next to be tried; nothing while something is under way.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        if self.busy.is_some() {
            return None;
        }
        let paused = self.pause.map_or(now, |pause| pause.end(now).max(now));
        let renewed = || self.open.values().map(|open| open.due(now)).min();
        if self.waiting.is_empty() { renewed().map(|due| due.max(paused)) } else { Some(paused) }
    }

    /// The next attempt, if one is due.
    pub fn take(&mut self, disk: &Disk, now: Timestamp) -> Option<Attempt> {
        self.leftovers.retain(|path| disk.remove(path).is_err());
        if self.busy.is_some() || self.pause.is_some_and(|pause| pause.end(now) > now) {
            return None;
        }
        let (what, (request, body)) = match self.waiting.front() {
            Some(first) => (What::Message(first.id.clone()), letter(&self.receiver, &first.message, &first.id, now)),
            // While something waits the receiver is not there, or is about to be told better.
            None => {
                self.forget_old(disk, now);
                let due = self.open.iter_mut().filter(|(_, open)| open.due(now) <= now);
                let (key, open) = due.min_by_key(|(_, open)| open.due(now))?;
                open.sent_at = Some(now);
                (What::Renewal(key.clone()), letter(&self.receiver, &open.message, "", now))
            }
        };
        self.busy = Some(what.clone());
        Some(Attempt { receiver: self.identity.clone(), what, request, body })
    }

    /// Takes up what became of an attempt.
    pub fn settle(&mut self, disk: &Disk, what: &What, sent: Result<(), Failure>, now: Timestamp) {
        // Nothing that this queue did not give.
        if self.busy.as_ref() != Some(what) {
            return;
        }
        self.busy = None;
        match (what, sent) {
            (What::Message(_), Ok(())) => self.accepted(disk, now),
            (What::Message(_), Err(failure)) => self.failed(disk, &failure, now),
            (What::Renewal(_), Ok(())) => {}
            (What::Renewal(key), Err(failure)) => {
                if let Some(message) = self.open.get(key).map(|open| open.message.clone()) {
                    self.tell(&message, Outcome::NotRenewed { why: failure.to_string() }, None);
                }
            }
        }
    }

    fn accepted(&mut self, disk: &Disk, now: Timestamp) {
        (self.failures, self.pause) = (0, None);
        let Some(first) = self.waiting.pop_front() else { return };
        // Before the file is removed, or an alert could be forgotten in between.
        let mut problem = self.follow(disk, &first.message, now).err();
        if let Err(e) = disk.remove(&first.path) {
            // It is not sent again by this process.
            self.leftovers.push(first.path);
            problem = Some(e);
        }
        self.tell(&first.message, Outcome::Accepted, problem);
    }

    fn failed(&mut self, disk: &Disk, failure: &Failure, now: Timestamp) {
        let why = failure.to_string();
        if let Failure::Status { status, .. } = failure
            && (400..500).contains(status)
            && !PASSING.contains(status)
        {
            (self.failures, self.pause) = (0, None);
            if let Err(problem) = self.give_up_first(disk, &format!("refused: {why}"), now) {
                self.wait(&why, failure.asked_rest(), Some(problem), now);
            }
            return;
        }
        if !matches!(failure, Failure::Resting(_)) {
            self.failures = self.failures.saturating_add(1);
        }
        let mut problem = None;
        let old = |waiting: &Waiting| now.duration_since(waiting.put_at) >= MAX_AGE;
        while self.failures >= MIN_FAILURES && problem.is_none() && self.waiting.front().is_some_and(old) {
            let why = format!("not delivered within {} h: {why}", MAX_AGE.as_hours());
            problem = self.give_up_first(disk, &why, now).err();
        }
        self.wait(&why, failure.asked_rest(), problem, now);
    }

    /// Leaves the receiver alone for a while.
    fn wait(&mut self, why: &str, asked: Option<Duration>, problem: Option<Box<Diagnostic>>, now: Timestamp) {
        let random = self.random();
        let length = match self.failures {
            0 => asked.map_or(FIRST_WAIT, |rest| backoff::usual(rest, random)),
            failures => backoff::after(failures, FIRST_WAIT, asked, random),
        };
        let pause = Pause::new(now, length);
        self.pause = Some(pause);
        if let Some(first) = self.waiting.front() {
            let message = first.message.clone();
            self.tell(&message, Outcome::Waiting { why: why.to_string(), next: pause.end(now) }, problem);
        }
    }

    /// Puts the first that waits, and is not under way, among the dead letters. If that cannot be done it stays.
    pub fn give_up_first(&mut self, disk: &Disk, why: &str, now: Timestamp) -> Result<(), Box<Diagnostic>> {
        let at = usize::from(matches!(self.busy, Some(What::Message(_))));
        let Some(first) = self.waiting.get(at) else { return Ok(()) };
        let Waiting { id, put_at, message, path } = first;
        let kept = Kept { id: id.clone(), put_at: *put_at, to: self.label.clone(), message: message.clone() };
        disk.bury(&kept, why, Some(now))?;
        let problem = disk.remove(path).err();
        if problem.is_some() {
            self.leftovers.push(path.clone());
        }
        self.waiting.remove(at);
        self.tell(&kept.message, Outcome::GivenUp { why: why.to_string() }, problem);
        Ok(())
    }

    /// Remembers what goes on at a receiver that must be told so again and again.
    fn follow(&mut self, disk: &Disk, message: &Message, now: Timestamp) -> Result<(), Box<Diagnostic>> {
        if self.receiver.to != Receiver::Alertmanager {
            return Ok(());
        }
        if message.status == Status::Resolved {
            return self.open.remove(&message.key).map_or(Ok(()), |open| disk.remove(&open.path));
        }
        if self.open.len() >= MAX_OPEN && !self.open.contains_key(&message.key) {
            let oldest = self.open.values().min_by_key(|open| open.message.at).map(|open| open.message.key.clone());
            if let Some(open) = oldest.and_then(|key| self.open.remove(&key)) {
                disk.remove(&open.path)?;
            }
        }
        let path = disk.path(&Name::open(&self.identity, &message.key));
        let written = disk.write(&path, &self.label, message, now).and_then(|()| disk.sync());
        let open = Open { path, message: message.clone(), sent_at: Some(now) };
        self.open.insert(message.key.clone(), open);
        written
    }

    /// Forgets alerts whose end nobody tells.
    fn forget_old(&mut self, disk: &Disk, now: Timestamp) {
        let over = |open: &Open| now.duration_since(open.message.at) > OPEN_FOR;
        for open in self.open.values().filter(|open| over(open)) {
            if disk.remove(&open.path).is_err() {
                self.leftovers.push(open.path.clone());
            }
        }
        self.open.retain(|_, open| !over(open));
    }

    fn tell(&mut self, message: &Message, outcome: Outcome, problem: Option<Box<Diagnostic>>) {
        self.told.push(Delivery {
            to: self.label.clone(),
            key: message.key.clone(),
            status: message.status,
            outcome,
            problem: problem.map(|p| *p),
        });
    }

    /// From 0 to below 1, another one for each receiver and attempt.
    fn random(&self) -> f64 {
        let digits = hash(&[&self.identity, &self.failures.to_string()], 8);
        u32::from_str_radix(&digits, 16).map_or(0.0, |n| f64::from(n) / (f64::from(u32::MAX) + 1.0))
    }
}

impl Open {
    fn due(&self, now: Timestamp) -> Timestamp {
        self.sent_at.map_or(now, |at| Pause { from: at, length: RENEW }.end(now))
    }
}
