//! The clock of certificates: never before the build, nor before the last time that was stored.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection};

const DAY_MS: i64 = 86_400_000;

/// A handshake in memory with a server whose certificate is good from a day on, for thirty days; what the client
/// says of it.
fn shake(clock: &Clock, floor_ms: i64, good_from_ms: i64) -> Result<(), rustls::Error> {
    let at = |ms: i64| {
        let date = jiff::Timestamp::from_millisecond(ms).expect("a time").to_zoned(jiff::tz::TimeZone::UTC).date();
        let part = |number: i8| u8::try_from(number).expect("a date");
        rcgen::date_time_ymd(date.year().into(), part(date.month()), part(date.day()))
    };
    let mut params = CertificateParams::new(Vec::new()).expect("params");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = rcgen::date_time_ymd(1970, 1, 1);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let mut params = CertificateParams::new(vec!["server.test".to_owned()]).expect("params");
    (params.not_before, params.not_after) = (at(good_from_ms), at(good_from_ms + 30 * DAY_MS));
    let key = KeyPair::generate().expect("a key");
    let chain = vec![params.signed_by(&key, &issuer).expect("signed").der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a server");
    let mut server = ServerConnection::new(Arc::new(server)).expect("a session");
    let pem = issuer.pem();
    let trust = Trust { roots: Some(pem.as_bytes()), floor_ms, ..Trust::default() };
    let name = ServerName::try_from("server.test").expect("a name");
    let mut client =
        ClientConnection::new(Arc::new(config(&trust, clock.clone()).expect("settings")), name).expect("a session");
    while client.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).expect("written");
        server.read_tls(&mut wire.as_slice()).expect("read");
        server.process_new_packets().expect("a client");
        let mut wire = Vec::new();
        server.write_tls(&mut wire).expect("written");
        client.read_tls(&mut wire.as_slice()).expect("read");
        client.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn a_board_without_a_clock_judges_at_the_time_of_the_build_or_the_last_that_was_stored() {
    let clock = Clock::movable();
    clock.jump(-clock.wall_ms());
    assert!(clock.wall_ms() < DAY_MS, "1970");
    shake(&clock, 0, BUILT_MS - DAY_MS).expect("good when this was made");
    let early = shake(&clock, 0, BUILT_MS + 2 * DAY_MS).expect_err("not good yet").to_string();
    assert!(early.contains("not valid yet"), "{early}");
    shake(&clock, BUILT_MS + 4 * DAY_MS, BUILT_MS + 2 * DAY_MS).expect("good at the time that was stored");
    // A floor is the least: it takes nothing from a clock that is right, and an earlier one changes nothing.
    let over = shake(&clock, BUILT_MS + 40 * DAY_MS, BUILT_MS - DAY_MS).expect_err("over").to_string();
    assert!(over.contains("expired"), "{over}");
    shake(&clock, -5, BUILT_MS - DAY_MS).expect("as without one");
    clock.jump(BUILT_MS + 4 * DAY_MS);
    shake(&clock, 0, BUILT_MS + 2 * DAY_MS).expect("by the clock");
}
