//! RSS and Atom: the feeds of AWS, Azure and Meta, each in its own way, and those of status pages in general.
//!
//! A feed in general has no field for a state: words tell. What tells nothing is shown, and is no evidence.

use super::announced::{self, Stage, Work};
use super::draft::{Draft, Trouble};
use super::{aws_rss, azure, json, meta, text, time};
use crate::collect::classify::Tenor;
use crate::collect::{Feed, Reading, Unreadable};
use crate::signal::State;
use jiff::{SignedDuration, Timestamp};
use regex::{Captures, Regex};
use std::sync::LazyLock;

const WANTED: &str = "an RSS or Atom feed";

/// An entry without an end that is older than this is an old story.
const STALE: SignedDuration = SignedDuration::from_hours(24);

/// Words at which operators let an update begin, as Statuspage sets them: `Resolved - …`. The newest comes first.
static STAGES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let stages =
        "resolved|completed|postmortem|monitoring|identified|investigating|update|scheduled|in progress|verifying";
    Regex::new(&format!(r"(?i)\b({stages})\s+[-–—]\s")).ok()
});

/// Times of updates as Statuspage sets them: `Nov 18, 14:23 UTC`.
static TIMES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b([A-Z][a-z]{2})\s+(\d{1,2})\s*, (\d{2}:\d{2}) UTC").ok());

/// One entry of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id, its address, or a hash of its title.
    pub id: String,
    /// Its title, plain.
    pub title: String,
    /// What it says, plain, the newest first.
    pub text: String,
    /// Where to read more.
    pub link: Option<String>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When it was changed last.
    pub updated: Option<Timestamp>,
    /// Its categories.
    pub categories: Vec<String>,
}

/// Whether `body` is XML that is no web page.
pub fn is(body: &[u8]) -> bool {
    json::decode(body, WANTED).is_ok_and(|t| json::markup(t.trim_start()) == "XML" && t.trim_start().starts_with('<'))
}

/// Reads a feed.
///
/// # Errors
/// [`Unreadable`] if `body` is none, or only the beginning of one.
pub fn read(body: &[u8], feed: &Feed) -> Result<Reading, Unreadable> {
    let (home, entries) = entries(body)?;
    let host = home.split('/').nth(2).unwrap_or("");
    Ok(match host {
        "status.aws.amazon.com" => aws_rss::entries(&entries, feed),
        "azure.status.microsoft" | "rssfeed.azure.status.microsoft" | "status.azure.com" => {
            azure::entries(&entries, feed)
        }
        "metastatus.com" => meta::entries(&entries, feed),
        _ => general(&entries, feed),
    })
}

/// The address of the page of a feed, and its entries.
///
/// # Errors
/// [`Unreadable`] if `body` is no feed, or only the beginning of one.
pub fn entries(body: &[u8]) -> Result<(String, Vec<Entry>), Unreadable> {
    let text = json::decode(body, WANTED)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Unreadable(format!("expected {WANTED}, found an empty answer")));
    }
    if !text.starts_with('<') {
        return Err(Unreadable(format!("expected {WANTED}, found `{}`", json::shown(text))));
    }
    if json::markup(text) == "an HTML page" {
        return Err(Unreadable(format!("expected {WANTED}, found an HTML page")));
    }
    if !["</rss>", "</feed>", "</rdf:RDF>"].iter().any(|end| text.ends_with(end)) {
        return Err(Unreadable(format!("expected {WANTED}, found XML without the end of one")));
    }
    let parser = feed_rs::parser::Builder::new().timestamp_parser(|t| time_of(time::parse(t)?)).build();
    let feed = parser.parse(text.as_bytes()).map_err(|e| Unreadable(format!("expected {WANTED}, found: {e}")))?;
    let home = |l: &&feed_rs::model::Link| l.rel.as_deref().is_none_or(|r| r == "alternate");
    let home = feed.links.iter().find(home).map(|l| l.href.clone()).unwrap_or_default();
    Ok((home, feed.entries.into_iter().take(json::MAX_ROWS).map(entry).collect()))
}

fn time_of(at: Timestamp) -> Option<chrono::DateTime<chrono::Utc>> {
    chrono::DateTime::from_timestamp_millis(at.as_millisecond())
}

fn entry(entry: feed_rs::model::Entry) -> Entry {
    let said = entry.content.and_then(|c| c.body).or(entry.summary.map(|s| s.content)).unwrap_or_default();
    let when = |t: Option<chrono::DateTime<chrono::Utc>>| Timestamp::from_millisecond(t?.timestamp_millis()).ok();
    Entry {
        id: entry.id,
        title: text::bare(&entry.title.map(|t| t.content).unwrap_or_default()),
        text: text::bare(&said),
        link: entry.links.into_iter().map(|l| l.href).next(),
        published: when(entry.published),
        updated: when(entry.updated),
        categories: entry.categories.into_iter().map(|c| c.term).collect(),
    }
}

/// Reads the entries of a status page of any make.
fn general(entries: &[Entry], feed: &Feed) -> Reading {
    let mut draft = Draft::new(feed);
    for entry in entries {
        general_entry(&mut draft, entry);
    }
    draft.finish()
}

