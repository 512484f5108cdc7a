//! Collecting and watching as processes: new starts, a configuration that is read again, an incident from its beginning to
//! its end.

use commoncause::store;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const GRAPH: &str = "components:
  idp: {kind: identity-provider}
  shop: {kind: service, capabilities: [login, content], depends_on: [{component: idp, for: [login]}]}
  chat: {kind: service, capabilities: [login, content], depends_on: [{component: idp, for: [login]}]}
  mail: {kind: service, capabilities: [login, content], depends_on: [{component: idp, for: [login]}]}
";

/// A monitor of another kind: one kind alone is not believed, since monitors fail, too.
pub const SECOND: &str = "  - {name: looks, file: looks.json, format: prometheus, every: 1s}\n";

/// What Prometheus answers to `probe_success` while logins of `services` fail.
pub fn looks(services: &[&str]) -> String {
    let result = ["shop", "chat", "mail", "idp"].map(|service| {
        let works = if services.contains(&service) { "0" } else { "1" };
        let labels = json!({"__name__": "probe_success", "service": service, "capability": "login"});
        json!({"metric": labels, "value": [Timestamp::now().as_second(), works]})
    });
    json!({"status": "success", "data": {"resultType": "vector", "result": result}}).to_string()
}

/// What Alertmanager answers while logins of `services` fail.
pub fn alerts(services: &[&str], since: Timestamp) -> String {
    let alert = |service: &&str| {
        json!({
            "labels": {"alertname": "LoginFails", "service": service, "capability": "login", "severity": "critical"},
            "annotations": {"summary": "nobody can sign in"},
            "startsAt": since.to_string(), "updatedAt": since.to_string(),
            "endsAt": (since + SignedDuration::from_hours(1)).to_string(),
            "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
            "fingerprint": format!("f-{service}"), "receivers": [],
        })
    };
    Value::Array(services.iter().map(alert).collect()).to_string()
}

