//! The proof: a key that was used hundreds of times is nowhere but in the keeper and in a hand in the act.
//!
//! Memory, arguments, environment and open files of every process, database, logs and every other file of the
//! home are scanned as root for the key in raw, base64, hexadecimal and URL form. The scan is shown to see: it
//! finds the key where it belongs, and where it is planted.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use hearth::keeper::cipher;
use hearth::keeper::frame;
use hearth::keeper::message::{Answer, Ask, Reply, Request};
use hearth::keeper::schnorr::{Prover, Secret};
use hearth::keeper::session::{Direction, Tagger};
use serde_json::{Value, json};

use crate::kit::{Home, Kept, Model, Step, is_root, wait_for};

/// Its slash, plus and equals signs have another form in a URL.
const KEY: &str = "sk-cAn4ry/Zx81+Qq7LmN20pRtVw83kd02mfLp19xZ=";

/// The key in every form that is looked for.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let key = KEY.as_bytes();
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let url: String = key
        .iter()
        .map(|b| if b.is_ascii_alphanumeric() || *b == b'-' { char::from(*b).to_string() } else { format!("%{b:02X}") })
        .collect();
    let mut forms = vec![
        ("raw", key.to_vec()),
        ("hex", hex.clone().into_bytes()),
        ("HEX", hex.to_uppercase().into_bytes()),
        ("url", url.clone().into_bytes()),
        ("url, lower case", url.replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d").into_bytes()),
    ];
    // Whatever stands before it in the encoded text, one of three alignments is met.
    for skip in 0..3 {
        let middle = &key[skip..skip + (key.len() - skip) / 3 * 3];
        let text = base64(middle);
        forms.push(("base64url", text.replace('+', "-").replace('/', "_").into_bytes()));
        forms.push(("base64", text.into_bytes()));
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks_exact(3) {
        let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        for shift in [18, 12, 6, 0] {
            out.push(char::from(SIGNS[usize::try_from(bits >> shift & 63).expect("six bits")]));
        }
    }
    out
}

/// What the forms are found in, as a place and a form each.
struct Scan {
    forms: Vec<(&'static str, Vec<u8>)>,
    found: Vec<String>,
    bytes: u64,
}

impl Scan {
    fn new() -> Self {
        Self { forms: forms(), found: Vec::new(), bytes: 0 }
    }

    fn look(&mut self, place: &str, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        for (form, wanted) in &self.forms {
            if memchr::memmem::find(bytes, wanted).is_some() {
                self.found.push(format!("{form} in {place}"));
            }
        }
    }

    /// Everything of a process that root can see.
    fn process(&mut self, pid: u32) {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let name = std::fs::read_to_string(folder.join("comm")).unwrap_or_default();
        let name = format!("{} ({pid})", name.trim());
        for part in ["cmdline", "environ"] {
            self.look(&format!("{part} of {name}"), &std::fs::read(folder.join(part)).unwrap_or_default());
        }
        for open in std::fs::read_dir(folder.join("fd")).into_iter().flatten().flatten() {
            let target = std::fs::read_link(open.path()).unwrap_or_default();
            self.look(&format!("a name open in {name}"), target.as_os_str().as_encoded_bytes());
            if std::fs::metadata(open.path()).is_ok_and(|meta| meta.is_file()) {
                self.look(
                    &format!("{} open in {name}", target.display()),
                    &std::fs::read(open.path()).unwrap_or_default(),
                );
            }
        }
        let maps = std::fs::read_to_string(folder.join("maps")).expect("maps (needs root)");
        let memory = std::fs::File::open(folder.join("mem")).expect("mem (needs root)");
        let mut mapped = 0;
        for line in maps.lines() {
            let (from, upto) = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
            let [from, upto] = [from, upto].map(|text| u64::from_str_radix(text, 16).expect("an address"));
            if line.ends_with("[vvar]") || line.ends_with("[vsyscall]") || line.ends_with("[vvar_vclock]") {
                continue;
            }
            let mut bytes = vec![0; usize::try_from((upto - from).min(1 << 30)).expect("a size")];
            // A guard page or a hole refuses; what is there before it counts.
            let mut read = 0;
            while read < bytes.len() {
                match memory.read_at(&mut bytes[read..], from + read as u64) {
                    Ok(0) | Err(_) => break,
                    Ok(more) => read += more,
                }
            }
            mapped += read;
            self.look(&format!("memory of {name}, {line}"), &bytes[..read]);
        }
        assert!(mapped > 100_000, "the memory of {name} was read");
    }

    /// Every file beneath a folder.
    fn files(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() {
                self.files(&path);
            } else if kind.is_file() {
                self.look(&path.display().to_string(), &std::fs::read(&path).unwrap_or_default());
            }
        }
    }

    #[track_caller]
    fn clean(&self) {
        assert!(self.found.is_empty(), "the key was found: {:#?}", self.found);
        assert!(self.bytes > 1_000_000, "only {} bytes were looked at", self.bytes);
    }

    #[track_caller]
    fn finds(&self, form: &str, place: &str) {
        let found = self.found.iter().any(|found| found.starts_with(form) && found.contains(place));
        assert!(found, "no {form} in {place}: {:?}", self.found);
    }
}

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
            "{keeper}[log]\nlevel = \"trace\"\nfile = \"{log}\"\n[net]\nlan = [\"127.0.0.1\"]\n[model]\nbase_url = \"{url}\"\nname = \"m\"\n"
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

    let everything = |scan: &mut Scan, but: &[&str]| {
        scan.process(running.pid());
        for (pid, name) in running.descendants() {
            if !but.contains(&name.as_str()) {
                scan.process(pid);
            }
        }
        scan.files(home.root());
        for folder in ["/tmp", "/dev/shm", "/var/tmp"] {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_file() && entry.metadata().is_ok_and(|meta| meta.len() < 1 << 20) {
                    scan.look(&entry.path().display().to_string(), &std::fs::read(entry.path()).unwrap_or_default());
                }
            }
        }
    };
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
    let mut planted = Scan::new();
    planted.process(beside.id());
    planted.finds("raw", "environ of");
    let _ = beside.kill();
    let _ = beside.wait();
    for (form, text) in forms() {
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
