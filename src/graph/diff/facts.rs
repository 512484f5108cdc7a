//! A graph as texts that can be compared: names instead of positions, and nothing that is only a default.

use crate::graph::query::rule_word;
use crate::graph::{Component, Dependency, DependencyGraph, Kind, Member, Scope};
use std::collections::{BTreeMap, BTreeSet};

/// Keys and values in the order in which they are written; what is not given is not there.
pub(super) type Fields = Vec<(&'static str, String)>;

/// What a component says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub kind: String,
    pub fields: Fields,
    pub needs: Vec<Need>,
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    /// What is needed, in words.
    pub words: String,
    /// The components behind the words, sorted.
    pub components: Vec<String>,
    pub fields: Fields,
}

impl Need {
    /// For whom it is: two dependencies on the same may differ in this alone.
    pub fn place(&self) -> Vec<&(&'static str, String)> {
        self.fields.iter().filter(|(key, _)| ["for", "region"].contains(key)).collect()
    }
}

/// How ids are called.
type Names<'a> = &'a dyn Fn(&str) -> String;

/// All components by what they are called.
pub(super) fn all(graph: &DependencyGraph, names: Names) -> BTreeMap<String, Facts> {
    graph.components().iter().map(|c| (names(&c.id), facts(graph, c, names))).collect()
}

/// All kinds by name.
pub(super) fn kinds(graph: &DependencyGraph) -> BTreeMap<String, Fields> {
    graph.kinds().values().map(|kind| (kind.name.clone(), kind_fields(kind))).collect()
}

/// (all that is said of it and of those who need it, id) of the components in `moved` of which anything is said beside
/// their kind.
pub(super) fn contents(graph: &DependencyGraph, moved: &BTreeSet<&String>, names: Names) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (ix, c) in graph.iter().filter(|(_, c)| moved.contains(&c.id)) {
        let mut told = facts(graph, c, names);
        // An old id kept as an alias, and the other way round, is what a careful hand does.
        told.fields.retain(|(key, _)| *key != "aliases");
        let aliases: BTreeSet<&String> = c.aliases.iter().filter(|a| !moved.contains(&a.to_lowercase())).collect();
        let needs = |d: &Dependency| d.need.members().iter().any(|m| m.component == ix);
        let dependents: Vec<String> =
            graph.components().iter().filter(|c| c.depends_on.iter().any(needs)).map(|c| names(&c.id)).collect();
        let parts: Vec<String> =
            graph.components().iter().filter(|c| c.part_of == Some(ix)).map(|c| names(&c.id)).collect();
        let bare = told.needs.is_empty() && dependents.is_empty() && parts.is_empty() && aliases.is_empty();
        if !bare || told.fields.len() > 1 {
            found.push((format!("{told:?} {aliases:?} {dependents:?} {parts:?}"), c.id.clone()));
        }
    }
    found
}

fn facts(graph: &DependencyGraph, c: &Component, names: Names) -> Facts {
    let name = |m: &Member| names(&graph.component(m.component).id);
    let capabilities = (c.capabilities != graph.kind(c).capabilities).then(|| list(&c.capabilities)).flatten();
    let patterns = [("ns", &c.recognise.ns), ("cname", &c.recognise.cname), ("address", &c.recognise.address)];
    let recognise: Vec<String> =
        patterns.iter().filter_map(|(key, words)| Some(format!("{key} {}", list(words)?))).collect();
    let fields = vec![
        ("kind", Some(c.kind.clone())),
        ("title", Some(c.title.clone()).filter(|t| *t != c.id)),
        ("operator", c.operator.clone()),
        ("part_of", c.part_of.map(|ix| names(&graph.component(ix).id))),
        ("capabilities", capabilities),
        ("faults_per_year", c.faults_per_year.map(|n| n.to_string())),
        ("audience", c.audience.map(|n| n.to_string())),
        ("aliases", sorted(&c.aliases)),
        ("regions", sorted(&c.regions)),
        ("status_page", c.status_page.clone()),
        ("recognise", list(&recognise)),
        ("source", c.source.clone()),
        ("verified", c.verified.clone()),
        ("note", c.note.clone()),
    ];
    let needs = c.depends_on.iter().map(|d| need(d, &name)).collect();
    Facts { kind: c.kind.clone(), fields: given(fields), needs }
}

fn need(d: &Dependency, name: &dyn Fn(&Member) -> String) -> Need {
    let word = |m: &Member| match &m.capability {
        Some(k) => format!("{} ({k})", name(m)),
        None => name(m),
    };
    let words = match &d.need {
        crate::graph::Need::One(m) => word(m),
        crate::graph::Need::Group { rule, members } => {
            // The first member is the one that serves as long as all is well; the order counts.
            format!("{} [{}]", rule_word(*rule), members.iter().map(word).collect::<Vec<_>>().join(", "))
        }
    };
    let mut components: Vec<String> = d.need.members().iter().map(name).collect();
    components.sort();
    let seconds = |s: Option<f64>| s.map(|s| format!("{s}s"));
    let scope = match &d.scope {
        Scope::Whole => None,
        Scope::Capabilities(words) => list(words),
    };
    let fields = vec![
        ("for", scope),
        ("region", d.region.clone()),
        ("impact", Some(d.impact.to_string())),
        ("confidence", Some(d.confidence.to_string())),
        ("lag", seconds(d.lag_seconds)),
        ("cache", seconds(d.cache_seconds)),
        ("source", d.source.clone()),
        ("verified", d.verified.clone()),
        ("note", d.note.clone()),
    ];
    Need { words, components, fields: given(fields) }
}

fn kind_fields(kind: &Kind) -> Fields {
    let symptoms: Vec<String> = kind.symptoms.iter().map(|(k, share)| format!("{k} {share}")).collect();
    given(vec![
        ("family", Some(kind.family.clone())),
        ("parts_family", kind.parts_family.clone()),
        ("faults_per_year", kind.faults_per_year.map(|n| n.to_string())),
        ("capabilities", list(&kind.capabilities)),
        ("main", kind.main.clone()),
        ("symptoms", list(&symptoms)),
    ])
}

fn given(fields: Vec<(&'static str, Option<String>)>) -> Fields {
    fields.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

fn list(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(", "))
}

fn sorted(words: &[String]) -> Option<String> {
    let words: BTreeSet<&String> = words.iter().collect();
    list(&words.into_iter().cloned().collect::<Vec<_>>())
}
