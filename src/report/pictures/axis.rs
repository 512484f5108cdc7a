//! The axis of time that the timeline and the ranking share.

use super::px;
use jiff::Timestamp;
use maud::{Markup, html};

/// Width of the pictures.
pub const WIDTH: f64 = 1130.0;
/// Room for names on the left.
pub const LEFT: f64 = 206.0;
/// Room for names on the right.
pub const RIGHT: f64 = 204.0;
/// Marks of time, at most.
const MARKS: i64 = 8;
/// Distances of marks, in minutes.
const STEPS: [i64; 16] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 40320, 525_600];

/// From when to when, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    start: i64,
    end: i64,
}

/// Milliseconds of a time; `None` if it is none.
pub fn millis(time: &str) -> Option<i64> {
    time.parse::<Timestamp>().ok().map(|t| t.as_millisecond())
}

impl Axis {
    /// The axis of a window. Windows that make no sense become an hour.
    pub fn new(start: &str, end: &str) -> Axis {
        let from = millis(start).unwrap_or(0);
        Axis { start: from, end: millis(end).filter(|&end| end > from).unwrap_or(from.saturating_add(3_600_000)) }
    }

    /// Where a time stands; what lies outside stands at the edge.
    pub fn x(&self, time: i64) -> f64 {
        let share = (time.clamp(self.start, self.end) - self.start) as f64 / (self.end - self.start) as f64;
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    /// Right end.
    pub fn right(&self) -> f64 {
        WIDTH - RIGHT
    }

    /// Round times with their words; the first, and every midnight, with its day.
    pub fn marks(&self) -> Vec<(i64, String)> {
        let span = self.end - self.start;
        let step = STEPS.into_iter().map(|m| m * 60_000).find(|s| span / s <= MARKS).unwrap_or(span);
        let mut time = self.start.div_euclid(step) * step;
        let mut marks: Vec<(i64, String)> = Vec::new();
        while time <= self.end {
            if time >= self.start {
                let at = Timestamp::from_millisecond(time).unwrap_or_default();
                let day = marks.is_empty() || time.rem_euclid(86_400_000) == 0;
                marks.push((time, at.strftime(if day { "%b %-d, %H:%M" } else { "%H:%M" }).to_string()));
            }
            time += step;
        }
        marks
    }

    /// Upright lines from `top` to `bottom`, and the words below.
    pub fn draw(&self, top: f64, bottom: f64) -> Markup {
        html! {
            g.axis {
                @for (time, word) in self.marks() {
                    @let x = px(self.x(time));
                    line x1=(x) x2=(x) y1=(px(top)) y2=(px(bottom)) {}
                    text x=(x) y=(px(bottom + 21.0)) text-anchor="middle" { (word) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_few() {
        let axis = Axis::new("2024-03-05T14:45:00Z", "2024-03-05T18:45:00Z");
        let marks = axis.marks();
        assert_eq!(marks[0].1, "Mar 5, 15:00");
        assert_eq!(marks[1].1, "15:30");
        for (start, end) in [("x", "y"), ("2024-01-01T00:00:00Z", "2034-01-01T00:00:00Z")] {
            let axis = Axis::new(start, end);
            assert!((1..=10).contains(&axis.marks().len()), "{:?}", axis.marks());
            assert!(axis.x(i64::MIN) >= LEFT && axis.x(i64::MAX) <= axis.right());
        }
    }
}
