//! Looks at names: do they resolve to an address?

use super::{NotLooked, Seen, not_looked};
use crate::collect::probe::Came;
use core::net::SocketAddr;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{Resolver, TokioResolver};
use std::time::Duration;

/// What one question was answered.
enum Answered {
    /// With an address.
    Address,
    /// That there is none of this kind.
    Nothing,
    /// Not, or with an error.
    Failed(Came, String),
}

/// Asks for the addresses of `host`.
pub(super) async fn look(host: &str, server: Option<SocketAddr>, patience: Duration) -> Result<Seen, NotLooked> {
    let resolver = resolver(server, patience).map_err(|e| not_looked(format!("nobody to ask for names: {e}")))?;
    // With the dot at the end, no suffix of this machine is tried.
    let name = Name::from_ascii(format!("{}.", host.trim_end_matches('.'))).map_err(|e| not_looked(e.to_string()))?;
    let (v4, v6) = tokio::join!(
        ask(&resolver, name.clone(), RecordType::A, patience),
        ask(&resolver, name, RecordType::AAAA, patience)
    );
    Ok(match (v4, v6) {
        (Answered::Address, _) | (_, Answered::Address) => Seen { came: Came::Through, remark: None },
        (Answered::Failed(came, why), _) | (_, Answered::Failed(came, why)) => Seen { came, remark: Some(why) },
        (Answered::Nothing, Answered::Nothing) => {
            Seen { came: Came::NoName, remark: Some("it has no address".to_string()) }
        }
    })
}

/// A resolver without memory: what was so before is not what is looked for.
fn resolver(server: Option<SocketAddr>, patience: Duration) -> Result<TokioResolver, NetError> {
    let mut builder = match server {
        None => Resolver::builder_tokio()?,
        Some(address) => {
            let mut server = NameServerConfig::udp_and_tcp(address.ip());
            server.connections.iter_mut().for_each(|c| c.port = address.port());
            let config = ResolverConfig::from_name_servers(vec![server]);
            Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    // Time for a second try.
    options.timeout = patience / 2;
    options.attempts = 1;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    builder.build()
}

async fn ask(resolver: &TokioResolver, name: Name, kind: RecordType, patience: Duration) -> Answered {
    let asking = tokio::time::timeout(patience, resolver.lookup(name, kind));
    match asking.await.unwrap_or(Err(NetError::Timeout)) {
        // Aliases that lead to no address come as an answer, too.
        Ok(found) if found.answers().iter().any(|r| r.data.ip_addr().is_some()) => Answered::Address,
        Ok(_) => Answered::Nothing,
        Err(e) => failed(&e),
    }
}

fn failed(error: &NetError) -> Answered {
    let fail = |came, why: &str| Answered::Failed(came, why.to_string());
    match error {
        e if e.is_nx_domain() => fail(Came::NoName, "there is no such name"),
        NetError::Dns(DnsError::ResponseCode(code)) => fail(Came::WrongAnswer, &code.to_string()),
        e if e.is_no_records_found() => Answered::Nothing,
        NetError::Timeout => fail(Came::NoAnswer, "the name servers do not answer"),
        NetError::Io(_) | NetError::NoConnections => fail(Came::NoConnection, "the name servers cannot be reached"),
        e => fail(Came::WrongAnswer, &e.to_string()),
    }
}
