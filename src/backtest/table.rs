//! The scores as text and as JSON.

use super::score::{CaseScore, Totals, totals};
use super::simulate::Summary;
use super::{Backtest, Blind, ToAnswer, tune};
use crate::model::Params;
use serde_json::{Value, json};

/// Width of a case's id.
const ID: usize = 43;
/// No line of the text is longer.
pub const WIDTH: usize = 100;

/// Heads of the columns of totals.
const HEAD: &str = "
                                     exact  accept.  exact  accept.   log          sure and
                                     first   first    in 3   in 3    loss  brier   wrong
";

/// The table per case, the totals beside the baselines, and the reliability table.
pub fn text(backtest: &Backtest) -> String {
    let mut out = String::new();
    out += &format!("{:ID$} {:10} {:14} {:>8} {:>6}\n", "incident", "first is", "verdict", "log loss", "brier");
    for case in &backtest.cases {
        let first = match (&case.score.exact_first, &case.score.acceptable_first) {
            (true, _) => "exact",
            (false, true) => "acceptable",
            _ => "wrong",
        };
        let id: String = case.id.chars().take(ID).collect();
        let sure = if case.score.wrong_and_sure.is_empty() { "" } else { " SURE AND WRONG" };
        out += &format!(
            "{id:ID$} {first:10} {:14} {:8.2} {:6.3}{sure}\n",
            case.report.verdict.kind.as_str(),
            case.score.log_loss,
            case.score.brier,
        );
        let best: Vec<String> =
            case.report.causes.iter().take(3).map(|c| format!("{} {:.2}", c.component, c.probability)).collect();
        match case.to_answer {
            ToAnswer::NotAsked => {}
            ToAnswer::Never => out += "    a right answer never led for good\n",
            ToAnswer::After(minutes) => out += &format!("    a right answer led after {minutes:.0} minutes\n"),
        }
        let best = if best.is_empty() { "no cause named".to_string() } else { best.join(", ") };
        out += &format!("    {}\n", cut(&best, WIDTH - 4));
    }
    out += HEAD;
    let model = totals(backtest.cases.iter().map(|c| &c.score));
    out += &row("commoncause", &model);
    for (name, t) in baselines(backtest) {
        out += &row(name, &t);
    }
    out += &waits(backtest);
    out += &format!(
        "of {} incidents\n\nreliability (common causes named and all true ones; right = true or acceptable)\n",
        model.cases
    );
    out += "  probability up to   count   mean   right\n";
    for bin in &model.reliability {
        out += &format!("  {:17.2} {:7} {:6.2} {:7.2}\n", bin.up_to, bin.count, bin.mean_probability, bin.share_true);
    }
    out
}

/// How long the right answers took, if diaries were kept.
fn waits(backtest: &Backtest) -> String {
    let asked = backtest.cases.iter().filter(|c| c.to_answer != ToAnswer::NotAsked).count();
    let mut minutes: Vec<f64> = backtest
        .cases
        .iter()
        .filter_map(|c| if let ToAnswer::After(minutes) = c.to_answer { Some(minutes) } else { None })
        .collect();
    minutes.sort_by(f64::total_cmp);
    let Some(median) = minutes.get(minutes.len() / 2) else { return String::new() };
    format!("a right answer led for good in {} of {asked}, after {median:.0} minutes (median)\n", minutes.len())
}

/// Leave one case out: every case under the setting that is best on the others, beside the given setting.
pub fn left_out(names: &[String], settings: &[(Params, Vec<f64>)], scores: &[Vec<CaseScore>]) -> String {
    let out_of = tune::leave_one_out(scores);
    let mut out = format!(
        "each incident under the best of {} settings, chosen on the others (0: the given one)\n\n{:ID$} setting  first is     log loss\n",
        settings.len(),
        "incident"
    );
    let first = |s: &CaseScore| match (s.exact_first, s.acceptable_first) {
        (true, _) => "exact",
        (false, true) => "acceptable",
        _ => "wrong",
    };
    for l in &out_of {
        let id: String = names[l.case].chars().take(ID).collect();
        let sure = if l.score.wrong_and_sure.is_empty() { "" } else { " SURE AND WRONG" };
        out += &format!("{id:ID$} {:7}  {:10} {:10.2}{sure}\n", l.setting, first(&l.score), l.score.log_loss);
    }
    out += HEAD;
    out += &row("leaving one out", &tune::totals_of(&out_of));
    out += &row("the given setting", &totals(scores[0].iter()));
    let best = (0..scores.len()).min_by(|&a, &b| {
        let loss = |i: usize| totals(scores[i].iter()).log_loss;
        loss(a).total_cmp(&loss(b))
    });
    if let Some(best) = best {
        out += &row("best setting, having seen all", &totals(scores[best].iter()));
        for (range, x) in tune::RANGES.iter().zip(&settings[best].1) {
            out += &format!("  {:30} {x:.3}\n", range.name);
        }
    }
    out
}

