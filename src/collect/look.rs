//! Our own looks at a component: over HTTP, TCP and TLS, and at its name.
//!
//! A look says how far it came, in the words of [`Came`], or that it was none: where nobody was asked (the address may not
//! be, the host wants to be left alone, this machine lacks what it takes), nothing is known of anybody. Addresses are
//! judged before anything is connected to, as for everything that is fetched, and hosts get their turns from the same
//! [`Fetcher`].

mod connect;
mod name;
mod round;
mod told;

pub use round::{Memory, round};

use super::fetch::{Failure, Fetcher, Reach, Request};
use super::probe::Came;
use core::net::SocketAddr;
use std::time::Duration;
use url::{Host, Url};

/// How long one look may take, unless its source is looked at more often or its configuration allows less. Waiting for a
/// turn at the host is no part of it.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// The port of a target with `tls` that names none.
const TLS_PORT: u16 = 443;

/// With what is looked.
#[derive(Debug, Clone, Copy)]
pub struct Means<'a> {
    /// Fetches pages, and gives the turns at hosts.
    pub fetcher: &'a Fetcher,
    /// Who is asked for names where the name itself is the target; without it, the resolver of this machine.
    pub server: Option<SocketAddr>,
}

/// What a look saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// How far it came.
    pub came: Came,
    /// What else there is to say of it: what failed, or that a certificate is about to expire.
    pub remark: Option<String>,
}

/// Why nobody was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotLooked {
    /// In words.
    pub why: String,
    /// How long the host asks to be left alone, if that is why.
    pub rest: Option<Duration>,
}

/// Looks once at `target`, an address with the scheme http, https, tcp, tls or dns, for at most `patience`.
///
/// # Errors
/// If nobody was asked, which says nothing of the target.
pub async fn look(target: &str, means: Means<'_>, reach: Reach, patience: Duration) -> Result<Seen, NotLooked> {
    let url = Url::parse(target).map_err(|e| not_looked(format!("not an address: {e}")))?;
    if ["http", "https"].contains(&url.scheme()) {
        let request = Request { reach, ..Request::new(target) };
        return match means.fetcher.get_anew(&request, patience).await {
            Ok(_) => Ok(Seen { came: Came::Through, remark: None }),
            Err(failure) => of(&failure),
        };
    }
    let host = host(&url)?;
    let _turn = match means.fetcher.turn(&url).await {
        Ok(turn) => turn,
        Err(failure) => return of(&failure),
    };
    let looked = match (url.scheme(), url.port()) {
        ("tcp", Some(port)) => connect::tcp(&host, port, reach, patience).await.map(|_| None),
        ("tls", port) => connect::tls(&host, port.unwrap_or(TLS_PORT), reach, patience).await,
        ("dns", _) => return name::look(&host, means.server, patience).await,
        (scheme, _) => return Err(not_looked(format!("`{scheme}` without a port is no way to look"))),
    };
    match looked {
        Ok(remark) => Ok(Seen { came: Came::Through, remark }),
        Err(failure) => of(&failure),
    }
}

/// The host of a target as it is looked up: an address without brackets, or a name as name servers know it. Only where the
/// scheme is one of the web do addresses of the web say that, so it is read as if it were.
fn host(target: &Url) -> Result<String, NotLooked> {
    let web = target.as_str().replacen(target.scheme(), "https", 1);
    match Url::parse(&web).as_ref().map(Url::host) {
        Ok(Some(Host::Ipv6(ip))) => Ok(ip.to_string()),
        Ok(Some(host)) => Ok(host.to_string()),
        _ => Err(not_looked("its host is no name".to_string())),
    }
}

/// What a failure to fetch or to connect says of the target.
fn of(failure: &Failure) -> Result<Seen, NotLooked> {
    let came = match failure {
        Failure::NoName(_) => Came::NoName,
        Failure::Unreachable(_) => Came::NoConnection,
        Failure::NoTrust(_) => Came::NoTrust,
        Failure::Timeout(_) => Came::NoAnswer,
        Failure::Broken(_) | Failure::Redirect(_) => Came::WrongAnswer,
        Failure::Status { status, .. } => of_status(*status),
        // It answered, with more than is read.
        Failure::TooLarge(_) => Came::Through,
        Failure::Resting(rest) => {
            let why = "its host wants to be left alone".to_string();
            return Err(NotLooked { why, rest: Some(*rest) });
        }
        Failure::BadAddress(_) | Failure::NotPublic(_) | Failure::NoRoots(_) => {
            return Err(not_looked(failure.to_string()));
        }
    };
    let remark = match failure {
        _ if came == Came::Through => None,
        // How long it wants to be left alone differs from time to time.
        Failure::Status { status, .. } => Some(format!("status {status}")),
        _ => Some(failure.to_string()),
    };
    Ok(Seen { came, remark })
}

/// What an answer with this status says. From 500 on, the server says itself that it fails. 404 and 410 say that what was
/// named is not there, and then nobody gets it; a mistake in the address is seen at the first look. Everything else
/// (sign in first, not with this method, too many requests) is said by something that works.
fn of_status(status: u16) -> Came {
    match status {
        404 | 410 | 500.. => Came::WrongAnswer,
        _ => Came::Through,
    }
}

fn not_looked(why: String) -> NotLooked {
    NotLooked { why, rest: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_something_works_are_told_from_those_that_it_does_not() {
        for status in [200, 204, 304, 400, 401, 403, 405, 429, 451] {
            assert_eq!(of_status(status), Came::Through, "{status}");
        }
        for status in [404, 410, 500, 502, 503, 520, 599] {
            assert_eq!(of_status(status), Came::WrongAnswer, "{status}");
        }
    }

    #[test]
    fn what_hinders_us_says_nothing_of_the_target() {
        let rest = Some(Duration::from_secs(60));
        let resting = of(&Failure::Resting(Duration::from_secs(60))).unwrap_err();
        assert_eq!((resting.rest, resting.why.as_str()), (rest, "its host wants to be left alone"));
        for failure in [Failure::BadAddress("x".into()), Failure::NotPublic("x".into()), Failure::NoRoots("x".into())] {
            assert_eq!(of(&failure).unwrap_err().why, failure.to_string());
        }
        // Being asked to slow down is an answer.
        assert_eq!(of(&Failure::Status { status: 429, retry_after: rest }).unwrap().came, Came::Through);
        let unwell = of(&Failure::Status { status: 503, retry_after: rest }).unwrap();
        assert_eq!((unwell.came, unwell.remark.as_deref()), (Came::WrongAnswer, Some("status 503")));
    }

    #[test]
    fn hosts_are_looked_up_as_name_servers_know_them() {
        let of = |text: &str| host(&Url::parse(text).unwrap()).map_err(|e| e.why);
        assert_eq!(of("tcp://[::1]:80").as_deref(), Ok("::1"));
        assert_eq!(of("tls://Login.Example.com").as_deref(), Ok("login.example.com"));
        assert_eq!(of("dns://bücher.example").as_deref(), Ok("xn--bcher-kva.example"));
        assert_eq!(of("tcp://2130706433:80").as_deref(), Ok("127.0.0.1"));
        assert!(of("dns://a%20b").is_err() && of("tcp:///").is_err());
    }
}
