//! A file of scenarios as it is written: nothing that it names is looked up yet.

use super::bound::{self, Bound};
use super::codes::{BAD_BOUND, BAD_SCENARIO, EMPTY, UNKNOWN_FIELD};
use super::expect::VERDICTS;
use crate::diag::suggest::did_you_mean;
use crate::diag::tree::{Node, Value};
use crate::diag::{Diagnostic, FileId, Span, yaml};
use crate::incident::Placed;
use crate::incident::mapping::{Dialect, Mapping, duplicates, text_of, wrong};
use crate::report::view::VerdictKind;
use crate::signal::Window;
use crate::signal::read::Read;
use jiff::Timestamp;

/// The fields of a file.
pub(super) const FIELDS: &[&str] = &["graph", "tests"];
/// The fields of a test.
pub(super) const TEST: &[&str] = &["name", "graph", "incident", "window", "signals", "until", "expect"];
/// The fields of `expect`.
pub(super) const EXPECT: &[&str] = &["verdict", "top", "causes", "never", "explains", "unexplained", "kinds"];
/// What mistakes are called.
const DIALECT: Dialect = Dialect { bad: BAD_SCENARIO, unknown: UNKNOWN_FIELD };

/// One test as written.
#[derive(Debug)]
pub(super) struct RawTest {
    pub name: Placed,
    pub graph: Vec<Placed>,
    pub incident: Option<Placed>,
    pub window: Option<Window>,
    pub signal_files: Vec<Placed>,
    pub inline: Read,
    pub until: Option<Timestamp>,
    pub expect: RawExpect,
}

/// `expect` as written; `None` or empty: not asked.
#[derive(Debug, Default)]
pub(super) struct RawExpect {
    pub verdict: Vec<VerdictKind>,
    pub top: Vec<Placed>,
    pub causes: Vec<(Placed, Bound)>,
    pub never: Vec<Placed>,
    pub explains: Vec<Placed>,
    pub unexplained: Option<Vec<Placed>>,
    pub kinds: Vec<(Placed, Bound)>,
}

/// A file as written.
#[derive(Debug, Default)]
pub(super) struct RawFile {
    pub graph: Vec<Placed>,
    pub tests: Vec<RawTest>,
}

/// Reads the text of a file.
pub(super) fn read(file: FileId, text: &str, problems: &mut Vec<Diagnostic>) -> RawFile {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut raw = RawFile::default();
    let root = match yaml::parse(file, body, text.len() - body.len(), BAD_SCENARIO) {
        Ok(root) => root,
        Err(problem) => {
            problems.push(*problem);
            return raw;
        }
    };
    let before = problems.len();
    let Some(map) = Mapping::of(&root, "a file of scenarios", FIELDS, DIALECT, problems) else { return raw };
    raw.graph = map.texts("graph", problems);
    match map.get("tests") {
        Some(Node { value: Value::List(items), .. }) if !items.is_empty() => {
            raw.tests = items.iter().filter_map(|item| test(item, problems)).collect();
        }
        Some(node) if !matches!(node.value, Value::List(_)) => problems.push(
            wrong(BAD_SCENARIO, node.span, "`tests`", "a list", node.what()).help("begin every test with `- name: …`"),
        ),
        // A misspelt `tests` has been told already.
        _ if problems.len() > before => {}
        _ => problems.push(
            Diagnostic::error(EMPTY, "a file of scenarios without tests")
                .at(Span { end: root.span.start, ..root.span }, "here")
                .help("write tests: [{name: …, window: …, signals: […], expect: …}]"),
        ),
    }
    for (i, test) in raw.tests.iter().enumerate() {
        if let Some(first) = raw.tests[..i].iter().find(|t| t.name.text == test.name.text) {
            problems.push(
                Diagnostic::error(BAD_SCENARIO, format!("two tests are called `{}`", test.name.text))
                    .at(test.name.span, "again here")
                    .also(first.name.span, "first here")
                    .help("give each a name of its own, so that a failure says which"),
            );
        }
    }
    raw
}

