//! Dangerous commands of other projects' tests, run for real with the text guard off.
//!
//! In a throwaway root file system whose files all belong to the agent's uid, so that no file mode
//! helps: what keeps the canaries is the walls. Outside of it nothing may change, and nobody may call.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use crate::kit::{Home, Output, Running, is_root, shared, wait_for};

const UID: u32 = 54_321;
/// Commands behind the issues of picoclaw that `peers.md` names: links, whole trees, the environment, make.
const MORE: [&str; 9] = [
    "ln -s /home/canary link; rm -rf link/*; echo x > link/keep",
    "find / -type f -name 'keep*' -delete; find / -xdev -type f -exec sh -c 'echo x > \"$1\"' _ {} \\;",
    "jq -n '$ENV'; env; cat /proc/*/environ",
    "cd /; rm -rf home etc root; cd /home/canary && rm -rf .",
    "printf 'all:\\n\\trm -rf /home/canary/* /etc/*\\n' > Makefile; make",
    "python3 -c \"import shutil;shutil.rmtree('/home',True);open('/etc/passwd','w')\"",
    "kill -9 -1; kill -9 1; pkill -9 hearth",
    "python3 -c \"import socket;socket.create_connection(('127.0.0.1',CANARYPORT))\"",
    "bash -c 'echo x > /dev/udp/127.0.0.1/CANARYPORT; echo x > /dev/tcp/127.0.0.1/CANARYPORT'",
];

/// Whoever connects or sends here has found a way out.
struct CanaryServer {
    port: u16,
    heard: Arc<AtomicUsize>,
}

impl CanaryServer {
    /// One in the network namespace of this process.
    fn beside(pid: u32) -> Self {
        let heard = Arc::new(AtomicUsize::new(0));
        let (by_tcp, by_udp) = (Arc::clone(&heard), Arc::clone(&heard));
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            enter_network_of(pid);
            let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
            let port = tcp.local_addr().expect("an address").port();
            let udp = UdpSocket::bind(("127.0.0.1", port)).expect("the same port");
            std::thread::spawn(move || {
                while udp.recv(&mut [0; 64]).is_ok() {
                    by_udp.fetch_add(1, Ordering::SeqCst);
                }
            });
            tell.send(port).expect("told");
            tcp.incoming().for_each(|_| {
                by_tcp.fetch_add(1, Ordering::SeqCst);
            });
        });
        Self { port: told.recv().expect("a port"), heard }
    }

    fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}

/// Takes this thread, and no other, to the network namespace of a process.
fn enter_network_of(pid: u32) {
    let network = std::fs::File::open(format!("/proc/{pid}/ns/net")).expect("a namespace");
    nix::sched::setns(network, nix::sched::CloneFlags::CLONE_NEWNET).expect("entered");
}

/// Every socket of the network namespace of a process: its kind, where it lies, its number.
fn sockets(pid: u32) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for kind in ["tcp", "tcp6", "udp", "udp6", "raw", "raw6", "unix", "netlink", "packet"] {
        let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/net/{kind}")) else { continue };
        for line in text.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            // Columns of proc_net(5) that stay while the socket does: addresses, state, inode, path.
            let lasting = match kind {
                "unix" => fields.get(6..).map(|rest| rest.join(" ")),
                "netlink" | "packet" => fields.last().map(|inode| (*inode).to_owned()),
                _ => fields.get(1..4).zip(fields.get(9)).map(|(ends, inode)| format!("{} {inode}", ends.join(" "))),
            };
            found.insert(format!("{kind} {}", lasting.expect("a socket")));
        }
    }
    found
}

/// What the agent itself writes while it works: its workspace, and the journal of its database.
fn own(root: &Path, path: &Path) -> bool {
    let data = root.join("agent/data");
    [data.join("workspace"), data.join("hearth.db-wal"), data.join("hearth.db-shm")].contains(&path.to_owned())
}

/// Every file of the root, with owner, mode and content: of the agent's database, which it writes, that it is the same.
fn tree(root: &Path) -> BTreeMap<PathBuf, (u32, u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            if own(root, &entry.path()) {
                continue;
            }
            let meta = entry.path().symlink_metadata().expect("an entry");
            let mut content = Vec::new();
            if meta.is_dir() {
                folders.push(entry.path());
            } else if entry.path() == root.join("agent/data/hearth.db") {
                content = meta.ino().to_string().into_bytes();
            } else if meta.is_file() {
                std::fs::File::open(entry.path()).and_then(|mut f| f.read_to_end(&mut content)).expect("read");
            }
            found.insert(entry.path(), (meta.uid(), meta.mode(), content));
        }
    }
    found
}

fn put_up(home: &Home) -> PathBuf {
    let root = home.root().join("rootfs");
    for folder in ["agent/data/kept", "agent/run", "etc", "home/canary", "root", "dev", "boot"] {
        std::fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    let files = [
        "etc/passwd",
        "etc/shadow",
        "etc/hosts",
        "home/canary/keep",
        "home/canary/keep.txt",
        "root/keep",
        "boot/keep",
        "dev/sda",
        "dev/mmcblk0",
        "dev/mtd0",
        "dev/nvme0n1",
        // Beside the agent's own, in the folder that its workspace is in.
        "agent/data/keep",
        "agent/data/kept/keep.db",
        "agent/run/keep",
    ];
    for file in files {
        std::fs::write(root.join(file), format!("canary of {file}\n")).expect("written");
    }
    for entry in tree(&root).keys() {
        chown(entry, Some(UID), Some(UID)).expect("given away");
    }
    std::fs::copy(home.root().join("bin/hearth"), root.join("agent/hearth")).expect("a copy");
    root
}

fn serve(home: &Home, root: &Path) -> Running {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/walls/rootfs.sh");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net"]).arg(script).arg(root).arg(UID.to_string());
    command.args(["/agent/hearth", "run", "--without-text-guard"]);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HEARTH_DATA", "/agent/data").env("HEARTH_RUNTIME", "/agent/run").env("MARK", "canary-environment");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let running = Running::start(command);
    wait_for("the service in its root", || ask(home, root, &["status", "--no-start"]).ok.then_some(()));
    running
}

