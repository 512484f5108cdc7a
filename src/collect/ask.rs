//! One source is asked once: fetched or read, recognised, understood.

use super::config::{Source, Way};
use super::fetch::{Failure, Fetcher, Request, Validators};
use super::follow::follow;
use super::read::{self, FORMATS, Format};
use super::{Collected, Feed, Reading, classify, find, look};
use jiff::Timestamp;
use std::fmt;
use std::path::Path;
use std::time::Duration;
use url::Url;

/// Whether every answer in a format lists all that is wrong now, so that what is gone from it has ended. The others tell
/// what happened in a stretch of time, or one event.
pub(super) fn lists_all(format: Format) -> bool {
    !matches!(
        format,
        Format::Feed
            | Format::Grafana
            | Format::Ioda
            | Format::PagerDuty
            | Format::Radar
            | Format::Ripe
            | Format::UserReports
    )
}

/// How far back is asked, at most, in seconds.
const RANGE: i64 = 60 * 60;
/// Between two of its measurements, at most, in seconds; less for a source that is asked more often.
const STEP: i64 = 60;
/// Measurements that one answer holds of each thing, at most.
const POINTS: i64 = 720;

/// What is remembered of a source from one round to the next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// Of the last answer.
    pub validators: Validators,
    /// What the last answer that could be read said.
    pub said: Vec<Collected>,
    /// When that was.
    pub answered_at: Option<Timestamp>,
    /// Rounds without an answer since then.
    pub failures: u32,
    /// How long the host asks to be left alone.
    pub rest: Option<Duration>,
    /// From when on the last answer says something else: then it has to be read again.
    pub differs_from: Option<Timestamp>,
    /// Of looks of our own.
    pub looks: look::Memory,
    /// Of a page whose format nobody told.
    pub page: find::Memory,
}

/// What became of a round. What is not [`Told`](Round::Told) or [`Unchanged`](Round::Unchanged) says nothing: the state of
/// all that the source covers is unknown.
#[derive(Debug, Clone, PartialEq)]
pub enum Round {
    /// It said something.
    Told(Reading),
    /// It said the same as the last time.
    Unchanged,
    /// It could not be had, or not be read; why, in words.
    Unknown(String),
}

/// Why a source said nothing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Silence {
    /// There was no answer.
    Failed(Failure),
    /// What was answered is in no format that is known, or not in the one that is wanted: what it is.
    Unrecognised(String),
    /// What was answered cannot be read as what it seems to be: why.
    Unreadable(String),
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Silence::Failed(failure) => failure.fmt(f),
            Silence::Unrecognised(found) => write!(f, "found {found}"),
            Silence::Unreadable(why) => f.write_str(why),
        }
    }
}

/// Asks `source`. `base` is the folder of the configuration, `now` the time that signals get as that of their arrival.
pub async fn ask(source: &Source, base: &Path, fetcher: &Fetcher, standing: &mut Standing, now: Timestamp) -> Round {
    if standing.differs_from.is_some_and(|then| then <= now) {
        standing.validators = Validators::default();
    }
    let round = match &source.way {
        Way::Url(url) => match find::base(source, &url.value.0) {
            Some(base) => find::round(source, &base, fetcher, standing, now).await,
            None => {
                let url = asked(&url.value.0, source.query.as_deref(), source.every, now);
                fetched(source, &url, None, fetcher, standing, now).await.unwrap_or_else(|silence| unknown(&silence))
            }
        },
        Way::File(path) => match crate::signal::read::read_bytes(&base.join(&path.text)) {
            Ok(bytes) => {
                understand(source, &path.text, &bytes, None, standing, now).unwrap_or_else(|silence| unknown(&silence))
            }
            Err(problem) => Round::Unknown(problem.message),
        },
        Way::Probe(targets) => {
            let means = look::Means { fetcher, server: None };
            match look::round(source, targets, means, &mut standing.looks, &mut standing.said, now).await {
                Ok(reading) => {
                    standing.rest = None;
                    Round::Told(Reading { whole: true, ..reading })
                }
                Err(not_looked) => {
                    standing.rest = not_looked.rest;
                    Round::Unknown(not_looked.why)
                }
            }
        }
        Way::Receive(_) => Round::Unknown("it comes to us, and is not asked".to_string()),
    };
    match &round {
        Round::Told(_) | Round::Unchanged => {
            standing.answered_at = Some(now);
            standing.failures = 0;
        }
        Round::Unknown(_) => {
            standing.failures = standing.failures.saturating_add(1);
            // What was not understood is no reason to call the next answer unchanged.
            standing.validators = Validators::default();
        }
    }
    round
}

