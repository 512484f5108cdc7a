//! Asking name servers. The only part of this module that touches the network.

use super::{Domain, Fault, Host, Seen, Why, Zone};
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{Resolver, TokioResolver};
use std::collections::BTreeSet;
use tokio::time::Instant;

/// Domains that are asked for at the same time: enough to hide delays, too few to annoy a resolver.
const AT_ONCE: usize = 8;
/// Aliases of aliases.
const MAX_ALIASES: usize = 16;
/// Records of one answer that are looked at.
const MAX_RECORDS: usize = 64;
/// Timeouts after which one question is given up: UDP, then TCP, and a little more.
const PER_QUESTION: u32 = 3;
/// Timeouts after which one domain is given up, however many slow answers there were.
const PER_DOMAIN: u32 = 12;

/// How to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Whom; without it, the resolver of this machine.
    pub server: Option<SocketAddr>,
    /// How long to wait for one answer.
    pub timeout: Duration,
    /// Whether `www.` is asked for, too.
    pub names: Names,
}

/// Which names of a domain are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Only the domain itself.
    Exact,
    /// Also with `www.` before it: the two often stand on different things.
    WithWww,
}

/// What name servers say of every domain, in their order. If nobody answers about any of the domains that are asked for
/// together, the rest is not asked for.
///
/// # Errors
/// If asking cannot even begin: the reason, in words.
pub fn observe(domains: &[Domain], settings: Settings) -> Result<Vec<Seen>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let resolver = resolver(settings).map_err(|e| e.to_string())?;
        let mut all = Vec::with_capacity(domains.len());
        for some in domains.chunks(AT_ONCE) {
            let before: usize = all.len();
            if before > 0 && all[before - AT_ONCE..].iter().all(Seen::unanswered) {
                all.extend(some.iter().cloned().map(not_asked));
                continue;
            }
            let deadline = Instant::now() + settings.timeout * PER_DOMAIN;
            let ask = |d: &Domain| {
                tokio::spawn(
                    Questions { resolver: resolver.clone(), timeout: settings.timeout, deadline }
                        .about(d.clone(), settings.names),
                )
            };
            let asked: Vec<_> = some.iter().map(ask).collect();
            for seen in asked {
                all.push(seen.await.map_err(|e| e.to_string())?);
            }
        }
        Ok(all)
    })
}

fn not_asked(domain: Domain) -> Seen {
    let why = Why::Silent("not asked, since nobody answered about those before".to_string());
    let faults = vec![Fault { name: domain.ascii.clone(), why }];
    Seen { domain, zone: None, hosts: Vec::new(), faults }
}

