//! Backtest: what the judge gets, how incidents are made harder, the baselines, and what is printed.

use commoncause::backtest::{Backtest, BacktestOptions, Blind, baseline, run, table, transform};
use commoncause::correlate::{self, Case, correlate};
use commoncause::diag::{Sources, has_errors};
use commoncause::graph::{DependencyGraph, load_texts};
use commoncause::incident::{Incident, Name, Truth};
use commoncause::report::view::{Cause, Explained, Report};
use commoncause::signal::{AtKind, Observation, Precision, Record, SourceKind, SourceName, State, Window};
use jiff::{SignedDuration, Timestamp};
use std::cell::Cell;

/// `front` → `login`; `shop` → `login`, one of `cdn` and `mirror`; `blog` → `cdn`; `api` → `front`.
const EDGES: [(&str, &str); 8] = [
    ("api", "[{component: front}]"),
    ("blog", "[{component: cdn}]"),
    ("cdn", ""),
    ("front", "[{component: login}]"),
    ("login", ""),
    ("lone", ""),
    ("mirror", ""),
    ("shop", "[{component: login}, {any_of: [cdn, mirror]}]"),
];

fn graph(edges: &[(&str, &str)]) -> DependencyGraph {
    let mut text = String::from("components:\n");
    for (id, needs) in edges {
        text += &format!("  {id}:\n    kind: service\n");
        if !needs.is_empty() {
            text += &format!("    depends_on: {needs}\n");
        }
    }
    let (graph, problems) = load_texts(&[("graph.yaml", &text)], &mut Sources::default(), None);
    assert!(!has_errors(&problems), "{problems:?}");
    graph.unwrap()
}

fn start() -> Timestamp {
    "2024-01-01T00:00:00Z".parse().unwrap()
}

fn minute(n: i64) -> Timestamp {
    start() + SignedDuration::from_mins(n)
}

/// A signal that reached us `seen` minutes after the start.
fn record(component: &str, state: State, seen: i64) -> Record {
    let mut sources = Sources::default();
    let file = sources.add("signals", "");
    Record {
        observation: Observation {
            at: minute(seen),
            precision: Precision::Minute,
            at_kind: AtKind::Seen,
            until: None,
            seen_at: minute(seen),
            component: component.to_string(),
            capability: "any".to_string(),
            state,
            region: "global".to_string(),
            source: SourceName { kind: SourceKind::Probe, name: "probe".to_string() },
            count: None,
            baseline: None,
            share: Default::default(),
            value: None,
            n: None,
            likelihood: None,
        },
        text: None,
        url: None,
        span: commoncause::diag::Span { file, start: 0, end: 0 },
    }
}

fn incident(id: &str, signals: Vec<Record>) -> Incident {
    Incident {
        name: Name { id: id.to_string(), title: "login is down".to_string() },
        window: Window { start: start(), end: minute(240) },
        graph: graph(&EDGES),
        signals,
        coverage: Vec::new(),
        truth: Some(Truth { causes: vec!["login".to_string()], ..Truth::default() }),
    }
}

fn outage() -> Vec<Record> {
    vec![
        record("lone", State::Healthy, 0),
        record("front", State::Degraded, 10),
        record("shop", State::Failing, 20),
        record("api", State::Failing, 70),
        record("login", State::Failing, 71),
        record("cdn", State::Healthy, 90),
    ]
}

/// A cause with what the scores look at.
fn cause(component: &str, probability: f64, explains: &[&str]) -> Cause {
    let explained =
        |c: &&str| Explained { component: c.to_string(), capability: "any".to_string(), path: vec![c.to_string()] };
    Cause {
        rank: 1,
        component: component.to_string(),
        ties: vec![component.to_string()],
        tied_probability: 0.5,
        kind: "service".to_string(),
        capability: "any".to_string(),
        probability,
        p_fault: probability,
        range: [probability; 2],
        prior: 0.01,
        onset: None,
        explains: explains.iter().map(explained).collect(),
        contradicted_by: Vec::new(),
        evidence: Vec::new(),
        deleted: Vec::new(),
        ledger: None,
    }
}

