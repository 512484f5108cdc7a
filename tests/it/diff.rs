//! What changed between two graphs: exactly the edits that were made, and what they do to past incidents.

use crate::{assert_file, corpus, folder, run};
use commoncause::diag::{Sources, has_errors};
use commoncause::graph::diff::{Change, GraphDiff, diff};
use commoncause::graph::{self, DependencyGraph};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(text: &str) -> DependencyGraph {
    let (graph, problems) = graph::load_texts(&[("graph.yaml", text)], &mut Sources::default(), None);
    assert!(!has_errors(&problems), "{problems:?}\n{text}");
    graph.unwrap()
}

/// One line per difference.
fn told(diff: &GraphDiff) -> Vec<String> {
    let mut lines: Vec<String> = diff.renamed.iter().map(|r| format!("{} is {}", r.before, r.after)).collect();
    let sign = |change: Change| match change {
        Change::Appeared => '+',
        Change::Vanished => '-',
        Change::Changed => '~',
    };
    let field = |f: &commoncause::graph::diff::FieldDiff| {
        format!("{} {}>{}", f.field, f.before.as_deref().unwrap_or(""), f.after.as_deref().unwrap_or(""))
    };
    for c in &diff.components {
        if c.change != Change::Changed {
            lines.push(format!("{} {}", sign(c.change), c.component));
            continue;
        }
        lines.extend(c.fields.iter().map(|f| format!("{}: {}", c.component, field(f))));
        for d in &c.dependencies {
            let fields: Vec<String> =
                if d.change == Change::Changed { d.fields.iter().map(field).collect() } else { vec![] };
            lines.push(
                format!("{}: {} {} {}", c.component, sign(d.change), d.needs, fields.join(";")).trim().to_string(),
            );
        }
    }
    for k in &diff.kinds {
        lines.push(format!(
            "{} kind {} {}",
            sign(k.change),
            k.kind,
            k.fields.iter().map(field).collect::<Vec<_>>().join(";")
        ));
    }
    lines
}

const BASE: &str = "
components:
  okta: {kind: identity-provider, operator: okta}
  aws: {kind: cloud}
  fastly: {kind: cdn}
  shop:
    kind: service
    capabilities: [login, content]
    depends_on:
      - {component: okta, for: login}
      - {component: fastly, for: content, impact: likely, confidence: 0.8}
      - {any_of: [aws, fastly]}
";

#[test]
fn each_edit_is_told_in_its_own_words() {
    let table: [(&str, &str, &[&str]); 14] = [
        (
            "kind: cdn}",
            "kind: dns}",
            &[
                "fastly: kind cdn>dns",
                "shop: ~ fastly (dns) needs fastly (content)>fastly (dns)",
                "shop: ~ any of [aws, fastly (dns)] needs any of [aws, fastly (content)]>any of [aws, fastly (dns)]",
            ],
        ),
        ("for: login}", "for: login, impact: soft}", &["shop: ~ okta (login) impact 0.95>0.3"]),
        ("confidence: 0.8", "confidence: 0.5", &["shop: ~ fastly (content) confidence 0.8>0.5"]),
        (
            "for: content, impact",
            "for: [content, login], impact",
            &["shop: ~ fastly (content) for content>content, login"],
        ),
        (
            "for: login}",
            "for: login, lag: 5m, cache: 1h, region: US}",
            &["shop: ~ okta (login) region >US;lag >300s;cache >3600s"],
        ),
        ("      - {component: okta, for: login}\n", "", &["shop: - okta (login)"]),
        ("      - {any_of", "      - aws\n      - {any_of", &["shop: + aws"]),
        (
            "any_of: [aws, fastly]",
            "all_of: [aws, fastly]",
            &[
                "shop: ~ all of [aws, fastly (content)] needs any of [aws, fastly (content)]>all of [aws, fastly (content)]",
            ],
        ),
        ("operator: okta", "operator: others", &["okta: operator okta>others"]),
        ("  aws: {kind: cloud}", "  aws: {kind: cloud}\n  gcp: {kind: cloud}", &["+ gcp"]),
        ("okta", "entra", &["okta is entra", "entra: operator okta>entra"]),
        (
            "components:",
            "kinds: {cdn: {faults_per_year: 90}, sms: {faults_per_year: 1}}\ncomponents:",
            &["~ kind cdn faults_per_year 6>90", "+ kind sms family >sms;faults_per_year >1"],
        ),
        ("kind: cdn}", "kind: cdn, aliases: [b, a], audience: 10}", &["fastly: audience >10", "fastly: aliases >a, b"]),
        ("capabilities: [login, content]", "capabilities: [content, login]", &[]),
    ];
    let base = read(BASE);
    assert!(diff(&base, &base).is_empty());
    for (from, to, expected) in table {
        assert!(BASE.contains(from), "{from}");
        let mut found = told(&diff(&base, &read(&BASE.replace(from, to))));
        if to == "entra" {
            // The id and the operator were both replaced: without the same content it is no rename.
            let id_only = BASE.replace("okta", "entra").replace("operator: entra", "operator: okta");
            found = told(&diff(&base, &read(&id_only)));
            assert_eq!(found, ["okta is entra"]);
            continue;
        }
        // Built-in rates are data and may change.
        found
            .iter_mut()
            .filter(|l| l.contains("faults_per_year") && l.contains(">90"))
            .for_each(|l| *l = expected[0].to_string());
        let (mut a, mut b) = (found.clone(), expected.to_vec());
        a.sort();
        b.sort_unstable();
        assert_eq!(a, b, "{from} → {to}");
    }
}

