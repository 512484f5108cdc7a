//! Backstage: a Component for each service, a Resource for anything else.
//!
//! Backstage knows less of dependencies than we do. The whole of a component stands in the annotation
//! `commoncause/component`, as in a graph file; the fields of Backstage say the same as far as they can.

use super::json;
use crate::diag::escape;
use crate::graph::edit::layout::scalar;
use crate::graph::{Component, ComponentIx, DependencyGraph};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Characters of a name of an entity.
const MAX_NAME: usize = 63;
/// Who owns what has no operator: Backstage wants an owner.
const NOBODY: &str = "unknown";

/// One document for each component, in the order of their ids.
pub(super) fn write(graph: &DependencyGraph) -> String {
    let names = names(graph);
    let kinds = json::own_kinds(graph);
    let mut text = String::new();
    for (ix, c) in graph.iter() {
        let name = &names[ix.0 as usize];
        let mut annotations = vec![("commoncause/component", quoted(json::component(graph, ix).into()))];
        if *name != c.id {
            annotations.push(("commoncause/id", scalar(&c.id)));
        }
        if ix.0 == 0 && !kinds.is_empty() {
            annotations.push(("commoncause/kinds", quoted(kinds.clone().into())));
        }
        let _ = writeln!(text, "---\napiVersion: backstage.io/v1alpha1\nkind: {}", kind(graph, c));
        metadata(c, name, &annotations, &mut text);
        spec(graph, c, &names, &mut text);
    }
    text
}

/// Whether a component is a Component of Backstage, which is software, or a Resource, which software needs.
fn kind(graph: &DependencyGraph, c: &Component) -> &'static str {
    if graph.kind(c).family == "service" { "Component" } else { "Resource" }
}

fn metadata(c: &Component, name: &str, annotations: &[(&str, String)], text: &mut String) {
    let _ = writeln!(text, "metadata:\n  name: {}", scalar(name));
    if c.title != c.id {
        let _ = writeln!(text, "  title: {}", scalar(&c.title));
    }
    if let Some(note) = &c.note {
        let _ = writeln!(text, "  description: {}", scalar(note));
    }
    let _ = writeln!(text, "  annotations:");
    for (key, value) in annotations {
        let _ = writeln!(text, "    {key}: {value}");
    }
    let page = c.status_page.as_ref().filter(|page| page.starts_with("https://") || page.starts_with("http://"));
    if let Some(page) = page {
        let _ = writeln!(text, "  links:\n    - url: {}\n      title: Status page", scalar(page));
    }
}

fn spec(graph: &DependencyGraph, c: &Component, names: &[String], text: &mut String) {
    let reference = |ix: ComponentIx| {
        let kind = kind(graph, graph.component(ix)).to_lowercase();
        format!("{kind}:default/{}", names[ix.0 as usize])
    };
    let _ = writeln!(text, "spec:\n  type: {}", scalar(&c.kind));
    let owner = c.operator.as_deref().and_then(name).unwrap_or_else(|| NOBODY.to_string());
    let is_component = |c: &Component| kind(graph, c) == "Component";
    if is_component(c) {
        let _ = writeln!(text, "  lifecycle: production");
    }
    let _ = writeln!(text, "  owner: {}", scalar(&owner));
    let mut needs: BTreeSet<ComponentIx> =
        c.depends_on.iter().flat_map(|d| d.need.members()).map(|m| m.component).collect();
    match c.part_of {
        Some(whole) if is_component(c) && is_component(graph.component(whole)) => {
            let _ = writeln!(text, "  subcomponentOf: {}", scalar(&reference(whole)));
        }
        // Resources have no parts in Backstage. A part fails with its whole, which is to depend on it.
        whole => needs.extend(whole),
    }
    if !needs.is_empty() {
        text.push_str("  dependsOn:\n");
    }
    for ix in needs {
        let _ = writeln!(text, "    - {}", scalar(&reference(ix)));
    }
}

/// JSON in single quotes, in which YAML has no escapes but for the quote itself.
fn quoted(value: Value) -> String {
    format!("'{}'", escape::json(&value.to_string()).replace('\'', "''"))
}

/// A name for each component: its id, as far as that is a name for Backstage.
fn names(graph: &DependencyGraph) -> Vec<String> {
    let ids: BTreeSet<&str> = graph.components().iter().map(|c| c.id.as_str()).collect();
    let mut taken = BTreeSet::new();
    let mut names = Vec::new();
    for c in graph.components() {
        // An id that is a name as it stands keeps it, whichever comes first.
        let free = |name: &String| !taken.contains(name) && (*name == c.id || !ids.contains(name.as_str()));
        let plain = name(&c.id).unwrap_or_else(|| NOBODY.to_string());
        let numbered = (2..).map(|n: u32| with_end(&plain, &format!("-{n}")));
        let name = std::iter::once(plain.clone()).chain(numbered).find(free).unwrap_or(plain);
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// A name with an end, as long as names may be.
fn with_end(name: &str, end: &str) -> String {
    let start = &name[..name.len().min(MAX_NAME - end.len())];
    format!("{}{end}", start.trim_end_matches(['-', '_', '.']))
}

/// The name of an entity that a text becomes: letters, digits and `-_.` inside; `None` if nothing is left.
fn name(text: &str) -> Option<String> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = text.chars().map(plain).collect();
    let ends = ['-', '_', '.'];
    let name = name.trim_start_matches(ends);
    let name = name[..name.len().min(MAX_NAME)].trim_end_matches(ends);
    (!name.is_empty()).then(|| name.to_string())
}
