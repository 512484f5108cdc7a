//! Imports put into files of a graph, and edits on disk: what is there stays, and a failure changes nothing.

use crate::{folder, run};
use std::fs;
use std::path::{Path, PathBuf};

/// The formats with an example each.
const EXAMPLES: [(&str, &str); 8] = [
    ("backstage", "backstage/catalog-info.yaml"),
    ("jaeger", "jaeger/dependencies.json"),
    ("otel", "otel/servicegraph_metrics.prom"),
    ("kiali", "kiali/namespaces_graph.json"),
    ("compose", "compose/docker-compose.yml"),
    ("terraform", "terraform/graph_simple.dot"),
    ("cyclonedx", "cyclonedx/bom_services_1.6.json"),
    ("csv", "csv/dependencies.csv"),
];

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().to_path_buf();
    (scratch, path)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn import(format: &str, example: &str, into: &Path, more: &[&str]) -> (i32, String, String) {
    let from = folder(&format!("import/{example}"));
    let into = into.display().to_string();
    run(&[&["graph", "import", format, from.as_str(), "--into", into.as_str()], more].concat())
}

#[test]
fn every_import_can_be_put_into_a_file_and_again_changes_nothing() {
    let (_scratch, dir) = scratch();
    for (format, example) in EXAMPLES {
        let file = dir.join(format!("{format}.yaml"));
        let (code, diff, _) = import(format, example, &file, &["--dry-run"]);
        assert_eq!(code, 0, "{format}");
        assert!(diff.starts_with("--- /dev/null\n") && !file.exists(), "{diff}");
        let (code, said, _) = import(format, example, &file, &[]);
        assert_eq!(code, 0, "{format}");
        assert!(said.lines().any(|l| l.ends_with(" added")), "{said}");
        let (code, _, told) = run(&["graph", "check", file.to_str().unwrap(), "--no-hints"]);
        assert_eq!(code, 0, "{told}");
        let written = text(&file);
        let (code, said, told) = import(format, example, &file, &[]);
        assert_eq!((code, said.as_str(), text(&file) == written), (0, "", true), "{format}: {told}");
        assert!(told.contains("are in the graph already"), "{told}");
    }
}

#[test]
fn hand_made_attributes_comments_and_order_stay() {
    let (_scratch, dir) = scratch();
    let file = dir.join("team.yaml");
    let before = "\
# Ours; ask the platform team.
components:
  web:   # the front
    x-owner: 'team-web'
    kind: platform
    depends_on:
      # worked without for two hours last May
      - {component: api, impact: weak, source: \"Incident of May\", verified: 2026-05-02}
  api:
    kind: service
    title: The API
";
    fs::write(&file, before).unwrap();
    let table = dir.join("t.csv");
    fs::write(&table, "dependent,dependency,impact\nweb,api,hard\nweb,db,soft\napi,db,\n").unwrap();
    let (file_name, table_name) = (file.display().to_string(), table.display().to_string());
    let into = |date: &str| {
        run(&["graph", "import", "csv", &table_name, "--into", &file_name, "--source", "table", "--verified", date])
    };
    let (code, said, told) = into("2026-11-01");
    assert_eq!(code, 0, "{told}");
    assert_eq!(said, "web needs db\napi needs db\ndb added\n");
    let want = before.replace(
        "verified: 2026-05-02}\n",
        "verified: 2026-05-02}\n      - {component: db, impact: soft, source: table, verified: 2026-11-01}\n",
    ) + "    depends_on:\n      - {component: db, source: table, verified: 2026-11-01}\n  db:\n    kind: service\n";
    assert_eq!(text(&file), want);
    // Seen again by the same source: only its date moves.
    let (_, said, _) = into("2026-11-25");
    assert_eq!(said, "web needs db: seen again 2026-11-25\napi needs db: seen again 2026-11-25\n");
    assert_eq!(text(&file), want.replace("2026-11-01", "2026-11-25"));
    // What was read earlier does not undo it.
    let (_, said, _) = into("2025-01-01");
    assert_eq!((said.as_str(), text(&file)), ("", want.replace("2026-11-01", "2026-11-25")));
    // Not seen this time: told, and left.
    fs::write(&table, "dependent,dependency,impact\nweb,db,soft\n").unwrap();
    let (_, _, told) = into("2026-11-25");
    assert!(told.contains("not seen this time: api needs db\n"), "{told}");
    assert_eq!(text(&file), want.replace("2026-11-01", "2026-11-25"));
}

#[test]
fn what_stands_in_other_files_is_left_to_them() {
    let (_scratch, dir) = scratch();
    let catalog = dir.join("catalog.yaml");
    let before = "components:\n  okta: {kind: identity-provider, aliases: [Okta Login]}\n  aws: {kind: cloud}\n";
    fs::write(&catalog, before).unwrap();
    let table = dir.join("t.csv");
    fs::write(&table, "dependent,dependency\nshop,Okta Login\nOkta Login,aws\n").unwrap();
    let ours = dir.join("ours.yaml");
    let args = ["graph", "import", "csv", table.to_str().unwrap(), "--into", ours.to_str().unwrap()];
    let (code, _, told) = run(&[&args[..], &["--graph", catalog.to_str().unwrap()]].concat());
    assert_eq!(code, 0, "{told}");
    assert_eq!(text(&catalog), before);
    let (written, source) = (text(&ours), "source: ");
    assert!(written.contains("  okta:\n    depends_on:\n      - {component: aws, "), "{written}");
    assert!(written.contains("- {component: okta, ") && written.contains(source), "{written}");
    let (code, _, told) = run(&["graph", "check", dir.to_str().unwrap(), "--no-hints"]);
    assert_eq!(code, 0, "{told}");
}

#[test]
fn a_failed_import_changes_nothing() {
    let (_scratch, dir) = scratch();
    let file = dir.join("team.yaml");
    for before in ["components:\n  web: {kind: service}\n", "components: [broken"] {
        fs::write(&file, before).unwrap();
        let table = dir.join("t.csv");
        for wrong in ["dependent,dependency,impact\nweb,db,\nweb,api,hrad\n", "dependent\nweb\n", "", "{\"data\": []}"]
        {
            fs::write(&table, wrong).unwrap();
            let args = ["graph", "import", "csv", table.to_str().unwrap(), "--into", file.to_str().unwrap()];
            let (code, said, told) = run(&args);
            assert_eq!((code, said.as_str()), (1, ""), "{told}");
            assert!(told.contains("error["), "{told}");
            assert_eq!(text(&file), before);
        }
    }
    let (code, _, told) = import("csv", "csv/dependencies.csv", &dir.join("no/such/folder.yaml"), &[]);
    assert_eq!(code, 3, "{told}");
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 2, "nothing is left lying about");
}

