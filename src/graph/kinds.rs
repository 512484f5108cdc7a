//! The built-in table of kinds, read from `graphs/kinds.yaml` at compile time.

use super::Kind;
use super::build::override_kind;
use super::raw::RawGraph;
use super::{read, rules};
use crate::diag::{Sources, yaml};
use std::collections::BTreeMap;

/// The text of the built-in table.
pub const BUILT_IN: &str = include_str!("../../graphs/kinds.yaml");

/// The built-in kinds by name. A test holds the table to be without problems.
pub fn built_in() -> BTreeMap<String, Kind> {
    let mut sources = Sources::default();
    let file = sources.add("graphs/kinds.yaml", BUILT_IN);
    let mut raw = RawGraph::default();
    let mut problems = Vec::new();
    if let Ok(root) = yaml::parse(file, BUILT_IN, 0, rules::invalid_yaml::CODE) {
        read::file(&root, &mut raw, &mut problems);
    }
    let mut kinds = BTreeMap::new();
    for r in &raw.kinds {
        let name = r.name.value.clone();
        let mut kind = Kind { family: name.clone(), name: name.clone(), ..Kind::default() };
        override_kind(&mut kind, r);
        kinds.insert(name, kind);
    }
    kinds
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_complete() {
        let kinds = super::built_in();
        for name in ["service", "identity-provider", "cloud", "cloud-region", "cdn", "dns", "network", "platform"] {
            assert!(kinds[name].faults_per_year.is_some(), "{name}");
        }
        let (_, problems) = crate::graph::load_texts(
            &[("kinds.yaml", super::BUILT_IN), ("x", "components: {}")],
            &mut crate::diag::Sources::default(),
            None,
        );
        assert!(!crate::diag::has_errors(&problems), "{problems:#?}");
    }
}
