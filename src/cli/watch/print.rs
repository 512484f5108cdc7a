//! What changes, on stdout: for people at 80 columns, or as JSON, one object a line.

use crate::report::text::{clean, cut, probability, some_of, wrap};
use crate::report::view::Report;
use crate::watch::episode::{Change, What};
use crate::watch::stance::{Kind, Said};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

/// Columns.
pub(super) const WIDTH: usize = 80;
/// Columns that what belongs to a line is moved in.
const INDENT: usize = 22;
/// Causes that are shown.
const CAUSES: usize = 4;
/// Names that are shown of a list.
const NAMES: usize = 6;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    Terminal,
    Json,
}

/// Prints what differs from what was printed last.
pub(super) struct Pen {
    format: Format,
    /// The verdict that was printed last: its kind, who leads.
    last: Option<Verdict>,
    /// The verdict of the last look, if it is another.
    next: Option<Verdict>,
    begun: bool,
}

/// What of a verdict must change for it to be another: its kind, who leads.
type Verdict = (Kind, BTreeSet<String>);

impl Pen {
    pub fn new(format: Format) -> Pen {
        Pen { format, last: None, next: None, begun: false }
    }

    /// Nothing shared can be in trouble.
    pub fn quiet(&mut self, at: Timestamp, failing: &BTreeSet<String>) {
        self.next = None;
        if self.last.take().is_none() && self.begun {
            return;
        }
        self.begun = true;
        let text = match failing.first() {
            None => "quiet: nothing is in trouble".to_string(),
            Some(one) => format!("quiet: only {one} is in trouble"),
        };
        self.line(at, &text);
    }

    /// What the engine says, if another kind of verdict or other causes lead than before, in two looks.
    pub fn verdict(&mut self, at: Timestamp, said: &Said, failing: &BTreeSet<String>) {
        let leads: BTreeSet<String> = said.leads().0.into_iter().map(str::to_string).collect();
        let now = (said.kind, leads);
        if self.last.as_ref() == Some(&now) {
            self.next = None;
            return;
        }
        if self.next.as_ref() != Some(&now) {
            self.next = Some(now);
            return;
        }
        (self.last, self.next, self.begun) = (Some(now), None, true);
        // What is blamed is told when it is sure enough; that nothing is to be told is told here.
        if !said.kind.is_shared() {
            let failing: Vec<String> = failing.iter().cloned().collect();
            self.line(at, &format!("{}; in trouble: {}", said.verdict, some_of(&failing, NAMES)));
        }
    }

    fn line(&self, at: Timestamp, text: &str) {
        match self.format {
            Format::Terminal => print(&wrap(&clean(&format!("{}  {text}", time(at))), WIDTH, INDENT)),
            Format::Json => print(&serde_json::json!({"at": at, "verdict": clean(text)}).to_string()),
        }
    }

    /// What is told of an incident.
    pub fn change(&mut self, change: &Change, report: Option<&Report>, kept: Option<&Path>) {
        if self.format == Format::Json {
            let kept = kept.map(|k| k.display().to_string());
            let line = serde_json::json!({"at": change.at, "key": change.key, "status": word(change.what),
                "began": change.began, "said": change.said, "failing": change.failing, "incident": kept});
            return print(&line.to_string());
        }
        let mut lines = vec![format!("{}  {}  {}", time(change.at), word(change.what).to_uppercase(), change.key)];
        let mut add = |text: &str| {
            let text = wrap(&clean(text), WIDTH - INDENT, 2);
            lines.extend(text.lines().map(|line| format!("{:INDENT$}{line}", "")));
        };
        if change.what == What::Resolved {
            let lasted = change.at.duration_since(change.began).round(jiff::Unit::Second).unwrap_or_default();
            add(&format!("nothing of it is in trouble any more, {lasted:#} after it was first told"));
            add(&format!("what was told last: {}", change.said.verdict));
        } else {
            add(&change.said.verdict);
        }
        for cause in change.said.causes.iter().take(CAUSES).filter(|_| change.what != What::Resolved) {
            let p = |p: f64| probability(p, change.said.error);
            let [low, high] = cause.range.map(p);
            let explains = some_of(&cause.explains, NAMES);
            add(&format!("{} {} ({low} to {high}): explains {explains}", p(cause.probability), cause.component));
        }
        if !change.failing.is_empty() {
            let failing: Vec<String> = change.failing.iter().cloned().collect();
            add(&format!("in trouble now: {}", some_of(&failing, NAMES)));
        }
        if let Some(check) = report.and_then(|r| r.checks.first()) {
            add(&format!("next: {}", crate::report::text::check(check, 2, &|p| probability(p, change.said.error))));
        }
        if let Some(kept) = kept {
            add(&format!("all reasons: commoncause correlate {}", kept.display()));
        }
        print(&lines.iter().map(|l| cut(l, WIDTH * 2)).collect::<Vec<_>>().join("\n"));
    }
}

/// The word for a change.
pub(super) fn word(what: What) -> &'static str {
    match what {
        What::Suspected => "suspected",
        What::Changed => "changed",
        What::Resolved => "resolved",
    }
}

/// To the second, in UTC: twenty columns.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Prints lines at once. If the reader has gone, there is nobody to tell, and the watching goes on.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}
