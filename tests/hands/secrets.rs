//! Tickets in hands: the value arrives where it should and nowhere else, and every misuse is refused.

use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use hearth::base::{Code, Fault};
use hearth::gate::web::{MARK, Purse, Request, Secret, Spot, Web};
use hearth::keeper::message::{Place, Use};
use hearth::sandbox::{Class, HandLink, Hands};
use hearth::wire::hand::{Outcome, Work};
use hearth::wire::net::{Ask, Fetch, Told, Voucher};
use tokio::runtime::Runtime;

use super::keeper::Kept;
use super::net::{LOOPBACK, text, web};
use super::server::{Server, answer};

pub(crate) const TESTS: &[super::Test] = &[
    ("a_secret_arrives_in_its_place_and_nowhere_else", places),
    ("an_answer_that_repeats_the_secret_is_not_passed_on", echoes),
    ("a_ticket_is_refused_to_another_host_hand_tool_and_a_second_time", misuse),
    ("a_keeper_killed_and_restarted_is_survived_or_refused", restarts),
    ("without_a_keeper_only_what_needs_a_secret_is_refused", absent),
    ("a_secret_goes_over_http_to_granted_addresses_only", clear),
];

const CANARY: &str = "canary/7:Zq+4-not a real key";
const SOON: Duration = Duration::from_secs(20);

fn with(hands: &Hands, purse: Option<Purse>) -> Web {
    web(hands, &[("server.test", &LOOPBACK), ("other.test", &LOOPBACK)], &["127.0.0.1"], None, purse)
}

fn bearer() -> Secret {
    Secret { name: "key".into(), spot: Spot::Header { name: "authorization".into(), before: "Bearer ".into() } }
}

fn get(server: &Server, path: &str, secret: Secret) -> Request {
    Request { secrets: vec![secret], ..Request::get("test", &server.url("http", "server.test", path)) }
}

fn places(hands: Hands, runtime: &Runtime) {
    let kept = Kept::start(&[("key", CANARY.as_bytes()), ("second", b"another value")]);
    let server = Server::saying(None, "200 OK", "thanks");
    runtime.block_on(async {
        let web = with(&hands, Some(kept.purse()));
        assert_eq!(text(web.send(&get(&server, "/", bearer())).await).await, "thanks");
        let path = Secret { name: "key".into(), spot: Spot::Path };
        assert_eq!(text(web.send(&get(&server, "/bot{secret}/send?to=1", path)).await).await, "thanks");
        let body = Secret { name: "key".into(), spot: Spot::Body };
        let url = server.url("http", "server.test", "/");
        let post = Request::post_json("test", &url, format!("{{\"key\":\"{MARK}\",\"n\":1}}").into_bytes());
        let second =
            Secret { name: "second".into(), spot: Spot::Header { name: "x-second".into(), before: String::new() } };
        assert_eq!(text(web.send(&Request { secrets: vec![body, second], ..post }).await).await, "thanks");
        let heard = server.heard();
        let heads: Vec<_> = heard.iter().map(|heard| heard.head.as_str()).collect();
        assert!(heads[0].contains(&format!("authorization: Bearer {CANARY}\r\n")), "{}", heads[0]);
        assert!(
            heads[1].starts_with("GET /botcanary%2F7:Zq+4-not%20a%20real%20key/send?to=1 HTTP/1.1\r\n"),
            "{}",
            heads[1]
        );
        assert!(heads[2].contains("x-second: another value\r\n") && !heads[2].contains("canary"), "{}", heads[2]);
        assert_eq!(heard[2].body, format!("{{\"key\":\"{CANARY}\",\"n\":1}}").into_bytes());
        let unknown = Secret { name: "nothing".into(), spot: Spot::Path };
        let fault = web.send(&get(&server, "/{secret}", unknown)).await.expect_err("no such secret");
        assert!(fault.code == Code::NotFound && fault.message.contains("nothing"), "{fault}");
        assert_eq!(server.heard().len(), 3, "nothing was asked without its secret");
    });
}

