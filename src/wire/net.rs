//! Messages of the hands that speak to a network (`net`, `link`), as ordinary values (`schemas/hand.fbs`).
//!
//! A request never holds a secret's value: it holds [`Voucher`]s, which the hand redeems at the keeper.

use flatbuffers::{FlatBufferBuilder, ForwardsUOffset, UnionWIPOffset, Vector, WIPOffset};

use super::WireFault;
use super::generated::hand as fb;

/// A ticket of the keeper, and the use that it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct Voucher {
    /// The ticket's bytes.
    pub ticket: [u8; 32],
    /// The tool that it is for.
    pub tool: String,
    /// The secret's name.
    pub secret: String,
    /// A number of `Place` in `schemas/keeper.fbs`.
    pub place: u8,
    /// The host that gets the value.
    pub host: String,
    /// What the value takes the place of; in a header, its name and what stands before the value.
    pub mark: String,
}

impl std::fmt::Debug for Voucher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Voucher").field("secret", &self.secret).field("host", &self.host).finish_non_exhaustive()
    }
}

/// A header's name and value.
pub type Header = (String, String);

/// One HTTP request over the passed socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Such as `POST`.
    pub method: String,
    /// `http` or `https`; the name in it is what the certificate must be for.
    pub url: String,
    /// Headers, without secrets.
    pub headers: Vec<Header>,
    /// Secrets that the hand puts in.
    pub vouchers: Vec<Voucher>,
    /// Whether the second descriptor holds authorities (PEM) that are trusted besides the web's.
    pub roots: bool,
    /// A time that has surely passed, in milliseconds since 1970: boards without a clock.
    pub floor_ms: i64,
    /// Longest silence of the server, in milliseconds.
    pub idle_ms: u32,
}

/// One connection to a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The name that the certificate must be for.
    pub host: String,
    /// The user name; empty: none.
    pub user: String,
    /// Whether to speak TLS.
    pub tls: bool,
    /// Whether a descriptor holds authorities (PEM) that are trusted instead of the web's.
    pub roots: bool,
    /// Whether a descriptor holds a client's certificate (PEM).
    pub certificate: bool,
    /// The password and the client's key, marked `password` and `key`.
    pub vouchers: Vec<Voucher>,
    /// As in [`Fetch`].
    pub floor_ms: i64,
}

/// What such a hand is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The numbers of its connections to the keeper.
    Greet,
    /// A piece of the body, before [`Ask::Fetch`].
    Body(Vec<u8>),
    /// The request.
    Fetch(Box<Fetch>),
    /// The next piece of the answer.
    More,
    /// The connection.
    Join(Box<Join>),
}

/// What it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The numbers that the keeper gave to its connections.
    Greeted(Vec<u64>),
    /// An answer begins.
    Head {
        /// HTTP status.
        status: u16,
        /// Its headers; names in lower case.
        headers: Vec<Header>,
    },
    /// A piece of the answer.
    Chunk {
        /// The bytes; may be empty.
        bytes: Vec<u8>,
        /// Whether none follows.
        last: bool,
    },
}

type Union = WIPOffset<UnionWIPOffset>;
type Tables<'a, T> = Vector<'a, ForwardsUOffset<T>>;

