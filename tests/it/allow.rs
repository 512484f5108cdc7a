//! Warnings and hints that someone accepted, with a reason; and the checks that see claims from several files.

use crate::{corpus, run};
use commoncause::diag::{Diagnostic, Sources};
use commoncause::graph::{self, Staleness, rules};

fn check(texts: &[(&str, &str)]) -> Vec<Diagnostic> {
    let staleness = Staleness::on(jiff::civil::date(2026, 11, 1));
    graph::check_texts(texts, &mut Sources::default(), Some(staleness)).1
}

/// `code` for what is open, `code=reason` for what is accepted.
fn told(texts: &[(&str, &str)]) -> Vec<String> {
    let words = |d: &Diagnostic| d.allowed.as_ref().map_or(d.code.id.to_string(), |r| format!("{}={r}", d.code.id));
    let mut told: Vec<String> = check(texts).iter().map(words).collect();
    told.sort();
    told
}

/// One graph for each code that may be accepted, with the `allow` in its place.
const ACCEPTED: [(&str, &str); 11] = [
    (
        "bad-address",
        "a: {kind: cdn, status_page: ftp://x, depends_on: [{component: b, source: s}], allow: {bad-address: r}}\n  b: {kind: dns}",
    ),
    (
        "conflicting-claims",
        "a: {kind: service, depends_on: [{component: b, source: s}, {component: b, source: s, impact: weak, allow: {conflicting-claims: r}}]}\n  b: {kind: dns}",
    ),
    (
        "conflicting-claims",
        "a: {kind: service, depends_on: [{component: b, source: s, allow: {conflicting-claims: r}}, {component: b, source: s, impact: weak}]}\n  b: {kind: dns}",
    ),
    (
        "dependency-cycle",
        "a: {kind: service, allow: {dependency-cycle: r}, depends_on: [{component: b, source: s}]}\n  b: {kind: service, depends_on: [{component: a, source: s}]}",
    ),
    ("edge-without-source", "a: {kind: service, depends_on: [b], allow: {edge-without-source: r}}\n  b: {kind: dns}"),
    (
        "edge-without-source",
        "a: {kind: service, depends_on: [{component: b, allow: {edge-without-source: r}}]}\n  b: {kind: dns}",
    ),
    ("orphaned-status-page", "a: {kind: cdn, status_page: 'https://x.org', allow: {orphaned-status-page: r}}"),
    (
        "stale-verified",
        "a: {kind: cdn, verified: 2020-01-01, depends_on: [{component: b, source: s}], allow: {stale-verified: r}}\n  b: {kind: dns}",
    ),
    (
        "stale-verified",
        "a: {kind: cdn, depends_on: [{component: b, source: s, verified: 2020-01-01, allow: {stale-verified: r}}]}\n  b: {kind: dns}",
    ),
    ("unused-component", "a: {kind: cdn, allow: {unused-component: r}}"),
    ("unused-component", "a:\n    allow:\n      unused-component: r\n    kind: cdn"),
];

#[test]
fn every_code_that_may_be_accepted_is() {
    for (code, components) in ACCEPTED {
        let yaml = format!("components:\n  {components}\n");
        assert_eq!(told(&[("a.yaml", &yaml)]), [format!("{code}=r")], "{yaml}");
    }
    let covered: std::collections::BTreeSet<&str> = ACCEPTED.iter().map(|(code, _)| *code).collect();
    assert!(rules::ACCEPTABLE.iter().map(|c| c.id).eq(covered), "a row for each code");
}

#[test]
fn an_accepted_edge_leaves_the_others_open() {
    let yaml = "components:
  a:
    kind: service
    depends_on: [{component: b, allow: {edge-without-source: r}}, c]
  b: {kind: dns}
  c: {kind: cdn}
";
    assert_eq!(told(&[("a.yaml", yaml)]), ["edge-without-source", "edge-without-source=r"]);
}

#[test]
fn a_component_accepts_for_what_other_files_add_to_it() {
    let base = "components: {a: {kind: service, allow: {edge-without-source: r}}, b: {kind: dns}}";
    let patch = "components: {a: {depends_on: [b]}}";
    assert_eq!(told(&[("a.yaml", base), ("b.yaml", patch)]), ["edge-without-source=r"]);
    // And what the patch accepts holds as well.
    let base = "components: {a: {kind: service}, b: {kind: dns}}";
    let patch = "components: {a: {depends_on: [b], allow: {edge-without-source: r}}}";
    assert_eq!(told(&[("a.yaml", base), ("b.yaml", patch)]), ["edge-without-source=r"]);
}

#[test]
fn errors_cannot_be_accepted_and_needless_acceptances_are_told() {
    let one = |rest: &str| told(&[("a.yaml", &format!("components: {{a: {{kind: cdn, {rest}}}}}"))]);
    assert_eq!(one("allow: {unknown-kind: r}"), ["unknown-code", "unused-component"]);
    assert_eq!(one("allow: {no-such: r}"), ["unknown-code", "unused-component"]);
    assert_eq!(one("allow: {dependency-cycle: r}"), ["unused-allow", "unused-component"]);
    // What becomes stale with time may be accepted before.
    assert_eq!(one("allow: {stale-verified: r}"), ["unused-component"]);
    // Where something is wrong, checks have not seen all, and nothing is called needless.
    assert_eq!(one("depends_on: [nobody], allow: {dependency-cycle: r}"), ["unknown-component", "unused-component"]);
    let hint = check(&[("a.yaml", "components: {a: {kind: cdn, allow: {unused-componant: r}}}")]);
    let unknown = hint.iter().find(|d| d.code.id == "unknown-code").unwrap();
    assert!(unknown.help.as_ref().unwrap().contains("did you mean `unused-component`?"), "{unknown:?}");
}

