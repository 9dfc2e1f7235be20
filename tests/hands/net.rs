//! The `net` hand from the brain's side: what it answers, how it streams, what it does not do.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hearth::base::{Code, Fault};
use hearth::gate::web::{Answer, Parts, Purse, Request, Web};
use hearth::guard::address::Grants;
use hearth::net::{Door, Scripted};
use hearth::sandbox::Hands;
use tokio::runtime::Runtime;

use super::server::{Authority, Server, answer};

pub(crate) const TESTS: &[super::Test] = &[
    ("a_request_goes_out_and_its_answer_comes_back", plain),
    ("tls_is_spoken_with_authorities_of_ones_own_and_refused_without", tls),
    ("a_floor_stands_in_for_a_clock", floor),
    ("pieces_come_as_the_server_sends_them", streaming),
    ("dropping_an_answer_closes_the_connection", cancel),
    ("a_silent_server_and_an_endless_answer_have_an_end", bounds),
    ("a_body_larger_than_a_packet_arrives_whole", body),
];

pub(crate) const LOOPBACK: [IpAddr; 1] = [IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)];

/// A web whose resolver knows these names, with the loopback granted.
pub(crate) fn web(
    hands: &Hands,
    names: &[(&str, &[IpAddr])],
    grants: &[&str],
    roots: Option<&str>,
    purse: Option<Purse>,
) -> Web {
    let grants = Grants::parse(grants.iter().copied()).expect("grants");
    let door = Door::with(Arc::new(Scripted::new(names)), grants);
    let roots = roots.map(file);
    Web::new(Parts { hands: hands.clone(), door, purse, roots, floor_ms: 0 })
}

/// A file of these bytes that has no name any more.
fn file(pem: &str) -> std::os::fd::OwnedFd {
    let path = std::env::temp_dir().join(format!("hearth-roots-{}-{:?}.pem", std::process::id(), Instant::now()));
    std::fs::write(&path, pem).expect("written");
    let file = std::fs::File::open(&path).expect("opened");
    std::fs::remove_file(path).expect("removed");
    file.into()
}

fn local(hands: &Hands, roots: Option<&str>) -> Web {
    web(hands, &[("server.test", &LOOPBACK)], &["127.0.0.1"], roots, None)
}

pub(crate) async fn text(answer: Result<Answer, Fault>) -> String {
    String::from_utf8(answer.expect("an answer").whole().await.expect("a body")).expect("text")
}

