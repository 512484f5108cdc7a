//! What the signals of an incident say of one place: did it fail, and how far is that to be believed?

use super::view::{Witness, rounded};
use super::world::World;
use crate::signal::{Observation, SourceKind, State};

/// Signals that a witness names.
const NAMED: usize = 3;

/// What is to be believed of a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stance {
    /// Whether it failed.
    pub failed: bool,
    /// How far that counts, in (0, 1].
    pub weight: f64,
    /// The lines of the signals that say so.
    lines: Vec<usize>,
}

impl Stance {
    /// What signals about `component` say that are `about` the place; `None` if none says anything.
    pub fn of(world: &World, component: &str, about: &dyn Fn(&Observation) -> bool) -> Option<Stance> {
        let mut strongest = [0.0f64; 2];
        let mut lines: [Vec<usize>; 2] = Default::default();
        for (i, record) in world.incident.signals.iter().enumerate() {
            let o = &record.observation;
            if o.component != component || !about(o) {
                continue;
            }
            let failed = match o.state {
                State::Failing | State::Degraded | State::Recovered => true,
                State::Healthy => false,
                State::Maintenance | State::Unknown => continue,
            };
            let side = usize::from(failed);
            strongest[side] = strongest[side].max(weight(o.source.kind, failed));
            lines[side].push(world.line(i));
        }
        let [healthy, failing] = strongest;
        if healthy == 0.0 && failing == 0.0 {
            return None;
        }
        // Whoever fails was healthy before: of equal voices the one that tells of trouble counts, but less.
        let failed = failing >= healthy;
        let weight = failing.max(healthy) - failing.min(healthy) / 2.0;
        Some(Stance { failed, weight, lines: std::mem::take(&mut lines[usize::from(failed)]) })
    }

    /// The incident as a witness that counts `weight`.
    pub fn witness(&self, world: &World, weight: f64) -> Witness {
        let id = &world.incident.name.id;
        let signals = self.lines.iter().take(NAMED).map(|line| format!("{id}#{line}")).collect();
        Witness { incident: id.clone(), signals, weight: rounded(weight) }
    }
}

/// How much one kind of source counts. Crowds also report the innocent when much fails at once, and pages stay green.
fn weight(kind: SourceKind, failed: bool) -> f64 {
    match (kind, failed) {
        (SourceKind::UserReports | SourceKind::Social | SourceKind::Press, _) => 0.3,
        (SourceKind::StatusPage, false) => 0.5,
        _ => 1.0,
    }
}
