//! What was learnt, in words.

use crate::diag::clean;
use crate::learn::view::{ImpactLesson, Lessons, MissingLesson, RateLesson, Witness};
use crate::report::text::wrap;

/// Columns of text.
const WIDTH: usize = 80;

/// Every proposal with its reasons, then the patch.
pub(super) fn human(lessons: &Lessons) -> String {
    let mut lines = Vec::new();
    let mut say = |indent: usize, text: String| {
        if text.is_empty() {
            return lines.push(text);
        }
        let text = wrap(&clean(&text), WIDTH - indent - 2, 0);
        for (i, line) in text.lines().enumerate() {
            lines.push(format!("{}{line}", " ".repeat(indent + if i > 0 { 2 } else { 0 })));
        }
    };
    say(0, format!("learnt from {}; nothing is changed", count(lessons.incidents.len(), "incident")));
    for skipped in &lessons.skipped {
        say(0, format!("left out: {}: {}", skipped.incident, skipped.why));
    }
    say(0, String::new());
    let seen = count(lessons.edges_seen, "dependency");
    say(0, format!("Impacts: {} proposed, of {seen} about which an incident says something", lessons.impacts.len()));
    lessons.impacts.iter().for_each(|lesson| impact(lesson, &mut say));
    say(0, String::new());
    match lessons.years {
        None => say(
            0,
            "Rates: none proposed. How often something fails cannot be told from a choice of incidents; with --years \
             YEARS you say that every noticeable fault of so many years is among them."
                .to_string(),
        ),
        Some(years) => {
            say(0, format!("Rates: {} proposed, if all faults of {years} years are here", lessons.rates.len()));
            lessons.rates.iter().for_each(|lesson| rate(lesson, &mut say));
        }
    }
    say(0, String::new());
    let pairs = count(lessons.pairs_seen, "pair");
    let found = lessons.missing.len();
    say(
        0,
        format!("Missing dependencies: {found} proposed, of {pairs} that failed together although nothing ties them"),
    );
    lessons.missing.iter().for_each(|lesson| missing(lesson, &mut say));
    lines.push(String::new());
    lines.extend(lessons.patch.lines().map(str::to_string));
    lines.join("\n") + "\n"
}

fn count(n: usize, what: &str) -> String {
    match (n, what) {
        (1, _) => format!("1 {what}"),
        (_, "dependency") => format!("{n} dependencies"),
        _ => format!("{n} {what}s"),
    }
}

fn impact(lesson: &ImpactLesson, say: &mut dyn FnMut(usize, String)) {
    let capability = lesson.capability.as_ref().map_or(String::new(), |k| format!(" ({k})"));
    let scope = if lesson.scope.is_empty() { String::new() } else { format!(" for {}", lesson.scope.join(", ")) };
    let region = lesson.region.as_ref().map_or(String::new(), |r| format!(" in {r}"));
    say(2, format!("{} needs {}{capability}{scope}{region}", lesson.component, lesson.needs));
    let [low, high] = lesson.interval;
    say(4, format!("written {:.2}, now {:.2} ({low:.2} to {high:.2})", lesson.written, lesson.mean));
    witnesses("failed with it:", &lesson.passed_on, say);
    witnesses("did not:", &lesson.held, say);
}

fn rate(lesson: &RateLesson, say: &mut dyn FnMut(usize, String)) {
    let [low, high] = lesson.interval;
    say(2, lesson.component.clone());
    say(4, format!("written {} a year, now {:.2} ({low:.2} to {high:.2})", lesson.written, lesson.mean));
    say(4, format!("confirmed in {}", lesson.incidents.join(", ")));
}

fn missing(lesson: &MissingLesson, say: &mut dyn FnMut(usize, String)) {
    let scope = if lesson.scope.is_empty() { String::new() } else { format!(" for {}", lesson.scope.join(", ")) };
    say(2, format!("{} may need {}{scope}: {:.2}", lesson.component, lesson.needs, lesson.confidence));
    witnesses("failed with it:", &lesson.supporting, say);
    witnesses("did not:", &lesson.contradicting, say);
}

fn witnesses(head: &str, all: &[Witness], say: &mut dyn FnMut(usize, String)) {
    if !all.is_empty() {
        let told: Vec<String> = all.iter().map(|w| format!("{} ({:.2})", w.signals.join(" "), w.weight)).collect();
        say(4, format!("{head} {}", told.join(", ")));
    }
}
