//! When what was said of which component, and when the causes began.

use super::axis::{Axis, LEFT, WIDTH, millis};
use super::px;
use crate::report::spotlight::{Spotlight, ranks};
use crate::report::text::cut;
use crate::report::view::{Report, SignalView};
use crate::signal::State;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// Components with a row of their own.
const ROWS: usize = 36;
/// Height of a row.
const ROW: f64 = 17.0;
/// Signs of one kind this near to each other become one.
const NEAR: f64 = 5.0;
/// Signs at most: with more, they are taken together over wider stretches.
const SIGNS: usize = 600;
/// Characters of a name.
const NAME: usize = 28;
/// Causes below this have no mark for their begin, but the first.
const ONSET_LEAST: f64 = 0.05;

/// The sign of a state.
pub fn sign(state: State) -> &'static str {
    match state {
        State::Failing => "failing",
        State::Degraded => "degraded",
        State::Healthy => "healthy",
        State::Recovered => "recovered",
        State::Maintenance | State::Unknown => "unknown",
    }
}

fn is_trouble(signal: &SignalView) -> bool {
    matches!(signal.state, State::Failing | State::Degraded)
}

/// A row: one component, or the rest together.
struct Row {
    name: String,
    on: BTreeSet<usize>,
    cause: Option<usize>,
    signals: Vec<usize>,
}

/// Draws the timeline. Without signals there is nothing to draw.
pub fn timeline(report: &Report, light: &Spotlight) -> Option<Markup> {
    if report.signals.is_empty() {
        return None;
    }
    let axis = Axis::new(&report.window.start, &report.window.end);
    let rows = rows(report, light);
    let near = nearness(report, &axis, &rows);
    let (begins, lanes) = begins(&axis, light);
    let top = 8.0 + 15.0 * lanes as f64;
    let bottom = top + ROW * rows.len() as f64 + 4.0;
    let size = format!("0 0 {} {}", px(WIDTH), px(bottom + 26.0));
    Some(html! {
        svg.time viewBox=(size) role="group" aria-labelledby="timeline-heading" {
            (axis.draw(top - 2.0, bottom))
            @for (i, row) in rows.iter().enumerate() {
                (drawn(report, light, (&axis, near), row, top + ROW * (i as f64 + 0.5) + 2.0))
            }
            @for begin in &begins {
                g.onset data-on=(ranks(&begin.causes)) data-cause=[begin.causes.first()] {
                    line x1=(px(begin.x)) x2=(px(begin.x)) y1=(px(begin.y + 4.0)) y2=(px(bottom)) {}
                    text x=(px(begin.text_x)) y=(px(begin.y)) text-anchor=(begin.anchor) { (begin.word) }
                }
            }
        }
    })
}

/// Causes put forward of which anything was said, then what was reported in trouble, by when, then the rest together.
fn rows(report: &Report, light: &Spotlight) -> Vec<Row> {
    let mut by_component: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, s) in report.signals.iter().enumerate() {
        by_component.entry(&s.component).or_default().push(i);
    }
    let first = |signals: &[usize]| {
        let troubled = signals.iter().filter(|i| is_trouble(&report.signals[**i]));
        troubled.filter_map(|i| millis(&report.signals[*i].at)).min()
    };
    let mut all: Vec<(usize, Option<i64>, &str)> = by_component
        .iter()
        .map(|(id, signals)| (light.cause(id).map_or(usize::MAX, |c| c.rank), first(signals), *id))
        .collect();
    all.sort_by_key(|(rank, first, id)| (*rank, first.is_none(), *first, *id));
    let own = all.iter().filter(|(rank, first, _)| *rank != usize::MAX || first.is_some()).count().min(ROWS);
    let mut rows: Vec<Row> = all[..own]
        .iter()
        .map(|(_, _, id)| {
            let cause = light.cause(id).map(|c| c.rank);
            let name = cause.map_or(String::new(), |rank| format!("{rank} ")) + id;
            Row { name: cut(&name, NAME), on: light.of_component(id), cause, signals: by_component[id].clone() }
        })
        .collect();
    for troubled in [true, false] {
        let rest: Vec<&str> =
            all[own..].iter().filter(|(_, first, _)| first.is_some() == troubled).map(|(_, _, id)| *id).collect();
        if !rest.is_empty() {
            let word = if troubled { "more in trouble" } else { "never in trouble" };
            let signals = rest.iter().flat_map(|id| by_component[id].iter().copied()).collect();
            rows.push(Row { name: format!("{} {word}", rest.len()), on: BTreeSet::new(), cause: None, signals });
        }
    }
    rows
}

