//! Tells people, in the background: a receiver that does not answer hinders nobody.

use super::keep;
use crate::cli::Exit;
use crate::cli::output::tell;
use crate::collect::config::Notify;
use crate::collect::fetch::Fetcher;
use crate::diag::{Diagnostic, Sources};
use crate::notify::{Message, Outbox};
use crate::watch::episode::Episodes;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long it is waited at most until it is looked for what is due: clocks are set.
const LOOK: SignedDuration = SignedDuration::from_secs(60);
/// How long until what could not be kept is tried again.
const AGAIN: SignedDuration = SignedDuration::from_secs(10);
/// How long the end of the process waits for receivers.
const FAREWELL: Duration = Duration::from_secs(10);

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
        let desk =
            Desk { folder: folder.clone(), outbox, fetcher: fetcher.clone(), waiting: VecDeque::new(), told: None };
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

    /// Tries once more what waits, and ends.
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
    /// The last problem of keeping, told once.
    told: Option<String>,
}

impl Desk {
    async fn work(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            self.keep();
            let now = Timestamp::now();
            let due = self.outbox.due(now).map_or(LOOK, |due| due.duration_since(now).max(SignedDuration::ZERO));
            let due = due.min(if self.waiting.is_empty() { LOOK } else { AGAIN });
            tokio::select! {
                // What was ordered is kept before anything is sent.
                biased;
                order = orders.recv() => match order {
                    Some(Order::Tell(told)) => self.waiting.push_back(*told),
                    Some(Order::Change(receivers, fetcher)) => self.change(&receivers, fetcher),
                    None => break,
                },
                () = tokio::time::sleep(Duration::try_from(due).unwrap_or(FAREWELL)) => self.deliver().await,
            }
        }
        self.keep();
        if self.outbox.waiting() > 0 && tokio::time::timeout(FAREWELL, self.deliver()).await.is_err() {
            eprintln!("a receiver does not answer");
        }
        if self.outbox.waiting() > 0 {
            eprintln!("{} messages wait for the next start", self.outbox.waiting());
        }
    }

    async fn deliver(&mut self) {
        for delivery in self.outbox.deliver(&self.fetcher, Timestamp::now()).await {
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

    fn change(&mut self, receivers: &[Notify], fetcher: Arc<Fetcher>) {
        self.fetcher = fetcher;
        match Outbox::open(&self.folder, receivers) {
            Ok((outbox, notices)) => {
                self.outbox = outbox;
                tell(&notices, &Sources::default());
            }
            Err(problem) => tell(std::slice::from_ref(&*problem), &Sources::default()),
        }
    }
}