pub(super) fn build_ask(b: &mut FlatBufferBuilder<'_>, ask: &Ask) -> (fb::Work, Union) {
    match ask {
        Ask::Greet => (fb::Work::Greet, fb::Greet::create(b, &fb::GreetArgs {}).as_union_value()),
        Ask::More => (fb::Work::FetchMore, fb::FetchMore::create(b, &fb::FetchMoreArgs {}).as_union_value()),
        Ask::Body(bytes) => {
            let bytes = Some(b.create_vector(bytes));
            (fb::Work::FetchBody, fb::FetchBody::create(b, &fb::FetchBodyArgs { bytes }).as_union_value())
        }
        Ask::Fetch(fetch) => {
            let (method, url) = (Some(b.create_string(&fetch.method)), Some(b.create_string(&fetch.url)));
            let (headers, vouchers) =
                (Some(build_headers(b, &fetch.headers)), Some(build_vouchers(b, &fetch.vouchers)));
            let (roots, floor_ms, idle_ms) = (fetch.roots, fetch.floor_ms, fetch.idle_ms);
            let args = fb::FetchArgs { method, url, headers, vouchers, roots, floor_ms, idle_ms };
            (fb::Work::Fetch, fb::Fetch::create(b, &args).as_union_value())
        }
        Ask::Join(join) => {
            let (host, user) = (Some(b.create_string(&join.host)), Some(b.create_string(&join.user)));
            let vouchers = Some(build_vouchers(b, &join.vouchers));
            let Join { tls, roots, certificate, floor_ms, .. } = **join;
            let args = fb::JoinArgs { host, user, tls, roots, certificate, vouchers, floor_ms };
            (fb::Work::Join, fb::Join::create(b, &args).as_union_value())
        }
    }
}

/// What is asked, where it is one of these.
///
/// # Errors
/// [`WireFault`] for a ticket of another length.
pub(super) fn read_ask(request: &fb::Request<'_>) -> Result<Option<Ask>, WireFault> {
    if request.work_as_greet().is_some() {
        return Ok(Some(Ask::Greet));
    }
    if request.work_as_fetch_more().is_some() {
        return Ok(Some(Ask::More));
    }
    if let Some(body) = request.work_as_fetch_body() {
        return Ok(Some(Ask::Body(body.bytes().bytes().to_vec())));
    }
    if let Some(fetch) = request.work_as_fetch() {
        return Ok(Some(Ask::Fetch(Box::new(Fetch {
            method: fetch.method().to_owned(),
            url: fetch.url().to_owned(),
            headers: read_headers(fetch.headers()),
            vouchers: read_vouchers(fetch.vouchers())?,
            roots: fetch.roots(),
            floor_ms: fetch.floor_ms(),
            idle_ms: fetch.idle_ms(),
        }))));
    }
    let Some(join) = request.work_as_join() else { return Ok(None) };
    Ok(Some(Ask::Join(Box::new(Join {
        host: join.host().to_owned(),
        user: join.user().to_owned(),
        tls: join.tls(),
        roots: join.roots(),
        certificate: join.certificate(),
        vouchers: read_vouchers(join.vouchers())?,
        floor_ms: join.floor_ms(),
    }))))
}

pub(super) fn build_told(b: &mut FlatBufferBuilder<'_>, told: &Told) -> (fb::Outcome, Union) {
    match told {
        Told::Greeted(connections) => {
            let connections = Some(b.create_vector(connections));
            (fb::Outcome::Greeted, fb::Greeted::create(b, &fb::GreetedArgs { connections }).as_union_value())
        }
        Told::Head { status, headers } => {
            let headers = Some(build_headers(b, headers));
            (fb::Outcome::Head, fb::Head::create(b, &fb::HeadArgs { status: *status, headers }).as_union_value())
        }
        Told::Chunk { bytes, last } => {
            let bytes = Some(b.create_vector(bytes));
            (fb::Outcome::Chunk, fb::Chunk::create(b, &fb::ChunkArgs { bytes, last: *last }).as_union_value())
        }
    }
}

pub(super) fn read_told(reply: &fb::Reply<'_>) -> Option<Told> {
    if let Some(greeted) = reply.outcome_as_greeted() {
        return Some(Told::Greeted(greeted.connections().iter().collect()));
    }
    if let Some(head) = reply.outcome_as_head() {
        return Some(Told::Head { status: head.status(), headers: read_headers(head.headers()) });
    }
    let chunk = reply.outcome_as_chunk()?;
    Some(Told::Chunk { bytes: chunk.bytes().bytes().to_vec(), last: chunk.last() })
}

