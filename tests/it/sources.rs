//! `sources.yaml`: every problem at once, and no secret in any of them.

use crate::signal::assert_schema_is_current;
use crate::{folder, run};
use commoncause::collect::config::{self, Config, Receiver, SyncRule, Way};
use commoncause::collect::fetch::Reach;
use commoncause::diag::{Colour, Diagnostic, Sources, render_human};
use proptest::prelude::*;
use std::time::Duration;

/// Reads a text in an environment of two variables.
fn read(text: &str) -> (Option<Config>, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let file = sources.add("sources.yaml", text);
    let environment = |name: &str| match name {
        "TOKEN" => Some("hunter2".to_string()),
        "SLACK_URL" => Some("https://hooks.example.com/hunter2\n".to_string()),
        _ => None,
    };
    let (config, problems) = config::read(file, text, &environment);
    (config, problems, sources)
}

fn codes(text: &str) -> Vec<&'static str> {
    read(text).1.iter().map(|p| p.code.id).collect()
}

/// A configuration with one source, which also has these fields.
fn one(fields: &str) -> String {
    format!("contact: a@example.org\nsources:\n  - {{name: a, {fields}}}\n")
}

#[test]
fn what_is_written_is_read() {
    let text = "\
contact: ops@example.org
window: 1h
listen: 127.0.0.1:9095
sources:
  - name: page
    url: https://status.example.com/summary.json?key=${TOKEN}
    names: {Sign-In: okta, Blog: ''}
    headers: {Authorization: 'Bearer ${TOKEN}', Accept: application/json}
  - name: probe
    probe: [tcp://10.0.0.5:5432, 'dns://example.com']
    known_good: [tls://example.org]
    component: okta
    capability: general
    every: 30s
    allow_private: true
  - {name: alerts, receive: /hook, format: alertmanager, secret: '${TOKEN}'}
limits: {per_host: 3, total: 5s}
history: {sync: 1000, keep_days: 7}
notify: [{to: slack, url: '${SLACK_URL}'}, {to: pagerduty, secret: '${TOKEN}'}]
";
    let (config, problems, _) = read(text);
    assert_eq!(problems, []);
    let config = config.unwrap();
    let [page, probe, alerts] = config.sources.as_slice() else { panic!("{config:?}") };
    let Way::Url(url) = &page.way else { panic!("{page:?}") };
    assert!(url.written.ends_with("?key=${TOKEN}") && url.value.0.ends_with("?key=hunter2"));
    assert_eq!(page.headers[0].1.value.0, "Bearer hunter2");
    let names: Vec<_> = page.names.iter().map(|(name, meant)| (name.text.as_str(), meant.text.as_str())).collect();
    assert_eq!(names, [("sign-in", "okta"), ("blog", "")]);
    assert_eq!((page.every, page.reach), (Duration::from_secs(60), Reach::Public));
    assert_eq!((probe.every, probe.reach), (Duration::from_secs(30), Reach::NamedHost));
    assert!(matches!(&probe.way, Way::Probe(targets) if targets.len() == 2));
    assert_eq!((probe.capability.as_deref(), probe.known_good.len()), (Some("any"), 1));
    assert_eq!(alerts.secret.as_ref().unwrap().value.0, "hunter2");
    assert_eq!((config.limits.per_host, config.limits.total), (3, Duration::from_secs(5)));
    assert_eq!((config.keep.sync, config.keep.days), (Some(SyncRule::Records(1000)), Some(7)));
    assert_eq!(config.notify[0].to, Receiver::Slack);
    assert_eq!(config.notify[0].url.as_ref().unwrap().value.0, "https://hooks.example.com/hunter2");
    assert_eq!(config.components().map(|c| c.text.as_str()).collect::<Vec<_>>(), ["okta", "okta"]);
    assert!(!format!("{config:?}").contains("hunter2"), "secrets are not shown");
}

#[test]
fn every_mistake_has_its_code() {
    let table = [
        ("", "bad-sources"),
        ("- a", "bad-sources"),
        ("sources: []", "bad-sources"),
        ("sources: {}", "bad-sources"),
        ("sorces: []", "unknown-sources-field"),
        ("sources: [{url: 'https://example.com/'}]\ncontact: a", "bad-sources"),
        ("sources: [{name: a, url: 'https://example.com/'}]", "bad-sources"),
        (&one("component: okta"), "bad-sources"),
        (&one("url: https://example.com/, file: a.csv"), "bad-sources"),
        (&one("url: example.com"), "bad-sources"),
        (&one("url: ftp://example.com/"), "bad-sources"),
        (&one("url: https://user:word@example.com/"), "secret-in-file"),
        (&one("url: https://example.com/, every: soon"), "bad-sources"),
        (&one("url: https://example.com/, every: 0s"), "bad-sources"),
        (&one("url: https://example.com/, every: -5m"), "bad-sources"),
        (&one("url: https://example.com/, every: 999999h"), "bad-sources"),
        (&one("url: https://example.com/, format: statuspag"), "unknown-feed-format"),
        (&one("url: https://example.com/, allow_private: perhaps"), "bad-sources"),
        (&one("url: https://example.com/, headers: {Authorization: Bearer 42}"), "secret-in-file"),
        (&one("url: https://example.com/, headers: {X-Api-Key: 42}"), "secret-in-file"),
        (&one("url: https://example.com/, headers: {Authorization: '${NOBODY}'}"), "unset-variable"),
        (&one("url: https://example.com/, headers: {'a b': c}"), "bad-sources"),
        (&one("url: 'https://example.com/${'"), "bad-sources"),
        (&one("url: 'https://example.com/${A B}'"), "bad-sources"),
        (&one("url: https://example.com/, known_good: [https://example.org/]"), "bad-sources"),
        (&one("file: a.csv"), "bad-sources"),
        (&one("probe: [gopher://example.com/], component: b"), "bad-sources"),
        (&one("probe: [tcp://example.com], component: b"), "bad-sources"),
        (&one("probe: [], component: b"), "bad-sources"),
        (&one("probe: ['tcp://example.com:80/path'], component: b"), "bad-sources"),
        (&one("probe: ['tls://a b'], component: b"), "bad-sources"),
        (&one("probe: ['dns://192.0.2.1'], component: b"), "bad-sources"),
        (&one("probe: ['dns://example.com:53'], component: b"), "bad-sources"),
        (&one("probe: ['https://user:word@example.com/'], component: b"), "secret-in-file"),
        (&one(&format!("probe: [{}], component: b", "tls://example.com, ".repeat(51))), "bad-sources"),
        (&one("probe: [tls://example.com], component: b, headers: {Accept: a}"), "bad-sources"),
        (&one("probe: [tls://example.com], component: b"), "no-known-good"),
        ("sources: [{name: a, probe: ['https://example.com/'], component: b}]", "bad-sources"),
        (&one("url: https://example.com/, capability: login"), "bad-sources"),
        (&one("probe: [https://example.com/]"), "bad-sources"),
        (&one("receive: hook, format: grafana"), "bad-sources"),
        (&one("receive: /hook, format: grafana"), "bad-sources"),
        (&one("receive: /hook, format: grafana, secret: '42'"), "secret-in-file"),
        (&(one("url: https://example.com/") + "  - {name: a, url: https://example.com/b}"), "bad-sources"),
        (&(one("url: https://example.com/") + "limits: {per_host: 0}"), "bad-sources"),
        (&(one("url: https://example.com/") + "limits: {body: 1.5}"), "bad-sources"),
        (&(one("url: https://example.com/") + "history: {sync: never}"), "bad-sources"),
        (
            &(one("url: https://example.com/") + "notify: [{to: slack, url: https://hooks.example.com/42}]"),
            "secret-in-file",
        ),
        (&(one("url: https://example.com/") + "notify: [{to: pager}]"), "bad-sources"),
        (&(one("url: https://example.com/") + "notify: [{to: pagerduty}]"), "bad-sources"),
        (&(one("url: https://example.com/") + "listen: everywhere"), "bad-sources"),
        ("contact: ö\nsources: [{name: a, url: 'https://example.com/'}]", "bad-sources"),
    ];
    for (text, code) in table {
        assert!(codes(text).contains(&code), "{text}: {:?}", codes(text));
    }
    assert_eq!(codes(&one("url: https://example.com/")), <[&str; 0]>::default());
    assert_eq!(codes(&one("probe: [tls://example.com], component: b, known_good: ['dns://example.org']")), [""; 0]);
    let (_, problems, _) = read(&one("probe: ['tcp://user:hunter2@example.com:80'], component: b"));
    assert!(problems.iter().all(|p| !p.message.contains("hunter2")), "{problems:?}");
}

#[test]
fn a_variable_beside_it_makes_no_secret_of_what_stands_in_the_file() {
    let slack = |url: &str| one("url: https://example.com/") + &format!("notify: [{{to: slack, url: '{url}'}}]");
    let header = |value: &str| one(&format!("url: https://example.com/, headers: {{Authorization: '{value}'}}"));
    let secret =
        |value: &str| one(&format!("receive: /hook, format: grafana, secret: '{value}'")) + "listen: 127.0.0.1:9";
    let told = |text: &str| codes(text).contains(&"secret-in-file");
    for bad in [
        slack("https://hooks.example.com/services/42?${TOKEN}"),
        slack("https://hooks.example.com/${TOKEN}/42"),
        slack("https://hooks.example.com?42=${TOKEN}"),
        slack("https://hooks.example.com42${TOKEN}"),
        slack("${SLACK_URL}42"),
        header("Bearer 42${TOKEN}"),
        header("42 ${TOKEN}"),
        header("Bearer ${TOKEN}42"),
        secret("42${TOKEN}"),
        secret("${TOKEN}42${TOKEN}"),
    ] {
        assert!(told(&bad), "{bad}: {:?}", codes(&bad));
    }
    for good in [
        slack("${SLACK_URL}"),
        slack("https://hooks.example.com/${TOKEN}"),
        slack("http://[2001:db8::1]:8080/${TOKEN}/${TOKEN}"),
        header("${TOKEN}"),
        header("bearer ${TOKEN}"),
        header("Token token=${TOKEN}"),
        secret("${TOKEN}"),
        secret("${TOKEN}${TOKEN}"),
    ] {
        assert!(!told(&good), "{good}: {:?}", codes(&good));
    }
}

#[test]
fn all_problems_are_told_at_once_with_their_places_and_without_secrets() {
    let text = "\
sources:
  - {name: a, url: 'ftp://example.com/${TOKEN}', every: soon, format: slak}
  - {name: b, url: 'https://${TOKEN}:x@example.com/', headers: {Cookie: 'a=${TOKEN}', X-Token: abc}}
  - {name: b, file: x, colour: red}
";
    let (_, problems, sources) = read(text);
    assert!(problems.len() >= 7, "{problems:#?}");
    assert!(problems.iter().all(|p| p.primary.is_some() && p.help.is_some()));
    let told = render_human(&problems, &sources, Colour::Never);
    assert!(!told.contains("hunter2"), "{told}");
    assert!(told.contains("did you mean `slack`"), "{told}");
}

#[test]
fn the_example_is_fine_and_components_are_looked_up_in_the_graph() {
    let example = folder("sources/sources.yaml");
    let (code, out, err) = run(&["collect", "--check", &example]);
    assert_eq!(code, 0, "{err}");
    assert!(out.ends_with("6 sources, no problems\n"), "{out}");
    let other = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(&example).unwrap();
    let text = text.replace("../../graphs", &format!("{}/graphs", env!("CARGO_MANIFEST_DIR")));
    let path = other.path().join("sources.yaml");
    std::fs::write(&path, text.replace("component: okta", "component: oktta")).unwrap();
    let (code, _, err) = run(&["collect", "--check", path.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(err.contains("unknown-signal-component") && err.contains("did you mean `okta`"), "{err}");
    assert_eq!(run(&["collect", "--check", "no/such.yaml"]).0, 3);
}

#[test]
fn the_schema_is_current_and_agrees_with_the_reader() {
    let schema = config::schema();
    assert_schema_is_current("sources.schema.json", &schema);
    let validator = jsonschema::draft7::new(&schema).unwrap();
    for (fields, fine) in [
        ("url: https://example.com/", true),
        ("url: https://example.com/, x-own: 1", true),
        ("url: https://example.com/, file: a", false),
        ("url: https://example.com/, colour: red", false),
        ("url: https://example.com/, format: slak", false),
        ("component: a", false),
    ] {
        let text = one(fields);
        let value: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!((validator.is_valid(&value), codes(&text).is_empty()), (fine, fine), "{text}");
    }
}

#[test]
fn every_code_has_a_page() {
    for code in config::CODES {
        let page = format!("{}/docs/diagnostics/{}.md", env!("CARGO_MANIFEST_DIR"), code.id);
        let text = std::fs::read_to_string(&page).unwrap_or_else(|e| panic!("{page}: {e}"));
        assert!(text.starts_with(&format!("# {}\n", code.id)) && text.contains("**What to do.**"), "{page}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn damaged_configurations_are_survived(at in 0usize..1500, what in "[\\[\\]{}:,&*!|>'\"%@`$a-z0-9 \\n-]{0,4}", cut in 0usize..8) {
        let whole = std::fs::read_to_string(folder("sources/sources.yaml")).unwrap();
        let start = at.min(whole.len());
        let end = (start + cut).min(whole.len());
        let text = format!("{}{what}{}", &whole[..start], &whole[end..]);
        let (_, problems, sources) = read(&text);
        render_human(&problems, &sources, Colour::Never);
    }
}
