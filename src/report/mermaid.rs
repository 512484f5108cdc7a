//! The report as a Mermaid flowchart, as code hosts draw it: causes above what they take down.
//!
//! Nothing from outside gets into the syntax: nodes are `n0`, `n1`, …, and labels are quoted with everything but letters,
//! digits and plain separators written as character codes.

use super::drawing::{Drawing, Edge, Look, Node, leading};
use super::text::cut;
use super::view::Report;
use crate::diag::escape;
use std::fmt::Write;

/// Characters of the verdict.
const VERDICT: usize = 120;
/// The fewest characters that a further path takes.
const LEAST_PATH: usize = 25;
/// How each look is coloured; shapes tell the same.
const CLASSES: [(Look, &str, &str); 7] = [
    (Look::Cause, "cause", "fill:#b02a37,stroke:#58151c,stroke-width:4px,color:#ffffff"),
    (Look::Failing, "failing", "fill:#f8d7da,stroke:#b02a37,color:#000000"),
    (Look::Degraded, "degraded", "fill:#fff3cd,stroke:#997404,color:#000000"),
    (Look::Healthy, "healthy", "fill:#d1e7dd,stroke:#146c43,color:#000000"),
    (Look::Doubted, "doubted", "fill:#ffffff,stroke:#997404,stroke-dasharray:6 2,color:#000000"),
    (Look::Unobserved, "unobserved", "fill:#ffffff,stroke:#6c757d,stroke-dasharray:4 3,color:#000000"),
    (Look::Folded, "folded", "fill:#e9ecef,stroke:#6c757d,stroke-dasharray:4 3,color:#000000"),
];

/// Draws the part of the graph that the report is about.
pub fn mermaid(report: &Report) -> String {
    let mut text = draw(&Drawing::whole(report));
    let _ = writeln!(text, "  verdict>\"{}\"]", escape::mermaid(&cut(&report.verdict.text, VERDICT)));
    text
}

/// Draws only the paths by which the leading causes explain failures, as many as fit into `limit` characters; `None` if
/// no cause leads, or not even one path fits.
pub fn paths(report: &Report, limit: usize) -> Option<String> {
    let all: usize = leading(report).iter().map(|c| c.explains.len()).sum();
    // A path that adds anything adds a node and a link.
    (1..=all.min(limit / LEAST_PATH)).rev().find_map(|most| {
        let mut text = draw(&Drawing::paths(report, most));
        if most < all {
            let _ = writeln!(text, "  more[\"and {} more\"]", all - most);
        }
        (text.chars().count() <= limit).then_some(text)
    })
}

fn draw(drawing: &Drawing) -> String {
    let mut text = "flowchart TD\n".to_string();
    for (i, node) in drawing.nodes.iter().enumerate() {
        let _ = writeln!(text, "  {}", shape(i, node));
    }
    for edge in &drawing.edges {
        let _ = writeln!(text, "  {}", arrow(edge));
    }
    for (look, class, style) in CLASSES {
        let members: Vec<String> = drawing
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.look == look)
            .map(|(i, _)| format!("n{i}"))
            .collect();
        if !members.is_empty() {
            let _ = writeln!(text, "  classDef {class} {style}\n  class {} {class}", members.join(","));
        }
    }
    let marked: Vec<String> =
        drawing.edges.iter().enumerate().filter(|(_, e)| e.on_path).map(|(i, _)| i.to_string()).collect();
    if !marked.is_empty() {
        let _ = writeln!(text, "  linkStyle {} stroke:#b02a37,stroke-width:3px", marked.join(","));
    }
    text
}

fn shape(i: usize, node: &Node) -> String {
    let (open, close) = match node.look {
        Look::Cause => ("[[", "]]"),
        Look::Failing => ("{{", "}}"),
        Look::Degraded => ("[/", "/]"),
        Look::Healthy => ("([", "])"),
        Look::Doubted => ("(", ")"),
        Look::Unobserved | Look::Folded => ("[", "]"),
    };
    let lines: Vec<String> = node.label.iter().map(|l| escape::mermaid(l)).collect();
    format!("n{i}{open}\"{}\"{close}", lines.join("<br/>"))
}

fn arrow(edge: &Edge) -> String {
    let line = match (edge.on_path, edge.contains) {
        (true, _) => "==>",
        (false, true) => "-.->",
        (false, false) => "-->",
    };
    let label = if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", escape::mermaid(&edge.label)) };
    format!("n{} {line}{label} n{}", edge.from, edge.to)
}
