//! Graphs: what is right is read, and what is wrong is told with its place and a next step.

use crate::{corpus, folder, run};
use commoncause::diag::{Sources, has_errors};
use commoncause::graph::{self, Need, Rule, Scope, rules};
use proptest::prelude::*;
use std::path::PathBuf;

fn check(yaml: &str) -> (Option<graph::DependencyGraph>, Vec<commoncause::diag::Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let today = jiff::civil::date(2026, 11, 1);
    let (graph, problems) = graph::load_texts(&[("test.yaml", yaml)], &mut sources, Some(today));
    (graph, problems, sources)
}

fn codes(yaml: &str) -> Vec<&'static str> {
    check(yaml).1.iter().map(|p| p.code.id).collect()
}

const WHOLE: &str = "
components:
  meta-auth:
    kind: identity-provider
    title: Meta accounts
    operator: meta
    capabilities: [login]
    faults_per_year: 2
  aws: {kind: cloud}
  aws/us-east-1: {kind: cloud-region, part_of: aws}
  fastly: {kind: cdn, x-team: edge}
  dc-1: {kind: platform}
  dc-2: {kind: platform}
  dc-3: {kind: platform}
  spotify:
    kind: service
    audience: 4.0e8
    aliases: [Spotify, spotify.com]
    capabilities: [login, content]
    regions: [NO, global]
    depends_on:
      - aws
      - {component: fastly, capability: content, for: [content], impact: likely, source: 'https://example.org',
         verified: 2026-05-01, confidence: 0.8, lag: 5m, cache: 1h30m, region: NO, note: seen}
      - {any_of: [meta-auth, {component: dc-1}], for: login, impact: 0.9}
      - {at_least: 2, of: [dc-1, dc-2, dc-3]}
      - {all_of: [dc-1, fastly], for: any}
kinds:
  sms-gateway: {faults_per_year: 3, capabilities: [messaging], symptoms: {login: 0.4, messaging: 0.6}}
  cdn: {faults_per_year: 9}
";

#[test]
fn everything_that_may_be_written_is_read() {
    let (graph, problems, _) = check(WHOLE);
    assert!(!has_errors(&problems), "{problems:#?}");
    let graph = graph.unwrap();
    let spotify = graph.component(graph.find("spotify.com").unwrap());
    assert_eq!(graph.find("SPOTIFY"), graph.find("spotify"));
    assert_eq!((spotify.audience, spotify.regions[0].as_str()), (Some(4.0e8), "NO"));
    let d = &spotify.depends_on;
    assert_eq!((d.len(), d[0].impact, &d[0].scope), (5, 0.95, &Scope::Whole));
    assert_eq!((d[1].impact, d[1].confidence, d[1].region.as_deref()), (0.7, 0.8, Some("NO")));
    assert_eq!((d[1].lag_seconds, d[1].cache_seconds), (Some(300.0), Some(5400.0)));
    assert_eq!(d[1].scope, Scope::Capabilities(vec!["content".into()]));
    assert!(matches!(&d[2].need, Need::Group { rule: Rule::AnyOf, members } if members.len() == 2));
    assert!(matches!(&d[3].need, Need::Group { rule: Rule::AtLeast(2), members } if members.len() == 3));
    assert!(matches!(&d[4].need, Need::Group { rule: Rule::AllOf, .. }));
    // An identity provider is needed for its login unless something else is said; a cloud as a whole.
    assert_eq!(d[2].need.members()[0].capability.as_deref(), Some("login"));
    assert_eq!(d[0].need.members()[0].capability, None);
    assert_eq!(graph.component(graph.find("aws/us-east-1").unwrap()).part_of, graph.find("aws"));
    assert_eq!(graph.kinds()["cdn"].faults_per_year, Some(9.0));
    assert_eq!(graph.kinds()["cdn"].main.as_deref(), Some("content"), "other fields stay");
}

