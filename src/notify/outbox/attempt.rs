//! One attempt to tell one receiver something.

use crate::collect::fetch::{Failure, Fetcher, Request};
use std::fmt;

/// An attempt that [`Outbox::take`](super::Outbox::take) gave: to be sent once, and to be settled.
pub struct Attempt {
    /// By what its receiver is known.
    pub(super) receiver: String,
    pub(super) what: What,
    pub(super) request: Request,
    pub(super) body: Vec<u8>,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A message, by its name.
    Message(String),
    /// An alert that goes on, by its incident.
    Renewal(String),
}

impl Attempt {
    /// Sends it. To be awaited to its end: whoever drops it may cut off a request that the receiver takes, which then gets
    /// it twice.
    ///
    /// # Errors
    /// If the receiver did not take it, as far as is known.
    pub async fn send(&self, fetcher: &Fetcher) -> Result<(), Failure> {
        fetcher.post(&self.request, &self.body).await.map(|_| ())
    }
}

/// Without address and body, which may hold secrets.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("receiver", &self.receiver).field("what", &self.what).finish_non_exhaustive()
    }
}
