//! Learning from confirmed incidents: what is wrong is found, what is right is left alone, and nothing is changed.

use crate::{assert_file, corpus, folder, run};
use commoncause::diag::{Sources, Span, has_errors};
use commoncause::graph::{self, DependencyGraph};
use commoncause::incident::{Incident, Name, Truth};
use commoncause::learn::view::Lessons;
use commoncause::learn::{Case, Settings, learn};
use commoncause::signal::{AtKind, Observation, Precision, Record, SourceKind, SourceName, State, Window};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const START: &str = "2026-01-01T10:00:00Z";

fn read(text: &str) -> (DependencyGraph, Sources) {
    let mut sources = Sources::default();
    let (graph, problems) = graph::load_texts(&[("graph.yaml", text)], &mut sources, None);
    assert!(!has_errors(&problems), "{problems:?}");
    (graph.unwrap(), sources)
}

/// A graph in which two services need an identity provider with a written impact.
fn written(impact: f64) -> String {
    format!(
        "components:\n  okta: {{kind: identity-provider}}\n  \
         shop: {{kind: service, capabilities: [login], depends_on: [{{component: okta, for: login, impact: {impact}}}]}}\n  \
         chat: {{kind: service, capabilities: [login], depends_on: [{{component: okta, for: login, impact: {impact}}}]}}\n  \
         wiki: {{kind: service, capabilities: [login]}}\n"
    )
}

/// (component, state, source) of one incident.
type Said<'a> = (&'a str, State, SourceKind);

fn case(text: &str, number: usize, causes: &[&str], said: &[Said]) -> Case {
    let (graph, mut sources) = read(text);
    let id = format!("case-{number:03}");
    let file = sources.add(format!("{id}.yaml"), "line\n".repeat(said.len()));
    let start: jiff::Timestamp = START.parse().unwrap();
    let start = start + jiff::SignedDuration::from_hours(24 * number as i64);
    let record = |(i, (component, state, kind)): (usize, &Said)| Record {
        observation: Observation {
            at: start,
            precision: Precision::Minute,
            at_kind: AtKind::Seen,
            until: None,
            seen_at: start,
            component: component.to_string(),
            capability: "login".to_string(),
            state: *state,
            region: "global".to_string(),
            source: SourceName { kind: *kind, name: "ours".to_string() },
            count: None,
            baseline: None,
            share: Default::default(),
            value: None,
            n: None,
            likelihood: None,
        },
        text: None,
        url: None,
        span: Span { file, start: 5 * i, end: 5 * i + 4 },
    };
    let incident = Incident {
        name: Name { id, title: String::new() },
        window: Window { start, end: start + jiff::SignedDuration::from_hours(2) },
        graph,
        signals: said.iter().enumerate().map(record).collect(),
        coverage: Vec::new(),
        truth: Some(Truth { causes: causes.iter().map(|c| c.to_string()).collect(), ..Truth::default() }),
    };
    Case { incident, sources }
}

/// Incidents of okta in which failure gets through to each service with chance `truly`.
fn simulated(impact: f64, truly: f64, count: usize, seed: u64) -> Vec<Case> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut state = |p: f64| {
        let fails = ((rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64) < p;
        if fails { State::Failing } else { State::Healthy }
    };
    let text = written(impact);
    (0..count)
        .map(|i| {
            let said = [
                ("okta", State::Failing, SourceKind::StatusPage),
                ("shop", state(truly), SourceKind::Probe),
                ("chat", state(truly), SourceKind::Probe),
            ];
            case(&text, i, &["okta"], &said)
        })
        .collect()
}

fn lessons(cases: &[Case]) -> Lessons {
    learn(cases, Vec::new(), &Settings::default())
}

#[test]
fn a_wrong_impact_is_found_with_an_interval_that_covers_the_truth() {
    let (seeds, mut found, mut covered) = (40, 0, 0);
    for seed in 0..seeds {
        let lessons = lessons(&simulated(0.95, 0.3, 120, seed));
        found += lessons.impacts.len();
        covered += lessons.impacts.iter().filter(|l| l.interval[0] <= 0.3 && 0.3 <= l.interval[1]).count();
    }
    assert_eq!(found, 2 * seeds as usize, "both dependencies, every time");
    assert!(covered as f64 >= 0.85 * found as f64, "{covered} of {found}");
}