fn plain(hands: Hands, runtime: &Runtime) {
    let server = Server::start(None, |heard, wire| {
        if heard.head.starts_with("HEAD") {
            return answer(wire, "204 No Content", &["x-seen: yes"], "");
        }
        answer(wire, "404 Not Found", &["X-Seen: yes"], "not here");
    });
    runtime.block_on(async {
        let web = local(&hands, None);
        let mut request = Request::get("test", &server.url("http", "server.test", "/a?b=c"));
        request.headers.push(("X-Own".into(), "1".into()));
        let answered = web.send(&request).await.expect("an answer");
        assert_eq!((answered.status, answered.header("x-seen")), (404, Some("yes")));
        assert_eq!(answered.whole().await.expect("a body"), b"not here");
        let head = server.heard()[0].head.to_ascii_lowercase();
        assert!(head.starts_with("get /a?b=c http/1.1\r\n"), "{head}");
        for header in ["host: server.test:", "x-own: 1", "user-agent: hearth/"] {
            assert!(head.contains(header), "{header} in {head}");
        }
        let head = Request { method: "HEAD".into(), ..Request::get("test", &server.url("http", "127.0.0.1", "/")) };
        assert_eq!(text(web.send(&head).await).await, "");
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while hands.status().alive.len() > 1 {
            assert!(std::time::Instant::now() < until, "hands end with their answers: {:?}", hands.status());
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    });
}

fn tls(hands: Hands, runtime: &Runtime) {
    let authority = Authority::new();
    let server = Server::saying(Some(authority.server("server.test", (2020, 2090))), "200 OK", "by TLS");
    let expired = Server::saying(Some(authority.server("server.test", (2001, 2002))), "200 OK", "by TLS");
    let early = Server::saying(Some(authority.server("server.test", (2090, 2092))), "200 OK", "by TLS");
    runtime.block_on(async {
        let with = local(&hands, Some(&authority.pem()));
        let url = |server: &Server, host: &str| Request::get("test", &server.url("https", host, "/"));
        assert_eq!(text(with.send(&url(&server, "server.test")).await).await, "by TLS");
        let cases = [
            (local(&hands, None), url(&server, "server.test"), "UnknownIssuer", Code::Refused),
            (local(&hands, Some(&Authority::new().pem())), url(&server, "server.test"), "UnknownIssuer", Code::Refused),
            (with.clone(), url(&server, "127.0.0.1"), "not valid for name", Code::Refused),
            (with.clone(), url(&expired, "server.test"), "expired", Code::Refused),
            (with.clone(), url(&early, "server.test"), "not valid yet", Code::Refused),
            (local(&hands, Some("no PEM")), url(&server, "server.test"), "no certificate", Code::BadInput),
        ];
        for (web, request, why, code) in cases {
            let fault = web.send(&request).await.expect_err(why);
            assert!(fault.message.contains(why) && fault.code == code, "{why}: {fault}");
        }
        assert_eq!(server.heard().len(), 1, "nobody who was refused asked anything");
    });
}

/// A board without a clock is in the year 1970 to its certificates. This machine's clock stays as it is:
/// certificates of later years stand for those of today there.
fn floor(hands: Hands, runtime: &Runtime) {
    let authority = Authority::new();
    let later = Server::saying(Some(authority.server("server.test", (2090, 2092))), "200 OK", "by TLS");
    let now = Server::saying(Some(authority.server("server.test", (2020, 2080))), "200 OK", "by TLS");
    runtime.block_on(async {
        let with = |floor_ms: i64| {
            let door = Door::with(Arc::new(Scripted::new(&[("server.test", &LOOPBACK)])), loopback());
            Web::new(Parts { hands: hands.clone(), door, purse: None, roots: Some(file(&authority.pem())), floor_ms })
        };
        // 2091-01-01.
        let floor = 3_818_448_000_000;
        let ask = |server: &Server| Request::get("test", &server.url("https", "server.test", "/"));
        assert_eq!(text(with(floor).send(&ask(&later)).await).await, "by TLS");
        assert!(with(0).send(&ask(&later)).await.expect_err("not yet").message.contains("not valid yet"));
        // A floor is no clock that can be turned back: what is over is over.
        assert!(with(floor).send(&ask(&now)).await.expect_err("over").message.contains("expired"));
        assert_eq!(text(with(-1).send(&ask(&now)).await).await, "by TLS");
    });
}

fn loopback() -> Grants {
    Grants::parse(["127.0.0.1"]).expect("grants")
}

fn streaming(hands: Hands, runtime: &Runtime) {
    let authority = Authority::new();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let server = Server::start(Some(authority.server("server.test", (2020, 2090))), move |_, wire| {
        let _ =
            wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
        for number in 0..3 {
            let event = format!("data: {number}\n\n");
            let _ = write!(wire, "{:x}\r\n{event}\r\n", event.len());
            let _ = wire.flush();
            // The next event is written only after this one was seen: it cannot have waited for it.
            gate.lock().expect("a lock").recv_timeout(Duration::from_secs(30)).expect("the event was seen");
        }
        let _ = wire.write_all(b"0\r\n\r\n");
        let _ = wire.flush();
    });
    runtime.block_on(async {
        let web = local(&hands, Some(&authority.pem()));
        let mut answer =
            web.send(&Request::get("test", &server.url("https", "server.test", "/"))).await.expect("a head");
        for number in 0..3 {
            let piece = answer.chunk().await.expect("a piece").expect("not the end");
            assert_eq!(piece, format!("data: {number}\n\n").into_bytes());
            go.send(()).expect("the server waits");
        }
        assert_eq!(answer.chunk().await, Ok(None));
        assert_eq!(answer.chunk().await, Ok(None), "the end stays");
    });
}

fn cancel(hands: Hands, runtime: &Runtime) {
    let server = Server::start(None, |_, wire| {
        let _ = wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nfirst");
        let _ = wire.flush();
        // Ends when the client's side is closed.
        let _ = wire.read(&mut [0]);
    });
    runtime.block_on(async {
        let web = local(&hands, None);
        let mut answer =
            web.send(&Request::get("test", &server.url("http", "server.test", "/"))).await.expect("a head");
        assert_eq!(answer.chunk().await, Ok(Some(b"first".to_vec())));
        let waiting = tokio::time::timeout(Duration::from_millis(100), answer.chunk()).await;
        assert!(waiting.is_err(), "nothing more comes");
        let began = Instant::now();
        drop(answer);
        assert!(server.ended_within(Duration::from_secs(10)), "the server still has its connection");
        eprintln!("closed after {:?}", began.elapsed());
    });
}

fn bounds(hands: Hands, runtime: &Runtime) {
    let silent = Server::start(None, |heard, wire| {
        if heard.head.contains("/half") {
            let _ = wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nfirst");
            let _ = wire.flush();
        }
        let _ = wire.read(&mut [0]);
    });
    let endless = Server::start(None, |_, wire| {
        let _ = wire.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while wire.write_all(&[b'x'; 4096]).is_ok() {}
    });
    let garbage = Server::start(None, |_, wire| {
        let _ = wire.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
    });
    let headers = Server::start(None, |_, wire| {
        let _ = wire.write_all(b"HTTP/1.1 200 OK\r\n");
        while wire.write_all(&[b'a'; 4096]).is_ok() {}
    });
    runtime.block_on(async {
        let web = local(&hands, None);
        let ask = |server: &Server, path: &str| {
            let get = Request::get("test", &server.url("http", "server.test", path));
            Request { idle: Duration::from_millis(300), most: 100_000, ..get }
        };
        assert_eq!(web.send(&ask(&silent, "/")).await.expect_err("silent").code, Code::Timeout);
        let mut half = web.send(&ask(&silent, "/half")).await.expect("a head");
        assert_eq!(half.chunk().await, Ok(Some(b"first".to_vec())));
        assert_eq!(half.chunk().await.expect_err("silent").code, Code::Timeout);
        let answer = web.send(&Request { idle: Duration::from_secs(20), ..ask(&endless, "/") }).await.expect("a head");
        assert_eq!(answer.whole().await.expect_err("endless").code, Code::Full);
        for server in [&garbage, &headers] {
            let fault =
                web.send(&Request { idle: Duration::from_secs(20), ..ask(server, "/") }).await.expect_err("no HTTP");
            assert!(matches!(fault.code, Code::Garbage | Code::Unavailable), "{fault}");
        }
        let fault = web.send(&Request::get("test", "http://server.test:1/")).await.expect_err("nobody there");
        assert_eq!(fault.code, Code::Unavailable, "{fault}");
    });
}

fn body(hands: Hands, runtime: &Runtime) {
    let server = Server::saying(None, "200 OK", "taken");
    runtime.block_on(async {
        let web = local(&hands, None);
        let large: Vec<u8> = (0..700_000_u32).map(|n| u8::try_from(n % 251).unwrap_or(0)).collect();
        let request = Request::post_json("test", &server.url("http", "server.test", "/"), large.clone());
        assert_eq!(text(web.send(&request).await).await, "taken");
        assert!(server.heard()[0].body == large, "the body is another");
        let fault = web.send(&Request { body: vec![0; 5 << 20], ..request }).await.expect_err("too large");
        assert_eq!(fault.code, Code::Full);
    });
}
