//! The way out of the built agent: `web_fetch`, what it may reach, and a house without a keeper.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::kit::{Authority, Home, is_root, wait_for};

/// A server on the loopback that says this to everybody; its port, and how many asked.
fn saying(status: &'static str, headers: String, body: String) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let (port, asked) = (listener.local_addr().expect("an address").port(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut room = [0; 4096];
            if stream.read(&mut room).unwrap_or(0) == 0 {
                continue;
            }
            count.fetch_add(1, Ordering::SeqCst);
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
        }
    });
    (port, asked)
}

fn fetch(home: &Home, url: &str) -> crate::kit::Output {
    home.run(&["tool", "call", "web_fetch", &serde_json::json!({ "url": url }).to_string(), "--json"])
}

#[test]
fn a_page_of_the_lan_is_fetched_where_it_is_granted_and_nowhere_else() {
    let (port, asked) = saying("200 OK", "content-type: text/plain\r\n".into(), "hello".into());
    let url = format!("http://127.0.0.1:{port}/");
    let home = Home::new();
    let _running = home.start();
    let refused = fetch(&home, &url);
    assert!(!refused.ok && refused.out.contains("net.lan does not grant it"), "{refused:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 0);

    let home = Home::with_config("[net]\nlan = [\"127.0.0.1\"]\n");
    let _running = home.start();
    let page = fetch(&home, &url).json();
    assert_eq!((&page["status"], &page["text"], &page["cut"]), (&200.into(), &"hello".into(), &false.into()), "{page}");
    assert_eq!(page["type"], "text/plain");
    let (long, _) = saying("200 OK", String::new(), "x".repeat(100_000));
    let page = fetch(&home, &format!("http://127.0.0.1:{long}/")).json();
    assert_eq!((page["text"].as_str().map(str::len), &page["cut"]), (Some(65_536), &true.into()));
    let (away, _) = saying("302 Found", "location: http://127.0.0.2:1/\r\n".into(), String::new());
    let refused = fetch(&home, &format!("http://127.0.0.1:{away}/"));
    assert!(!refused.ok && refused.out.contains("127.0.0.2 is loopback"), "{refused:?}");
}

#[test]
fn a_grant_that_is_too_wide_is_a_fault_of_the_settings() {
    for (grant, why) in
        [("10.0.0.0/8", "/24 to /32"), ("router", "must be an address"), ("192.168.1.20/28", "behind its prefix")]
    {
        let home = Home::with_config(&format!("[net]\nlan = [\"{grant}\"]\n"));
        let checked = home.run(&["config", "check"]);
        let told = format!("{}{}", checked.out, checked.err);
        assert!(!checked.ok && told.contains("net.lan") && told.contains(why), "{grant}: {checked:?}");
    }
}

#[test]
fn with_the_keeper_down_local_commands_still_work() {
    let (port, _) = saying("200 OK", String::new(), "hello".into());
    // The broker's password cannot be had either; whatever needs it waits, and nothing else does.
    let home = Home::with_config(
        "[net]\nlan = [\"127.0.0.1\"]\n[keeper]\nsocket = \"/nonexistent/keeper.sock\"\n\
         [mqtt]\nenabled = true\nport = 1\nuser = \"u\"\npassword_from = \"broker\"\n\
         [[home.entities]]\nid = \"light.kitchen_lamp\"\nname = \"Kitchen lamp\"\nline = \"kitchen_lamp\"\n",
    );
    let running = home.start();
    let said = home.run(&["ask", "turn on the kitchen lamp"]);
    assert!(said.ok && said.out.contains("The kitchen lamp is on."), "{said:?}");
    assert_eq!(home.line("kitchen_lamp").driven(), Some(1.0));
    assert!(home.run(&["tool", "call", "calculate", "{\"expression\": \"6*7\"}"]).out.contains("42"));
    assert!(fetch(&home, &format!("http://127.0.0.1:{port}/")).ok);
    assert!(home.run(&["status"]).ok);
    drop(running);
}

#[test]
fn a_file_of_authorities_that_is_not_there_stops_the_start_and_says_so() {
    let home = Home::with_config("[net]\nca_file = \"/nonexistent/ca.pem\"\n");
    let started = home.run(&["run"]);
    assert!(!started.ok && started.err.contains("net.ca_file /nonexistent/ca.pem"), "{started:?}");
}

/// A server by TLS that says hello to whoever takes its certificate and speaks; its port, and how many did.
fn greeting(config: Arc<ServerConfig>) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let (port, spoke) = (listener.local_addr().expect("an address").port(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&spoke);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).expect("a session"), stream);
            if stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
                let _ = stream.flush();
            }
        }
    });
    (port, spoke)
}

/// Something was stored in the year 2090, by a clock that was right then: this machine's is behind.
fn store_in_2090(home: &Home) {
    let clock = hearth::base::Clock::movable();
    clock.jump(3_786_912_000_000 - clock.wall_ms());
    let folder = hearth::store::DataFolder::open(&home.data()).expect("the folder");
    let (store, _) =
        hearth::store::Store::open(&folder, clock, hearth::store::Options::default(), |_| {}).expect("open");
    let begin = hearth::store::BeginCall {
        tool: "time_now".into(),
        principal: "console".into(),
        trace: store.ids().next(),
        args: "{}".into(),
        decision: hearth::store::Decision::Allow,
        reason: String::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        store.begin_call(begin, hearth::store::Kind::BeginOnce).await.expect("recorded");
        store.close().await.expect("closed");
    });
    drop(folder);
    for entry in std::fs::read_dir(home.data()).expect("a folder").flatten().filter(|_| is_root()) {
        std::os::unix::fs::chown(entry.path(), Some(home.uid()), Some(home.uid())).expect("given away");
    }
}

#[test]
fn the_last_time_that_was_stored_is_the_floor_of_the_clock_for_pages_and_brokers() {
    let authority = Authority::new("of the house");
    let later = authority.server("127.0.0.1", (2089, 2093));
    let ((web, fetched), (broker, joined)) = (greeting(Arc::clone(&later)), greeting(later));
    for stored in [false, true] {
        let home = Home::with_late_config(|root| {
            let ca = root.join("ca.pem").display().to_string();
            std::fs::write(&ca, authority.pem()).expect("written");
            let mqtt = format!("[mqtt]\nenabled = true\nhost = \"127.0.0.1\"\nport = {broker}\ntls = true\n");
            format!("[net]\nlan = [\"127.0.0.1\"]\nca_file = \"{ca}\"\n{mqtt}ca_file = \"{ca}\"\n")
        });
        if stored {
            store_in_2090(&home);
        }
        let running = home.start();
        let answer = fetch(&home, &format!("https://127.0.0.1:{web}/"));
        if stored {
            assert!(answer.ok && answer.out.contains("hello"), "{answer:?}");
            wait_for("the broker to be spoken to", || (joined.load(Ordering::SeqCst) > 0).then_some(()));
        } else {
            assert!(!answer.ok && answer.out.contains("not valid yet"), "{answer:?}");
            wait_for("the broker to be refused", || running.log().contains("not valid yet").then_some(()));
            assert_eq!((fetched.load(Ordering::SeqCst), joined.load(Ordering::SeqCst)), (0, 0));
        }
        running.stop();
    }
}

#[test]
fn the_http_library_whose_transport_is_unversioned_is_pinned_to_the_digit() {
    let manifest = include_str!("../../Cargo.toml");
    let line = manifest.lines().find(|line| line.starts_with("ureq ")).expect("a dependency");
    assert!(line.contains("version = \"=") && line.matches('.').count() >= 2, "{line}");
}
