//! Tests of a graph that a team writes: what holds passes, what does not is told, and nothing passes in silence.

use crate::signal::assert_schema_is_current;
use crate::{folder, run};
use commoncause::diag::{Sources, has_errors};
use commoncause::scenario::{self, Outcome};
use proptest::prelude::*;
use std::path::PathBuf;

const GRAPH: &str = "components:\n  okta: {kind: identity-provider, aliases: [Okta Inc]}\n  aws: {kind: cloud}\n  \
                     shop: {kind: service, capabilities: [login], depends_on: [{component: okta, for: login}]}\n  \
                     chat: {kind: service, capabilities: [login], depends_on: [{component: okta, for: login}, aws]}\n";
const GOOD: &str = r#"graph: [../graph.yaml]
x-owner: edge
tests:
  - name: sign-in fails everywhere
    window: {start: 2026-11-01T10:00:00Z, end: 2026-11-01T12:00:00Z}
    signals:
      - {at: 2026-11-01T10:05:00Z, component: shop, capability: login, state: failing, source: {kind: probe, name: a}}
      - {at: 2026-11-01T10:05:00Z, component: chat, capability: login, state: failing, source: {kind: alert, name: b}}
      - {at: 2026-11-01T10:06:00Z, component: shop, capability: login, state: failing, source: {kind: status_page}}
      - {at: 2026-11-01T10:06:00Z, component: okta, capability: login, state: failing, source: {kind: status_page}}
    expect:
      verdict: [common-cause, several-causes]
      top: Okta Inc
      causes: {okta: ">= 0.6", aws: "< 0.1"}
      never: [aws]
      explains: [shop, chat]
      unexplained: []
      kinds: {identity-provider: ">= 0.6", cloud: "< 0.1"}
"#;

/// A scratch folder with a graph, and below it a file of scenarios.
struct Suite(tempfile::TempDir);

impl Suite {
    fn new(text: impl AsRef<[u8]>) -> Suite {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("tests")).unwrap();
        std::fs::write(dir.path().join("graph.yaml"), GRAPH).unwrap();
        std::fs::write(dir.path().join("tests/scenarios.yaml"), text).unwrap();
        Suite(dir)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("tests/scenarios.yaml")
    }

    fn run(&self, more: &[&str]) -> (i32, String, String) {
        let folder = self.0.path().join("tests");
        let args: Vec<&str> = ["test", folder.to_str().unwrap()].into_iter().chain(more.iter().copied()).collect();
        run(&args)
    }
}

