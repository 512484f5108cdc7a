//! Reasons: accounts that add up, answers to named questions, checks, sentences, snapshots.

use crate::{assert_file, corpus, folder, run};
use commoncause::correlate::{Case, Options, ask, compare, correlate};
use commoncause::graph::{self, DependencyGraph};
use commoncause::incident;
use commoncause::report::view::{Band, Report};
use commoncause::signal::{Likelihood, Observation, SourceKind, State, Window, read};
use serde_json::Value;
use std::sync::OnceLock;

/// The corpus as the program reports it in JSON: (id, report).
fn reports() -> &'static [(String, Value)] {
    static REPORTS: OnceLock<Vec<(String, Value)>> = OnceLock::new();
    REPORTS.get_or_init(|| {
        let report = |incident: &std::path::PathBuf| {
            let (code, text, told) = run(&["correlate", incident.to_str().unwrap(), "--format", "json"]);
            assert_eq!(code, 0, "{told}");
            (incident.file_name().unwrap().to_string_lossy().into_owned(), serde_json::from_str(&text).unwrap())
        };
        corpus().iter().map(report).collect()
    })
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key} in {value}"))
}

/// An incident of the corpus as it may be scored.
fn load(id: &str) -> incident::Incident {
    let mut sources = commoncause::diag::Sources::default();
    let path = folder(&format!("incidents/{id}"));
    incident::load(path.as_ref(), &[], &mut sources, &incident::Options::default()).0.unwrap()
}

fn observations(incident: &incident::Incident) -> Vec<Observation> {
    incident.signals.iter().map(|r| r.observation.clone()).collect()
}

#[test]
fn accounts_add_up() {
    let mut accounts = 0;
    for (id, report) in reports() {
        for cause in list(report, "causes").iter().filter(|c| !c["ledger"].is_null()) {
            let ledger = &cause["ledger"];
            let channels = list(ledger, "channels");
            let sum: f64 = channels.iter().map(|c| number(&c["log_odds"])).sum();
            let (prior, posterior) = (number(&ledger["prior"]), number(&ledger["posterior"]));
            let gap = prior + sum + number(&ledger["overlap"]) - posterior;
            assert!(gap.abs() < 1e-9, "{id} {}: off by {gap}", cause["component"]);
            // Both ends are the chances that the cause itself states; near 1 compare what is left.
            let chance = |ln: f64| 1.0 / (1.0 + (-ln).exp());
            assert!((chance(posterior) - number(&cause["p_fault"])).abs() < 1e-9, "{id} {}", cause["component"]);
            assert!((chance(prior) - number(&cause["prior"])).abs() < 1e-9, "{id} {}", cause["component"]);
            for channel in channels {
                let sum: f64 = list(channel, "signals").iter().map(|s| number(&s["log_odds"])).sum();
                let gap = sum + number(&channel["overlap"]) - number(&channel["log_odds"]);
                assert!(gap.abs() < 1e-9, "{id} {channel}: off by {gap}");
            }
            let order: Vec<f64> = channels.iter().map(|c| number(&c["log_odds"]).abs()).collect();
            assert!(order.is_sorted_by(|a, b| a >= b), "{id}: channels not strongest first");
            accounts += 1;
        }
    }
    assert!(accounts > 50, "{accounts}");
}

