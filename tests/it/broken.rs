//! Broken, cut and random texts to import: each is told with its place and a next step, and none takes the program down.

use crate::{assert_file, folder};
use commoncause::diag::{Colour, Diagnostic, Sources, render_human};
use commoncause::graph::import::{self, Format, Options};
use commoncause::graph::raw::RawGraph;
use commoncause::graph::rules;
use proptest::prelude::*;
use std::path::PathBuf;

/// Variants of which nothing is told, and why that is right.
const FINE: [(&str, &str); 32] = [
    ("backstage/cycle.yaml", "two may need each other"),
    ("backstage/depends-on-null.yaml", "null counts as not given"),
    ("backstage/same-name-other-kind.yaml", "a system and a component are two"),
    ("compose/cycle.yaml", "two may need each other"),
    ("compose/depends-on-null.yaml", "null counts as not given"),
    ("compose/service-null.yaml", "a service of which nothing is said"),
    ("csv/bom.csv", "a mark of byte order is no part of the text"),
    ("csv/crlf-and-blank.csv", "line ends and blank lines of any kind"),
    ("csv/cycle.csv", "two may need each other"),
    ("csv/nul.csv", "what ids cannot have becomes a hyphen"),
    ("csv/twice.csv", "what is told twice is kept once"),
    ("cyclonedx/bom.json", "a mark of byte order is no part of the text"),
    ("cyclonedx/cycle.json", "two may need each other"),
    ("cyclonedx/depends-on-null.json", "null counts as not given"),
    ("cyclonedx/nested-deeply.json", "services may stand in services"),
    ("jaeger/bom.json", "a mark of byte order is no part of the text"),
    ("jaeger/cycle.json", "two may need each other"),
    ("jaeger/twice.json", "what is told twice is kept once"),
    ("kiali/bom.json", "a mark of byte order is no part of the text"),
    ("kiali/cycle.json", "two may need each other"),
    ("kiali/edges-missing.json", "there was no traffic between the nodes"),
    ("kiali/same-name-two-namespaces.json", "the namespace tells them apart"),
    ("kiali/self.json", "a service in front of its own workload"),
    ("otel/cycle.prom", "two may need each other"),
    ("otel/escapes.prom", "labels may hold escapes"),
    ("otel/prefix-and-crlf.prom", "line ends of any kind, and a prefix before the name"),
    ("otel/twice.prom", "what is told twice is kept once"),
    ("terraform/bom.dot", "a mark of byte order is no part of the text"),
    ("terraform/cycle.dot", "two may need each other"),
    ("terraform/instances.dot", "instances of a resource are one"),
    ("terraform/self.dot", "instances of a resource are one"),
    ("terraform/through-values.dot", "references lead through values"),
];

fn read(format: Format, text: &str) -> (RawGraph, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let (graph, problems) = import::read(format, "input", text, &mut sources, &Options::default());
    for p in &problems {
        let place = p.primary.as_ref().unwrap_or_else(|| panic!("no place: {p:?}")).span;
        assert!(place.start <= place.end && place.end <= text.len(), "{p:?}");
        assert!(text.is_char_boundary(place.start) && text.is_char_boundary(place.end), "{p:?}");
        assert!(p.help.is_some(), "no next step: {p:?}");
    }
    render_human(&problems, &sources, Colour::Never);
    for c in &graph.components {
        assert!(rules::bad_id::check(&c.id).is_none(), "{}", c.id.value);
    }
    (graph, problems)
}

/// Files below `tests/import/FORMAT`, sorted.
fn files(format: Format, below: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(PathBuf::from(folder("import")).join(format.word()).join(below)).unwrap();
    let mut found: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
    found.retain(|p| p.extension().is_some_and(|e| e != "txt"));
    found.sort();
    found
}

/// What came out of a text, in one line.
fn outcome(name: &str, format: Format, graph: &RawGraph, problems: &[Diagnostic]) -> String {
    let edges: usize = graph.components.iter().map(|c| c.depends_on.len()).sum();
    let mut told: Vec<String> = Vec::new();
    for p in problems {
        let word = format!("{} {}", p.severity, p.code.id);
        if !told.contains(&word) {
            told.push(word);
        }
    }
    if told.is_empty() {
        let key = format!("{}/{name}", format.word());
        let why = FINE.iter().find(|(fine, _)| *fine == key).map(|(_, why)| *why);
        told.push(format!("fine: {}", why.unwrap_or_else(|| panic!("nothing is told of {key}"))));
    }
    format!("{name}: {} components, {edges} dependencies; {}\n", graph.components.len(), told.join(", "))
}

