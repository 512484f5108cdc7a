//! The diary and bundles.

use crate::{corpus, folder, run};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn diary(id: &str) -> Value {
    let (code, text, told) = run(&["replay", &folder(&format!("incidents/{id}")), "--format", "json"]);
    assert_eq!(code, 0, "{told}");
    serde_json::from_str(&text).unwrap()
}

/// A moment of the diary is what `correlate --until` says, verdict and all.
#[test]
fn moments_are_what_was_known_then() {
    for id in ["google-2020-12-14-auth", "rogers-2022-07-08-core"] {
        let diary = diary(id);
        let moments = diary["moments"].as_array().unwrap();
        let mut signals: Vec<u64> =
            moments.iter().flat_map(|m| m["signals"].as_array().unwrap()).map(|n| n.as_u64().unwrap()).collect();
        signals.sort_unstable();
        let all: Vec<u64> = (0..diary["signals"].as_array().unwrap().len() as u64).collect();
        assert_eq!(signals, all, "every signal arrives once");
        for moment in [1, moments.len() / 2, moments.len() - 1].map(|i| &moments[i]) {
            let at = moment["at"].as_str().unwrap();
            let path = folder(&format!("incidents/{id}"));
            let (_, text, _) = run(&["correlate", &path, "--until", at, "--format", "json"]);
            let report: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(report["verdict"], moment["verdict"], "{id} at {at}");
            for (cause, standing) in
                report["causes"].as_array().unwrap().iter().zip(moment["causes"].as_array().unwrap())
            {
                assert_eq!(cause["component"], standing["component"], "{id} at {at}");
                let gap = cause["probability"].as_f64().unwrap() - standing["probability"].as_f64().unwrap();
                assert!(gap.abs() < 1e-9, "{id} at {at}: {cause} {standing}");
            }
        }
    }
}

#[test]
fn changes_follow_the_standings_and_name_new_signals() {
    let diary = diary("meta-2024-03-05-login");
    let mut named = 0;
    for moment in diary["moments"].as_array().unwrap() {
        let Some(change) = moment["change"].as_object() else { continue };
        let (from, to) = (change["from"].as_f64().unwrap(), change["to"].as_f64().unwrap());
        if let Some(signal) = change["signal"].as_u64() {
            assert!(moment["signals"].as_array().unwrap().iter().any(|n| n.as_u64() == Some(signal)), "{moment}");
            assert_eq!(change["log_odds"].as_f64().unwrap() > 0.0, to > from, "{moment}");
            named += 1;
        }
    }
    assert!(named >= 5, "{named}");
}

#[test]
fn diaries_fit_a_terminal_and_a_chat() {
    for incident in corpus() {
        let path = incident.to_str().unwrap();
        let (code, text, _) = run(&["replay", path]);
        assert_eq!(code, 0);
        assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    }
    let meta = folder("incidents/meta-2024-03-05-login");
    let (_, text, _) = run(&["replay", &meta, "--format", "markdown"]);
    assert!(text.chars().count() <= 3000 && text.contains("meta-auth"), "{text}");
    let (_, text, _) = run(&["replay", &meta, "--until", "2024-03-05T15:20:00Z"]);
    assert!(text.contains("15:20") && !text.contains("15:17") && !text.contains("15:24"), "{text}");
    let (code, text, _) = run(&["replay", &meta, "--diff", "2024-03-05T15:17:00Z", "2024-03-05T15:30:00Z"]);
    assert!(code == 0 && text.contains("meta-auth: 0.76 →"), "{text}");
    let (code, _, _) = run(&["replay", &meta, "--diff", "2024-03-05T15:30:00Z", "2024-03-05T15:17:00Z"]);
    assert_eq!(code, 2);
    // By its parts, like `correlate`.
    let (graph, signals) = (format!("{meta}/graph.yaml"), format!("{meta}/signals.jsonl"));
    let window = ["--from", "2024-03-05T14:45:00Z", "--to", "2024-03-05T18:45:00Z"];
    let parts = ["replay", "--graph", &graph, "--signals", &signals];
    let (code, parts, told) = run(&parts.into_iter().chain(window).collect::<Vec<_>>());
    let (_, whole, _) = run(&["replay", &meta]);
    assert!(code == 0 && parts.lines().skip(1).eq(whole.lines().skip(1)), "{told}{parts}");
    let (_, text, _) = run(&["replay", &meta, "--until", "2000-01-01T00:00:00Z"]);
    assert!(text.contains("No signal had arrived"), "{text}");
}

