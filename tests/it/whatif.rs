//! What if: chances against hand-computed values and enumeration, twins, and all three questions on every graph.

use crate::{assert_file, corpus, folder, run};
use commoncause::diag::{Sources, has_errors};
use commoncause::graph::{self, DependencyGraph};
use commoncause::infer::eliminate::Limits;
use commoncause::infer::network::{Network, NetworkBuilder, NodeIx};
use commoncause::infer::oracle;
use commoncause::model::{Params, build};
use commoncause::signal::Window;
use commoncause::whatif::spread::Groups;
use commoncause::whatif::view::{Impact, Method, Role, Twins};
use commoncause::whatif::{self, Effort, Percolation};
use proptest::prelude::*;

/// Forces draws.
const DRAWN: Effort = Effort { limits: Limits { table_cells: 1, total_cells: 1 }, work: usize::MAX };

fn read(components: &str) -> DependencyGraph {
    let mut sources = Sources::default();
    let (graph, problems) = graph::load_texts(&[("g.yaml", &format!("components:\n{components}"))], &mut sources, None);
    assert!(!has_errors(&problems), "{problems:?}");
    graph.unwrap()
}

fn impact_with(graph: &DependencyGraph, id: &str, capability: Option<&str>, effort: Effort) -> Impact {
    let percolation = Percolation::new(graph, &Params::default(), effort).unwrap();
    whatif::impact(&percolation, graph.find(id).unwrap(), capability).unwrap()
}

fn impact(components: &str, id: &str, capability: Option<&str>) -> Impact {
    impact_with(&read(components), id, capability, Effort::ONE)
}

/// The chance that some of a component fails, and that one place of it does; 0 if it is not listed.
fn some(impact: &Impact, id: &str) -> f64 {
    impact.affected.iter().find(|a| a.component == id).map_or(0.0, |a| a.p_failed)
}

fn place(impact: &Impact, id: &str, capability: &str, region: Option<&str>) -> f64 {
    let of = impact.affected.iter().find(|a| a.component == id);
    let place = of.and_then(|a| a.places.iter().find(|p| p.capability == capability && p.region.as_deref() == region));
    place.map_or(0.0, |p| p.p_failed)
}

fn near(found: f64, wanted: f64) {
    assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
}

/// A component that does one thing, and needs something.
fn one(id: &str, needs: &str) -> String {
    format!("  {id}: {{kind: cdn, depends_on: {needs}}}\n")
}

#[test]
fn a_chain_multiplies() {
    let graph = one("a", "[]") + &one("b", "[a]") + &one("c", "[b]");
    let found = impact(&graph, "a", None);
    near(some(&found, "b"), 0.95);
    near(some(&found, "c"), 0.95 * 0.95);
    near(found.components.expected, 0.95 + 0.95 * 0.95);
    assert_eq!((found.components.of, found.components.probable, found.services.of), (2, 2, 0));
    assert_eq!(found.affected[1].path, ["c", "b", "a"]);
    assert_eq!(found.numbers.method, Method::Exact);
}

#[test]
fn two_ways_are_not_two_coins_where_they_share_one() {
    // d by b and by c, both over a's one failing: 1 − (1 − 0.95²)² given independent edges.
    let graph = one("a", "[]") + &one("b", "[a]") + &one("c", "[a]") + &one("d", "[b, c]");
    near(some(&impact(&graph, "a", None), "d"), 1.0 - (1.0 - 0.95f64.powi(2)).powi(2));
    // Behind one middle the ways share its coin.
    let graph = one("a", "[]") + &one("m", "[a]") + &one("b", "[m]") + &one("c", "[m]") + &one("d", "[b, c]");
    near(some(&impact(&graph, "a", None), "d"), 0.95 * (1.0 - (1.0 - 0.95f64.powi(2)).powi(2)));
}

#[test]
fn any_of_saves_but_for_the_failover() {
    let graph = one("a", "[]") + &one("b", "[]") + &one("c", "[{any_of: [a, b]}]") + &one("d", "[c]");
    let failover = Params::default().failover;
    let first = impact(&graph, "a", None);
    near(some(&first, "c"), failover * 0.95);
    near(some(&first, "d"), failover * 0.95 * 0.95);
    let saved = &first.redundancy.saved;
    assert_eq!(saved.iter().map(|s| s.component.as_str()).collect::<Vec<_>>(), ["c", "d"]);
    near(saved[0].p_without, 0.95);
    near(first.redundancy.components, (1.0 - failover) * (0.95 + 0.95 * 0.95));
    // The second one is not in use.
    assert!(impact(&graph, "b", None).affected.is_empty());
    // Both members on one thing: redundancy on paper.
    let graph = one("z", "[]") + &one("a", "[z]") + &one("b", "[z]") + &one("c", "[{any_of: [a, b]}]");
    let all = 0.95f64.powi(2);
    near(some(&impact(&graph, "z", None), "c"), (all + (0.95 - all) * failover) * 0.95);
}

