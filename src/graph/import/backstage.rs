//! Backstage: entities, from `catalog-info.yaml` or from its API.
//!
//! Components and resources become components; systems and domains contain them and have no fault of their own. An API
//! is only the way from who consumes it to who provides it, unless nobody does.

mod annotation;
mod reference;

use super::codes::{BAD_ENTRY, DANGLING, LEFT_OUT, NAME_CLASH};
use super::draft::{Draft, Ix, slug};
use super::text::{bad_entry, body, json, list_field, nothing, text_field, wrong_shape, yaml};
use super::{Format, Options};
use crate::diag::tree::Node;
use crate::diag::{Diagnostic, FileId, Span};
use crate::graph::raw::{At, RawGraph};
use reference::{Catalog, Found};
use std::collections::{BTreeMap, BTreeSet};

/// What API version every entity begins with.
const API_VERSION: &str = "backstage.io/";
/// Kinds of entity that are read, in the order in which they get their ids. Users, groups, locations and templates
/// do not fail.
const KINDS: [&str; 5] = ["component", "resource", "system", "domain", API];
const API: &str = "api";

/// True for an entity, as opposed to a file of ours.
pub(in crate::graph) fn is_entity(node: &Node) -> bool {
    let text = |key: &str| node.get(key).and_then(Node::text);
    text("apiVersion").is_some_and(|v| v.starts_with(API_VERSION)) && node.get("kind").is_some()
}

/// The graph that entities of several files make up. They may refer to components of `ours`, too, and be of its kinds.
pub(in crate::graph) fn entities(nodes: &[Node], ours: &RawGraph) -> (RawGraph, Vec<Diagnostic>) {
    let options = Options::default();
    let file = nodes.first().map_or(FileId(0), |n| n.span.file);
    let mut draft = Draft::new(file, Format::Backstage, &options);
    draft.known_kinds.extend(ours.kinds.iter().map(|k| k.name.value.clone()));
    for c in &ours.components {
        let names = std::iter::once(&c.id).chain(&c.aliases);
        draft.beside.extend(names.map(|n| (n.value.to_lowercase(), c.id.value.clone())));
    }
    graph(&mut draft, nodes);
    draft.finish()
}

/// Documents of YAML; or JSON: a list of entities, a page of them under `items`, or one.
pub(super) fn read(draft: &mut Draft, text: &str) {
    if !body(text).0.trim_start().starts_with(['[', '{']) {
        let documents = yaml(draft, text);
        let (entities, others): (Vec<Node>, Vec<Node>) = documents.into_iter().partition(is_entity);
        if let Some(other) = others.iter().find(|n| !n.is_null()) {
            wrong_shape(draft, text, other, "a document is no entity: `apiVersion` is not of backstage.io");
        }
        return graph(draft, &entities);
    }
    let Some(root) = json(draft, text) else { return };
    if let Some(cursor) = root.get("pageInfo").and_then(|p| p.get("nextCursor")) {
        draft.problems.push(
            Diagnostic::warning(LEFT_OUT, "this is one page of several")
                .at(cursor.span, "more entities follow")
                .help("fetch all pages, and import the list of all entities"),
        );
    }
    match root.items().or_else(|| root.get("items")?.items()) {
        Some(list) => graph(draft, list),
        None if is_entity(&root) => graph(draft, std::slice::from_ref(&root)),
        None => wrong_shape(draft, text, &root, "it is no list of entities, and has none under `items`"),
    }
}

/// One entity that is read.
struct Entity<'n> {
    /// In lower case.
    kind: String,
    /// In lower case.
    namespace: String,
    name: &'n str,
    span: Span,
    node: &'n Node<'n>,
}

impl<'n> Entity<'n> {
    /// The full reference, in lower case, as references are compared.
    fn reference(&self) -> String {
        format!("{}:{}/{}", self.kind, self.namespace, self.name.to_lowercase())
    }

    fn spec(&self, key: &str) -> Option<&'n Node<'n>> {
        self.node.get("spec")?.get(key)
    }