/// A process that ends with the test, and what it prints.
pub struct Process {
    child: Child,
    pub lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    pub fn start(place: &Path, args: &[&str]) -> Process {
        let mut child = Command::new(env!("CARGO_BIN_EXE_commoncause"))
            .args(args)
            .current_dir(place)
            .env("COMMONCAUSE_LOG", "commoncause::correlate=debug")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let outputs: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for out in outputs {
            let lines = lines.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(out).lines().map_while(Result::ok) {
                    lines.lock().unwrap().push(line);
                }
            });
        }
        Process { child, lines }
    }

    /// Waits until a line has all of `words`; that line.
    pub fn wait(&self, words: &[&str]) -> String {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            let lines = self.lines.lock().unwrap();
            if let Some(line) = lines.iter().find(|l| words.iter().all(|w| l.contains(w))) {
                return line.clone();
            }
            assert!(Instant::now() < end, "{words:?} does not come: {lines:#?}");
            drop(lines);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// How often the engine was asked.
    fn inferences(&self) -> usize {
        self.lines.lock().unwrap().iter().filter(|l| l.contains("Inference is compiled")).count()
    }

    pub fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }

    pub fn ends_with(mut self, code: i32) {
        assert_eq!(self.child.wait().unwrap().code(), Some(code), "{:#?}", self.lines.lock().unwrap());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn known(data: &Path) -> Vec<store::Stored> {
    let now = Timestamp::now();
    let since = jiff::tz::TimeZone::UTC.to_datetime(now).date().yesterday().unwrap();
    store::read(data, since, now).0
}

pub fn furnish(place: &Path, more: &str) {
    fs::write(place.join("graph.yaml"), GRAPH).unwrap();
    let config = format!(
        "graph: [graph.yaml]\nwindow: 30m\nsources:\n  - {{name: alerts, file: alerts.json, format: alertmanager, every: 1s, covers: [mail]}}\n{more}"
    );
    fs::write(place.join("sources.yaml"), config).unwrap();
}

/// Written beside and moved, so that no half of it is ever read.
pub fn say(place: &Path, file: &str, text: &str) {
    fs::write(place.join("next"), text).unwrap();
    fs::rename(place.join("next"), place.join(file)).unwrap();
}

#[test]
fn what_is_gone_after_a_new_start_has_ended() {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path();
    furnish(place, "");
    let once = |text: &str| {
        say(place, "alerts.json", text);
        Process::start(place, &["collect", "--once", "sources.yaml"]).ends_with(0);
        known(&place.join("data"))
    };
    let since = Timestamp::now() - SignedDuration::from_mins(3);
    let first = once(&alerts(&["shop"], since));
    assert!(first.len() == 1 && first[0].record.observation.until.is_none(), "{first:?}");
    let second = once("[]");
    assert!(second.len() == 1 && second[0].record.observation.until.is_some(), "{second:?}");
    // What cannot be read ends nothing.
    let again = once(&alerts(&["chat"], since));
    say(place, "alerts.json", "<!DOCTYPE html>");
    Process::start(place, &["collect", "--once", "sources.yaml"]).ends_with(3);
    assert_eq!(known(&place.join("data")), again);
}

#[cfg(unix)]
#[test]
fn a_configuration_is_read_again_and_nothing_is_lost() {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path();
    furnish(place, "");
    let since = Timestamp::now() - SignedDuration::from_mins(3);
    say(place, "alerts.json", &alerts(&["shop"], since));
    let collect = Process::start(place, &["collect", "sources.yaml"]);
    collect.wait(&["alerts: 1 signals, 1 new"]);
    // One with an error changes nothing.
    let good = fs::read_to_string(place.join("sources.yaml")).unwrap();
    fs::write(place.join("sources.yaml"), good.replace("format: alertmanager", "format: alertmanger")).unwrap();
    collect.signal("-HUP");
    collect.wait(&["not reloaded"]);
    say(place, "alerts.json", &alerts(&["shop", "chat"], since));
    collect.wait(&["alerts: 2 signals, 1 new"]);
    // Another source, and the first under the same name: what it said is remembered, and that it is gone is its end.
    fs::write(
        place.join("sources.yaml"),
        format!("{good}  - {{name: more, file: more.json, format: alertmanager, every: 1s}}\n"),
    )
    .unwrap();
    say(place, "alerts.json", "[]");
    say(place, "more.json", &alerts(&["mail"], since));
    collect.signal("-HUP");
    collect.wait(&["reloaded, 2 sources"]);
    collect.wait(&["more: 1 signals, 1 new"]);
    collect.wait(&["alerts: 2 signals, 2 corrected"]);
    collect.signal("-TERM");
    collect.ends_with(0);
    let known = known(&place.join("data"));
    let open: Vec<&str> = known
        .iter()
        .filter(|s| s.record.observation.until.is_none())
        .map(|s| s.record.observation.component.as_str())
        .collect();
    assert_eq!(open, ["mail"]);
    assert_eq!(known.len(), 3);
}

#[cfg(unix)]
#[test]
fn an_incident_is_told_from_its_beginning_to_its_end_over_a_new_start() {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path();
    furnish(place, SECOND);
    say(place, "alerts.json", "[]");
    say(place, "looks.json", &looks(&[]));
    let args = ["watch", "sources.yaml", "--every", "200ms", "--settle", "1s", "--format", "json"];
    let watch = Process::start(place, &args);
    watch.wait(&["nothing is in trouble"]);
    let since = Timestamp::now();
    say(place, "alerts.json", &alerts(&["shop", "chat", "idp"], since));
    say(place, "looks.json", &looks(&["shop", "chat", "idp"]));
    let suspected: Value = serde_json::from_str(&watch.wait(&["\"suspected\""])).unwrap();
    assert_eq!(suspected["causes"][0]["component"], "idp", "{suspected:#}");
    // A look at which nothing is new costs no inference: of ten in two seconds, at most one is at another minute of health.
    std::thread::sleep(Duration::from_millis(500));
    let before = watch.inferences();
    std::thread::sleep(Duration::from_secs(2));
    let asked = watch.inferences() - before;
    assert!(before > 0 && asked <= 1, "{asked} after {before}");
    // Killed in the middle, and started again: it goes on, and its end is told.
    watch.signal("-KILL");
    drop(watch);
    let watch = Process::start(place, &args);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!watch.lines.lock().unwrap().iter().any(|l| l.contains("suspected")), "told already");
    say(place, "alerts.json", "[]");
    say(place, "looks.json", &looks(&[]));
    let resolved: Value = serde_json::from_str(&watch.wait(&["\"resolved\""])).unwrap();
    assert_eq!(resolved["key"], suspected["key"]);
    // It comes back: that is another one, and told as surely.
    std::thread::sleep(Duration::from_millis(1100));
    let since = Timestamp::now();
    say(place, "alerts.json", &alerts(&["shop", "chat", "idp"], since));
    say(place, "looks.json", &looks(&["shop", "chat", "idp"]));
    let again: Value = serde_json::from_str(&watch.wait(&["\"suspected\""])).unwrap();
    assert_ne!(again["key"], suspected["key"]);
    assert_eq!(again["causes"][0]["component"], "idp", "{again:#}");
    watch.signal("-INT");
    watch.ends_with(0);
    // What was told can be checked: the same signals, the silence of who watches, the same answer.
    let kept = place.join(suspected["incident"].as_str().unwrap());
    let signals = fs::read_to_string(kept.join("signals.jsonl")).unwrap();
    assert!(signals.contains("\"covers\":[\"mail\"]"), "{signals}");
    fs::write(place.join("graph.yaml"), "components: {other: {kind: service}}\n").unwrap();
    let (code, said, told) = crate::run(&["correlate", kept.to_str().unwrap(), "--format", "json"]);
    assert_eq!(code, 0, "{told}");
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["causes"][0]["component"], "idp", "{signals}");
    let (told, again) = (&suspected["causes"][0]["probability"], &report["causes"][0]["probability"]);
    assert_eq!(told, again);
}

