//! Answers of feeds → signals, one file per format.

pub mod draft;
pub mod incidentio;
pub mod json;
pub mod place;
pub mod state;
pub mod statuspage;
pub mod text;
pub mod time;

use super::{Feed, Reading, Unreadable};

/// A format of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Atlassian Statuspage.
    Statuspage,
    /// incident.io.
    IncidentIo,
}

/// Formats by the words that configurations use.
pub const FORMATS: &[(&str, Format)] = &[("statuspage", Format::Statuspage), ("incidentio", Format::IncidentIo)];

/// Reads an answer of a feed.
///
/// # Errors
/// [`Unreadable`] if `body` is no answer of this format.
pub fn read(format: Format, body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    match format {
        Format::Statuspage => statuspage::read(body, feed),
        Format::IncidentIo => incidentio::read(body, feed),
    }
}
