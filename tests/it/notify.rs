//! What is told: in the form that each receiver takes, within its limits, whatever names there are.

use crate::{assert_file, run};
use commoncause::collect::config::{Filled, Notify, Receiver};
use commoncause::collect::fetch::{Reach, Secret};
use commoncause::notify::{Message, Status, Told, alertmanager, label, letter, pagerduty, slack, webhook};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::Value;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const NOW: &str = "2026-11-18T12:05:00Z";

fn now() -> Timestamp {
    time(NOW)
}

pub fn message(key: &str, status: Status) -> Message {
    let explains = ["shop", "chat", "mail"].map(String::from).to_vec();
    Message {
        key: key.to_string(),
        status,
        at: time("2026-11-18T12:04:30Z"),
        began: Some(time("2026-11-18T12:00:00Z")),
        verdict: "3 failing services share okta login, which probably is the cause (0.94).".to_string(),
        verdict_kind: "common-cause".to_string(),
        causes: vec![
            Told {
                component: "okta".to_string(),
                capability: "login".to_string(),
                kind: "identity-provider".to_string(),
                probability: 0.94,
                range: [0.86, 0.97],
                explains: explains.clone(),
            },
            Told {
                component: "aws".to_string(),
                capability: "any".to_string(),
                kind: "cloud".to_string(),
                probability: 0.03,
                range: [0.01, 0.08],
                explains,
            },
        ],
        error: 0.0,
        lines: vec!["shop and chat fail at login only.".to_string(), "aws is seen healthy by 2 sources.".to_string()],
    }
}

pub fn receiver(to: Receiver, url: &str, secret: Option<&str>) -> Notify {
    let filled = |written: &str, value: &str| Filled { written: written.to_string(), value: Secret(value.to_string()) };
    Notify {
        to,
        url: Some(filled(url, url)),
        secret: secret.map(|secret| filled("${KEY}", secret)),
        headers: vec![("X-Scope".to_string(), filled("a", "a"))],
        reach: Reach::NamedHost,
    }
}

const KINDS: [(&str, Receiver); 4] = [
    ("slack", Receiver::Slack),
    ("pagerduty", Receiver::PagerDuty),
    ("alertmanager", Receiver::Alertmanager),
    ("webhook", Receiver::Webhook),
];

