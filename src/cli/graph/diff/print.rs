//! A difference in words: for a terminal, and for a pull request.

use super::Answer;
use super::effect::{Effect, Moved, Outcome};
use crate::diag::clean;
use crate::graph::diff::{Change, ComponentDiff, DependencyDiff, FieldDiff, GraphDiff};
use crate::report::markdown::escape;
use crate::report::text::{probability, wrap};
use crate::report::view::VerdictKind;

/// Columns of text.
const WIDTH: usize = 80;

/// At most [`WIDTH`] columns wide.
pub(super) fn human(answer: &Answer) -> String {
    let mut lines = lines(answer);
    lines.insert(0, Line { depth: 0, text: summary(&answer.graph) });
    let shown = lines.iter().map(|line| {
        let indent = 4 * line.depth;
        let text = wrap(&clean(&line.text), WIDTH - indent - 6, 0);
        let mut rest = text.lines().map(str::to_string);
        let first = rest.next().unwrap_or_default();
        let more: String = rest.map(|l| format!("\n{}{l}", " ".repeat(indent + 6))).collect();
        format!("{}{first}{more}\n", " ".repeat(indent))
    });
    shown.collect()
}

/// A nested list.
pub(super) fn markdown(answer: &Answer) -> String {
    let shown: String = lines(answer)
        .iter()
        .map(|line| format!("{}- {}\n", "  ".repeat(line.depth), escape(&worded(&line.text))))
        .collect();
    format!("**{}**\n{}{shown}", summary(&answer.graph), if shown.is_empty() { "" } else { "\n" })
}

/// With words for the signs, which begin lists in Markdown.
fn worded(text: &str) -> String {
    let signs = [("+ ", "new: "), ("- ", "gone: "), ("~ ", "changed: ")];
    match signs.iter().find_map(|(sign, word)| Some((word, text.strip_prefix(sign)?))) {
        Some((word, rest)) => format!("{word}{rest}"),
        None => text.to_string(),
    }
}

/// One statement, under the nearest one above of less depth.
struct Line {
    depth: usize,
    text: String,
}

fn summary(graph: &GraphDiff) -> String {
    if graph.is_empty() {
        return "The graphs mean the same.".to_string();
    }
    let of = |change: Change| graph.components.iter().filter(|c| c.change == change).count();
    let parts = [
        (of(Change::Appeared), "appeared"),
        (of(Change::Vanished), "vanished"),
        (of(Change::Changed), "changed"),
        (graph.renamed.len(), "perhaps renamed"),
    ];
    let mut told: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if !told.is_empty() {
        told[0] = format!("components: {}", told[0]);
    }
    if !graph.kinds.is_empty() {
        told.push(format!("kinds: {}", graph.kinds.len()));
    }
    told.join(", ")
}

fn lines(answer: &Answer) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut say = |depth: usize, text: String| lines.push(Line { depth, text });
    for r in &answer.graph.renamed {
        say(0, format!("renamed? {} → {} (same content, other id)", r.before, r.after));
    }
    for c in &answer.graph.components {
        say(0, format!("{} {} ({})", sign(c.change), c.component, c.kind));
        component(c, &mut say);
    }
    for k in &answer.graph.kinds {
        say(0, format!("{} kind {}", sign(k.change), k.kind));
        k.fields.iter().for_each(|f| say(1, field(f)));
    }
    if let Some(effects) = &answer.incidents {
        incidents(effects, &mut say);
    }
    lines
}

fn component(c: &ComponentDiff, say: &mut dyn FnMut(usize, String)) {
    // What an unknown component says of itself stands in its file; what it is tied to matters here.
    if c.change == Change::Changed {
        c.fields.iter().for_each(|f| say(1, field(f)));
    }
    c.dependencies.iter().for_each(|d| say(1, format!("{} needs {}{}", sign(d.change), d.needs, dependency(d))));
}

fn dependency(d: &DependencyDiff) -> String {
    let changed = d.fields.iter().map(field).collect::<Vec<_>>().join("; ");
    if d.change == Change::Changed {
        return format!(": {changed}");
    }
    // `confidence 1` and where it was read say little about an edge that came or went.
    let telling = |f: &&FieldDiff| {
        let value = f.after.as_deref().or(f.before.as_deref()).unwrap_or_default();
        !(["source", "verified", "note"].contains(&f.field.as_str()) || f.field == "confidence" && value == "1")
    };
    let value =
        |f: &FieldDiff| format!("{} {}", f.field, f.after.as_deref().or(f.before.as_deref()).unwrap_or_default());
    let told: Vec<String> = d.fields.iter().filter(telling).map(value).collect();
    if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) }
}

fn field(f: &FieldDiff) -> String {
    let value = |v: &Option<String>| v.clone().unwrap_or_else(|| "none".to_string());
    format!("{} {} → {}", f.field, value(&f.before), value(&f.after))
}

fn sign(change: Change) -> char {
    match change {
        Change::Appeared => '+',
        Change::Vanished => '-',
        Change::Changed => '~',
    }
}

fn incidents(effects: &[Effect], say: &mut dyn FnMut(usize, String)) {
    let of = |outcome: Outcome| effects.iter().filter(move |e| e.outcome == outcome);
    let (changed, same, skipped) =
        (of(Outcome::Changed).count(), of(Outcome::Same).count(), of(Outcome::Skipped).count());
    let mut text = format!("incidents: {changed} of {} judged would be answered otherwise", changed + same);
    if skipped > 0 {
        text += &format!("; {skipped} skipped, since no signal is about anything in one of the graphs");
    }
    say(0, text);
    for e in of(Outcome::Changed) {
        say(1, e.incident.clone());
        if let Some([before, after]) = e.verdict.filter(|[before, after]| before != after) {
            say(2, format!("verdict {} → {}", verdict(before), verdict(after)));
        }
        let name = |id: &Option<String>| id.clone().unwrap_or_else(|| "none".to_string());
        if e.first[0] != e.first[1] {
            say(2, format!("first cause {} → {}", name(&e.first[0]), name(&e.first[1])));
        }
        if e.signals[0] != e.signals[1] {
            say(2, format!("signals about something in the graph {} → {}", e.signals[0], e.signals[1]));
        }
        if e.causes.is_empty() {
            say(2, "the first causes come in another order".to_string());
        }
        e.causes.iter().for_each(|m| say(2, moved(m)));
    }
}

fn moved(m: &Moved) -> String {
    let chance = |p: Option<f64>| p.map_or("not named".to_string(), |p| probability(p, 0.0));
    format!("{} {} → {}", m.component, chance(m.before), chance(m.after))
}

fn verdict(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::CommonCause => "common cause",
        VerdictKind::SeveralCauses => "several causes",
        VerdictKind::Independent => "no common cause",
        VerdictKind::UnknownCause => "unknown cause",
        VerdictKind::Inconclusive => "inconclusive",
    }
}
