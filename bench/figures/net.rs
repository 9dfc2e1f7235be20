//! The way out and the keeper: memory of a net hand that speaks TLS, and what a ticket costs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hearth::keeper::message::{Place, Use, Value};
use hearth::keeper::{Client, armor, enrol};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::agent::Agent;
use super::budget::Report;
use super::stats::Spread;

/// The word that makes this program a buyer of tickets: whoever buys is another process than who redeems.
pub(crate) const BUYER: &str = "buyer";
/// As long as keys of model servers are.
const VALUE: &[u8] = b"a value of usual length, some forty bytes";
/// Tickets measured, after some that warm up.
const TICKETS: usize = 200;

pub(crate) fn measure(report: &mut Report, binaries: &Path) {
    memory(report, binaries);
    tickets(report, binaries);
}

/// A server by TLS that sends half an answer and waits for the other side to go: its port, its authority in PEM.
fn hanging() -> (u16, String) {
    let mut params = CertificateParams::new(Vec::new()).expect("params");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("params");
    let chain = vec![params.signed_by(&key, &issuer).expect("signed").der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key);
    let config = Arc::new(config.expect("a server"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
            let mut stream = StreamOwned::new(session, stream);
            let mut room = [0; 4096];
            if stream.read(&mut room).is_ok_and(|length| length > 0) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
                let _ = stream.flush();
                let _ = stream.read(&mut room);
            }
        }
    });
    (port, issuer.pem())
}

fn memory(report: &mut Report, binaries: &Path) {
    let (port, authority) = hanging();
    let file = std::env::temp_dir().join(format!("hearth-figures-ca-{}.pem", std::process::id()));
    std::fs::write(&file, authority).expect("written");
    let settings = format!("[net]\nlan = [\"127.0.0.1\"]\nca_file = \"{}\"\n", file.display());
    let mut agent = Agent::start_with(binaries, &settings);
    agent.begin_tool("web_fetch", &serde_json::json!({"url": format!("https://127.0.0.1:{port}/")}));
    let until = Instant::now() + Duration::from_secs(20);
    let hand = loop {
        // The half has come when the hand waits for more: its memory does not change then.
        std::thread::sleep(Duration::from_millis(500));
        if let Some(pss) = agent.memory_of("hearth-net") {
            break pss;
        }
        assert!(Instant::now() < until, "no net hand came");
    };
    report.measured("net_hand_pss_kib", hand, "KiB, in the middle of an answer by TLS");
    agent.stop();
    let _ = std::fs::remove_file(file);
}

struct Kept {
    child: Child,
    folder: PathBuf,
}

impl Kept {
    fn start(binaries: &Path) -> Self {
        let folder = std::env::temp_dir().join(format!("hearth-figures-keeper-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut command = Command::new(binaries.join("hearth-keeper"));
        command.arg("--socket").arg(folder.join("s")).arg("--vault").arg(folder.join("v")).stderr(Stdio::null());
        let kept = Self { child: command.spawn().expect("started"), folder };
        let until = Instant::now() + Duration::from_secs(20);
        while Client::connect(&kept.folder.join("s")).is_err() {
            assert!(Instant::now() < until, "the keeper did not come");
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut admin = Client::connect(&kept.folder.join("s")).expect("the keeper");
        admin.administer().expect("an administrator");
        admin.init().expect("a vault");
        admin.put("key", Value::new(VALUE), false).expect("kept");
        let uid = nix::unistd::getuid().as_raw();
        let secret = enrol::make(&kept.folder.join("session.key"), uid).expect("a session key");
        admin.enrol(uid, secret.public()).expect("enrolled");
        kept
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn what() -> Use {
    Use { tool: "bench".into(), secret: "key".into(), place: Place::Header, host: "api.example".into() }
}

/// Buys a ticket for each connection whose number it reads, and writes it.
pub(crate) fn buyer(folder: &Path) {
    let mut brain = Client::connect(&folder.join("s")).expect("the keeper");
    brain.prove(&enrol::load(&folder.join("session.key")).expect("a key")).expect("a session");
    for line in std::io::stdin().lines() {
        let connection = line.expect("a line").parse().expect("a number");
        println!("{}", armor::to_hex(&brain.buy(what(), connection).expect("a ticket")));
    }
}

/// A hand's way: connect, greet, have a ticket bought, prove it, redeem it. The keeper's Argon2 is not in it.
fn tickets(report: &mut Report, binaries: &Path) {
    let kept = Kept::start(binaries);
    let mut buyer = Command::new(std::env::current_exe().expect("this program"));
    let mut buyer =
        buyer.arg(BUYER).arg(&kept.folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("ran");
    let mut to = buyer.stdin.take().expect("a pipe");
    let mut from = BufReader::new(buyer.stdout.take().expect("a pipe"));
    let mut whole = Spread::default();
    for number in 0..TICKETS + 20 {
        let began = Instant::now();
        let mut hand = Client::connect(&kept.folder.join("s")).expect("the keeper");
        writeln!(to, "{}", hand.connection()).expect("asked");
        let mut line = String::new();
        from.read_line(&mut line).expect("a ticket");
        let ticket = armor::from_hex(line.trim()).expect("hex");
        let value = hand.redeem(ticket.as_slice().try_into().expect("32 bytes"), what()).expect("a value");
        if number >= 20 {
            whole.push(began.elapsed().as_secs_f64() * 1e3);
        }
        assert_eq!(value.0.as_slice(), VALUE);
    }
    report.measured("ticket_ms", whole.median(), "ms, median: connect, greet, buy, prove, redeem");
    report.shown("a ticket's whole way", &whole.line("ms"));
    drop(to);
    buyer.wait().expect("ended");
}
