//! Watching: what sources say now, when there is something to tell, and what happens between two starts.

use commoncause::collect::follow::follow;
use commoncause::collect::{Collected, Reading};
use commoncause::diag::{FileId, Sources, Span};
use commoncause::graph::{self, DependencyGraph};
use commoncause::notify::Status;
use commoncause::report::view::VerdictKind;
use commoncause::signal::{AtKind, Observation, Precision, Record, SourceKind, SourceName, State, Window};
use commoncause::watch::aside::{Work, split};
use commoncause::watch::episode::Episodes;
use commoncause::watch::sight::{Sight, is_open};
use commoncause::watch::stance::{Said, Stance};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Seconds after a beginning.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_600_000 + second).unwrap()
}

fn record(component: &str, state: State, kind: AtKind, from: i64) -> Record {
    Record {
        observation: Observation {
            at: at(from),
            precision: Precision::Minute,
            at_kind: kind,
            until: None,
            seen_at: at(from),
            component: component.to_string(),
            capability: "login".to_string(),
            state,
            region: "global".to_string(),
            source: SourceName { kind: SourceKind::Alert, name: "alerts".to_string() },
            count: None,
            baseline: None,
            share: Default::default(),
            value: None,
            n: None,
            likelihood: None,
        },
        text: None,
        url: None,
        span: Span { file: FileId(0), start: 0, end: 0 },
    }
}

fn one(identity: &str, record: Record) -> Collected {
    Collected { identity: identity.to_string(), record }
}

fn whole(signals: Vec<Collected>) -> Reading {
    Reading { signals, whole: true, ..Reading::default() }
}

fn events(signals: Vec<Collected>) -> Reading {
    Reading { signals, ..Reading::default() }
}

/// What is open in the last hour, by component.
fn open(sight: &Sight, now: i64) -> Vec<String> {
    let window = Window { start: at(now - 3600), end: at(now) };
    let signals = sight.signals(window);
    let open: BTreeSet<String> =
        signals.iter().filter(|r| is_open(&r.observation)).map(|r| r.observation.component.clone()).collect();
    open.into_iter().collect()
}

#[test]
fn what_vanishes_from_a_list_has_ended_and_what_is_inhibited_does() {
    // Alertmanager: chat fires, is inhibited, and its end is never told; it only is not in the list any more.
    let firing = |c: &str| one(&format!("{c}@0"), record(c, State::Failing, AtKind::Onset, 0));
    let mut sight = Sight::default();
    let first = follow(&[], whole(vec![firing("chat"), firing("idp")]), at(10));
    sight.hear("alerts", &first, at(10));
    assert_eq!(open(&sight, 11), ["chat", "idp"]);
    let second = follow(&first.signals, whole(vec![firing("idp")]), at(20));
    sight.hear("alerts", &second, at(20));
    assert_eq!(open(&sight, 21), ["idp"]);
    let third = follow(&second.signals, whole(vec![]), at(30));
    sight.hear("alerts", &third, at(30));
    assert!(open(&sight, 31).is_empty());
}

#[test]
fn what_may_have_been_passed_over_has_not_ended() {
    let firing = one("chat@0", record("chat", State::Failing, AtKind::Onset, 0));
    let first = follow(&[], whole(vec![firing]), at(10));
    let partial = Reading { partial: true, whole: true, ..Reading::default() };
    let second = follow(&first.signals, partial, at(20));
    let mut sight = Sight::default();
    sight.hear("page", &second, at(20));
    assert_eq!(open(&sight, 21), ["chat"]);
}

#[test]
fn resolved_and_refired_are_two_troubles() {
    let mut sight = Sight::default();
    let first = one("chat@0", record("chat", State::Failing, AtKind::Onset, 0));
    sight.hear("alerts", &events(vec![first.clone()]), at(1));
    let mut ended = first;
    ended.record.observation.until = Some(at(60));
    sight.hear("alerts", &events(vec![ended]), at(61));
    assert!(open(&sight, 62).is_empty());
    let again = one("chat@100", record("chat", State::Failing, AtKind::Onset, 100));
    sight.hear("alerts", &events(vec![again]), at(101));
    assert_eq!(open(&sight, 102), ["chat"]);
    let window = Window { start: at(-3600), end: at(102) };
    assert_eq!(sight.signals(window).len(), 2);
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let mut signals = [
        ("a", one("a@5", record("shop", State::Failing, AtKind::Onset, 5))),
        ("b", one("b@3", record("idp", State::Failing, AtKind::Onset, 3))),
        ("c", one("c@9", record("chat", State::Degraded, AtKind::Onset, 9))),
    ];
    for (name, one) in &mut signals {
        one.record.observation.source.name = name.to_string();
    }
    let window = Window { start: at(-3600), end: at(60) };
    let heard = |order: [usize; 3]| {
        let mut sight = Sight::default();
        order.iter().for_each(|i| sight.hear(signals[*i].0, &events(vec![signals[*i].1.clone()]), at(50)));
        sight.signals(window)
    };
    let usual = heard([0, 1, 2]);
    for order in [[2, 1, 0], [1, 0, 2], [0, 2, 1]] {
        assert_eq!(heard(order), usual);
    }
}

