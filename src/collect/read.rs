//! Answers of feeds → signals, one file per format.

pub mod json;
pub mod state;
pub mod text;
pub mod time;
