//! Exports: what is read again is the same graph, and nothing from outside gets into the syntax of any format.

use crate::{corpus, folder, run};
use commoncause::diag::{Colour, FileId, Sources, Span, escape, has_errors, render_human, yaml};
use commoncause::graph::export::{self, Pen};
use commoncause::graph::import::{self, Options};
use commoncause::graph::{self, DependencyGraph, write as graph_file};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;

fn read(text: &str) -> DependencyGraph {
    let mut sources = Sources::default();
    let (graph, problems) = graph::load_texts(&[("graph", text)], &mut sources, None);
    assert!(!has_errors(&problems), "{}", render_human(&problems, &sources, Colour::Never));
    graph.unwrap()
}

/// Every graph of the repository, by name.
fn graphs() -> Vec<(String, DependencyGraph)> {
    let mut paths: Vec<PathBuf> = corpus().into_iter().map(|p| p.join("graph.yaml")).collect();
    paths.extend([folder("../graphs"), folder("export/everything.yaml")].map(PathBuf::from));
    let load = |path: PathBuf| {
        let mut sources = Sources::default();
        let (graph, problems) = graph::load(std::slice::from_ref(&path), &mut sources, None);
        assert!(!has_errors(&problems), "{}", render_human(&problems, &sources, Colour::Never));
        (path.display().to_string(), graph.unwrap())
    };
    paths.into_iter().map(load).collect()
}

/// Everything in which two graphs differ, but for the places where it stands.
fn assert_same(what: &str, before: &DependencyGraph, after: &DependencyGraph) {
    let placeless = |graph: &DependencyGraph| {
        let mut components = graph.components().to_vec();
        let nowhere = Span { file: FileId(0), start: 0, end: 0 };
        for c in &mut components {
            c.span = nowhere;
            c.depends_on.iter_mut().for_each(|d| d.span = nowhere);
        }
        components
    };
    let (before_all, after_all) = (placeless(before), placeless(after));
    assert_eq!(before_all.len(), after_all.len(), "{what}");
    for (a, b) in before_all.iter().zip(&after_all) {
        assert_eq!(a, b, "{what}");
    }
    assert_eq!(before.kinds(), after.kinds(), "{what}");
    assert!(before.names().eq(after.names()), "{what}");
    assert!(graph::diff::diff(before, after).is_empty(), "{what}");
}

/// What `graph import backstage` makes of entities, as it is printed.
fn imported(entities: &str) -> String {
    let mut sources = Sources::default();
    let (raw, problems) =
        import::read(import::Format::Backstage, "catalog", entities, &mut sources, &Options::default());
    assert!(problems.is_empty(), "{}", render_human(&problems, &sources, Colour::Never));
    graph_file::yaml(&raw)
}

fn draw(pen: Pen, graph: &DependencyGraph) -> String {
    export::draw(pen, graph, &export::everything(graph)).text
}

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| jsonschema::draft7::new(&graph::schema()).unwrap());

fn assert_obeys_the_schema(text: &str) {
    let value: Value = serde_json::from_str(text).unwrap();
    assert!(SCHEMA.is_valid(&value), "{:?}\n{text}", SCHEMA.validate(&value).err());
}

#[test]
fn json_read_again_is_the_same_graph_and_obeys_the_schema() {
    for (name, graph) in graphs() {
        let text = export::json(&graph);
        assert_same(&name, &graph, &read(&text));
        assert_obeys_the_schema(&text);
        assert_eq!(text, export::json(&read(&text)), "{name}");
    }
}

#[test]
fn backstage_imported_again_is_the_same_graph() {
    for (name, graph) in graphs() {
        let text = export::backstage(&graph);
        assert_same(&name, &graph, &read(&imported(&text)));
    }
}

type Fields = Map<String, Value>;

/// What a drawing says: fields of boxes by their ids, and of lines from box to box.
#[derive(Default)]
struct Drawing {
    kinds: Value,
    nodes: Vec<(String, Fields)>,
    edges: Vec<(String, String, Fields)>,
}

