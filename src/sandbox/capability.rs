//! Capabilities: given up for good, and looked at.
//!
//! capabilities(7), capset(2) in its third version. Whoever is sealed holds none, root or not.

use std::io;

/// What capget(2) and capset(2) take first: the version, and the process (0: this one).
#[repr(C)]
struct Header(u32, libc::c_int);

const VERSION_3: u32 = 0x2008_0522;

/// Empties the bounding set where this process has the right to; without, the set holds nothing that a
/// program could gain, because there are no new privileges. The right goes with root's ids.
pub(crate) fn empty_bounds() {
    // SAFETY: numbers only; the first capability that the kernel does not know ends the loop.
    while_known(|capability| unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) } == 0);
}

/// Gives up every capability, those of the own user namespace and of the bounding set too.
///
/// # Errors
/// The answer of capset(2).
pub(crate) fn give_up() -> io::Result<()> {
    empty_bounds();
    let mut header = Header(VERSION_3, 0);
    let data = [0_u32; 6];
    // SAFETY: `header` and `data` have the layout of version 3 (two sets of three words), zeroed.
    let answer = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, data.as_ptr()) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether this thread holds no capability: none in effect, none permitted, none to inherit.
///
/// # Errors
/// The answer of capget(2).
pub(crate) fn none() -> io::Result<bool> {
    let mut header = Header(VERSION_3, 0);
    let mut data = [u32::MAX; 6];
    // SAFETY: `header` and `data` have the layout of version 3; the kernel writes the six words.
    let answer = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, data.as_mut_ptr()) };
    if answer == 0 { Ok(data == [0; 6]) } else { Err(io::Error::last_os_error()) }
}

fn while_known(drop: impl Fn(libc::c_ulong) -> bool) {
    let _first_unknown = (0..64).find(|capability| !drop(*capability));
}
