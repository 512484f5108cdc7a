//! Every number of the model, in one place, each with what it means.
//!
//! Where they come from is told in `docs/inference.md`, section "Numbers".

use crate::signal::SourceKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a kind of source speaks: the chance of a statement given the state, among what it does say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// P(a first report of trouble comes a bin or more late | the trouble), for a source that states an onset or
    /// notices at once.
    pub late: f64,
}

/// The numbers of the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
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
    /// P(reports name a capability | only another one is down).
    pub named_wrongly: f64,
    /// P(reports speak of no particular capability | only one capability is down).
    pub unnamed_when_one_down: f64,
    /// The odds that a dependency passes failure on are multiplied by this.
    pub impact_odds: f64,
    /// Median hours by which a failure is felt late over a dependency that states neither lag nor cache: token ages,
    /// waves, orders given in stages. The delay is log-logistic: some take far longer.
    pub late_hours: f64,
    /// Chance that the failure of a group's first member is felt although the others are left.
    pub failover: f64,
    /// Share of a member's faults that bite only where all members of an `all_of` group meet.
    pub conjunction: f64,
    /// What a "healthy" about reachability says about a component that is not known to fail by being unreachable.
    pub reachable: f64,
    /// Each further statement of a channel about the same thing counts this share of the one before.
    pub repeat: f64,
    /// Crowd reports on an innocent component are as many as this share of the day's largest count.
    pub spill_share: f64,
    /// A crowd report counts half when reports are this many times the usual above the usual.
    pub spike_half: f64,
    /// Components in the crowd's mouth at which false reports have risen half way to their worst.
    pub storm_half: f64,
    /// Whether false reports rise with the storm at all.
    pub spillover: bool,
    /// Whether what is said depends on how a thing fails.
    pub symptoms: bool,
    /// Whether dependencies and reports of a region stay there.
    pub vantage: bool,
    /// Whether kinds fail at their own rates; else all at the default.
    pub rates: bool,
    /// Mean share of reports that name a capability when only that one is down.
    pub share_mean: f64,
    /// How firmly: as if a share had been counted among this many reports.
    pub share_weight: f64,
    /// The most bins that onsets are told apart by; 1 switches time off.
    pub bins: usize,
    /// Hours without a new trouble that separate two bins.
    pub gap_hours: f64,
    /// Minutes after which a status page that will turn red has done so in half of all cases.
    pub page_delay_minutes: f64,
    /// Standard deviation of that delay in minutes; pages may turn before anybody else notices.
    pub page_delay_spread: f64,
    /// Minutes after which half of all troubles are over.
    pub recovery_minutes: f64,
    /// Spread of the logarithm of that time.
    pub recovery_spread: f64,
    /// Faults per year of a shared dependency that is not in the graph.
    pub unknown_per_year: f64,
    /// Chance that one of the observed components depends on it and fails with it.
    pub unknown_reach: f64,
    /// How each kind of source speaks.
    pub sources: BTreeMap<SourceKind, SourceModel>,
}

