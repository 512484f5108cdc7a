//! `correlate --ask` and `correlate --compare`: one question instead of the whole report.

use super::{Choice, Format, case, observations};
use crate::cli::Exit;
use crate::correlate;
use crate::diag::clean;
use crate::diag::suggest::did_you_mean;
use crate::incident::Incident;
use crate::report::{json, markdown};

/// The answer as text; why there is none has been told on stderr.
pub fn render(incident: &Incident, choice: &Choice, options: &correlate::Options) -> Result<String, Exit> {
    let signals = observations(incident);
    let case = case(incident, &signals);
    let names: Vec<&str> = choice.ask.iter().chain(choice.compare.iter().flatten()).map(String::as_str).collect();
    let graph = &incident.graph;
    let mut unknown = false;
    for name in names.iter().filter(|name| correlate::subject(graph, name).is_none()) {
        let kinds = graph.kinds().values().flat_map(|k| [k.name.as_str(), k.family.as_str()]);
        let hint = did_you_mean(name, graph.names().chain(kinds))
            .unwrap_or_else(|| "name a component of the graph, or a kind such as cloud, cdn, dns".to_string());
        eprintln!("error: no component or kind `{}`: {hint}", clean(name));
        unknown = true;
    }
    if unknown {
        return Err(Exit::Findings);
    }
    let answered = match names.as_slice() {
        [a, b] => correlate::compare(case, a, b, options).map(|c| (c.text.clone(), json::pretty(&c))),
        [one] => correlate::ask(case, one, options).map(|a| (a.text.clone(), json::pretty(&a))),
        _ => return Err(Exit::Usage),
    };
    let (lines, json) = answered.map_err(|reason| {
        eprintln!("error: no answer: {}", clean(&reason));
        Exit::Findings
    })?;
    match choice.format {
        Format::Terminal => Ok(lines.join("\n") + "\n"),
        Format::Markdown => Ok(markdown::lines(&lines)),
        Format::Html | Format::Mermaid | Format::Dot => {
            eprintln!(
                "error: pictures show the whole report; --ask and --compare answer as terminal, markdown or json"
            );
            Err(Exit::Usage)
        }
        Format::Json => json.map_err(|e| {
            eprintln!("error: the answer cannot be written as JSON: {e}");
            Exit::Bug
        }),
    }
}