/// The real pipeline.
fn real(incident: &Incident) -> Report {
    let observations: Vec<Observation> = incident.signals.iter().map(|r| r.observation.clone()).collect();
    correlate(
        Case { graph: &incident.graph, signals: &observations, coverage: &[], window: incident.window },
        &correlate::Options::default(),
    )
}

/// A judge that names these, whatever it sees.
fn naming(causes: Vec<Cause>) -> impl Fn(&Incident) -> Report {
    move |incident| Report { causes: causes.clone(), ..real(incident) }
}

fn components(signals: &[Record]) -> Vec<&str> {
    signals.iter().map(|r| r.observation.component.as_str()).collect()
}

fn after(options: &BacktestOptions) -> Incident {
    let mut case = incident("case", outage());
    transform::apply(&mut case, options);
    case
}

#[test]
fn the_judge_sees_neither_name_nor_truth() {
    let asked = Cell::new(0);
    let judge = |incident: &Incident| {
        asked.set(asked.get() + 1);
        assert_eq!(incident.truth, None);
        assert_eq!(incident.name, Name::default());
        real(incident)
    };
    let mut unlabelled = incident("unlabelled", outage());
    unlabelled.truth = None;
    let cases = vec![incident("one", outage()), unlabelled, incident("two", outage())];
    let result = run(cases, &BacktestOptions::default(), &judge);
    assert_eq!(asked.get(), 2);
    assert_eq!(result.cases.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert!(result.cases[0].score.exact_first, "{:?}", result.cases[0].report.causes);
}

#[test]
fn a_cause_of_one_component_in_two_capabilities_is_not_a_common_one() {
    let alone = naming(vec![cause("cdn", 0.99, &["blog", "blog"])]);
    let result = run(vec![incident("case", outage())], &BacktestOptions::default(), &alone);
    assert!(result.cases[0].score.wrong_and_sure.is_empty());
    let common = naming(vec![cause("cdn", 0.99, &["blog", "shop"])]);
    let result = run(vec![incident("case", outage())], &BacktestOptions::default(), &common);
    assert_eq!(result.cases[0].score.wrong_and_sure, ["cdn"]);
}

#[test]
fn early_counts_from_the_first_failure_and_includes_the_last_minute() {
    let early = |minutes| BacktestOptions { early_minutes: Some(minutes), ..BacktestOptions::default() };
    assert_eq!(components(&after(&early(60.0)).signals), ["lone", "front", "shop", "api"]);
    assert_eq!(components(&after(&early(59.9)).signals), ["lone", "front", "shop"]);
    assert_eq!(components(&after(&early(0.0)).signals), ["lone", "front"]);
    // Nothing failed: there is no time to count from.
    let mut calm = incident("calm", vec![record("lone", State::Healthy, 0), record("cdn", State::Healthy, 200)]);
    transform::apply(&mut calm, &early(1.0));
    assert_eq!(calm.signals.len(), 2);
}

#[test]
fn blind_drops_what_others_depend_on_members_of_groups_too() {
    let mut signals = outage();
    signals.push(record("mirror", State::Failing, 95));
    let mut case = incident("case", signals);
    transform::apply(&mut case, &BacktestOptions { blind: Blind::Yes, ..BacktestOptions::default() });
    // `front` is needed by `api`, `login` by `front`, `cdn` and `mirror` by `shop`.
    assert_eq!(components(&case.signals), ["lone", "shop", "api"]);
}

#[test]
fn dropped_edges_follow_the_share_and_the_seed() {
    let wide: Vec<(String, String)> = (0..400).map(|i| (format!("c{i}"), "[{component: hub}]".to_string())).collect();
    let mut edges: Vec<(&str, &str)> = wide.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    edges.push(("hub", ""));
    let left = |share, seed| {
        let mut case = incident("case", Vec::new());
        case.graph = graph(&edges);
        transform::apply(&mut case, &BacktestOptions { drop_edges: share, seed, ..BacktestOptions::default() });
        case.graph.components().iter().map(|c| c.depends_on.len()).collect::<Vec<usize>>()
    };
    let count = |share| left(share, 7).iter().sum::<usize>();
    assert_eq!(count(0.0), 400);
    assert_eq!(count(1.0), 0);
    assert!((280..=360).contains(&count(0.2)), "{}", count(0.2));
    assert_eq!(left(0.2, 7), left(0.2, 7));
    assert_ne!(left(0.2, 7), left(0.2, 8));
}

#[test]
fn without_takes_the_named_dependency_and_leaves_the_rest() {
    let whole = graph(&EDGES);
    let shop = whole.find("shop").unwrap();
    let less = whole.without(|c, position| c == shop && position == 0);
    for (ix, component) in whole.iter() {
        let want = if ix == shop { &component.depends_on[1..] } else { &component.depends_on[..] };
        assert_eq!(less.component(ix).depends_on, want, "{}", component.id);
    }
    assert_eq!(less.find("shop"), Some(shop));
}

/// The rankings of the four baselines on `front`, `shop` and `api` failing, by name.
fn rankings(failing: &[&str]) -> Vec<Vec<(String, f64)>> {
    let graph = graph(&EDGES);
    let records: Vec<Record> = failing.iter().map(|c| record(c, State::Failing, 0)).collect();
    let observations: Vec<&Observation> = records.iter().map(|r| &r.observation).collect();
    baseline::ALL.iter().map(|(_, guess)| guess(&graph, &observations)).collect()
}

/// The probability of a component in a ranking.
fn p(ranking: &[(String, f64)], component: &str) -> f64 {
    ranking.iter().find(|(c, _)| c == component).map_or(0.0, |(_, p)| *p)
}

#[test]
fn baselines_agree_with_counting_by_hand() {
    let [direct, transitive, cover, nearest] = &rankings(&["front", "shop", "api"])[..] else { panic!() };
    // Four components have dependents: cdn, front, login, mirror; each gets 0.1 more.
    let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} is not {want}");
    // Direct: cdn 1 (shop), front 1 (api), login 2 (front, shop), mirror 1 (shop).
    near(p(direct, "login"), 2.1 / 5.4);
    near(p(direct, "front"), 1.1 / 5.4);
    // Transitive: login also carries api.
    near(p(transitive, "login"), 3.1 / 6.4);
    // Cover: login covers all three; nothing is left.
    near(p(cover, "login"), 3.1 / 3.4);
    near(p(cover, "cdn"), 0.1 / 3.4);
    // Nearest: only login reaches all three, over 1 + 1 + 2 steps.
    near(p(nearest, "login"), (9.0 / 4.0 + 0.1) / (9.0 / 4.0 + 0.4));
}

