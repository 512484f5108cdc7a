//! `graph fmt`: the usual layout.

use super::super::Exit;
use super::super::output::write;
use super::edit::{open, save};
use crate::graph::edit::fmt::formatted;
use crate::graph::edit::{Edited, Rewritten};
use std::path::PathBuf;

/// Arguments of `graph fmt`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files and folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Changes nothing; prints what would change as a unified diff, and ends with 1 if there is any.
    #[arg(long)]
    check: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Exit {
    let files = match open(&args.paths) {
        Ok(files) => files,
        Err(wrong) => return wrong.tell(),
    };
    let rewritten = files.texts().map(|(name, text)| Rewritten {
        name: name.to_string(),
        before: Some(text.to_string()),
        after: formatted(text),
    });
    let changed: Vec<Rewritten> = rewritten.filter(|f| f.before.as_deref() != Some(&f.after)).collect();
    let said = changed.iter().map(|f| format!("{} laid out", f.name)).collect();
    let edited = Edited { files: changed, said };
    if !args.check {
        return save(&edited);
    }
    match write(&edited.diff(), None) {
        Exit::Done if !edited.files.is_empty() => Exit::Findings,
        exit => exit,
    }
}
