//! Importing what other tools know: the graphs that come out, and what is said of what is wrong.

use crate::{assert_file, folder};
use commoncause::diag::{Colour, Diagnostic, Sources, render_human};
use commoncause::graph::import::{self, CODES, Format, Names, Options};
use commoncause::graph::raw::RawGraph;
use commoncause::graph::{rules, write as graph_file};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn import(format: Format, text: &str, options: &Options) -> (RawGraph, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let (graph, problems) = import::read(format, "input", text, &mut sources, options);
    (graph, problems, sources)
}

/// Files of a folder, sorted, without folders.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
    found.sort();
    found
}

fn examples(format: Format) -> Vec<PathBuf> {
    let all = files(&PathBuf::from(folder("import")).join(format.word()));
    all.into_iter().filter(|p| p.file_name().is_some_and(|n| n != "names.csv")).collect()
}

#[test]
fn every_format_gives_the_expected_graph() {
    for format in Format::ALL {
        let table = std::fs::read_to_string(folder(&format!("import/{}/names.csv", format.word()))).unwrap_or_default();
        let names = match table.is_empty() {
            true => Names::new(),
            false => import::names("names.csv", &table, &mut Sources::default()).0,
        };
        let options = Options { names, ..Options::default() };
        assert!(!examples(format).is_empty());
        for path in examples(format) {
            let text = std::fs::read_to_string(&path).unwrap();
            let (graph, problems, sources) = import(format, &text, &options);
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let told = render_human(&problems, &sources, Colour::Never);
            let told: String = told.lines().map(|l| format!("# {l}").trim_end().to_string() + "\n").collect();
            let want = if told.is_empty() {
                graph_file::yaml(&graph)
            } else {
                format!("{}\n{told}", graph_file::yaml(&graph))
            };
            assert_file(&format!("tests/import/{}/expected/{name}.yaml", format.word()), &want);
            // An empty answer shows no mark of its format.
            assert!(import::guess(&text).is_none_or(|g| g == format), "{name}");
        }
    }
}

/// What is imported is a graph that can be checked: no error but for names that nothing defines.
#[test]
fn what_is_imported_can_be_checked() {
    for format in Format::ALL {
        for path in examples(format) {
            let text = std::fs::read_to_string(&path).unwrap();
            let (graph, _, _) = import(format, &text, &Options::default());
            let written = graph_file::yaml(&graph);
            let mut sources = Sources::default();
            let (_, problems) = commoncause::graph::load_texts(&[("a.yaml", &written)], &mut sources, None);
            let bad = problems.iter().any(|p| p.severity == commoncause::diag::Severity::Error);
            assert!(!bad, "{}:\n{}", path.display(), render_human(&problems, &sources, Colour::Never));
        }
    }
}

/// A name that the graph has means that component, of which only dependencies are given.
#[test]
fn what_the_graph_has_is_found_by_id_alias_and_slug() {
    let yaml = "components:\n  orders: {kind: service, aliases: [Order Service]}\n  web-shop: {kind: service}\n";
    let known = commoncause::graph::load_texts(&[("a.yaml", yaml)], &mut Sources::default(), None).0;
    let text = "dependent,dependency,dependency_kind\nWeb Shop,order service,cdn\nNew One,ORDERS,\nNew One,Web shop,\n";
    let (mut names, problems) = import::names("n", "name,component\nNew One,Billing\n", &mut Sources::default());
    assert!(problems.is_empty());
    let source = Some("our wiki".to_string());
    let verified = jiff::civil::date(2026, 11, 1);
    let ask = |names: &Names| {
        let options = Options {
            known: known.as_ref(),
            names: names.clone(),
            source: source.clone(),
            verified: Some(verified),
            ..Options::default()
        };
        let (graph, problems, _) = import(Format::Csv, text, &options);
        assert!(problems.is_empty(), "{problems:#?}");
        graph
    };
    let graph = ask(&names);
    let ids: Vec<&str> = graph.components.iter().map(|c| c.id.value.as_str()).collect();
    assert_eq!(ids, ["web-shop", "billing"], "orders gets nothing new");
    assert!(graph.components[0].kind.is_none() && graph.components[1].title.as_ref().unwrap().value == "New One");
    let edge = &graph.components[0].depends_on[0];
    assert_eq!(edge.need.members()[0].component.value, "orders");
    assert_eq!(
        (&edge.source.as_ref().unwrap().value, edge.verified.as_ref().unwrap().value),
        (&"our wiki".to_string(), verified)
    );
    names.insert("new one".to_string(), None);
    assert_eq!(ask(&names).components.len(), 1, "left out");
}

