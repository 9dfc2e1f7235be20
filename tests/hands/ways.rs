//! Where a request may go: rebinding names, redirects, mixed answers, against servers that count.

use std::net::IpAddr;

use hearth::base::Code;
use hearth::gate::web::{Request, Secret, Spot};
use hearth::sandbox::Hands;
use tokio::runtime::Runtime;

use super::keeper::Kept;
use super::net::{LOOPBACK, text, web};
use super::server::{Server, answer};

pub(crate) const TESTS: &[super::Test] = &[
    ("a_name_that_is_rebound_reaches_only_the_checked_address", rebinding),
    ("a_redirect_is_checked_like_the_first_url", redirects),
    ("a_redirect_takes_no_secret_to_another_server", secrets_stay),
];

/// Another loopback address: reachable without the guard, never granted here.
const PRIVATE: [IpAddr; 1] = [IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2))];

fn rebinding(hands: Hands, runtime: &Runtime) {
    let server = Server::saying(None, "200 OK", "mine");
    let private = Server::at(PRIVATE[0], None, |_, wire| answer(wire, "200 OK", &[], "private"));
    let both = [PRIVATE[0], LOOPBACK[0]];
    let names: &[(&str, &[IpAddr])] =
        &[("rebound.test", &LOOPBACK), ("rebound.test", &PRIVATE), ("mixed.test", &both), ("none.test", &[])];
    runtime.block_on(async {
        let web = web(&hands, names, &["127.0.0.1"], None, None);
        let get = |host: &str, server: &Server| Request::get("test", &server.url("http", host, "/"));
        // One request asks the resolver once: the second answer does not come into play.
        assert_eq!(text(web.send(&get("rebound.test", &server)).await).await, "mine");
        // From here on the name answers with the private address.
        let fault = web.send(&get("rebound.test", &private)).await.expect_err("private");
        assert!(fault.code == Code::Refused && fault.message.contains("127.0.0.2 is loopback"), "{fault}");
        // Of several addresses only those that may be are connected to, whatever their order.
        assert_eq!(text(web.send(&get("mixed.test", &server)).await).await, "mine");
        let fault = web.send(&get("none.test", &server)).await.expect_err("no address");
        assert_eq!(fault.code, Code::Unavailable, "{fault}");
        assert_eq!(web.send(&get("unknown.test", &server)).await.expect_err("no name").code, Code::Unavailable);
    });
    assert_eq!((server.heard().len(), private.heard().len()), (2, 0));
    // The private server is there: it is the guard that kept everybody away.
    assert!(std::net::TcpStream::connect(private.address).is_ok());
}

fn redirects(hands: Hands, runtime: &Runtime) {
    let private = Server::at(PRIVATE[0], None, |_, wire| answer(wire, "200 OK", &[], "private"));
    let forbidden = private.url("http", "127.0.0.2", "/secret");
    let server = Server::start(None, move |heard, wire| {
        let path = heard.head.split(' ').nth(1).unwrap_or_default();
        let to = |place: &str, wire: &mut dyn super::server::Wire| {
            answer(wire, "302 Found", &[&format!("location: {place}")], "");
        };
        match path {
            "/private" => to(&forbidden, wire),
            "/name" => to("http://inner.test/", wire),
            "/file" => to("file:///etc/passwd", wire),
            "/disguise" => to("http://0x7f000002/", wire),
            "/loop" => to("/loop", wire),
            "/once" => to("/here?q=1", wire),
            _ => answer(wire, "200 OK", &[], &format!("{} {path}", heard.head.split(' ').next().unwrap_or_default())),
        }
    });
    runtime.block_on(async {
        let names: &[(&str, &[IpAddr])] = &[("server.test", &LOOPBACK), ("inner.test", &PRIVATE)];
        let web = web(&hands, names, &["127.0.0.1"], None, None);
        let get =
            |path: &str| Request { redirects: 5, ..Request::get("test", &server.url("http", "server.test", path)) };
        for (path, why) in [
            ("/private", "127.0.0.2 is loopback"),
            ("/name", "127.0.0.2 is loopback"),
            ("/file", "a redirect is not followed"),
            ("/disguise", "disguise"),
            ("/loop", "too many redirects"),
        ] {
            let fault = web.send(&get(path)).await.expect_err(path);
            assert!(fault.code == Code::Refused && fault.message.contains(why), "{path}: {fault}");
        }
        let post = Request { method: "POST".into(), body: b"x".to_vec(), ..get("/once") };
        let answered = web.send(&post).await.expect("an answer");
        assert!(answered.url.ends_with("/here?q=1"), "{}", answered.url);
        assert_eq!(answered.whole().await.expect("a body"), b"GET /here?q=1");
        let told = web.send(&Request { redirects: 0, ..get("/private") }).await.expect("an answer");
        assert_eq!(told.status, 302, "without leave it is an answer");
    });
    assert_eq!(private.heard().len(), 0);
}

fn secrets_stay(hands: Hands, runtime: &Runtime) {
    let kept = Kept::start(&[("key", b"canary-value-9")]);
    let other = Server::saying(None, "200 OK", "other");
    let there = other.url("http", "127.0.0.1", "/");
    let server = Server::start(None, move |heard, wire| {
        let place = if heard.head.contains("/away") { there.as_str() } else { "/stay" };
        if heard.head.contains("/stay") {
            return answer(wire, "200 OK", &[], "stayed");
        }
        answer(wire, "307 Temporary Redirect", &[&format!("location: {place}")], "");
    });
    runtime.block_on(async {
        let web = web(&hands, &[], &["127.0.0.1"], None, Some(kept.purse()));
        let spot = Spot::Header { name: "x-key".into(), before: String::new() };
        let secrets = vec![Secret { name: "key".into(), spot }];
        let get = |path: &str, secrets: &[Secret]| Request {
            redirects: 3,
            secrets: secrets.to_vec(),
            ..Request::get("test", &server.url("http", "127.0.0.1", path))
        };
        let fault = web.send(&get("/away", &secrets)).await.expect_err("another server");
        assert!(fault.code == Code::Refused && fault.message.contains("carries a secret"), "{fault}");
        assert_eq!(other.heard().len(), 0);
        assert_eq!(text(web.send(&get("/x", &secrets)).await).await, "stayed");
        assert!(
            server.heard().iter().all(|heard| heard.head.contains("x-key: canary-value-9")),
            "on each of the same server"
        );
        let mut plain = get("/away", &[]);
        plain.headers = vec![("Authorization".into(), "own".into()), ("x-other".into(), "kept".into())];
        assert_eq!(text(web.send(&plain).await).await, "other");
        let head = other.heard()[0].head.to_ascii_lowercase();
        assert!(!head.contains("authorization") && head.contains("x-other: kept"), "{head}");
    });
}
