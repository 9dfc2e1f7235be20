//! The way out measured: time to the first byte against curl, the price of a ticket, memory of the hands.
//!
//! One program with its own server on the loopback, so that both ways meet the same one in the same run;
//! they are asked in turn, so that a change of the machine's speed meets both. `bench/results` keeps the
//! output. Needs `curl`, and `hearth-keeper` beside this program's profile.

// A program that measures may end with a panic that says what was not there.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../tests/hands/keeper.rs"]
mod keeper;
#[path = "../tests/hands/server.rs"]
mod server;

use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hearth::gate::link::{Broker, Link};
use hearth::gate::web::{Parts, Request, Secret, Spot, Web};
use hearth::guard::address::Grants;
use hearth::guard::spill::Spill;
use hearth::keeper::message::{Place, Use};
use hearth::net::{Door, Scripted};
use hearth::sandbox::{Class, Hands, Walls};
use hearth::wire::hand::{Outcome, Work};
use hearth::wire::net::{Ask, Told};
use tokio::runtime::Runtime;

use keeper::Kept;
use server::{Authority, Server};

const ROUNDS: usize = 101;

fn main() {
    let spawner =
        hearth::sandbox::start(hearth::tools::bodies(), Walls::NONE).expect("a spawner, while there is one thread");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let hands = runtime.block_on(async { Hands::attach(spawner) }).expect("attached");
    let kept = Kept::start(&[("key", b"canary-value-of-the-bench-0123456789")]);
    let authority = Authority::new();
    let server = Server::saying(Some(authority.server("server.test", (2020, 2090))), "200 OK", "hello");
    let plain = Server::saying(None, "200 OK", "hello");
    let pem = std::env::temp_dir().join(format!("hearth-bench-net-{}.pem", std::process::id()));
    std::fs::write(&pem, authority.pem()).expect("written");
    let web = web(&hands, &pem, &kept);
    println!("# load before: {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    first_bytes(&runtime, &web, &server, &plain, &pem);
    // What was measured is what was meant: the value arrived each time, and only there.
    let heard = server.heard();
    let with = heard.iter().filter(|heard| heard.head.contains("Bearer canary-value")).count();
    assert!(with == ROUNDS && heard.iter().all(|heard| heard.body.is_empty()), "{with} of {}", heard.len());
    tickets(&runtime, &hands, &kept);
    memory(&runtime, &hands, &web, &server);
    scan();
    let _ = std::fs::remove_file(pem);
}

fn web(hands: &Hands, pem: &std::path::Path, kept: &Kept) -> Web {
    let loopback: [IpAddr; 1] = [IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)];
    let grants = Grants::parse(["127.0.0.1"]).expect("grants");
    let door = Door::with(Arc::new(Scripted::new(&[("server.test", &loopback)])), grants);
    let roots: OwnedFd = std::fs::File::open(pem).expect("opened").into();
    Web::new(Parts { hands: hands.clone(), door, purse: Some(kept.purse()), roots: Some(roots), floor_ms: 0 })
}

fn row(what: &str, mut times: Vec<Duration>) -> f64 {
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!("{what:<44} median {:>8.2} ms   p10 {:>8.2}   p90 {:>8.2}", at(50), at(10), at(90));
    at(50)
}

/// From the wish to the first byte of the body; curl: its own `time_starttransfer`, and as a process.
fn first_bytes(runtime: &Runtime, web: &Web, server: &Server, plain: &Server, pem: &std::path::Path) {
    let secret =
        Secret { name: "key".into(), spot: Spot::Header { name: "authorization".into(), before: "Bearer ".into() } };
    let url = |server: &Server, scheme: &str| Request::get("bench", &server.url(scheme, "server.test", "/"));
    let cases = [
        ("http", url(plain, "http")),
        ("https", url(server, "https")),
        ("https with a secret", Request { secrets: vec![secret], ..url(server, "https") }),
    ];
    let (mut ours, mut curls, mut wholes) = (vec![Vec::new(); cases.len()], vec![Vec::new(); 2], vec![Vec::new(); 2]);
    for _ in 0..ROUNDS {
        for (place, (_, request)) in cases.iter().enumerate() {
            let began = Instant::now();
            runtime.block_on(async {
                let mut answer = web.send(request).await.expect("an answer");
                answer.chunk().await.expect("a piece").expect("a byte");
            });
            ours[place].push(began.elapsed());
        }
        for (place, (server, scheme)) in [(plain, "http"), (server, "https")].into_iter().enumerate() {
            let (transfer, whole) = curl(&server.url(scheme, "server.test", "/"), server, pem);
            curls[place].push(transfer);
            wholes[place].push(whole);
        }
    }
    let ours: Vec<f64> =
        cases.iter().zip(ours).map(|((name, _), times)| row(&format!("first byte, our path, {name}"), times)).collect();
    for (place, scheme) in ["http", "https"].into_iter().enumerate() {
        let transfer = row(&format!("first byte, curl ({scheme}), its own clock"), std::mem::take(&mut curls[place]));
        let whole = row(&format!("curl as a process ({scheme})"), std::mem::take(&mut wholes[place]));
        println!(
            "  added by our path over curl's clock, {scheme}: {:.2} ms; over the process: {:.2} ms",
            ours[place] - transfer,
            ours[place] - whole
        );
    }
    println!("  added by one secret: {:.2} ms", ours[2] - ours[1]);
}

