//! Looks at connections: does one come about, and is who answers to be trusted?

use crate::collect::fetch::{Failure, Reach, addresses, refused};
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig};
use rustls_platform_verifier::Verifier;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;
/// So long before it expires, a certificate is worth a word (14 days).
const EXPIRES_SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Connects to one of the addresses of `host`.
pub(super) async fn tcp(host: &str, port: u16, reach: Reach, patience: Duration) -> Result<TcpStream, Failure> {
    let end = Instant::now() + patience;
    let found = timeout_at(end, addresses(host, port, reach)).await;
    let mut found = found.map_err(|_| Failure::Timeout("looking the name up".to_string()))??;
    found.truncate(MAX_ADDRESSES);
    let mut failure = Failure::Timeout("connecting".to_string());
    let tries = found.len() as u32;
    for (address, left) in found.into_iter().zip((1..=tries).rev()) {
        // One that does not answer must leave time for the others.
        let share = end.saturating_duration_since(Instant::now()) / left;
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(e)) => failure = Failure::Unreachable(e.to_string()),
            Err(_) => failure = Failure::Timeout("connecting".to_string()),
        }
    }
    Err(failure)
}

/// Connects and shakes hands, which checks the certificate. What there is to say of the certificate comes back.
pub(super) async fn tls(host: &str, port: u16, reach: Reach, patience: Duration) -> Result<Option<String>, Failure> {
    let trust = TRUST.as_ref().map_err(|why| Failure::NoRoots(why.clone()))?;
    let name = ServerName::try_from(host.to_string()).map_err(|e| Failure::BadAddress(e.to_string()))?;
    let end = Instant::now() + patience;
    let stream = tcp(host, port, reach, patience).await?;
    let shaken = timeout_at(end, trust.connector.connect(name.clone(), stream)).await;
    match shaken.map_err(|_| Failure::Timeout("shaking hands".to_string()))? {
        Ok(stream) => Ok(trust.expiry(stream.get_ref().1, &name)),
        Err(e) => match refused(&e) {
            Some(refused) => Err(Failure::NoTrust(refused.to_string())),
            None => Err(Failure::Unreachable(e.to_string())),
        },
    }
}

/// Whom this machine trusts, read once.
static TRUST: LazyLock<Result<Trust, String>> = LazyLock::new(|| Trust::of_this_machine().map_err(|e| e.to_string()));

struct Trust {
    verifier: Arc<Verifier>,
    connector: TlsConnector,
}

impl Trust {
    fn of_this_machine() -> Result<Trust, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Arc::new(Verifier::new(provider.clone())?);
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            // The one that the fetcher has as well: everything is verified.
            .with_custom_certificate_verifier(verifier.clone())
            .with_no_client_auth();
        Ok(Trust { verifier, connector: TlsConnector::from(Arc::new(config)) })
    }

    /// Whether the certificates that were shown would still be fine in a while.
    fn expiry(&self, connection: &rustls::ClientConnection, name: &ServerName<'_>) -> Option<String> {
        let (first, others) = connection.peer_certificates()?.split_first()?;
        let later = Duration::from_secs(UnixTime::now().as_secs()) + EXPIRES_SOON;
        let later = UnixTime::since_unix_epoch(later);
        match self.verifier.verify_server_cert(first, others, name, &[], later) {
            Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                let day = jiff::Timestamp::from_second(i64::try_from(not_after.as_secs()).ok()?).ok()?;
                Some(format!("its certificate expires on {}", day.strftime("%F")))
            }
            Err(rustls::Error::InvalidCertificate(CertificateError::Expired)) => {
                Some("its certificate expires within 14 days".to_string())
            }
            _ => None,
        }
    }
}
