//! A page of which only the address of its host is known: where its words for machines are is found out.
//!
//! Known hosts have one place each. Elsewhere the places of all software that pages run on are tried in turn, and the
//! first that answers in its own format is asked from then on. A look around costs a request for each place, so that a
//! page where nothing was found is looked at again an hour later at the earliest.

use super::ask::{Round, Silence, Standing, fetched};
use super::config::Source;
use super::fetch::{Failure, Fetcher, Validators};
use super::read::{self, Format};
use super::standing;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use url::Url;

/// The least time between two looks around a page where nothing was found.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// Answers in a row that are no answers of the page that was found, until it is looked for elsewhere.
const MISSES: u32 = 3;
/// Places of one host that may be too slow before it is left alone.
const SLOW_PLACES: usize = 2;
/// What stands for the name of the host in [`PLACES`].
const HOST: &str = "HOST";

/// Where hosts that have a format of their own answer.
const KNOWN: &[(&str, &str, Format)] = &[
    ("health.aws.amazon.com", "/public/currentevents", Format::Aws),
    ("status.cloud.google.com", "/incidents.json", Format::Google),
    ("status.firebase.google.com", "/incidents.json", Format::Google),
    ("azure.status.microsoft", "/en-us/status/feed/", Format::Feed),
    ("slack-status.com", "/api/v2.0.0/current", Format::Slack),
    ("status.heroku.com", "/api/v4/current-status", Format::Heroku),
    ("api.status.salesforce.com", "/v1/incidents/active", Format::Salesforce),
    ("metastatus.com", "/data/orgs.json", Format::Meta),
];

/// Where all others may answer, in the order in which it is tried. incident.io comes before Statuspage, as it answers at
/// the place of that, too, and tells less there; feeds come last, as they name no parts.
const PLACES: &[(&str, Format)] = &[
    ("/proxy/HOST", Format::IncidentIo),
    ("/api/v2/summary.json", Format::Statuspage),
    ("/summary.json", Format::Instatus),
    ("/index.json", Format::BetterStack),
    ("/history.atom", Format::Feed),
    ("/history.rss", Format::Feed),
];

/// What is remembered of a page from one round to the next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// The address that the configuration names.
    of: String,
    /// Where the page is.
    found: Option<Found>,
    /// The last look around, if it found nothing.
    looked: Option<Looked>,
}

#[derive(Debug, Clone, PartialEq)]
struct Found {
    url: Url,
    format: Format,
    /// For people.
    shown: String,
    /// Answers since the last one that was in this format.
    misses: u32,
}

#[derive(Debug, Clone, PartialEq)]
struct Looked {
    at: Timestamp,
    /// In words.
    tried: String,
}

impl Memory {
    /// Whether a look around may cost what it costs. A clock that was set back does not delay it.
    fn may_look(&self, now: Timestamp) -> bool {
        let since = |looked: &Looked| now.duration_since(looked.at);
        self.looked.as_ref().map(since).is_none_or(|since| since >= LOOK_AGAIN || since.is_negative())
    }
}

/// The address of a host, if `url` is no more than that and nobody says what is to be asked there.
pub(super) fn base(source: &Source, url: &str) -> Option<Url> {
    let mut url = Url::parse(url).ok().filter(|_| source.format.is_none() && source.query.is_none())?;
    let is_host = ["http", "https"].contains(&url.scheme()) && url.path() == "/" && url.query().is_none();
    let is_open = url.username().is_empty() && url.password().is_none();
    url.set_fragment(None);
    (is_host && is_open).then_some(url)
}

/// Asks `source`, whose page is at `base` or somewhere beneath it.
pub(super) async fn round(
    source: &Source,
    base: &Url,
    fetcher: &Fetcher,
    standing: &mut Standing,
    now: Timestamp,
) -> Round {
    if standing.page.of != base.as_str() {
        standing.page = Memory { of: base.to_string(), ..Memory::default() };
        standing.validators = Validators::default();
    }
    if let Some(found) = standing.page.found.clone() {
        let silence = match fetched(source, found.url.as_str(), Some(found.format), fetcher, standing, now).await {
            Ok(round) => {
                standing.page.found = Some(Found { misses: 0, ..found.clone() });
                return noted(round, &found);
            }
            Err(silence) => silence,
        };
        let misses = found.misses.saturating_add(u32::from(is_elsewhere(&silence)));
        if misses < MISSES || !is_elsewhere(&silence) || !standing.page.may_look(now) {
            let why = format!("{silence} at {}, where the page was", found.shown);
            standing.page.found = Some(Found { misses, ..found });
            return Round::Unknown(why);
        }
        standing.page.found = Some(Found { misses, ..found });
        standing.validators = Validators::default();
    }
    let front = match fetched(source, base.as_str(), None, fetcher, standing, now).await {
        Ok(round) => {
            standing.page.found = None;
            return round;
        }
        Err(silence) => silence,
    };
    if is_elsewhere(&front) && standing.page.may_look(now) {
        match look(source, base, fetcher, standing, now).await {
            Ok(round) => return round,
            Err(tried) => standing.page.looked = Some(Looked { at: now, tried }),
        }
    }
    Round::Unknown(match &standing.page.looked {
        Some(looked) if is_elsewhere(&front) => format!("{front}; {}", looked.tried),
        _ => front.to_string(),
    })
}

