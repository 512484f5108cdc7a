//! What an import found, put into a file of the graph: what is missing is added, what is there stays as it is.

use super::places::words;
use super::plain::{Change, Path, Plain, Step, below};
use super::{Files, Plan, component_path};
use crate::graph::raw::{RawComponent, RawGraph};
use crate::graph::write;
use std::collections::{BTreeMap, BTreeSet};

/// Keys that a component gets from an import if it has none of its own.
const FILLED: [&str; 4] = ["title", "operator", "part_of", "status_page"];

/// What merging would do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merge {
    /// The changes.
    pub plan: Plan,
    /// Dependencies that are in the graph already and were seen again.
    pub seen_again: usize,
    /// Dependencies of the file that came from the same source and were not seen this time: nobody but a person can say
    /// whether they are gone.
    pub not_seen: Vec<String>,
}

impl Files {
    /// Puts `incoming` into the file `into`, which is made if it is not there; no other file changes.
    ///
    /// A component that the graph knows keeps what it says; where it stands in `into`, a title, operator, container or
    /// status page that it lacks and further aliases are added. A dependency on the same components for the same
    /// capabilities stays as it is, but for the date on which it was checked if the same source shows it again. What a
    /// component that stands elsewhere needs becomes an entry of `into` that gives nothing but dependencies.
    pub fn merge(&self, incoming: &RawGraph, into: &str) -> Merge {
        let mut merge = Merge::default();
        let at = self.files.iter().position(|f| f.name == into);
        let mut sources = BTreeSet::new();
        let mut seen: BTreeSet<Path> = BTreeSet::new();
        for c in &incoming.components {
            let id = self.id_of(&c.id.value);
            let mut entry = write::component(c);
            let path = component_path(&id);
            let known = self.files.iter().any(|f| f.root.at(&path).is_some());
            if !known {
                merge.plan.said.push(format!("{id} added"));
                for d in entry.get("depends_on").map(Plain::items).unwrap_or_default() {
                    merge.plan.said.push(format!("{id} needs {}", words(d)));
                }
                sources.extend(sources_of(&entry));
                merge.plan.change(into, Change::Set(path, entry));
                continue;
            }
            let here = at.and_then(|file| self.files[file].root.at(&path));
            if let Some(here) = here {
                self.fill(&id, here, &mut entry, into, &mut merge.plan);
            }
            sources.extend(sources_of(&entry));
            let new = self.new_dependencies(&id, c, at, into, &mut merge, &mut seen);
            add_dependencies(&path, here, new, into, &mut merge.plan);
        }
        if let Some(file) = at {
            merge.not_seen = self.not_seen(file, &sources, &seen);
        }
        merge
    }

    /// Gives an entry what it lacks.
    fn fill(&self, id: &str, here: &Plain, entry: &mut Plain, into: &str, plan: &mut Plan) {
        let defines = here.entries().any(|(k, _)| k != "depends_on");
        if !defines {
            return;
        }
        for key in FILLED {
            let (None, Some(value)) = (here.get(key), entry.get(key)) else { continue };
            if key == "part_of" && value.text().is_some_and(|whole| self.id_of(whole) == id) {
                continue;
            }
            plan.said.push(format!("{id}: {key} is {}", value.text().unwrap_or_default()));
            plan.change(into, Change::Set(below(&component_path(id), Step::Key(key.into())), value.clone()));
        }
        let path = below(&component_path(id), Step::Key("aliases".into()));
        let aliases = entry.get("aliases").map(Plain::items).unwrap_or_default();
        let new: Vec<Plain> =
            aliases.iter().filter(|a| a.text().is_some_and(|t| self.graph.find(t).is_none())).cloned().collect();
        if new.is_empty() {
            return;
        }
        plan.said
            .push(format!("{id}: also called {}", new.iter().filter_map(Plain::text).collect::<Vec<_>>().join(", ")));
        match here.get("aliases") {
            Some(Plain::List(_)) => new.into_iter().for_each(|a| plan.change(into, Change::Append(path.clone(), a))),
            Some(one) => plan.change(into, Change::Set(path, Plain::List([vec![one.clone()], new].concat()))),
            None => plan.change(into, Change::Set(path, Plain::List(new))),
        }
    }

