//! Inference against other software, against enumeration, and against itself.

use commoncause::infer::eliminate::Limits;
use commoncause::infer::engine::EXACT_ERROR;
use commoncause::infer::network::{Network, NetworkBuilder, NodeIx};
use commoncause::infer::{Engine, Method, Scenario, bn, oracle};
use proptest::prelude::*;
use std::path::Path;

fn oracle_files() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "json"));
    files.sort();
    files
}

#[test]
fn known_networks_agree_within_1e_8() {
    let files = oracle_files();
    assert_eq!(files.len(), 65);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let known: serde_json::Value = serde_json::from_str(&text).unwrap();
        let engine = Engine::new(bn::read(&text).unwrap(), &[], Limits::default(), 0);
        let (posterior, quality) = engine.posterior(Scenario::default());
        assert_eq!(quality.method, Method::Exact, "{}", file.display());
        let expected = known["expected"]["own_fault_posterior"].as_array().unwrap();
        assert_eq!(expected.len(), posterior.own.len());
        for (v, (want, got)) in expected.iter().zip(&posterior.own).enumerate() {
            let want = want.as_f64().unwrap();
            assert!((want - got).abs() < 1e-8, "{} node {v}: {got} is not {want}", file.display());
        }
        let want = known["expected"]["log_evidence"].as_f64();
        if let Some(want) = want {
            assert!(
                (want - posterior.ln_evidence).abs() < 1e-6,
                "{}: log evidence {}",
                file.display(),
                posterior.ln_evidence
            );
        }
    }
}

/// A network with gates and cycles of at most twelve random variables.
fn small_network() -> impl Strategy<Value = Network> {
    let p = prop_oneof![0.001..0.5f64, 0.5..0.999f64, Just(1.0)];
    let late = prop_oneof![3 => Just(0.0), 1 => 0.1..0.9f64];
    let edge = (0..6u32, 0..6u32, p.clone(), late);
    let gate = (0..6u32, proptest::collection::vec(0..6u32, 1..5), 1..5u32, p);
    let ln = prop_oneof![Just(0.0), -6.0..0.0f64];
    let ev = proptest::collection::vec(proptest::collection::vec(ln, 4), 6);
    let bins = prop_oneof![Just(vec![1.0]), Just(vec![0.3, 0.7]), Just(vec![0.5, 0.2, 0.3])];
    let prior = prop_oneof![3 => 0.001..0.6f64, 1 => Just(0.0)];
    (
        (2..=6usize, bins, any::<bool>()),
        proptest::collection::vec(prior, 6),
        ev,
        proptest::collection::vec(edge, 0..9),
        proptest::collection::vec(gate, 0..3),
    )
        .prop_map(|((n, bins, onset_is_seen), priors, evidence, edges, gates)| {
            let mut b = NetworkBuilder::new();
            b.bins(&bins);
            // Choices with more outcomes count for more, so that all combinations stay few.
            let mut left = if bins.len() == 1 { 12usize } else { 7 };
            for v in 0..n {
                let prior = if left == 0 { 0.0 } else { priors[v] };
                left -= usize::from(prior > 0.0);
                let node = b.node(prior);
                // Of some nodes only whether they failed is seen.
                let states = if onset_is_seen && v % 2 == 0 { 1 + bins.len() } else { 2 };
                b.observe(node, &evidence[v][..states]);
            }
            let n = n as u32;
            for (from, to, p, late) in edges {
                let p = if left == 0 { 1.0 } else { p };
                let late = if left < 2 { 0.0 } else { late };
                if from % n != to % n {
                    left -= usize::from(p < 1.0) + usize::from(late > 0.0);
                    b.edge_late(NodeIx(from % n), NodeIx(to % n), p, late);
                }
            }
            for (owner, members, k, p) in gates {
                let p = if left == 0 { 1.0 } else { p };
                let members: Vec<NodeIx> = members.into_iter().map(|m| NodeIx(m % n)).collect();
                let k = k.min(members.len() as u32);
                left -= usize::from(p < 1.0);
                b.gate(NodeIx(owner % n), &members, k, p);
            }
            b.freeze().unwrap()
        })
}

