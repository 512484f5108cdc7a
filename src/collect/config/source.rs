//! One source of a configuration.

use super::SOURCE;
use super::codes::{NO_KNOWN_GOOD, SECRET_IN_FILE, UNKNOWN_FORMAT};
use super::filled::{Environment, Filled, Kept, fill, is_secret};
use super::values::{DIALECT, Empty, complain, duration, pairs, yes};
use crate::collect::classify::Rules;
use crate::collect::fetch::{Reach, can_be_sent};
use crate::collect::read::FORMATS;
use crate::diag::suggest::did_you_mean;
use crate::diag::tree::Node;
use crate::diag::{Diagnostic, Span};
use crate::incident::Placed;
use crate::incident::mapping::Mapping;
use crate::signal::words::capability;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// How often a source is asked that does not say.
pub const EVERY: Duration = Duration::from_secs(60);
/// How often a sender repeats what goes on, if it is not said: as Alertmanager and Grafana do.
pub const REPEATED: Duration = Duration::from_secs(4 * 60 * 60);
/// Formats whose senders repeat what goes on.
const REPEATING: &[&str] = &["alertmanager", "grafana", "prometheus"];
/// What probes can do, as the schemes of their targets.
pub const PROBES: &[&str] = &["http", "https", "tcp", "tls", "dns"];
/// The ways to a source; each has exactly one.
const WAYS: &[&str] = &["url", "file", "probe", "receive"];
/// Most targets of one probe, and most known-good ones.
const MAX_TARGETS: usize = 50;

/// How a source is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// It is fetched.
    Url(Filled),
    /// It is a file, relative to the configuration's folder.
    File(Placed),
    /// We look ourselves: targets as `https://…`, `tcp://host:port`, `tls://host:port`, `dns://name`.
    Probe(Vec<Placed>),
    /// It comes to us, to this path.
    Receive(Placed),
}

/// One source.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// What it is called, once in the file.
    pub name: Placed,
    /// How it is heard.
    pub way: Way,
    /// Its format, one of [`FORMATS`]; if not given, the answer tells.
    pub format: Option<String>,
    /// What is asked of a database of measurements.
    pub query: Option<String>,
    /// The component of which it speaks where it names none.
    pub component: Option<Placed>,
    /// What of it a probe tries; if not given, the whole.
    pub capability: Option<String>,
    /// What it calls things, in lower case, and the components meant; an empty component leaves out.
    pub names: Vec<(Placed, Placed)>,
    /// How often it is asked; if it comes to us, how often the sender repeats what goes on.
    pub every: Duration,
    /// Components of which its silence says that they work.
    pub covers: Vec<Placed>,
    /// Targets that work unless the fault is ours.
    pub known_good: Vec<Placed>,
    /// Which addresses it may be at.
    pub reach: Reach,
    /// Headers that are sent.
    pub headers: Vec<(String, Filled)>,
    /// With which what comes to us must be signed.
    pub secret: Option<Filled>,
    /// The rules for its texts, if others than those that come with the program.
    pub rules: Option<Arc<Rules>>,
    /// Where it stands.
    pub span: Span,
}

impl Source {
    /// Whether `other` asks the same in the same way, wherever both stand in their files.
    pub fn says_the_same(&self, other: &Source) -> bool {
        let texts = |placed: &[Placed]| placed.iter().map(|p| p.text.clone()).collect::<Vec<_>>();
        let way = |way: &Way| match way {
            Way::Url(url) => vec![url.value.0.clone()],
            Way::File(one) | Way::Receive(one) => vec![one.text.clone()],
            Way::Probe(targets) => texts(targets),
        };
        let names = |s: &Source| -> Vec<(String, String)> {
            s.names.iter().map(|(name, meant)| (name.text.clone(), meant.text.clone())).collect()
        };
        let component = |s: &Source| s.component.as_ref().map(|c| c.text.clone());
        std::mem::discriminant(&self.way) == std::mem::discriminant(&other.way)
            && way(&self.way) == way(&other.way)
            && component(self) == component(other)
            && names(self) == names(other)
            && texts(&self.known_good) == texts(&other.known_good)
            && self.rules == other.rules
            && (&self.format, &self.query, &self.capability, self.every, self.reach, &self.headers)
                == (&other.format, &other.query, &other.capability, other.every, other.reach, &other.headers)
    }

    /// Whether it asks for pages, of those who run them.
    pub(super) fn asks_pages(&self) -> bool {
        let page = |target: &Placed| target.text.starts_with("http");
        match &self.way {
            Way::Url(_) => true,
            Way::Probe(targets) => targets.iter().chain(&self.known_good).any(page),
            Way::File(_) | Way::Receive(_) => false,
        }
    }
}