/// A text of a drawing as the value that it was: lists and mappings stand as JSON.
fn value(key: &str, text: &str) -> Value {
    let json = ["capabilities", "aliases", "regions", "recognise", "allow", "for", "kinds"].contains(&key);
    let number = ["faults_per_year", "audience", "impact", "confidence", "at_least"].contains(&key);
    if json || number { serde_json::from_str(text).unwrap() } else { text.into() }
}

impl Drawing {
    /// The graph file that says the same.
    fn graph_file(&self) -> String {
        let fields: BTreeMap<&str, &Fields> = self.nodes.iter().map(|(id, f)| (id.as_str(), f)).collect();
        let member = |id: &str, edge: &Fields| {
            let capability = edge.get("capability").map(|k| ("capability".to_string(), k.clone()));
            [("component".to_string(), id.into())].into_iter().chain(capability).collect::<Fields>()
        };
        let group = |id: &str| {
            let members = self.edges.iter().filter(|(from, ..)| from == id);
            let members: Vec<Value> = members.map(|(_, to, edge)| member(to, edge).into()).collect();
            let group = fields[id];
            match group["rule"].as_str().unwrap() {
                "at_least" => json!({"at_least": group["at_least"], "of": members}),
                rule => json!({rule: members}),
            }
        };
        let mut components = Fields::new();
        for (id, own) in self.nodes.iter().filter(|(_, own)| !own.contains_key("rule")) {
            let mut c = own.clone();
            c.retain(|key, _| !["id", "label", "shape"].contains(&key.as_str()));
            let mut needs = Vec::new();
            for (_, to, edge) in self.edges.iter().filter(|(from, ..)| from == id) {
                if edge["role"] == "part_of" {
                    c.insert("part_of".to_string(), to.as_str().into());
                    continue;
                }
                let mut need = match fields[to.as_str()].contains_key("rule") {
                    true => group(to).as_object().unwrap().clone(),
                    false => member(to, edge),
                };
                let said =
                    edge.iter().filter(|(key, _)| !["label", "role", "style", "capability"].contains(&key.as_str()));
                need.extend(said.map(|(key, value)| (key.clone(), value.clone())));
                needs.push(Value::from(need));
            }
            c.insert("depends_on".to_string(), needs.into());
            components.insert(id.clone(), c.into());
        }
        escape::json(&json!({"kinds": self.kinds, "components": components}).to_string())
    }
}

/// Reads GraphML, and holds it to declare every key that it uses.
fn graphml(text: &str) -> Drawing {
    let document = roxmltree::Document::parse(text).unwrap();
    let root = document.root_element();
    let keys: BTreeMap<&str, roxmltree::Node> =
        root.children().filter(|n| n.has_tag_name("key")).map(|n| (n.attribute("id").unwrap(), n)).collect();
    let fields = |node: roxmltree::Node| -> Fields {
        let data = node.children().filter(|n| n.has_tag_name("data"));
        data.map(|d| {
            let key = keys[d.attribute("key").unwrap()];
            assert_eq!(key.attribute("for"), Some(node.tag_name().name()));
            let (name, text) = (key.attribute("attr.name").unwrap(), d.text().unwrap_or_default());
            let value = value(name, text);
            assert_eq!(key.attribute("attr.type") == Some("double"), value.is_number(), "{name}");
            (name.to_string(), value)
        })
        .collect()
    };
    let graph = root.children().find(|n| n.has_tag_name("graph")).unwrap();
    let mut drawing = Drawing { kinds: fields(graph).remove("kinds").unwrap_or_default(), ..Drawing::default() };
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    for node in graph.children().filter(|n| n.has_tag_name("node")) {
        let fields = fields(node);
        let id = fields["id"].as_str().unwrap().to_string();
        assert!(ids.insert(node.attribute("id").unwrap(), id.clone()).is_none());
        drawing.nodes.push((id, fields));
    }
    for edge in graph.children().filter(|n| n.has_tag_name("edge")) {
        let end = |key: &str| ids[edge.attribute(key).unwrap()].clone();
        drawing.edges.push((end("source"), end("target"), fields(edge)));
    }
    drawing
}

