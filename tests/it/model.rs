//! The lessons of real incidents, one small incident each.

use commoncause::correlate::{Case, Options, correlate};
use commoncause::diag::{Sources, has_errors};
use commoncause::incident;
use commoncause::report::view::{Report, VerdictKind};

const START: &str = "2024-01-01T00:00:00Z";

/// A signal as `minutes component capability state source`, and more fields as JSON.
type Line<'a> = (&'a str, &'a str);

/// The report of a twelve-hour incident on components written in YAML.
fn ask_with(components: &str, signals: &[Line], change: impl Fn(&mut Options)) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let incident = format!(
        "id: x\ntitle: x\nwindow: {{start: {START}, end: 2024-01-01T12:00:00Z}}\ngraph: [graph.yaml, patch.yaml]\nsignals: [signals.jsonl]\n"
    );
    write("incident.yaml", &incident);
    let (components, patch) = components.split_once("#patch\n").unwrap_or((components, "components: {}\n"));
    write("graph.yaml", &format!("components:\n{components}"));
    write("patch.yaml", patch);
    let line = |(text, more): &Line| {
        let words: Vec<&str> = text.split(' ').collect();
        if let ["watches", ids, kind, name] = words.as_slice() {
            let ids: Vec<String> = ids.split(',').map(|i| format!("{i:?}")).collect();
            return format!(
                r#"{{"source": {{"kind": "{kind}", "name": "{name}"}}, "covers": [{}], "every": "1m"}}"#,
                ids.join(", ")
            );
        }
        let [minutes, component, capability, state, source] = words.as_slice() else { panic!("{text}") };
        let (kind, name) = source.split_once('/').unwrap_or((source, source));
        let at: jiff::Timestamp = START.parse().unwrap();
        let at = at + jiff::SignedDuration::from_mins(minutes.parse().unwrap());
        let more = if more.is_empty() { String::new() } else { format!(", {more}") };
        format!(
            r#"{{"at": "{at}", "precision": "minute", "component": "{component}", "capability": "{capability}", "state": "{state}", "source": {{"kind": "{kind}", "name": "{name}"}}{more}}}"#
        )
    };
    let lines: Vec<String> = signals.iter().map(line).collect();
    write("signals.jsonl", &(lines.join("\n") + "\n"));
    let mut sources = Sources::default();
    let (loaded, problems) = incident::load(folder.path(), &[], &mut sources, &incident::Options::default());
    assert!(!has_errors(&problems), "{problems:?}");
    let loaded = loaded.unwrap();
    let mut options = Options::default();
    change(&mut options);
    let observations: Vec<_> = loaded.signals.iter().map(|r| r.observation.clone()).collect();
    correlate(
        Case { graph: &loaded.graph, signals: &observations, coverage: &loaded.coverage, window: loaded.window },
        &options,
    )
}

fn ask(components: &str, signals: &[Line]) -> Report {
    ask_with(components, signals, |_| {})
}

/// The chance that it was a cause; 0 if it is not named.
fn p(report: &Report, component: &str) -> f64 {
    report.causes.iter().find(|c| c.component == component).map_or(0.0, |c| c.probability)
}

fn p_failed(report: &Report, component: &str) -> f64 {
    report.components.iter().find(|s| s.component == component && s.capability == "any").map_or(0.0, |s| s.p_failed)
}

fn first(report: &Report) -> &str {
    report.causes.first().map_or("", |c| c.component.as_str())
}

/// Services that depend on the same things.
fn services(names: &[&str], needs: &str) -> String {
    names
        .iter()
        .map(|n| format!("  {n}: {{kind: service, capabilities: [login, content], depends_on: {needs}}}\n"))
        .collect()
}

#[test]
fn a_part_impairs_its_whole_and_a_healthy_sibling_clears_it() {
    let graph = "  region: {kind: cloud-region}\n  store: {kind: cloud-service, part_of: region}\n  \
                 machines: {kind: cloud-service, part_of: region}\n"
        .to_string()
        + &services(&["a", "b", "c", "d"], "[region]");
    let failing = [("60 a any failing probe", ""), ("61 b any failing probe", ""), ("62 c any failing probe", "")];
    let plain = ask(&graph, &failing);
    let cleared = ask(&graph, &[&failing[..], &[("70 machines any healthy probe", "")]].concat());
    assert_eq!(first(&cleared), "store");
    assert!(p(&cleared, "region") < 0.5 * p(&plain, "region"), "{} {}", p(&plain, "region"), p(&cleared, "region"));
    // When every part fails and nothing inside is healthy, the whole becomes likelier.
    let all = ask(
        &graph,
        &[&failing[..], &[("70 machines any failing probe", ""), ("70 store any failing probe", "")]].concat(),
    );
    assert!(p(&all, "region") > 5.0 * p(&plain, "region"), "{} {}", p(&plain, "region"), p(&all, "region"));
}