/// Reads the source at `node`.
pub(super) fn read(node: &Node, environment: Environment<'_>, problems: &mut Vec<Diagnostic>) -> Option<Source> {
    let map = Mapping::of(node, "a source", SOURCE, DIALECT, problems)?;
    let here = Span { end: node.span.start, ..node.span };
    let name = map.text("name", problems);
    if map.get("name").is_none() {
        complain(problems, here, "a source without `name`", "say what it is called, as name: okta-status");
    }
    let way = way(&map, here, environment, problems);
    let known_good = targets(&map, "known_good", problems);
    let mut names = pairs(&map, "names", Empty::LeavesOut, problems);
    names.iter_mut().for_each(|(name, _)| name.text = name.text.to_lowercase());
    let source = Source {
        format: format(&map, problems),
        query: map.text("query", problems).map(|t| t.text),
        component: map.text("component", problems),
        capability: map.text("capability", problems).map(|t| capability(&t.text).to_string()),
        names,
        every: duration(&map, "every", problems).unwrap_or(match way {
            Some(Way::Receive(_)) => REPEATED,
            _ => EVERY,
        }),
        covers: map.texts("covers", problems),
        known_good,
        reach: if yes(&map, "allow_private", problems) { Reach::NamedHost } else { Reach::Public },
        headers: headers(&map, environment, problems),
        secret: map.text("secret", problems).and_then(|t| fill(&t, Kept::InEnvironment, environment, problems)),
        rules: None,
        span: node.span,
        name: name?,
        way: way?,
    };
    fits(&source, &map, problems);
    Some(source)
}

/// The one way that is given.
fn way(map: &Mapping, here: Span, environment: Environment<'_>, problems: &mut Vec<Diagnostic>) -> Option<Way> {
    let given: Vec<&str> = WAYS.iter().copied().filter(|key| map.get(key).is_some()).collect();
    let [key] = given.as_slice() else {
        let message = match given.len() {
            0 => "a source without a way to it".to_string(),
            _ => format!("a source with several ways to it: {}", given.join(", ")),
        };
        complain(problems, here, message, format!("give exactly one of {}", WAYS.join(", ")));
        return None;
    };
    match *key {
        "url" => {
            let url = fill(&map.text("url", problems)?, Kept::InFile, environment, problems)?;
            let span = map.get("url").map_or(here, |n| n.span);
            web_address("url", &url, span, problems).then_some(Way::Url(url))
        }
        "file" => map.text("file", problems).map(Way::File),
        "probe" => {
            let before = problems.len();
            let found = targets(map, "probe", problems);
            if found.is_empty() && problems.len() == before {
                complain(problems, here, "a probe without targets", "write probe: [https://login.example.com/]");
            }
            (problems.len() == before).then_some(Way::Probe(found))
        }
        _ => {
            let path = map.text("receive", problems)?;
            if !path.text.starts_with('/') || path.text.contains(|c: char| c.is_whitespace() || "?#".contains(c)) {
                complain(problems, path.span, "`receive` must be a path", "write receive: /hooks/alertmanager");
                return None;
            }
            Some(Way::Receive(path))
        }
    }
}

/// Whether an address of the web is one. Tells nothing of its value, which may hold a secret.
pub(super) fn web_address(key: &str, url: &Filled, span: Span, problems: &mut Vec<Diagnostic>) -> bool {
    let before = problems.len();
    match Url::parse(&url.value.0) {
        Ok(url) if !["http", "https"].contains(&url.scheme()) => {
            let message = format!("`{key}` is neither http nor https");
            complain(problems, span, message, "write the address as https://status.example.com/api/v2/summary.json");
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            let help = "write headers: {Authorization: \"Basic ${NAME}\"}";
            problems.push(
                Diagnostic::error(SECRET_IN_FILE, format!("`{key}` holds a user or password"))
                    .at(Span { end: span.start, ..span }, "this address")
                    .help(help),
            );
        }
        Ok(_) => {}
        Err(e) => {
            let help = "write the address as https://status.example.com/api/v2/summary.json";
            complain(problems, span, format!("`{key}` is not an address: {e}"), help);
        }
    }
    problems.len() == before
}

/// Targets of probes.
fn targets(map: &Mapping, key: &str, problems: &mut Vec<Diagnostic>) -> Vec<Placed> {
    let found = map.texts(key, problems);
    if let Some(beyond) = found.get(MAX_TARGETS) {
        let message = format!("{} targets in `{key}`, more than {MAX_TARGETS}", found.len());
        complain(problems, beyond.span, message, "make several sources of it, one for each thing that is tested");
    }
    for target in &found {
        let url = Url::parse(&target.text);
        if url.as_ref().is_ok_and(|url| !url.username().is_empty() || url.password().is_some()) {
            let here = Span { end: target.span.start, ..target.span };
            problems.push(
                Diagnostic::error(SECRET_IN_FILE, format!("a target in `{key}` holds a user or password"))
                    .at(here, "this target")
                    .help("look at an address that needs none, or at one that answers 401 without"),
            );
        } else if let Some(fault) = fault(url) {
            let help =
                format!("write it as {}", "https://login.example.com/, tcp://10.0.0.5:5432 or dns://example.com");
            complain(problems, target.span, format!("`{}` in `{key}` {fault}", target.text), help);
        }
    }
    found
}

