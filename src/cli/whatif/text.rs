//! Answers to "what if" as text of at most [`WIDTH`] columns.

use crate::report::text::{cut, probability, some_of, wrap};
use crate::whatif::view::{
    Affected, Answer, Concentration, Count, Hit, Impact, Method, Numbers, PlaceChance, Provider, Reach, Role,
    TwinGroup, Twins, Watch,
};

/// Columns.
const WIDTH: usize = 80;
/// Columns of a name.
const NAME: usize = 30;
/// Rows of one table.
const ROWS: usize = 40;
/// Columns before what stands beside a label.
const LABEL: usize = 14;
/// Names in one line.
const NAMES: usize = 12;

/// Draws an answer.
pub fn draw(answer: &Answer) -> String {
    let lines = match answer {
        Answer::Fault(impact) => fault(impact),
        Answer::All(all) => concentration(all),
        Answer::Twins(found) => twins(found),
    };
    lines.join("\n") + "\n"
}

fn fault(impact: &Impact) -> Vec<String> {
    let what = if impact.capability == "any" { String::new() } else { format!(" ({})", impact.capability) };
    let mut lines = vec![cut(&format!("if {}{what} had a fault and all else were fine", impact.component), WIDTH)];
    label(&mut lines, "services", &count(&impact.services, "service"));
    label(&mut lines, "components", &count(&impact.components, "component"));
    if !impact.redundancy.saved.is_empty() {
        let r = &impact.redundancy;
        let of = |p: f64| probability(p, impact.numbers.error);
        let saved: Vec<String> = r
            .saved
            .iter()
            .map(|s| format!("{} {} instead of {}", s.component, of(s.p_failed), of(s.p_without)))
            .collect();
        let many = format!("{:.1} services, {:.1} components", r.services, r.components);
        label(&mut lines, "redundancy", &format!("saves {many}: {}", some_of(&saved, 4)));
    }
    for group in &impact.bites {
        label(&mut lines, "note", &format!("taken to bite where all of these meet: {}", group.join(", ")));
    }
    label(&mut lines, "method", &method(&impact.numbers));
    if impact.affected.is_empty() {
        lines.extend([String::new(), "nothing else would fail".to_string()]);
        return lines;
    }
    lines.extend([String::new(), format!("{:NAME$}  {:>5}  what of it", "affected", "some")]);
    for affected in impact.affected.iter().take(ROWS) {
        row(&mut lines, affected, impact.numbers.error);
    }
    more(&mut lines, impact.affected.len());
    lines
}

/// One affected component: its chance, what of it fails with which chance, and the path if it is not direct.
fn row(lines: &mut Vec<String>, affected: &Affected, error: f64) {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for place in &affected.places {
        let p = probability(place.p_failed, error);
        match groups.iter_mut().find(|(same, _)| *same == p) {
            Some((_, names)) => names.push(place_name(place)),
            None => groups.push((p, vec![place_name(place)])),
        }
    }
    let role = match affected.role {
        Role::Dependent => "",
        Role::Part => "part; ",
        Role::Container => "container; ",
    };
    let what: Vec<String> = groups.iter().map(|(p, names)| format!("{p} {}", names.join(", "))).collect();
    let p = probability(affected.p_failed, error);
    let start = format!("{}  {p:>5}  ", padded(&affected.component));
    let indent = start.chars().count();
    let what = wrap(&format!("{role}{}", what.join("; ")), WIDTH - indent, 2);
    lines.extend(
        what.lines().enumerate().map(|(i, l)| if i == 0 { format!("{start}{l}") } else { " ".repeat(indent) + l }),
    );
    if affected.path.len() > 2 {
        lines.push(cut(&format!("    ← {}", affected.path[1..].join(" ← ")), WIDTH));
    }
}

fn place_name(place: &PlaceChance) -> String {
    let what = if place.capability == "any" { "in general" } else { &place.capability };
    match &place.region {
        Some(region) => format!("{what} in {region}"),
        None => what.to_string(),
    }
}

