//! Rules for texts of the user's own: read with every mistake at its place, tried first, and explained.

use crate::signal::assert_schema_is_current;
use crate::{folder, run};
use commoncause::collect::classify::{self, Attribution, Rules, Tenor};
use commoncause::collect::read::{self, Format};
use commoncause::collect::{Feed, Reading};
use commoncause::diag::{Colour, Diagnostic, Sources, render_human};
use commoncause::signal::State;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

fn parse(text: &str) -> (Option<classify::Written>, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let file = sources.add("own.yaml", text);
    let (written, problems) = classify::read(file, text, "own.yaml");
    (written, problems, sources)
}

fn rules(text: &str) -> Rules {
    let (written, problems, _) = parse(text);
    assert!(problems.is_empty(), "{problems:?}");
    Rules::of(&[written.unwrap()]).unwrap()
}

fn example() -> Rules {
    rules(&fs::read_to_string(folder("sources/rules/phrases.yaml")).unwrap())
}

#[test]
fn own_rules_are_tried_first_and_the_others_after_them() {
    let (own, built_in) = (example(), classify::built_in());
    let text = "Passkeys are wonky thanks to Keystone";
    assert_eq!((built_in.tenor(text), built_in.provider(text)), (None, None));
    assert_eq!((own.capability(text), own.tenor(text)), (Some("login"), Some(Tenor::Degraded)));
    assert_eq!((own.attribution(text), own.provider(text)), (Attribution::Others, Some("keystone-id")));
    assert_eq!(own.attribution("The power was cut by our landlord"), Attribution::Others);
    let other = "DNS lookups fail because of an outage at AWS";
    assert_eq!(own.capability(other), built_in.capability(other));
    assert_eq!((own.tenor(other), own.provider(other)), (built_in.tenor(other), Some("aws")));
    // What both know, the user's own decide.
    let own = rules("capability: [{capability: payments, pattern: 'dns'}]\nstate: [{state: info, pattern: 'fail'}]");
    assert_eq!((own.capability(other), own.tenor(other)), (Some("payments"), Some(Tenor::Info)));
    assert!(example() == example() && example() != own && example() != *built_in);
}

#[test]
fn every_mistake_is_told_at_its_place() {
    let text = "\
capability:
  - {capability: login, pattern: '('}
  - {capability: two words, pattern: 'a'}
  - {capability: login}
state:
  - {state: outtage, pattern: 'a'}
  - wonky
own: 'text'
blamed: ['\\w{1000}{1000}', '', [a]]
providors: []
providers: [{name: x, pattern: '(?<=a)b', colour: red}]
";
    let (_, problems, sources) = parse(text);
    let told = render_human(&problems, &sources, Colour::Never);
    let places = ["2:34", "3:18", "4:5", "6:13", "7:5", "8:6", "9:10", "9:28", "9:32", "10:1", "11:32", "11:43"];
    for place in places {
        assert!(told.contains(&format!("own.yaml:{place}")), "{place}:\n{told}");
    }
    assert_eq!(problems.len(), places.len(), "{told}");
    assert!(told.contains("did you mean `outage`") && told.contains("unclosed group"), "{told}");
    assert!(problems.iter().all(|p| classify::CODES.contains(&p.code)));
    for bad in ["- a", "a", "{", "capability: [[", "'"] {
        assert!(!parse(bad).1.is_empty(), "{bad}");
    }
    assert!(parse("x-own: 1\ncapability: null").1.is_empty());
    let many = format!("own: [{}]", "a, ".repeat(1001));
    assert!(parse(&many).1[0].message.contains("more than 1000"));
}

/// Each rule is small enough, all of them together are not.
#[test]
fn rules_that_are_too_large_together_are_refused() {
    let many = format!("own: [{}]", r"'\w{15}', ".repeat(80));
    let (written, problems, _) = parse(&many);
    assert!(problems.is_empty(), "{problems:?}");
    assert!(Rules::of(&[written.unwrap()]).unwrap_err().contains("too large"));
}

#[test]
fn feeds_are_read_by_the_rules_they_come_with() {
    let read_by = |rules: Arc<Rules>| -> Reading {
        let body = br#"{"page":{"id":"p","name":"P"},"status":{"indicator":"minor","description":""},"components":[],
            "incidents":[{"id":"i","name":"Turnstile is wonky","status":"investigating","impact":"minor",
            "created_at":"2026-11-18T14:00:00Z","started_at":"2026-11-18T14:00:00Z","components":[],
            "incident_updates":[{"id":"u","status":"investigating","body":"thanks to Keystone","created_at":"2026-11-18T14:00:00Z"}]}],
            "scheduled_maintenances":[]}"#;
        let seen_at = "2026-11-18T14:10:00Z".parse().unwrap();
        let feed =
            Feed { name: "p".to_string(), component: Some("shop".to_string()), names: BTreeMap::new(), seen_at, rules };
        read::read(Format::Statuspage, body, &feed).unwrap()
    };
    let said = |reading: Reading| {
        let signals = reading.signals.into_iter().map(|s| s.record.observation);
        signals.map(|o| (o.component, o.capability, o.state)).collect::<Vec<_>>()
    };
    assert_eq!(said(read_by(classify::built_in())), [("shop".into(), "any".into(), State::Degraded)]);
    let own = "capability: [{capability: gate, pattern: 'turnstile'}]\nproviders: [{name: keystone, pattern: 'Keystone'}]\nblamed: ['thanks to PROVIDER']\n";
    assert_eq!(
        said(read_by(Arc::new(rules(own)))),
        [("shop".into(), "gate".into(), State::Degraded), ("keystone".to_string(), "any".to_string(), State::Failing)]
    );
}

