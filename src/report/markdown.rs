//! The report for a chat or an issue: sections of at most [`SECTION`] characters.
//!
//! Tables are set in fixed width inside fences: chats do not draw Markdown tables, and code hosts draw both.

use super::mermaid;
use super::text::{check, clean, cut, probability, some_of};
use super::view::{Cause, Ledger, Method, Report};

/// Characters of one section; chat systems refuse more than 3,000.
pub const SECTION: usize = 3000;
/// Rows of one table.
const ROWS: usize = 12;
/// Characters of one cell.
const CELL: usize = 120;
/// Characters of a line of its own.
const LINE: usize = 400;
/// Characters of the picture.
const PICTURE: usize = 1500;
/// Characters of the verdict.
const VERDICT: usize = 300;
/// Characters of the first column of a table.
const NAME: usize = 34;
/// Channels of an account, and checks.
const FEW: usize = 5;

/// Draws the report as Markdown.
pub fn markdown(report: &Report) -> String {
    let p = |x: f64| probability(x, report.inference.error);
    let mut sections = vec![summary(report, &p)];
    sections.extend(sentences(report));
    sections.extend(causes(report, &p));
    let top = report.causes.first().filter(|c| !c.explains.is_empty());
    if let Some(top) = top {
        sections.extend(top.ledger.as_ref().map(|ledger| account(top, ledger)));
        sections.push(explained(top));
    }
    if let Some(picture) = mermaid::paths(report, PICTURE) {
        sections.push(format!("### By which paths\n\n```mermaid\n{picture}```\n"));
    }
    sections.extend(checks(report, &p));
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

/// A heading with rows below it, as many as a section has room for, between `open` and `close`.
fn section(heading: &str, open: &str, rows: &[String], close: &str) -> String {
    let mut text = format!("### {heading}\n\n{open}");
    let mut length = text.chars().count() + close.chars().count() + 40;
    for (i, row) in rows.iter().enumerate() {
        length += row.chars().count() + 1;
        if length > SECTION {
            text += &format!("… and {} more\n", rows.len() - i);
            break;
        }
        text += &format!("{row}\n");
    }
    text + close
}

/// A table in fixed width.
fn table(heading: &str, rows: &[String]) -> String {
    section(heading, "```text\n", rows, "```\n")
}

/// A cell of a table: one line, nothing that could end the fence.
fn plain(text: &str, width: usize) -> String {
    cut(&clean(text).replace('`', "'"), width)
}

fn sentences(report: &Report) -> Option<String> {
    let line = |s: &super::view::Sentence| {
        let numbers: Vec<String> = s.signals.iter().map(|n| format!("\\#{n}")).collect();
        let rests = if numbers.is_empty() { String::new() } else { format!(" (signals {})", numbers.join(", ")) };
        format!("- {}{rests}", escaped(&s.text, VERDICT))
    };
    let rows: Vec<String> = report.sentences.iter().map(line).collect();
    (!rows.is_empty()).then(|| section("In words", "", &rows, ""))
}

fn causes(report: &Report, p: &dyn Fn(f64) -> String) -> Option<String> {
    let mut rows = vec![format!("    {:NAME$} {:>5}  {:14}  explains", "cause", "p", "range")];
    rows.extend(report.causes.iter().take(ROWS).map(|c| {
        let [low, high] = c.range;
        let range = if high - low > 0.01 { format!("{} to {}", p(low), p(high)) } else { String::new() };
        let name =
            if c.capability == "any" { c.component.clone() } else { format!("{} ({})", c.component, c.capability) };
        format!("{:>3} {:NAME$} {:>5}  {range:14}  {}", c.rank, plain(&name, NAME), p(c.probability), c.components())
    }));
    if report.causes.len() > ROWS {
        rows.push(format!("… and {} more", report.causes.len() - ROWS));
    }
    (!report.causes.is_empty()).then(|| table("Causes", &rows))
}

/// The account of a cause: the channels that matter first.
fn account(cause: &Cause, ledger: &Ledger) -> String {
    let versus = ledger.rival.as_ref();
    let row = |label: &str, odds: f64, against: Option<f64>| {
        let against = against.map_or(String::new(), |a| format!("  {a:+8.2}"));
        format!("{:40} {odds:+8.2}{against}", plain(label, 40))
    };
    let mut rows = vec![row("before any signal", ledger.prior, versus.map(|r| r.prior))];
    for c in ledger.channels.iter().take(FEW) {
        let numbers: Vec<String> = c.signals.iter().take(3).map(|s| format!("#{}", s.signal)).collect();
        let label = format!("{} {} {}", c.component, c.source.as_str().replace('_', " "), numbers.join(" "));
        rows.push(row(&label, c.log_odds, c.against_rival));
    }
    let rest = &ledger.channels[ledger.channels.len().min(FEW)..];
    let (odds, against) =
        (rest.iter().map(|c| c.log_odds).sum(), rest.iter().filter_map(|c| c.against_rival).sum::<f64>());
    rows.push(row(&format!("{} other channels", rest.len()), odds, versus.map(|_| against)));
    rows.push(row("said by several, undone by no single one", ledger.overlap, ledger.rival_overlap()));
    rows.push(row("with all signals", ledger.posterior, versus.map(|r| r.posterior)));
    let rival = versus.map_or(String::new(), |r| format!(", and against {}", cell(&r.component)));
    table(&format!("Why {}: log-odds of a fault{rival}", cell(&cause.component)), &rows)
}

fn explained(cause: &Cause) -> String {
    let explained = cause.explained();
    let row = |(component, capabilities, path): &(&str, Vec<&str>, &[String])| {
        format!("- {} ({}): {}", cell(component), cell(&capabilities.join(", ")), cell(&path.join(" ← ")))
    };
    let mut rows: Vec<String> = explained.iter().take(2 * ROWS).map(row).collect();
    if explained.len() > 2 * ROWS {
        rows.push(format!("- … and {} more", explained.len() - 2 * ROWS));
    }
    section(&format!("What {} would explain", cell(&cause.component)), "", &rows, "")
}

fn checks(report: &Report, p: &dyn Fn(f64) -> String) -> Option<String> {
    let row = |c: &super::view::Check| format!("- {} ({:.2} bits)", escaped(&check(c, 2, p), VERDICT), c.gain_bits);
    let rows: Vec<String> = report.checks.iter().take(FEW).map(row).collect();
    (!rows.is_empty()).then(|| section("What to check next", "", &rows, ""))
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

/// The same for a line of its own.
pub fn escape(text: &str) -> String {
    escaped(text, LINE)
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
