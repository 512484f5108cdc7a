//! Claims that do not go together: two about one dependency, or two components with one status page.

use crate::diag::{Code, Diagnostic};
use crate::graph::raw::RawComponent;
use crate::graph::{Component, ComponentIx, Dependency, DependencyGraph, Scope, query};
use std::collections::BTreeMap;

/// Two claims about the same thing differ.
pub const CODE: Code = Code { id: "conflicting-claims", summary: "two claims about the same thing differ" };

/// The same dependent needs the same thing for overlapping purposes in the same region, and two places give it different
/// numbers. Within one file a claim about everything beside one about a part is a refinement, not a conflict.
pub fn check(graph: &DependencyGraph, problems: &mut Vec<Diagnostic>) {
    for c in graph.components() {
        let mut seen: BTreeMap<String, Vec<&Dependency>> = BTreeMap::new();
        for d in &c.depends_on {
            let claims = seen.entry(format!("{:?} {:?}", d.need, d.region)).or_default();
            let same = |o: &&&Dependency| o.span.file == d.span.file && o.scope == d.scope && numbers(o) == numbers(d);
            if claims.iter().any(|o| same(&o)) {
                continue;
            }
            problems.extend(claims.iter().find(|o| conflict(o, d)).map(|first| problem(graph, c, first, d)));
            claims.push(d);
        }
    }
}

fn conflict(a: &Dependency, b: &Dependency) -> bool {
    let overlap = match (&a.scope, &b.scope) {
        (Scope::Capabilities(a), Scope::Capabilities(b)) => a.iter().any(|k| b.contains(k)),
        _ => true,
    };
    let comparable = if a.span.file == b.span.file { a.scope == b.scope } else { overlap };
    comparable && numbers(a) != numbers(b)
}

/// What two claims may differ in, by key.
fn numbers(d: &Dependency) -> [(&'static str, Option<f64>); 4] {
    [("impact", Some(d.impact)), ("confidence", Some(d.confidence)), ("lag", d.lag_seconds), ("cache", d.cache_seconds)]
}

fn problem(graph: &DependencyGraph, c: &Component, first: &Dependency, again: &Dependency) -> Diagnostic {
    let needed: Vec<&str> = first.need.members().iter().map(|m| graph.component(m.component).id.as_str()).collect();
    let shown = |(key, value): (&str, Option<f64>)| match (key, value) {
        (_, None) => "none".to_string(),
        ("lag" | "cache", Some(seconds)) => format!("{seconds} s"),
        (_, Some(number)) => number.to_string(),
    };
    let differing: Vec<String> = numbers(first)
        .into_iter()
        .zip(numbers(again))
        .filter(|(a, b)| a != b)
        .map(|(a, b)| format!("{} {} and {}", a.0, shown(a), shown(b)))
        .collect();
    let what = format!("two claims that `{}` needs `{}` differ: {}", c.id, needed.join("`, `"), differing.join(", "));
    Diagnostic::warning(CODE, what)
        .at(again.span, "this claim")
        .also(first.span, "and this one")
        .help("keep the better one; both are used meanwhile, as if they were two dependencies")
}

/// One status page for components of which none contains all the others. `written` are the components as written, in
/// the order of the graph.
pub fn check_pages(graph: &DependencyGraph, written: &[&RawComponent], problems: &mut Vec<Diagnostic>) {
    let mut sharers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, c) in written.iter().enumerate() {
        if let Some(page) = &c.status_page {
            sharers.entry(page.value.trim_end_matches('/')).or_default().push(i);
        }
    }
    for sharers in sharers.values().filter(|s| s.len() > 1 && !one_contains_all(graph, s)) {
        let place = |i: usize| written[i].status_page.as_ref().map(|page| page.span);
        let ids: Vec<String> = sharers.iter().take(SHOWN).map(|&i| format!("`{}`", written[i].id.value)).collect();
        let more = if sharers.len() > SHOWN { ", …" } else { "" };
        let mut problem = Diagnostic::warning(CODE, format!("one status page for {}{more}", ids.join(", ")))
            .help("give it to the component of which it tells, or to one that contains all of them");
        for span in sharers.iter().take(SHOWN).filter_map(|&i| place(i)) {
            problem = if problem.primary.is_none() { problem.at(span, "here") } else { problem.also(span, "and here") };
        }
        problems.push(problem);
    }
}

/// Components in one message.
const SHOWN: usize = 4;

fn one_contains_all(graph: &DependencyGraph, sharers: &[usize]) -> bool {
    let ix = |i: usize| ComponentIx(i as u32);
    let Some(outermost) = sharers.iter().copied().min_by_key(|&i| query::containers(graph, ix(i)).len()) else {
        return true;
    };
    sharers.iter().all(|&i| i == outermost || query::containers(graph, ix(i)).contains(&ix(outermost)))
}

#[cfg(test)]
mod tests {
    use super::CODE;
    use crate::graph::rules::testing::fires;

    #[test]
    fn fires_for_dependencies_and_pages() {
        fires(
            CODE,
            "components: {a: {kind: service, depends_on: [{component: b, impact: soft}, {component: b}]}, b: {kind: cdn}}",
        );
        fires(
            CODE,
            "components: {a: {kind: cdn, status_page: 'https://s.io'}, b: {kind: cdn, status_page: 'https://s.io/'}}",
        );
    }
}
