//! Loading incidents: the corpus, every problem by name, and that nothing panics.

use crate::signal::assert_schema_is_current;
use commoncause::diag::{Diagnostic, Sources, has_errors};
use commoncause::incident::{self, Incident, KeepGoing, Options, Parts};
use commoncause::signal::{State, Window};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};

const GRAPH: &str = "components:\n  facebook:\n    kind: service\n    aliases: [Meta Blue]\n    capabilities: [content, login]\n  \
                     instagram:\n    kind: service\n    capabilities: [content, login]\n  \
                     meta-auth:\n    kind: identity-provider\n    capabilities: [login]\n";
const SIGNALS: &str = r#"{"at":"2024-03-05T15:00:00Z","component":"facebook","capability":"login","state":"failing","source":{"kind":"probe"}}
{"at":"2024-03-05T15:10:00Z","component":"Meta Blue","capability":"any","state":"failing","source":{"kind":"press"},"until":"2024-03-05T17:00:00Z"}
{"at":"2024-03-05T15:20:00Z","seen_at":"2024-03-05T16:20:00Z","component":"instagram","capability":"dns","state":"healthy","source":{"kind":"probe"}}
"#;
const INCIDENT: &str = "id: case\ntitle: A case\nwindow: {start: 2024-03-05T14:45:00Z, end: 2024-03-05T18:45:00Z}\n\
                        graph: [graph.yaml]\nsignals: [signals.jsonl]\n\
                        truth: {causes: [meta-auth], acceptable: [Meta Blue], separate: []}\n";

/// A scratch folder with an incident in it.
struct Case(tempfile::TempDir);

