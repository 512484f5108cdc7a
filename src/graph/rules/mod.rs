//! One file per check: its code, its words, its test. Each has a page `docs/diagnostics/<code>.md`.

pub mod alias_clash;
pub mod bad_address;
pub mod bad_date;
pub mod bad_duration;
pub mod bad_id;
pub mod bad_pattern;
pub mod conflicting_claims;
pub mod dependency_cycle;
pub mod dependency_need;
pub mod duplicate_id;
pub mod duplicate_key;
pub mod edge_without_source;
pub mod empty_group;
pub mod files;
pub mod invalid_yaml;
pub mod kind_without_defaults;
pub mod orphaned_status_page;
pub mod out_of_range;
pub mod part_of_cycle;
pub mod passed_over;
pub mod self_dependency;
pub mod stale_verified;
pub mod unknown_capability;
pub mod unknown_code;
pub mod unknown_component;
pub mod unknown_key;
pub mod unknown_kind;
pub mod unsatisfiable_group;
pub mod unused_allow;
pub mod unused_component;
pub mod wrong_type;

use crate::diag::Code;

/// Every code that reading a graph can give.
pub const ALL: &[Code] = &[
    alias_clash::CODE,
    bad_address::CODE,
    bad_date::CODE,
    bad_duration::CODE,
    bad_id::CODE,
    bad_pattern::CODE,
    conflicting_claims::CODE,
    dependency_cycle::CODE,
    dependency_need::CODE,
    duplicate_id::CODE,
    duplicate_key::CODE,
    edge_without_source::CODE,
    empty_group::CODE,
    files::UNREADABLE,
    files::TOO_LARGE,
    files::EMPTY,
    invalid_yaml::CODE,
    kind_without_defaults::CODE,
    orphaned_status_page::CODE,
    out_of_range::CODE,
    part_of_cycle::CODE,
    passed_over::CODE,
    self_dependency::CODE,
    stale_verified::CODE,
    unknown_capability::CODE,
    unknown_code::CODE,
    unknown_component::CODE,
    unknown_key::CODE,
    unknown_kind::CODE,
    unsatisfiable_group::CODE,
    unused_allow::CODE,
    unused_component::CODE,
    wrong_type::CODE,
];

/// The codes that `allow` may accept: those that give warnings or hints about a component or a dependency.
pub const ACCEPTABLE: &[Code] = &[
    bad_address::CODE,
    conflicting_claims::CODE,
    dependency_cycle::CODE,
    edge_without_source::CODE,
    orphaned_status_page::CODE,
    stale_verified::CODE,
    unused_component::CODE,
];

#[cfg(test)]
pub(crate) mod testing {
    use crate::diag::{Code, Sources};

    /// The text gives this code, at a place inside the text.
    pub fn fires(code: Code, yaml: &str) {
        let mut sources = Sources::default();
        let today = jiff::civil::date(2026, 11, 1);
        let (_, problems) = crate::graph::load_texts(&[("test.yaml", yaml)], &mut sources, Some(today));
        let found = problems.iter().find(|p| p.code == code);
        let found = found.unwrap_or_else(|| panic!("{} is not among {problems:#?}", code.id));
        let place = found.primary.as_ref().expect("a place").span;
        assert!(place.start <= place.end && place.end <= yaml.len(), "{place:?}");
        assert!(found.help.is_some(), "a next step");
    }
}
