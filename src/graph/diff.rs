//! What changed between two graphs, component by component.

mod facts;

use super::DependencyGraph;
use facts::{Facts, Fields, Need};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// All that differs between two graphs. Empty lists: they mean the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct GraphDiff {
    /// Components that vanished while one of the same content appeared under another id. That they are the same thing is
    /// likely, not known.
    pub renamed: Vec<Renamed>,
    /// Components that appeared, vanished or changed, by id; renamed ones only if something else changed, too.
    pub components: Vec<ComponentDiff>,
    /// Kinds that appeared, vanished or changed, by name.
    pub kinds: Vec<KindDiff>,
}

impl GraphDiff {
    /// True if the graphs mean the same.
    pub fn is_empty(&self) -> bool {
        self.renamed.is_empty() && self.components.is_empty() && self.kinds.is_empty()
    }
}

/// Whether something is new, gone, or there in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Only the second graph has it.
    Appeared,
    /// Only the first graph has it.
    Vanished,
    /// Both have it, not alike.
    Changed,
}

/// A component under another id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Renamed {
    /// Its id in the first graph.
    pub before: String,
    /// Its id in the second.
    pub after: String,
}

/// What changed of one component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ComponentDiff {
    /// Its id, in the second graph if it is there.
    pub component: String,
    /// What happened to it.
    pub change: Change,
    /// Its kind, in the second graph if it is there.
    pub kind: String,
    /// Its own fields that changed; of one that appeared or vanished, all that it gives.
    pub fields: Vec<FieldDiff>,
    /// Its dependencies that changed; of one that appeared or vanished, all.
    pub dependencies: Vec<DependencyDiff>,
}

/// What changed of one dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DependencyDiff {
    /// What is needed, in words: `okta (login)`, `any of [a, b]`; as in the second graph if it is there.
    pub needs: String,
    /// What happened to it.
    pub change: Change,
    /// Its fields that changed; of one that appeared or vanished, all that it gives.
    pub fields: Vec<FieldDiff>,
}

/// What changed of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KindDiff {
    /// Its name.
    pub kind: String,
    /// What happened to it.
    pub change: Change,
    /// Its fields that changed.
    pub fields: Vec<FieldDiff>,
}

/// A field before and after, as written; `null`: not given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldDiff {
    /// The key that it is written with.
    pub field: String,
    /// In the first graph.
    pub before: Option<String>,
    /// In the second graph.
    pub after: Option<String>,
}

