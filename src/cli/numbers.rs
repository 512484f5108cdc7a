//! `--numbers FILE`: the numbers of the model as a user wants them.

use super::Exit;
use crate::model::Params;
use std::io::Read;
use std::path::Path;

/// Larger files are not read.
const MOST_BYTES: u64 = 1 << 20;

/// The built-in numbers, with those of a YAML file in their place.
///
/// # Errors
/// What is wrong has been told on stderr; the exit says which kind of wrong it is.
pub fn read(path: Option<&Path>) -> Result<Params, Exit> {
    let Some(path) = path else { return Ok(Params::default()) };
    parse(&path.display().to_string(), &text(path)?)
}

/// The text of such a file.
pub fn text(path: &Path) -> Result<String, Exit> {
    let mut text = String::new();
    let file = std::fs::File::open(path).and_then(|f| f.take(MOST_BYTES + 1).read_to_string(&mut text));
    match file {
        Ok(_) => Ok(text),
        Err(e) => {
            eprintln!("error: cannot read {}: {e}", path.display());
            Err(if e.kind() == std::io::ErrorKind::InvalidData { Exit::Findings } else { Exit::Io })
        }
    }
}

/// The same from the text of a file.
pub fn parse(name: &str, text: &str) -> Result<Params, Exit> {
    let wrong = |problem: String| {
        eprintln!("error: {name}: {problem}\nhelp: docs/inference.md, section \"Numbers\", lists them all");
        Err(Exit::Findings)
    };
    if text.len() as u64 > MOST_BYTES {
        return wrong(format!("is larger than {MOST_BYTES} bytes"));
    }
    match serde_yaml::from_str::<Params>(text) {
        Ok(params) => match params.check() {
            problems if problems.is_empty() => Ok(params),
            problems => wrong(problems.join("; ")),
        },
        // The further lines draw the place, which the first one names.
        Err(e) => wrong(crate::diag::clean(e.to_string().lines().next().unwrap_or_default())),
    }
}
