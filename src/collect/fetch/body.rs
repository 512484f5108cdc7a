//! Bodies: as much as is allowed, and no more.

use super::Failure;
use super::hop::failure;
use sha2::{Digest, Sha256};

/// The whole body, decompressed piece by piece: of a body that is too large, little more than the limit is ever in memory.
pub(super) async fn read(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, Failure> {
    let told = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    if told > limit {
        return Err(Failure::TooLarge(limit));
    }
    let mut body = Vec::with_capacity(told);
    while let Some(piece) = response.chunk().await.map_err(failure)? {
        if body.len() + piece.len() > limit {
            return Err(Failure::TooLarge(limit));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The same for the same bytes, on every machine and in every version: it may be kept in a file.
pub(super) fn hash(body: &[u8]) -> u64 {
    let digest = Sha256::digest(body);
    digest.iter().take(8).fold(0, |hash, &byte| hash << 8 | u64::from(byte))
}