/// What an account says of a channel is what a run without the channel gives, and its rival's odds are those of
/// `--compare`.
#[test]
fn a_channel_weighs_what_leaving_it_out_does() {
    let incident = load("google-2020-12-14-auth");
    let all = observations(&incident);
    let mut options = Options::default();
    options.params.spillover = false;
    fn case<'a>(incident: &'a incident::Incident, signals: &'a [Observation]) -> Case<'a> {
        Case { graph: &incident.graph, signals, coverage: &[], window: incident.window }
    }
    let whole = correlate(case(&incident, &all), &options);
    let (top, odds) = (&whole.causes[0], |p: f64| (p / (1.0 - p)).ln());
    let ledger = top.ledger.as_ref().unwrap();
    for channel in ledger.channels.iter().filter(|c| c.signals.len() > 1).take(4) {
        let mut fewer = all.clone();
        let of_it = |o: &&mut Observation| o.component == channel.component && o.source.kind == channel.source;
        fewer.iter_mut().filter(of_it).for_each(|o| o.state = State::Unknown);
        let without = correlate(case(&incident, &fewer), &options);
        let p = without.causes.iter().find(|c| c.component == top.component).unwrap().p_fault;
        let undone = odds(top.p_fault) - odds(p);
        assert!((undone - channel.log_odds).abs() < 1e-6, "{channel:?}: {undone}");
    }
    let rival = ledger.rival.as_ref().unwrap();
    let compared = compare(case(&incident, &all), &top.component, &rival.component, &options).unwrap();
    assert!((compared.posterior - rival.posterior).abs() < 1e-9 && (compared.prior - rival.prior).abs() < 1e-9);
}

/// What deleting a signal does is what a run without its line gives; one that then does nothing is no reason.
#[test]
fn deleted_signals_are_deleted() {
    let incident = load("ovh-2021-03-10-strasbourg");
    let (all, options) = (observations(&incident), Options::default());
    let judge = |signals: &[Observation]| {
        correlate(Case { graph: &incident.graph, signals, coverage: &[], window: incident.window }, &options)
    };
    let (whole, odds) = (judge(&all), |p: f64| (p / (1.0 - p)).ln());
    let top = &whole.causes[0];
    assert_eq!(top.deleted.len(), 5);
    for weight in &top.deleted {
        let mut fewer = all.clone();
        fewer.remove(weight.signal);
        let p = judge(&fewer).causes.iter().find(|c| c.component == top.component).unwrap().p_fault;
        assert!((odds(top.p_fault) - odds(p) - weight.log_odds).abs() < 1e-6, "{weight:?}");
    }
    let vain: Vec<usize> = top.deleted.iter().filter(|w| w.log_odds < 0.05).map(|w| w.signal).collect();
    assert!(!vain.is_empty() && whole.sentences[0].signals.iter().all(|n| !vain.contains(n)), "{vain:?}");
}

#[test]
fn is_it_a_cloud_provider() {
    let answer = |id: &str, name: &str| {
        let (code, text, told) = run(&["correlate", &folder(&format!("incidents/{id}")), "--ask", name]);
        assert_eq!(code, 0, "{told}");
        let (_, json, _) = run(&["correlate", &folder(&format!("incidents/{id}")), "--ask", name, "--format", "json"]);
        (text, serde_json::from_str::<Value>(&json).unwrap())
    };
    let (text, json) = answer("meta-2024-03-05-login", "cloud");
    assert!(number(&json["probability"]) < 0.05, "{json}");
    assert!(text.contains("Most likely no") && text.contains("healthy"), "{text}");
    let (text, json) = answer("aws-s3-2017-02-28", "cloud");
    assert!(number(&json["probability"]) > 0.8, "{json}");
    assert!(text.contains("Most likely yes"), "{text}");
    let schema = commoncause::report::json::answer_schema();
    assert!(jsonschema::draft7::new(&schema).unwrap().is_valid(&json));
}

/// The committed schemas are current, and what the program prints obeys them.
#[test]
fn answers_and_diaries_obey_their_schemas() {
    let google = folder("incidents/google-2020-12-14-auth");
    let outputs: [(&str, &[&str]); 4] = [
        ("answer", &["correlate", &google, "--ask", "network"]),
        ("comparison", &["correlate", &google, "--compare", "google-account-login", "google-user-id-service"]),
        ("diary", &["replay", &google]),
        ("difference", &["replay", &google, "--diff", "2020-12-14T11:50:00Z", "2020-12-14T12:30:00Z"]),
    ];
    for (name, arguments) in outputs {
        let (code, schema, _) = run(&["graph", "schema", name]);
        assert_eq!(code, 0);
        assert_file(&format!("docs/schema/{name}.schema.json"), &schema);
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--format", "json"]).collect();
        let (code, text, told) = run(&arguments);
        assert_eq!(code, 0, "{told}");
        let schema = serde_json::from_str(&schema).unwrap();
        if let Err(e) = jsonschema::draft7::new(&schema).unwrap().validate(&serde_json::from_str(&text).unwrap()) {
            panic!("{name}: {e}");
        }
    }
}

