//! The report for Graphviz: causes above what they take down.

use super::drawing::{Drawing, Edge, Look, Node};
use super::text::cut;
use super::view::Report;
use crate::diag::escape::dot_label;
use std::fmt::Write;

/// Characters of the verdict.
const VERDICT: usize = 120;

/// Draws the part of the graph that the report is about.
pub fn dot(report: &Report) -> String {
    let drawing = Drawing::whole(report);
    let mut text = "digraph incident {\n".to_string();
    let _ =
        writeln!(text, "  graph [rankdir=TB, labelloc=t, label={}];", dot_label(&[cut(&report.verdict.text, VERDICT)]));
    text += "  node [fontname=\"Helvetica\", style=filled];\n  edge [fontname=\"Helvetica\", fontsize=10];\n";
    for (i, node) in drawing.nodes.iter().enumerate() {
        let _ = writeln!(text, "  n{i} [{}];", look(node));
    }
    for edge in &drawing.edges {
        let _ = writeln!(text, "  n{} -> n{}{};", edge.from, edge.to, line(edge));
    }
    text + "}\n"
}

fn look(node: &Node) -> String {
    let label = dot_label(&node.label);
    let style = match node.look {
        Look::Cause => "shape=doubleoctagon, fillcolor=\"#b02a37\", fontcolor=\"#ffffff\", penwidth=3",
        Look::Failing => "shape=octagon, fillcolor=\"#f8d7da\", color=\"#b02a37\"",
        Look::Degraded => "shape=hexagon, fillcolor=\"#fff3cd\", color=\"#997404\"",
        Look::Healthy => "shape=ellipse, fillcolor=\"#d1e7dd\", color=\"#146c43\"",
        Look::Doubted => "shape=parallelogram, fillcolor=\"#ffffff\", color=\"#997404\", style=\"filled,dashed\"",
        Look::Unobserved => "shape=box, fillcolor=\"#ffffff\", color=\"#6c757d\", style=\"filled,dashed\"",
        Look::Folded => "shape=folder, fillcolor=\"#e9ecef\", color=\"#6c757d\", style=\"filled,dashed\"",
    };
    format!("label={label}, {style}")
}

fn line(edge: &Edge) -> String {
    let mut parts = Vec::new();
    if !edge.label.is_empty() {
        parts.push(format!("label={}", dot_label(std::slice::from_ref(&edge.label))));
    }
    if edge.on_path {
        parts.push("color=\"#b02a37\", penwidth=3".to_string());
    }
    if edge.contains {
        parts.push("style=dashed".to_string());
    }
    if parts.is_empty() { String::new() } else { format!(" [{}]", parts.join(", ")) }
}
