//! The incident file: its own fields, before anything that it names is looked up.

use super::codes::{BAD_INCIDENT, BAD_WINDOW, UNKNOWN_FIELD};
use super::{Name, Window};
use crate::diag::suggest::did_you_mean;
use crate::diag::tree::{Entry, Node, Value, is_extra};
use crate::diag::yaml;
use crate::diag::{Code, Diagnostic, FileId, Span};
use crate::signal::read::Read;
use crate::signal::read::fields::{self, parse_time};
use jiff::Timestamp;

/// The fields of an incident file.
pub(super) const FIELDS: &[&str] = &["id", "title", "window", "graph", "signals", "truth"];
/// The fields of `window`.
pub(super) const WINDOW: &[&str] = &["start", "end"];
/// The fields of `truth`.
pub(super) const TRUTH: &[&str] = &["causes", "acceptable", "separate"];

/// A text and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub text: String,
    pub span: Span,
}

/// `truth` as written.
#[derive(Debug, Clone, Default)]
pub(super) struct RawTruth {
    pub causes: Vec<Placed>,
    pub acceptable: Vec<Placed>,
    pub separate: Vec<Placed>,
}

/// An incident file as written: nothing that it names is looked up yet.
#[derive(Debug, Default)]
pub(super) struct RawIncident {
    pub name: Name,
    pub window: Option<Window>,
    pub graph: Vec<Placed>,
    pub signal_files: Vec<Placed>,
    /// Signals that stand in the file itself, with their own problems.
    pub inline: Read,
    pub truth: Option<RawTruth>,
}

/// Reads the text of an incident file; `fallback` is its id if it names none.
pub(super) fn read(file: FileId, text: &str, fallback: &str, problems: &mut Vec<Diagnostic>) -> RawIncident {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut raw = RawIncident::default();
    let root = match yaml::parse(file, body, text.len() - body.len(), BAD_INCIDENT) {
        Ok(root) => root,
        Err(problem) => {
            problems.push(*problem);
            return raw;
        }
    };
    let Some(map) = Mapping::of(&root, "an incident file", FIELDS, problems) else { return raw };
    let id = map.get("id").and_then(|n| text_of("id", n, problems));
    raw.name.id = id.unwrap_or_else(|| fallback.to_string());
    let title = map.get("title").and_then(|n| text_of("title", n, problems));
    raw.name.title = title.unwrap_or_else(|| raw.name.id.clone());
    raw.window = window(map.get("window"), root.span, problems);
    raw.graph = map.get("graph").map(|n| texts("graph", n, problems)).unwrap_or_default();
    if let Some(node) = map.get("signals") {
        signals(node, &mut raw, problems);
    }
    raw.truth = map.get("truth").map(|n| truth(n, problems));
    raw
}

/// The keys of one mapping, known ones only.
struct Mapping<'n>(&'n [Entry<'n>]);

impl<'n> Mapping<'n> {
    fn of(
        node: &'n Node<'n>,
        owner: &str,
        known: &'static [&'static str],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let help = format!("its fields are {}", known.join(", "));
            problems.push(wrong(BAD_INCIDENT, node.span, owner, "a mapping", node.what()).help(help));
            return None;
        };
        for (i, entry) in entries.iter().enumerate() {
            if let Some(first) = entries[..i].iter().find(|e| e.key == entry.key) {
                problems.push(
                    Diagnostic::error(BAD_INCIDENT, format!("`{}` stands twice in {owner}", entry.key))
                        .at(entry.key_span, "again here")
                        .also(first.key_span, "first here")
                        .help("keep the one that is meant"),
                );
            } else if !known.contains(&&*entry.key) && !is_extra(&entry.key) {
                let help = did_you_mean(&entry.key, known.iter().copied())
                    .unwrap_or_else(|| format!("the fields are {}", known.join(", ")));
                problems.push(
                    Diagnostic::error(UNKNOWN_FIELD, format!("{owner} has no field `{}`", entry.key))
                        .at(entry.key_span, "not known")
                        .help(format!("{help}; a key of your own begins with `x-`")),
                );
            }
        }
        Some(Mapping(entries))
    }

    /// The value of `key`; null counts as not given.
    fn get(&self, key: &str) -> Option<&'n Node<'n>> {
        self.0.iter().find(|e| e.key == key).map(|e| &e.value).filter(|v| !v.is_null())
    }
}

