//! Editing graph files: only what was meant changes.

mod random;

use commoncause::graph::edit::fmt::formatted;
use commoncause::graph::edit::operations::{OldId, References, Which};
use commoncause::graph::edit::plain::Plain;
use commoncause::graph::edit::{Edited, Files, Plan, Refused};
use std::path::Path;

type Planned = Result<Plan, Box<Refused>>;

fn files(texts: &[(&str, &str)]) -> Files {
    Files::read(texts.iter().map(|(n, t)| (n.to_string(), t.to_string())).collect()).unwrap()
}

fn fields(list: &[&str]) -> Vec<(String, String)> {
    let pair = |text: &&str| text.split_once('=').map(|(k, v)| (k.to_string(), v.to_string())).unwrap();
    list.iter().map(pair).collect()
}

fn on(names: &[&str]) -> Which {
    Which { needs: names.iter().map(|n| n.to_string()).collect(), scope: None }
}

fn one(name: &str) -> Plain {
    Plain::map([("component", Plain::from_text(name))])
}

/// The text after an edit of a single file.
fn edited(text: &str, plan: impl Fn(&Files) -> Planned) -> Result<String, Vec<&'static str>> {
    let files = files(&[("g.yaml", text)]);
    let result = plan(&files).and_then(|plan| files.carry_out(plan));
    match result {
        Ok(edited) => Ok(edited.files.into_iter().next().map_or(text.to_string(), |f| f.after)),
        Err(refused) => Err(refused.problems.iter().map(|p| p.code.id).collect()),
    }
}

#[track_caller]
fn becomes(text: &str, plan: impl Fn(&Files) -> Planned, want: &str) {
    assert_eq!(edited(text, plan).as_deref(), Ok(want));
}

#[track_caller]
fn is_refused(text: &str, plan: impl Fn(&Files) -> Planned, code: &str) {
    let found = edited(text, plan).expect_err(text);
    assert!(found.contains(&code), "{found:?} {text}");
}

/// Comments everywhere, quotes, a key of the user's own, lists and mappings in both manners.
const TRICKY: &str = "\
# Our graph.   Two blanks after the point stay.

components:   # all of them
  # the shop
  \"shop\":   # front
    kind: service # what people see
    x-team: [web,  'core']   # ours
    # what it needs
    depends_on:
    - okta   # sign-in
    -   component: 'fastly'
        for:    content   # pictures
        # sure?
        impact: soft
      # between

    - {any_of: [ aws , azure ], for: [login] }  # two clouds
    # after the list
    capabilities: [content,login]

  okta: {kind: identity-provider, # says who you are
    aliases: [ 'Okta Inc' ]}
  fastly: {kind: cdn}
  aws: {kind: cloud}
  azure:
    kind: cloud
    note: |
      Two lines,
      # no comment
# the end
";

#[test]
fn values_change_where_they_stand() {
    let set = |id: &'static str, list: &'static [&str]| move |f: &Files| f.set_component(id, &fields(list));
    becomes(TRICKY, set("shop", &["kind=platform"]), &TRICKY.replace("kind: service #", "kind: platform #"));
    becomes(
        TRICKY,
        set("shop", &["title=The: shop"]),
        &TRICKY.replace("what people see\n", "what people see\n    title: \"The: shop\"\n"),
    );
    becomes(
        TRICKY,
        set("okta", &["audience=1e6"]),
        &TRICKY.replace("identity-provider, #", "identity-provider, audience: 1e6, #"),
    );
    becomes(
        TRICKY,
        set("okta", &["aliases=[Okta Inc, okta.com]"]),
        &TRICKY.replace("'Okta Inc' ]", "'Okta Inc', okta.com ]"),
    );
    becomes(
        TRICKY,
        set("fastly", &["regions=global"]),
        &TRICKY.replace("fastly: {kind: cdn}", "fastly: {kind: cdn, regions: [global]}"),
    );
    becomes(
        TRICKY,
        set("azure", &["note=One line", "audience=5"]),
        &TRICKY.replace("    note: |\n      Two lines,\n      # no comment\n", "    note: One line\n    audience: 5\n"),
    );
    becomes(
        TRICKY,
        set("azure", &["note="]),
        &TRICKY.replace("    note: |\n      Two lines,\n      # no comment\n", ""),
    );
    becomes(
        TRICKY,
        set("azure", &["recognise.ns=*.azure-dns.com"]),
        &TRICKY.replace("      # no comment\n", "      # no comment\n    recognise: {ns: [\"*.azure-dns.com\"]}\n"),
    );
    becomes(TRICKY, set("shop", &["x-team=7"]), &TRICKY.replace("[web,  'core']", "7"));
}

