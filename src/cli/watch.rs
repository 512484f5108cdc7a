//! `commoncause watch`: collects, correlates the sliding window, and tells when the verdict changes.

mod keep;
mod look;
mod print;
mod tell;

use super::collect;
use super::collect::rounds::{self, Happening, Rounds, Setup, Until, Voice};
use super::output::{tell, write};
use super::{Exit, Problems};
use crate::collect::config::Config;
use crate::correlate::Detail;
use crate::diag::{Diagnostic, Severity, Sources};
use crate::graph::{self, DependencyGraph};
use crate::notify::Status;
use crate::report::terminal::{Style, terminal};
use crate::report::view::Report;
use crate::signal::Window;
use crate::store;
use crate::watch::episode::{Change, Episodes};
use crate::watch::sight::Sight;
use crate::watch::stance::{Said, Stance};
use jiff::{SignedDuration, Timestamp};
use look::{Answer, View};
use print::Pen;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tell::Teller;
use tokio::task::JoinHandle;

/// How long the first look waits for sources that do not answer.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);
/// How much earlier than it was told the trouble of an incident may have begun.
const LEAD: SignedDuration = SignedDuration::from_mins(30);
/// How long a window may become while an incident goes on.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long an answer stands if nothing is said that is new: evidence ages.
const STANDS: SignedDuration = SignedDuration::from_mins(5);

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Collect from live sources, correlate what they say of the last hours, and say so when the verdict \
                  changes: when something shared is suspected, when it is something else, and when it is over.",
    after_help = "SIGHUP reads the configuration again; SIGTERM and SIGINT end it.\n\nExample:\n  commoncause watch --once tests/sources/files.yaml --data /tmp/history"
)]
pub struct Args {
    /// A configuration of sources.
    sources: PathBuf,
    /// The folder of the history, in place of the configuration's.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Tell those under `notify:` in the configuration; without it, only print.
    #[arg(long)]
    notify: bool,
    /// Ask every source once, print the report, and end.
    #[arg(long, conflicts_with_all = ["every", "settle", "format", "notify"])]
    once: bool,
    /// How often to look at what is known.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = length)]
    every: SignedDuration,
    /// How long nothing of an incident must be in trouble until it is over.
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = length)]
    settle: SignedDuration,
    /// How to print what changes: for people, or one JSON object a line.
    #[arg(long, value_enum, default_value_t = print::Format::Terminal)]
    format: print::Format,
}

/// A length of time, from a tenth of a second to a day.
fn length(text: &str) -> Result<SignedDuration, String> {
    let found = text.parse::<SignedDuration>().map_err(|e| e.to_string())?;
    match (SignedDuration::from_millis(100)..=SignedDuration::from_hours(24)).contains(&found) {
        true => Ok(found),
        false => Err("write a number and a unit, as 5s or 1m; from 100ms to 24h".to_string()),
    }
}

/// Runs the command.
pub fn run(args: &Args) -> Exit {
    let mut sources = Sources::default();
    let (config, graph) =
        match collect::load(&args.sources, &mut sources).and_then(|c| Ok((graph_of(&c, &args.sources)?, c))) {
            Ok((graph, config)) => (config, graph),
            Err(exit) => return exit,
        };
    let until = if args.once { Until::EachWasAsked } else { Until::Stopped };
    let setup = Setup { file: args.sources.clone(), config, data: args.data.clone(), until, voice: Voice::Changes };
    match rounds::runtime() {
        Ok(runtime) => rounds::run_on(runtime, async {
            match Watcher::start(setup, graph, args).await {
                Ok(watcher) if args.once => watcher.once().await,
                Ok(watcher) => watcher.watch().await,
                Err(exit) => exit,
            }
        }),
        Err(exit) => exit,
    }
}

/// A graph, and the texts that it is.
struct Loaded {
    graph: DependencyGraph,
    texts: Vec<(String, String)>,
}

/// The graph of a configuration; what is wrong with it has been told on stderr.
fn graph_of(config: &Config, file: &Path) -> Result<Arc<Loaded>, Exit> {
    if config.graph.is_empty() {
        eprintln!("error: {} names no graph\n  help: write graph: [../graphs]", file.display());
        return Err(Exit::Findings);
    }
    let base = file.parent().unwrap_or(Path::new(""));
    let paths: Vec<PathBuf> = config.graph.iter().map(|g| base.join(&g.text)).collect();
    let mut sources = Sources::default();
    let (texts, mut problems) = graph::texts(&paths);
    let pairs: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let (graph, found) = graph::load_texts(&pairs, &mut sources, None);
    problems.extend(found);
    problems.retain(|p| p.severity == Severity::Error);
    tell(&problems, &sources);
    match graph {
        Some(graph) if problems.is_empty() => Ok(Arc::new(Loaded { graph, texts })),
        _ => Err(Problems(&problems).exit()),
    }
}

