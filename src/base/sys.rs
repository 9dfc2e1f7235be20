//! System calls that need `unsafe`, each behind a safe function with its invariant.
//!
//! One of the three rooms where `unsafe` is allowed (with `sandbox/` and `hal/linux/`).

#![allow(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

use super::limits::PACKET_DESCRIPTORS;

/// What one `recvmsg` brought: the bytes written into the buffer and the descriptors beside them.
#[derive(Debug)]
pub struct Received {
    /// Bytes in the buffer; 0 means that the other side closed.
    pub length: usize,
    /// Descriptors of SCM_RIGHTS, close-on-exec.
    pub descriptors: Vec<OwnedFd>,
    /// The packet or its descriptors were larger than the room for them.
    pub truncated: bool,
}

/// Receives one packet and the descriptors beside it (recvmsg(2), cmsg(3), unix(7)).
///
/// # Errors
/// The error of `recvmsg`; `WouldBlock` on a non-blocking socket without a packet.
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Received> {
    let mut room = nix::cmsg_space!([std::os::fd::RawFd; PACKET_DESCRIPTORS]);
    let mut slices = [IoSliceMut::new(buffer)];
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut slices, Some(&mut room), MsgFlags::MSG_CMSG_CLOEXEC)?;
    let truncated = message.flags.intersects(MsgFlags::MSG_TRUNC | MsgFlags::MSG_CTRUNC);
    let length = message.bytes;
    let mut descriptors = Vec::new();
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(raw) = control {
            // SAFETY: the kernel has just installed these numbers for this call; nobody else knows them.
            descriptors.extend(raw.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    Ok(Received { length, descriptors, truncated })
}

/// Sends one packet with descriptors beside it.
///
/// # Errors
/// The error of `sendmsg`; `EPIPE` (no signal) where the other side closed.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let raw: Vec<_> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let controls: &[ControlMessage<'_>] = if raw.is_empty() { &[] } else { &rights };
    sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(bytes)], controls, MsgFlags::MSG_NOSIGNAL, None)?;
    Ok(())
}

/// How many threads this process has (`/proc/self/task`).
///
/// # Errors
/// Where `/proc` is not readable.
pub fn thread_count() -> io::Result<usize> {
    Ok(std::fs::read_dir("/proc/self/task")?.count())
}

/// Sets the name that `ps` and `/proc/PID/comm` show, at most 15 bytes (prctl(2), PR_SET_NAME).
pub fn set_process_name(name: &std::ffi::CStr) {
    // SAFETY: PR_SET_NAME reads a NUL-terminated string, which a `CStr` is, and copies it.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr(), 0, 0, 0) };
}

/// Asks the kernel to send `signal` to this process when the thread that forked it ends (PR_SET_PDEATHSIG).
pub fn die_with_parent(signal: nix::sys::signal::Signal) {
    // SAFETY: takes a signal number, touches no memory.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal as libc::c_ulong, 0, 0, 0) };
}

/// Forbids ptrace by equals, core files and `/proc/PID/mem` of this process (PR_SET_DUMPABLE 0).
///
/// # Errors
/// The error of `prctl`.
pub fn forbid_dumping() -> io::Result<()> {
    // SAFETY: takes a number, touches no memory.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) })
}

/// Gives up the gain of privileges by `execve` for good (PR_SET_NO_NEW_PRIVS).
///
/// # Errors
/// The error of `prctl`.
pub fn forbid_new_privileges() -> io::Result<()> {
    // SAFETY: takes a number, touches no memory.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })
}

/// Whether a seccomp filter is in force on this thread (PR_GET_SECCOMP, SECCOMP_MODE_FILTER).
#[must_use]
pub fn is_filtered() -> bool {
    // SAFETY: takes a number, touches no memory.
    unsafe { libc::prctl(libc::PR_GET_SECCOMP, 0, 0, 0, 0) == 2 }
}

/// Whether this kernel knows seccomp at all (prctl(2), PR_GET_SECCOMP: EINVAL where it does not).
#[must_use]
pub fn has_seccomp() -> bool {
    // SAFETY: PR_GET_SECCOMP takes no pointer.
    unsafe { libc::prctl(libc::PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 }
}

/// Ends a process image at once, without destructors or buffers (`_exit(2)`): for forked children.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: `_exit` never returns and runs no code of this process.
    unsafe { libc::_exit(status) }
}

