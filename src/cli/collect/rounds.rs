//! Asks all sources, each at its own pace, and keeps what they say.

use super::desk::Desk;
use crate::cli::Exit;
use crate::cli::output::tell;
use crate::collect::Reading;
use crate::collect::ask::{Round, Standing, ask};
use crate::collect::config::{Config, Keep, Source, SyncRule, Way};
use crate::collect::fetch::{Fetcher, backoff};
use crate::collect::life::Life;
use crate::collect::receive::Delivery;
use crate::diag::{Diagnostic, Sources, clean};
use crate::report::text::cut;
use crate::store::{self, Appended, History, Settings, Sync};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Columns of the text output.
const WIDTH: usize = 80;
/// How often the history is tidied up.
const MAINTAIN: SignedDuration = SignedDuration::from_hours(24);

/// How often what came to us is looked through for what is not told again.
const LOOK_THROUGH: Duration = Duration::from_secs(10);
/// How far back the history is asked what goes on, in days: what began earlier is told again.
const RECALLED_DAYS: i64 = 2;

/// When it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// When every source was asked once.
    EachWasAsked,
    /// When the process is told to stop.
    Stopped,
}

/// Asks the sources of `config` and appends what they say to the history in `data`.
pub(super) fn run(config: Config, base: PathBuf, data: &Path, until: Until) -> Exit {
    let history = match History::open(data, settings(&config.keep)) {
        Ok((history, notices)) => {
            tell(&notices, &Sources::default());
            history
        }
        Err(problem) => return failed(&problem),
    };
    let life = recalled(&config.sources, data, until);
    let fetcher = match Fetcher::new(config.limits, config.contact.as_deref().unwrap_or_default()) {
        Ok(fetcher) => Arc::new(fetcher),
        Err(why) => {
            eprintln!("error: nothing can be fetched: {}", clean(&why));
            return Exit::Io;
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("error: {e}");
            return Exit::Io;
        }
    };
    runtime.block_on(async {
        let listen = config.listen.as_ref().map(|at| at.text.as_str()).filter(|_| until == Until::Stopped);
        match Desk::open(listen, &config.sources, config.limits.body).await {
            Ok(desk) => collect(Keeper::new(history, life), desk, config.sources, base, fetcher, until).await,
            Err(problem) => failed(&problem),
        }
    })
}

/// What is known to go on of what comes to us.
fn recalled(sources: &[Source], data: &Path, until: Until) -> Life {
    let mut life = Life::new(sources);
    if until == Until::Stopped && !life.is_empty() {
        let now = Timestamp::now();
        let since = TimeZone::UTC.to_datetime(now).date().saturating_sub(RECALLED_DAYS.days());
        // What is wrong with the history was told when it was opened.
        let (known, _) = store::read(data, since, now);
        life.recall(known.iter().map(|s| (s.identity.as_str(), &s.record)), now);
    }
    life
}

async fn collect(
    mut keeper: Keeper,
    mut desk: Desk,
    sources: Vec<Source>,
    base: PathBuf,
    fetcher: Arc<Fetcher>,
    until: Until,
) -> Exit {
    // Room for one round of each: a slow disk slows the asking, and nothing piles up.
    let (told, mut rounds) = mpsc::channel(sources.len().max(1));
    for source in sources.into_iter().filter(|s| !matches!(s.way, Way::Receive(_))) {
        tokio::spawn(attend(source, base.clone(), fetcher.clone(), until, told.clone()));
    }
    drop(told);
    if let Some(address) = desk.address() {
        say(&format!("receiving at {address}"));
    }
    let stop = stopped();
    tokio::pin!(stop);
    let mut look_through = tokio::time::interval(LOOK_THROUGH);
    let mut asking = true;
    while asking || desk.address().is_some() {
        tokio::select! {
            round = rounds.recv(), if asking => match round {
                Some((name, round)) => drop(keeper.keep(&name, round)),
                None => asking = false,
            },
            Some(delivery) = desk.next() => keeper.take(delivery),
            _ = look_through.tick() => keeper.look_through(),
            () = &mut stop => break,
        }
    }
    desk.close();
    while let Some(delivery) = desk.next().await {
        keeper.take(delivery);
    }
    keeper.end(until)
}

