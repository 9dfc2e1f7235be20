//! The body of a `net` hand: TLS and one HTTP request over the socket that it was handed.
//!
//! Order: `Greet` (numbers of its connections to the keeper), pieces of the body, `Fetch`, then `More`
//! until the last piece. Values come from the keeper on connections that were made before the seal, go
//! into the request, and are looked for in everything that leaves the hand. Redirects are told, not
//! followed: where they lead is judged by who asks.

mod place;
mod transport;

use std::io::Read;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustls::StreamOwned;
use ureq::http::Uri;
use ureq::{Agent, BodyReader};

use super::pem;
use super::vouchers::{Redeemed, Vouchers};
use crate::base::limits::{NET_BODY_BYTES, NET_CHUNK_BYTES, NET_HEADER_BYTES, NET_HEADERS};
use crate::base::{Code, Fault};
use crate::guard::spill::Spill;
use crate::net::stream::Patient;
use crate::net::tls::{self, Trust};
use crate::sandbox::Port;
use crate::wire::PacketFault;
use crate::wire::hand::{Outcome, Work};
use crate::wire::net::{Ask, Fetch, Header, Told};
use transport::{Handed, Stream};

pub(super) fn body(port: &mut Port, descriptors: Vec<OwnedFd>) -> Result<(), PacketFault> {
    let mut hand = Hand::new(Vouchers::new(port.take_keeper()), descriptors);
    while let Some((id, work)) = port.take()? {
        let outcome = match work {
            Work::Net(ask) => hand.serve(ask).map_err(|fault| hand.clean(fault)),
            other => Err(Fault::new(Code::Refused, format!("a net hand does not do {other:?}"))),
        };
        port.reply(id, outcome)?;
    }
    Ok(())
}

struct Hand {
    vouchers: Vouchers,
    descriptors: std::vec::IntoIter<OwnedFd>,
    body: Vec<u8>,
    answer: Option<BodyReader<'static>>,
    spill: Spill,
}

impl Hand {
    fn new(vouchers: Vouchers, descriptors: Vec<OwnedFd>) -> Self {
        Self { vouchers, descriptors: descriptors.into_iter(), body: Vec::new(), answer: None, spill: Spill::of([]) }
    }

    fn serve(&mut self, ask: Ask) -> Result<Outcome, Fault> {
        match ask {
            Ask::Greet => self.vouchers.greet().map(|connections| Outcome::Net(Told::Greeted(connections))),
            Ask::Body(piece) if self.body.len() + piece.len() <= NET_BODY_BYTES => {
                self.body.extend_from_slice(&piece);
                Ok(Outcome::Done)
            }
            Ask::Body(_) => Err(Fault::new(Code::Full, format!("a body has at most {NET_BODY_BYTES} bytes"))),
            Ask::Fetch(fetch) => self.fetch(&fetch),
            Ask::More => self.more(),
            Ask::Join(_) => Err(Fault::new(Code::Refused, "a net hand joins nothing")),
        }
    }

    fn fetch(&mut self, fetch: &Fetch) -> Result<Outcome, Fault> {
        let uri: Uri = fetch.url.parse().map_err(|_| Fault::new(Code::BadInput, "the URL is none"))?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let silence = Duration::from_millis(fetch.idle_ms.into());
        // The server is known to be the right one before a value is taken from the keeper.
        let stream = self.open(fetch, &uri, &host, silence)?;
        let Redeemed { values, spill } = self.vouchers.redeem(&fetch.vouchers, &host)?;
        self.spill = spill;
        let body = std::mem::take(&mut self.body);
        let request = place::request(fetch, body, &values)?;
        drop(values);
        let response = ask(agent(stream, silence), request)?;
        let headers = headers(response.headers())?;
        if headers.iter().any(|(name, value)| self.holds(name) || self.holds(value)) {
            return Err(spilled());
        }
        let status = response.status().as_u16();
        self.answer = Some(response.into_body().into_reader());
        Ok(Outcome::Net(Told::Head { status, headers }))
    }

