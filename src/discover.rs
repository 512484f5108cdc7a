//! What DNS tells of the dependencies of a domain: who answers for its names, what they are aliases of, and whose
//! addresses they have.
//!
//! [`lookup::observe`] asks; [`Known`] says which component of a graph a record belongs to, by the patterns that the
//! graph gives under `recognise`; [`propose`] writes that as a patch for the graph, for people to look at.

pub mod codes;
mod known;
pub mod lookup;
mod name;
mod propose;

pub use known::Known;
pub use name::Domain;
pub use propose::propose;

use core::net::IpAddr;

/// What was seen of one domain.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The domain that was asked for.
    pub domain: Domain,
    /// The zone that its name servers answer for, and these, sorted; empty if none were found.
    pub zone: Option<Zone>,
    /// Its names, as far as they exist.
    pub hosts: Vec<Host>,
    /// What could not be found out.
    pub faults: Vec<Fault>,
}

/// A zone and its name servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// The names of its servers, sorted.
    pub servers: Vec<String>,
}

/// One name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The name.
    pub name: String,
    /// What it is an alias of, and what that is an alias of.
    pub aliases: Vec<String>,
    /// The addresses at the end, sorted.
    pub addresses: Vec<IpAddr>,
}

/// Something that could not be found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The name that was asked for.
    pub name: String,
    /// Why.
    pub why: Why,
}

/// Why something could not be found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There is no such name.
    Missing,
    /// The server says that it cannot answer, with its word for it.
    Refused(String),
    /// No answer, in time or at all.
    Silent(String),
    /// The aliases run in a circle, or are too many.
    Aliases,
    /// The aliases end at this name, which does not exist.
    Dangling(String),
}

impl Seen {
    /// True if nothing at all was found out, since nobody answered.
    pub fn unreachable(&self) -> bool {
        let silent = self.faults.iter().any(|f| matches!(f.why, Why::Refused(_) | Why::Silent(_)));
        silent && self.zone.is_none() && self.hosts.is_empty()
    }

    /// True if nobody said anything at all, not even that they cannot.
    fn unanswered(&self) -> bool {
        self.unreachable() && self.faults.iter().all(|f| matches!(f.why, Why::Silent(_)))
    }

    /// True if the domain does not exist.
    pub fn missing(&self) -> bool {
        self.faults.iter().any(|f| f.why == Why::Missing && f.name == self.domain.ascii)
    }
}
