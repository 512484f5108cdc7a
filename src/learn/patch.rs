//! The proposals as YAML: additions that may be saved beside a graph, and numbers that a person writes in place of others.

use super::view::{ImpactLesson, Lessons, MissingLesson, Witness};
use crate::diag::clean;

/// The impact of a dependency of which only its existence is guessed.
const GUESSED: &str = "likely";

/// All proposals; only comments if there are none.
pub(super) fn patch(lessons: &Lessons) -> String {
    let mut lines = vec!["# Proposed from incidents; a person decides. Nothing has been changed.".to_string()];
    if !lessons.missing.is_empty() {
        lines.push("# New dependencies: as it stands, this may be saved as a file of the graph.".to_string());
        lines.push("components:".to_string());
        let mut by_component: Vec<&MissingLesson> = lessons.missing.iter().collect();
        by_component.sort_by(|a, b| (&a.component, &a.needs).cmp(&(&b.component, &b.needs)));
        for (i, lesson) in by_component.iter().enumerate() {
            if i == 0 || by_component[i - 1].component != lesson.component {
                lines.push(format!("  {}:\n    depends_on:", lesson.component));
            }
            lines.push(addition(lesson));
        }
    }
    if !lessons.impacts.is_empty() {
        lines.push("# Impacts: write the second number where the first one stands.".to_string());
        lines.extend(lessons.impacts.iter().map(impact));
    }
    if !lessons.rates.is_empty() {
        lines.push("# Rates: put the key into the component.".to_string());
        let rate = |r: &super::view::RateLesson| {
            format!("#   {}: faults_per_year: {} → {:.2}", r.component, r.written, r.mean)
        };
        lines.extend(lessons.rates.iter().map(rate));
    }
    if lines.len() == 1 {
        lines.push("# There is nothing to propose.".to_string());
    }
    lines.join("\n") + "\n"
}

fn addition(lesson: &MissingLesson) -> String {
    let words: Vec<String> = lesson.scope.iter().map(|k| quoted(k)).collect();
    let scope = if words.is_empty() { String::new() } else { format!(", for: [{}]", words.join(", ")) };
    format!(
        "      - {{component: {}{scope}, impact: {GUESSED}, confidence: {:.2}, source: {}}}",
        lesson.needs,
        lesson.confidence,
        quoted(&format!("learnt from {}", witnesses(&lesson.supporting)))
    )
}

fn impact(lesson: &ImpactLesson) -> String {
    let capability = lesson.capability.as_ref().map_or(String::new(), |k| format!(" ({k})"));
    let scope = if lesson.scope.is_empty() { String::new() } else { format!(" for {}", lesson.scope.join(", ")) };
    let text = format!(
        "#   {}: {} needs {}{capability}{scope}: impact {:.2} → {}",
        lesson.place, lesson.component, lesson.needs, lesson.written, lesson.propose
    );
    // A name with a line break must not end the comment.
    clean(&text)
}

/// Where the signals stand.
fn witnesses(all: &[Witness]) -> String {
    all.iter().flat_map(|w| &w.signals).cloned().collect::<Vec<_>>().join(", ")
}

/// As a quoted YAML text.
fn quoted(text: &str) -> String {
    format!("'{}'", clean(text).replace('\'', "''"))
}
