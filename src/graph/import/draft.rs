//! A graph while it is read from a foreign text: names become ids here, and nowhere else.

use super::codes::{LEFT_OUT, NAME_CLASH, NO_ID};
use super::{Format, Options};
use crate::diag::suggest::did_you_mean;
use crate::diag::{Code, Diagnostic, FileId, Severity, Span};
use crate::graph::raw::{At, RawComponent, RawDependency, RawGraph, RawKind, RawMember, RawNeed};
use crate::graph::{DependencyGraph, kinds};
use std::collections::{BTreeMap, BTreeSet};

/// Chance that a dependency exists that was seen in calls: a call proves use, though one trace may have been a test.
pub(super) const OBSERVED: f64 = 0.95;
/// Chance that the dependency exists at run time if one thing waits for, or refers to, the other when it is set up.
pub(super) const SET_UP: f64 = 0.7;
/// Impact of a need that can wait: messages queue up.
pub(super) const SOFT: f64 = 0.3;

/// Characters of an id that is made of a name.
const MAX_ID: usize = 120;
/// Problems of one kind that are told one by one.
const MAX_ALIKE: usize = 100;

/// A component of the draft, by its position.
pub(super) type Ix = usize;

/// Where a component comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// It is new, and the text defines it.
    New,
    /// The graph has it already: only dependencies are added.
    Known,
    /// It was given as a whole; nothing is added to it.
    Whole,
}