#[test]
fn answers_can_be_read_aloud() {
    for incident in corpus() {
        let path = incident.to_str().unwrap();
        let (_, report) = reports().iter().find(|(id, _)| path.ends_with(id)).unwrap();
        let causes: Vec<&str> = list(report, "causes").iter().filter_map(|c| c["component"].as_str()).collect();
        let mut questions = vec![vec!["--ask", "cloud"], vec!["--ask", "network"], vec!["--ask", causes[0]]];
        questions.push(vec!["--compare", causes[0], causes.get(1).copied().unwrap_or("cloud")]);
        for question in questions {
            let arguments: Vec<&str> = ["correlate", path].into_iter().chain(question.iter().copied()).collect();
            let (code, text, told) = run(&arguments);
            // Two causes of which one contains the other, or one that reaches nothing, cannot be compared.
            if code == 1 {
                assert!(told.contains("no answer"), "{told}");
                continue;
            }
            assert_eq!(code, 0, "{told}");
            let lines = text.lines().count();
            assert!((4..=10).contains(&lines), "{question:?}: {lines} lines\n{text}");
            assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
            assert!(!text.to_lowercase().contains("root cause"));
            // No sentence is cut: each ends before the next begins.
            let mut before = "";
            for line in text.lines().chain([""]) {
                let begins = !line.starts_with(' ');
                assert!(!begins || before.is_empty() || before.ends_with(['.', '…']), "{question:?}: {before}\n{text}");
                before = line;
            }
        }
    }
}

#[test]
fn unknown_subjects_are_refused_with_a_hint() {
    let meta = folder("incidents/meta-2024-03-05-login");
    let (code, out, told) = run(&["correlate", &meta, "--ask", "meta-aut"]);
    assert!(code == 1 && out.is_empty() && told.contains("did you mean `meta-auth`"), "{told}");
    let (code, _, told) = run(&["correlate", &meta, "--compare", "clod", "nothing-like-it"]);
    assert!(code == 1 && told.contains("`clod`") && told.contains("`nothing-like-it`"), "{told}");
    let (code, _, told) = run(&["correlate", &meta, "--compare", "aws", "cloud"]);
    assert!(code == 1 && told.contains("in common"), "{told}");
    let (code, _, _) = run(&["correlate", &meta, "--compare", "aws"]);
    assert_eq!(code, 2);
    let (code, _, _) = run(&["correlate", &meta, "--ask", "aws", "--compare", "aws", "azure"]);
    assert_eq!(code, 2);
}

/// The law of total probability, for every check of the corpus.
#[test]
fn outcomes_of_checks_average_to_what_is_known() {
    let mut checked = 0;
    for (id, report) in reports() {
        let chance = |name: &str| {
            let cause = list(report, "causes").iter().find(|c| c["component"] == name).unwrap();
            number(&cause["p_fault"])
        };
        let mut gains = Vec::new();
        for check in list(report, "checks") {
            let p = number(&check["p_failing"]);
            gains.push(number(&check["gain_bits"]));
            for (name, bad) in check["if_failing"].as_object().unwrap() {
                let mean = p * number(bad) + (1.0 - p) * number(&check["if_healthy"][name]);
                assert!((mean - chance(name)).abs() < 1e-9, "{id} {check}: {mean}");
                checked += 1;
            }
        }
        assert!(gains.is_sorted_by(|a, b| a >= b) && gains.iter().all(|g| (0.0..=3.0).contains(g)), "{id}: {gains:?}");
    }
    assert!(checked > 50, "{checked}");
}

