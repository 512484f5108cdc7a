//! What other tools know of dependencies → a raw graph: one file per format.
//!
//! All of it is pure: a text goes in, a [`RawGraph`] with places in that text and the problems come out. Names become
//! ids in one place, `draft.rs`, so that every format treats them alike.

mod backstage;
mod codes;
mod compose;
mod csv;
mod cyclonedx;
mod dot;
mod draft;
mod guess;
mod jaeger;
mod kiali;
mod names;
mod otel;
mod terraform;
mod text;

pub(super) use backstage::{entities, is_entity};
pub use codes::CODES;
pub use guess::guess;
pub use names::{Names, names};

use super::DependencyGraph;
use super::raw::RawGraph;
use crate::diag::{Diagnostic, FileId, Sources};
use draft::Draft;
use jiff::civil::Date;

/// A format of another tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Backstage: `catalog-info.yaml`, or entities as its API gives them.
    Backstage,
    /// Jaeger: the answer of `/api/dependencies`.
    Jaeger,
    /// OpenTelemetry service graph: Prometheus text, or the answer of a Prometheus query, by `client` and `server`.
    Otel,
    /// Kiali: the answer of `/api/namespaces/graph`.
    Kiali,
    /// A Compose file, or the answer of `docker compose config --format json`.
    Compose,
    /// What `terraform graph` prints.
    Terraform,
    /// A CycloneDX bill of materials in JSON: its services.
    Cyclonedx,
    /// A table with the columns `dependent` and `dependency`.
    Csv,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 8] = [
        Format::Backstage,
        Format::Jaeger,
        Format::Otel,
        Format::Kiali,
        Format::Compose,
        Format::Terraform,
        Format::Cyclonedx,
        Format::Csv,
    ];

    /// The word for it on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Format::Backstage => "backstage",
            Format::Jaeger => "jaeger",
            Format::Otel => "otel",
            Format::Kiali => "kiali",
            Format::Compose => "compose",
            Format::Terraform => "terraform",
            Format::Cyclonedx => "cyclonedx",
            Format::Csv => "csv",
        }
    }

    /// What it is, in words; the source of a dependency, if the caller names none.
    pub fn title(self) -> &'static str {
        match self {
            Format::Backstage => "Backstage catalog",
            Format::Jaeger => "Jaeger dependencies",
            Format::Otel => "OpenTelemetry service graph",
            Format::Kiali => "Kiali graph",
            Format::Compose => "Compose file",
            Format::Terraform => "Terraform graph",
            Format::Cyclonedx => "CycloneDX services",
            Format::Csv => "table of dependencies",
        }
    }
}

/// What the caller knows beside the text.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// The kind of a component of which the text says none that we know.
    pub kind: String,
    /// `source` of every dependency; without it, [`Format::title`].
    pub source: Option<String>,
    /// `verified` of every dependency.
    pub verified: Option<Date>,
    /// Names for which the user has said which component they mean.
    pub names: Names,
    /// The graph into which this goes: a name that it has, as id or alias, means that component. Of such a component
    /// only dependencies are given, as an addition.
    pub known: Option<&'a DependencyGraph>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { kind: "service".to_string(), source: None, verified: None, names: Names::new(), known: None }
    }
}

/// Reads `text`, keeping it in `sources` under `name`. What cannot be used is left out, and told.
pub fn read(
    format: Format,
    name: &str,
    text: &str,
    sources: &mut Sources,
    options: &Options,
) -> (RawGraph, Vec<Diagnostic>) {
    let file: FileId = sources.add(name, text);
    let mut draft = Draft::new(file, format, options);
    match format {
        Format::Backstage => backstage::read(&mut draft, text),
        Format::Jaeger => jaeger::read(&mut draft, text),
        Format::Otel => otel::read(&mut draft, text),
        Format::Kiali => kiali::read(&mut draft, text),
        Format::Compose => compose::read(&mut draft, text),
        Format::Terraform => terraform::read(&mut draft, text),
        Format::Cyclonedx => cyclonedx::read(&mut draft, text),
        Format::Csv => csv::read(&mut draft, text),
    }
    draft.finish()
}
