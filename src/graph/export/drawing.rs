//! What DOT, Mermaid and GraphML draw: components, groups and the lines between them.
//!
//! A line from A to B says that A needs B, or is part of it. A group stands between the dependent and its members.

use super::json::{self, Fields};
use crate::diag::cut;
use crate::graph::query::rule_word;
use crate::graph::{ComponentIx, Dependency, DependencyGraph, Member, Need, Rule};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Characters of one line of a label.
const LINE: usize = 60;

/// Boxes and lines.
pub(super) struct Drawing {
    /// Components in the order of their ids, then groups.
    pub nodes: Vec<Node>,
    /// In the order of the dependents.
    pub edges: Vec<Edge>,
    /// Kinds that are not built in, or differ from those.
    pub kinds: Fields,
}

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A component that people use.
    Service,
    /// Any other component.
    Component,
    /// A group of components.
    Group,
}

pub(super) struct Node {
    pub shape: Shape,
    /// Unique; that of a component is its id.
    pub id: String,
    /// For people, line by line.
    pub label: Vec<String>,
    pub fields: Fields,
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The first needs the second.
    Needs,
    /// The first is a group of which the second is a member.
    Member,
    /// The first is part of the second.
    PartOf,
}

impl Role {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Role::Needs => "depends_on",
            Role::Member => "member",
            Role::PartOf => "part_of",
        }
    }
}

pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    pub role: Role,
    /// For people; may be empty.
    pub label: String,
    pub fields: Fields,
}

impl Drawing {
    /// Draws the components of `shown` and what is between them.
    pub(super) fn of(graph: &DependencyGraph, shown: &BTreeSet<ComponentIx>) -> Self {
        let mut drawing = Drawing { nodes: Vec::new(), edges: Vec::new(), kinds: json::own_kinds(graph) };
        let places: BTreeMap<ComponentIx, usize> = shown.iter().enumerate().map(|(i, ix)| (*ix, i)).collect();
        drawing.nodes.extend(shown.iter().map(|&ix| component(graph, ix)));
        for (&ix, &from) in &places {
            let c = graph.component(ix);
            if let Some(&to) = c.part_of.and_then(|whole| places.get(&whole)) {
                let (role, label) = (Role::PartOf, "part of".to_string());
                drawing.edges.push(Edge { from, to, role, label, fields: Fields::new() });
            }
            for d in &c.depends_on {
                drawing.dependency(graph, d, from, &|m| places.get(&m.component).copied());
            }
        }
        drawing
    }

    fn dependency(
        &mut self,
        graph: &DependencyGraph,
        d: &Dependency,
        from: usize,
        place: &dyn Fn(&Member) -> Option<usize>,
    ) {
        let mut fields = edge_fields(d);
        match &d.need {
            Need::One(m) => {
                let Some(to) = place(m) else { return };
                let label = label(&json::edge_fields(d), json::capability(graph, m));
                fields.extend(capability(graph, m));
                self.edges.push(Edge { from, to, role: Role::Needs, label, fields });
            }
            Need::Group { rule, members } => {
                let inside: Vec<(usize, &Member)> = members.iter().filter_map(|m| Some((place(m)?, m))).collect();
                if inside.is_empty() {
                    return;
                }
                let group = self.nodes.len();
                self.nodes.push(group_node(*rule, group));
                let label = label(&json::edge_fields(d), None);
                self.edges.push(Edge { from, to: group, role: Role::Needs, label, fields });
                for (to, m) in inside {
                    let label = json::capability(graph, m).unwrap_or_default();
                    let fields = capability(graph, m).into_iter().collect();
                    self.edges.push(Edge { from: group, to, role: Role::Member, label: cut(&label, LINE), fields });
                }
            }
        }
    }
}

fn component(graph: &DependencyGraph, ix: ComponentIx) -> Node {
    let c = graph.component(ix);
    let mut fields = json::own_fields(graph, c);
    // What contains it is a line of its own.
    fields.shift_remove("part_of");
    let shape = if graph.kind(c).family == "service" { Shape::Service } else { Shape::Component };
    Node { shape, id: c.id.clone(), label: vec![cut(&c.title, LINE), cut(&c.kind, LINE)], fields }
}

fn group_node(rule: Rule, number: usize) -> Node {
    let mut fields = Fields::new();
    let word = match rule {
        Rule::AnyOf => "any_of",
        Rule::AllOf => "all_of",
        Rule::AtLeast(k) => {
            fields.insert("at_least".to_string(), k.into());
            "at_least"
        }
    };
    fields.insert("rule".to_string(), word.into());
    // No id of a component has a blank.
    Node { shape: Shape::Group, id: format!("group {number}"), label: vec![rule_word(rule)], fields }
}

/// The fields of a dependency with numbers where a program wants to compute with them.
fn edge_fields(d: &Dependency) -> Fields {
    let mut fields = json::edge_fields(d);
    fields.insert("impact".to_string(), d.impact.into());
    fields.insert("confidence".to_string(), d.confidence.into());
    fields
}

fn capability(graph: &DependencyGraph, m: &Member) -> Option<(String, Value)> {
    json::capability(graph, m).map(|k| ("capability".to_string(), k.into()))
}

/// What is needed, for what, how much and where: as far as it is not what goes without saying.
fn label(fields: &Fields, capability: Option<String>) -> String {
    let text = |key: &str| {
        fields.get(key).map(|value| match value {
            Value::String(word) => word.clone(),
            Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            other => other.to_string(),
        })
    };
    let scope = text("for").map(|words| format!("for {words}"));
    let region = text("region").map(|region| format!("in {region}"));
    let parts: Vec<String> = [capability, scope, text("impact"), region].into_iter().flatten().collect();
    cut(&parts.join(", "), LINE)
}
