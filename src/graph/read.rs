//! A tree of values → the raw graph.

use super::Rule;
use super::fields::{AUDIENCE, CHANCE, Field, Fields, RATE, SHARE, Shape};
use super::raw::{Allowed, At, HARD, RawComponent, RawDependency, RawGraph, RawKind, RawMember, RawNeed, Recognise};
use super::rules::{bad_date, bad_id, dependency_need, empty_group, out_of_range, unsatisfiable_group, wrong_type};
use crate::diag::tree::{Node, Value};
use crate::diag::{Diagnostic, Span};

const fn field(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, about }
}

/// Keys of a file.
pub const FILE: &[Field] = &[
    field("components", Shape::Text, "The components, by id."),
    field("kinds", Shape::Text, "Kinds of component, by name: new ones, or fields of built-in ones to override."),
];

/// Keys of a component.
pub const COMPONENT: &[Field] = &[
    field("kind", Shape::Text, "What kind of component this is, e.g. service, identity-provider, cloud-region."),
    field("title", Shape::Text, "Name for people; default: the id."),
    field("operator", Shape::Text, "Who runs it."),
    field("part_of", Shape::Id, "The component that contains it."),
    field("status_page", Shape::Text, "The page on which its operator tells of trouble."),
    field("source", Shape::Text, "Where this was read: an address, or `general knowledge`."),
    field("verified", Shape::Date, "When this was last checked."),
    field("note", Shape::Text, "A remark."),
    field("capabilities", Shape::Texts, "What it does for others; default: what its kind does."),
    field("faults_per_year", Shape::NotNegative, "Own faults per year that are noticed outside; default: the kind's."),
    field("audience", Shape::Positive, "People who use it."),
    field("aliases", Shape::Texts, "Other names that signals may use; case does not matter."),
    field("regions", Shape::Texts, "Where it serves: global, or ISO countries, or cloud regions."),
    field("recognise", Shape::Recognise, "Patterns of DNS records by which it is recognised."),
    field("depends_on", Shape::Dependencies, "What it needs."),
    ALLOW,
];

/// Accepts warnings and hints about a component or dependency.
const ALLOW: Field = field("allow", Shape::Allow, "Warnings and hints to accept here: their code, and the reason.");

/// Keys of a dependency.
pub const DEPENDENCY: &[Field] = &[
    field("component", Shape::Id, "The component that is needed."),
    field("any_of", Shape::Members, "A group of which one member is enough."),
    field("all_of", Shape::Members, "A conjunction: the dependent is hit only where all members fail together."),
    field("at_least", Shape::Count, "How many of the group `of` must be left."),
    field("of", Shape::Members, "The group of `at_least`."),
    field("for", Shape::TextOrTexts, "Capabilities of the dependent that need it; default: all of it."),
    field(
        "capability",
        Shape::Text,
        "Capability of the dependency that is needed; default: its kind's main one, or the whole.",
    ),
    field(
        "impact",
        Shape::Impact,
        "Chance that the dependent fails when the dependency does: hard 0.95 (default), likely 0.7, soft 0.3, weak 0.1, or a number.",
    ),
    field("confidence", Shape::Chance, "Chance that this dependency exists at all; default 1."),
    field("lag", Shape::Duration, "How long until the dependent notices, e.g. 5m."),
    field("cache", Shape::Duration, "How long the dependent lives on what it has cached, e.g. 1h."),
    field("region", Shape::Text, "The dependency holds only for users there."),
    field("source", Shape::Text, "Where this was read: an address, or `general knowledge`."),
    field("verified", Shape::Date, "When this was last checked."),
    field("note", Shape::Text, "A remark."),
    ALLOW,
];

/// Keys of `recognise`.
pub const RECOGNISE: &[Field] = &[
    field("ns", Shape::Texts, "Names of name servers; `*` stands for any characters."),
    field("cname", Shape::Texts, "Names that a name is an alias of; `*` stands for any characters."),
    field("address", Shape::Texts, "Networks, such as 192.0.2.0/24."),
];

/// Keys of a group member that is more than a name.
pub const MEMBER: &[Field] = &[
    field("component", Shape::Id, "The component."),
    field("capability", Shape::Text, "The capability that is needed."),
];

/// Keys of a kind.
pub const KIND: &[Field] = &[
    field("family", Shape::Text, "Family for questions such as \"is it a cloud?\"; default: the kind's own name."),
    field(
        "parts_family",
        Shape::Text,
        "Family to which in such questions everything counts that is part of such a component, whatever its kind.",
    ),
    field("faults_per_year", Shape::NotNegative, "Own faults per year of one such component that are noticed outside."),
    field("capabilities", Shape::Texts, "Capabilities of a component that lists none."),
    field(
        "main",
        Shape::Text,
        "The capability that a dependency needs if it names none; without it: the whole component.",
    ),
    field(
        "symptoms",
        Shape::Shares,
        "Share of reports that name each capability when such a component takes a dependent down.",
    ),
    field("title", Shape::Text, "Name for people."),
    field("note", Shape::Text, "A remark, e.g. where the numbers come from."),
];