#[test]
fn announced_work_is_no_incident() {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path();
    let since = Timestamp::now() - SignedDuration::from_mins(3);
    let (from, to) = (since - SignedDuration::from_mins(2), since + SignedDuration::from_hours(1));
    let work = |c: &str| format!("  - {{component: {c}, from: {from}, to: {to}}}\n");
    furnish(place, &format!("{SECOND}maintenance:\n{}{}{}", work("shop"), work("chat"), work("idp")));
    say(place, "alerts.json", &alerts(&["shop", "chat", "idp"], since));
    say(place, "looks.json", &looks(&["shop", "chat", "idp"]));
    let (code, said, told) = crate::run(&["watch", "--once", place.join("sources.yaml").to_str().unwrap()]);
    assert_eq!(code, 0, "{told}");
    assert!(said.starts_with("inconclusive: no signal says that anything failed"), "{said}");
    furnish(place, SECOND);
    let (_, said, _) = crate::run(&["watch", "--once", place.join("sources.yaml").to_str().unwrap()]);
    assert!(said.starts_with("most likely common cause: idp"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_has_gone_and_a_full_disk_hinder_nobody() {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path();
    furnish(place, "");
    say(place, "alerts.json", &alerts(&["shop"], Timestamp::now()));
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    for command in ["collect", "watch"] {
        let program = || {
            let mut command_line = Command::new(env!("CARGO_BIN_EXE_commoncause"));
            command_line.args([command, "--once", "sources.yaml"]).current_dir(place);
            command_line
        };
        assert_eq!(program().stdout(Stdio::null()).stderr(full()).status().unwrap().code(), Some(0));
        let told = program().stdout(full()).output().unwrap();
        // A report that cannot be printed is a failure, lines on the way are not.
        let wanted = if command == "watch" { 3 } else { 0 };
        assert_eq!(told.status.code(), Some(wanted), "{}", String::from_utf8_lossy(&told.stderr));
        let mut child = program().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn what_cannot_be_kept_is_watched_all_the_same() {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path();
    furnish(place, SECOND);
    say(place, "alerts.json", &alerts(&["shop", "chat", "idp"], Timestamp::now()));
    say(place, "looks.json", &looks(&["shop", "chat", "idp"]));
    // Where a file is, no folder can be made.
    let data = place.join("graph.yaml").join("data");
    let sources = place.join("sources.yaml");
    let args = ["--once", sources.to_str().unwrap(), "--data", data.to_str().unwrap()];
    let (code, said, told) = crate::run(&[&["watch"], &args[..]].concat());
    assert_eq!(code, 3, "{told}");
    assert!(said.starts_with("most likely common cause: idp"), "{said}");
    assert!(told.contains("nothing is kept"), "{told}");
    let (code, said, _) = crate::run(&[&["collect"], &args[..]].concat());
    assert_eq!((code, said.as_str()), (3, ""));
}

#[test]
fn a_configuration_without_a_graph_cannot_be_watched() {
    let scratch = tempfile::tempdir().unwrap();
    let place = scratch.path();
    fs::write(place.join("sources.yaml"), "sources: [{name: a, file: a.json, format: alertmanager}]\n").unwrap();
    let (code, _, told) = crate::run(&["watch", "--once", place.join("sources.yaml").to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(told.contains("names no graph"), "{told}");
}
