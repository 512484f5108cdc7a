//! Files of ours over a catalog of another tool: what we say of a component or a dependency counts.

use super::raw::{RawComponent, RawDependency, RawGraph};
use std::collections::{BTreeMap, BTreeSet};

/// The components of `catalog` with those of `ours` over them, field by field, then the rest of `ours`.
///
/// A dependency of ours takes the place of all that the catalog has from the same dependent to the same component,
/// since those carry nothing but the two names. What is defined twice in `ours` stays so, to be told.
pub(super) fn put_over(catalog: RawGraph, ours: RawGraph) -> RawGraph {
    let mut all = RawGraph { components: catalog.components, kinds: ours.kinds };
    all.kinds.extend(catalog.kinds);
    let places: BTreeMap<String, usize> =
        all.components.iter().enumerate().map(|(i, c)| (c.id.value.clone(), i)).collect();
    let names = names(&all.components);
    let mut defined = BTreeSet::new();
    for c in ours.components {
        match places.get(&c.id.value) {
            // A second definition of ours is a mistake, whatever the catalog has.
            Some(&at) if c.only_depends() || defined.insert(at) => put_fields(&mut all.components[at], c, &names),
            _ => all.components.push(c),
        }
    }
    all
}

/// Ids and aliases of the catalog, in lower case, with the id that they mean.
fn names(components: &[RawComponent]) -> BTreeMap<String, String> {
    let aliases =
        components.iter().flat_map(|c| c.aliases.iter().map(|a| (a.value.to_lowercase(), c.id.value.clone())));
    let ids = components.iter().map(|c| (c.id.value.clone(), c.id.value.clone()));
    aliases.chain(ids).collect()
}

fn put_fields(under: &mut RawComponent, over: RawComponent, names: &BTreeMap<String, String>) {
    replace_edges(&mut under.depends_on, over.depends_on, names);
    under.kind = over.kind.or(under.kind.take());
    under.title = over.title.or(under.title.take());
    under.operator = over.operator.or(under.operator.take());
    under.part_of = over.part_of.or(under.part_of.take());
    under.status_page = over.status_page.or(under.status_page.take());
    under.source = over.source.or(under.source.take());
    under.verified = over.verified.or(under.verified.take());
    under.note = over.note.or(under.note.take());
    under.faults_per_year = over.faults_per_year.or(under.faults_per_year.take());
    under.audience = over.audience.or(under.audience.take());
    under.allow.extend(over.allow);
    let lists = [
        (&mut under.capabilities, over.capabilities),
        (&mut under.aliases, over.aliases),
        (&mut under.regions, over.regions),
        (&mut under.recognise.ns, over.recognise.ns),
        (&mut under.recognise.cname, over.recognise.cname),
        (&mut under.recognise.address, over.recognise.address),
    ];
    for (under, over) in lists {
        if !over.is_empty() {
            *under = over;
        }
    }
}

fn replace_edges(under: &mut Vec<RawDependency>, over: Vec<RawDependency>, names: &BTreeMap<String, String>) {
    let targets = |d: &RawDependency| -> Vec<String> {
        let ids = d.need.members().iter().map(|m| &m.component.value);
        ids.map(|id| names.get(&id.to_lowercase()).unwrap_or(id).clone()).collect()
    };
    let said: BTreeSet<String> = over.iter().flat_map(targets).collect();
    under.retain(|d| !targets(d).iter().any(|id| said.contains(id)));
    under.extend(over);
}
