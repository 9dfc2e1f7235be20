//! What is mapped in every role: nothing that can be written and executed, and nothing to be written
//! where only the loader wrote (RELRO).

use std::net::TcpListener;
use std::path::Path;

use object::Endianness;
use object::elf::{FileHeader64, PT_GNU_RELRO, PT_LOAD};
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use serde_json::json;

use crate::kit::{Home, Kept, Model, Running, Step, is_root, wait_for};
use crate::walls::roles;

const PAGE: u64 = 4096;

/// One line of `/proc/PID/maps` (proc_pid_maps(5)).
struct Mapping {
    from: u64,
    to: u64,
    rights: String,
    offset: u64,
    path: String,
}

fn mappings(pid: u32) -> Vec<Mapping> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("maps");
    let number = |text: &str| u64::from_str_radix(text, 16).expect("a number");
    let read = |line: &str| {
        let mut fields = line.split_whitespace();
        let (from, to) = fields.next().and_then(|range| range.split_once('-')).expect("a range");
        let rights = fields.next().expect("rights").to_owned();
        let offset = number(fields.next().expect("an offset"));
        let path = fields.nth(2).unwrap_or_default().to_owned();
        Mapping { from: number(from), to: number(to), rights, offset, path }
    };
    text.lines().map(read).collect()
}

/// Where the program's RELRO segment lies, from its first byte in memory: whole pages only, as mprotect(2) takes them.
fn relro(program: &Path) -> (u64, u64) {
    let bytes = std::fs::read(program).expect("the program");
    let header = FileHeader64::<Endianness>::parse(bytes.as_slice()).expect("an ELF file");
    let endian = header.endian().expect("an order");
    let segments = header.program_headers(endian, bytes.as_slice()).expect("segments");
    let first = |kind| segments.iter().find(|segment| segment.p_type(endian) == kind);
    let base = first(PT_LOAD).expect("a loaded segment").p_vaddr(endian) / PAGE * PAGE;
    let segment = first(PT_GNU_RELRO).expect("a RELRO segment");
    let from = segment.p_vaddr(endian) - base;
    (from / PAGE * PAGE, (from + segment.p_memsz(endian)) / PAGE * PAGE)
}

/// Settings with a model and a broker, neither of which ever answers: their hands stay.
fn settings(root: &Path, model: &str, broker: u16) -> String {
    let keeper = Kept::settings(root);
    format!(
        "[net]\nlan = [\"127.0.0.1\"]\n[model]\nbase_url = \"{model}\"\nname = \"slow\"\n[mqtt]\nenabled = true\nport = {broker}\n\
         user = \"hearth\"\npassword_from = \"broker\"\n{keeper}"
    )
}

/// Every role, every class of long life, a question that waits, a shell that runs a command.
fn everybody(running: &Running, keeper: u32) -> Vec<(u32, &'static str)> {
    roles(running);
    let mut all = vec![(running.pid(), "brain"), (keeper, "hearth-keeper")];
    // The command has started when its program is there: the hand is sealed then.
    wait_for("the command", || running.descendant("sleep"));
    for name in ["hearth-spawner", "hearth-lines", "hearth-net", "hearth-link", "hearth-shell"] {
        all.push((wait_for(name, || running.descendant(name)), name));
    }
    all
}

#[test]
fn in_no_role_is_anything_written_and_executed_or_relocated_later() {
    if !is_root() {
        eprintln!("SKIPPED: the maps of processes that are not dumpable are root's to read");
        return;
    }
    let model = Model::start(vec![Step::Hang]);
    let broker = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = broker.local_addr().expect("an address").port();
    let home = Home::with_late_config(|root| settings(root, &model.url, port));
    let keeper = Kept::beside(&home);
    for secret in ["model", "broker"] {
        keeper.put(secret, b"a secret that is long enough");
    }
    let running = home.start();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let arguments = json!({"command": "sleep 25", "seconds": 25}).to_string();
    let asking =
        [home.command(&["tool", "call", "shell", &arguments, "--yes"]), home.command(&["ask", "why is it so"])];
    let callers: Vec<_> = asking.into_iter().map(|mut command| command.spawn().expect("a caller")).collect();
    for (pid, name) in everybody(&running, keeper.pid()) {
        let program = if name == "hearth-keeper" { name } else { "hearth" };
        let maps = mappings(pid);
        let both = maps.iter().find(|of| of.rights.contains('w') && of.rights.contains('x'));
        assert!(both.is_none(), "{name}: {}", both.map_or("", |of| &of.path));
        // The file is a hard link, or the path is of another root: its last name is enough.
        let ours = |of: &&Mapping| of.offset == 0 && of.path.ends_with(&format!("/{program}"));
        let base = maps.iter().find(ours).unwrap_or_else(|| panic!("the program of {name}")).from;
        let (from, to) = relro(&home.root().join("bin").join(program));
        let (from, to) = (base + from, base + to);
        assert!(to > from, "{program} has no page that only its loader writes");
        let mut closed = 0;
        for part in maps.iter().filter(|of| of.from < to && of.to > from) {
            assert!(!part.rights.contains('w'), "{name}: {:x}-{:x} stays writable", part.from, part.to);
            closed += part.to.min(to) - part.from.max(from);
        }
        assert_eq!(closed, to - from, "{name}: all of it is mapped");
    }
    running.stop();
    for mut caller in callers {
        caller.wait().expect("ended");
    }
}

#[test]
fn a_program_that_does_not_close_its_relocations_would_be_seen() {
    // This test's own heap is writable: the search finds such things where they are.
    let maps = mappings(std::process::id());
    assert!(maps.iter().any(|of| of.rights.starts_with("rw")), "nothing writable in a running program?");
}
