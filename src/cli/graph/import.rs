//! `graph import`: what another tool knows of dependencies, as a graph file.

use super::super::Exit;
use super::super::output::{tell, write};
use super::edit::{Wrong, finish, named, open, until_unhindered};
use crate::diag::{Sources, clean, has_errors};
use crate::graph::edit::{Files, Refused};
use crate::graph::import::{self, Format, Names};
use crate::graph::raw::RawGraph;
use crate::graph::{DependencyGraph, write as graph_file};
use jiff::civil::Date;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of one text to import.
const MAX_BYTES: u64 = 64 << 20;

/// Dependencies that were not seen again, of which each is named.
const SHOWN: usize = 20;

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
    /// Writes what is imported to a file instead of stdout.
    #[arg(long, value_name = "FILE", conflicts_with = "into")]
    out: Option<PathBuf>,
    /// Puts what is missing into this file of the graph; what is there stays as it is. The file is made if it is not there.
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    /// Prints what --into would change as a unified diff and writes nothing.
    #[arg(long, requires = "into")]
    dry_run: bool,
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
    match &args.into {
        Some(into) => until_unhindered(|| merge(args, into)),
        None => print(args).unwrap_or_else(Wrong::tell),
    }
}

/// What is imported, as a graph file by itself.
fn print(args: &Args) -> Result<Exit, Wrong> {
    let mut texts = Sources::default();
    let known = match args.graph.as_slice() {
        [] => None,
        paths => Some(super::read_keeping(paths, &mut texts).map_err(Wrong::Told)?),
    };
    let written = graph_file::yaml(&read(args, known.as_ref())?);
    // What is printed must be a graph, by itself or beside the one for which it is meant.
    super::must_fit(&texts, "what is imported", &written).map_err(Wrong::Told)?;
    Ok(write(&written, args.out.as_deref()))
}

/// Puts what is imported into a file of the graph.
fn merge(args: &Args, into: &Path) -> Result<Exit, Wrong> {
    let mut paths = args.graph.clone();
    if paths.is_empty() && into.exists() {
        paths.push(into.to_path_buf());
    }
    let files = if paths.is_empty() { Files::none() } else { open(&paths)? };
    let names: Vec<&str> = files.texts().map(|(name, _)| name).collect();
    let into = named(&names, into)?;
    let raw = read(args, Some(files.graph()))?;
    let merged = files.merge(&raw, &into);
    let edited = files.carry_out(merged.plan).map_err(Wrong::Refused)?;
    if merged.seen_again > 0 {
        eprintln!("{} dependencies are in the graph already", merged.seen_again);
    }
    for dependency in merged.not_seen.iter().take(SHOWN) {
        eprintln!("not seen this time: {}", clean(dependency));
    }
    if merged.not_seen.len() > SHOWN {
        eprintln!("… and {} more that were not seen this time", merged.not_seen.len() - SHOWN);
    }
    finish(&edited, args.dry_run)
}

/// The text to import.
fn read(args: &Args, known: Option<&DependencyGraph>) -> Result<RawGraph, Wrong> {
    let mut sources = Sources::default();
    let mut names = Names::new();
    let mut problems = Vec::new();
    if let Some(path) = &args.names {
        (names, problems) = import::names(&path.display().to_string(), &text(path)?, &mut sources);
    }
    let options =
        import::Options { kind: args.kind.clone(), source: args.source.clone(), verified: args.verified, names, known };
    let name = args.file.display().to_string();
    let (raw, more) = import::read(args.format.0, &name, &text(&args.file)?, &mut sources, &options);
    problems.extend(more);
    if has_errors(&problems) {
        return Err(Wrong::Refused(Box::new(Refused { problems, sources })));
    }
    tell(&problems, &sources);
    Ok(raw)
}

fn text(path: &Path) -> Result<String, Wrong> {
    let fail = |reason: String| Wrong::Said(format!("{}: {reason}", path.display()), Exit::Io);
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|e| fail(e.to_string()))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| fail(e.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(fail(format!("larger than {MAX_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8 text".to_string()))
}
