//! What changes, on stdout: for people at 80 columns, or as JSON, one object a line.

use crate::notify::{Message, Status};
use crate::report::text::{clean, probability, some_of, wrap};
use crate::report::view::{Report, VerdictKind};
use crate::watch::episode::Change;
use crate::watch::stance::Said;
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
type Verdict = (VerdictKind, BTreeSet<String>);

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

    /// What is told of an incident; `kept` is where all that it rests on is.
    pub fn change(&mut self, change: &Change, message: &Message, kept: Option<&Path>) {
        if self.format == Format::Json {
            let mut line = serde_json::json!(message);
            line["failing"] = serde_json::json!(change.failing);
            line["incident"] = serde_json::json!(kept.map(|k| k.display().to_string()));
            return print(&line.to_string());
        }
        let head = format!("{}  {}  {}", time(change.at), change.status.as_str().to_uppercase(), change.key);
        let mut lines = vec![head];
        let mut add = |text: &str| {
            let text = wrap(&clean(text), WIDTH - INDENT, 2);
            lines.extend(text.lines().map(|line| format!("{:INDENT$}{line}", "")));
        };
        if change.status == Status::Resolved {
            let lasted = change.at.duration_since(change.began).round(jiff::Unit::Second).unwrap_or_default();
            add(&format!("nothing of it is in trouble any more, {lasted:#} after it was first told"));
            add(&format!("what was told last: {}", change.said.verdict));
        } else {
            add(&change.said.verdict);
        }
        for cause in change.said.causes.iter().take(CAUSES).filter(|_| change.status != Status::Resolved) {
            let p = |p: f64| probability(p, change.said.error);
            let [low, high] = cause.range.map(p);
            let explains = some_of(&cause.explains, NAMES);
            add(&format!("{} {} ({low} to {high}): explains {explains}", p(cause.probability), cause.component));
        }
        if !change.failing.is_empty() {
            let failing: Vec<String> = change.failing.iter().cloned().collect();
            add(&format!("in trouble now: {}", some_of(&failing, NAMES)));
        }
        message.lines.iter().for_each(|line| add(line));
        // Whole, so that it can be copied.
        lines.extend(kept.map(|kept| {
            format!("{:INDENT$}all reasons: commoncause correlate {}", "", clean(&kept.display().to_string()))
        }));
        print(&lines.join("\n"));
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

/// Sentences of a report that people are told as reasons, at most.
const SENTENCES: usize = 4;

/// Reasons in words: what may be said, and what to look at next.
pub(super) fn reasons(report: &Report) -> Vec<String> {
    let mut lines: Vec<String> = report.sentences.iter().take(SENTENCES).map(|s| s.text.clone()).collect();
    let p = |p: f64| probability(p, report.inference.error);
    lines.extend(report.checks.first().map(|check| format!("next: {}", crate::report::text::check(check, 2, &p))));
    lines
}
