//! Asks all sources, each at its own pace, and keeps what they say.

mod attend;
mod keeper;
mod wishes;

pub use keeper::Voice;

use super::board::Board;
use super::desk::Desk;
use crate::cli::Exit;
use crate::cli::output::tell;
use crate::collect::Collected;
use crate::collect::Reading;
use crate::collect::ask::Standing;
use crate::collect::config::{Config, Source, Way};
use crate::collect::fetch::Fetcher;
use crate::collect::follow::is_open;
use crate::collect::life::Life;
use crate::diag::{Sources, clean};
use crate::store::{self, History, Settings, Stored};
use attend::{Order, Told, attend};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use keeper::{Keeper, settings};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use wishes::{Wish, Wishes};

/// How often what was written is made durable if nothing more comes.
const TIDY: Duration = Duration::from_secs(1);
/// How often what came to us is looked through for what is not told again.
const LOOK_THROUGH: Duration = Duration::from_secs(10);

/// How long ago what is over may have been told to be known after a new start, at least.
const RECALLED: SignedDuration = SignedDuration::from_hours(48);

/// When it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When every source was asked once.
    EachWasAsked,
    /// When the process is told to stop.
    Stopped,
}

/// What to ask, and where to keep it.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The file that the configuration is from; read again when that is wished.
    pub file: PathBuf,
    /// The configuration.
    pub config: Config,
    /// The folder of the history, in place of the configuration's.
    pub data: Option<PathBuf>,
    /// When it is over.
    pub until: Until,
    /// How much is said of each round.
    pub voice: Voice,
}

impl Setup {
    /// The folder of the configuration: paths in it are relative to that.
    pub fn base(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// The folder of the history.
    pub fn folder(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| self.base().join(&self.config.data))
    }
}

/// What happened next.
#[derive(Debug)]
pub enum Happening {
    /// A source was heard, and what it says is kept; `None`: it says the same as before.
    Heard(String, Option<Reading>),
    /// A source was not heard: the state of all that it covers is unknown.
    NotHeard(String),
    /// There is a new configuration.
    Reloaded,
    /// It is over.
    Over,
}

/// All sources, asked.
pub struct Rounds {
    setup: Setup,
    fetcher: Arc<Fetcher>,
    keeper: Keeper,
    orders: BTreeMap<String, watch::Sender<Order>>,
    /// Who has not been heard of yet.
    awaited: BTreeSet<String>,
    told: mpsc::Sender<Told>,
    rounds: mpsc::Receiver<Told>,
    desk: Desk,
    /// What has happened and was not told yet.
    happened: VecDeque<Happening>,
    wishes: Wishes,
    tidy: tokio::time::Interval,
    look_through: tokio::time::Interval,
}

/// A runtime on this thread.
pub fn runtime() -> Result<tokio::runtime::Runtime, Exit> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| {
        eprintln!("error: {e}");
        Exit::Io
    })
}

/// Runs `work` on a runtime, and waits for nothing that still computes in the background when it is done.
pub fn run_on(runtime: tokio::runtime::Runtime, work: impl Future<Output = Exit>) -> Exit {
    let exit = runtime.block_on(work);
    runtime.shutdown_background();
    exit
}

impl Rounds {
    /// Opens the history, begins to ask, and gives what the history knows. To be called within a runtime. What prevents it
    /// has been told on stderr.
    pub async fn start(setup: Setup) -> Result<(Rounds, Vec<Stored>), Exit> {
        let folder = setup.folder();
        let settings = settings(&setup.config.keep);
        let history = open(&folder, settings, setup.voice)?;
        let now = Timestamp::now();
        let known = known(&folder, &setup.config, settings.keep_days, now);
        let fetcher = fetcher(&setup.config)?;
        let desk = desk(&setup).await?;
        let mut life = Life::new(&setup.config.sources);
        life.recall(known.iter().map(|s| (s.identity.as_str(), &s.record)), now);
        // Room for one round of each: a slow disk slows the asking, and nothing piles up.
        let (told, rounds) = mpsc::channel(setup.config.sources.len().max(1));
        let board = Board::open(&folder, &setup.config.sources, now);
        let mut all = Rounds {
            fetcher,
            keeper: Keeper::new((folder, settings), history, life, board, setup.voice),
            orders: BTreeMap::new(),
            awaited: asked(&setup.config).map(|s| s.name.text.clone()).collect(),
            told,
            rounds,
            desk,
            happened: VecDeque::new(),
            wishes: Wishes::new(),
            tidy: seldom(TIDY),
            look_through: seldom(LOOK_THROUGH),
            setup,
        };
        let mut said = open_by_source(&known);
        all.order(&mut said);
        Ok((all, known))
    }

