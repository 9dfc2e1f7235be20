//! One fresh child for every call number and role: what the table allows is let through, all else is not.
//!
//! Runs on whatever the tests are built for: `tests/heavy/walls-musl` runs it on the musl build too.

use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

use super::super::policy::{self, Arch, Class, Otherwise, Role};
use super::Filter;
use crate::base::sys;

/// Above the newest call of Linux 6.18.
const LAST: u32 = 500;
/// An exit status that says ENOSYS, beside those that say that something else came back.
const NO_SUCH_CALL: i32 = 38;
/// A child that was to be let through and still runs after so long waits in the kernel.
const WAITS: Duration = Duration::from_millis(200);
/// A child whose call is refused ends; a busy machine may take its time.
const ENDS: Duration = Duration::from_secs(20);

/// What became of the child that made the call with zeros for arguments, within so long.
fn commit(filter: &Filter, number: u32, within: Duration) -> WaitStatus {
    // A long of 32 bits takes it as well; those of x32 are below 2^31 too.
    let number = number.cast_signed().into();
    // SAFETY: between fork and exit the child makes system calls only; the filter was made before.
    match unsafe { fork() }.expect("a child") {
        ForkResult::Child => {
            // No act with zeros may hurt this machine, should a filter let it through: not as root.
            let _ = nix::unistd::setresuid(54_321.into(), 54_321.into(), 54_321.into());
            let _ = nix::unistd::setsid();
            let sealed = sys::forbid_new_privileges().is_ok() && filter.enforce().is_ok();
            if !sealed {
                sys::exit_now(99);
            }
            // SAFETY: zeros for arguments: null pointers are answered with EFAULT.
            let answer = unsafe { libc::syscall(number, 0, 0, 0, 0, 0, 0) };
            let missing = answer == -1 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ENOSYS);
            sys::exit_now(if missing { NO_SUCH_CALL } else { 0 })
        }
        ForkResult::Parent { child } => end_of(child, within),
    }
}

fn end_of(child: Pid, within: Duration) -> WaitStatus {
    let until = std::time::Instant::now() + within;
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)).expect("waited") {
            WaitStatus::StillAlive if std::time::Instant::now() < until => std::thread::yield_now(),
            WaitStatus::StillAlive => {
                let _ = nix::sys::signal::kill(child, Signal::SIGKILL);
                let _ = waitpid(child, None);
                return WaitStatus::StillAlive;
            }
            end => return end,
        }
    }
}

fn every_number(role: Role) {
    let Some(arch) = Arch::here() else { panic!("no table for this processor") };
    let filter = Filter::of(role).expect("a filter");
    let allowed = policy::allowed(role, arch, cfg!(target_env = "gnu"));
    let mut let_through = 0;
    // They return into a stack that the test's child does not have.
    let unmade = ["rt_sigreturn", "vfork"].map(|name| policy::number(name, arch));
    // The kernel lets its own trampolines of probes (uretprobe, uprobe) by seccomp; nobody else gets anything there.
    let trampoline = |number: &u32| arch == Arch::X86_64 && matches!(number, 335 | 336);
    for number in (0..=LAST).filter(|number| !unmade.contains(&Some(*number)) && !trampoline(number)) {
        let allowed = policy::decide(&allowed, number, [0; 6]);
        let end = commit(&filter, number, if allowed { WAITS } else { ENDS });
        let name = role.word();
        assert!(!matches!(end, WaitStatus::Exited(_, 99)), "{name} was not sealed");
        let ended = matches!(end, WaitStatus::Signaled(_, Signal::SIGSYS, _));
        if allowed {
            assert!(!ended, "call {number} of {name} is in its table");
            let_through += 1;
        } else {
            match role.otherwise() {
                Otherwise::End => assert!(ended, "call {number} of {name} is not in its table: {end:?}"),
                Otherwise::NoSuchCall => {
                    let missing = matches!(end, WaitStatus::Exited(_, NO_SUCH_CALL));
                    assert!(missing, "call {number} of {name} is not in its table: {end:?}");
                }
            }
        }
    }
    if arch == Arch::X86_64 {
        // The same calls by the numbers of x32, which this processor's mark covers too (__X32_SYSCALL_BIT).
        for number in allowed.keys().map(|number| number | 0x4000_0000).chain([0x4000_0000 + 520]) {
            let end = commit(&filter, number, ENDS);
            let refused = match role.otherwise() {
                Otherwise::End => matches!(end, WaitStatus::Signaled(_, Signal::SIGSYS, _)),
                Otherwise::NoSuchCall => matches!(end, WaitStatus::Exited(_, NO_SUCH_CALL)),
            };
            assert!(refused, "call {number:#x} of {}: {end:?}", role.word());
        }
    }
    assert!(let_through > 15, "{let_through} of {}", role.word());
}

#[test]
fn every_call_number_of_pure() {
    every_number(Role::Hand(Class::Pure));
}

#[test]
fn every_call_number_of_files() {
    every_number(Role::Hand(Class::Files));
}

#[test]
fn every_call_number_of_lines() {
    every_number(Role::Hand(Class::Lines));
}

#[test]
fn every_call_number_of_net() {
    every_number(Role::Hand(Class::Net));
}

#[test]
fn every_call_number_of_link() {
    every_number(Role::Hand(Class::Link));
}

#[test]
fn every_call_number_of_shell() {
    every_number(Role::Hand(Class::Shell));
}

#[test]
fn every_call_number_of_embed() {
    every_number(Role::Hand(Class::Embed));
}

#[test]
fn every_call_number_of_the_brain() {
    every_number(Role::Brain);
}

#[test]
fn every_call_number_of_the_spawner() {
    every_number(Role::Spawner);
}

#[test]
fn every_call_number_of_the_keeper() {
    every_number(Role::Keeper);
}