    fn spec_text(&self, key: &str) -> Option<At<String>> {
        self.spec(key).and_then(|n| Some(At { value: n.text()?.to_string(), span: n.span }))
    }

    fn annotation(&self, key: &str) -> Option<At<&'n str>> {
        let node = self.node.get("metadata")?.get("annotations")?.get(key)?;
        Some(At { value: node.text()?, span: node.span })
    }
}

fn graph(draft: &mut Draft, nodes: &[Node]) {
    let mut found: Vec<Entity> = Vec::new();
    let mut places: BTreeMap<String, Span> = BTreeMap::new();
    for node in nodes {
        let Some(entity) = entity(draft, node) else { continue };
        match places.get(&entity.reference()) {
            None => {
                places.insert(entity.reference(), entity.span);
                found.push(entity);
            }
            Some(&first) => draft.problems.push(
                Diagnostic::warning(NAME_CLASH, format!("{} is there twice; the first counts", entity.reference()))
                    .at(entity.span, "again here")
                    .also(first, "first here")
                    .help("remove one, or give it another name or namespace"),
            ),
        }
    }
    if found.is_empty() && draft.problems.is_empty() {
        let at = nodes.first().map_or(Span { file: draft.file, start: 0, end: 0 }, |n| n.span);
        nothing(draft, at, "no component, resource, system or API", "filter for `kind=component`, or for all entities");
    }
    found.sort_by_key(|e| KINDS.iter().position(|k| *k == e.kind));
    for entity in &found {
        annotation::kinds(draft, entity);
    }
    let mut catalog = Catalog::new(&found);
    providers(draft, &found, &mut catalog);
    components(draft, &found, &catalog);
    for entity in &found {
        fields(draft, entity, &catalog);
        edges(draft, entity, &catalog);
    }
}

/// Kind, namespace and name; `None` for what is not read.
fn entity<'n>(draft: &mut Draft, node: &'n Node<'n>) -> Option<Entity<'n>> {
    if node.entries().is_none() {
        draft.problems.push(
            Diagnostic::error(BAD_ENTRY, format!("an entity must be a mapping, found {}", node.what()))
                .at(node.span, "no entity")
                .help("give entities as the API of Backstage does"),
        );
        return None;
    }
    let (kind, _) = text_field(draft, node, "an entity", "kind")?;
    let kind = kind.to_lowercase();
    if !KINDS.contains(&kind.as_str()) {
        return None;
    }
    let Some(metadata) = node.get("metadata").filter(|m| m.entries().is_some()) else {
        draft.problems.push(
            Diagnostic::error(BAD_ENTRY, "an entity without a mapping `metadata`")
                .at(node.span, "this entity is left out")
                .help("give it `metadata:` with a `name`"),
        );
        return None;
    };
    let (name, span) = text_field(draft, metadata, "`metadata` of an entity", "name")?;
    if let Some(spec) = node.get("spec").filter(|s| s.entries().is_none()) {
        draft.problems.push(bad_entry("an entity", "spec", "a mapping", spec));
    }
    let namespace = metadata.get("namespace").and_then(Node::text).unwrap_or("default").to_lowercase();
    Some(Entity { kind, namespace, name, span, node })
}

/// Who provides which API, from either end.
fn providers(draft: &mut Draft, found: &[Entity], catalog: &mut Catalog) {
    for entity in found {
        for (text, _) in references(draft, entity, "providesApi", "providesApis") {
            if let Some(api) = catalog.full(text, Some(API), &entity.namespace) {
                catalog.provide(api, entity.reference());
            }
        }
        for (text, _) in relations(entity, "apiProvidedBy") {
            if let Found::Entity(provider) = catalog.resolve(text, Some("component"), &entity.namespace) {
                catalog.provide(entity.reference(), provider);
            }
        }
    }
}

