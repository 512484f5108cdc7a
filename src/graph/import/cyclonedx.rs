//! CycloneDX: the services of a bill of materials.

use super::codes::DANGLING;
use super::draft::{Draft, Ix};
use super::text::{bad_entry, json, list_field, nothing, text_field, wrong_shape};
use crate::diag::Diagnostic;
use crate::diag::tree::Node;
use crate::graph::raw::At;
use std::collections::BTreeSet;

/// A bill of materials in JSON. Libraries are left out: they do not fail at run time as a service does.
pub(super) fn read(draft: &mut Draft, text: &str) {
    let Some(root) = json(draft, text) else { return };
    if root.get("bomFormat").and_then(Node::text) != Some("CycloneDX") {
        return wrong_shape(draft, text, &root, "`bomFormat` is not CycloneDX");
    }
    let services = list_field(draft, &root, "the file", "services");
    let dependencies = list_field(draft, &root, "the file", "dependencies");
    if services.is_empty() {
        let next = "most tools write libraries only; use one that knows services, or give a table of dependencies";
        nothing(draft, root.span, "no service: there are only libraries in it, if anything", next);
        return;
    }
    let mut libraries = BTreeSet::new();
    library_refs(list_field(draft, &root, "the file", "components"), &mut libraries);
    for node in services {
        service(draft, node, None);
    }
    let subject = root.get("metadata").and_then(|m| m.get("component"));
    for node in dependencies {
        dependency(draft, node, subject, &libraries);
    }
}

fn reference<'n>(node: &'n Node) -> Option<&'n str> {
    node.get("bom-ref").and_then(Node::text)
}

/// The references of libraries, and of libraries in libraries.
fn library_refs<'n>(list: &'n [Node<'n>], found: &mut BTreeSet<&'n str>) {
    for node in list {
        found.extend(reference(node));
        library_refs(node.get("components").and_then(Node::items).unwrap_or_default(), found);
    }
}

/// One service and those inside it.
fn service(draft: &mut Draft, node: &Node, within: Option<Ix>) {
    if node.entries().is_none() {
        draft.problems.push(bad_entry("the file", "services", "a list of mappings", node));
        return;
    }
    let Some((name, span)) = text_field(draft, node, "a service", "name") else { return };
    // Without a reference nothing can point at it, and its name tells it apart.
    let Some(ix) = draft.component(reference(node).unwrap_or(name), name, span) else { return };
    let container = within.filter(|w| *w != ix).map(|w| At { value: draft.id(w).to_string(), span });
    if let Some(c) = draft.edit(ix) {
        c.part_of = container;
        let provider = node.get("provider").and_then(|p| p.get("name"));
        c.operator = provider.and_then(|p| Some(At { value: p.text()?.to_string(), span: p.span }));
        c.status_page = status_page(node);
        if let Some(outside) = node.get("x-trust-boundary").filter(|b| b.boolean() == Some(true)) {
            c.note = Some(At { value: "beyond a trust boundary".to_string(), span: outside.span });
        }
    }
    for inner in list_field(draft, node, "a service", "services") {
        service(draft, inner, Some(ix));
    }
}

/// A reference outside that is named a status page, or whose host is.
fn status_page(node: &Node) -> Option<At<String>> {
    node.get("externalReferences")?.items()?.iter().find_map(|r| {
        let url = r.get("url")?;
        let comment = r.get("comment").and_then(Node::text).unwrap_or_default().to_lowercase();
        let is = comment.contains("status") || url.text()?.contains("://status.");
        is.then_some(At { value: url.text()?.to_string(), span: url.span })
    })
}

fn dependency(draft: &mut Draft, node: &Node, subject: Option<&Node>, libraries: &BTreeSet<&str>) {
    if node.entries().is_none() {
        draft.problems.push(bad_entry("the file", "dependencies", "a list of mappings", node));
        return;
    }
    let Some((from, span)) = text_field(draft, node, "a dependency", "ref") else { return };
    let mut targets = Vec::new();
    for item in list_field(draft, node, "a dependency", "dependsOn") {
        match item.text() {
            None => draft.problems.push(bad_entry("a dependency", "dependsOn", "a list of references", item)),
            Some(to) => match draft.find(to) {
                Some(ix) => targets.push((ix, item.span)),
                None if libraries.contains(to) => {}
                None => draft.problems.push(
                    Diagnostic::warning(DANGLING, format!("`{from}` depends on `{to}`, which is not in the file"))
                        .at(item.span, "no service or component has this `bom-ref`")
                        .help("correct the reference, or add the service"),
                ),
            },
        }
    }
    if targets.is_empty() {
        return;
    }
    // What the file is about may need services without being one.
    let about = subject.filter(|s| reference(s) == Some(from)).and_then(|s| Some((s.get("name")?.text()?, s.span)));
    let from = match (draft.find(from), about) {
        (Some(ix), _) => ix,
        (None, Some((name, at))) => match draft.component(from, name, at) {
            Some(ix) => ix,
            None => return,
        },
        (None, None) if libraries.contains(from) => return,
        (None, None) => {
            draft.problems.push(
                Diagnostic::warning(DANGLING, format!("dependencies of `{from}`, which is not in the file"))
                    .at(span, "no service or component has this `bom-ref`")
                    .help("correct the reference, or add the service"),
            );
            return;
        }
    };
    for (to, span) in targets {
        let dependency = draft.dependency(to, span);
        draft.depend(from, dependency);
    }
}
