//! The HTML report, without a browser: it needs nothing, shows everything, and lets nothing in.

use crate::report::{hostile, report};
use crate::{corpus, run};
use commoncause::report::html;
use commoncause::report::view::*;
use commoncause::signal::{SourceKind, State};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Bytes of a page, at most.
const SIZE: usize = 500_000;

fn signal(i: usize, component: &str, state: State) -> SignalView {
    SignalView {
        at: format!("2024-03-05T15:{:02}:00Z", i % 60),
        until: (i.is_multiple_of(5)).then(|| "2024-03-05T17:00:00Z".to_string()),
        seen_at: format!("2024-03-05T15:{:02}:30Z", i % 60),
        component: component.to_string(),
        capability: "login".to_string(),
        state,
        region: "eu".to_string(),
        source: SourceKind::Probe,
        name: "probe-1".to_string(),
        count: Some(12.0),
        value: Some(0.25),
        text: Some(format!("Signal {i} in words")),
        url: Some("https://example.org/a?b=1&c=2".to_string()),
    }
}

/// A report with something in every part, every text of it `text`.
pub fn full(text: &str) -> Report {
    let mut r = report(text, text);
    let id = |i: usize| format!("{text}-{i}");
    let component = |id: String, state| ComponentView {
        id,
        title: text.to_string(),
        kind: text.to_string(),
        part_of: Some(text.to_string()),
        state,
        p_failed: 0.9,
        p_fault: 0.1,
    };
    let states = [SeenState::Failing, SeenState::Degraded, SeenState::Healthy, SeenState::Unobserved];
    r.graph.components = (0..40).map(|i| component(id(i), states[i % 4])).collect();
    r.graph.components.push(component(text.to_string(), SeenState::Unobserved));
    r.graph.components.sort_by(|a, b| a.id.cmp(&b.id));
    r.graph.dependencies = (0..40)
        .map(|i| DependencyView {
            dependent: id(i),
            dependency: text.to_string(),
            capability: Some(text.to_string()),
            scope: vec![text.to_string()],
            rule: "one".to_string(),
            impact: 0.9,
            confidence: 0.9,
            source: Some(text.to_string()),
        })
        .collect();
    let said = [State::Failing, State::Degraded, State::Healthy, State::Recovered, State::Maintenance, State::Unknown];
    r.signals = (0..60).map(|i| signal(i, &id(i % 40), said[i % 6])).collect();
    for s in &mut r.signals {
        (s.capability, s.region, s.name) = (text.to_string(), text.to_string(), text.to_string());
        s.text = Some(text.to_string());
    }
    r.signals[0].url = Some(text.to_string());
    r.signals[1].url = Some(format!("javascript:alert('{text}')"));
    r.signals[2].url = Some(format!("https://example.org/{text}"));
    let bands = [Band::PointsTo, Band::ConsistentWith, Band::CannotBeToldApart, Band::PointsAwayFrom, Band::Undecided];
    r.sentences = bands
        .map(|band| Sentence {
            band,
            text: text.to_string(),
            component: Some(text.to_string()),
            signals: vec![1, 2, 99],
        })
        .to_vec();
    let channel = |i: usize| Channel {
        component: id(i),
        source: SourceKind::Press,
        log_odds: 3.0 - i as f64,
        against_rival: Some(1.0),
        overlap: 0.1,
        signals: vec![ChannelSignal { signal: i, log_odds: 1.0, against_rival: None }],
    };
    r.causes[0].ledger = Some(Ledger {
        prior: -7.0,
        posterior: 9.0,
        overlap: 1.0,
        rival: Some(Rival { component: text.to_string(), prior: 0.0, posterior: 1.0 }),
        channels: (0..9).map(channel).collect(),
    });
    r.causes[0].ties.push(id(3));
    r.causes[0].contradicted_by[0].capability = text.to_string();
    let moment = |i: usize| Moment {
        at: format!("2024-03-05T15:{i:02}:00Z"),
        signals: vec![i],
        verdict: Verdict { kind: VerdictKind::Inconclusive, text: text.to_string() },
        causes: (0..3)
            .map(|c| Standing {
                component: if c == 0 { text.to_string() } else { id(c) },
                probability: i as f64 / 20.0,
                common: true,
            })
            .collect(),
        coincidence: 0.2,
        error: 1e-9,
        change: Some(Change { component: text.to_string(), from: 0.1, to: 0.2, signal: Some(i), log_odds: Some(1.0) }),
    };
    r.diary = (0..20).map(moment).collect();
    let outcome = |p: f64| BTreeMap::from([(text.to_string(), p), (id(1), 1.0 - p)]);
    r.checks = (0..15)
        .map(|i| Check {
            component: id(i),
            capability: text.to_string(),
            gain_bits: 0.4,
            p_failing: 0.3,
            if_failing: outcome(0.9),
            if_healthy: outcome(0.2),
        })
        .collect();
    let silence = |i| Silence { signal: i, source: text.to_string(), component: text.to_string() };
    r.silences = (50..55).map(silence).collect();
    r.spill_over = vec![Discounted { signal: 7, component: text.to_string(), log_odds: 1.0, undiscounted: 3.0 }];
    let patch = format!("components:\n  shared:\n    note: {text}\n");
    r.unknown_cause =
        UnknownCause { probability: Some(0.4), members: vec![text.to_string(), id(4)], patch: Some(patch) };
    r.explanations.push(Explanation { causes: vec![id(1)], probability: 0.05 });
    r
}

