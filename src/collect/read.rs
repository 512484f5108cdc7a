//! Answers of feeds → signals, one file per format.

pub mod alertmanager;
mod alerts;
pub mod blackbox;
pub mod draft;
mod exposition;
pub mod gatus;
pub mod grafana;
pub mod incidentio;
pub mod ioda;
pub mod json;
mod labels;
mod notice;
pub mod pagerduty;
pub mod place;
pub mod prometheus;
pub mod radar;
pub mod ripe;
mod runs;
pub mod state;
pub mod statuspage;
pub mod text;
pub mod time;
pub mod upptime;
pub mod uptimekuma;
pub mod userreports;

use super::{Feed, Reading, Unreadable};

/// A format of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Atlassian Statuspage.
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
];

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
    }
}