impl Default for Params {
    fn default() -> Self {
        // failing, degraded | false failing calm, storm | false degraded calm, storm | healthy | floor | late
        let rows: [(SourceKind, [f64; 9]); 9] = [
            (SourceKind::Probe, [0.6, 0.3, 0.02, 0.02, 0.03, 0.03, 0.015, 0.05, 0.1]),
            (SourceKind::Alert, [0.6, 0.3, 0.02, 0.02, 0.03, 0.03, 0.015, 0.05, 0.1]),
            (SourceKind::OfficialStatement, [0.5, 0.4, 0.01, 0.01, 0.02, 0.02, 0.015, 0.07, 0.1]),
            (SourceKind::StatusPage, [0.5, 0.4, 0.01, 0.01, 0.02, 0.02, 0.15, 0.05, 0.1]),
            (SourceKind::Analyst, [0.6, 0.3, 0.03, 0.03, 0.04, 0.04, 0.025, 0.05, 0.1]),
            (SourceKind::Observatory, [0.6, 0.3, 0.03, 0.03, 0.04, 0.04, 0.025, 0.05, 0.1]),
            (SourceKind::Press, [0.6, 0.3, 0.06, 0.12, 0.06, 0.15, 0.04, 0.10, 0.1]),
            (SourceKind::UserReports, [0.65, 0.25, 0.02, 0.15, 0.03, 0.20, 0.06, 0.10, 0.1]),
            (SourceKind::Social, [0.6, 0.3, 0.10, 0.20, 0.10, 0.25, 0.06, 0.15, 0.1]),
        ];
        let model = |[failing, degraded, f0, f1, d0, d1, healthy, floor, late]: [f64; 9]| SourceModel {
            failing,
            degraded,
            false_failing: [f0, f1],
            false_degraded: [d0, d1],
            healthy,
            floor,
            late,
        };
        Params {
            default_faults_per_year: 4.0,
            whole_share: 0.12,
            container: 0.1,
            whole_to_part: 0.97,
            part_to_whole: 0.4,
            capability_to_whole: 0.5,
            named_when_all_down: 0.15,
            named_otherwise: 0.02,
            named_wrongly: 0.05,
            unnamed_when_one_down: 0.6,
            impact_odds: 1.0,
            late_hours: 0.15,
            failover: 0.15,
            conjunction: 0.2,
            reachable: 0.5,
            repeat: 0.3,
            spill_share: 0.1,
            spike_half: 2.0,
            storm_half: 6.0,
            spillover: true,
            symptoms: true,
            vantage: true,
            rates: true,
            share_mean: 0.7,
            share_weight: 6.0,
            bins: 3,
            gap_hours: 1.0,
            page_delay_minutes: 20.0,
            page_delay_spread: 33.0,
            recovery_minutes: 125.0,
            recovery_spread: 0.98,
            unknown_per_year: 0.1,
            unknown_reach: 0.3,
            sources: rows.into_iter().map(|(kind, row)| (kind, model(row))).collect(),
        }
    }
}

impl Params {
    /// What is out of range, in words.
    pub fn check(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut within = |name: &str, value: f64, low: f64, high: f64| {
            if !(low..=high).contains(&value) {
                problems.push(format!("{name} is {value}, not from {low} to {high}"));
            }
        };
        for (name, p) in [
            ("whole_share", self.whole_share),
            ("container", self.container),
            ("whole_to_part", self.whole_to_part),
            ("part_to_whole", self.part_to_whole),
            ("capability_to_whole", self.capability_to_whole),
            ("named_when_all_down", self.named_when_all_down),
            ("named_otherwise", self.named_otherwise),
            ("named_wrongly", self.named_wrongly),
            ("unnamed_when_one_down", self.unnamed_when_one_down),
            ("failover", self.failover),
            ("conjunction", self.conjunction),
            ("repeat", self.repeat),
            ("unknown_reach", self.unknown_reach),
        ] {
            within(name, p, 0.0, 1.0);
        }
        for (name, x) in [
            ("impact_odds", self.impact_odds),
            ("reachable", self.reachable),
            ("spill_share", self.spill_share),
            ("spike_half", self.spike_half),
            ("storm_half", self.storm_half),
            ("late_hours", self.late_hours),
            ("page_delay_spread", self.page_delay_spread),
            ("recovery_minutes", self.recovery_minutes),
            ("recovery_spread", self.recovery_spread),
        ] {
            within(name, x, 1e-6, 1e6);
        }
        within("page_delay_minutes", self.page_delay_minutes, -1e6, 1e6);
        within("share_weight", self.share_weight, 1e-3, 100.0);
        within("share_mean", self.share_mean, 0.01, 0.99);
        within("default_faults_per_year", self.default_faults_per_year, 0.0, 1e6);
        within("unknown_per_year", self.unknown_per_year, 0.0, 1e6);
        within("gap_hours", self.gap_hours, 0.0, 1e6);
        within("bins", self.bins as f64, 1.0, 8.0);
        for (kind, s) in &self.sources {
            let kind = kind.as_str();
            let rates = [s.false_failing, s.false_degraded].concat();
            for p in [s.failing, s.degraded, s.healthy].iter().chain(&rates) {
                within(&format!("a chance of {kind}"), *p, 1e-6, 1.0);
            }
            within(&format!("floor of {kind}"), s.floor, 0.0, 1.0);
            within(&format!("late of {kind}"), s.late, 0.0, 1.0);
        }
        problems
    }

    /// The source model of a kind of source.
    pub fn source(&self, kind: SourceKind) -> SourceModel {
        // A table that leaves a kind out means the built-in row.
        self.sources.get(&kind).copied().unwrap_or_else(|| Params::default().sources[&kind])
    }
}
