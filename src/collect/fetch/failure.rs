//! Why there is no answer.

use std::fmt;
use std::time::Duration;

/// Why there is no answer. Nothing of it holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The address is none that can be asked.
    BadAddress(String),
    /// The host is not public, and not allowed by name: the host, and its address where it has another name.
    NotPublic(String),
    /// The host asked for rest; it was not asked.
    Resting(Duration),
    /// No connection: the name is not known, or has no address.
    NoName(String),
    /// No connection: nobody listens, or the way there is blocked.
    Unreachable(String),
    /// No connection: the certificate is not trusted, or what answers speaks no TLS that we do.
    NoTrust(String),
    /// No connection, since this machine trusts nobody: it has no certificates to begin with.
    NoRoots(String),
    /// It took too long.
    Timeout(String),
    /// Redirects that are not followed: too many, or from https to http, or to nowhere.
    Redirect(String),
    /// An answer that is none.
    Status {
        /// The number.
        status: u16,
        /// How long the host asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// More than so many bytes.
    TooLarge(usize),
    /// What arrived is not HTTP, breaks off, or cannot be decompressed.
    Broken(String),
}

impl Failure {
    /// How long the host asks to be left alone.
    pub fn asked_rest(&self) -> Option<Duration> {
        match self {
            Failure::Resting(rest) => Some(*rest),
            Failure::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::BadAddress(why) => write!(f, "not an address to ask: {why}"),
            Failure::NotPublic(host) => write!(f, "{host} is not public; `allow_private: true` allows a source's host"),
            Failure::Resting(rest) => write!(f, "not asked: the host wants to be left alone for {} s", rest.as_secs()),
            Failure::NoName(why) | Failure::Unreachable(why) | Failure::NoTrust(why) | Failure::NoRoots(why) => {
                write!(f, "no connection: {why}")
            }
            Failure::Timeout(what) => write!(f, "too slow: {what}"),
            Failure::Redirect(why) => write!(f, "redirect not followed: {why}"),
            Failure::Status { status, retry_after: None } => write!(f, "answered with status {status}"),
            Failure::Status { status, retry_after: Some(rest) } => {
                write!(f, "answered with status {status}, to be asked again after {} s", rest.as_secs())
            }
            Failure::TooLarge(limit) => write!(f, "the answer is larger than {limit} bytes"),
            Failure::Broken(why) => write!(f, "the answer cannot be used: {why}"),
        }
    }
}

impl std::error::Error for Failure {}
