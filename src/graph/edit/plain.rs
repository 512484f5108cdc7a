//! Values without their places: what a text means, and what it must mean after a change.

use crate::diag::tree::{Node, Value};
use std::collections::BTreeMap;

/// A value. That of a mapping has no order: it means nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    /// Nothing.
    Null,
    /// A number or truth value, as it is written.
    Word(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Plain>),
    /// Keys with values.
    Map(BTreeMap<String, Plain>),
}

/// One step to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// An item of a list, from 0.
    Item(usize),
}

/// The way to a value from the root of a file.
pub type Path = Vec<Step>;

/// A path of keys.
pub fn keys(names: &[&str]) -> Path {
    names.iter().map(|n| Step::Key(n.to_string())).collect()
}

/// `path` and one step more.
pub fn below(path: &[Step], step: Step) -> Path {
    path.iter().cloned().chain([step]).collect()
}

/// One change of a file. All paths of a set of changes mean the file before them.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Gives a key of a mapping, or an item of a list, a value; a key is made if it is missing, with the mappings around it.
    Set(Path, Plain),
    /// Takes an entry or item away.
    Remove(Path),
    /// Gives a key another name.
    Rename(Path, String),
    /// Adds an item at the end of a list.
    Append(Path, Plain),
}

impl Plain {
    /// The value of a tree. Of a key that stands twice the last value counts.
    pub fn of(node: &Node) -> Plain {
        match &node.value {
            Value::Null => Plain::Null,
            Value::Bool(b) => Plain::Word(b.to_string()),
            Value::Number(n) => Plain::Word(n.to_string()),
            Value::Text(t) => Plain::Text(t.to_string()),
            Value::Bare(t) => Plain::Word(t.to_string()),
            Value::List(items) => Plain::List(items.iter().map(Plain::of).collect()),
            Value::Map(entries) => {
                Plain::Map(entries.iter().map(|e| (e.key.to_string(), Plain::of(&e.value))).collect())
            }
        }
    }

    /// A text.
    pub fn from_text(text: impl Into<String>) -> Plain {
        Plain::Text(text.into())
    }

    /// A mapping.
    pub fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Plain)>) -> Plain {
        Plain::Map(entries.into_iter().map(|(k, v)| (k.to_string(), v)).collect())
    }

    /// The text, number or truth value, as it is written.
    pub fn text(&self) -> Option<&str> {
        match self {
            Plain::Text(t) | Plain::Word(t) => Some(t),
            _ => None,
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Plain] {
        match self {
            Plain::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping, by key; none of anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Plain)> {
        let map = if let Plain::Map(map) = self { Some(map) } else { None };
        map.into_iter().flatten().map(|(k, v)| (k.as_str(), v))
    }

    /// The value of a key; null counts as not given.
    pub fn get(&self, key: &str) -> Option<&Plain> {
        match self {
            Plain::Map(map) => map.get(key).filter(|v| **v != Plain::Null),
            _ => None,
        }
    }

    /// True of a list or mapping of nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Plain::List(items) => items.is_empty(),
            Plain::Map(map) => map.is_empty(),
            _ => false,
        }
    }

    /// The value at `path`.
    pub fn at(&self, path: &[Step]) -> Option<&Plain> {
        path.iter().try_fold(self, |value, step| match (step, value) {
            (Step::Key(key), Plain::Map(map)) => map.get(key),
            (Step::Item(i), Plain::List(items)) => items.get(*i),
            _ => None,
        })
    }

    fn at_mut(&mut self, path: &[Step]) -> Option<&mut Plain> {
        path.iter().try_fold(self, |value, step| match (step, value) {
            (Step::Key(key), Plain::Map(map)) => map.get_mut(key),
            (Step::Item(i), Plain::List(items)) => items.get_mut(*i),
            _ => None,
        })
    }

    /// The value after `changes`; `None` if one of them names what is not there.
    pub fn changed(&self, changes: &[Change]) -> Option<Plain> {
        let mut new = self.clone();
        // What moves nothing comes first, then what shifts later items, last first, then names.
        for change in changes {
            match change {
                Change::Set(path, value) => new.set(path, value)?,
                Change::Append(path, value) => match new.at_mut(path)? {
                    Plain::List(items) => items.push(value.clone()),
                    null @ Plain::Null => *null = Plain::List(vec![value.clone()]),
                    _ => return None,
                },
                Change::Remove(_) | Change::Rename(..) => {}
            }
        }
        for path in removed(changes).into_iter().rev() {
            new.remove(path)?;
        }
        for change in changes {
            let Change::Rename(path, to) = change else { continue };
            let (last, above) = path.split_last()?;
            let (Step::Key(key), Plain::Map(map)) = (last, new.at_mut(above)?) else { return None };
            let value = map.remove(key)?;
            if map.insert(to.clone(), value).is_some() {
                return None;
            }
        }
        Some(new)
    }

    fn set(&mut self, path: &[Step], value: &Plain) -> Option<()> {
        let Some((last, above)) = path.split_last() else {
            *self = value.clone();
            return Some(());
        };
        let parent = self.made(above)?;
        match (last, parent) {
            (Step::Key(key), Plain::Map(map)) => {
                map.insert(key.clone(), value.clone());
            }
            (Step::Item(i), Plain::List(items)) => *items.get_mut(*i)? = value.clone(),
            _ => return None,
        }
        Some(())
    }

    /// The mapping at `path`, made with those around it if it is not there.
    fn made(&mut self, path: &[Step]) -> Option<&mut Plain> {
        let value = path.iter().try_fold(self, |value, step| {
            if *value == Plain::Null {
                *value = Plain::Map(BTreeMap::new());
            }
            match (step, value) {
                (Step::Key(key), Plain::Map(map)) => Some(map.entry(key.clone()).or_insert(Plain::Null)),
                (Step::Item(i), Plain::List(items)) => items.get_mut(*i),
                _ => None,
            }
        })?;
        if *value == Plain::Null {
            *value = Plain::Map(BTreeMap::new());
        }
        Some(value)
    }

    fn remove(&mut self, path: &[Step]) -> Option<()> {
        let (last, above) = path.split_last()?;
        match (last, self.at_mut(above)?) {
            (Step::Key(key), Plain::Map(map)) => {
                map.remove(key)?;
            }
            (Step::Item(i), Plain::List(items)) if *i < items.len() => {
                items.remove(*i);
            }
            _ => return None,
        }
        Some(())
    }
}

/// What `changes` take away, in order, each once.
pub fn removed(changes: &[Change]) -> Vec<&Path> {
    let mut paths: Vec<&Path> =
        changes.iter().filter_map(|c| if let Change::Remove(p) = c { Some(p) } else { None }).collect();
    paths.sort();
    paths.dedup();
    paths
}
