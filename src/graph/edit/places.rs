//! Where components and dependencies stand in the files, and which places name a component.

use super::codes::NOTHING_TO_EDIT;
use super::operations::Which;
use super::plain::{Path, Plain, Step, below, keys};
use super::{Files, Refused, component_path};
use crate::diag::suggest::did_you_mean;
use crate::diag::tree::is_extra;
use crate::diag::{Diagnostic, Span};
use crate::graph::ComponentIx;
use std::collections::BTreeSet;

/// Places that a message lists.
const SHOWN_PLACES: usize = 8;

/// One place that names a component.
pub(super) struct Reference {
    pub file: usize,
    /// The component in whose entry it stands.
    pub within: String,
    /// The way to the name.
    pub path: Path,
    pub name: String,
}

impl Files {
    /// The file in which a component is defined, and its id: not one that only adds dependencies, if there is another.
    pub(super) fn definition(&self, name: &str) -> Result<(usize, String), Box<Refused>> {
        let id = self.id_of(name);
        let path = component_path(&id);
        let entry = |i: &usize| self.files[*i].root.at(&path);
        let there: Vec<usize> = (0..self.files.len()).filter(|i| entry(i).is_some()).collect();
        let defines =
            |i: &&usize| entry(i).is_some_and(|e| e.entries().any(|(k, _)| k != "depends_on" && !is_extra(k)));
        let file = there.iter().find(defines).or(there.first()).copied();
        file.map(|file| (file, id)).ok_or_else(|| {
            let help = match self.graph.find(name) {
                Some(_) => {
                    "it stands in a file of several documents or in another tool's catalog: change it there".to_string()
                }
                None => did_you_mean(name, self.graph.names())
                    .unwrap_or_else(|| "see the ids under `components:`".to_string()),
            };
            self.refused(Diagnostic::error(NOTHING_TO_EDIT, format!("no component `{name}` in these files")).help(help))
        })
    }

    /// The id that a name means; the name itself if it means none.
    pub(super) fn id_of(&self, name: &str) -> String {
        let found: Option<ComponentIx> = self.graph.find(name);
        found.map_or_else(|| name.to_string(), |ix| self.graph.component(ix).id.clone())
    }

    /// Dependencies of a component in all files: (file, path, entry).
    pub(super) fn dependencies(&self, id: &str) -> impl Iterator<Item = (usize, Path, &Plain)> {
        let list = below(&component_path(id), Step::Key("depends_on".into()));
        self.files.iter().enumerate().flat_map(move |(file, f)| {
            let items = f.root.at(&list).map(Plain::items).unwrap_or_default();
            let list = list.clone();
            items.iter().enumerate().map(move |(i, d)| (file, below(&list, Step::Item(i)), d))
        })
    }

    /// True if two entries are on the same components for the same capabilities in the same region.
    pub(super) fn alike(&self, a: &Plain, b: &Plain) -> bool {
        let same = |key: &str| a.get(key) == b.get(key);
        self.needs_of(a) == self.needs_of(b)
            && capabilities(a) == capabilities(b)
            && same("region")
            && same("capability")
    }

    /// The ids that a dependency needs.
    pub(super) fn needs_of(&self, dependency: &Plain) -> BTreeSet<String> {
        member_paths(dependency).into_iter().map(|(_, name)| self.id_of(&name)).collect()
    }

