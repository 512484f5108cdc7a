//! What goes on now: from what sources said last to incidents that begin, change and end.
//!
//! Pure: the clock is an argument. [`sight`] knows what every source says now, [`aside`] leaves out what announced work
//! explains, [`stance`] sums up a report, and [`episode`] decides when there is something to tell. Whoever correlates
//! stands between [`sight`] and [`stance`].

pub mod aside;
pub mod episode;
pub mod sight;
pub mod stance;
