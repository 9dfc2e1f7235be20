//! Namespaces of a hand: made with it, mapped by it, and given a root of their own.
//!
//! namespaces(7), user_namespaces(7), pivot_root(2). Every step is done by the hand itself before its
//! Landlock wall stands, because a process in a Landlock domain cannot mount.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Write};

use super::SandboxFault;
use super::wall::{Wall, Walls};

/// Where the new root is put together: a folder that is on every system and that no hand needs.
pub(super) const BASE: &CStr = c"/sys";

/// The flags of clone(2) for these walls; a namespace of any kind needs a user namespace to be made without privilege.
pub(super) fn flags(walls: Walls) -> libc::c_int {
    if walls.common(Walls::NAMESPACES).is_empty() {
        return 0;
    }
    let table = [
        (Wall::MountNs, libc::CLONE_NEWNS),
        (Wall::NetNs, libc::CLONE_NEWNET),
        (Wall::PidNs, libc::CLONE_NEWPID),
        (Wall::IpcNs, libc::CLONE_NEWIPC),
    ];
    table.into_iter().filter(|(wall, _)| walls.has(*wall)).fold(libc::CLONE_NEWUSER, |flags, (_, flag)| flags | flag)
}

/// Enters namespaces that were not made with the process; a process namespace is none of them.
///
/// # Errors
/// The answer of unshare(2).
pub(super) fn enter(walls: Walls) -> Result<(), SandboxFault> {
    let flags = flags(walls) & !libc::CLONE_NEWPID;
    // SAFETY: takes flags, touches no memory of this process.
    check(unsafe { libc::unshare(flags) }).map_err(SandboxFault::step("enter namespaces"))
}

/// Keeps the ids inside what they are outside; nothing else is mapped.
///
/// # Errors
/// Where the kernel refuses the maps.
pub(super) fn map_ids((uid, gid): (u32, u32)) -> Result<(), SandboxFault> {
    // A process that is not dumpable, as the spawner is, cannot write its maps; the hand's own seal comes later.
    // SAFETY: a number, no memory.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) }).map_err(SandboxFault::step("write maps"))?;
    let write = |path: &str, text: String| File::options().write(true).open(path)?.write_all(text.as_bytes());
    // Before Linux 3.19 there is no such file, and no need for it.
    match write("/proc/self/setgroups", "deny".into()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(SandboxFault::step("give up group changes")(error));
        }
        _ => {}
    }
    write("/proc/self/uid_map", format!("{uid} {uid} 1\n")).map_err(SandboxFault::step("map the uid"))?;
    write("/proc/self/gid_map", format!("{gid} {gid} 1\n")).map_err(SandboxFault::step("map the gid"))
}

/// An empty, read-only root.
///
/// # Errors
/// The mount that was refused.
pub(super) fn empty_root() -> Result<(), SandboxFault> {
    keep_to_ourselves()?;
    let flags = libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    mount(Some(c"none"), BASE, Some(c"tmpfs"), flags, Some(c"size=4k,mode=555"))
        .map_err(SandboxFault::step("mount an empty root"))?;
    turn()
}

/// What is mounted from here on is not seen outside.
///
/// # Errors
/// The answer of mount(2).
pub(super) fn keep_to_ourselves() -> Result<(), SandboxFault> {
    mount(None, c"/", None, libc::MS_REC | libc::MS_PRIVATE, None)
        .map_err(SandboxFault::step("keep mounts to ourselves"))
}

/// Makes what is mounted on [`BASE`] the root, and lets go of the old one.
///
/// # Errors
/// The step that was refused.
pub(super) fn turn() -> Result<(), SandboxFault> {
    // SAFETY: NUL-terminated paths of this program; the calls change mounts of this namespace only.
    unsafe {
        check(libc::chdir(BASE.as_ptr())).map_err(SandboxFault::step("go to the new root"))?;
        let dot = c".".as_ptr();
        // pivot_root(2), NOTES: new and old may be the same place; the old root then lies on top.
        let turned = libc::syscall(libc::SYS_pivot_root, dot, dot);
        check(-libc::c_int::from(turned != 0)).map_err(SandboxFault::step("turn to the new root"))?;
        check(libc::umount2(dot, libc::MNT_DETACH)).map_err(SandboxFault::step("let go of the old root"))?;
        check(libc::chdir(c"/".as_ptr())).map_err(SandboxFault::step("go to the new root"))
    }
}

/// mount(2).
///
/// # Errors
/// Its answer.
pub(super) fn mount(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: libc::c_ulong,
    data: Option<&CStr>,
) -> io::Result<()> {
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: every pointer is null or a NUL-terminated string that outlives the call.
    check(unsafe { libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags, pointer(data).cast()) })
}

pub(super) fn check(answer: libc::c_int) -> io::Result<()> {
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
