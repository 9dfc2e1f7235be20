//! A keeper under a uid of its own, its administrators by group, and a master key from the kernel's keyring.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hearth::keeper::Client;

use crate::inject::{self, Answer};
use crate::kit::{Home, Output, Running, is_root, pid, wait_for};

const KEEPER_UID: u32 = 54_322;
const BRAIN_UID: u32 = 54_321;
const ADMIN_UID: u32 = 54_323;
const ADMIN_GID: u32 = 54_330;

/// A keeper started by this command; killed and cleaned up when dropped.
struct Alone {
    child: Child,
    folder: PathBuf,
}

impl Alone {
    fn start(name: &str, make: impl FnOnce(&Path) -> Command) -> Self {
        let folder = std::env::temp_dir().join(format!("hearth-separate-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).expect("open");
        // The built binary may lie where another uid cannot go.
        for binary in [env!("CARGO_BIN_EXE_hearth"), env!("CARGO_BIN_EXE_hearth-keeper")] {
            std::fs::copy(binary, folder.join(Path::new(binary).file_name().expect("a name"))).expect("a copy");
        }
        let mut command = make(&folder);
        command.current_dir(&folder).stderr(Stdio::null());
        let child = command.spawn().expect("started");
        let socket = folder.join("own/socket");
        wait_for("the keeper", || Client::connect(&socket).ok());
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o666)).expect("open");
        Self { child, folder }
    }

