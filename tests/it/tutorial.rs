//! What the tutorial shows is what the program prints.

use crate::docs;
use std::path::Path;
use std::process::Command;

const PAGE: &str = "docs/tutorial.md";
/// Printed between blocks, to tell their output apart.
const NEXT: &str = "== next block ==";

/// What each `sh` block of the page prints, in one shell. What a busy program says meanwhile is left out.
fn printed(page: &str) -> Vec<String> {
    let (scratch, path) = docs::clone();
    let script = docs::blocks(page, "sh").join(&format!("\necho '{NEXT}'\n"));
    let output = Command::new("sh")
        .args(["-eu", "-c", &format!("exec 2>&1\n{script}")])
        .current_dir(scratch.path().join("clone"))
        .env("PATH", &path)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let kept: String = text.lines().filter(|l| !l.contains("correlating")).map(|l| format!("{l}\n")).collect();
    kept.split(&format!("{NEXT}\n")).map(str::to_string).collect()
}

/// The page with the output of every block put below it, where one is shown.
fn with_output(page: &str, printed: &[String]) -> String {
    let mut parts = page.split("```sh\n");
    let mut filled = parts.next().unwrap().to_string();
    for (part, output) in parts.zip(printed) {
        let (block, after) = part.split_once("```\n").unwrap();
        filled += &format!("```sh\n{block}```\n");
        let between = after.find("```text\n").filter(|at| {
            let between = after[..*at].trim();
            between.is_empty() || between.starts_with("<!--")
        });
        match between {
            Some(at) => {
                let (shown, rest) =
                    after[at + "```text\n".len()..].split_once("```\n").map(|(_, r)| (&after[..at], r)).unwrap();
                filled += &format!("{shown}```text\n{output}```\n{rest}");
            }
            None => filled += after,
        }
    }
    filled
}

#[test]
fn the_tutorial_shows_what_its_commands_print() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap();
    let printed = printed(&page);
    assert_eq!(printed.len(), docs::blocks(&page, "sh").len());
    crate::assert_file(PAGE, &with_output(&page, &printed));
    assert!(page.lines().filter(|l| *l == "```text").count() >= 8, "the tutorial shows what is printed");
}

#[test]
fn what_the_tutorial_says_of_its_numbers_holds() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap();
    let verdicts: Vec<String> = printed(&page)
        .iter()
        .filter_map(|p| p.lines().next())
        .filter(|l| l.starts_with("inconclusive") || l.starts_with("most likely"))
        .map(str::to_string)
        .collect();
    assert_eq!(verdicts.len(), 4, "{verdicts:?}");
    assert!(verdicts[0].starts_with("inconclusive"), "{verdicts:?}");
    assert!(verdicts[1..].iter().all(|v| v.contains("meta-auth (login), probability 0.")), "{verdicts:?}");
}