/// Reads one file's tree.
pub fn file(root: &Node, graph: &mut RawGraph, problems: &mut Vec<Diagnostic>) {
    let Some(fields) = Fields::of(root, FILE, "a graph file", problems) else { return };
    let (components, kinds) = (fields.given("components"), fields.given("kinds"));
    for (id, node) in named(components, "components", problems) {
        graph.components.extend(component(id, node, problems));
    }
    for (name, node) in named(kinds, "kinds", problems) {
        graph.kinds.push(kind(name, node, problems));
    }
}

/// The entries of a mapping from names to values. These are names, not keys of ours: one may begin with `x-`.
fn named<'n>(node: Option<&'n Node<'n>>, key: &str, problems: &mut Vec<Diagnostic>) -> Vec<(At<String>, &'n Node<'n>)> {
    match node.map(|n| (&n.value, n)) {
        None => Vec::new(),
        Some((Value::Map(entries), _)) => {
            entries.iter().map(|e| (At { value: e.key.to_string(), span: e.key_span }, &e.value)).collect()
        }
        Some((_, node)) => {
            problems.push(wrong_type::problem(&format!("`{key}`"), "a mapping from names to values", node));
            Vec::new()
        }
    }
}

/// One component's fields.
pub(super) fn component(id: At<String>, node: &Node, problems: &mut Vec<Diagnostic>) -> Option<RawComponent> {
    if let Some(problem) = bad_id::check(&id) {
        problems.push(problem);
        return None;
    }
    let within = Span { start: id.span.start.min(node.span.start), ..extent(node) };
    let mut c = RawComponent::bare(id);
    let Some(mut f) = Fields::of(node, COMPONENT, "a component", problems) else { return Some(c) };
    c.kind = f.text("kind");
    c.title = f.text("title");
    c.operator = f.text("operator");
    c.part_of = f.text("part_of");
    c.status_page = f.text("status_page");
    c.source = f.text("source");
    c.verified = verified(&mut f);
    c.note = f.text("note");
    c.capabilities = f.texts("capabilities");
    c.faults_per_year = f.number("faults_per_year", RATE);
    c.audience = f.number("audience", AUDIENCE);
    c.aliases = f.texts("aliases");
    c.regions = f.texts("regions");
    c.allow = allow(&mut f, within);
    if let Some(mut r) = f.given("recognise").and_then(|n| Fields::of(n, RECOGNISE, "`recognise`", f.problems())) {
        c.recognise = Recognise { ns: r.texts("ns"), cname: r.texts("cname"), address: r.texts("address") };
    }
    if let Some(list) = f.given("depends_on") {
        match &list.value {
            Value::List(items) => c.depends_on = items.iter().filter_map(|i| dependency(i, f.problems())).collect(),
            _ => f.complain(wrong_type::problem("`depends_on`", "a list", list)),
        }
    }
    Some(c)
}

