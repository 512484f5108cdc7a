//! Our own looks at a component, judged: does it fail, and is it they or we?

use crate::diag::{FileId, Span};
use crate::signal::{AtKind, Observation, Precision, Record, SourceKind, SourceName, State};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// From this share of failed looks on, a component fails; below, it is degraded if any failed.
const FAILING_SHARE: f64 = 0.5;

/// From this share of known-good targets on that fail as well, nothing is said of anyone else.
const OURSELVES_SHARE: f64 = 0.5;

/// What is looked at, and as which source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The component.
    pub component: String,
    /// The capability that is tried; `any` for the whole.
    pub capability: String,
    /// From where; `global` if it does not matter.
    pub region: String,
    /// The name of the source.
    pub source: String,
}

/// What a look was at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The component that is watched.
    Watched,
    /// Something unrelated that as good as always works: if it fails, the trouble is ours.
    KnownGood,
}

/// How far a look came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// All the way.
    Through,
    /// The name did not resolve.
    NoName,
    /// No connection.
    NoConnection,
    /// The certificate or handshake was refused.
    NoTrust,
    /// No answer in time.
    NoAnswer,
    /// An answer that tells of an error, or not the one that is right.
    WrongAnswer,
}

impl Came {
    fn word(self) -> &'static str {
        match self {
            Came::Through => "answered",
            Came::NoName => "its name does not resolve",
            Came::NoConnection => "no connection",
            Came::NoTrust => "its certificate or handshake is refused",
            Came::NoAnswer => "no answer in time",
            Came::WrongAnswer => "a wrong answer",
        }
    }
}

/// One look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// At what.
    pub target: Target,
    /// When.
    pub at: Timestamp,
    /// How far it came.
    pub came: Came,
}

/// What the looks of one round say of the component; `None` if none was at it. If the known-good targets fail as well, the
/// state is [`State::Unknown`], and the text says so. `seen_at` is when the round was over.
pub fn judge(probe: &Probe, outcomes: &[Outcome], seen_at: Timestamp) -> Option<Record> {
    let mut watched: Vec<&Outcome> = outcomes.iter().filter(|o| o.target == Target::Watched).collect();
    // Of looks at the same time, none was before the other.
    watched.sort_by_key(|o| (o.at, o.came == Came::Through));
    let last = watched.last()?;
    let (failed, n) = share(watched.iter().copied());
    let (good_failed, good) = share(outcomes.iter().filter(|o| o.target == Target::KnownGood));
    let first_failed = watched.iter().position(|o| o.came != Came::Through);
    let worst = watched.iter().map(|o| o.came).filter(|c| *c != Came::Through).max_by_key(|c| times(&watched, *c));
    let said = worst.map_or("every look was answered".to_string(), |came| {
        format!("{:.0} of {n} looks failed: {}", failed * n, came.word())
    });
    let (state, text) = match failed {
        0.0 => (State::Healthy, said),
        _ if ours(outcomes) => {
            let ours = format!(
                "{said}; so did {:.0} of {good} known-good targets, so the trouble may be ours",
                good_failed * good
            );
            (State::Unknown, ours)
        }
        share => {
            let state = if share >= FAILING_SHARE { State::Failing } else { State::Degraded };
            let alone = if good == 0.0 { "; no known-good target was asked" } else { "" };
            (state, format!("{said}{alone}"))
        }
    };
    let (at, at_kind) = match first_failed {
        // A look before was answered: it began here.
        Some(i) if i > 0 => (watched[i].at, AtKind::Onset),
        Some(i) => (watched[i].at, AtKind::Seen),
        None => (last.at, AtKind::Seen),
    };
    let unnamed = worst == Some(Came::NoName) && times(&watched, Came::NoName) == failing(&watched);
    let capability = if unnamed { "dns" } else { &probe.capability };
    Some(Record {
        observation: observation(probe, capability, (at, at_kind), state, (failed, n), seen_at),
        text: Some(text),
        url: None,
        span: Span { file: FileId(0), start: 0, end: 0 },
    })
}

/// Whether known-good targets fail as well, so that nothing is said of anyone else.
pub fn ours(outcomes: &[Outcome]) -> bool {
    let (failed, n) = share(outcomes.iter().filter(|o| o.target == Target::KnownGood));
    n > 0.0 && failed >= OURSELVES_SHARE
}

