//! Random edits: of the graphs of the project, and of texts of all sorts.

use super::{Planned, fields, one};
use commoncause::graph::diff::{Change, ComponentDiff, diff};
use commoncause::graph::edit::Files;
use commoncause::graph::edit::fmt::formatted;
use commoncause::graph::edit::operations::{OldId, References, Which};
use commoncause::graph::{Component, DependencyGraph};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseResult, TestRunner};
use std::path::{Path, PathBuf};

/// A graph of the project: its files as texts, as a graph, and ready to be edited.
struct Project {
    texts: Vec<(String, String)>,
    graph: DependencyGraph,
    files: Files,
}

/// The graph of each incident, and the catalog as the last.
fn projects() -> &'static Vec<Project> {
    static ALL: std::sync::OnceLock<Vec<Project>> = std::sync::OnceLock::new();
    ALL.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths: Vec<PathBuf> = crate::corpus().iter().map(|f| f.join("graph.yaml")).collect();
        paths.push(root.join("graphs"));
        let read = |path: PathBuf| {
            let texts = commoncause::graph::texts(&[path]).0;
            Project { graph: graph(&texts), files: Files::read(texts.clone()).unwrap(), texts }
        };
        paths.into_iter().map(read).collect()
    })
}

/// Of 31 edits, 8 are of the catalog.
fn project(which: prop::sample::Index) -> &'static Project {
    let all = projects();
    &all[which.index(all.len() + 7).min(all.len() - 1)]
}

fn graph(texts: &[(String, String)]) -> DependencyGraph {
    let pairs: Vec<(&str, &str)> = texts.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    commoncause::graph::load_texts(&pairs, &mut Default::default(), None).0.unwrap()
}

fn comments(text: &str) -> Vec<String> {
    // The graphs of the project have no `#` in texts but those of addresses, which no blank precedes.
    let comment =
        |line: &str| line.find('#').filter(|&i| i == 0 || line[..i].ends_with(' ')).map(|i| line[i..].to_string());
    text.lines().filter_map(comment).collect()
}

/// Lines taken away and added, in order.
fn lines(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let diff = similar::TextDiff::from_lines(before, after);
    let of = |tag| diff.iter_all_changes().filter(|c| c.tag() == tag).map(|c| c.value().to_string()).collect();
    (of(similar::ChangeTag::Delete), of(similar::ChangeTag::Insert))
}

/// One random edit of a graph of the project.
#[derive(Debug, Clone)]
struct Wish {
    which: prop::sample::Index,
    at: prop::sample::Index,
    other: prop::sample::Index,
    kind: usize,
}

/// Kinds of wishes.
const WISHES: usize = 6;
/// Random edits that are tried.
const WISHED: u32 = 48;
/// An id that no graph here has.
const NEW: &str = "quite-new/id";

/// The components that name `id`.
fn namers<'g>(graph: &'g DependencyGraph, id: &str) -> Vec<&'g str> {
    let ix = graph.find(id);
    let names = |c: &&Component| {
        let needs = c.depends_on.iter().flat_map(|d| d.need.members()).any(|m| Some(m.component) == ix);
        needs || c.part_of == ix
    };
    graph.components().iter().filter(names).map(|c| c.id.as_str()).collect()
}

/// The plan for a wish, and the component that it is about; `None` if there is nothing of the sort to wish for.
fn wished(wish: &Wish, files: &Files, before: &DependencyGraph, first: &str) -> Option<(String, Planned)> {
    let all = before.components();
    let needy: Vec<&Component> = all.iter().filter(|c| !c.depends_on.is_empty()).collect();
    if wish.kind == 5 && needy.is_empty() {
        return None;
    }
    let component = if wish.kind == 5 { *wish.at.get(&needy) } else { wish.at.get(all) };
    let id = component.id.as_str();
    let plan = match wish.kind {
        0 => files.set_component(id, &fields(&["note=A new: remark", "x-seen=[1, {a: b}]"])),
        1 => {
            let to = &wish.other.get(all).id;
            files.add_dependency(id, one(to), &fields(&["confidence=0.25", "source=general knowledge"]))
        }
        2 => files.rename(id, NEW, OldId::Forget),
        3 => files.remove_component(id, References::Remove),
        4 => files.add_component(NEW, &fields(&["kind=service", "aliases=Quite New,never heard"]), first),
        _ => {
            let dependency = wish.other.get(&component.depends_on);
            let members = dependency.need.members();
            let needs = members.iter().map(|m| before.component(m.component).id.clone()).collect();
            files.remove_dependency(id, &Which { needs, scope: None })
        }
    };
    Some((id.to_string(), plan))
}

/// Lines and comments that a wish of this kind may take away or bring.
fn only_meant_lines(kind: usize, id: &str, old: &str, new: &str) -> TestCaseResult {
    let (gone, come) = lines(old, new);
    match kind {
        0 | 1 | 4 => {
            // What was one line may be one with more in it.
            for line in &gone {
                let kept = line.trim_end().trim_end_matches(['}', ']']);
                prop_assert!(come.iter().any(|n| n.starts_with(kept)) || line.contains("note:"), "{line}");
            }
        }
        2 => {
            prop_assert_eq!(gone.len(), come.len());
            for (old, new) in gone.iter().zip(&come) {
                prop_assert_eq!(&new.replace(NEW, id), old);
            }
        }
        _ => prop_assert!(come.iter().all(|n| gone.iter().any(|g| g.len() > n.len())), "{come:?}"),
    }
    prop_assert!(comments(old).len() == comments(new).len() || kind == 3, "comments are lost");
    Ok(())
}

