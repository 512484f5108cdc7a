//! Bundles: everything that led to an answer in one archive, with hashes, so that it can be had again anywhere.
//!
//! A bundle is a tar archive: `manifest.json` first, then the files that were read, at their places relative to each
//! other, then `report`. Equal inputs give equal bytes. Nothing is fetched: a bundle replays offline.

use super::correlate::{Choice, Inputs, read, render};
use super::output::{replace, tell};
use super::{Exit, numbers};
use crate::diag::{Sources, clean};
use crate::report::terminal::Style;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// Name of the format.
const SCHEMA: &str = "commoncause/bundle/v1";
/// Bytes of all files of a bundle.
const MOST_BYTES: u64 = 512 << 20;
/// Files of a bundle.
const MOST_FILES: usize = 20_000;
/// The first file.
const MANIFEST: &str = "manifest.json";
/// The last file.
const REPORT: &str = "report";
/// Below this folder are the files that were read.
const INPUTS: &str = "inputs";
/// The numbers of the model, if others than the built-in ones were used.
const NUMBERS: &str = "numbers.yaml";

/// Files by their paths in the archive.
type Files = BTreeMap<String, Vec<u8>>;

/// What a bundle holds and how its answer was made.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    schema: String,
    /// Version of the program that made it.
    version: String,
    /// What was read, relative to `inputs/`.
    inputs: Inputs,
    /// What was asked.
    choice: Choice,
    /// SHA-256 of every other file, by its path.
    sha256: BTreeMap<String, String>,
}

/// True if `path` is a bundle rather than an incident.
pub fn is_bundle(path: &Path) -> bool {
    let mut start = [0; MANIFEST.len()];
    fs::File::open(path).is_ok_and(|mut f| f.read_exact(&mut start).is_ok()) && start == MANIFEST.as_bytes()
}

/// What led to an answer.
pub struct Made<'a> {
    /// What was read.
    pub inputs: &'a Inputs,
    /// What was asked.
    pub choice: &'a Choice,
    /// The text of the numbers that were used, if others than the built-in ones.
    pub numbers: Option<String>,
    /// Every text that was read.
    pub sources: &'a Sources,
    /// The answer that is printed, if without colours.
    pub printed: Option<&'a str>,
}

/// Writes a bundle: what was read is packed, judged from the pack alone, and that report is put in.
pub fn save(path: &Path, made: &Made) -> Exit {
    let (manifest, mut files) = match packed(made) {
        Ok(packed) => packed,
        Err(reason) => return refuse(Exit::Findings, &reason),
    };
    match answer(&manifest, &files) {
        Ok(report) if made.printed.is_some_and(|printed| printed != report) => {
            return refuse(Exit::Findings, "judged from the bundle alone, the answer is another one");
        }
        Ok(report) => files.insert(REPORT.to_string(), report.into_bytes()),
        Err((exit, reason)) => return refuse(exit, &reason),
    };
    let bytes = match archive(manifest, &files) {
        Ok(bytes) => bytes,
        Err(reason) => return refuse(Exit::Io, &reason),
    };
    if let Err(e) = replace(path, &bytes) {
        return refuse(Exit::Io, &format!("cannot write {}: {e}", path.display()));
    }
    eprintln!("bundle {} has SHA-256 {}", path.display(), hash(&bytes));
    Exit::Done
}

fn refuse(exit: Exit, reason: &str) -> Exit {
    eprintln!("error: no bundle was written: {}", clean(reason));
    exit
}

/// Prints the report of a bundle once more; refuses a bundle that was changed or gives another report here.
pub fn replay(path: &Path, out: Option<&Path>) -> Exit {
    let mut bytes = Vec::new();
    if let Err(e) = fs::File::open(path).and_then(|f| f.take(MOST_BYTES + 1).read_to_end(&mut bytes)) {
        eprintln!("error: cannot read {}: {e}", path.display());
        return Exit::Io;
    }
    let answered = unpack(&bytes)
        .map_err(|reason| (Exit::Findings, reason))
        .and_then(|(manifest, files)| checked(&manifest, &files, answer(&manifest, &files)?));
    match answered {
        Ok(report) => super::output::write(&report, out),
        Err((exit, reason)) => {
            eprintln!("error: {}: {}", path.display(), clean(&reason));
            exit
        }
    }
}