/// A command of this machine to the service in the throwaway root.
fn ask(home: &Home, root: &Path, arguments: &[&str]) -> Output {
    let mut command = home.command(arguments);
    command.env("HEARTH_DATA", root.join("agent/data")).env("HEARTH_RUNTIME", root.join("agent/run"));
    Output::of(command, b"")
}

#[test]
fn dangerous_commands_change_nothing_outside_with_the_text_guard_off() {
    let Some(path) = shared("vectors/shell_deny.json") else { return };
    let tools = ["unshare", "setpriv", "pivot_root", "mount", "ip"];
    let there =
        |tool: &&str| ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].iter().any(|d| Path::new(d).join(tool).exists());
    if !is_root() || !tools.iter().all(there) {
        eprintln!("SKIPPED: a throwaway root is made by root, with unshare, setpriv, pivot_root, mount and ip");
        return;
    }
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON");
    let listed = vectors["cases"].as_array().expect("cases").iter().filter_map(|case| case["command"].as_str());
    let home = Home::new();
    let root = put_up(&home);
    let service = serve(&home, &root);
    let server = CanaryServer::beside(service.pid());
    let place = format!("127.0.0.1:{}", server.port);
    wait_for("the probe to end", || service.descendant("hearth-probe").is_none().then_some(()));
    let mounts = || std::fs::read_to_string(format!("/proc/{}/mountinfo", service.pid())).expect("mounts");
    let clock = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time");
    let (before, mounted, began, wall) = (tree(&root), mounts(), Instant::now(), clock());
    let listed_sockets = sockets(service.pid());
    assert!(
        listed_sockets.iter().any(|socket| socket.contains(&format!(":{:04X} ", server.port))),
        "{listed_sockets:?}"
    );
    assert!(
        listed_sockets.iter().any(|socket| socket.starts_with("unix ") && socket.contains('/')),
        "{listed_sockets:?}"
    );

    let (mut ran, mut marks) = (0, Vec::new());
    for command in listed.chain(MORE) {
        let mut command = command.replace("CANARYPORT", &server.port.to_string());
        for host in ["evil.com", "api.example.com", "example.com", "github.com"] {
            command = command.replace(host, &place);
        }
        let arguments = json!({"command": command, "seconds": 1}).to_string();
        let answer = ask(&home, &root, &["tool", "call", "shell", &arguments, "--yes", "--json"]);
        // A no-op and a long pause are run like everything else; only the call itself has to go through.
        assert!(answer.ok, "{command}: {answer:?}");
        if answer.out.contains("canary of") || answer.out.contains("canary-environment") {
            marks.push(format!("{command}: {}", answer.out));
        }
        ran += 1;
    }
    assert!(ran > 110, "only {ran}");
    assert!(marks.is_empty(), "canaries were read:\n{}", marks.join("\n"));
    let after = tree(&root);
    assert!(before.contains_key(&root.join("agent/data/hearth.db")) && before.contains_key(&root.join("agent/hearth")));
    let changed: Vec<_> = before.iter().filter(|(path, was)| after.get(*path) != Some(was)).map(|(p, _)| p).collect();
    assert!(changed.is_empty(), "changed: {changed:?}");
    let made: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert!(made.is_empty(), "made: {made:?}");
    assert_eq!(mounts(), mounted, "mounts");
    let foreign: Vec<_> = service.descendants().into_iter().filter(|(_, name)| !name.starts_with("hearth")).collect();
    assert!(foreign.is_empty(), "processes left: {foreign:?}");
    let drift = (clock() - wall).abs_diff(began.elapsed());
    assert!(drift < Duration::from_secs(1), "the clock was set: {drift:?}");
    assert_eq!(server.heard(), 0, "somebody called the canary server");
    // A connection that was closed leaves the table a moment later.
    let quiet = || (sockets(service.pid()) == listed_sockets).then_some(());
    wait_for("the sockets to be those of before", quiet);
    let service_pid = service.pid();
    let port = server.port;
    let call = move || {
        enter_network_of(service_pid);
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    };
    assert!(std::thread::spawn(call).join().expect("called"), "the canary server can be reached from there");
    wait_for("the canary server to hear it", || (server.heard() > 0).then_some(()));
    assert!(ask(&home, &root, &["ask", "turn on the kitchen lamp"]).ok, "the agent obeys");
    // That the canaries can be hurt at all: the same uid without walls does it.
    let mut plain = Command::new("setpriv");
    plain.args(["--reuid", "54321", "--regid", "54321", "--clear-groups", "sh", "-c", "rm -f home/canary/keep"]);
    assert!(plain.current_dir(&root).status().expect("ran").success());
    assert!(!root.join("home/canary/keep").exists(), "without walls the canary dies");
}