/// Asks one source, once or again and again.
async fn attend(
    source: Source,
    base: PathBuf,
    fetcher: Arc<Fetcher>,
    until: Until,
    told: mpsc::Sender<(String, Round)>,
) {
    let mut standing = Standing::default();
    loop {
        let round = ask(&source, &base, &fetcher, &mut standing, Timestamp::now()).await;
        let over = until == Until::EachWasAsked || matches!(round, Round::NotYet(_));
        if told.send((source.name.text.clone(), round)).await.is_err() || over {
            return;
        }
        let wait = match standing.failures {
            0 => backoff::usual(source.every, random()),
            failures => backoff::after(failures, source.every, standing.rest, random()),
        };
        tokio::time::sleep(wait).await;
    }
}

/// Ends with the first wish to stop.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            return;
        }
    }
    // Without that, only the end of the process stops it.
    std::future::pending::<()>().await
}

/// Writes the history, and says what changes.
struct Keeper {
    history: History,
    /// Sources that said nothing in their last round, and why.
    unknown: BTreeMap<String, String>,
    /// What came to us and has not ended.
    life: Life,
    unkept: bool,
    maintained: Timestamp,
}

impl Keeper {
    fn new(history: History, life: Life) -> Self {
        // Long ago: the first round tidies up.
        Keeper { history, unknown: BTreeMap::new(), life, unkept: false, maintained: Timestamp::UNIX_EPOCH }
    }

    /// Keeps what a sender waits to have kept.
    fn take(&mut self, delivery: Delivery) {
        let kept = self.keep(&delivery.source, delivery.round);
        // A sender that has gone sends it again.
        let _ = delivery.kept.send(kept);
    }

    /// Keeps that what is not told again has ended.
    fn look_through(&mut self) {
        for (name, reading) in self.life.silent(Timestamp::now()) {
            if let Some(what) = self.append(&name, &reading) {
                say(&format!("{name}: {what}"));
            }
        }
    }

    /// Appends what a source says; what became of it, in words, if it is in the history now.
    fn append(&mut self, name: &str, reading: &Reading) -> Option<String> {
        for note in &reading.notes {
            eprintln!("{}: {}", clean(name), clean(note));
        }
        let signals = reading.signals.iter().map(|c| (c.identity.as_str(), &c.record));
        match self.history.append(signals) {
            Ok(appended) => {
                self.life.kept(name, reading, Timestamp::now());
                Some(format!("{} signals{}", reading.signals.len(), news(&appended)))
            }
            Err(problem) => {
                self.not_kept(&problem);
                None
            }
        }
    }

    /// Whether all that the round says is in the history.
    fn keep(&mut self, name: &str, round: Round) -> bool {
        let mut kept = true;
        match round {
            Round::Told(reading) => {
                for (of, reading) in self.life.settle(name, reading, Timestamp::now()) {
                    match self.append(&of, &reading) {
                        Some(what) if of == name => self.heard(name, &what),
                        Some(what) => say(&format!("{of}: {what}")),
                        None => kept = false,
                    }
                }
            }
            Round::Unchanged => self.heard(name, "the same as before"),
            Round::Unknown(why) => self.not_heard(name, &why),
            Round::NotYet(what) => self.not_heard(name, &format!("{what} is not collected yet")),
        }
        let now = Timestamp::now();
        if now.duration_since(self.maintained) >= MAINTAIN {
            self.maintained = now;
            if let Err(problem) = self.history.maintain(now) {
                self.not_kept(&problem);
            }
        }
        kept
    }

    fn heard(&mut self, name: &str, what: &str) {
        let again = if self.unknown.remove(name).is_some() { ", heard again" } else { "" };
        say(&format!("{name}: {what}{again}"));
    }

    /// The state of all that a source covers is unknown; said again only if the reason is another.
    fn not_heard(&mut self, name: &str, why: &str) {
        if self.unknown.insert(name.to_string(), why.to_string()).as_deref() != Some(why) {
            say(&format!("{name}: unknown: {why}"));
        }
    }

    fn not_kept(&mut self, problem: &Diagnostic) {
        self.unkept = true;
        tell(std::slice::from_ref(problem), &Sources::default());
    }

    fn end(mut self, until: Until) -> Exit {
        if let Err(problem) = self.history.sync() {
            self.not_kept(&problem);
        }
        match until {
            Until::EachWasAsked if !self.unknown.is_empty() => Exit::Io,
            _ if self.unkept => Exit::Io,
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

fn settings(keep: &Keep) -> Settings {
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

fn failed(problem: &Diagnostic) -> Exit {
    tell(std::slice::from_ref(problem), &Sources::default());
    Exit::Io
}

/// From 0 to below 1, so that sources that began together drift apart.
fn random() -> f64 {
    (RandomState::new().hash_one(0) >> 11) as f64 / (1u64 << 53) as f64
}