#[test]
fn dependencies_change_where_they_stand() {
    let set = |to: &'static [&'static str], list: &'static [&str]| {
        move |f: &Files| f.set_dependency("shop", &on(to), &fields(list))
    };
    becomes(
        TRICKY,
        set(&["fastly"], &["impact=hard", "verified=2026-11-25"]),
        &TRICKY.replace("        impact: soft\n", "        impact: hard\n        verified: 2026-11-25\n"),
    );
    becomes(TRICKY, set(&["okta"], &["for=login"]), &TRICKY.replace("- okta ", "- {component: okta, for: [login]} "));
    becomes(
        TRICKY,
        set(&["aws", "azure"], &["confidence=0.5"]),
        &TRICKY.replace("for: [login] }", "for: [login], confidence: 0.5 }"),
    );
    becomes(TRICKY, |f| f.remove_dependency("shop", &on(&["okta"])), &TRICKY.replace("    - okta   # sign-in\n", ""));
    becomes(
        TRICKY,
        |f| f.remove_dependency("shop", &on(&["fastly"])),
        &TRICKY.replace("    -   component: 'fastly'\n        for:    content   # pictures\n        # sure?\n        impact: soft\n      # between\n", ""),
    );
    becomes(
        TRICKY,
        |f| f.add_dependency("shop", one("azure"), &fields(&["for=login"])),
        &TRICKY.replace("  # two clouds\n", "  # two clouds\n    - {component: azure, for: [login]}\n"),
    );
    becomes(
        TRICKY,
        |f| f.add_dependency("fastly", one("aws"), &[]),
        &TRICKY.replace("{kind: cdn}", "{kind: cdn, depends_on: [{component: aws}]}"),
    );
    becomes(
        TRICKY,
        |f| f.add_dependency("azure", one("aws"), &[]),
        &TRICKY.replace("# no comment\n", "# no comment\n    depends_on:\n      - {component: aws}\n"),
    );
}

#[test]
fn components_come_and_go_with_what_names_them() {
    let added = TRICKY.replace("# the end\n", "  gcp:\n    kind: cloud\n    title: Google Cloud\n# the end\n");
    becomes(TRICKY, |f| f.add_component("gcp", &fields(&["title=Google Cloud", "kind=cloud"]), "g.yaml"), &added);
    becomes(
        TRICKY,
        |f| f.remove_component("okta", References::Remove),
        &TRICKY
            .replace("    - okta   # sign-in\n", "")
            .replace("  okta: {kind: identity-provider, # says who you are\n    aliases: [ 'Okta Inc' ]}\n", ""),
    );
    becomes(
        TRICKY,
        |f| f.remove_component("azure", References::Remove),
        &TRICKY
            .replace("any_of: [ aws , azure ], for: [login] }", "component: aws, for: [login] }")
            .replace("  azure:\n    kind: cloud\n    note: |\n      Two lines,\n      # no comment\n", ""),
    );
    is_refused(TRICKY, |f| f.remove_component("aws", References::Keep), "still-needed");
    // The last dependency takes the list with it, and an entry that is nothing without it.
    let small = "components:\n  a: {kind: cdn}\n  b:\n    kind: service\n    depends_on: [a]\n";
    becomes(
        small,
        |f| f.remove_dependency("b", &on(&["a"])),
        "components:\n  a: {kind: cdn}\n  b:\n    kind: service\n",
    );
    let only = files(&[
        ("one.yaml", small),
        ("two.yaml", "components:\n  a:\n    depends_on:\n      - c # why\n  c: {kind: dns}\n"),
    ]);
    let gone = only.carry_out(only.remove_component("c", References::Remove).unwrap()).unwrap();
    assert_eq!(gone.files[0].after, "components: {}\n");
}