fn observation(
    probe: &Probe,
    capability: &str,
    (at, at_kind): (Timestamp, AtKind),
    state: State,
    (failed, n): (f64, f64),
    seen_at: Timestamp,
) -> Observation {
    Observation {
        at,
        precision: Precision::Minute,
        at_kind,
        until: None,
        seen_at: seen_at.max(at),
        component: probe.component.clone(),
        capability: capability.to_string(),
        state,
        region: probe.region.clone(),
        source: SourceName { kind: SourceKind::Probe, name: probe.source.clone() },
        count: None,
        baseline: None,
        share: BTreeMap::new(),
        value: Some(failed),
        n: Some(n),
        likelihood: None,
    }
}

/// How many looks came only so far.
fn times(looks: &[&Outcome], came: Came) -> usize {
    looks.iter().filter(|o| o.came == came).count()
}

fn failing(looks: &[&Outcome]) -> usize {
    looks.len() - times(looks, Came::Through)
}

/// The share that failed, and of how many; 0 of none.
fn share<'a>(looks: impl Iterator<Item = &'a Outcome>) -> (f64, f64) {
    let looks: Vec<&Outcome> = looks.collect();
    let n = looks.len() as f64;
    (failing(&looks) as f64 / n.max(1.0), n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    /// Looks at the component, then at known-good targets: `1` came through, `0` had no answer, `n` found no name.
    fn judged(watched: &str, good: &str) -> Option<Record> {
        let probe = Probe {
            component: "shop".into(),
            capability: "login".into(),
            region: "global".into(),
            source: "ours".into(),
        };
        let came = |c| match c {
            '1' => Came::Through,
            'n' => Came::NoName,
            _ => Came::NoAnswer,
        };
        let looks = |text: &str, target| -> Vec<Outcome> {
            text.chars().zip(0..).map(|(c, i)| Outcome { target, at: at(i), came: came(c) }).collect()
        };
        let mut all = looks(watched, Target::Watched);
        all.extend(looks(good, Target::KnownGood));
        judge(&probe, &all, at(60))
    }

    #[test]
    fn the_share_of_failed_looks_decides() {
        for (watched, state, share) in [
            ("111", State::Healthy, 0.0),
            ("1110", State::Degraded, 0.25),
            ("100", State::Failing, 2.0 / 3.0),
            ("000", State::Failing, 1.0),
        ] {
            let o = judged(watched, "11").unwrap().observation;
            assert_eq!((o.state, o.value, o.n), (state, Some(share), Some(watched.len() as f64)), "{watched}");
        }
    }

    #[test]
    fn what_fails_together_with_the_known_good_may_be_ours() {
        let record = judged("000", "01").unwrap();
        assert_eq!(record.observation.state, State::Unknown);
        assert!(record.text.unwrap().contains("the trouble may be ours"));
        // A component that answers does, whatever else fails.
        assert_eq!(judged("11", "00").unwrap().observation.state, State::Healthy);
        assert_eq!(judged("00", "110").unwrap().observation.state, State::Failing);
    }

    #[test]
    fn without_known_good_targets_that_is_said() {
        let record = judged("00", "").unwrap();
        assert_eq!(record.observation.state, State::Failing);
        assert!(record.text.unwrap().contains("no known-good target"));
    }

    #[test]
    fn a_round_without_looks_says_nothing() {
        assert_eq!(judged("", "111"), None);
    }

    #[test]
    fn an_onset_is_known_after_a_look_that_was_answered() {
        let o = judged("1100", "1").unwrap().observation;
        assert_eq!((o.at, o.at_kind), (at(2), AtKind::Onset));
        let o = judged("00", "1").unwrap().observation;
        assert_eq!((o.at, o.at_kind), (at(0), AtKind::Seen));
        let mut both = vec![Outcome { target: Target::Watched, at: at(0), came: Came::Through }];
        both.push(Outcome { came: Came::NoAnswer, ..both[0] });
        let probe = Probe { component: "a".into(), capability: "b".into(), region: "c".into(), source: "d".into() };
        assert_eq!(judge(&probe, &both, at(0)).unwrap().observation.at_kind, AtKind::Seen);
    }

    #[test]
    fn names_that_do_not_resolve_are_a_matter_of_dns() {
        assert_eq!(judged("nn", "1").unwrap().observation.capability, "dns");
        assert_eq!(judged("n0", "1").unwrap().observation.capability, "login");
    }
}