#[test]
fn every_code_has_a_page_and_is_named_once() {
    let mut all: Vec<&str> = rules::ALL.iter().chain(CODES).map(|c| c.id).collect();
    for code in CODES {
        let path = folder(&format!("../docs/diagnostics/{}.md", code.id));
        let page = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert!(page.starts_with(&format!("# {}\n", code.id)) && page.contains("**What to do.**"), "{path}");
    }
    all.sort_unstable();
    let count = all.len();
    all.dedup();
    assert_eq!(all.len(), count);
}

/// Every example, cut at many places and read as every format.
#[test]
fn damaged_texts_are_survived_in_every_format() {
    for format in Format::ALL {
        for path in examples(format) {
            let text = std::fs::read_to_string(&path).unwrap();
            for cut in (0..text.len()).step_by(1 + text.len() / 60).filter(|&i| text.is_char_boundary(i)) {
                let (_, problems, _) = import(format, &text[..cut], &Options::default());
                assert!(problems.iter().all(|p| p.help.is_some()), "a next step: {problems:?}");
            }
            for other in Format::ALL.into_iter().filter(|&o| o != format) {
                import(other, &text, &Options::default());
            }
        }
    }
}

/// What stands where data should be, in every format: an error or a warning, never a graph out of nothing.
#[test]
fn what_is_no_data_is_refused() {
    let hostile = [
        "",
        " ",
        "\u{feff}",
        "<!doctype html><html></html>",
        "null",
        "[]",
        "{}",
        "42",
        "\"text\"",
        "[[[[",
        "{\"data\": 3}",
        "a,b",
        "%",
        "\0",
        "- - -",
    ];
    for format in Format::ALL {
        for text in hostile {
            let (graph, problems, _) = import(format, text, &Options::default());
            assert!(graph.components.is_empty() && !problems.is_empty(), "{} reads {text:?}", format.word());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        for format in Format::ALL {
            import(format, &text, &Options::default());
        }
    }
}

#[test]
fn the_command_prints_a_graph_or_nothing() {
    let (code, out, err) = crate::run(&["graph", "import", "compose", "tests/import/compose/docker-compose.yml"]);
    assert!(code == 0 && out.starts_with("components:\n"), "{err}");
    let (code, out, err) = crate::run(&["graph", "import", "jaeger", "tests/import/compose/docker-compose.yml"]);
    assert!(code == 1 && out.is_empty() && err.contains("error["), "{code} {out} {err}");
    for graph in [&[][..], &["--graph", "graphs"]] {
        let csv = ["graph", "import", "csv", "tests/import/csv/dependencies.csv", "--kind", "nonsense"];
        let (code, out, err) = crate::run(&[&csv[..], graph].concat());
        assert!(code == 1 && out.is_empty() && err.contains("unknown-kind"), "{code} {out} {err}");
    }
    let (code, out, _) = crate::run(&["graph", "import", "csv", "no-such-file.csv"]);
    assert!(code == 3 && out.is_empty());
}

/// Names that would end a quotation, move the cursor or turn the direction of writing come back as they were.
#[test]
fn hostile_names_are_written_safely() {
    for name in ["a\u{1b}[31mb", "ok\u{202e}ta", "x: {y}] # \"\\", "no", "1e3", "a\n  b: c", "- a", "\u{1f525} fire"] {
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(["dependent", "dependency", "note"]).unwrap();
        table.write_record([&format!("shop {name}"), "okta", name]).unwrap();
        let text = String::from_utf8(table.into_inner().unwrap()).unwrap();
        let (graph, _, _) = import(Format::Csv, &text, &Options::default());
        let written = graph_file::yaml(&graph);
        assert!(!written.contains(['\u{1b}', '\u{202e}']), "{written}");
        let (again, problems) = commoncause::graph::load_texts(&[("a", &written)], &mut Sources::default(), None);
        assert!(!commoncause::diag::has_errors(&problems), "{written}\n{problems:?}");
        let noted = again.unwrap().components().iter().find_map(|c| c.depends_on.first()?.note.clone());
        assert_eq!(noted.as_deref(), Some(name.trim()), "{written}");
    }
}
