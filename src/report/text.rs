//! Words and numbers as people read them.

use super::view::Check;

pub use crate::diag::{clean, cut};

/// A probability with no more digits than its error supports: `0.93`, `<0.01`, `>0.99`; with an error of a tenth or
/// more only `~0.9`; with one of a half or more `unknown`.
pub fn probability(p: f64, error: f64) -> String {
    match p {
        _ if !p.is_finite() || error >= 0.5 => "unknown".to_string(),
        _ if error >= 0.05 => format!("~{p:.1}"),
        p if p < 0.01 => "<0.01".to_string(),
        p if p > 0.99 => ">0.99".to_string(),
        _ if error >= 0.005 => format!("~{p:.2}"),
        p => format!("{p:.2}"),
    }
}

/// A check and what either outcome does to the `count` causes that it moves most: `spotify login: failing → aws 0.90; healthy → aws 0.12`.
pub fn check(check: &Check, count: usize, p: &dyn Fn(f64) -> String) -> String {
    let moved = |cause: &&String| (check.if_failing[*cause] - check.if_healthy[*cause]).abs();
    let mut causes: Vec<&String> = check.if_failing.keys().filter(|c| check.if_healthy.contains_key(*c)).collect();
    causes.sort_by(|a, b| moved(b).total_cmp(&moved(a)).then(a.cmp(b)));
    causes.truncate(count);
    let outcome = |of: &std::collections::BTreeMap<String, f64>| {
        let name = |c: &String| if *c == check.component { "itself".to_string() } else { c.clone() };
        let list: Vec<String> = causes.iter().map(|c| format!("{} {}", name(c), p(of[*c]))).collect();
        list.join(", ")
    };
    let capability = if check.capability == "any" { String::new() } else { format!(" {}", check.capability) };
    let (bad, good) = (outcome(&check.if_failing), outcome(&check.if_healthy));
    format!("{}{capability}: failing → {bad}; healthy → {good}", check.component)
}

/// Breaks `text` at spaces into lines of at most `width` characters; further lines begin with `indent` spaces.
/// Words longer than a line are cut.
pub fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let start = if lines.is_empty() { 0 } else { indent };
        let word = cut(word, width.saturating_sub(indent).max(1));
        if !line.trim().is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
            line = " ".repeat(indent);
        } else if !line.trim().is_empty() {
            line.push(' ');
        } else if line.is_empty() {
            line = " ".repeat(start);
        }
        line += &word;
    }
    lines.push(line);
    lines.join("\n")
}

/// A list behind a head, with as many items as fit `most` lines of `width` columns: the lines.
pub fn fitting(head: &str, items: &[String], width: usize, indent: usize, most: usize) -> Vec<String> {
    let lines = |n: usize| -> Vec<String> {
        wrap(&clean(&format!("{head}{}", some_of(items, n))), width, indent).lines().map(String::from).collect()
    };
    let fits = (1..=items.len()).rev().map(lines).find(|lines| lines.len() <= most);
    fits.unwrap_or_else(|| vec![cut(&format!("{head}{}", some_of(items, 1)), width)])
}

/// The first `count` of a list, and how many more there are.
pub fn some_of(items: &[String], count: usize) -> String {
    let more = items.len().saturating_sub(count);
    let shown = items[..items.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_claim_no_more_than_is_known() {
        let shown = |p, e| probability(p, e);
        assert_eq!(shown(0.934, 1e-9), "0.93");
        assert_eq!(shown(0.9996, 1e-9), ">0.99");
        assert_eq!(shown(0.0, 1e-9), "<0.01");
        assert_eq!(shown(0.934, 0.01), "~0.93");
        assert_eq!(shown(0.934, 0.1), "~0.9");
        assert_eq!(shown(0.934, 1.0), "unknown");
        assert_eq!(shown(f64::NAN, 0.0), "unknown");
    }

    #[test]
    fn lines_keep_to_their_width() {
        let text = wrap("one two three four five six seven", 12, 2);
        assert_eq!(text, "one two\n  three four\n  five six\n  seven");
        assert!(wrap(&"x".repeat(300), 20, 4).lines().all(|l| l.chars().count() <= 20));
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("a\u{1b}b\nc", 9), "a\u{fffd}b\u{fffd}c");
    }
}
