//! What people write here obeys the schemas that editors read, by the word of a validator that is not ours.

use crate::{docs, files};
use commoncause::diag::{Severity, Sources};
use commoncause::graph;
use jsonschema::Validator;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The committed schemas of what people write in YAML, by name.
fn schemas() -> BTreeMap<&'static str, Validator> {
    let compile = |name| {
        let schema: Value = serde_json::from_str(&read(&format!("docs/schema/{name}.schema.json"))).unwrap();
        (name, jsonschema::draft7::new(&schema).unwrap())
    };
    ["graph", "incident", "rules", "scenario", "signal", "sources"].into_iter().map(compile).collect()
}

/// Which schema is meant for a file of the repository.
pub fn of(path: &str) -> Option<&'static str> {
    let below = |folder: &str| path.strip_prefix(folder).filter(|p| p.ends_with(".yaml") || p.ends_with(".yml"));
    if let Some(file) = below("tests/sources/") {
        return Some(match file.split_once('/') {
            Some(("graph", _)) => "graph",
            Some(("rules", _)) => "rules",
            _ => "sources",
        });
    }
    if let Some(file) = below("docs/operations/") {
        return Some(if file == "own.yaml" { "graph" } else { "sources" });
    }
    match (below("graphs/"), below("tests/incidents/"), below("tests/scenarios/")) {
        (Some(_), _, _) => Some("graph"),
        (_, Some(file), _) if file.ends_with("/graph.yaml") => Some("graph"),
        (_, Some(file), _) if file.ends_with("/incident.yaml") => Some("incident"),
        (_, _, Some(_)) => Some("scenario"),
        _ => None,
    }
}

/// Which schema is meant for an example, which has no name.
fn of_example(value: &Value) -> Option<&'static str> {
    let has = |key: &str| value.get(key).is_some();
    if has("components") || has("kinds") {
        Some("graph")
    } else if has("providers") || has("capability") {
        Some("rules")
    } else if has("sources") {
        Some("sources")
    } else if has("tests") {
        Some("scenario")
    } else if has("window") {
        Some("incident")
    } else {
        value.get(0).is_some_and(|first| first.get("at").is_some()).then_some("signal")
    }
}

/// What the validator says against it.
fn complaints(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|e| format!("{e} at {}", e.instance_path())).collect()
}

#[test]
fn every_file_that_people_write_obeys_its_schema() {
    let schemas = schemas();
    let mut seen = BTreeMap::new();
    for path in files() {
        let Some(name) = of(&path) else { continue };
        let value: Value = serde_yaml::from_str(&read(&path)).unwrap();
        assert_eq!(complaints(&schemas[name], &value), Vec::<String>::new(), "{path}");
        *seen.entry(name).or_insert(0) += 1;
    }
    assert!(seen["graph"] > 300 && seen["incident"] >= 23 && seen["scenario"] >= 2, "{seen:?}");
}

#[test]
fn every_example_in_the_docs_obeys_its_schema() {
    let schemas = schemas();
    let mut seen = BTreeMap::new();
    for page in docs::pages().iter().filter(|p| !p.to_str().unwrap().contains("/docs/diagnostics/")) {
        for block in docs::blocks(&fs::read_to_string(page).unwrap(), "yaml") {
            let value: Value =
                serde_yaml::from_str(&block).unwrap_or_else(|e| panic!("{}: {e}\n{block}", page.display()));
            let Some(name) = of_example(&value) else { continue };
            assert_eq!(complaints(&schemas[name], &value), Vec::<String>::new(), "{}:\n{block}", page.display());
            *seen.entry(name).or_insert(0) += 1;
        }
    }
    assert!(seen["graph"] >= 4 && seen["incident"] >= 1 && seen["scenario"] >= 1, "{seen:?}");
}

/// An editor must not underline what the program accepts: where the example of a message has no error, the schema agrees.
#[test]
fn the_schema_refuses_no_example_that_the_program_takes() {
    let validator = &schemas()["graph"];
    let mut taken = 0;
    for page in docs::pages().iter().filter(|p| p.to_str().unwrap().contains("/docs/diagnostics/")) {
        for block in docs::blocks(&fs::read_to_string(page).unwrap(), "yaml") {
            let (_, problems) = graph::check_texts(&[("graph.yaml", block.as_str())], &mut Sources::default(), None);
            let Ok(value) = serde_yaml::from_str::<Value>(&block) else { continue };
            if of_example(&value) == Some("graph") && problems.iter().all(|p| p.severity != Severity::Error) {
                assert_eq!(complaints(validator, &value), Vec::<String>::new(), "{}", page.display());
                taken += 1;
            }
        }
    }
    assert!(taken >= 8, "{taken}");
}
