//! Exports: what is read again is the same graph, and nothing from outside gets into the syntax of any format.

use crate::{assert_file, corpus, folder, run};
use commoncause::diag::{Colour, Sources, has_errors, render_human};
use commoncause::graph::export::{self, Pen};
use commoncause::graph::import::{self, Options};
use commoncause::graph::{self, DependencyGraph, write as graph_file};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn read(text: &str) -> DependencyGraph {
    let mut sources = Sources::default();
    let (graph, problems) = graph::load_texts(&[("graph", text)], &mut sources, None);
    assert!(!has_errors(&problems), "{}", render_human(&problems, &sources, Colour::Never));
    graph.unwrap()
}

/// Every graph of the repository, by name.
fn graphs() -> Vec<(String, DependencyGraph)> {
    let mut paths: Vec<PathBuf> = corpus().into_iter().map(|p| p.join("graph.yaml")).collect();
    paths.extend([folder("../graphs"), folder("export/everything.yaml")].map(PathBuf::from));
    let load = |path: PathBuf| {
        let mut sources = Sources::default();
        let (graph, problems) = graph::load(std::slice::from_ref(&path), &mut sources, None);
        assert!(!has_errors(&problems), "{}", render_human(&problems, &sources, Colour::Never));
        (path.display().to_string(), graph.unwrap())
    };
    paths.into_iter().map(load).collect()
}

/// Everything in which two graphs differ, but for the places where it stands.
fn assert_same(what: &str, before: &DependencyGraph, after: &DependencyGraph) {
    let placeless = |graph: &DependencyGraph| {
        let mut components = graph.components().to_vec();
        let nowhere = commoncause::diag::Span { file: commoncause::diag::FileId(0), start: 0, end: 0 };
        for c in &mut components {
            c.span = nowhere;
            c.depends_on.iter_mut().for_each(|d| d.span = nowhere);
        }
        components
    };
    let (before_all, after_all) = (placeless(before), placeless(after));
    assert_eq!(before_all.len(), after_all.len(), "{what}");
    for (a, b) in before_all.iter().zip(&after_all) {
        assert_eq!(a, b, "{what}");
    }
    assert_eq!(before.kinds(), after.kinds(), "{what}");
    assert!(before.names().eq(after.names()), "{what}");
    assert!(graph::diff::diff(before, after).is_empty(), "{what}");
}

/// What `graph import backstage` makes of entities, as it is printed.
fn imported(entities: &str) -> String {
    let mut sources = Sources::default();
    let (raw, problems) =
        import::read(import::Format::Backstage, "catalog", entities, &mut sources, &Options::default());
    assert!(problems.is_empty(), "{}", render_human(&problems, &sources, Colour::Never));
    graph_file::yaml(&raw)
}

fn draw(pen: Pen, graph: &DependencyGraph) -> String {
    export::draw(pen, graph, &export::everything(graph)).text
}

#[test]
fn json_read_again_is_the_same_graph_and_obeys_the_schema() {
    let schema = jsonschema::draft7::new(&graph::schema()).unwrap();
    for (name, graph) in graphs() {
        let text = export::json(&graph);
        assert_same(&name, &graph, &read(&text));
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(schema.is_valid(&value), "{name}: {:?}", schema.validate(&value).err());
        assert_eq!(text, export::json(&read(&text)), "{name}");
    }
}

#[test]
fn backstage_imported_again_is_the_same_graph() {
    for (name, graph) in graphs() {
        let text = export::backstage(&graph);
        assert_same(&name, &graph, &read(&imported(&text)));
    }
}
