//! Terraform: which resource refers to which.

use super::codes::{BAD_IMPORT, LEFT_OUT};
use super::dot::{self, Name};
use super::draft::{Draft, SET_UP};
use super::text::{body, is_empty, not_this_format, nothing};
use crate::diag::{Diagnostic, Span};
use crate::graph::raw::At;
use std::collections::{BTreeMap, BTreeSet};

/// Steps on the way through variables, locals and outputs.
const MAX_STEPS: usize = 5_000_000;

/// What a node of the graph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// A resource: it becomes a component.
    Resource,
    /// A value that only passes a reference on.
    Value,
    /// Providers, modules and the root: they order the work of Terraform.
    Work,
}

/// What `terraform graph` prints, in the style before and after version 1.7.
pub(super) fn read(draft: &mut Draft, text: &str) {
    let (content, base) = body(text);
    if is_empty(draft, content) {
        return;
    }
    let begin = Span { file: draft.file, start: base, end: base };
    let graph = match content.split_whitespace().next() {
        Some("digraph" | "strict") => dot::read(draft.file, content, base),
        _ => {
            let problem = Diagnostic::error(BAD_IMPORT, "not a graph in DOT: it does not begin with `digraph`")
                .at(begin, "here")
                .help("give what `terraform graph` prints, without what it says on stderr");
            return not_this_format(draft, text, problem);
        }
    };
    if let Some((at, reason)) = graph.fault {
        let at = at.unwrap_or(Span { start: base + content.len(), end: base + content.len(), ..begin });
        draft.problems.push(
            Diagnostic::error(BAD_IMPORT, format!("not a whole graph in DOT: {reason}"))
                .at(at, "reading ended here")
                .help("is the file complete? run `terraform graph` again"),
        );
    }
    let nodes: BTreeMap<String, Span> = graph.nodes.iter().filter_map(resource).collect();
    for (name, span) in &nodes {
        draft.component(name, name, *span);
    }
    references(draft, &graph.edges);
    if draft.is_empty() && draft.problems.is_empty() {
        nothing(
            draft,
            begin,
            "no resource",
            "run `terraform graph` in the folder of the configuration, after `terraform init`",
        );
    }
}

fn resource(node: &Name) -> Option<Name> {
    let name = address(&node.0);
    (sort(&name) == Sort::Resource).then_some((name, node.1))
}

/// The address of what a node is about: without marks of the old style, and without an index, since the instances of
/// a resource share what they need.
fn address(node: &str) -> String {
    let node = node.strip_prefix("[root] ").unwrap_or(node);
    let node = match node.rfind(" (") {
        Some(at) if node.ends_with(')') => &node[..at],
        _ => node,
    };
    if node.starts_with("provider[") {
        return node.to_string();
    }
    let mut depth = 0_usize;
    let outside = node.chars().filter(|c| {
        depth += usize::from(*c == '[');
        let keep = depth == 0;
        depth = depth.saturating_sub(usize::from(*c == ']'));
        keep
    });
    outside.collect()
}

fn sort(address: &str) -> Sort {
    // `module.a.module.b.` stands before what is in it.
    let mut rest = address;
    while let Some(inner) = rest.strip_prefix("module.") {
        match inner.split_once('.') {
            Some((_, inner)) => rest = inner,
            None => return Sort::Work,
        }
    }
    match rest.split('.').next().unwrap_or_default() {
        "var" | "local" | "output" | "data" => Sort::Value,
        "root" | "provider" | "provisioner" | "meta" | "" => Sort::Work,
        first if first.starts_with("provider[") || !rest.contains('.') => Sort::Work,
        _ => Sort::Resource,
    }
}

/// Every reference from resource to resource, directly or through values.
fn references(draft: &mut Draft, edges: &[(Name, Name)]) {
    let mut targets: BTreeMap<String, Vec<Name>> = BTreeMap::new();
    for ((from, _), (to, span)) in edges {
        targets.entry(address(from)).or_default().push((address(to), *span));
    }
    let mut steps = 0;
    for start in targets.keys().filter(|from| sort(from) == Sort::Resource) {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<(&Name, Span)> = targets[start].iter().map(|n| (n, n.1)).collect();
        while let Some(((name, _), span)) = open.pop() {
            steps += 1;
            if steps > MAX_STEPS {
                return too_many(draft, span);
            }
            match sort(name) {
                Sort::Work => {}
                Sort::Resource => refer(draft, (start, name), span),
                // The place to show is where the resource itself refers to something.
                Sort::Value if seen.insert(name) => {
                    open.extend(targets.get(name).into_iter().flatten().map(|n| (n, span)));
                }
                Sort::Value => {}
            }
        }
    }
}

fn refer(draft: &mut Draft, (from, to): (&str, &str), span: Span) {
    let ends = (draft.component(from, from, span), draft.component(to, to, span));
    // Instances of a resource that refer to each other are one component here.
    if let (Some(from), Some(to)) = ends
        && from != to
    {
        let mut dependency = draft.dependency(to, span);
        dependency.confidence = SET_UP;
        let note = "set up with a reference to it: weak evidence of a need at run time".to_string();
        dependency.note = Some(At { value: note, span });
        draft.depend(from, dependency);
    }
}

fn too_many(draft: &mut Draft, span: Span) {
    draft.problems.push(
        Diagnostic::warning(LEFT_OUT, "there are too many ways through variables, locals and outputs")
            .at(span, "references from here on are left out")
            .help("import one module at a time"),
    );
}
