//! The graph of an incident: dependents above, what they need below, causes and their paths put forward.

use super::cards::{Card, Deck, Role};
use super::layout::{Placed, Size, layered};
use super::{px, text_width};
use crate::report::spotlight::{Spotlight, ranks};
use crate::report::text::{clean, cut, probability, some_of};
use crate::report::view::{Cause, Report, SeenState};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Characters of a name in a box.
const NAME: usize = 30;
/// Names in one column of a box, before a second begins.
const COLUMN: usize = 8;
/// Names in one box.
const NAMES: usize = 32;
/// Size of letters, and distance of lines of text.
const LETTERS: f64 = 12.0;
const LINE: f64 = 16.0;
/// How much wider bold letters are.
const BOLD: f64 = 1.12;
/// Between the edge of a box and what is in it.
const INSIDE: f64 = 9.0;
/// Width of a sign and the gap after it.
const SIGN: f64 = 15.0;
/// Between columns.
const GUTTER: f64 = 14.0;
/// Around the picture.
const MARGIN: f64 = 6.0;

/// A state in a word.
pub fn word(state: SeenState) -> &'static str {
    match state {
        SeenState::Failing => "failing",
        SeenState::Degraded => "degraded",
        SeenState::Healthy => "healthy",
        SeenState::Doubted => "doubted",
        SeenState::Unobserved => "unobserved",
    }
}

/// What is written in a box.
struct Face {
    /// The first line, bold; `None` for boxes that begin with the state.
    name: Option<String>,
    /// The line after the sign of the state.
    state: String,
    /// Lines below: of a cause, or the names of several, in columns.
    rows: Vec<String>,
    columns: Vec<f64>,
    size: Size,
}

impl Face {
    fn new(card: &Card, report: &Report, cause: Option<&Cause>) -> Face {
        let first = &card.members[0];
        let state = word(card.state);
        let (name, state, rows) = match (card.role, card.members.len()) {
            (Role::Cause(rank), _) => {
                let p = cause.map_or(String::new(), |c| probability(c.probability, report.inference.error));
                let kind = cut(&first.kind, NAME);
                (Some(first), format!("{state}, {kind}"), vec![format!("cause {rank}: {p}")])
            }
            (_, 1) => (Some(first), format!("{state}, {}", cut(&first.kind, NAME)), Vec::new()),
            (Role::Quiet, n) => {
                let names: Vec<String> = card.members.iter().map(|m| cut(&m.id, NAME)).collect();
                let fits = |count: &usize| some_of(&names, *count).chars().count() <= NAME + 4;
                let count = (1..=names.len()).rev().find(fits).unwrap_or(1);
                (None, format!("+{n} {state}"), vec![some_of(&names, count)])
            }
            (_, n) => {
                let shown = if n > NAMES { NAMES - 1 } else { n };
                let mut rows: Vec<String> = card.members.iter().take(shown).map(|m| cut(&m.id, NAME)).collect();
                if n > shown {
                    rows.push(format!("and {} more", n - shown));
                }
                (None, format!("{n} {state}"), rows)
            }
        };
        Face::measured(name.map(|c| cut(&c.id, NAME)), state, rows)
    }

    fn measured(name: Option<String>, state: String, rows: Vec<String>) -> Face {
        let count = rows.len().div_ceil(COLUMN).max(1);
        let each = rows.len().div_ceil(count).max(1);
        let wide = |texts: &[String]| texts.iter().map(|t| text_width(t, LETTERS)).fold(0.0, f64::max);
        let columns: Vec<f64> = rows.chunks(each).map(wide).collect();
        let below = columns.iter().sum::<f64>() + GUTTER * columns.len().saturating_sub(1) as f64;
        let head = name.as_ref().map_or(0.0, |n| text_width(n, LETTERS) * BOLD);
        let width = below.max(head).max(SIGN + text_width(&state, LETTERS) * BOLD) + 2.0 * INSIDE;
        let lines = usize::from(name.is_some()) + 1 + if rows.is_empty() { 0 } else { each };
        Face { name, state, rows, columns, size: (width.ceil(), lines as f64 * LINE + INSIDE + 3.0) }
    }
}

/// Draws the graph. Without components there is nothing to draw.
pub fn subgraph(report: &Report, light: &Spotlight, deck: &Deck) -> Option<Markup> {
    if deck.cards.is_empty() {
        return None;
    }
    let cause_of = |c: &Card| light.cause(&c.members[0].id);
    let faces: Vec<Face> = deck.cards.iter().map(|c| Face::new(c, report, cause_of(c))).collect();
    let sizes: Vec<Size> = faces.iter().map(|f| f.size).collect();
    let lines: Vec<(usize, usize)> = deck.lines.iter().map(|l| (l.from, l.to)).collect();
    let placed = layered(&sizes, &lines);
    let (width, height) = (placed.size.0 + 2.0 * MARGIN, placed.size.1 + 2.0 * MARGIN);
    let leading = leading(light);
    let look = format!("width:clamp({}px,100%,{}px)", px(width * 0.8), px(width));
    let view = format!("{} {} {} {}", px(-MARGIN), px(-MARGIN), px(width), px(height));
    Some(html! {
        svg.graph viewBox=(view) style=(look) role="group" aria-labelledby="graph-heading" {
            g.lines aria-hidden="true" { (wires(deck, &placed, &leading)) }
            @for (i, card) in deck.cards.iter().enumerate() {
                (drawn(card, &faces[i], placed.boxes[i], light))
            }
        }
    })
}