#[test]
fn a_clock_that_is_ahead_tells_nothing_of_the_future() {
    let mut sight = Sight::default();
    sight.hear("alerts", &events(vec![one("chat@900", record("chat", State::Failing, AtKind::Onset, 900))]), at(10));
    let signals = sight.signals(Window { start: at(-3600), end: at(11) });
    assert_eq!(signals[0].observation.at, at(10));
}

#[test]
fn health_is_as_new_as_the_last_answer_and_gone_with_it() {
    let mut sight = Sight::default();
    let well = one("well/shop/login", record("shop", State::Healthy, AtKind::Seen, 0));
    sight.hear("page", &whole(vec![well]), at(0));
    sight.same("page", at(500));
    let window = Window { start: at(-3600), end: at(501) };
    assert_eq!(sight.signals(window)[0].observation.at, at(500));
    sight.hear("page", &whole(vec![]), at(600));
    assert!(sight.signals(Window { start: at(-3600), end: at(601) }).is_empty());
}

#[test]
fn trouble_that_was_seen_once_is_a_moment_and_one_that_is_listed_goes_on() {
    let seen = |identity: &str| one(identity, record("shop", State::Failing, AtKind::Seen, 0));
    let mut moment = Sight::default();
    moment.hear("feed", &events(vec![seen("x")]), at(0));
    assert_eq!(open(&moment, 60), ["shop"]);
    assert!(open(&moment, 1800).is_empty());
    let mut listed = Sight::default();
    listed.hear("probe", &whole(vec![seen("x@0")]), at(0));
    listed.same("probe", at(7000));
    assert_eq!(open(&listed, 7200), ["shop"]);
    // Trouble that began before the window stands at its beginning.
    let window = Window { start: at(3600), end: at(7200) };
    assert_eq!(listed.signals(window)[0].observation.at, at(3600));
    // Who is not heard any more says nothing any more.
    listed.forget_before(at(7001), |_| None);
    assert_eq!(listed.signals(window).len(), 1);
    listed.forget_before(at(7001), |_| Some(at(7001)));
    assert!(listed.signals(window).is_empty());
}

#[test]
fn silence_counts_while_all_that_can_be_seen_is_told() {
    let mut sight = Sight::default();
    assert_eq!(sight.last_seen("looks"), None);
    sight.hear("looks", &whole(vec![]), at(0));
    sight.same("looks", at(10));
    assert_eq!(sight.last_seen("looks"), Some(at(10)));
    sight.lost("looks");
    assert_eq!(sight.last_seen("looks"), None);
    sight.hear("looks", &whole(vec![one("unsure/shop@20", record("shop", State::Unknown, AtKind::Seen, 20))]), at(20));
    assert_eq!(sight.last_seen("looks"), None);
    sight.hear("looks", &Reading { partial: true, ..whole(vec![]) }, at(30));
    assert_eq!(sight.last_seen("looks"), None);
}

#[test]
fn who_saw_trouble_end_does_not_deny_that_there_was_one() {
    let failing = one("x@0", record("shop", State::Failing, AtKind::Onset, 0));
    let well = |c: &str| one(&format!("well/{c}"), record(c, State::Healthy, AtKind::Seen, 60));
    let mut ended = failing.clone();
    ended.record.observation.until = Some(at(60));
    let mut sight = Sight::default();
    sight.hear("looks", &whole(vec![failing]), at(1));
    sight.hear("looks", &whole(vec![ended, well("shop"), well("chat")]), at(61));
    let said = |start: i64| {
        let signals = sight.signals(Window { start: at(start), end: at(62) });
        signals.iter().map(|r| (r.observation.component.clone(), r.observation.state)).collect::<Vec<_>>()
    };
    assert_eq!(said(-60), [("chat".to_string(), State::Healthy), ("shop".to_string(), State::Failing)]);
    // Once that is long over, it counts that it is well.
    assert!(said(61).contains(&("shop".to_string(), State::Healthy)));
}

