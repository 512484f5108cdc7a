//! What follows the first screen: every reason, cause by cause.

use super::Pen;
use crate::diag::clean;
use crate::report::text::{check, cut, some_of};
use crate::report::view::{Band, Cause, Channel, Ledger};

/// Causes at least this probable get details.
const DETAIL_LEAST: f64 = 0.05;
/// Channels of an account that are listed; the rest is summed.
const CHANNELS: usize = 5;
/// Observations against a cause that are listed.
const AGAINST: usize = 5;
/// Explanations that are listed.
const EXPLANATIONS: usize = 6;
/// Checks that are listed.
const CHECKS: usize = 5;

/// All lines after the first screen.
pub(super) fn details(pen: &Pen) -> Vec<String> {
    let causes = pen.report.causes.iter().filter(|c| c.is_common() && c.probability >= DETAIL_LEAST);
    let mut lines = sentences(pen);
    lines.extend(causes.flat_map(|c| cause(pen, c)));
    lines.extend(checks(pen));
    lines.extend(spill_over(pen));
    lines.extend(explanations(pen));
    lines
}

/// Paths, contradictions and the account of one cause.
fn cause(pen: &Pen, cause: &Cause) -> Vec<String> {
    let [low, high] = cause.range;
    let range = if high - low > 0.01 { format!(" [{} to {}]", pen.p(low), pen.p(high)) } else { String::new() };
    let head = format!("{}. {} — {}{range}", cause.rank, cause.component, pen.p(cause.probability));
    let mut lines = vec![String::new(), pen.bold(&cut(&head, pen.width))];
    let mut line = |text: String| lines.push(cut(&text, pen.width));
    line(format!("   a fault of its own: {}, before any signal {}", pen.p(cause.p_fault), prior(cause.prior)));
    if let Some(onset) = &cause.onset {
        line(format!("   first reported failing at {onset}"));
    }
    for (component, capabilities, path) in cause.explained() {
        line(format!("   explains {component} ({}): {}", capabilities.join(", "), path.join(" ← ")));
    }
    for w in cause.contradicted_by.iter().take(AGAINST) {
        line(format!("   against  {} ({}): {:+.2} log-odds", w.component, w.capability, w.log_odds));
    }
    if let Some(ledger) = &cause.ledger {
        lines.extend(account(pen, ledger));
    }
    lines
}

/// The account: prior, the channels that matter first, the rest, and what they come to.
fn account(pen: &Pen, ledger: &Ledger) -> Vec<String> {
    let name = pen.width.saturating_sub(3 + 9 + 24).max(20);
    let rival = ledger.rival.as_ref().map_or("no rival".to_string(), |r| format!("against {}", r.component));
    let mut lines =
        vec![cut(&format!("   {:name$}{:>9}  {rival}", "log-odds of a fault, by channel", "fault"), pen.width)];
    let mut row = |label: &str, odds: f64, against: Option<f64>| {
        let against = against.map_or(String::new(), |a| format!("  {a:+.2}"));
        lines.push(format!("     {:w$}{odds:>+9.2}{against}", cut(label, name - 2), w = name - 2));
    };
    let versus = ledger.rival.as_ref();
    row("before any signal", ledger.prior, versus.map(|r| r.prior));
    for channel in ledger.channels.iter().take(CHANNELS) {
        row(&title(channel), channel.log_odds, channel.against_rival);
    }
    let rest = &ledger.channels[ledger.channels.len().min(CHANNELS)..];
    if !rest.is_empty() {
        let (odds, against) =
            (rest.iter().map(|c| c.log_odds).sum(), rest.iter().filter_map(|c| c.against_rival).sum());
        row(&format!("{} other channels", rest.len()), odds, versus.map(|_| against));
    }
    row("said by several, undone by no single one", ledger.overlap, ledger.rival_overlap());
    row("with all signals", ledger.posterior, versus.map(|r| r.posterior));
    lines
}

/// `whatsapp, 3 probe signals (#4 #43 #79)`
fn title(channel: &Channel) -> String {
    let source = channel.source.as_str().replace('_', " ");
    let numbers: Vec<String> = channel.signals.iter().take(3).map(|s| format!("#{}", s.signal)).collect();
    let more = if channel.signals.len() > 3 { " …" } else { "" };
    format!("{} {source} {}{more}", channel.component, numbers.join(" "))
}

fn sentences(pen: &Pen) -> Vec<String> {
    if pen.report.sentences.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), pen.bold("In words")];
    for s in &pen.report.sentences {
        let numbers: Vec<String> = s.signals.iter().map(|n| format!("#{n}")).collect();
        let rests = if numbers.is_empty() { String::new() } else { format!(" [{}]", numbers.join(" ")) };
        let mark = match s.band {
            Band::PointsTo => "+",
            Band::ConsistentWith => "~",
            Band::CannotBeToldApart => "=",
            Band::PointsAwayFrom => "-",
            Band::Undecided => "?",
        };
        lines.extend(pen.inset(&clean(&format!("{mark} {}{rests}", s.text)), 2, 2));
    }
    lines
}

fn checks(pen: &Pen) -> Vec<String> {
    if pen.report.checks.is_empty() {
        return Vec::new();
    }
    let mut lines =
        vec![String::new(), pen.bold("Next checks (chances of a fault, if the outcome were known for sure)")];
    for c in pen.report.checks.iter().take(CHECKS) {
        let text = format!("  {:>5.2} bits  {}", c.gain_bits, check(c, 2, &|x| pen.p(x)));
        lines.extend(pen.inset(&clean(&text), 2, 11));
    }
    lines
}

fn spill_over(pen: &Pen) -> Vec<String> {
    let mut taken: Vec<_> = pen.report.spill_over.iter().collect();
    if taken.is_empty() {
        return Vec::new();
    }
    taken.sort_by(|a, b| (b.undiscounted - b.log_odds).total_cmp(&(a.undiscounted - a.log_odds)));
    let taken: Vec<String> = taken
        .iter()
        .map(|d| format!("#{} {} {:+.1} not {:+.1}", d.signal, d.component, d.log_odds, d.undiscounted))
        .collect();
    let text = format!(
        "Spill-over: in so large an outage {} crowd and press reports count less (--no-spillover counts them in full): {}",
        taken.len(),
        some_of(&taken, 4)
    );
    let mut lines = vec![String::new()];
    lines.extend(pen.wrapped(&clean(&text), 2).into_iter().take(5));
    lines
}

fn explanations(pen: &Pen) -> Vec<String> {
    if pen.report.explanations.is_empty() {
        return Vec::new();
    }
    let head = "Explanations (which of the leading common causes, together)";
    let mut lines = vec![String::new(), pen.bold(head)];
    for e in pen.report.explanations.iter().take(EXPLANATIONS) {
        let names = if e.causes.is_empty() { "none of them".to_string() } else { e.causes.join(" + ") };
        lines.push(cut(&format!("  {:>5}  {names}", pen.p(e.probability)), pen.width));
    }
    lines
}

/// A small chance in words that can be compared.
fn prior(p: f64) -> String {
    if p >= 0.01 || p <= 0.0 { format!("{p:.2}") } else { format!("1 in {:.0}", 1.0 / p) }
}
