//! Whose a file is: only graph files are changed.

use super::plain::Plain;
use super::splice;
use super::splice::Refusal;
use crate::diag::tree::is_extra;
use crate::diag::{FileId, yaml};
use crate::graph::rules::{invalid_yaml, passed_over};

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// A graph file of one document, or one that says nothing yet.
    Ours,
    /// A file of several documents; of which kind each is can differ.
    Several,
    /// An entity, a description of an interface or of containers, or anything else that is no graph file.
    AnotherTool,
}

impl Owner {
    /// Whose `text` is, and what it means if it is ours.
    pub fn of(text: &str) -> (Owner, Plain) {
        match splice::read(text) {
            Ok(root) if is_ours(&root) => (Owner::Ours, root),
            Ok(_) => (Owner::AnotherTool, Plain::Null),
            Err(_) if is_yaml_in_parts(text) => (Owner::Several, Plain::Null),
            Err(_) => (Owner::AnotherTool, Plain::Null),
        }
    }

    /// Why a file is not changed; `None` if it may be.
    pub fn refusal(self) -> Option<Refusal> {
        let reason = match self {
            Owner::Ours => return None,
            Owner::Several => "it holds several documents, and a graph file that can be changed holds one",
            Owner::AnotherTool => "it is no graph file, but another tool's",
        };
        Some(Refusal { reason: reason.to_string(), at: 0 })
    }
}

/// True of what says nothing, or has keys of a graph file and none by which other tools are known.
fn is_ours(root: &Plain) -> bool {
    let Plain::Map(map) = root else { return *root == Plain::Null };
    let has = |keys: &[&str]| keys.iter().any(|key| map.contains_key(*key));
    !has(&passed_over::THEIRS) && (has(&passed_over::OURS) || map.keys().all(|key| is_extra(key)))
}

/// True if every document of the text is YAML.
fn is_yaml_in_parts(text: &str) -> bool {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    yaml::documents(body).into_iter().all(|(_, part)| yaml::parse(FileId(0), part, 0, invalid_yaml::CODE).is_ok())
}
