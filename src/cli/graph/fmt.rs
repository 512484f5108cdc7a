//! `graph fmt`: the usual layout.

use super::super::Exit;
use super::edit::{finish, open, until_unhindered};
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
    until_unhindered(|| {
        let files = open(&args.paths)?;
        let rewritten = files.own().map(|(name, text)| Rewritten {
            name: name.to_string(),
            before: Some(text.to_string()),
            after: formatted(text),
        });
        let changed: Vec<Rewritten> = rewritten.filter(|f| f.before.as_deref() != Some(&f.after)).collect();
        let said = changed.iter().map(|f| format!("{} laid out", f.name)).collect();
        let edited = Edited { files: changed, said };
        match finish(&edited, args.check)? {
            Exit::Done if args.check && !edited.files.is_empty() => Ok(Exit::Findings),
            exit => Ok(exit),
        }
    })
}