/// One statement of DOT as words, quoted ones as they were before they were quoted.
fn dot_words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut chars = line.trim().trim_end_matches(';').chars();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        let word = words.last_mut().unwrap();
        match c {
            '"' => quoted = !quoted,
            '\\' if quoted => match chars.next().unwrap() {
                'n' => word.push('\n'),
                other => word.push(other),
            },
            c if quoted => word.push(c),
            ' ' | ',' | '=' | '[' | ']' => words.push(String::new()),
            c => word.push(c),
        }
    }
    assert!(!quoted, "{line}");
    words.retain(|w| !w.is_empty());
    words
}

fn dot(text: &str) -> Drawing {
    let mut drawing = Drawing::default();
    let body = text.strip_prefix("digraph commoncause {\n").unwrap().strip_suffix("}\n").unwrap();
    for line in body.lines() {
        let words = dot_words(line);
        let edge = words[1] == "->";
        let fields: Fields = words[if edge { 3 } else { 1 }..]
            .chunks(2)
            .map(|pair| (pair[0].clone(), value(&pair[0], &pair[1])))
            .collect();
        match words[0].as_str() {
            "graph" => drawing.kinds = fields.get("kinds").cloned().unwrap_or_default(),
            "node" | "edge" => {}
            from if edge => drawing.edges.push((from.to_string(), words[2].clone(), fields)),
            id => drawing.nodes.push((id.to_string(), fields)),
        }
    }
    drawing
}

/// The numbers of boxes and lines of a flowchart, every line of which is held to be one that Mermaid reads.
fn mermaid(text: &str) -> (usize, usize) {
    let plain = r#"[^"<>\[\](){}|&`*_%\\\p{Cc}]+"#;
    let quoted = format!("\"{plain}(<br/>{plain})*\"");
    let node = regex::Regex::new(&format!(r"^  n\d+(\[{quoted}\]|\(\[{quoted}\]\)|\{{\{{{quoted}\}}\}})$")).unwrap();
    let edge = regex::Regex::new(&format!(r"^  n\d+ (-->|-\.->)(\|{quoted}\|)? n\d+$")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("flowchart LR"));
    let (edges, nodes): (Vec<&str>, Vec<&str>) = lines.partition(|l| edge.is_match(l));
    let odd: Vec<&&str> = nodes.iter().filter(|l| !node.is_match(l)).collect();
    assert!(odd.is_empty(), "{odd:?}");
    (nodes.len(), edges.len())
}

#[test]
fn drawings_say_all_that_the_graph_says() {
    for (name, graph) in graphs() {
        let (in_graphml, in_dot) = (graphml(&draw(Pen::Graphml, &graph)), dot(&draw(Pen::Dot, &graph)));
        assert_same(&name, &graph, &read(&in_graphml.graph_file()));
        assert_same(&name, &graph, &read(&in_dot.graph_file()));
        let drawn = mermaid(&draw(Pen::Mermaid, &graph));
        assert_eq!(drawn, (in_graphml.nodes.len(), in_graphml.edges.len()), "{name}");
    }
}

/// A graph with `text` wherever a text from outside may stand. `word` must be one as well, and no longer than keys may be.
fn graph_with(text: &str, word: &str) -> DependencyGraph {
    let file = json!({
        "kinds": {word: {"family": word, "capabilities": [word], "main": word, "symptoms": {word: 0.5}}},
        "components": {
            "a": {"kind": word, "title": text, "operator": text, "status_page": text, "source": text, "note": text,
                  "aliases": [text], "regions": [text], "recognise": {"ns": ["*.dns.example"]},
                  "depends_on": [
                      {"component": "b", "for": word, "capability": word, "region": text, "source": text, "note": text,
                       "allow": {"edge-without-source": text}},
                      {"any_of": ["b", {"component": "c", "capability": "any"}], "note": text}]},
            "b": {"kind": word, "part_of": "c", "title": word},
            "c": {"kind": word, "note": text},
        },
    });
    read(&escape::json(&file.to_string()))
}

