//! Looks at one thing in a row → its troubles: from when, until when.

use super::notice::{Notice, Notices};
use super::state;
use crate::signal::{AtKind, SourceKind, State};
use jiff::Timestamp;

/// One look: when, and what was seen.
pub type Look = (Timestamp, State);

/// Looks in a row at which something was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The worst that was seen, or maintenance.
    pub state: State,
    /// The first look at which it was seen.
    pub from: Timestamp,
    /// [`AtKind::Onset`] if a look before found it well, [`AtKind::Seen`] if it may have begun earlier.
    pub at_kind: AtKind,
    /// The first look at which it was no longer seen.
    pub until: Option<Timestamp>,
}

/// The runs in `looks`, which are in order of time. What could not be told neither begins nor ends a run.
pub fn runs(looks: &[Look]) -> Vec<Run> {
    let mut found: Vec<Run> = Vec::new();
    let mut open: Option<Run> = None;
    let mut well_before = false;
    for (at, seen) in looks.iter().copied().filter(|(_, s)| *s != State::Unknown) {
        let goes_on = open.as_ref().is_some_and(|r| state::is_trouble(r.state) == state::is_trouble(seen));
        if seen == State::Healthy || seen == State::Recovered {
            found.extend(open.take().map(|r| Run { until: Some(at), ..r }));
            well_before = true;
        } else if goes_on {
            open = open.map(|r| Run { state: state::worse(r.state, seen), ..r });
        } else {
            found.extend(open.take().map(|r| Run { until: Some(at), ..r }));
            let at_kind = if well_before { AtKind::Onset } else { AtKind::Seen };
            open = Some(Run { state: seen, from: at, at_kind, until: None });
        }
    }
    found.extend(open);
    found
}

/// Share of the looks that found trouble, and of how many that could tell; `None` if none could.
pub fn share_failed(looks: &[Look]) -> Option<(f64, f64)> {
    let told = looks.iter().filter(|(_, s)| !matches!(s, State::Unknown | State::Maintenance));
    let (failed, n) = told.fold((0.0, 0.0), |(f, n), (_, s)| (f + f64::from(u8::from(state::is_trouble(*s))), n + 1.0));
    (n > 0.0).then(|| (failed / n, n))
}

impl Notices<'_> {
    /// Adds what a series of looks says: one signal per trouble, or a healthy one where all was well at the last look.
    /// `known_onset` is when the last trouble began, where the feed tells it.
    pub fn add_series(&mut self, notice: Notice<'_>, mut looks: Vec<Look>, known_onset: Option<Timestamp>) {
        looks.sort_by_key(|l| l.0);
        let failed = notice.failed.or_else(|| share_failed(&looks)).filter(|_| notice.kind == SourceKind::Probe);
        let runs = runs(&looks);
        let last = runs.len().saturating_sub(1);
        for (i, run) in runs.iter().enumerate() {
            let earlier = known_onset.filter(|t| i == last && run.at_kind == AtKind::Seen && *t <= run.from);
            let (at, at_kind) = earlier.map_or((run.from, run.at_kind), |t| (t, AtKind::Onset));
            let failed = failed.filter(|_| state::is_trouble(run.state));
            self.add(Notice { state: run.state, at, at_kind, until: run.until, failed, ..notice.clone() });
        }
        match looks.iter().rev().find(|(_, s)| *s != State::Unknown) {
            None => self.note(format!("{}: no look that could tell", notice.id)),
            Some((at, State::Healthy)) if runs.is_empty() => {
                self.add(Notice { state: State::Healthy, at: *at, at_kind: AtKind::Seen, failed, ..notice });
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(states: &str) -> Vec<Look> {
        let state = |c| match c {
            '1' => State::Healthy,
            '0' => State::Failing,
            'd' => State::Degraded,
            'm' => State::Maintenance,
            _ => State::Unknown,
        };
        let at = |i: usize| Timestamp::from_second(1_795_000_000 + 60 * i as i64).unwrap();
        states.chars().enumerate().map(|(i, c)| (at(i), state(c))).collect()
    }

    /// State, first look, and the look that ended it.
    fn told(states: &str) -> Vec<(State, i64, Option<i64>, AtKind)> {
        let minute = |t: Timestamp| (t.as_second() - 1_795_000_000) / 60;
        runs(&looks(states)).iter().map(|r| (r.state, minute(r.from), r.until.map(minute), r.at_kind)).collect()
    }

    #[test]
    fn a_trouble_lasts_until_a_look_finds_it_well() {
        use {AtKind::*, State::*};
        assert_eq!(told("1100011"), [(Failing, 2, Some(5), Onset)]);
        assert_eq!(told("0011"), [(Failing, 0, Some(2), Seen)]);
        assert_eq!(told("1d0d"), [(Failing, 1, None, Onset)]);
        assert_eq!(told("1?0??0?1"), [(Failing, 2, Some(7), Onset)]);
        assert_eq!(told("1m01"), [(Maintenance, 1, Some(2), Onset), (Failing, 2, Some(3), Onset)]);
        assert_eq!(told("101101"), [(Failing, 1, Some(2), Onset), (Failing, 4, Some(5), Onset)]);
        assert_eq!(told("???"), []);
    }

    #[test]
    fn what_could_not_be_told_is_not_counted() {
        assert_eq!(share_failed(&looks("10?m0")), Some((2.0 / 3.0, 3.0)));
        assert_eq!(share_failed(&looks("??")), None);
    }
}
