//! The keeper in the act of redeeming: it holds the value until the hand takes it, and not a moment longer.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hearth::keeper::message::{Answer, Ask, Place, Reply, Request, Use, Value};
use hearth::keeper::schnorr::{Prover, Secret};
use hearth::keeper::session::{Direction, Tagger};
use hearth::keeper::{Client, armor, enrol, frame};
use nix::sys::socket::{MsgFlags, recv};

use super::scan::{KEY, Scan};
use crate::kit::{is_root, wait_for};

/// A keeper whose brain is this very user.
struct Own {
    child: Child,
    folder: PathBuf,
}

impl Own {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("hearth-redeem-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_hearth-keeper"));
        command.arg("--socket").arg(folder.join("s")).arg("--vault").arg(folder.join("v")).stderr(Stdio::null());
        let own = Self { child: command.spawn().expect("started"), folder };
        let mut admin = wait_for("the keeper", || Client::connect(&own.socket()).ok());
        admin.administer().expect("an administrator");
        admin.init().expect("a vault");
        admin.put("key", Value::new(KEY.as_bytes()), false).expect("kept");
        let uid = nix::unistd::getuid().as_raw();
        let secret = enrol::make(&own.folder.join("session.key"), uid).expect("a session key");
        admin.enrol(uid, secret.public()).expect("enrolled");
        own
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("s")
    }

    /// A ticket for a connection, bought by another process: whoever buys may not redeem.
    fn ticket(&self, connection: u64) -> [u8; 32] {
        let mut buyer = Command::new(std::env::current_exe().expect("this program"));
        buyer.args(["--exact", "canary::redeem::probe_buyer", "--nocapture"]).env("HEARTH_BUYER", &self.folder);
        let output = buyer.env("HEARTH_CONNECTION", connection.to_string()).output().expect("ran");
        let told = String::from_utf8_lossy(&output.stdout);
        let hex = told.split_once("TICKET ").expect("a ticket").1.split_whitespace().next().expect("hex");
        armor::from_hex(hex).expect("hex").as_slice().try_into().expect("32 bytes")
    }

    fn holds(&self) -> bool {
        let mut scan = Scan::new();
        scan.process(self.child.id());
        !scan.found.is_empty()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Only [`Own::ticket`] gives it something to do.
#[test]
fn probe_buyer() {
    let Some(folder) = std::env::var_os("HEARTH_BUYER") else { return };
    let connection = std::env::var("HEARTH_CONNECTION").expect("a number").parse().expect("a number");
    let mut brain = Client::connect(&Path::new(&folder).join("s")).expect("the keeper");
    brain.prove(&enrol::load(&Path::new(&folder).join("session.key")).expect("a key")).expect("a session");
    println!("TICKET {}", armor::to_hex(&brain.buy(what(), connection).expect("a ticket")));
}

fn what() -> Use {
    Use { tool: "net".into(), secret: "key".into(), place: Place::Header, host: "api.example".into() }
}

/// A hand's session that can leave answers untaken.
struct Lazy {
    stream: UnixStream,
    tagger: Tagger,
}

impl Lazy {
    fn with(own: &Own) -> Self {
        let mut stream = UnixStream::connect(own.socket()).expect("the keeper");
        let mut ask = |ask: Ask| {
            frame::write(&mut stream, &Request { id: 1, ask }.encode()).expect("asked");
            Reply::decode(&frame::read(&mut stream).expect("answered")).expect("a reply").answer
        };
        let Answer::Welcome { connection, .. } = ask(Ask::Hello) else { panic!("not welcome") };
        let secret = Secret::derive(&own.ticket(connection)).expect("a key");
        let prover = Prover::begin(&secret).expect("a proof");
        let commit = Ask::Commit { public: secret.public(), commitment: prover.commitment };
        let Answer::Challenge(challenge) = ask(commit) else { panic!("no challenge") };
        let Answer::Session { token, .. } = ask(Ask::Prove(prover.respond(&secret, &challenge))) else {
            panic!("no session")
        };
        Self { stream, tagger: Tagger::new(&token, Direction::Ask) }
    }

    /// Asks without taking the answer; whether the keeper still reads what is asked.
    fn ask(&mut self, ask: Ask) -> bool {
        let message = Request { id: 2, ask }.encode();
        let tag = self.tagger.tag(&message).expect("a tag");
        let framed = frame::framed(&[message.as_slice(), &tag].concat()).expect("a frame");
        self.stream.set_nonblocking(true).expect("set");
        let sent = self.stream.write(&framed).is_ok_and(|sent| sent == framed.len());
        self.stream.set_nonblocking(false).expect("set");
        sent
    }

    /// The answers that wait to be taken, once no more come.
    fn waiting(&self) -> Vec<Vec<u8>> {
        let mut room = vec![0; 1 << 20];
        let (mut length, mut same) = (0, 0);
        while same < 5 {
            let now = recv(self.stream.as_raw_fd(), &mut room, MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT);
            let now = now.unwrap_or_default();
            same = if now == length { same + 1 } else { 0 };
            length = now;
            std::thread::sleep(Duration::from_millis(30));
        }
        let (mut answers, mut rest) = (Vec::new(), &room[..length]);
        while let Some((prefix, after)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_le_bytes(*prefix)).expect("a length");
            answers.push(after[..length].to_vec());
            rest = &after[length..];
        }
        answers
    }
}

#[test]
fn the_keeper_holds_a_value_while_it_is_redeemed_and_not_afterwards() {
    if !is_root() {
        eprintln!("SKIPPED: only root can read the memory of the keeper");
        return;
    }
    let own = Own::start();
    assert!(!own.holds(), "at rest it is sealed");
    // So many answers to harmless questions that the next one finds no room; first guess: all that fit.
    let mut filling = 2_000;
    for _ in 0..12 {
        let mut hand = Lazy::with(&own);
        let asked = (0..filling).all(|_| hand.ask(Ask::Status)) && hand.ask(Ask::Redeem(what()));
        let waiting = hand.waiting().len();
        if !asked || waiting != filling {
            filling = waiting.min(filling + 1);
            continue;
        }
        // The keeper has read the redemption and its answer finds no room.
        if !own.holds() {
            continue;
        }
        let mut all = Vec::new();
        hand.stream.shutdown(std::net::Shutdown::Write).expect("nothing more is asked");
        hand.stream.read_to_end(&mut all).expect("everything");
        assert!(memchr::memmem::find(&all, KEY.as_bytes()).is_some(), "it was the redemption that it held");
        wait_for("the keeper to forget it", || (!own.holds()).then_some(()));
        return;
    }
    panic!("the keeper was never seen in the act");
}
