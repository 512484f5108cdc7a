//! Announced work: what fails while it goes on is no failure.

use super::MAINTENANCE;
use super::values::{DIALECT, complain};
use crate::diag::tree::Node;
use crate::diag::{Diagnostic, Span};
use crate::incident::Placed;
use crate::incident::mapping::Mapping;
use jiff::Timestamp;

/// Announced work on a component, which covers its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// The component.
    pub component: Placed,
    /// The capability; `any` for all.
    pub capability: String,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
}

/// Reads the work at `node`.
pub(super) fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Maintenance> {
    let map = Mapping::of(node, "announced work", MAINTENANCE, DIALECT, problems)?;
    let here = Span { end: node.span.start, ..node.span };
    for key in ["component", "from", "to"].iter().filter(|key| map.get(key).is_none()) {
        let help = "write {component: okta, from: 2026-12-01T22:00:00Z, to: 2026-12-02T02:00:00Z}";
        complain(problems, here, format!("announced work without `{key}`"), help);
    }
    let mut time = |key: &str| {
        let text = map.text(key, problems)?;
        let time = text.text.parse::<Timestamp>().ok();
        if time.is_none() {
            let message = format!("`{key}` is not a time: `{}`", text.text);
            complain(problems, text.span, message, "write it as 2026-12-01T22:00:00Z, with an offset or Z");
        }
        time.map(|t| (t, text.span))
    };
    let (from, to) = (time("from"), time("to"));
    let component = map.text("component", problems);
    let capability = map.text("capability", problems).map_or("any".to_string(), |t| t.text);
    map.text("note", problems);
    let ((from, _), (to, span)) = (from?, to?);
    if to <= from {
        complain(problems, span, "announced work ends before it begins", "check `from`, `to` and their offsets");
        return None;
    }
    Some(Maintenance { component: component?, capability, from, to })
}
