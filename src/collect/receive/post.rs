//! One request: who, what, and whether it is kept.

use super::refuse::{self, Answer, Refusal};
use super::trust::{self, Trust};
use super::{Delivery, Hall, Route, body};
use crate::collect::ask::{Round, feed};
use crate::collect::read::{self, Format};
use crate::collect::{Reading, Unreadable};
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, ORIGIN};
use hyper::{Method, Request};
use jiff::Timestamp;
use std::convert::Infallible;
use tokio::sync::oneshot;

/// Types of bodies; none of them is one that a page in a browser can send elsewhere without asking.
const TYPES: [&str; 6] = [
    "application/json",
    "application/xml",
    "application/atom+xml",
    "application/rss+xml",
    "application/openmetrics-text",
    "text/csv",
];

pub(super) async fn answer(request: Request<Incoming>, hall: &Hall) -> Result<Answer, Infallible> {
    Ok(take(request, hall).await.unwrap_or_else(Refusal::answer))
}

async fn take(request: Request<Incoming>, hall: &Hall) -> Result<Answer, Refusal> {
    // Configurations may change while a body is on its way.
    let routes = hall.routes.borrow().clone();
    let route = routes.0.get(request.uri().path()).ok_or_else(Refusal::no_path)?;
    if request.method() != Method::POST {
        return Err(Refusal::not_post());
    }
    let (head, body) = request.into_parts();
    welcome(&head.headers)?;
    let secret = route.source.secret.as_ref().map(|s| &s.value);
    let trust = trust::of_head(&head.headers, secret);
    if trust == Trust::No {
        return Err(Refusal::untrusted(false));
    }
    let places = if trust == Trust::Signed { &hall.unproven } else { &hall.large };
    let body::Whole { bytes, place: _place } = body::read(body, &hall.bounds, places).await?;
    if trust == Trust::Signed && !trust::signed(&head.headers, &bytes, secret) {
        return Err(Refusal::untrusted(true));
    }
    let understood = understand(route, &bytes, Timestamp::now());
    drop(bytes);
    match understood {
        Ok(reading) => {
            let (signals, notes) = (reading.signals.len(), reading.notes.clone());
            hand_over(hall, route, Round::Told(reading)).await?;
            Ok(refuse::taken(signals, &notes))
        }
        Err(Unreadable(why)) => {
            hand_over(hall, route, Round::Unknown(why.clone())).await?;
            Err(Refusal::not_understood(&why))
        }
    }
}

/// Whether a request with such headers may be one of a monitor.
fn welcome(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(ORIGIN) {
        return Err(Refusal::from_a_page());
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Refusal::encoded());
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match TYPES.contains(&kind.as_str()) || kind.starts_with("application/") && kind.ends_with("+json") {
        true => Ok(()),
        false => Err(Refusal::kind()),
    }
}

fn understand(route: &Route, body: &[u8], now: Timestamp) -> Result<Reading, Unreadable> {
    // Prometheus posts alerts in the form of Alertmanager's own list.
    let is_list = body.trim_ascii_start().first() == Some(&b'[');
    let format = match route.format {
        Format::Prometheus if is_list => Format::Alertmanager,
        other => other,
    };
    read::read(format, body, &feed(&route.source, now))
}

/// Gives it to who keeps it, and waits until that is done.
async fn hand_over(hall: &Hall, route: &Route, round: Round) -> Result<(), Refusal> {
    let (kept, answer) = oneshot::channel();
    let delivery = Delivery { source: route.source.name.text.clone(), round, kept };
    let handed = async {
        hall.told.send(delivery).await.ok()?;
        answer.await.ok()
    };
    match tokio::time::timeout(hall.bounds.keep, handed).await {
        Ok(Some(true)) => Ok(()),
        _ => Err(Refusal::not_kept()),
    }
}