#[test]
fn a_right_impact_is_left_alone() {
    for impact in [0.3, 0.7, 0.95] {
        let seeds = 40;
        let proposed: usize = (0..seeds).map(|seed| lessons(&simulated(impact, impact, 30, seed)).impacts.len()).sum();
        assert!(proposed as f64 <= 0.1 * 2.0 * seeds as f64, "{proposed} proposals at {impact}");
    }
}

#[test]
fn the_more_the_written_number_is_worth_the_less_it_moves() {
    let cases = simulated(0.95, 0.3, 40, 1);
    let mut last = 0.0;
    for strength in [0.5, 2.0, 8.0, 20.0] {
        let settings = Settings { strength, ..Settings::default() };
        let mean = learn(&cases, Vec::new(), &settings).impacts[0].mean;
        assert!(mean > last && mean < 0.95, "{mean} after {last}");
        last = mean;
    }
}

#[test]
fn a_lesson_names_its_incidents_and_signals_and_where_the_number_stands() {
    let lessons = lessons(&simulated(0.95, 0.3, 20, 3));
    let lesson = lessons.impacts.iter().find(|l| l.component == "shop").unwrap();
    assert!(lesson.place == "graph.yaml:3" && lesson.needs == "okta" && lesson.scope == ["login"], "{lesson:?}");
    assert_eq!(lesson.passed_on.len() + lesson.held.len(), 20);
    assert!(lesson.held[0].signals[0].ends_with("#2") && (0.9..=1.0).contains(&lesson.held[0].weight), "{lesson:?}");
    assert!(
        lessons.patch.contains("graph.yaml:3: shop needs okta (login) for login: impact 0.95 → 0."),
        "{}",
        lessons.patch
    );
}

#[test]
fn what_crowds_say_counts_little_and_what_failed_by_itself_not_at_all() {
    let text = written(0.95);
    let of = |kind: SourceKind| -> Vec<Case> {
        let said = [("okta", State::Failing, SourceKind::Probe), ("shop", State::Healthy, kind)];
        (0..6).map(|i| case(&text, i, &["okta"], &said)).collect()
    };
    let moved = |cases: &[Case]| lessons(cases).impacts.first().map(|l| l.mean);
    assert!(moved(&of(SourceKind::Probe)).unwrap() < moved(&of(SourceKind::Social)).unwrap_or(0.95));
    let said = [("okta", State::Failing, SourceKind::Probe), ("shop", State::Healthy, SourceKind::Probe)];
    let both: Vec<Case> = (0..6).map(|i| case(&text, i, &["okta", "shop"], &said)).collect();
    assert_eq!(lessons(&both).edges_seen, 0);
}

#[test]
fn who_fails_again_and_again_untied_is_proposed_as_a_dependency() {
    let text = written(0.95);
    let of = |count: usize, state: State, kind: SourceKind| -> Vec<Case> {
        let said = [("okta", State::Failing, SourceKind::Probe), ("wiki", state, kind)];
        (0..count).map(|i| case(&text, i, &["okta"], &said)).collect()
    };
    let found = |cases: &[Case]| lessons(cases).missing;
    assert!(found(&of(1, State::Failing, SourceKind::Probe)).is_empty(), "one incident is an anecdote");
    let two = found(&of(2, State::Failing, SourceKind::Probe));
    assert_eq!((two.len(), two[0].component.as_str(), two[0].needs.as_str()), (1, "wiki", "okta"));
    assert_eq!((two[0].supporting.len(), two[0].scope.as_slice()), (2, &["login".to_string()][..]));
    assert!(found(&of(4, State::Failing, SourceKind::UserReports)).is_empty(), "crowds report the innocent");
    assert!(found(&of(6, State::Healthy, SourceKind::Probe)).is_empty());
    let four = found(&of(4, State::Failing, SourceKind::Probe));
    assert!(four[0].confidence > two[0].confidence && four[0].confidence < 1.0);
    // With two causes nobody knows which one it was.
    let said = [("wiki", State::Failing, SourceKind::Probe)];
    let both: Vec<Case> = (0..4).map(|i| case(&text, i, &["okta", "shop"], &said)).collect();
    assert!(found(&both).is_empty());
}

