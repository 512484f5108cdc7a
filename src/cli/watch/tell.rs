//! Tells people, in the background: a receiver that does not answer hinders nobody.

use super::keep;
use crate::cli::Exit;
use crate::cli::output::tell;
use crate::collect::config::Notify;
use crate::collect::fetch::{Failure, Fetcher};
use crate::diag::{Diagnostic, Sources};
use crate::notify::{Attempt, Delivery, Message, Outbox};
use crate::watch::episode::Episodes;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;

/// How long it is waited at most until it is looked for what is due: clocks are set.
const LOOK: SignedDuration = SignedDuration::from_secs(60);
/// How long until what could not be kept is tried again.
const AGAIN: SignedDuration = SignedDuration::from_secs(10);
/// How much longer than an answer may take attempts are waited for at most: what is answered is read, too.
const GRACE: Duration = Duration::from_secs(2);

/// Whoever tells people.
pub(super) struct Teller {
    folder: PathBuf,
    /// `None`: nobody is told.
    at_work: Option<(mpsc::UnboundedSender<Order>, JoinHandle<()>)>,
}

enum Order {
    /// To tell something, after which this is what was told.
    Tell(Box<(Message, Episodes)>),
    /// To tell others from now on.
    Change(Vec<Notify>, Arc<Fetcher>),
}

impl Teller {
    /// Goes on with what the last process left to be told; `None` tells nobody. What prevents it has been told on stderr.
    pub fn start(folder: &Path, receivers: Option<&[Notify]>, fetcher: &Arc<Fetcher>) -> Result<Teller, Exit> {
        let folder = folder.to_path_buf();
        let Some(receivers) = receivers else { return Ok(Teller { folder, at_work: None }) };
        if receivers.is_empty() {
            eprintln!("error: nobody is listed under `notify:`\n  help: list receivers there, or leave --notify out");
            return Err(Exit::Findings);
        }
        let (outbox, notices) = Outbox::open(&folder, receivers).map_err(|problem| {
            tell(std::slice::from_ref(&*problem), &Sources::default());
            Exit::Io
        })?;
        tell(&notices, &Sources::default());
        let (orders, ordered) = mpsc::unbounded_channel();
        let desk = Desk {
            folder: folder.clone(),
            outbox,
            fetcher: fetcher.clone(),
            waiting: VecDeque::new(),
            change: None,
            sending: JoinSet::new(),
            attempts: HashMap::new(),
            told: None,
        };
        Ok(Teller { folder, at_work: Some((orders, tokio::spawn(desk.work(ordered)))) })
    }

    /// Tells something, after which `episodes` is what was told. What is kept of that is written only once what is to be
    /// told is on the disk: after a crash in between it is told again.
    pub fn tell(&self, message: Message, episodes: Episodes) {
        match &self.at_work {
            // The other side ends after this one.
            Some((orders, _)) => _ = orders.send(Order::Tell(Box::new((message, episodes)))),
            None => save(&self.folder, &episodes),
        }
    }

    /// Tells others from now on.
    pub fn change(&self, receivers: &[Notify], fetcher: &Arc<Fetcher>) {
        if let Some((orders, _)) = &self.at_work {
            let _ = orders.send(Order::Change(receivers.to_vec(), fetcher.clone()));
        }
    }

    /// Tries once more what is due, waits for all that is under way, for a while, and ends.
    pub async fn end(self) {
        let Some((orders, work)) = self.at_work else { return };
        drop(orders);
        // Its panic, if any, has been told.
        let _ = work.await;
    }
}

fn save(folder: &Path, episodes: &Episodes) {
    if let Err(why) = keep::save(folder, episodes) {
        eprintln!("warning: {why}; after a new start it is told again");
    }
}

struct Desk {
    folder: PathBuf,
    outbox: Outbox,
    fetcher: Arc<Fetcher>,
    /// What is not yet kept.
    waiting: VecDeque<(Message, Episodes)>,
    /// Whom to tell instead, once nothing is under way.
    change: Option<Change>,
    /// Attempts under way, each a task.
    sending: JoinSet<Result<(), Failure>>,
    attempts: HashMap<Id, Arc<Attempt>>,
    /// The last problem of keeping, told once.
    told: Option<String>,
}

struct Change {
    receivers: Vec<Notify>,
    fetcher: Arc<Fetcher>,
    /// What is under way then is not waited for any longer.
    until: Instant,
}

/// What became of a task, and which one it was.
type Done = Result<(Id, Result<(), Failure>), JoinError>;