    pub(super) fn one_dependency(&self, from: &str, which: &Which) -> Result<(usize, Path), Box<Refused>> {
        let (_, id) = self.definition(from)?;
        let wanted: BTreeSet<String> = which.needs.iter().map(|n| self.id_of(n)).collect();
        let fits = |d: &Plain| {
            self.needs_of(d) == wanted && which.scope.as_ref().is_none_or(|k| capabilities(d).contains(k.as_str()))
        };
        let found: Vec<(usize, Path)> =
            self.dependencies(&id).filter(|(_, _, d)| fits(d)).map(|(file, path, _)| (file, path)).collect();
        if let [(file, path)] = found.as_slice() {
            return Ok((*file, path.clone()));
        }
        let needs = which.needs.join(", ");
        let problem = if found.is_empty() {
            let known: BTreeSet<String> = self.dependencies(&id).flat_map(|(_, _, d)| self.needs_of(d)).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let help = if known.is_empty() {
                "it needs nothing so far".to_string()
            } else {
                format!("it needs {}", known.join(", "))
            };
            Diagnostic::error(NOTHING_TO_EDIT, format!("`{id}` has no such dependency on {needs}")).help(help)
        } else {
            let says = format!("`{id}` has {} dependencies on {needs}", found.len());
            let problem = Diagnostic::error(NOTHING_TO_EDIT, says).help("say `--for` which capability");
            at_all(problem, found.iter().map(|(file, path)| (self.place(*file, path), "one of them".to_string())))
        };
        Err(self.refused(problem))
    }

    /// Every place that names a component: in `part_of`, as a dependency, or as a member of a group.
    pub(super) fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        for (file, f) in self.files.iter().enumerate() {
            let Some(components) = f.root.get("components") else { continue };
            for (id, entry) in components.entries() {
                let mut add = |path: Path, name: &str| {
                    found.push(Reference { file, within: id.to_string(), path, name: name.to_string() });
                };
                let own = component_path(id);
                if let Some(name) = entry.get("part_of").and_then(Plain::text) {
                    add(below(&own, Step::Key("part_of".into())), name);
                }
                let list = below(&own, Step::Key("depends_on".into()));
                for (i, d) in entry.get("depends_on").map(Plain::items).unwrap_or_default().iter().enumerate() {
                    for (path, name) in member_paths(d) {
                        add([below(&list, Step::Item(i)), path].concat(), &name);
                    }
                }
            }
        }
        found
    }
}

/// The problem at the first of `places`, and at some more.
pub(super) fn at_all(problem: Diagnostic, places: impl Iterator<Item = (Span, String)>) -> Diagnostic {
    places.take(SHOWN_PLACES).fold(problem, |p, (span, says)| match p.primary {
        None => p.at(span, says),
        Some(_) => p.also(span, says),
    })
}

/// The capabilities of the dependent that a dependency is for.
pub(super) fn capabilities(dependency: &Plain) -> BTreeSet<&str> {
    match dependency.get("for") {
        Some(Plain::List(items)) => items.iter().filter_map(Plain::text).collect(),
        Some(one) => one.text().into_iter().collect(),
        None => BTreeSet::new(),
    }
}

/// The names in a dependency, with the way to each.
pub(super) fn member_paths(dependency: &Plain) -> Vec<(Path, String)> {
    if let Some(name) = dependency.text() {
        return vec![(Vec::new(), name.to_string())];
    }
    let mut found = Vec::new();
    if let Some(name) = dependency.get("component").and_then(Plain::text) {
        found.push((keys(&["component"]), name.to_string()));
    }
    for group in ["any_of", "all_of", "of"] {
        for (i, member) in dependency.get(group).map(Plain::items).unwrap_or_default().iter().enumerate() {
            let item = below(&keys(&[group]), Step::Item(i));
            let named = member.get("component").and_then(Plain::text);
            match (member.text(), named) {
                (Some(name), _) => found.push((item, name.to_string())),
                (None, Some(name)) => found.push((below(&item, Step::Key("component".into())), name.to_string())),
                _ => {}
            }
        }
    }
    found
}

/// A dependency in a few words.
pub(super) fn words(dependency: &Plain) -> String {
    let names: Vec<String> = member_paths(dependency).into_iter().map(|(_, name)| name).collect();
    let scope: Vec<&str> = capabilities(dependency).into_iter().collect();
    let of = ["any_of", "all_of", "of"].into_iter().find(|k| dependency.get(k).is_some());
    let rule = match of {
        Some("any_of") => "any of ",
        Some("all_of") => "all of ",
        Some(_) => "some of ",
        None => "",
    };
    let scope = if scope.is_empty() { String::new() } else { format!(" for {}", scope.join(", ")) };
    format!("{rule}{}{scope}", names.join(", "))
}