    /// The dependencies of `c` that the graph does not have; those that it has get their date.
    fn new_dependencies(
        &self,
        id: &str,
        c: &RawComponent,
        into_at: Option<usize>,
        into: &str,
        merge: &mut Merge,
        seen: &mut BTreeSet<Path>,
    ) -> Vec<Plain> {
        let mut new: Vec<Plain> = Vec::new();
        for d in c.depends_on.iter().map(write::dependency) {
            let same: Vec<_> = self.dependencies(id).filter(|(_, _, old)| self.covers(old, &d)).collect();
            if same.is_empty() {
                if !new.iter().any(|n| self.covers(n, &d)) {
                    merge.plan.said.push(format!("{id} needs {}", words(&d)));
                    new.push(d);
                }
                continue;
            }
            merge.seen_again += 1;
            for (file, path, old) in same {
                if Some(file) != into_at || !seen.insert(path.clone()) || old.get("source") != d.get("source") {
                    continue;
                }
                // Dates sort as texts. A look at an old text does not undo a later one.
                let later = |date: &&Plain| old.get("verified").and_then(Plain::text) < date.text();
                let date = d.get("verified").filter(later);
                if let (Some(date), Some(_)) = (date, old.get("source")) {
                    let says = format!("{id} needs {}: seen again {}", words(old), date.text().unwrap_or_default());
                    merge.plan.said.push(says);
                    merge.plan.change(into, Change::Set(below(&path, Step::Key("verified".into())), date.clone()));
                }
            }
        }
        new
    }

    /// True if `old` already says that what `new` needs is needed. A dependency on a group says so of each member.
    fn covers(&self, old: &Plain, new: &Plain) -> bool {
        let (has, wants) = (self.needs_of(old), self.needs_of(new));
        let same = has == wants || wants.len() == 1 && wants.is_subset(&has);
        let scope = |d: &Plain| -> BTreeSet<String> {
            match d.get("for") {
                Some(Plain::List(items)) => items.iter().filter_map(Plain::text).map(str::to_string).collect(),
                one => one.and_then(Plain::text).map(str::to_string).into_iter().collect(),
            }
        };
        let (old_scope, new_scope) = (scope(old), scope(new));
        let region =
            new.get("region").is_none() || old.get("region") == new.get("region") || old.get("region").is_none();
        same && region && (old_scope.is_empty() || new_scope.is_empty() || new_scope.is_subset(&old_scope))
    }

    /// Dependencies of the file with one of `sources` that are not among those `seen`.
    fn not_seen(&self, file: usize, sources: &BTreeSet<String>, seen: &BTreeSet<Path>) -> Vec<String> {
        let mut found = Vec::new();
        let Some(components) = self.files[file].root.get("components") else { return found };
        for (id, _) in components.entries() {
            for (_, path, d) in self.dependencies(id).filter(|(f, ..)| *f == file) {
                let from = d.get("source").and_then(Plain::text);
                if from.is_some_and(|s| sources.contains(s)) && !seen.contains(&path) {
                    found.push(format!("{id} needs {}", words(d)));
                }
            }
        }
        found
    }
}

/// The sources that the dependencies of an entry give.
fn sources_of(entry: &Plain) -> BTreeSet<String> {
    let items = entry.get("depends_on").map(Plain::items).unwrap_or_default();
    items.iter().filter_map(|d| d.get("source").and_then(Plain::text)).map(str::to_string).collect()
}

fn add_dependencies(path: &Path, here: Option<&Plain>, new: Vec<Plain>, into: &str, plan: &mut Plan) {
    if new.is_empty() {
        return;
    }
    let list = below(path, Step::Key("depends_on".into()));
    match here {
        None => {
            let entry = Plain::Map(BTreeMap::from([("depends_on".to_string(), Plain::List(new))]));
            plan.change(into, Change::Set(path.clone(), entry));
        }
        Some(entry) if matches!(entry.get("depends_on"), Some(Plain::List(_))) => {
            new.into_iter().for_each(|d| plan.change(into, Change::Append(list.clone(), d)));
        }
        Some(_) => plan.change(into, Change::Set(list, Plain::List(new))),
    }
}
