//! How tests came out: for people, for programs, and for CI servers.

use super::{Suite, TestResult, WIDTH};
use crate::diag::clean;
use crate::report::text::{cut, wrap};
use crate::scenario::{Check, Outcome};
use quick_xml::Writer;
use quick_xml::events::{BytesText, Event};
use serde_json::{Value, json};
use std::io::Result;

/// Passed tests in a line each, failed ones with what was expected and what came.
pub(super) fn human(suites: &[Suite]) -> String {
    let mut lines = Vec::new();
    for suite in suites {
        lines.push(cut(&suite.path, WIDTH));
        for result in &suite.results {
            let mark = if result.passed() { "ok    " } else { "FAILED" };
            lines.extend(folded(&format!("  {mark} "), &result.name));
            result.checks.iter().filter(|c| c.outcome != Outcome::Holds).for_each(|c| lines.extend(difference(c)));
            if let Some(report) = &result.report {
                lines.extend(report.lines().map(str::to_string));
            } else if !result.passed() {
                lines.push("         the whole report:".to_string());
                // A command that is cut cannot be copied; one that goes on in the next line can.
                lines.push(format!(
                    "           {}",
                    command(suite, result).replacen(" --filter", " \\\n             --filter", 1)
                ));
            }
        }
    }
    let (failed, all) = counts(suites);
    let files = suites.len();
    let verdict =
        if failed == 0 { format!("{all} passed") } else { format!("{} passed, {failed} failed", all - failed) };
    lines.push(format!("{verdict} in {files} file{}", if files == 1 { "" } else { "s" }));
    lines.join("\n") + "\n"
}

/// `text` behind a `head`, folded under its own beginning.
fn folded(head: &str, text: &str) -> Vec<String> {
    let indent = head.chars().count();
    let text = wrap(&clean(text), WIDTH - indent, 0);
    let heads = std::iter::once(head.to_string()).chain(std::iter::repeat(" ".repeat(indent)));
    text.lines().zip(heads).map(|(line, head)| head + line).collect()
}

/// What was expected and what came, one under the other.
fn difference(check: &Check) -> Vec<String> {
    let rows = [("expected", &check.expected), ("got     ", &check.got)];
    let mut lines = vec![cut(&format!("         {}", check.what), WIDTH)];
    for (label, value) in rows {
        lines.extend(folded(&format!("           {label} "), value));
    }
    lines
}

/// The command that shows the whole report of a test, ready to be copied.
fn command(suite: &Suite, result: &TestResult) -> String {
    format!("commoncause test {} --filter {} --report", quoted(&suite.path), quoted(&result.name))
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@".contains(c);
    let text = clean(text);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn counts(suites: &[Suite]) -> (usize, usize) {
    let results = || suites.iter().flat_map(|s| &s.results);
    (results().filter(|r| !r.passed()).count(), results().count())
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Holds => "holds",
        Outcome::Undecided => "undecided",
        Outcome::Fails => "fails",
    }
}

/// Every check of every test.
pub(super) fn json(suites: &[Suite]) -> String {
    let check =
        |c: &Check| json!({"what": c.what, "expected": c.expected, "got": c.got, "outcome": outcome(c.outcome)});
    let result = |suite: &Suite, r: &TestResult| {
        let checks: Vec<Value> = r.checks.iter().map(check).collect();
        json!({"file": suite.path, "name": r.name, "passed": r.passed(), "checks": checks, "report": command(suite, r)})
    };
    let tests: Vec<Value> = suites.iter().flat_map(|s| s.results.iter().map(|r| result(s, r))).collect();
    let (failed, all) = counts(suites);
    format!("{:#}\n", json!({"passed": all - failed, "failed": failed, "tests": tests}))
}

/// One `testsuite` per file.
pub(super) fn junit(suites: &[Suite]) -> Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(quick_xml::events::BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let (failed, all) = counts(suites);
    let numbers = |all: usize, failed: usize| [("tests", all.to_string()), ("failures", failed.to_string())];
    let root = writer.create_element("testsuites").with_attribute(("name", "commoncause test"));
    let root = numbers(all, failed).iter().fold(root, |e, (k, v)| e.with_attribute((*k, v.as_str())));
    root.write_inner_content(|writer| {
        for suite in suites {
            let (failed, all) = counts(std::slice::from_ref(suite));
            let name = clean(&suite.path);
            let element = writer.create_element("testsuite").with_attribute(("name", name.as_str()));
            let element = numbers(all, failed).iter().fold(element, |e, (k, v)| e.with_attribute((*k, v.as_str())));
            element.write_inner_content(|writer| suite.results.iter().try_for_each(|r| one(writer, suite, r)))?;
        }
        Ok(())
    })?;
    Ok(String::from_utf8_lossy(&writer.into_inner()).into_owned() + "\n")
}

fn one(writer: &mut Writer<Vec<u8>>, suite: &Suite, result: &TestResult) -> Result<()> {
    let (class, name) = (clean(&suite.path), clean(&result.name));
    let element =
        writer.create_element("testcase").with_attributes([("classname", class.as_str()), ("name", name.as_str())]);
    let failures: Vec<&Check> = result.checks.iter().filter(|c| c.outcome != Outcome::Holds).collect();
    let Some(first) = failures.first() else {
        element.write_empty()?;
        return Ok(());
    };
    let message = clean(&format!("{}: expected {}, got {}", first.what, first.expected, first.got));
    let mut text: Vec<String> =
        failures.iter().flat_map(|c| difference(c)).map(|l| l.trim_start().to_string()).collect();
    text.push(command(suite, result));
    element.write_inner_content(|writer| {
        let failure = writer.create_element("failure").with_attribute(("message", message.as_str()));
        failure.write_text_content(BytesText::new(&text.join("\n")))?;
        Ok(())
    })?;
    Ok(())
}