#[test]
fn set_cover_goes_on_until_all_is_covered() {
    let cover = &rankings(&["front", "shop", "api", "blog"])[2];
    // login takes front, shop and api; cdn what is left of shop and blog: blog.
    assert_eq!(cover[0].0, "login");
    assert_eq!(cover[1].0, "cdn");
    assert!((cover[1].1 - 1.1 / 4.4).abs() < 1e-12);
}

#[test]
fn baselines_are_distributions_best_first_whatever_failed() {
    let cases: [&[&str]; 5] = [&[], &["lone"], &["login"], &["blog"], &["front", "shop", "api", "blog", "lone"]];
    for failing in cases {
        for ranking in rankings(failing) {
            let sum: f64 = ranking.iter().map(|(_, p)| p).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{failing:?}: {ranking:?}");
            assert!(ranking.iter().all(|(_, p)| *p > 0.0 && *p <= 1.0));
            assert!(ranking.windows(2).all(|w| w[0].1 >= w[1].1), "{ranking:?}");
        }
    }
}

#[test]
fn baselines_of_a_graph_without_edges_name_nothing() {
    let lonely = graph(&[("a", ""), ("b", "")]);
    let failing = record("a", State::Failing, 0);
    for (name, guess) in baseline::ALL {
        assert!(guess(&lonely, &[&failing.observation]).is_empty(), "{name}");
    }
}