/// Ranks of the causes that lead: their paths are drawn strongly from the start.
fn leading(light: &Spotlight) -> BTreeSet<usize> {
    let sure = light.causes.iter().filter(|c| c.probability >= 0.5 || c.tied_probability >= 0.5);
    let likely: BTreeSet<usize> = sure.filter(|c| c.probability >= 0.05).map(|c| c.rank).collect();
    if likely.is_empty() { light.causes.first().map(|c| c.rank).into_iter().collect() } else { likely }
}

/// Lines on no path first, those of leading causes last: they lie on top.
fn wires(deck: &Deck, placed: &Placed, leading: &BTreeSet<usize>) -> Markup {
    let layer = |i: usize| match &deck.lines[i].on {
        on if on.iter().any(|r| leading.contains(r)) => 2,
        on if !on.is_empty() => 1,
        _ => 0,
    };
    let mut order: Vec<usize> = (0..deck.lines.len()).collect();
    order.sort_by_key(|&i| (layer(i), i));
    html! {
        @for i in order {
            @let on = ranks(&deck.lines[i].on);
            @let class = ["line", "line path", "line path leads"][layer(i)];
            path class=(class) data-on=[Some(on).filter(|on| !on.is_empty())] d=(curve(&placed.lines[i])) {}
        }
    }
}

/// A smooth way through all points, upright at each.
fn curve(points: &[(f64, f64)]) -> String {
    let Some(&(x, y)) = points.first() else { return String::new() };
    let mut d = format!("M{} {}", px(x), px(y));
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if (x0 - x1).abs() < 0.05 {
            d += &format!("V{}", px(y1));
        } else {
            let middle = (y0 + y1) / 2.0;
            d += &format!("C{} {} {} {} {} {}", px(x0), px(middle), px(x1), px(middle), px(x1), px(y1));
        }
    }
    d
}

fn drawn(card: &Card, face: &Face, (x, y): (f64, f64), light: &Spotlight) -> Markup {
    let cause = light.cause(&card.members[0].id);
    let names: Vec<String> = card.members.iter().map(|m| clean(&m.id)).collect();
    let title = format!("{}: {}", word(card.state), some_of(&names, 400));
    let role = match card.role {
        Role::Cause(_) => "cause",
        Role::Involved => "involved",
        Role::Quiet => "quiet",
    };
    let class = format!("card {} {role}", word(card.state));
    let corner = if card.state == SeenState::Healthy { 9.0 } else { 2.5 };
    let inner = html! {
        title { (title) }
        rect width=(px(face.size.0)) height=(px(face.size.1)) rx=(px(corner)) {}
        (written(card, face, light))
    };
    let on = Some(ranks(&card.on)).filter(|on| !on.is_empty());
    let place = format!("translate({} {})", px(x), px(y));
    match cause {
        Some(cause) => html! {
            a class=(class) transform=(place) data-on=[on] data-cause=(cause.rank) href=(format!("#cause-{}", cause.rank)) {
                (inner)
            }
        },
        None => html! { g class=(class) transform=(place) data-on=[on] { (inner) } },
    }
}

/// The text of a box, with the sign of its state.
fn written(card: &Card, face: &Face, light: &Spotlight) -> Markup {
    let top = INSIDE / 2.0 + 12.0;
    let state_y = top + if face.name.is_some() { LINE } else { 0.0 };
    let count = face.columns.len().max(1);
    let each = face.rows.len().div_ceil(count).max(1);
    let mut lefts = vec![INSIDE];
    for width in &face.columns {
        lefts.push(lefts[lefts.len() - 1] + width + GUTTER);
    }
    let of_cause = matches!(card.role, Role::Cause(_));
    html! {
        @if let Some(name) = &face.name {
            text.name x=(px(INSIDE)) y=(px(top)) { (name) }
        }
        use.sign href=(format!("#sign-{}", word(card.state))) x=(px(INSIDE)) y=(px(state_y - 9.5)) width="11" height="11" {}
        text.state x=(px(INSIDE + SIGN)) y=(px(state_y)) { (face.state) }
        @for (i, row) in face.rows.iter().enumerate() {
            @let on = card.members.get(i).filter(|_| !of_cause).map(|m| light.of_component(&m.id)).unwrap_or_default();
            @let y = state_y + LINE * (1 + i % each) as f64;
            text class=(if of_cause { "chance" } else { "row" }) x=(px(lefts[i / each])) y=(px(y))
                data-on=[Some(ranks(&on)).filter(|on| !on.is_empty())] { (row) }
        }
    }
}
