//! Compose files: what is started after what, and what shares what.

use super::codes::{DANGLING, NAME_CLASH, OUTSIDE_HOST};
use super::draft::{Draft, Ix, SET_UP, SOFT};
use super::text::{bad_entry, nothing, wrong_shape, yaml};
use crate::diag::tree::{Entry, Node, Value};
use crate::diag::{Diagnostic, Span};
use crate::graph::raw::At;
use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet};

/// Chance that an address in the configuration is also used.
const CONFIGURED: f64 = 0.8;

/// A Compose file; the JSON that `docker compose config` prints is YAML, too.
pub(super) fn read(draft: &mut Draft, text: &str) {
    for root in yaml(draft, text) {
        let Some(services) = root.get("services") else {
            wrong_shape(draft, text, &root, "it has no mapping `services`");
            continue;
        };
        let Some(entries) = services.entries() else {
            draft.problems.push(bad_entry("the file", "services", "a mapping from names to services", services));
            continue;
        };
        if entries.is_empty() {
            nothing(
                draft,
                services.span,
                "no service",
                "name the file that has them, or print all with `docker compose config`",
            );
        }
        let names: BTreeSet<&str> = entries.iter().map(|e| &*e.key).collect();
        let mut first: BTreeMap<&str, &Entry> = BTreeMap::new();
        for entry in entries {
            if let Some(first) = first.insert(&entry.key, entry) {
                draft.problems.push(twice(entry, first));
            }
            service(draft, entry, &names);
        }
    }
}

fn twice(entry: &Entry, first: &Entry) -> Diagnostic {
    Diagnostic::warning(NAME_CLASH, format!("the service `{}` is there twice; both are read as one", entry.key))
        .at(entry.key_span, "again here")
        .also(first.key_span, "first here")
        .help("Compose itself refuses this: keep one")
}

fn service(draft: &mut Draft, entry: &Entry, names: &BTreeSet<&str>) {
    let Some(from) = draft.component(&entry.key, &entry.key, entry.key_span) else { return };
    let node = &entry.value;
    if node.is_null() {
        return;
    }
    if node.entries().is_none() {
        draft.problems.push(bad_entry("the file", &entry.key, "a service, which is a mapping", node));
        return;
    }
    let mut reader = Service { draft, from, names };
    if let Some(list) = node.get("depends_on") {
        reader.depends_on(list);
    }
    // `links` name a service and, after a colon, what it is called inside; `volumes_from` a mode.
    for (key, why) in [("links", "linked"), ("volumes_from", "uses its volumes")] {
        for (text, span) in reader.texts(node, key) {
            if !text.starts_with("container:") {
                reader.edge(text.split(':').next().unwrap_or_default(), span, (SET_UP, None), why);
            }
        }
    }
    if let Some(mode) = node.get("network_mode")
        && let Some(name) = mode.text().and_then(|t| t.strip_prefix("service:"))
    {
        // It has no network of its own: certain, and hard.
        reader.edge(name, mode.span, (1.0, None), "lives in its network");
    }
    if let Some(environment) = node.get("environment") {
        reader.environment(environment);
    }
}

struct Service<'d, 'o, 's> {
    draft: &'d mut Draft<'o>,
    from: Ix,
    names: &'s BTreeSet<&'s str>,
}

impl Service<'_, '_, '_> {
    /// A list of names, or a mapping from names to conditions.
    fn depends_on(&mut self, list: &Node) {
        const WHY: &str = "started after it: weak evidence of a need at run time";
        match &list.value {
            Value::List(items) => {
                for item in items {
                    match item.text() {
                        Some(name) => self.edge(name, item.span, (SET_UP, None), WHY),
                        None => self.draft.problems.push(bad_entry("a service", "depends_on", "a list of names", item)),
                    }
                }
            }
            Value::Map(entries) => {
                for e in entries {
                    let optional = e.value.get("required").and_then(Node::boolean) == Some(false);
                    self.edge(&e.key, e.key_span, (SET_UP, optional.then_some(SOFT)), WHY);
                }
            }
            _ => self.draft.problems.push(bad_entry("a service", "depends_on", "a list or a mapping", list)),
        }
    }

    fn texts<'n>(&mut self, node: &'n Node, key: &str) -> Vec<(&'n str, Span)> {
        let Some(list) = node.get(key) else { return Vec::new() };
        let Some(items) = list.items() else {
            self.draft.problems.push(bad_entry("a service", key, "a list of names", list));
            return Vec::new();
        };
        items.iter().filter_map(|i| Some((i.text()?, i.span))).collect()
    }

    fn edge(&mut self, name: &str, span: Span, (confidence, impact): (f64, Option<f64>), why: &str) {
        if !self.names.contains(name) {
            let help = self.draft.suggest(name, self.names.iter().copied());
            self.draft.problems.push(
                Diagnostic::warning(DANGLING, format!("no service `{name}`")).at(span, "not in this file").help(
                    help.unwrap_or_else(|| "import what `docker compose config` prints: it has all files".to_string()),
                ),
            );
            return;
        }
        let Some(to) = self.draft.component(name, name, span) else { return };
        let mut dependency = self.draft.dependency(to, span);
        dependency.confidence = confidence;
        dependency.impact = impact.unwrap_or(dependency.impact);
        dependency.note = Some(At { value: why.to_string(), span });
        self.draft.depend(self.from, dependency);
    }

    /// Addresses in the environment: a service of the file, a component that is known, or worth a hint.
    fn environment(&mut self, environment: &Node) {
        let values: Vec<&Node> = match &environment.value {
            Value::Map(entries) => entries.iter().map(|e| &e.value).collect(),
            Value::List(items) => items.iter().collect(),
            _ => Vec::new(),
        };
        for value in values {
            let Some(host) = value.text().and_then(host) else { continue };
            if self.names.contains(host) {
                self.edge(host, value.span, (CONFIGURED, None), "its address is configured");
            } else if self.draft.options.known.is_some_and(|g| g.find(host).is_some()) {
                self.outside(host, value.span);
            } else if host.contains('.') && host.parse::<IpAddr>().is_err() {
                let from = self.draft.id(self.from).to_string();
                self.draft.problems.push(
                    Diagnostic::hint(OUTSIDE_HOST, format!("`{from}` is configured with the host {host}"))
                        .at(value.span, "no component is known for it")
                        .help("add the dependency by hand, or give a component the alias of this host"),
                );
            }
        }
    }

    /// A host that is the name of a component in the graph.
    fn outside(&mut self, host: &str, span: Span) {
        if let Some(to) = self.draft.component(host, host, span) {
            let mut dependency = self.draft.dependency(to, span);
            dependency.confidence = CONFIGURED;
            dependency.note = Some(At { value: format!("the host {host} is configured"), span });
            self.draft.depend(self.from, dependency);
        }
    }
}

/// The host of the address in `text`, if there is one.
fn host(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#', ',', ' ']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (!host.is_empty() && !host.contains(['$', '{', '['])).then_some(host)
}
