//! `hearth-keeper` from outside: who may ask, what it answers, what ends a connection, how it is sealed.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use hearth::base::{Code, Fault};
use hearth::keeper::message::{Answer, Ask, Reply, Request, Vault};
use hearth::keeper::{Client, KeeperFault, frame};
use hearth::wire::{self, generated::keeper as table};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hearth-keeper");

/// Whose ids it takes where root starts it.
const KEEPER_UID: u32 = 54_322;

/// A running keeper in its own folder; ended and removed with the value.
struct Keeper {
    child: Child,
    folder: PathBuf,
    socket: PathBuf,
}

impl Keeper {
    fn start(name: &str, options: &[&str]) -> Self {
        let folder = folder(name);
        let socket = folder.join("keeper.sock");
        let mut command = Command::new(PROGRAM);
        command.arg("--socket").arg(&socket).args(options);
        if nix::unistd::getuid().is_root() {
            std::os::unix::fs::chown(&folder, Some(KEEPER_UID), Some(KEEPER_UID)).unwrap();
            command.arg("--user").arg(KEEPER_UID.to_string());
        }
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        let keeper = Self { child, folder, socket };
        wait_for("the socket", || UnixStream::connect(&keeper.socket).is_ok());
        keeper
    }

    fn raw(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
        stream
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap()
    }

