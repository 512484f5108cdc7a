//! The only integration test binary; each module is a subject.

mod allow;
mod announced;
mod architecture;
mod backstage;
mod backtest;
mod broken;
mod browser;
mod catalog;
mod ci;
mod cli;
mod collect;
mod diff;
mod discover;
mod docs;
mod drawing;
mod edit;
mod export;
mod feeds;
mod fetch;
mod find;
mod graph;
mod import;
mod incident;
mod infer;
mod lab;
mod learn;
mod life;
mod live;
mod look;
mod merge;
mod model;
mod monitor;
mod notify;
mod operations;
mod outbox;
mod page;
mod phrases;
mod reasons;
mod receive;
mod replay;
mod report;
mod rules;
mod sarif;
mod scenario;
mod schemas;
mod signal;
mod sources;
mod status;
mod store;
mod tell;
mod thousand;
mod tutorial;
mod watch;
mod whatif;

use std::path::{Path, PathBuf};
use std::process::Command;

/// A path below `tests/`.
fn folder(below: &str) -> String {
    format!("{}/tests/{below}", env!("CARGO_MANIFEST_DIR"))
}

/// The folders of the labelled corpus, sorted.
fn corpus() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder("incidents")).unwrap().map(|e| e.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|p| p.join("incident.yaml").is_file()).collect();
    folders.sort();
    folders
}

/// All files of the repository, relative to it, but what is built.
fn files() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).unwrap().map(|e| e.unwrap()) {
            let path = folder.join(entry.file_name());
            if entry.path().is_file() {
                found.push(path.to_str().unwrap().to_string());
            } else if !["target", ".git"].iter().any(|skip| path == Path::new(skip)) {
                folders.push(path);
            }
        }
    }
    found
}

/// Runs the program in the project's folder: exit code, stdout, stderr.
fn run(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_commoncause"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// Compares with a committed file; `UPDATE_EXPECT=1` rewrites it.
fn assert_file(below: &str, want: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(below);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, want).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == want, "{below} is not current: run the tests once with UPDATE_EXPECT=1, and look at the change");
}
