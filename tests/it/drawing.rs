//! Pictures of the report: Mermaid and Graphviz, whatever the names are.

use crate::corpus;
use commoncause::correlate::{Case, Options, correlate};
use commoncause::incident;
use commoncause::report::view::*;
use commoncause::report::{dot, markdown, mermaid};
use std::collections::BTreeSet;

fn hostile() -> String {
    "\"]; end --> n0\n```\n<b>&quot;</b> %%{init: x}%% [({|}\\) #35; `*a* 1. _b_\u{1b}[31m\u{202e}".to_string()
}

/// A report in which `cause` would explain `victims` by way of `middle`.
fn report(cause: &str, middle: &str, victims: usize, quiet: usize) -> Report {
    let component = |id: String, state| ComponentView {
        title: id.clone(),
        id,
        kind: "service".to_string(),
        part_of: None,
        state,
        p_failed: 0.5,
        p_fault: 0.1,
    };
    let victim = |i: usize| format!("victim-{i}{}", &cause[cause.len().min(9)..]);
    let need = |dependent: String, dependency: String| DependencyView {
        dependent,
        dependency,
        capability: None,
        scope: vec!["login".to_string(), hostile()],
        rule: "any of".to_string(),
        impact: 0.9,
        confidence: 1.0,
        source: None,
    };
    let mut components = vec![
        component(cause.to_string(), SeenState::Unobserved),
        ComponentView { part_of: Some(cause.to_string()), ..component(middle.to_string(), SeenState::Degraded) },
    ];
    components.extend((0..victims).map(|i| component(victim(i), SeenState::Failing)));
    components.extend((0..quiet).map(|i| component(format!("quiet-{i}"), SeenState::Healthy)));
    let mut dependencies: Vec<DependencyView> = (0..victims).map(|i| need(victim(i), middle.to_string())).collect();
    dependencies.extend((0..quiet).map(|i| need(format!("quiet-{i}"), middle.to_string())));
    let explained = |i| Explained {
        component: victim(i),
        capability: "any".to_string(),
        path: vec![victim(i), middle.to_string(), cause.to_string()],
    };
    let mut report = commoncause::report::compose::refused(
        commoncause::signal::Window { start: jiff::Timestamp::UNIX_EPOCH, end: jiff::Timestamp::MAX },
        "x",
    );
    report.verdict.text = hostile();
    report.inference.error = 1e-9;
    report.graph = GraphView { components, dependencies };
    report.causes = vec![Cause {
        rank: 1,
        component: cause.to_string(),
        ties: Vec::new(),
        kind: "cdn".to_string(),
        capability: "any".to_string(),
        probability: 0.93,
        p_fault: 0.93,
        tied_probability: 0.93,
        range: [0.9, 0.95],
        prior: 0.001,
        onset: None,
        explains: (0..victims).map(explained).collect(),
        contradicted_by: Vec::new(),
        evidence: Vec::new(),
        deleted: Vec::new(),
        ledger: None,
    }];
    report
}

/// Every line is one that the pen can write, quotes and brackets are balanced, and links name nodes that exist. The
/// number of nodes and of links.
fn check_mermaid(text: &str) -> (usize, usize) {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("flowchart TD"), "{text}");
    let (mut nodes, mut links): (BTreeSet<String>, usize) = Default::default();
    for line in lines.map(str::trim) {
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
        let outside: String = line.split('"').step_by(2).collect();
        for label in line.split('"').skip(1).step_by(2) {
            let plain = |c: char| c.is_alphanumeric() || " #;/,-.<>".contains(c);
            assert!(label.chars().all(plain) && !label.replace("<br/>", "").contains(['<', '>']), "{label}");
        }
        let words: Vec<&str> = outside.split_whitespace().collect();
        match words.as_slice() {
            ["classDef", _, style] => assert!(style.starts_with("fill:"), "{line}"),
            ["classDef", _, start, _] => assert!(start.starts_with("fill:"), "{line}"),
            ["class", members, _] => assert!(members.split(',').all(|m| nodes.contains(m)), "{line}"),
            ["linkStyle", which, _] => assert!(which.split(',').all(|w| w.parse::<usize>().unwrap() < links), "{line}"),
            [from, arrow, to] => {
                assert!(nodes.contains(*from) && nodes.contains(*to), "{line}");
                assert!(["-->", "-.->", "==>"].contains(&arrow.trim_end_matches("||")), "{line}");
                links += 1;
            }
            [node] => {
                let id: String = node.chars().take_while(|c| c.is_alphanumeric()).collect();
                let shapes = ["[]", "()", "[[]]", "{{}}", "[//]", "([])", ">]"];
                assert!(shapes.contains(&&node[id.len()..]), "{line}");
                assert!(nodes.insert(id), "{line}");
            }
            _ => panic!("{line}"),
        }
    }
    (nodes.len(), links)
}

