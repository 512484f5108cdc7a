//! What people type for a key, as a value and as the changes that make it so.

use super::layout::fields_at;
use super::plain::{Change, Path, Plain, Step, below};
use super::splice;
use crate::diag::tree::is_extra;
use crate::graph::fields::Shape;
use std::collections::BTreeMap;

/// `recognise.ns` is the key `ns` of `recognise`; keys of the user's own may hold points.
pub(super) fn split(key: &str) -> (&str, Option<&str>) {
    match key.split_once('.') {
        Some((first, rest)) if !is_extra(key) => (first, Some(rest)),
        _ => (key, None),
    }
}

pub(super) fn put(map: &mut BTreeMap<String, Plain>, key: &str, value: Plain) {
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
pub(super) fn value_for(path: &Path, key: &str, text: &str) -> Plain {
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
pub(super) fn to_value(path: Path, old: Option<&Plain>, value: Plain) -> Vec<Change> {
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
