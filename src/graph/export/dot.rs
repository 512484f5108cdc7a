//! DOT, for Graphviz: fields stand as attributes of the same name, lists as JSON.

use super::drawing::{Drawing, Role, Shape};
use super::json::{Fields, plain};
use crate::diag::escape::{dot, dot_label};
use serde_json::Value;
use std::fmt::Write;

pub(super) fn write(drawing: &Drawing) -> String {
    let mut text = "digraph commoncause {\n  graph [rankdir=LR".to_string();
    if !drawing.kinds.is_empty() {
        let _ = write!(text, ", kinds={}", dot(&Value::from(drawing.kinds.clone()).to_string()));
    }
    text += "];\n";
    text += "  node [fontname=\"Helvetica\"];\n  edge [fontname=\"Helvetica\", fontsize=10];\n";
    for node in &drawing.nodes {
        let shape = match node.shape {
            Shape::Service => "box",
            Shape::Component => "ellipse",
            Shape::Group => "diamond",
        };
        let label = dot_label(&node.label);
        let _ = writeln!(text, "  {} [label={label}, shape={shape}{}];", dot(&node.id), attributes(&node.fields));
    }
    let name = |i: usize| dot(&drawing.nodes[i].id);
    for edge in &drawing.edges {
        let style = match edge.role {
            Role::Needs => "solid",
            Role::Member => "dotted",
            Role::PartOf => "dashed",
        };
        let label = match edge.label.as_str() {
            "" => String::new(),
            label => format!(", label={}", dot_label(&[label.to_string()])),
        };
        let (from, to, role) = (name(edge.from), name(edge.to), edge.role.word());
        let rest = attributes(&edge.fields);
        let _ = writeln!(text, "  {from} -> {to} [style={style}, role={role}{label}{rest}];");
    }
    text + "}\n"
}

fn attributes(fields: &Fields) -> String {
    fields.iter().map(|(key, value)| format!(", {key}={}", dot(&plain(value)))).collect()
}
