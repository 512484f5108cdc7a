//! The report for a chat or an issue: sections of at most [`SECTION`] characters.

use super::mermaid;
use super::text::{clean, cut, probability, some_of};
use super::view::{Method, Report};

/// Characters of one section; chat systems refuse more than 3,000.
pub const SECTION: usize = 3000;
/// Rows of one table.
const ROWS: usize = 12;
/// Characters of one cell.
const CELL: usize = 120;
/// Characters of the picture.
const PICTURE: usize = 1500;
/// Characters of the verdict.
const VERDICT: usize = 300;

/// Draws the report as Markdown.
pub fn markdown(report: &Report) -> String {
    let p = |x: f64| probability(x, report.inference.error);
    let mut sections = vec![summary(report, &p)];
    if !report.causes.is_empty() {
        let mut s =
            "### Causes\n\n| # | cause | kind | probability | explains | against |\n|---|---|---|---|---|---|\n"
                .to_string();
        for c in report.causes.iter().take(ROWS) {
            let name =
                if c.capability == "any" { c.component.clone() } else { format!("{} ({})", c.component, c.capability) };
            let against: Vec<String> =
                c.contradicted_by.iter().map(|w| format!("{} {:+.1}", w.component, w.log_odds)).collect();
            let row = format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                c.rank,
                cell(&name),
                cell(&c.kind),
                with_range(c.probability, c.range, &p).replace('<', "&lt;").replace('>', "&gt;"),
                c.explains.len(),
                cell(&some_of(&against, 2)),
            );
            if s.chars().count() + row.chars().count() > SECTION - 40 {
                break;
            }
            s += &row;
        }
        if report.causes.len() > ROWS {
            s += &format!("\n… and {} more\n", report.causes.len() - ROWS);
        }
        sections.push(s);
    }
    if let Some(top) = report.causes.first().filter(|c| !c.explains.is_empty()) {
        let mut s = format!("### What {} would explain\n\n", cell(&top.component));
        for e in top.explains.iter().take(2 * ROWS) {
            let row = format!("- {} ({}): {}\n", cell(&e.component), cell(&e.capability), cell(&e.path.join(" ← ")));
            if s.chars().count() + row.chars().count() > SECTION - 40 {
                break;
            }
            s += &row;
        }
        if top.explains.len() > 2 * ROWS {
            s += &format!("- … and {} more\n", top.explains.len() - 2 * ROWS);
        }
        sections.push(s);
    }
    if let Some(picture) = mermaid::paths(report, PICTURE) {
        sections.push(format!("### By which paths\n\n```mermaid\n{picture}```\n"));
    }
    sections.join("\n")
}

/// The lines of an answer as a list.
pub fn lines(lines: &[String]) -> String {
    // A line that begins with a space goes on with the one before.
    let text = lines.iter().fold(String::new(), |text, line| match line.strip_prefix(' ') {
        Some(more) => text + " " + more.trim_start(),
        None => text + "\n" + line,
    });
    text.lines().filter(|l| !l.is_empty()).map(|l| format!("- {}\n", escaped(l, SECTION / 10))).collect()
}

/// A probability, and how far it moves if rates or impacts are wrong.
fn with_range(x: f64, [low, high]: [f64; 2], p: &dyn Fn(f64) -> String) -> String {
    if high - low > 0.01 { format!("{} ({} to {})", p(x), p(low), p(high)) } else { p(x) }
}

fn summary(report: &Report, p: &dyn Fn(f64) -> String) -> String {
    let plain = |x: f64| p(x).replace('<', "&lt;").replace('>', "&gt;");
    let mut s = format!("## {}\n\n", escaped(&report.verdict.text, VERDICT));
    if !report.incident.title.is_empty() {
        s += &format!("{}, {} to {}\n\n", cell(&report.incident.title), report.window.start, report.window.end);
    }
    for warning in report.warnings.iter().take(3) {
        s += &format!("**Warning:** {}\n\n", cell(warning));
    }
    let kinds: Vec<String> = report
        .kinds
        .iter()
        .take(6)
        .map(|k| format!("{} {} ({})", cell(&k.kind), plain(k.probability), cell(&k.best)))
        .collect();
    if !kinds.is_empty() {
        s += &format!("- kinds: {}\n", kinds.join(", "));
    }
    if let Some(tied) = report.causes.first().filter(|c| c.ties.len() > 1) {
        let names: Vec<String> = tied.ties.iter().map(|t| cell(t)).collect();
        s += &format!("- not told apart: {}; together {}\n", some_of(&names, 4), plain(tied.tied_probability));
    }
    s += &format!("- coincidence: {}\n", plain(report.coincidence));
    if let Some(p) = report.unknown_cause.probability {
        s += &format!("- unknown shared cause: {}\n", plain(p));
    }
    let unexplained: Vec<String> = report.unexplained.iter().map(|u| cell(&u.component)).collect();
    if !unexplained.is_empty() {
        s += &format!("- unexplained: {}\n", some_of(&unexplained, 8));
    }
    let how = match report.inference.method {
        Method::Exact => "exact",
        Method::Bounded => "bounded",
        Method::Sampled => "sampled",
    };
    s + &format!("- method: {how}, error {:.0e}\n", report.inference.error)
}

/// Text from outside as it may stand in a table cell: one line, nothing that Markdown, HTML or a chat would act on.
pub(super) fn cell(text: &str) -> String {
    escaped(text, CELL)
}

fn escaped(text: &str, most: usize) -> String {
    let mut out = String::new();
    for c in cut(&clean(text), most).chars() {
        match c {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '@' => out += "@\u{200b}",
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '#' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