/// How near signs may be to each other so that there are at most [`SIGNS`].
fn nearness(report: &Report, axis: &Axis, rows: &[Row]) -> f64 {
    let signs = |near: f64| {
        let place = |row: usize, s: &SignalView| Some((row, (axis.x(millis(&s.at)?) / near).round() as i64, s.state));
        let of_row = |(i, row): (usize, &Row)| -> Vec<_> {
            row.signals.iter().filter_map(|s| place(i, &report.signals[*s])).collect()
        };
        rows.iter().enumerate().flat_map(of_row).collect::<BTreeSet<_>>().len()
    };
    let mut near = NEAR;
    while near < WIDTH && signs(near) > SIGNS {
        near *= 2.0;
    }
    near
}

fn drawn(report: &Report, light: &Spotlight, (axis, nearness): (&Axis, f64), row: &Row, y: f64) -> Markup {
    let mut near: BTreeMap<(i64, State), Vec<usize>> = BTreeMap::new();
    let mut spans: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    for &i in &row.signals {
        let s = &report.signals[i];
        let Some(at) = millis(&s.at) else { continue };
        let x = axis.x(at);
        near.entry(((x / nearness).round() as i64, s.state)).or_default().push(i);
        if let Some(until) = s.until.as_deref().and_then(millis).filter(|_| is_trouble(s)) {
            spans.entry(((x * 10.0) as i64, (axis.x(until) * 10.0) as i64)).or_insert(i);
        }
    }
    let some = |set: BTreeSet<usize>| Some(ranks(&set)).filter(|r| !r.is_empty());
    html! {
        g.track data-on=[some(row.on.clone())] data-cause=[row.cause] {
            text.name x=(px(LEFT - 12.0)) y=(px(y + 4.0)) text-anchor="end" { (row.name) }
            line.base x1=(px(LEFT)) x2=(px(axis.right())) y1=(px(y)) y2=(px(y)) {}
            @for (left, right) in spans.keys() {
                line.span x1=(px(*left as f64 / 10.0)) x2=(px(*right as f64 / 10.0)) y1=(px(y)) y2=(px(y)) {}
            }
        }
        @for ((place, state), signals) in &near {
            @let x = *place as f64 * nearness;
            @let supports = signals.iter().flat_map(|i| light.of_signal(*i, true)).collect();
            @let contradicts = signals.iter().flat_map(|i| light.of_signal(*i, false)).collect();
            use class=(format!("sign {}", sign(*state))) href=(format!("#sign-{}", sign(*state)))
                x=(px(x - 5.5)) y=(px(y - 5.5)) width="11" height="11"
                data-for=[some(supports)] data-against=[some(contradicts)] { title { (said(report, signals)) } }
        }
    }
}

/// What one sign stands for, in words.
fn said(report: &Report, signals: &[usize]) -> String {
    let s = &report.signals[signals[0]];
    let more = if signals.len() > 1 { format!(", and {} like it", signals.len() - 1) } else { String::new() };
    cut(&format!("#{} {} {} {}, {}{more}", signals[0], s.component, s.capability, sign(s.state), s.at), 160)
}

/// Where a cause, or several at once, began.
struct Begin {
    causes: BTreeSet<usize>,
    x: f64,
    y: f64,
    text_x: f64,
    anchor: &'static str,
    word: String,
}

/// Begins, in lanes so that their words do not meet, and the number of lanes.
fn begins(axis: &Axis, light: &Spotlight) -> (Vec<Begin>, usize) {
    let mut at: BTreeMap<i64, BTreeSet<usize>> = BTreeMap::new();
    for (i, cause) in light.causes.iter().enumerate() {
        if let Some(time) =
            cause.onset.as_deref().and_then(millis).filter(|_| i == 0 || cause.probability >= ONSET_LEAST)
        {
            at.entry(time).or_default().insert(cause.rank);
        }
    }
    let mut taken: Vec<f64> = Vec::new();
    let mut begins = Vec::new();
    for (time, causes) in at {
        let x = axis.x(time);
        let list: Vec<String> = causes.iter().map(usize::to_string).collect();
        let word = match &list[..] {
            [one] => format!("cause {one} begins"),
            _ => format!("causes {} begin", list.join(", ")),
        };
        let width = super::text_width(&word, 11.5);
        let left = if x + width > WIDTH { x - width } else { x };
        let lane = taken.iter().position(|&end| end + 10.0 < left).unwrap_or(taken.len());
        if lane == taken.len() {
            taken.push(0.0);
        }
        taken[lane] = left + width;
        let anchor = if left < x { "end" } else { "start" };
        begins.push(Begin { causes, x, y: 14.0 + 15.0 * lane as f64, text_x: x, anchor, word });
    }
    (begins, taken.len())
}
