//! References to entities: `[kind:][namespace/]name`, where case does not matter.

use super::super::codes::{DANGLING, SHORT_REFERENCE};
use super::{API, Entity};
use crate::diag::{Diagnostic, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Every entity by its full reference.
pub(super) struct Catalog {
    entities: BTreeSet<String>,
    /// By API, defined or not.
    providers: BTreeMap<String, BTreeSet<String>>,
}

/// What a reference leads to.
pub(super) enum Found {
    /// An entity, named as Backstage wants it.
    Entity(String),
    /// The only one that it can be, though its kind is not said.
    Short(String),
    /// More than one.
    Several(Vec<String>),
    /// None.
    Nothing,
}

impl Catalog {
    pub(super) fn new(found: &[Entity]) -> Self {
        Catalog { entities: found.iter().map(Entity::reference).collect(), providers: BTreeMap::new() }
    }

    /// Notes who provides an API.
    pub(super) fn provide(&mut self, api: String, provider: String) {
        self.providers.entry(api).or_default().insert(provider);
    }

    /// Who provides an API.
    pub(super) fn providers<'s>(&'s self, api: &str) -> impl Iterator<Item = &'s str> + use<'s> {
        self.providers.get(api).into_iter().flatten().map(String::as_str)
    }

    /// True for an API that someone provides.
    pub(super) fn is_provided(&self, reference: &str) -> bool {
        self.providers.contains_key(reference)
    }

    /// The full reference; `None` if neither the text nor the field says the kind.
    pub(super) fn full(&self, text: &str, kind: Option<&str>, namespace: &str) -> Option<String> {
        let (given, namespace, name) = parts(text, namespace);
        let kind = given.or_else(|| kind.map(str::to_string))?;
        Some(format!("{kind}:{namespace}/{name}"))
    }

    pub(super) fn resolve(&self, text: &str, kind: Option<&str>, namespace: &str) -> Found {
        if let Some(full) = self.full(text, kind, namespace) {
            return if self.entities.contains(&full) { Found::Entity(full) } else { Found::Nothing };
        }
        let (_, namespace, name) = parts(text, namespace);
        let candidates = |kinds: &[&str]| -> Vec<String> {
            let all = kinds.iter().map(|kind| format!("{kind}:{namespace}/{name}"));
            all.filter(|full| self.entities.contains(full)).collect()
        };
        // Only components and resources can be depended on; a system of the same name is not meant.
        let mut all = candidates(&["component", "resource"]);
        if all.is_empty() {
            all = candidates(&[API, "system", "domain"]);
        }
        match all.len() {
            0 => Found::Nothing,
            1 => Found::Short(all.remove(0)),
            _ => Found::Several(all),
        }
    }

    /// The full references of the kind that `reference` has; all, if it has none.
    pub(super) fn of_kind_in(&self, reference: &str) -> impl Iterator<Item = &str> {
        let kind = reference.split_once(':').map_or("", |(kind, _)| kind).to_string();
        self.entities.iter().filter(move |e| e.starts_with(&kind)).map(String::as_str)
    }
}

/// Kind, namespace and name in lower case.
fn parts(text: &str, namespace: &str) -> (Option<String>, String, String) {
    let text = text.trim().to_lowercase();
    let (kind, rest) = match text.split_once(':') {
        Some((kind, rest)) => (Some(kind.to_string()), rest),
        None => (None, text.as_str()),
    };
    match rest.split_once('/') {
        Some((namespace, name)) => (kind, namespace.to_string(), name.to_string()),
        None => (kind, namespace.to_string(), rest.to_string()),
    }
}

/// The name in a reference, without kind and the default namespace.
pub(super) fn plain_name(text: &str) -> &str {
    let rest = text.split_once(':').map_or(text, |(_, rest)| rest);
    rest.strip_prefix("default/").unwrap_or(rest)
}

/// A reference without kind that can mean one entity only.
pub(super) fn short(text: &str, full: &str, span: Span) -> Diagnostic {
    Diagnostic::hint(SHORT_REFERENCE, format!("the reference `{text}` does not say to which kind of entity"))
        .at(span, "read as the only one of this name")
        .help(format!("write `{full}`: Backstage itself does not take the short form here"))
}

/// A reference without kind that can mean several.
pub(super) fn several(text: &str, all: &[String], span: Span) -> Diagnostic {
    Diagnostic::warning(DANGLING, format!("the reference `{text}` can mean {}", all.join(" or ")))
        .at(span, "left out")
        .help("write the one that is meant in full")
}
