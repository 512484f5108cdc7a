//! Asks all sources, each at its own pace, and keeps what they say.

use super::board::Board;
use crate::cli::Exit;
use crate::cli::output::tell;
use crate::collect::ask::{Round, Standing, ask};
use crate::collect::config::{Config, Keep, Source, SyncRule};
use crate::collect::fetch::{Fetcher, backoff};
use crate::diag::{Diagnostic, Sources, clean};
use crate::report::text::cut;
use crate::store::{Appended, History, Settings, Sync};
use jiff::{SignedDuration, Timestamp};
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

/// How often it is looked whether how the sources stand is to be written.
const BEAT: Duration = Duration::from_secs(1);

/// When a source was asked, and how long its host asks to be left alone.
type Asked = (Timestamp, Option<Duration>);

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
    let board = Board::open(data, &config.sources, Timestamp::now());
    runtime.block_on(collect(Keeper::new(history, board), config.sources, base, fetcher, until))
}

async fn collect(mut keeper: Keeper, sources: Vec<Source>, base: PathBuf, fetcher: Arc<Fetcher>, until: Until) -> Exit {
    // Room for one round of each: a slow disk slows the asking, and nothing piles up.
    let (told, mut rounds) = mpsc::channel(sources.len().max(1));
    for source in sources {
        tokio::spawn(attend(source, base.clone(), fetcher.clone(), until, told.clone()));
    }
    drop(told);
    let stop = stopped();
    tokio::pin!(stop);
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            round = rounds.recv() => match round {
                Some((name, round, asked)) => keeper.keep(&name, round, asked),
                None => break,
            },
            _ = beat.tick() => keeper.board.save_if_due(Timestamp::now()),
            () = &mut stop => break,
        }
    }
    keeper.end(until)
}

/// Asks one source, once or again and again.
async fn attend(
    source: Source,
    base: PathBuf,
    fetcher: Arc<Fetcher>,
    until: Until,
    told: mpsc::Sender<(String, Round, Asked)>,
) {
    let mut standing = Standing::default();
    loop {
        let now = Timestamp::now();
        let round = ask(&source, &base, &fetcher, &mut standing, now).await;
        let over = until == Until::EachWasAsked || matches!(round, Round::NotYet(_));
        if told.send((source.name.text.clone(), round, (now, standing.rest))).await.is_err() || over {
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
    board: Board,
    /// Sources that said nothing in their last round, and why.
    unknown: BTreeMap<String, String>,
    unkept: bool,
    maintained: Timestamp,
}

impl Keeper {
    fn new(history: History, board: Board) -> Self {
        // Long ago: the first round tidies up.
        Keeper { history, board, unknown: BTreeMap::new(), unkept: false, maintained: Timestamp::UNIX_EPOCH }
    }

    fn keep(&mut self, name: &str, round: Round, (asked, rest): Asked) {
        self.board.hear(name, &round, asked, rest);
        match round {
            Round::Told(reading) => {
                for note in &reading.notes {
                    eprintln!("{}: {}", clean(name), clean(note));
                }
                let signals = reading.signals.iter().map(|c| (c.identity.as_str(), &c.record));
                match self.history.append(signals) {
                    Ok(appended) => self.heard(name, &format!("{} signals{}", reading.signals.len(), news(&appended))),
                    Err(problem) => self.not_kept(&problem),
                }
            }
            Round::Unchanged => self.heard(name, "the same as before"),
            Round::Unknown(why) => self.not_heard(name, &why),
            Round::NotYet(what) => self.not_heard(name, &format!("{what} is not collected yet")),
        }
        let now = Timestamp::now();
        self.board.save_if_due(now);
        if now.duration_since(self.maintained) >= MAINTAIN {
            self.maintained = now;
            if let Err(problem) = self.history.maintain(now) {
                self.not_kept(&problem);
            }
        }
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
        self.board.end(Timestamp::now());
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