fn assert_equal(engine: &Engine, network: &Network) {
    let want = oracle::enumerate(network).unwrap();
    let (got, quality) = engine.posterior(Scenario::default());
    assert_eq!(quality.method, Method::Exact);
    assert!((want.ln_evidence - got.ln_evidence).abs() < 1e-9, "{} {}", want.ln_evidence, got.ln_evidence);
    for v in 0..network.len() {
        assert!((want.own[v] - got.own[v]).abs() < EXACT_ERROR, "own {v}: {} {}", want.own[v], got.own[v]);
        if let Some(p) = got.failed[v] {
            assert!((want.failed[v].unwrap() - p).abs() < EXACT_ERROR, "failed {v}: {:?} {p}", want.failed[v]);
            if got.states[v].len() == want.states[v].len() {
                for (want, got) in want.states[v].iter().zip(&got.states[v]) {
                    assert!((want - got).abs() < EXACT_ERROR, "onset {v}: {want} {got}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn elimination_agrees_with_enumeration(network in small_network()) {
        prop_assume!(oracle::variables(&network) <= 12);
        let all: Vec<usize> = (0..network.len()).collect();
        // A large group on a cycle can need too large a table once onsets are told apart; the caller then gives those up.
        let exact = Engine::exact(&network, &all, Limits::default()).is_some();
        prop_assert!(exact || network.bins().len() > 1);
        prop_assume!(exact);
        assert_equal(&Engine::new(network.clone(), &all, Limits::default(), 0), &network);
        assert_equal(&Engine::new(network.clone(), &[], Limits::default(), 0), &network);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// What is kept to itself: muted tables against enumeration.
    #[test]
    fn passing_on_agrees_with_enumeration(network in small_network(), source in 0..6usize) {
        prop_assume!(oracle::variables(&network) <= 12);
        let source = source % network.len();
        let all: Vec<usize> = (0..network.len()).collect();
        let Some(engine) = Engine::exact(&network, &all, Limits::default()) else { return Ok(()) };
        let leaves = |_: usize, u: usize| u == source;
        let want = oracle::kept_to_itself(&network, &[source], &leaves).unwrap();
        let got = engine.p_kept_to_itself(&[source], &leaves).unwrap();
        prop_assert!((want - got).abs() < EXACT_ERROR, "{want} {got}");
    }

    /// Ruling out own faults is the same as a network whose priors are zero there.
    #[test]
    fn ruling_out_is_a_zero_prior(network in small_network(), out in 0..2usize) {
        prop_assume!(oracle::variables(&network) <= 12);
        let engine = Engine::new(network.clone(), &[], Limits::default(), 0);
        prop_assume!(engine.is_exact());
        let mut b = NetworkBuilder::new();
        b.bins(network.bins());
        for v in 0..network.len() {
            let node = b.node(if v == out { 0.0 } else { network.prior()[v] });
            b.observe(node, network.ln_evidence(v));
        }
        for v in 0..network.len() {
            network.edges_late(v).for_each(|(u, p, late)| b.edge_late(NodeIx(v as u32), NodeIx(u as u32), p, late));
            for g in network.gates(v) {
                let members: Vec<_> = g.members.iter().map(|&m| NodeIx(m)).collect();
                b.gate(NodeIx(v as u32), &members, g.k, g.p);
            }
        }
        let want = oracle::enumerate(&b.freeze().unwrap()).unwrap();
        let without = [out];
        let (got, _) = engine.posterior(Scenario { without: &without, ..Scenario::default() });
        for v in 0..network.len() {
            prop_assert!((want.own[v] - got.own[v]).abs() < 1e-9);
        }
        let ln = engine.ln_evidence_without(&without).unwrap();
        let prior = (-network.prior()[out]).ln_1p();
        prop_assert!((ln - prior - want.ln_evidence).abs() < 1e-9);
    }

    /// Where tables would be too large, summing over a small cutset is still exact.
    #[test]
    fn conditioning_agrees_with_enumeration(network in small_network()) {
        prop_assume!(oracle::variables(&network) <= 12);
        let limits = Limits { table_cells: 1 << 8, total_cells: 1 << 14 };
        let engine = Engine::new(network.clone(), &[], limits, 0);
        // Cycles can need more assignments than are summed out; those are sampled, which other tests judge.
        if engine.posterior(Scenario::default()).1.method == Method::Exact {
            assert_equal(&engine, &network);
        }
    }
}

/// Providers and services in two layers, with noisy evidence drawn from planted faults.
fn layered(providers: u32, services: u32, faults: u32, seed: u64) -> (Network, Vec<usize>) {
    use rand_chacha::rand_core::{Rng, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = move || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let mut b = NetworkBuilder::new();
    let nodes: Vec<NodeIx> = (0..providers).map(|_| b.node(0.01)).collect();
    let planted: Vec<usize> = (0..faults).map(|i| (i * 7 % providers) as usize).collect();
    for _ in 0..services {
        let service = b.node(0.02);
        let mut fails = uniform() < 0.02;
        for _ in 0..5 {
            let u = (uniform() * f64::from(providers)) as usize;
            let p = 0.5 + 0.45 * uniform();
            b.edge(service, nodes[u], p);
            fails |= planted.contains(&u) && uniform() < p;
        }
        let says = if uniform() < 0.9 { fails } else { !fails };
        b.observe(service, &if says { [0.1f64.ln(), 0.9f64.ln()] } else { [0.9f64.ln(), 0.1f64.ln()] });
    }
    (b.freeze().unwrap(), planted)
}

/// A sample's stated error holds. Exact answers come from larger limits.
#[test]
fn samples_stay_within_their_stated_error() {
    let wide = Limits { table_cells: 1 << 22, total_cells: 1 << 26 };
    let narrow = Limits { table_cells: 1 << 11, total_cells: 1 << 18 };
    let mut claimed = 0;
    for seed in 0..6 {
        let (network, _) = layered(20, 60, 1 + seed as u32 % 2, seed);
        let exact = Engine::new(network.clone(), &[], wide, 0).posterior(Scenario::default());
        assert_eq!(exact.1.method, Method::Exact);
        let (sampled, quality) = Engine::new(network.clone(), &[], narrow, seed).posterior(Scenario::default());
        assert_eq!(quality.method, Method::Sampled);
        for v in 0..network.len() {
            let gap = (exact.0.own[v] - sampled.own[v]).abs();
            assert!(
                gap <= quality.error,
                "seed {seed}, {v}: {} {} ± {}",
                exact.0.own[v],
                sampled.own[v],
                quality.error
            );
        }
        if quality.error < 0.2 {
            claimed += 1;
        }
    }
    // The others say honestly that too few draws counted.
    assert!(claimed >= 4, "{claimed}");
}

/// Far too wide for tables: two seeds agree within the sum of their stated errors.
#[test]
fn wide_networks_are_answered_consistently() {
    let (network, planted) = layered(40, 120, 2, 3);
    let limits = Limits { table_cells: 1 << 16, total_cells: 1 << 20 };
    let answers: Vec<_> =
        (0..2).map(|seed| Engine::new(network.clone(), &[], limits, seed).posterior(Scenario::default())).collect();
    let allowed = answers[0].1.error + answers[1].1.error;
    assert_eq!(answers[0].1.method, Method::Sampled);
    for v in 0..network.len() {
        assert!((answers[0].0.own[v] - answers[1].0.own[v]).abs() <= allowed);
    }
    if allowed < 0.4 {
        assert!(planted.iter().all(|&v| answers[0].0.own[v] > 0.5));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Whatever is done to a network file, it is read or refused; what is read can be answered.
    #[test]
    fn damaged_network_files_are_survived(at in 0usize..2000, what in "[\\[\\]{}:,\"0-9eE.a-z -]{0,4}", cut in 0usize..12) {
        let text = std::fs::read_to_string(&oracle_files()[0]).unwrap();
        let (start, end) = (at.min(text.len()), (at + cut).min(text.len()));
        let damaged = format!("{}{what}{}", &text[..start], &text[end..]);
        if let Ok(network) = bn::read(&damaged) {
            let (posterior, _) = Engine::new(network, &[], Limits::default(), 0).posterior(Scenario::default());
            prop_assert!(posterior.own.iter().all(|p| (0.0..=1.0).contains(p)));
        }
    }

    #[test]
    fn any_text_is_no_network(text in "\\PC{0,200}") {
        prop_assert!(bn::read(&text).is_err());
    }
}
