//! What a round says, seen after what was said before: a trouble that goes on keeps its identity and beginning, and one that
//! is over has ended when the first look after it came through.

use crate::collect::Collected;
use crate::signal::{Observation, Record, State};
use jiff::Timestamp;

/// What a round says.
pub(super) struct Told {
    /// As it was judged, together with the rounds before.
    pub record: Record,
    /// Since when every look has come through, if those of this round did.
    pub fine_since: Option<Timestamp>,
    /// When it was.
    pub now: Timestamp,
}

/// The signals of a round; those that go on are left in `said`.
///
/// - A trouble is `component/capability@begin`, in doubt `unsure/…@begin`; that all is well is `well/component/capability`.
/// - While all looks of a round come through, and not yet for long enough, an open trouble is left as it is.
/// - That our own trouble hides what is (`unsure`) ends no trouble of theirs.
pub(super) fn tell(said: &mut Vec<Collected>, told: Told) -> Vec<Collected> {
    let Told { mut record, fine_since, now } = told;
    said.retain(|one| is_open(&one.record.observation));
    let state = record.observation.state;
    if state != State::Healthy && fine_since.is_some() && said.iter().any(is_trouble) {
        let doubts = said.extract_if(.., |one| !is_trouble(one)).map(|doubt| ended(doubt, fine_since, now)).collect();
        return [said.clone(), doubts].concat();
    }
    let thing = thing(&record.observation);
    let identity = match said.iter().find(|one| goes_on(&one.identity, &thing)) {
        Some(before) => {
            let (o, old) = (&mut record.observation, &before.record.observation);
            (o.at, o.at_kind) = (old.at, old.at_kind);
            before.identity.clone()
        }
        None if state == State::Healthy => thing,
        None => format!("{thing}@{}", record.observation.at),
    };
    let over = |one: &mut Collected| one.identity != identity && (state != State::Unknown || !is_trouble(one));
    let mut signals: Vec<Collected> = said.extract_if(.., over).map(|one| ended(one, fine_since, now)).collect();
    said.retain(|one| one.identity != identity);
    let one = Collected { identity, record };
    if state != State::Healthy {
        said.push(one.clone());
    }
    signals.push(one);
    signals
}

fn thing(o: &Observation) -> String {
    let thing = format!("{}/{}", o.component, o.capability);
    match o.state {
        State::Healthy => format!("well/{thing}"),
        State::Unknown => format!("unsure/{thing}"),
        _ => thing,
    }
}

/// Whether `identity` is that of `thing` since some time.
fn goes_on(identity: &str, thing: &str) -> bool {
    identity.strip_prefix(thing).is_some_and(|rest| rest.starts_with('@'))
}

fn is_open(o: &Observation) -> bool {
    o.until.is_none() && o.state != State::Healthy
}

fn is_trouble(one: &Collected) -> bool {
    one.record.observation.state != State::Unknown
}

fn ended(mut one: Collected, since: Option<Timestamp>, now: Timestamp) -> Collected {
    let o = &mut one.record.observation;
    o.until = Some(since.unwrap_or(now).max(o.at));
    o.seen_at = now.max(o.at);
    one
}
