//! Sources asked: once, and again and again until told to stop.

use crate::{folder, run};
use commoncause::store;
use jiff::Timestamp;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn known(data: &std::path::Path) -> Vec<String> {
    let now = Timestamp::now();
    let since = jiff::tz::TimeZone::UTC.to_datetime(now).date().yesterday().unwrap();
    let (stored, notices) = store::read(data, since, now);
    assert!(notices.is_empty(), "{notices:?}");
    stored.into_iter().map(|s| format!("{} {:?}", s.identity, s.record.observation.state)).collect()
}

#[test]
fn every_source_is_asked_once_and_what_it_says_is_kept_once() {
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().to_str().unwrap();
    let config = folder("sources/files.yaml");
    let (code, said, told) = run(&["collect", "--once", &config, "--data", data]);
    assert_eq!(code, 0, "{told}");
    assert!(said.contains("parcelo-status: 5 signals, 5 new\n"), "{said}");
    assert!(said.contains("keystone-status: 4 signals, 4 new\n"), "{said}");
    assert!(told.contains("an outside party without a name is blamed"), "{told}");
    let first = known(scratch.path());
    assert_eq!(first.len(), 9);
    let login = |k: &&String| k.starts_with("k7sq0v1n2m3x/parcelo/login@") && k.ends_with(" Failing");
    assert_eq!(first.iter().filter(login).count(), 1, "{first:#?}");
    // After a new start it is known what goes on.
    let (code, said, _) = run(&["collect", "--once", &config, "--data", data]);
    assert!(code == 0 && !said.contains("new"), "{said}");
    assert_eq!(known(scratch.path()), first);
}

#[test]
fn what_cannot_be_had_or_read_is_unknown_and_hinders_nobody() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path();
    fs::write(path.join("page.json"), "<!DOCTYPE html><title>Sign in</title>").unwrap();
    let good = folder("feeds/statuspage/idp_summary_active.json");
    let config = format!(
        "sources:\n  - {{name: gone, file: gone.json, format: statuspage, component: a}}\n  - {{name: page, file: page.json, format: statuspage, component: b}}\n  - {{name: good, file: {good}, format: statuspage, component: keystone-id}}\n"
    );
    fs::write(path.join("sources.yaml"), config).unwrap();
    let (code, said, told) = run(&["collect", "--once", path.join("sources.yaml").to_str().unwrap()]);
    assert_eq!(code, 3, "{told}");
    assert!(
        said.contains("gone: unknown: ") && said.contains("page: unknown: ") && said.contains("good: 4 signals"),
        "{said}"
    );
    // Not a terminal: nothing is cut.
    assert!(said.contains("found an HTML page"), "{said}");
    let kept = known(&path.join("data"));
    assert!(kept.len() == 4 && kept.iter().all(|k| !k.contains("/a/") && !k.contains("/b/")), "{kept:?}");
}

#[cfg(unix)]
#[test]
fn it_goes_on_until_it_is_told_to_stop() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path();
    let page = path.join("page.json");
    fs::copy(folder("feeds/statuspage/summary_healthy.json"), &page).unwrap();
    let config = "sources:\n  - {name: page, file: page.json, format: statuspage, component: parcelo, every: 1s}\n";
    fs::write(path.join("sources.yaml"), config).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_commoncause"))
        .args(["collect", path.join("sources.yaml").to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    let wait_for = |what: &dyn Fn() -> bool| {
        while !what() {
            assert!(Instant::now() < patience, "it takes too long");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let data = path.join("data");
    wait_for(&|| data.join(store::FOLDER).is_dir() && !known(&data).is_empty());
    fs::copy(folder("feeds/statuspage/summary_active.json"), &page).unwrap();
    wait_for(&|| known(&data).iter().any(|k| k.ends_with(" Failing")));
    let stop = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(stop.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
