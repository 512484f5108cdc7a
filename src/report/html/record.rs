//! The record: every signal, how the numbers were made, and what may be missing.

use super::Page;
use super::figures::sign;
use super::words::{free, heading, host, link, name, odds, place, source, when};
use crate::report::pictures::timeline;
use crate::report::spotlight::{Spotlight, ranks};
use crate::report::text::clean;
use crate::report::view::{Method, Report, SignalView};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Signals in the table, at most.
const ROWS: usize = 2000;
/// Bytes of the table, at most, so that the page stays light.
const BYTES: usize = 220_000;
/// Bytes of a row besides its words.
const ROW_BYTES: usize = 420;
/// Characters of what was said.
const SAID: usize = 360;
/// Lines of a proposed patch.
const PATCH: usize = 200;
/// Entries of the lists at the end.
const LIST: usize = 200;

/// Numbers of the signals that get a row: those that matter most, while there is room.
pub(super) fn rows(report: &Report, light: &Spotlight) -> BTreeSet<usize> {
    let mut order: Vec<usize> = (0..report.signals.len()).collect();
    order.sort_by(|&a, &b| light.weight(b).total_cmp(&light.weight(a)).then(a.cmp(&b)));
    let mut bytes = 0;
    let size = |s: &SignalView| {
        let said = s.text.as_ref().map_or(0, |t| t.len().min(SAID * 2));
        ROW_BYTES
            + said
            + s.url.as_ref().map_or(0, |u| u.len() * 2)
            + s.component.len().min(160)
            + s.name.len().min(120)
    };
    let fits = |&i: &usize| {
        bytes += size(&report.signals[i]);
        bytes <= BYTES
    };
    order.into_iter().take(ROWS).take_while(fits).collect()
}