fn general_entry(draft: &mut Draft, entry: &Entry) {
    let (title, url) = (entry.title.as_str(), entry.link.as_deref());
    let published = entry.published.or(entry.updated);
    let stages: Vec<(usize, &str)> =
        STAGES.as_ref().map_or(Vec::new(), |s| s.find_iter(&entry.text).map(|m| (m.start(), m.as_str())).collect());
    let stage = stages.first().map_or("", |(_, word)| word.trim_end_matches([' ', '-', '–', '—']));
    let oldest = stages.last().map_or(entry.text.as_str(), |(start, _)| &entry.text[*start..]);
    let newest = match stages.get(..2) {
        Some([(start, _), (end, _)]) => &entry.text[*start..*end],
        _ => entry.text.as_str(),
    };
    // The time of the next update stands before its stage.
    let newest =
        TIMES.as_ref().and_then(|t| t.find(newest)).filter(|t| t.start() > 0).map_or(newest, |t| &newest[..t.start()]);
    let whole = Trouble { first: oldest, newest, url, ..Trouble::new(&entry.id, title, State::Maintenance) };
    let rules = draft.rules();
    let tells = |text: &str| rules.tenor(text);
    // Work has stages of its own; whoever investigates has met with trouble.
    let trouble = stages.iter().any(|(_, s)| starts_with_any(s, &["investigating", "identified"]));
    let scheduled = entry.text.contains("THIS IS A SCHEDULED EVENT");
    let announces = || !trouble && tells(title).or_else(|| tells(newest)) == Some(Tenor::Maintenance);
    if scheduled || announces() {
        announced(draft, entry, whole, stage, tells(newest));
        return;
    }
    let over = matches!(stage.to_lowercase().as_str(), "resolved" | "completed" | "postmortem")
        || stages.is_empty() && tells(newest) == Some(Tenor::Resolved)
        || tells(title) == Some(Tenor::Resolved);
    let at = first_time(&entry.text, published).or(published);
    let until = entry.updated.max(published).filter(|_| over);
    if until.is_none() && entry.updated.max(published).is_some_and(|at| draft.seen_at().duration_since(at) > STALE) {
        draft.note(format!("`{}` has no end and was not touched for a day; left out", text::cut(title, 80)));
        return;
    }
    let told = [title, oldest].into_iter().filter_map(tells).find(|t| matches!(t, Tenor::Outage | Tenor::Degraded));
    let state = match told {
        Some(tenor) => tenor.state(),
        None if stages.is_empty() => State::Unknown,
        None => State::Degraded,
    };
    draft.trouble(&Trouble { state, at, until, ..whole });
    draft.blame(&entry.id, &[(published, title), (published, &entry.text)], until, url);
}

/// Work of which an entry tells; `newest` is how its newest update says that things are.
fn announced(draft: &mut Draft, entry: &Entry, trouble: Trouble, stage: &str, newest: Option<Tenor>) {
    let published = entry.published.or(entry.updated);
    let touched = entry.updated.max(published);
    if newest == Some(Tenor::Info) {
        draft.note(format!(
            "`{}` is announced work that is put off, or that nobody is to notice; left out",
            text::cut(trouble.title, 80)
        ));
        return;
    }
    let in_progress = starts_with_any(stage, &["in progress", "verifying"]);
    let over = starts_with_any(stage, &["completed", "resolved", "postmortem"]) || newest == Some(Tenor::Resolved);
    let stage = match (over, in_progress) {
        (true, _) => Stage::Over(last_time(&entry.text, touched).or(touched)),
        (false, true) => Stage::InProgress,
        (false, false) => Stage::Announced,
    };
    let near = published.unwrap_or(draft.seen_at());
    let window = announced::window(&format!("{}. {}", entry.title, entry.text), near);
    let begun = first_time(&entry.text, touched).or(published);
    draft.work(&Work { trouble, window, stage, begun, touched });
}

fn starts_with_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|w| text.get(..w.len()).is_some_and(|start| start.eq_ignore_ascii_case(w)))
}

/// The time of the oldest update of a text, which has no year: the last before `published`.
fn first_time(text: &str, published: Option<Timestamp>) -> Option<Timestamp> {
    of_update(&TIMES.as_ref()?.captures_iter(text).last()?, published?, SignedDuration::from_mins(1))
}

/// The time of the newest update. That of work is published under the time for which it was announced.
fn last_time(text: &str, published: Option<Timestamp>) -> Option<Timestamp> {
    of_update(&TIMES.as_ref()?.captures(text)?, published?, SignedDuration::from_hours(14 * 24))
}

fn of_update(found: &Captures<'_>, published: Timestamp, slack: SignedDuration) -> Option<Timestamp> {
    let year = jiff::tz::TimeZone::UTC.to_datetime(published).year();
    let of = |year: i16| time::parse(&format!("{} {} {year} {}:00 Z", &found[2], &found[1], &found[3]));
    [year, year - 1].into_iter().filter_map(of).find(|at| at.duration_since(published) <= slack)
}
