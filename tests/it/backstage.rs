//! Backstage entities read as a graph, alone and with files of ours over them.

use crate::{folder, run};
use commoncause::diag::{Diagnostic, Severity, Sources};
use commoncause::graph::{self, DependencyGraph};

const ENTITIES: &str = "# The shop\n---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: shop, title: Web Shop}\n\
    spec: {type: website, owner: group:default/web, system: store, dependsOn: ['resource:idp', 'component:orders'], consumesApis: [pay]}\n\
    ---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: orders}\nspec: {type: service, system: store}\n\
    ---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: payments}\nspec: {type: service, providesApis: [pay]}\n\
    ---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: idp}\nspec: {type: identity-provider, dependsOn: ['resource:aws']}\n\
    ---\napiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: store}\nspec: {owner: web}\n\
    ---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: someone}\n";

fn load(texts: &[(&str, &str)]) -> (DependencyGraph, Vec<Diagnostic>) {
    let (graph, problems) = graph::load_texts(texts, &mut Sources::default(), None);
    (graph.unwrap(), problems)
}

fn codes(problems: &[Diagnostic]) -> Vec<&str> {
    problems.iter().filter(|p| p.severity != Severity::Hint).map(|p| p.code.id).collect()
}

fn edges(graph: &DependencyGraph, id: &str) -> Vec<(String, f64)> {
    let c = graph.component(graph.find(id).unwrap());
    let members = c.depends_on.iter().flat_map(|d| d.need.members().iter().map(move |m| (m, d.impact)));
    members.map(|(m, impact)| (graph.component(m.component).id.clone(), impact)).collect()
}

#[test]
fn entities_are_a_graph_of_their_own() {
    let (graph, problems) = load(&[("catalog-info.yaml", ENTITIES)]);
    // The resource of the provider stands in no file.
    assert_eq!(codes(&problems), ["dangling-reference"]);
    let ids: Vec<&str> = graph.components().iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["idp", "orders", "payments", "shop", "store"]);
    let hard = |id: &str| (id.to_string(), 0.95);
    assert_eq!(edges(&graph, "shop"), [hard("idp"), hard("orders"), hard("payments")]);
    let shop = graph.component(graph.find("shop").unwrap());
    assert_eq!(
        (shop.title.as_str(), shop.operator.as_deref(), shop.kind.as_str()),
        ("Web Shop", Some("web"), "service")
    );
    assert_eq!(shop.part_of, graph.find("store"));
    assert_eq!(graph.component(graph.find("store").unwrap()).faults_per_year, Some(0.0));
}

#[test]
fn what_our_file_says_of_an_edge_replaces_what_the_catalog_says() {
    let ours = "kinds: {website: {faults_per_year: 3, capabilities: [login, content]}}\ncomponents:\n  \
        aws: {kind: cloud}\n  shop: {depends_on: [{component: idp, for: login, impact: soft}]}\n  \
        orders: {kind: cdn, audience: 100, title: The orders, capabilities: [content]}\n";
    // Whatever the order of the files.
    for texts in [[("a.yaml", ENTITIES), ("b.yaml", ours)], [("b.yaml", ours), ("c.yaml", ENTITIES)]] {
        let (graph, problems) = load(&texts);
        assert!(codes(&problems).is_empty(), "{problems:#?}");
        let edge = |id: &str, impact| (id.to_string(), impact);
        assert_eq!(edges(&graph, "shop"), [edge("orders", 0.95), edge("payments", 0.95), edge("idp", 0.3)]);
        assert_eq!(edges(&graph, "idp"), [edge("aws", 0.95)], "a component of ours is found by its name");
        let orders = graph.component(graph.find("orders").unwrap());
        assert_eq!((orders.kind.as_str(), orders.title.as_str(), orders.audience), ("cdn", "The orders", Some(100.0)));
        assert_eq!(orders.part_of, graph.find("store"));
        assert_eq!(graph.component(graph.find("shop").unwrap()).kind, "website", "a kind of ours");
    }
    let group = "components: {aws: {kind: cloud}, shop: {depends_on: [{any_of: [idp, orders], for: login}]}}";
    let (graph, problems) = load(&[("a.yaml", ENTITIES), ("b.yaml", group)]);
    assert!(codes(&problems).is_empty(), "{problems:#?}");
    assert_eq!(graph.component(graph.find("shop").unwrap()).depends_on.len(), 2, "the group, and payments");
    let twice = "components: {orders: {kind: cdn}}";
    let (_, problems) = load(&[("a.yaml", ENTITIES), ("b.yaml", twice), ("c.yaml", twice)]);
    assert!(codes(&problems).contains(&"duplicate-id"), "a mistake of ours is told all the same");
}

#[test]
fn annotations_carry_a_component_without_loss() {
    let entity = r#"apiVersion: backstage.io/v1alpha1
kind: Resource
metadata:
  name: aws-us-east-1
  annotations:
    commoncause/id: aws/us-east-1
    commoncause/kinds: '{"mesh": {"faults_per_year": 2, "capabilities": ["api"]}}'
    commoncause/component: '{"kind": "mesh", "title": "N. Virginia", "aliases": ["IAD"], "depends_on": ["power", {"any_of": ["power", "diesel"], "impact": 0.5, "lag": "5m"}]}'
spec: {type: cloud-region, owner: x, dependsOn: ['resource:power']}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: power, annotations: {commoncause/component: '{"kind": "mesh"}'}}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: diesel}
spec: {dependencyOf: ['resource:aws-us-east-1']}
"#;
    let ours = "kinds: {mesh: {faults_per_year: 2, capabilities: [api]}}\ncomponents:\n  aws/us-east-1:\n    kind: mesh\n    \
        title: N. Virginia\n    aliases: [IAD]\n    depends_on: [power, {any_of: [power, diesel], impact: 0.5, lag: 5m}]\n  \
        power: {kind: mesh}\n  diesel: {kind: service}\n";
    let same = |text: &str| {
        let (mut graph, problems) = load(&[("a.yaml", text)]);
        assert!(codes(&problems).is_empty(), "{problems:#?}");
        graph = graph.without(|_, _| false);
        let strip = |c: &graph::Component| {
            let edges: Vec<_> =
                c.depends_on.iter().map(|d| (d.need.clone(), d.impact.to_bits(), d.lag_seconds)).collect();
            (c.id.clone(), c.kind.clone(), c.title.clone(), c.aliases.clone(), c.capabilities.clone(), edges)
        };
        graph.components().iter().map(strip).collect::<Vec<_>>()
    };
    assert!(same(entity) == same(ours));
}

