//! GraphML: every field is typed data; lists are JSON. Groups are nodes with a `rule`.

use super::drawing::Drawing;
use super::json::{Fields, plain};
use crate::diag::escape::xml;
use std::collections::BTreeMap;
use std::fmt::Write;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                    xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">
";

pub(super) fn write(drawing: &Drawing) -> String {
    let nodes: Vec<Fields> =
        drawing.nodes.iter().map(|n| told([("id", n.id.clone()), ("label", n.label.join(" / "))], &n.fields)).collect();
    let edges: Vec<Fields> = drawing
        .edges
        .iter()
        .map(|e| told([("role", e.role.word().to_string()), ("label", e.label.clone())], &e.fields))
        .collect();
    let mut text = HEAD.to_string();
    keys("node", &nodes, &mut text);
    keys("edge", &edges, &mut text);
    let mut graph = Fields::new();
    if !drawing.kinds.is_empty() {
        graph.insert("kinds".to_string(), drawing.kinds.clone().into());
    }
    keys("graph", std::slice::from_ref(&graph), &mut text);
    let _ = writeln!(text, "  <graph id=\"commoncause\" edgedefault=\"directed\">{}", data("graph", &graph));
    for (i, fields) in nodes.iter().enumerate() {
        // An id of ours may have a slash, which a name of XML must not.
        let _ = writeln!(text, "    <node id=\"n{i}\">{}</node>", data("node", fields));
    }
    for (edge, fields) in drawing.edges.iter().zip(&edges) {
        let (from, to) = (edge.from, edge.to);
        let _ = writeln!(text, "    <edge source=\"n{from}\" target=\"n{to}\">{}</edge>", data("edge", fields));
    }
    text + "  </graph>\n</graphml>\n"
}

fn told(first: [(&str, String); 2], fields: &Fields) -> Fields {
    let first = first.into_iter().filter(|(_, text)| !text.is_empty());
    let mut all: Fields = first.map(|(key, text)| (key.to_string(), text.into())).collect();
    all.extend(fields.clone());
    all
}

/// The declarations of all fields that are used; one whose values are all numbers is a number.
fn keys(of: &str, all: &[Fields], text: &mut String) {
    let mut numbers: BTreeMap<&String, bool> = BTreeMap::new();
    for (key, value) in all.iter().flatten() {
        *numbers.entry(key).or_insert(true) &= value.is_number();
    }
    for (key, number) in numbers {
        let kind = if number { "double" } else { "string" };
        let _ = writeln!(text, "  <key id=\"{of}.{key}\" for=\"{of}\" attr.name=\"{key}\" attr.type=\"{kind}\"/>");
    }
}

fn data(of: &str, fields: &Fields) -> String {
    fields.iter().map(|(key, value)| format!("<data key=\"{of}.{key}\">{}</data>", xml(&plain(value)))).collect()
}