const SMALL: &str = "
kinds: {thing: {faults_per_year: 2, capabilities: [api]}}
components:
  store: {kind: thing}
  network: {kind: thing}
  shop: {kind: thing, depends_on: [store, network]}
  blog: {kind: thing, depends_on: [store, {component: network, impact: soft}]}
  wiki: {kind: thing, depends_on: [network]}
  mail: {kind: thing, depends_on: [store]}
";

fn small() -> (DependencyGraph, Vec<Observation>, Window) {
    let mut sources = commoncause::diag::Sources::default();
    let (graph, problems) = graph::load_texts(&[("small.yaml", SMALL)], &mut sources, None);
    assert!(!commoncause::diag::has_errors(&problems), "{problems:?}");
    let signals = "- {at: 2024-01-01T00:10:00Z, component: shop, state: failing, source: {kind: probe, name: p}}
- {at: 2024-01-01T00:11:00Z, component: blog, state: failing, source: {kind: probe, name: p}}
- {at: 2024-01-01T00:12:00Z, component: shop, state: failing, source: {kind: official_statement, name: o}}
- {at: 2024-01-01T00:12:00Z, component: blog, state: failing, source: {kind: official_statement, name: o}}
- {at: 2024-01-01T00:11:00Z, component: wiki, capability: api, state: healthy, source: {kind: social, name: s}}
";
    let read = read::read_raw(read::Format::Yaml, "s.yaml", signals.as_bytes().to_vec(), &mut sources);
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    let window =
        Window { start: "2024-01-01T00:00:00Z".parse().unwrap(), end: "2024-01-01T01:00:00Z".parse().unwrap() };
    (graph.unwrap(), read.records.into_iter().map(|r| r.observation).collect(), window)
}

/// What a check promises is what the answer becomes once its outcome is known for sure.
#[test]
fn a_check_does_what_it_says() {
    let (graph, signals, window) = small();
    let mut options = Options::default();
    // So that one more observation changes nothing but what is known of its place.
    options.params.unknown_per_year = 0.0;
    options.params.bins = 1;
    options.params.sources.get_mut(&SourceKind::Analyst).unwrap().floor = 0.0;
    let judge = |signals: &[Observation]| correlate(Case { graph: &graph, signals, coverage: &[], window }, &options);
    let before = judge(&signals);
    let chance = |report: &Report, name: &str| {
        let state = report.components.iter().find(|c| c.component == name && c.capability == "any");
        state.unwrap().p_fault
    };
    let check = before.checks.iter().find(|c| c.component == "mail").expect("mail would tell");
    assert!(check.gain_bits > 0.01, "{check:?}");
    for (failed, expected) in [(true, &check.if_failing), (false, &check.if_healthy)] {
        let (sure, never) = (1.0, 1e-12);
        let likelihood =
            if failed { Likelihood { failed: sure, ok: never } } else { Likelihood { failed: never, ok: sure } };
        let mut more = signals.clone();
        let mut seen = signals[0].clone();
        (seen.component, seen.state) = ("mail".to_string(), State::Healthy);
        seen.capability.clone_from(&check.capability);
        seen.source.kind = SourceKind::Analyst;
        seen.likelihood = Some(likelihood);
        more.push(seen);
        let after = judge(&more);
        for (cause, p) in expected {
            let found = chance(&after, cause);
            assert!((found - p).abs() < 1e-6, "{cause} if failed={failed}: {found}, promised {p}");
        }
    }
}

#[test]
fn what_nothing_failing_needs_cannot_be_the_cause() {
    let (graph, signals, window) = small();
    let case = Case { graph: &graph, signals: &signals, coverage: &[], window };
    let answer = ask(case, "mail", &Options::default()).unwrap();
    assert_eq!((answer.subject.upstream, answer.probability, answer.band), (0, 0.0, Band::PointsAwayFrom));
    assert!(answer.text[0].contains("no way"), "{:?}", answer.text);
    assert!(compare(case, "mail", "store", &Options::default()).is_err());
    assert!(ask(case, "nothing", &Options::default()).is_err());
}

