//! Why: the ledger of each cause, what to check next, and the kinds.

use super::Page;
use super::words::{chance, free, heading, name, odds, percent, place, source};
use crate::report::view::{Cause, Channel, Check, KindTotal, Ledger};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Channels shown at once.
const FIRST: usize = 5;
/// Channels shown on request.
const MORE: usize = 100;
/// Signals named in one row.
const SIGNALS: usize = 6;
/// Checks in the table.
const CHECKS: usize = 12;

impl Page<'_> {
    pub(super) fn ledgers(&self) -> Markup {
        let causes: Vec<(&Cause, &Ledger)> =
            self.light.causes.iter().filter_map(|c| Some((*c, c.ledger.as_ref()?))).collect();
        html! {
            section #ledger aria-labelledby="ledger-heading" {
                (heading("ledger", "For and against"))
                @if causes.is_empty() {
                    p { "No cause was weighed." }
                } @else {
                    p.note { "In natural log-odds of a fault of its own: what leaving out all that one kind of source says of one \
                              component would undo. +0.7 doubles the odds, +2.3 makes them ten times; minus takes as much." }
                }
                @for (i, (cause, ledger)) in causes.iter().enumerate() {
                    article id=(format!("ledger-{}", cause.rank)) data-on=(cause.rank) {
                        @if i == 0 {
                            h3 data-cause=(cause.rank) { (cause.rank) " " (name(&cause.component)) }
                            (self.ledger(cause, ledger))
                        } @else {
                            details {
                                summary data-cause=(cause.rank) {
                                    (cause.rank) " " (name(&cause.component)) ": " (odds(ledger.prior)) " before any signal, "
                                    (odds(ledger.posterior)) " with all"
                                }
                                (self.ledger(cause, ledger))
                            }
                        }
                    }
                }
            }
        }
    }

    fn ledger(&self, cause: &Cause, ledger: &Ledger) -> Markup {
        let mut channels: Vec<&Channel> = ledger.channels.iter().collect();
        channels.sort_by(|a, b| b.log_odds.abs().total_cmp(&a.log_odds.abs()));
        // Small weights look small, whatever else there is.
        let most = channels.first().map_or(0.0, |c| c.log_odds.abs()).max(1.0);
        let (first, more) = channels.split_at(channels.len().min(FIRST));
        let rest: f64 = more.iter().map(|c| c.log_odds).sum();
        let total = |class: &'static str, word: Markup, x: f64| {
            html! { tr class=(class) { th scope="row" { (word) } td.number { (odds(x)) } td.scale {} td.number.rival {} td {} } }
        };
        let label = format!("For and against {}", crate::report::text::cut(&cause.component, 80));
        html! {
            div.scroll tabindex="0" role="region" aria-label=(label) {
                table.ledger {
                    (ledger_head(ledger))
                    tbody {
                        (total("sum", html! { "before any signal: " (chance(cause.prior)) }, ledger.prior))
                        @for channel in first { (self.channel(channel, most)) }
                        @if !more.is_empty() { (total("rest", html! { (more.len()) " further, in sum" }, rest)) }
                        @if ledger.overlap.abs() >= 0.005 {
                            (total("rest", html! { "said by several together, by none alone" }, ledger.overlap))
                        }
                        (total("sum", html! { "with all signals: " (self.p(cause.p_fault)) }, ledger.posterior))
                    }
                }
            }
            @if let Some(rival) = &ledger.rival {
                p.note {
                    "Against the next best, " (self.component(&rival.component)) ": " (odds(rival.prior)) " before any signal, "
                    (odds(rival.posterior)) " with all."
                }
            }
            @if !more.is_empty() {
                details {
                    summary { (more.len()) " further channels" }
                    div.scroll tabindex="0" role="region" aria-label=(format!("{label}, further channels")) {
                        table.ledger {
                            (ledger_head(ledger))
                            tbody { @for channel in more.iter().take(MORE) { (self.channel(channel, most)) } }
                        }
                    }
                    @if more.len() > MORE { p.note { "and " (more.len() - MORE) " more" } }
                }
            }
        }
    }

    fn channel(&self, channel: &Channel, most: f64) -> Markup {
        let share = percent(channel.log_odds.abs() / most / 2.0);
        let side = if channel.log_odds >= 0.0 { "for" } else { "against" };
        let signals: Vec<usize> = channel.signals.iter().map(|s| s.signal).collect();
        html! {
            tr class=(side) {
                th scope="row" { (self.component(&channel.component)) span.kind { (source(channel.source)) } }
                td.number { (odds(channel.log_odds)) }
                td.scale aria-hidden="true" { span { i style=(format!("width:{share}")) {} } }
                td.number.rival { @if let Some(x) = channel.against_rival { (odds(x)) } }
                td.list { (self.some_signals(&signals, SIGNALS)) }
            }
        }
    }

    pub(super) fn checks(&self) -> Markup {
        let checks = &self.report.checks;
        html! {
            section #checks aria-labelledby="checks-heading" {
                (heading("checks", "What to check next"))
                @if checks.is_empty() {
                    p { "Nothing unobserved would tell the leading causes apart." }
                } @else {
                    p.note { "What is not known yet, most telling first: how probable the leading causes would become if it were known for sure to be \
                              found failing, or healthy." }
                    div.scroll tabindex="0" role="region" aria-label="Checks" {
                        table.checks {
                            thead { tr { th scope="col" { "look at" } th scope="col" { "chance it fails" }
                                th scope="col" { "if failing" } th scope="col" { "if healthy" } th scope="col" { "bits" } } }
                            tbody { @for check in checks.iter().take(CHECKS) { (self.check(check)) } }
                        }
                    }
                    @if checks.len() > CHECKS { p.note { "and " (checks.len() - CHECKS) " that tell less" } }
                }
            }
        }
    }

    fn check(&self, check: &Check) -> Markup {
        html! {
            tr {
                th scope="row" { (place(&check.component, &check.capability)) }
                td.number { (self.p(check.p_failing)) }
                td { (self.outcome(&check.if_failing)) }
                td { (self.outcome(&check.if_healthy)) }
                td.number { (format!("{:.2}", check.gain_bits)) }
            }
        }
    }

    /// What an outcome would make of the leading causes, in their order.
    fn outcome(&self, after: &BTreeMap<String, f64>) -> Markup {
        let rank = |id: &str| self.report.causes.iter().position(|c| c.component == id).unwrap_or(usize::MAX);
        let mut list: Vec<(&String, &f64)> = after.iter().collect();
        list.sort_by_key(|(id, _)| (rank(id), (*id).clone()));
        html! {
            ul.outcome {
                @for (id, p) in list.into_iter().take(4) {
                    @let before = self.report.causes.iter().find(|c| c.component == *id).map(|c| c.probability);
                    li {
                        (self.component(id)) " "
                        @if let Some(before) = before { span.before { (self.p(before)) " → " } }
                        span.number { (self.p(*p)) }
                    }
                }
            }
        }
    }

    pub(super) fn kinds(&self) -> Markup {
        let kinds = &self.report.kinds;
        html! {
            section #kinds aria-labelledby="kinds-heading" {
                (heading("kinds", "Which kind of thing it was"))
                @if kinds.is_empty() {
                    p { "No kind stands out." }
                } @else {
                    p.note { "The chance that at least one of a kind had a fault on which something reported failing depends." }
                    @let (likely, rest) = kinds.split_at(kinds.iter().take_while(|k| k.probability >= 0.01).count().max(3).min(kinds.len()));
                    (self.kind_table(likely))
                    @if !rest.is_empty() {
                        details {
                            summary { (rest.len()) " less likely kinds" }
                            (self.kind_table(&rest[..rest.len().min(60)]))
                        }
                    }
                }
            }
        }
    }

    fn kind_table(&self, kinds: &[KindTotal]) -> Markup {
        html! {
            table.causes {
                thead { tr { th scope="col" { "kind" } th scope="col" { "probability" } } }
                tbody {
                    @for k in kinds {
                        tr {
                            th scope="row" { (free(&k.kind, 60)) span.sub { "most likely " (self.component(&k.best)) } }
                            td.chance {
                                span.number { (self.p(k.probability)) }
                                span.bar aria-hidden="true" { i style=(format!("width:{}", percent(k.probability))) {} }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn ledger_head(ledger: &Ledger) -> Markup {
    html! {
        thead {
            tr {
                th scope="col" { "what was said, by which kind of source" }
                th scope="col" { "log-odds" }
                th.scale scope="col" { span.ends { span { "against" } span { "for" } } }
                th scope="col" { @if let Some(rival) = &ledger.rival { "against " (name(&rival.component)) } @else { "against the next" } }
                th scope="col" { "signals" }
            }
        }
    }
}
