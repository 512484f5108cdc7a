//! Each lesson switched off alone.

use crate::model::Params;

/// A lesson of real incidents, and how to forget it.
pub struct Lesson {
    /// Its name.
    pub name: &'static str,
    /// The numbers without it.
    pub forget: fn(&mut Params),
}

/// All lessons that can be switched off by numbers alone.
pub const LESSONS: &[Lesson] = &[
    Lesson {
        name: "part and whole: containers as frail as parts, no impairment",
        forget: |p| {
            p.container = 1.0;
            p.part_to_whole = 0.0;
        },
    },
    Lesson { name: "symptom fit: a report names anything in any way of failing", forget: |p| p.symptoms = false },
    Lesson { name: "spill-over: no discount in a storm", forget: |p| p.spillover = false },
    Lesson { name: "repeats count in full", forget: |p| p.repeat = 1.0 },
    Lesson {
        name: "no floor: channels are never wrong altogether",
        forget: |p| p.sources.values_mut().for_each(|s| s.floor = 1e-6),
    },
    Lesson { name: "onset: times are not used", forget: |p| p.bins = 1 },
    Lesson { name: "recovery: what failed has not come back", forget: |p| p.recovery_minutes = 1e6 },
    Lesson { name: "late pages: a green page is as good as a probe's", forget: |p| p.page_delay_minutes = -1e6 },
    Lesson { name: "vantage: dependencies of a region hold everywhere", forget: |p| p.vantage = false },
    Lesson {
        name: "redundancy: groups fail only as a whole",
        forget: |p| {
            p.failover = 0.0;
        },
    },
    Lesson { name: "conjunctions: all_of as any other group", forget: |p| p.conjunction = 0.0 },
    Lesson { name: "unknown shared cause: the graph is complete", forget: |p| p.unknown_per_year = 0.0 },
    Lesson { name: "rates: every kind fails four times a year", forget: |p| p.rates = false },
];