#[test]
fn the_scenarios_of_the_corpus_pass() {
    let (code, out, err) = run(&["test", "tests/scenarios"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.ends_with("5 passed in 2 files\n"), "{out}");
    assert_eq!(out, run(&["test", "tests/scenarios"]).1);
}

#[test]
fn every_expectation_is_held_against_the_report() {
    let (code, out, err) = Suite::new(GOOD).run(&[]);
    assert!(code == 0 && out.contains("ok     sign-in fails everywhere") && err.is_empty(), "{out}{err}");
    let wrong = [
        ("verdict: [common-cause, several-causes]", "verdict: independent", "expected independent"),
        ("top: Okta Inc", "top: [aws, chat]", "expected aws or chat"),
        ("aws: \"< 0.1\"}\n", "aws: \"> 0.5\"}\n", "causes aws"),
        ("causes: {okta: \">= 0.6\"", "causes: {okta: \"< 0.6\"", "causes okta"),
        ("never: [aws]", "never: [okta]", "never okta"),
        ("explains: [shop, chat]", "explains: [shop, aws]", "okta leaves out aws"),
        ("unexplained: []", "unexplained: [shop]", "expected shop"),
        ("cloud: \"< 0.1\"", "cloud: \">= 0.9\"", "kinds cloud"),
    ];
    for (from, to, told) in wrong {
        assert!(GOOD.contains(from), "{from}");
        let (code, out, _) = Suite::new(GOOD.replace(from, to)).run(&[]);
        assert!(code == 1 && out.contains(told) && out.contains("--report"), "{to}: {out}");
        assert_eq!(out.matches("expected").count(), 1, "one difference: {out}");
    }
}

#[test]
fn what_is_wrong_is_told_by_name_and_nothing_is_run() {
    let test = "- name: a\n    window: {start: 2026-11-01T10:00:00Z, end: 2026-11-01T12:00:00Z}\n    signals: []\n";
    let with = |rest: &str| format!("graph: [../graph.yaml]\ntests:\n  {test}{rest}");
    let table: Vec<(String, &str)> = vec![
        (String::new(), "bad-scenario"),
        ("graph: [../graph.yaml]\n".into(), "empty-scenario"),
        ("graph: [../graph.yaml]\ntests: []\n".into(), "empty-scenario"),
        ("tests: {a: 1}\n".into(), "bad-scenario"),
        ("tests: [7]\n".into(), "bad-scenario"),
        ("testz: []\n".into(), "unknown-scenario-field"),
        (with(""), "empty-scenario"),
        (with("    expect: {}\n"), "empty-scenario"),
        (with("    expect: {never: []}\n"), "empty-scenario"),
        (with("    expect: {tpo: okta}\n"), "unknown-scenario-field"),
        (with("    expect: {top: otka}\n"), "unknown-expected-name"),
        (with("    expect: {kinds: {clodu: \"< 0.1\"}}\n"), "unknown-expected-name"),
        (with("    expect: {causes: {okta: 0.8}}\n"), "bad-bound"),
        (with("    expect: {causes: {okta: \">= 1.8\"}}\n"), "bad-bound"),
        (with("    expect: {causes: [okta]}\n"), "bad-scenario"),
        (with("    expect: {verdict: common}\n"), "bad-scenario"),
        (with("    expect: {top: okta}\n    incident: x\n"), "bad-scenario"),
        (with("    expect: {top: okta}\n").replace("10:00:00Z", "13:00:00Z"), "bad-window"),
        (with("    expect: {top: okta}\n").replace("../graph.yaml", "../no.yaml"), "unreadable-file"),
        (with("    expect: {top: okta}\n").replace("graph: [../graph.yaml]\n", ""), "bad-scenario"),
        (with("    expect: {top: okta}\n").replace("signals: []", "signals: [no.jsonl]"), "missing-file"),
        (GOOD.replace("component: shop", "component: shpo"), "unknown-signal-component"),
        (GOOD.replace("  - name: sign-in fails everywhere\n", "  - x-name: no\n"), "bad-scenario"),
        (format!("{GOOD}{}", GOOD.split("tests:\n").nth(1).unwrap()), "bad-scenario"),
        ("\u{0}\u{1}".into(), "bad-scenario"),
        ("tests: [[[[".into(), "bad-scenario"),
    ];
    for (text, code) in table {
        let suite = Suite::new(&text);
        let (_, problems) = scenario::load(&suite.file(), &mut Sources::default());
        let found: Vec<&str> = problems.iter().map(|p| p.code.id).collect();
        assert!(found.contains(&code), "{code} is not in {found:?}:\n{text}");
        assert!(
            has_errors(&problems)
                && problems.iter().all(|p| p.help.is_some() && p.primary.is_some() || p.code.id == "unreadable-file"),
            "{problems:?}"
        );
        let (exit, out, err) = suite.run(&[]);
        let io = found.iter().any(|code| ["missing-file", "unreadable-file"].contains(code));
        assert_eq!((exit, out.as_str()), (if io { 3 } else { 1 }, ""), "{err}");
    }
}

#[test]
fn every_code_of_scenarios_has_a_page() {
    for code in scenario::CODES {
        let page = std::fs::read_to_string(folder(&format!("../docs/diagnostics/{}.md", code.id))).unwrap();
        assert!(page.starts_with(&format!("# {}\n", code.id)) && page.contains("**What to do.**"), "{}", code.id);
    }
}

#[test]
fn silence_is_never_success() {
    let empty = tempfile::tempdir().unwrap();
    let (code, _, err) = run(&["test", empty.path().to_str().unwrap()]);
    assert!(code == 1 && err.contains("empty-scenario"), "{err}");
    assert_eq!(run(&["test"]).0, 2);
    assert_eq!(run(&["test", "no/such/file.yaml"]).0, 3);
    let (code, _, err) = run(&["test", "tests/scenarios", "--filter", "no such name"]);
    assert!(code == 2 && err.contains("no such name"), "{err}");
    let (code, out, _) = run(&["test", "tests/scenarios", "--filter", "storage"]);
    assert!(code == 0 && out.contains("1 passed in 1 file"), "{out}");
}

#[test]
fn results_for_programs_are_well_formed_whatever_the_names() {
    let hostile = GOOD
        .replace("name: sign-in fails everywhere", "name: \"<a> & 'b' \\\"c\\\" ]]> \\e[31m\"")
        .replace("never: [aws]", "never: [okta]");
    let suite = Suite::new(hostile);
    let (code, xml, _) = suite.run(&["--format", "junit"]);
    assert_eq!(code, 1);
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut names = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e) => {
                names.push(e.name().as_ref().to_string());
                assert!(e.attributes().all(|a| a.is_ok()));
            }
            _ => {}
        }
    }
    assert_eq!(names, ["testsuites", "testsuite", "testcase", "failure"]);
    assert!(!xml.contains('\u{1b}') && xml.contains("failures=\"1\""), "{xml}");
    let (_, json, _) = suite.run(&["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["failed"].as_u64(), json["tests"][0]["passed"].as_bool()), (Some(1), Some(false)));
    let checks = json["tests"][0]["checks"].as_array().unwrap();
    assert!(checks.iter().any(|c| c["what"] == "never okta" && c["outcome"] == "fails"), "{json}");
}

#[test]
fn a_bound_inside_the_error_of_inference_is_undecided() {
    let suite = Suite::new(GOOD);
    let (scenarios, _) = scenario::load(&suite.file(), &mut Sources::default());
    let (_, json, _) = run(&["correlate", "tests/incidents/meta-2024-03-05-login", "--format", "json"]);
    assert!(json.contains("\"error\""));
    let incident = &scenarios[0].incident;
    let signals: Vec<_> = incident.signals.iter().map(|r| r.observation.clone()).collect();
    let case = commoncause::correlate::Case {
        graph: &incident.graph,
        signals: &signals,
        coverage: &incident.coverage,
        window: incident.window,
    };
    let mut report = commoncause::correlate::correlate(case, &commoncause::correlate::Options::default());
    assert!(scenarios[0].expect.judge(&report).iter().all(|c| c.outcome == Outcome::Holds));
    report.inference.error = 0.3;
    let checks = scenarios[0].expect.judge(&report);
    let okta = checks.iter().find(|c| c.what == "causes okta").unwrap();
    assert!(okta.outcome == Outcome::Undecided && okta.got.contains("error of inference"), "{okta:?}");
}

#[test]
fn neither_the_name_of_a_test_nor_the_truth_reaches_the_answer() {
    let (_, plain, _) = Suite::new(GOOD.replace("never: [aws]", "never: [okta]")).run(&[]);
    let renamed = GOOD.replace("never: [aws]", "never: [okta]").replace("sign-in fails everywhere", "it was aws");
    let (_, other, _) = Suite::new(renamed).run(&[]);
    let got = |out: &str| out.lines().filter(|l| l.contains("got")).map(str::to_string).collect::<Vec<_>>();
    assert_eq!(got(&plain), got(&other));
    let (scenarios, _) = scenario::load(&PathBuf::from(folder("scenarios/s3-storage.yaml")), &mut Sources::default());
    assert!(scenarios.iter().all(|s| s.incident.truth.is_none()));
}

#[test]
fn the_schema_is_current_and_the_examples_obey_it() {
    assert_schema_is_current("scenario.schema.json", &scenario::schema());
    let schema = jsonschema::draft7::new(&scenario::schema()).unwrap();
    let mut texts: Vec<String> = vec![GOOD.to_string()];
    for entry in std::fs::read_dir(folder("scenarios")).unwrap() {
        texts.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    for text in &texts {
        let value: serde_json::Value = serde_yaml::from_str(text).unwrap();
        assert!(schema.is_valid(&value), "{:?}", schema.validate(&value).err());
    }
    for bad in [
        "tests: []",
        "tests: [{name: a}]",
        "tests: [{name: a, expect: {}}]",
        "tests: [{name: a, expect: {tpo: b}}]",
        "tests: [{name: a, expect: {causes: {b: '0.8'}}}]",
        "tests: [{name: a, expect: {causes: {b: 0.8}}}]",
        "tests: [{name: a, expect: {verdict: maybe}}]",
    ] {
        let value: serde_json::Value = serde_yaml::from_str(bad).unwrap();
        assert!(!schema.is_valid(&value), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_survived_with_true_places(at in 0usize..1200, what in "[\\[\\]{}:,&*!|>'\"%@`a-z0-9 \\n-]{0,4}", cut in 0usize..8) {
        let start = at.min(GOOD.len());
        let end = (start + cut).min(GOOD.len());
        let suite = Suite::new(format!("{}{what}{}", &GOOD[..start], &GOOD[end..]));
        let mut sources = Sources::default();
        let (_, problems) = scenario::load(&suite.file(), &mut sources);
        for label in problems.iter().flat_map(|p| p.primary.iter().chain(&p.secondary)) {
            let text = sources.text(label.span.file);
            prop_assert!(label.span.start <= label.span.end && label.span.end <= text.len());
        }
        commoncause::diag::render_human(&problems, &sources, commoncause::diag::Colour::Never);
    }
}
