//! A raw graph → the text of a graph file, for proposals that a person reads, edits and commits.

use super::Rule;
use super::raw::{Allowed, At, HARD, RawComponent, RawDependency, RawGraph, RawKind, RawMember, RawNeed, Recognise};
use super::read::IMPACTS;
use crate::diag::escape;
use std::fmt::Display;

/// Words that YAML does not read as texts.
const NOT_TEXTS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// Kinds and components, in the order of the raw graph.
pub fn yaml(graph: &RawGraph) -> String {
    let mut out = String::new();
    if !graph.kinds.is_empty() {
        out += "kinds:\n";
    }
    for k in &graph.kinds {
        out += &format!("  {}: {{{}}}\n", scalar(&k.name.value), kind(k).join(", "));
    }
    out += "components:\n";
    for c in &graph.components {
        component(c, &mut out);
    }
    out
}

/// The fields of a kind.
fn kind(k: &RawKind) -> Vec<String> {
    let shares = |list: &Vec<(At<String>, At<f64>)>| {
        let shares: Vec<String> =
            list.iter().map(|(k, share)| format!("{}: {}", scalar(&k.value), share.value)).collect();
        format!("{{{}}}", shares.join(", "))
    };
    let fields = [
        ("family", text(&k.family)),
        ("parts_family", text(&k.parts_family)),
        ("faults_per_year", plain(&k.faults_per_year)),
        // An empty list takes away what a built-in kind has.
        ("capabilities", k.capabilities.as_ref().map(|list| texts(list).unwrap_or_else(|| "[]".to_string()))),
        ("main", text(&k.main)),
        ("symptoms", k.symptoms.as_ref().map(shares)),
    ];
    fields.into_iter().filter_map(|(key, value)| Some(format!("{key}: {}", value?))).collect()
}

fn component(c: &RawComponent, out: &mut String) {
    *out += &format!("  {}:\n", scalar(&c.id.value));
    let mut line = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            *out += &format!("    {key}: {value}\n");
        }
    };
    line("kind", text(&c.kind));
    line("title", text(&c.title));
    line("operator", text(&c.operator));
    line("part_of", text(&c.part_of));
    line("status_page", text(&c.status_page));
    line("source", text(&c.source));
    line("verified", plain(&c.verified));
    line("note", text(&c.note));
    line("aliases", texts(&c.aliases));
    line("capabilities", texts(&c.capabilities));
    line("regions", texts(&c.regions));
    line("faults_per_year", plain(&c.faults_per_year));
    line("audience", plain(&c.audience));
    line("recognise", recognise(&c.recognise));
    line("allow", allow(&c.allow));
    if !c.depends_on.is_empty() {
        *out += "    depends_on:\n";
    }
    for d in &c.depends_on {
        *out += &format!("      - {{{}}}\n", dependency(d).join(", "));
    }
}

/// The fields of a dependency, without those that say what is so anyway.
fn dependency(d: &RawDependency) -> Vec<String> {
    let mut fields = match &d.need {
        RawNeed::One(m) => vec![format!("component: {}", scalar(&m.component.value))],
        RawNeed::Group { rule, members, .. } => {
            let list: Vec<String> = members.iter().map(member).collect();
            let list = list.join(", ");
            match rule {
                Rule::AnyOf => vec![format!("any_of: [{list}]")],
                Rule::AllOf => vec![format!("all_of: [{list}]")],
                Rule::AtLeast(k) => vec![format!("at_least: {k}"), format!("of: [{list}]")],
            }
        }
    };
    let mut field = |key: &str, value: Option<String>| fields.extend(value.map(|v| format!("{key}: {v}")));
    if let RawNeed::One(m) = &d.need {
        field("capability", text(&m.capability));
    }
    field("for", texts(&d.scope));
    field("impact", (d.impact != HARD).then(|| impact(d.impact)));
    field("confidence", (d.confidence != 1.0).then(|| d.confidence.to_string()));
    field("lag", d.lag_seconds.map(|s| format!("{s}s")));
    field("cache", d.cache_seconds.map(|s| format!("{s}s")));
    field("region", text(&d.region));
    field("source", text(&d.source));
    field("verified", plain(&d.verified));
    field("note", text(&d.note));
    field("allow", allow(&d.allow));
    fields
}

fn recognise(patterns: &Recognise<At<String>>) -> Option<String> {
    let lists = [("ns", &patterns.ns), ("cname", &patterns.cname), ("address", &patterns.address)];
    let lists: Vec<String> = lists.iter().filter_map(|(key, list)| Some(format!("{key}: {}", texts(list)?))).collect();
    (!lists.is_empty()).then(|| format!("{{{}}}", lists.join(", ")))
}

fn allow(allowed: &[Allowed]) -> Option<String> {
    let reasons: Vec<String> =
        allowed.iter().map(|a| format!("{}: {}", scalar(&a.code.value), scalar(&a.reason.value))).collect();
    (!reasons.is_empty()).then(|| format!("{{{}}}", reasons.join(", ")))
}

/// The word for an impact, if there is one.
fn impact(p: f64) -> String {
    IMPACTS.iter().find(|(_, known)| *known == p).map_or_else(|| p.to_string(), |(word, _)| word.to_string())
}

fn member(m: &RawMember) -> String {
    match &m.capability {
        None => scalar(&m.component.value),
        Some(k) => format!("{{component: {}, capability: {}}}", scalar(&m.component.value), scalar(&k.value)),
    }
}

fn text(written: &Option<At<String>>) -> Option<String> {
    written.as_ref().map(|a| scalar(&a.value))
}

fn plain<T: Display>(written: &Option<At<T>>) -> Option<String> {
    written.as_ref().map(|a| a.value.to_string())
}

fn texts(written: &[At<String>]) -> Option<String> {
    let list: Vec<String> = written.iter().map(|a| scalar(&a.value)).collect();
    (!list.is_empty()).then(|| format!("[{}]", list.join(", ")))
}

/// A text as a scalar: bare if every reader of YAML takes it for this text, else as JSON writes it, which YAML reads.
pub(super) fn scalar(text: &str) -> String {
    let inside = |c: char| c.is_ascii_alphanumeric() || "_./- ".contains(c);
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(inside)
        && !text.ends_with([' ', '-'])
        && !NOT_TEXTS.contains(&text.to_lowercase().as_str());
    if bare {
        return text.to_string();
    }
    escape::json(&serde_json::Value::from(text).to_string())
}
