//! Every command in the documentation is run as it stands there.
//!
//! Each page is run in a folder of its own that looks like a fresh clone; its blocks run in order, so that a tutorial can
//! build on what it wrote. `cargo run … --` becomes the program under test, and what would build, test or download
//! something is only checked to be such a command.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What stands in the folder in which a page is run.
const CLONE: [&str; 11] = [
    "README.md",
    "Cargo.toml",
    "graphs",
    "docs",
    "tests/incidents",
    "tests/import",
    "tests/oracle",
    "tests/scenarios",
    "tests/learn",
    "tests/sources",
    "tests/feeds/statuspage",
];

/// Stands for `cargo`, `npm` and others that are not run here.
const SHIM: &str = r#"#!/bin/sh
if [ "$1" = run ]; then
  while [ "$1" != -- ]; do shift; done
  shift
  exec commoncause "$@"
fi
exit 0
"#;
const SHIMMED: [&str; 2] = ["cargo", "npm"];

/// Pages with commands.
pub fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("graphs/README.md")];
    let mut folders = vec![root.join("docs"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|e| e == "md") {
                pages.push(entry);
            }
        }
    }
    pages.retain(|p| p.is_file());
    pages.sort();
    pages
}

/// The texts of all code blocks in a language.
pub fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}");
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == fence {
            blocks.push(lines.by_ref().take_while(|l| l.trim() != "```").collect::<Vec<_>>().join("\n"));
        }
    }
    blocks
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(|e| e.unwrap()) {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else if from.is_file() {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}

/// A folder that looks like a fresh clone, and beside it a folder of programs.
pub fn clone() -> (tempfile::TempDir, String) {
    let scratch = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in CLONE {
        copy(&root.join(part), &scratch.path().join("clone").join(part));
    }
    let bin = scratch.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_commoncause"), bin.join("commoncause")).unwrap();
    for name in SHIMMED {
        let path = bin.join(name);
        fs::write(&path, SHIM).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    (scratch, path)
}

#[test]
fn every_command_in_the_docs_runs() {
    let mut run = 0;
    for page in pages() {
        let blocks = blocks(&fs::read_to_string(&page).unwrap(), "sh");
        if blocks.is_empty() {
            continue;
        }
        let (scratch, path) = clone();
        // One shell for the page: what an earlier block sets or writes is there in the next. The trace tells what failed.
        let output = Command::new("sh")
            .args(["-eux", "-c", &blocks.join("\n")])
            .current_dir(scratch.path().join("clone"))
            .env("PATH", &path)
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        let trace = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = trace.lines().rev().take(40).collect();
        let last = last.into_iter().rev().collect::<Vec<_>>().join("\n");
        assert!(output.status.success(), "{} does not run ({}):\n{last}", page.display(), output.status);
        run += blocks.len();
    }
    assert!(run > 5, "only {run} blocks were found");
}

/// What `--help` of a command says, by command.
#[derive(Default)]
pub struct Helps(BTreeMap<String, String>);

impl Helps {
    fn of(&mut self, words: &[&str]) -> &str {
        self.0.entry(words.join(" ")).or_insert_with(|| {
            let args: Vec<&str> = words.iter().copied().chain(["--help"]).collect();
            crate::run(&args).1
        })
    }

    /// What is wrong with the words after `commoncause`: a command or a flag that there is not.
    pub fn complaints(&mut self, words: &[&str]) -> Vec<String> {
        let depth = match words {
            ["graph", ..] | ["collect", "status" | "classify", ..] => 2,
            _ => 1,
        };
        let command: Vec<&str> = words.iter().copied().take(depth).take_while(|w| !w.starts_with('-')).collect();
        let help = self.of(&command);
        let flags = words.iter().map(|w| w.trim_matches(['[', ']', ',', '…', '.'])).filter(|w| w.starts_with("--"));
        let unknown = flags.map(|f| f.split('=').next().unwrap()).filter(|f| !help.contains(f));
        let mut wrong: Vec<String> = unknown.map(|f| format!("no `{f}`")).collect();
        if help.is_empty() {
            wrong.push("no such command".to_string());
        }
        wrong
    }
}

/// Commands inside sentences are not run, since they may leave things open; but they name what there is.
#[test]
fn commands_in_sentences_name_what_there_is() {
    let mut helps = Helps::default();
    let mut wrong = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for quoted in text.split('`').skip(1).step_by(2).filter(|q| !q.contains("\n\n")) {
            let words: Vec<&str> = quoted.split_whitespace().collect();
            if let Some((&"commoncause", rest)) = words.split_first() {
                let complaints = helps.complaints(rest);
                wrong.extend(complaints.iter().map(|c| format!("{}: {c} in `{quoted}`", page.display())));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
