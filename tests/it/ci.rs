//! What `docs/ci.md` gives to teams works: hooks, workflow, editor settings, owners.

use crate::{docs, files, run};
use regex::Regex;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The block of `docs/ci.md` below the mark, without its fences.
fn block(mark: &str) -> String {
    let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let after = page.split_once(&format!("<!-- {mark} -->\n```")).unwrap_or_else(|| panic!("no {mark}")).1;
    let text = after.split_once('\n').unwrap().1;
    text.split_once("\n```").unwrap().0.to_string() + "\n"
}

fn hooks() -> Vec<Value> {
    let text = fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

/// The words with which a hook calls the program when nothing is set.
fn words(hook: &Value) -> Vec<String> {
    let entry = hook["entry"].as_str().unwrap().split_whitespace().map(str::to_string);
    let args = hook["args"].as_array().into_iter().flatten().map(|a| a.as_str().unwrap().to_string());
    let words: Vec<String> = entry.chain(args).collect();
    assert_eq!(words[0], "commoncause");
    words[1..].to_vec()
}

#[test]
fn every_hook_has_what_it_must_have_and_names_a_command() {
    let mut helps = docs::Helps::default();
    for hook in hooks() {
        for key in ["id", "name", "entry", "language", "files"] {
            assert!(hook[key].as_str().is_some_and(|v| !v.is_empty()), "{hook} lacks {key}");
        }
        assert!(hook["id"].as_str().unwrap().starts_with("commoncause-"), "{hook}");
        Regex::new(hook["files"].as_str().unwrap()).unwrap();
        let words = words(&hook);
        let complaints = helps.complaints(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(complaints.is_empty(), "{hook}: {complaints:?}");
    }
}

#[test]
fn the_hooks_that_look_at_the_whole_pass_here() {
    let whole: Vec<Value> = hooks().into_iter().filter(|h| h["pass_filenames"] == false).collect();
    assert_eq!(whole.len(), 2);
    for hook in whole {
        let words = words(&hook);
        let (code, out, err) = run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(code, 0, "{hook}:\n{out}\n{err}");
    }
}

#[test]
fn the_hook_for_the_form_of_files_has_nothing_against_those_here() {
    let hook = hooks().into_iter().find(|h| h["id"] == "commoncause-fmt").unwrap();
    let pattern = Regex::new(hook["files"].as_str().unwrap()).unwrap();
    let paths = files().into_iter().filter(|f| pattern.is_match(f));
    let words: Vec<String> = words(&hook).into_iter().chain(paths).collect();
    let (code, out, err) = run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(code, 0, "{out}\n{err}");
}

#[test]
fn the_hooks_look_at_all_graph_files_and_no_others() {
    let hook = |id: &str| hooks().into_iter().find(|h| h["id"] == id).unwrap();
    let of = |id: &str| Regex::new(hook(id)["files"].as_str().unwrap()).unwrap();
    let (check, test, form) = (of("commoncause-check"), of("commoncause-test"), of("commoncause-fmt"));
    let mut graphs = 0;
    for path in files() {
        let yaml = path.ends_with(".yaml") || path.ends_with(".yml");
        let incident_graph = path.starts_with("tests/") && path.ends_with("/graph.yaml");
        let is_graph = yaml && path.starts_with("graphs/") || incident_graph;
        assert_eq!(check.is_match(&path), is_graph, "{path}");
        assert_eq!(form.is_match(&path), is_graph, "{path}");
        if is_graph {
            let text = fs::read_to_string(root().join(&path)).unwrap();
            let value: Value = serde_yaml::from_str(&text).unwrap();
            assert!(value.get("components").or(value.get("kinds")).is_some(), "{path}");
            graphs += 1;
        }
        let tested = is_graph || yaml && path.starts_with("tests/scenarios/") || path.ends_with("/signals.jsonl");
        assert!(!tested || test.is_match(&path), "{path}");
    }
    assert!(graphs > 300, "{graphs}");
    for other in ["src/graph/mod.rs", "docs/schema/graph.schema.json", "mygraphs/a.yaml", "graphs/README.md"] {
        assert!(!check.is_match(other) && !test.is_match(other), "{other}");
    }
}

/// Steps of the workflow: all, and the scripts that call the program.
fn steps() -> Vec<Value> {
    let workflow: Value = serde_yaml::from_str(&block("workflow")).unwrap();
    workflow["jobs"]["graph"]["steps"].as_array().unwrap().clone()
}

#[test]
fn the_workflow_asks_for_little_and_pins_what_it_uses() {
    let workflow: Value = serde_yaml::from_str(&block("workflow")).unwrap();
    assert_eq!(workflow["permissions"], serde_json::json!({}));
    let rights = serde_json::json!({"contents": "read", "security-events": "write"});
    assert_eq!(workflow["jobs"]["graph"]["permissions"], rights);
    let pinned = Regex::new(r"^[a-z-]+/[a-z/-]+@[0-9a-f]{40}$").unwrap();
    for step in steps() {
        match step["uses"].as_str() {
            Some(uses) => assert!(pinned.is_match(uses), "{uses}"),
            // What comes from outside reaches a script by its environment only.
            None => assert!(!step["run"].as_str().unwrap().contains("${{"), "{step}"),
        }
    }
    assert!(!block("workflow").contains("http"), "addresses are for the reader to fill in");
}

#[test]
fn the_commands_of_the_workflow_are_commands_that_there_are() {
    let mut helps = docs::Helps::default();
    let mut seen = 0;
    for step in steps() {
        let script = step["run"].as_str().unwrap_or_default().replace("\\\n", " ");
        for line in script.lines().filter_map(|l| l.trim().strip_prefix("commoncause ")) {
            let words: Vec<&str> = line.split_whitespace().take_while(|w| !w.starts_with(['>', '|'])).collect();
            assert_eq!(helps.complaints(&words), Vec::<String>::new(), "{line}");
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen}");
}

/// A clone under git with one commit, with those incidents only of which scenarios speak: comparing with all takes long.
fn git_clone() -> (tempfile::TempDir, String) {
    let (scratch, path) = docs::clone();
    let clone = scratch.path().join("clone");
    let entries = |folder: &str| fs::read_dir(clone.join(folder)).unwrap().map(|e| e.unwrap().path());
    let scenarios: String = entries("tests/scenarios").map(|p| fs::read_to_string(p).unwrap()).collect();
    for incident in entries("tests/incidents").filter(|p| p.is_dir()) {
        if !scenarios.contains(incident.file_name().unwrap().to_str().unwrap()) {
            fs::remove_dir_all(incident).unwrap();
        }
    }
    let git = "git init -q . && git add -A && git -c user.name=a -c user.email=a@example.org commit -q -m start";
    assert!(Command::new("sh").args(["-c", git]).current_dir(&clone).status().unwrap().success());
    (scratch, path)
}

#[test]
fn the_steps_of_the_workflow_run_in_a_clone() {
    let (scratch, path) = git_clone();
    let clone = scratch.path().join("clone");
    // What the pull request changes.
    fs::write(clone.join("graphs/own.yaml"), "components:\n  our-new-shop: {kind: service}\n").unwrap();
    let summary = scratch.path().join("summary.md");
    let mut ran = 0;
    for step in steps() {
        let script = step["run"].as_str().unwrap_or_default();
        if !script.contains("commoncause ") || script.contains("cargo") {
            continue;
        }
        // As the code host runs it.
        let output = Command::new("bash")
            .args(["-e", "-c", script])
            .current_dir(&clone)
            .envs([("PATH", path.as_str()), ("BASE", "HEAD"), ("NO_COLOR", "1")])
            .envs([("RUNNER_TEMP", scratch.path()), ("GITHUB_STEP_SUMMARY", summary.as_path())])
            .output()
            .unwrap();
        // What is old is there, too, and that step is there to say so.
        let want = if step["if"] == "github.event_name == 'schedule'" { 1 } else { 0 };
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(want), "{script}\n{err}");
        ran += 1;
    }
    assert_eq!(ran, 5);
    let sarif: Value = serde_json::from_str(&fs::read_to_string(clone.join("graph.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(fs::read_to_string(summary).unwrap().contains("our-new-shop"));
}

#[test]
fn what_is_wrong_fails_the_check_and_still_reaches_the_code_host() {
    let (scratch, path) = git_clone();
    let clone = scratch.path().join("clone");
    fs::write(clone.join("graphs/own.yaml"), "components:\n  shop: {kind: service, depends_on: [fastyl]}\n").unwrap();
    for (name, want) in [("Check", 1), ("Write the problems down for the code host", 0)] {
        let step = steps().into_iter().find(|s| s["name"] == name).unwrap();
        let script = step["run"].as_str().unwrap().to_string();
        let mut bash = Command::new("bash");
        bash.args(["-e", "-c", &script]).current_dir(&clone).env("PATH", &path);
        assert_eq!(bash.output().unwrap().status.code(), Some(want), "{script}");
    }
    let sarif = fs::read_to_string(clone.join("graph.sarif")).unwrap();
    assert!(sarif.contains("graphs/own.yaml") && sarif.contains("fastyl"), "{sarif}");
}

#[test]
fn editor_settings_give_every_file_its_schema() {
    let settings: Value = serde_json::from_str(&block("settings")).unwrap();
    let schemas = settings["yaml.schemas"].as_object().unwrap();
    for schema in schemas.keys() {
        assert!(root().join(schema).is_file(), "{schema}");
    }
    let of = |path: &str| -> Vec<&str> {
        let fits = |p: &Value| glob(p.as_str().unwrap()).is_match(path);
        let names = schemas.iter().filter(|(_, patterns)| patterns.as_array().unwrap().iter().any(fits));
        names.map(|(name, _)| name.rsplit('/').next().unwrap()).collect()
    };
    for path in files() {
        let want = crate::schemas::of(&path).map(|name| format!("{name}.schema.json"));
        assert_eq!(of(&path), want.iter().collect::<Vec<_>>(), "{path}");
    }
    assert_eq!(of("tests/incidents/a/signals.yaml"), ["signal.schema.json"]);
}

/// The editor's patterns as regular expressions.
fn glob(pattern: &str) -> Regex {
    let text = regex::escape(pattern).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*");
    Regex::new(&format!("^{text}$")).unwrap()
}

#[test]
fn owners_are_named_for_places_that_there_are() {
    let owners = block("owners");
    assert!(owners.lines().count() >= 5);
    for line in owners.lines() {
        let (place, owner) = line.split_once(' ').unwrap();
        assert!(root().join(place.trim_start_matches('/')).exists(), "{place}");
        assert!(owner.trim().starts_with("@example/"), "{line}");
    }
}

#[test]
fn the_accepted_warning_is_accepted() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("graph.yaml");
    fs::write(&file, block("accepted")).unwrap();
    let (code, _, err) = run(&["graph", "check", "--fail-on", "hint", file.to_str().unwrap()]);
    assert!(code == 0 && err.contains("1 accepted"), "{err}");
}
