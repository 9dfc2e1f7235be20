//! TLS as Hearth's hands speak it: rustls on ring, the web's roots inside the program, no system store.
//!
//! A certificate is judged at the later of the machine's clock and a *floor*, the latest time that has
//! surely passed (when this program was made, or what the agent last wrote down): a board without a
//! clock starts in 1970, where no certificate is valid yet.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::NetFault;
use crate::base::clock::BUILT_MS;
use crate::base::{Code, Fault};

/// Whom to trust, who to be.
#[derive(Debug, Default)]
pub struct Trust<'a> {
    /// Authorities in PEM that are trusted.
    pub roots: Option<&'a [u8]>,
    /// Whether the web's authorities are trusted as well.
    pub web: bool,
    /// The client's certificate and key, both PEM.
    pub client: Option<(&'a [u8], &'a [u8])>,
    /// A time that has surely passed, in milliseconds since 1970.
    pub floor_ms: i64,
}

/// A TLS session towards `host`, before its handshake.
///
/// # Errors
/// [`NetFault::Pem`] for authorities, a certificate or key that cannot be used; [`NetFault::Refused`] for a
/// host that no certificate can be for.
pub fn session(host: &str, trust: &Trust<'_>) -> Result<ClientConnection, NetFault> {
    let refused = |why: String| NetFault::Refused { host: host.to_owned(), why };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| refused(error.to_string()))?;
    let config = config(trust)?;
    ClientConnection::new(Arc::new(config), name).map_err(|error| refused(error.to_string()))
}

fn config(trust: &Trust<'_>) -> Result<ClientConfig, NetFault> {
    let pem = |what| move |error: String| NetFault::Pem { what, why: error };
    let mut roots = RootCertStore::empty();
    if trust.web {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(bytes) = trust.roots {
        for authority in certificates(bytes).map_err(pem("ca_file"))? {
            roots.add(authority).map_err(|error| pem("ca_file")(error.to_string()))?;
        }
    }
    let clock = Arc::new(Floored(trust.floor_ms.max(BUILT_MS)));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let verifier = verifier.map_err(|error| pem("authorities")(error.to_string()))?;
    let builder = ClientConfig::builder_with_details(provider, clock)
        .with_safe_default_protocol_versions()
        .map_err(|error| pem("TLS")(error.to_string()))?
        .with_webpki_verifier(verifier);
    let Some((chain, key)) = trust.client else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(chain).map_err(pem("client_cert"))?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| pem("the client's key")("it is no private key in PEM".into()))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| pem("client_cert")(error.to_string()))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    if all.is_empty() { Err("there is no certificate in PEM in it".into()) } else { Ok(all) }
}

/// Why a handshake failed, for a person.
#[must_use]
pub fn shaken(host: &str, error: &std::io::Error) -> Fault {
    let why = error.to_string();
    let code = match error.kind() {
        std::io::ErrorKind::TimedOut => Code::Timeout,
        std::io::ErrorKind::InvalidData => Code::Refused,
        _ => Code::Unavailable,
    };
    let way = match () {
        () if why.contains("UnknownIssuer") => "; if its authority is your own, name it in net.ca_file",
        () if why.contains("expired") || why.contains("not valid yet") => "; look at this machine's clock as well",
        () => "",
    };
    Fault::new(code, format!("no TLS with {host}: {why}{way}"))
}

/// The machine's clock, but never before the floor.
#[derive(Debug)]
struct Floored(i64);

impl TimeProvider for Floored {
    fn current_time(&self) -> Option<UnixTime> {
        let now = crate::base::Clock::system().wall_ms().max(self.0);
        Some(UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(now).ok()?)))
    }
}
