//! Kiali: the traffic of a service mesh.

use super::codes::{DANGLING, NAME_CLASH};
use super::draft::{Draft, Ix, OBSERVED};
use super::text::{bad_entry, json, list_field, nothing, text_field, wrong_shape};
use crate::diag::tree::Node;
use crate::diag::{Diagnostic, Span};
use crate::graph::raw::At;
use std::collections::{BTreeMap, BTreeSet};

/// What a node stands for.
enum Meaning {
    /// A component.
    Component(Ix),
    /// Nothing that has an id: traffic of unknown origin, frames, names that are left out.
    Nothing(&'static str),
}

/// The answer of `/api/namespaces/graph`, whatever its `graphType`.
pub(super) fn read(draft: &mut Draft, text: &str) {
    let Some(root) = json(draft, text) else { return };
    let elements = root.get("elements");
    let Some((elements, nodes)) = elements.and_then(|e| Some((e, e.get("nodes")?.items()?))) else {
        return wrong_shape(draft, text, &root, "it has no list under `elements.nodes`");
    };
    let edges = list_field(draft, elements, "`elements`", "edges");
    if nodes.is_empty() {
        let next = "ask for namespaces that had traffic, over a longer `duration`";
        nothing(draft, root.span, "no node: there was no traffic in this time", next);
    }
    let shared = shared_names(nodes);
    let mut meanings: BTreeMap<&str, Meaning> = BTreeMap::new();
    for data in nodes.iter().map(data) {
        let Some((id, span)) = text_field(draft, data, "a node", "id") else { continue };
        if meanings.contains_key(id) {
            draft.problems.push(
                Diagnostic::warning(NAME_CLASH, "two nodes have the same `id`; the first counts")
                    .at(span, "again here")
                    .help("fetch the graph again: ids tell its nodes apart"),
            );
            continue;
        }
        if let Some(meaning) = node(draft, data, &shared) {
            meanings.insert(id, meaning);
        }
    }
    for data in edges.iter().map(data) {
        edge(draft, data, &meanings);
    }
}

/// Nodes and edges are wrapped once more.
fn data<'n>(node: &'n Node<'n>) -> &'n Node<'n> {
    node.get("data").unwrap_or(node)
}

/// What people call it: the application, whose versions are workloads of their own; else service or workload.
fn name<'n>(data: &'n Node<'n>) -> Option<(&'n str, Span)> {
    let field = |key: &str| data.get(key).and_then(|n| Some((n.text()?, n.span)));
    ["app", "service", "workload", "aggregateValue"]
        .into_iter()
        .filter_map(field)
        .find(|(text, _)| !text.trim().is_empty())
}

fn namespace<'n>(data: &'n Node<'n>) -> &'n str {
    data.get("namespace").and_then(Node::text).unwrap_or_default()
}

/// Names that stand in more than one namespace.
fn shared_names<'n>(nodes: &'n [Node<'n>]) -> BTreeSet<&'n str> {
    let mut places: BTreeMap<&str, &str> = BTreeMap::new();
    let mut shared = BTreeSet::new();
    for data in nodes.iter().map(data) {
        let Some((name, _)) = name(data) else { continue };
        if *places.entry(name).or_insert(namespace(data)) != namespace(data) {
            shared.insert(name);
        }
    }
    shared
}

fn node(draft: &mut Draft, data: &Node, shared: &BTreeSet<&str>) -> Option<Meaning> {
    let kind = data.get("nodeType").and_then(Node::text).unwrap_or_default();
    if kind == "box" || data.get("isBox").is_some() || data.get("isGroup").is_some() {
        return Some(Meaning::Nothing("a frame around others"));
    }
    let inaccessible = data.get("isInaccessible").and_then(Node::boolean).unwrap_or(false);
    if kind == "unknown" || namespace(data) == "unknown" || inaccessible {
        return Some(Meaning::Nothing("traffic of unknown origin"));
    }
    let Some((name, span)) = name(data) else {
        draft.problems.push(bad_entry("a node", "app", "a name, or `service`, or `workload`", data));
        return None;
    };
    let full = format!("{}/{name}", namespace(data));
    let shown = if shared.contains(name) { full.as_str() } else { name };
    let Some(ix) = draft.component(&full, shown, span) else {
        return Some(Meaning::Nothing("a name that is left out"));
    };
    let entry = data.get("isServiceEntry");
    let location = entry.and_then(|e| e.text().or_else(|| e.get("location")?.text()));
    if location == Some("MESH_EXTERNAL")
        && let Some(c) = draft.edit(ix)
    {
        c.note = Some(At { value: "outside the mesh: a third party".to_string(), span });
    }
    Some(Meaning::Component(ix))
}

fn edge(draft: &mut Draft, data: &Node, meanings: &BTreeMap<&str, Meaning>) {
    let source = text_field(draft, data, "an edge", "source");
    let target = text_field(draft, data, "an edge", "target");
    let (Some(source), Some(target)) = (source, target) else { return };
    let mut ends = Vec::new();
    for (id, span) in [source, target] {
        match meanings.get(id) {
            Some(Meaning::Component(ix)) => ends.push(*ix),
            Some(Meaning::Nothing(what)) => return draft.leave_out(span, format!("an edge to or from {what}")),
            None => {
                draft.problems.push(
                    Diagnostic::warning(DANGLING, "an edge to or from a node that is not in the graph")
                        .at(span, "no node has this id")
                        .help("is the file complete? fetch it again with all namespaces that take part"),
                );
                return;
            }
        }
    }
    // A service in front of its own workload has the same name; that is no dependency.
    if let [from, to] = ends[..]
        && from != to
    {
        let mut dependency = draft.dependency(to, data.span);
        dependency.confidence = OBSERVED;
        draft.depend(from, dependency);
    }
}