#[test]
fn at_least_fails_when_fewer_are_left() {
    let graph = one("a", "[]") + &one("b", "[]") + &one("c", "[a]") + &one("d", "[{at_least: 2, of: [a, b, c]}]");
    // a takes c along with 0.95, then one is left.
    let found = impact(&graph, "a", None);
    near(some(&found, "d"), 0.95 * 0.95);
    assert_eq!(found.affected.iter().find(|x| x.component == "d").unwrap().path, ["d", "a"]);
    assert!(impact(&graph, "b", None).affected.is_empty());
    near(impact(&graph, "b", None).redundancy.saved[0].p_without, 0.95);
}

#[test]
fn all_of_is_taken_to_bite_and_says_so() {
    let graph = one("agent", "[]") + &one("system", "[]") + &one("desk", "[{all_of: [agent, system]}]");
    let found = impact(&graph, "agent", None);
    near(some(&found, "desk"), 0.95);
    assert_eq!(found.bites, [["agent", "system"]]);
    assert!(found.redundancy.saved.is_empty(), "a conjunction is not redundancy");
    // What merely reaches a member does not meet the other.
    let graph = graph
        + &one("z", "[]")
        + "  agent2: {kind: cdn, depends_on: [z]}\n"
        + &one("desk2", "[{all_of: [agent2, system]}]");
    near(some(&impact(&graph, "z", None), "desk2"), 0.0);
}

#[test]
fn parts_fail_with_their_whole_and_impair_it() {
    let p = Params::default();
    let graph = "  region: {kind: cloud-region}\n  store: {kind: cloud-service, part_of: region}\n".to_string()
        + &one("app", "[region]")
        + &one("shop", "[store]");
    let whole = impact(&graph, "region", None);
    near(some(&whole, "store"), p.whole_to_part);
    assert_eq!(whole.affected.iter().find(|a| a.component == "store").unwrap().role, Role::Part);
    near(some(&whole, "shop"), p.whole_to_part * 0.95);
    let part = impact(&graph, "store", None);
    near(some(&part, "region"), p.part_to_whole);
    assert_eq!(part.affected.iter().find(|a| a.component == "region").unwrap().role, Role::Container);
    near(some(&part, "app"), p.part_to_whole * 0.95);
    near(some(&part, "shop"), 0.95);
}

#[test]
fn circles_end() {
    let graph = one("a", "[]") + &one("b", "[a, {component: c, impact: 0.5}]") + &one("c", "[b]");
    let found = impact(&graph, "a", None);
    near(some(&found, "b"), 0.95);
    near(some(&found, "c"), 0.95 * 0.95);
    let inside = impact(&graph, "c", None);
    near(some(&inside, "b"), 0.5);
    assert_eq!(inside.affected.len(), 1);
}

#[test]
fn a_capability_takes_down_only_what_needs_it() {
    let graph = "  hub: {kind: service, capabilities: [login, content]}\n".to_string()
        + "  a: {kind: service, capabilities: [login, content], depends_on: [{component: hub, capability: login, for: login}]}\n"
        + "  b: {kind: service, capabilities: [content], depends_on: [{component: hub, capability: content}]}\n"
        + "  c: {kind: service, capabilities: [content], depends_on: [{component: hub, capability: any}]}\n";
    let login = impact(&graph, "hub", Some("login"));
    near(place(&login, "a", "login", None), 0.95);
    near(place(&login, "a", "content", None), 0.0);
    near(place(&login, "a", "any", None), 0.95 * Params::default().capability_to_whole);
    near(some(&login, "a"), 0.95);
    near(some(&login, "b"), 0.0);
    // Who depends on it in general feels one capability in half of all cases.
    near(some(&login, "c"), 0.95 * Params::default().capability_to_whole);
    let whole = impact(&graph, "hub", None);
    near(place(&whole, "a", "login", None), 0.95);
    near(some(&whole, "b"), 0.95);
    let graph = read(&graph);
    let percolation = Percolation::new(&graph, &Params::default(), Effort::ONE).unwrap();
    assert!(whatif::impact(&percolation, graph.find("hub").unwrap(), Some("payments")).is_none());
}

