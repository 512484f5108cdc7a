//! A round of looks: every target once, what failed once more, and then the known-good ones: is it me or them?
//!
//! What fails is looked at again at once, and judged together with the rounds before, so that one lost packet is no
//! outage. A round in which the known-good targets fail as well says nothing of anybody and is not remembered.

use super::told::{Told, tell};
use super::{Means, NotLooked, PATIENCE, look};
use crate::collect::config::Source;
use crate::collect::probe::{Came, Outcome, Probe, Target, judge, ours};
use crate::collect::{Collected, Reading};
use crate::incident::Placed;
use crate::signal::State;
use futures_util::future::join_all;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;
use url::Url;

/// Rounds that are judged together.
const ROUNDS: usize = 3;
/// Rounds without a failure after which earlier failures no longer count.
const FINE_ROUNDS: usize = 2;
/// The wait before what failed is looked at again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How much longer than the time between two rounds a round with failures may take.
const ROUND_TAKES: Duration = Duration::from_secs(60);
/// Failed targets of which a text tells more.
const MAX_REMARKS: usize = 3;

/// What is remembered of the looks of a source from one round to the next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    rounds: VecDeque<Vec<One>>,
}

/// One look that is remembered.
#[derive(Debug, Clone, Copy, PartialEq)]
struct One {
    outcome: Outcome,
    /// Whether it was at a name.
    of_name: bool,
}

/// The looks of one round at some targets.
#[derive(Debug, Default)]
struct Looks {
    looks: Vec<One>,
    remarks: Vec<String>,
    not: Vec<(String, NotLooked)>,
}

/// Looks at the targets of `source` as at the time `now`. `said` is what it said before that goes on, and is told what it
/// says now.
///
/// # Errors
/// If no target was looked at: then nothing is known.
pub async fn round(
    source: &Source,
    targets: &[Placed],
    means: Means<'_>,
    memory: &mut Memory,
    said: &mut Vec<Collected>,
    now: Timestamp,
) -> Result<Reading, NotLooked> {
    let mut looks = all(source, targets, Target::Watched, means, now).await;
    if looks.looks.is_empty() {
        return Err(nothing(&looks.not));
    }
    let failed = looks.failed();
    if failed {
        let good = all(source, &source.known_good, Target::KnownGood, means, now).await;
        looks.looks.extend(good.looks);
        looks.not.extend(good.not);
    }
    let judged = memory.judged(&looks.looks, source.every, now);
    let probe = probe(source, &judged);
    let outcomes: Vec<Outcome> = judged.iter().map(|one| one.outcome).collect();
    let mut reading = Reading::default();
    for (target, not) in &looks.not {
        reading.notes.push(format!("{target} was not looked at: {}", not.why));
    }
    let Some(mut record) = judge(&probe, &outcomes, now) else { return Ok(reading) };
    if let Some(text) = &mut record.text {
        for remark in looks.remarks.iter().take(MAX_REMARKS) {
            text.push_str(&format!("; {remark}"));
        }
        if record.observation.state == State::Unknown {
            reading.notes.push(text.clone());
        }
    }
    let fine_since = if failed { None } else { memory.fine_since() };
    reading.signals = tell(said, Told { record, fine_since, now });
    Ok(reading)
}

/// All `targets` at the same time.
async fn all(source: &Source, targets: &[Placed], target: Target, means: Means<'_>, now: Timestamp) -> Looks {
    let patience = PATIENCE.min(source.every).min(means.fetcher.limits().total);
    let seen = join_all(targets.iter().map(|t| confirmed(&t.text, source, means, patience))).await;
    let mut all = Looks::default();
    for (placed, seen) in targets.iter().zip(seen) {
        let (name, of_name) = named(&placed.text);
        match seen {
            Ok(seen) => {
                all.looks.push(One { outcome: Outcome { target, at: now, came: seen.came }, of_name });
                all.remarks.extend(seen.remark.map(|remark| format!("{name}: {remark}")));
            }
            Err(not) => all.not.push((name, not)),
        }
    }
    all
}

/// One look, and a second one if it failed, which then counts.
async fn confirmed(
    target: &str,
    source: &Source,
    means: Means<'_>,
    patience: Duration,
) -> Result<super::Seen, NotLooked> {
    let first = look(target, means, source.reach, patience).await;
    if !first.as_ref().is_ok_and(|seen| seen.came != Came::Through) {
        return first;
    }
    tokio::time::sleep(AGAIN_AFTER).await;
    // A host that has just asked for rest is not asked again: the first answer stands.
    look(target, means, source.reach, patience).await.or(first)
}

/// A target as it may be told, without what may be a secret in its path, and whether it is a name.
fn named(target: &str) -> (String, bool) {
    let Ok(mut url) = Url::parse(target) else { return ("a target".to_string(), false) };
    url.set_query(None);
    url.set_fragment(None);
    (url.to_string(), url.scheme() == "dns")
}

/// Why nobody was looked at, and how long until somebody may be.
fn nothing(not: &[(String, NotLooked)]) -> NotLooked {
    let why: Vec<String> = not.iter().map(|(target, not)| format!("{target}: {}", not.why)).collect();
    NotLooked {
        why: format!("nobody was looked at: {}", why.join("; ")),
        rest: not.iter().filter_map(|n| n.1.rest).min(),
    }
}

/// As what the looks are judged. Where all that failed were names, it is a matter of those.
fn probe(source: &Source, judged: &[One]) -> Probe {
    let mut failed = judged.iter().filter(|one| is_failure(one)).peekable();
    let of_names = failed.peek().is_some() && failed.all(|one| one.of_name);
    let capability = if of_names { Some("dns") } else { source.capability.as_deref() };
    Probe {
        component: source.component.as_ref().map(|c| c.text.clone()).unwrap_or_default(),
        capability: capability.unwrap_or("any").to_string(),
        region: "global".to_string(),
        source: source.name.text.clone(),
    }
}

fn is_failure(one: &One) -> bool {
    one.outcome.target == Target::Watched && one.outcome.came != Came::Through
}

impl Looks {
    fn failed(&self) -> bool {
        self.looks.iter().any(is_failure)
    }
}

impl Memory {
    /// The looks by which a round is judged: its own and those that are remembered; its own only if the trouble may be ours.
    fn judged(&mut self, looks: &[One], every: Duration, now: Timestamp) -> Vec<One> {
        let outcomes: Vec<Outcome> = looks.iter().map(|one| one.outcome).collect();
        if ours(&outcomes) {
            return looks.to_vec();
        }
        self.rounds.push_back(looks.to_vec());
        let recent = (every + ROUND_TAKES) * ROUNDS as u32;
        let is_recent = |round: &Vec<One>| {
            let age = round.first().map(|one| now.duration_since(one.outcome.at));
            age.is_some_and(|age| Duration::try_from(age).is_ok_and(|age| age <= recent))
        };
        self.rounds.retain(is_recent);
        let fine = self.rounds.iter().rev().take_while(|round| !round.iter().any(is_failure)).count();
        let kept = if fine >= FINE_ROUNDS { fine.min(ROUNDS) } else { ROUNDS };
        self.rounds.drain(..self.rounds.len().saturating_sub(kept));
        self.rounds.iter().flatten().copied().collect()
    }

    /// When the first of the rounds was that had no failure since.
    fn fine_since(&self) -> Option<Timestamp> {
        let fine = self.rounds.iter().rev().take_while(|round| !round.iter().any(is_failure));
        fine.last().and_then(|round| round.first()).map(|one| one.outcome.at)
    }
}
