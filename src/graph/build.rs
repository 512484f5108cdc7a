//! Raw graph → checked graph, with every problem on the way.

use super::allow::Acceptance;
use super::raw::{At, RawComponent, RawDependency, RawGraph, RawKind, RawMember, RawNeed, Recognise};
use super::rules::{
    alias_clash, bad_address, bad_pattern, conflicting_claims, dependency_cycle, duplicate_id, edge_without_source,
    kind_without_defaults, orphaned_status_page, part_of_cycle, self_dependency, stale_verified, unknown_capability,
    unknown_component, unknown_kind, unused_component,
};
use super::{Component, ComponentIx, Dependency, DependencyGraph, Kind, Member, Need, Scope, Staleness};
use crate::diag::{Diagnostic, Span};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Unknown names that get a suggestion, per graph.
const MAX_SUGGESTIONS: u32 = 200;
/// Capability words that mean the component as a whole where it does not list them.
const WHOLE: [&str; 3] = ["any", "connectivity", "dns"];

/// Checks `raw` against itself and the built-in kinds. What is wrong is left out of the result. Whatever is accepted in
/// `raw` is marked in `problems`, also what reading it gave.
pub fn build(
    raw: &RawGraph,
    built_in: &BTreeMap<String, Kind>,
    staleness: Option<Staleness>,
    problems: &mut Vec<Diagnostic>,
) -> DependencyGraph {
    let acceptance = Acceptance::of(raw);
    let raw = &raw.with_additions_merged();
    duplicate_id::check(raw, problems);
    bad_pattern::check(raw, problems);
    let kinds = kinds(&raw.kinds, built_in, problems);

    // The first definition of an id counts; components are sorted by id.
    let mut first: BTreeMap<&str, &RawComponent> = BTreeMap::new();
    for c in &raw.components {
        first.entry(&c.id.value).or_insert(c);
    }
    let sorted: Vec<&RawComponent> = first.values().copied().collect();
    let names = names(&sorted, problems);
    let mut components: Vec<Component> = sorted.iter().map(|c| component(c, &kinds, problems)).collect();

    let capabilities: Vec<Vec<String>> = components.iter().map(|c| c.capabilities.clone()).collect();
    let mains: Vec<Option<String>> = components.iter().map(|c| kinds[&c.kind].main.clone()).collect();
    let resolver =
        Resolver { suggestions: Cell::new(MAX_SUGGESTIONS), names: &names, capabilities: &capabilities, mains: &mains };
    let parents = containment(&sorted, &resolver, problems);
    for (i, c) in sorted.iter().enumerate() {
        components[i].part_of = parents[i];
        components[i].depends_on = c.depends_on.iter().filter_map(|d| resolver.dependency(i, c, d, problems)).collect();
        components[i].allow = acceptance.on_component(&c.id.value);
        components[i].depends_on.iter_mut().for_each(|d| d.allow = acceptance.on_dependency(d.span));
    }
    let graph = DependencyGraph::new(components, kinds, names);
    judge(&graph, &sorted, staleness, problems);
    acceptance.mark(problems);
    graph
}

/// The checks of the whole: nothing is wrong, but it may not be what was meant.
fn judge(
    graph: &DependencyGraph,
    written: &[&RawComponent],
    staleness: Option<Staleness>,
    problems: &mut Vec<Diagnostic>,
) {
    dependency_cycle::check(graph, problems);
    unused_component::check(graph, problems);
    orphaned_status_page::check(graph, problems);
    bad_address::check(written, problems);
    conflicting_claims::check(graph, problems);
    conflicting_claims::check_pages(graph, written, problems);
    edge_without_source::check(graph, problems);
    if let Some(staleness) = staleness {
        stale_verified::check(written, staleness, problems);
    }
}

/// Built-in kinds with the graph's fields put over them.
fn kinds(raw: &[RawKind], built_in: &BTreeMap<String, Kind>, problems: &mut Vec<Diagnostic>) -> BTreeMap<String, Kind> {
    let mut kinds = built_in.clone();
    let mut seen = BTreeSet::new();
    for r in raw.iter().filter(|r| seen.insert(&r.name.value)) {
        let kind = kinds.entry(r.name.value.clone()).or_insert_with(|| Kind {
            name: r.name.value.clone(),
            family: r.name.value.clone(),
            ..Kind::default()
        });
        override_kind(kind, r);
        problems.extend(kind_without_defaults::check(r, kind));
    }
    kinds
}

