//! The program as a user meets it.

use crate::{corpus, folder, run};

#[test]
fn the_main_job_names_the_cause_of_the_meta_day() {
    let meta = folder("incidents/meta-2024-03-05-login");
    let (code, out, err) = run(&["correlate", &meta]);
    // On a busy machine it says that it is at work.
    assert!(code == 0 && err.lines().all(|l| l.ends_with('…')), "{err}");
    assert!(out.starts_with("most likely common cause: meta-auth (login), probability >0.99\n"), "{out}");
    assert!(out.contains("cloud <0.01"), "{out}");
    let (_, json, _) = run(&["correlate", &meta, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["causes"][0]["component"], "meta-auth");
    assert_eq!(report["inference"]["method"], "exact");
}

#[test]
fn parts_instead_of_an_incident_give_the_same_answer() {
    let meta = folder("incidents/meta-2024-03-05-login");
    let (graph, signals) = (format!("{meta}/graph.yaml"), format!("{meta}/signals.jsonl"));
    let (code, parts, err) = run(&[
        "correlate",
        "--graph",
        &graph,
        "--signals",
        &signals,
        "--from",
        "2024-03-05T14:45:00Z",
        "--to",
        "2024-03-05T18:45:00Z",
        "--format",
        "json",
    ]);
    assert_eq!(code, 0, "{err}");
    let causes = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["causes"].clone();
    assert_eq!(causes(&parts), causes(&run(&["correlate", &meta, "--format", "json"]).1));
}

#[test]
fn equal_inputs_give_equal_bytes_in_every_format() {
    let incident = folder("incidents/fastly-2021-06-08");
    for format in ["terminal", "markdown", "html", "mermaid", "dot", "json"] {
        let args = ["correlate", incident.as_str(), "--format", format];
        // On a busy machine it also says on stderr that it is at work.
        let answer = || {
            let (code, out, _) = run(&args);
            (code, out)
        };
        assert_eq!(answer(), answer());
    }
}

#[test]
fn bad_lines_refuse_the_answer_unless_told_to_keep_going() {
    let scratch = tempfile::tempdir().unwrap();
    let meta = folder("incidents/meta-2024-03-05-login");
    for file in ["incident.yaml", "graph.yaml", "signals.jsonl"] {
        std::fs::copy(format!("{meta}/{file}"), scratch.path().join(file)).unwrap();
    }
    let signals = scratch.path().join("signals.jsonl");
    let mut text = std::fs::read_to_string(&signals).unwrap();
    text += "{\"at\": \"yesterday\"}\n";
    std::fs::write(&signals, text).unwrap();
    let path = scratch.path().to_str().unwrap();
    let out = scratch.path().join("report.json");
    let (code, stdout, err) = run(&["correlate", path, "--out", out.to_str().unwrap()]);
    assert!(code == 1 && stdout.is_empty() && err.contains("signals.jsonl:92:"), "{err}");
    assert!(!out.exists(), "nothing is written");
    let (code, _, err) = run(&["correlate", path, "--keep-going", "--out", out.to_str().unwrap()]);
    assert!(code == 0 && err.contains("bad-time") && out.exists(), "{err}");
}

#[test]
fn usage_errors_and_missing_files_have_their_codes() {
    assert_eq!(run(&["correlate"]).0, 2);
    assert_eq!(run(&["correlate", "x", "--signals", "y"]).0, 2);
    assert_eq!(run(&["correlate", "no/such/incident"]).0, 3);
    assert_eq!(run(&["backtest", "no/such/folder"]).0, 3);
    assert_eq!(run(&["infer", "no/such/network.json"]).0, 3);
    let meta = folder("incidents/meta-2024-03-05-login");
    assert_eq!(run(&["correlate", &meta, "--out", "/no/such/folder/report"]).0, 3);
}

#[test]
fn replay_uses_only_what_had_arrived() {
    let meta = folder("incidents/meta-2024-03-05-login");
    let (code, out, _) = run(&["correlate", &meta, "--until", "2024-03-05T14:50:00Z"]);
    assert!(code == 0 || code == 1, "{out}");
    let (_, early, _) = run(&["correlate", &meta, "--until", "2024-03-05T15:10:00Z", "--format", "json"]);
    let (_, late, _) = run(&["correlate", &meta, "--format", "json"]);
    assert_ne!(early, late);
}

#[test]
fn every_incident_gets_a_ranked_answer() {
    for incident in corpus() {
        let (code, out, err) = run(&["correlate", incident.to_str().unwrap()]);
        // On a busy machine it says that it is at work, and nothing else.
        let only_talk = err.lines().all(|l| l.contains("correlating"));
        assert!(code == 0 && only_talk, "{}: {err}", incident.display());
        assert!(out.lines().all(|l| l.chars().count() <= 80), "{}", incident.display());
    }
}

#[test]
fn the_corpus_scores_at_least_what_the_docs_say() {
    let (code, out, _) = run(&["backtest", &folder("incidents"), "--format", "json"]);
    assert_eq!(code, 0);
    let result: serde_json::Value = serde_json::from_str(&out).unwrap();
    let totals = &result["totals"];
    assert_eq!(totals["cases"], 23);
    // README.md and docs/inference.md say so.
    assert_eq!(totals["exact_first"], 19, "{totals}");
    assert_eq!(totals["acceptable_first"], 22, "{totals}");
    assert_eq!(totals["wrong_and_sure"], 0, "{totals}");
    for baseline in result["baselines"].as_array().unwrap() {
        let (ours, theirs) = (totals["log_loss"].as_f64().unwrap(), baseline["totals"]["log_loss"].as_f64().unwrap());
        assert!(ours < theirs, "{ours} is not below {theirs} of {}", baseline["name"]);
    }
    for extra in [&["--blind"][..], &["--early", "60m"], &["--drop-edges", "0.2", "--seed", "7"]] {
        let incidents = folder("incidents");
        let args: Vec<&str> = ["backtest", incidents.as_str()].into_iter().chain(extra.iter().copied()).collect();
        let (code, out, err) = run(&args);
        assert!(code == 0 && out.contains("of 23 incidents"), "{extra:?}: {err}");
    }
}

#[test]
fn broken_networks_are_refused_with_a_reason() {
    let scratch = tempfile::tempdir().unwrap();
    let node = r#"{"prior": 0.1, "ev": [0, 0]}"#;
    let with = |rest: &str| format!(r#"{{"format": "bn/1", "nodes": [{node}, {node}]{rest}}}"#);
    let table: Vec<(String, &str)> = vec![
        (String::new(), "EOF"),
        ("\u{0}\u{1}".into(), "expected value"),
        ("[]".into(), "network"),
        ("{}".into(), "format"),
        (r#"{"format": "bn/2", "nodes": []}"#.into(), "bn/1"),
        (r#"{"format": "bn/1"}"#.into(), "nodes"),
        (r#"{"format": "bn/1", "nodes": [{"prior": 2}]}"#.into(), "node 0"),
        (r#"{"format": "bn/1", "nodes": [{"prior": -0.1}]}"#.into(), "node 0"),
        (r#"{"format": "bn/1", "nodes": [{"prior": NaN}]}"#.into(), "expected"),
        (r#"{"format": "bn/1", "nodes": [{"prior": "x"}]}"#.into(), "invalid type"),
        (r#"{"format": "bn/1", "nodes": [{"prior": 1e999}]}"#.into(), "out of range"),
        (with(r#", "edges": [[0, 5, 0.5]]"#), "does not exist"),
        (with(r#", "edges": [[0, 1, 1.5]]"#), "edge 0"),
        (with(r#", "edges": [[0, 1]]"#), "invalid length"),
        (with(r#", "groups": [{"node": 0, "members": [], "p": 0.5}]"#), "group 0"),
        (with(r#", "groups": [{"node": 0, "members": [9], "p": 0.5}]"#), "does not exist"),
        (with(r#", "groups": [{"node": 9, "members": [1], "p": 0.5}]"#), "does not exist"),
        ("[".repeat(100_000), "recursion"),
        (with("")[..40].to_string(), "EOF"),
    ];
    for (text, reason) in table {
        let path = scratch.path().join("network.json");
        std::fs::write(&path, &text).unwrap();
        let (code, out, err) = run(&["infer", path.to_str().unwrap()]);
        let shown: String = text.chars().take(60).collect();
        assert!(code == 1 && out.is_empty() && err.contains(reason), "{shown}: {code} {err}");
    }
}

#[test]
fn infer_answers_in_the_format_of_the_contract() {
    let (code, out, _) = run(&["infer", &folder("oracle/n20c_1003.json"), &folder("oracle/n10c_1000.json")]);
    assert_eq!((code, out.lines().count()), (0, 2));
    let answer: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!((answer["status"].as_str(), answer["method"].as_str()), (Some("ok"), Some("exact")));
    assert_eq!(answer["posterior"].as_array().unwrap().len(), 20);
    assert!(
        ["error", "log_evidence", "wall_s", "load_s"].iter().all(|k| answer[k].is_number()) && answer["map"].is_array()
    );
}

#[test]
fn every_help_shows_an_example() {
    for command in [
        &["correlate"][..],
        &["backtest"],
        &["infer"],
        &["test"],
        &["collect"],
        &["collect", "classify"],
        &["graph", "check"],
        &["graph", "show"],
        &["graph", "impact"],
        &["graph", "twins"],
        &["graph", "diff"],
        &["graph", "learn"],
        &["graph", "schema"],
    ] {
        let args: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        let (code, out, _) = run(&args);
        assert_eq!(code, 0);
        let examples: Vec<&str> =
            out.split("\nExample").nth(1).unwrap_or_default().split("commoncause ").skip(1).collect();
        assert!(!examples.is_empty(), "{command:?} has no example");
        for example in examples {
            let words: Vec<&str> = example.split('>').next().unwrap().split_whitespace().collect();
            let (code, _, err) = run(&words);
            assert_eq!(code, 0, "{words:?}: {err}");
        }
    }
}

/// The report in the README is what the first command prints.
#[test]
fn the_readme_shows_the_real_report() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let (begin, end) = ("<!-- report:begin -->\n```text\n", "```\n<!-- report:end -->");
    let (start, stop) = (readme.find(begin).unwrap() + begin.len(), readme.find(end).unwrap());
    let (_, out, _) = run(&["correlate", "tests/incidents/meta-2024-03-05-login"]);
    let screen: String = out.split("\n1. ").next().unwrap().trim_end().to_string() + "\n";
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(root.join("README.md"), format!("{}{screen}{}", &readme[..start], &readme[stop..])).unwrap();
        return;
    }
    assert_eq!(&readme[start..stop], screen, "run the tests once with UPDATE_EXPECT=1, and look at the change");
}