/// Why this is no target.
fn fault(url: Result<Url, url::ParseError>) -> Option<&'static str> {
    let Ok(url) = url else { return Some("is not a target") };
    // Addresses are recognised as such only where the scheme is one of the web.
    let web = Url::parse(&url.as_str().replacen(url.scheme(), "https", 1));
    let is_page = ["http", "https"].contains(&url.scheme());
    match url.scheme() {
        scheme if !PROBES.contains(&scheme) => Some("begins with none of the schemes of probes"),
        _ if url.host_str().unwrap_or_default().is_empty() => Some("has no host"),
        _ if web.is_err() => Some("has a host that is none"),
        "tcp" if url.port().is_none() => Some("has no port"),
        "dns" if url.port().is_some() => Some("has a port, and is a name"),
        "dns" if !matches!(web.as_ref().map(Url::host), Ok(Some(Host::Domain(_)))) => Some("is an address and no name"),
        _ if !is_page && (!["", "/"].contains(&url.path()) || url.query().is_some()) => {
            Some("has a path, which only http and https have")
        }
        _ => None,
    }
}

fn format(map: &Mapping, problems: &mut Vec<Diagnostic>) -> Option<String> {
    let word = map.text("format", problems)?;
    let words: Vec<&str> = FORMATS.iter().map(|(word, _)| *word).collect();
    if !words.contains(&word.text.as_str()) {
        let help = did_you_mean(&word.text, words.iter().copied())
            .unwrap_or_else(|| format!("one of {}; leave it out to have it recognised", words.join(", ")));
        problems.push(
            Diagnostic::error(UNKNOWN_FORMAT, format!("unknown format `{}`", word.text))
                .at(word.span, "not known")
                .help(help),
        );
        return None;
    }
    Some(word.text)
}

/// Headers, of which those that hold secrets are from the environment.
pub(super) fn headers(
    map: &Mapping,
    environment: Environment<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<(String, Filled)> {
    let mut found = Vec::new();
    for (name, value) in pairs(map, "headers", Empty::Wrong, problems) {
        let kept = if is_secret(&name.text) { Kept::ButScheme } else { Kept::InFile };
        let Some(value) = fill(&value, kept, environment, problems) else { continue };
        if can_be_sent(&name.text, &value.value) {
            found.push((name.text, value));
        } else {
            let message = format!("the header `{}` has a name or value that cannot be sent", name.text);
            complain(problems, name.span, message, "write Authorization: …, without line breaks in the value");
        }
    }
    found
}

/// Fields that say nothing of a source that is heard this way would be passed over in silence.
fn fits(source: &Source, map: &Mapping, problems: &mut Vec<Diagnostic>) {
    let (way, idle): (&str, &[&str]) = match &source.way {
        Way::Url(_) => ("is fetched", &["capability", "known_good", "secret"]),
        Way::File(_) => ("is a file", &["capability", "known_good", "secret", "headers", "allow_private", "query"]),
        Way::Probe(_) => ("is a probe", &["secret", "query", "format", "names", "headers"]),
        Way::Receive(_) if source.format.as_deref().is_some_and(|f| REPEATING.contains(&f)) => {
            ("is received", &["capability", "known_good", "headers", "allow_private", "query"])
        }
        Way::Receive(_) => ("is received", &["capability", "known_good", "headers", "allow_private", "query", "every"]),
    };
    for key in idle.iter().filter(|key| map.get(key).is_some()) {
        let span = map.get(key).map_or(source.span, |n| n.span);
        complain(problems, span, format!("`{key}` means nothing for a source that {way}"), format!("remove `{key}`"));
    }
    let needs = match (&source.way, &source.format) {
        (Way::File(_) | Way::Receive(_), None) => Some(("format", "say how to read it, as format: userreports")),
        (Way::Probe(_), _) if source.component.is_none() => {
            Some(("component", "say what it tests, as component: okta"))
        }
        _ => None,
    };
    if let Some((key, help)) = needs.filter(|(key, _)| map.get(key).is_none()) {
        let here = Span { end: source.span.start, ..source.span };
        complain(problems, here, format!("a source that {way} needs `{key}`"), help);
    }
    if matches!(source.way, Way::Probe(_)) && map.get("known_good").is_none() {
        let message = format!("`{}` has no `known_good`: its failures may be ours", source.name.text);
        problems.push(
            Diagnostic::hint(NO_KNOWN_GOOD, message)
                .at(Span { end: source.span.start, ..source.span }, "this probe")
                .help("name what as good as always works and is reached in the same way, as known_good: [https://example.org/]"),
        );
    }
}