#[test]
fn what_holds_in_one_region_stays_there() {
    let graph = "  wires: {kind: network}\n".to_string()
        + "  a: {kind: service, capabilities: [login, content], depends_on: [{component: wires, region: NO}]}\n"
        + "  b: {kind: service, capabilities: [login, content], depends_on: [{component: wires, region: NO, for: login}]}\n"
        + &one("c", "[a]");
    let found = impact(&graph, "wires", None);
    near(place(&found, "a", "any", Some("NO")), 0.95);
    near(place(&found, "a", "any", None), 0.0);
    near(place(&found, "b", "login", Some("NO")), 0.95);
    near(some(&found, "b"), 0.95);
    near(some(&found, "c"), 0.0);
}

/// The same network with the faults of one place taken for granted and all others ruled out.
fn forced(network: &Network, faults: &[usize]) -> Network {
    let mut net = NetworkBuilder::new();
    (0..network.len()).for_each(|v| {
        net.node(if faults.contains(&v) { 1.0 } else { 0.0 });
    });
    for v in 0..network.len() {
        let at = NodeIx(v as u32);
        network.edges(v).for_each(|(u, p)| net.edge(at, NodeIx(u as u32), p));
        for gate in network.gates(v) {
            let members: Vec<NodeIx> = gate.members.iter().map(|m| NodeIx(*m)).collect();
            net.gate(at, &members, gate.k, gate.p);
        }
    }
    net.freeze().unwrap()
}