#[test]
fn every_problem_is_told_at_once() {
    let found = codes(
        "components:\n  a: {kind: servcie, depends_on: [nobody, a, {component: b, impact: 7}], zzz: 1}\n  b: {part_of: b}\n",
    );
    for code in ["unknown-kind", "unknown-component", "self-dependency", "out-of-range", "unknown-key"] {
        assert!(found.contains(&code), "{code} is not in {found:?}");
    }
}

#[test]
fn broken_input_gets_a_code_and_never_a_panic() {
    let deep = format!("components: {}", "[".repeat(10_000));
    let nested = format!("components: {}{}", "{a: ".repeat(200), "}".repeat(200));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n\
        d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ncomponents: *f";
    let long = format!("components: {{a: {{kind: {}}}}}", "x".repeat(2_000_000));
    let table: [(&str, &str); 30] = [
        ("", "empty-graph"),
        ("# only a comment", "empty-graph"),
        ("\u{0}\u{1}\u{2}binary", "invalid-yaml"),
        ("just text", "wrong-type"),
        ("[1, 2]", "wrong-type"),
        ("components: 7", "wrong-type"),
        ("components: [a]", "wrong-type"),
        ("components:\n\ta: {}", "invalid-yaml"),
        ("components: {a: {kind: service", "invalid-yaml"),
        ("components: {a: 7}", "wrong-type"),
        ("components: {a: {kind: 12}}", "unknown-kind"),
        ("components: {a: {}}", "unknown-kind"),
        ("components: {A: {kind: service}}", "bad-id"),
        ("components: {'': {kind: service}}", "bad-id"),
        ("components: {a: {kind: service, faults_per_year: .nan}}", "out-of-range"),
        ("components: {a: {kind: service, faults_per_year: -1}}", "out-of-range"),
        ("components: {a: {kind: service, faults_per_year: many}}", "wrong-type"),
        ("components: {a: {kind: service, audience: 0}}", "out-of-range"),
        ("components: {a: {kind: service, depends_on: b}}", "wrong-type"),
        ("components: {a: {kind: service, depends_on: [[b]]}}", "wrong-type"),
        (
            "components: {a: {kind: service, depends_on: [{component: b, impact: .inf}]}, b: {kind: cdn}}",
            "out-of-range",
        ),
        (
            "components: {a: {kind: service, depends_on: [{component: b, impact: hrad}]}, b: {kind: cdn}}",
            "out-of-range",
        ),
        ("components: {a: {kind: service, depends_on: [{at_least: 1.5, of: [b, c]}]}}", "wrong-type"),
        ("components: {a: {kind: service, depends_on: [{of: [b, c]}]}}", "unclear-dependency"),
        (
            "components: {a: {kind: cloud, part_of: b}, b: {kind: cloud, part_of: c}, c: {kind: cloud, part_of: a}}",
            "part-of-cycle",
        ),
        ("kinds: {k: {symptoms: {login: 0.9, dns: 0.9}}}", "out-of-range"),
        (&deep, "invalid-yaml"),
        (&nested, "invalid-yaml"),
        (bomb, "invalid-yaml"),
        (&long, "unknown-kind"),
    ];
    for (yaml, code) in table {
        let found = codes(yaml);
        let shown: String = yaml.chars().take(80).collect();
        assert!(found.contains(&code), "{shown}: {code} is not in {found:?}");
    }
    assert_eq!(codes("\u{feff}components: {a: {kind: cdn}}\r\n"), ["unused-component"]);
}

#[test]
fn diagnostics_show_both_places_and_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), "components:\n  shop: {kind: service, depends_on: [fastyl]}\n")
        .unwrap();
    std::fs::write(folder.path().join("b.yaml"), "components:\n  shop: {kind: cdn}\n  fastly: {kind: cdn}\n").unwrap();
    let (code, out, err) = run(&["graph", "check", folder.path().to_str().unwrap()]);
    assert_eq!(code, 1, "{out}{err}");
    for part in
        ["b.yaml:2:3", "a.yaml:2:3", "again here", "first here", "a.yaml:2:38", "did you mean `fastly`?", "^^^^^^"]
    {
        assert!(out.contains(part), "{part} is not in:\n{out}");
    }
    let (code, json, _) = run(&["graph", "check", "--format", "json", folder.path().to_str().unwrap()]);
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, list.as_array().unwrap().iter().filter(|d| d["severity"] == "error").count()), (1, 2));
    assert!(list[0]["place"]["line"].as_u64().unwrap() >= 1);
}

