//! Answers of feeds → signals, one file per format.

pub mod aws;
pub mod aws_rss;
pub mod azure;
pub mod betterstack;
pub mod cachet;
pub mod draft;
pub mod feed;
pub mod firehydrant;
pub mod google;
pub mod heroku;
pub mod incidentio;
pub mod instatus;
pub mod json;
pub mod m365;
pub mod meta;
pub mod place;
pub mod salesforce;
pub mod slack;
pub mod state;
pub mod statusio;
pub mod statuspage;
pub mod text;
pub mod time;

use super::{Feed, Reading, Unreadable};

/// A format of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Atlassian Statuspage, and what answers in its layout.
    Statuspage,
    /// incident.io.
    IncidentIo,
    /// Google Cloud, Workspace, Firebase, Maps, Ads.
    Google,
    /// AWS, in JSON.
    Aws,
    /// Slack.
    Slack,
    /// Heroku.
    Heroku,
    /// Salesforce Trust.
    Salesforce,
    /// Meta.
    Meta,
    /// Status.io.
    StatusIo,
    /// Instatus.
    Instatus,
    /// Better Stack.
    BetterStack,
    /// Cachet.
    Cachet,
    /// FireHydrant.
    FireHydrant,
    /// Microsoft 365, by Microsoft Graph.
    Microsoft365,
    /// RSS and Atom: those of AWS, Azure and Meta, and of pages in general.
    Feed,
}

/// Formats by the words that configurations use.
pub const FORMATS: &[(&str, Format)] = &[
    ("statuspage", Format::Statuspage),
    ("incidentio", Format::IncidentIo),
    ("google", Format::Google),
    ("aws", Format::Aws),
    ("slack", Format::Slack),
    ("heroku", Format::Heroku),
    ("salesforce", Format::Salesforce),
    ("meta", Format::Meta),
    ("statusio", Format::StatusIo),
    ("instatus", Format::Instatus),
    ("betterstack", Format::BetterStack),
    ("cachet", Format::Cachet),
    ("firehydrant", Format::FireHydrant),
    ("m365", Format::Microsoft365),
    ("feed", Format::Feed),
];

/// Reads an answer of a feed.
///
/// # Errors
/// [`Unreadable`] if `body` is no answer of this format.
pub fn read(format: Format, body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    match format {
        Format::Statuspage => statuspage::read(body, feed),
        Format::IncidentIo => incidentio::read(body, feed),
        Format::Google => google::read(body, feed),
        Format::Aws => aws::read(body, feed),
        Format::Slack => slack::read(body, feed),
        Format::Heroku => heroku::read(body, feed),
        Format::Salesforce => salesforce::read(body, feed),
        Format::Meta => meta::read(body, feed),
        Format::StatusIo => statusio::read(body, feed),
        Format::Instatus => instatus::read(body, feed),
        Format::BetterStack => betterstack::read(body, feed),
        Format::Cachet => cachet::read(body, feed),
        Format::FireHydrant => firehydrant::read(body, feed),
        Format::Microsoft365 => m365::read(body, feed),
        Format::Feed => feed::read(body, feed),
    }
}

/// Hosts that always answer in one format, whatever their answers look like.
const HOSTS: &[(&str, Format)] = &[
    ("health.aws.amazon.com", Format::Aws),
    ("status.cloud.google.com", Format::Google),
    ("status.firebase.google.com", Format::Google),
    ("ads.google.com", Format::Google),
    ("www.google.com", Format::Google),
    ("slack-status.com", Format::Slack),
    ("status.heroku.com", Format::Heroku),
    ("api.status.salesforce.com", Format::Salesforce),
    ("metastatus.com", Format::Meta),
    ("api.status.io", Format::StatusIo),
    ("status-api.hostedstatus.com", Format::StatusIo),
    ("graph.microsoft.com", Format::Microsoft365),
];

/// Whether a value looks like an answer in some format.
type Looks = fn(&serde_json::Value) -> bool;

/// The format of an answer that `host` gave for `path`: known hosts first, then what it looks like, incident.io before
/// Statuspage, since it answers in both layouts. `None` if it is none that is known.
pub fn recognise(host: &str, path: &str, body: &[u8]) -> Option<Format> {
    if feed::is(body) {
        return Some(Format::Feed);
    }
    let value = json::parse(body, "JSON").ok()?;
    let host = host.to_ascii_lowercase();
    if let Some((_, format)) =
        HOSTS.iter().find(|(known, _)| *known == host.trim_start_matches("www.") || *known == host)
    {
        return Some(*format);
    }
    if path.contains("/proxy/") && incidentio::is(&value) {
        return Some(Format::IncidentIo);
    }
    let looks: [(Looks, Format); 14] = [
        (incidentio::is, Format::IncidentIo),
        (statuspage::is, Format::Statuspage),
        (betterstack::is, Format::BetterStack),
        (statusio::is, Format::StatusIo),
        (firehydrant::is, Format::FireHydrant),
        (m365::is, Format::Microsoft365),
        (aws::is, Format::Aws),
        (google::is, Format::Google),
        (slack::is, Format::Slack),
        (heroku::is, Format::Heroku),
        (salesforce::is, Format::Salesforce),
        (meta::is, Format::Meta),
        (cachet::is, Format::Cachet),
        (instatus::is, Format::Instatus),
    ];
    looks.iter().find(|(is, _)| is(&value)).map(|(_, format)| *format)
}
