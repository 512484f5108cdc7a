//! Signals against graph, window and clock: names become ids, and what cannot be used is told and left out.

use super::Window;
use super::codes::{DUPLICATE, FUTURE, OUTSIDE_WINDOW, UNKNOWN_CAPABILITY, UNKNOWN_COMPONENT};
use crate::diag::suggest::did_you_mean;
use crate::diag::{Code, Diagnostic, FileId, Span};
use crate::graph::DependencyGraph;
use crate::signal::{AtKind, Coverage, Precision, Record};
use jiff::{SignedDuration, Timestamp};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

/// Capabilities that every component has: it can be reached, its name resolves, it works at all.
const GENERAL: &[&str] = &["any", "connectivity", "dns"];

/// Replaces names by ids. Records and coverage whose component is not in the graph are removed and reported.
pub(super) fn resolve(
    graph: &DependencyGraph,
    records: &mut Vec<Record>,
    coverage: &mut [Coverage],
    problems: &mut Vec<Diagnostic>,
) {
    let mut unknown: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    let mut id_of = |name: &str, span: Span| match graph.find(name) {
        Some(ix) => Some(graph.component(ix).id.clone()),
        None => {
            unknown.entry(name.to_string()).or_default().push(span);
            None
        }
    };
    records.retain_mut(|record| match id_of(&record.observation.component, record.span) {
        Some(id) => {
            record.observation.component = id;
            true
        }
        None => false,
    });
    for declared in coverage.iter_mut() {
        declared.covers = declared.covers.iter().filter_map(|name| id_of(name, declared.span)).collect();
    }
    let mut found: Vec<(String, Vec<Span>)> = unknown.into_iter().collect();
    found.sort_by_key(|(_, spans)| spans[0]);
    for (name, spans) in found {
        let help = did_you_mean(&name, graph.names())
            .unwrap_or_else(|| "add the component to the graph, or the name to a component's aliases".to_string());
        let message = format!("unknown component `{name}`{}", in_several(spans.len()));
        problems.push(Diagnostic::error(UNKNOWN_COMPONENT, message).at(spans[0], "named here").help(help));
    }
}

/// Capabilities that the component does not have become `any`: the complaint is real, only its name is not ours.
pub(super) fn settle_capabilities(graph: &DependencyGraph, records: &mut [Record], problems: &mut Vec<Diagnostic>) {
    let mut unknown: BTreeMap<(String, String), Vec<Span>> = BTreeMap::new();
    for record in records {
        let o = &mut record.observation;
        let Some(component) = graph.find(&o.component).map(|ix| graph.component(ix)) else { continue };
        if GENERAL.contains(&o.capability.as_str()) || component.capabilities.contains(&o.capability) {
            continue;
        }
        let word = std::mem::replace(&mut o.capability, "any".to_string());
        unknown.entry((o.component.clone(), word)).or_default().push(record.span);
    }
    for ((component, word), spans) in unknown {
        let known = graph.find(&component).map(|ix| graph.component(ix).capabilities.as_slice()).unwrap_or_default();
        let help = did_you_mean(&word, known.iter().map(String::as_str)).unwrap_or_else(|| {
            format!("add `{word}` to the capabilities of `{component}` in the graph, if it has that")
        });
        let message =
            format!("`{component}` has no capability `{word}`{}; it is read as `any`", in_several(spans.len()));
        problems.push(Diagnostic::warning(UNKNOWN_CAPABILITY, message).at(spans[0], "named here").help(help));
    }
}

/// Removes records that say the same as an earlier one in every field.
pub(super) fn drop_duplicates(records: &mut Vec<Record>, problems: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut copies: Vec<(usize, usize)> = Vec::new();
    for (i, record) in records.iter().enumerate() {
        let same_hash = seen.entry(fingerprint(record)).or_default();
        match same_hash.iter().find(|&&j| equal(record, &records[j])) {
            Some(&j) => copies.push((i, j)),
            None => same_hash.push(i),
        }
    }
    for group in copies.chunk_by(|a, b| records[a.0].span.file == records[b.0].span.file) {
        let (copy, first) = group[0];
        let message = match group.len() {
            1 => "a signal stands twice; the copy is left out".to_string(),
            n => format!("{n} signals are copies of earlier ones and are left out"),
        };
        problems.push(
            Diagnostic::warning(DUPLICATE, message)
                .at(records[copy].span, "a copy")
                .also(records[first].span, "of this one")
                .help("remove the copies; a later observation of the same state needs its own time"),
        );
    }
    let mut copies = copies.into_iter().map(|(i, _)| i).peekable();
    let mut i = 0;
    records.retain(|_| {
        let copy = copies.next_if_eq(&i).is_some();
        i += 1;
        !copy
    });
}