fn sent(to: Receiver, message: &Message) -> Value {
    let (_, body) = letter(&receiver(to, "https://example.org/hook", Some("s3cret")), message, "0123", now());
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn bodies_are_as_each_kind_of_receiver_takes_them() {
    for (word, to) in KINDS {
        for status in [Status::Suspected, Status::Resolved] {
            let body = sent(to, &message("incident-7", status));
            assert_file(&format!("tests/notify/{word}-{}.json", status.as_str()), &format!("{body:#}\n"));
        }
    }
}

#[test]
fn the_place_of_pagerduty_is_known_and_others_are_given() {
    let mut pager = receiver(Receiver::PagerDuty, "", Some("R0UT1NG"));
    pager.url = None;
    let (request, body) = letter(&pager, &message("k", Status::Changed), "0123", now());
    assert_eq!(request.url, "https://events.pagerduty.com/v2/enqueue");
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((body["routing_key"].as_str(), body["event_action"].as_str()), (Some("R0UT1NG"), Some("trigger")));
    assert_eq!(request.reach, Reach::NamedHost);
    assert!(request.headers.iter().any(|(name, value)| name == "X-Scope" && value.0 == "a"));
}

#[test]
fn a_receiver_is_called_by_its_host_or_a_variable_and_by_nothing_secret() {
    for (written, name) in [
        ("https://example.org/hook/SECRET", "webhook (example.org)"),
        ("https://example.org:8443/SECRET?${TOK}", "webhook (example.org:8443)"),
        ("${URL}", "webhook (${URL})"),
        ("${BASE}/SECRET/${TOK}", "webhook (${BASE})"),
        ("https://SECRET.${DOMAIN}/SECRET", "webhook (${DOMAIN})"),
        ("https://example.org${REST}", "webhook (${REST})"),
        ("https://example.org:${PORT}/SECRET", "webhook (${PORT})"),
        ("SECRET", "webhook (?)"),
    ] {
        let mut receiver = receiver(Receiver::Webhook, "https://example.org/SECRET", Some("SECRET"));
        receiver.url.as_mut().unwrap().written = written.to_string();
        assert_eq!(label(&receiver), name, "{written}");
    }
}

#[test]
fn labels_of_an_alert_stay_and_its_end_is_ahead_until_it_is_over() {
    let mut later = message("k", Status::Changed);
    later.causes.swap(0, 1);
    later.verdict_kind = "several-causes".to_string();
    let (first, later) =
        (sent(Receiver::Alertmanager, &message("k", Status::Suspected)), sent(Receiver::Alertmanager, &later));
    assert_eq!(first[0]["labels"], later[0]["labels"]);
    assert_eq!(later[0]["annotations"]["cause"], "aws");
    let at = |alert: &Value, key: &str| time(alert[0][key].as_str().unwrap());
    assert_eq!(at(&later, "endsAt"), now() + alertmanager::HOLD);
    let mut over = message("k", Status::Resolved);
    assert!(at(&sent(Receiver::Alertmanager, &over), "endsAt") < over.at);
    // What is over at once, or began later than it was told by some clock, does not end before it begins.
    for began in [over.at, over.at + SignedDuration::from_hours(1)] {
        over.began = Some(began);
        let alert = sent(Receiver::Alertmanager, &over);
        assert!(at(&alert, "startsAt") <= at(&alert, "endsAt"), "{alert}");
    }
}

#[test]
fn signatures_are_those_of_openssl() {
    // `printf '{"event":{}}' | openssl dgst -sha256 -hmac secret`
    let hex = "2c984a26b96792f49173390b114619a17f5699a0bb42f13aff472b980b3080b5";
    assert_eq!(webhook::signature(br#"{"event":{}}"#, b"secret"), Some(format!("v1={hex}")));
    let (request, body) = letter(
        &receiver(Receiver::Webhook, "https://example.org/", Some("s3cret")),
        &message("k", Status::Changed),
        "0123",
        now(),
    );
    let header =
        |wanted: &str| request.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.0.clone());
    let signature = header("X-Commoncause-Signature").unwrap();
    // The reader of PagerDuty's webhooks, which are signed in the same way, is a second opinion.
    assert!(commoncause::collect::read::pagerduty::is_signed(&body, &signature, b"s3cret"));
    assert!(!commoncause::collect::read::pagerduty::is_signed(&body, &signature, b"other"));
    assert_eq!(header("Idempotency-Key").as_deref(), Some("0123"));
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["sent_at"], NOW);
    let (unsigned, _) = letter(
        &receiver(Receiver::Webhook, "https://example.org/", None),
        &message("k", Status::Changed),
        "0123",
        now(),
    );
    assert!(!unsigned.headers.iter().any(|(name, _)| name == webhook::SIGNATURE));
}

#[test]
fn the_schema_of_the_webhook_is_current_and_what_is_sent_obeys_it() {
    let (code, schema, _) = run(&["graph", "schema", "notification"]);
    assert_eq!(code, 0);
    assert_file("docs/schema/notification.schema.json", &schema);
    let schema = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let mut unknown = message("k", Status::Suspected);
    (unknown.began, unknown.error) = (None, f64::NAN);
    unknown.causes[0].probability = f64::INFINITY;
    for message in [message("k", Status::Resolved), unknown] {
        let body = sent(Receiver::Webhook, &message);
        assert!(validator.is_valid(&body), "{:?}", validator.validate(&body).err());
    }
}

#[test]
fn nobody_is_called_by_a_name() {
    let mut hostile = message("<!channel> @here", Status::Suspected);
    hostile.causes[0].component =
        "<!here|x> <@U123> @channel @all <https://evil.example|okta> &lt;!here&gt;".to_string();
    hostile.causes[0].explains = vec!["@everyone".to_string()];
    hostile.lines = vec!["<!subteam^S1> @channel".to_string(), "a\nb\u{1b}[31m\u{202e}".to_string()];
    hostile.verdict = hostile.causes[0].component.clone();
    let text = slack::body(&hostile.bounded()).to_string();
    for bad in ["<", ">", "@c", "@h", "@a", "@e", "@U", "\u{1b}", "\u{202e}", "\\u001b"] {
        assert!(!text.contains(bad), "{bad}: {text}");
    }
    assert!(text.contains("&amp;lt;!here&amp;gt;"), "{text}");
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|v| texts(v, found)),
        Value::Object(map) => map.values().for_each(|v| texts(v, found)),
        _ => {}
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,40}",
        "[<>&@!|*_`\"\\\\\n\r\t\u{0}\u{1b}\u{202e}]{0,40}",
        "(&amp;|<!here>|@channel|🔥){0,20}"
    ];
    (piece, 0usize..200).prop_map(|(piece, times)| piece.repeat(times))
}

