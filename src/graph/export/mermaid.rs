//! A Mermaid flowchart, as code hosts draw it. Nothing from outside gets into its syntax: nodes are `n0`, `n1`, …

use super::drawing::{Drawing, Role, Shape};
use crate::diag::escape;
use std::fmt::Write;

pub(super) fn write(drawing: &Drawing) -> String {
    let mut text = "flowchart LR\n".to_string();
    for (i, node) in drawing.nodes.iter().enumerate() {
        let (open, close) = match node.shape {
            Shape::Service => ("[", "]"),
            Shape::Component => ("([", "])"),
            Shape::Group => ("{{", "}}"),
        };
        let lines: Vec<String> = node.label.iter().map(|l| escape::mermaid(l)).collect();
        let _ = writeln!(text, "  n{i}{open}\"{}\"{close}", lines.join("<br/>"));
    }
    for edge in &drawing.edges {
        let line = match edge.role {
            Role::Needs | Role::Member => "-->",
            Role::PartOf => "-.->",
        };
        let label = match edge.label.as_str() {
            "" => String::new(),
            label => format!("|\"{}\"|", escape::mermaid(label)),
        };
        let _ = writeln!(text, "  n{} {line}{label} n{}", edge.from, edge.to);
    }
    text
}