fn assert_harmless(text: &str, word: &str) {
    let graph = graph_with(text, word);
    assert_eq!(graph.component(graph.find("a").unwrap()).note.as_deref(), Some(text));
    assert_same("json", &graph, &read(&export::json(&graph)));
    assert_obeys_the_schema(&export::json(&graph));
    let entities = export::backstage(&graph);
    assert_same("backstage", &graph, &read(&imported(&entities)));
    let in_graphml = graphml(&draw(Pen::Graphml, &graph));
    let in_dot = dot(&draw(Pen::Dot, &graph));
    let drawn = mermaid(&draw(Pen::Mermaid, &graph));
    for drawing in [&in_graphml, &in_dot] {
        assert_eq!((drawing.nodes.len(), drawing.edges.len()), (4, 5), "{text:?}");
    }
    assert_eq!(drawn, (4, 5), "{text:?}");
    // But for what XML cannot hold at all.
    let held =
        |c: char| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    let told: String = text.chars().map(|c| if held(c) { c } else { '\u{fffd}' }).collect();
    assert_eq!(in_graphml.nodes[0].1["note"].as_str(), Some(told.as_str()));
    for written in
        [export::json(&graph), entities, draw(Pen::Dot, &graph), draw(Pen::Mermaid, &graph), draw(Pen::Graphml, &graph)]
    {
        assert!(!written.contains(['\u{1b}', '\u{202e}', '\u{0}', '\u{feff}', '\r']), "{text:?}");
    }
}

#[test]
fn hostile_names_do_no_harm_in_any_format() {
    let hostile = [
        "a \"b\" 'c' \\",
        "\\\"",
        "two\nlines\r\nand\ttabs",
        "</script><script>alert(1)</script>",
        "]]> <!-- --> <?x?> &amp; &#0;",
        "```\n~~~",
        "%%{init: {\"theme\": 1}}%%",
        "end",
        "subgraph x; click n0 href",
        "--> n0 ---",
        "\u{1b}[31m\u{7}\u{0}\u{9b}",
        "\u{202e}txt\u{200f}\u{feff}\u{2066}",
        "\u{85}\u{2028}\u{2029}\u{fffe}\u{ffff}",
        "\u{1f468}\u{200d}\u{1f469}\u{1f3fd} e\u{301}",
        " begins and ends with a blank ",
        "--- # !tag &a *a [x]: {y} | >- @ `",
        "\n---\napiVersion: backstage.io/v1alpha1",
        "null",
        "<br/>#quot;",
    ];
    for text in hostile {
        assert_harmless(text, text);
    }
    assert_harmless(&"long \"\\ ".repeat(20_000), "word");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_text_survives(text in any::<String>(), word in "\\PC{1,20}") {
        if !text.trim().is_empty() && !word.trim().is_empty() && text != "global" && !WHOLE.contains(&word.as_str()) {
            assert_harmless(&text, &word);
        }
    }
}

/// Words that mean the component as a whole.
const WHOLE: [&str; 3] = ["any", "connectivity", "dns"];

/// What Backstage itself wants of an entity: an envelope, names, required fields, and references that lead somewhere.
#[test]
fn backstage_takes_the_entities() {
    let name = regex::Regex::new("^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$").unwrap();
    let reference = regex::Regex::new("^(component|resource):default/[-A-Za-z0-9_.]{1,63}$").unwrap();
    for (graph_name, graph) in graphs() {
        let entities: Vec<Value> = documents(&export::backstage(&graph));
        assert_eq!(entities.len(), graph.components().len(), "{graph_name}");
        let full = |e: &Value| {
            format!("{}:default/{}", e["kind"].as_str().unwrap(), e["metadata"]["name"].as_str().unwrap())
                .to_lowercase()
        };
        let known: BTreeSet<String> = entities.iter().map(full).collect();
        assert_eq!(known.len(), entities.len(), "{graph_name}: names are unique, and case does not matter");
        for e in &entities {
            assert_eq!(e["apiVersion"], "backstage.io/v1alpha1");
            assert!(name.is_match(e["metadata"]["name"].as_str().unwrap()), "{e}");
            assert!(e["metadata"]["annotations"].as_object().unwrap().values().all(Value::is_string), "{e}");
            let spec = e["spec"].as_object().unwrap();
            let text = |key: &str| spec.get(key).and_then(Value::as_str).is_some_and(|t| !t.is_empty());
            assert!(text("type") && text("owner") && name.is_match(spec["owner"].as_str().unwrap()), "{e}");
            let is_component = e["kind"] == "Component";
            assert_eq!(is_component, text("lifecycle"), "{e}");
            assert!(is_component || !spec.contains_key("subcomponentOf"), "{e}");
            let needs = spec.get("dependsOn").map_or(&[][..], |list| list.as_array().unwrap());
            for to in needs.iter().chain(spec.get("subcomponentOf")).map(|r| r.as_str().unwrap()) {
                assert!(reference.is_match(to) && known.contains(to), "{graph_name}: {to}");
            }
        }
    }
}