fn repeated<T: Clone>(list: &[T], times: usize) -> Vec<T> {
    std::iter::repeat_n(list, times).flatten().cloned().collect()
}

fn any_message() -> impl Strategy<Value = Message> {
    let told = (hostile(), hostile(), prop::num::f64::ANY, prop::collection::vec(hostile(), 0..4), 0usize..30)
        .prop_map(|(component, capability, probability, explains, times)| Told {
            component,
            kind: capability.clone(),
            capability,
            probability,
            range: [probability, 1.0],
            explains: repeated(&explains, times),
        });
    let status = prop_oneof![Just(Status::Suspected), Just(Status::Changed), Just(Status::Resolved)];
    let many = (prop::collection::vec(told, 0..4), 0usize..10, prop::collection::vec(hostile(), 0..4), 0usize..30);
    (hostile(), status, hostile(), many, prop::num::f64::ANY).prop_map(
        |(key, status, verdict, (causes, n, lines, m), error)| Message {
            key,
            status,
            at: now(),
            began: None,
            verdict_kind: verdict.clone(),
            verdict,
            causes: repeated(&causes, n),
            error,
            lines: repeated(&lines, m),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn limits_of_receivers_are_kept_whatever_is_told(message in any_message()) {
        let bounded = message.clone().bounded();
        prop_assert!(bounded.clone().bounded() == bounded, "within the limits nothing is changed");
        prop_assert!((1..=255).contains(&bounded.key.len()));
        let text = slack::body(&bounded).to_string();
        prop_assert!(text.chars().count() < 13_000, "{}", text.chars().count());
        let body = sent(Receiver::Slack, &message);
        let blocks = body["blocks"].as_array().unwrap();
        prop_assert!(blocks.len() <= 50);
        for block in blocks {
            let (mut found, most) = (Vec::new(), if block["type"] == "header" { 150 } else { 3000 });
            texts(block, &mut found);
            for text in &found {
                prop_assert!(!text.is_empty() && text.chars().count() <= most, "{}", text.chars().count());
                let unsafe_ones = ['<', '>', '\u{1b}', '\u{202e}'];
                prop_assert!(!text.contains(unsafe_ones));
                // Every escape is whole, and no name follows an `@`.
                let whole = |rest: &str| ["amp;", "lt;", "gt;"].iter().any(|e| rest.starts_with(e));
                prop_assert!(text.split('&').skip(1).all(whole), "{text:?}");
                prop_assert!(text.split('@').skip(1).all(|rest| !rest.starts_with(char::is_alphanumeric)), "{text:?}");
            }
        }
        let pager = sent(Receiver::PagerDuty, &message);
        let summary = pager["payload"]["summary"].as_str().unwrap();
        prop_assert!((1..=pagerduty::MAX_SUMMARY).contains(&summary.chars().count()));
        prop_assert!(pager.to_string().len() < 512_000);
        prop_assert!(sent(Receiver::Alertmanager, &message)[0]["labels"]["incident"] == bounded.key.as_str());
        prop_assert!(sent(Receiver::Webhook, &message).to_string().len() < 4 << 20);
        // It is the same again after it was kept in a file.
        let again: Message = serde_json::from_str(&serde_json::to_string(&bounded).unwrap()).unwrap();
        prop_assert!(again.key == bounded.key && again.causes.len() == bounded.causes.len());
    }

    #[test]
    fn keys_stay_apart(a in hostile(), b in hostile()) {
        let key = |key: &str| message(key, Status::Changed).bounded().key;
        prop_assert_eq!(key(&a) == key(&b), a == b);
    }
}