#[test]
fn exit_codes_say_what_happened() {
    let missing = run(&["graph", "check", "no/such/folder"]);
    assert_eq!(missing.0, 3, "{}", missing.1);
    assert_eq!(run(&["graph", "check"]).0, 2);
    let meta = folder("incidents/meta-2024-03-05-login/graph.yaml");
    assert_eq!(run(&["graph", "check", &meta]).0, 0);
    let (code, out, _) = run(&["graph", "show", "meta-auth", "--graph", &meta]);
    assert!(code == 0 && out.contains("needed by (17)") && out.lines().all(|l| l.chars().count() <= 80), "{out}");
    let (code, _, err) = run(&["graph", "show", "meta-atuh", "--graph", &meta]);
    assert!(code == 1 && err.contains("did you mean `meta-auth`?"), "{err}");
}

#[test]
fn the_corpus_graphs_have_no_problems_and_obey_the_schema() {
    let schema = jsonschema::draft7::new(&graph::schema()).unwrap();
    for incident in corpus() {
        let path = incident.join("graph.yaml");
        let (_, problems) = graph::load(std::slice::from_ref(&path), &mut Sources::default(), None);
        let bad: Vec<_> = problems.iter().filter(|p| p.severity != commoncause::diag::Severity::Hint).collect();
        assert!(bad.is_empty(), "{}: {bad:#?}", path.display());
        let text = std::fs::read_to_string(&path).unwrap();
        let value: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        if let Err(e) = schema.validate(&value) {
            panic!("{}: {e}", path.display());
        }
    }
    // The independent reader follows YAML 1.1, where a bare NO is false.
    let whole: serde_json::Value = serde_yaml::from_str(&WHOLE.replace("NO", "'NO'")).unwrap();
    assert!(schema.is_valid(&whole), "{:?}", schema.validate(&whole).err());
    assert!(!schema.is_valid(&serde_json::json!({"components": {"a": {"kind": "cdn", "zzz": 1}}})));
}

