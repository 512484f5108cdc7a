//! One look: what is known of a window, and what the engine says of it.

use crate::cli::correlate::judge;
use crate::collect::config::{Config, Source, Way};
use crate::collect::read::FORMATS;
use crate::correlate::{Detail, Options};
use crate::diag::{Diagnostic, FileId, Span};
use crate::graph::DependencyGraph;
use crate::incident::{self, Draft, Incident, KeepGoing};
use crate::report::view::{Report, VerdictKind};
use crate::signal::read::Read;
use crate::signal::{Coverage, Observation, Record, SourceKind, SourceName, State, Window};
use crate::watch::aside::{Work, split};
use crate::watch::sight::{Sight, is_open};
use crate::watch::stance::Said;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A source that was not heard for so many of its intervals does not look.
const SILENT: u32 = 3;
/// What stands in no file.
const NOWHERE: Span = Span { file: FileId(u32::MAX), start: 0, end: 0 };
/// Health is as good a minute later.
const MINUTE: i64 = 60;

/// What is known of a window.
pub(super) struct View {
    /// The window.
    pub window: Window,
    /// What counts.
    pub incident: Incident,
    /// What announced work explains.
    pub aside: Vec<Record>,
    /// Components that are in trouble now.
    pub failing: BTreeSet<String>,
    /// What is wrong with signals.
    pub problems: Vec<Diagnostic>,
    /// The same for two views that say the same.
    pub content: u64,
}

/// What the engine said of a view.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub content: u64,
    pub at: Timestamp,
    pub said: Said,
}

impl Answer {
    /// Whether it also answers another view.
    pub fn is_for(&self, view: &View, stands: SignedDuration) -> bool {
        self.content == view.content && view.window.end.duration_since(self.at) < stands
    }
}

/// What is known of `window`.
pub(super) fn view(sight: &Sight, config: &Config, graph: &DependencyGraph, window: Window) -> View {
    let read =
        Read { records: sight.signals(window), coverage: coverage(sight, config, window), diagnostics: Vec::new() };
    let options = incident::Options { keep_going: KeepGoing::Yes, ..incident::Options::default() };
    let (incident, mut problems) = Draft::new(Some(window), read, Vec::new()).finish(Some(graph.clone()), &options);
    // That nothing is said is no problem, and what is long over is left out without a word.
    problems
        .retain(|p| ![incident::EMPTY.id, incident::OUTSIDE_WINDOW.id, incident::DUPLICATE.id].contains(&p.code.id));
    let mut incident = incident.unwrap_or_else(|| Incident {
        name: incident::Name::default(),
        window,
        graph: graph.clone(),
        signals: Vec::new(),
        coverage: Vec::new(),
        truth: None,
    });
    let works = works(config, graph, &incident.signals);
    let (signals, aside) =
        split(graph, &works, window.end, std::mem::take(&mut incident.signals), |r: &Record| &r.observation);
    incident.signals = signals;
    let open = incident.signals.iter().map(|r| &r.observation).filter(|o| is_open(o));
    let failing = open.map(|o| o.component.clone()).collect();
    let content = content(&incident);
    View { window, incident, aside, failing, problems, content }
}

/// What the engine says of a view.
pub(super) fn correlate(view: &View, detail: Detail) -> Report {
    judge(&view.incident, &Options { detail, ..Options::default() })
}

/// What is said where nothing shared can be in trouble.
pub(super) fn quiet() -> Said {
    let verdict = "fewer than two components are in trouble".to_string();
    Said { kind: VerdictKind::Inconclusive, verdict, causes: Vec::new(), error: 0.0 }
}

/// Announced work: by the configuration, and by what sources say.
fn works(config: &Config, graph: &DependencyGraph, signals: &[Record]) -> Vec<Work> {
    let ours = config.maintenance.iter().filter_map(|m| {
        let component = graph.find(&m.component.text)?;
        Some(Work { component, capability: m.capability.clone(), from: m.from, to: Some(m.to) })
    });
    ours.chain(signals.iter().filter_map(|r| Work::announced(graph, &r.observation))).collect()
}

/// When the source `name` must have been heard for what it said to go on: within the usual window, however long an incident
/// makes it, or a few of its intervals if these are longer. `None` for those that come to us: these are silent when nothing changes, and what they said ends by
/// itself.
pub(super) fn patience(config: &Config, name: &str, window: Window) -> Option<Timestamp> {
    let source = config.sources.iter().find(|s| s.name.text == name)?;
    let usual = SignedDuration::try_from(config.window).unwrap_or(SignedDuration::MAX);
    let first = window.end.saturating_sub(silence(source).max(usual)).unwrap_or(Timestamp::MIN);
    (!matches!(source.way, Way::Receive(_))).then_some(first)
}

/// How long a source may be silent and is still taken to look.
fn silence(source: &Source) -> SignedDuration {
    SignedDuration::try_from(source.every.saturating_mul(SILENT)).unwrap_or(SignedDuration::MAX)
}

/// Whose silence says that something works: who declares it, and told lately all that it sees.
fn coverage(sight: &Sight, config: &Config, window: Window) -> Vec<Coverage> {
    let looks = |source: &&Source| {
        let last = sight.last_seen(&source.name.text);
        last.is_some_and(|last| window.end.duration_since(last) <= silence(source))
    };
    let declared = config.sources.iter().filter(|s| !s.covers.is_empty()).filter(looks);
    declared
        .map(|source| Coverage {
            source: SourceName { kind: speaker(source), name: source.name.text.clone() },
            covers: source.covers.iter().map(|c| c.text.clone()).collect(),
            every_seconds: source.every.as_secs_f64(),
            span: NOWHERE,
        })
        .collect()
}

/// What kind of source it is.
fn speaker(source: &Source) -> SourceKind {
    let format = source.format.as_ref().and_then(|word| FORMATS.iter().find(|(known, _)| known == word));
    match (&source.way, format) {
        (Way::Probe(_), _) => SourceKind::Probe,
        (_, Some((_, format))) => format.speaker(),
        (_, None) => SourceKind::StatusPage,
    }
}

/// A hash of all that can be scored. When it arrived is not, and of health only the minute.
fn content(incident: &Incident) -> u64 {
    let mut hasher = DefaultHasher::new();
    for record in &incident.signals {
        let mut o: Observation = record.observation.clone();
        o.seen_at = Timestamp::UNIX_EPOCH;
        if o.state == State::Healthy {
            let minute = o.at.as_second() / MINUTE * MINUTE;
            o.at = Timestamp::from_second(minute).unwrap_or(o.at);
        }
        format!("{o:?}").hash(&mut hasher);
    }
    for declared in &incident.coverage {
        (declared.source.clone(), &declared.covers, declared.every_seconds.to_bits()).hash(&mut hasher);
    }
    hasher.finish()
}