#[test]
fn sentences_rest_on_signals_and_never_claim_a_root_cause() {
    for (id, report) in reports() {
        let (sentences, signals) = (list(report, "sentences"), list(report, "signals").len());
        assert!(!sentences.is_empty(), "{id}");
        for s in sentences {
            let text = s["text"].as_str().unwrap().to_lowercase();
            assert!(!text.contains("root cause"), "{id}: {text}");
            let opening = match s["band"].as_str().unwrap() {
                "points-to" => "evidence points to",
                "consistent-with" => "the signals are consistent with",
                "points-away-from" => "evidence points away from",
                "cannot-be-told-apart" => "",
                _ => continue,
            };
            assert!(text.starts_with(opening), "{id}: {text}");
            assert!(opening.is_empty() == text.contains("cannot be told apart"), "{id}: {text}");
            let rests: Vec<usize> = list(s, "signals").iter().map(|n| n.as_u64().unwrap() as usize).collect();
            assert!(rests.iter().all(|n| *n < signals), "{id}: {s}");
            assert!(!rests.is_empty() || text.contains("not in the graph"), "{id}: {s}");
        }
    }
}

/// What is drawn healthy was seen healthy.
#[test]
fn nothing_is_healthy_that_nobody_saw_healthy() {
    let mut doubted = 0;
    for (id, report) in reports() {
        for component in list(&report["graph"], "components") {
            let said = |states: &[&str]| {
                let about = list(report, "signals").iter().filter(|s| s["component"] == component["id"]);
                about.filter(|s| states.contains(&s["state"].as_str().unwrap())).count()
            };
            let (well, ill) = (said(&["healthy"]), said(&["failing", "degraded", "recovered"]));
            match component["state"].as_str().unwrap() {
                "healthy" => assert!(well > 0, "{id} {component}"),
                "failing" | "degraded" => assert!(ill > 0, "{id} {component}"),
                "doubted" => {
                    assert!(well == 0 && ill > 0, "{id} {component}");
                    doubted += 1;
                }
                _ => assert!(well + ill == 0, "{id} {component}"),
            }
        }
    }
    assert!(doubted > 20, "{doubted}");
}

/// Numbers to four digits, so that another processor's last bit does not matter; without the parts that only repeat
/// what was read.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Number(n) if n.is_f64() => {
            let x = n.as_f64().unwrap_or(0.0);
            let text = format!("{x:.4}").parse::<f64>().unwrap_or(x);
            serde_json::json!(if text == 0.0 { 0.0 } else { text })
        }
        Value::Array(list) => Value::Array(list.iter().map(rounded).collect()),
        Value::Object(map) => {
            let kept = map.iter().filter(|(k, _)| !["graph", "ledger"].contains(&k.as_str()));
            let kept =
                kept.filter(|(k, v)| *k != "signals" || v.as_array().is_some_and(|l| l.iter().all(Value::is_u64)));
            Value::Object(kept.map(|(k, v)| (k.clone(), rounded(v))).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn reports_of_the_corpus_are_as_committed() {
    for incident in corpus() {
        let path = incident.to_str().unwrap();
        let id = incident.file_name().unwrap().to_string_lossy().into_owned();
        let (_, report) = reports().iter().find(|(name, _)| *name == id).unwrap();
        assert_file(&format!("tests/snapshots/{id}/report.json"), &format!("{:#}\n", rounded(report)));
        for (format, name) in [("terminal", "report.txt"), ("markdown", "report.md")] {
            let (_, text, _) = run(&["correlate", path, "--format", format]);
            assert_file(&format!("tests/snapshots/{id}/{name}"), &text);
        }
    }
}
