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
use crate::base::{Clock, Code, Fault};

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
    let config = config(trust, Clock::system())?;
    ClientConnection::new(Arc::new(config), name).map_err(|error| refused(error.to_string()))
}

fn config(trust: &Trust<'_>, clock: Clock) -> Result<ClientConfig, NetFault> {
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
    let clock = Arc::new(Floored { clock, floor_ms: trust.floor_ms.max(BUILT_MS) });
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
struct Floored {
    clock: Clock,
    floor_ms: i64,
}

impl TimeProvider for Floored {
    fn current_time(&self) -> Option<UnixTime> {
        let now = self.clock.wall_ms().max(self.floor_ms);
        Some(UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(now).ok()?)))
    }
}

#[cfg(test)]
#[path = "tls_floor_tests.rs"]
mod floor_tests;

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use rcgen::{CertificateParams, KeyPair};
    use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
    use rustls::{ServerConfig, ServerConnection, SupportedCipherSuite};

    use super::*;

    const HOST: &str = "house.example";

    /// A server for [`HOST`] that speaks one suite with one group, and its authority in PEM.
    fn server(suite: SupportedCipherSuite, group: &'static dyn SupportedKxGroup) -> (ServerConnection, String) {
        let key = KeyPair::generate().expect("a key");
        let made = CertificateParams::new(vec![HOST.into()]).expect("params").self_signed(&key).expect("signed");
        let provider =
            CryptoProvider { cipher_suites: vec![suite], kx_groups: vec![group], ..ring::default_provider() };
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[suite.version()])
            .expect("a version")
            .with_no_client_auth();
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("PEM");
        let config = config.with_single_cert(vec![made.der().clone()], key).expect("a config");
        (ServerConnection::new(Arc::new(config)).expect("a session"), made.pem())
    }

    #[test]
    fn the_roots_of_the_web_are_inside_the_program_and_trusted_only_where_they_are_wanted() {
        let trust = |web| Trust { web, roots: None, client: None, floor_ms: 0 };
        assert!(session(HOST, &trust(true)).is_ok());
        let error = session(HOST, &trust(false)).expect_err("nobody to trust").to_string();
        assert!(error.contains("authorities"), "{error}");
    }

    /// Carries what one side has to say over to the other.
    macro_rules! carry {
        ($from:expr, $to:expr) => {{
            let mut wire = Vec::new();
            while $from.wants_write() {
                $from.write_tls(&mut wire).expect("written");
            }
            let mut rest = wire.as_slice();
            while !rest.is_empty() {
                $to.read_tls(&mut rest).expect("read");
                $to.process_new_packets().expect("good records");
            }
        }};
    }

    // Also what shows, on a processor without them (`cross/test arm`), that ring's newer instructions are
    // chosen by what the kernel tells of, in every cipher, curve and hash that a server may choose.
    #[test]
    fn every_suite_and_group_carries_bytes_both_ways() {
        let ecdsa = |suite: &&SupportedCipherSuite| suite.tls13().is_some() || format!("{suite:?}").contains("ECDSA");
        let suites: Vec<_> = ring::ALL_CIPHER_SUITES.iter().filter(ecdsa).collect();
        assert_eq!((suites.len(), ring::ALL_KX_GROUPS.len()), (6, 3));
        for suite in suites {
            for group in ring::ALL_KX_GROUPS {
                let (mut server, authority) = server(*suite, *group);
                let trust = Trust { roots: Some(authority.as_bytes()), ..Trust::default() };
                let mut client = session(HOST, &trust).expect("a session");
                while client.is_handshaking() || server.is_handshaking() {
                    carry!(client, server);
                    carry!(server, client);
                }
                assert_eq!(server.negotiated_cipher_suite(), Some(*suite));
                let said: Vec<u8> = (0..=255).cycle().take(5_000).collect();
                client.writer().write_all(&said).expect("taken");
                carry!(client, server);
                let mut heard = vec![0; said.len()];
                server.reader().read_exact(&mut heard).expect("all of it");
                assert_eq!(heard, said, "{suite:?}");
                server.writer().write_all(&heard).expect("taken");
                carry!(server, client);
                client.reader().read_exact(&mut heard).expect("all of it");
                assert_eq!(heard, said, "{suite:?}");
            }
        }
    }

    #[test]
    fn a_signature_by_rsa_is_judged() {
        let key = include_bytes!("../../tests/data/tls/rsa-public.der");
        let signature = include_bytes!("../../tests/data/tls/rsa-signature.bin");
        let algorithms = ring::default_provider().signature_verification_algorithms;
        let of_rsa = |message: &[u8]| {
            algorithms.all.iter().any(|algorithm| algorithm.verify_signature(key, message, signature).is_ok())
        };
        assert!(of_rsa(b"Hearth") && !of_rsa(b"Hearts"));
    }
}
