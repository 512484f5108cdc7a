//! Bodies: as much as is allowed, as long as is allowed.

use super::refuse::Refusal;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes of a usual body (64 KiB).
const USUAL_BYTES: usize = 64 << 10;
/// Bodies beyond that which may be in memory at once.
pub(super) const LARGE_AT_ONCE: usize = 4;

/// A whole body.
pub(super) struct Whole<'s> {
    pub(super) bytes: Vec<u8>,
    /// Its place among the large ones, to be held until what it says is kept.
    pub(super) place: Option<SemaphorePermit<'s>>,
}

/// Reads a body.
pub(super) async fn read(
    body: Incoming,
    limit: usize,
    time: Duration,
    large: &Semaphore,
) -> Result<Whole<'_>, Refusal> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Refusal::too_large(limit));
    }
    tokio::time::timeout(time, whole(body, limit, large)).await.unwrap_or_else(|_| Err(Refusal::too_slow()))
}

async fn whole(mut body: Incoming, limit: usize, large: &Semaphore) -> Result<Whole<'_>, Refusal> {
    let mut whole = Whole { bytes: Vec::new(), place: None };
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::broken())?;
        // Trailers say nothing here.
        let Ok(piece) = frame.into_data() else { continue };
        let len = whole.bytes.len() + piece.len();
        if len > limit {
            return Err(Refusal::too_large(limit));
        }
        if len > USUAL_BYTES && whole.place.is_none() {
            whole.place = large.acquire().await.ok();
        }
        whole.bytes.extend_from_slice(&piece);
    }
    Ok(whole)
}
