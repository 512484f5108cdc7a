//! What people do to a graph: add, set, remove and rename components and dependencies.

use super::codes::{ALREADY_THERE, NOTHING_TO_EDIT, STILL_NEEDED};
use super::layout::fields_at;
use super::plain::{Change, Path, Plain, Step, below, keys};
use super::{Files, Plan, Refused, component_path, splice};
use crate::diag::suggest::did_you_mean;
use crate::diag::tree::is_extra;
use crate::diag::{Diagnostic, Span};
use crate::graph::ComponentIx;
use crate::graph::fields::Shape;
use std::collections::{BTreeMap, BTreeSet};

/// Places that a message lists.
const SHOWN_PLACES: usize = 8;

/// Which dependency of a component is meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Which {
    /// The components that it needs: one, or the members of a group.
    pub needs: Vec<String>,
    /// `for` which capability of the dependent, where that is needed to tell several apart.
    pub scope: Option<String>,
}

/// What happens to what names a component that is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum References {
    /// Nothing is removed as long as there are any.
    Keep,
    /// They are removed, too.
    Remove,
}

/// What happens to the old id of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldId {
    /// It means nothing any more.
    Forget,
    /// It becomes an alias, so that signals that use it are still understood.
    KeepAsAlias,
}

/// A key and the text of its value; an empty text takes the key away.
pub type Assignment = (String, String);

/// One place that names a component.
pub(super) struct Reference {
    pub file: usize,
    /// The component in whose entry it stands.
    pub within: String,
    /// The way to the name.
    pub path: Path,
    pub name: String,
}

type Planned = Result<Plan, Box<Refused>>;

impl Files {
    /// Adds a component to a file, which is made if it is not there.
    ///
    /// # Errors
    /// If the id or an alias of that name is taken, or a value is not what its key takes.
    pub fn add_component(&self, id: &str, fields: &[Assignment], file: &str) -> Planned {
        if let Some(ix) = self.graph.find(id) {
            let known = &self.graph.component(ix).id;
            let says = if known == id {
                format!("`{id}` is there already")
            } else {
                format!("`{id}` is an alias of `{known}`")
            };
            let problem = Diagnostic::error(ALREADY_THERE, says)
                .at(self.graph.component(ix).span, "here")
                .help("to change it, use `graph set`");
            return Err(self.refused(problem));
        }
        let path = component_path(id);
        let mut entry = BTreeMap::new();
        for (key, text) in fields.iter().filter(|(_, text)| !text.is_empty()) {
            put(&mut entry, key, value_for(&path, key, text));
        }
        let mut plan = Plan { said: vec![format!("{id} added to {file}")], ..Plan::default() };
        plan.change(file, Change::Set(path, Plain::Map(entry)));
        Ok(plan)
    }

    /// Adds a dependency to a component.
    ///
    /// # Errors
    /// If the component is not there, or has such a dependency already.
    pub fn add_dependency(&self, from: &str, need: Plain, fields: &[Assignment]) -> Planned {
        let (file, id) = self.definition(from)?;
        let path = below(&component_path(&id), Step::Key("depends_on".into()));
        let mut entry = need;
        let Plain::Map(map) = &mut entry else { return Ok(Plan::default()) };
        for (key, text) in fields.iter().filter(|(_, text)| !text.is_empty()) {
            put(map, key, value_for(&below(&path, Step::Item(0)), key, text));
        }
        if let Some((at, same)) =
            self.dependencies(&id).find(|(_, _, old)| self.alike(old, &entry)).map(|(f, p, _)| (f, p))
        {
            let problem = Diagnostic::error(ALREADY_THERE, format!("`{id}` has a dependency on the same already"))
                .at(self.place(at, &same), "here")
                .help("to change it, use `graph set`; one for other capabilities is told apart by `for`");
            return Err(self.refused(problem));
        }
        let mut plan = Plan { said: vec![format!("{id} needs {}", words(&entry))], ..Plan::default() };
        let there = matches!(self.files[file].root.at(&path), Some(Plain::List(_)));
        let change = if there { Change::Append(path, entry) } else { Change::Set(path, Plain::List(vec![entry])) };
        plan.change(&self.files[file].name, change);
        Ok(plan)
    }

    /// Gives keys of a component other values.
    ///
    /// # Errors
    /// If it is not there.
    pub fn set_component(&self, id: &str, fields: &[Assignment]) -> Planned {
        let (file, id) = self.definition(id)?;
        let mut plan = Plan::default();
        self.assign(file, &component_path(&id), fields, &id, &mut plan)?;
        Ok(plan)
    }

