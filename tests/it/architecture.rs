//! Who may import whom, as `docs/architecture.md` says.

use std::path::{Path, PathBuf};

/// Module, and what of ours it may use (besides itself).
const MAY_USE: [(&str, &[&str]); 18] = [
    ("diag", &[]),
    ("infer", &[]),
    ("graph", &["diag"]),
    ("discover", &["diag", "graph"]),
    ("signal", &["diag"]),
    ("incident", &["diag", "graph", "signal"]),
    ("model", &["graph", "signal", "infer::network", "infer::logspace"]),
    ("report", &["diag", "graph", "signal", "model", "infer::posterior", "infer::logspace"]),
    ("correlate", &["graph", "signal", "model", "infer", "report"]),
    ("whatif", &["graph", "signal", "model", "infer"]),
    ("scenario", &["diag", "graph", "signal", "incident", "report"]),
    ("learn", &["diag", "graph", "signal", "incident", "model", "infer::logspace", "whatif"]),
    ("collect", &["diag", "signal", "incident::mapping", "incident::Placed"]),
    ("store", &["diag", "signal"]),
    ("watch", &["graph", "signal", "collect", "notify", "report::view", "report::compose"]),
    // From `report` only how probabilities are written.
    ("notify", &["diag", "collect::config", "collect::fetch", "report::text"]),
    ("backtest", &["graph", "signal", "incident", "model", "infer", "report::view", "correlate"]),
    (
        "cli",
        &[
            "diag",
            "graph",
            "discover",
            "signal",
            "incident",
            "model",
            "infer",
            "report",
            "correlate",
            "scenario",
            "learn",
            "whatif",
            "collect",
            "store",
            "watch",
            "notify",
            "backtest",
        ],
    ),
];

/// Where files, the network and the clock may be touched.
const MAY_TOUCH_THE_WORLD: [&str; 12] = [
    "cli",
    "graph/load.rs",
    "discover/lookup.rs",
    "signal/read/mod.rs",
    "incident.rs",
    "incident/",
    "collect/fetch",
    // The socket to which webhooks come, and the clock by which they arrive.
    "collect/receive",
    // Probes look at what is out there: connections, handshakes, names.
    "collect/look",
    "store.rs",
    "store/",
    // What is to be told must survive the end of the process.
    "notify/outbox",
];
const WORLD: [&str; 8] = [
    "std::fs",
    "std::net",
    "hickory_resolver",
    "tokio",
    "reqwest",
    "Timestamp::now",
    "SystemTime::now",
    "Instant::now",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn modules_import_only_what_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&root, &mut found);
    let mut broken = Vec::new();
    for path in found {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let module = name.split(['/', '.']).next().unwrap();
        if ["lib", "main"].contains(&module) {
            continue;
        }
        let (_, allowed) = MAY_USE.iter().find(|(m, _)| *m == module).unwrap_or_else(|| panic!("no rule for {module}"));
        let text = std::fs::read_to_string(&path).unwrap();
        // Tests at the end of a file may look wider.
        let text = text.split("#[cfg(test)]").next().unwrap();
        let code: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect();
        let code = code.join("\n");
        for part in code.split("crate::").skip(1) {
            // `crate::{a, b}` names several at once.
            let used: Vec<String> = match part.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap().split(',').map(|u| u.trim().to_string()).collect(),
                None => vec![part.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect()],
            };
            for used in used.iter().filter(|u| !u.is_empty()) {
                let fine = used.split("::").next() == Some(module)
                    || allowed.iter().any(|a| used == a || used.starts_with(&format!("{a}::")));
                if !fine {
                    broken.push(format!("{name}: `{module}` may not use `{used}`; it may use {allowed:?}"));
                }
            }
        }
        if !MAY_TOUCH_THE_WORLD.iter().any(|w| name.starts_with(w)) {
            broken.extend(
                WORLD.iter().filter(|w| code.contains(*w)).map(|w| format!("{name}: `{w}` belongs to the edges")),
            );
        }
        // The system's own differ between processors in the last bit.
        let systems =
            [".exp()", ".ln()", ".ln_1p()", ".exp_m1()", ".powf(", ".log2()", ".log10()", ".sin()", ".tanh()"];
        if let Some(own) = systems.iter().find(|f| code.contains(**f)) {
            broken.push(format!(
                "{name}: `{own}` is not the same on every machine; use `infer::logspace::SameEverywhere`"
            ));
        }
        if module == "infer" && name != "infer/bn.rs" && (code.contains("serde") || code.contains("HashMap")) {
            broken.push(format!("{name}: inference knows neither serde nor unordered maps"));
        }
        // Judging and learning after the fact; what answers must not know it.
        let reads_truth = ["backtest", "learn", "incident"].contains(&module);
        let drops_truth = ["cli/backtest.rs", "scenario.rs"].contains(&name.as_str());
        if !reads_truth && (code.contains("Truth") || code.contains(".truth") && !drops_truth) {
            broken.push(format!("{name}: only backtest and learn read the truth"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