fn echoes(hands: Hands, runtime: &Runtime) {
    let kept = Kept::start(&[("key", CANARY.as_bytes())]);
    let server = Server::start(None, |heard, wire| {
        let bytes = || CANARY.bytes();
        let hex: String = bytes().map(|byte| format!("{byte:02x}")).collect();
        let percent: String = bytes().map(|byte| format!("%{byte:02X}")).collect();
        let json: String = bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        let path = heard.head.split(' ').nth(1).unwrap_or_default();
        match path {
            "/raw" => answer(wire, "200 OK", &[], &format!("you sent {CANARY}, thanks")),
            "/header" => answer(wire, "200 OK", &[&format!("x-echo: {CANARY}")], "fine"),
            "/hex" => answer(wire, "200 OK", &[], &hex),
            "/percent" => answer(wire, "200 OK", &[], &percent),
            "/json" => answer(wire, "200 OK", &[], &json),
            // base64("x: " + CANARY), as another program made it.
            "/base64" => answer(wire, "200 OK", &[], "eDogY2FuYXJ5Lzc6WnErNC1ub3QgYSByZWFsIGtleQ=="),
            "/slow" => {
                let _ = write!(wire, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", CANARY.len() + 6);
                for byte in b"seen: ".iter().copied().chain(bytes()) {
                    let _ = wire.write_all(&[byte]);
                    let _ = wire.flush();
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            _ => answer(wire, "200 OK", &[], "nothing of it"),
        }
    });
    runtime.block_on(async {
        let web = with(&hands, Some(kept.purse()));
        for path in ["/raw", "/header", "/hex", "/percent", "/json", "/base64", "/slow"] {
            let mut seen = Vec::new();
            let fault = async {
                let mut answer = web.send(&get(&server, path, bearer())).await?;
                while let Some(piece) = answer.chunk().await? {
                    seen.extend(piece);
                }
                Ok::<(), Fault>(())
            };
            let fault = fault.await.expect_err(path);
            assert!(fault.code == Code::Refused && fault.message.contains("repeats the secret"), "{path}: {fault}");
            assert!(!String::from_utf8_lossy(&seen).contains("canary"), "{path}: {seen:?}");
            // Without the secret in the hand the same answer passes: it is the scan that refuses it.
            let plain = Request::get("test", &server.url("http", "server.test", path));
            assert!(web.send(&plain).await.expect("an answer").whole().await.is_ok(), "{path}");
        }
        assert_eq!(text(web.send(&get(&server, "/other", bearer())).await).await, "nothing of it");
    });
}

/// A hand with a connection to the keeper and one to the server, before its request.
async fn greeted(hands: &Hands, purse: &Purse, server: &Server) -> (HandLink, u64) {
    let stream = TcpStream::connect(server.address).expect("connected");
    stream.set_nonblocking(true).expect("set");
    let socket: OwnedFd = stream.into();
    let link = hands.spawn_at_keeper(Class::Net, 10, &[socket.as_fd()], purse.at_keeper(1)).await;
    let mut link = link.expect("a hand");
    match link.call(&Work::Net(Ask::Greet), SOON).await.expect("greeted") {
        Outcome::Net(Told::Greeted(connections)) => (link, connections[0]),
        other => panic!("{other:?}"),
    }
}

fn voucher(ticket: [u8; 32], tool: &str) -> Voucher {
    let (tool, secret, host) = (tool.to_owned(), "key".to_owned(), "server.test".to_owned());
    Voucher { ticket, tool, secret, place: 0, host, mark: "authorization:".into() }
}

async fn fetch(link: &mut HandLink, url: String, voucher: Voucher) -> Result<u16, Fault> {
    let fetch = Fetch {
        method: "GET".into(),
        url,
        headers: Vec::new(),
        vouchers: vec![voucher],
        roots: false,
        floor_ms: 0,
        idle_ms: 10_000,
    };
    match link.call(&Work::Net(Ask::Fetch(Box::new(fetch))), SOON).await? {
        Outcome::Net(Told::Head { status, .. }) => Ok(status),
        other => panic!("{other:?}"),
    }
}

/// The key is no ticket of this connection: to the keeper its owner is nobody, or, where the tests run
/// as root, an administrator, who redeems nothing.
fn no_ticket(fault: &Fault) -> bool {
    let words = ["neither enrolled nor a ticket for this connection", "an administrator may not ask this"];
    words.iter().any(|words| fault.message.contains(words))
}

fn misuse(hands: Hands, runtime: &Runtime) {
    let kept = Kept::start(&[("key", CANARY.as_bytes())]);
    let server = Server::saying(None, "200 OK", "thanks");
    let (good, evil) = (server.url("http", "server.test", "/"), server.url("http", "evil.test", "/"));
    runtime.block_on(async {
        let purse = kept.purse();
        let what =
            || Use { tool: "test".into(), secret: "key".into(), place: Place::Header, host: "server.test".into() };
        let spent = "the ticket is spent, over, or for another use";

        // As it should be; then the same ticket once more, in the same hand and in another.
        let (mut hand, connection) = greeted(&hands, &purse, &server).await;
        let ticket = purse.buy(what(), connection).await.expect("a ticket");
        assert_eq!(fetch(&mut hand, good.clone(), voucher(ticket, "test")).await, Ok(200));
        assert!(fetch(&mut hand, good.clone(), voucher(ticket, "test")).await.is_err(), "twice in one hand");
        let (mut again, _) = greeted(&hands, &purse, &server).await;
        let fault = fetch(&mut again, good.clone(), voucher(ticket, "test")).await.expect_err("twice");
        assert!(fault.code == Code::Refused && no_ticket(&fault), "{fault}");

        // Stolen: bought for one hand, shown by another.
        let (_victim, connection) = greeted(&hands, &purse, &server).await;
        let ticket = purse.buy(what(), connection).await.expect("a ticket");
        let (mut thief, _) = greeted(&hands, &purse, &server).await;
        let fault = fetch(&mut thief, good.clone(), voucher(ticket, "test")).await.expect_err("stolen");
        assert!(fault.code == Code::Refused && no_ticket(&fault), "{fault}");

        // Another host, another tool, another place than it was bought for.
        for (url, tool, place) in [(&evil, "test", 0), (&good, "other", 0), (&good, "test", 1)] {
            let (mut hand, connection) = greeted(&hands, &purse, &server).await;
            let ticket = purse.buy(what(), connection).await.expect("a ticket");
            let wrong = Voucher { place, ..voucher(ticket, tool) };
            let fault = fetch(&mut hand, url.clone(), wrong).await.expect_err("another use");
            assert!(fault.code == Code::Refused && fault.message.contains(spent), "{url} {tool} {place}: {fault}");
        }

        // A number that is no hand's.
        let fault = purse.buy(what(), 7).await.expect_err("no hand");
        assert!(fault.message.contains("the hand is gone"), "{fault}");
        assert_eq!(server.heard().len(), 1, "only the first request was ever sent");
    });
}

fn restarts(hands: Hands, runtime: &Runtime) {
    let mut kept = Kept::start(&[("key", CANARY.as_bytes())]);
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let server = Server::start(None, move |heard, wire| {
        if !heard.head.contains("/slow") {
            return answer(wire, "200 OK", &[], "thanks");
        }
        let _ = wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst");
        let _ = wire.flush();
        gate.lock().expect("a lock").recv_timeout(SOON).expect("told to go on");
        let _ = wire.write_all(b"after");
    });
    let good = server.url("http", "server.test", "/");
    runtime.block_on(async {
        let purse = kept.purse();
        let web = with(&hands, Some(purse.clone()));

        // Killed while an answer comes: the hand has what it needs.
        let mut slow = web.send(&get(&server, "/slow", bearer())).await.expect("a head");
        assert_eq!(slow.chunk().await, Ok(Some(b"first".to_vec())));
        kept.kill();
        go.send(()).expect("the server waits");
        assert_eq!(slow.whole().await, Ok(b"after".to_vec()));

        // Not there: refused, with the way out, and nothing was asked.
        let fault = web.send(&get(&server, "/", bearer())).await.expect_err("no keeper");
        assert!(fault.code == Code::Unavailable && fault.message.contains("no keeper answers"), "{fault}");

        // Restarted: the old session is gone, and the next call makes its own.
        kept.again();
        assert_eq!(text(web.send(&get(&server, "/", bearer())).await).await, "thanks");

        // Killed between the sale and the redemption: the ticket died with it.
        let (mut hand, connection) = greeted(&hands, &purse, &server).await;
        let what = Use { tool: "test".into(), secret: "key".into(), place: Place::Header, host: "server.test".into() };
        let ticket = purse.buy(what, connection).await.expect("a ticket");
        kept.kill();
        kept.again();
        let fault = fetch(&mut hand, good.clone(), voucher(ticket, "test")).await.expect_err("the ticket is gone");
        assert_eq!(fault.code, Code::Unavailable, "{fault}");
        assert_eq!(text(web.send(&get(&server, "/", bearer())).await).await, "thanks");
        assert_eq!(server.heard().len(), 3);
    });
}

fn absent(hands: Hands, runtime: &Runtime) {
    let server = Server::saying(None, "200 OK", "thanks");
    runtime.block_on(async {
        let nowhere = Purse::new("/nonexistent/keeper.sock".into(), "/nonexistent/key".into());
        for purse in [None, Some(nowhere)] {
            let web = with(&hands, purse);
            let fault = web.send(&get(&server, "/", bearer())).await.expect_err("no keeper");
            assert!(fault.code == Code::Unavailable && fault.message.contains("keeper"), "{fault}");
            let plain = Request::get("test", &server.url("http", "server.test", "/"));
            assert_eq!(text(web.send(&plain).await).await, "thanks");
        }
        assert_eq!(server.heard().len(), 2);
    });
}

fn clear(hands: Hands, runtime: &Runtime) {
    let kept = Kept::start(&[("key", CANARY.as_bytes())]);
    runtime.block_on(async {
        let public = ["93.184.216.34".parse().expect("an address")];
        let web = web(&hands, &[("public.test", &public)], &["127.0.0.1"], None, Some(kept.purse()));
        let request = Request { secrets: vec![bearer()], ..Request::get("test", "http://public.test/") };
        let fault = web.send(&request).await.expect_err("in the clear");
        assert!(fault.code == Code::Refused && fault.message.contains("https only"), "{fault}");
    });
}
