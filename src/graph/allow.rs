//! Warnings and hints that someone accepted, with the reason: which problem is accepted by which `allow`.
//!
//! An `allow` in a dependency holds for that dependency. One in a component holds for all that is said of the component,
//! also in other files that add dependencies to it.

use super::raw::{Allowed, RawGraph};
use super::rules::{ACCEPTABLE, ALL, stale_verified, unknown_code, unused_allow};
use crate::diag::{Diagnostic, Severity, Span, has_errors};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a graph accepts.
pub struct Acceptance<'a> {
    allowed: Vec<&'a Allowed>,
    /// For components and dependencies: positions in `allowed`.
    by_component: BTreeMap<&'a str, Vec<usize>>,
    by_dependency: BTreeMap<Span, Vec<usize>>,
    /// Components by the entries that accept something, by their ids, and by their dependencies. Within each map nothing
    /// overlaps.
    places: [BTreeMap<Span, &'a str>; 3],
}

impl<'a> Acceptance<'a> {
    /// Collects what `raw` accepts.
    pub fn of(raw: &'a RawGraph) -> Self {
        let id = |c: &'a super::raw::RawComponent| c.id.value.as_str();
        let ids: BTreeMap<Span, &str> = raw.components.iter().map(|c| (c.id.span, id(c))).collect();
        let dependencies =
            raw.components.iter().flat_map(|c| c.depends_on.iter().map(move |d| (d.span, id(c)))).collect();
        let mut entries = BTreeMap::new();
        let mut by_component: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut by_dependency: BTreeMap<Span, Vec<usize>> = BTreeMap::new();
        let of_one = |c: &'a super::raw::RawComponent| c.allow.iter().chain(c.depends_on.iter().flat_map(|d| &d.allow));
        let allowed: Vec<&Allowed> = raw.components.iter().flat_map(of_one).collect();
        for (i, allowed) in allowed.iter().enumerate() {
            // The entry of a component contains its id; that of a dependency contains no id.
            let start = Span { end: allowed.within.start, ..allowed.within };
            match ids.range(start..).next().filter(|(span, _)| contains(allowed.within, **span)) {
                Some((_, id)) => {
                    entries.insert(allowed.within, *id);
                    by_component.entry(id).or_default().push(i);
                }
                None => by_dependency.entry(allowed.within).or_default().push(i),
            }
        }
        Acceptance { allowed, by_component, by_dependency, places: [entries, ids, dependencies] }
    }

    /// Reasons by code that all entries of a component accept.
    pub fn on_component(&self, id: &str) -> BTreeMap<String, String> {
        self.reasons(self.by_component.get(id))
    }

    /// Reasons by code that the dependency at `span` accepts.
    pub fn on_dependency(&self, span: Span) -> BTreeMap<String, String> {
        self.reasons(self.by_dependency.get(&span))
    }

    /// The first reason for each code, which is the one that counts.
    fn reasons(&self, list: Option<&Vec<usize>>) -> BTreeMap<String, String> {
        let list = list.into_iter().flatten().rev().map(|&i| self.allowed[i]);
        list.map(|a| (a.code.value.clone(), a.reason.value.clone())).collect()
    }

    /// Marks the accepted among `problems`; adds those of the acceptances themselves.
    pub fn mark(&self, problems: &mut Vec<Diagnostic>) {
        let mut used = BTreeSet::new();
        for problem in problems.iter_mut().filter(|p| p.severity != Severity::Error) {
            let places: Vec<Span> = problem.primary.iter().chain(&problem.secondary).map(|l| l.span).collect();
            if let Some(i) = places.iter().find_map(|&place| self.find(problem.code.id, place)) {
                problem.allowed = Some(self.allowed[i].reason.value.clone());
                used.insert(i);
            }
        }
        let complete = !has_errors(problems);
        for (i, allowed) in self.allowed.iter().enumerate() {
            let code = allowed.code.value.as_str();
            if !ACCEPTABLE.iter().any(|c| c.id == code) {
                problems.push(unknown_code::problem(&allowed.code, ALL, ACCEPTABLE));
            } else if complete && !used.contains(&i) && code != stale_verified::CODE.id {
                // Where something was left out, checks may not have seen what they would; and age is a matter of time.
                problems.push(unused_allow::problem(&allowed.code));
            }
        }
    }

    /// The `allow` of `code` that holds at `place`: the dependency's, else the component's.
    fn find(&self, code: &str, place: Span) -> Option<usize> {
        let of_code = |list: &Vec<usize>| list.iter().copied().find(|&i| self.allowed[i].code.value == code);
        let dependency = around(&self.by_dependency, place).and_then(of_code);
        let components =
            self.places.iter().filter_map(|map| around(map, place)).filter_map(|c| self.by_component.get(c));
        dependency.or_else(|| components.filter_map(of_code).next())
    }
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

/// The value whose span contains `place`, among spans that do not overlap.
fn around<T>(map: &BTreeMap<Span, T>, place: Span) -> Option<&T> {
    let last = Span { end: usize::MAX, ..place };
    map.range(..=last).next_back().filter(|(span, _)| contains(**span, place)).map(|(_, value)| value)
}