    /// What is asked now.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Whether some source has not been heard of yet since the start.
    pub fn is_awaiting(&self) -> bool {
        !self.awaited.is_empty()
    }

    /// How things are fetched now.
    pub fn fetcher(&self) -> &Arc<Fetcher> {
        &self.fetcher
    }

    /// Waits for what happens next. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Happening {
        loop {
            if let Some(happening) = self.happened.pop_front() {
                return happening;
            }
            if self.setup.until == Until::EachWasAsked && self.awaited.is_empty() {
                return Happening::Over;
            }
            tokio::select! {
                Some(told) = self.rounds.recv() => {
                    self.awaited.remove(&told.source);
                    // Not what somebody says who is not asked any more.
                    if self.orders.contains_key(&told.source) {
                        self.happened.extend(self.keeper.hear(told));
                    }
                }
                Some(delivery) = self.desk.next() => self.happened.extend(self.keeper.take(delivery)),
                _ = self.look_through.tick() => self.happened.extend(self.keeper.look_through(Timestamp::now())),
                wish = self.wishes.next() => match wish {
                    Wish::Stop => return Happening::Over,
                    Wish::Reload => if self.reload() {
                        return Happening::Reloaded;
                    },
                },
                _ = self.tidy.tick() => self.keeper.tidy(Timestamp::now()),
            }
        }
    }

    /// Keeps what has arrived and what is under way to us, makes it durable, and tells how it went.
    pub async fn end(mut self) -> Exit {
        self.desk.close();
        while let Some(delivery) = self.desk.next().await {
            self.keeper.take(delivery);
        }
        while let Ok(told) = self.rounds.try_recv() {
            self.keeper.hear(told);
        }
        self.keeper.end(self.setup.until)
    }

    /// Tells every source what it is to be asked now; those that are new begin with what they `said` before, and those that
    /// are gone are not asked again.
    fn order(&mut self, said: &mut BTreeMap<String, Vec<Collected>>) {
        let base = self.setup.base().to_path_buf();
        let mut orders = BTreeMap::new();
        for source in asked(&self.setup.config) {
            let name = source.name.text.clone();
            let order = Order { source: Arc::new(source.clone()), base: base.clone(), fetcher: self.fetcher.clone() };
            let sender = match self.orders.remove(&name) {
                Some(sender) => {
                    sender.send_replace(order);
                    sender
                }
                None => {
                    let (sender, receiver) = watch::channel(order);
                    let standing = Standing { said: said.remove(&name).unwrap_or_default(), ..Standing::default() };
                    tokio::spawn(attend(receiver, standing, self.setup.until, self.told.clone()));
                    sender
                }
            };
            orders.insert(name, sender);
        }
        // Whoever is left is dropped, and ends with its round.
        self.orders = orders;
    }

    /// Reads the configuration again. With an error in it, all goes on as before.
    fn reload(&mut self) -> bool {
        let mut sources = Sources::default();
        let Ok(config) = super::load(&self.setup.file, &mut sources) else {
            eprintln!("{}: not reloaded: all goes on as before", self.setup.file.display());
            return false;
        };
        let Ok(fetcher) = fetcher(&config) else { return false };
        if config.data != self.setup.config.data && self.setup.data.is_none() {
            eprintln!("`data` is another folder now: that needs a new start; the history stays where it is");
        }
        if config.listen.as_ref().map(|l| &l.text) != self.setup.config.listen.as_ref().map(|l| &l.text) {
            eprintln!("`listen` is another address now: that needs a new start");
        }
        let config = Config { data: self.setup.config.data.clone(), ..config };
        (self.fetcher, self.setup.config) = (fetcher, config);
        self.keeper.change(settings(&self.setup.config.keep), &self.setup.config.sources);
        self.desk.change(&self.setup.config.sources);
        self.order(&mut BTreeMap::new());
        let names: BTreeSet<&str> = self.setup.config.sources.iter().map(|s| s.name.text.as_str()).collect();
        self.keeper.forget_all_but(&names);
        eprintln!("{}: reloaded, {} sources", self.setup.file.display(), names.len());
        true
    }
}