fn concentration(all: &Concentration) -> Vec<String> {
    let mut lines = vec![format!("what most rests on: {} components, {} services", all.components, all.services)];
    label(&mut lines, "method", &method(&all.numbers));
    label(&mut lines, "how many", "fail if the one named has a fault and all else is fine, the one named not counted");
    if all.single_points.is_empty() {
        lines.extend([String::new(), "no fault takes anything else down".to_string()]);
        return lines;
    }
    lines.extend([
        String::new(),
        format!("{:NAME$}  {:>22}  {:>22}", "single points of failure", "services", "components"),
        format!("{:NAME$}  {:>11} {:>10}  {:>11} {:>10}", "", "expected", "probable", "expected", "probable"),
    ]);
    let expected = |c: &Count| {
        let digits = if c.error < 0.05 { 1 } else { 0 };
        format!("{}{:.digits$}", if c.error < 0.005 { "" } else { "~" }, c.expected)
    };
    for point in all.single_points.iter().take(ROWS) {
        let (s, c) = (&point.services, &point.components);
        lines.push(format!(
            "{}  {:>11} {:>10}  {:>11} {:>10}",
            padded(&point.component),
            expected(s),
            s.probable,
            expected(c),
            c.probable
        ));
    }
    more(&mut lines, all.single_points.len());
    providers(&mut lines, "providers (outermost containers)", &all.providers);
    providers(&mut lines, "operators", &all.operators);
    lines
}

/// Services and capabilities that probably fail: with the worst single fault, and with one or another.
fn providers(lines: &mut Vec<String>, title: &str, list: &[Provider]) {
    if list.is_empty() {
        return;
    }
    let hit = |h: &Hit| format!("{}/{}", h.services, h.capabilities);
    lines.extend([
        String::new(),
        format!("{:32}  services/capabilities that probably fail", title),
        format!("{:NAME$}  {:>7}  {:>7}  {:>7}  {}", "", "any one", "whole", "worst", "which"),
    ]);
    for p in list.iter().take(ROWS) {
        let whole = p.whole.as_ref().map_or("-".to_string(), hit);
        let (reach, worst) = (hit(&p.reach), hit(&p.worst_hit));
        let start = format!("{}  {reach:>7}  {whole:>7}  {worst:>7}  ", padded(&p.name));
        lines.push(cut(&format!("{start}{}", p.worst), WIDTH));
    }
    more(lines, list.len());
}

fn twins(found: &Twins) -> Vec<String> {
    let watched = found.watched.len();
    let mut lines = vec![format!(
        "{} possible causes, {watched} watched components: {} told apart",
        found.causes, found.told_apart
    )];
    label(&mut lines, "watched", &some_of(&found.watched, NAMES));
    label(&mut lines, "the same", &format!("chances of failure that differ by less than {:.2}", found.same_within));
    label(&mut lines, "method", &method(&found.numbers));
    for (i, group) in found.groups.iter().take(ROWS).enumerate() {
        lines.push(String::new());
        twin_group(&mut lines, i + 1, group, found.numbers.error);
    }
    more(&mut lines, found.groups.len());
    if found.groups.is_empty() {
        lines.extend([String::new(), "no two causes look the same".to_string()]);
    }
    if !found.invisible.is_empty() {
        lines.push(String::new());
        let names: Vec<String> = found.invisible.iter().map(|r| r.component.clone()).collect();
        let text = format!("nothing watched would show ({}): {}", names.len(), some_of(&names, 2 * NAMES));
        lines.extend(wrap(&text, WIDTH, 2).lines().map(str::to_string));
    }
    lines
}

fn twin_group(lines: &mut Vec<String>, number: usize, group: &TwinGroup, error: f64) {
    let names: Vec<String> = group.causes.iter().map(|r| r.component.clone()).collect();
    let title = format!("{number}. {}: {} look the same", reach(&group.causes), names.len());
    lines.push(cut(&title, WIDTH));
    lines.extend(
        wrap(&format!("   {}", some_of(&names, NAMES)), WIDTH, 3).lines().map(|l| format!("   {}", l.trim_start())),
    );
    match &group.watch {
        None => lines.push("   no component in the graph would tell them apart".to_string()),
        Some(watch) => watched(lines, watch, &names, error),
    }
}

