//! One request to one host, whose address is judged before it is connected to.

use super::resolve::Judge;
use super::{Failure, Limits, Reach, Request};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use reqwest::{Client, ClientBuilder, Response, Url};
use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

/// How long connections are kept open.
const IDLE_TIME: Duration = Duration::from_secs(90);

/// Two clients, so that no connection to a private address is ever used for a source that may only reach public ones.
#[derive(Debug)]
pub(super) struct Clients {
    public: Client,
    any: Client,
    /// Why no certificate is trusted, if so.
    no_roots: Option<String>,
}

impl Clients {
    /// `kept` connections are kept open to each host.
    pub fn new(limits: &Limits, contact: &str, kept: usize) -> Result<Clients, String> {
        // Whoever was first has chosen for the whole process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let agent = match contact {
            "" => format!("commoncause/{}", env!("CARGO_PKG_VERSION")),
            contact => format!("commoncause/{} (+{contact})", env!("CARGO_PKG_VERSION")),
        };
        let agent = HeaderValue::from_str(&agent).map_err(|_| "the contact must be plain text".to_string())?;
        let build = |reach: Reach| {
            Client::builder()
                .user_agent(agent.clone())
                .dns_resolver(Judge(reach))
                // A proxy would look names up for us, unjudged.
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .connect_timeout(limits.connect)
                .read_timeout(limits.idle)
                .pool_max_idle_per_host(kept)
                .pool_idle_timeout(IDLE_TIME)
        };
        let text = |e: reqwest::Error| root(&e);
        match build(Reach::Public).build() {
            Ok(public) => {
                let any = build(Reach::NamedHost).build().map_err(text)?;
                Ok(Clients { public, any, no_roots: None })
            }
            // A machine without certificates can still ask its own network over http; https fails, and says why.
            Err(e) => {
                let none = |b: ClientBuilder| b.tls_certs_only([]).build().map_err(text);
                let (public, any) = (none(build(Reach::Public))?, none(build(Reach::NamedHost))?);
                Ok(Clients { public, any, no_roots: Some(root(&e)) })
            }
        }
    }

    /// Asks for `url`, on the way from `first`, which `request` names; with `body`, which is JSON, posts it there.
    pub async fn ask(
        &self,
        request: &Request,
        first: &Url,
        url: &Url,
        body: Option<&[u8]>,
    ) -> Result<Response, Failure> {
        let named = request.reach == Reach::NamedHost && url.host_str() == first.host_str();
        let reach = if named { Reach::NamedHost } else { Reach::Public };
        // An address in the URL is looked up by nobody, so it is judged here.
        let host = url.host_str().unwrap_or_default();
        if let Ok(ip) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>()
            && !reach.allows(ip)
        {
            return Err(Failure::NotPublic(ip.to_string()));
        }
        let client = if named { &self.any } else { &self.public };
        let mut headers = HeaderMap::new();
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if url.origin() == first.origin() {
            for (name, value) in &request.headers {
                let (name, mut value) = header(name, &value.0)?;
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        for (name, value) in
            [(IF_NONE_MATCH, &request.validators.etag), (IF_MODIFIED_SINCE, &request.validators.last_modified)]
        {
            if let Some(value) = value.as_deref().and_then(|v| HeaderValue::from_str(v).ok()) {
                headers.insert(name, value);
            }
        }
        let sending = match body {
            Some(body) => client.post(url.clone()).body(body.to_vec()),
            None => client.get(url.clone()),
        };
        sending.headers(headers).send().await.map_err(|e| match (failure(e), &self.no_roots) {
            (Failure::NoTrust(why), Some(no_roots)) => Failure::NoRoots(format!("{why} ({no_roots})")),
            (failure, _) => failure,
        })
    }
}

/// A header of a source. Its value is not told.
pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let bad = |_| Failure::BadAddress(format!("the header `{name}` has a name or value that cannot be sent"));
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|e| bad(e.to_string()))?;
    Ok((header, HeaderValue::from_str(value).map_err(|e| bad(e.to_string()))?))
}

/// An address that can be asked.
pub(super) fn parse(url: &str) -> Result<Url, Failure> {
    let url = Url::parse(url).map_err(|e| Failure::BadAddress(e.to_string()))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(Failure::BadAddress(format!("{} is neither http nor https", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::BadAddress("it holds a password; give it as a header from the environment".to_string()));
    }
    Ok(url)
}

/// Where the answer to `url` leads, if it is a redirect.
pub(super) fn redirect(url: &Url, response: &Response) -> Result<Option<Url>, Failure> {
    if ![301, 302, 303, 307, 308].contains(&response.status().as_u16()) {
        return Ok(None);
    }
    let place = response.headers().get(LOCATION).and_then(|l| l.to_str().ok());
    let place = place.ok_or_else(|| Failure::Redirect("it leads nowhere".to_string()))?;
    let next = url.join(place).map_err(|e| Failure::Redirect(e.to_string()))?;
    let next = parse(next.as_str()).map_err(|e| Failure::Redirect(e.to_string()))?;
    if url.scheme() == "https" && next.scheme() == "http" {
        return Err(Failure::Redirect("it leads from https to http".to_string()));
    }
    Ok(Some(next))
}

/// A client's error in our words, without the address, which may hold a secret.
pub(super) fn failure(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut cause: Option<&dyn Error> = Some(&error);
    while let Some(e) = cause {
        // The answer of the judge of addresses, on its way through the client.
        if let Some(failure) = e.downcast_ref::<Failure>() {
            return failure.clone();
        }
        if let Some(refused) = refused(e) {
            return Failure::NoTrust(refused.to_string());
        }
        cause = e.source();
    }
    let why = root(&error);
    if error.is_timeout() {
        Failure::Timeout(if error.is_connect() { "connecting".to_string() } else { "nothing arrives".to_string() })
    } else if error.is_connect() {
        Failure::Unreachable(why)
    } else if error.is_builder() {
        Failure::BadAddress(why)
    } else {
        Failure::Broken(why)
    }
}

/// Why TLS refused a connection, if it is that which `error` holds: such errors travel inside those of the system, which do
/// not name them as their cause.
pub(in crate::collect) fn refused<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let inner = error.downcast_ref::<std::io::Error>().and_then(|e| e.get_ref());
    error.downcast_ref().or_else(|| inner.and_then(|inner| refused(inner)))
}

/// The deepest cause, which is the one that says something.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