/// A view with its answer.
struct Looked {
    view: View,
    report: Report,
}

struct Watcher {
    rounds: Rounds,
    graph: Arc<Loaded>,
    sight: Sight,
    episodes: Episodes,
    folder: PathBuf,
    every: Duration,
    settle: SignedDuration,
    pen: Pen,
    teller: Teller,
    /// The last answer of the engine, for the same view.
    last: Option<Answer>,
    started: Timestamp,
    looking: Option<JoinHandle<Looked>>,
    /// What is told when its reasons are there.
    pending: Option<Change>,
    /// Problems of signals that were told already.
    told: BTreeSet<String>,
}

impl Watcher {
    async fn start(setup: Setup, graph: Arc<Loaded>, args: &Args) -> Result<Watcher, Exit> {
        let (rounds, known) = Rounds::start(setup).await?;
        let folder = rounds.setup().folder();
        let mut sight = Sight::default();
        known.iter().for_each(|s| sight.remember(&s.identity, &s.record));
        let names = rounds.setup().config.sources.iter().map(|s| s.name.text.as_str()).collect();
        sight.forget_all_but(&names);
        let episodes = keep::load(&folder);
        let receivers = args.notify.then(|| rounds.setup().config.notify.as_slice());
        let teller = Teller::start(&folder, receivers, rounds.fetcher())?;
        Ok(Watcher {
            rounds,
            graph,
            sight,
            episodes,
            folder,
            every: Duration::try_from(args.every).unwrap_or(Duration::from_secs(5)),
            settle: args.settle,
            pen: Pen::new(args.format),
            teller,
            last: None,
            started: Timestamp::now(),
            looking: None,
            pending: None,
            told: BTreeSet::new(),
        })
    }

    /// Asks once, looks once, prints the report.
    async fn once(mut self) -> Exit {
        loop {
            match self.rounds.next().await {
                Happening::Over => break,
                happening => self.take_up(happening),
            }
        }
        let view = self.view();
        self.tell_new(&view.problems);
        let report = look::correlate(&view, Detail::Full);
        match (write(&terminal(&report, print::WIDTH, Style::Plain), None), self.rounds.end().await) {
            (Exit::Done, exit) => exit,
            (exit, _) => exit,
        }
    }