/// The report, if it is the one that was put in.
fn checked(manifest: &Manifest, files: &Files, report: String) -> Result<String, (Exit, String)> {
    if files.get(REPORT).is_some_and(|stored| stored == report.as_bytes()) {
        return Ok(report);
    }
    let (here, there) = (env!("CARGO_PKG_VERSION"), &manifest.version);
    let reason = format!("version {here} gives another report than the one that version {there} put in as `{REPORT}`");
    Err((Exit::Findings, reason))
}

/// What was read, at its place relative to the folder that holds all of it.
fn packed(made: &Made) -> Result<(Manifest, Files), String> {
    let Made { inputs, choice, numbers, sources, .. } = made;
    let absolute = |path: &Path| plain(path).ok_or_else(|| format!("cannot tell where {} is", path.display()));
    let mut read: BTreeMap<PathBuf, &str> = BTreeMap::new();
    for (name, text) in sources.all() {
        read.insert(absolute(Path::new(name))?, text);
    }
    let named = inputs.incident.iter().chain(&inputs.graph).chain(&inputs.signals);
    let named: Vec<PathBuf> = named.map(|p| absolute(p)).collect::<Result<_, _>>()?;
    let folder = |p: &PathBuf| if p.is_dir() { p.clone() } else { p.parent().unwrap_or(p).to_path_buf() };
    // An incident without an id has the name of its folder, so that name is kept.
    let incident = inputs.incident.as_deref().map(&absolute).transpose()?;
    let above = incident.as_ref().and_then(|p| Some(folder(p).parent()?.to_path_buf()));
    let root = read.keys().chain(&named).map(folder).chain(above).reduce(common).unwrap_or_default();
    let below = |p: &Path| p.strip_prefix(&root).map(Path::to_path_buf).unwrap_or_default();
    let moved = |list: &[PathBuf]| list.iter().map(|p| absolute(p).map(|p| below(&p))).collect::<Result<Vec<_>, _>>();
    let inputs = Inputs {
        incident: moved(inputs.incident.as_slice())?.pop(),
        graph: moved(&inputs.graph)?,
        signals: moved(&inputs.signals)?,
        ..(*inputs).clone()
    };
    let mut files = Files::new();
    for (path, text) in read {
        let name = below(&path).to_str().map(|p| p.replace('\\', "/")).ok_or("a file name is not UTF-8")?;
        files.insert(format!("{INPUTS}/{name}"), text.as_bytes().to_vec());
    }
    if let Some(text) = numbers {
        files.insert(NUMBERS.to_string(), text.clone().into_bytes());
    }
    let version = env!("CARGO_PKG_VERSION").to_string();
    let sha256 = BTreeMap::new();
    Ok((Manifest { schema: SCHEMA.to_string(), version, inputs, choice: (*choice).clone(), sha256 }, files))
}

/// The archive's bytes.
fn archive(mut manifest: Manifest, files: &Files) -> Result<Vec<u8>, String> {
    manifest.sha256 = files.iter().map(|(name, bytes)| (name.clone(), hash(bytes))).collect();
    let manifest = serde_json::to_vec_pretty(&manifest).map_err(|e| e.to_string())?;
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        tar.append_data(&mut header, name, bytes).map_err(|e| format!("{name}: {e}"))
    };
    add(MANIFEST, &manifest)?;
    files.iter().try_for_each(|(name, bytes)| add(name, bytes))?;
    tar.into_inner().map_err(|e| e.to_string())
}

