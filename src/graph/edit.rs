//! Changing graph files without touching what was not meant: comments, order, layout and keys of the user's own stay.
//!
//! Files are texts in memory. An [operation](operations) says what should change, [`Files::carry_out`] makes the texts,
//! reads the whole graph again and refuses what would add an error. Nothing is written here. The libraries that edit YAML
//! as a tree keep lists of layouts that they get wrong; here every change is a replacement of a range of the text, found
//! by the parser that also reads graphs, and the result is read again before anyone gets it.

mod codes;
pub mod fmt;
pub mod layout;
pub mod merge;
pub mod operations;
mod owner;
mod places;
pub mod plain;
mod splice;
mod syntax;
mod values;

pub use codes::CODES;

use super::build::build;
use super::raw::RawGraph;
use super::rules::invalid_yaml;
use super::{DependencyGraph, kinds, load_texts};
use crate::diag::{Diagnostic, FileId, Severity, Sources, Span};
use owner::Owner;
use plain::{Change, Path, Plain, Step};
use std::collections::BTreeMap;

/// The files of a graph, in memory.
#[derive(Debug)]
pub struct Files {
    sources: Sources,
    files: Vec<File>,
    graph: DependencyGraph,
    /// What is wrong already, so that only new errors stand in the way.
    known: BTreeMap<(&'static str, String), usize>,
}

#[derive(Debug)]
struct File {
    name: String,
    text: String,
    owner: Owner,
    /// What the text means; nothing unless it is ours.
    root: Plain,
}

/// What an operation wants to change, and what it says of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Changes by file, named as the files are. A file that is not there is made.
    pub changes: BTreeMap<String, Vec<Change>>,
    /// What changes, a line each, for people.
    pub said: Vec<String>,
}

/// The files after an edit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edited {
    /// Those that changed.
    pub files: Vec<Rewritten>,
    /// What changed, a line each, for people.
    pub said: Vec<String>,
}

/// One file that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// As it was named.
    pub name: String,
    /// Its text before; `None` if it is new.
    pub before: Option<String>,
    /// Its text now.
    pub after: String,
}

/// Why nothing is changed: problems with places in the texts of `sources`.
#[derive(Debug, Clone)]
pub struct Refused {
    /// What is wrong.
    pub problems: Vec<Diagnostic>,
    /// The texts in which it stands.
    pub sources: Sources,
}

impl Files {
    /// The files of a graph: names as people know them, and texts. What is wrong in them is no obstacle as long as they
    /// are YAML. Files of several documents and the catalogs of other tools are part of the graph, and stay as they are.
    ///
    /// # Errors
    /// If one is no YAML.
    pub fn read(texts: Vec<(String, String)>) -> Result<Files, Box<Refused>> {
        let mut sources = Sources::default();
        let pairs: Vec<(&str, &str)> = texts.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        let (graph, problems) = load_texts(&pairs, &mut sources, None);
        // Reading it as YAML is what failed if there is such an error; other documents are not ours to change.
        let unread: Vec<Diagnostic> = problems.iter().filter(|p| p.code == invalid_yaml::CODE).cloned().collect();
        let Some(graph) = graph.filter(|_| unread.is_empty()) else {
            return Err(Box::new(Refused { problems: unread, sources }));
        };
        let files = texts.into_iter().map(|(name, text)| {
            let (owner, root) = Owner::of(&text);
            File { name, text, owner, root }
        });
        Ok(Files { sources, files: files.collect(), graph, known: errors(&problems) })
    }

    /// No file: a graph that is yet to be written.
    pub fn none() -> Files {
        let graph = build(&RawGraph::default(), &kinds::built_in(), None, &mut Vec::new());
        Files { sources: Sources::default(), files: Vec::new(), graph, known: BTreeMap::new() }
    }

    /// The graph that the files are.
    pub fn graph(&self) -> &DependencyGraph {
        &self.graph
    }