#[test]
fn edits_are_written_to_where_links_lead_and_keep_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (_scratch, dir) = scratch();
    let (real, link) = (dir.join("real.yaml"), dir.join("link.yaml"));
    fs::write(&real, "components:\n  a: {kind: cdn} # mine\n").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, &link).unwrap();
    let graph = link.to_str().unwrap();
    let (code, diff, _) = run(&["graph", "set", "a", "note=x y", "--graph", graph, "--dry-run"]);
    assert_eq!(code, 0);
    assert!(diff.contains("-  a: {kind: cdn} # mine\n+  a: {kind: cdn, note: x y} # mine\n"), "{diff}");
    assert_eq!(text(&real), "components:\n  a: {kind: cdn} # mine\n");
    let (code, said, _) = run(&["graph", "set", "a", "note=x y", "--graph", graph]);
    assert_eq!((code, said.as_str()), (0, "a: note is x y\n"));
    assert_eq!(text(&real), "components:\n  a: {kind: cdn, note: x y} # mine\n");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 2);
}

#[test]
fn several_files_change_together() {
    let (_scratch, dir) = scratch();
    fs::write(dir.join("a.yaml"), "components:\n  okta: {kind: identity-provider}\n").unwrap();
    fs::write(dir.join("b.yaml"), "components:\n  shop: {kind: service, depends_on: [okta]}\n").unwrap();
    let graph = dir.to_str().unwrap();
    let (code, said, told) = run(&["graph", "rename", "okta", "auth0", "--graph", graph]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(said, "okta is now auth0\n1 places that name it follow\n");
    assert_eq!(text(&dir.join("a.yaml")), "components:\n  auth0: {kind: identity-provider}\n");
    assert_eq!(text(&dir.join("b.yaml")), "components:\n  shop: {kind: service, depends_on: [auth0]}\n");
    let (code, _, told) = run(&["graph", "add", "desk", "kind=service", "--graph", graph]);
    assert_eq!(code, 2, "{told}");
    let new = dir.join("desk.yaml");
    let (code, _, told) =
        run(&["graph", "add", "desk", "kind=service", "--graph", graph, "--file", new.to_str().unwrap()]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(text(&new), "components:\n  desk:\n    kind: service\n");
    let (code, _, told) = run(&["graph", "add", "desk", "--any-of", "auth0,shop", "for=all", "--graph", graph]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("unknown-capability") && told.contains("desk.yaml (changed)"), "{told}");
    assert_eq!(text(&new), "components:\n  desk:\n    kind: service\n");
    let (code, _, told) = run(&["graph", "remove", "auth0", "--graph", graph]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("error[still-needed]") && told.contains("b.yaml:2:"), "{told}");
}

#[test]
fn the_layout_can_be_checked() {
    let (_scratch, dir) = scratch();
    let file = dir.join("g.yaml");
    fs::write(&file, "components:\n    a:   {kind: cdn}   \n").unwrap();
    let (code, diff, _) = run(&["graph", "fmt", file.to_str().unwrap(), "--check"]);
    assert_eq!(code, 1);
    assert!(diff.contains("+  a: {kind: cdn}\n"), "{diff}");
    let (code, _, _) = run(&["graph", "fmt", file.to_str().unwrap()]);
    assert_eq!(code, 0);
    assert_eq!(text(&file), "components:\n  a: {kind: cdn}\n");
    assert_eq!(run(&["graph", "fmt", file.to_str().unwrap(), "--check"]), (0, String::new(), String::new()));
    assert_eq!(run(&["graph", "fmt", "graphs", "--check"]).0, 0);
    fs::write(&file, "components: [\n").unwrap();
    assert_eq!(run(&["graph", "fmt", file.to_str().unwrap()]).0, 1);
}

#[test]
fn edits_at_the_same_time_all_happen() {
    let (_scratch, dir) = scratch();
    let file = dir.join("g.yaml");
    let all: String = (0..8).map(|i| format!("  c{i}: {{kind: cdn}}\n")).collect();
    fs::write(&file, format!("components:\n{all}")).unwrap();
    let graph = file.to_str().unwrap();
    std::thread::scope(|scope| {
        for i in 0..8 {
            scope.spawn(move || {
                let (code, said, told) = run(&["graph", "set", &format!("c{i}"), "note=mine", "--graph", graph]);
                assert_eq!((code, said), (0, format!("c{i}: note is mine\n")), "{told}");
            });
        }
    });
    assert_eq!(text(&file), format!("components:\n{}", all.replace("cdn}", "cdn, note: mine}")));
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
}

#[test]
fn files_that_are_no_graph_keep_their_form() {
    let (_scratch, dir) = scratch();
    let compose = "services:\n    web:   {image: x}\n";
    fs::write(dir.join("compose.yaml"), compose).unwrap();
    fs::write(dir.join("g.yaml"), "components:\n    a:   {kind: cdn}\n").unwrap();
    assert_eq!(run(&["graph", "fmt", dir.to_str().unwrap()]).0, 0);
    assert_eq!(text(&dir.join("compose.yaml")), compose);
    assert_eq!(text(&dir.join("g.yaml")), "components:\n  a: {kind: cdn}\n");
}

#[test]
fn files_of_other_tools_are_left_alone_by_every_edit() {
    let (_scratch, dir) = scratch();
    let entity = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: web}\nspec: {type: service}\n";
    let foreign = [
        ("catalog-info.yaml", entity.to_string(), "another tool"),
        ("compose.yaml", "services:\n  web: {image: nginx}\n".to_string(), "another tool"),
        ("two.yaml", format!("{entity}---\n{entity}"), "several documents"),
    ];
    let compose = dir.join("from.yml");
    fs::write(&compose, "services:\n  shop: {image: nginx, depends_on: [db]}\n  db: {image: postgres}\n").unwrap();
    for (name, before, reason) in foreign {
        let folder = dir.join(name.trim_end_matches(".yaml"));
        fs::create_dir(&folder).unwrap();
        let file = folder.join(name);
        fs::write(&file, &before).unwrap();
        let (file_name, graph) = (file.display().to_string(), folder.display().to_string());
        let edits: [&[&str]; 4] = [
            &["graph", "add", "x", "kind=cdn", "--graph", &graph, "--file", &file_name],
            &["graph", "add", "x", "kind=cdn", "--graph", &file_name],
            &["graph", "import", "compose", compose.to_str().unwrap(), "--into", &file_name],
            &["graph", "import", "compose", compose.to_str().unwrap(), "--into", &file_name, "--dry-run"],
        ];
        for args in edits {
            let (code, said, told) = run(args);
            assert_eq!((code, said.as_str()), (1, ""), "{args:?}: {told}");
            assert!(told.contains("error[unsafe-edit]") && told.contains(reason), "{told}");
            assert_eq!(text(&file), before);
        }
        assert_eq!(run(&["graph", "fmt", &graph, "--check"]).0, 0);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }
}
