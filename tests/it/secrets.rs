//! Secrets from outside: the vault's life through the keeper's and the command's binaries, who may
//! ask what, sessions and tickets against theft and replay.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use hearth::base::{Code, Fault};
use hearth::keeper::message::{Answer, Ask, Place, Reply, Request, Use, Value, Vault};
use hearth::keeper::schnorr::{Prover, Secret};
use hearth::keeper::session::{Direction, Tagger};
use hearth::keeper::{Client, KeeperFault, armor, enrol, frame};

const KEEPER: &str = env!("CARGO_BIN_EXE_hearth-keeper");
const HEARTH: &str = env!("CARGO_BIN_EXE_hearth");
const CANARY: &[u8] = b"canary-5f1c2e-not-a-real-key";

struct Kept {
    child: Option<Child>,
    folder: PathBuf,
}

impl Kept {
    fn start(name: &str, options: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("hearth-secrets-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let mut kept = Self { child: None, folder };
        kept.again(options, &[]);
        kept
    }

    fn again(&mut self, options: &[&str], environment: &[(&str, &str)]) {
        let mut command = Command::new(KEEPER);
        command.arg("--socket").arg(self.socket()).arg("--vault").arg(self.folder.join("v")).args(options);
        let child = command.envs(environment.iter().copied()).stderr(Stdio::null()).spawn().unwrap();
        self.child = Some(child);
        let end = Instant::now() + Duration::from_secs(90);
        while Client::connect(&self.socket()).is_err() {
            assert!(Instant::now() < end, "the keeper did not come");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("s")
    }

    fn admin(&self) -> Client {
        let mut client = Client::connect(&self.socket()).unwrap();
        client.administer().unwrap();
        client
    }

    /// A vault with one secret and an enrolled brain.
    fn filled(name: &str) -> (Self, Secret) {
        let kept = Self::start(name, &[]);
        let mut admin = kept.admin();
        admin.init().unwrap();
        admin.put("key", Value::new(CANARY), false).unwrap();
        let uid = nix::unistd::getuid().as_raw();
        let secret = enrol::make(&kept.folder.join("session.key"), uid).unwrap();
        admin.enrol(uid, secret.public()).unwrap();
        (kept, secret)
    }

    fn brain(&self, secret: &Secret) -> Client {
        let mut client = Client::connect(&self.socket()).unwrap();
        client.prove(secret).unwrap();
        client
    }

    fn command(&self, words: &[&str], input: &[u8]) -> Output {
        let mut command = Command::new(HEARTH);
        command.args(words).arg("--socket").arg(self.socket()).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that wants no input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn what() -> Use {
    Use { tool: "net".into(), secret: "key".into(), place: Place::Header, host: "api.example".into() }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, KeeperFault>, part: &str) -> Fault {
    match result.unwrap_err() {
        KeeperFault::Refused(fault) if fault.message.contains(part) => fault,
        other => panic!("{other}, where '{part}' was expected"),
    }
}

#[test]
fn the_command_keeps_lists_replaces_rotates_exports_and_deletes() {
    let kept = Kept::start("cli", &[]);
    let run = |words: &[&str], input: &[u8]| {
        let output = kept.command(words, input);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run(&["secret", "init"], b"").contains("key file"));
    assert!(run(&["secret", "add", "wifi"], b"pass word\n").contains("'wifi' is kept"));
    assert_eq!(kept.command(&["secret", "add", "wifi"], b"other").status.code(), Some(1));
    assert_eq!(run(&["secret", "export", "wifi"], b""), "pass word");
    run(&["secret", "add", "wifi", "--replace"], b"other");
    assert!(run(&["secret", "rotate", "--json"], b"").contains("\"records\": 1"));
    assert_eq!(run(&["secret", "list"], b""), "wifi\n");
    let listed = run(&["secret", "list", "--json"], b"");
    assert!(listed.contains("\"wifi\"") && !listed.contains("other"), "{listed}");
    assert!(run(&["secret", "export", "wifi", "--json"], b"").contains("\"value\":\"other\""));
    run(&["secret", "add", "bytes"], b"\xff\xfe");
    assert_eq!(kept.command(&["secret", "export", "bytes"], b"").stdout, b"\xff\xfe");
    assert_eq!(run(&["secret", "export", "bytes", "--json"], b""), "{\"ok\":true,\"value_base64url\":\"__4\"}\n");
    run(&["secret", "delete", "bytes"], b"");
    // Its word is no success where root runs it here: it has root's ids.
    let status = String::from_utf8(kept.command(&["keeper", "status"], b"").stdout).unwrap();
    assert!(status.contains("not separated") && status.contains("vault: open, master key from key file"), "{status}");
    run(&["secret", "delete", "wifi"], b"");
    assert_eq!(run(&["secret", "list"], b""), "");
    // Never a value on the command line.
    assert_eq!(kept.command(&["secret", "add", "wifi", "value"], b"").status.code(), Some(2));
    assert_eq!(kept.command(&["secret", "init"], b"").status.code(), Some(1));
}

#[test]
fn a_kill_at_any_instant_leaves_the_old_or_the_new_vault_whole() {
    let (mut kept, _) = Kept::filled("kill");
    kept.admin().put("second", Value::new(b"2"), false).unwrap();
    let mut rotated = 0;
    for round in 0..40_u64 {
        let socket = kept.socket();
        let (began, rotating) = std::sync::mpsc::channel();
        let busy = std::thread::spawn(move || {
            let mut client = Client::connect(&socket).unwrap();
            client.administer().unwrap();
            client.rotate().unwrap();
            began.send(()).unwrap();
            1 + (0..10_000).take_while(|_| client.rotate().is_ok()).count()
        });
        // A busy machine may take its time until here.
        rotating.recv_timeout(Duration::from_secs(60)).expect("the first rotation");
        std::thread::sleep(Duration::from_micros(731 * round));
        kept.kill();
        let done = busy.join().unwrap();
        assert!(done < 10_000, "nothing was interrupted");
        rotated += done;
        kept.again(&[], &[]);
        let mut admin = kept.admin();
        assert_eq!(admin.names().unwrap(), (Vault::Open, vec!["key".to_owned(), "second".to_owned()]), "{round}");
        assert_eq!(admin.export("key").unwrap().0.as_slice(), CANARY, "{round}");
    }
    assert!(rotated >= 40, "only {rotated} rotations: nothing was interrupted");
}

#[test]
fn the_key_sources_have_their_order_and_a_wide_file_is_refused() {
    let (mut kept, _) = Kept::filled("sources");
    let key = kept.folder.join("v/master.key");
    let status = |kept: &Kept| Client::connect(&kept.socket()).unwrap().status().unwrap();
    let restart = |kept: &mut Kept, environment: &[(&str, &str)]| {
        kept.kill();
        kept.again(&[], environment);
    };
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    restart(&mut kept, &[]);
    let state = status(&kept);
    assert_eq!(state.vault, Vault::Locked);
    assert!(state.note.contains("mode 640"), "{}", state.note);
    refused(kept.admin().export("key"), "mode 640");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    // The credential comes before the file; the variable after it, and is wiped although it is not used.
    let credentials = kept.folder.join("credentials");
    std::fs::create_dir(&credentials).unwrap();
    std::fs::copy(&key, credentials.join("hearth.master")).unwrap();
    let folder = credentials.to_str().unwrap().to_owned();
    let text = std::fs::read_to_string(&key).unwrap();
    restart(&mut kept, &[("CREDENTIALS_DIRECTORY", &folder), ("HEARTH_MASTER_KEY", text.trim())]);
    assert_eq!((status(&kept).key, status(&kept).vault), ("systemd credential".to_owned(), Vault::Open));
    restart(&mut kept, &[("HEARTH_MASTER_KEY", &"00".repeat(32))]);
    assert_eq!(status(&kept).key, "key file");
    std::fs::remove_file(&key).unwrap();
    restart(&mut kept, &[]);
    assert!(status(&kept).note.contains("no master key"));
    restart(&mut kept, &[("HEARTH_MASTER_KEY", &"00".repeat(32))]);
    assert!(status(&kept).note.contains("does not fit the vault"));
    restart(&mut kept, &[("HEARTH_MASTER_KEY", text.trim()), ("OTHER", "seen")]);
    assert_eq!((status(&kept).key, status(&kept).vault), ("environment".to_owned(), Vault::Open));
    if nix::unistd::getuid().is_root() {
        let pid = kept.child.as_ref().unwrap().id();
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
        let holds = |part: &[u8]| environ.windows(part.len()).any(|window| window == part);
        assert!(holds(b"OTHER=seen") && holds(b"HEARTH_MASTER_KEY="), "the look sees nothing");
        assert!(!holds(&text.as_bytes()[..16]), "the master key is in /proc/PID/environ");
    }
}

#[test]
fn a_passphrase_opens_a_vault_with_the_cost_that_fits_this_board_and_the_environment_is_warned_of() {
    let kept = Kept {
        child: None,
        folder: std::env::temp_dir().join(format!("hearth-secrets-phrase-{}", std::process::id())),
    };
    let _ = std::fs::remove_dir_all(&kept.folder);
    std::fs::create_dir_all(&kept.folder).unwrap();
    let mut kept = kept;
    let phrase = "passphrase:seven small turnips";
    for round in 0..2 {
        let mut command = Command::new(KEEPER);
        command.arg("--socket").arg(kept.socket()).arg("--vault").arg(kept.folder.join("v"));
        let mut child = command.env("HEARTH_MASTER_KEY", phrase).stderr(Stdio::piped()).spawn().unwrap();
        let log = child.stderr.take().unwrap();
        kept.child = Some(child);
        let end = Instant::now() + Duration::from_secs(90);
        while Client::connect(&kept.socket()).is_err() {
            assert!(Instant::now() < end, "the keeper did not come");
            std::thread::sleep(Duration::from_millis(5));
        }
        if round == 0 {
            kept.admin().init().unwrap();
            kept.admin().put("key", Value::new(CANARY), false).unwrap();
        }
        let state = Client::connect(&kept.socket()).unwrap().status().unwrap();
        assert_eq!((state.vault, state.key.as_str()), (Vault::Open, "environment"), "{round}: {state:?}");
        assert_eq!(kept.admin().export("key").unwrap().0.as_slice(), CANARY);
        kept.kill();
        let told = std::io::read_to_string(log).unwrap();
        assert!(told.contains("came from the environment"), "{told}");
    }
    // By the memory that the kernel tells, as its own file has it.
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap();
    let memory: u64 = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
    let (kib, passes) = hearth::keeper::key::cost(memory);
    let header = std::fs::read_to_string(kept.folder.join("v/vault")).unwrap();
    assert!(
        header.contains(&format!(" argon2id:{kib}:{passes}:")),
        "{kib} {passes}: {}",
        header.lines().nth(1).unwrap()
    );
}

#[test]
fn the_brain_lists_and_buys_and_does_no_more() {
    let (kept, secret) = Kept::filled("roles");
    assert_eq!(kept.brain(&secret).names().unwrap().1, ["key"]);
    let no = "the brain may not";
    assert_eq!(refused(kept.brain(&secret).export("key"), no).code, Code::Refused);
    refused(kept.brain(&secret).put("x", Value::new(b"x"), true), no);
    refused(kept.brain(&secret).delete("key"), no);
    refused(kept.brain(&secret).rotate(), no);
    refused(kept.brain(&secret).enrol(1, secret.public()), no);
    refused(kept.brain(&secret).revoke(), no);
    // Its own second connection is no hand.
    let own = Client::connect(&kept.socket()).unwrap();
    refused(kept.brain(&secret).buy(what(), own.connection()), "not for the buyer's own process");
    refused(kept.brain(&secret).buy(what(), 1), "no connection has this number");
    refused(kept.brain(&secret).buy(Use { secret: "none".into(), ..what() }, own.connection()), "no secret 'none'");
    // An administrator cannot buy: tickets are the brain's.
    refused(kept.admin().buy(what(), own.connection()), "an administrator may not");
}

#[test]
fn a_hand_redeems_its_ticket_once_on_its_connection() {
    let (kept, secret) = Kept::filled("ticket");
    let mut hand = Hand::start(&kept);
    let ticket = kept.brain(&secret).buy(what(), hand.connection).unwrap();
    // Stolen: the same ticket on another connection shows a key that nobody enrolled; this test's uid is
    // an administrator's, who may not redeem.
    let mut thief = Client::connect(&kept.socket()).unwrap();
    refused(thief.redeem(&ticket, what()), "may not ask this");
    assert_eq!(hand.say(&armor::to_hex(&ticket)), armor::to_hex(CANARY));
    // Spent, and the hand may not ask for more.
    assert!(hand.say("again").contains("may not") || hand.say("again").contains("spent"));
    let mut wrong = Hand::start(&kept);
    let other = Use { host: "evil.example".into(), ..what() };
    let ticket = kept.brain(&secret).buy(other, wrong.connection).unwrap();
    assert!(wrong.say(&armor::to_hex(&ticket)).contains("for another use"));
}

/// This very test program as a hand: a process of its own, since the buyer's own may not redeem.
struct Hand {
    child: Child,
    out: std::io::BufReader<std::process::ChildStdout>,
    connection: u64,
}

impl Hand {
    fn start(kept: &Kept) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "secrets::probe_hand", "--nocapture"]).env("HEARTH_HAND_SOCKET", kept.socket());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let out = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut hand = Self { child, out, connection: 0 };
        hand.connection = hand.answer().parse().unwrap();
        hand
    }

    fn answer(&mut self) -> String {
        use std::io::BufRead;
        let mut line = String::new();
        while self.out.read_line(&mut line).unwrap() > 0 {
            if let Some((_, said)) = line.split_once("HAND ") {
                return said.trim().to_owned();
            }
            line.clear();
        }
        "gone".to_owned()
    }

    fn say(&mut self, text: &str) -> String {
        writeln!(self.child.stdin.as_ref().unwrap(), "{text}").unwrap();
        self.answer()
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Only [`Hand`] gives it something to do.
#[test]
fn probe_hand() {
    let Some(socket) = std::env::var_os("HEARTH_HAND_SOCKET") else { return };
    let mut client = Client::connect(Path::new(&socket)).unwrap();
    println!("HAND {}", client.connection());
    for line in std::io::stdin().lines() {
        let ticket = armor::from_hex(&line.unwrap()).and_then(|bytes| bytes.as_slice().try_into().ok());
        let said = match ticket {
            Some(ticket) => client.redeem(&ticket, what()).map(|value| armor::to_hex(&value.0)),
            None => client.names().map(|_| "names".to_owned()),
        };
        println!("HAND {}", said.unwrap_or_else(|fault| fault.to_string()));
    }
}

/// A raw connection that can send what no client of ours would.
fn greeted(kept: &Kept) -> UnixStream {
    let mut stream = UnixStream::connect(kept.socket()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
    tell(&mut stream, Ask::Hello);
    stream
}

fn tell(stream: &mut UnixStream, ask: Ask) -> Answer {
    frame::write(stream, &Request { id: 1, ask }.encode()).unwrap();
    Reply::decode(&frame::read(stream).unwrap()).unwrap().answer
}

fn hung_up(stream: &mut UnixStream) -> bool {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).map_or_else(|error| error.kind() == std::io::ErrorKind::ConnectionReset, |_| true)
        && rest.is_empty()
}

#[test]
fn a_replayed_handshake_is_refused() {
    let (kept, secret) = Kept::filled("replay");
    let prover = Prover::begin(&secret).unwrap();
    let commit = Ask::Commit { public: secret.public(), commitment: prover.commitment };
    let mut first = greeted(&kept);
    let Answer::Challenge(challenge) = tell(&mut first, commit.clone()) else { panic!() };
    let prove = Ask::Prove(prover.respond(&secret, &challenge));
    assert!(matches!(tell(&mut first, prove.clone()), Answer::Session { .. }));
    let mut second = greeted(&kept);
    let Answer::Challenge(other) = tell(&mut second, commit) else { panic!() };
    assert_ne!(challenge, other);
    assert!(
        matches!(tell(&mut second, prove.clone()), Answer::Refused(fault) if fault.message.contains("does not hold"))
    );
    assert!(hung_up(&mut second));
    // A proof without a commitment, and a commitment that is no point.
    assert!(matches!(tell(&mut greeted(&kept), prove), Answer::Refused(_)));
    let none = Ask::Commit { public: secret.public(), commitment: [0; 64] };
    assert!(matches!(tell(&mut greeted(&kept), none), Answer::Refused(_)));
}

#[test]
fn frames_without_their_tag_and_replayed_frames_end_the_connection() {
    let (kept, secret) = Kept::filled("frames");
    let session = || {
        let mut stream = greeted(&kept);
        let prover = Prover::begin(&secret).unwrap();
        let commit = Ask::Commit { public: secret.public(), commitment: prover.commitment };
        let Answer::Challenge(challenge) = tell(&mut stream, commit) else { panic!() };
        let Answer::Session { token, .. } = tell(&mut stream, Ask::Prove(prover.respond(&secret, &challenge))) else {
            panic!()
        };
        (stream, Tagger::new(&token, Direction::Ask))
    };
    let list = Request { id: 1, ask: Ask::ListNames }.encode();
    let (mut bare, _) = session();
    frame::write(&mut bare, &list).unwrap();
    assert!(hung_up(&mut bare));
    let (mut twice, mut tagger) = session();
    let tagged = [list.as_slice(), &tagger.tag(&list).unwrap()].concat();
    frame::write(&mut twice, &tagged).unwrap();
    frame::read(&mut twice).unwrap();
    frame::write(&mut twice, &tagged).unwrap();
    assert!(hung_up(&mut twice));
    // A tag of another session.
    let (mut other, _) = session();
    let (_kept_open, mut foreign) = session();
    frame::write(&mut other, &[list.as_slice(), &foreign.tag(&list).unwrap()].concat()).unwrap();
    assert!(hung_up(&mut other));
}

#[test]
fn sessions_end_with_their_time_and_when_revoked() {
    let (mut kept, secret) = Kept::filled("expiry");
    let mut revoked = kept.brain(&secret);
    revoked.names().unwrap();
    assert_eq!(kept.admin().revoke().unwrap(), 1);
    refused(revoked.names(), "session is over");
    kept.kill();
    kept.again(&["--session-seconds", "1"], &[]);
    let mut short = kept.brain(&secret);
    short.names().unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    refused(short.names(), "session is over");
    // Enrolling another key ends what the old one began, and the old key is worth nothing.
    let mut old = kept.brain(&secret);
    let uid = nix::unistd::getuid().as_raw();
    kept.admin().enrol(uid, Secret::derive(&[9; 32]).unwrap().public()).unwrap();
    refused(old.names(), "session is over");
}