/// The documents of a YAML text.
fn documents(text: &str) -> Vec<Value> {
    yaml::documents(text).into_iter().map(|(_, document)| serde_yaml::from_str(document).unwrap()).collect()
}

#[test]
fn the_command_writes_every_format() {
    let graph = ["--graph", "tests/export/everything.yaml"];
    for (format, begin) in
        [("dot", "digraph "), ("mermaid", "flowchart "), ("graphml", "<?xml "), ("json", "{\n"), ("backstage", "---\n")]
    {
        let (code, out, err) = run(&[&["graph", "export", format], &graph[..]].concat());
        assert!(code == 0 && out.starts_with(begin) && err.is_empty(), "{format}: {code} {out} {err}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("exported").display().to_string();
        let (code, nothing, _) = run(&[&["graph", "export", format, "--out", &path], &graph[..]].concat());
        assert!(code == 0 && nothing.is_empty() && std::fs::read_to_string(&path).unwrap() == out);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn what_the_command_exports_it_reads_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let original = "tests/export/everything.yaml";
    let done = |args: &[&str]| {
        let (code, out, err) = run(args);
        assert_eq!(code, 0, "{args:?}: {out} {err}");
        out
    };
    done(&["graph", "export", "json", "--graph", original, "--out", &at("graph.json")]);
    done(&["graph", "export", "backstage", "--graph", original, "--out", &at("catalog-info.yaml")]);
    done(&["graph", "import", "backstage", &at("catalog-info.yaml"), "--out", &at("again.yaml")]);
    for again in ["graph.json", "again.yaml"] {
        done(&["graph", "diff", original, &at(again), "--exit-code"]);
    }
}

#[test]
fn a_part_can_be_drawn_and_nothing_is_written_of_a_wrong_graph() {
    let graph = "tests/incidents/meta-2024-03-05-login/graph.yaml";
    let (code, out, _) = run(&["graph", "export", "dot", "--graph", graph, "--focus", "meta-auth"]);
    let part = dot(&out);
    let ids: Vec<&str> = part.nodes.iter().map(|(id, _)| id.as_str()).collect();
    assert!(code == 0 && ids.contains(&"facebook") && !ids.contains(&"aws"), "{ids:?}");
    let (code, out, err) = run(&["graph", "export", "mermaid", "--graph", graph, "--focus", "meta-aut"]);
    assert!(code == 1 && out.is_empty() && err.contains("meta-auth"), "{err}");
    for format in ["json", "backstage"] {
        let (code, out, err) = run(&["graph", "export", format, "--graph", graph, "--focus", "meta-auth"]);
        assert!(code == 2 && out.is_empty() && err.contains("--focus"), "{err}");
    }
    let (code, out, err) = run(&["graph", "export", "mermaid", "--graph", "graphs"]);
    assert!(code == 0 && !out.is_empty() && err.contains("maxEdges"), "{err}");
    let folder = tempfile::tempdir().unwrap();
    let (wrong, path) = (folder.path().join("wrong.yaml"), folder.path().join("out.json"));
    std::fs::write(&wrong, "components: {a: {kind: service, depends_on: [b]}}").unwrap();
    let args = ["graph", "export", "json", "--graph", wrong.to_str().unwrap(), "--out", path.to_str().unwrap()];
    let (code, out, err) = run(&args);
    assert!(code == 1 && out.is_empty() && err.contains("unknown-component") && !path.exists(), "{err}");
    let (code, _, _) = run(&["graph", "export", "json", "--graph", "no-such-folder"]);
    assert_eq!(code, 3);
}