#[test]
fn commands_read_a_catalog_unchanged() {
    let path = folder("import/backstage/catalog-info.yaml");
    let (code, out, err) = run(&["graph", "check", &path]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("dangling-reference") && err.starts_with("2 components, 1 dependencies"), "{out}{err}");
    let (code, out, _) = run(&["graph", "show", "keystone-id", "--graph", &path]);
    assert!(code == 0 && out.contains("needed by (1)"), "{out}");
}

#[test]
fn an_incident_is_correlated_over_a_catalog() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    write("catalog-info.yaml", ENTITIES);
    write("mkdocs.yml", "site_name: docs\n");
    write("openapi.yaml", "openapi: 3.1.0\ncomponents: {schemas: {}}\n");
    write("deployment.yaml", "{{- if .Values.on }}\nkind: Deployment\n{{- end }}\n");
    write("overlay.yaml", "components: {chat: {kind: service, depends_on: [{component: idp, for: login}]}}\n");
    let signal = |component: &str| {
        format!(
            "{{\"at\":\"2026-11-01T10:01:00Z\",\"component\":\"{component}\",\"capability\":\"login\",\"state\":\"failing\",\
             \"source\":{{\"kind\":\"status_page\",\"name\":\"s\"}}}}\n"
        )
    };
    let signals = write("signals.jsonl", &(signal("shop") + &signal("chat")));
    let path = folder.path().to_string_lossy().into_owned();
    let window = ["--from", "2026-11-01T10:00:00Z", "--to", "2026-11-01T11:00:00Z", "--format", "json"];
    let (code, out, err) = run(&[&["correlate", "--graph", &path, "--signals", &signals][..], &window].concat());
    assert_eq!(code, 0, "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["causes"][0]["component"], "idp", "{out}");
    let (code, out, err) = run(&["graph", "check", &path]);
    assert!(code == 0 && err.starts_with("6 components, 4 dependencies"), "{out}{err}");
    assert_eq!(out.matches("hint[passed-over]").count(), 3, "{out}");
    // What begins as ours does is held to it.
    write("broken.yaml", "components: {a: [}\n");
    let (code, out, _) = run(&["graph", "check", &path]);
    assert!(code == 1 && out.contains("error[invalid-yaml]"), "{out}");
}

/// Cut anywhere, and with files of ours over it: nothing panics, and places are true.
#[test]
fn damaged_catalogs_are_survived() {
    let ours = "components: {shop: {depends_on: [{component: idp, impact: soft}]}, aws: {kind: cloud}}";
    for end in (0..ENTITIES.len()).filter(|end| ENTITIES.is_char_boundary(*end)) {
        for text in [ENTITIES[..end].to_string(), ENTITIES[end..].to_string()] {
            for texts in [vec![("a.yaml", text.as_str())], vec![("a.yaml", text.as_str()), ("b.yaml", ours)]] {
                let (_, problems) = load(&texts);
                for place in problems.iter().filter_map(|p| p.primary.as_ref()) {
                    let length = texts[place.span.file.0 as usize].1.len();
                    assert!(place.span.start <= place.span.end && place.span.end <= length, "{place:?}");
                }
            }
        }
    }
}

/// With the catalog beside it, what entities refer to is found there by name.
#[test]
fn entities_find_what_they_need_in_the_catalog() {
    let folder = tempfile::tempdir().unwrap();
    let entity = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: till}\n\
        spec: {type: service, dependsOn: ['resource:stripe', 'resource:aws-us-east-1', 'resource:no-such']}\n";
    std::fs::write(folder.path().join("catalog-info.yaml"), entity).unwrap();
    let path = folder.path().to_string_lossy().into_owned();
    let (code, out, err) = run(&["graph", "check", &path, "graphs", "--no-hints"]);
    assert!(code == 0 && out.matches("warning[").count() == 1 && out.contains("resource:no-such"), "{out}{err}");
    let (code, out, _) = run(&["graph", "show", "till", "--graph", &path, "--graph", "graphs"]);
    assert!(
        code == 0 && out.contains("  stripe (payments), impact 0.95") && out.contains("  aws/us-east-1, impact 0.95"),
        "{out}"
    );
}

#[test]
fn an_entity_that_says_more_than_its_annotation_is_told() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: web\n  annotations:\n    commoncause/component: '{\"kind\": \"service\", \"depends_on\": [{\"component\": \"api\"}]}'\nspec:\n  dependsOn: [\"component:api\", \"component:db\"]\n---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: api}\n---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: db}\n";
    let mut sources = commoncause::diag::Sources::default();
    let (_, problems) = commoncause::graph::load_texts(&[("catalog-info.yaml", text)], &mut sources, None);
    let left: Vec<&str> =
        problems.iter().filter(|p| p.code.id == "import-left-out").map(|p| p.message.as_str()).collect();
    assert_eq!(left, ["`web` depends on `db` here, but not in its annotation"]);
}