/// Gives every entity its component: first those that say which.
fn components(draft: &mut Draft, found: &[Entity], catalog: &Catalog) {
    let whole: BTreeSet<String> =
        found.iter().filter(|e| annotation::component(draft, e)).map(Entity::reference).collect();
    for entity in found {
        let reference = entity.reference();
        if whole.contains(&reference) || catalog.is_provided(&reference) {
            continue;
        }
        let plain = match entity.namespace.as_str() {
            "default" => entity.name.to_string(),
            other => format!("{other}/{}", entity.name),
        };
        // A system is often called as its main component is; they are two all the same.
        let taken = slug(&plain).is_some_and(|id| draft.has_id(&id));
        let name = match entity.annotation("commoncause/id") {
            Some(id) => id.value.to_string(),
            None if taken => format!("{}-{plain}", entity.kind),
            None => plain,
        };
        draft.component(&reference, &name, entity.span);
    }
}

/// What the entity says of itself.
fn fields(draft: &mut Draft, entity: &Entity, catalog: &Catalog) {
    let Some(ix) = draft.find(&entity.reference()) else { return };
    let container = container(draft, entity, catalog).filter(|at| at.value != draft.id(ix));
    let kind = entity.spec_text("type").filter(|t| draft.known_kinds.contains(&t.value));
    let grouping = ["system", "domain"].contains(&entity.kind.as_str());
    let Some(c) = draft.edit(ix) else { return };
    c.kind = match kind {
        Some(kind) => Some(kind),
        None if grouping => Some(At { value: "platform".to_string(), span: entity.span }),
        None => c.kind.take(),
    };
    if grouping {
        c.faults_per_year = Some(At { value: 0.0, span: entity.span });
    }
    if let Some(title) = entity.node.get("metadata").and_then(|m| m.get("title")) {
        c.title = title.text().map(|t| At { value: t.to_string(), span: title.span }).filter(|t| t.value != c.id.value);
    }
    c.operator = entity.spec_text("owner").map(|o| At { value: reference::plain_name(&o.value).to_string(), ..o });
    c.part_of = container;
    let address = |key: &str| entity.annotation(key).map(|a| At { value: a.value.to_string(), span: a.span });
    c.status_page = address("statuspage.io/url");
    c.source = address("backstage.io/source-location")
        .map(|a| At { value: a.value.strip_prefix("url:").unwrap_or(&a.value).to_string(), ..a });
}

/// What contains it: a component, else a system, else a domain.
fn container(draft: &mut Draft, entity: &Entity, catalog: &Catalog) -> Option<At<String>> {
    let mut named: Vec<(&str, Span, Option<&str>)> =
        relations(entity, "partOf").into_iter().map(|(text, span)| (text, span, None)).collect();
    if named.is_empty() {
        let fields =
            [("subcomponentOf", "component"), ("system", "system"), ("domain", "domain"), ("subdomainOf", "domain")];
        let given = fields.iter().filter_map(|(key, kind)| entity.spec(key).map(|n| (n, *kind)));
        named = given.filter_map(|(n, kind)| Some((n.text()?, n.span, Some(kind)))).collect();
    }
    let mut inside: Vec<(Option<usize>, Ix, Span)> = Vec::new();
    for (text, span, kind) in named {
        if let Some(ix) = known(draft, catalog, entity, (text, span), kind) {
            let kind = kind.unwrap_or(text);
            let order = ["component", "system", "domain"].iter().position(|k| kind.to_lowercase().starts_with(k));
            inside.push((order, ix, span));
        }
    }
    inside.sort_by_key(|(order, ..)| *order);
    let (_, ix, span) = *inside.first()?;
    Some(At { value: draft.id(ix).to_string(), span })
}

