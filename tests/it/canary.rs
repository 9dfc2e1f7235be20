//! The proof: a key that was used hundreds of times is nowhere but in the keeper and in a hand in the act.
//!
//! Memory, arguments, environment and open files of every process, database, logs and every other file of the
//! home are scanned as root for the key in raw, base64, hexadecimal and URL form. The scan is shown to see: it
//! finds the key where it belongs, and where it is planted.

mod acts;
mod redeem;
mod scan;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::net::UnixStream;
use std::path::Path;

use hearth::keeper::cipher;
use hearth::keeper::frame;
use hearth::keeper::message::{Answer, Ask, Reply, Request};
use hearth::keeper::schnorr::{Prover, Secret};
use hearth::keeper::session::{Direction, Tagger};
use serde_json::{Value, json};

use crate::kit::{Home, Kept, Model, Running, Step, is_root, wait_for};
use scan::{KEY, forms};
pub(crate) use scan::{Scan, memory_holds};

/// The service on its socket, one sentence after the other.
struct Talk(BufReader<UnixStream>);

impl Talk {
    fn with(home: &Home) -> Self {
        Self(BufReader::new(UnixStream::connect(home.root().join("run/hearth.sock")).expect("the socket")))
    }

    fn say(&mut self, text: &str) -> Value {
        let request = json!({"do": "say", "text": text, "session": "canary"});
        writeln!(self.0.get_mut(), "{request}").expect("asked");
        let mut line = String::new();
        self.0.read_line(&mut line).expect("answered");
        serde_json::from_str(&line).expect("JSON")
    }
}

/// An administrator who asks for the key again and again and takes no answer: the keeper holds one in the act.
fn held_export(kept: &Kept) -> UnixStream {
    let mut stream = UnixStream::connect(kept.socket()).expect("the keeper");
    let mut number = 0;
    let mut ask = |stream: &mut UnixStream, ask: Ask| {
        number += 1;
        frame::write(stream, &Request { id: number, ask }.encode()).expect("asked");
        Reply::decode(&frame::read(stream).expect("answered")).expect("a reply").answer
    };
    ask(&mut stream, Ask::Hello);
    let secret = Secret::derive(&cipher::random().expect("random")).expect("a key");
    let prover = Prover::begin(&secret).expect("a proof");
    let commit = Ask::Commit { public: secret.public(), commitment: prover.commitment };
    let Answer::Challenge(challenge) = ask(&mut stream, commit) else { panic!("no challenge") };
    let Answer::Session { token, .. } = ask(&mut stream, Ask::Prove(prover.respond(&secret, &challenge))) else {
        panic!("no session")
    };
    let mut tagger = Tagger::new(&token, Direction::Ask);
    for number in 100..200 {
        let message = Request { id: number, ask: Ask::Export { name: "bulk".to_owned() } }.encode();
        let tag = tagger.tag(&message).expect("a tag");
        frame::write(&mut stream, &[message.as_slice(), &tag].concat()).expect("asked");
    }
    stream
}

/// All processes of a service but those of these names, all files of its home, and the places of temporary files.
pub(crate) fn everything(scan: &mut Scan, home: &Home, running: &Running, but: &[&str]) {
    wait_for("the probe to end", || running.descendant("hearth-probe").is_none().then_some(()));
    scan.process(running.pid());
    for (pid, name) in running.descendants() {
        if !but.contains(&name.as_str()) {
            scan.process(pid);
        }
    }
    scan.files(home.root());
    for folder in ["/tmp", "/dev/shm", "/var/tmp"] {
        temporary(scan, Path::new(folder), home.uid());
    }
}

/// A place of temporary files: what belongs to the agent's uid whole, however deep and large; of others what is small.
fn temporary(scan: &mut Scan, folder: &Path, agent: u32) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        // Not of what a link leads to; gone since it was listed is nobody's.
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_dir() && meta.uid() == agent {
            scan.files(&entry.path());
        } else if meta.is_file() && (meta.uid() == agent || meta.len() < 1 << 20) {
            scan.look(&entry.path().display().to_string(), &std::fs::read(entry.path()).unwrap_or_default());
        }
    }
}

