//! Named questions put into words: four to ten lines that a person can read aloud.

use super::text::{cut, probability, some_of, wrap};
use super::view::*;
use crate::infer::logspace::SameEverywhere;

/// From this chance on the answer is yes …
const YES: f64 = 0.5;
/// … and below this one it is no.
const NO: f64 = 0.05;
/// Columns of a line.
const WIDTH: usize = 80;
/// Things named in one sentence, at most.
const NAMED: usize = 4;
/// Lines of an answer, at most.
const LINES: usize = 10;
/// Lines of a sentence, at most.
const SENTENCE: usize = 3;

/// How sure an answer with this chance is, given the chance before any signal.
pub fn band(probability: f64, prior: f64) -> Band {
    match probability {
        p if p >= YES => Band::PointsTo,
        p if p < NO || p < prior => Band::PointsAwayFrom,
        _ => Band::ConsistentWith,
    }
}

/// An answer's lines; `instead` is the likeliest common cause outside the subject.
pub fn answer_lines(a: &Answer, instead: Option<&Chance>) -> Vec<String> {
    let p = |x: f64| probability(x, a.inference.error);
    let mut lines = Lines::default();
    let name = &a.subject.name;
    if a.subject.upstream == 0 {
        lines.say(&format!("Is it {name}? The graph gives no way for that to be the cause."));
        lines.say(&format!("Nothing that was reported failing needs {}.", members(&a.subject)));
        lines.say("If you know that something does, add the dependency to the graph and ask again.");
        return lines.0;
    }
    let word = match a.band {
        Band::PointsTo => "Most likely yes: the signals point to it",
        Band::PointsAwayFrom if a.probability < a.prior => "Most likely no: the signals point away from it",
        Band::PointsAwayFrom => "Most likely no: hardly anything speaks for it",
        _ => "It may be: the signals are consistent with it, and with other causes",
    };
    let other = instead.filter(|o| o.probability >= NO).map(|o| {
        let how = if o.probability >= YES { "the most likely common cause" } else { "the best other cause" };
        format!("; {how} outside it is {}, {}", o.component, p(o.probability))
    });
    lines.say(&format!("Is it {name}? {word}{}.", other.unwrap_or_default()));
    let best = a.best.as_ref().filter(|_| a.subject.members.len() > 1);
    let best = best.map_or(String::new(), |b| format!("; likeliest {}, {}", b.component, p(b.probability)));
    lines.say(&format!(
        "Probability of a fault: {} (before any signal {}), in {}{best}.",
        p(a.probability),
        small(a.prior),
        members(&a.subject)
    ));
    if a.band != Band::PointsAwayFrom {
        lines.list("Most for it:", a.supported_by.iter().map(weight));
    }
    lines.list("Most against it:", a.contradicted_by.iter().map(weight));
    if a.supported_by.is_empty() && a.contradicted_by.is_empty() {
        lines.say("Nothing said of any one component counts alone: the signals repeat each other.");
    }
    let head = match &a.best {
        Some(best) if a.band == Band::PointsTo && a.subject.members.len() > 1 => {
            format!("Of the others than {}, this speaks against:", best.component)
        }
        _ => "This would have failed too, and probably has not:".to_string(),
    };
    let of = |e: &&Expected| a.band != Band::PointsTo || a.best.as_ref().is_none_or(|b| b.component != e.cause);
    lines.list(&head, a.not_seen.iter().filter(of).map(|e| expected(e, &p)));
    lines.say(&method(&a.inference));
    lines.0
}

/// Bayes factors up to three are barely worth a mention, up to ten substantial, up to a hundred strong, beyond
/// decisive. \[KR\]
const SCALE: [(f64, &str); 3] = [(3.0, "barely"), (10.0, "substantially"), (100.0, "strongly")];

/// A comparison's lines.
pub fn comparison_lines(c: &Comparison) -> Vec<String> {
    let p = |x: f64| probability(x, c.inference.error);
    let mut lines = Lines::default();
    let (a, b) = (&c.a.name, &c.b.name);
    let strength =
        SCALE.iter().find(|(most, _)| c.ln_bayes_factor.abs() < most.logarithm()).map_or("decisively", |(_, w)| w);
    let favoured = if c.ln_bayes_factor >= 0.0 { a } else { b };
    lines.say(&format!(
        "{a} or {b}? The signals favour {favoured} {strength}: Bayes factor {}; odds {} before, {} with all.",
        factor(c.ln_bayes_factor.abs()),
        odds(c.prior),
        odds(c.posterior)
    ));
    lines.say(&format!(
        "Probability of a fault: {a} {}, {b} {}; both {}, neither {}.",
        p(c.p_a),
        p(c.p_b),
        p(c.p_both),
        p(c.p_neither)
    ));
    for (name, sign) in [(a, 1.0), (b, -1.0)] {
        lines.list(
            &format!("For {name}:"),
            c.deciding.iter().filter(|w| w.log_odds * sign > 0.0).map(|w| turned(w, sign)),
        );
    }
    if c.deciding.is_empty() {
        lines.say("Nothing observed of any one component tells them apart.");
    }
    let behind = if c.posterior >= 0.0 { b } else { a };
    let mut flips: Vec<String> = c.flips_if.iter().map(|f| flip(f, &p)).collect();
    if !c.flips_without.is_empty() {
        let numbers: Vec<String> = c.flips_without.iter().map(|s| format!("#{s}")).collect();
        flips.insert(0, format!("without {}", numbers.join(" ")));
    }
    if flips.is_empty() {
        lines.say(&format!("Nothing that could be tried would put {behind} ahead."));
    }
    lines.list(&format!("{behind} would be ahead"), flips.into_iter());
    lines.say(&method(&c.inference));
    lines.0
}