/// Statements end, quotes close, and edges name nodes that exist; Graphviz itself judges if it is here.
fn check_dot(text: &str) {
    assert!(text.starts_with("digraph incident {\n") && text.ends_with("}\n"), "{text}");
    let mut nodes = BTreeSet::new();
    for line in text.lines().skip(1).filter(|l| *l != "}") {
        let bare = line.replace("\\\\", "").replace("\\\"", "");
        assert!(line.ends_with(';') && bare.matches('"').count() % 2 == 0, "{line}");
        let outside: String = bare.split('"').step_by(2).collect();
        assert_eq!(outside.matches('[').count(), outside.matches(']').count(), "{line}");
        let words: Vec<&str> = line.trim().trim_end_matches(';').split(' ').collect();
        match words.as_slice() {
            [from, "->", to, ..] => assert!(nodes.contains(*from) && nodes.contains(*to), "{line}"),
            [node, ..] if node.starts_with('n') && *node != "node" => assert!(nodes.insert(node.to_string()), "{line}"),
            _ => {}
        }
    }
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("x.dot");
    std::fs::write(&path, text).unwrap();
    if let Ok(output) = std::process::Command::new("dot").arg("-Tsvg").arg(&path).output() {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn hostile_names_stay_labels() {
    for (cause, middle) in [("fastly", "edge"), (hostile().as_str(), "end"), ("", " "), ("a\"b", "[x](y)")] {
        let report = report(cause, middle, 5, 3);
        let text = mermaid::mermaid(&report);
        // All components, and the verdict.
        assert_eq!(check_mermaid(&text).0, 11, "{text}");
        check_dot(&dot::dot(&report));
        let small = mermaid::paths(&report, 1500).unwrap();
        check_mermaid(&small);
        assert!(markdown::markdown(&report).contains(&format!("```mermaid\n{small}```\n")));
        assert_eq!(text, mermaid::mermaid(&report));
    }
}

#[test]
fn the_cause_and_its_paths_stand_out_and_quiet_ones_are_folded() {
    let small = report("root", "middle", 3, 2);
    let text = mermaid::mermaid(&small);
    assert!(
        text.contains("n0[[\"root<br/>cause 0#46;93\"]]") || text.contains("n0[[\"root<br/>cause 0.93\"]]"),
        "{text}"
    );
    assert_eq!(text.matches("==>").count(), 4, "root to middle, and to three victims: {text}");
    assert!(text.contains("quiet-1") && !text.contains("folded"), "{text}");
    let large = report("root", "middle", 3, 100);
    let text = mermaid::mermaid(&large);
    assert!(text.contains("100 healthy") && !text.contains("quiet-1"), "{text}");
    assert_eq!(check_mermaid(&text), (7, 5));
    let text = dot::dot(&large);
    assert!(text.contains("shape=doubleoctagon") && text.matches("penwidth=3").count() == 5, "{text}");
}

#[test]
fn the_small_picture_keeps_to_its_limit() {
    let report = report("root", "middle", 300, 0);
    for limit in [1500, 400, 260] {
        let text = mermaid::paths(&report, limit).unwrap_or_default();
        assert!(text.chars().count() <= limit, "{limit}: {text}");
    }
    let text = mermaid::paths(&report, 1500).unwrap();
    assert!(text.contains("more[\"and ") && text.contains("victim-9"), "{text}");
    check_mermaid(&text);
    assert_eq!(mermaid::paths(&report, 10), None);
}

#[test]
fn every_incident_can_be_drawn() {
    for folder in corpus() {
        let mut sources = commoncause::diag::Sources::default();
        let (loaded, _) = incident::load(&folder, &[], &mut sources, &incident::Options::default());
        let incident = loaded.unwrap();
        let signals: Vec<_> = incident.signals.iter().map(|r| r.observation.clone()).collect();
        let (graph, coverage, window) = (&incident.graph, &incident.coverage, incident.window);
        let report = correlate(Case { graph, signals: &signals, coverage, window }, &Options::default());
        let text = mermaid::mermaid(&report);
        assert!(check_mermaid(&text).0 > 3, "{text}");
        check_dot(&dot::dot(&report));
        let text = markdown::markdown(&report);
        assert!(text.split("\n#").all(|s| s.chars().count() <= markdown::SECTION));
        assert_eq!(text.contains("```mermaid\n"), mermaid::paths(&report, 1500).is_some());
        if let Some(picture) = mermaid::paths(&report, 1500) {
            check_mermaid(&picture);
        }
    }
}
