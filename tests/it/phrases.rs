//! How well the rules for texts read the phrases of status pages.

use commoncause::collect::classify::{self, Attribution, Tenor};
use std::path::Path;

#[derive(Debug)]
struct Phrase {
    text: String,
    capability: String,
    state: String,
    upstream: bool,
    provider: String,
}

fn phrases(file: &str) -> Vec<Phrase> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds").join(file);
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        Phrase {
            text: row[0].to_string(),
            capability: row[1].to_string(),
            state: row[2].to_string(),
            upstream: &row[3] == "yes",
            provider: row[4].to_lowercase(),
        }
    });
    rows.collect()
}

/// A capability in the words of graphs, which know no difference between some words of feeds.
fn ours(capability: &str) -> &str {
    match capability {
        "general" => "any",
        "network" => "connectivity",
        "cdn" => "content",
        other => other,
    }
}

/// Whether capability, state, attribution and provider of a phrase are read rightly.
fn judge(p: &Phrase) -> [bool; 4] {
    let rules = classify::built_in();
    let capability = rules.capability(&p.text).unwrap_or("any");
    let tenor = rules.tenor(&p.text).unwrap_or(Tenor::Degraded).word();
    let others = rules.attribution(&p.text) == Attribution::Others;
    let provider = if others { rules.provider(&p.text).unwrap_or("") } else { "" };
    let right = [capability == ours(&p.capability), tenor == p.state, others == p.upstream, provider == p.provider];
    if right.contains(&false) {
        println!("{right:?} {} -> {capability} {tenor} {others} {provider:?}; wanted {p:?}", p.text);
    }
    right
}

fn shares(phrases: &[&Phrase]) -> [f64; 4] {
    let judged: Vec<[bool; 4]> = phrases.iter().map(|p| judge(p)).collect();
    std::array::from_fn(|i| judged.iter().filter(|r| r[i]).count() as f64 / judged.len() as f64)
}

#[test]
fn phrases_of_status_pages_are_read() {
    let phrases = phrases("phrases.csv");
    let all: Vec<&Phrase> = phrases.iter().collect();
    let found = shares(&all);
    println!("of {} phrases: capability, state, attribution, provider: {found:.3?}", all.len());
    assert!(found.iter().all(|share| *share >= 0.9), "{found:?}");
}

#[test]
fn phrases_that_no_rule_was_written_for_are_read() {
    let phrases = phrases("phrases_unseen.csv");
    let found = shares(&phrases.iter().collect::<Vec<_>>());
    println!("of {} unseen phrases: capability, state, attribution, provider: {found:.3?}", phrases.len());
    assert!(found.iter().all(|share| *share >= 0.85), "{found:?}");
}
