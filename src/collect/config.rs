//! `sources.yaml`: what is asked, how often and how politely, where it is kept, and whom to tell.
//!
//! Pure: the text comes in, and so does the environment, from which alone secrets come. Every problem is told at once.

mod codes;
mod filled;
mod listen;
mod maintenance;
mod notify;
mod schema;
mod source;
mod values;

pub use codes::{
    BAD_SOURCES, CODES, NO_KNOWN_GOOD, OPEN_RECEIVER, SECRET_IN_FILE, UNKNOWN_FIELD, UNKNOWN_FORMAT, UNSET_VARIABLE,
};
pub use filled::{Environment, Filled};
pub use maintenance::Maintenance;
pub use notify::{Notify, RECEIVERS, Receiver};
pub use schema::schema;
pub use source::{EVERY, PROBES, Source, Way};

use super::classify::Rules;
use super::fetch::{Limits, Reach};
use crate::diag::{Diagnostic, FileId, Span, yaml};
use crate::incident::Placed;
use crate::incident::mapping::Mapping;
use std::sync::Arc;
use std::time::Duration;
use values::{DIALECT, complain, count, duration, items, one_or_more};

/// The fields of the file.
pub(crate) const FIELDS: &[&str] =
    &["sources", "graph", "rules", "window", "data", "history", "limits", "contact", "listen", "notify", "maintenance"];
/// The fields of a source.
pub(crate) const SOURCE: &[&str] = &[
    "name",
    "url",
    "file",
    "probe",
    "receive",
    "format",
    "query",
    "component",
    "capability",
    "names",
    "every",
    "covers",
    "known_good",
    "allow_private",
    "headers",
    "secret",
];
/// The fields of `limits`.
pub(crate) const LIMITS: &[&str] =
    &["per_host", "at_once", "interval", "connect", "idle", "total", "body", "redirects"];
/// The fields of `history`.
pub(crate) const HISTORY: &[&str] = &["sync", "keep_days", "keep_corrections_days"];
/// The fields of a receiver.
pub(crate) const NOTIFY: &[&str] = &["to", "url", "secret", "headers", "allow_private"];

/// The fields of announced work.
pub(crate) const MAINTENANCE: &[&str] = &["component", "capability", "from", "to", "note"];

/// The window that is correlated if none is given.
const WINDOW: Duration = Duration::from_secs(2 * 60 * 60);
/// The folder of the history if none is given.
const DATA: &str = "data";
/// Most sources in one file.
const MAX_SOURCES: usize = 10_000;

/// How the history is kept, in the words of the file; what is not given is up to the history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// When it is made durable.
    pub sync: Option<SyncRule>,
    /// Days that are kept.
    pub days: Option<u16>,
    /// Days of which all corrections are kept.
    pub corrections_days: Option<u16>,
}

/// When the history is made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncRule {
    /// With every answer.
    Always,
    /// With the first answer after so many records.
    Records(usize),
    /// With the first answer after so long.
    After(Duration),
}

/// A configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What is asked, in the order of the file; no two of the same name.
    pub sources: Vec<Source>,
    /// Graph files or folders, relative to the file's folder.
    pub graph: Vec<Placed>,
    /// Files of rules for texts, relative to the file's folder, those that are tried first first.
    pub rules: Vec<Placed>,
    /// How far back signals are correlated.
    pub window: Duration,
    /// The folder of the history, relative to the file's folder.
    pub data: String,
    /// How it is kept.
    pub keep: Keep,
    /// How much is asked for.
    pub limits: Limits,
    /// Whom operators of hosts may ask: an address of mail or a page.
    pub contact: Option<String>,
    /// Where what comes to us is received, as `127.0.0.1:9095`.
    pub listen: Option<Placed>,
    /// Whom to tell.
    pub notify: Vec<Notify>,
    /// Announced work.
    pub maintenance: Vec<Maintenance>,
}

impl Config {
    /// Reads texts by these rules from now on.
    pub fn set_rules(&mut self, rules: Rules) {
        let rules = Arc::new(rules);
        self.sources.iter_mut().for_each(|source| source.rules = Some(rules.clone()));
    }

    /// Every component that is named, where it is named.
    pub fn components(&self) -> impl Iterator<Item = &Placed> {
        self.sources
            .iter()
            .flat_map(|s| s.component.iter().chain(s.names.iter().map(|(_, meant)| meant)).chain(&s.covers))
            .chain(self.maintenance.iter().map(|m| &m.component))
            .filter(|placed| !placed.text.is_empty())
    }
}

