//! The answer: the verdict, what may be said, and the causes.

use super::Page;
use super::words::{free, heading, name, place, when};
use crate::report::spotlight::ranks;
use crate::report::view::{Band, Cause, Method};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Sections of the page, for the list of contents.
const CONTENTS: [(&str, &str); 9] = [
    ("causes", "causes"),
    ("graph", "graph"),
    ("timeline", "timeline"),
    ("ledger", "for and against"),
    ("checks", "what to check"),
    ("kinds", "kinds"),
    ("signals", "signals"),
    ("method", "method"),
    ("unknown", "unknown cause"),
];
/// Less likely causes that are listed.
const LISTED: usize = 200;

impl Page<'_> {
    pub(super) fn verdict(&self) -> Markup {
        let r = self.report;
        let observed: BTreeSet<&String> = r.signals.iter().map(|s| &s.component).collect();
        html! {
            header #answer {
                @if !r.incident.title.is_empty() { p.incident { (free(&r.incident.title, 300)) } }
                h1 { (free(&capital(&r.verdict.text), 600)) }
                p.facts {
                    span { (when(&r.window.start)) " to " (when(&r.window.end)) " UTC" }
                    @if !r.signals.is_empty() {
                        span { (counted(r.signals.len(), "signal")) " about " (counted(observed.len(), "component")) }
                    }
                    span { "coincidence " (self.p(r.coincidence)) }
                    @if let Some(p) = r.unknown_cause.probability { span { "unknown shared cause " (self.p(p)) } }
                    @if r.inference.method != Method::Exact { span { a href="#method" { "not exact" } } }
                }
                @if !r.warnings.is_empty() {
                    section.warnings aria-label="Warnings" {
                        ul { @for warning in r.warnings.iter().take(20) { li { strong { "Warning: " } (free(warning, 600)) } } }
                        @if r.warnings.len() > 20 { p { "and " (r.warnings.len() - 20) " more warnings" } }
                    }
                }
                nav aria-label="Contents" {
                    @for (id, word) in CONTENTS { a href=(format!("#{id}")) { (word) } " " }
                }
            }
        }
    }

    pub(super) fn sentences(&self) -> Markup {
        let sentences = &self.report.sentences;
        html! {
            @if !sentences.is_empty() {
                section #sentences aria-labelledby="sentences-heading" {
                    (heading("sentences", "What may be said"))
                    ol.sentences {
                        @for (i, s) in sentences.iter().take(40).enumerate() {
                            @let cause = s.component.as_deref().and_then(|c| self.light.cause(c)).map(|c| c.rank);
                            li id=(format!("sentence-{}", i + 1)) class=(band_class(s.band)) data-cause=[cause] data-on=[cause] {
                                span.band { (band(s.band)) }
                                p {
                                    (free(&s.text, 900))
                                    @if !s.signals.is_empty() {
                                        " " span.rests { "Rests on " (self.some_signals(&s.signals, 8)) "." }
                                    }
                                }
                            }
                        }
                    }
                    @if sentences.len() > 40 { p.note { "and " (sentences.len() - 40) " more sentences" } }
                }
            }
        }
    }

    pub(super) fn causes(&self) -> Markup {
        let (front, rest): (Vec<&Cause>, Vec<&Cause>) =
            self.report.causes.iter().partition(|c| self.light.causes.iter().any(|f| f.rank == c.rank));
        html! {
            section #causes aria-labelledby="causes-heading" {
                (heading("causes", "Causes, most likely first"))
                @if front.is_empty() {
                    p { "No component stands out as a cause." }
                } @else {
                    p.note { "The bar is the chance that the component had a fault and passed it on; the line across it, \
                              how far that moves if rates or impacts are wrong by a factor of three. Two causes can hold \
                              at once, and none." }
                    (self.cause_table(&front))
                }
                @if !rest.is_empty() {
                    details {
                        summary { (rest.len()) " less likely, or explaining only themselves" }
                        (self.cause_table(&rest[..rest.len().min(LISTED)]))
                        @if rest.len() > LISTED { p.note { "and " (rest.len() - LISTED) " more" } }
                    }
                }
                @if !self.report.unexplained.is_empty() {
                    p { "Failing, and explained by no leading common cause: "
                        @for (i, u) in self.report.unexplained.iter().take(30).enumerate() {
                            @if i > 0 { ", " }
                            (place(&u.component, &u.capability))
                        }
                        @if self.report.unexplained.len() > 30 { " and " (self.report.unexplained.len() - 30) " more" }
                        "."
                    }
                }
                (self.explanations())
            }
        }
    }

    /// Causes of several failures, then those that explain only themselves.
    fn cause_table(&self, causes: &[&Cause]) -> Markup {
        let (common, own): (Vec<&Cause>, Vec<&Cause>) = causes.iter().partition(|c| c.is_common());
        html! {
            table.causes {
                thead { tr { th scope="col" { "#" } th scope="col" { "component" } th scope="col" { "probability" } } }
                @if !common.is_empty() { tbody { @for cause in &common { (self.cause_row(cause)) } } }
                @if !own.is_empty() {
                    tbody {
                        tr.part { th colspan="3" scope="rowgroup" { "Faults that explain no other component" } }
                        @for cause in &own { (self.cause_row(cause)) }
                    }
                }
            }
        }
    }

    fn cause_row(&self, cause: &Cause) -> Markup {
        let lit = self.light.cause(&cause.component).map(|_| cause.rank);
        let explained: BTreeSet<&String> = cause.explains.iter().map(|e| &e.component).collect();
        let others: Vec<&String> = cause.ties.iter().filter(|t| **t != cause.component).collect();
        let [low, high] = cause.range;
        let target = match lit {
            Some(rank) if cause.ledger.is_some() => format!("#ledger-{rank}"),
            _ => format!("#cause-{}", cause.rank),
        };
        html! {
            tr id=(format!("cause-{}", cause.rank)) data-cause=[lit] data-on=[lit] {
                td.rank { (cause.rank) }
                th scope="row" {
                    a href=(target) { (name(&cause.component)) }
                    @if cause.capability != "any" { " (" (free(&cause.capability, 40)) ")" }
                    span.kind { (free(&cause.kind, 40)) }
                    span.sub {
                        @if cause.is_common() { "would explain " (explained.len()) " failing components" }
                        @else if cause.explains.is_empty() { "would explain nothing reported failing" }
                        @else { "would explain only itself" }
                        @if !cause.contradicted_by.is_empty() {
                            "; " (cause.contradicted_by.len())
                            @if cause.contradicted_by.len() == 1 { " observation" } @else { " observations" }
                            " against it"
                        }
                        @if let Some(onset) = &cause.onset { "; begins " (self.clock(onset)) }
                    }
                    @if !others.is_empty() {
                        span.tie {
                            "Not told apart from "
                            @for (i, other) in others.iter().take(6).enumerate() {
                                @if i > 0 { ", " }
                                (name(other))
                            }
                            @if others.len() > 6 { " and " (others.len() - 6) " more" }
                            ": together " (self.p(cause.tied_probability))
                        }
                    }
                }
                td.chance {
                    span.number { (self.p(cause.probability)) }
                    (self.bar(cause))
                    @if high - low > 0.01 { span.range { (self.p(low)) " to " (self.p(high)) } }
                }
            }
        }
    }

    fn explanations(&self) -> Markup {
        let list = &self.report.explanations;
        html! {
            @if list.len() > 1 {
                details {
                    summary { "Which of the leading causes held together" }
                    ul.plain {
                        @for e in list.iter().take(20) {
                            @let on: BTreeSet<usize> = e.causes.iter().filter_map(|c| self.light.cause(c)).map(|c| c.rank).collect();
                            li data-on=[Some(ranks(&on)).filter(|on| !on.is_empty())] {
                                span.number { (self.p(e.probability)) } " "
                                @if e.causes.is_empty() { "none of them" }
                                @for (i, c) in e.causes.iter().enumerate() {
                                    @if i > 0 { " and " }
                                    (name(c))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// With a capital letter to begin with.
fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or(String::new(), |first| first.to_uppercase().chain(rest).collect())
}

fn band(band: Band) -> &'static str {
    match band {
        Band::PointsTo => "points to",
        Band::ConsistentWith => "consistent with",
        Band::CannotBeToldApart => "not told apart",
        Band::PointsAwayFrom => "points away",
        Band::Undecided => "undecided",
    }
}

fn band_class(band: Band) -> &'static str {
    match band {
        Band::PointsTo => "points-to",
        Band::PointsAwayFrom => "points-away",
        Band::ConsistentWith | Band::CannotBeToldApart | Band::Undecided => "open",
    }
}

/// `1 signal`, `2 signals`.
fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