#[test]
fn a_new_id_is_followed_everywhere() {
    let first = "components:\n  shop: {kind: service, depends_on: [okta]}\n  'okta': # old\n    kind: identity-provider\n  part: {kind: service, part_of: \"okta\"}\n";
    let second = "components:\n  okta:\n    depends_on:\n      - any_of: [{component: aws}, azure]\n  aws: {kind: cloud}\n  azure: {kind: cloud}\n  desk:\n    kind: service\n    depends_on:\n      - {at_least: 1, of: [okta, {component: okta, capability: login}], note: okta stays in notes}\n";
    let both = files(&[("1.yaml", first), ("2.yaml", second)]);
    let plan = both.rename("okta", "auth0", OldId::KeepAsAlias).unwrap();
    let Edited { files: now, said } = both.carry_out(plan).unwrap();
    assert_eq!(said, ["okta is now auth0", "4 places that name it follow"]);
    let want = first
        .replace("[okta]", "[auth0]")
        .replace("'okta'", "auth0")
        .replace("\"okta\"", "auth0")
        .replace("identity-provider\n", "identity-provider\n    aliases: [okta]\n");
    assert_eq!(now[0].after, want);
    assert_eq!(
        now[1].after,
        second.replace("  okta:\n", "  auth0:\n").replace("[okta, {component: okta,", "[auth0, {component: auth0,")
    );
    is_refused(TRICKY, |f| f.rename("okta", "aws", OldId::Forget), "already-there");
    is_refused(TRICKY, |f| f.rename("okta", "Ok Ta", OldId::Forget), "bad-id");
}

#[test]
fn every_manner_of_writing_is_kept() {
    let add = |f: &Files| f.add_component("b", &fields(&["kind=dns"]), "g.yaml");
    let list = [
        ("", "components:\n  b:\n    kind: dns\n"),
        ("# nothing yet", "# nothing yet\ncomponents:\n  b:\n    kind: dns\n"),
        ("components:\n", "components:\n  b:\n    kind: dns\n"),
        ("components: # none\n", "components:\n  b:\n    kind: dns # none\n"),
        ("components: {} # none\n", "components: {b: {kind: dns}} # none\n"),
        ("components: {}\n", "components:\n  b:\n    kind: dns\n"),
        ("components: {a: {kind: cdn}}", "components: {a: {kind: cdn}, b: {kind: dns}}"),
        ("components:\n    a: {kind: cdn}", "components:\n    a: {kind: cdn}\n    b:\n      kind: dns"),
        ("components:\r\n  a: {kind: cdn}\r\n", "components:\r\n  a: {kind: cdn}\r\n  b:\r\n    kind: dns\r\n"),
        ("\u{feff}components:\n  a: {kind: cdn}\n", "\u{feff}components:\n  a: {kind: cdn}\n  b:\n    kind: dns\n"),
        (
            "components:\n  a:\n    kind: cdn\n\n  c:\n    kind: cdn\n",
            "components:\n  a:\n    kind: cdn\n\n  c:\n    kind: cdn\n\n  b:\n    kind: dns\n",
        ),
        (
            "components:\n  a: {kind: cdn}\n    # about a\n# end\n",
            "components:\n  a: {kind: cdn}\n    # about a\n  b:\n    kind: dns\n# end\n",
        ),
        (
            "components:\n  é: {kind: cdn}\nkinds: {}\n",
            "components:\n  é: {kind: cdn}\n  b:\n    kind: dns\nkinds: {}\n",
        ),
        ("kinds: {}\n", "components:\n  b:\n    kind: dns\nkinds: {}\n"),
        ("---\ncomponents:\n  a: {kind: cdn}\n...\n", "---\ncomponents:\n  a: {kind: cdn}\n  b:\n    kind: dns\n...\n"),
    ];
    for (text, want) in list {
        becomes(text, add, want);
    }
}

