//! Answers of feeds → signals, one file per format.

pub mod alertmanager;
pub(super) mod alerts;
pub mod announced;
pub mod aws;
pub mod aws_rss;
pub mod azure;
pub mod betterstack;
pub mod blackbox;
pub mod cachet;
pub mod draft;
mod exposition;
pub mod feed;
pub mod firehydrant;
pub mod gatus;
pub mod google;
pub mod grafana;
pub mod heroku;
pub mod incidentio;
pub mod instatus;
pub mod ioda;
pub mod json;
mod labels;
pub mod m365;
pub mod meta;
mod notice;
pub mod pagerduty;
pub mod place;
pub mod prometheus;
pub mod radar;
pub mod ripe;
mod runs;
pub mod salesforce;
pub mod slack;
pub mod state;
pub mod statusio;
pub mod statuspage;
pub mod text;
pub mod time;
pub mod upptime;
pub mod uptimekuma;
pub mod userreports;

use super::{Feed, Reading, Unreadable};
use crate::signal::SourceKind;

/// A format of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Atlassian Statuspage, and what answers in its layout.
    Statuspage,
    /// incident.io.
    IncidentIo,
    /// Alertmanager, polled, delivered or received as by it.
    Alertmanager,
    /// Blackbox exporter.
    Blackbox,
    /// Gatus.
    Gatus,
    /// Grafana's alerting.
    Grafana,
    /// IODA, an observatory of the internet.
    Ioda,
    /// PagerDuty.
    PagerDuty,
    /// Prometheus.
    Prometheus,
    /// Cloudflare Radar.
    Radar,
    /// RIPE Atlas and RIPEstat.
    Ripe,
    /// Upptime.
    Upptime,
    /// Uptime Kuma.
    UptimeKuma,
    /// Counts of users' reports.
    UserReports,
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

impl Format {
    /// What kind of source speaks in it.
    pub fn speaker(self) -> SourceKind {
        match self {
            Format::Blackbox | Format::Gatus | Format::Prometheus | Format::Upptime | Format::UptimeKuma => {
                SourceKind::Probe
            }
            Format::Alertmanager | Format::Grafana | Format::PagerDuty => SourceKind::Alert,
            Format::Ioda | Format::Radar | Format::Ripe => SourceKind::Observatory,
            Format::UserReports => SourceKind::UserReports,
            _ => SourceKind::StatusPage,
        }
    }
}

/// Formats by the words that configurations use.
pub const FORMATS: &[(&str, Format)] = &[
    ("statuspage", Format::Statuspage),
    ("incidentio", Format::IncidentIo),
    ("alertmanager", Format::Alertmanager),
    ("blackbox", Format::Blackbox),
    ("gatus", Format::Gatus),
    ("grafana", Format::Grafana),
    ("ioda", Format::Ioda),
    ("pagerduty", Format::PagerDuty),
    ("prometheus", Format::Prometheus),
    ("radar", Format::Radar),
    ("ripe", Format::Ripe),
    ("upptime", Format::Upptime),
    ("uptimekuma", Format::UptimeKuma),
    ("userreports", Format::UserReports),
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

/// The format that configurations call `word`.
pub fn named(word: &str) -> Option<Format> {
    FORMATS.iter().find(|(known, _)| *known == word).map(|(_, format)| *format)
}

/// What configurations call `format`.
pub fn word(format: Format) -> &'static str {
    FORMATS.iter().find(|(_, known)| *known == format).map_or("", |(word, _)| *word)
}

/// Reads an answer of a feed.
///
/// # Errors
/// [`Unreadable`] if `body` is no answer of this format.
pub fn read(format: Format, body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    match format {
        Format::Statuspage => statuspage::read(body, feed),
        Format::IncidentIo => incidentio::read(body, feed),
        Format::Alertmanager => alertmanager::read(body, feed),
        Format::Blackbox => blackbox::read(body, feed),
        Format::Gatus => gatus::read(body, feed),
        Format::Grafana => grafana::read(body, feed),
        Format::Ioda => ioda::read(body, feed),
        Format::PagerDuty => pagerduty::read(body, feed),
        Format::Prometheus => prometheus::read(body, feed),
        Format::Radar => radar::read(body, feed),
        Format::Ripe => ripe::read(body, feed),
        Format::Upptime => upptime::read(body, feed),
        Format::UptimeKuma => uptimekuma::read(body, feed),
        Format::UserReports => userreports::read(body, feed),
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
