//! Makes a live process try a system call: the only way to see what its filter says to *it*.
//!
//! ptrace(2): the thread is stopped where it waits in the kernel, sent back over its `syscall`
//! instruction with other registers, and put back as it was. x86_64 and root only.

use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// What became of the call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What the kernel answered; errors are negative.
    Returned(i64),
    /// The thread was ended by this signal.
    Ended(Signal),
}

/// Whether this machine and this user can do it; says so where not.
pub(crate) fn possible() -> bool {
    let can = cfg!(target_arch = "x86_64") && super::kit::is_root();
    if !can {
        eprintln!("SKIPPED: forbidden calls are injected on x86_64 as root only");
    }
    can
}

/// The threads of a process.
pub(crate) fn threads(pid: u32) -> Vec<Pid> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("tasks");
    let number = |entry: std::fs::DirEntry| entry.file_name().to_str().and_then(|name| name.parse().ok());
    tasks.flatten().filter_map(number).map(Pid::from_raw).collect()
}

/// Stops the thread where it waits in the kernel, or has just come back: behind a `syscall`
/// instruction. A thread that is met in the middle of its own work is let go and met again.
#[cfg(target_arch = "x86_64")]
fn stop(thread: Pid) -> nix::libc::user_regs_struct {
    for _ in 0..1_000 {
        ptrace::attach(thread).expect("attached");
        loop {
            match waitpid(thread, Some(WaitPidFlag::__WALL)).expect("stopped") {
                WaitStatus::Stopped(_, Signal::SIGSTOP) => break,
                // A signal of its own came first, and it gets it.
                WaitStatus::Stopped(_, own) => ptrace::cont(thread, own).expect("goes on"),
                other => panic!("attached, and then {other:?}"),
            }
        }
        let registers = ptrace::getregs(thread).expect("registers");
        let behind = std::ptr::without_provenance_mut(usize::try_from(registers.rip - 2).expect("a place"));
        let instruction = ptrace::read(thread, behind).expect("the instruction").to_ne_bytes();
        if instruction[..2] == SYSCALL {
            return registers;
        }
        ptrace::detach(thread, None).expect("let go");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("the thread {thread} was never met behind a system call");
}

/// The bytes of the `syscall` instruction.
#[cfg(target_arch = "x86_64")]
const SYSCALL: [u8; 2] = [0x0f, 0x05];

/// Has the thread make the call with these arguments.
#[cfg(target_arch = "x86_64")]
pub(crate) fn call(thread: Pid, number: i64, arguments: [u64; 3]) -> Answer {
    let before = stop(thread);
    let mut registers = before;
    registers.rip -= 2;
    registers.rax = number.cast_unsigned();
    registers.orig_rax = u64::MAX;
    [registers.rdi, registers.rsi, registers.rdx] = arguments;
    ptrace::setregs(thread, registers).expect("registers set");
    let mut own = None;
    loop {
        ptrace::step(thread, None).expect("stepped");
        match waitpid(thread, Some(WaitPidFlag::__WALL)).expect("an end") {
            WaitStatus::Signaled(_, signal, _) => return Answer::Ended(signal),
            WaitStatus::Stopped(_, Signal::SIGTRAP) => break,
            // Its own signal came before the step: kept for when it is let go.
            WaitStatus::Stopped(_, signal) => own = Some(signal),
            other => panic!("{other:?}"),
        }
    }
    let answer = ptrace::getregs(thread).expect("registers").rax.cast_signed();
    ptrace::setregs(thread, before).expect("registers put back");
    ptrace::detach(thread, own).expect("let go");
    Answer::Returned(answer)
}

/// Has the thread open a file to read, by a path that is written below its stack.
#[cfg(target_arch = "x86_64")]
pub(crate) fn open(thread: Pid, path: &str) -> Answer {
    // Far below what it uses, the red zone included.
    let place = stop(thread).rsp / 8 * 8 - 4096;
    let mut bytes = path.as_bytes().to_vec();
    bytes.resize(path.len() / 8 * 8 + 8, 0);
    for (at, word) in (place..).step_by(8).zip(bytes.chunks_exact(8)) {
        let word = i64::from_ne_bytes(word.try_into().expect("eight bytes"));
        ptrace::write(thread, std::ptr::without_provenance_mut(usize::try_from(at).expect("a place")), word)
            .expect("written");
    }
    ptrace::detach(thread, None).expect("let go");
    // AT_FDCWD, whose low 32 bits the kernel looks at; openat(2).
    call(thread, 257, [0xffff_ff9c, place, 0])
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn open(_: Pid, _: &str) -> Answer {
    unreachable!("possible() said no")
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn call(_: Pid, _: i64, _: [u64; 3]) -> Answer {
    unreachable!("possible() said no")
}