#[test]
fn the_symptom_tells_the_way_of_failing() {
    let graph = "  accounts: {kind: identity-provider}\n  wires: {kind: network}\n".to_string()
        + &services(&["a", "b", "c"], "[{component: accounts, for: login}, wires]");
    let of = |capability: &str| {
        let lines: Vec<String> = ["a", "b", "c"].iter().map(|s| format!("60 {s} {capability} failing press")).collect();
        ask(&graph, &lines.iter().map(|l| (l.as_str(), "")).collect::<Vec<_>>())
    };
    assert_eq!(first(&of("login")), "accounts");
    assert_eq!(first(&of("connectivity")), "wires");
}

#[test]
fn the_share_of_a_symptom_is_evidence() {
    let graph = "  accounts: {kind: identity-provider}\n  wires: {kind: network}\n".to_string()
        + &services(&["a", "b"], "[{component: accounts, for: login}, wires]");
    let of = |share: &str| {
        let more = format!(r#""count": 9000, "share": {{"login": {share}}}"#);
        ask(&graph, &[("60 a login failing user_reports", &more), ("60 b login failing user_reports", &more)])
    };
    let (most, few) = (of("0.75"), of("0.15"));
    assert!(p(&most, "accounts") > p(&few, "accounts"), "{} {}", p(&most, "accounts"), p(&few, "accounts"));
}

#[test]
fn small_counts_in_a_storm_weigh_little_unless_told_otherwise() {
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let graph = "  cloud: {kind: cloud}\n  big: {kind: service}\n".to_string() + &services(&names, "[cloud]");
    let mut lines: Vec<String> = names.iter().map(|n| format!("60 {n} any failing user_reports")).collect();
    lines.push("60 big any failing user_reports".to_string());
    let count = |l: &String| if l.contains("big") { r#""count": 100000"# } else { r#""count": 800"# };
    let signals: Vec<Line> = lines.iter().map(|l| (l.as_str(), count(l))).collect();
    let discounted = ask(&graph, &signals);
    let full = ask_with(&graph, &signals, |o| o.params.spillover = false);
    assert!(
        p(&discounted, "cloud") < 0.5 && p(&full, "cloud") > 0.9,
        "{} {}",
        p(&discounted, "cloud"),
        p(&full, "cloud")
    );
    assert!(full.spill_over.is_empty());
    let shown = discounted.spill_over.iter().find(|d| d.component == "a").unwrap();
    assert!(shown.log_odds < 0.1 && shown.undiscounted > 2.0, "{shown:?}");
}

#[test]
fn repeats_of_one_channel_saturate_and_families_add() {
    let graph = services(&["a"], "[]");
    let repeated: Vec<String> = (0..20).map(|i| format!("{} a any failing press", 60 + i)).collect();
    let press = |n: usize| ask(&graph, &repeated[..n].iter().map(|l| (l.as_str(), "")).collect::<Vec<_>>());
    let (one, twenty) = (p_failed(&press(1), "a"), p_failed(&press(20), "a"));
    let two_families = ask(&graph, &[("60 a any failing press", ""), ("60 a any failing user_reports", "")]);
    let odds = |p: f64| p / (1.0 - p);
    // No channel outweighs 1 / floor, however often it says the same; the prior here is a few per cent.
    assert!(odds(twenty) < 3.0 * odds(one), "{one} {twenty}");
    assert!(p_failed(&two_families, "a") > twenty, "{} {twenty}", p_failed(&two_families, "a"));
}

#[test]
fn a_green_page_says_little_early_and_more_later() {
    let graph = "  cdn: {kind: cdn}\n".to_string() + &services(&["a", "b", "c"], "[cdn]");
    let failing = [("60 a any failing probe", ""), ("60 b any failing probe", ""), ("60 c any failing probe", "")];
    let with = |line: &'static str| p_failed(&ask(&graph, &[&failing[..], &[(line, "")]].concat()), "cdn");
    let (early, late, probe) = (
        with("65 cdn any healthy status_page"),
        with("200 cdn any healthy status_page"),
        with("65 cdn any healthy probe"),
    );
    assert!(early > late && late > probe, "{early} {late} {probe}");
}

#[test]
fn silence_counts_where_a_source_watches() {
    let names = ["a", "b", "c", "d", "e"];
    let graph = "  cdn: {kind: cdn}\n".to_string() + &services(&names, "[cdn]");
    let failing = [("60 a any failing probe/eye", ""), ("60 b any failing probe/eye", "")];
    let alone = ask(&graph, &failing);
    let watched = ask(&graph, &[&failing[..], &[("watches a,b,c,d,e probe eye", "")]].concat());
    assert!(watched.silences.len() == 3 && alone.silences.is_empty());
    assert!(p(&watched, "cdn") < 0.3 * p(&alone, "cdn"), "{} {}", p(&watched, "cdn"), p(&alone, "cdn"));
}

#[test]
fn a_monitor_may_be_what_fails() {
    let names = ["a", "b", "c", "d"];
    let graph = "  cdn: {kind: cdn}\n  eye: {kind: service, depends_on: [cdn]}\n".to_string() + &services(&names, "[]");
    let lines: Vec<String> = names.iter().map(|n| format!("60 {n} any failing probe/eye")).collect();
    let report = ask(&graph, &lines.iter().map(|l| (l.as_str(), "")).collect::<Vec<_>>());
    // Four services with nothing in common, seen by one monitor only: the monitor, or what it stands behind.
    assert!(names.iter().all(|n| p_failed(&report, n) < 0.2));
    assert!(p_failed(&report, "eye") > 0.8, "{}", p_failed(&report, "eye"));
    assert_eq!(first(&report), "eye");
    assert!(report.coincidence < 0.1, "{}", report.coincidence);
    // An owner's page named like the component says what it says of its parts.
    let parts = "  cloud: {kind: cloud}\n  store: {kind: cloud-service, part_of: cloud}\n  \
                 machines: {kind: cloud-service, part_of: cloud}\n"
        .to_string()
        + &services(&["a", "b", "c"], "[cloud]");
    let by = |page: &str| {
        let lines = [format!("60 store any failing status_page/{page}"), "61 machines any healthy probe".to_string()];
        let told = ["a", "b", "c"].map(|n| format!("60 {n} any failing probe"));
        ask(&parts, &lines.iter().chain(&told).map(|l| (l.as_str(), "")).collect::<Vec<_>>())
    };
    assert_eq!(p(&by("cloud"), "store"), p(&by("page"), "store"));
}

#[test]
fn health_before_the_trouble_says_nothing_of_it() {
    let graph = "  cdn: {kind: cdn}\n".to_string() + &services(&["a", "b", "c"], "[cdn]");
    let failing = [("300 a any failing probe", ""), ("300 b any failing probe", ""), ("301 c any failing probe", "")];
    let before = [("10 a any healthy probe", ""), ("10 b any healthy probe", ""), ("10 cdn any healthy probe", "")];
    let after = [("320 cdn any healthy probe", "")];
    let plain = p(&ask(&graph, &failing), "cdn");
    let early = p(&ask(&graph, &[&failing[..], &before[..]].concat()), "cdn");
    let late = p(&ask(&graph, &[&failing[..], &after[..]].concat()), "cdn");
    assert!((plain - early).abs() < 0.1 && late < 0.5 * plain, "{plain} {early} {late}");
}

#[test]
fn onsets_hours_apart_are_no_common_cause() {
    let graph = "  vendor: {kind: software-vendor}\n".to_string() + &services(&["a", "b"], "[vendor]");
    let onset = r#""at_kind": "onset""#;
    let together = ask(&graph, &[("60 a any failing probe", onset), ("62 b any failing probe", onset)]);
    let apart = ask(
        &graph,
        &[("60 a any failing probe", onset), ("300 b any healthy probe", ""), ("500 b any failing probe", onset)],
    );
    assert!(p(&apart, "vendor") < 0.3 * p(&together, "vendor"), "{} {}", p(&together, "vendor"), p(&apart, "vendor"));
}

#[test]
fn failures_seen_from_one_country_are_its_network() {
    let names = ["a", "b", "c", "d"];
    let graph = "  atlantis: {kind: country-network, regions: [ZZ]}\n  cloud: {kind: cloud}\n".to_string()
        + &services(&names, "[cloud]");
    let lines: Vec<String> = names.iter().map(|n| format!("60 {n} any failing probe")).collect();
    let healthy: Vec<String> = names.iter().map(|n| format!("70 {n} any healthy probe/elsewhere")).collect();
    let from = |region: &str, elsewhere: bool| {
        let more = format!(r#""region": "{region}""#);
        let mut signals: Vec<Line> = lines.iter().map(|l| (l.as_str(), more.as_str())).collect();
        if elsewhere {
            signals.extend(healthy.iter().map(|l| (l.as_str(), "")));
        }
        ask(&graph, &signals)
    };
    let shut = from("ZZ", true);
    assert_eq!((first(&shut), shut.verdict.kind), ("atlantis", VerdictKind::CommonCause), "{}", shut.verdict.text);
    assert!(shut.causes[0].explains.len() == 4 && shut.coincidence < 0.1, "{:?}", shut.causes[0]);
    assert_eq!(first(&from("global", false)), "cloud");
}

#[test]
fn a_conjunction_bites_only_where_all_meet() {
    let both = services(&["a", "b", "c", "d"], "[{all_of: [system, agent]}]");
    let graph = "  system: {kind: software-vendor}\n  agent: {kind: software-vendor}\n".to_string()
        + &both
        + &services(&["s1", "s2"], "[system]")
        + &services(&["g1", "g2"], "[agent]");
    let lines =
        ["a", "b", "c", "d"].iter().flat_map(|n| ["probe", "press"].map(|by| format!("60 {n} any failing {by}")));
    let lines: Vec<String> = lines.collect();
    let healthy = ["s1", "s2", "g1", "g2"].map(|n| format!("70 {n} any healthy probe"));
    let all: Vec<Line> =
        lines.iter().map(String::as_str).chain(healthy.iter().map(String::as_str)).map(|l| (l, "")).collect();
    let report = ask(&graph, &all);
    assert!(p(&report, "system") + p(&report, "agent") > 0.8, "{:?}", report.verdict);
    let without = ask_with(&graph, &all, |o| o.params.conjunction = 0.0);
    assert!(p(&without, "system") + p(&without, "agent") < 0.5, "{:?}", without.verdict);
}

#[test]
fn a_fault_that_redundancy_keeps_in_is_no_cause() {
    let graph =
        "  one: {kind: platform, faults_per_year: 9}\n  two: {kind: platform}\n  accounts: {kind: identity-provider}\n"
            .to_string()
            + &services(&["a", "b", "c"], "[{any_of: [two, one]}, {component: accounts, for: login}]");
    let login = ["a", "b", "c"].map(|n| format!("60 {n} login failing probe"));
    let mut signals: Vec<Line> = login.iter().map(|l| (l.as_str(), "")).collect();
    signals.extend([
        ("55 one any failing official_statement", ""),
        ("56 one any failing probe", ""),
        ("57 one any failing press", ""),
    ]);
    let report = ask(&graph, &signals);
    assert_eq!(first(&report), "accounts");
    let one = report.causes.iter().find(|c| c.component == "one").unwrap();
    assert!(one.p_fault > 0.5, "{}", one.p_fault);
    assert!(one.explains.iter().all(|e| e.component == "one") || one.probability < 0.2, "{one:?}");
}

#[test]
fn what_the_graph_lacks_is_named_with_a_patch_that_works() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let bare: String = names.iter().map(|n| format!("  {n}: {{kind: service, faults_per_year: 1}}\n")).collect();
    let lines: Vec<String> = names
        .iter()
        .flat_map(|n| [format!("60 {n} any failing probe"), format!("62 {n} any failing official_statement")])
        .collect();
    let signals: Vec<Line> = lines.iter().map(|l| (l.as_str(), r#""at_kind": "onset""#)).collect();
    let report = ask(&bare, &signals);
    assert_eq!(report.verdict.kind, VerdictKind::UnknownCause, "{}", report.verdict.text);
    assert_eq!(report.unknown_cause.members, names);
    let patch = report.unknown_cause.patch.as_deref().unwrap();
    // Put beside the graph as it is, it is the cause.
    let report = ask(&format!("{bare}#patch\n{patch}"), &signals);
    assert_eq!(first(&report), "unlisted");
    assert!(p(&report, "unlisted") > 0.9);
}

#[test]
fn coincidence_is_an_answer() {
    let graph = "  cloud: {kind: cloud}\n  backbone: {kind: network}\n".to_string()
        + &services(&["a", "b", "c", "d", "e", "f"], "[cloud, backbone]");
    let sources = ["official_statement", "probe", "user_reports"];
    let told = ["60 a login", "400 b content"];
    let mut lines: Vec<String> = told.iter().flat_map(|l| sources.map(|by| format!("{l} failing {by}"))).collect();
    lines.extend(["c", "d", "e", "f"].iter().flat_map(|n| [100, 450].map(|t| format!("{t} {n} any healthy probe"))));
    let signals: Vec<Line> = lines.iter().map(|l| (l.as_str(), r#""at_kind": "onset""#)).collect();
    let report = ask(&graph, &signals);
    assert_eq!(report.verdict.kind, VerdictKind::Independent, "{}", report.verdict.text);
    assert!(report.coincidence > 0.9, "{}", report.coincidence);
}

#[test]
fn causes_that_nothing_observed_separates_are_one_group() {
    let graph = "  front: {kind: platform, depends_on: [back]}\n  back: {kind: platform}\n".to_string()
        + &services(&["a", "b", "c"], "[front]");
    let failing = [
        ("60 a any failing probe", ""),
        ("60 b any failing probe", ""),
        ("60 c any failing probe", ""),
        ("61 a any failing press", ""),
        ("61 b any failing press", ""),
    ];
    let tied = ask(&graph, &failing);
    assert_eq!(tied.causes[0].ties.len(), 2, "{:?}", tied.causes[0]);
    assert!(tied.causes[0].tied_probability > 0.9);
    // An observation that separates them ends the tie.
    let split = ask(&graph, &[&failing[..], &[("61 back any healthy probe", "")]].concat());
    assert_eq!((first(&split), split.causes[0].ties.len()), ("front", 1));
}

#[test]
fn a_verdict_on_one_kind_of_source_is_flagged() {
    let graph = "  cdn: {kind: cdn}\n".to_string() + &services(&["a", "b", "c", "d"], "[cdn]");
    let lines = ["a", "b", "c", "d"].map(|n| format!("60 {n} any failing social"));
    let report = ask(&graph, &lines.iter().map(|l| (l.as_str(), "")).collect::<Vec<_>>());
    if p(&report, "cdn") >= 0.5 {
        assert!(report.warnings.iter().any(|w| w.contains("one kind of source")), "{:?}", report.warnings);
    }
    let probes = lines.clone().map(|l| l.replace("social", "probe"));
    let report = ask(&graph, &probes.iter().map(|l| (l.as_str(), "")).collect::<Vec<_>>());
    assert!(p(&report, "cdn") >= 0.5);
    assert!(report.warnings.iter().any(|w| w.contains("without probe signals")), "{:?}", report.warnings);
}

#[test]
fn ranges_hold_the_probability_and_what_wrong_rates_do() {
    let graph = "  cdn: {kind: cdn}\n  dns: {kind: dns}\n".to_string() + &services(&["a", "b", "c"], "[cdn, dns]");
    let failing = [("60 a any failing probe", ""), ("60 b any failing probe", ""), ("61 c any failing probe", "")];
    let report = ask(&graph, &failing);
    for cause in report.causes.iter().filter(|c| c.probability > 0.02) {
        let [low, high] = cause.range;
        assert!(low <= cause.probability && cause.probability <= high, "{cause:?}");
    }
    let rates: String = graph.replace("kind: cdn", "kind: cdn, faults_per_year: 3.3");
    let [low, high] = report.causes.iter().find(|c| c.component == "cdn").unwrap().range;
    let tripled = p(&ask(&rates, &failing), "cdn");
    assert!(low <= tripled && tripled <= high + 1e-6, "{tripled} [{low} {high}]");
}