impl Page<'_> {
    pub(super) fn signals(&self) -> Markup {
        let all = &self.report.signals;
        html! {
            section #signals aria-labelledby="signals-heading" {
                (heading("signals", "All signals"))
                @if all.is_empty() {
                    p { "There are no signals." }
                } @else {
                    @if self.rows.len() < all.len() {
                        p.note { "The " (self.rows.len()) " that matter most; " (all.len() - self.rows.len())
                            " more are left out here and stand in the JSON report." }
                    }
                    div.scroll tabindex="0" role="region" aria-label="Table of signals" {
                        table.signals {
                            thead { tr { th scope="col" { "#" } th scope="col" { "time (UTC)" } th scope="col" { "about" }
                                th scope="col" { "state" } th scope="col" { "source" } th scope="col" { "what was said" } } }
                            tbody { @for &n in &self.rows { (self.signal_row(n, &all[n])) } }
                        }
                    }
                }
            }
        }
    }

    fn signal_row(&self, n: usize, s: &SignalView) -> Markup {
        let some = |supports| Some(ranks(&self.light.of_signal(n, supports))).filter(|r| !r.is_empty());
        let word = timeline::sign(s.state);
        html! {
            tr id=(format!("signal-{n}")) data-for=[some(true)] data-against=[some(false)] {
                td.rank { a href=(format!("#signal-{n}")) { (n) } }
                td {
                    (when(&s.at))
                    @if let Some(until) = &s.until { " to " (when(until)) }
                    @if s.seen_at != s.at { span.sub { "seen " (when(&s.seen_at)) } }
                }
                th scope="row" { (place(&s.component, &s.capability)) @if s.region != "global" { span.sub { (free(&s.region, 40)) } } }
                td.state { (sign(word)) (word) }
                td {
                    (source(s.source))
                    @if s.name.replace('_', " ") != source(s.source) { span.sub { (free(&s.name, 60)) } }
                    @if let Some(count) = s.count { span.sub { (number(count)) " reports" } }
                    @if let Some(value) = s.value { span.sub { (number(100.0 * value)) "% failed" } }
                }
                td.said {
                    @if let Some(text) = &s.text { (free(text, SAID)) " " }
                    @if let Some(url) = &s.url {
                        @match link(url) {
                            Some(address) => a href=(address) rel="noreferrer noopener" { (host(url)) },
                            None => span.sub { (free(url, 120)) },
                        }
                    }
                }
            }
        }
    }

    pub(super) fn method(&self) -> Markup {
        let i = &self.report.inference;
        html! {
            section #method aria-labelledby="method-heading" {
                (heading("method", "How the numbers were made"))
                p {
                    @match i.method {
                        Method::Exact => { "Exactly: every combination of faults was accounted for; rounding is below " (format!("{:.0e}", i.error)) "." }
                        Method::Bounded => { "Between proven bounds: no probability is off by more than " (format!("{:.3}", i.error)) "." }
                        Method::Sampled if i.error >= 1.0 => { "The network is too wide to compute; nothing is claimed." }
                        Method::Sampled => { "By drawing at random (seed " (i.seed) "): probabilities may be off by about " (format!("{:.3}", i.error)) "." }
                    }
                    " The network has " (i.nodes) " variables and " (i.edges) " edges; " (i.relevant_nodes) " of the variables matter for \
                     these signals. Exact means: given the model. It does not mean that the model or the graph is right."
                }
                p { "The chance that nothing shared by two or more failing components had a fault (coincidence) is " (self.p(self.report.coincidence)) "." }
            }
        }
    }

    pub(super) fn unknown(&self) -> Markup {
        let u = &self.report.unknown_cause;
        html! {
            section #unknown aria-labelledby="unknown-heading" {
                (heading("unknown", "A shared cause that is not in the graph"))
                p {
                    @match u.probability {
                        Some(p) => { "Its chance is " (self.p(p)) "." }
                        None => { "Its chance could not be computed." }
                    }
                    @if !u.members.is_empty() {
                        " It would have to be shared by "
                        @for (i, id) in u.members.iter().take(60).enumerate() {
                            @if i > 0 { ", " }
                            (name(id))
                        }
                        @if u.members.len() > 60 { " and " (u.members.len() - 60) " more" }
                        "."
                    }
                }
                @if let Some(patch) = &u.patch {
                    p { "The smallest addition to the graph that would explain them, to be named, checked and merged by hand:" }
                    pre tabindex="0" { code { @for line in patch.lines().take(PATCH) { (yaml(line)) "\n" } } }
                    @if patch.lines().count() > PATCH { p.note { "and " (patch.lines().count() - PATCH) " more lines" } }
                }
            }
        }
    }

    pub(super) fn spill_over(&self) -> Markup {
        let list = &self.report.spill_over;
        html! {
            @if !list.is_empty() {
                section #spill-over aria-labelledby="spill-over-heading" {
                    (heading("spill-over", "Reports that count less"))
                    p { "In a large outage crowds and the press also report the innocent. " (list.len()) " signals count less for it." }
                    details {
                        summary { "Which, and how much less" }
                        ul.plain {
                            @for d in list.iter().take(LIST) {
                                li { (self.signal(d.signal)) " " (name(&d.component)) ": at most " (odds(d.log_odds)) " log-odds, on a calm day " (odds(d.undiscounted)) }
                            }
                            @if list.len() > LIST { li { "and " (list.len() - LIST) " more" } }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn silences(&self) -> Markup {
        let list = &self.report.silences;
        html! {
            @if !list.is_empty() {
                section #silences aria-labelledby="silences-heading" {
                    (heading("silences", "Silences that count as healthy"))
                    p { (list.len()) " times a source that watches a component said nothing about it." }
                    details {
                        summary { "Which" }
                        ul.plain {
                            @for s in list.iter().take(LIST) { li { (self.signal(s.signal)) " " (free(&s.source, 60)) " about " (name(&s.component)) } }
                            @if list.len() > LIST { li { "and " (list.len() - LIST) " more" } }
                        }
                    }
                }
            }
        }
    }
}

/// A number without needless digits.
fn number(x: f64) -> String {
    if (x - x.round()).abs() < 1e-6 { format!("{x:.0}") } else { format!("{x:.2}") }
}

/// A line of YAML: indented as it was, nothing hidden in it.
fn yaml(line: &str) -> String {
    clean(line).chars().take(400).collect()
}
