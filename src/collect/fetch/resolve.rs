//! Names become addresses that may be asked: what is judged is what is connected to.

use super::address::{Standing, standing};
use super::{Failure, Reach};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};

impl Reach {
    /// Whether this address may be asked.
    pub(super) fn allows(self, ip: IpAddr) -> bool {
        match standing(ip) {
            Standing::Public => true,
            Standing::Private => self == Reach::NamedHost,
            Standing::Nobody => false,
        }
    }
}

/// The addresses of `host`, a name or an address, that may be asked; at least one.
///
/// # Errors
/// [`Failure::NoName`] if it has none, [`Failure::NotPublic`] if none of them may be asked.
pub(in crate::collect) async fn addresses(host: &str, port: u16, reach: Reach) -> Result<Vec<SocketAddr>, Failure> {
    let found = tokio::net::lookup_host((host, port)).await.map_err(|e| Failure::NoName(e.to_string()))?;
    let found: Vec<SocketAddr> = found.collect();
    let allowed: Vec<SocketAddr> = found.iter().copied().filter(|a| reach.allows(a.ip())).collect();
    match (allowed.is_empty(), found.first().map(|a| a.ip().to_string())) {
        (false, _) => Ok(allowed),
        (true, None) => Err(Failure::NoName("the name has no address".to_string())),
        (true, Some(ip)) if ip == host => Err(Failure::NotPublic(ip)),
        (true, Some(ip)) => Err(Failure::NotPublic(format!("{host} ({ip})"))),
    }
}

/// Looks names up for a client and lets only allowed addresses through.
pub(super) struct Judge(pub Reach);

impl Resolve for Judge {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let allowed = addresses(name.as_str(), 0, reach).await?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
