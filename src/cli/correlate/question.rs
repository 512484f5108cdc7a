//! `correlate --ask` and `correlate --compare`: one question instead of the whole report.

use super::{Args, Format, observations};
use crate::cli::Exit;
use crate::cli::output::write;
use crate::correlate::{self, Case};
use crate::diag::clean;
use crate::diag::suggest::did_you_mean;
use crate::incident::Incident;
use crate::report::{json, markdown};

/// Answers on stdout, or says why there is no answer.
pub fn run(incident: &Incident, args: &Args, options: &correlate::Options) -> Exit {
    let signals = observations(incident);
    let graph = &incident.graph;
    let case = Case { graph, signals: &signals, coverage: &incident.coverage, window: incident.window };
    let names: Vec<&str> = args.ask.iter().chain(args.compare.iter().flatten()).map(String::as_str).collect();
    let mut unknown = false;
    for name in names.iter().filter(|name| correlate::subject(graph, name).is_none()) {
        let kinds = graph.kinds().values().flat_map(|k| [k.name.as_str(), k.family.as_str()]);
        let hint = did_you_mean(name, graph.names().chain(kinds))
            .unwrap_or_else(|| "name a component of the graph, or a kind such as cloud, cdn, dns".to_string());
        eprintln!("error: no component or kind `{}`: {hint}", clean(name));
        unknown = true;
    }
    if unknown {
        return Exit::Findings;
    }
    let answered = match names.as_slice() {
        [a, b] => correlate::compare(case, a, b, options).map(|c| (c.text.clone(), json::pretty(&c))),
        [one] => correlate::ask(case, one, options).map(|a| (a.text.clone(), json::pretty(&a))),
        _ => return Exit::Usage,
    };
    let (lines, json) = match answered {
        Ok(answered) => answered,
        Err(reason) => {
            eprintln!("error: no answer: {}", clean(&reason));
            return Exit::Findings;
        }
    };
    let text = match (args.format, json) {
        (Format::Terminal, _) => lines.join("\n") + "\n",
        (Format::Markdown, _) => markdown::lines(&lines),
        (Format::Html, _) => {
            eprintln!("error: a page shows the whole report; --ask and --compare answer as terminal, markdown or json");
            return Exit::Usage;
        }
        (Format::Json, Ok(json)) => json,
        (Format::Json, Err(e)) => {
            eprintln!("error: the answer cannot be written as JSON: {e}");
            return Exit::Bug;
        }
    };
    write(&text, args.out.as_deref())
}
