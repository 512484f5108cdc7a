//! Bodies: as much as is allowed, as long as is allowed.

use super::Bounds;
use super::refuse::Refusal;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};

/// Bytes of a usual body (64 KiB).
const USUAL_BYTES: usize = 64 << 10;
/// Bodies beyond that which may be in memory at once, of senders that are trusted before their bodies are read.
pub(super) const LARGE_AT_ONCE: usize = 4;
/// The same of all other senders.
pub(super) const UNPROVEN_AT_ONCE: usize = 2;

/// A whole body.
pub(super) struct Whole<'s> {
    pub(super) bytes: Vec<u8>,
    /// Its place among the large ones, to be held until what it says is kept.
    pub(super) place: Option<SemaphorePermit<'s>>,
}

/// Reads a body; a large one takes one of `places`.
pub(super) async fn read<'s>(mut body: Incoming, bounds: &Bounds, places: &'s Semaphore) -> Result<Whole<'s>, Refusal> {
    if body.size_hint().lower() > bounds.body as u64 {
        return Err(Refusal::too_large(bounds.body));
    }
    let mut whole = Whole { bytes: Vec::new(), place: None };
    let mut end = Instant::now() + bounds.body_time;
    while let Some(frame) = timeout_at(end, body.frame()).await.map_err(|_| Refusal::too_slow())? {
        let frame = frame.map_err(|_| Refusal::broken())?;
        // Trailers say nothing here.
        let Ok(piece) = frame.into_data() else { continue };
        let len = whole.bytes.len() + piece.len();
        if len > bounds.body {
            return Err(Refusal::too_large(bounds.body));
        }
        if len > USUAL_BYTES && whole.place.is_none() {
            let began = Instant::now();
            whole.place = Some(place(places, bounds.place).await?);
            // That others are slow is not its fault.
            end += began.elapsed();
        }
        whole.bytes.extend_from_slice(&piece);
    }
    Ok(whole)
}

async fn place(places: &Semaphore, time: Duration) -> Result<SemaphorePermit<'_>, Refusal> {
    match timeout(time, places.acquire()).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(Refusal::no_place()),
    }
}