/// The sources that are asked, in place of coming to us.
fn asked(config: &Config) -> impl Iterator<Item = &Source> {
    config.sources.iter().filter(|s| !matches!(s.way, Way::Receive(_)))
}

/// Where it is received, if anything is.
async fn desk(setup: &Setup) -> Result<Desk, Exit> {
    let listen = setup.config.listen.as_ref().map(|at| at.text.as_str()).filter(|_| setup.until == Until::Stopped);
    let desk = Desk::open(listen, &setup.config.sources, setup.config.limits.body).await.map_err(|problem| {
        tell(std::slice::from_ref(&*problem), &Sources::default());
        Exit::Io
    })?;
    if let Some(address) = desk.address() {
        match setup.voice {
            Voice::EveryRound => println!("receiving at {address}"),
            Voice::Changes => eprintln!("receiving at {address}"),
        }
    }
    Ok(desk)
}

/// Ticks so often, or less if there is much to do.
fn seldom(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}

fn fetcher(config: &Config) -> Result<Arc<Fetcher>, Exit> {
    Fetcher::new(config.limits, config.contact.as_deref().unwrap_or_default()).map(Arc::new).map_err(|why| {
        eprintln!("error: nothing can be fetched: {}", clean(&why));
        Exit::Io
    })
}

/// The history; `None` if it cannot be written and there is other work to do than to write it.
fn open(folder: &Path, settings: Settings, voice: Voice) -> Result<Option<History>, Exit> {
    match History::open(folder, settings) {
        Ok((history, notices)) => {
            tell(&notices, &Sources::default());
            Ok(Some(history))
        }
        Err(problem) => {
            tell(std::slice::from_ref(&*problem), &Sources::default());
            let goes_on = voice == Voice::Changes && problem.code == store::UNWRITABLE;
            if goes_on {
                eprintln!("nothing is kept; what is heard is watched all the same");
            }
            if goes_on { Ok(None) } else { Err(Exit::Io) }
        }
    }
}

/// What the history knows that goes on, or that was told lately. What is damaged there was told when it was opened.
fn known(folder: &Path, config: &Config, keep_days: u16, now: Timestamp) -> Vec<Stored> {
    let window = SignedDuration::try_from(config.window).unwrap_or(RECALLED).max(RECALLED);
    let first = now.saturating_sub(window).unwrap_or(now);
    let since = TimeZone::UTC.to_datetime(now).date().saturating_sub(i64::from(keep_days).days());
    let mut known: BTreeMap<(String, String), Stored> = BTreeMap::new();
    // In the order in which it was written, so that what ended long ago is not kept until the end.
    store::each(folder, since, now, |stored| {
        let o = &stored.record.observation;
        let key = (o.source.name.clone(), stored.identity.clone());
        if known.get(&key).is_some_and(|k| k.record.observation.seen_at > o.seen_at) {
            return;
        }
        match is_open(o) || o.seen_at >= first {
            true => _ = known.insert(key, stored),
            false => _ = known.remove(&key),
        }
    });
    known.into_values().collect()
}

/// What each source said that has not ended, as it was told last.
fn open_by_source(known: &[Stored]) -> BTreeMap<String, Vec<Collected>> {
    let mut said: BTreeMap<String, Vec<Collected>> = BTreeMap::new();
    for stored in known.iter().filter(|s| is_open(&s.record.observation)) {
        let one = Collected { identity: stored.identity.clone(), record: stored.record.clone() };
        said.entry(stored.record.observation.source.name.clone()).or_default().push(one);
    }
    said
}
