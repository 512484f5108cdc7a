//! What people do to a graph: add, set, remove and rename components and dependencies.

use super::codes::{ALREADY_THERE, NOTHING_TO_EDIT, STILL_NEEDED};
use super::places::{Reference, at_all, member_paths, words};
use super::plain::{Change, Path, Plain, Step, below, keys};
use super::values::{put, split, to_value, value_for};
use super::{Files, Plan, Refused, component_path};
use crate::diag::Diagnostic;
use std::collections::{BTreeMap, BTreeSet};

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