#[test]
fn the_patch_is_a_file_of_the_graph() {
    let text = written(0.95);
    let said = [("okta", State::Failing, SourceKind::Probe), ("wiki", State::Failing, SourceKind::Probe)];
    let cases: Vec<Case> = (0..3).map(|i| case(&text, i, &["okta"], &said)).collect();
    let patch = lessons(&cases).patch;
    let mut sources = Sources::default();
    let (graph, problems) = graph::load_texts(&[("a.yaml", &text), ("b.yaml", &patch)], &mut sources, None);
    assert!(!has_errors(&problems), "{problems:?}\n{patch}");
    let graph = graph.unwrap();
    let wiki = graph.component(graph.find("wiki").unwrap());
    assert!(
        wiki.depends_on.len() == 1 && wiki.depends_on[0].source.as_deref().unwrap().contains("case-000#2"),
        "{patch}"
    );
}

#[test]
fn rates_need_to_know_how_many_years_are_covered() {
    let cases = simulated(0.95, 0.95, 30, 5);
    assert!(lessons(&cases).rates.is_empty());
    let settings = Settings { years: Some(1.0), ..Settings::default() };
    let found = learn(&cases, Vec::new(), &settings);
    let okta = found.rates.iter().find(|r| r.component == "okta").unwrap();
    assert!(okta.incidents.len() == 30 && okta.mean > okta.written && okta.mean < 30.0, "{okta:?}");
    assert!(found.patch.contains("okta: faults_per_year: "), "{}", found.patch);
    // As many faults as written are no reason to write anything.
    let settings = Settings { years: Some(30.0 / okta.written), ..Settings::default() };
    assert!(learn(&cases, Vec::new(), &settings).rates.is_empty());
}

/// Every file below a folder with its bytes.
fn snapshot() -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let files =
        |dir: &std::path::PathBuf| std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>();
    let mut all: Vec<_> = corpus().iter().flat_map(files).filter(|p| p.is_file()).collect();
    all.sort();
    all.into_iter().map(|p| (p.clone(), std::fs::read(p).unwrap())).collect()
}

#[test]
fn the_corpus_is_learnt_from_in_every_format_and_nothing_is_written() {
    let before = snapshot();
    let incidents = folder("incidents");
    let (code, out, err) = run(&["graph", "learn", &incidents]);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.starts_with("learnt from 23 incidents; nothing is changed\n") && out.contains("Rates: none proposed."),
        "{out}"
    );
    assert!(out.lines().all(|l| l.starts_with('#') || l.chars().count() <= 80), "{out}");
    assert_eq!(out, run(&["graph", "learn", &incidents]).1);
    let args = ["graph", "learn", incidents.as_str(), "--years", "9", "--strength", "0.5", "--format", "json"];
    let (code, json, _) = run(&args);
    assert_eq!((code, &json), (0, &run(&args).1));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&run(&["graph", "schema", "lessons"]).1).unwrap();
    assert!(jsonschema::draft7::new(&schema).unwrap().is_valid(&value));
    assert_file("docs/schema/lessons.schema.json", &format!("{schema:#}\n"));
    let meta = folder("incidents/meta-2024-03-05-login/graph.yaml");
    let (code, out, err) = run(&["graph", "learn", &incidents, "--graph", &meta]);
    assert!(code == 0 && out.contains("its truth names what the graph does not have"), "{out}{err}");
    assert_eq!(before, snapshot());
}

#[test]
fn what_cannot_be_learnt_from_has_its_exit_code() {
    assert_eq!(run(&["graph", "learn"]).0, 2);
    assert_eq!(run(&["graph", "learn", "tests/incidents", "--years", "-1"]).0, 2);
    assert_eq!(run(&["graph", "learn", "no/such/folder"]).0, 3);
    assert_eq!(run(&["graph", "learn", "src"]).0, 1);
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("incident.yaml"), "window: 7\n").unwrap();
    let (code, out, err) = run(&["graph", "learn", scratch.path().to_str().unwrap()]);
    assert!(code == 1 && out.is_empty() && err.contains("bad-window"), "{err}");
}

#[test]
fn the_example_of_the_docs_teaches_an_impact_and_a_dependency() {
    let (code, told, _) = crate::run(&["graph", "learn", "tests/learn"]);
    assert_eq!(code, 0);
    assert!(
        told.contains("shop needs sign-in (login) for content\n    written 0.95, now 0.42 (0.18 to 0.69)"),
        "{told}"
    );
    assert!(told.contains("help-desk may need sign-in for login: 0.90"), "{told}");
}
