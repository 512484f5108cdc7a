//! The answer: one serialisable [`Report`](view::Report), and the pens that draw it.

pub mod compose;
pub mod findings;
pub mod view;