/// Makes the part of this program that only its loader writes read-only (PT_GNU_RELRO, elf(5)).
///
/// glibc's loader has done it already; musl's leaves static programs writable there. Called first of
/// all, while there is one thread; answers how many bytes are read-only now.
///
/// # Errors
/// The error of `mprotect`.
pub fn protect_relocations() -> io::Result<usize> {
    let count = usize::try_from(auxiliary(libc::AT_PHNUM)).map_err(io::Error::other)?;
    let page = usize::try_from(auxiliary(libc::AT_PAGESZ)).map_err(io::Error::other)?;
    let table = usize::try_from(auxiliary(libc::AT_PHDR)).map_err(io::Error::other)?;
    if table == 0 || page == 0 {
        return Ok(0);
    }
    // SAFETY: the kernel put the address and length of this program's own headers into the auxiliary vector
    // (getauxval(3)); they are mapped, read-only, for as long as the program runs.
    let headers = unsafe { std::slice::from_raw_parts(table as *const Header, count) };
    let Some(own) = headers.iter().find(|header| header.p_type == libc::PT_PHDR) else { return Ok(0) };
    let address = |address| usize::try_from(address).map_err(io::Error::other);
    let moved = table.wrapping_sub(address(own.p_vaddr)?);
    let Some(relro) = headers.iter().find(|header| header.p_type == libc::PT_GNU_RELRO) else { return Ok(0) };
    let from = moved.wrapping_add(address(relro.p_vaddr)?) / page * page;
    let to = moved.wrapping_add(address(relro.p_vaddr.wrapping_add(relro.p_memsz))?) / page * page;
    if to <= from {
        return Ok(0);
    }
    // SAFETY: the range is the program's own RELRO segment: nothing but its loader, which is done, writes it.
    check(unsafe { libc::mprotect(from as *mut libc::c_void, to - from, libc::PROT_READ) })?;
    Ok(to - from)
}

#[cfg(target_pointer_width = "64")]
type Header = libc::Elf64_Phdr;
#[cfg(target_pointer_width = "32")]
type Header = libc::Elf32_Phdr;

fn auxiliary(kind: libc::c_ulong) -> libc::c_ulong {
    // SAFETY: takes a number, answers a number.
    unsafe { libc::getauxval(kind) }
}

fn check(answer: libc::c_int) -> io::Result<()> {
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The first descriptor that a service manager passes (sd_listen_fds(3), SD_LISTEN_FDS_START).
const FIRST_PASSED: libc::c_int = 3;

/// Takes the one socket that the service manager passed, if it did, and closes every other inherited
/// descriptor above standard error. The first act of a `main`, before anything is opened.
///
/// # Errors
/// Where more than one descriptor was passed, its number is not a number, or it was called before.
pub fn take_inherited() -> io::Result<Option<OwnedFd>> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::SeqCst) {
        return Err(io::Error::other("inherited descriptors were taken already"));
    }
    let passed = passed_descriptors()?;
    if passed > 1 {
        return Err(io::Error::other(format!(
            "the service manager passed {passed} descriptors where one socket is expected"
        )));
    }
    close_from(FIRST_PASSED + passed)?;
    if passed == 0 {
        return Ok(None);
    }
    // SAFETY: the number is open (checked by fcntl), was inherited, and nobody in this process knows
    // it: this runs once, first of all.
    let descriptor = unsafe {
        if libc::fcntl(FIRST_PASSED, libc::F_SETFD, libc::FD_CLOEXEC) == -1 {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(FIRST_PASSED)
    };
    Ok(Some(descriptor))
}

/// LISTEN_FDS, where LISTEN_PID says that it is meant for this process.
fn passed_descriptors() -> io::Result<libc::c_int> {
    let number = |name: &str| match std::env::var(name) {
        Ok(text) => text
            .parse::<libc::c_int>()
            .map(Some)
            .map_err(|_| io::Error::other(format!("{name}={text} is not a number"))),
        Err(_) => Ok(None),
    };
    let own = libc::pid_t::try_from(std::process::id()).map_err(io::Error::other)?;
    match (number("LISTEN_PID")?, number("LISTEN_FDS")?) {
        (Some(pid), Some(count)) if pid == own => Ok(count.max(0)),
        _ => Ok(0),
    }
}

/// Closes every descriptor from `first` on (close_range(2), Linux 5.9; one by one before that).
fn close_from(first: libc::c_int) -> io::Result<()> {
    let low = libc::c_uint::try_from(first).map_err(io::Error::other)?;
    // SAFETY: runs before this process opened anything, so no owner of these numbers exists.
    let done = unsafe { libc::syscall(libc::SYS_close_range, low, libc::c_uint::MAX, 0) };
    if done == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    if error.raw_os_error() != Some(libc::ENOSYS) {
        return Err(error);
    }
    for descriptor in first..1024 {
        // SAFETY: as above; closing a number that is not open does nothing.
        unsafe { libc::close(descriptor) };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_the_loader_wrote_is_read_only_afterwards() {
        let bytes = super::protect_relocations().expect("protected");
        assert!(bytes > 0, "this program has no RELRO segment");
    }
}