fn members(subject: &Subject) -> String {
    let n = subject.members.len();
    match subject.what {
        SubjectKind::Kind if subject.upstream < n && subject.upstream > 0 => {
            format!("any of the {} of kind {} that something failing needs", subject.upstream, subject.name)
        }
        SubjectKind::Kind if n == 0 => format!("anything of kind {}: the graph has none", subject.name),
        SubjectKind::Kind => format!("any of the {n} of kind {}", subject.name),
        SubjectKind::Component if n > 1 => format!("{} or its {} parts", subject.name, n - 1),
        SubjectKind::Component => subject.name.clone(),
    }
}

fn weight(w: &Weight) -> String {
    format!("{} {} ({:+.1}; {})", w.component, w.says, w.log_odds, numbers(&w.signals))
}

/// What counts for one side of a comparison, as seen from there.
fn turned(w: &Weight, sign: f64) -> String {
    weight(&Weight { log_odds: sign * w.log_odds, ..w.clone() })
}

fn expected(e: &Expected, p: &dyn Fn(f64) -> String) -> String {
    let capability = if e.capability == "any" { String::new() } else { format!(" {}", e.capability) };
    let numbers = numbers(&e.signals);
    let (would, is) = (p(e.expected), p(e.believed));
    format!("{}{capability} {} (if {}: {would}, is {is}; {numbers})", e.component, e.says, e.cause)
}

/// `#3 #5 #8 …`
fn numbers(signals: &[usize]) -> String {
    let shown: Vec<String> = signals.iter().take(NAMED).map(|s| format!("#{s}")).collect();
    shown.join(" ") + if signals.len() > NAMED { " …" } else { "" }
}

fn flip(f: &Flip, p: &dyn Fn(f64) -> String) -> String {
    let capability = if f.capability == "any" { String::new() } else { format!(" {}", f.capability) };
    let state = if f.failing { "failing" } else { "healthy" };
    format!("if {}{capability} is {state} (chance {})", f.component, p(f.probability))
}

/// `1 in 38`, or two digits.
fn small(p: f64) -> String {
    if p >= 0.05 || p <= 0.0 { format!("{p:.2}") } else { format!("1 in {:.0}", 1.0 / p) }
}

/// Odds as people say them, from log-odds.
fn odds(ln: f64) -> String {
    let number = |x: f64| if x < 9.95 { format!("{x:.1}") } else { factor(x.logarithm()) };
    if ln >= 0.0 {
        format!("{} to 1", number(ln.exponential()))
    } else {
        format!("1 to {}", number((-ln).exponential()))
    }
}

/// A factor of at least one, from its logarithm.
fn factor(ln: f64) -> String {
    match ln.exponential() {
        x if x >= 1e6 => "over a million".to_string(),
        x if x >= 10.0 => format!("{x:.0}"),
        x => format!("{x:.1}"),
    }
}

fn method(i: &Inference) -> String {
    let how = match i.method {
        Method::Exact => format!("Exact to {:.0e}", i.error),
        Method::Bounded => format!("Error at most {:.3}", i.error),
        Method::Sampled => format!("Sampled, error about {:.3}", i.error),
    };
    format!("{how}. Numbers with a sign: log-odds that leaving it out would undo.")
}

/// Lines of a terminal, at most [`LINES`].
#[derive(Default)]
struct Lines(Vec<String>);

impl Lines {
    /// A sentence, in at most three lines; what does not fit ends with an ellipsis.
    fn say(&mut self, sentence: &str) {
        let clean = crate::diag::clean(sentence);
        let mut most = clean.chars().count();
        let mut text = wrap(&clean, WIDTH, 2);
        while text.lines().count() > SENTENCE {
            most -= 1;
            text = wrap(&cut(&clean, most), WIDTH, 2);
        }
        self.0.extend(text.lines().map(String::from));
    }

    /// A list in at most two lines: as many items as fit. Nothing if it is empty or the page is full.
    fn list(&mut self, head: &str, items: impl Iterator<Item = String>) {
        let items: Vec<String> = items.collect();
        let fits = |n: usize| {
            let text = wrap(&crate::diag::clean(&format!("{head} {}.", some_of(&items, n))), WIDTH, 2);
            (text.lines().count() <= 2).then(|| format!("{head} {}.", some_of(&items, n)))
        };
        if items.is_empty() || self.0.len() + 3 > LINES {
            return;
        }
        let text = (1..=items.len().min(NAMED)).rev().find_map(fits);
        self.say(&text.unwrap_or_else(|| format!("{head} {}.", items[0])));
    }
}