#[test]
fn what_may_be_one_of_several_is_not_called_renamed() {
    let twins = |a: &str, b: &str| {
        read(&format!(
            "components:\n  {a}: {{kind: cdn}}\n  {b}: {{kind: cdn}}\n  s: {{kind: service, depends_on: [{a}, {b}]}}\n"
        ))
    };
    let found = diff(&twins("a", "b"), &twins("c", "d"));
    assert!(found.renamed.is_empty() && found.components.len() == 5, "{found:?}");
    let chained = |a: &str, b: &str| {
        read(&format!(
            "components:\n  {a}: {{kind: cloud}}\n  {b}: {{kind: cdn, depends_on: [{a}]}}\n  s: {{kind: service, depends_on: [{b}]}}\n"
        ))
    };
    assert_eq!(told(&diff(&chained("a", "b"), &chained("c", "d"))), ["a is c", "b is d"]);
}

#[test]
fn every_graph_means_the_same_as_itself() {
    for incident in corpus() {
        let graph = read(&std::fs::read_to_string(incident.join("graph.yaml")).unwrap());
        assert!(diff(&graph, &graph).is_empty(), "{}", incident.display());
    }
}

/// An edit of a graph as JSON, and how it should be told; `None` if it cannot be made.
fn edit(graph: &mut Value, which: u8, at: usize, number: u8) -> Option<String> {
    let components = graph["components"].as_object_mut()?;
    let ids: Vec<String> = components.keys().cloned().collect();
    let id = ids[at % ids.len()].clone();
    if which != 1 && id.starts_with("new-") {
        // What is new is told once, whatever it holds.
        return None;
    }
    let entry = components[&id].as_object_mut()?;
    match which {
        0 => {
            let old = entry.get("faults_per_year").map(|v| v.to_string()).unwrap_or_default();
            let new = 100 + u32::from(number);
            entry.insert("faults_per_year".into(), json!(new));
            Some(format!("{id}: faults_per_year {old}>{new}"))
        }
        1 => {
            components.insert(format!("new-{number}"), json!({"kind": "service"}));
            Some(format!("+ new-{number}"))
        }
        2 => {
            let list = entry.get_mut("depends_on")?.as_array_mut()?;
            let place = at % list.len();
            let one = list[place].get("component")?.as_str()?.to_string();
            if list.iter().filter(|d| d.get("component").and_then(Value::as_str) == Some(&one)).count() > 1 {
                return None;
            }
            list.remove(place);
            Some(format!("{id}: - {one}"))
        }
        _ => {
            let list = entry.get_mut("depends_on")?.as_array_mut()?;
            let place = at % list.len();
            let one = list[place].get("component")?.as_str()?.to_string();
            if list.iter().filter(|d| d.get("component").and_then(Value::as_str) == Some(&one)).count() > 1 {
                return None;
            }
            list[place].as_object_mut()?.insert("confidence".into(), json!(0.123));
            Some(format!("{id}: ~ {one} confidence"))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn exactly_the_edits_that_were_made_are_told(case in 0usize..23, edits in proptest::collection::vec((0u8..4, 0usize..500, any::<u8>()), 1..5)) {
        let text = std::fs::read_to_string(corpus()[case].join("graph.yaml")).unwrap();
        let before: Value = serde_yaml::from_str(&text).unwrap();
        let mut after = before.clone();
        let mut expected: Vec<String> = Vec::new();
        let mut touched = std::collections::BTreeSet::new();
        for (which, at, number) in edits {
            let count = after["components"].as_object().unwrap().len();
            if touched.insert(if which == 1 { usize::MAX - usize::from(number) } else { at % count }) && touched.len() < 4 {
                expected.extend(edit(&mut after, which, at, number));
            }
        }
        let found = told(&diff(&read(&before.to_string()), &read(&after.to_string())));
        // What is needed is told with the capability that is meant.
        prop_assert_eq!(found.len(), expected.len(), "{:?} {:?}", found, expected);
        for line in expected {
            let (head, tail) = line.rsplit_once(' ').unwrap();
            let like = |f: &&String| **f == line || f.starts_with(&line) || f.starts_with(head) && f.contains(tail);
            prop_assert!(found.iter().any(|f| like(&f)), "{} is not in {:?}", line, found);
        }
    }
}

#[test]
fn the_command_tells_people_and_programs_and_what_it_means_for_incidents() {
    let scratch = tempfile::tempdir().unwrap();
    let meta = folder("incidents/meta-2024-03-05-login/graph.yaml");
    let other = scratch.path().join("graph.yaml");
    let text = std::fs::read_to_string(&meta).unwrap();
    std::fs::write(&other, text.replace("component: meta-auth, ", "component: meta-dns, ")).unwrap();
    let other = other.to_str().unwrap();
    let incidents = folder("incidents");
    let (code, out, err) = run(&["graph", "diff", &meta, other, "--incidents", &incidents]);
    assert!(code == 0, "{err}");
    for part in ["~ facebook (service)", "needs meta-dns", "first cause meta-auth", "meta-2024-03-05-login", "skipped"]
    {
        assert!(out.contains(part), "{part} is not in:\n{out}");
    }
    assert!(out.lines().all(|l| l.chars().count() <= 80), "{out}");
    assert_eq!(out, run(&["graph", "diff", &meta, other, "--incidents", &incidents]).1);
    let (_, markdown, _) = run(&["graph", "diff", &meta, other, "--format", "markdown"]);
    assert!(
        markdown.starts_with("**components: ") && markdown.contains("\n- changed: facebook (service)\n  - "),
        "{markdown}"
    );
    let (code, json, _) =
        run(&["graph", "diff", &meta, other, "--format", "json", "--exit-code", "--incidents", &incidents]);
    assert_eq!(code, 1);
    let value: Value = serde_json::from_str(&json).unwrap();
    let schema: Value = serde_json::from_str(&run(&["graph", "schema", "graph-diff"]).1).unwrap();
    assert!(jsonschema::draft7::new(&schema).unwrap().is_valid(&value));
    assert_file("docs/schema/graph-diff.schema.json", &format!("{schema:#}\n"));
    let (code, out, _) = run(&["graph", "diff", &meta, &meta, "--exit-code", "--incidents", &incidents]);
    assert!(code == 0 && out.starts_with("The graphs mean the same.\nincidents: 0 of "), "{out}");
}

#[test]
fn what_cannot_be_compared_has_its_exit_code() {
    let meta = folder("incidents/meta-2024-03-05-login/graph.yaml");
    assert_eq!(run(&["graph", "diff", &meta]).0, 2);
    assert_eq!(run(&["graph", "diff", &meta, "no/such/graph"]).0, 3);
    assert_eq!(run(&["graph", "diff", &meta, &meta, "--incidents", "no/such"]).0, 3);
    assert_eq!(run(&["graph", "diff", &meta, &meta, "--incidents", "src"]).0, 1);
    let scratch = tempfile::tempdir().unwrap();
    let broken = scratch.path().join("graph.yaml");
    std::fs::write(&broken, "components: {a: {kind: service, depends_on: [b]}}").unwrap();
    let (code, out, err) = run(&["graph", "diff", &meta, broken.to_str().unwrap()]);
    assert!(code == 1 && out.is_empty() && err.contains("unknown-component"), "{err}");
}
