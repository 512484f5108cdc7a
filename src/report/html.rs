//! The report as one HTML page that needs nothing else: no network, no files, no scripts to be read.
//!
//! The page begins with the answer and ends with the record. Whatever comes from outside is text, never markup; the
//! page's own rules forbid it to load anything.

mod answer;
mod figures;
mod reasons;
mod record;
mod words;

use super::pictures::cards::{Deck, deck};
use super::spotlight::Spotlight;
use super::view::Report;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::collections::BTreeSet;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");
/// What the page may do: look as it looks, and run its own script. Nothing can be loaded.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'";

/// What every part of the page draws from.
struct Page<'a> {
    report: &'a Report,
    light: &'a Spotlight<'a>,
    deck: &'a Deck<'a>,
    /// Numbers of the signals that have a row in the table.
    rows: BTreeSet<usize>,
}

/// Draws the report as a page.
pub fn html(report: &Report) -> String {
    let light = Spotlight::new(report);
    let deck = deck(report, &light);
    let rows = record::rows(report, &light);
    let page = Page { report, light: &light, deck: &deck, rows };
    let title = words::short(&page.title(), 120);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("commoncause ", env!("CARGO_PKG_VERSION")));
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#answer" { "Skip to the answer" }
                (signs())
                main {
                    (page.verdict())
                    (page.sentences())
                    (page.causes())
                    (page.graph())
                    (page.timeline())
                    (page.ledgers())
                    (page.checks())
                    (page.kinds())
                    (page.signals())
                    (page.method())
                    (page.unknown())
                    (page.spill_over())
                    (page.silences())
                }
                footer {
                    p { "Drawn by commoncause " (env!("CARGO_PKG_VERSION")) " from the report " code { (words::short(&report.schema, 60)) }
                        ". The same input gives the same page." }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    markup.into_string() + "\n"
}

/// The signs of states: told apart by shape, not by colour alone.
fn signs() -> Markup {
    html! {
        svg.signs width="0" height="0" aria-hidden="true" focusable="false" {
            symbol id="sign-failing" viewBox="0 0 12 12" {
                rect x="1" y="1" width="10" height="10" rx="1.5" fill="currentColor" {}
                path d="M3.6 3.6l4.8 4.8M8.4 3.6l-4.8 4.8" stroke="var(--paper)" stroke-width="1.6" {}
            }
            symbol id="sign-degraded" viewBox="0 0 12 12" {
                path d="M6 1.2L11.2 10.8H.8Z" fill="currentColor" {}
                path d="M6 4.6v3.2M6 8.6v1.2" stroke="var(--paper)" stroke-width="1.3" {}
            }
            symbol id="sign-healthy" viewBox="0 0 12 12" {
                circle cx="6" cy="6" r="4.9" fill="var(--paper)" stroke="currentColor" stroke-width="1.3" {}
                path d="M3.6 6.2l1.7 1.7 3.1-3.6" fill="none" stroke="currentColor" stroke-width="1.3" {}
            }
            symbol id="sign-recovered" viewBox="0 0 12 12" {
                circle cx="6" cy="6" r="4.9" fill="var(--paper)" stroke="currentColor" stroke-width="1.3" {}
                path d="M6 1.1A4.9 4.9 0 0 1 6 10.9Z" fill="currentColor" {}
            }
            symbol id="sign-doubted" viewBox="0 0 12 12" {
                path d="M6 1.4 11 10.6H1z" fill="none" stroke="currentColor" stroke-width="1.2" stroke-dasharray="2 1.4" {}
            }
            symbol id="sign-unobserved" viewBox="0 0 12 12" {
                circle cx="6" cy="6" r="4.9" fill="none" stroke="currentColor" stroke-width="1.4" stroke-dasharray="1.6 1.6" {}
            }
            symbol id="sign-unknown" viewBox="0 0 12 12" {
                path d="M2 6h8" stroke="currentColor" stroke-width="2" {}
            }
        }
    }
}