/// One dependency: a name, or a mapping.
pub(super) fn dependency(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<RawDependency> {
    let span = extent(node);
    if let Some(id) = node.text() {
        let component = At { value: id.to_string(), span: node.span };
        return Some(RawDependency::bare(span, RawNeed::One(RawMember { component, capability: None })));
    }
    let Value::Map(_) = &node.value else {
        problems.push(wrong_type::problem("a dependency", "a component's id or a mapping", node));
        return None;
    };
    let mut f = Fields::of(node, DEPENDENCY, "a dependency", problems)?;
    let need = need(node, &mut f);
    let mut d = RawDependency::bare(span, need?);
    d.scope = f.texts("for");
    d.impact = impact(&mut f).unwrap_or(HARD);
    d.confidence = f.number("confidence", CHANCE).map_or(1.0, |c| c.value);
    d.lag_seconds = f.duration("lag");
    d.cache_seconds = f.duration("cache");
    d.region = f.text("region");
    d.source = f.text("source");
    d.note = f.text("note");
    d.verified = verified(&mut f);
    d.allow = allow(&mut f, span);
    Some(d)
}

/// From the beginning of a node to the end of the last thing in it: of a mapping in braces the parser gives the first
/// brace. What an alias brings in stands elsewhere and does not count.
fn extent(node: &Node) -> Span {
    let inside: Vec<&Node> = match &node.value {
        Value::Map(entries) => entries.iter().map(|e| &e.value).collect(),
        Value::List(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    let ends = inside.into_iter().filter(|n| n.span.start >= node.span.start).map(|n| extent(n).end);
    Span { end: ends.fold(node.span.end, usize::max), ..node.span }
}

fn verified(f: &mut Fields) -> Option<At<jiff::civil::Date>> {
    let text = f.text("verified")?;
    let date = bad_date::parse(&text.value);
    if date.is_none() {
        f.complain(bad_date::problem(&text));
    }
    Some(At { value: date?, span: text.span })
}

/// What someone accepted for the mapping at `within`.
fn allow(f: &mut Fields, within: Span) -> Vec<Allowed> {
    let Some(node) = f.given("allow") else { return Vec::new() };
    let Value::Map(entries) = &node.value else {
        f.complain(wrong_type::problem("`allow`", "a mapping from codes to reasons", node));
        return Vec::new();
    };
    let reasons = entries.iter().filter_map(|e| {
        let reason = f.text_of("allow", &e.value)?;
        Some(Allowed { code: At { value: e.key.to_string(), span: e.key_span }, reason, within })
    });
    reasons.collect()
}

/// Words for impacts.
pub const IMPACTS: [(&str, f64); 4] = [("hard", HARD), ("likely", 0.7), ("soft", 0.3), ("weak", 0.1)];

fn impact(f: &mut Fields) -> Option<f64> {
    let node = f.given("impact")?;
    if let Some((_, p)) = node.text().and_then(|t| IMPACTS.iter().find(|(word, _)| *word == t)) {
        return Some(*p);
    }
    if node.number().is_none() && node.text().is_some() {
        f.complain(out_of_range::word("impact", node, "hard, likely, soft, weak, or a number above 0 and at most 1"));
        return None;
    }
    f.number_of("impact", node, CHANCE).map(|n| n.value)
}

/// Exactly one of `component`, `any_of`, `all_of`, `at_least` with `of`.
fn need(node: &Node, f: &mut Fields) -> Option<RawNeed> {
    let capability = f.text("capability");
    let ways: Vec<&str> =
        ["component", "any_of", "all_of", "at_least"].into_iter().filter(|k| f.given(k).is_some()).collect();
    let [way] = ways.as_slice() else {
        f.complain(dependency_need::problem(&ways, node.span));
        return None;
    };
    if f.given("of").is_some() != (*way == "at_least") {
        f.complain(dependency_need::of_without_at_least(node.span));
        return None;
    }
    if *way == "component" {
        return Some(RawNeed::One(RawMember { component: f.text("component")?, capability }));
    }
    let key = if *way == "at_least" { "of" } else { way };
    let list = f.given(key)?;
    let Value::List(items) = &list.value else {
        f.complain(wrong_type::problem(&format!("`{key}`"), "a list of components", list));
        return None;
    };
    let members: Vec<RawMember> =
        items.iter().filter_map(|item| member(item, capability.as_ref(), f.problems())).collect();
    let span = f.key_span(way).unwrap_or(node.span);
    let rule = match *way {
        "any_of" => Rule::AnyOf,
        "all_of" => Rule::AllOf,
        _ => {
            let count = f.given("at_least")?;
            match count.number().filter(|n| n.fract() == 0.0 && (0.0..=1e6).contains(n)) {
                Some(n) => Rule::AtLeast(n as u32),
                None => {
                    f.complain(wrong_type::problem("`at_least`", "a whole number", count));
                    return None;
                }
            }
        }
    };
    if let Some(problem) = empty_group::check(&members, items.len(), span) {
        f.complain(problem);
        return None;
    }
    if let Some(problem) = unsatisfiable_group::check(rule, &members, span) {
        f.complain(problem);
        return None;
    }
    Some(RawNeed::Group { rule, span, members })
}

fn member(node: &Node, capability: Option<&At<String>>, problems: &mut Vec<Diagnostic>) -> Option<RawMember> {
    if let Some(id) = node.text() {
        let component = At { value: id.to_string(), span: node.span };
        return Some(RawMember { component, capability: capability.cloned() });
    }
    let Value::Map(_) = &node.value else {
        problems.push(wrong_type::problem("a group member", "a component's id or a mapping", node));
        return None;
    };
    let mut f = Fields::of(node, MEMBER, "a group member", problems)?;
    let own = f.text("capability");
    match f.text("component") {
        Some(component) => Some(RawMember { component, capability: own.or_else(|| capability.cloned()) }),
        None => {
            f.complain(dependency_need::problem(&[], node.span));
            None
        }
    }
}

/// One kind's fields.
pub(super) fn kind(name: At<String>, node: &Node, problems: &mut Vec<Diagnostic>) -> RawKind {
    let mut kind = RawKind {
        name,
        family: None,
        parts_family: None,
        faults_per_year: None,
        capabilities: None,
        main: None,
        symptoms: None,
    };
    let Some(mut f) = Fields::of(node, KIND, "a kind", problems) else { return kind };
    kind.family = f.text("family");
    kind.parts_family = f.text("parts_family");
    kind.faults_per_year = f.number("faults_per_year", RATE);
    kind.capabilities = f.given("capabilities").map(|_| f.texts("capabilities"));
    kind.main = f.text("main");
    if let Some(list) = f.given("symptoms") {
        match &list.value {
            Value::Map(entries) => {
                let shares = entries
                    .iter()
                    .filter_map(|e| {
                        let share = f.number_of("symptoms", &e.value, SHARE)?;
                        Some((At { value: e.key.to_string(), span: e.key_span }, share))
                    })
                    .collect::<Vec<_>>();
                if shares.iter().map(|(_, s)| s.value).sum::<f64>() > SYMPTOM_SUM {
                    f.complain(out_of_range::symptoms(list.span));
                }
                kind.symptoms = Some(shares);
            }
            _ => f.complain(wrong_type::problem("`symptoms`", "shares by capability", list)),
        }
    }
    kind
}

/// Shares may add up to this: written shares are rounded.
const SYMPTOM_SUM: f64 = 1.001;
