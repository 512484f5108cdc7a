//! The report for a terminal: what matters first, on one screen.

mod details;

use super::text::{cut, fitting, probability, some_of, wrap};
use super::view::{Cause, Method, Report};
use std::collections::BTreeSet;

/// Channels that weigh less are no reason.
const LEAST_WEIGHT: f64 = 0.05;
/// Lines of the first screen.
const SCREEN: usize = 25;
/// Common causes on the first screen.
const SHOWN_CAUSES: usize = 4;
/// Faults of their own on the first screen are at least this probable.
const OWN_LEAST: f64 = 0.1;
/// Characters of a bar.
const BAR: usize = 10;

/// Plain text or ANSI styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No escape codes.
    Plain,
    /// Bold and dim.
    Ansi,
}

/// Draws the report, never wider than `width` columns (at least 40).
pub fn terminal(report: &Report, width: usize, style: Style) -> String {
    let pen = Pen { report, width: width.max(40), style };
    let mut lines = pen.first_screen();
    lines.extend(details::details(&pen));
    lines.join("\n") + "\n"
}

struct Pen<'a> {
    report: &'a Report,
    width: usize,
    style: Style,
}

impl Pen<'_> {
    fn bold(&self, text: &str) -> String {
        match self.style {
            Style::Plain => text.to_string(),
            Style::Ansi => {
                let bold = anstyle::Style::new().bold();
                format!("{bold}{text}{bold:#}")
            }
        }
    }

    fn p(&self, p: f64) -> String {
        probability(p, self.report.inference.error)
    }

    fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        wrap(text, self.width, indent).lines().map(String::from).collect()
    }

    /// Wrapped behind some columns of space.
    fn inset(&self, text: &str, columns: usize, indent: usize) -> Vec<String> {
        let text = wrap(text, self.width - columns, indent);
        text.lines().map(|line| format!("{:columns$}{line}", "")).collect()
    }

    /// As it fits a screen: lists that take two lines get one if there is not enough room.
    fn first_screen(&self) -> Vec<String> {
        let lines = self.screen(2);
        if lines.len() < SCREEN { lines } else { self.screen(1) }
    }

    fn screen(&self, most: usize) -> Vec<String> {
        let r = self.report;
        let mut lines = Vec::new();
        let verdict = crate::diag::clean(&r.verdict.text);
        lines.extend(self.wrapped(&verdict, 2).iter().take(2).map(|l| self.bold(l)));
        if !r.incident.title.is_empty() {
            lines.push(cut(&r.incident.title, self.width));
        }
        lines.push(cut(&format!("{} to {}", r.window.start, r.window.end), self.width));
        for warning in r.warnings.iter().take(1) {
            let warning = crate::diag::clean(&format!("warning: {warning}"));
            lines.extend(self.wrapped(&warning, 2).into_iter().take(2));
        }
        lines.push(String::new());

        let common: Vec<&Cause> = r.causes.iter().filter(|c| c.is_common()).collect();
        if common.is_empty() {
            lines.push("No component is a likely cause of more than one failure.".to_string());
        } else {
            let more = match common.len().saturating_sub(SHOWN_CAUSES) {
                0 => String::new(),
                more => format!(" ({SHOWN_CAUSES}, and {more} less likely)"),
            };
            lines.push(self.bold(&format!("Common causes{more}")));
            for cause in common.iter().take(SHOWN_CAUSES) {
                lines.push(self.cause_line(cause));
            }
            let tied = common.iter().take(SHOWN_CAUSES).find(|c| c.ties.len() > 1);
            if let Some(tied) = tied {
                let text = format!(
                    "     not told apart: {}; together {}",
                    some_of(&tied.ties, 4),
                    self.p(tied.tied_probability)
                );
                lines.extend(self.wrapped(&crate::diag::clean(&text), 5).into_iter().take(most));
            }
        }
        if let Some(top) = common.first() {
            lines.push(String::new());
            lines.extend(self.why(top, most));
        }
        lines.push(String::new());
        lines.extend(self.rest(most));
        lines
    }

    /// Rank, name, kind, probability, bar.
    fn cause_line(&self, cause: &Cause) -> String {
        let filled = (cause.probability.clamp(0.0, 1.0) * BAR as f64).round() as usize;
        let bar: String = "█".repeat(filled) + &"·".repeat(BAR - filled);
        let name = if cause.capability == "any" {
            cause.component.clone()
        } else {
            format!("{} ({})", cause.component, cause.capability)
        };
        let kind_width = 21;
        let name_width = self.width.saturating_sub(5 + kind_width + 1 + 7 + 1 + BAR).max(10);
        format!(
            "{:>3}. {:name_width$} {:kind_width$}{:>7} {bar}",
            cause.rank,
            cut(&name, name_width),
            cut(&cause.kind, kind_width),
            self.p(cause.probability)
        )
        .trim_end()
        .to_string()
    }

    /// What the leading cause explains, by which path, and what speaks against it.
    fn why(&self, cause: &Cause, most: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let explained: BTreeSet<String> = cause.explains.iter().map(|e| e.component.clone()).collect();
        let explained: Vec<String> = explained.into_iter().collect();
        let head = format!("{} would explain {} failing: ", cause.component, explained.len());
        lines.extend(fitting(&head, &explained, self.width, 4, most));
        if let Some(longest) = cause.explains.iter().max_by_key(|e| e.path.len()) {
            lines.push(cut(&format!("    path: {}", longest.path.join(" ← ")), self.width));
        }
        let against: Vec<String> = cause
            .contradicted_by
            .iter()
            .map(|w| format!("{} {} ({:+.1})", w.component, w.capability, w.log_odds))
            .collect();
        let against = if against.is_empty() { "nothing that was observed".to_string() } else { some_of(&against, 2) };
        // What does nothing once it is deleted altogether is no reason.
        let nothing = |n: usize| cause.deleted.iter().any(|d| d.signal == n && d.log_odds < LEAST_WEIGHT);
        let channels = cause.ledger.iter().flat_map(|l| &l.channels).filter(|c| c.log_odds >= LEAST_WEIGHT);
        let channels = channels.filter(|c| !c.signals.iter().all(|s| nothing(s.signal)));
        let mut support: Vec<String> = channels
            .map(|c| format!("{} {} ({:+.1})", c.component, c.source.as_str().replace('_', " "), c.log_odds))
            .collect();
        if support.is_empty() && cause.ledger.is_some() {
            support.push("no channel alone; they repeat each other".to_string());
        }
        if !support.is_empty() {
            lines.push(cut(&format!("for it:     {}", some_of(&support, 2)), self.width));
        }
        lines.push(cut(&format!("against it: {against}"), self.width));
        lines
    }

    /// Everything else in a line each.
    fn rest(&self, most: usize) -> Vec<String> {
        let r = self.report;
        let mut lines = Vec::new();
        let mut line = |label: &str, text: String| {
            lines.push(cut(&format!("{label:13} {text}"), self.width));
        };
        let own: Vec<String> = r
            .causes
            .iter()
            .filter(|c| !c.is_common() && c.probability >= OWN_LEAST)
            .map(|c| format!("{} {}", c.component, self.p(c.probability)))
            .collect();
        if !own.is_empty() {
            line("on their own", some_of(&own, 3));
        }
        let unexplained: BTreeSet<String> = r.unexplained.iter().map(|p| p.component.clone()).collect();
        let unexplained: Vec<String> = unexplained.into_iter().collect();
        if !unexplained.is_empty() {
            line("unexplained", some_of(&unexplained, 4));
        }
        // The kinds that may be it; and the one that everybody asks about.
        let likely = r.kinds.iter().filter(|k| k.probability >= 0.01).take(3);
        let cloud = r.kinds.iter().filter(|k| k.kind == "cloud" && k.probability < 0.01);
        let kinds: Vec<String> =
            likely.chain(cloud).map(|k| format!("{} {} ({})", k.kind, self.p(k.probability), k.best)).collect();
        if !kinds.is_empty() {
            for (i, text) in fitting("", &kinds, self.width - 14, 0, most).into_iter().enumerate() {
                line(if i == 0 { "kinds" } else { "" }, text);
            }
        }
        let unknown = r.unknown_cause.probability.map(|p| format!("; unknown shared cause {}", self.p(p)));
        if r.unknown_cause.patch.is_some() {
            let members = some_of(&r.unknown_cause.members, 3);
            line("graph may lack", format!("something that {members} need (patch: --format json)"));
        }
        if let Some(check) = r.checks.first() {
            // With one cause less where two do not fit.
            let told = |count| wrap(&super::text::check(check, count, &|x| self.p(x)), self.width - 14, 0);
            let text = Some(told(2)).filter(|text| text.lines().count() <= most).unwrap_or_else(|| told(1));
            for (i, text) in text.lines().take(most).enumerate() {
                line(if i == 0 { "check next" } else { "" }, text.to_string());
            }
        }
        line("coincidence", format!("{}{}", self.p(r.coincidence), unknown.unwrap_or_default()));
        line("method", self.method());
        lines
    }

    fn method(&self) -> String {
        let i = &self.report.inference;
        let how = match i.method {
            Method::Exact => format!("exact, rounding below {:.0e}", i.error),
            Method::Bounded => format!("bounded, error at most {:.3}", i.error),
            Method::Sampled if i.error >= 1.0 => "too wide to compute; nothing is claimed".to_string(),
            Method::Sampled => format!("sampled (seed {}), error about {:.3}", i.seed, i.error),
        };
        format!("{how}; {} of {} variables matter", i.relevant_nodes, i.nodes)
    }
}