/// Simulated incidents, mode by mode, with the reliability of the first.
pub fn simulated(rows: &[(&str, Summary)]) -> String {
    let mut out = format!(
        "{:36} {:>9} {:>6} {:>6} {:>8} {:>9}   {}\n{:36} {:>9} {:>6} {:>6} {:>8} {:>9}   {}\n",
        "simulated incidents",
        "incidents",
        "with a",
        "true",
        "log loss",
        "sure and",
        "named 0.85 to 0.95:",
        "",
        "",
        "cause",
        "first",
        "of those",
        "wrong",
        "count  mean  right"
    );
    for (name, s) in rows {
        let first = if s.with_cause == 0 { 0.0 } else { s.first as f64 / s.with_cause as f64 };
        let (count, mean, right) = s.around_nine;
        out += &format!(
            "{name:36} {:9} {:6} {first:6.2} {:8.3} {:9}   {count:5}  {mean:.2}  {right:.2}\n",
            s.incidents, s.with_cause, s.log_loss, s.sure_and_wrong
        );
    }
    for (name, s) in rows.iter().take(2) {
        out += &format!("\nreliability, {}\n  probability up to   count   mean   right\n", name.trim());
        for bin in &s.reliability {
            out +=
                &format!("  {:17.2} {:7} {:6.3} {:7.3}\n", bin.up_to, bin.count, bin.mean_probability, bin.share_true);
        }
    }
    out
}

/// One lesson switched off.
pub struct Ablated {
    /// Which.
    pub name: &'static str,
    /// The incidents.
    pub seen: Totals,
    /// The incidents with silent suspects.
    pub blind: Totals,
    /// Simulated ones.
    pub simulated: Summary,
}

/// Each lesson switched off alone.
pub fn ablated(rows: &[Ablated]) -> String {
    let mut out = format!(
        "{:60} {:^30}  {:^12}  {:^12}\n{:60} {:>5} {:>5} {:>6} {:>5} {:>5}  {:>5} {:>6}  {:>6} {:>5}\n",
        "",
        "incidents",
        "blind",
        "simulated",
        "without",
        "exact",
        "acc.",
        "loss",
        "brier",
        "wrong",
        "acc.",
        "loss",
        "loss",
        "wrong"
    );
    for row in rows {
        out += &format!(
            "{:60} {:5} {:5} {:6.3} {:5.3} {:5}  {:5} {:6.3}  {:6.3} {:5}\n",
            row.name,
            row.seen.exact_first,
            row.seen.acceptable_first,
            row.seen.log_loss,
            row.seen.brier,
            row.seen.wrong_and_sure,
            row.blind.acceptable_first,
            row.blind.log_loss,
            row.simulated.log_loss,
            row.simulated.sure_and_wrong,
        );
    }
    out
}

/// At most `width` characters; what is lost is shown as `…`.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

fn row(name: &str, t: &Totals) -> String {
    format!(
        "{name:36} {:5} {:7} {:7} {:6} {:8.3} {:6.3} {:6}\n",
        t.exact_first,
        t.acceptable_first,
        t.exact_in_three,
        t.acceptable_in_three,
        t.log_loss,
        t.brier,
        t.wrong_and_sure
    )
}

/// Totals of every baseline.
pub fn baselines(backtest: &Backtest) -> Vec<(&'static str, Totals)> {
    let names = backtest.cases.first().map(|c| c.baselines.iter().map(|b| b.0).collect::<Vec<_>>());
    let score_of = |i: usize| backtest.cases.iter().map(move |c| &c.baselines[i].1);
    names.unwrap_or_default().into_iter().enumerate().map(|(i, name)| (name, totals(score_of(i)))).collect()
}

/// Everything as JSON.
pub fn json(backtest: &Backtest) -> Value {
    let score = |s: &CaseScore| {
        json!({
            "exact_first": s.exact_first, "acceptable_first": s.acceptable_first,
            "exact_in_three": s.exact_in_three, "acceptable_in_three": s.acceptable_in_three,
            "log_loss": s.log_loss, "brier": s.brier, "wrong_and_sure": s.wrong_and_sure,
        })
    };
    let cases: Vec<Value> = backtest
        .cases
        .iter()
        .map(|c| {
            let best: Vec<Value> = c
                .report
                .causes
                .iter()
                .take(5)
                .map(|c| json!({ "component": c.component, "probability": c.probability }))
                .collect();
            let rivals: Vec<Value> =
                c.baselines.iter().map(|(name, s)| json!({ "name": name, "score": score(s) })).collect();
            let mut case = json!({
                "id": c.id, "verdict": c.report.verdict.kind, "causes": best, "coincidence": c.report.coincidence,
                "score": score(&c.score), "baselines": rivals,
            });
            match c.to_answer {
                ToAnswer::NotAsked => {}
                ToAnswer::Never => case["minutes_to_answer"] = Value::Null,
                ToAnswer::After(minutes) => case["minutes_to_answer"] = json!(minutes),
            }
            case
        })
        .collect();
    let baselines: Vec<Value> =
        baselines(backtest).into_iter().map(|(name, t)| json!({ "name": name, "totals": t })).collect();
    json!({
        "schema": "commoncause/backtest/v1",
        "options": {
            "early_minutes": backtest.options.early_minutes,
            "blind": backtest.options.blind == Blind::Yes,
            "drop_edges": backtest.options.drop_edges,
            "drop_signals": backtest.options.drop_signals,
            "seed": backtest.options.seed,
        },
        "cases": cases,
        "totals": totals(backtest.cases.iter().map(|c| &c.score)),
        "baselines": baselines,
    })
}
