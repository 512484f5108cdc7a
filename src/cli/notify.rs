//! `commoncause notify`: whether receivers take what they are told.

use super::Exit;
use super::collect::load;
use super::output::write;
use crate::collect::config::Config;
use crate::collect::fetch::Fetcher;
use crate::diag::{Sources, clean};
use crate::notify::try_receivers;
use jiff::Timestamp;
use std::path::PathBuf;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every receiver under `notify:` is told of a suspicion that is marked as a test, and then that it is over.\nEnds with 3 if one does not take both.\n\nExample:\n  commoncause notify --test sources.yaml"
)]
pub struct Args {
    /// A configuration of sources.
    sources: PathBuf,
    /// Send test messages to every receiver, once, without another try.
    #[arg(long, required = true)]
    test: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Exit {
    let mut sources = Sources::default();
    let config = match load(&args.sources, &mut sources) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    if config.notify.is_empty() {
        eprintln!("error: {} has no receivers: write them under `notify:`", args.sources.display());
        return Exit::Findings;
    }
    match attempt(&config) {
        Ok(exit) => exit,
        Err(why) => {
            eprintln!("error: nothing can be sent: {}", clean(&why));
            Exit::Io
        }
    }
}

/// Sends, and prints a line for each receiver.
///
/// # Errors
/// If nothing can be sent at all: why, in words.
fn attempt(config: &Config) -> Result<Exit, String> {
    let fetcher = Fetcher::new(config.limits, config.contact.as_deref().unwrap_or_default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let trials = runtime.block_on(try_receivers(&config.notify, &fetcher, Timestamp::now()));
    let line = |trial: &crate::notify::Trial| match &trial.failed {
        None => format!("{}: accepted\n", clean(&trial.to)),
        Some(why) => format!("{}: failed: {}\n", clean(&trial.to), clean(why)),
    };
    let lines: String = trials.iter().map(line).collect();
    let written = write(&lines, None);
    let failed = trials.iter().any(|trial| trial.failed.is_some());
    Ok(if failed { Exit::Io } else { written })
}
