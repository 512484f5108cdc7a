//! Annotations of ours on entities: what Backstage has no field for, as it stands in our own files.
//!
//! `commoncause/component` holds the JSON of the component's fields and then counts instead of the entity's;
//! `commoncause/id` its id, where that is no valid name of an entity; `commoncause/kinds` the JSON of the mapping `kinds`.

use super::super::codes::BAD_ANNOTATION;
use super::super::draft::{Draft, slug};
use super::Entity;
use crate::diag::json::{self, Fault};
use crate::diag::tree::Node;
use crate::diag::{Diagnostic, Span, has_errors};
use crate::graph::raw::At;
use crate::graph::read;

/// Levels of nesting.
const MAX_DEPTH: usize = 32;

/// Takes the component as the annotation gives it. False if there is none, or none that can be read, which is told.
pub(super) fn component(draft: &mut Draft, entity: &Entity) -> bool {
    let Some(text) = entity.annotation("commoncause/component") else { return false };
    let given = entity.annotation("commoncause/id");
    let id = match &given {
        Some(id) => Some(At { value: id.value.to_string(), span: id.span }),
        None => slug(entity.name).map(|value| At { value, span: entity.span }),
    };
    let (Some(id), Some(node)) = (id, tree(draft, "commoncause/component", text)) else { return false };
    let mut problems = Vec::new();
    let component = read::component(id, &node, &mut problems);
    let good = !has_errors(&problems);
    draft.problems.extend(problems);
    match component.filter(|_| good) {
        Some(component) => {
            draft.take(&entity.reference(), component);
            true
        }
        None => {
            draft.problems.push(unreadable("commoncause/component", "it is not a component", node.span));
            false
        }
    }
}

/// Takes the kinds that the annotation gives.
pub(super) fn kinds(draft: &mut Draft, entity: &Entity) {
    let Some(text) = entity.annotation("commoncause/kinds") else { return };
    let Some(node) = tree(draft, "commoncause/kinds", text) else { return };
    let Some(entries) = node.entries() else {
        draft.problems.push(unreadable("commoncause/kinds", "it is not a mapping", node.span));
        return;
    };
    for e in entries {
        let name = At { value: e.key.to_string(), span: e.key_span };
        let kind = read::kind(name, &e.value, &mut draft.problems);
        draft.known_kinds.insert(kind.name.value.clone());
        draft.kinds.push(kind);
    }
}

/// The JSON in an annotation; all of it stands where the annotation does.
fn tree<'n>(draft: &mut Draft, key: &str, text: At<&'n str>) -> Option<Node<'n>> {
    match json::parse(text.span.file, text.value, 0, MAX_DEPTH) {
        Ok(node) => Some(node.placed_at(text.span)),
        Err(fault) => {
            let reason = match fault {
                Fault::TooDeep(_) => "it is nested too deeply".to_string(),
                Fault::Syntax { reason, .. } => format!("not valid JSON: {reason}"),
            };
            draft.problems.push(unreadable(key, &reason, text.span));
            None
        }
    }
}

fn unreadable(key: &str, reason: &str, span: Span) -> Diagnostic {
    Diagnostic::error(BAD_ANNOTATION, format!("the annotation `{key}` cannot be read: {reason}"))
        .at(span, "this annotation")
        .help("write it again with `graph export`, or remove it: the fields of Backstage then count")
}
