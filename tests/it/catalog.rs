//! The catalog that comes with the program.

use crate::{folder, run};
use commoncause::diag::{Severity, Sources};
use commoncause::graph::{self, DependencyGraph};
use std::path::PathBuf;

fn catalog() -> (DependencyGraph, Vec<commoncause::diag::Diagnostic>) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("graphs");
    let (graph, problems) = graph::load(&[root], &mut Sources::default(), Some(jiff::civil::date(2026, 11, 25)));
    (graph.unwrap(), problems)
}

#[test]
fn the_catalog_is_clean() {
    let (graph, problems) = catalog();
    let loud: Vec<_> = problems.iter().filter(|p| p.severity != Severity::Hint).collect();
    assert!(loud.is_empty(), "{loud:#?}");
    let services = graph.components().iter().filter(|c| c.kind == "service" && !c.depends_on.is_empty()).count();
    assert!(services >= 150, "{services} services");
}

#[test]
fn the_pages_say_how_large_it_is() {
    let of = |folder: &str| {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("graphs").join(folder);
        graph::load(&[root], &mut Sources::default(), None).0.unwrap().components().len()
    };
    let told = |page: &str, before: &str| -> usize {
        let text = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        let (head, _) = text.split_once(before).unwrap_or_else(|| panic!("{page} does not say `{before}`"));
        head.rsplit(' ').next().unwrap().replace(',', "").parse().unwrap()
    };
    let (parts, services) = (of("catalog"), of("internet"));
    let dependencies: usize = catalog().0.components().iter().map(|c| c.depends_on.len()).sum();
    for (said, is) in [
        (told("README.md", " parts of providers"), parts),
        (told("README.md", " services, with"), services),
        (told("README.md", " dependencies between"), dependencies),
        (told("docs/tutorial.md", " parts of providers"), parts),
        (told("docs/tutorial.md", " services:"), services),
    ] {
        assert!(said.abs_diff(is) * 20 <= is, "{said} is said, {is} there are");
    }
}

#[test]
fn every_dependency_says_where_and_when_it_was_read_and_how_sure_it_is() {
    let (graph, _) = catalog();
    for c in graph.components() {
        for d in &c.depends_on {
            let told = d.source.is_some() && d.verified.is_some() && d.confidence < 1.0;
            assert!(told, "a dependency of {} lacks source, date or confidence: {d:?}", c.id);
        }
    }
}

#[test]
fn an_incident_that_brings_only_signals_is_judged_with_the_catalog() {
    let signals = folder("incidents/meta-2024-03-05-login/signals.jsonl");
    let window = ["--from", "2024-03-05T14:45:00Z", "--to", "2024-03-05T18:45:00Z"];
    let args = [&["correlate", "--graph", "graphs", "--signals", &signals, "--format", "json"], &window[..]].concat();
    let (code, out, err) = run(&args);
    assert_eq!(code, 0, "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["causes"][0]["component"], "meta-auth");
    assert_eq!(report["inference"]["method"], "exact");
}

#[test]
fn measured_dependencies_are_what_the_import_makes_of_the_tables() {
    for table in ["webdep2023", "imc2020"] {
        let csv = format!("graphs/internet/{table}.csv");
        let (code, out, err) = run(&["graph", "import", "csv", &csv, "--graph", "graphs"]);
        assert!(code == 0 && err.is_empty(), "{err}");
        crate::assert_file(&format!("graphs/internet/{table}.yaml"), &out);
    }
}

/// Every name and capability in the corpus' signals is one of the catalog: no incident is refused.
#[test]
fn the_catalog_knows_what_the_signals_of_past_incidents_name() {
    use commoncause::incident::{self, Options};
    let (graph, _) = catalog();
    for incident in crate::corpus() {
        let mut sources = Sources::default();
        let (_, problems) = incident::load_on(&incident, &graph, &mut sources, &Options::default());
        // What was established later names what only the incident's own graph has.
        let of_signals = |d: &commoncause::diag::Diagnostic| {
            d.primary.as_ref().is_some_and(|l| sources.name(l.span.file).ends_with(".jsonl"))
        };
        let errors = problems.iter().filter(|p| p.severity == Severity::Error && of_signals(p));
        let wrong: Vec<&str> = errors.map(|p| p.message.as_str()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", incident.display());
    }
}
