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

/// Has the thread make the call with these arguments.
#[cfg(target_arch = "x86_64")]
pub(crate) fn call(thread: Pid, number: i64, arguments: [u64; 3]) -> Answer {
    ptrace::attach(thread).expect("attached");
    waitpid(thread, Some(WaitPidFlag::__WALL)).expect("stopped");
    let before = ptrace::getregs(thread).expect("registers");
    let mut registers = before;
    registers.rip -= 2;
    registers.rax = number.cast_unsigned();
    registers.orig_rax = u64::MAX;
    [registers.rdi, registers.rsi, registers.rdx] = arguments;
    ptrace::setregs(thread, registers).expect("registers set");
    ptrace::step(thread, None).expect("stepped");
    match waitpid(thread, Some(WaitPidFlag::__WALL)).expect("an end") {
        WaitStatus::Signaled(_, signal, _) => Answer::Ended(signal),
        WaitStatus::Exited(_, status) => panic!("it exited with {status}"),
        _ => {
            let answer = ptrace::getregs(thread).expect("registers").rax.cast_signed();
            ptrace::setregs(thread, before).expect("registers put back");
            ptrace::detach(thread, None).expect("let go");
            Answer::Returned(answer)
        }
    }
}

/// Has the thread open a file to read, by a path that is written below its stack.
#[cfg(target_arch = "x86_64")]
pub(crate) fn open(thread: Pid, path: &str) -> Answer {
    ptrace::attach(thread).expect("attached");
    waitpid(thread, Some(WaitPidFlag::__WALL)).expect("stopped");
    // Far below what it uses, the red zone included.
    let place = ptrace::getregs(thread).expect("registers").rsp / 8 * 8 - 4096;
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