    /// The texts, by name.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|f| (f.name.as_str(), f.text.as_str()))
    }

    /// The texts of graph files, by name: not those of several documents or of other tools.
    pub fn own(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter(|f| f.owner == Owner::Ours).map(|f| (f.name.as_str(), f.text.as_str()))
    }

    /// Does what a plan says.
    ///
    /// # Errors
    /// If a file is no graph file of one document, a text cannot be changed without touching something else, or the graph
    /// would have an error that it has not now. The files stay as they are in any case.
    pub fn carry_out(&self, plan: Plan) -> Result<Edited, Box<Refused>> {
        let mut texts: Vec<(&str, String)> = self.files.iter().map(|f| (f.name.as_str(), f.text.clone())).collect();
        let mut problems = Vec::new();
        for (name, changes) in &plan.changes {
            let at = texts.iter().position(|(n, _)| n == name).unwrap_or_else(|| {
                texts.push((name, String::new()));
                texts.len() - 1
            });
            if let Some(refusal) = self.files.get(at).and_then(|f| f.owner.refusal()) {
                problems.push(codes::not_ours(FileId(at as u32), &refusal));
                continue;
            }
            match splice::apply(&texts[at].1, changes) {
                Ok(text) => texts[at].1 = text,
                Err(refusal) => problems.push(codes::unsafe_edit(FileId(at as u32), &refusal)),
            }
        }
        if !problems.is_empty() {
            return Err(Box::new(Refused { problems, sources: self.sources.clone() }));
        }
        let mut sources = Sources::default();
        // What is shown is not what is in the file.
        let changed = |n: &str| plan.changes.contains_key(n);
        let names: Vec<String> =
            texts.iter().map(|(n, _)| if changed(n) { format!("{n} (changed)") } else { n.to_string() }).collect();
        let pairs: Vec<(&str, &str)> = names.iter().zip(&texts).map(|(n, (_, t))| (n.as_str(), t.as_str())).collect();
        let (_, mut problems) = load_texts(&pairs, &mut sources, None);
        let mut known = self.known.clone();
        problems.retain(|p| p.severity == Severity::Error && !take(&mut known, p));
        if !problems.is_empty() {
            return Err(Box::new(Refused { problems, sources }));
        }
        let before = |i: usize| self.files.get(i).map(|f| f.text.clone());
        let files = texts.into_iter().enumerate().map(|(i, (name, after))| Rewritten {
            name: name.to_string(),
            before: before(i),
            after,
        });
        let files = files.filter(|f| f.before.as_ref() != Some(&f.after)).collect();
        Ok(Edited { files, said: plan.said })
    }

    /// Where what is at `path` of a file stands; its beginning if that is not known.
    fn place(&self, file: usize, path: &[Step]) -> Span {
        let text = &self.files[file].text;
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let found = syntax::Syntax::parse(body).and_then(|s| {
            let (key, node) = s.at(path)?;
            Some(key.unwrap_or(node).range.clone())
        });
        let range = found.unwrap_or_default();
        let base = text.len() - body.len();
        Span { file: FileId(file as u32), start: base + range.start, end: base + range.end }
    }

    fn refused(&self, problem: Diagnostic) -> Box<Refused> {
        Box::new(Refused { problems: vec![problem], sources: self.sources.clone() })
    }
}

impl Plan {
    fn change(&mut self, file: &str, change: Change) {
        self.changes.entry(file.to_string()).or_default().push(change);
    }
}

impl Edited {
    /// What changed, as a unified diff. Names are shown as they are: a file may be anywhere.
    pub fn diff(&self) -> String {
        let one = |f: &Rewritten| {
            let old = f.before.as_deref().unwrap_or_default();
            let from = if f.before.is_some() { f.name.as_str() } else { "/dev/null" };
            similar::TextDiff::from_lines(old, f.after.as_str()).unified_diff().header(from, &f.name).to_string()
        };
        self.files.iter().map(one).collect()
    }
}

/// Errors by code and message, with how often.
fn errors(problems: &[Diagnostic]) -> BTreeMap<(&'static str, String), usize> {
    let mut found = BTreeMap::new();
    for p in problems.iter().filter(|p| p.severity == Severity::Error) {
        *found.entry((p.code.id, p.message.clone())).or_insert(0) += 1;
    }
    found
}

/// True if the problem was there before; each one once.
fn take(known: &mut BTreeMap<(&'static str, String), usize>, problem: &Diagnostic) -> bool {
    match known.get_mut(&(problem.code.id, problem.message.clone())) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    }
}

/// The path of a component.
fn component_path(id: &str) -> Path {
    plain::keys(&["components", id])
}