    /// Gives keys of a dependency other values.
    ///
    /// # Errors
    /// If it is not there, or it is not clear which is meant.
    pub fn set_dependency(&self, from: &str, which: &Which, fields: &[Assignment]) -> Planned {
        let (file, path) = self.one_dependency(from, which)?;
        let mut plan = Plan::default();
        let what = format!("{from} → {}", which.needs.join(", "));
        if let Some(name @ (Plain::Text(_) | Plain::Word(_))) = self.files[file].root.at(&path) {
            // A bare name becomes a mapping first.
            let mut map = BTreeMap::from([("component".to_string(), name.clone())]);
            for (key, text) in fields.iter().filter(|(_, text)| !text.is_empty()) {
                put(&mut map, key, value_for(&path, key, text));
                plan.said.push(format!("{what}: {key} is {text}"));
            }
            plan.change(&self.files[file].name, Change::Set(path, Plain::Map(map)));
            return Ok(plan);
        }
        self.assign(file, &path, fields, &what, &mut plan)?;
        Ok(plan)
    }

    fn assign(
        &self,
        file: usize,
        path: &Path,
        fields: &[Assignment],
        what: &str,
        plan: &mut Plan,
    ) -> Result<(), Box<Refused>> {
        let entry = self.files[file].root.at(path).unwrap_or(&Plain::Null);
        for (key, text) in fields {
            let (first, rest) = split(key);
            let mut at = below(path, Step::Key(first.to_string()));
            let outer = entry.get(first);
            let old = rest.map_or(outer, |inner| outer.and_then(|o| o.get(inner)));
            plan.said.push(match (old.and_then(Plain::text), text.is_empty()) {
                (_, true) => format!("{what}: {key} removed"),
                (Some(old), false) => format!("{what}: {key} is {text}, was {old}"),
                (None, false) => format!("{what}: {key} is {text}"),
            });
            let value = value_for(path, key, text);
            let name = &self.files[file].name;
            if let Some(inner) = rest {
                at = below(&at, Step::Key(inner.to_string()));
            }
            match (old, text.is_empty()) {
                (None, true) => {
                    let problem = Diagnostic::error(NOTHING_TO_EDIT, format!("{what} has no `{key}`"))
                        .at(self.place(file, path), "here")
                        .help("a key that is not there needs no removing");
                    return Err(self.refused(problem));
                }
                (Some(_), true) => plan.change(name, Change::Remove(at)),
                (old, false) => {
                    for change in to_value(at, old, value) {
                        plan.change(name, change);
                    }
                }
            }
        }
        Ok(())
    }

    /// Removes a component from every file.
    ///
    /// # Errors
    /// If it is not there, or others name it and [`References::Keep`] is asked for.
    pub fn remove_component(&self, id: &str, references: References) -> Planned {
        let (_, id) = self.definition(id)?;
        let named: Vec<Reference> =
            self.references().into_iter().filter(|r| r.within != id && self.id_of(&r.name) == id).collect();
        if references == References::Keep && !named.is_empty() {
            let problem = Diagnostic::error(STILL_NEEDED, format!("`{id}` is named in {} places", named.len()));
            let places = named.iter().map(|r| (self.place(r.file, &r.path), format!("by `{}`", r.within)));
            return Err(self.refused(at_all(problem, places).help("`--references` removes these, too")));
        }
        let mut plan = Plan { said: vec![format!("{id} removed")], ..Plan::default() };
        for file in self.files.iter().filter(|f| f.root.at(&component_path(&id)).is_some()) {
            plan.change(&file.name, Change::Remove(component_path(&id)));
        }
        let mut gone: BTreeMap<(usize, String), BTreeSet<Path>> = BTreeMap::new();
        for r in &named {
            gone.entry((r.file, r.within.clone())).or_default().insert(r.path.clone());
        }
        for ((file, within), paths) in gone {
            plan.said.push(format!("{within}: what named {id} removed"));
            for change in self.without(file, &within, &paths) {
                plan.change(&self.files[file].name, change);
            }
        }
        Ok(plan)
    }

