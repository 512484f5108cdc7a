//! Jaeger: who called whom, as counted from traces.

use super::draft::{Draft, OBSERVED};
use super::text::{bad_entry, json, nothing, text_field, wrong_shape};
use crate::diag::Diagnostic;
use crate::diag::tree::Node;

use super::codes::BAD_IMPORT;

/// The answer of `/api/dependencies`: `{data: [{parent, child, callCount}]}`, or the list alone.
pub(super) fn read(draft: &mut Draft, text: &str) {
    let Some(root) = json(draft, text) else { return };
    if let Some(errors) = root.get("errors").filter(|e| e.items().is_some_and(|list| !list.is_empty())) {
        draft.problems.push(
            Diagnostic::error(BAD_IMPORT, "the answer holds errors instead of dependencies")
                .at(errors.span, "these")
                .help("repeat the query once the store answers"),
        );
    }
    let list = root.items().or_else(|| root.get("data")?.items());
    let Some(calls) = list else {
        return wrong_shape(draft, text, &root, "it has no list under `data`");
    };
    if calls.is_empty() && draft.problems.is_empty() {
        let why = "no calls: this does not mean that nothing calls anything";
        let next = "some stores know dependencies only once a batch job has run; or ask with a longer `lookback`";
        nothing(draft, root.span, why, next);
    }
    for call in calls {
        edge(draft, call);
    }
}

fn edge(draft: &mut Draft, call: &Node) {
    if call.entries().is_none() {
        draft.problems.push(bad_entry("the list", "data", "a list of mappings", call));
        return;
    }
    let parent = text_field(draft, call, "a call", "parent");
    let child = text_field(draft, call, "a call", "child");
    let (Some((parent, from_span)), Some((child, to_span))) = (parent, child) else { return };
    if let Some(count) = call.get("callCount") {
        match count.number() {
            Some(0.0) => return draft.leave_out(count.span, format!("no call from `{parent}` to `{child}`")),
            Some(_) => {}
            None => draft.problems.push(bad_entry("a call", "callCount", "a number", count)),
        }
    }
    let from = draft.component(parent, parent, from_span);
    let to = draft.component(child, child, to_span);
    if let (Some(from), Some(to)) = (from, to) {
        let mut dependency = draft.dependency(to, call.span);
        dependency.confidence = OBSERVED;
        draft.depend(from, dependency);
    }
}
