//! Files and folders → the checked graph.

use super::build::build;
use super::raw::RawGraph;
use super::rules::{files, invalid_yaml, passed_over};
use super::{DependencyGraph, Staleness, import, kinds, overlay, read};
use crate::diag::tree::Node;
use crate::diag::{Diagnostic, FileId, Sources, Span, has_errors, yaml};
use jiff::civil::Date;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of one graph file.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// Folders inside folders.
const MAX_FOLDER_DEPTH: usize = 16;

/// Reads and merges files and folders (all `.yaml` and `.yml` below them, in the order of their names), and checks
/// everything. `today` switches the check of `verified` on. What someone accepted is not among the diagnostics.
///
/// The graph holds all that could be used; it is `None` only if nothing could be read at all. Errors among the
/// diagnostics mean that something was left out.
pub fn load(
    paths: &[PathBuf],
    sources: &mut Sources,
    today: Option<Date>,
) -> (Option<DependencyGraph>, Vec<Diagnostic>) {
    without_accepted(check(paths, sources, today.map(Staleness::on)))
}

/// The same with what someone accepted, marked by the reason in [`Diagnostic::allowed`].
pub fn check(
    paths: &[PathBuf],
    sources: &mut Sources,
    staleness: Option<Staleness>,
) -> (Option<DependencyGraph>, Vec<Diagnostic>) {
    let (read, mut problems) = texts(paths);
    let texts: Vec<FileId> = read.into_iter().map(|(name, text)| sources.add(name, text)).collect();
    if texts.is_empty() && has_errors(&problems) {
        return (None, problems);
    }
    let names: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    let graph = merge(&texts, &names.join(", "), sources, staleness, &mut problems);
    (Some(graph), problems)
}

/// The texts of files and folders, each named by its path, and what could not be read.
pub fn texts(paths: &[PathBuf]) -> (Vec<(String, String)>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for path in paths {
        collect(path, 0, &mut found, &mut problems);
    }
    let mut texts = Vec::new();
    for file in found {
        match text(&file) {
            Ok(text) => texts.push((file.display().to_string(), text)),
            Err(problem) => problems.push(*problem),
        }
    }
    (texts, problems)
}

/// [`load`] for texts that are in memory already.
pub fn load_texts(
    texts: &[(&str, &str)],
    sources: &mut Sources,
    today: Option<Date>,
) -> (Option<DependencyGraph>, Vec<Diagnostic>) {
    without_accepted(check_texts(texts, sources, today.map(Staleness::on)))
}

/// [`check`] for texts that are in memory already.
pub fn check_texts(
    texts: &[(&str, &str)],
    sources: &mut Sources,
    staleness: Option<Staleness>,
) -> (Option<DependencyGraph>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let ids: Vec<FileId> = texts.iter().map(|(name, text)| sources.add(*name, *text)).collect();
    let names: Vec<&str> = texts.iter().map(|(name, _)| *name).collect();
    let graph = merge(&ids, &names.join(", "), sources, staleness, &mut problems);
    (Some(graph), problems)
}

fn without_accepted(
    (graph, mut problems): (Option<DependencyGraph>, Vec<Diagnostic>),
) -> (Option<DependencyGraph>, Vec<Diagnostic>) {
    problems.retain(|d| d.allowed.is_none());
    (graph, problems)
}

fn merge(
    texts: &[FileId],
    names: &str,
    sources: &Sources,
    staleness: Option<Staleness>,
    problems: &mut Vec<Diagnostic>,
) -> DependencyGraph {
    let bodies: Vec<(FileId, Arc<str>)> = texts.iter().map(|&file| (file, sources.text(file))).collect();
    let (trees, broken) = trees(&bodies);
    let (entities, ours): (Vec<Node>, Vec<Node>) = trees.into_iter().partition(import::is_entity);
    let beside_entities = !entities.is_empty();
    for (start, text, problem) in broken {
        let foreign = beside_entities && passed_over::looks_foreign(text);
        problems.push(if foreign { passed_over::problem(start) } else { problem });
    }
    let mut raw = RawGraph::default();
    for root in &ours {
        match beside_entities && passed_over::is_foreign(root) {
            true => problems.push(passed_over::problem(root.span)),
            false => read::file(root, &mut raw, problems),
        }
    }
    if beside_entities {
        let (catalog, told) = import::entities(&entities, &raw);
        problems.extend(told);
        raw = overlay::put_over(catalog, raw);
    }
    if raw.components.is_empty() && raw.kinds.is_empty() && !has_errors(problems) {
        problems.push(files::empty(names));
    }
    build(&raw, &kinds::built_in(), staleness, problems)
}

/// A document that is no YAML: where it begins, its text, and what is wrong.
type Broken<'t> = (Span, &'t str, Diagnostic);

/// The documents of all texts.
fn trees(texts: &[(FileId, Arc<str>)]) -> (Vec<Node<'_>>, Vec<Broken<'_>>) {
    let (mut nodes, mut broken) = (Vec::new(), Vec::new());
    for (file, text) in texts {
        // A mark of byte order is no part of the text.
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let base = text.len() - body.len();
        for (start, document) in yaml::documents(body) {
            match yaml::parse(*file, document, base + start, invalid_yaml::CODE) {
                Ok(root) => nodes.push(root),
                Err(problem) => {
                    let start = base + start;
                    broken.push((Span { file: *file, start, end: start }, document, *problem));
                }
            }
        }
    }
    (nodes, broken)
}

/// All YAML files at or below `path`, in the order of their names.
fn collect(path: &Path, depth: usize, found: &mut Vec<PathBuf>, problems: &mut Vec<Diagnostic>) {
    let shown = path.display().to_string();
    match fs::metadata(path) {
        Err(e) => problems.push(files::unreadable(&shown, &e.to_string())),
        Ok(meta) if meta.is_dir() && depth > MAX_FOLDER_DEPTH => {
            problems.push(files::unreadable(&shown, "folders are nested too deeply"));
        }
        Ok(meta) if meta.is_dir() => match fs::read_dir(path) {
            Err(e) => problems.push(files::unreadable(&shown, &e.to_string())),
            Ok(entries) => {
                let mut inside: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
                inside.sort();
                for entry in inside {
                    let hidden = entry.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
                    let yaml = entry.extension().is_some_and(|e| e == "yaml" || e == "yml");
                    // Links to folders are not followed: they may run in circles.
                    let link = fs::symlink_metadata(&entry).is_ok_and(|m| m.is_symlink());
                    if !hidden && link && entry.is_dir() {
                        problems.push(passed_over::link(&entry.display().to_string()));
                    } else if !hidden && (yaml || entry.is_dir()) {
                        collect(&entry, depth + 1, found, problems);
                    }
                }
            }
        },
        Ok(_) => found.push(path.to_path_buf()),
    }
}

fn text(path: &Path) -> Result<String, Box<Diagnostic>> {
    let shown = path.display().to_string();
    let fail = |e: std::io::Error| Box::new(files::unreadable(&shown, &e.to_string()));
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(fail)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Box::new(files::too_large(&shown, MAX_FILE_BYTES)));
    }
    String::from_utf8(bytes).map_err(|e| {
        Box::new(files::unreadable(&shown, &format!("it is not UTF-8 text (byte {})", e.utf8_error().valid_up_to())))
    })
}