/// What was read so far.
pub(super) struct Draft<'a> {
    pub(super) file: FileId,
    pub(super) format: Format,
    pub(super) options: &'a Options<'a>,
    pub(super) problems: Vec<Diagnostic>,
    /// Kinds that the text defines.
    pub(super) kinds: Vec<RawKind>,
    /// Names of all kinds that a component may have.
    pub(super) known_kinds: BTreeSet<String>,
    /// Names beside the text, in lower case, with the id that they mean.
    pub(super) beside: BTreeMap<String, String>,
    components: Vec<RawComponent>,
    origins: Vec<Origin>,
    /// What the text calls a component → the component; `None` if it is left out.
    keys: BTreeMap<String, Option<Ix>>,
    ids: BTreeMap<String, Ix>,
    /// Dependencies by dependent, target, `for`, `capability` and region → position in `depends_on`.
    edges: BTreeMap<(Ix, String, String), usize>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(file: FileId, format: Format, options: &'a Options<'a>) -> Self {
        let known_kinds = match options.known {
            Some(graph) => graph.kinds().keys().cloned().collect(),
            None => kinds::built_in().into_keys().collect(),
        };
        Draft {
            known_kinds,
            file,
            format,
            options,
            problems: Vec::new(),
            kinds: Vec::new(),
            beside: BTreeMap::new(),
            components: Vec::new(),
            origins: Vec::new(),
            keys: BTreeMap::new(),
            ids: BTreeMap::new(),
            edges: BTreeMap::new(),
        }
    }

    /// The component that the text calls `name`, made at first sight. `key` tells apart what has the same name.
    /// `None` if the user's map leaves it out, or no id can be made of the name, which has been told.
    pub(super) fn component(&mut self, key: &str, name: &str, span: Span) -> Option<Ix> {
        if let Some(&found) = self.keys.get(key) {
            return found;
        }
        let found = self.identify(key, name, span);
        self.keys.insert(key.to_string(), found);
        found
    }

    /// The component that the text calls `key`, if it was met before.
    pub(super) fn find(&self, key: &str) -> Option<Ix> {
        self.keys.get(key).copied().flatten()
    }

    fn identify(&mut self, key: &str, name: &str, span: Span) -> Option<Ix> {
        let meant =
            self.options.names.get(&name.to_lowercase()).or_else(|| self.options.names.get(&key.to_lowercase()));
        let wanted = match meant {
            Some(None) => return None,
            Some(Some(component)) => component.as_str(),
            None => name,
        };
        let slug = slug(wanted);
        if let Some(id) = self.known_id(wanted).or_else(|| self.known_id(slug.as_deref()?)) {
            return Some(self.ids.get(&id).copied().unwrap_or_else(|| self.add(id, None, Origin::Known, span)));
        }
        let Some(slug) = slug else {
            self.problems.push(
                Diagnostic::warning(NO_ID, format!("no id can be made of the name `{name}`"))
                    .at(span, "left out, with its dependencies")
                    .help("say which component it is: a line `name,component` in a table of names"),
            );
            return None;
        };
        match self.ids.get(&slug) {
            None => Some(self.add(slug, Some(name), Origin::New, span)),
            Some(&same) if meant.is_some() => Some(same),
            Some(&first) => Some(self.add_beside(first, slug, name, span)),
        }
    }

    /// A second component whose name would become the id of another.
    fn add_beside(&mut self, first: Ix, slug: String, name: &str, span: Span) -> Ix {
        let free =
            (2..).map(|n| format!("{slug}-{n}")).find(|id| !self.ids.contains_key(id) && self.known_id(id).is_none());
        let id = free.unwrap_or_else(|| slug.clone());
        self.problems.push(
            Diagnostic::warning(
                NAME_CLASH,
                format!("`{name}` would become the id `{slug}`, which is taken; it is `{id}`"),
            )
            .at(span, "this one")
            .also(self.components[first].id.span, "the first")
            .help("if both are the same, say so: a line `name,component` in a table of names"),
        );
        self.add(id, Some(name), Origin::New, span)
    }

    /// The component that the graph, or something beside the text, has under this name.
    pub(super) fn existing(&mut self, name: &str, span: Span) -> Option<Ix> {
        let id = self.known_id(name).or_else(|| self.beside.get(&name.to_lowercase()).cloned())?;
        Some(self.ids.get(&id).copied().unwrap_or_else(|| self.add(id, None, Origin::Known, span)))
    }

    fn known_id(&self, name: &str) -> Option<String> {
        let graph = self.options.known?;
        graph.find(name).map(|ix| graph.component(ix).id.clone())
    }

    fn add(&mut self, id: String, name: Option<&str>, origin: Origin, span: Span) -> Ix {
        let mut c = RawComponent::bare(At { value: id.clone(), span });
        if let Some(name) = name.map(str::trim) {
            c.kind = Some(At { value: self.options.kind.clone(), span });
            c.title = Some(At { value: name.to_string(), span }).filter(|t| t.value != id);
            c.aliases = c.title.iter().filter(|t| t.value.to_lowercase() != id).cloned().collect();
        }
        self.ids.insert(id, self.components.len());
        self.components.push(c);
        self.origins.push(origin);
        self.components.len() - 1
    }

    /// Takes a component as a whole, as our own file would give it. The first with an id counts.
    pub(super) fn take(&mut self, key: &str, component: RawComponent) {
        let id = component.id.value.clone();
        if let Some(&first) = self.ids.get(&id) {
            self.problems.push(
                Diagnostic::warning(NAME_CLASH, format!("`{id}` is there twice; the first counts"))
                    .at(component.id.span, "again here")
                    .also(self.components[first].id.span, "first here")
                    .help("give one of them another id, in the annotation `commoncause/id`"),
            );
            self.keys.insert(key.to_string(), Some(first));
            return;
        }
        self.keys.insert(key.to_string(), Some(self.components.len()));
        self.ids.insert(id, self.components.len());
        self.components.push(component);
        self.origins.push(Origin::Whole);
    }

    /// The component, if the text defines it.
    pub(super) fn edit(&mut self, ix: Ix) -> Option<&mut RawComponent> {
        (self.origins[ix] == Origin::New).then(|| &mut self.components[ix])
    }

    pub(super) fn id(&self, ix: Ix) -> &str {
        &self.components[ix].id.value
    }

    /// The known name nearest to a wrong one, as long as few are wrong: comparing all with all would take minutes.
    pub(super) fn suggest<'k>(&self, word: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
        (self.problems.len() < MAX_ALIKE).then(|| did_you_mean(word, known)).flatten()
    }

    /// True if no component was met.
    pub(super) fn is_empty(&self) -> bool {
        self.components.is_empty()
    }

    /// True if a component has this id already.
    pub(super) fn has_id(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// A dependency on `to`, hard and certain, read at `span`.
    pub(super) fn dependency(&self, to: Ix, span: Span) -> RawDependency {
        let source = self.options.source.clone().unwrap_or_else(|| self.format.title().to_string());
        let component = At { value: self.id(to).to_string(), span };
        RawDependency {
            source: Some(At { value: source, span }),
            verified: self.options.verified.map(|value| At { value, span }),
            ..RawDependency::bare(span, RawNeed::One(RawMember { component, capability: None }))
        }
    }

    /// Says that a dependency does not count since the annotation, which does, lacks it.
    fn not_in_annotation(&mut self, from: Ix, dependency: &RawDependency) {
        let RawNeed::One(needed) = &dependency.need else { return };
        let whole = &self.components[from];
        // Backstage has no word for what contains some kinds of entity: an export says that they depend on it.
        let named = whole.depends_on.iter().flat_map(|d| d.need.members()).map(|m| &m.component).chain(&whole.part_of);
        let wanted = &needed.component.value;
        let means = |name: &str| self.ids.contains_key(name) && self.ids.get(name) == self.ids.get(wanted);
        if named.map(|at| at.value.as_str()).any(|name| name == wanted || means(name)) {
            return;
        }
        let says =
            format!("`{}` depends on `{}` here, but not in its annotation", whole.id.value, needed.component.value);
        self.problems.push(
            Diagnostic::warning(LEFT_OUT, says)
                .at(dependency.span, "left out: the annotation `commoncause/component` counts")
                .help("add it to the annotation, too, or remove the annotation"),
        );
    }

    /// Adds a dependency. What is told twice is kept once, as strong as the stronger.
    pub(super) fn depend(&mut self, from: Ix, dependency: RawDependency) {
        if self.origins[from] == Origin::Whole {
            self.not_in_annotation(from, &dependency);
            return;
        }
        let RawNeed::One(member) = &dependency.need else {
            self.components[from].depends_on.push(dependency);
            return;
        };
        if self.ids.get(&member.component.value) == Some(&from) {
            self.leave_out(dependency.span, format!("`{}` would depend on itself", self.id(from)));
            return;
        }
        let list = &mut self.components[from].depends_on;
        match self.edges.entry((from, member.component.value.clone(), where_and_what(member, &dependency))) {
            std::collections::btree_map::Entry::Vacant(e) => {
                e.insert(list.len());
                list.push(dependency);
            }
            std::collections::btree_map::Entry::Occupied(e) => {
                let first = &mut list[*e.get()];
                first.impact = first.impact.max(dependency.impact);
                // The remark says why it is believed, so it goes with the stronger belief.
                if dependency.confidence > first.confidence {
                    (first.confidence, first.note) = (dependency.confidence, dependency.note);
                }
            }
        }
    }

    /// Says that something was left out, and that this is as it should be.
    pub(super) fn leave_out(&mut self, span: Span, why: String) {
        self.problems.push(
            Diagnostic::hint(LEFT_OUT, why).at(span, "left out").help("nothing to do, unless you miss it in the graph"),
        );
    }

    /// The graph and the problems.
    pub(super) fn finish(mut self) -> (RawGraph, Vec<Diagnostic>) {
        self.settle_aliases();
        let parts = self.components.into_iter().zip(self.origins);
        let kept = parts.filter(|(c, origin)| *origin != Origin::Known || !c.depends_on.is_empty());
        let components = kept.map(|(c, _)| c).collect();
        (RawGraph { components, kinds: self.kinds }, few_of_each(self.problems))
    }

    /// An alias is kept only if it is nobody else's name.
    fn settle_aliases(&mut self) {
        let mut taken: BTreeSet<String> = self.ids.keys().cloned().collect();
        let known: Option<&DependencyGraph> = self.options.known;
        let new = self.components.iter_mut().zip(&self.origins).filter(|(_, o)| **o == Origin::New);
        for (c, _) in new {
            c.aliases.retain(|alias| {
                let lower = alias.value.to_lowercase();
                known.is_none_or(|g| g.find(&lower).is_none()) && taken.insert(lower)
            });
        }
    }
}

