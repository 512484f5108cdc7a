//! `graph check --format sarif`, as code hosts take it.

use crate::{folder, run};
use commoncause::diag::{Code, Diagnostic, Sources, Span, Tool, render_sarif};
use commoncause::graph::{self, Staleness, rules};
use proptest::prelude::*;
use serde_json::Value;
use std::sync::LazyLock;

const TOOL: Tool = Tool { name: "commoncause", version: "1.2.3", repository: "", codes: rules::ALL };

/// The official schema. One of its patterns (of `language`, which we do not write) is no regular expression by the letter
/// of the standard, since a bracket closes that was not opened; validators that are strict refuse it.
static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let text = std::fs::read_to_string(folder("schema/sarif-2.1.0.schema.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    for owner in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{owner}/properties/language")).unwrap();
        assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
    }
    jsonschema::draft7::new(&schema).unwrap()
});

fn sarif(texts: &[(&str, &str)], tool: Tool) -> Value {
    let mut sources = Sources::default();
    let (_, problems) = graph::check_texts(texts, &mut sources, Some(Staleness::on(jiff::civil::date(2026, 11, 1))));
    serde_json::from_str(&render_sarif(&problems, &sources, tool)).unwrap()
}

const TEXTS: [(&str, &str); 2] = [
    (
        "graphs/a b/ü.yaml",
        "components:\n  größe: {kind: service}\n  a: {kind: service, depends_on: [b, nobody]}\n  b: {kind: cdn}\n",
    ),
    (
        "./more.yaml",
        "components:\n  b: {kind: cdn}\n  c:\n    kind: cdn\n    title: 日本😀\n    allow: {unused-component: 'for \"others\"'}\n",
    ),
];

#[test]
fn it_satisfies_the_schema_and_what_code_hosts_ask_for() {
    let log = sarif(&TEXTS, TOOL);
    let errors: Vec<String> = SCHEMA.iter_errors(&log).map(|e| format!("{e} at {}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), commoncause::graph::rules::ALL.len());
    for rule in rules {
        let page = rule["help"]["markdown"].as_str().unwrap_or_default();
        assert!(page.starts_with(&format!("# {}\n", rule["id"].as_str().unwrap())), "{rule}");
        assert!(rule.get("helpUri").is_none(), "no address is invented");
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 4, "{results:#?}");
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(["graphs/a%20b/%C3%BC.yaml", "more.yaml"].contains(&uri), "{uri}");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(result["suppressions"].is_array(), "all results say whether they are suppressed");
    }
    let of = |id: &str| results.iter().find(|r| r["ruleId"] == id).unwrap_or_else(|| panic!("no {id}"));
    assert_eq!(
        (&of("unknown-component")["level"], &of("edge-without-source")["level"]),
        (&"error".into(), &"note".into())
    );
    assert!(of("unknown-component")["message"]["text"].as_str().unwrap().contains("`nobody`"));
    assert_eq!(of("duplicate-id")["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 4);
    let accepted = &of("unused-component")["suppressions"][0];
    assert_eq!((&accepted["kind"], &accepted["justification"]), (&"inSource".into(), &"for \"others\"".into()));
}

#[test]
fn columns_count_characters_and_repositories_get_links() {
    let text = "components: {a: {title: '日本😀', kind: cdnn}}";
    let log = sarif(&[("a.yaml", text)], Tool { repository: "https://code.example/x.git", ..TOOL });
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let region = &run["results"][0]["locations"][0]["physicalLocation"]["region"];
    let column = text.chars().collect::<String>().split("cdnn").next().unwrap().chars().count() + 1;
    assert_eq!(
        (region["startColumn"].as_u64(), region["endColumn"].as_u64()),
        (Some(column as u64), Some(column as u64 + 4))
    );
    let link = run["tool"]["driver"]["rules"][0]["helpUri"].as_str().unwrap();
    assert_eq!(link, format!("https://code.example/x/blob/HEAD/docs/diagnostics/{}.md", rules::ALL[0].id));
}

/// Lines that move keep their fingerprints; equal lines have different ones.
#[test]
fn fingerprints_survive_moved_lines() {
    let prints = |text: &str| {
        let log = sarif(&[("a.yaml", text)], TOOL);
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let print = |r: &Value| r["partialFingerprints"]["commoncauseLine/v1"].as_str().unwrap().to_string();
        results.iter().map(print).collect::<Vec<_>>()
    };
    let text = "components:\n  a: {kind: cdn}\n  b: {kind: dnss}\n";
    let moved = "# new\n\ncomponents:\n  a:   {kind: cdn}\n\n  b: {kind: dnss}\n";
    assert_eq!(prints(text), prints(moved));
    let equal = "components:\n  a:\n    depends_on:\n      - nobody\n      - nobody\n    kind: service\n";
    let mut found = prints(equal);
    let count = found.len();
    found.sort();
    found.dedup();
    assert!(count >= 2 && found.len() == count, "{found:?}");
}

#[test]
fn problems_without_a_place_are_notifications_of_the_run() {
    let (code, out, _) = run(&["graph", "check", "no/such/folder", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&out).unwrap();
    assert!(code == 3 && SCHEMA.is_valid(&log), "{out}");
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 0);
    let invocation = &run["invocations"][0];
    assert_eq!(
        (&invocation["executionSuccessful"], invocation["toolExecutionNotifications"].as_array().unwrap().len()),
        (&false.into(), 1)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_text_and_any_name_give_valid_sarif(name in "\\PC{0,20}|[a-z\\\\\u{0}\u{1b} ]{0,9}", message in ".{0,30}", text in "(.|\n){0,60}", start in 0usize..80, end in 0usize..80) {
        let mut sources = Sources::default();
        let file = sources.add(name, text);
        let code = Code { id: "no-page", summary: "none" };
        let span = Span { file, start: start.min(end), end: end.max(start) };
        let d = Diagnostic::warning(code, message.clone()).at(span, message.clone()).also(span, message);
        let log: Value = serde_json::from_str(&render_sarif(&[d], &sources, TOOL)).unwrap();
        let errors: Vec<String> = SCHEMA.iter_errors(&log).map(|e| e.to_string()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}");
    }
}
