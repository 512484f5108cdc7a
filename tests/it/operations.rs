//! The pages for operators: what they show is what there is, and is accepted.

use crate::{docs, folder, run};
use commoncause::collect::config::{self, Config};
use commoncause::collect::read::{FORMATS, recognise};
use commoncause::diag::Sources;
use commoncause::graph;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The code block after each comment `<!-- NAME -->` of the page.
fn named_blocks() -> BTreeMap<String, String> {
    let page = text("docs/operations.md");
    let parts = page.split("<!-- ").skip(1);
    let block = |part: &str| {
        let (name, rest) = part.split_once(" -->\n```").unwrap();
        let (_, body) = rest.split_once('\n').unwrap();
        (name.to_string(), format!("{}\n", body.split("\n```").next().unwrap()))
    };
    parts.map(block).collect()
}

#[test]
fn the_page_shows_its_files_as_they_are() {
    let blocks = named_blocks();
    let mut files = 0;
    for entry in fs::read_dir(root().join("docs/operations")).unwrap() {
        let name = format!("operations/{}", entry.unwrap().file_name().to_str().unwrap());
        assert_eq!(blocks.get(&name), Some(&text(&format!("docs/{name}"))), "{name}");
        files += 1;
    }
    assert_eq!((files, blocks.len()), (4, 5), "{:?}", blocks.keys());
}

#[test]
fn the_example_is_accepted_with_its_secrets_and_only_with_them() {
    let check = |secrets: &[(&str, &str)]| {
        Command::new(env!("CARGO_BIN_EXE_commoncause"))
            .args(["collect", "--check", "docs/operations/sources.yaml"])
            .current_dir(root())
            .env_remove("SLACK_URL")
            .env_remove("PAGERDUTY_KEY")
            .envs(secrets.iter().copied())
            .output()
            .unwrap()
    };
    let output = check(&[("SLACK_URL", "https://hooks.example.com/x"), ("PAGERDUTY_KEY", "x")]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("7 sources, no problems"), "{output:?}");
    let output = check(&[]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), told.matches("error[unset-variable]").count()), (Some(1), 2), "{told}");
    let (code, said, told) = run(&["graph", "check", "graphs", "docs/operations/own.yaml", "--no-hints"]);
    assert!(code == 0 && format!("{said}{told}").contains("no problems"), "{said}{told}");
}

/// Lines of a unit as (section, key, value).
fn settings(unit: &str) -> Vec<(String, String, String)> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in unit.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        match line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            Some(name) => section = name.to_string(),
            None => {
                let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
                found.push((section.clone(), key.to_string(), value.to_string()));
            }
        }
    }
    found
}

#[test]
fn the_unit_is_one() {
    let unit = text("docs/operations/commoncause.service");
    let settings = settings(&unit);
    let of = |key: &str| settings.iter().find(|(_, k, _)| k == key).map(|(_, _, v)| v.as_str());
    for (key, value) in [
        ("DynamicUser", "yes"),
        ("ProtectSystem", "strict"),
        ("NoNewPrivileges", "yes"),
        ("Restart", "on-failure"),
        ("RestartPreventExitStatus", "1 2"),
        ("StateDirectory", "commoncause"),
        ("ExecReload", "/bin/kill -HUP $MAINPID"),
    ] {
        assert_eq!(of(key), Some(value), "{key}");
    }
    assert!(of("ExecStart").unwrap().contains("--data /var/lib/commoncause"));
    // Where there is one, the judge of units is asked.
    let scratch = tempfile::tempdir().unwrap();
    let drop_in = scratch.path().join("commoncause.service.d");
    fs::create_dir(&drop_in).unwrap();
    let here = |text: &str| text.replace("/usr/local/bin/commoncause", env!("CARGO_BIN_EXE_commoncause"));
    fs::write(drop_in.join("credentials.conf"), here(&named_blocks()["credentials"])).unwrap();
    let path = scratch.path().join("commoncause.service");
    fs::write(&path, here(&unit)).unwrap();
    match Command::new("systemd-analyze").arg("verify").arg(&path).output() {
        Ok(output) => assert!(output.status.success() && output.stderr.is_empty(), "{output:?}"),
        Err(e) => println!("skipped: the unit is not judged: {e}"),
    }
}

#[test]
fn the_image_gets_all_that_is_compiled_in_and_runs_as_nobody() {
    let file = text("docs/operations/Containerfile");
    let (build, image) = file.split_once("FROM scratch").unwrap();
    let copied: Vec<&str> = build
        .lines()
        .filter_map(|l| l.strip_prefix("COPY "))
        .flat_map(|l| l.split(' ').collect::<Vec<_>>().split_last().unwrap().1.to_vec())
        .collect();
    for part in &copied {
        assert!(root().join(part).exists(), "{part}");
    }
    let compiled_in = crate::files().into_iter().filter(|f| f.starts_with("src/") && f.ends_with(".rs"));
    for source in compiled_in {
        let folder = root().join(&source).parent().unwrap().to_path_buf();
        for part in text(&source).split("include_str!(\"").skip(1) {
            let path = folder.join(part.split('"').next().unwrap()).canonicalize().unwrap();
            let covered = copied.iter().any(|c| path.starts_with(root().join(c).canonicalize().unwrap()));
            assert!(covered, "{} is compiled in and not copied", path.display());
        }
    }
    for line in ["USER 65532:65532", "VOLUME /data", "STOPSIGNAL SIGTERM", "ENTRYPOINT [\"/commoncause\"]"] {
        assert!(image.lines().any(|l| l == line), "{line}");
    }
}