/// Puts the fields that `raw` gives over those of `kind`.
pub(super) fn override_kind(kind: &mut Kind, raw: &RawKind) {
    if let Some(family) = &raw.family {
        kind.family = family.value.clone();
    }
    if let Some(family) = &raw.parts_family {
        kind.parts_family = Some(family.value.clone());
    }
    if let Some(rate) = &raw.faults_per_year {
        kind.faults_per_year = Some(rate.value);
    }
    if let Some(list) = &raw.capabilities {
        kind.capabilities = sorted_words(list);
    }
    if let Some(main) = &raw.main {
        kind.main = Some(main.value.clone());
    }
    if let Some(symptoms) = &raw.symptoms {
        kind.symptoms = symptoms.iter().map(|(k, share)| (k.value.clone(), share.value)).collect();
    }
}

fn sorted_words(list: &[At<String>]) -> Vec<String> {
    let set: BTreeSet<&String> = list.iter().map(|a| &a.value).filter(|w| *w != "any").collect();
    set.into_iter().cloned().collect()
}

/// Ids and aliases; aliases also in lower case.
fn names(sorted: &[&RawComponent], problems: &mut Vec<Diagnostic>) -> BTreeMap<String, ComponentIx> {
    let mut names: BTreeMap<String, ComponentIx> = BTreeMap::new();
    let mut places: BTreeMap<String, Span> = BTreeMap::new();
    for (i, c) in sorted.iter().enumerate() {
        names.insert(c.id.value.clone(), ComponentIx(i as u32));
        places.insert(c.id.value.clone(), c.id.span);
    }
    for (i, c) in sorted.iter().enumerate() {
        for alias in &c.aliases {
            let lower = alias.value.to_lowercase();
            match names.get(&lower) {
                Some(other) if other.0 as usize != i => {
                    problems.push(alias_clash::problem(&alias.value, alias.span, places[&lower]));
                }
                _ => {
                    names.insert(lower.clone(), ComponentIx(i as u32));
                    places.insert(lower, alias.span);
                }
            }
        }
    }
    names
}

fn component(c: &RawComponent, kinds: &BTreeMap<String, Kind>, problems: &mut Vec<Diagnostic>) -> Component {
    problems.extend(unknown_kind::check(c, kinds));
    let known = c.kind.as_ref().map(|k| k.value.as_str()).filter(|k| kinds.contains_key(*k));
    // A component of unknown kind is kept as a service, so that its edges are checked too.
    let kind = known.unwrap_or("service").to_string();
    let listed = sorted_words(&c.capabilities);
    Component {
        id: c.id.value.clone(),
        title: c.title.as_ref().map_or_else(|| c.id.value.clone(), |t| t.value.clone()),
        operator: text(&c.operator),
        part_of: None,
        status_page: text(&c.status_page),
        source: text(&c.source),
        verified: c.verified.as_ref().map(|v| v.value.to_string()),
        note: text(&c.note),
        capabilities: if listed.is_empty() { kinds[&kind].capabilities.clone() } else { listed },
        faults_per_year: c.faults_per_year.as_ref().map(|r| r.value),
        audience: c.audience.as_ref().map(|a| a.value),
        aliases: texts(&c.aliases),
        regions: texts(&c.regions),
        recognise: Recognise {
            ns: texts(&c.recognise.ns),
            cname: texts(&c.recognise.cname),
            address: texts(&c.recognise.address),
        },
        allow: BTreeMap::new(),
        depends_on: Vec::new(),
        span: c.id.span,
        kind,
    }
}

fn text(written: &Option<At<String>>) -> Option<String> {
    written.as_ref().map(|a| a.value.clone())
}

fn texts(written: &[At<String>]) -> Vec<String> {
    written.iter().map(|a| a.value.clone()).collect()
}