fn two_cases() -> Backtest {
    let names = ["short", "a-very-long-name-of-an-incident-that-goes-on-and-on-and-on"];
    let long = |i: usize| format!("a-component-with-quite-a-long-name-number-{i}");
    let causes = (0..3).map(|i| cause(&long(i), 0.95, &["blog", "shop"])).collect();
    run(names.iter().map(|n| incident(n, outage())).collect(), &BacktestOptions::default(), &naming(causes))
}

#[test]
fn the_text_keeps_its_width_and_has_every_part() {
    let nothing = run(Vec::new(), &BacktestOptions::default(), &real);
    let one = run(vec![incident("case", outage())], &BacktestOptions::default(), &real);
    let unnamed = run(vec![incident("case", outage())], &BacktestOptions::default(), &naming(Vec::new()));
    for result in [&nothing, &one, &unnamed, &two_cases()] {
        let text = table::text(result);
        assert!(text.lines().all(|l| l.chars().count() <= table::WIDTH), "{text}");
        assert!(text.contains(&format!("of {} incidents", result.cases.len())), "{text}");
    }
    let text = table::text(&two_cases());
    assert!(text.contains("SURE AND WRONG") && text.contains('…'), "{text}");
    for (name, _) in baseline::ALL {
        assert!(text.contains(name), "{name}");
    }
    assert!(table::text(&unnamed).contains("no cause named"));
}

#[test]
fn json_scores_every_case_beside_its_baselines() {
    let json = table::json(&two_cases());
    assert_eq!(json["schema"], "commoncause/backtest/v1");
    let cases = json["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 2);
    for case in cases {
        assert!(case["verdict"].is_string());
        assert_eq!(case["score"]["wrong_and_sure"].as_array().unwrap().len(), 3);
        let baselines = case["baselines"].as_array().unwrap();
        assert_eq!(baselines.len(), 4);
        assert!(baselines.iter().all(|b| b["name"].is_string() && b["score"]["log_loss"].as_f64().unwrap() > 0.0));
    }
    let bins = json["totals"]["reliability"].as_array().unwrap();
    let counted: u64 = bins.iter().map(|b| b["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, 8, "three named and one missed, twice");
}

#[test]
fn equal_inputs_give_equal_bytes() {
    let options = BacktestOptions { drop_edges: 0.3, seed: 5, ..BacktestOptions::default() };
    let bytes = || table::json(&run(vec![incident("case", outage())], &options, &real)).to_string();
    assert_eq!(bytes(), bytes());
}

/// Where the judge has the chances that made the world, as much happens as it says, within four standard deviations.
#[test]
fn simulated_incidents_are_calibrated_and_the_same_every_time() {
    use commoncause::backtest::simulate::{Mode, one};
    let cases: Vec<Incident> = ["fastly-2021-06-08", "verizon-2019-06-24-route-leak", "visa-europe-2018-06-01"]
        .iter()
        .map(|id| {
            let path = crate::folder(&format!("incidents/{id}"));
            let options = commoncause::incident::Options::default();
            commoncause::incident::load(path.as_ref(), &[], &mut Sources::default(), &options).0.unwrap()
        })
        .collect();
    let params = commoncause::model::Params::default();
    let (mut said, mut was, mut variance) = (0.0, 0.0, 0.0);
    for number in 0..90 {
        let case = &cases[number as usize % cases.len()];
        let Some(outcome) = one(case, 7, number, Mode::Matched, &params, &params) else { continue };
        for (p, so) in outcome.named {
            said += p;
            was += f64::from(u8::from(so));
            variance += p * (1.0 - p);
        }
    }
    assert!(variance > 20.0, "{variance}");
    assert!((said - was).abs() < 4.0 * variance.sqrt(), "said {said}, was {was}, variance {variance}");
    let again = |mode| format!("{:?}", one(&cases[0], 7, 3, mode, &params, &params));
    for mode in Mode::ALL {
        assert_eq!(again(mode), again(mode));
    }
}
