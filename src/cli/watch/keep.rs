//! What is kept from one start to the next, and of each incident.

use super::look::View;
use crate::cli::output::replace;
use crate::store;
use crate::watch::episode::{Change, Episodes, KEY};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file in the data folder that tells what goes on.
const FILE: &str = "watch.json";
/// The folder in it of graphs on which incidents were judged: for each one a folder that is named by its hash.
const GRAPHS: &str = "graphs";
/// Hexadecimal digits of that hash.
const DIGITS: usize = 16;
/// The folder in it of incidents that were told of: for each one a folder with one for each time at which it was told.
const INCIDENTS: &str = "incidents";
/// A larger file is none of ours.
const MAX_BYTES: u64 = 16 << 20;

/// What went on when the last process ended. Of a file that cannot be read, that is told on stderr.
pub(super) fn load(folder: &Path) -> Episodes {
    let path = folder.join(FILE);
    let read = fs::metadata(&path).and_then(|m| match m.len() > MAX_BYTES {
        true => Err(std::io::Error::other("it is too large")),
        false => fs::read(&path),
    });
    let why = match read {
        Err(e) if e.kind() == ErrorKind::NotFound => return Episodes::default(),
        Err(e) => e.to_string(),
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(episodes) => return episodes,
            Err(e) => e.to_string(),
        },
    };
    eprintln!("warning: {}: {why}; an incident that went on is not known any more", path.display());
    Episodes::default()
}

/// Keeps what goes on.
pub(super) fn save(folder: &Path, episodes: &Episodes) -> Result<(), String> {
    let path = folder.join(FILE);
    let bytes = serde_json::to_vec_pretty(episodes).map_err(|e| e.to_string())?;
    replace(&path, &bytes).map_err(|e| format!("{} cannot be written: {e}", path.display()))
}

/// Removes what is kept of incidents that began before `start`. Best effort: what stays is removed another time.
pub(super) fn forget(folder: &Path, start: Timestamp) {
    let first = format!("{KEY}{}", start.strftime("%Y%m%d"));
    let Ok(entries) = fs::read_dir(folder.join(INCIDENTS)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(KEY) && name < first {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Writes what an answer rests on as an incident, which `correlate` answers again with all reasons: its folder.
pub(super) fn incident(
    folder: &Path,
    change: &Change,
    view: &View,
    graph: &[(String, String)],
) -> Result<PathBuf, String> {
    let place = folder.join(INCIDENTS).join(&change.key).join(change.at.strftime("%Y%m%dT%H%M%SZ").to_string());
    let failed = |e: std::io::Error| format!("{} cannot be written: {e}", place.display());
    fs::create_dir_all(&place).map_err(failed)?;
    let mut signals = String::new();
    for record in &view.incident.signals {
        let _ = writeln!(signals, "{}", store::json(record));
    }
    for c in &view.incident.coverage {
        let source = json!({"kind": c.source.kind.as_str(), "name": c.source.name});
        let _ = writeln!(
            signals,
            "{}",
            json!({"source": source, "covers": c.covers, "every": format!("{}s", c.every_seconds)})
        );
    }
    let graph = keep_graph(folder, graph).map_err(failed)?;
    // JSON texts are YAML texts.
    let text = format!(
        "# What was known at {}; {} signals are left out: announced work explains them.\nid: {}\ntitle: {}\nwindow: {{start: {}, end: {}}}\ngraph: [../../../{GRAPHS}/{graph}]\nsignals: [signals.jsonl]\n",
        change.at,
        view.aside.len(),
        json!(change.key),
        json!(change.said.verdict),
        view.window.start,
        view.window.end,
    );
    replace(&place.join("signals.jsonl"), signals.as_bytes()).map_err(failed)?;
    replace(&place.join(crate::incident::FILE_NAME), text.as_bytes()).map_err(failed)?;
    Ok(place)
}

/// Keeps the texts of a graph as they are now, each once: the name of its folder.
fn keep_graph(folder: &Path, texts: &[(String, String)]) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    for (_, text) in texts {
        hasher.update(text.len().to_le_bytes());
        hasher.update(text);
    }
    let mut name: String = hasher.finalize().iter().map(|b| format!("{b:02x}")).collect();
    name.truncate(DIGITS);
    let place = folder.join(GRAPHS).join(&name);
    fs::create_dir_all(&place)?;
    for (number, (file, text)) in texts.iter().enumerate() {
        // Read in the order of their names, as they were.
        let file = Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = place.join(format!("{number:04}-{file}"));
        if !path.exists() {
            replace(&path, text.as_bytes())?;
        }
    }
    Ok(name)
}