    /// Removes a dependency.
    ///
    /// # Errors
    /// If it is not there, or it is not clear which is meant.
    pub fn remove_dependency(&self, from: &str, which: &Which) -> Planned {
        let (file, path) = self.one_dependency(from, which)?;
        let (_, id) = self.definition(from)?;
        let mut plan = Plan { said: vec![format!("{id} needs {} no more", which.needs.join(", "))], ..Plan::default() };
        let Some(Step::Item(item)) = path.last() else { return Ok(plan) };
        let change = self.without_items(file, &id, &BTreeSet::from([*item]));
        for change in change {
            plan.change(&self.files[file].name, change);
        }
        Ok(plan)
    }

    /// Gives a component another id, everywhere.
    ///
    /// # Errors
    /// If it is not there, or the new id is taken.
    pub fn rename(&self, old: &str, new: &str, old_id: OldId) -> Planned {
        let (file, id) = self.definition(old)?;
        if let Some(ix) = self.graph.find(new).filter(|&ix| self.graph.component(ix).id != id || new == id) {
            let problem =
                Diagnostic::error(ALREADY_THERE, format!("`{new}` means `{}` already", self.graph.component(ix).id))
                    .at(self.graph.component(ix).span, "here")
                    .help("take an id that nothing has");
            return Err(self.refused(problem));
        }
        let mut plan = Plan { said: vec![format!("{id} is now {new}")], ..Plan::default() };
        let named: Vec<Reference> = self.references().into_iter().filter(|r| r.name.to_lowercase() == id).collect();
        for r in &named {
            plan.change(&self.files[r.file].name, Change::Set(r.path.clone(), Plain::from_text(new)));
        }
        if !named.is_empty() {
            plan.said.push(format!("{} places that name it follow", named.len()));
        }
        if old_id == OldId::KeepAsAlias {
            let path = below(&component_path(&id), Step::Key("aliases".into()));
            let change = match self.files[file].root.at(&path) {
                Some(Plain::List(_)) => Change::Append(path, Plain::from_text(&id)),
                Some(one @ (Plain::Text(_) | Plain::Word(_))) => {
                    Change::Set(path, Plain::List(vec![one.clone(), Plain::from_text(&id)]))
                }
                _ => Change::Set(path, Plain::List(vec![Plain::from_text(&id)])),
            };
            plan.change(&self.files[file].name, change);
        }
        for file in self.files.iter().filter(|f| f.root.at(&component_path(&id)).is_some()) {
            plan.change(&file.name, Change::Rename(component_path(&id), new.to_string()));
        }
        Ok(plan)
    }

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
    fn alike(&self, a: &Plain, b: &Plain) -> bool {
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

    fn one_dependency(&self, from: &str, which: &Which) -> Result<(usize, Path), Box<Refused>> {
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

    /// Takes the names at `paths` out of the entry of a component, and what is nothing without them.
    fn without(&self, file: usize, within: &str, paths: &BTreeSet<Path>) -> Vec<Change> {
        let own = component_path(within);
        let mut changes = Vec::new();
        let mut items = BTreeSet::new();
        for (i, d) in self.dependencies(within).filter(|(f, ..)| *f == file).map(|(_, _, d)| d).enumerate() {
            let list = [own.clone(), keys(&["depends_on"]), vec![Step::Item(i)]].concat();
            let members = member_paths(d);
            let (gone, left): (Vec<_>, Vec<_>) =
                members.into_iter().map(|(path, _)| [list.clone(), path].concat()).partition(|p| paths.contains(p));
            let depth = list.len() + 2;
            match left.as_slice() {
                [] => {
                    items.insert(i);
                }
                [last] if !gone.is_empty() => changes.extend(ungrouped(&list, d, &last[list.len()..])),
                // A member is the item of its group, also where it is a mapping.
                _ => changes.extend(gone.into_iter().map(|p| Change::Remove(p[..depth].to_vec()))),
            }
        }
        if !items.is_empty() {
            changes.extend(self.without_items(file, within, &items));
        }
        let part_of = below(&own, Step::Key("part_of".into()));
        if paths.contains(&part_of) {
            changes.push(Change::Remove(part_of));
        }
        changes
    }

    /// Takes dependencies out; the list goes with the last, and an entry that had nothing else goes with it.
    fn without_items(&self, file: usize, id: &str, items: &BTreeSet<usize>) -> Vec<Change> {
        let own = component_path(id);
        let list = below(&own, Step::Key("depends_on".into()));
        let root = &self.files[file].root;
        if root.at(&list).map_or(0, |l| l.items().len()) > items.len() {
            return items.iter().map(|i| Change::Remove(below(&list, Step::Item(*i)))).collect();
        }
        let alone = root.at(&own).is_some_and(|e| e.entries().count() == 1);
        vec![Change::Remove(if alone { own } else { list })]
    }
}

/// The problem at the first of `places`, and at some more.
fn at_all(problem: Diagnostic, places: impl Iterator<Item = (Span, String)>) -> Diagnostic {
    places.take(SHOWN_PLACES).fold(problem, |p, (span, says)| match p.primary {
        None => p.at(span, says),
        Some(_) => p.also(span, says),
    })
}

/// A group of which one member is left needs that one.
fn ungrouped(dependency: &Path, entry: &Plain, last: &[Step]) -> Vec<Change> {
    let at = |key: &str| below(dependency, Step::Key(key.to_string()));
    let member = entry.at(&last[..2.min(last.len())]);
    let mut changes = Vec::new();
    if let Some(name) = entry.at(last) {
        changes.push(Change::Set(at("component"), name.clone()));
    }
    if let Some(capability) = member.and_then(|m| m.get("capability")) {
        changes.push(Change::Set(at("capability"), capability.clone()));
    }
    let group = ["any_of", "all_of", "at_least", "of"].into_iter().filter(|k| entry.get(k).is_some());
    changes.extend(group.map(|k| Change::Remove(at(k))));
    changes
}

/// The capabilities of the dependent that a dependency is for.
fn capabilities(dependency: &Plain) -> BTreeSet<&str> {
    match dependency.get("for") {
        Some(Plain::List(items)) => items.iter().filter_map(Plain::text).collect(),
        Some(one) => one.text().into_iter().collect(),
        None => BTreeSet::new(),
    }
}

/// The names in a dependency, with the way to each.
fn member_paths(dependency: &Plain) -> Vec<(Path, String)> {
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

/// `recognise.ns` is the key `ns` of `recognise`; keys of the user's own may hold points.
fn split(key: &str) -> (&str, Option<&str>) {
    match key.split_once('.') {
        Some((first, rest)) if !is_extra(key) => (first, Some(rest)),
        _ => (key, None),
    }
}

fn put(map: &mut BTreeMap<String, Plain>, key: &str, value: Plain) {
    match split(key) {
        (first, Some(rest)) => {
            let inner = map.entry(first.to_string()).or_insert_with(|| Plain::Map(BTreeMap::new()));
            if let Plain::Map(inner) = inner {
                inner.insert(rest.to_string(), value);
            }
        }
        (first, None) => {
            map.insert(first.to_string(), value);
        }
    }
}

/// What `text` means as the value of a key of the mapping at `path`: keys of ours take a text, a list of texts (with
/// commas, or in brackets as YAML has it) or a number; others whatever the text is in YAML.
fn value_for(path: &Path, key: &str, text: &str) -> Plain {
    let (first, rest) = split(key);
    let shape = match rest {
        None => fields_at(path).iter().find(|f| f.name == first).map(|f| f.shape),
        Some(inner) => {
            let inside = below(path, Step::Key(first.to_string()));
            fields_at(&inside).iter().find(|f| f.name == inner).map(|f| f.shape)
        }
    };
    let yaml = || splice::read(text).ok().filter(|v| *v != Plain::Null);
    match shape {
        Some(Shape::Text | Shape::Id | Shape::Date | Shape::Duration) => Plain::from_text(text),
        Some(Shape::Texts | Shape::TextOrTexts | Shape::Members) if !text.starts_with('[') => {
            Plain::List(text.split(',').map(|t| Plain::from_text(t.trim())).collect())
        }
        None if !is_extra(first) => Plain::from_text(text),
        _ => yaml().unwrap_or_else(|| Plain::from_text(text)),
    }
}

/// The changes that make `value` of `old`: of lists only what differs, so that the other items stay as they are.
fn to_value(path: Path, old: Option<&Plain>, value: Plain) -> Vec<Change> {
    if let (Some(Plain::List(before)), Plain::List(after)) = (old, &value) {
        let kept: Vec<&Plain> = before.iter().filter(|v| after.contains(v)).collect();
        let added = after.get(kept.len()..).unwrap_or_default();
        if !kept.is_empty() && kept.iter().copied().chain(added).eq(after.iter()) {
            let gone = before.iter().enumerate().filter(|(_, v)| !after.contains(v));
            let gone = gone.map(|(i, _)| Change::Remove(below(&path, Step::Item(i))));
            return gone.chain(added.iter().map(|v| Change::Append(path.clone(), v.clone()))).collect();
        }
    }
    vec![Change::Set(path, value)]
}