#[test]
fn a_configuration_names_rules_and_they_are_checked_with_it() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name);
    let page = folder("feeds/statuspage/summary_active.json");
    let config = |rules: &str| {
        let graph = folder("sources/graph");
        let text = format!(
            "graph: ['{graph}']\nrules: {rules}\nsources:\n  - {{name: p, file: '{page}', format: statuspage, component: parcelo}}\n"
        );
        fs::write(path("sources.yaml"), text).unwrap();
        path("sources.yaml").to_str().unwrap().to_string()
    };
    fs::write(path("own.yaml"), "capability: [{capability: logn, pattern: '.'}]\n").unwrap();
    fs::write(path("bad.yaml"), "capability: [{capability: login, pattern: '('}]\nstat: []\n").unwrap();
    let (code, _, err) = run(&["collect", "--check", &config("own.yaml")]);
    assert!(code == 0 && err.contains("unknown-signal-capability") && err.contains("own.yaml:1:27"), "{err}");
    let (code, _, err) = run(&["collect", "--check", &config("[own.yaml, bad.yaml]")]);
    assert!(code == 1 && err.contains("bad-rules") && err.contains("unknown-rules-field"), "{err}");
    assert!(err.contains("bad.yaml:1:") && err.contains("bad.yaml:2:1"), "{err}");
    assert_eq!(run(&["collect", "--check", &config("gone.yaml")]).0, 3);
    fs::write(path("large.yaml"), " ".repeat((1 << 20) + 1)).unwrap();
    assert_eq!(run(&["collect", "--check", &config("large.yaml")]).0, 1);
    // All that the page tells is about what the rule says.
    fs::write(path("own.yaml"), "capability: [{capability: parcels, pattern: '.'}]\n").unwrap();
    let (code, _, err) = run(&["collect", "--once", &config("own.yaml")]);
    assert_eq!(code, 0, "{err}");
    let log = fs::read_dir(path("data/signals")).unwrap().map(|e| e.unwrap().path());
    let log: String =
        log.filter(|p| p.extension().is_some_and(|e| e == "log")).map(|p| fs::read_to_string(p).unwrap()).collect();
    assert!(log.contains(r#""capability":"parcels""#) && !log.contains(r#""capability":"login""#), "{log}");
}

#[test]
fn texts_are_explained_by_the_rules_that_decide() {
    let own = folder("sources/rules/phrases.yaml");
    let args = [
        "collect",
        "classify",
        "--rules",
        &own,
        "Passkeys are wonky thanks to Keystone",
        "Nice weather",
        "All e-mail is down\u{1b}[2J",
    ];
    let (code, out, err) = run(&args);
    assert_eq!(code, 0, "{err}");
    assert!(out.lines().all(|l| l.chars().count() <= 80) && !out.contains('\u{1b}'), "{out}");
    let rows: Vec<Vec<&str>> = out.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 12, "{out}");
    assert_eq!((rows[1][1], rows[2][1], rows[3][1]), ("login", "degraded", "keystone-id"), "{out}");
    assert_eq!((rows[5][1], rows[6][1], rows[7][1]), ("-", "-", "-"), "{out}");
    assert_eq!((rows[10][1], rows[10][2]), ("outage", "built"), "{out}");
    let found = example().explain("Passkeys are wonky thanks to Keystone");
    assert_eq!(found.capability.unwrap().1.place, "own.yaml:4");
    assert_eq!(found.tenor.unwrap().1.place, "own.yaml:6");
    let because = found.because.unwrap();
    assert_eq!((because.place.as_str(), because.pattern.as_str()), ("own.yaml:9", r"\bKeystone( ID)?\b"));
    assert_eq!(run(&["collect", "classify", "--rules", "no/such.yaml", "a"]).0, 3);
}

#[test]
fn the_schema_is_current_and_agrees_with_the_reader() {
    assert_schema_is_current("rules.schema.json", &classify::schema());
    let validator = jsonschema::draft7::new(&classify::schema()).unwrap();
    for (text, fine) in [
        (classify::BUILT_IN, true),
        ("{}", true),
        ("own: null", true),
        ("capability: [{capability: login, pattern: a, x-why: b}]", true),
        ("capability: [{capability: lo gin, pattern: a}]", false),
        ("capability: [{pattern: a}]", false),
        ("state: [{state: down, pattern: a}]", false),
        ("providers: [{name: a}]", false),
        ("own: a", false),
        ("owns: [a]", false),
    ] {
        let value: serde_json::Value = serde_yaml::from_str(text).unwrap();
        assert_eq!((validator.is_valid(&value), parse(text).1.is_empty()), (fine, fine), "{text}");
    }
    for code in classify::CODES {
        let page =
            fs::read_to_string(format!("{}/docs/diagnostics/{}.md", env!("CARGO_MANIFEST_DIR"), code.id)).unwrap();
        assert!(page.starts_with(&format!("# {}\n", code.id)) && page.contains("**What to do.**"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn damaged_rules_are_survived(at in 0usize..600, what in "[\\[\\]{}:,&*!|>'\"%@`$()?a-z0-9 \\n-]{0,4}", cut in 0usize..8) {
        let whole = fs::read_to_string(folder("sources/rules/phrases.yaml")).unwrap();
        let start = at.min(whole.len());
        let end = (start + cut).min(whole.len());
        let text = format!("{}{what}{}", &whole[..start], &whole[end..]);
        let (_, problems, sources) = parse(&text);
        render_human(&problems, &sources, Colour::Never);
    }
}
