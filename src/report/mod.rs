//! The answer: one serialisable [`Report`](view::Report), and the pens that draw it.
//!
//! [`findings`] is what inference found, [`compose`] puts it into words, [`view`] is the public contract;
//! [`terminal`], [`markdown`], [`html`], [`mermaid`], [`dot`] and [`json`] draw a report and look at nothing else.

pub mod answer;
pub mod compose;
pub mod diary;
pub mod dot;
mod drawing;
pub mod findings;
pub mod html;
pub mod json;
pub mod markdown;
pub mod mermaid;
pub mod pictures;
pub mod spotlight;
pub mod terminal;
pub mod text;
pub mod view;
pub mod words;