/// What a wish of this kind may change in what a graph says.
fn only_meant_facts(kind: usize, id: &str, before: &DependencyGraph, after: &DependencyGraph) -> TestCaseResult {
    let change = diff(before, after);
    let touched: Vec<&str> = change.components.iter().map(|c| c.component.as_str()).collect();
    let named = namers(before, id);
    match kind {
        0 | 1 | 5 => prop_assert_eq!(touched, [id]),
        2 => {
            prop_assert!(after.find(id).is_none() && after.find(NEW).is_some());
            prop_assert_eq!(
                namers(after, NEW),
                named.iter().map(|n| if *n == id { NEW } else { n }).collect::<Vec<_>>()
            );
            prop_assert_eq!(before.components().len(), after.components().len());
            if change.renamed.is_empty() {
                // Another of the same content: the difference cannot tell that it is the same thing.
                prop_assert!(touched.iter().all(|t| [id, NEW].contains(t) || named.contains(t)), "{touched:?}");
            } else {
                prop_assert!(change.renamed.len() == 1 && touched.is_empty(), "{change:?}");
            }
        }
        3 => {
            let vanished = |c: &ComponentDiff| c.component == id && c.change == Change::Vanished;
            prop_assert!(change.components.iter().any(vanished));
            prop_assert!(touched.iter().all(|t| *t == id || named.contains(t)), "{id}: {touched:?}");
            prop_assert!(named.iter().all(|n| touched.contains(n)), "{id}: {named:?}");
        }
        _ => prop_assert_eq!(touched, [NEW]),
    }
    Ok(())
}

/// Does what is wished; true if it was done, and not refused.
fn carried_out(wish: &Wish) -> Result<bool, TestCaseError> {
    let Project { texts, graph: before, files } = project(wish.which);
    let Some((id, plan)) = wished(wish, files, before, &texts[0].0) else { return Ok(false) };
    let edited = match plan.and_then(|plan| files.carry_out(plan)) {
        Ok(edited) => edited,
        Err(refused) => {
            // A dependency that is there already, or on itself; one of several; what is too few without the component.
            let codes: Vec<&str> = refused.problems.iter().map(|p| p.code.id).collect();
            let may: &[&str] = match wish.kind {
                1 => &["already-there", "self-dependency"],
                3 => &["unsatisfiable-group"],
                5 => &["nothing-to-edit"],
                _ => &[],
            };
            prop_assert!(codes.iter().all(|c| may.contains(c)), "{} {id}: {codes:?}", wish.kind);
            return Ok(false);
        }
    };
    let mut after: Vec<(String, String)> = texts.clone();
    prop_assert!(!edited.files.is_empty());
    for f in &edited.files {
        only_meant_lines(wish.kind, &id, f.before.as_deref().unwrap(), &f.after)?;
        after.iter_mut().find(|(n, _)| *n == f.name).unwrap().1 = f.after.clone();
    }
    only_meant_facts(wish.kind, &id, before, &graph(&after))?;
    if wish.kind == 2 {
        let there = Files::read(after).unwrap();
        let back = there.carry_out(there.rename(NEW, &id, OldId::Forget).unwrap()).unwrap();
        for f in &back.files {
            let was = &texts.iter().find(|(n, _)| *n == f.name).unwrap().1;
            prop_assert_eq!(&f.after, was);
        }
        prop_assert_eq!(back.files.len(), edited.files.len());
    }
    Ok(true)
}

/// Random edits of the catalog and the corpus keep every comment and every line that is not meant, and mean exactly what
/// was asked.
#[test]
fn edits_of_real_graphs_touch_nothing_else() {
    let config = ProptestConfig { cases: WISHED, source_file: Some(file!()), ..ProptestConfig::default() };
    let (tried, done) = (std::cell::Cell::new([0; WISHES]), std::cell::Cell::new([0; WISHES]));
    let count = |cell: &std::cell::Cell<[u32; WISHES]>, kind: usize| {
        let mut counts = cell.get();
        counts[kind] += 1;
        cell.set(counts);
    };
    let index = any::<prop::sample::Index>;
    let wishes = (index(), index(), index(), 0..WISHES);
    let mut runner = TestRunner::new(config);
    let ran = runner.run(&wishes, |(which, at, other, kind)| {
        count(&tried, kind);
        if carried_out(&Wish { which, at, other, kind })? {
            count(&done, kind);
        }
        Ok(())
    });
    ran.unwrap_or_else(|e| panic!("{e}\n{runner}"));
    let (tried, done) = (tried.get(), done.get());
    // Most were real edits, and some of each kind: a test of refusals would prove nothing here.
    assert!(done.iter().sum::<u32>() * 10 >= tried.iter().sum::<u32>() * 8, "{done:?} of {tried:?}");
    assert!(done.iter().all(|n| *n > 0), "{done:?} of {tried:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Texts of all sorts: no panic, and what is accepted is what was asked.
    #[test]
    fn no_text_and_no_wish_panics(text in "(components:|[ \\-#:,{}\\[\\]&*!|>'\"\na-c]|  a: |kind: cdn|\r\n){0,20}", value in "\\PC{0,6}") {
        let Ok(files) = Files::read(vec![("g.yaml".into(), text.clone())]) else { return Ok(()) };
        let wishes = [
            files.add_component("z", &[("note".into(), value.clone()), ("kind".into(), "cdn".into())], "g.yaml"),
            files.set_component("a", &[("note".into(), value.clone())]),
            files.add_dependency("a", one("z"), &[("note".into(), value.clone())]),
            files.remove_component("a", References::Remove),
            files.rename("a", "z", OldId::KeepAsAlias),
        ];
        for plan in wishes.into_iter().flatten() {
            let _ = files.carry_out(plan);
        }
        let once = formatted(&text);
        prop_assert_eq!(formatted(&once), once);
    }
}