fn build_headers<'b>(b: &mut FlatBufferBuilder<'b>, headers: &[Header]) -> WIPOffset<Tables<'b, fb::Header<'b>>> {
    let tables: Vec<_> = headers
        .iter()
        .map(|(name, value)| {
            let (name, value) = (Some(b.create_string(name)), Some(b.create_string(value)));
            fb::Header::create(b, &fb::HeaderArgs { name, value })
        })
        .collect();
    b.create_vector(&tables)
}

pub(super) fn build_vouchers<'b>(
    b: &mut FlatBufferBuilder<'b>,
    vouchers: &[Voucher],
) -> WIPOffset<Tables<'b, fb::Voucher<'b>>> {
    let tables: Vec<_> = vouchers
        .iter()
        .map(|voucher| {
            let ticket = Some(b.create_vector(&voucher.ticket));
            let [tool, secret, host, mark] =
                [&voucher.tool, &voucher.secret, &voucher.host, &voucher.mark].map(|text| Some(b.create_string(text)));
            let place = voucher.place;
            fb::Voucher::create(b, &fb::VoucherArgs { ticket, tool, secret, place, host, mark })
        })
        .collect();
    b.create_vector(&tables)
}

fn read_headers(headers: Tables<'_, fb::Header<'_>>) -> Vec<Header> {
    headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect()
}

pub(super) fn read_vouchers(vouchers: Tables<'_, fb::Voucher<'_>>) -> Result<Vec<Voucher>, WireFault> {
    let voucher = |voucher: fb::Voucher<'_>| {
        let ticket = voucher.ticket().bytes().try_into();
        Ok(Voucher {
            ticket: ticket.map_err(|_| WireFault::NotVerified("a ticket has 32 bytes".into()))?,
            tool: voucher.tool().to_owned(),
            secret: voucher.secret().to_owned(),
            place: voucher.place(),
            host: voucher.host().to_owned(),
            mark: voucher.mark().to_owned(),
        })
    };
    vouchers.iter().map(voucher).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::wire::hand::{Outcome, Work, decode_reply, decode_request, encode_reply, encode_request};

    pub(in crate::wire) fn voucher() -> Voucher {
        let text = |text: &str| text.to_owned();
        Voucher { ticket: [7; 32], tool: text("t"), secret: text("s"), place: 1, host: text("h"), mark: text("m") }
    }

    fn asks() -> Vec<Ask> {
        let fetch = Fetch {
            method: "POST".into(),
            url: "https://example.com/ü".into(),
            headers: vec![("accept".into(), "*/*".into()), ("x".into(), String::new())],
            vouchers: vec![voucher()],
            roots: true,
            floor_ms: -5,
            idle_ms: 60_000,
        };
        let join = Join {
            host: "broker".into(),
            user: "u".into(),
            tls: true,
            roots: false,
            certificate: true,
            vouchers: vec![voucher(), voucher()],
            floor_ms: 9,
        };
        vec![Ask::Greet, Ask::Body(vec![0, 255]), Ask::Fetch(Box::new(fetch)), Ask::More, Ask::Join(Box::new(join))]
    }

    #[test]
    fn everything_reads_back() {
        for ask in asks() {
            let work = Work::Net(ask);
            assert_eq!(decode_request(&encode_request(7, &work)), Ok((7, work)));
        }
        let told = [
            Told::Greeted(vec![u64::MAX, 0]),
            Told::Head { status: 200, headers: vec![("a".into(), "b".into())] },
            Told::Chunk { bytes: vec![1], last: true },
        ];
        for told in told {
            let outcome = Outcome::Net(told);
            assert_eq!(decode_reply(&encode_reply(9, &outcome)), Ok((9, outcome)));
        }
        assert!(!format!("{:?}", voucher()).contains('7'), "a ticket does not show");
    }

    proptest::proptest! {
        #[test]
        fn a_changed_message_never_panics(which in 0_usize..5, at in 0_usize..500, to in proptest::num::u8::ANY) {
            let mut request = encode_request(1, &Work::Net(asks().swap_remove(which)));
            let at = at % request.len();
            request[at] = to;
            let _ = decode_request(&request);
        }
    }
}