impl Case {
    fn new(incident: impl AsRef<[u8]>, signals: impl AsRef<[u8]>) -> Case {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
        write("incident.yaml", incident.as_ref());
        write("graph.yaml", GRAPH.as_bytes());
        write("signals.jsonl", signals.as_ref());
        Case(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, options: &Options) -> (Option<Incident>, Vec<Diagnostic>) {
        let mut sources = Sources::default();
        let (incident, problems) = incident::load(self.0.path(), &[], &mut sources, options);
        for d in &problems {
            assert!(d.help.is_some(), "every problem has a next step: {d:?}");
            if let Some(label) = &d.primary {
                let text = sources.text(label.span.file);
                assert!(text.get(label.span.start..label.span.end).is_some(), "{d:?}");
            }
        }
        (incident, problems)
    }
}

const STRICT: Options = Options { keep_going: KeepGoing::No, now: None, until: None };
const LENIENT: Options = Options { keep_going: KeepGoing::Yes, now: None, until: None };

fn codes(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|d| d.code.id).collect()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_folder_becomes_an_incident() {
    let (incident, problems) = Case::new(INCIDENT, SIGNALS).load(&STRICT);
    assert_eq!(codes(&problems), [""; 0], "{problems:?}");
    let incident = incident.unwrap();
    assert_eq!((incident.name.id.as_str(), incident.name.title.as_str()), ("case", "A case"));
    assert_eq!(incident.window.hours(), 4.0);
    let components: Vec<_> = incident.signals.iter().map(|r| r.observation.component.as_str()).collect();
    assert_eq!(components, ["facebook", "facebook", "instagram"], "aliases became ids");
    let truth = incident.truth.unwrap();
    assert_eq!((truth.causes.join(" "), truth.acceptable.join(" ")), ("meta-auth".into(), "facebook".into()));
    assert!(truth.separate.is_empty());
}

#[test]
fn an_incident_names_itself_after_its_folder() {
    let case = Case::new("window: {start: 2024-03-05T14:45:00Z, end: 2024-03-05T18:45:00Z}\ngraph: [graph.yaml]\n", "");
    let (incident, problems) = case.load(&STRICT);
    assert_eq!(codes(&problems), ["empty-incident"]);
    let name = incident.unwrap().name;
    assert_eq!(Some(name.id.as_str()), case.0.path().file_name().unwrap().to_str());
    assert_eq!(name.title, name.id);
}

#[test]
fn signals_may_stand_in_the_incident_itself() {
    let inline = "window: {start: 2024-03-05T14:45:00Z, end: 2024-03-05T18:45:00Z}\ngraph: [graph.yaml]\nsignals:\n  \
                  - signals.jsonl\n  - {at: 2024-03-05T15:30:00Z, component: facebook, state: recovered, source: {kind: press}}\n  \
                  - {source: {kind: probe}, covers: [Meta Blue], every: 1m}\n";
    let (incident, problems) = Case::new(inline, SIGNALS).load(&STRICT);
    assert_eq!(codes(&problems), [""; 0], "{problems:?}");
    let incident = incident.unwrap();
    assert_eq!((incident.signals.len(), incident.coverage[0].covers.join(" ")), (4, "facebook".into()));
}

#[test]
fn parts_make_the_same_incident() {
    let case = Case::new(INCIDENT, SIGNALS);
    let window = Window { start: time("2024-03-05T14:45:00Z"), end: time("2024-03-05T18:45:00Z") };
    let parts = Parts { graph: vec![case.path("graph.yaml")], signals: vec![case.path("signals.jsonl")], window };
    let (incident, problems) = incident::from_parts(&parts, &mut Sources::default(), &STRICT);
    assert_eq!(codes(&problems), [""; 0]);
    let incident = incident.unwrap();
    assert_eq!((incident.signals.len(), incident.name.id.as_str(), incident.truth), (3, "signals", None));

    let backwards = Parts { window: Window { start: window.end, end: window.start }, ..parts.clone() };
    let (incident, problems) = incident::from_parts(&backwards, &mut Sources::default(), &STRICT);
    assert_eq!((incident.is_none(), codes(&problems)), (true, vec!["bad-window"]));
    let (_, problems) = incident::from_parts(&Parts { graph: vec![], ..parts }, &mut Sources::default(), &STRICT);
    assert_eq!(codes(&problems), ["bad-incident"]);
}

#[test]
fn a_graph_of_the_command_line_is_added_or_stands_alone() {
    let text = INCIDENT.replace("graph: [graph.yaml]\n", "");
    let case = Case::new(&text, SIGNALS);
    assert_eq!(codes(&case.load(&STRICT).1), ["bad-incident"]);
    let (incident, problems) =
        incident::load(&case.path("incident.yaml"), &[case.path("graph.yaml")], &mut Sources::default(), &STRICT);
    assert!(incident.is_some(), "{problems:?}");
}

#[test]
fn broken_incidents_are_refused_by_name() {
    let change = |from: &str, to: &str| {
        let changed = INCIDENT.replacen(from, to, 1);
        assert_ne!(changed, INCIDENT, "{from}");
        changed.into_bytes()
    };
    let bomb = "x-a: &a [x,x,x,x,x,x,x,x,x]\nx-b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nx-c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                x-d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\nx-e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nx-f: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    let deep = format!("x-deep: {}1{}", "[".repeat(5000), "]".repeat(5000));
    let window = "window: {start: 2024-03-05T14:45:00Z, end: 2024-03-05T18:45:00Z}\n";
    let cases = [
        (Vec::new(), "bad-incident"),
        (b"\x7fELF\0\0".to_vec(), "bad-incident"),
        (b"id: caf\xe9\n".to_vec(), "bad-incident"),
        (b"\xff\xfei\0d\0".to_vec(), "bad-incident"),
        (bomb.as_bytes().to_vec(), "bad-incident"),
        (deep.into_bytes(), "bad-incident"),
        (b"- a\n- b\n".to_vec(), "bad-incident"),
        (b"just words".to_vec(), "bad-incident"),
        (INCIDENT.as_bytes()[..80].to_vec(), "bad-incident"),
        (change("id: case", "id: [case]"), "bad-incident"),
        (change("title: A case", "id: again"), "bad-incident"),
        (change("graph: [graph.yaml]", "graph: graph.yaml"), "bad-incident"),
        (change("graph: [graph.yaml]", "graph: [{}]"), "bad-incident"),
        (change("[signals.jsonl]", "signals.jsonl"), "bad-incident"),
        (
            change("truth: {causes: [meta-auth], acceptable: [Meta Blue], separate: []}", "truth: meta-auth"),
            "bad-incident",
        ),
        (change("causes: [meta-auth]", "causes: meta-auth"), "bad-incident"),
        (change("title:", "titel:"), "unknown-incident-field"),
        (change("causes:", "cause:"), "unknown-incident-field"),
        (change("end:", "stop:"), "unknown-incident-field"),
        (change(window, ""), "bad-window"),
        (change(window, "window: 4h\n"), "bad-window"),
        (change(", end: 2024-03-05T18:45:00Z", ""), "bad-window"),
        (change("18:45:00Z", "14:45:00Z"), "bad-window"),
        (change("18:45:00Z", "18:45:00"), "bad-window"),
        (change("18:45:00Z", "99:45:00Z"), "bad-window"),
        (change("causes: [meta-auth]", "causes: [meta-atuh]"), "unknown-truth-component"),
        (change("signals.jsonl", "signal.jsonl"), "missing-file"),
        (change("signals.jsonl", "signals.xlsx"), "unknown-signal-format"),
        (change("signals.jsonl", "17, [a]"), "unknown-signal-format"),
        (change("signals.jsonl", "{at: now}"), "bad-time"),
    ];
    for (bad, code) in cases {
        let shown = String::from_utf8_lossy(&bad[..bad.len().min(300)]).into_owned();
        let (incident, problems) = Case::new(bad, SIGNALS).load(&STRICT);
        assert!(incident.is_none(), "{shown}");
        assert!(codes(&problems).contains(&code), "{shown}: {problems:?}");
    }
    let (incident, problems) = incident::load(Path::new("no/such/place"), &[], &mut Sources::default(), &STRICT);
    assert_eq!((incident.is_none(), codes(&problems)), (true, vec!["missing-file"]));
}

#[test]
fn a_missing_graph_refuses_the_incident_even_when_going_on() {
    let case = Case::new(INCIDENT.replace("graph.yaml", "grahp.yaml"), SIGNALS);
    let (incident, problems) = case.load(&LENIENT);
    assert!(incident.is_none() && has_errors(&problems), "{problems:?}");
}

#[test]
fn bad_lines_refuse_the_incident_unless_going_on() {
    let cases = [
        ("nonsense\n", "bad-signal"),
        (
            r#"{"at":"2024-03-05T15:00:00Z","component":"facebok","state":"failing","source":{"kind":"probe"}}"#,
            "unknown-signal-component",
        ),
        (r#"{"source":{"kind":"probe"},"covers":["facebok"],"every":"1m"}"#, "unknown-signal-component"),
    ];
    for (line, code) in cases {
        let case = Case::new(INCIDENT, format!("{SIGNALS}{line}"));
        let (incident, problems) = case.load(&STRICT);
        assert_eq!((incident.is_none(), codes(&problems)), (true, vec![code]));
        let (incident, problems) = case.load(&LENIENT);
        assert_eq!(codes(&problems), [code]);
        assert_eq!(incident.unwrap().signals.len(), 3, "{line}");
    }
}

#[test]
fn an_unknown_component_is_told_once_with_a_suggestion() {
    let line = r#"{"at":"2024-03-05T15:00:00Z","component":"facebok","state":"failing","source":{"kind":"probe"}}"#;
    let (_, problems) = Case::new(INCIDENT, format!("{line}\n{}\n", line.replace("15:00", "15:01"))).load(&STRICT);
    assert_eq!(codes(&problems), ["unknown-signal-component"]);
    assert!(problems[0].message.contains("in 2 signals"));
    assert!(problems[0].help.as_deref().unwrap().contains("`facebook`"), "{problems:?}");
}

#[test]
fn a_capability_that_the_component_lacks_is_read_as_any() {
    let signals = SIGNALS.replacen("\"login\"", "\"payments\"", 1);
    let (incident, problems) = Case::new(INCIDENT, signals).load(&STRICT);
    assert_eq!(codes(&problems), ["unknown-signal-capability"]);
    assert_eq!(incident.unwrap().signals[0].observation.capability, "any");
}

#[test]
fn copies_are_told_and_left_out() {
    let first = SIGNALS.lines().next().unwrap();
    let by_alias = first.replace("\"facebook\"", "\"Meta Blue\"");
    let other = first.replace("\"failing\"", "\"failing\",\"n\":3");
    let (incident, problems) = Case::new(INCIDENT, format!("{SIGNALS}{first}\n{by_alias}\n{other}\n")).load(&STRICT);
    assert_eq!(codes(&problems), ["duplicate-record"]);
    assert!(problems[0].message.starts_with("2 signals"), "{}", problems[0].message);
    assert_eq!(incident.unwrap().signals.len(), 4, "what differs in one field is no copy");
}

#[test]
fn what_does_not_touch_the_window_is_told_and_left_out() {
    let line = |at: &str, more: &str| {
        format!(
            "{{\"at\":\"{at}\",\"component\":\"facebook\",\"state\":\"failing\",\"source\":{{\"kind\":\"probe\"}}{more}}}\n"
        )
    };
    // The window is 14:45 to 18:45.
    let inside = [
        line("2024-03-05T14:45:00Z", ""),
        line("2024-03-05T18:44:00Z", ""),
        line("2024-03-05T12:00:00Z", r#","until":"2024-03-05T15:00:00Z""#),
        line("2024-03-05T12:00:00Z", r#","at_kind":"onset""#),
        line("2024-03-05T14:00:00Z", r#","precision":"hour""#),
        line("2024-03-05T00:00:00Z", r#","precision":"day""#),
    ];
    let outside = [
        line("2024-03-05T14:30:00Z", ""),
        line("2024-03-05T18:50:00Z", ""),
        line("2024-03-05T12:00:00Z", r#","until":"2024-03-05T13:00:00Z""#),
        line("2024-03-05T19:00:00Z", r#","at_kind":"onset""#),
    ];
    let (incident, problems) = Case::new(INCIDENT, inside.concat() + &outside.concat()).load(&STRICT);
    assert_eq!(codes(&problems), ["time-outside-window"]);
    assert!(problems[0].message.starts_with("4 of 10"), "{}", problems[0].message);
    assert_eq!(incident.unwrap().signals.len(), inside.len());
    let (incident, problems) = Case::new(INCIDENT, &outside[0]).load(&STRICT);
    assert_eq!(codes(&problems), ["time-outside-window", "empty-incident"]);
    assert!(incident.unwrap().signals.is_empty());
}

#[test]
fn signals_from_the_future_are_told_and_kept() {
    let case = Case::new(INCIDENT, SIGNALS);
    let now = |text: &str| Options { now: Some(time(text)), ..STRICT };
    assert_eq!(codes(&case.load(&now("2024-03-05T16:00:00Z")).1), [""; 0]);
    let (incident, problems) = case.load(&now("2024-03-05T15:05:00Z"));
    assert_eq!(codes(&problems), ["future-time"]);
    assert!(problems[0].message.starts_with("2 signals"));
    assert_eq!(incident.unwrap().signals.len(), 3);
}

#[test]
fn a_replay_knows_only_what_had_arrived() {
    let case = Case::new(INCIDENT, SIGNALS);
    let load = |until: &str| case.load(&Options { until: Some(time(until)), ..STRICT }).0.unwrap().signals;
    assert_eq!(load("2024-03-05T15:05:00Z").len(), 1);
    let half = load("2024-03-05T16:00:00Z");
    assert_eq!(half.len(), 2, "the third was seen an hour after it happened");
    assert_eq!(half[1].observation.until, None, "its end was not known yet");
    let all = load("2024-03-05T18:00:00Z");
    assert_eq!((all.len(), all[1].observation.until), (3, Some(time("2024-03-05T17:00:00Z"))));
}

/// The labelled corpus, sorted.
fn corpus() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/incidents");
    let mut folders: Vec<_> =
        std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn the_corpus_loads_without_a_problem() {
    let corpus = corpus();
    assert!(corpus.len() >= 23);
    let mut signals = 0;
    for folder in corpus {
        let now = Some(time("2026-11-22T00:00:00Z"));
        let (incident, problems) = incident::load(&folder, &[], &mut Sources::default(), &Options { now, ..STRICT });
        let own: Vec<_> = problems.iter().filter(|d| incident::CODES.contains(&d.code)).collect();
        assert!(!has_errors(&problems) && own.is_empty(), "{}: {problems:#?}", folder.display());
        let incident = incident.unwrap();
        assert_eq!(folder.file_name().unwrap().to_str(), Some(incident.name.id.as_str()));
        assert!(!incident.truth.unwrap().causes.is_empty());
        assert!(incident.signals.iter().any(|r| r.observation.state == State::Failing));
        signals += incident.signals.len();
    }
    assert!(signals >= 1330, "{signals}");
}

#[test]
fn the_schemas_are_current_and_the_corpus_obeys_them() {
    assert_schema_is_current("incident.schema.json", &incident::schema());
    let incident_schema = jsonschema::draft7::new(&incident::schema()).unwrap();
    let signal_schema = jsonschema::draft7::new(&commoncause::signal::schema()).unwrap();
    for folder in corpus() {
        let text = std::fs::read_to_string(folder.join("incident.yaml")).unwrap();
        let incident: Value = serde_yaml::from_str(&text).unwrap();
        if let Err(e) = incident_schema.validate(&incident) {
            panic!("{}: {e}", folder.display());
        }
        for line in std::fs::read_to_string(folder.join("signals.jsonl")).unwrap().lines() {
            if let Err(e) = signal_schema.validate(&serde_json::from_str(line).unwrap()) {
                panic!("{}: {line}: {e}", folder.display());
            }
        }
    }
    let bad: Value = serde_json::json!({"window": {"start": "2024-03-05T14:45:00Z"}});
    assert!(!incident_schema.is_valid(&bad));
}

#[test]
fn every_code_has_a_page_and_is_named_once() {
    let mut ids: Vec<_> = commoncause::signal::CODES.iter().chain(incident::CODES).map(|c| c.id).collect();
    for id in &ids {
        let path = format!("{}/docs/diagnostics/{id}.md", env!("CARGO_MANIFEST_DIR"));
        let page = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert!(page.starts_with(&format!("# {id}\n")), "{path}");
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        Case::new(&bytes, &bytes).load(&LENIENT);
    }

    #[test]
    fn mutated_incidents_never_panic(
        edits in proptest::collection::vec((0..INCIDENT.len(), any::<u8>(), any::<bool>()), 1..6),
    ) {
        let mut bytes = INCIDENT.as_bytes().to_vec();
        for (at, byte, insert) in edits {
            if insert { bytes.insert(at, byte) } else { bytes[at] = byte }
        }
        Case::new(&bytes, SIGNALS).load(&LENIENT);
    }
}
