//! How the causes stood as the signals arrived.

use super::axis::{Axis, LEFT, WIDTH, millis};
use super::px;
use crate::report::spotlight::Spotlight;
use crate::report::text::{cut, probability};
use crate::report::view::Report;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Height from 0 to 1.
const TALL: f64 = 150.0;
/// Above 1.
const TOP: f64 = 12.0;
/// Causes drawn.
const LINES: usize = 5;
/// Causes that never stood this high are not drawn.
const LEAST: f64 = 0.1;
/// Characters of a name.
const NAME: usize = 20;
/// Distance of names on the right.
const NAMES: f64 = 15.0;

/// Draws the ranking over time. Without a diary there is nothing to draw.
pub fn ranking(report: &Report, light: &Spotlight) -> Option<Markup> {
    if report.diary.is_empty() {
        return None;
    }
    let axis = Axis::new(&report.window.start, &report.window.end);
    let lines = courses(report);
    let ends: Vec<f64> = lines.iter().map(|l| height(l.values.last().map_or(0.0, |v| v.1))).collect();
    let words = apart(&ends);
    let bottom = TOP + TALL;
    let size = format!("0 0 {} {}", px(WIDTH), px(bottom + 26.0));
    Some(html! {
        svg.time.standing viewBox=(size) role="group" aria-labelledby="ranking-heading" {
            (axis.draw(TOP, bottom))
            @for (value, word) in [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
                line.base x1=(px(LEFT)) x2=(px(axis.right())) y1=(px(height(value))) y2=(px(height(value))) {}
                text.name x=(px(LEFT - 12.0)) y=(px(height(value) + 4.0)) text-anchor="end" { (word) }
            }
            @for (i, line) in lines.iter().enumerate() {
                @let cause = line.name.as_deref().and_then(|name| light.cause(name)).map(|c| c.rank);
                @let class = line.name.as_ref().map_or("course chance".to_string(), |_| format!("course n{}", i + 1));
                g class=(class) data-on=[cause] data-cause=[cause] {
                    path d=(steps(&axis, &line.values)) {}
                    line.lead x1=(px(axis.right())) x2=(px(axis.right() + 9.0)) y1=(px(ends[i])) y2=(px(words[i])) {}
                    text x=(px(axis.right() + 12.0)) y=(px(words[i] + 4.0)) {
                        (cut(line.name.as_deref().unwrap_or("coincidence"), NAME)) " "
                        (probability(line.values.last().map_or(0.0, |v| v.1), report.inference.error))
                    }
                }
            }
        }
    })
}

/// A component's probability over time; without a name: that of coincidence.
struct Course {
    name: Option<String>,
    values: Vec<(i64, f64)>,
}

/// Those that stand highest at the end, or stood highest before; and coincidence.
fn courses(report: &Report) -> Vec<Course> {
    let mut peak: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    let last = report.diary.len() - 1;
    for (i, moment) in report.diary.iter().enumerate() {
        for s in moment.causes.iter().filter(|s| s.common) {
            let seen = peak.entry(&s.component).or_default();
            *seen = (if i == last { s.probability } else { 0.0 }, seen.1.max(s.probability));
        }
    }
    let mut order: Vec<(&str, (f64, f64))> = peak.into_iter().filter(|(_, (_, most))| *most >= LEAST).collect();
    order.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(b.1.1.total_cmp(&a.1.1)).then(a.0.cmp(b.0)));
    let course = |name: Option<&str>| {
        let value = |m: &crate::report::view::Moment| match name {
            Some(name) => m.causes.iter().find(|s| s.component == name).map_or(0.0, |s| s.probability),
            None => m.coincidence,
        };
        let values = report.diary.iter().filter_map(|m| Some((millis(&m.at)?, value(m))));
        Course { name: name.map(str::to_string), values: values.collect() }
    };
    let mut found: Vec<Course> = order.iter().take(LINES).map(|(name, _)| course(Some(name))).collect();
    found.push(course(None));
    found
}

fn height(value: f64) -> f64 {
    let value = if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 };
    TOP + (1.0 - value) * TALL
}

/// Level until the next moment, and on to the end of the window. Moves that cannot be seen are left out.
fn steps(axis: &Axis, values: &[(i64, f64)]) -> String {
    let mut d = String::new();
    let mut level = f64::NAN;
    for &(time, value) in values {
        let (x, y) = (px(axis.x(time)), height(value));
        if d.is_empty() {
            d = format!("M{x} {}", px(y));
        } else if (y - level).abs() >= 0.5 {
            d += &format!("H{x}V{}", px(y));
        } else {
            continue;
        }
        level = y;
    }
    if !d.is_empty() {
        d += &format!("H{}", px(axis.right()));
    }
    d
}

/// Heights for names near their lines' ends, so that no two meet and none leaves the picture.
fn apart(ends: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ends.len()).collect();
    order.sort_by(|&a, &b| ends[a].total_cmp(&ends[b]).then(a.cmp(&b)));
    let mut at = ends.to_vec();
    let mut least = TOP - 2.0;
    for &i in &order {
        at[i] = at[i].max(least);
        least = at[i] + NAMES;
    }
    let mut most = TOP + TALL;
    for &i in order.iter().rev() {
        at[i] = at[i].min(most);
        most = at[i] - NAMES;
    }
    at
}