fn watched(lines: &mut Vec<String>, watch: &Watch, names: &[String], error: f64) {
    let place = PlaceChance { capability: watch.capability.clone(), region: watch.region.clone(), p_failed: 0.0 };
    lines.push(cut(&format!("   watch {} ({}), which fails", watch.component, place_name(&place)), WIDTH));
    for (name, p) in names.iter().zip(&watch.p_failed).take(NAMES) {
        lines.push(cut(&format!("     {:>5} if {name}", probability(*p, error)), WIDTH));
    }
    if names.len() > NAMES {
        lines.push(format!("     … and {} more", names.len() - NAMES));
    }
    for left in &watch.left {
        lines.push(cut(&format!("   still the same: {}", some_of(left, NAMES)), WIDTH));
    }
}

/// The largest reach in a group.
fn reach(causes: &[Reach]) -> String {
    let most = |of: fn(&Reach) -> f64| causes.iter().map(of).fold(0.0, f64::max);
    format!("reach {:.1} services, {:.1} components", most(|r| r.services), most(|r| r.components))
}

fn count(c: &Count, noun: &str) -> String {
    let about = if c.error < 0.005 { "" } else { "about " };
    let off = if c.error < 0.005 { String::new() } else { format!(" ± {:.2}", c.error) };
    let plural = if c.of == 1 { "" } else { "s" };
    format!("{} of {} other {noun}{plural} probably fail; expected {about}{:.1}{off}", c.probable, c.of, c.expected)
}

fn method(numbers: &Numbers) -> String {
    let how = match numbers.method {
        Method::Exact => "exact, rounding below 1e-9".to_string(),
        Method::Sampled => {
            format!("too wide to be exact: {} draws, ± {:.3} (two standard errors)", numbers.draws, numbers.error)
        }
    };
    format!("{how}; delays are left out")
}

fn label(lines: &mut Vec<String>, label: &str, text: &str) {
    let text = wrap(text, WIDTH - LABEL - 2, 0);
    let lead = |i: usize| if i == 0 { label } else { "" };
    lines.extend(text.lines().enumerate().map(|(i, l)| format!("  {:LABEL$}{l}", lead(i))));
}

/// A name in its column.
fn padded(name: &str) -> String {
    format!("{:NAME$}", cut(name, NAME))
}

fn more(lines: &mut Vec<String>, all: usize) {
    if all > ROWS {
        lines.push(format!("… and {} more (--format json has them all)", all - ROWS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::whatif::view::Redundancy;

    #[test]
    fn what_was_drawn_says_how_far_off_it_may_be() {
        let numbers = Numbers { method: Method::Sampled, error: 0.01, draws: 10_000, seed: 0 };
        let services = Count { of: 9, expected: 4.2, error: 0.03, probable: 4 };
        let place = PlaceChance { capability: "login".to_string(), region: Some("NO".to_string()), p_failed: 0.42 };
        let affected = Affected {
            component: "x".repeat(90),
            kind: "service".to_string(),
            role: Role::Part,
            p_failed: 0.42,
            places: vec![place; 9],
            path: vec!["x".repeat(90), "y".repeat(90), "z".to_string()],
        };
        let text = draw(&Answer::Fault(Impact {
            component: "z".repeat(90),
            capability: "login".to_string(),
            bites: vec![vec!["a".to_string(), "b".repeat(90)]],
            services,
            components: services,
            affected: vec![affected; ROWS + 1],
            redundancy: Redundancy::default(),
            numbers,
        }));
        for part in ["10000 draws, ± 0.010", "about 4.2 ± 0.03", "~0.42 login in NO", "… and 1 more"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
    }
}