fn curl(url: &str, server: &Server, pem: &std::path::Path) -> (Duration, Duration) {
    let began = Instant::now();
    let resolve = format!("server.test:{}:127.0.0.1", server.address.port());
    let output = Command::new("curl")
        .args([
            "-s",
            "-o",
            "/dev/null",
            "--noproxy",
            "*",
            "-w",
            "%{time_starttransfer}",
            "--resolve",
            &resolve,
            "--cacert",
        ])
        .arg(pem)
        .arg(url)
        .output()
        .expect("curl");
    let whole = began.elapsed();
    assert!(output.status.success(), "{output:?}");
    let seconds: f64 = String::from_utf8_lossy(&output.stdout).parse().expect("seconds");
    (Duration::from_secs_f64(seconds), whole)
}

/// One ticket: bought by the brain, then greeted, proved and redeemed as a hand does (in this process's child).
fn tickets(runtime: &Runtime, hands: &Hands, kept: &Kept) {
    let (mut greeted, mut bought) = (Vec::new(), Vec::new());
    let purse = kept.purse();
    runtime.block_on(async {
        for _ in 0..ROUNDS {
            let mut link = hands.spawn_at_keeper(Class::Net, 10, &[], purse.at_keeper(1)).await.expect("a hand");
            let began = Instant::now();
            let told = link.call(&Work::Net(Ask::Greet), Duration::from_secs(10)).await.expect("greeted");
            greeted.push(began.elapsed());
            let Outcome::Net(Told::Greeted(numbers)) = told else { panic!("{told:?}") };
            let (tool, secret, host) = ("bench".to_owned(), "key".to_owned(), "server.test".to_owned());
            let what = Use { tool, secret, place: Place::Header, host };
            let began = Instant::now();
            purse.buy(what, numbers[0]).await.expect("a ticket");
            bought.push(began.elapsed());
        }
    });
    row("fork, seal and greeting of a hand", greeted);
    row("a ticket bought, round trip", bought);
}

fn pss(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("smaps_rollup (needs root)");
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).expect("Pss");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number")
}

fn memory(runtime: &Runtime, hands: &Hands, web: &Web, server: &Server) {
    runtime.block_on(async {
        let mut answer =
            web.send(&Request::get("bench", &server.url("https", "server.test", "/"))).await.expect("an answer");
        answer.chunk().await.expect("a piece");
        // A hand that lives: it has answered over TLS and is not over yet.
        for (class, pid) in hands.status().alive {
            println!("PSS of a {class} hand that has answered over TLS: {} KiB", pss(pid));
        }
        drop(answer);
        assert!(server.ended_within(Duration::from_secs(10)), "the connection stays open");
        let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        let port = silent.local_addr().expect("an address").port();
        let broker = Broker {
            host: "127.0.0.1".into(),
            port,
            tls: false,
            roots: None,
            certificate: None,
            user: String::new(),
            password: String::new(),
            key: String::new(),
            floor_ms: 0,
        };
        let joined = Link::new(hands.clone(), None, broker).join().await.expect("joined");
        for (class, pid) in hands.status().alive.into_iter().filter(|(class, _)| class == "link") {
            println!("PSS of a {class} hand (no TLS session in it): {} KiB", pss(pid));
        }
        drop(joined);
    });
}

/// The scan for one known value in every encoding, of a mebibyte.
fn scan() {
    let text: Vec<u8> =
        (0..1_u32 << 20).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap_or(0)).collect();
    let mut times = Vec::new();
    for _ in 0..11 {
        let mut spill = Spill::of([b"canary-value-of-the-bench-0123456789".as_slice()]);
        let began = Instant::now();
        for piece in text.chunks(16 * 1024) {
            spill.feed(piece).expect("clean");
        }
        times.push(began.elapsed());
    }
    row("a known value looked for in 1 MiB", times);
}
