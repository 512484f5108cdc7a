//! `graph import`: what another tool knows of dependencies, as a graph file.

use super::super::output::{tell, write};
use super::super::{Exit, Problems};
use crate::diag::{Sources, clean, has_errors};
use crate::graph::import::{self, Format, Names};
use crate::graph::write as graph_file;
use jiff::civil::Date;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of one text to import.
const MAX_BYTES: u64 = 64 << 20;

/// Arguments of `graph import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What wrote the text.
    #[arg(value_enum)]
    format: Word,
    /// The text.
    file: PathBuf,
    /// Files or folders of the graph for which this is meant: names that it knows mean its components.
    #[arg(long, value_name = "PATH")]
    graph: Vec<PathBuf>,
    /// Names and the components that they mean: CSV with the columns name,component; an empty component leaves out.
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
    /// The kind of a component of which the text says none.
    #[arg(long, default_value = "service")]
    kind: String,
    /// Where this was read; default: what wrote the text.
    #[arg(long)]
    source: Option<String>,
    /// The day on which this was read.
    #[arg(long, value_name = "DATE")]
    verified: Option<Date>,
    /// Writes the graph to a file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// [`Format`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word(Format);

impl clap::ValueEnum for Word {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Word; Format::ALL.len()] = {
            let mut all = [Word(Format::Csv); Format::ALL.len()];
            let mut i = 0;
            while i < all.len() {
                all[i] = Word(Format::ALL[i]);
                i += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.word()).help(self.0.title()))
    }
}

/// Runs the command. Nothing is written if anything is wrong.
pub fn run(args: &Args) -> Exit {
    match read(args) {
        Ok(text) => write(&text, args.out.as_deref()),
        Err(exit) => exit,
    }
}

fn read(args: &Args) -> Result<String, Exit> {
    let mut texts = Sources::default();
    let known = if args.graph.is_empty() { None } else { Some(super::read_keeping(&args.graph, &mut texts)?) };
    let mut sources = Sources::default();
    let mut names = Names::new();
    let mut problems = Vec::new();
    if let Some(path) = &args.names {
        (names, problems) = import::names(&path.display().to_string(), &text(path)?, &mut sources);
    }
    let options = import::Options {
        kind: args.kind.clone(),
        source: args.source.clone(),
        verified: args.verified,
        names,
        known: known.as_ref(),
    };
    let name = args.file.display().to_string();
    let (raw, more) = import::read(args.format.0, &name, &text(&args.file)?, &mut sources, &options);
    problems.extend(more);
    if has_errors(&problems) {
        tell(&problems, &sources);
        return Err(Problems(&problems).exit());
    }
    tell(&problems, &sources);
    // What is printed must be a graph, by itself or beside the one for which it is meant.
    let written = graph_file::yaml(&raw);
    super::must_fit(&texts, "what is imported", &written)?;
    Ok(written)
}

fn text(path: &Path) -> Result<String, Exit> {
    let fail = |reason: String| {
        eprintln!("error: {}: {reason}", clean(&path.display().to_string()));
        Exit::Io
    };
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|e| fail(e.to_string()))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| fail(e.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(fail(format!("larger than {MAX_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8 text".to_string()))
}