#[test]
fn messages_that_the_page_explains_are_those_of_the_program() {
    let sources = crate::files().into_iter().filter(|f| f.starts_with("src/") && f.ends_with(".rs"));
    let program: String = sources.map(|f| text(&f)).collect();
    let page = text("docs/operations.md");
    let (_, table) = page.split_once("## When something is wrong").unwrap();
    let mut seen = 0;
    for row in table.lines().filter(|l| l.starts_with("| `")) {
        let message = row.split('|').nth(1).unwrap();
        for quoted in message.split('`').skip(1).step_by(2) {
            let quoted = quoted.strip_prefix("unknown: ").unwrap_or(quoted);
            for piece in quoted.split('…').map(str::trim).filter(|p| !p.is_empty()) {
                assert!(program.contains(piece), "nothing says `{piece}`");
                seen += 1;
            }
        }
    }
    assert!(seen >= 12, "{seen}");
}

/// The sections of the page of feeds, by format.
fn sections() -> BTreeMap<String, String> {
    let page = text("docs/feeds.md");
    let parts = page.split("\n### `").skip(1);
    let section = |part: &str| {
        let (word, rest) = part.split_once("`\n").unwrap();
        (word.to_string(), rest.split("\n## ").next().unwrap().to_string())
    };
    parts.map(section).collect()
}

#[test]
fn every_format_has_its_section_and_every_section_its_format() {
    let sections = sections();
    let words: BTreeSet<&str> = FORMATS.iter().map(|(word, _)| *word).collect();
    assert_eq!(sections.keys().map(String::as_str).collect::<BTreeSet<_>>(), words);
    for (word, section) in &sections {
        for part in ["- **Ask**", "- **Becomes**", "- **Mind**"] {
            assert!(section.contains(part), "{word} lacks {part}");
        }
    }
}

#[test]
fn what_is_said_to_be_recognised_is() {
    let mut found = BTreeSet::new();
    for folder in fs::read_dir(folder("feeds")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
        for file in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()) {
            found.extend(recognise("host.example", "/", &fs::read(file).unwrap()));
        }
    }
    for (word, section) in sections() {
        let format = FORMATS.iter().find(|(known, _)| *known == word).unwrap().1;
        let says = section.contains("Recognised by itself.");
        assert_eq!(says, found.contains(&format), "{word}");
        assert_eq!(!says, section.contains(&format!("Say `format: {word}`.")), "{word}");
    }
}

/// Reads an example, with what a whole configuration also has.
fn example(block: &str) -> Config {
    let listen = if block.contains("listen:") { "" } else { "listen: 127.0.0.1:9095\n" };
    let whole = format!("contact: a@example.org\n{listen}{block}\n");
    let mut sources = Sources::default();
    let file = sources.add("example", whole.as_str());
    let (config, problems) = config::read(file, &whole, &|_| Some("value".to_string()));
    assert_eq!(problems, [], "{block}");
    config.unwrap()
}

#[test]
fn every_example_of_a_feed_is_accepted_and_names_what_the_catalog_has() {
    let (catalog, _) = graph::load(&[root().join("graphs")], &mut Sources::default(), None);
    let catalog = catalog.unwrap();
    for (word, section) in sections() {
        let blocks = docs::blocks(&section, "yaml");
        assert_eq!(blocks.len(), 1, "{word}");
        let config = example(&blocks[0]);
        for source in &config.sources {
            let says = source.format.as_deref();
            let recognised = says.is_none() && section.contains("Recognised by itself.");
            assert!(recognised || says == Some(word.as_str()), "{word}: {says:?}");
        }
        for component in config.components().map(|c| c.text.as_str()).filter(|c| !c.starts_with("our-")) {
            assert!(catalog.find(component).is_some(), "{word}: the catalog has no `{component}`");
        }
    }
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    for page in ["docs/operations.md", "docs/feeds.md"] {
        for link in text(page).split("](").skip(1).map(|l| l.split(')').next().unwrap().to_string()) {
            let (path, anchor) = link.split_once('#').map_or((link.as_str(), ""), |(p, a)| (p, a));
            let target = if path.is_empty() { root().join(page) } else { root().join("docs").join(path) };
            assert!(target.exists(), "{page}: {link}");
            assert!(anchor.is_empty() || has_heading(&target, anchor), "{page}: {link}");
        }
    }
}

fn has_heading(page: &Path, anchor: &str) -> bool {
    let plain = |heading: &str| -> String {
        let kept = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
    };
    fs::read_to_string(page).unwrap().lines().filter(|l| l.starts_with('#')).any(|l| plain(l) == anchor)
}