/// The containers; none on a circle.
fn containment(
    sorted: &[&RawComponent],
    resolver: &Resolver,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Option<ComponentIx>> {
    let mut parents: Vec<Option<(usize, Span)>> = vec![None; sorted.len()];
    for (i, c) in sorted.iter().enumerate() {
        let Some(name) = &c.part_of else { continue };
        match resolver.find("`part_of`", name, problems) {
            Some(ix) if ix.0 as usize == i => problems.push(self_dependency::problem(&c.id.value, name.span)),
            Some(ix) => parents[i] = Some((ix.0 as usize, name.span)),
            None => {}
        }
    }
    let ids: Vec<&str> = sorted.iter().map(|c| c.id.value.as_str()).collect();
    let before = problems.len();
    part_of_cycle::check(&ids, &parents, problems);
    if problems.len() > before {
        parents.fill(None);
    }
    parents.into_iter().map(|p| p.map(|(i, _)| ComponentIx(i as u32))).collect()
}

struct Resolver<'a> {
    /// How many more unknown names get a suggestion.
    suggestions: Cell<u32>,
    names: &'a BTreeMap<String, ComponentIx>,
    capabilities: &'a [Vec<String>],
    mains: &'a [Option<String>],
}

impl Resolver<'_> {
    fn find(&self, what: &str, name: &At<String>, problems: &mut Vec<Diagnostic>) -> Option<ComponentIx> {
        let found = self.names.get(&name.value).or_else(|| self.names.get(&name.value.to_lowercase()));
        if found.is_none() {
            // Comparing every wrong name with every right one would cost minutes in a large graph.
            let left = self.suggestions.get();
            self.suggestions.set(left.saturating_sub(1));
            let known = self.names.keys().map(String::as_str).take(if left > 0 { usize::MAX } else { 0 });
            problems.push(unknown_component::problem(what, name, known));
        }
        found.copied()
    }

    fn dependency(
        &self,
        i: usize,
        c: &RawComponent,
        d: &RawDependency,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Dependency> {
        let written = d.need.members();
        let members: Vec<Member> = written.iter().filter_map(|m| self.member(i, &c.id.value, m, problems)).collect();
        let scope = self.scope(i, &c.id.value, &d.scope, problems);
        // A group that lost a member would mean something else: leave it out, the problem has been told.
        if members.len() != written.len() {
            return None;
        }
        let need = match &d.need {
            RawNeed::One(_) => Need::One(members.into_iter().next()?),
            RawNeed::Group { rule, .. } => Need::Group { rule: *rule, members },
        };
        Some(Dependency {
            need,
            scope,
            impact: d.impact,
            confidence: d.confidence,
            lag_seconds: d.lag_seconds,
            cache_seconds: d.cache_seconds,
            region: d.region.as_ref().map(|r| r.value.clone()).filter(|r| r != "global"),
            source: text(&d.source),
            verified: d.verified.as_ref().map(|v| v.value.to_string()),
            note: text(&d.note),
            allow: BTreeMap::new(),
            span: d.span,
        })
    }

    fn member(&self, i: usize, id: &str, m: &RawMember, problems: &mut Vec<Diagnostic>) -> Option<Member> {
        let component = self.find(&format!("`{id}`"), &m.component, problems)?;
        let at = component.0 as usize;
        if at == i {
            problems.push(self_dependency::problem(id, m.component.span));
            return None;
        }
        let listed = &self.capabilities[at];
        let capability = match &m.capability {
            None => self.mains[at].clone().filter(|main| listed.contains(main)),
            Some(k) if listed.contains(&k.value) => Some(k.value.clone()),
            Some(k) => {
                if !WHOLE.contains(&k.value.as_str()) {
                    problems.push(unknown_capability::problem(&m.component.value, k, listed));
                }
                None
            }
        };
        Some(Member { component, capability })
    }

    fn scope(&self, i: usize, id: &str, scope: &[At<String>], problems: &mut Vec<Diagnostic>) -> Scope {
        let listed = &self.capabilities[i];
        let mut named = BTreeSet::new();
        for k in scope {
            if listed.contains(&k.value) {
                named.insert(k.value.clone());
            } else if WHOLE.contains(&k.value.as_str()) {
                return Scope::Whole;
            } else {
                problems.push(unknown_capability::problem(id, k, listed));
            }
        }
        if named.is_empty() { Scope::Whole } else { Scope::Capabilities(named.into_iter().collect()) }
    }
}