/// Reads the text of a configuration. It comes back with its problems; errors among them mean that not all that is written
/// can be done as it is meant.
pub fn read(file: FileId, text: &str, environment: Environment<'_>) -> (Option<Config>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = match yaml::parse(file, body, text.len() - body.len(), BAD_SOURCES) {
        Ok(root) => root,
        Err(problem) => return (None, vec![*problem]),
    };
    let Some(map) = Mapping::of(&root, "a configuration of sources", FIELDS, DIALECT, &mut problems) else {
        return (None, problems);
    };
    let problems_before = problems.len();
    let sources = sources(&map, environment, &mut problems);
    if sources.is_empty() && problems.len() == problems_before {
        let here = Span { end: root.span.start, ..root.span };
        let help = "write sources: [{name: …, url: …, component: …}]";
        complain(&mut problems, here, "a configuration without sources", help);
    }
    let text = |key: &str, problems: &mut Vec<Diagnostic>| map.text(key, problems).map(|t| t.text);
    let notify = items(&map, "notify", &mut problems);
    let maintenance = items(&map, "maintenance", &mut problems);
    let config = Config {
        graph: map.texts("graph", &mut problems),
        rules: one_or_more(&map, "rules", &mut problems),
        window: duration(&map, "window", &mut problems).unwrap_or(WINDOW),
        data: text("data", &mut problems).unwrap_or_else(|| DATA.to_string()),
        keep: keep(&map, &mut problems),
        limits: limits(&map, &mut problems),
        contact: contact(&map, &sources, &mut problems),
        listen: listen::read(&map, &sources, &mut problems),
        notify: notify.iter().filter_map(|n| notify::read(n, environment, &mut problems)).collect(),
        maintenance: maintenance.iter().filter_map(|m| maintenance::read(m, &mut problems)).collect(),
        sources,
    };
    (Some(config), problems)
}

fn sources(map: &Mapping, environment: Environment<'_>, problems: &mut Vec<Diagnostic>) -> Vec<Source> {
    let nodes = items(map, "sources", problems);
    if let Some(beyond) = nodes.get(MAX_SOURCES) {
        let message = format!("{} sources, more than {MAX_SOURCES}", nodes.len());
        complain(problems, beyond.span, message, "split the file, and run one process for each part");
    }
    let nodes = &nodes[..nodes.len().min(MAX_SOURCES)];
    let mut found: Vec<Source> = nodes.iter().filter_map(|n| source::read(n, environment, problems)).collect();
    let mut first = std::collections::BTreeMap::new();
    found.retain(|source| match first.get(&source.name.text) {
        None => {
            first.insert(source.name.text.clone(), source.name.span);
            true
        }
        Some(span) => {
            problems.push(
                Diagnostic::error(BAD_SOURCES, format!("two sources are called `{}`", source.name.text))
                    .at(source.name.span, "again here")
                    .also(*span, "first here")
                    .help("give each a name of its own: signals are told apart by it"),
            );
            false
        }
    });
    found
}

fn limits(map: &Mapping, problems: &mut Vec<Diagnostic>) -> Limits {
    let mut limits = Limits::default();
    let Some(map) = map.get("limits").and_then(|n| Mapping::of(n, "`limits`", LIMITS, DIALECT, problems)) else {
        return limits;
    };
    let mut number = |key: &str, most: usize, limit: &mut usize| {
        if let Some(n) = count(&map, key, (1, most), problems) {
            *limit = n;
        }
    };
    number("per_host", 100, &mut limits.per_host);
    number("at_once", 10_000, &mut limits.at_once);
    number("body", 1 << 30, &mut limits.body);
    number("redirects", 20, &mut limits.redirects);
    let mut time = |key: &str, limit: &mut Duration| {
        if let Some(d) = duration(&map, key, problems) {
            *limit = d;
        }
    };
    time("interval", &mut limits.interval);
    time("connect", &mut limits.connect);
    time("idle", &mut limits.idle);
    time("total", &mut limits.total);
    limits
}

fn keep(map: &Mapping, problems: &mut Vec<Diagnostic>) -> Keep {
    let Some(map) = map.get("history").and_then(|n| Mapping::of(n, "`history`", HISTORY, DIALECT, problems)) else {
        return Keep::default();
    };
    let mut days = |key: &str| count(&map, key, (1, 36_600), problems).and_then(|n| u16::try_from(n).ok());
    let (kept, corrections_days) = (days("keep_days"), days("keep_corrections_days"));
    let sync = map.get("sync").and_then(|node| match (node.text(), node.number()) {
        (Some("always"), _) => Some(SyncRule::Always),
        (_, Some(_)) => count(&map, "sync", (1, 10_000_000), problems).map(SyncRule::Records),
        _ => duration(&map, "sync", problems).map(SyncRule::After),
    });
    Keep { sync, days: kept, corrections_days }
}

/// Whom operators may ask; needed if any host of others is asked.
fn contact(map: &Mapping, sources: &[Source], problems: &mut Vec<Diagnostic>) -> Option<String> {
    let contact = map.text("contact", problems);
    let public = sources.iter().find(|s| s.reach == Reach::Public && s.asks_pages());
    match (&contact, public) {
        (Some(text), _) if !text.text.bytes().all(|b| (0x20..0x7f).contains(&b)) => {
            complain(problems, text.span, "`contact` must be plain ASCII", "write contact: ops@example.org");
        }
        (None, Some(source)) if map.get("contact").is_none() => {
            let here = Span { end: source.span.start, ..source.span };
            let help = "write contact: ops@example.org; hosts answer 403 to those who do not say who they are";
            complain(problems, here, "a host of others is asked, and no `contact`", help);
        }
        _ => {}
    }
    contact.map(|c| c.text)
}
