//! Announced work: when it began and ends, where a page has fields for that, and where only its text tells.
//!
//! Work that is taken to go on hides what fails meanwhile. So it goes on only while somebody says so: the text names its
//! time, or an update less than a day ago says that it is in progress.

mod window;

pub use window::{Window, window};

use super::draft::{Draft, Trouble};
use super::text;
use crate::signal::{AtKind, State};
use jiff::{SignedDuration, Timestamp};

/// What is in progress, and has no end, is so for as long at most after that was said.
pub const STALE: SignedDuration = SignedDuration::from_hours(24);

/// How much of a title is shown in a note, in characters.
const MAX_TITLE_CHARS: usize = 80;

/// How far work is, as its updates tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is announced; nobody says that it has begun.
    Announced,
    /// An update says that it is in progress.
    InProgress,
    /// It is over, since a time if that is known.
    Over(Option<Timestamp>),
}

/// Work that a text announces.
#[derive(Debug, Clone)]
pub struct Work<'a> {
    /// What it is, and where.
    pub trouble: Trouble<'a>,
    /// When it is to be done, if that can be read with certainty.
    pub window: Option<Window>,
    /// How far it is.
    pub stage: Stage,
    /// When an update said that it had begun.
    pub begun: Option<Timestamp>,
    /// When something was last said about it.
    pub touched: Option<Timestamp>,
}

impl Draft<'_> {
    /// Adds announced work: none that has not begun, which is a note.
    pub fn maintenance(&mut self, trouble: &Trouble, begins: Option<Timestamp>, ends: Option<Timestamp>) {
        if let Some(begins) = begins.filter(|b| *b > self.seen_at()) {
            self.note(format!("`{}` is announced for {begins} and has not begun", title(trouble)));
            self.differs_from(begins);
            return;
        }
        let at_kind = if begins.is_some() { AtKind::Onset } else { trouble.at_kind };
        let (at, until) = (begins.or(trouble.at), trouble.until.or(ends));
        if let Some(ends) = until.filter(|u| *u > self.seen_at()) {
            self.differs_from(ends);
        }
        self.trouble(&Trouble { state: State::Maintenance, at, at_kind, until, ..trouble.clone() });
    }

    /// Adds work of which only a text tells when it is done. What nobody says to go on is a note.
    pub fn work(&mut self, work: &Work) {
        let title = title(&work.trouble);
        // Whoever says after the end that it goes on knows better.
        let overrun = |w: &Window| work.stage == Stage::InProgress && work.touched.is_some_and(|t| t > w.to);
        match (work.window, work.stage) {
            (Some(w), Stage::Over(_)) if w.from > self.seen_at() => {
                self.note(format!("`{title}` was over before it began; left out"));
            }
            (Some(w), Stage::Over(end)) => {
                let end = end.filter(|e| *e > w.from).unwrap_or(w.to);
                self.maintenance(&work.trouble, Some(w.from), Some(end.min(w.to).min(self.seen_at())));
            }
            (Some(w), _) if !overrun(&w) => self.maintenance(&work.trouble, Some(w.from), Some(w.to)),
            (window, Stage::InProgress) => self.in_progress(work, window.map(|w| w.from)),
            (_, Stage::Over(Some(end))) if work.begun.is_some_and(|b| b < end) => {
                self.maintenance(&work.trouble, work.begun, Some(end));
            }
            (_, Stage::Over(_)) => self.note(format!("`{title}` is announced work that is over; left out")),
            (_, Stage::Announced) => {
                self.note(format!(
                    "`{title}` is announced work, and does not say for sure when it begins and ends; left out"
                ));
            }
        }
    }

    fn in_progress(&mut self, work: &Work, from: Option<Timestamp>) {
        let Some(touched) = work.touched.or(work.begun) else {
            return self
                .note(format!("`{}` is in progress, and does not say since when; left out", title(&work.trouble)));
        };
        let ends = touched.checked_add(STALE).unwrap_or(touched);
        if ends <= self.seen_at() {
            self.note(format!("`{}` has no end and was not touched for a day; taken for over", title(&work.trouble)));
        }
        self.maintenance(&work.trouble, from.or(work.begun).or(Some(touched)), Some(ends));
    }
}

fn title(trouble: &Trouble) -> String {
    text::cut(trouble.title, MAX_TITLE_CHARS)
}
