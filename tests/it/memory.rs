//! What is mapped in every role: nothing that can be written and executed, and nothing to be written
//! where only the loader wrote (RELRO).

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::Signal;
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

/// Of a process that is there.
fn mappings(pid: u32) -> Option<Vec<Mapping>> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    (!maps.is_empty()).then(|| parsed(&maps))
}

fn parsed(text: &str) -> Vec<Mapping> {
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
/// None where it has no such segment.
fn relro(program: &Path) -> Option<(u64, u64)> {
    let bytes = std::fs::read(program).expect("the program");
    let header = FileHeader64::<Endianness>::parse(bytes.as_slice()).expect("an ELF file");
    let endian = header.endian().expect("an order");
    let segments = header.program_headers(endian, bytes.as_slice()).expect("segments");
    let first = |kind| segments.iter().find(|segment| segment.p_type(endian) == kind);
    let base = first(PT_LOAD).expect("a loaded segment").p_vaddr(endian) / PAGE * PAGE;
    let segment = first(PT_GNU_RELRO)?;
    let from = segment.p_vaddr(endian) - base;
    Some((from / PAGE * PAGE, (from + segment.p_memsz(endian)) / PAGE * PAGE))
}

/// What of these mappings is written and executed, or is written where only the loader of `program` should have.
fn faults(maps: &[Mapping], program: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    for of in maps.iter().filter(|of| of.rights.contains('w') && of.rights.contains('x')) {
        faults.push(format!("{:x}-{:x} {} can be written and executed", of.from, of.to, of.path));
    }
    let Some((from, to)) = relro(program) else {
        faults.push("it has no RELRO segment".to_owned());
        return faults;
    };
    // The file is a hard link, or the path is of another root: its last name is enough.
    let name = format!("/{}", program.file_name().and_then(|name| name.to_str()).expect("a name"));
    let Some(base) = maps.iter().find(|of| of.offset == 0 && of.path.ends_with(&name)).map(|of| of.from) else {
        faults.push("the program is not mapped".to_owned());
        return faults;
    };
    let (from, to) = (base + from, base + to);
    if to <= from {
        faults.push("it has no page that only its loader writes".to_owned());
    }
    let mut closed = 0;
    for part in maps.iter().filter(|of| of.from < to && of.to > from) {
        if part.rights.contains('w') {
            faults.push(format!("{:x}-{:x} stays writable", part.from, part.to));
        }
        closed += part.to.min(to) - part.from.max(from);
    }
    if closed != to - from {
        faults.push(format!("{closed} bytes of {} are mapped", to - from));
    }
    faults
}

/// Settings with a model and a broker, neither of which ever answers: their hands stay.
fn settings(root: &Path, model: &str, broker: u16) -> String {
    let keeper = Kept::settings(root);
    format!(
        "[net]\nlan = [\"127.0.0.1\"]\n[model]\nbase_url = \"{model}\"\nname = \"slow\"\n[mqtt]\nenabled = true\nport = {broker}\n\
         user = \"hearth\"\npassword_from = \"broker\"\n{keeper}"
    )
}

/// Every role, every class of long life, a question that waits, a shell that runs a command, a model that was loaded.
fn everybody(home: &Home, running: &Running, keeper: u32) -> Vec<(Vec<Mapping>, &'static str)> {
    roles(running);
    assert!(home.run(&["embed", "lamp"]).ok);
    let lasting = [(running.pid(), "brain"), (keeper, "hearth-keeper")];
    let mut all: Vec<_> = lasting.map(|(pid, name)| (mappings(pid).expect("maps"), name)).into();
    // The command has started when its program is there: the hand is sealed then.
    wait_for("the command", || running.descendant("sleep"));
    for name in ["hearth-spawner", "hearth-lines", "hearth-net", "hearth-link", "hearth-shell", "hearth-embed"] {
        // A hand may end and another take its place between being found and being read.
        all.push((wait_for(name, || mappings(running.descendant(name)?)), name));
    }
    all
}

/// The mappings of a hand that lives for one call, which is made until the hand was met: then the brain stands still,
/// and does not close the socket that the hand waits at.
fn of_one_call(home: &Home, running: &Running, name: &str, call: &[&str]) -> Vec<Mapping> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                // One that stood still for long is told so; the next one is met.
                let _ = home.run(call);
            }
        });
        let met = wait_for(name, || {
            let hand = running.descendant(name)?;
            running.signal(Signal::SIGSTOP);
            let status = || std::fs::read_to_string(format!("/proc/{hand}/status")).unwrap_or_default();
            // It goes on to its own filter, behind the spawner's, or to its end where it was met too late.
            let sealed = wait_for("its seal or its end", || match status() {
                text if text.contains("Seccomp_filters:\t2") => Some(true),
                text if text.is_empty() || text.contains("State:\tZ") => Some(false),
                _ => None,
            });
            let maps = if sealed { std::fs::read_to_string(format!("/proc/{hand}/maps")).ok() } else { None };
            running.signal(Signal::SIGCONT);
            maps.filter(|maps| !maps.is_empty())
        });
        done.store(true, Ordering::SeqCst);
        parsed(&met)
    })
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
    crate::embed::model_beside(&home);
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
    for (maps, name) in everybody(&home, &running, keeper.pid()) {
        let program = if name == "hearth-keeper" { name } else { "hearth" };
        let faults = faults(&maps, &home.root().join("bin").join(program));
        assert!(faults.is_empty(), "{name}: {faults:?}");
    }
    std::fs::write(home.data().join("workspace/file"), "text").expect("written");
    for (name, tool, arguments) in
        [("hearth-pure", "calculate", r#"{"expression": "6*7"}"#), ("hearth-files", "file_read", r#"{"path": "file"}"#)]
    {
        let maps = of_one_call(&home, &running, name, &["tool", "call", tool, arguments]);
        let faults = faults(&maps, &home.root().join("bin/hearth"));
        assert!(faults.is_empty(), "{name}: {faults:?}");
    }
    running.stop();
    for mut caller in callers {
        caller.wait().expect("ended");
    }
}

/// A program that runs until its input ends.
fn small_program(folder: &Path, name: &str, flags: &[&str]) -> Option<std::path::PathBuf> {
    let source = folder.join("small.c");
    // Addresses that the loader writes, so that there is something to close.
    let text = "#include <stdio.h>\nstatic const char *const words[] = {\"a\", \"b\"};\n\
                int main(void) { return getchar() == 'x' ? words[getchar() & 1][0] : 0; }\n";
    std::fs::write(&source, text).expect("written");
    let program = folder.join(name);
    let mut compiler = Command::new("cc");
    compiler.args(["-O1", "-fPIE", "-pie"]).args(flags).arg("-o").arg(&program).arg(&source);
    compiler.status().ok()?.success().then_some(program)
}

#[test]
fn a_program_that_does_not_close_its_relocations_would_be_seen() {
    let home = Home::new();
    let build = |name, flags: &[&str]| small_program(home.root(), name, flags);
    let closed = build("closed", &["-Wl,-z,relro,-z,now"]);
    let open = build("open", &["-Wl,-z,norelro"]);
    let (Some(closed), Some(open)) = (closed, open) else {
        assert!(std::env::var_os("CI").is_none(), "there is no cc");
        eprintln!("SKIPPED: there is no cc");
        return;
    };
    let judged = |program: &Path| {
        let mut child = Command::new(program).stdin(Stdio::piped()).spawn().expect("started");
        // Its loader is done when it waits for its input.
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
        wait_for("the program to wait", || state().contains(") S ").then_some(()));
        let found = faults(&mappings(child.id()).expect("maps"), program);
        drop(child.stdin.take());
        assert!(child.wait().expect("ended").success());
        found
    };
    assert_eq!(judged(&closed), [] as [String; 0]);
    assert_eq!(judged(&open), ["it has no RELRO segment"]);
    // The same program of which one page was left writable, and one that maps what is written and executed.
    let mut child = Command::new(&closed).stdin(Stdio::piped()).spawn().expect("started");
    let maps = || mappings(child.id()).expect("maps");
    wait_for("the program", || faults(&maps(), &closed).is_empty().then_some(()));
    let mut maps = maps();
    let (from, to) = relro(&closed).expect("a segment");
    assert!(to > from, "it has a page to close");
    let place = maps.iter().find(|of| of.offset == 0 && of.path.ends_with("/closed")).expect("mapped").from + from;
    let part = maps.iter_mut().find(|of| of.from <= place && place < of.to).expect("mapped");
    part.rights = "rw-p".into();
    assert!(faults(&maps, &closed).iter().any(|fault| fault.contains("stays writable")));
    maps[0].rights = "rwxp".into();
    assert!(faults(&maps, &closed).iter().any(|fault| fault.contains("written and executed")));
    drop(child.stdin.take());
    child.wait().expect("ended");
}
