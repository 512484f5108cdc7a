//! The pictures with their legends, and the same in words.

use super::Page;
use super::words::{free, heading, name, place, when};
use crate::report::pictures::{ranking, subgraph, timeline};
use crate::report::text::probability;
use crate::report::view::{Cause, ComponentView, Moment, SeenState};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Paths in words, of one cause.
const PATHS: usize = 120;
/// Moments in words.
const MOMENTS: usize = 60;

impl Page<'_> {
    pub(super) fn graph(&self) -> Markup {
        let picture = subgraph::subgraph(self.report, self.light, self.deck);
        html! {
            section #graph aria-labelledby="graph-heading" {
                (heading("graph", "What depends on what"))
                @if let Some(picture) = &picture {
                    p.note {
                        "What needs stands above what it needs. "
                        @if self.light.causes.is_empty() { "" } @else { "Strong lines are the paths of the leading cause; point at a cause to see its own. " }
                        @if self.deck.thinned { "There are too many dependencies to draw: only the paths are." }
                    }
                    p.legend {
                        @for state in [SeenState::Failing, SeenState::Degraded, SeenState::Healthy, SeenState::Doubted, SeenState::Unobserved] {
                            span class=(subgraph::word(state)) { (sign(subgraph::word(state))) (subgraph::word(state)) }
                        }
                        span { i.cause-edge {} "a cause of the list above" }
                    }
                    div.scroll tabindex="0" role="region" aria-label="Graph of the incident" { (picture) }
                } @else {
                    p { "There is nothing to draw." }
                }
                (self.left_out())
                (self.paths())
            }
        }
    }

    /// Every component of the graph by name: those of boxes with several, then what is in no box.
    fn left_out(&self) -> Markup {
        let mut groups: BTreeMap<(SeenState, &str), Vec<&ComponentView>> = BTreeMap::new();
        for c in &self.deck.left_out {
            groups.entry((c.state, &c.kind)).or_default().push(c);
        }
        let full: Vec<_> = self.deck.cards.iter().filter(|c| c.members.len() > 1).collect();
        let hidden = self.deck.left_out.len();
        html! {
            @if !groups.is_empty() || !full.is_empty() {
                details.paper {
                    summary { "Members of the boxes" @if hidden > 0 { ", and " (hidden) " components that are not drawn" } }
                    ul.plain {
                        @for card in full {
                            li { (sign(subgraph::word(card.state))) (card.members.len()) " " (subgraph::word(card.state)) ": " (names(&card.members)) }
                        }
                    }
                    @if hidden > 0 {
                        p.note { "Not drawn, because they are on no path and need nothing that is drawn:" }
                        ul.plain {
                            @for ((state, kind), members) in &groups {
                                li { (sign(subgraph::word(*state))) (members.len()) " " (subgraph::word(*state)) ", " (free(kind, 40)) ": " (names(members)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn paths(&self) -> Markup {
        let causes: Vec<&&Cause> = self.light.causes.iter().filter(|c| !c.explains.is_empty()).collect();
        html! {
            @if !causes.is_empty() {
                details {
                    summary { "Paths in words" }
                    @for cause in causes {
                        h3 id=(format!("paths-{}", cause.rank)) data-cause=(cause.rank) data-on=(cause.rank) {
                            (cause.rank) " " (name(&cause.component))
                        }
                        ul.plain {
                            @for e in cause.explains.iter().take(PATHS) {
                                li {
                                    (place(&e.component, &e.capability)) " failing: "
                                    @for (i, id) in e.path.iter().enumerate() {
                                        @if i > 0 { " needs " }
                                        (name(id))
                                    }
                                }
                            }
                            @if cause.explains.len() > PATHS { li { "and " (cause.explains.len() - PATHS) " more" } }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn timeline(&self) -> Markup {
        let picture = timeline::timeline(self.report, self.light);
        let standing = ranking::ranking(self.report, self.light);
        html! {
            section #timeline aria-labelledby="timeline-heading" {
                (heading("timeline", "When it was said"))
                @if let Some(picture) = &picture {
                    p.note { "Each sign is a signal, at the time it is about (UTC); signals near to each other share one." }
                    p.legend {
                        @for word in ["failing", "degraded", "recovered", "healthy", "unknown"] {
                            span class=(word) { (sign(word)) (word) }
                        }
                    }
                    div.scroll tabindex="0" role="region" aria-label="Timeline of signals" {
                        (picture)
                        @if let Some(standing) = &standing {
                            h3 #ranking-heading { "How the causes stood as signals arrived" }
                            (standing)
                        }
                    }
                    @if standing.is_some() { (self.moves()) }
                } @else {
                    p { "There are no signals." }
                }
            }
        }
    }

    /// The largest moves of the ranking, in the order of time.
    fn moves(&self) -> Markup {
        let mut moves: Vec<(usize, &Moment)> =
            self.report.diary.iter().enumerate().filter(|(_, m)| m.change.is_some()).collect();
        let size = |m: &Moment| m.change.as_ref().map_or(0.0, |c| (c.to - c.from).abs());
        moves.sort_by(|a, b| size(b.1).total_cmp(&size(a.1)).then(a.0.cmp(&b.0)));
        let more = moves.len().saturating_sub(MOMENTS);
        moves.truncate(MOMENTS);
        moves.sort_by_key(|(i, _)| *i);
        html! {
            @if !moves.is_empty() {
                details.paper {
                    summary { "What moved the ranking" }
                    div.scroll tabindex="0" role="region" aria-label="Moves of the ranking" {
                        table {
                            thead { tr { th scope="col" { "time (UTC)" } th scope="col" { "cause" } th scope="col" { "from" }
                                th scope="col" { "to" } th scope="col" { "most by" } th scope="col" { "verdict then" } } }
                            tbody {
                                @for (_, moment) in &moves {
                                    @if let Some(change) = &moment.change {
                                        tr {
                                            td { (when(&moment.at)) }
                                            td { (self.component(&change.component)) }
                                            td.number { (probability(change.from, moment.error)) }
                                            td.number { (probability(change.to, moment.error)) }
                                            td { @if let Some(n) = change.signal { (self.signal(n)) } }
                                            td { (free(&moment.verdict.text, 160)) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                    @if more > 0 { p.note { "and " (more) " smaller moves" } }
                }
            }
        }
    }
}

/// The sign of a state, to stand before its word.
pub(super) fn sign(word: &str) -> Markup {
    html! { svg class=(format!("sign {word}")) width="11" height="11" aria-hidden="true" { use href=(format!("#sign-{word}")) {} } }
}

fn names(members: &[&ComponentView]) -> Markup {
    html! {
        @for (i, c) in members.iter().enumerate() {
            @if i > 0 { ", " }
            (name(&c.id))
        }
    }
}