    fn end(mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("hearth-keeper-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    // Another uid must be able to reach the socket, so that its mode and the uid check are what stops it.
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[track_caller]
fn wait_for(what: &str, ready: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(90);
    while !ready() {
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn run(words: &[&str]) -> Output {
    Command::new(PROGRAM).args(words).output().unwrap()
}

/// What the keeper says to `message` before it hangs up: nothing, or one reply.
fn last_words(stream: &mut UnixStream, message: &[u8]) -> Vec<u8> {
    frame::write(stream, message).unwrap();
    hung_up(stream)
}

#[track_caller]
fn hung_up(stream: &mut UnixStream) -> Vec<u8> {
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Ok(_) => said,
        // It hung up with bytes of ours unread.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => said,
        Err(error) => panic!("the connection did not end: {error}"),
    }
}

fn refusal(said: &[u8]) -> Fault {
    match Reply::decode(&frame::read(&mut &*said).unwrap()).unwrap().answer {
        Answer::Refused(fault) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_answers_what_it_is_and_that_there_is_no_vault() {
    let keeper = Keeper::start("status", &[]);
    let mut client = Client::connect(&keeper.socket).unwrap();
    assert_eq!(client.program(), env!("CARGO_PKG_VERSION"));
    let state = client.status().unwrap();
    let own = nix::unistd::getuid();
    let uid = if own.is_root() { KEEPER_UID } else { own.as_raw() };
    assert_eq!((state.pid, state.uid), (keeper.child.id(), uid));
    assert_eq!(state.walls, ["ids", "umask", "rlimits", "capabilities", "not_dumpable", "no_new_privs", "seccomp"]);
    assert_eq!((state.missing.len(), state.clients, state.vault), (0, 1, Vault::NotInitialised));
    let KeeperFault::Refused(fault) = Client::connect(&keeper.socket).unwrap().names().unwrap_err() else { panic!() };
    assert!(fault.message.contains("prove who you are first"), "{fault}");
    client.administer().unwrap();
    assert_eq!(client.names().unwrap(), (Vault::NotInitialised, Vec::new()));
}

#[test]
fn the_kernel_sees_the_walls_in_every_thread() {
    let keeper = Keeper::start("walls", &[]);
    // A first exchange makes whatever thread there will be.
    Client::connect(&keeper.socket).unwrap().status().unwrap();
    for task in std::fs::read_dir(format!("/proc/{}/task", keeper.child.id())).unwrap() {
        let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        assert!(status.contains("NoNewPrivs:\t1"), "{status}");
        assert!(status.contains("Umask:\t0077"), "{status}");
    }
    let limits = keeper.proc("limits");
    for (name, value) in [("Max core file size", "0"), ("Max open files", "64"), ("Max address space", "536870912")] {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let words: Vec<_> = line[name.len()..].split_whitespace().collect();
        assert_eq!(words[..2], [value, value], "{line}");
    }
}

/// Of a process that is not dumpable the kernel gives `/proc/PID/*` to root, whoever runs it (proc(5)).
#[test]
fn nobody_of_its_own_uid_reads_its_memory() {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    let folder = folder("dumpable");
    let (socket, copy) = (folder.join("keeper.sock"), folder.join("hearth-keeper"));
    std::fs::copy(PROGRAM, &copy).unwrap();
    let mut command = Command::new(&copy);
    if nix::unistd::getuid().is_root() {
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        command.uid(65534).gid(65534);
    }
    let child = command.arg("--socket").arg(&socket).spawn().unwrap();
    let keeper = Keeper { child, folder, socket };
    wait_for("the socket", || UnixStream::connect(&keeper.socket).is_ok());
    let owner = |file: &str| std::fs::metadata(format!("/proc/{}/{file}", keeper.child.id())).unwrap().uid();
    // The socket is made just before the doors are closed.
    wait_for("the wall", || owner("mem") == 0);
    assert_ne!(std::fs::metadata(&keeper.socket).unwrap().uid(), 0, "as root this shows nothing");
}

#[test]
fn started_as_root_it_takes_the_ids_of_a_user_and_has_no_capability() {
    if !nix::unistd::getuid().is_root() {
        eprintln!("SKIPPED: only root can give ids away");
        return;
    }
    let keeper = Keeper::start("ids", &[]);
    let status = |field: &str| {
        let text = keeper.proc("status");
        let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let uid = KEEPER_UID.to_string();
    wait_for("its seal", || status("Seccomp:") == ["2"]);
    assert_eq!(status("Uid:"), [uid.as_str(); 4]);
    assert_eq!(status("Gid:"), [uid.as_str(); 4]);
    assert_eq!(status("Groups:"), Vec::<String>::new());
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(status(set), ["0000000000000000"], "{set}");
    }
    // Told nobody's name, it keeps root's ids, without what root may; and says so.
    let folder = folder("root");
    let socket = folder.join("keeper.sock");
    let child = Command::new(PROGRAM).arg("--socket").arg(&socket).stderr(Stdio::piped()).spawn().unwrap();
    let mut keeper = Keeper { child, folder, socket };
    wait_for("the keeper", || Client::connect(&keeper.socket).is_ok());
    let state = Client::connect(&keeper.socket).unwrap().status().unwrap();
    assert_eq!((state.uid, state.missing.as_slice()), (0, ["ids".to_owned()].as_slice()));
    assert!(keeper.proc("status").contains("CapEff:\t0000000000000000"));
    let mut log = keeper.child.stderr.take().unwrap();
    keeper.end(Signal::SIGTERM);
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    assert!(text.contains("--user NAME") || text.contains("without --user"), "{text}");
}

#[test]
fn peers_cannot_make_it_write_without_end() {
    let mut keeper = Keeper::start("notes", &[]);
    for _ in 0..100 {
        last_words(&mut keeper.raw(), b"garbage");
    }
    let mut log = keeper.child.stderr.take().unwrap();
    keeper.end(Signal::SIGTERM);
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    assert_eq!(text.lines().count(), 31, "{text}");
}

#[test]
fn the_socket_is_for_its_owner_and_is_removed_at_the_end() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let keeper = Keeper::start(signal.as_str(), &[]);
        let mode = std::fs::metadata(&keeper.socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut open = keeper.raw();
        let socket = keeper.socket.clone();
        // With a connection open, too.
        assert_eq!(keeper.end(signal), Some(0));
        assert!(!socket.exists());
        assert!(hung_up(&mut open).is_empty());
    }
}

#[test]
fn another_uid_is_refused_until_it_is_allowed() {
    if !nix::unistd::getuid().is_root() {
        assert!(std::env::var("CI").is_err(), "needs root to act as another uid");
        eprintln!("SKIPPED: needs root to act as another uid");
        return;
    }
    for (options, wanted) in [(vec![], "refused"), (vec!["--allow-uid", "65534"], "hello")] {
        let keeper = Keeper::start(&format!("uid-{wanted}"), &options);
        // As an administrator who gives the group the socket: only the uid check is left to refuse.
        std::fs::set_permissions(&keeper.socket, std::fs::Permissions::from_mode(0o666)).unwrap();
        let said = as_nobody(&keeper.socket);
        assert!(said.contains(wanted), "{options:?}: {said}");
    }
}

/// What the keeper answers to a Hello from uid 65534, by a child of this test that is that uid.
fn as_nobody(socket: &Path) -> String {
    use std::os::unix::process::CommandExt;
    let probe = std::env::current_exe().unwrap();
    let copy = socket.with_file_name("probe");
    std::fs::copy(probe, &copy).unwrap();
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(&copy);
    command.args(["--exact", "keeper::probe_of_another_uid", "--nocapture"]).env("HEARTH_PROBE_SOCKET", socket);
    let output = command.current_dir("/").gid(65534).uid(65534).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Only [`as_nobody`] gives it something to do.
#[test]
fn probe_of_another_uid() {
    let Some(socket) = std::env::var_os("HEARTH_PROBE_SOCKET") else { return };
    match Client::connect(Path::new(&socket)) {
        Ok(client) => println!("hello {}", client.program()),
        Err(KeeperFault::Refused(fault)) => println!("refused: {fault}"),
        Err(other) => println!("{other}"),
    }
}

#[test]
fn what_is_not_the_protocol_ends_the_connection_and_nothing_else() {
    let keeper = Keeper::start("garbage", &[]);
    assert!(last_words(&mut keeper.raw(), b"garbage that is no FlatBuffer").is_empty());
    assert!(last_words(&mut keeper.raw(), b"").is_empty());
    // A length over the cap: refused on the prefix alone, without waiting for the bytes.
    let mut long = keeper.raw();
    long.write_all(&u32::MAX.to_le_bytes()).unwrap();
    assert!(hung_up(&mut long).is_empty());
    // After a good Hello as well.
    let mut greeted = keeper.raw();
    frame::write(&mut greeted, &Request { id: 1, ask: Ask::Hello }.encode()).unwrap();
    frame::read(&mut greeted).unwrap();
    assert!(last_words(&mut greeted, &[0xff; 64]).is_empty());
    Client::connect(&keeper.socket).unwrap().status().unwrap();
}

/// A request that verifies: `kind` and `version` say what is wrong with it, if anything.
fn verified(version: u16, kind: table::Ask) -> Vec<u8> {
    let mut fbb = flatbuffers::FlatBufferBuilder::new();
    let ask = table::Status::create(&mut fbb, &table::StatusArgs {}).as_union_value();
    let args = table::RequestArgs { version, id: 2, ask_type: kind, ask: Some(ask) };
    let root = table::Request::create(&mut fbb, &args);
    fbb.finish(root, None);
    fbb.finished_data().to_vec()
}

#[test]
fn an_unknown_kind_of_message_or_another_version_ends_the_connection() {
    let keeper = Keeper::start("unknown", &[]);
    let greeted = || {
        let mut stream = keeper.raw();
        frame::write(&mut stream, &Request { id: 1, ask: Ask::Hello }.encode()).unwrap();
        frame::read(&mut stream).unwrap();
        stream
    };
    // The same buffer with a kind that is known is answered, and the connection goes on.
    let mut known = greeted();
    for _ in 0..2 {
        frame::write(&mut known, &verified(wire::VERSION, table::Ask::Status)).unwrap();
        let reply = Reply::decode(&frame::read(&mut known).unwrap()).unwrap();
        assert!(matches!(reply.answer, Answer::State(_)), "{reply:?}");
    }
    for number in [table::Ask::ENUM_MAX + 1, u8::MAX] {
        let message = verified(wire::VERSION, table::Ask(number));
        assert!(wire::read::<table::Request<'_>>(&message).is_ok(), "the verifier is not what refuses it");
        assert!(last_words(&mut greeted(), &message).is_empty(), "kind {number}");
    }
    // A program of another build is told so, once.
    for version in [0, wire::VERSION + 1, u16::MAX] {
        let fault = refusal(&last_words(&mut greeted(), &verified(version, table::Ask::Status)));
        assert!(fault.message.contains("version"), "{fault}");
        let fault = refusal(&last_words(&mut keeper.raw(), &verified(version, table::Ask::Hello)));
        assert!(fault.message.contains("version"), "{fault}");
    }
    Client::connect(&keeper.socket).unwrap().status().unwrap();
}

#[test]
fn the_first_request_is_hello() {
    let keeper = Keeper::start("hello", &[]);
    let fault = refusal(&last_words(&mut keeper.raw(), &Request { id: 1, ask: Ask::ListNames }.encode()));
    assert_eq!(fault.code, Code::BadInput);
}

#[test]
fn one_connection_too_many_is_refused_and_a_freed_place_is_given_again() {
    let keeper = Keeper::start("full", &[]);
    let mut clients: Vec<_> = (0..16).map(|_| Client::connect(&keeper.socket).unwrap()).collect();
    let Err(KeeperFault::Refused(fault)) = Client::connect(&keeper.socket) else { panic!("the 17th was let in") };
    assert_eq!(fault.code, Code::Full);
    assert_eq!(clients[15].status().unwrap().clients, 16);
    clients.pop();
    wait_for("a free place", || Client::connect(&keeper.socket).is_ok());
}

#[test]
fn an_idle_connection_is_ended_and_so_is_a_message_that_stays_half() {
    let keeper = Keeper::start("idle", &["--idle-seconds", "1"]);
    let began = Instant::now();
    assert!(hung_up(&mut keeper.raw()).is_empty());
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
    let mut half = keeper.raw();
    half.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
    half.write_all(&[9, 0, 0, 0, 1, 2]).unwrap();
    assert!(hung_up(&mut half).is_empty());
}

#[test]
fn a_dead_keepers_socket_is_replaced_and_a_live_ones_is_not() {
    let mut keeper = Keeper::start("stale", &[]);
    let second = run(&["--socket", keeper.socket.to_str().unwrap()]);
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("listens at"), "{second:?}");
    Client::connect(&keeper.socket).unwrap();
    keeper.child.kill().unwrap();
    keeper.child.wait().unwrap();
    assert!(keeper.socket.exists());
    keeper.child = Command::new(PROGRAM).arg("--socket").arg(&keeper.socket).spawn().unwrap();
    wait_for("the new keeper", || Client::connect(&keeper.socket).is_ok());
    let file = keeper.folder.join("file");
    std::fs::write(&file, "mine").unwrap();
    let third = run(&["--socket", file.to_str().unwrap()]);
    assert_eq!(third.status.code(), Some(1));
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
}

#[test]
fn a_passed_socket_is_used_and_left_in_place() {
    let folder = folder("activated");
    let socket = folder.join("passed.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    // The shell does what the service manager does: descriptor 3, and its own pid in LISTEN_PID.
    let start = |listener: &dyn AsFd| {
        let script = "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\"";
        let passed = listener.as_fd().try_clone_to_owned().unwrap();
        Command::new("sh").args(["-c", script, PROGRAM]).stdin(passed).stderr(Stdio::piped()).spawn().unwrap()
    };
    let child = start(&listener);
    let keeper = Keeper { child, folder, socket: socket.clone() };
    let state = Client::connect(&socket).unwrap().status().unwrap();
    assert_eq!(state.pid, keeper.child.id());
    let file = std::fs::File::open("/dev/null").unwrap();
    let refused = start(&file).wait_with_output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not a listening Unix"), "{refused:?}");
    kill(Pid::from_raw(keeper.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    wait_for("its end", || Client::connect(&socket).is_err() || !Path::new(&keeper.folder).exists() || ended(&keeper));
    assert!(socket.exists(), "a socket that the keeper did not make was removed");
}

fn ended(keeper: &Keeper) -> bool {
    keeper.proc("stat").contains(") Z ")
}

#[test]
fn inherited_descriptors_are_closed() {
    let folder = folder("inherited");
    let socket = folder.join("keeper.sock");
    let script = "exec 9</dev/null; exec \"$0\" --socket \"$1\"";
    let child = Command::new("sh").args(["-c", script, PROGRAM]).arg(&socket).spawn().unwrap();
    let keeper = Keeper { child, folder, socket };
    wait_for("the keeper", || Client::connect(&keeper.socket).is_ok());
    let open = std::fs::read_dir(format!("/proc/{}/fd", keeper.child.id()));
    let targets: Vec<_> = open.unwrap().filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok()).collect();
    assert!(targets.iter().skip(3).all(|target| target != Path::new("/dev/null")), "{targets:?}");
}

#[test]
fn wrong_usage_is_said_with_code_2_and_help_with_0() {
    let wrong = run(&["--sokcet", "/x"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("--sokcet is not an option"));
    assert!(String::from_utf8_lossy(&run(&["--help"]).stdout).contains("--allow-uid"));
    assert_eq!(run(&["--version"]).stdout, format!("hearth-keeper {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
    assert_eq!(run(&[]).status.code(), Some(2));
}

#[test]
fn a_keeper_that_is_not_there_is_a_fault_with_the_way_out() {
    let fault = Client::connect(Path::new("/nonexistent/keeper.sock")).unwrap_err();
    let fault = Fault::from(fault);
    assert_eq!(fault.code, Code::Unavailable);
    assert!(fault.message.contains("start hearth-keeper"), "{fault}");
}