/// Tries every place. What was tried in vain is told in words.
async fn look(
    source: &Source,
    base: &Url,
    fetcher: &Fetcher,
    standing: &mut Standing,
    now: Timestamp,
) -> Result<Round, String> {
    let mut tried: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut slow = 0;
    for (pattern, format) in places(base) {
        let path = pattern.replace(HOST, base.host_str().unwrap_or_default());
        let Ok(url) = base.join(&path) else { continue };
        standing.validators = Validators::default();
        match fetched(source, url.as_str(), Some(format), fetcher, standing, now).await {
            Ok(round) => {
                // A host that comes from the environment may be a secret.
                let shown = match standing::host(&source.way) {
                    Some(host) => format!("{}://{host}{path}", base.scheme()),
                    None => pattern.to_string(),
                };
                let found = Found { url, format, shown, misses: 0 };
                let round = noted(round, &found);
                standing.page.found = Some(found);
                standing.page.looked = None;
                return Ok(round);
            }
            Err(silence) => {
                tried.entry(silence.to_string()).or_default().push(pattern);
                slow += usize::from(matches!(silence, Silence::Failed(Failure::Timeout(_))));
                if wants_peace(&silence) || slow >= SLOW_PLACES {
                    break;
                }
            }
        }
    }
    let tried: Vec<String> = tried.iter().map(|(why, at)| format!("{} ({why})", at.join(", "))).collect();
    Err(format!("tried {}: give the whole address of what to ask as `url`", tried.join(", ")))
}

/// The places where the host of `base` may answer, and in which format.
fn places(base: &Url) -> Vec<(&'static str, Format)> {
    let host = base.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    match KNOWN.iter().find(|(known, ..)| *known == host) {
        Some((_, path, format)) => vec![(*path, *format)],
        None => PLACES.to_vec(),
    }
}

/// Whether something else answered than what was asked for, so that it may be elsewhere.
fn is_elsewhere(silence: &Silence) -> bool {
    match silence {
        Silence::Unrecognised(_) | Silence::Unreadable(_) => true,
        // Not: who are you (401), too slow (408), too often (429).
        Silence::Failed(Failure::Status { status, .. }) => {
            (400..500).contains(status) && ![401, 408, 429].contains(status)
        }
        Silence::Failed(_) => false,
    }
}

/// Whether the host is not to be asked for anything else now, or cannot be.
fn wants_peace(silence: &Silence) -> bool {
    let Silence::Failed(failure) = silence else { return false };
    let nobody =
        matches!(failure, Failure::NoName(_) | Failure::Unreachable(_) | Failure::NoTrust(_) | Failure::NoRoots(_));
    nobody || matches!(failure, Failure::Status { status: 429, .. }) || failure.asked_rest().is_some()
}

/// What a page said, and where that is.
fn noted(mut round: Round, found: &Found) -> Round {
    if let Round::Told(reading) = &mut round {
        let Found { shown, format, .. } = found;
        let note = format!("found at {shown} as {}: write that as `url` and `format`", read::word(*format));
        // First, as only some are kept.
        reading.notes.insert(0, note);
    }
    round
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hosts_have_a_place_of_their_own() {
        let of = |url: &str| places(&Url::parse(url).unwrap());
        assert_eq!(of("https://status.heroku.com/"), [("/api/v4/current-status", Format::Heroku)]);
        assert_eq!(of("https://www.slack-status.com"), [("/api/v2.0.0/current", Format::Slack)]);
        assert_eq!(of("https://status.example.com/"), PLACES);
        assert_eq!(of("https://heroku.com/"), PLACES);
    }

    #[test]
    fn a_look_around_has_its_time() {
        let at = |minute: i64| Timestamp::from_second(1_795_000_020 + 60 * minute).unwrap();
        let looked = Looked { at: at(0), tried: String::new() };
        let memory = Memory { looked: Some(looked), ..Memory::default() };
        assert!(!memory.may_look(at(0)) && !memory.may_look(at(59)) && memory.may_look(at(60)));
        assert!(memory.may_look(at(-1)), "the clock was set back");
        assert!(Memory::default().may_look(at(0)));
    }
}