/// Every variant gives what `expected.txt` beside it says.
#[test]
fn broken_texts_get_codes_with_place_and_next_step() {
    for format in Format::ALL {
        let all = files(format, "broken");
        assert!(all.len() >= 15, "{}", format.word());
        let mut table = String::new();
        for path in all {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let (graph, problems) = read(format, &std::fs::read_to_string(&path).unwrap());
            table += &outcome(&name, format, &graph, &problems);
        }
        assert_file(&format!("tests/import/{}/broken/expected.txt", format.word()), &table);
    }
}

/// Whatever is in error, the command prints nothing that could be taken for a graph.
#[test]
fn the_command_prints_no_graph_of_a_text_in_error() {
    for format in Format::ALL {
        let broken = files(format, "broken");
        let wrong = broken.iter().find(|p| p.file_stem().is_some_and(|s| s == "html")).unwrap();
        let (code, out, err) = crate::run(&["graph", "import", format.word(), &wrong.to_string_lossy()]);
        assert!(code == 1 && out.is_empty() && err.contains("error[other-import-format]"), "{code} {out} {err}");
    }
}

#[test]
fn every_example_cut_anywhere_is_survived() {
    for format in Format::ALL {
        for path in files(format, "").into_iter().chain(files(format, "broken")) {
            let text = std::fs::read_to_string(&path).unwrap();
            let step = 1 + text.len() / 200;
            for end in (0..text.len()).step_by(step).filter(|end| text.is_char_boundary(*end)) {
                read(format, &text[..end]);
            }
        }
    }
}

#[test]
fn a_hundred_thousand_dependencies_are_read_in_seconds() {
    let ends = |i: usize| (format!("s{}", i % 5000), format!("t{}", i / 7));
    let join = |each: &dyn Fn(String, String) -> String| -> Vec<String> {
        (0..100_000).map(ends).map(|(a, b)| each(a, b)).collect()
    };
    let call = |a, b| format!(r#"{{"parent":"{a}","child":"{b}","callCount":1}}"#);
    let row = |a, b| format!("{a},{b}");
    let line = |a, b| format!("traces_service_graph_request_total{{client=\"{a}\",server=\"{b}\"}} 1");
    let arrow = |a, b| format!("\"x.{a}\" -> \"x.{b}\"");
    // Every one of these goes through one value.
    let hub = |a, b| format!("\"x.{a}\" -> \"local.l\"; \"local.l\" -> \"y.{b}\"");
    let reference = |a, b| {
        format!(
            "---\napiVersion: backstage.io/v1\nkind: Component\nmetadata: {{name: {b}}}\nspec: {{dependsOn: [\"component:{a}\"]}}"
        )
    };
    let texts = [
        (Format::Jaeger, format!("[{}]", join(&call).join(","))),
        (Format::Csv, format!("dependent,dependency\n{}", join(&row).join("\n"))),
        (Format::Otel, join(&line).join("\n")),
        (Format::Terraform, format!("digraph {{ {} }}", join(&arrow).join("\n"))),
        (Format::Terraform, format!("digraph {{ {} }}", join(&hub)[..4000].join("\n"))),
        (Format::Backstage, join(&reference)[..50_000].join("\n")),
    ];
    for (format, text) in texts {
        let started = std::time::Instant::now();
        let (_, problems) = read(format, &text);
        assert!(problems.len() <= 1000, "{}", problems.len());
        assert!(started.elapsed().as_secs() < 20, "{format:?} took {:?}", started.elapsed());
    }
}

/// A value as JSON, of the words that the formats know.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let words = "data|parent|child|elements|nodes|edges|id|app|source|target|services|dependencies|ref|dependsOn|name|\
                 bom-ref|bomFormat|metadata|kind|spec|relations|type|targetRef|apiVersion|backstage.io/v1|Component|API|\
                 metric|result|value|client|server|depends_on|links|annotations|commoncause/component";
    let word = proptest::sample::select(words.split('|').collect::<Vec<_>>());
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        word.clone().prop_map(Into::into),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            proptest::collection::vec((word.clone(), inner), 0..8).prop_map(|pairs| pairs
                .into_iter()
                .map(|(k, v)| (k.to_string(), v))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}|[a-z:{}\\[\\]\",=\\->\n ]{0,200}") {
        for format in Format::ALL {
            read(format, &text);
            read(format, &format!("dependent,dependency\n{text}"));
            read(format, &format!("digraph {{ {text}"));
            read(format, &format!("traces_service_graph_request_total{text}"));
            import::names("names", &format!("name,component\n{text}"), &mut Sources::default());
        }
    }

    #[test]
    fn any_value_is_survived(value in value()) {
        for format in Format::ALL {
            read(format, &value.to_string());
            read(format, &format!(r#"[{{"apiVersion":"backstage.io/v1","kind":"Component","metadata":{{"name":"a"}},"spec":{value},"relations":{value}}}]"#));
            read(format, &format!(r#"{{"bomFormat":"CycloneDX","services":[{value}],"dependencies":[{value}],"data":{value},"elements":{value}}}"#));
        }
    }
}