    fn command(&self, uid: u32, gid: u32, words: &[&str], input: &str) -> Output {
        let mut command = Command::new(self.folder.join("hearth"));
        command.args(words).arg("--socket").arg(self.folder.join("own/socket")).env_clear();
        if is_root() {
            command.uid(uid).gid(gid);
        }
        command.current_dir(&self.folder).stdout(Stdio::piped()).stderr(Stdio::piped());
        Output::of(command, input.as_bytes())
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn keeper(folder: &Path) -> Command {
    let mut command = Command::new(folder.join("hearth-keeper"));
    let own = folder.join("own");
    std::fs::create_dir(&own).expect("a folder");
    command.arg("--socket").arg(own.join("socket")).arg("--vault").arg(own.join("vault"));
    command
}

#[test]
fn a_keeper_of_another_uid_is_separated_and_a_group_administers_it() {
    if !is_root() {
        eprintln!("SKIPPED: only root can start processes of three uids");
        return;
    }
    let alone = Alone::start("uids", |folder| {
        let mut command = keeper(folder);
        chown(folder.join("own"), Some(KEEPER_UID), Some(KEEPER_UID)).expect("given away");
        command.args(["--brain-uid", &BRAIN_UID.to_string(), "--admin-gid", &ADMIN_GID.to_string()]);
        command.uid(KEEPER_UID).gid(KEEPER_UID);
        command
    });
    let admin = |words: &[&str], input: &str| alone.command(ADMIN_UID, ADMIN_GID, words, input);
    assert!(admin(&["secret", "init"], "").ok);
    assert!(admin(&["secret", "add", "model"], "canary-of-two-uids").ok);
    let state = admin(&["keeper", "status", "--json"], "").json();
    assert_eq!((&state["separated"], &state["uid"]), (&true.into(), &KEEPER_UID.into()), "{state}");

    // A member of the group administers whose first group is another (SO_PEERGROUPS).
    let mut member = Command::new("setpriv");
    member.args([format!("--reuid={ADMIN_UID}"), format!("--regid={ADMIN_UID}"), format!("--groups={ADMIN_GID}")]);
    member.arg(alone.folder.join("hearth")).args(["secret", "export", "model", "--socket"]);
    let member = member.arg(alone.folder.join("own/socket")).output().expect("setpriv");
    assert_eq!(member.stdout, b"canary-of-two-uids", "{member:?}");

    // Neither the brain's uid nor a stranger's administers; the same uid without the group does not either.
    for (uid, gid) in [(BRAIN_UID, BRAIN_UID), (ADMIN_UID, ADMIN_UID), (54_399, 54_399)] {
        let refused = alone.command(uid, gid, &["secret", "export", "model"], "");
        assert!(!refused.ok && !refused.out.contains("canary"), "{uid}: {refused:?}");
    }
    // The kernel holds the brain off the files.
    for file in ["vault", "master.key"] {
        let path = alone.folder.join("own/vault").join(file);
        assert!(path.exists(), "{}", path.display());
        let read = Command::new("/bin/cat").arg(&path).uid(BRAIN_UID).gid(BRAIN_UID).output().expect("cat");
        assert!(!read.status.success() && read.stdout.is_empty(), "{}", path.display());
        let own = Command::new("/bin/cat").arg(&path).uid(KEEPER_UID).gid(KEEPER_UID).output().expect("cat");
        assert!(own.status.success() && !own.stdout.is_empty(), "the keeper's own uid reads it");
    }
}

/// Joins a session keyring of its own, puts the key into it, and becomes the keeper.
const WITH_KEYRING: &str = "
import ctypes, os, platform, sys
add_key, keyctl = {'x86_64': (248, 250), 'aarch64': (217, 219)}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(keyctl, 1, None) < 0: sys.exit('no session keyring: %d' % ctypes.get_errno())
key = sys.argv[1].encode()
if key:
    kept = libc.syscall(add_key, b'user', b'hearth:master', key.removeprefix(b'revoked '), 64, -3)
    if kept < 0: sys.exit('no key')
    # KEYCTL_REVOKE
    if key.startswith(b'revoked ') and libc.syscall(keyctl, 3, kept) < 0: sys.exit('not revoked')
os.execv(sys.argv[2], sys.argv[2:])
";

#[test]
fn a_master_key_in_the_kernels_keyring_opens_the_vault_and_its_absence_locks_it() {
    let key = "5a".repeat(32);
    let start = |folder: &Path, key: &str| {
        let own = keeper(folder);
        let mut command = Command::new("python3");
        command.args(["-c", WITH_KEYRING, key]).arg(own.get_program()).args(own.get_args());
        command
    };
    let mut alone = Alone::start("keyring", |folder| start(folder, &key));
    let (uid, gid) = (nix::unistd::getuid().as_raw(), nix::unistd::getgid().as_raw());
    let made = alone.command(uid, gid, &["secret", "init"], "");
    assert!(made.ok && made.out.contains("keyring"), "{made:?}");
    assert!(alone.command(uid, gid, &["secret", "add", "model"], "canary-of-the-keyring").ok);
    assert!(!alone.folder.join("own/vault/master.key").exists(), "no key file was made");

    for (key, state) in [("", "locked"), (key.as_str(), "open")] {
        let _ = alone.child.kill();
        let _ = alone.child.wait();
        let kept = alone.folder.join("own");
        std::fs::rename(&kept, alone.folder.join("aside")).expect("set aside");
        let mut command = start(&alone.folder, key);
        std::fs::remove_dir(&kept).expect("empty");
        std::fs::rename(alone.folder.join("aside"), &kept).expect("put back");
        alone.child = command.current_dir(&alone.folder).stderr(Stdio::null()).spawn().expect("started");
        wait_for("the keeper", || Client::connect(&kept.join("socket")).ok());
        let told = alone.command(uid, gid, &["keeper", "status", "--json"], "").json();
        assert_eq!(told["vault"], state, "{told}");
    }
    assert_eq!(alone.command(uid, gid, &["secret", "export", "model"], "").out, "canary-of-the-keyring");
}

#[test]
fn the_keyring_comes_before_the_file_and_after_the_credential_and_a_revoked_key_stops_the_search() {
    let key = "5a".repeat(32);
    let (other, wrong) = ("6b".repeat(32), "7c".repeat(32));
    // What is in the keyring, in the credential and in the key file; what is told of the source, or of the fault.
    let cases = [
        (key.as_str(), None, Some(&other), "kernel keyring"),
        (wrong.as_str(), Some(&key), Some(&other), "systemd credential"),
        ("", None, Some(&key), "key file"),
        (&format!("revoked {key}"), None, Some(&key), "the kernel keyring cannot be read"),
    ];
    for (at, (keyring, credential, file, told)) in cases.into_iter().enumerate() {
        let alone = Alone::start(&format!("order-{at}"), |folder| {
            let own = keeper(folder);
            for (name, text) in [("credentials/hearth.master", credential), ("own/file.key", file)] {
                let path = folder.join(name);
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                if let Some(text) = text {
                    std::fs::write(&path, text).expect("written");
                    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("private");
                }
            }
            let mut command = Command::new("python3");
            command.args(["-c", WITH_KEYRING, keyring]).arg(own.get_program()).args(own.get_args());
            command.arg("--key-file").arg(folder.join("own/file.key"));
            if credential.is_some() {
                command.env("CREDENTIALS_DIRECTORY", folder.join("credentials"));
            }
            command
        });
        let state = Client::connect(&alone.folder.join("own/socket")).expect("a keeper").status().expect("a state");
        assert!(state.key == told || state.note.contains(told), "{told}: {state:?}");
    }
}

/// A home with a keeper under the agent's own uid, as in a demo, and its vault outside the agent's folders.
fn of_one_uid() -> (Home, Running) {
    let home = Home::with_late_config(|root| format!("[keeper]\nsocket = \"{}\"\n", root.join("own/socket").display()));
    let own = home.root().join("own");
    std::fs::create_dir(&own).expect("a folder");
    if is_root() {
        chown(&own, Some(home.uid()), Some(home.uid())).expect("given away");
    }
    let at = |name: &str| own.join(name).display().to_string();
    let (socket, vault) = (at("socket"), at("vault"));
    let keeper = Running::start(home.binary("hearth-keeper", &["--socket", &socket, "--vault", &vault]));
    wait_for("the keeper", || Path::new(&socket).exists().then_some(()));
    assert!(home.run(&["secret", "init", "--socket", &socket]).ok);
    assert!(home.run_with_input(&["secret", "add", "model", "--socket", &socket], b"canary-of-one-uid").ok);
    (home, keeper)
}

#[test]
fn doctor_says_that_a_keeper_is_not_separated_or_not_there_and_where_its_master_key_is() {
    let (home, keeper) = of_one_uid();
    let told = home.run(&["doctor"]);
    assert!(told.out.contains("keeper: not separated") && told.out.contains("the master key is a file"), "{told:?}");
    let json = home.run(&["doctor", "--json"]).json();
    assert_eq!((&json["keeper"]["separated"], &json["keeper"]["vault"]), (&false.into(), &"open".into()), "{json}");
    keeper.stop();
    let told = home.run(&["doctor"]);
    assert!(told.out.contains("no keeper answers"), "{told:?}");
}

#[test]
fn doctor_tells_of_keys_that_lie_in_plain_text_with_file_and_line() {
    let home = Home::new();
    let key = format!("sk-{}", "abc123XYZdefghijklmnopqrs");
    let note = home.root().join("data/workspace/old/.env");
    std::fs::create_dir_all(note.parent().expect("a folder")).expect("folders");
    std::fs::write(&note, format!("LAMP=hall\nMODEL={key}\n")).expect("written");
    let told = home.run(&["doctor", "--json"]);
    assert!(told.ok && !told.out.contains(&key), "a choice is told, and not its value: {told:?}");
    let keeper = &told.json()["keeper"];
    let plain = keeper["plain"].as_array().expect("a list");
    let line = plain.first().and_then(|line| line.as_str()).expect("a find");
    assert!(line.contains("workspace/old/.env:2 ") && line.contains("OPENAI_KEY"), "{line}");
    assert_eq!(plain.len(), 1, "nothing of the agent's own looks like one: {plain:?}");
    // What `doctor` prints without --json.
    assert!(keeper["told"].as_array().is_some_and(|told| told.iter().any(|told| told == line)), "{keeper}");
}

#[test]
fn keys_lie_on_locked_pages_that_go_into_no_core() {
    let (_home, keeper) = of_one_uid();
    let status = std::fs::read_to_string(format!("/proc/{}/status", keeper.pid())).expect("a status");
    let locked = status.lines().find_map(|line| line.strip_prefix("VmLck:")).expect("VmLck");
    let kib: u64 = locked.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number");
    assert!((4..=256).contains(&kib), "the keys, and not everything: {kib} KiB are locked");
    if !is_root() {
        eprintln!("SKIPPED: only root sees the flags of its pages");
        return;
    }
    let pages = std::fs::read_to_string(format!("/proc/{}/smaps", keeper.pid())).expect("smaps");
    let flags: Vec<_> = pages.lines().filter_map(|line| line.strip_prefix("VmFlags:")).collect();
    let has = |flags: &str, flag: &str| flags.split_whitespace().any(|has| has == flag);
    assert!(flags.iter().any(|flags| has(flags, "lo")), "no locked page");
    // «dd»: MADV_DONTDUMP.
    assert!(flags.iter().filter(|flags| has(flags, "lo")).all(|flags| has(flags, "dd")), "{flags:?}");
}

#[test]
fn the_brain_denies_itself_the_vault_of_a_keeper_of_its_own_uid() {
    if !inject::possible() {
        return;
    }
    let (home, _keeper) = of_one_uid();
    let vault = home.root().join("own/vault/vault");
    for (lowered, walls) in [(&[][..], true), (&["--without-wall", "landlock_files"][..], false)] {
        let mut command = home.command(&[&["run"], lowered].concat());
        // Paths that it can be made to open: in its environment they end with a zero.
        command.env("PROBE_VAULT", &vault).env("PROBE_OWN", home.data().join("hearth.db"));
        let running = Running::start(command);
        wait_for("the service to answer", || home.run(&["status", "--no-start"]).ok.then_some(()));
        if walls && !running.log().contains("landlock_files") {
            eprintln!("SKIPPED: this kernel has no Landlock");
            return;
        }
        let thread = pid(running.pid());
        let open = |variable: &str| {
            let path = in_environment(running.pid(), variable);
            // openat(AT_FDCWD, path, O_RDONLY)
            match inject::call(thread, 257, [(-100_i64).cast_unsigned(), path, 0]) {
                Answer::Returned(answer) => answer,
                ended => panic!("{ended:?}"),
            }
        };
        assert!(open("PROBE_OWN") >= 0, "what it needs it opens");
        const EACCES: i64 = -13;
        assert_eq!(open("PROBE_VAULT") == EACCES, walls, "the vault, Landlock: {walls}");
        running.stop();
    }
}

/// Where the value of a variable of the environment lies in a process.
fn in_environment(pid: u32, variable: &str) -> u64 {
    use std::os::unix::fs::FileExt;
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("maps");
    let line = maps.lines().find(|line| line.ends_with("[stack]")).expect("a stack");
    let (from, to) = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
    let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).expect("an address"));
    let mut bytes = vec![0; usize::try_from(to - from).expect("a size")];
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).expect("mem");
    memory.read_exact_at(&mut bytes, from).expect("read");
    // The last: what the kernel laid out, not a copy.
    let place = memchr::memmem::rfind(&bytes, format!("\0{variable}=").as_bytes()).expect("the variable");
    from + u64::try_from(place + variable.len() + 2).expect("a place")
}
