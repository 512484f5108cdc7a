//! The scores as text and as JSON.

use super::score::{CaseScore, Totals, totals};
use super::{Backtest, Blind};
use crate::report::view::VerdictKind;
use serde_json::{Value, json};

/// Width of a case's id.
const ID: usize = 43;
/// No line of the text is longer.
pub const WIDTH: usize = 100;

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
            verdict(case.report.verdict.kind),
            case.score.log_loss,
            case.score.brier,
        );
        let best: Vec<String> =
            case.report.causes.iter().take(3).map(|c| format!("{} {:.2}", c.component, c.probability)).collect();
        let best = if best.is_empty() { "no cause named".to_string() } else { best.join(", ") };
        out += &format!("    {}\n", cut(&best, WIDTH - 4));
    }
    out += "\n                                     exact  accept.  exact  accept.   log          sure and\n";
    out += "                                     first   first    in 3   in 3    loss  brier   wrong\n";
    let model = totals(backtest.cases.iter().map(|c| &c.score));
    out += &row("commoncause", &model);
    for (name, t) in baselines(backtest) {
        out += &row(name, &t);
    }
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

/// The kind of verdict, as the report spells it.
fn verdict(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::CommonCause => "common-cause",
        VerdictKind::SeveralCauses => "several-causes",
        VerdictKind::Independent => "independent",
        VerdictKind::UnknownCause => "unknown-cause",
        VerdictKind::Inconclusive => "inconclusive",
    }
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
            json!({
                "id": c.id, "verdict": c.report.verdict.kind, "causes": best, "coincidence": c.report.coincidence,
                "score": score(&c.score), "baselines": rivals,
            })
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
            "seed": backtest.options.seed,
        },
        "cases": cases,
        "totals": totals(backtest.cases.iter().map(|c| &c.score)),
        "baselines": baselines,
    })
}