    /// Looks again and again, until told to stop.
    async fn watch(mut self) -> Exit {
        let mut looks = tokio::time::interval(self.every);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let busy = self.looking.is_some();
            tokio::select! {
                happening = self.rounds.next() => match happening {
                    Happening::Over => break,
                    happening => self.take_up(happening),
                },
                _ = looks.tick(), if !busy => self.look(),
                looked = finished(&mut self.looking), if busy => self.conclude(looked),
            }
        }
        if let Some(began) = self.episodes.began() {
            eprintln!("an incident goes on since {began}; the next start goes on with it");
        }
        self.teller.end().await;
        self.rounds.end().await
    }

    fn take_up(&mut self, happening: Happening) {
        match happening {
            Happening::Heard(name, Some(reading)) => self.sight.hear(&name, &reading, Timestamp::now()),
            Happening::Heard(name, None) => self.sight.same(&name, Timestamp::now()),
            Happening::Reloaded => {
                let setup = self.rounds.setup();
                if let Ok(graph) = graph_of(&setup.config, &setup.file) {
                    self.graph = graph;
                }
                let names = setup.config.sources.iter().map(|s| s.name.text.as_str()).collect();
                self.sight.forget_all_but(&names);
                self.teller.change(&setup.config.notify, self.rounds.fetcher());
                (self.last, self.told) = (None, BTreeSet::new());
            }
            Happening::NotHeard(name) => self.sight.lost(&name),
            Happening::Over => {}
        }
    }

    /// The window: as long as the configuration says, or with all of the incident that goes on.
    fn window(&self, now: Timestamp) -> Window {
        let back = |span: SignedDuration| now.saturating_sub(span).unwrap_or(now);
        let usual = SignedDuration::try_from(self.rounds.setup().config.window).unwrap_or(LONGEST);
        let mut start = back(usual);
        if let Some(began) = self.episodes.began() {
            start = start.min(began.saturating_sub(LEAD).unwrap_or(began)).max(back(LONGEST));
        }
        Window { start, end: now }
    }

    /// What is known now; the window ends with the second.
    fn view(&mut self) -> View {
        let now = Timestamp::from_second(Timestamp::now().as_second() + 1).unwrap_or(Timestamp::MAX);
        let window = self.window(now);
        let config = &self.rounds.setup().config;
        // What was over when the last incident was is no part of another.
        let first = self.episodes.ended().map_or(window.start, |ended| ended.max(window.start));
        self.sight.forget_before(first, |name| look::patience(config, name, window));
        look::view(&self.sight, &self.rounds.setup().config, &self.graph.graph, window)
    }

    /// Looks at what is known now. Nothing is computed if nothing shared can be in trouble, or nothing is new.
    fn look(&mut self) {
        let now = Timestamp::now();
        if self.rounds.is_awaiting() && now.duration_since(self.started) < PATIENCE {
            return;
        }
        let view = self.view();
        self.tell_new(&view.problems);
        if view.failing.len() < 2 && self.episodes.began().is_none() {
            let now = view.window.end;
            self.pen.quiet(now, &view.failing);
            let stance = Stance { at: now, said: look::quiet(), failing: view.failing };
            self.episodes.look(&stance, self.settle);
            return;
        }
        if let Some(answer) = self.last.clone().filter(|a| a.is_for(&view, STANDS)) {
            return self.weigh(view, answer.said);
        }
        self.ask(view, Detail::Verdict);
    }

    /// Asks the engine, on another thread.
    fn ask(&mut self, view: View, detail: Detail) {
        self.looking = Some(tokio::task::spawn_blocking(move || {
            let report = look::correlate(&view, detail);
            Looked { view, report }
        }));
    }

    /// Takes up an answer: whether there is something to tell, or the reasons for what is.
    fn conclude(&mut self, looked: Option<Looked>) {
        match (looked, self.pending.take()) {
            (Some(Looked { view, report }), Some(change)) => {
                let change = Change { said: Said::of(&report), ..change };
                self.tell(change, Some((&view, &report)));
            }
            // What is told is told, with or without reasons.
            (None, Some(change)) => self.tell(change, None),
            (Some(Looked { view, report }), None) => {
                let said = Said::of(&report);
                self.last = Some(Answer { content: view.content, at: view.window.end, said: said.clone() });
                self.weigh(view, said);
            }
            (None, None) => {}
        }
    }

    /// Whether there is something to tell.
    fn weigh(&mut self, view: View, said: Said) {
        let at = view.window.end;
        self.pen.verdict(at, &said, &view.failing);
        let stance = Stance { at, said, failing: view.failing.clone() };
        let Some(change) = self.episodes.look(&stance, self.settle) else { return };
        match change.status {
            Status::Resolved => self.tell(change, None),
            Status::Suspected | Status::Changed => {
                self.pending = Some(change);
                self.ask(view, Detail::Full);
            }
        }
    }

    /// Tells what changed, and keeps that it was told.
    fn tell(&mut self, change: Change, reasons: Option<(&View, &Report)>) {
        let days = self.rounds.setup().config.keep.days.unwrap_or(store::Settings::default().keep_days);
        let kept_for = SignedDuration::from_hours(24 * i64::from(days));
        keep::forget(&self.folder, change.at.saturating_sub(kept_for).unwrap_or(Timestamp::MIN));
        let kept = reasons.and_then(|(view, _)| {
            let kept = keep::incident(&self.folder, &change, view, &self.graph.texts);
            kept.map_err(|e| eprintln!("warning: {e}")).ok()
        });
        let lines = reasons.map(|(_, report)| print::reasons(report)).unwrap_or_default();
        let message = change.message(lines);
        self.pen.change(&change, &message, kept.as_deref());
        self.teller.tell(message, self.episodes.clone());
    }

    /// Problems that were not told before.
    fn tell_new(&mut self, problems: &[Diagnostic]) {
        for problem in problems {
            // The same of another number of signals is no other problem.
            let what = problem.message.split(" in ").next().unwrap_or_default().to_string();
            if self.told.len() < MAX_TOLD && self.told.insert(what) {
                eprintln!("{}", crate::diag::clean(&problem.message));
            }
        }
    }
}

/// Different problems of signals that are told.
const MAX_TOLD: usize = 1000;

/// Waits for a look to end; `None` if it failed, which the panic has told.
async fn finished(looking: &mut Option<JoinHandle<Looked>>) -> Option<Looked> {
    let looked = match looking {
        Some(handle) => handle.await.ok(),
        None => std::future::pending().await,
    };
    *looking = None;
    looked
}
