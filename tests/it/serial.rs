//! The serial line over pty pairs: people, machines, noise, unplugging, the PIN.

pub(crate) mod far;
mod faults;
mod vectors;

use std::time::Duration;

use hearth::base::{Clock, Code, IdSource};
use hearth::bus::{self, News, Notices, Outbound};
use hearth::channels::serial::{self, Mode, Parts, Settings};
use hearth::wire::frame::{FromHearth, Outcome, ToHearth, fitted};

use crate::kit::{Home, Running, wait_for};
use far::{Far, runtime};

const PEOPLE: &str = "[people.owner]\nis = [\"serial\"]\nrights = \"use\"\n\
    [[home.entities]]\nid = \"light.kitchen_lamp\"\nname = \"Kitchen lamp\"\nline = \"kitchen_lamp\"\n";

fn service(extra: &str) -> (Far, Home, Running) {
    let far = Far::new();
    let home = Home::with_config(&format!("[serial]\nport = \"{}\"\n{extra}{PEOPLE}", far.path()));
    let running = home.start();
    wait_for("the line to be opened", || running.log().contains("serial line is open").then_some(()));
    (far, home, running)
}

fn command(id: u16, text: &str) -> ToHearth {
    ToHearth::Command { id, text: fitted(text) }
}

#[track_caller]
fn replied(message: &FromHearth, id: u16) -> (Outcome, String) {
    match message {
        FromHearth::Reply { id: of, outcome, last: true, text, .. } if *of == id => {
            (*outcome, text.as_str().to_owned())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_timer_that_ends_is_told_on_the_line_unasked() {
    let (mut far, _home, _running) = service("");
    far.write(b"set an egg timer for one second\r");
    far.expect("egg timer set for 1 second.");
    far.expect("The egg timer has ended.");
}

#[test]
fn a_person_gets_a_console_and_a_machine_frames_on_the_same_line() {
    let (mut far, home, _running) = service("");
    far.write(b"turn on the kitchen lamp\r");
    far.expect("The kitchen lamp is on.");
    far.send(&ToHearth::Version);
    assert!(matches!(far.frame(), FromHearth::Version { protocol: 1, .. }));
    far.send(&ToHearth::Ping { id: 5 });
    assert_eq!(far.frame(), FromHearth::Pong { id: 5 });
    far.send(&command(6, "turn off the kitchen lamp"));
    assert_eq!(replied(&far.frame(), 6), (Outcome::Done, "The kitchen lamp is off.".into()));
    assert_eq!(home.line("kitchen_lamp").driven(), Some(0.0));
    far.send(&command(7, "open the pod bay doors"));
    assert_eq!(replied(&far.frame(), 7).0, Outcome::NotDone);
    for (said, heard) in [
        ("/state", "light.kitchen_lamp"),
        ("/pins", "kitchen_lamp"),
        ("/help", "/echo on"),
        ("/set light.kitchen_lamp on", "is on"),
    ] {
        far.write(format!("{said}\n").as_bytes());
        far.expect(heard);
    }
}

#[test]
fn bytes_one_by_one_bursts_and_noise_are_heard() {
    let (mut far, _home, running) = service("");
    for byte in b"is the kitchen lamp on?\r\n" {
        far.write(&[*byte]);
        std::thread::sleep(Duration::from_millis(2));
    }
    far.expect("is off");
    let mut burst = Vec::new();
    for id in 0..8 {
        burst.extend_from_slice(&hearth::wire::frame::encode(&command(id, "is the kitchen lamp on?")).expect("fits"));
    }
    for byte in &burst[..60] {
        far.write(&[*byte]);
    }
    far.write(&burst[60..]);
    for id in 0..8 {
        assert_eq!(replied(&far.frame(), id).0, Outcome::Done);
    }
    // Noise without an end, as of a wrong speed; then the right one.
    for _ in 0..12 {
        far.write(b"\x80\xfe\x99\xaa\n");
    }
    wait_for("the noise to be told", || running.log().contains("is its speed right").then_some(()));
    far.write(b"\nis the kitchen lamp on?\n");
    far.expect("is off");
    wait_for("the end of the noise to be told", || running.log().contains("readable again").then_some(()));
    // A megabyte without a newline: counted, told, over.
    far.write(&vec![b'x'; 1 << 20]);
    far.write(b"\n");
    far.expect("1048576 bytes");
    // Half a frame and silence: the line is a person's again.
    far.write(&burst[..10]);
    std::thread::sleep(Duration::from_millis(1_300));
    far.write(b"is the kitchen lamp on?\n");
    far.expect("is off");
}

#[test]
fn a_command_sent_again_runs_once_and_is_answered_again() {
    let (mut far, home, _running) = service("");
    for _ in 0..3 {
        far.send(&command(9, "/set light.kitchen_lamp toggle"));
        assert_eq!(replied(&far.frame(), 9), (Outcome::Done, "The kitchen lamp is on.".into()));
    }
    far.send(&command(10, "/set light.kitchen_lamp toggle"));
    assert_eq!(replied(&far.frame(), 10).1, "The kitchen lamp is off.");
    let audit = home.run(&["audit", "show", "--json"]).json();
    let sets = audit.as_array().expect("calls").iter().filter(|call| call["tool"] == "line_set").count();
    assert_eq!(sets, 2);
}

#[test]
fn echo_and_events_are_told_to_who_asks() {
    let (mut far, home, _running) = service("");
    far.write(b"/state\r");
    std::thread::sleep(Duration::from_millis(300));
    assert!(far.text().contains("light.kitchen_lamp") && !far.text().contains("/state"), "no echo at the beginning");
    far.write(b"/echo on\r");
    far.expect("Echo is on.");
    far.write(b"is the kitchen lanp\x7f\x7fmp on?\r");
    far.expect("is the kitchen lanp\x08 \x08\x08 \x08mp on?\r\n");
    far.expect("is off");
    far.write(b"/echo off\r");
    far.expect("Echo is off.");
    far.send(&ToHearth::Events { on: true });
    far.send(&ToHearth::Ping { id: 1 });
    assert_eq!(far.frame(), FromHearth::Pong { id: 1 });
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let FromHearth::Event { entity, value, .. } = far.frame() else { panic!("no event") };
    assert_eq!((entity.as_str(), value.as_str()), ("light.kitchen_lamp", "\"on\""));
}

#[test]
fn a_line_with_a_pin_hears_nobody_before_it() {
    let printed = Home::new().run_with_input(&["serial-pin"], b"4711\n");
    assert!(printed.ok && printed.out.starts_with("pin_hash = \"argon2id."), "{printed:?}");
    let (mut far, home, _running) = service(&printed.out);
    far.write(b"turn on the kitchen lamp\n");
    far.expect("This line is locked.");
    far.send(&command(1, "turn on the kitchen lamp"));
    assert!(matches!(far.frame(), FromHearth::Error { id: Some(1), code, .. } if code == Code::Refused.number()));
    assert_ne!(home.line("kitchen_lamp").driven(), Some(1.0));
    far.write(b"/pin 1234\n");
    far.expect("That is not the PIN.");
    far.write(b"/pin 4711\n");
    far.expect("The line is open.");
    far.write(b"turn on the kitchen lamp\n");
    far.expect("The kitchen lamp is on.");
    for _ in 0..3 {
        far.write(b"/pin 1234\n");
        far.expect("That is not the PIN.");
    }
    far.write(b"/pin 4711\n");
    far.expect("Too many wrong attempts");
}

#[test]
fn the_example_client_works_as_printed() {
    let (far, home, _running) = service("");
    let (near, path) = far.bridged();
    let said = home.run(&["serial-client", "--port", &path, "turn on the kitchen lamp"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "The kitchen lamp is on.\n"), "{said:?}");
    let version = home.run(&["serial-client", "--port", &path]);
    assert!(version.ok && version.out.contains("frames of version 1\nit answers"), "{version:?}");
    let not = home.run(&["serial-client", "--port", &path, "open the pod bay doors"]);
    assert_eq!(not.code, Some(1), "{not:?}");
    drop(near);
}

#[test]
fn strangers_on_the_line_may_only_ask() {
    let mut far = Far::new();
    let settings = format!(
        "[serial]\nport = \"{}\"\n[[home.entities]]\nid = \"light.kitchen_lamp\"\nname = \"Kitchen lamp\"\nline = \"kitchen_lamp\"\n",
        far.path()
    );
    let home = Home::with_config(&settings);
    let running = home.start();
    wait_for("the line to be opened", || running.log().contains("serial line is open").then_some(()));
    far.write(b"turn on the kitchen lamp\n");
    far.expect("may not use line_set");
}

/// The channel alone, with an agent that answers each sentence with itself.
fn alone(path: std::path::PathBuf, test: impl FnOnce() + Send + 'static) {
    runtime().block_on(async {
        let (bus, mut messages) = bus::open();
        let ids = std::sync::Arc::new(IdSource::after(Clock::system(), None));
        let settings = Settings { path, baud: 115_200, mode: Mode::Both, pin_hash: None };
        let channel = tokio::spawn(serial::run(
            settings,
            Parts { bus, ids, news: News::default(), notices: Notices::default().of("serial") },
        ));
        let agent = tokio::spawn(async move {
            while let Some(message) = messages.next().await {
                let text = format!("heard {}", message.text);
                let detail = serde_json::json!({"decision": "answer"});
                message.answer(Outbound { trace: message.trace, text, detail });
            }
        });
        tokio::task::spawn_blocking(test).await.expect("the test passed");
        channel.abort();
        agent.abort();
    });
}

#[test]
fn unplugged_and_plugged_again_it_goes_on() {
    let link = std::env::temp_dir().join(format!("hearth-it-tty-{}", std::process::id()));
    let _ = std::fs::remove_file(&link);
    let (at, mut far) = (link.clone(), Far::new());
    std::os::unix::fs::symlink(far.path(), &link).expect("a link");
    alone(link, move || {
        far.write(b"one\n");
        far.expect("heard one");
        drop(far);
        let mut again = Far::new();
        std::fs::remove_file(&at).expect("unplugged");
        std::thread::sleep(Duration::from_millis(1_200));
        std::os::unix::fs::symlink(again.path(), &at).expect("plugged in");
        wait_for("the line to be back", || {
            again.write(b"two\n");
            std::thread::sleep(Duration::from_millis(300));
            again.text().contains("heard two").then_some(())
        });
    });
}

#[test]
fn a_line_that_takes_nothing_loses_answers_and_hears_on() {
    let far = Far::new();
    alone(far.path().into(), move || {
        let mut far = far;
        // Nobody reads: the pty holds some kilobytes, then it takes nothing.
        for number in 0..400 {
            far.write(format!("{number} {}\n", "x".repeat(400)).as_bytes());
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_secs(6));
        far.drain();
        far.write(b"after\n");
        far.expect("heard after");
    });
}