fn replay_elsewhere(bundle: &Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_commoncause"))
        .args(["replay", bundle.to_str().unwrap()])
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_bundle_gives_the_same_bytes_anywhere() {
    let scratch = tempfile::tempdir().unwrap();
    let bundle = scratch.path().join("b.tar");
    let meta = folder("incidents/google-2020-12-14-auth");
    let graph = folder("incidents/google-2020-12-14-auth/graph.yaml");
    let signals = folder("incidents/google-2020-12-14-auth/signals.jsonl");
    let parts =
        ["--graph", &graph, "--signals", &signals, "--from", "2020-12-14T11:00:00Z", "--to", "2020-12-14T14:00:00Z"];
    let numbers = scratch.path().join("n.yaml");
    std::fs::write(&numbers, "repeat: 0.4\n").unwrap();
    let cases: [Vec<&str>; 5] = [
        vec![&meta],
        vec![&meta, "--format", "json", "--until", "2020-12-14T12:30:00Z", "--no-spillover"],
        vec![&meta, "--ask", "network", "--numbers", numbers.to_str().unwrap()],
        vec![&meta, "--format", "markdown", "--seed", "7"],
        parts.to_vec(),
    ];
    for case in cases {
        let target = bundle.to_str().unwrap();
        let arguments: Vec<&str> = ["correlate"].into_iter().chain(case).chain(["--bundle", target]).collect();
        let (code, report, told) = run(&arguments);
        assert_eq!(code, 0, "{told}");
        let first = std::fs::read(&bundle).unwrap();
        let (code, again, told) = replay_elsewhere(&bundle);
        assert!(code == 0 && again == report, "{arguments:?}: {told}");
        run(&arguments);
        assert!(first == std::fs::read(&bundle).unwrap(), "equal inputs give equal bundles");
    }
}

/// An incident that names itself by its folder alone, with signals in the file, found by either path.
#[test]
fn a_bundle_keeps_the_name_of_the_folder() {
    let scratch = tempfile::tempdir().unwrap();
    let incident = scratch.path().join("a-day-in-march");
    std::fs::create_dir(&incident).unwrap();
    let text = "window: {start: 2024-03-05T14:00:00Z, end: 2024-03-05T16:00:00Z}\ngraph: [g.yaml]\nsignals:\n  \
                - {at: 2024-03-05T15:00:00Z, component: a, state: failing, source: {kind: probe, name: p}}\n";
    std::fs::write(incident.join("incident.yaml"), text).unwrap();
    std::fs::write(incident.join("g.yaml"), "components: {a: {kind: service}}\n").unwrap();
    for path in [incident.clone(), incident.join("incident.yaml")] {
        let bundle = scratch.path().join("b.tar");
        let (code, report, told) = run(&["correlate", path.to_str().unwrap(), "--bundle", bundle.to_str().unwrap()]);
        assert!(code == 0 && report.contains("a-day-in-march"), "{told}");
        let (code, again, told) = replay_elsewhere(&bundle);
        assert!(code == 0 && again == report, "{told}");
    }
}

#[test]
fn bundles_that_were_changed_are_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let bundle = scratch.path().join("b.tar");
    let meta = folder("incidents/google-2020-12-14-auth");
    let (code, ..) = run(&["correlate", &meta, "--bundle", bundle.to_str().unwrap()]);
    assert_eq!(code, 0);
    let good = std::fs::read(&bundle).unwrap();
    let refused = |bytes: &[u8], why: &str| {
        std::fs::write(&bundle, bytes).unwrap();
        let (code, out, told) = replay_elsewhere(&bundle);
        assert!(code == 1 && out.is_empty() && told.contains(why), "{why}: {code} {told}");
    };
    let find = |what: &[u8]| good.windows(what.len()).position(|w| w == what).unwrap();
    let mut changed = good.clone();
    changed[find(b"kind: identity-provider") + 6] = b'x';
    refused(&changed, "was changed");
    refused(&good[..good.len() / 2], "b.tar");
    let mut manifest = good.clone();
    manifest[find(b"commoncause/bundle/v1") + 20] = b'9';
    refused(&manifest, "format");
    // Options that a bundle has no use for.
    std::fs::write(&bundle, &good).unwrap();
    for option in [&["--until", "2020-12-14T12:00:00Z"][..], &["--format", "json"], &["--no-spillover"]] {
        let arguments: Vec<&str> =
            ["replay", bundle.to_str().unwrap()].into_iter().chain(option.iter().copied()).collect();
        let (code, out, told) = run(&arguments);
        assert!(code == 2 && out.is_empty() && told.contains("as it was made"), "{told}");
    }
    // One file more than the manifest names, one that leads out, one twice.
    for (name, why) in
        [("inputs/extra.yaml", "does not name"), ("../out", "may hold"), ("/etc/out", "may hold"), ("report", "twice")]
    {
        let end = good.len() - 1024;
        let mut more = good[..end].to_vec();
        let mut header = tar::Header::new_ustar();
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(0);
        header.set_mode(0o644);
        header.set_cksum();
        more.extend_from_slice(header.as_bytes());
        more.extend_from_slice(&[0; 1024]);
        refused(&more, why);
    }
    assert!(!Path::new("/etc/out").exists());
}

#[test]
fn a_bundle_is_not_written_if_it_could_not_be_replayed() {
    let scratch = tempfile::tempdir().unwrap();
    let incident = scratch.path().join("i");
    std::fs::create_dir(&incident).unwrap();
    let away = folder("incidents/google-2020-12-14-auth");
    let text = format!(
        "window: {{start: 2020-12-14T11:00:00Z, end: 2020-12-14T14:00:00Z}}\ngraph: [{away}/graph.yaml]\nsignals: [{away}/signals.jsonl]\n"
    );
    std::fs::write(incident.join("incident.yaml"), text).unwrap();
    let bundle = scratch.path().join("b.tar");
    let (code, out, told) = run(&["correlate", incident.to_str().unwrap(), "--bundle", bundle.to_str().unwrap()]);
    assert!(code == 1 && out.is_empty() && told.contains("relative paths"), "{told}");
    assert!(!bundle.exists());
    let same = bundle.to_str().unwrap();
    let (code, _, told) = run(&["correlate", &away, "--bundle", same, "--out", same]);
    assert!(code == 2 && told.contains("same file") && !bundle.exists(), "{told}");
    let (code, _, told) = run(&["correlate", &away, "--bundle", "/nonexistent/folder/b.tar"]);
    assert!(code == 3 && told.contains("cannot write"), "{told}");
}