fn equal(a: &Record, b: &Record) -> bool {
    a.observation == b.observation && a.text == b.text && a.url == b.url
}

/// Equal records have equal fingerprints; unequal ones rarely.
fn fingerprint(record: &Record) -> u64 {
    let o = &record.observation;
    let mut hasher = DefaultHasher::new();
    (o.at, o.until, o.seen_at, o.state, &o.component, &o.capability, &o.region, &o.source).hash(&mut hasher);
    let number = |n: Option<f64>| n.map(f64::to_bits);
    (number(o.count), number(o.value), &record.text, &record.url).hash(&mut hasher);
    hasher.finish()
}

/// As known at `until`: later records are not there yet, and ends that lie later are not known yet.
pub(super) fn rewind(records: &mut Vec<Record>, until: Timestamp) {
    records.retain_mut(|record| match record.observation.known_at(until) {
        Some(known) => {
            record.observation = known;
            true
        }
        None => false,
    });
}

/// Removes records that do not touch the window.
pub(super) fn keep_window(records: &mut Vec<Record>, window: &Window, problems: &mut Vec<Diagnostic>) {
    let total = records.len();
    let outside = take(records, |record| !touches(record, window));
    for (file, spans) in by_file(&outside) {
        let message = match spans.len() {
            1 => "a signal lies outside the window and is left out".to_string(),
            n => format!("{n} of {total} signals lie outside the window and are left out"),
        };
        problems.push(summary(OUTSIDE_WINDOW, message, file, &spans).help(format!(
            "the window is {} to {}; widen it if these belong to the incident",
            window.start, window.end
        )));
    }
}

/// Tells records that are dated later than `now`; they are kept.
pub(super) fn warn_future(records: &[Record], now: Timestamp, problems: &mut Vec<Diagnostic>) {
    let future: Vec<Span> = records.iter().filter(|r| r.observation.at > now).map(|r| r.span).collect();
    for (file, spans) in by_file(&future) {
        let message = match spans.len() {
            1 => format!("a signal is dated later than now ({now})"),
            n => format!("{n} signals are dated later than now ({now})"),
        };
        problems.push(summary(FUTURE, message, file, &spans).help("check the offset: `Z` means UTC, not local time"));
    }
}

/// True if the time that the record speaks of meets the window, as far as that time is known.
fn touches(record: &Record, window: &Window) -> bool {
    let o = &record.observation;
    let slack = match o.precision {
        Precision::Minute => SignedDuration::from_mins(1),
        Precision::Hour => SignedDuration::from_hours(1),
        Precision::Day => SignedDuration::from_hours(24),
    };
    let begins = o.at.saturating_sub(slack).unwrap_or(o.at);
    // An onset without an end is a trouble that lasts; a sighting without one is a moment.
    let ends = match (o.until, o.at_kind) {
        (Some(until), _) => until,
        (None, AtKind::Onset) => Timestamp::MAX,
        (None, AtKind::Seen) => o.at,
    };
    let ends = ends.saturating_add(slack).unwrap_or(ends);
    begins < window.end && ends >= window.start
}

/// Removes the records that `is_out`, and gives their places.
fn take(records: &mut Vec<Record>, is_out: impl Fn(&Record) -> bool) -> Vec<Span> {
    let mut spans = Vec::new();
    records.retain(|record| {
        let out = is_out(record);
        if out {
            spans.push(record.span);
        }
        !out
    });
    spans
}

fn by_file(spans: &[Span]) -> BTreeMap<FileId, Vec<Span>> {
    let mut files: BTreeMap<FileId, Vec<Span>> = BTreeMap::new();
    for span in spans {
        files.entry(span.file).or_default().push(*span);
    }
    files
}

/// One warning for all of a file's cases: a thousand lines of the same would hide the others.
fn summary(code: Code, message: String, file: FileId, spans: &[Span]) -> Diagnostic {
    let first = spans.first().copied().unwrap_or(Span { file, start: 0, end: 0 });
    let label = if spans.len() > 1 { "the first of them" } else { "this one" };
    Diagnostic::warning(code, message).at(first, label)
}

fn in_several(count: usize) -> String {
    if count > 1 { format!(" in {count} signals") } else { String::new() }
}