fn test(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<RawTest> {
    let map = Mapping::of(node, "a test", TEST, DIALECT, problems)?;
    let here = Span { end: node.span.start, ..node.span };
    let name = map.text("name", problems);
    if map.get("name").is_none() {
        let help = "say in a few words what holds, as name: sign-in fails everywhere";
        problems.push(Diagnostic::error(BAD_SCENARIO, "a test without `name`").at(here, "here").help(help));
    }
    let incident = map.text("incident", problems);
    let mut inline = Read::default();
    let (mut window, mut signal_files) = (None, Vec::new());
    if let Some(incident) = &incident {
        for key in ["window", "signals"].into_iter().filter(|key| map.get(key).is_some()) {
            problems.push(
                Diagnostic::error(BAD_SCENARIO, format!("a test with both `incident` and `{key}`"))
                    .at(incident.span, "this incident has its own")
                    .help(format!("leave out `{key}`, or copy what is needed of the incident into the test")),
            );
        }
    } else {
        window = map.window("a test", node.span, problems);
        signal_files = map.signals(&mut inline, problems);
        if map.get("signals").is_none() {
            let help = "list them, as signals: [signals.jsonl], or name an incident";
            problems.push(Diagnostic::error(BAD_SCENARIO, "a test without `signals`").at(here, "here").help(help));
        }
    }
    let expect = match map.get("expect") {
        Some(node) => expect(node, problems),
        None => {
            problems.push(nothing_expected(here));
            None
        }
    };
    let (graph, until) = (map.texts("graph", problems), map.time("until", problems));
    Some(RawTest { name: name?, graph, incident, window, signal_files, inline, until, expect: expect? })
}

fn nothing_expected(at: Span) -> Diagnostic {
    Diagnostic::error(EMPTY, "a test that expects nothing")
        .at(at, "here")
        .help("write what must hold, as expect: {top: okta, causes: {okta: \">= 0.8\"}}")
}

fn expect(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<RawExpect> {
    let map = Mapping::of(node, "`expect`", EXPECT, DIALECT, problems)?;
    let mut raw = RawExpect {
        verdict: one_or_more("verdict", &map, problems).iter().filter_map(|v| verdict(v, problems)).collect(),
        top: one_or_more("top", &map, problems),
        causes: bounds("causes", &map, problems),
        never: map.texts("never", problems),
        explains: map.texts("explains", problems),
        unexplained: None,
        kinds: bounds("kinds", &map, problems),
    };
    // An empty list means that nothing may be left unexplained; the others ask nothing when empty.
    raw.unexplained = map.get("unexplained").map(|_| map.texts("unexplained", problems));
    for key in ["verdict", "top", "causes", "never", "explains", "kinds"] {
        let empty = |value: &Value| match value {
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            _ => false,
        };
        if let Some(node) = map.get(key).filter(|node| empty(&node.value)) {
            problems.push(
                Diagnostic::error(EMPTY, format!("`{key}` expects nothing"))
                    .at(node.span, "empty")
                    .help("fill it, or leave it out"),
            );
        }
    }
    if EXPECT.iter().all(|key| map.get(key).is_none()) {
        problems.push(nothing_expected(Span { end: node.span.start, ..node.span }));
        return None;
    }
    Some(raw)
}

/// A text or a list of texts.
fn one_or_more(key: &str, map: &Mapping, problems: &mut Vec<Diagnostic>) -> Vec<Placed> {
    match map.get(key) {
        Some(node) if node.text().is_some() => text_of(key, node, BAD_SCENARIO, problems).into_iter().collect(),
        _ => map.texts(key, problems),
    }
}

fn verdict(word: &Placed, problems: &mut Vec<Diagnostic>) -> Option<VerdictKind> {
    let found = VERDICTS.into_iter().find(|kind| kind.as_str() == word.text);
    if found.is_none() {
        let words = || VERDICTS.iter().map(|kind| kind.as_str());
        let help = did_you_mean(&word.text, words())
            .unwrap_or_else(|| format!("the verdicts are {}", words().collect::<Vec<_>>().join(", ")));
        let message = format!("no verdict is called `{}`", word.text);
        problems.push(Diagnostic::error(BAD_SCENARIO, message).at(word.span, "not known").help(help));
    }
    found
}

fn bounds(key: &str, map: &Mapping, problems: &mut Vec<Diagnostic>) -> Vec<(Placed, Bound)> {
    let Some(node) = map.get(key) else { return Vec::new() };
    let Value::Map(entries) = &node.value else {
        let help = format!("write {key}: {{NAME: \">= 0.8\"}}");
        problems.push(wrong(BAD_SCENARIO, node.span, &format!("`{key}`"), "a mapping", node.what()).help(help));
        return Vec::new();
    };
    duplicates(entries, &format!("`{key}`"), DIALECT, problems);
    let mut found = Vec::new();
    for entry in entries {
        let name = Placed { text: entry.key.to_string(), span: entry.key_span };
        let read = match entry.value.text() {
            Some(text) => Bound::parse(text).map_err(|why| format!("`{}` {why}", text.trim())),
            None => Err(format!("a bound must be a text, not {}", entry.value.what())),
        };
        match read {
            Ok(bound) => found.push((name, bound)),
            Err(message) => {
                problems.push(Diagnostic::error(BAD_BOUND, message).at(entry.value.span, "here").help(bound::HELP));
            }
        }
    }
    found
}
