//! A raw graph → the text of a graph file, for proposals that a person reads, edits and commits.

use super::Rule;
use super::raw::{At, HARD, RawComponent, RawDependency, RawGraph, RawMember, RawNeed};
use super::read::IMPACTS;
use crate::diag::clean;
use std::fmt::Display;

/// Words that YAML does not read as texts.
const NOT_TEXTS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// The components, in the order of the raw graph. Kinds and what was accepted are not written: proposals have neither.
pub fn yaml(graph: &RawGraph) -> String {
    let mut out = String::from("components:\n");
    for c in &graph.components {
        component(c, &mut out);
    }
    out
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
    fields
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
fn scalar(text: &str) -> String {
    let inside = |c: char| c.is_ascii_alphanumeric() || "_./- ".contains(c);
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(inside)
        && !text.ends_with([' ', '-'])
        && !NOT_TEXTS.contains(&text.to_lowercase().as_str());
    if bare {
        return text.to_string();
    }
    // JSON escapes what is below a blank; what turns the direction of writing is escaped, too.
    let quoted = serde_json::Value::from(text).to_string();
    let safe =
        quoted.chars().map(|c| if clean(c.encode_utf8(&mut [0; 4])).contains(c) { c.into() } else { escaped(c) });
    safe.collect()
}

/// A character of the basic plane as JSON and YAML escape it.
fn escaped(c: char) -> String {
    format!("\\u{:04x}", u32::from(c))
}