/// The report, computed from nothing but the packed files.
fn answer(manifest: &Manifest, files: &Files) -> Result<String, (Exit, String)> {
    let bad = |reason: String| (Exit::Findings, reason);
    let folder = tempfile::tempdir().map_err(|e| (Exit::Io, format!("no temporary folder: {e}")))?;
    let io = |e: std::io::Error| (Exit::Io, format!("cannot unpack: {e}"));
    for (name, bytes) in files.iter().filter(|(name, _)| *name != REPORT) {
        let path = folder.path().join(name);
        path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, bytes)).map_err(io)?;
    }
    let root = folder.path().join(INPUTS);
    let named = manifest.inputs.incident.iter().chain(&manifest.inputs.graph).chain(&manifest.inputs.signals);
    if let Some(path) = named.into_iter().find(|p| !p.components().all(|c| matches!(c, Component::Normal(_)))) {
        return Err(bad(format!("its manifest names `{}`, which leads out of the bundle", path.display())));
    }
    // A file that names itself is its own folder.
    let inside = |p: &PathBuf| if p.as_os_str().is_empty() { root.clone() } else { root.join(p) };
    let inputs = Inputs {
        incident: manifest.inputs.incident.as_ref().map(inside),
        graph: manifest.inputs.graph.iter().map(inside).collect(),
        signals: manifest.inputs.signals.iter().map(inside).collect(),
        ..manifest.inputs.clone()
    };
    if let Some(path) = inputs.incident.as_deref().and_then(|p| leads_out(p, &root)) {
        return Err(bad(format!("its incident names `{path}`, which leads out of the bundle; use relative paths")));
    }
    let mut sources = Sources::default();
    let unusable = |exit: Exit| (exit, "its inputs cannot be used".to_string());
    let (loaded, problems) = read(&inputs, None, &mut sources).map_err(unusable)?;
    if let Some((name, _)) =
        sources.all().find(|(name, _)| !plain(Path::new(name)).is_some_and(|p| p.starts_with(&root)))
    {
        return Err(bad(format!("`{name}` is named by a path that leads out of the bundle; use relative paths")));
    }
    // Only now: a problem shows lines of its file, and those of other files are nobody's business.
    let Some(incident) = loaded else {
        tell(&problems, &sources);
        return Err(unusable(Exit::Findings));
    };
    let own = files.contains_key(NUMBERS).then(|| folder.path().join(NUMBERS));
    let params = numbers::read(own.as_deref()).map_err(|exit| (exit, "its numbers cannot be used".to_string()))?;
    render(&incident, &manifest.choice, params, Style::Plain).map_err(|exit| (exit, "it gives no answer".to_string()))
}

/// A file that an incident names and that is not below `root`; nothing that it names is opened.
fn leads_out(incident: &Path, root: &Path) -> Option<String> {
    let named = crate::incident::names(incident);
    let out = named.into_iter().find(|path| !plain(path).is_some_and(|p| p.starts_with(root)))?;
    Some(out.display().to_string())
}

/// The files of an archive, all with the hashes that the manifest tells.
fn unpack(bytes: &[u8]) -> Result<(Manifest, Files), String> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("is larger than {MOST_BYTES} bytes"));
    }
    let mut files = Files::new();
    let broken = |e: std::io::Error| format!("is no bundle: {e}");
    for entry in tar::Archive::new(bytes).entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name =
            entry.path().map_err(broken)?.to_str().map(String::from).ok_or("has a file name that is not UTF-8")?;
        let safe = Path::new(&name).components().all(|c| matches!(c, Component::Normal(_)));
        if !safe || !entry.header().entry_type().is_file() || files.len() >= MOST_FILES {
            return Err(format!("holds `{name}`, which no bundle may hold"));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(broken)?;
        if files.insert(name.clone(), content).is_some() {
            return Err(format!("holds `{name}` twice"));
        }
    }
    let manifest = files.remove(MANIFEST).ok_or(format!("is no bundle: it has no {MANIFEST}"))?;
    let manifest: Manifest =
        serde_json::from_slice(&manifest).map_err(|e| format!("has a {MANIFEST} that cannot be read: {e}"))?;
    if manifest.schema != SCHEMA {
        return Err(format!("is of the format `{}`, not `{SCHEMA}`", manifest.schema));
    }
    for (name, want) in &manifest.sha256 {
        match files.get(name).map(|bytes| hash(bytes)) {
            None => return Err(format!("lacks `{name}`, which its manifest names")),
            Some(found) if found != *want => {
                return Err(format!("was changed: the hash of `{name}` is not the one in its manifest"));
            }
            Some(_) => {}
        }
    }
    if let Some(extra) = files.keys().find(|name| !manifest.sha256.contains_key(*name)) {
        return Err(format!("holds `{extra}`, which its manifest does not name"));
    }
    Ok((manifest, files))
}

/// SHA-256 in hexadecimal.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// An absolute path without `.` and `..`.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in std::path::absolute(path).ok()?.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    Some(plain)
}

/// The folder that holds both.
fn common(a: PathBuf, b: PathBuf) -> PathBuf {
    a.components().zip(b.components()).take_while(|(x, y)| x == y).map(|(x, _)| x).collect()
}
