//! Answers of feeds → signals, one file per format.

pub mod json;
pub mod state;
pub mod text;
pub mod time;

pub mod alertmanager;
mod alerts;
pub mod blackbox;
mod exposition;
pub mod gatus;
pub mod grafana;
pub mod ioda;
mod labels;
mod notice;
pub mod pagerduty;
pub mod prometheus;
pub mod radar;
pub mod ripe;
mod runs;
pub mod upptime;
pub mod uptimekuma;
pub mod userreports;
