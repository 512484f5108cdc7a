//! Stand-in for the graph reader, so that incidents can be loaded and tested: ids, aliases and capabilities only.
//! No edges and no checks. The graph reader's `load` takes its place, and then this file goes.

use super::{Component, ComponentIx, DependencyGraph};
use crate::diag::{Code, Diagnostic, Sources, Span};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

const UNREADABLE: Code = Code { id: "unreadable-graph", summary: "a graph cannot be read" };

#[derive(Deserialize)]
struct File {
    components: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    kind: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    capabilities: Vec<String>,
}

/// Reads graph files, merged.
pub fn load(
    paths: &[PathBuf],
    sources: &mut Sources,
    _today: Option<jiff::civil::Date>,
) -> (Option<DependencyGraph>, Vec<Diagnostic>) {
    let mut components = BTreeMap::new();
    let mut problems = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let file = sources.add(path.display().to_string(), text.clone());
        match serde_yaml::from_str::<File>(&text) {
            Ok(read) => components.extend(read.components.into_iter().map(|(id, entry)| (id, (entry, file)))),
            Err(_) => {
                let message = format!("cannot read the graph `{}`", path.display());
                problems.push(Diagnostic::error(UNREADABLE, message).help("check the path and the YAML"));
            }
        }
    }
    let mut names = BTreeMap::new();
    let mut checked = Vec::new();
    for (i, (id, (entry, file))) in components.into_iter().enumerate() {
        for name in entry.aliases.iter().flat_map(|a| [a.clone(), a.to_lowercase()]).chain([id.clone()]) {
            names.insert(name, ComponentIx(i as u32));
        }
        checked.push(Component {
            title: id.clone(),
            id,
            kind: entry.kind,
            operator: None,
            part_of: None,
            capabilities: entry.capabilities,
            faults_per_year: None,
            audience: None,
            aliases: entry.aliases,
            regions: Vec::new(),
            depends_on: Vec::new(),
            span: Span { file, start: 0, end: 0 },
        });
    }
    (problems.is_empty().then(|| DependencyGraph::new(checked, BTreeMap::new(), names)), problems)
}