/// Text as nasty as it can be: markup, quotes, ends of what it may stand in, control characters, a reversed direction.
pub fn nasty() -> String {
    format!("</script></style>--></svg>\"'><img src=x onerror=alert(1)>&amp;{}", hostile())
}

/// Many services on few clouds: 300 components.
pub fn large() -> Report {
    let mut r = report("cloud-0", "Three hundred components");
    let state = |i: usize| match i % 10 {
        0..3 => SeenState::Failing,
        3 => SeenState::Degraded,
        4..8 => SeenState::Healthy,
        _ => SeenState::Unobserved,
    };
    let component = |id: String, kind: &str, state| ComponentView {
        title: id.clone(),
        id,
        kind: kind.to_string(),
        part_of: None,
        state,
        p_failed: 0.5,
        p_fault: 0.1,
    };
    r.graph.components = (0..290).map(|i| component(format!("service-{i:03}"), "service", state(i))).collect();
    r.graph.components.extend((0..10).map(|i| component(format!("cloud-{i}"), "cloud", SeenState::Unobserved)));
    r.graph.components.sort_by(|a, b| a.id.cmp(&b.id));
    let need = |i: usize, cloud: usize| DependencyView {
        dependent: format!("service-{i:03}"),
        dependency: format!("cloud-{cloud}"),
        capability: None,
        scope: Vec::new(),
        rule: "one".to_string(),
        impact: 0.9,
        confidence: 1.0,
        source: None,
    };
    r.graph.dependencies = (0..290).flat_map(|i| [need(i, i % 7), need(i, i * i % 10)]).collect();
    r.causes.truncate(1);
    r.causes[0].explains = (0..290)
        .filter(|i| i % 10 < 4 && i % 7 == 0)
        .map(|i| Explained {
            component: format!("service-{i:03}"),
            capability: "any".to_string(),
            path: vec![format!("service-{i:03}"), "cloud-0".to_string()],
        })
        .collect();
    r.signals = (0..290).map(|i| signal(i, &format!("service-{i:03}"), State::Failing)).collect();
    r
}

/// The pages of the corpus, drawn once: name and page.
pub fn drawn() -> &'static [(String, String)] {
    static PAGES: OnceLock<Vec<(String, String)>> = OnceLock::new();
    PAGES.get_or_init(|| {
        let draw = |incident: &PathBuf| {
            let (code, page, err) = run(&["correlate", incident.to_str().unwrap(), "--format", "html"]);
            assert!(code == 0, "{}: {err}", incident.display());
            (incident.file_name().unwrap().to_string_lossy().into_owned(), page)
        };
        corpus().iter().map(draw).collect()
    })
}

fn count(page: &str, part: &str) -> usize {
    page.matches(part).count()
}

#[test]
fn pages_of_the_corpus_are_small_and_need_nothing_else() {
    for (name, page) in drawn() {
        assert!(page.len() < SIZE, "{name}: {} bytes", page.len());
        assert!(page.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'"));
        assert_eq!((count(page, "<script>"), count(page, "<style>"), count(page, " src=")), (1, 1, 0));
        assert!(!page.contains("@import") && !page.contains("url("));
        for part in page.split(" href=\"").skip(1) {
            let (address, rest) = part.split_once('"').unwrap();
            let kept = address.starts_with('#') || address == "data:,";
            let source = address.starts_with("http") && rest.starts_with(" rel=\"noreferrer noopener\"");
            assert!(kept || source, "{name}: {address}");
        }
        // Links within the page lead somewhere, and no place has two names.
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|p| p.split('"').next()).collect();
        let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}");
        for part in page.split("href=\"#").skip(1) {
            let id = part.split('"').next().unwrap();
            assert!(unique.contains(id), "{name}: #{id} leads nowhere");
        }
    }
}

#[test]
fn the_same_report_gives_the_same_page_in_every_process() {
    for (name, first) in drawn().iter().filter(|(name, _)| name.starts_with("meta") || name.starts_with("rogers")) {
        assert!(first.starts_with("<!DOCTYPE html>") && first.ends_with("</html>\n"));
        let path = crate::folder(&format!("incidents/{name}"));
        assert!(*first == run(&["correlate", &path, "--format", "html"]).1, "{name}");
    }
    assert!(html::html(&large()) == html::html(&large()));
}