/// Compares all chances with enumeration of the whole network; false if that is too much.
fn judged(graph: &DependencyGraph) -> bool {
    let start = jiff::Timestamp::UNIX_EPOCH;
    let window = Window { start, end: start + jiff::SignedDuration::from_hours(1) };
    let model = build(graph, &[], window, 1, &Params::default()).unwrap();
    let percolation = Percolation::new(graph, &Params::default(), Effort::ONE).unwrap();
    let drawn = Percolation::new(graph, &Params::default(), DRAWN).unwrap();
    for (ix, _) in graph.iter() {
        let faults = percolation.fault_nodes(ix, None).unwrap();
        let Some(truth) = oracle::enumerate(&forced(&model.network, &faults)) else { return false };
        let spread = percolation.spread(ix, &faults, Groups::Protect);
        let sample = drawn.spread(ix, &faults, Groups::Protect);
        assert_eq!((spread.numbers.method, sample.numbers.method), (Method::Exact, Method::Sampled));
        for (c, _) in graph.iter() {
            let nodes = &model.nodes[c.0 as usize];
            for place in percolation.places_of(c).filter(|p| percolation.places[*p].region.is_none()) {
                let k = &percolation.places[place].capability;
                let node = nodes.works.get(k).unwrap_or(&nodes.general);
                let wanted = truth.failed[node.at()].unwrap();
                let of =
                    |s: &whatif::spread::Spread| s.places.iter().find(|(p, _)| *p == place).map_or(0.0, |(_, p)| *p);
                near(of(&spread), wanted);
                // Twice what is stated: four standard errors.
                assert!((of(&sample) - wanted).abs() <= 2.0 * sample.numbers.error, "{} is not {wanted}", of(&sample));
            }
        }
        assert!((sample.components.expected - spread.components.expected).abs() <= 2.0 * sample.components.error);
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn chances_are_those_of_enumeration(
        edges in prop::collection::vec((0usize..5, 0usize..5, 0usize..5, 0usize..5, 0usize..4, 1u32..10), 1..6),
        part in 0usize..5,
    ) {
        let mut needs = vec![Vec::new(); 5];
        for (dependent, a, b, c, how, impact) in edges {
            let members: std::collections::BTreeSet<usize> = [a, b, c].into_iter().filter(|m| *m != dependent).collect();
            let list: Vec<String> = members.iter().map(|m| format!("c{m}")).collect();
            let impact = f64::from(impact) / 10.0;
            needs[dependent].push(match (list.len(), how) {
                (0, _) => continue,
                (2.., 1) => format!("{{any_of: [{}], impact: {impact}}}", list.join(", ")),
                (2.., 2) => format!("{{at_least: {}, of: [{}], impact: {impact}}}", list.len() - 1, list.join(", ")),
                (2.., 3) => format!("{{all_of: [{}], impact: {impact}}}", list.join(", ")),
                _ => format!("{{component: {}, impact: {impact}}}", list[0]),
            });
        }
        let container = if part > 0 { ", part_of: c0" } else { "" };
        let text: String = (0..5)
            .map(|i| {
                let inside = if i == part { container } else { "" };
                format!("  c{i}: {{kind: cdn{inside}, depends_on: [{}]}}\n", needs[i].join(", "))
            })
            .collect();
        judged(&read(&text));
    }
}

#[test]
fn the_judge_does_judge() {
    let graph =
        one("a", "[]") + &one("b", "[a]") + &one("c", "[{any_of: [a, b]}]") + &one("d", "[c, {all_of: [a, b]}]");
    assert!(judged(&read(&graph)));
}

fn twins(graph: &DependencyGraph, watched: &[&str]) -> Twins {
    let percolation = Percolation::new(graph, &Params::default(), Effort::EACH).unwrap();
    let ids = watched.iter().map(|id| graph.find(id).unwrap()).collect();
    whatif::twins(&percolation, &ids)
}

#[test]
fn twins_are_found_and_told_apart() {
    let service = |id: &str, needs: &str| {
        format!("  {id}: {{kind: service, capabilities: [login, content], depends_on: {needs}}}\n")
    };
    let graph = "  root: {kind: platform}\n  spare: {kind: platform}\n".to_string()
        + "  left: {kind: platform, depends_on: [{component: root, impact: 1.0}]}\n"
        + &service("a", "[left]")
        + &service("b", "[left]")
        + &service("c", "[root]")
        + &service("d", "[{any_of: [left, spare]}]");
    let graph = read(&graph);
    // Seen from a and b alone, the root and the middle are the same; the spare shows nowhere.
    let found = twins(&graph, &["a", "b"]);
    let ids: Vec<&str> = found.groups[0].causes.iter().map(|c| c.component.as_str()).collect();
    assert_eq!((found.groups.len(), ids), (1, vec!["root", "left"]));
    assert_eq!(found.invisible.iter().map(|r| r.component.as_str()).collect::<Vec<_>>(), ["spare"]);
    let watch = found.groups[0].watch.as_ref().unwrap();
    // The public service tells, and comes before the inside of either.
    assert_eq!((watch.component.as_str(), watch.left.len()), ("c", 0));
    near(watch.p_failed[0], 0.95);
    near(watch.p_failed[1], 0.0);
    // Whoever watches it as well has no twins left.
    assert!(twins(&graph, &["a", "b", "c"]).groups.is_empty());
    // Nothing but twins' own state is left if all services are watched and see the same.
    let alone = "  root: {kind: platform}\n  left: {kind: platform, depends_on: [{component: root, impact: 1.0}]}\n"
        .to_string()
        + &service("a", "[left]");
    let found = twins(&read(&alone), &["a"]);
    assert_eq!(found.groups[0].watch.as_ref().unwrap().component, "root");
}

#[test]
fn looking_the_same_does_not_carry_over() {
    // Three causes whose chances differ by 0.04: the ends are told apart, so they are not in one group.
    let graph = one("x", "[]")
        + &one("y", "[]")
        + &one("z", "[]")
        + "  s: {kind: service, depends_on: [{component: x, impact: 0.9}, {component: y, impact: 0.86}, {component: z, impact: 0.82}]}\n";
    let found = twins(&read(&graph), &["s"]);
    let ids: Vec<&str> = found.groups[0].causes.iter().map(|c| c.component.as_str()).collect();
    assert_eq!((found.groups.len(), found.told_apart, ids), (1, 1, vec!["x", "y"]));
}

#[test]
fn concentration_follows_containers_and_operators() {
    let graph = "  aws: {kind: cloud, operator: amazon}\n  east: {kind: cloud-region, part_of: aws}\n".to_string()
        + "  store: {kind: cloud-service, part_of: east}\n  names: {kind: dns, operator: amazon}\n"
        + "  a: {kind: service, capabilities: [login, content], depends_on: [store]}\n"
        + "  b: {kind: service, capabilities: [login, content], depends_on: [names]}\n"
        + "  c: {kind: service, capabilities: [login, content], depends_on: [{component: store, for: login}]}\n";
    let graph = read(&graph);
    let percolation = Percolation::new(&graph, &Params::default(), Effort::EACH).unwrap();
    let found = whatif::concentration(&percolation);
    let provider = &found.providers[0];
    assert_eq!((provider.name.as_str(), provider.components, found.providers.len()), ("aws", 3, 1));
    assert_eq!((provider.worst_hit.services, provider.worst_hit.capabilities), (2, 3), "{provider:?}");
    assert_eq!(provider.whole.unwrap().services, 2);
    // Names and store are parts of nothing common, but of one operator: no common failure is assumed.
    let operator = &found.operators[0];
    assert_eq!((operator.name.as_str(), operator.components), ("amazon", 4));
    assert_eq!((operator.worst_hit.services, operator.reach.services, operator.reach.capabilities), (2, 3, 5));
    near(found.single_points[0].services.expected, 1.9);
}

#[test]
fn all_three_questions_are_answered_on_every_graph_of_the_corpus() {
    let validator = jsonschema::draft7::new(&whatif::view::schema()).unwrap();
    for incident in corpus() {
        let graph = incident.join("graph.yaml");
        let graph = graph.to_str().unwrap();
        let mut sources = Sources::default();
        let (loaded, _) = graph::load(&[graph.into()], &mut sources, None);
        let first = loaded.unwrap().components()[0].id.clone();
        for question in [&["impact", first.as_str()][..], &["impact", "--all"], &["twins"]] {
            let args: Vec<&str> = ["graph"].iter().chain(question).chain(&["--graph", graph]).copied().collect();
            let start = std::time::Instant::now();
            let (code, out, err) = run(&args);
            assert!(code == 0 && out.lines().all(|l| l.chars().count() <= 80), "{args:?}: {err}\n{out}");
            assert!(start.elapsed().as_secs() < 20, "{args:?} took {:?}", start.elapsed());
            let args: Vec<&str> = args.into_iter().chain(["--format", "json"]).collect();
            let (_, json, _) = run(&args);
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(value["schema"], "commoncause/impact/v1");
            validator.validate(&value).unwrap_or_else(|e| panic!("{args:?}: {e}"));
        }
    }
}

#[test]
fn answers_are_stable_and_slips_are_told() {
    assert_file("docs/schema/impact.schema.json", &format!("{:#}\n", whatif::view::schema()));
    let meta = folder("incidents/meta-2024-03-05-login/graph.yaml");
    let signals = folder("incidents/meta-2024-03-05-login/signals.jsonl");
    let with = |more: &[&str]| {
        let args: Vec<&str> = ["graph"].iter().chain(more).chain(&["--graph", meta.as_str()]).copied().collect();
        run(&args)
    };
    for question in [&["impact", "meta-auth", "--format", "json"][..], &["impact", "--all", "--format", "json"]] {
        // On a busy machine it also says on stderr that it is at work.
        let ((code, out, _), (again, same, _)) = (with(question), with(question));
        assert_eq!((code, out), (again, same));
    }
    let (code, out, err) = with(&["twins", "--signals", &signals]);
    assert!(code == 0 && out.contains("watched"), "{err}");
    let (code, out, _) = with(&["twins", "--watched", "instagram,facebook", "--watched", "spotify"]);
    assert!(code == 0 && out.contains("3 watched components"), "{out}");
    for (slip, hint) in [
        (&["impact", "meta-atuh"][..], "did you mean `meta-auth`?"),
        (&["impact", "meta-auth", "--capability", "logni"], "did you mean `login`?"),
        (&["twins", "--watched", "facebok"], "did you mean `facebook`?"),
    ] {
        let (code, out, err) = with(slip);
        assert!(code == 1 && out.is_empty() && err.contains(hint), "{slip:?}: {code} {err}");
    }
    assert_eq!(with(&["impact"]).0, 2);
    assert_eq!(with(&["impact", "meta-auth", "--all"]).0, 2);
    assert_eq!(run(&["graph", "impact", "--all", "--graph", "no/such/file"]).0, 3);
}

#[test]
fn an_empty_graph_is_no_good_news() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("empty.yaml");
    std::fs::write(&file, "components:\n").unwrap();
    let (code, out, err) = crate::run(&["graph", "impact", "--all", "--graph", file.to_str().unwrap()]);
    assert!(code == 1 && out.is_empty() && err.contains("no component"), "{code} {out} {err}");
}