#[test]
fn temporary_files_of_the_agent_are_looked_at_however_deep_and_large() {
    if !is_root() {
        eprintln!("SKIPPED: only root can give files to the agent's uid");
        return;
    }
    // Not in /tmp itself, where the other tests look.
    let home = Home::new();
    let place = home.root().join("places");
    std::fs::create_dir_all(place.join("folder/inner")).expect("folders");
    chown(place.join("folder"), Some(home.uid()), None).expect("given away");
    let large = [vec![b'x'; 2 << 20], KEY.as_bytes().to_vec()].concat();
    for (name, bytes, found) in [
        ("folder/inner/leak", KEY.as_bytes(), true),
        ("folder/leak", &large, true),
        ("leak", KEY.as_bytes(), true),
        ("large", b"nothing of it", false),
    ] {
        std::fs::write(place.join(name), bytes).expect("written");
        let mut scan = Scan::new();
        temporary(&mut scan, &place, home.uid());
        assert_eq!(!scan.found.is_empty(), found, "{name}: {:?}", scan.found);
        std::fs::remove_file(place.join(name)).expect("removed");
    }
    std::fs::write(place.join("large"), &large).expect("written");
    chown(place.join("large"), Some(home.uid()), None).expect("given away");
    let mut scan = Scan::new();
    temporary(&mut scan, &place, home.uid());
    scan.finds("raw", "large");
}

#[test]
fn a_key_used_hundreds_of_times_is_nowhere_but_in_the_keeper_and_in_a_hand_in_the_act() {
    if !is_root() {
        eprintln!("SKIPPED: only root can read the memory of sealed processes");
        return;
    }
    let mut script: Vec<Step> = (0..200).map(|_| Step::Say("A limerick, or so.")).collect();
    script.push(Step::Hang);
    let model = Model::start(script);
    let url = model.url.clone();
    let home = Home::with_late_config(|root| {
        let log = root.join("data/hearth.log").display().to_string();
        let keeper = Kept::settings(root);
        format!(
            "{keeper}[log]\nlevel = \"trace\"\nfile = \"{log}\"\n[net]\nlan = [\"127.0.0.1\"]\n[model]\nbase_url = \"{url}\"\nname = \"m\"\nper_minute = 6000\n"
        )
    });
    let kept = Kept::beside(&home);
    kept.put("model", KEY.as_bytes());
    kept.put("bulk", KEY.repeat(300).as_bytes());
    let running = home.start();
    let mut talk = Talk::with(&home);
    for number in 0..200 {
        let answer = talk.say("please compose a limerick about entropy");
        assert_eq!(answer["done"]["text"], "A limerick, or so.", "{number}: {answer}");
        if number % 4 == 0 {
            talk.say(if number % 8 == 0 { "turn on the kitchen lamp" } else { "turn off the kitchen lamp" });
        }
    }
    let key = format!("Bearer {KEY}");
    assert_eq!(model.asked().iter().filter(|asked| asked.key == key).count(), 200, "the exact key arrived each time");

    let mut said = Scan::new();
    model.asked().iter().for_each(|asked| said.look("what the model was told", asked.body.to_string().as_bytes()));
    assert!(said.found.is_empty(), "{:#?}", said.found);

    let everything = |scan: &mut Scan, but: &[&str]| everything(scan, &home, &running, but);
    let mut idle = Scan::new();
    everything(&mut idle, &[]);
    idle.process(kept.pid());
    idle.clean();

    // In the act: a hand that waits for a server holds the key, and nobody else does.
    let child = home.command(&["ask", "please compose a limerick about entropy"]).spawn().expect("started");
    wait_for("the server to hang", || (model.hanging() == 1).then_some(()));
    let hand = wait_for("the hand", || running.descendant("hearth-net"));
    let mut others = Scan::new();
    everything(&mut others, &["hearth-net"]);
    others.clean();
    let mut acting = Scan::new();
    acting.process(hand);
    acting.finds("raw", "memory of hearth-net");

    // The keeper in the act: it has opened the value for somebody who does not take it.
    let held = held_export(&kept);
    wait_for("the keeper to hold an answer", || {
        let mut scan = Scan::new();
        scan.process(kept.pid());
        (!scan.found.is_empty()).then_some(())
    });
    drop(held);

    // Planted leaks: the scan fails on each of them.
    let mut beside = std::process::Command::new("/bin/sleep").arg("60").env("LEAK", KEY).spawn().expect("started");
    wait_for("sleep to have taken the place of its maker", || {
        let name = std::fs::read_to_string(format!("/proc/{}/comm", beside.id())).unwrap_or_default();
        (name.trim() == "sleep").then_some(())
    });
    let mut planted = Scan::new();
    planted.process(beside.id());
    planted.finds("raw", "environ of");
    let _ = beside.kill();
    let _ = beside.wait();
    for (form, text) in forms(KEY.as_bytes()) {
        let path = home.data().join("planted.log");
        std::fs::write(&path, [b"before ".as_slice(), &text, b" after"].concat()).expect("written");
        let mut planted = Scan::new();
        planted.files(home.root());
        planted.finds(form, "planted.log");
        std::fs::remove_file(path).expect("removed");
    }
    home.run(&["ask", "/stop"]);
    drop(child.wait_with_output());
    running.stop();
    let mut left = Scan::new();
    left.files(home.root());
    assert!(left.found.is_empty(), "{:#?}", left.found);
}