/// What tells two dependencies on the same component apart.
fn where_and_what(member: &RawMember, dependency: &RawDependency) -> String {
    let mut scope: Vec<&str> = dependency.scope.iter().map(|s| s.value.as_str()).collect();
    scope.sort_unstable();
    let part = |at: &Option<At<String>>| at.as_ref().map_or(String::new(), |a| a.value.clone());
    [scope.join(" "), part(&member.capability), part(&dependency.region)].join("\n")
}

/// The id that a name becomes: lower case, with a hyphen for what ids do not have; `None` if nothing is left.
pub(super) fn slug(name: &str) -> Option<String> {
    let mut id = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => id.push(c),
            c if "_./-".contains(c) && !id.is_empty() => id.push(c),
            _ if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
        if id.len() >= MAX_ID {
            break;
        }
    }
    let id = id.trim_end_matches(['-', '_', '.', '/']);
    (!id.is_empty()).then(|| id.to_string())
}

/// The first of each code, and how many more there were.
fn few_of_each(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut counts: BTreeMap<(Code, Severity), (usize, usize)> = BTreeMap::new();
    let mut kept: Vec<Diagnostic> = Vec::new();
    for problem in problems {
        let (count, last) = counts.entry((problem.code, problem.severity)).or_default();
        *count += 1;
        if *count <= MAX_ALIKE {
            *last = kept.len();
            kept.push(problem);
        }
    }
    for (count, last) in counts.into_values().filter(|(count, _)| *count > MAX_ALIKE) {
        kept[last].message += &format!(" (and {} more of this kind)", count - MAX_ALIKE);
    }
    kept
}