#[test]
fn every_code_has_a_page_whose_example_gives_it() {
    let pages = PathBuf::from(folder("")).join("../docs/diagnostics");
    for code in rules::ALL {
        let page = pages.join(format!("{}.md", code.id));
        let text = std::fs::read_to_string(&page).unwrap_or_else(|e| panic!("{}: {e}", page.display()));
        assert!(
            text.starts_with(&format!("# {}\n", code.id)) && text.contains("**What to do.**"),
            "{}",
            page.display()
        );
        if let Some(example) = text.split("```yaml\n").nth(1).and_then(|t| t.split("```").next()) {
            let found = codes(example);
            assert!(found.contains(&code.id), "the example of {} gives {found:?}", code.id);
        }
    }
    let mut all: Vec<&str> = rules::ALL
        .iter()
        .chain(commoncause::signal::CODES)
        .chain(commoncause::incident::CODES)
        .chain(commoncause::scenario::CODES)
        .chain(commoncause::discover::codes::CODES)
        .chain(commoncause::graph::edit::CODES)
        .chain(commoncause::store::CODES)
        .chain(commoncause::notify::CODES)
        .chain(commoncause::collect::config::CODES)
        .chain(commoncause::collect::standing::CODES)
        .chain(commoncause::collect::classify::CODES)
        .map(|c| c.id)
        .collect();
    all.sort_unstable();
    let count = all.len();
    all.dedup();
    assert_eq!(all.len(), count, "codes are unique");
    for id in all {
        assert!(pages.join(format!("{id}.md")).is_file(), "no page for {id}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        codes(&text);
    }

    #[test]
    fn damaged_graphs_are_survived_with_true_places(at in 0usize..1200, what in "[\\[\\]{}:,&*!|>'\"%@`a-z0-9 \\n-]{0,4}", cut in 0usize..8) {
        let start = at.min(WHOLE.len());
        let end = (start + cut).min(WHOLE.len());
        let text = format!("{}{what}{}", &WHOLE[..start], &WHOLE[end..]);
        let (_, problems, sources) = check(&text);
        for p in &problems {
            for label in p.primary.iter().chain(&p.secondary) {
                prop_assert!(label.span.start <= label.span.end && label.span.end <= text.len());
                prop_assert!(sources.line_column(label.span.file, label.span.start).0 <= text.lines().count().max(1) + 1);
            }
        }
        commoncause::diag::render_human(&problems, &sources, commoncause::diag::Colour::Never);
    }
}

/// Twenty thousand slips are told in one go: suggestions are given for the first ones only.
#[test]
fn very_many_problems_are_told_quickly() {
    let lines: String = (0..20_000).map(|i| format!("  s{i}: {{kind: service, depends_on: [zz{i}]}}\n")).collect();
    let (_, problems, _) = check(&format!("components:\n{lines}"));
    assert_eq!(problems.iter().filter(|p| p.code.id == "unknown-component").count(), 20_000);
}

#[test]
fn mistakes_of_syntax_are_told_where_they_are() {
    let before: String = (0..20).map(|i| format!("  a{i}:\n    kind: cdn\n")).collect();
    // (the line, how many lines later the parser may notice)
    let slips = [
        ("\tnote: x", 0),
        ("    note: \"x", usize::MAX),
        ("    note: a: b: c", 0),
        ("   note: x", 0),
        ("    aliases: [x", 3),
        ("    note: *foo", 0),
        ("    note", 1),
        ("    note: @x", 0),
        ("    note: 'x' y", 0),
        ("    note: }", 0),
    ];
    for (slip, later) in slips {
        let text = format!("components:\n{before}  b:\n    kind: cdn\n{slip}\n{}", before.replace("  a", "  c"));
        let line: usize = 2 + 40 + 2;
        let mut sources = Sources::default();
        let (_, problems) = graph::load_texts(&[("g.yaml", &text)], &mut sources, None);
        let found = problems.iter().find(|p| p.code.id == "invalid-yaml").unwrap_or_else(|| panic!("{slip:?}"));
        let span = found.primary.as_ref().unwrap().span;
        let (at, _) = sources.line_column(span.file, span.start);
        assert!(
            (line - 1..=line.saturating_add(later)).contains(&at),
            "{slip:?}: line {at}, is {line}: {}",
            found.message
        );
    }
}

#[test]
fn a_check_can_look_at_one_kind_of_problem() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("g.yaml");
    std::fs::write(&file, "components:\n  a: {kind: cdn}\n  b: {kind: service, depends_on: [{component: c, verified: 2020-01-01}]}\n  c: {kind: dns}\n").unwrap();
    std::os::unix::fs::symlink(scratch.path(), scratch.path().join("again")).unwrap();
    let graph = scratch.path().to_str().unwrap();
    let (code, told, _) = run(&["graph", "check", graph, "--only", "stale-verified", "--fail-on", "hint"]);
    assert!(code == 1 && told.contains("stale-verified") && !told.contains("unused-component"), "{told}");
    let (code, told, _) = run(&["graph", "check", graph, "--only", "dependency-cycle", "--fail-on", "hint"]);
    assert_eq!((code, told.as_str()), (0, ""));
    let (code, _, told) = run(&["graph", "check", graph, "--only", "stale-verifid"]);
    assert!(code == 2 && told.contains("did you mean `stale-verified`"), "{told}");
    let (_, told, _) = run(&["graph", "check", graph, "--only", "passed-over"]);
    assert!(told.contains("is a link to a folder"), "{told}");
}