#[test]
fn what_cannot_be_done_safely_is_not_done() {
    let anchored = "components:\n  a: &a\n    kind: cdn\n    note: x\n  b: *a\n  c: {<<: *a, note: y}\n";
    let set = |id: &'static str| move |f: &Files| f.set_component(id, &fields(&["note=z"]));
    is_refused(anchored, set("b"), "unsafe-edit");
    // What is anchored is used elsewhere, too.
    is_refused(anchored, set("a"), "unsafe-edit");
    becomes(anchored, set("c"), &anchored.replace("note: y", "note: z"));
    is_refused(TRICKY, |f| f.set_component("okta", &fields(&["kind=nonsense"])), "unknown-kind");
    is_refused(TRICKY, |f| f.set_component("okta", &fields(&["colour=red"])), "unknown-key");
    is_refused(TRICKY, |f| f.set_component("okta", &fields(&["audience=many"])), "wrong-type");
    is_refused(TRICKY, |f| f.set_component("nobody", &fields(&["note=x"])), "nothing-to-edit");
    is_refused(TRICKY, |f| f.set_component("okta", &fields(&["note="])), "nothing-to-edit");
    is_refused(TRICKY, |f| f.add_component("okta inc", &fields(&["kind=cdn"]), "g.yaml"), "already-there");
    is_refused(
        TRICKY,
        |f| {
            f.add_component("new", &fields(&["kind=cdn"]), "g.yaml")
                .map(|mut p| {
                    p.changes.clear();
                    p
                })
                .and_then(|_| f.add_component("B A D", &fields(&["kind=cdn"]), "g.yaml"))
        },
        "bad-id",
    );
    is_refused(TRICKY, |f| f.add_dependency("shop", one("okta"), &[]), "already-there");
    is_refused(TRICKY, |f| f.add_dependency("shop", one("oktaa"), &[]), "unknown-component");
    is_refused(TRICKY, |f| f.remove_dependency("shop", &on(&["aws"])), "nothing-to-edit");
    let twice = "components:\n  a: {kind: cdn}\n  b: {kind: service, capabilities: [x, y], depends_on: [{component: a, for: x}, {component: a, for: y}]}\n";
    is_refused(twice, |f| f.set_dependency("b", &on(&["a"]), &fields(&["impact=soft"])), "nothing-to-edit");
    let narrow =
        |f: &Files| f.set_dependency("b", &Which { scope: Some("y".into()), ..on(&["a"]) }, &fields(&["impact=soft"]));
    becomes(twice, narrow, &twice.replace("for: y}", "for: y, impact: soft}"));
    // Errors that were there before are no obstacle.
    let broken = "components:\n  a: {kind: cdnn}\n  b: {kind: cdn}\n";
    becomes(broken, |f| f.set_component("a", &fields(&["kind=cdn"])), &broken.replace("cdnn", "cdn"));
    becomes(
        broken,
        |f| f.set_component("b", &fields(&["note=later"])),
        &broken.replace("kind: cdn}", "kind: cdn, note: later}"),
    );
    for text in ["a: [", "components:\n\ta: b\n", "\u{0}"] {
        assert!(Files::read(vec![("g.yaml".into(), text.into())]).is_err(), "{text:?}");
    }
}

