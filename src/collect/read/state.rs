//! The words of feeds for how things are, as states.

use crate::signal::State;

/// What words mean; they are compared in lower case and without anything that is no letter or digit.
const WORDS: &[(State, &[&str])] = &[
    (
        State::Healthy,
        &[
            "operational",
            "none",
            "ok",
            "up",
            "green",
            "healthy",
            "available",
            "serviceoperational",
            "noknownissues",
            "resolved",
            "normal",
            "success",
            "servicerestored",
            "falsepositive",
            "allsystemsoperational",
        ],
    ),
    (
        State::Degraded,
        &[
            "degraded",
            "degradedperformance",
            "degradedservice",
            "minor",
            "minoroutage",
            "yellow",
            "performanceissues",
            "servicedegradation",
            "degradation",
            "lowdisruptions",
            "mediumdisruptions",
            "servicedisruption",
            "hasissues",
            "warning",
            "partialdegradation",
            "minorincident",
            "extendedrecovery",
            "restoringservice",
            "verifyingservice",
        ],
    ),
    (
        State::Failing,
        &[
            "majoroutage",
            "partialoutage",
            "fulloutage",
            "outage",
            "major",
            "critical",
            "down",
            "downtime",
            "red",
            "serviceoutage",
            "serviceinterruption",
            "disruption",
            "partialservicedisruption",
            "highdisruptions",
            "danger",
            "majorincident",
            "unavailable",
            "failing",
        ],
    ),
    (
        State::Maintenance,
        &["maintenance", "undermaintenance", "plannedmaintenance", "inprogress", "maintenanceinprogress", "verifying"],
    ),
    (
        State::Unknown,
        &[
            "info",
            "information",
            "informational",
            "serviceinformation",
            "notmonitored",
            "unknown",
            "pending",
            "notice",
            "advisory",
        ],
    ),
];

/// What `word` of a feed means; `None` if it is not known, which is then to be taken for degraded, with a note.
pub fn of(word: &str) -> Option<State> {
    let word: String = word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(state, _)| *state)
}

/// The graver of two states: failing before degraded before maintenance before what is not known; then what is well.
pub fn worse(a: State, b: State) -> State {
    if rank(b) > rank(a) { b } else { a }
}

/// Whether it is trouble.
pub fn is_trouble(state: State) -> bool {
    matches!(state, State::Failing | State::Degraded)
}

fn rank(state: State) -> u8 {
    match state {
        State::Failing => 5,
        State::Degraded => 4,
        State::Maintenance => 3,
        State::Unknown => 2,
        State::Recovered => 1,
        State::Healthy => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_spelling() {
        for word in ["DEGRADEDPERFORMANCE", "degraded_performance", "Degraded Performance"] {
            assert_eq!(of(word), Some(State::Degraded));
        }
        assert_eq!(of("High disruptions"), Some(State::Failing));
        assert_eq!(of("wobbly"), None);
        assert_eq!(worse(State::Maintenance, State::Degraded), State::Degraded);
    }
}
