//! The prologue of a hand: from a fresh fork to a process that can do one job only.
//!
//! In this order, before the first byte is read: own descriptors only, no signals of the terminal,
//! limits, no new privileges, not dumpable, seccomp last (it forbids the calls of the steps before).

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;

use super::policy::Class;
use super::{SandboxFault, filter};
use crate::base::limits::{FILE_BYTES, HAND_MEMORY_BYTES};
use crate::base::sys;

/// Where the hand's socket lies; 0, 1 and 2 are `/dev/null`.
const FIRST: RawFd = 3;
/// Numbers from here on are used while the descriptors are moved into place.
const ASIDE: RawFd = 512;

/// What a sealed hand holds.
pub(super) struct Sealed {
    pub(super) socket: OwnedFd,
    pub(super) descriptors: Vec<OwnedFd>,
}

/// Seals this process as a hand of `class` that holds `socket` and `descriptors`, nothing else.
///
/// # Errors
/// The step that failed; the process must end then.
pub(super) fn hand(
    class: Class,
    cpu_seconds: u64,
    socket: OwnedFd,
    descriptors: Vec<OwnedFd>,
) -> Result<Sealed, SandboxFault> {
    sys::die_with_parent(Signal::SIGKILL);
    sys::set_process_name(process_name(class));
    let program = filter::compile(class)?;
    let sealed = keep_only(socket, descriptors)?;
    limit(class, cpu_seconds, sealed.descriptors.len())?;
    sys::forbid_new_privileges().map_err(SandboxFault::step("no new privileges"))?;
    sys::forbid_dumping().map_err(SandboxFault::step("not dumpable"))?;
    filter::enforce(&program)?;
    Ok(sealed)
}

const fn process_name(class: Class) -> &'static std::ffi::CStr {
    match class {
        Class::Pure => c"hearth-pure",
        Class::Files => c"hearth-files",
        Class::Lines => c"hearth-lines",
    }
}

/// Moves the socket to 3 and the descriptors behind it, and closes all others.
fn keep_only(socket: OwnedFd, descriptors: Vec<OwnedFd>) -> Result<Sealed, SandboxFault> {
    let wanted: Vec<OwnedFd> = std::iter::once(socket).chain(descriptors).collect();
    let mut aside = Vec::with_capacity(wanted.len());
    for fd in &wanted {
        let arg = nix::fcntl::FcntlArg::F_DUPFD_CLOEXEC(ASIDE);
        aside.push(nix::fcntl::fcntl(fd, arg).map_err(SandboxFault::errno("set a descriptor aside"))?);
    }
    std::mem::forget(wanted);
    let mut placed = Vec::with_capacity(aside.len());
    for (place, raw) in (FIRST..).zip(aside) {
        // SAFETY: `raw` is a duplicate of ours; `place` is overwritten on purpose, and the values that
        // owned the old numbers were forgotten above.
        let answer = unsafe { libc::dup3(raw, place, libc::O_CLOEXEC) };
        if answer == -1 {
            return Err(SandboxFault::step("place a descriptor")(std::io::Error::last_os_error()));
        }
        // SAFETY: `place` is open, made by the line above, and owned by nobody else.
        placed.push(unsafe { OwnedFd::from_raw_fd(place) });
    }
    let above = placed.last().map_or(FIRST, |fd| fd.as_raw_fd() + 1);
    close_from(above)?;
    let socket = placed.remove(0);
    Ok(Sealed { socket, descriptors: placed })
}

/// Closes every descriptor from `first` on: close_range(2), or `/proc/self/fd` before Linux 5.9.
fn close_from(first: RawFd) -> Result<(), SandboxFault> {
    // SAFETY: numbers only; what is closed here is owned by values that this child never uses again.
    if unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) } == 0 {
        return Ok(());
    }
    let listed = std::fs::read_dir("/proc/self/fd").map_err(SandboxFault::step("list descriptors"))?;
    let open: Vec<RawFd> = listed
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd >= first)
        .collect();
    for fd in open {
        // SAFETY: as above; EBADF for the descriptor of the listing itself is harmless.
        unsafe { libc::close(fd) };
    }
    Ok(())
}

/// Limits of setrlimit(2): no core, bounded memory, processor time and file size, no further descriptor.
fn limit(class: Class, cpu_seconds: u64, held: usize) -> Result<(), SandboxFault> {
    let file_size = if class == Class::Files { FILE_BYTES } else { 4096 };
    let descriptors = u64::try_from(held).unwrap_or(u64::MAX).saturating_add(4);
    let mut table = vec![
        (Resource::RLIMIT_CORE, 0, "limit core files"),
        (Resource::RLIMIT_AS, HAND_MEMORY_BYTES, "limit memory"),
        (Resource::RLIMIT_FSIZE, file_size, "limit file size"),
        (Resource::RLIMIT_NOFILE, descriptors, "limit descriptors"),
    ];
    if cpu_seconds > 0 {
        table.push((Resource::RLIMIT_CPU, cpu_seconds, "limit processor time"));
    }
    for (resource, most, step) in table {
        #[allow(clippy::useless_conversion, reason = "rlim_t is 32 bits wide on some targets")]
        let most = most.try_into().unwrap_or(libc::RLIM_INFINITY);
        // At the hard limit of processor time the kernel kills without a word; one second before, SIGXCPU says why.
        let hard = if resource == Resource::RLIMIT_CPU { most.saturating_add(1) } else { most };
        setrlimit(resource, most, hard).map_err(SandboxFault::errno(step))?;
    }
    Ok(())
}
