//! A scripted HTTP server, with TLS or without, and authorities of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// An authority, and certificates by it.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("params");
        // Two authorities of one name would be taken for one another.
        let name = format!("authority {:?}", std::time::Instant::now());
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("an authority") }
    }

    /// In PEM, as `ca_file` holds it.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A server's settings for this name, good from year to year.
    pub(crate) fn server(&self, name: &str, years: (i32, i32)) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("params");
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a server");
        Arc::new(config)
    }
}

/// What a client sent: its first line and headers, and its body.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// One connection, once the request was read: write the answer to it.
pub(crate) trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

type Script = dyn Fn(&Heard, &mut dyn Wire) + Send + Sync;

/// See the module; its threads end with the process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    ended: Receiver<()>,
}

impl Server {
    /// Serves each connection with `script`.
    pub(crate) fn start(
        tls: Option<Arc<ServerConfig>>,
        script: impl Fn(&Heard, &mut dyn Wire) + Send + Sync + 'static,
    ) -> Self {
        Self::at(std::net::Ipv4Addr::LOCALHOST.into(), tls, script)
    }

    /// The same on this address.
    pub(crate) fn at(
        ip: std::net::IpAddr,
        tls: Option<Arc<ServerConfig>>,
        script: impl Fn(&Heard, &mut dyn Wire) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((ip, 0)).expect("bound");
        let address = listener.local_addr().expect("an address");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (kept, script): (_, Arc<Script>) = (Arc::clone(&heard), Arc::new(script));
        let (end, ended) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, kept, script, end) = (tls.clone(), Arc::clone(&kept), Arc::clone(&script), end.clone());
                std::thread::spawn(move || serve(stream, tls, &kept, &*script, &end));
            }
        });
        Self { address, heard, ended }
    }

    /// Answers every request with this, whole.
    pub(crate) fn saying(tls: Option<Arc<ServerConfig>>, status: &'static str, body: &'static str) -> Self {
        Self::start(tls, move |_, wire| answer(wire, status, &[], body))
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("a lock").clone()
    }

    pub(crate) fn url(&self, scheme: &str, host: &str, path: &str) -> String {
        format!("{scheme}://{host}:{}{path}", self.address.port())
    }

    /// Waits until a connection has ended: the client's side was closed, or the script is through.
    pub(crate) fn ended_within(&self, within: Duration) -> bool {
        self.ended.recv_timeout(within).is_ok()
    }
}

pub(crate) fn answer(wire: &mut dyn Wire, status: &str, headers: &[&str], body: &str) {
    let more: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let _ = write!(wire, "HTTP/1.1 {status}\r\n{more}content-length: {}\r\n\r\n{body}", body.len());
    let _ = wire.flush();
}

fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    heard: &Mutex<Vec<Heard>>,
    script: &Script,
    end: &Sender<()>,
) {
    let mut wire: Box<dyn Wire> = match tls {
        None => Box::new(stream),
        Some(config) => Box::new(StreamOwned::new(ServerConnection::new(config).expect("a session"), stream)),
    };
    if let Some(request) = read(&mut *wire) {
        heard.lock().expect("a lock").push(request.clone());
        script(&request, &mut *wire);
    }
    let _ = end.send(());
}

fn read(wire: &mut dyn Wire) -> Option<Heard> {
    let mut reader = BufReader::new(wire);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length =
        head.to_ascii_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Heard { head, body })
}