fn graph() -> DependencyGraph {
    let text = "components:\n  idp: {kind: identity-provider}\n  idp/login: {kind: service, part_of: idp}\n  shop: {kind: service, depends_on: [idp]}\n";
    let mut sources = Sources::default();
    graph::load_texts(&[("graph.yaml", text)], &mut sources, None).0.unwrap()
}

#[test]
fn announced_work_is_no_failure_until_it_is_outlasted() {
    let graph = graph();
    let idp = graph.find("idp").unwrap();
    let work = Work { component: idp, capability: "any".into(), from: at(0), to: Some(at(3600)) };
    let mut signals = Vec::new();
    for (component, from) in [("idp", 60), ("idp/login", 120), ("shop", 60), ("idp", -3600)] {
        signals.push(record(component, State::Failing, AtKind::Onset, from));
    }
    let parted = |now: i64| {
        let (count, aside) = split(&graph, std::slice::from_ref(&work), at(now), signals.clone(), |r| &r.observation);
        (count.len(), aside.len())
    };
    // The dependent and what began long before count.
    assert_eq!(parted(1800), (2, 2));
    assert_eq!(parted(3600 + 300), (2, 2));
    // Still in trouble long after the announced end.
    assert_eq!(parted(3600 + 1800), (4, 0));
    let other = Work { capability: "api".into(), ..work };
    let (count, _) = split(&graph, &[other], at(1800), signals, |r| &r.observation);
    assert_eq!(count.len(), 4);
}

fn said(kind: VerdictKind, causes: &[(&str, f64, &[&str])]) -> Said {
    let causes = causes.iter().map(|(component, probability, explains)| {
        let json = serde_json::json!({"component": component, "capability": "any", "kind": "service",
            "probability": probability, "range": [0.0, 1.0], "explains": explains});
        serde_json::from_value(json).unwrap()
    });
    Said { kind, verdict: "…".to_string(), causes: causes.collect(), error: 0.0 }
}

/// Looks at a stance each second; what is told, with the second.
fn told(episodes: &mut Episodes, from: i64, stances: &[(&Said, &[&str])]) -> Vec<(i64, Status, String)> {
    let mut found = Vec::new();
    for (second, (said, failing)) in (from..).zip(stances) {
        let failing = failing.iter().map(|c| c.to_string()).collect();
        let stance = Stance { at: at(second), said: (*said).clone(), failing };
        if let Some(change) = episodes.look(&stance, SignedDuration::from_secs(2)) {
            found.push((second, change.status, change.key));
        }
    }
    found
}

const BOTH: &[&str] = &["chat", "shop"];

#[test]
fn a_suspicion_is_told_when_it_is_sure_or_was_there_twice_and_its_end_always() {
    let sure = said(VerdictKind::CommonCause, &[("idp", 0.95, BOTH)]);
    let likely = said(VerdictKind::CommonCause, &[("idp", 0.6, BOTH)]);
    let nothing = said(VerdictKind::Inconclusive, &[]);
    let mut episodes = Episodes::default();
    let first = told(
        &mut episodes,
        0,
        &[(&nothing, BOTH), (&likely, BOTH), (&nothing, BOTH), (&likely, BOTH), (&likely, BOTH)],
    );
    assert_eq!(first.iter().map(|t| (t.0, t.1)).collect::<Vec<_>>(), [(4, Status::Suspected)]);
    // Of what is nearly over only the end is told.
    let nearly = told(&mut episodes.clone(), 5, &[(&nothing, &["shop"]), (&nothing, &["shop"]), (&sure, &["shop"])]);
    assert!(nearly.is_empty());
    // Surer is news, less sure is none, and neither is a waver.
    let next =
        told(&mut episodes, 5, &[(&likely, BOTH), (&sure, BOTH), (&likely, BOTH), (&nothing, BOTH), (&sure, BOTH)]);
    assert_eq!(next.iter().map(|t| (t.0, t.1)).collect::<Vec<_>>(), [(6, Status::Changed)]);
    // One that comes back within the time is not over.
    let calm: &[&str] = &[];
    let end =
        told(&mut episodes, 10, &[(&sure, calm), (&sure, &["shop"]), (&sure, calm), (&sure, calm), (&sure, calm)]);
    assert_eq!(end.iter().map(|t| (t.0, t.1)).collect::<Vec<_>>(), [(14, Status::Resolved)]);
    assert_eq!(end[0].2, first[0].2);
    assert_eq!(episodes.ended(), Some(at(12)));
    // What comes later is another one.
    let again = told(&mut episodes, 20, &[(&sure, BOTH)]);
    assert!(again.len() == 1 && again[0].2 != first[0].2);
}

