//! Every number of the model, in one place, each with what it means.
//!
//! Where they come from is told in `docs/inference.md`, section "Numbers".

use crate::signal::SourceKind;

/// How a kind of source speaks: the chance of a statement given the state, among what it does say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SourceModel {
    /// P(says failing | failing).
    pub failing: f64,
    /// P(says degraded | failing).
    pub degraded: f64,
    /// P(says failing | fine), on a calm day and in the largest storm.
    pub false_failing: [f64; 2],
    /// P(says degraded | fine), on a calm day and in the largest storm.
    pub false_degraded: [f64; 2],
    /// P(says healthy | failing) / P(says healthy | fine).
    pub healthy: f64,
    /// Chance that all statements of this channel about one thing tell nothing.
    pub floor: f64,
}

/// The numbers of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// Own faults per year of a component whose kind gives no rate.
    pub default_faults_per_year: f64,
    /// Share of a component's faults that take all of it down rather than one capability.
    pub whole_share: f64,
    /// The rate of whole-component faults is multiplied by this for a component that has parts.
    pub container: f64,
    /// Chance that a part fails when its container fails as a whole.
    pub whole_to_part: f64,
    /// Chance that a part's failure is felt by those who depend on its container in general (one event for all).
    pub part_to_whole: f64,
    /// Chance that the failure of one capability is felt by those who depend on the component in general.
    pub capability_to_whole: f64,
    /// P(reports name this one capability | everything is down), where the way of failing says nothing better.
    pub named_when_all_down: f64,
    /// P(reports name a capability | down in a way that is told otherwise): the least.
    pub named_otherwise: f64,
    /// P(reports speak of no particular capability | only one capability is down).
    pub unnamed_when_one_down: f64,
    /// Chance that the failure of a group's first member is felt although the others are left.
    pub failover: f64,
    /// What a "healthy" about reachability says about a component that is not known to fail by being unreachable.
    pub reachable: f64,
    /// Each further statement of a channel about the same thing counts this share of the one before.
    pub repeat: f64,
    /// Crowd reports on an innocent component are as many as this share of the day's largest count.
    pub spill_share: f64,
    /// Components in the crowd's mouth at which false reports have risen half way to their worst.
    pub storm_half: f64,
    /// Whether false reports rise with the storm at all.
    pub spillover: bool,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            default_faults_per_year: 4.0,
            whole_share: 0.3,
            container: 0.1,
            whole_to_part: 0.97,
            part_to_whole: 0.4,
            capability_to_whole: 0.5,
            named_when_all_down: 0.15,
            named_otherwise: 0.02,
            unnamed_when_one_down: 0.6,
            failover: 0.15,
            reachable: 0.5,
            repeat: 0.5,
            spill_share: 0.1,
            storm_half: 6.0,
            spillover: true,
        }
    }
}

impl Params {
    /// The source model of a kind of source.
    pub fn source(&self, kind: SourceKind) -> SourceModel {
        // failing, degraded | false failing calm, storm | false degraded calm, storm | healthy | floor
        let row = match kind {
            SourceKind::Probe | SourceKind::Alert => [0.6, 0.3, 0.02, 0.02, 0.03, 0.03, 0.05, 0.03],
            SourceKind::OfficialStatement => [0.5, 0.4, 0.01, 0.01, 0.02, 0.02, 0.04, 0.03],
            SourceKind::StatusPage => [0.5, 0.4, 0.01, 0.01, 0.02, 0.02, 0.4, 0.05],
            SourceKind::Analyst | SourceKind::Observatory => [0.6, 0.3, 0.03, 0.03, 0.04, 0.04, 0.07, 0.05],
            SourceKind::Press => [0.6, 0.3, 0.06, 0.12, 0.06, 0.15, 0.12, 0.10],
            SourceKind::UserReports => [0.65, 0.25, 0.08, 0.15, 0.08, 0.20, 0.2, 0.10],
            SourceKind::Social => [0.6, 0.3, 0.10, 0.20, 0.10, 0.25, 0.2, 0.15],
        };
        let [failing, degraded, calm_f, storm_f, calm_d, storm_d, healthy, floor] = row;
        SourceModel {
            failing,
            degraded,
            false_failing: [calm_f, storm_f],
            false_degraded: [calm_d, storm_d],
            healthy,
            floor,
        }
    }
}