fn wrong(code: Code, span: Span, what: &str, expected: &str, found: &str) -> Diagnostic {
    Diagnostic::error(code, format!("{what} must be {expected}, not {found}"))
        .at(Span { end: span.start, ..span }, "here")
}

fn text_of(key: &str, node: &Node, problems: &mut Vec<Diagnostic>) -> Option<String> {
    match node.text().map(str::trim) {
        Some(text) if !text.is_empty() => Some(text.to_string()),
        found => {
            let found = if found.is_some() { "empty" } else { node.what() };
            problems
                .push(wrong(BAD_INCIDENT, node.span, &format!("`{key}`"), "a text", found).help("write it in quotes"));
            None
        }
    }
}

fn texts(key: &str, node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<Placed> {
    let Value::List(items) = &node.value else {
        let help = format!("write {key}: […]");
        problems.push(wrong(BAD_INCIDENT, node.span, &format!("`{key}`"), "a list", node.what()).help(help));
        return Vec::new();
    };
    let place = |item: &Node, problems: &mut Vec<Diagnostic>| {
        text_of(key, item, problems).map(|text| Placed { text, span: item.span })
    };
    items.iter().filter_map(|item| place(item, problems)).collect()
}

fn window(node: Option<&Node>, whole: Span, problems: &mut Vec<Diagnostic>) -> Option<Window> {
    const EXAMPLE: &str = "write window: {start: 2024-03-05T14:45:00Z, end: 2024-03-05T18:45:00Z}";
    let Some(node) = node else {
        let at = Span { end: whole.start, ..whole };
        problems.push(Diagnostic::error(BAD_WINDOW, "an incident without `window`").at(at, "here").help(EXAMPLE));
        return None;
    };
    if !matches!(node.value, Value::Map(_)) {
        problems.push(wrong(BAD_WINDOW, node.span, "`window`", "a mapping", node.what()).help(EXAMPLE));
        return None;
    }
    let map = Mapping::of(node, "`window`", WINDOW, problems)?;
    let mut time = |key: &str| -> Option<Timestamp> {
        let Some(value) = map.get(key) else {
            let message = format!("a window without `{key}`");
            problems.push(Diagnostic::error(BAD_WINDOW, message).at(node.span, "here").help(EXAMPLE));
            return None;
        };
        let help = match value.text().map(parse_time) {
            Some(Ok(time)) => return Some(time),
            Some(Err(help)) => help,
            None => EXAMPLE.to_string(),
        };
        let message = format!("the window's `{key}` is not a time with an offset");
        problems.push(Diagnostic::error(BAD_WINDOW, message).at(value.span, "here").help(help));
        None
    };
    let (start, end) = (time("start"), time("end"));
    let window = Window { start: start?, end: end? };
    if let Some(problem) = super::empty_window(&window) {
        problems.push(problem.at(node.span, "here"));
        return None;
    }
    Some(window)
}

fn signals(node: &Node, raw: &mut RawIncident, problems: &mut Vec<Diagnostic>) {
    let Value::List(items) = &node.value else {
        let help = "name files, as signals: [signals.jsonl], or list the signals themselves";
        problems.push(wrong(BAD_INCIDENT, node.span, "`signals`", "a list", node.what()).help(help));
        return;
    };
    for item in items {
        match item.text() {
            Some(path) if !path.trim().is_empty() => {
                raw.signal_files.push(Placed { text: path.trim().to_string(), span: item.span });
            }
            _ => fields::convert(item, &mut raw.inline),
        }
    }
}

fn truth(node: &Node, problems: &mut Vec<Diagnostic>) -> RawTruth {
    let mut truth = RawTruth::default();
    let Some(map) = Mapping::of(node, "`truth`", TRUTH, problems) else { return truth };
    truth.causes = map.get("causes").map(|n| texts("causes", n, problems)).unwrap_or_default();
    truth.acceptable = map.get("acceptable").map(|n| texts("acceptable", n, problems)).unwrap_or_default();
    truth.separate = map.get("separate").map(|n| texts("separate", n, problems)).unwrap_or_default();
    truth
}