impl Desk {
    async fn work(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            self.go_on();
            let rest = self.rest();
            tokio::select! {
                // What was ordered is kept before anything is sent.
                biased;
                order = orders.recv() => match order {
                    Some(Order::Tell(told)) => self.waiting.push_back(*told),
                    Some(Order::Change(receivers, fetcher)) => {
                        self.change = Some(Change { receivers, fetcher, until: self.patience() });
                    }
                    None => break,
                },
                Some(done) = self.sending.join_next_with_id() => self.settle(done),
                () = tokio::time::sleep(rest) => {}
            }
        }
        self.end().await;
    }

    /// Does what can be done now. Whoever is to be told instead is told what was ordered after the change, so that waits.
    fn go_on(&mut self) {
        if self.change.as_ref().is_some_and(|change| change.until <= Instant::now()) {
            self.sending.abort_all();
        }
        if self.sending.is_empty()
            && let Some(change) = self.change.take()
        {
            self.open(change);
        }
        if self.change.is_none() {
            self.keep();
            self.send();
        }
    }

    /// How long there is nothing to do unless something happens.
    fn rest(&self) -> Duration {
        if let Some(change) = &self.change {
            return change.until.saturating_duration_since(Instant::now());
        }
        let now = Timestamp::now();
        let due = self.outbox.due(now).map_or(LOOK, |due| due.duration_since(now).max(SignedDuration::ZERO));
        let due = due.min(if self.waiting.is_empty() { LOOK } else { AGAIN });
        Duration::try_from(due).unwrap_or(GRACE)
    }

    /// How long what is under way is waited for.
    fn patience(&self) -> Instant {
        Instant::now() + self.fetcher.limits().total + GRACE
    }

    /// Tries once more what is due, and waits for what is under way; what waits then is for the next start.
    async fn end(mut self) {
        let until = self.patience();
        if self.change.is_none() {
            self.keep();
            self.send();
        }
        while let Ok(Some(done)) = tokio::time::timeout_at(until, self.sending.join_next_with_id()).await {
            self.settle(done);
        }
        if !self.sending.is_empty() {
            eprintln!("receivers that do not answer: {}", self.sending.len());
            self.sending.shutdown().await;
        }
        if let Some(change) = self.change.take() {
            self.open(change);
        }
        self.keep();
        self.report(&[]);
        if self.outbox.waiting() > 0 {
            eprintln!("{} messages wait for the next start", self.outbox.waiting());
        }
    }

    /// Begins what is due, each in a task of its own.
    fn send(&mut self) {
        for attempt in self.outbox.take(Timestamp::now()) {
            let (attempt, fetcher) = (Arc::new(attempt), self.fetcher.clone());
            let sent = attempt.clone();
            let id = self.sending.spawn(async move { sent.send(&fetcher).await }).id();
            self.attempts.insert(id, attempt);
        }
        self.report(&[]);
    }

    /// Takes up what became of an attempt. Nothing is known of one that was not waited for: it is made again.
    fn settle(&mut self, done: Done) {
        let (id, sent) = match done {
            Ok(done) => done,
            Err(e) if e.is_cancelled() => return drop(self.attempts.remove(&e.id())),
            // Its panic has been told.
            Err(e) => (e.id(), Err(Failure::Broken("a fault of ours".to_string()))),
        };
        if let Some(attempt) = self.attempts.remove(&id) {
            let told = self.outbox.settle(&attempt, sent, Timestamp::now());
            self.report(&told);
        }
    }

    /// Tells what became of attempts, and of messages without one.
    fn report(&mut self, told: &[Delivery]) {
        for delivery in told.iter().chain(&self.outbox.told()) {
            eprintln!("{delivery}");
            if let Some(problem) = &delivery.problem {
                tell(std::slice::from_ref(problem), &Sources::default());
            }
        }
    }

    /// Puts on the disk what is to be told, and then that it was told.
    fn keep(&mut self) {
        while let Some((message, episodes)) = self.waiting.front() {
            match self.outbox.put(message, Timestamp::now()) {
                Ok(()) => save(&self.folder, episodes),
                Err(problem) => return self.not_kept(&problem),
            }
            self.told = None;
            self.waiting.pop_front();
        }
    }

    fn not_kept(&mut self, problem: &Diagnostic) {
        if self.told.replace(problem.message.clone()).as_ref() != Some(&problem.message) {
            tell(std::slice::from_ref(problem), &Sources::default());
        }
    }

    /// Tells others from now on.
    fn open(&mut self, change: Change) {
        self.fetcher = change.fetcher;
        match Outbox::open(&self.folder, &change.receivers) {
            Ok((outbox, notices)) => {
                self.outbox = outbox;
                tell(&notices, &Sources::default());
            }
            Err(problem) => tell(std::slice::from_ref(&*problem), &Sources::default()),
        }
    }
}
