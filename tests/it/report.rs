//! The report: its schema, its widths, and what it does to hostile text.

use crate::{assert_file, corpus, folder, run};
use commoncause::report::view::*;
use commoncause::report::{json, markdown, terminal};

pub fn report(component: &str, title: &str) -> Report {
    let cause = |rank, component: &str, probability| Cause {
        rank,
        component: component.to_string(),
        ties: vec![component.to_string()],
        tied_probability: 0.5,
        kind: "cdn".to_string(),
        capability: "content".to_string(),
        probability,
        p_fault: probability,
        range: [probability, probability],
        prior: 0.001,
        onset: Some("2024-03-05T15:00:00Z".to_string()),
        explains: (0..40)
            .map(|i| Explained {
                component: format!("{component}-{i}"),
                capability: "any".to_string(),
                path: vec![format!("{component}-{i}"), component.to_string()],
            })
            .collect(),
        contradicted_by: vec![Weighed {
            component: component.to_string(),
            capability: "any".to_string(),
            log_odds: -1.5,
        }],
        evidence: vec![SignalWeight { signal: 3, log_odds: 2.0 }],
        deleted: Vec::new(),
        ledger: None,
    };
    Report {
        schema: SCHEMA.to_string(),
        incident: IncidentName { id: "x".to_string(), title: title.to_string() },
        window: WindowView { start: "2024-03-05T14:45:00Z".to_string(), end: "2024-03-05T18:45:00Z".to_string() },
        verdict: Verdict { kind: VerdictKind::CommonCause, text: format!("most likely common cause: {component}") },
        causes: (1..30).map(|i| cause(i, component, 1.0 / i as f64)).collect(),
        explanations: vec![Explanation { causes: vec![component.to_string()], probability: 0.9 }],
        kinds: vec![KindTotal { kind: "cdn".to_string(), probability: 0.9, best: component.to_string() }],
        coincidence: 0.01,
        unknown_cause: UnknownCause { probability: None, members: Vec::new(), patch: None },
        unexplained: vec![Place { component: component.to_string(), capability: "any".to_string() }],
        components: Vec::new(),
        checks: Vec::new(),
        sentences: Vec::new(),
        graph: GraphView::default(),
        signals: Vec::new(),
        diary: Vec::new(),
        silences: Vec::new(),
        spill_over: Vec::new(),
        inference: Inference { method: Method::Exact, error: 1e-9, nodes: 9, edges: 9, relevant_nodes: 9, seed: 0 },
        warnings: vec![title.to_string(), title.to_string(), title.to_string()],
    }
}

pub fn hostile() -> String {
    format!("<script>alert(1)</script>|`@here`\u{1b}[31m\u{202e}\u{7}\r\n# {}", "very-long-".repeat(200))
}

/// The first screen ends before the sentences, or before the details of the first cause.
fn first_screen(text: &str) -> usize {
    let ends = |l: &str| l == "In words" || l.starts_with("1. ");
    text.lines().position(ends).unwrap_or(text.lines().count())
}

#[test]
fn terminal_keeps_to_its_width_and_first_screen_whatever_the_text() {
    for (component, title) in [("fastly", "A day"), (hostile().as_str(), hostile().as_str())] {
        let text = terminal::terminal(&report(component, title), 80, terminal::Style::Plain);
        assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
        assert!(first_screen(&text) <= 25, "{}\n{text}", first_screen(&text));
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}', '\r']), "{text}");
    }
    assert!(terminal::terminal(&report("a", "b"), 80, terminal::Style::Ansi).contains('\u{1b}'));
}

#[test]
fn markdown_sections_fit_a_chat_and_carry_no_markup_from_outside() {
    let text = markdown::markdown(&report(&hostile(), &hostile()));
    for section in text.split("\n#") {
        assert!(section.chars().count() <= markdown::SECTION, "{}", section.chars().count());
    }
    for bad in ["<script>alert(1)</script>|`", "\u{1b}", "\u{202e}"] {
        assert!(!text.contains(bad), "{bad} in {text}");
    }
    // Every fence that is opened is closed, and none is opened from outside.
    assert_eq!(text.lines().filter(|l| l.starts_with("```")).count() % 2, 0, "{text}");
    assert!(text.lines().filter(|l| l.contains("```")).all(|l| l.starts_with("```")), "{text}");
    // No table is too wide for a chat.
    let mut table = false;
    for line in text.lines() {
        table = if line.starts_with("```") { line == "```text" } else { table };
        assert!(!table || line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn json_obeys_the_committed_schema() {
    let schema = json::schema();
    assert_file("docs/schema/report.schema.json", &format!("{schema:#}\n"));
    assert_file("docs/schema/graph.schema.json", &format!("{:#}\n", commoncause::graph::schema()));
    let validator = jsonschema::draft7::new(&schema).unwrap();
    for incident in corpus() {
        let (_, text, _) = run(&["correlate", incident.to_str().unwrap(), "--format", "json"]);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        if let Err(e) = validator.validate(&value) {
            panic!("{}: {e}", incident.display());
        }
        assert!(text.ends_with("}\n"));
    }
}

#[test]
fn first_screens_of_the_corpus_fit() {
    for incident in corpus() {
        let (_, text, _) = run(&["correlate", incident.to_str().unwrap()]);
        assert!(first_screen(&text) <= 25, "{}:\n{text}", incident.display());
    }
}

/// Log-odds of signals are what leaving the signal out does, recomputed from the start.
#[test]
fn the_weight_of_a_signal_is_what_leaving_it_out_does() {
    use commoncause::correlate::{Case, Options, correlate};
    use commoncause::incident;
    let path = folder("incidents/google-2020-12-14-auth");
    let mut sources = commoncause::diag::Sources::default();
    let (loaded, _) = incident::load(path.as_ref(), &[], &mut sources, &incident::Options::default());
    let incident = loaded.unwrap();
    let all: Vec<_> = incident.signals.iter().map(|r| r.observation.clone()).collect();
    // Without the storm discount, leaving one signal out changes nothing but its own likelihood.
    let mut options = Options::default();
    options.params.spillover = false;
    let ask = |signals: &[_]| {
        correlate(Case { graph: &incident.graph, signals, coverage: &[], window: incident.window }, &options)
    };
    let odds = |p: f64| (p / (1.0 - p)).ln();
    let whole = ask(&all);
    let top = &whole.causes[0];
    let mut checked = 0;
    for weight in top.evidence.iter().take(8) {
        let mut fewer = all.clone();
        fewer[weight.signal].state = commoncause::signal::State::Unknown;
        let without = ask(&fewer);
        let p = without.causes.iter().find(|c| c.component == top.component).unwrap().p_fault;
        let delta = odds(top.p_fault) - odds(p);
        assert!((delta - weight.log_odds).abs() < 1e-6, "#{}: {delta} is not {}", weight.signal, weight.log_odds);
        checked += 1;
    }
    assert!(checked >= 5);
}