/// Asks for `url`, and understands what is there; only in the format that is `wanted`, if one is.
pub(super) async fn fetched(
    source: &Source,
    url: &str,
    wanted: Option<Format>,
    fetcher: &Fetcher,
    standing: &mut Standing,
    now: Timestamp,
) -> Result<Round, Silence> {
    let request = Request {
        url: url.to_string(),
        headers: source.headers.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect(),
        reach: source.reach,
        validators: standing.validators.clone(),
    };
    match fetcher.get(&request).await {
        Ok(answer) => {
            standing.validators = answer.validators;
            standing.rest = None;
            match answer.unchanged && standing.answered_at.is_some() {
                true => Ok(Round::Unchanged),
                false => understand(source, url, &answer.body, wanted, standing, now),
            }
        }
        Err(failure) => {
            standing.rest = failure.asked_rest();
            Err(Silence::Failed(failure))
        }
    }
}

/// Why nothing is known, with the next step.
fn unknown(silence: &Silence) -> Round {
    Round::Unknown(match silence {
        Silence::Unrecognised(_) => {
            let words: Vec<&str> = FORMATS.iter().map(|(word, _)| *word).collect();
            let says = "in no format that is known: say which it is, as `format`, if it is one of these: ";
            format!("{silence}, {says}{}", words.join(", "))
        }
        Silence::Failed(_) | Silence::Unreadable(_) => silence.to_string(),
    })
}

/// The address with the times of the last hour in place of `{from}` and `{until}`, and with what a database of
/// measurements is asked: over a range where its path says so, with a measurement for each time that the source is asked.
fn asked(url: &str, query: Option<&str>, every: Duration, now: Timestamp) -> String {
    let seconds = now.as_second();
    let url = url.replace("{from}", &(seconds - RANGE).to_string()).replace("{until}", &seconds.to_string());
    let (Some(query), Ok(mut asked)) = (query, Url::parse(&url)) else { return url };
    let ranged = asked.path().ends_with("/query_range");
    let mut pairs = asked.query_pairs_mut();
    pairs.append_pair("query", query);
    if ranged {
        let step = i64::try_from(every.as_secs()).unwrap_or(STEP).clamp(1, STEP);
        let range = RANGE.min(step * POINTS);
        // At a multiple of the step, or beginnings would shift from answer to answer.
        let start = (seconds - range) / step * step;
        pairs.append_pair("start", &start.to_string());
        pairs.append_pair("end", &seconds.to_string());
        pairs.append_pair("step", &step.to_string());
    }
    drop(pairs);
    asked.to_string()
}

/// What an answer says, seen after what was said before.
fn understand(
    source: &Source,
    place: &str,
    body: &[u8],
    wanted: Option<Format>,
    standing: &mut Standing,
    now: Timestamp,
) -> Result<Round, Silence> {
    let format = format_of(source, place, body).filter(|format| wanted.is_none_or(|wanted| wanted == *format));
    let format = format.ok_or_else(|| Silence::Unrecognised(read::json::found(body)))?;
    let reading = read::read(format, body, &feed(source, now)).map_err(|why| Silence::Unreadable(why.0))?;
    let reading = match lists_all(format) {
        true => Reading { whole: true, ..follow(&standing.said, reading, now) },
        false => reading,
    };
    standing.said = reading.signals.clone();
    standing.differs_from = reading.differs_from;
    Ok(Round::Told(reading))
}

/// What a reader knows of `source` whose words arrive `now`.
pub(super) fn feed(source: &Source, now: Timestamp) -> Feed {
    Feed {
        name: source.name.text.clone(),
        component: source.component.as_ref().map(|component| component.text.clone()),
        names: source.names.iter().map(|(name, meant)| (name.text.clone(), meant.text.clone())).collect(),
        seen_at: now,
        rules: source.rules.clone().unwrap_or_else(classify::built_in),
    }
}

/// The format that the configuration names, else the one by which the answer is recognised.
fn format_of(source: &Source, place: &str, body: &[u8]) -> Option<Format> {
    match &source.format {
        Some(word) => read::named(word),
        None => {
            let url = Url::parse(place).ok();
            let host = url.as_ref().and_then(|u| u.host_str()).unwrap_or_default();
            let path = url.as_ref().map_or(place, |u| u.path());
            read::recognise(host, path, body)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_times_and_ranges_are_put_into_addresses() {
        let now = Timestamp::from_second(1_795_600_030).unwrap();
        let of = |url: &str, query, every| asked(url, query, Duration::from_secs(every), now);
        assert_eq!(
            of("https://a.example/events?from={from}&until={until}", None, 60),
            "https://a.example/events?from=1795596430&until=1795600030"
        );
        assert_eq!(
            of("http://p/api/v1/query_range", Some("up"), 60),
            "http://p/api/v1/query_range?query=up&start=1795596420&end=1795600030&step=60"
        );
        // Asked often: as dense, and not more than so many points.
        assert_eq!(
            of("http://p/api/v1/query_range", Some("up"), 2),
            "http://p/api/v1/query_range?query=up&start=1795598590&end=1795600030&step=2"
        );
        assert_eq!(of("http://p/api/v1/query", Some("up"), 60), "http://p/api/v1/query?query=up");
    }
}
