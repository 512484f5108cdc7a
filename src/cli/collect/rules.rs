//! Files of rules for texts, and `commoncause collect classify`, which tries them.

use crate::cli::output::{tell, write};
use crate::cli::{Exit, Problems};
use crate::collect::classify::{self, Attribution, BAD_RULES, Explained, MAX_FILE_BYTES, Rules, Which, Written};
use crate::diag::{Diagnostic, Sources, cut};
use crate::signal::read::{add_text, read_bytes};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Columns of the text output.
const WIDTH: usize = 80;
/// Most bytes that are read from stdin (8 MiB).
const MAX_INPUT_BYTES: u64 = 8 << 20;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  commoncause collect classify \"Sign-in fails for some users because of an outage at AWS\""
)]
pub struct Args {
    /// A file of rules that are tried before those that come with the program; may be given again.
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Texts; `-` or none reads lines from stdin.
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
}

/// Runs the command.
pub fn run(args: &Args) -> Exit {
    let mut sources = Sources::default();
    let (files, mut problems) = load(&args.rules, &mut sources);
    let rules = compile(&files, &mut problems);
    tell(&problems, &sources);
    let Some(rules) = rules.filter(|_| Problems(&problems).exit() == Exit::Done) else {
        return Problems(&problems).exit();
    };
    let mut out = String::new();
    for text in &args.texts {
        if text != "-" {
            out += &explained(text, &rules.explain(text));
        }
    }
    if args.texts.is_empty() || args.texts.iter().any(|t| t == "-") {
        let mut input = Vec::new();
        if let Err(e) = std::io::stdin().lock().take(MAX_INPUT_BYTES).read_to_end(&mut input) {
            eprintln!("error: cannot read stdin: {e}");
            return Exit::Io;
        }
        let input = String::from_utf8_lossy(&input);
        for text in input.lines().map(str::trim).filter(|l| !l.is_empty()) {
            out += &explained(text, &rules.explain(text));
        }
    }
    write(&out, None)
}

/// Reads files of rules.
pub(super) fn load(paths: &[PathBuf], sources: &mut Sources) -> (Vec<Written>, Vec<Diagnostic>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match file(path, sources) {
            Ok((written, found)) => {
                files.extend(written);
                problems.extend(found);
            }
            Err(problem) => problems.push(*problem),
        }
    }
    (files, problems)
}

fn file(path: &Path, sources: &mut Sources) -> Result<(Option<Written>, Vec<Diagnostic>), Box<Diagnostic>> {
    let bytes = read_bytes(path)
        .map_err(|p| Box::new(p.help("check the path; in a configuration it is relative to that file")))?;
    let shown = path.display().to_string();
    if bytes.len() > MAX_FILE_BYTES {
        let message = format!("`{shown}` has {} bytes, more than {MAX_FILE_BYTES}", bytes.len());
        return Err(Box::new(Diagnostic::error(BAD_RULES, message).help("split it, or join patterns with `|`")));
    }
    let (file, damage) = add_text(&shown, bytes, BAD_RULES, sources);
    match damage {
        Some(damage) => Err(damage.problem),
        None => Ok(classify::read(file, &sources.text(file), &shown)),
    }
}

/// Makes rules of what was read.
pub(super) fn compile(files: &[Written], problems: &mut Vec<Diagnostic>) -> Option<Rules> {
    match Rules::of(files) {
        Ok(rules) => Some(rules),
        Err(why) => {
            let message = format!("the rules cannot be used together: {why}");
            problems.push(Diagnostic::error(BAD_RULES, message).help("use fewer of them, or simpler patterns"));
            None
        }
    }
}

/// What the rules say of one text.
fn explained(text: &str, found: &Explained) -> String {
    let nobody = || ("-".to_string(), None);
    let (capability, by) = found.capability.as_ref().map_or_else(nobody, |(word, by)| (word.clone(), Some(by)));
    let (state, state_by) =
        found.tenor.as_ref().map_or_else(nobody, |(tenor, by)| (tenor.word().to_string(), Some(by)));
    let blamed = match (found.attribution, &found.provider) {
        (Attribution::None, _) => "-".to_string(),
        (Attribution::Denied, _) => "nobody".to_string(),
        (Attribution::Others, Some(provider)) => provider.clone(),
        (Attribution::Others, None) => "others".to_string(),
    };
    let row = |what: &str, word: &str, by: Option<&Which>| {
        let by = by.map_or(String::new(), |w| format!("{} {}", w.place, w.pattern));
        cut(&format!("  {what:<10} {word:<12} {by}"), WIDTH).trim_end().to_string() + "\n"
    };
    cut(text, WIDTH)
        + "\n"
        + &row("capability", &capability, by)
        + &row("state", &state, state_by)
        + &row("blames", &blamed, found.because.as_ref())
}
