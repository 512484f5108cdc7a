//! The incident file: its own fields, before anything that it names is looked up.

use super::codes::{BAD_INCIDENT, UNKNOWN_FIELD};
use super::mapping::{Dialect, Mapping};
use super::{Name, Placed, Window};
use crate::diag::tree::Node;
use crate::diag::yaml;
use crate::diag::{Diagnostic, FileId};
use crate::signal::read::Read;

/// The fields of an incident file.
pub(super) const FIELDS: &[&str] = &["id", "title", "window", "graph", "signals", "truth"];
/// The fields of `truth`.
pub(super) const TRUTH: &[&str] = &["causes", "acceptable", "separate"];
/// What the mistakes of an incident file are called.
const DIALECT: Dialect = Dialect { bad: BAD_INCIDENT, unknown: UNKNOWN_FIELD };

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
    let Some(map) = Mapping::of(&root, "an incident file", FIELDS, DIALECT, problems) else { return raw };
    let id = map.text("id", problems).map(|t| t.text);
    raw.name.id = id.unwrap_or_else(|| fallback.to_string());
    let title = map.text("title", problems).map(|t| t.text);
    raw.name.title = title.unwrap_or_else(|| raw.name.id.clone());
    raw.window = map.window("an incident", root.span, problems);
    raw.graph = map.texts("graph", problems);
    raw.signal_files = map.signals(&mut raw.inline, problems);
    raw.truth = map.get("truth").map(|n| truth(n, problems));
    raw
}

fn truth(node: &Node, problems: &mut Vec<Diagnostic>) -> RawTruth {
    let Some(map) = Mapping::of(node, "`truth`", TRUTH, DIALECT, problems) else { return RawTruth::default() };
    RawTruth {
        causes: map.texts("causes", problems),
        acceptable: map.texts("acceptable", problems),
        separate: map.texts("separate", problems),
    }
}