#[test]
fn text_from_outside_is_text_in_every_field() {
    let page = html::html(&full(&nasty()));
    for bad in ["<script>alert", "<img", "\u{1b}", "\u{202e}", "\u{7}", "\r", "javascript:alert('</"] {
        assert!(!page.contains(bad), "{bad:?}");
    }
    for (tag, times) in [("<script", 1), ("</script", 1), ("<style", 1), ("</style", 1)] {
        assert_eq!(count(&page, tag), times, "{tag}");
    }
    assert_eq!(count(&page, "<svg"), count(&page, "</svg"), "no picture is closed from outside");
    assert!(count(&page, "&lt;/script&gt;") > 100);
    // Attributes: a quote from outside would end one and begin another.
    assert!(!page.contains(" onerror=alert(1)>"), "the markup stayed text");
    // Only whole, plain addresses are links.
    let links: Vec<&str> = page.split("href=\"").skip(1).map(|p| p.split('"').next().unwrap()).collect();
    let outside: Vec<&&str> = links.iter().filter(|l| !l.starts_with('#') && !l.starts_with("data:,")).collect();
    assert!(!outside.is_empty() && outside.iter().all(|l| **l == "https://example.org/a?b=1&amp;c=2"), "{outside:?}");
}

#[test]
fn every_part_of_the_report_is_on_the_page() {
    let page = html::html(&full("a-name"));
    let parts = [
        "sentences",
        "causes",
        "graph",
        "timeline",
        "ledger",
        "checks",
        "kinds",
        "signals",
        "method",
        "unknown",
        "spill-over",
        "silences",
    ];
    let places: Vec<usize> =
        parts.iter().map(|p| page.find(&format!("<section id=\"{p}\"")).unwrap_or_else(|| panic!("{p}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(!page.contains("root cause"));
    for text in [
        "id=\"cause-1\"",
        "id=\"signal-12\"",
        "id=\"ledger-1\"",
        "4 further channels",
        "What moved the ranking",
        "Not told apart from",
        "against it",
        "points to",
        "consistent with",
        "not told apart",
        "undecided",
        "Rests on",
        "and 3 that tell less",
        "note: a-name",
        "on a calm day",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn three_hundred_components_stay_few_boxes() {
    let page = html::html(&large());
    let boxes = count(&page, "class=\"card ");
    assert!((5..60).contains(&boxes), "{boxes} boxes");
    assert!(page.contains(" healthy</text>") && page.contains("components that are not drawn"));
    for i in 0..290 {
        assert!(page.contains(&format!("service-{i:03}")), "service-{i:03} is named somewhere");
    }
    assert!(page.len() < SIZE, "{}", page.len());
}

#[test]
fn odd_reports_do_no_harm() {
    // Nothing at all.
    let mut r = report("a", "");
    (r.causes, r.explanations, r.kinds, r.unexplained, r.warnings) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    r.verdict.text = String::new();
    r.inference.error = 1.0;
    r.inference.method = Method::Sampled;
    let page = html::html(&r);
    assert!(page.contains("nothing is claimed") && page.contains("There are no signals"));
    // Times that are none, paths to what is not in the graph, circles, a window of no length.
    let mut r = full("x");
    r.window.end.clone_from(&r.window.start);
    r.signals[0].at = "yesterday".to_string();
    r.diary[0].at = "soon".to_string();
    r.causes[0].onset = Some("never".to_string());
    r.causes[0].explains[0].path = vec!["gone".to_string(), "lost".to_string()];
    let mut back = r.graph.dependencies[0].clone();
    std::mem::swap(&mut back.dependent, &mut back.dependency);
    r.graph.dependencies.push(back);
    r.graph.dependencies.push(DependencyView {
        dependent: "x".into(),
        dependency: "x".into(),
        ..r.graph.dependencies[0].clone()
    });
    html::html(&r);
    // More than can be shown.
    let mut r = large();
    r.signals = (0..20_000).map(|i| signal(i, &format!("service-{:03}", i % 290), State::Failing)).collect();
    r.causes[0].evidence = (0..20_000).map(|signal| SignalWeight { signal, log_odds: 0.5 }).collect();
    let moment = Moment {
        at: "2024-03-05T15:00:00Z".to_string(),
        signals: vec![1],
        verdict: r.verdict.clone(),
        causes: Vec::new(),
        coincidence: 0.5,
        error: 1e-9,
        change: None,
    };
    r.diary = vec![moment; 20_000];
    let page = html::html(&r);
    assert!(page.len() < SIZE, "{} bytes", page.len());
    assert!(page.contains("more are left out here"));
}