    fn open(&mut self, fetch: &Fetch, uri: &Uri, host: &str, silence: Duration) -> Result<Stream, Fault> {
        let socket = self.descriptors.next().ok_or_else(|| Fault::new(Code::BadInput, "a net hand needs a socket"))?;
        let mut stream = Patient::new(socket, Some(silence));
        if uri.scheme_str() != Some("https") {
            return Ok(Stream::Plain(stream));
        }
        let roots = if fetch.roots { Some(pem::read(self.descriptors.next())?) } else { None };
        let trust = Trust { roots: roots.as_deref(), web: true, client: None, floor_ms: fetch.floor_ms };
        let mut session = tls::session(host, &trust)?;
        while session.is_handshaking() {
            session.complete_io(&mut stream).map_err(|error| tls::shaken(host, &error))?;
        }
        Ok(Stream::Tls(Box::new(StreamOwned::new(session, stream))))
    }

    /// The next piece, as soon as there is one that may be let out.
    fn more(&mut self) -> Result<Outcome, Fault> {
        let missing = || Fault::new(Code::BadInput, "nothing is being answered");
        let answer = self.answer.as_mut().ok_or_else(missing)?;
        let mut room = vec![0; NET_CHUNK_BYTES];
        loop {
            let length = answer.read(&mut room).map_err(|error| broken(&error))?;
            if length == 0 {
                self.answer = None;
                return Ok(Outcome::Net(Told::Chunk { bytes: self.spill.rest(), last: true }));
            }
            let Ok(bytes) = self.spill.feed(&room[..length]) else {
                self.answer = None;
                return Err(spilled());
            };
            if !bytes.is_empty() {
                return Ok(Outcome::Net(Told::Chunk { bytes, last: false }));
            }
        }
    }

    fn holds(&self, text: &str) -> bool {
        self.spill.is_in(text.as_bytes())
    }

    /// A fault's words come from libraries, which may repeat what they were given.
    fn clean(&self, fault: Fault) -> Fault {
        if self.holds(&fault.message) {
            Fault::new(fault.code, "the request failed; why would tell a secret")
        } else {
            fault
        }
    }
}

fn spilled() -> Fault {
    Fault::new(Code::Refused, "the server's answer repeats the secret that it was sent; nothing of it is passed on")
}

/// One request, one connection, nothing of the environment, no redirect.
fn agent(stream: Stream, silence: Duration) -> Agent {
    let config = Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .max_idle_connections(0)
        .max_response_header_size(NET_HEADER_BYTES)
        .timeout_per_read(Some(silence))
        .timeout_per_write(Some(silence))
        .user_agent(concat!("hearth/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::with_parts(config, Handed::new(stream), transport::Nowhere)
}

fn ask(agent: Agent, request: place::Request) -> Result<ureq::http::Response<ureq::Body>, Fault> {
    let (parts, body) = request.into_parts();
    let answered = match body {
        None => agent.run(ureq::http::Request::from_parts(parts, ())),
        Some(body) => agent.run(ureq::http::Request::from_parts(parts, body.as_slice())),
    };
    answered.map_err(|error| match error {
        ureq::Error::Timeout(_) => Fault::new(Code::Timeout, "the server was silent too long"),
        ureq::Error::Io(error) => broken(&error),
        other => Fault::new(Code::Garbage, format!("the server did not answer in HTTP: {other}")),
    })
}

fn broken(error: &std::io::Error) -> Fault {
    let code = if error.kind() == std::io::ErrorKind::TimedOut { Code::Timeout } else { Code::Unavailable };
    let silent = error.to_string().contains("timeout");
    Fault::new(if silent { Code::Timeout } else { code }, format!("the connection to the server broke: {error}"))
}

fn headers(map: &ureq::http::HeaderMap) -> Result<Vec<Header>, Fault> {
    if map.len() > NET_HEADERS {
        return Err(Fault::new(Code::Full, format!("the server sent more than {NET_HEADERS} headers")));
    }
    let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Ok(map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect())
}