fn resolver(settings: Settings) -> Result<TokioResolver, NetError> {
    let mut builder = match settings.server {
        None => Resolver::builder_tokio()?,
        Some(address) => {
            let mut server = NameServerConfig::udp_and_tcp(address.ip());
            server.connections.iter_mut().for_each(|c| c.port = address.port());
            let config = ResolverConfig::from_name_servers(vec![server]);
            Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options: &mut ResolverOpts = builder.options_mut();
    options.timeout = settings.timeout;
    options.attempts = 1;
    // What this machine alone believes is nothing that others depend on.
    options.use_hosts_file = ResolveHosts::Never;
    builder.build()
}

struct Questions {
    resolver: TokioResolver,
    timeout: Duration,
    deadline: Instant,
}

impl Questions {
    async fn about(self, domain: Domain, names: Names) -> Seen {
        let mut seen = Seen { domain, zone: None, hosts: Vec::new(), faults: Vec::new() };
        self.zone(&mut seen).await;
        if seen.missing() {
            return seen;
        }
        let www = seen.domain.www().filter(|_| names == Names::WithWww);
        for name in std::iter::once(seen.domain.ascii.clone()).chain(www) {
            match self.host(&name, &mut seen.faults).await {
                Some(host) if host.aliases.is_empty() && host.addresses.is_empty() => {}
                Some(host) => seen.hosts.push(host),
                None => {}
            }
        }
        if seen.missing() {
            (seen.zone, seen.hosts) = (None, Vec::new());
        }
        seen
    }

    /// The name servers of the domain, or of the next one above it that has some.
    async fn zone(&self, seen: &mut Seen) {
        for name in seen.domain.and_parents() {
            let found = match self.ask(name, RecordType::NS).await {
                Ok(found) => found,
                // An answer about an alias is about the name at its end.
                Err(Why::Missing) if self.alias(name).await.is_ok_and(|target| target.is_some()) => continue,
                Err(why) => {
                    let name = name.to_string();
                    let end = why == Why::Missing || matches!(why, Why::Silent(_));
                    seen.faults.push(Fault { name, why });
                    // Nobody will answer about what is above either, or it exists and tells nothing of this.
                    if end {
                        return;
                    }
                    continue;
                }
            };
            let own = |owner: &Name| plain(owner) == name;
            let servers: BTreeSet<String> = found
                .into_iter()
                .filter_map(|(owner, data)| match data {
                    RData::NS(ns) if own(&owner) => Some(plain(&ns.0)),
                    _ => None,
                })
                .collect();
            if !servers.is_empty() {
                seen.zone = Some(Zone { name: name.to_string(), servers: servers.into_iter().collect() });
                return;
            }
        }
    }

    /// Follows the aliases of a name one by one, so that a circle is seen as one. `None` if it could not be followed.
    async fn host(&self, name: &str, faults: &mut Vec<Fault>) -> Option<Host> {
        let mut host = Host { name: name.to_string(), aliases: Vec::new(), addresses: Vec::new() };
        let mut fault = |why, aliases: &[String]| {
            let why = match (why, aliases.last()) {
                (Why::Missing, Some(end)) => Why::Dangling(end.clone()),
                (why, _) => why,
            };
            let fault = Fault { name: name.to_string(), why };
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        };
        loop {
            let at = host.aliases.last().map_or(name, String::as_str);
            let target = match self.alias(at).await {
                Ok(Some(target)) => target,
                Ok(None) => break,
                Err(why) => {
                    fault(why, &host.aliases);
                    // That far it is known.
                    return Some(host).filter(|h| !h.aliases.is_empty());
                }
            };
            if target == name || host.aliases.contains(&target) || host.aliases.len() >= MAX_ALIASES {
                fault(Why::Aliases, &host.aliases);
                return Some(host);
            }
            host.aliases.push(target);
        }
        let last = host.aliases.last().map_or(name, String::as_str).to_string();
        let mut addresses: BTreeSet<IpAddr> = BTreeSet::new();
        for kind in [RecordType::A, RecordType::AAAA] {
            match self.ask(&last, kind).await {
                Ok(found) => addresses.extend(found.into_iter().filter_map(|(_, data)| data.ip_addr())),
                Err(why) => fault(why, &host.aliases),
            }
        }
        host.addresses = addresses.into_iter().collect();
        Some(host)
    }

    /// What a name is an alias of, if it is one.
    async fn alias(&self, name: &str) -> Result<Option<String>, Why> {
        let found = self.ask(name, RecordType::CNAME).await?;
        Ok(found.into_iter().find_map(|(owner, data)| match data {
            RData::CNAME(target) if plain(&owner) == name => Some(plain(&target.0)),
            _ => None,
        }))
    }

    /// The records of an answer; none if the name has none of this kind.
    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<(Name, RData)>, Why> {
        // With the dot at the end, no suffix of this machine is tried.
        let question = Name::from_ascii(format!("{name}.")).map_err(|e| Why::Refused(e.to_string()))?;
        let asking = self.resolver.lookup(question, kind);
        let end = self.deadline.min(Instant::now() + self.timeout * PER_QUESTION);
        let answer: Result<Lookup, NetError> =
            tokio::time::timeout_at(end, asking).await.unwrap_or(Err(NetError::Timeout));
        match answer {
            Ok(found) => {
                Ok(found.answers().iter().take(MAX_RECORDS).map(|r| (r.name.clone(), r.data.clone())).collect())
            }
            Err(e) if e.is_nx_domain() => Err(Why::Missing),
            Err(NetError::Dns(DnsError::ResponseCode(code))) => Err(Why::Refused(code.to_string())),
            Err(e) if e.is_no_records_found() => Ok(Vec::new()),
            Err(e) => Err(Why::Silent(e.to_string())),
        }
    }
}

/// Lower case, no dot at the end, as it stands in patterns.
fn plain(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}