fn edges(draft: &mut Draft, entity: &Entity, catalog: &Catalog) {
    let own = draft.find(&entity.reference());
    for (text, span) in references(draft, entity, "dependsOn", "dependsOn") {
        for to in targets(draft, catalog, entity, (text, span), None) {
            depend(draft, own, to, span);
        }
    }
    for (text, span) in references(draft, entity, "consumesApi", "consumesApis") {
        for to in targets(draft, catalog, entity, (text, span), Some(API)) {
            // A component may consume what it provides itself.
            if own != Some(to) {
                depend(draft, own, to, span);
            }
        }
    }
    // Said from the other end.
    let Some(own) = own else { return };
    for (text, span) in references(draft, entity, "dependencyOf", "dependencyOf") {
        for from in targets(draft, catalog, entity, (text, span), None) {
            depend(draft, Some(from), own, span);
        }
    }
}

fn depend(draft: &mut Draft, from: Option<Ix>, to: Ix, span: Span) {
    if let Some(from) = from {
        let dependency = draft.dependency(to, span);
        draft.depend(from, dependency);
    }
}

/// The components that a reference leads to: the entity's own, or those that provide an API.
fn targets(
    draft: &mut Draft,
    catalog: &Catalog,
    entity: &Entity,
    (text, span): (&str, Span),
    kind: Option<&str>,
) -> Vec<Ix> {
    let full = catalog.full(text, kind, &entity.namespace).unwrap_or_default();
    let provided: Vec<Ix> = catalog.providers(&full).filter_map(|provider| draft.find(provider)).collect();
    if !provided.is_empty() {
        return provided;
    }
    known(draft, catalog, entity, (text, span), kind).into_iter().collect()
}

/// The component of an entity that is there; what is not is told.
fn known(
    draft: &mut Draft,
    catalog: &Catalog,
    entity: &Entity,
    (text, span): (&str, Span),
    kind: Option<&str>,
) -> Option<Ix> {
    match catalog.resolve(text, kind, &entity.namespace) {
        Found::Entity(reference) => draft.find(&reference),
        Found::Short(reference) => {
            draft.problems.push(reference::short(text, &reference, span));
            draft.find(&reference)
        }
        Found::Several(all) => {
            draft.problems.push(reference::several(text, &all, span));
            None
        }
        Found::Nothing => {
            // It may stand in a graph of ours.
            if let Some(ix) = draft.existing(reference::plain_name(text), span) {
                return Some(ix);
            }
            let full = catalog.full(text, kind, &entity.namespace).unwrap_or_default();
            let name = reference::plain_name(text).to_lowercase();
            let help = draft.suggest(&name, catalog.of_kind_in(&full).map(reference::plain_name));
            draft.problems.push(
                Diagnostic::warning(DANGLING, format!("{} refers to `{text}`, which is not there", entity.reference()))
                    .at(span, "no entity has this name")
                    .help(
                        help.unwrap_or_else(|| "add the entity, or import the files that have it as well".to_string()),
                    ),
            );
            None
        }
    }
}

/// The references of a relation, or of the field of `spec` that says the same where the API has added no relations.
fn references<'n>(draft: &mut Draft, entity: &Entity<'n>, relation: &str, field: &str) -> Vec<(&'n str, Span)> {
    if !relations_of(entity).is_empty() {
        return relations(entity, relation);
    }
    let Some(spec) = entity.node.get("spec").filter(|s| s.entries().is_some()) else { return Vec::new() };
    let mut found = Vec::new();
    for item in list_field(draft, spec, "`spec`", field) {
        match item.text().filter(|t| !t.trim().is_empty()) {
            Some(text) => found.push((text, item.span)),
            None => draft.problems.push(bad_entry("`spec`", field, "a list of references", item)),
        }
    }
    found
}

fn relations_of<'n>(entity: &Entity<'n>) -> &'n [Node<'n>] {
    entity.node.get("relations").and_then(Node::items).unwrap_or_default()
}

fn relations<'n>(entity: &Entity<'n>, kind: &str) -> Vec<(&'n str, Span)> {
    let all = relations_of(entity).iter().filter(|r| r.get("type").and_then(Node::text) == Some(kind));
    all.filter_map(|r| r.get("targetRef").and_then(|t| Some((t.text()?, t.span)))).collect()
}