#[test]
fn what_other_tools_own_is_left_to_them() {
    let catalog = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: web}\nspec: {dependsOn: [\"component:okta\"]}\n---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: db}\n";
    let ours = "components:\n  okta: {kind: identity-provider}\n  shop: {kind: service, depends_on: [web]}\n";
    let both = files(&[("catalog-info.yaml", catalog), ("ours.yaml", ours)]);
    let plan = both.set_component("okta", &fields(&["note=seen"])).unwrap();
    let edited = both.carry_out(plan).unwrap();
    assert_eq!(edited.files.len(), 1);
    assert_eq!(edited.files[0].after, ours.replace("provider}", "provider, note: seen}"));
    let refused = both.set_component("db", &fields(&["note=seen"])).unwrap_err();
    assert!(refused.problems[0].help.as_ref().unwrap().contains("another tool"), "{refused:?}");
}

/// Files that are no graph files, with a word of the reason for which they stay as they are.
const FOREIGN: [(&str, &str); 7] = [
    ("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: web}\n", "another tool"),
    ("services:\n  web: {image: nginx}\n", "another tool"),
    ("openapi: 3.1.0\ncomponents: {schemas: {}}\n", "another tool"),
    ("- a\n- b\n", "another tool"),
    ("only words\n", "another tool"),
    ("components:\n  b: {kind: cdn}\n---\ncomponents:\n  c: {kind: cdn}\n", "several documents"),
    ("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: web}\n---\na: b\n", "several documents"),
];

#[test]
fn only_graph_files_are_changed() {
    for (text, reason) in FOREIGN {
        let both = files(&[("foreign.yaml", text), ("ours.yaml", "components:\n  a: {kind: cdn}\n")]);
        assert_eq!(both.own().map(|(name, _)| name).collect::<Vec<_>>(), ["ours.yaml"]);
        let plan = both.add_component("new", &fields(&["kind=cdn"]), "foreign.yaml").unwrap();
        let refused = both.carry_out(plan).unwrap_err();
        let [problem] = refused.problems.as_slice() else { panic!("{refused:?}") };
        assert!(problem.code.id == "unsafe-edit" && problem.message.contains(reason), "{problem:?}");
        let plan = both.add_component("new", &fields(&["kind=cdn"]), "ours.yaml").unwrap();
        assert_eq!(both.carry_out(plan).unwrap().files.len(), 1, "{text}");
    }
    // What says nothing yet can become a graph.
    for text in ["", "# mine\n", "---\n", "\u{feff}", "x-team: web\n", "components:\n"] {
        let one = files(&[("g.yaml", text)]);
        assert_eq!(one.own().count(), 1, "{text:?}");
        let plan = one.add_component("new", &fields(&["kind=cdn"]), "g.yaml").unwrap();
        let now = one.carry_out(plan).unwrap();
        assert!(now.files[0].after.contains("  new:\n    kind: cdn\n"), "{now:?}");
    }
}

#[test]
fn the_usual_layout_is_that_of_every_graph_here_and_is_found_again() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("graphs")];
    paths.extend(crate::corpus().iter().map(|f| f.join("graph.yaml")));
    for (name, text) in commoncause::graph::texts(&paths).0 {
        assert_eq!(formatted(&text), text, "{name}");
        // More indented below the first level, blanks at ends, too many blank lines, no break at the end.
        let wide: String =
            text.lines().map(|l| format!("{}{l}   \n", if l.starts_with(' ') { "   " } else { "" })).collect();
        let wide = format!("\n\n{}", wide.trim_end());
        if !text.contains(": |") && !text.contains(": >") {
            assert_eq!(formatted(&wide), text, "{name}");
        }
    }
}

#[test]
fn the_usual_layout_keeps_what_authors_chose() {
    let want = TRICKY
        .replace("    - okta", "      - okta")
        .replace("    -   component: 'fastly'\n        for:    content   # pictures\n        # sure?\n        impact: soft\n      # between\n", "      - component: 'fastly'\n        for: content   # pictures\n        # sure?\n        impact: soft\n        # between\n")
        .replace("    - {any_of", "      - {any_of");
    assert_eq!(formatted(TRICKY), want);
    assert_eq!(formatted(&want), want);
    for text in ["", "# only\n", "a: &x {b: c}\nd: *x\n", "a: [\n", "--- 1\n--- 2\n", "note: |2\n    x\n\n\n  y\n"] {
        assert_eq!(formatted(text), text);
    }
}
