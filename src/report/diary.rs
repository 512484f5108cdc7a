//! The diary for a terminal or a chat: how the ranking stood after each arrival, and which signal moved it.

use super::text::{clean, cut, probability, wrap};
use super::view::{Change, Diary, Difference, Moment, SignalView, Standing};

/// Columns.
const WIDTH: usize = 80;
/// Columns of the time.
const TIME: usize = 7;
/// Causes of one moment.
const STANDINGS: usize = 3;
/// Moves of a difference.
const MOVES: usize = 8;

/// The whole diary, two lines a moment, at most 80 columns wide.
pub fn terminal(diary: &Diary) -> String {
    let mut lines = Vec::new();
    if !diary.incident.title.is_empty() {
        lines.push(cut(&diary.incident.title, WIDTH));
    }
    lines.push(format!("{} signals in all; the time is when they reached us, in UTC", diary.signals.len()));
    let (mut day, mut verdict) = ("", None);
    for moment in &diary.moments {
        if date(&moment.at) != day {
            day = date(&moment.at);
            lines.extend([String::new(), day.to_string()]);
        }
        lines.extend(moment_lines(moment, &diary.signals));
        if verdict.replace(moment.verdict.kind) != Some(moment.verdict.kind) {
            let now = wrap(&clean(&format!("now: {}", moment.verdict.text)), WIDTH - TIME, 5);
            lines.extend(now.lines().take(2).map(|line| format!("{:TIME$}{line}", "")));
        }
    }
    if diary.moments.is_empty() {
        lines.push("No signal had arrived.".to_string());
    }
    lines.join("\n") + "\n"
}

/// The diary as a list for a chat or an issue.
pub fn markdown(diary: &Diary) -> String {
    let mut text = format!("## How the ranking came about\n\n{}\n\n", super::markdown::cell(&diary.incident.title));
    for moment in &diary.moments {
        let standing = standings(moment, STANDINGS);
        let because =
            moment.change.as_ref().map_or(String::new(), |c| format!("; {}", change(c, &diary.signals, moment.error)));
        let line = super::markdown::cell(&format!("{} {standing}{because}", moment.at));
        let row = format!("- {line}\n");
        if text.chars().count() + row.chars().count() > super::markdown::SECTION - 40 {
            text += "- … (the rest: --format json)\n";
            break;
        }
        text += &row;
    }
    text
}

/// What changed between two times.
pub fn difference(d: &Difference, signals: &[SignalView]) -> String {
    let p = |x: f64| probability(x, d.error);
    let mut lines = vec![
        format!("from {} to {}: {} signals arrived", d.from, d.to, d.signals.len()),
        cut(&format!("before: {}", d.before.text), WIDTH),
        cut(&format!("after:  {}", d.after.text), WIDTH),
        String::new(),
    ];
    for m in d.moves.iter().take(MOVES) {
        lines.push(cut(&format!("{}: {} → {}", m.component, p(m.from), p(m.to)), WIDTH));
        for w in &m.because {
            let text = format!("    {:+.2}  #{} {}", w.log_odds, w.signal, says(signals, w.signal));
            lines.push(cut(&text, WIDTH));
        }
    }
    if d.moves.is_empty() {
        lines.push("No cause moved.".to_string());
    } else {
        let text = "Numbers with a sign: log-odds of a fault that leaving the signal out would undo at the later time.";
        lines.push(String::new());
        lines.extend(wrap(text, WIDTH, 2).lines().map(String::from));
    }
    lines.join("\n") + "\n"
}

fn moment_lines(moment: &Moment, signals: &[SignalView]) -> Vec<String> {
    let arrived = match moment.signals.len() {
        1 => "1 signal".to_string(),
        n => format!("{n} signals"),
    };
    let room = WIDTH - TIME - 12;
    // As many causes as fit.
    let fits = |n: usize| Some(standings(moment, n)).filter(|text| text.chars().count() < room);
    let text = (1..=STANDINGS).rev().find_map(fits).unwrap_or_else(|| cut(&standings(moment, 1), room - 1));
    let mut lines = vec![format!("{:TIME$}{text:room$}{arrived:>12}", time(&moment.at))];
    if let Some(c) = &moment.change {
        lines.push(format!("{:TIME$}{}", "", cut(&change(c, signals, moment.error), WIDTH - TIME)));
    }
    lines
}

/// `meta-auth 0.90, facebook 0.12`; common causes before faults of their own.
fn standings(moment: &Moment, count: usize) -> String {
    let name = |s: &Standing| {
        let own = if s.common { "" } else { " (own)" };
        format!("{}{own} {}", s.component, probability(s.probability, moment.error))
    };
    let list: Vec<String> = moment.causes.iter().take(count).map(name).collect();
    if list.is_empty() { "nothing suspect yet".to_string() } else { list.join(", ") }
}

/// `meta-auth 0.74 → 0.90 (+1.2 by #12 facebook-login degraded, status page)`
fn change(c: &Change, signals: &[SignalView], error: f64) -> String {
    let p = |x: f64| probability(x, error);
    let by = match (c.signal, c.log_odds) {
        (Some(signal), Some(w)) => format!(" ({w:+.1} by #{signal} {})", says(signals, signal)),
        _ => " (by no single new signal)".to_string(),
    };
    format!("{} {} → {}{by}", c.component, p(c.from), p(c.to))
}

/// `facebook-login login degraded, status page`
fn says(signals: &[SignalView], number: usize) -> String {
    let Some(s) = signals.get(number) else { return String::new() };
    let capability = if s.capability == "any" { String::new() } else { format!(" {}", s.capability) };
    let source = s.source.as_str().replace('_', " ");
    clean(&format!("{}{capability} {}, {source}", s.component, s.state.as_str()))
}

/// The day of an RFC 3339 time.
fn date(at: &str) -> &str {
    at.split('T').next().unwrap_or(at)
}

/// `15:17` of an RFC 3339 time.
fn time(at: &str) -> &str {
    at.split('T').nth(1).and_then(|t| t.get(..5)).unwrap_or(at)
}