#[test]
fn a_sure_suspicion_is_told_at_once_and_another_cause_is_a_change() {
    let idp = said(VerdictKind::CommonCause, &[("idp", 0.95, BOTH)]);
    let cloud = said(VerdictKind::CommonCause, &[("cloud", 0.97, &["chat", "shop", "mail"])]);
    let mut episodes = Episodes::default();
    let three: &[&str] = &["chat", "mail", "shop"];
    // The child fails before the parent: who was named first is not who stands in the end.
    let found = told(&mut episodes, 0, &[(&idp, BOTH), (&cloud, three), (&cloud, three)]);
    assert_eq!(found.iter().map(|t| (t.0, t.1)).collect::<Vec<_>>(), [(0, Status::Suspected), (1, Status::Changed)]);
    // All three must be well for the end.
    let calm: &[&str] = &[];
    let end = told(
        &mut episodes,
        3,
        &[
            (&cloud, &["mail"]),
            (&cloud, &["mail"]),
            (&cloud, &["mail"]),
            (&cloud, calm),
            (&cloud, calm),
            (&cloud, calm),
        ],
    );
    assert_eq!(end.iter().map(|t| (t.0, t.1)).collect::<Vec<_>>(), [(8, Status::Resolved)]);
}

#[test]
fn one_component_is_no_incident_and_coincidence_is_none() {
    let sure = said(VerdictKind::CommonCause, &[("idp", 0.95, &["shop"])]);
    let own = said(VerdictKind::Independent, &[]);
    let mut episodes = Episodes::default();
    assert!(told(&mut episodes, 0, &[(&sure, &["shop"]), (&sure, &["shop"]), (&own, BOTH), (&own, BOTH)]).is_empty());
}

#[test]
fn an_incident_is_remembered_over_a_new_start() {
    let sure = said(VerdictKind::CommonCause, &[("idp", 0.95, BOTH)]);
    let mut episodes = Episodes::default();
    let first = told(&mut episodes, 0, &[(&sure, BOTH)]);
    let kept = serde_json::to_string(&episodes).unwrap();
    let mut after: Episodes = serde_json::from_str(&kept).unwrap();
    let nothing = said(VerdictKind::Inconclusive, &[]);
    let calm: &[&str] = &[];
    let end = told(&mut after, 100, &[(&nothing, calm), (&nothing, calm), (&nothing, calm)]);
    assert_eq!(end, [(102, Status::Resolved, first[0].2.clone())]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    /// Whatever is seen in whatever order: what is suspected is told to be over, once, before the next is; only what was
    /// suspected changes.
    #[test]
    fn every_suspicion_has_one_end(looks in proptest::collection::vec((0..5_usize, 0..4_usize, 0..4_i64), 1..80)) {
        let all: [&[&str]; 4] = [&[], &["shop"], BOTH, &["chat", "mail", "shop"]];
        let sayings = [
            said(VerdictKind::Inconclusive, &[]),
            said(VerdictKind::Independent, &[]),
            said(VerdictKind::CommonCause, &[("idp", 0.95, BOTH)]),
            said(VerdictKind::CommonCause, &[("idp", 0.6, BOTH)]),
            said(VerdictKind::SeveralCauses, &[("cloud", 0.8, all[3]), ("idp", 0.7, BOTH)]),
        ];
        let (mut episodes, mut now, mut open) = (Episodes::default(), 0, None::<String>);
        // In the end, all is well for long.
        for (say, failing, step) in looks.into_iter().chain([(0, 0, 5), (0, 0, 5)]) {
            now += step;
            let failing = all[failing].iter().map(|c| c.to_string()).collect();
            // What goes on survives a new start.
            episodes = serde_json::from_str(&serde_json::to_string(&episodes).unwrap()).unwrap();
            let stance = Stance { at: at(now), said: sayings[say].clone(), failing };
            let Some(change) = episodes.look(&stance, SignedDuration::from_secs(2)) else { continue };
            match (change.status, &open) {
                (Status::Suspected, None) => open = Some(change.key),
                (Status::Changed, Some(key)) => proptest::prop_assert_eq!(key, &change.key),
                (Status::Resolved, Some(key)) => {
                    proptest::prop_assert_eq!(key, &change.key);
                    open = None;
                }
                (status, open) => proptest::prop_assert!(false, "{:?} while {:?}", status, open),
            }
        }
        proptest::prop_assert_eq!(open, None);
    }
}
