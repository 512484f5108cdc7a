//! Our own file format as JSON, which is YAML, too: what is only a default is left out.

use crate::diag::escape;
use crate::graph::read::IMPACTS;
use crate::graph::{Component, ComponentIx, Dependency, DependencyGraph, Kind, Member, Need, Rule, Scope, kinds};
use serde_json::{Map, Value, json};

/// The fields of a mapping, in the order in which they are written.
pub(super) type Fields = Map<String, Value>;

/// The whole graph; components are sorted by id, kinds by name.
pub(super) fn write(graph: &DependencyGraph) -> String {
    let mut file = Fields::new();
    let kinds = own_kinds(graph);
    if !kinds.is_empty() {
        file.insert("kinds".to_string(), kinds.into());
    }
    let components = graph.iter().map(|(ix, c)| (c.id.clone(), component(graph, ix).into()));
    file.insert("components".to_string(), components.collect::<Fields>().into());
    escape::json(&format!("{:#}\n", Value::from(file)))
}

/// What a component says of itself, and what it needs.
pub(super) fn component(graph: &DependencyGraph, ix: ComponentIx) -> Fields {
    let c = graph.component(ix);
    let mut fields = own_fields(graph, c);
    if !c.depends_on.is_empty() {
        let all = c.depends_on.iter().map(|d| dependency(graph, d).into());
        fields.insert("depends_on".to_string(), Value::Array(all.collect()));
    }
    fields
}

/// What a component says of itself.
pub(super) fn own_fields(graph: &DependencyGraph, c: &Component) -> Fields {
    let patterns = [("ns", &c.recognise.ns), ("cname", &c.recognise.cname), ("address", &c.recognise.address)];
    let recognise = given(patterns.map(|(key, list)| (key, texts(list))));
    given([
        ("kind", Some(c.kind.clone().into())),
        ("title", (c.title != c.id).then(|| c.title.clone().into())),
        ("operator", text(&c.operator)),
        ("part_of", c.part_of.map(|whole| graph.component(whole).id.clone().into())),
        ("status_page", text(&c.status_page)),
        ("source", text(&c.source)),
        ("verified", text(&c.verified)),
        ("note", text(&c.note)),
        ("aliases", texts(&c.aliases)),
        ("capabilities", texts(&c.capabilities).filter(|_| c.capabilities != graph.kind(c).capabilities)),
        ("regions", texts(&c.regions)),
        ("faults_per_year", c.faults_per_year.map(number)),
        ("audience", c.audience.map(number)),
        ("recognise", (!recognise.is_empty()).then(|| recognise.into())),
        ("allow", (!c.allow.is_empty()).then(|| json!(c.allow))),
    ])
}

/// A dependency: what is needed, and the fields of [`edge_fields`].
fn dependency(graph: &DependencyGraph, d: &Dependency) -> Fields {
    let mut fields = match &d.need {
        Need::One(m) => member(graph, m),
        Need::Group { rule, members } => {
            let list = members.iter().map(|m| {
                let fields = member(graph, m);
                // A name alone is how a member is written of which nothing else is said.
                if fields.len() == 1 { graph.component(m.component).id.clone().into() } else { fields.into() }
            });
            let list = Value::Array(list.collect());
            match rule {
                Rule::AnyOf => given([("any_of", Some(list))]),
                Rule::AllOf => given([("all_of", Some(list))]),
                Rule::AtLeast(k) => given([("at_least", Some((*k).into())), ("of", Some(list))]),
            }
        }
    };
    fields.extend(edge_fields(d));
    fields
}

/// What a dependency says beside what is needed.
pub(super) fn edge_fields(d: &Dependency) -> Fields {
    let word = IMPACTS.iter().find(|(_, p)| *p == d.impact);
    let impact = word.map_or_else(|| number(d.impact), |(word, _)| (*word).into());
    let scope = match &d.scope {
        Scope::Whole => None,
        Scope::Capabilities(list) => texts(list),
    };
    let seconds = |s: Option<f64>| s.map(|s| format!("{s}s").into());
    given([
        ("for", scope),
        ("impact", Some(impact).filter(|p| p != "hard")),
        ("confidence", (d.confidence != 1.0).then(|| number(d.confidence))),
        ("lag", seconds(d.lag_seconds)),
        ("cache", seconds(d.cache_seconds)),
        ("region", text(&d.region)),
        ("source", text(&d.source)),
        ("verified", text(&d.verified)),
        ("note", text(&d.note)),
        ("allow", (!d.allow.is_empty()).then(|| json!(d.allow))),
    ])
}

/// A component that is needed, with the capability unless it is what is needed anyway.
fn member(graph: &DependencyGraph, m: &Member) -> Fields {
    let id = graph.component(m.component).id.clone();
    given([("component", Some(id.into())), ("capability", capability(graph, m).map(Value::from))])
}

/// The capability that has to be written; `None` if it is what is needed anyway.
pub(super) fn capability(graph: &DependencyGraph, m: &Member) -> Option<String> {
    let c = graph.component(m.component);
    let main = graph.kind(c).main.as_ref().filter(|main| c.capabilities.contains(main));
    match (&m.capability, main) {
        (needed, main) if needed.as_ref() == main => None,
        (Some(needed), _) => Some(needed.clone()),
        // The whole, although the kind has a main capability.
        (None, _) => Some("any".to_string()),
    }
}

/// The kinds that are not built in, or differ from those: the fields that make them what they are.
pub(super) fn own_kinds(graph: &DependencyGraph) -> Fields {
    let built_in = kinds::built_in();
    let mut own = Fields::new();
    for (name, kind) in graph.kinds() {
        match built_in.get(name) {
            Some(base) if base == kind => {}
            Some(base) => {
                own.insert(name.clone(), kind_fields(kind, base).into());
            }
            None => {
                let base = Kind { name: name.clone(), family: name.clone(), ..Kind::default() };
                own.insert(name.clone(), kind_fields(kind, &base).into());
            }
        }
    }
    own
}

fn kind_fields(kind: &Kind, base: &Kind) -> Fields {
    let symptoms = || kind.symptoms.iter().map(|(k, share)| (k.clone(), number(*share))).collect::<Fields>();
    given([
        ("family", (kind.family != base.family).then(|| kind.family.clone().into())),
        ("parts_family", text(&kind.parts_family).filter(|_| kind.parts_family != base.parts_family)),
        ("faults_per_year", kind.faults_per_year.filter(|_| kind.faults_per_year != base.faults_per_year).map(number)),
        ("capabilities", (kind.capabilities != base.capabilities).then(|| json!(kind.capabilities))),
        ("main", text(&kind.main).filter(|_| kind.main != base.main)),
        ("symptoms", (kind.symptoms != base.symptoms).then(|| symptoms().into())),
    ])
}

/// The fields that have a value.
fn given<const N: usize>(fields: [(&str, Option<Value>); N]) -> Fields {
    fields.into_iter().filter_map(|(key, value)| Some((key.to_string(), value?))).collect()
}

fn text(value: &Option<String>) -> Option<Value> {
    value.clone().map(Value::from)
}

fn texts(list: &[String]) -> Option<Value> {
    (!list.is_empty()).then(|| json!(list))
}

/// A number as people write it: whole ones without a point, as long as a double holds them exactly.
fn number(n: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if n.fract() == 0.0 && n.abs() < EXACT { (n as i64).into() } else { n.into() }
}

/// A value where only texts may stand: a text as it is, anything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}