#[test]
fn what_is_accepted_is_counted_for_people_and_given_to_tools() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    std::fs::write(&path, "components: {a: {kind: cdn, allow: {unused-component: for others}}}").unwrap();
    let path = path.to_str().unwrap();
    let (code, out, err) = run(&["graph", "check", path, "--fail-on", "hint"]);
    assert!(code == 0 && out.is_empty() && err.contains("no problems, 1 accepted"), "{code} {out}{err}");
    let (_, json, _) = run(&["graph", "check", path, "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(list[0]["allowed"], "for others");
    let (_, problems) = graph::load(&[path.into()], &mut Sources::default(), None);
    assert!(problems.is_empty(), "whoever reads the graph for another purpose is not told: {problems:?}");
}

#[test]
fn a_check_can_be_made_stricter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    let text = "components:\n  a: {kind: service, depends_on: [{component: b, source: s, verified: 2026-01-01}]}\n  b: {kind: cdn}\n";
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let exit = |more: &[&str]| {
        let args: Vec<&str> =
            ["graph", "check", path, "--today", "2026-11-01"].into_iter().chain(more.iter().copied()).collect();
        run(&args).0
    };
    assert_eq!(exit(&["--fail-on", "hint"]), 0);
    assert_eq!(exit(&["--stale-after", "90d"]), 0);
    assert_eq!(exit(&["--stale-after", "90d", "--fail-on", "warning"]), 0);
    assert_eq!(exit(&["--stale-after", "90d", "--fail-on", "hint"]), 1);
    assert_eq!(exit(&["--stale-after", "soon"]), 2);
}

#[test]
fn claims_of_two_files_are_held_against_each_other() {
    let base = "components: {a: {kind: service, depends_on: [{component: b, for: login, source: s}]}, b: {kind: dns}}";
    let with = |edge: &str| {
        let patch = format!("components: {{a: {{depends_on: [{{component: b, source: s, {edge}}}]}}}}");
        told(&[("a.yaml", base), ("b.yaml", &patch)])
    };
    let none: [&str; 0] = [];
    for differing in ["impact: soft", "for: [login, api], impact: soft", "confidence: 0.5", "lag: 5m", "cache: 1h"] {
        assert_eq!(with(differing), ["conflicting-claims"], "{differing}");
    }
    for fine in ["impact: hard", "for: api, impact: soft", "region: GB, impact: soft", "capability: any, impact: soft"]
    {
        assert_eq!(with(fine), none, "{fine}");
    }
    // Within one file the special case beside the general one is meant.
    let refined = "components: {a: {kind: service, depends_on: [{component: b, source: s, impact: soft}, \
        {component: b, source: s, for: login}]}, b: {kind: dns}}";
    assert_eq!(told(&[("a.yaml", refined)]), none);
    let both = check(&[
        ("a.yaml", base),
        ("b.yaml", "components: {a: {depends_on: [{component: b, source: s, impact: soft}]}}"),
    ]);
    let files = [both[0].primary.as_ref().unwrap().span.file.0, both[0].secondary[0].span.file.0];
    assert_eq!(files, [1, 0], "both places are shown");
    assert!(both[0].message.contains("impact 0.95 and 0.3"), "{}", both[0].message);
}

#[test]
fn one_status_page_belongs_to_one_component_or_to_what_contains_the_others() {
    let page = "status_page: 'https://status.example.org'";
    let with = |rest: &str| {
        let yaml = format!(
            "components:\n  s: {{kind: service, depends_on: [{{component: a, source: x}}, {{component: b, source: x}}]}}\n{rest}"
        );
        told(&[("a.yaml", &yaml)])
    };
    let none: [&str; 0] = [];
    assert_eq!(with(&format!("  a: {{kind: cloud, {page}}}\n  b: {{kind: cdn, {page}}}\n")), ["conflicting-claims"]);
    assert_eq!(with(&format!("  a: {{kind: cloud, {page}}}\n  b: {{kind: cdn, part_of: a, {page}}}\n")), none);
    assert_eq!(
        with(&format!(
            "  w: {{kind: cloud, {page}}}\n  a: {{kind: cdn, part_of: w, {page}}}\n  b: {{kind: cdn, part_of: w, {page}}}\n"
        )),
        none
    );
}

#[test]
fn a_status_page_is_orphaned_only_where_nothing_around_it_is_connected() {
    let with = |rest: &str| {
        let yaml = format!("components:\n  a: {{kind: cloud, status_page: 'https://status.example.org'}}\n{rest}");
        told(&[("a.yaml", &yaml)])
    };
    let none: [&str; 0] = [];
    assert_eq!(with(""), ["orphaned-status-page"]);
    assert_eq!(with("  b: {kind: cloud-region, part_of: a}\n"), ["orphaned-status-page"]);
    let user = "  s: {kind: service, depends_on: [{component: b, source: x}]}\n";
    assert_eq!(with(&format!("{user}  b: {{kind: cloud-region, part_of: a}}\n")), none);
    // A sibling's dependency says nothing of this one.
    let yaml = format!(
        "components:\n  w: {{kind: cloud}}\n  b: {{kind: cdn, part_of: w}}\n{user}  c: {{kind: dns, part_of: w, status_page: 'https://c.org'}}\n"
    );
    assert_eq!(told(&[("a.yaml", &yaml)]), ["orphaned-status-page"]);
}

/// The labelled graphs have no warning, with or without the new checks.
#[test]
fn the_corpus_is_without_warnings() {
    for incident in corpus() {
        let path = incident.join("graph.yaml");
        let (code, out, err) =
            run(&["graph", "check", path.to_str().unwrap(), "--fail-on", "warning", "--today", "2026-11-01"]);
        assert_eq!(code, 0, "{}: {out}{err}", path.display());
    }
}
