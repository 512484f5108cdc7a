//! `graph export`: the graph in the formats of other tools.

use super::super::Exit;
use super::super::output::write;
use super::{find, read};
use crate::graph::DependencyGraph;
use crate::graph::export::{self, Pen};
use std::path::PathBuf;

/// Lines up to which Mermaid draws unless its `maxEdges` is set, which most code hosts do not let one do.
const MERMAID_LINES: usize = 500;

/// Arguments of `graph export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// For what.
    #[arg(value_enum)]
    format: Format,
    /// Files or folders; all are merged.
    #[arg(long, required = true, value_name = "PATH")]
    graph: Vec<PathBuf>,
    /// Draws only this component, what it needs and what needs it.
    #[arg(long, value_name = "ID")]
    focus: Option<String>,
    /// Writes to a file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A drawing for Graphviz.
    Dot,
    /// A drawing that code hosts show in Markdown.
    Mermaid,
    /// For tools that draw or analyse graphs.
    Graphml,
    /// The graph file as JSON, which can be read again.
    Json,
    /// Entities of a Backstage catalog, which can be imported again.
    Backstage,
}

/// Runs the command.
pub fn run(args: &Args) -> Exit {
    let pen = match args.format {
        Format::Dot => Some(Pen::Dot),
        Format::Mermaid => Some(Pen::Mermaid),
        Format::Graphml => Some(Pen::Graphml),
        Format::Json | Format::Backstage => None,
    };
    if pen.is_none() && args.focus.is_some() {
        eprintln!("error: --focus is for drawings (dot, mermaid, graphml): a part of a graph is not a graph");
        return Exit::Usage;
    }
    let graph = match read(&args.graph) {
        Ok(graph) => graph,
        Err(exit) => return exit,
    };
    let text = match (pen, args.format) {
        (Some(pen), _) => draw(&graph, pen, args.focus.as_deref()),
        (None, Format::Backstage) => Ok(export::backstage(&graph)),
        (None, _) => Ok(export::json(&graph)),
    };
    text.map_or_else(|exit| exit, |text| write(&text, args.out.as_deref()))
}

fn draw(graph: &DependencyGraph, pen: Pen, focus: Option<&str>) -> Result<String, Exit> {
    let shown = match focus {
        None => export::everything(graph),
        Some(id) => export::around(graph, find(graph, id)?),
    };
    let drawn = export::draw(pen, graph, &shown);
    if pen == Pen::Mermaid && drawn.lines > MERMAID_LINES {
        eprintln!(
            "note: {} lines: Mermaid draws at most {MERMAID_LINES} unless `maxEdges` is set; --focus ID draws a part",
            drawn.lines
        );
    }
    Ok(drawn.text)
}
