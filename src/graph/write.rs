//! A raw graph → the text of a graph file, for proposals that a person reads, edits and commits.

use super::Rule;
use super::edit::layout;
use super::edit::plain::{Plain, keys};
use super::raw::{Allowed, At, HARD, RawComponent, RawDependency, RawGraph, RawKind, RawMember, RawNeed};
use super::read::IMPACTS;
use std::collections::BTreeMap;
use std::fmt::Display;

/// Kinds and components, in the order of the raw graph.
pub fn yaml(graph: &RawGraph) -> String {
    let mut out = String::new();
    if !graph.kinds.is_empty() {
        let kinds = graph.kinds.iter().map(|k| (k.name.value.as_str(), kind(k)));
        out += &format!("{}\n", layout::block(&[], &Plain::map([("kinds", Plain::map(kinds))]), 0, "\n"));
    }
    out += "components:\n";
    for c in &graph.components {
        let path = keys(&["components", &c.id.value]);
        let after = layout::after_colon(&path, &component(c), layout::INDENT, "\n");
        out += &format!("  {}:{after}\n", layout::scalar(&c.id.value));
    }
    out
}

/// A kind as the value of its name.
fn kind(k: &RawKind) -> Plain {
    let mut fields = Fields::default();
    fields.text("family", &k.family);
    fields.text("parts_family", &k.parts_family);
    fields.number("faults_per_year", k.faults_per_year.as_ref().map(|n| n.value));
    // An empty list takes away what a built-in kind has.
    let list = |l: &Vec<At<String>>| Plain::List(l.iter().map(|a| Plain::from_text(&a.value)).collect());
    fields.put("capabilities", k.capabilities.as_ref().map(list));
    fields.text("main", &k.main);
    let shares = |l: &Vec<(At<String>, At<f64>)>| {
        Plain::map(l.iter().map(|(k, share)| (k.value.as_str(), Plain::Word(share.value.to_string()))))
    };
    fields.put("symptoms", k.symptoms.as_ref().map(shares));
    Plain::Map(fields.0)
}

/// A component as the value of its id.
pub fn component(c: &RawComponent) -> Plain {
    let mut fields = Fields::default();
    fields.text("kind", &c.kind);
    fields.text("title", &c.title);
    fields.text("operator", &c.operator);
    fields.text("part_of", &c.part_of);
    fields.text("status_page", &c.status_page);
    fields.text("source", &c.source);
    fields.shown("verified", &c.verified);
    fields.text("note", &c.note);
    fields.texts("capabilities", &c.capabilities);
    fields.number("faults_per_year", c.faults_per_year.as_ref().map(|n| n.value));
    fields.number("audience", c.audience.as_ref().map(|n| n.value));
    fields.texts("aliases", &c.aliases);
    fields.texts("regions", &c.regions);
    let mut recognise = Fields::default();
    recognise.texts("ns", &c.recognise.ns);
    recognise.texts("cname", &c.recognise.cname);
    recognise.texts("address", &c.recognise.address);
    fields.put("recognise", (!recognise.0.is_empty()).then_some(Plain::Map(recognise.0)));
    fields.allow(&c.allow);
    let needs: Vec<Plain> = c.depends_on.iter().map(dependency).collect();
    fields.put("depends_on", (!needs.is_empty()).then_some(Plain::List(needs)));
    Plain::Map(fields.0)
}

/// A dependency as an item of its list, without what is so anyway.
pub fn dependency(d: &RawDependency) -> Plain {
    let mut fields = Fields::default();
    match &d.need {
        RawNeed::One(m) => {
            fields.text("component", &Some(m.component.clone()));
            fields.text("capability", &m.capability);
        }
        RawNeed::Group { rule, members, .. } => {
            let list = Plain::List(members.iter().map(member).collect());
            match rule {
                Rule::AnyOf => fields.put("any_of", Some(list)),
                Rule::AllOf => fields.put("all_of", Some(list)),
                Rule::AtLeast(k) => {
                    fields.put("at_least", Some(Plain::Word(k.to_string())));
                    fields.put("of", Some(list));
                }
            }
        }
    }
    fields.texts("for", &d.scope);
    fields.put("impact", (d.impact != HARD).then(|| impact(d.impact)));
    fields.number("confidence", (d.confidence != 1.0).then_some(d.confidence));
    fields.put("lag", d.lag_seconds.map(|s| Plain::from_text(format!("{s}s"))));
    fields.put("cache", d.cache_seconds.map(|s| Plain::from_text(format!("{s}s"))));
    fields.text("region", &d.region);
    fields.text("source", &d.source);
    fields.shown("verified", &d.verified);
    fields.text("note", &d.note);
    fields.allow(&d.allow);
    Plain::Map(fields.0)
}

/// The word for an impact, if there is one.
fn impact(p: f64) -> Plain {
    match IMPACTS.iter().find(|(_, known)| *known == p) {
        Some((word, _)) => Plain::from_text(*word),
        None => Plain::Word(p.to_string()),
    }
}

fn member(m: &RawMember) -> Plain {
    let name = Plain::from_text(&m.component.value);
    match &m.capability {
        None => name,
        Some(k) => Plain::map([("component", name), ("capability", Plain::from_text(&k.value))]),
    }
}

/// The keys of a mapping that are given.
#[derive(Default)]
struct Fields(BTreeMap<String, Plain>);

impl Fields {
    fn put(&mut self, key: &str, value: Option<Plain>) {
        self.0.extend(value.map(|v| (key.to_string(), v)));
    }

    fn text(&mut self, key: &str, written: &Option<At<String>>) {
        self.put(key, written.as_ref().map(|a| Plain::from_text(&a.value)));
    }

    fn shown<T: Display>(&mut self, key: &str, written: &Option<At<T>>) {
        self.put(key, written.as_ref().map(|a| Plain::from_text(a.value.to_string())));
    }

    fn number(&mut self, key: &str, number: Option<f64>) {
        self.put(key, number.map(|n| Plain::Word(n.to_string())));
    }

    fn allow(&mut self, allowed: &[Allowed]) {
        let reasons = allowed.iter().map(|a| (a.code.value.as_str(), Plain::from_text(&a.reason.value)));
        self.put("allow", (!allowed.is_empty()).then(|| Plain::map(reasons)));
    }

    fn texts(&mut self, key: &str, written: &[At<String>]) {
        let list: Vec<Plain> = written.iter().map(|a| Plain::from_text(&a.value)).collect();
        self.put(key, (!list.is_empty()).then_some(Plain::List(list)));
    }
}