/// Compares two graphs. What is written in another order or spelled out although it is the default counts as the same.
pub fn diff(before: &DependencyGraph, after: &DependencyGraph) -> GraphDiff {
    let renamed = renamed(before, after);
    let new_name: BTreeMap<&str, &str> = renamed.iter().map(|r| (r.before.as_str(), r.after.as_str())).collect();
    let translate = |id: &str| new_name.get(id).copied().unwrap_or(id).to_string();
    let old: BTreeMap<String, Facts> = facts::all(before, &translate);
    let new: BTreeMap<String, Facts> = facts::all(after, &|id: &str| id.to_string());
    let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let components = ids.into_iter().filter_map(|id| component(id, old.get(id), new.get(id))).collect();
    let (old, new) = (facts::kinds(before), facts::kinds(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let kind = |name: &String| {
        let fields = fields(old.get(name), new.get(name));
        let change = change(old.get(name), new.get(name));
        (change != Change::Changed || !fields.is_empty()).then(|| KindDiff { kind: name.clone(), change, fields })
    };
    GraphDiff { components, kinds: names.into_iter().filter_map(kind).collect(), renamed }
}

/// Components of the same content whose id only one graph has, as long as there is only one such pair.
fn renamed(before: &DependencyGraph, after: &DependencyGraph) -> Vec<Renamed> {
    let ids = |g: &DependencyGraph| -> BTreeSet<String> { g.components().iter().map(|c| c.id.clone()).collect() };
    let (old, new) = (ids(before), ids(after));
    let moved: BTreeSet<&String> = old.symmetric_difference(&new).collect();
    // Names that only one graph has may be new names of the same thing: what they are called says nothing.
    let veiled = |id: &str| if moved.contains(&id.to_string()) { "?".to_string() } else { id.to_string() };
    let mut by_content: BTreeMap<String, [Vec<String>; 2]> = BTreeMap::new();
    for (side, graph) in [before, after].into_iter().enumerate() {
        for (content, id) in facts::contents(graph, &moved, &veiled) {
            by_content.entry(content).or_default()[side].push(id);
        }
    }
    let mut pairs: Vec<Renamed> = by_content
        .into_values()
        .filter_map(|[old, new]| match (old.as_slice(), new.as_slice()) {
            ([old], [new]) => Some(Renamed { before: old.clone(), after: new.clone() }),
            _ => None,
        })
        .collect();
    pairs.sort_by(|a, b| a.before.cmp(&b.before));
    pairs
}

fn change<T>(before: Option<&T>, after: Option<&T>) -> Change {
    match (before, after) {
        (None, _) => Change::Appeared,
        (_, None) => Change::Vanished,
        _ => Change::Changed,
    }
}

fn fields(before: Option<&Fields>, after: Option<&Fields>) -> Vec<FieldDiff> {
    let get =
        |side: Option<&Fields>, key| side.and_then(|fields| fields.iter().find(|f| f.0 == key)).map(|f| f.1.clone());
    let mut keys: Vec<&'static str> = before.into_iter().chain(after).flatten().map(|f| f.0).collect();
    let mut seen = BTreeSet::new();
    keys.retain(|key| seen.insert(*key));
    keys.into_iter()
        .map(|key| FieldDiff { field: key.to_string(), before: get(before, key), after: get(after, key) })
        .filter(|f| f.before != f.after)
        .collect()
}

fn component(id: &str, before: Option<&Facts>, after: Option<&Facts>) -> Option<ComponentDiff> {
    let own = fields(before.map(|f| &f.fields), after.map(|f| &f.fields));
    fn needs(side: Option<&Facts>) -> Vec<&Need> {
        side.map_or(Vec::new(), |f| f.needs.iter().collect())
    }
    let dependencies = dependencies(needs(before), needs(after));
    let change = change(before, after);
    if change == Change::Changed && own.is_empty() && dependencies.is_empty() {
        return None;
    }
    let kind = after.or(before)?.kind.clone();
    Some(ComponentDiff { component: id.to_string(), change, kind, fields: own, dependencies })
}

/// Pairs dependencies: those that are alike in all that tells them apart first, then those on the same with another
/// scope, then those on the same components in another way. The rest appeared or vanished.
fn dependencies(mut before: Vec<&Need>, mut after: Vec<&Need>) -> Vec<DependencyDiff> {
    let mut found = Vec::new();
    let alike: [fn(&Need, &Need) -> bool; 4] = [
        |a, b| a == b,
        |a, b| a.words == b.words && a.place() == b.place(),
        |a, b| a.words == b.words,
        |a, b| a.components == b.components,
    ];
    for same in alike {
        before.retain(|old| {
            let Some(at) = after.iter().position(|new| same(old, new)) else { return true };
            let new = after.remove(at);
            let mut changed = fields(Some(&old.fields), Some(&new.fields));
            if old.words != new.words {
                let (before, after) = (Some(old.words.clone()), Some(new.words.clone()));
                changed.insert(0, FieldDiff { field: "needs".to_string(), before, after });
            }
            if !changed.is_empty() {
                found.push(DependencyDiff { needs: new.words.clone(), change: Change::Changed, fields: changed });
            }
            false
        });
    }
    let gone = before.into_iter().map(|old| (old, Change::Vanished, fields(Some(&old.fields), None)));
    let come = after.into_iter().map(|new| (new, Change::Appeared, fields(None, Some(&new.fields))));
    let rest =
        gone.chain(come).map(|(need, change, fields)| DependencyDiff { needs: need.words.clone(), change, fields });
    found.extend(rest.collect::<Vec<_>>());
    found.sort_by(|a, b| (&a.needs, a.change as u8).cmp(&(&b.needs, b.change as u8)));
    found
}
