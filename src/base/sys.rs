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

/// Tells tract that this 32-bit ARM processor has NEON, as the kernel said at the program's start: in a
/// sealed process it cannot ask /proc/cpuinfo, and would compute ten times as long.
pub fn announce_vector_unit() {
    // HWCAP_NEON (arch/arm/include/uapi/asm/hwcap.h), which the libc crate does not have for musl.
    #[cfg(target_arch = "arm")]
    if auxiliary(libc::AT_HWCAP) & (1 << 12) != 0 {
        // SAFETY: called in a hand, which has one thread, so nobody reads the environment meanwhile.
        unsafe { std::env::set_var("TRACT_CPU_ARM32_NEON", "true") };
    }
}

/// A file mapped for reading, private to this process (mmap(2)).
///
/// Whoever can write the file can change what is read here, or cut it, which ends this process by
/// SIGBUS: to be used in a process that may end.
#[derive(Debug)]
pub struct Mapping {
    start: std::ptr::NonNull<libc::c_void>,
    length: std::num::NonZeroUsize,
}

impl Mapping {
    /// Maps a whole file of at most `most` bytes.
    ///
    /// # Errors
    /// The error of asking its size or of `mmap`; [`io::ErrorKind::InvalidData`] where it is empty or longer.
    pub fn of(file: &std::fs::File, most: usize) -> io::Result<Self> {
        let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        let length = std::num::NonZeroUsize::new(size).filter(|length| length.get() <= most);
        let refused = || io::Error::new(io::ErrorKind::InvalidData, format!("it has {size} bytes, at most {most}"));
        let length = length.ok_or_else(refused)?;
        let (protection, flags) = (nix::sys::mman::ProtFlags::PROT_READ, nix::sys::mman::MapFlags::MAP_PRIVATE);
        // SAFETY: a new mapping at a place of the kernel's choice; nothing of this process is touched.
        let start = unsafe { nix::sys::mman::mmap(None, length, protection, flags, file, 0) }?;
        Ok(Self { start, length })
    }

    /// The file's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `start` is mapped for `length` bytes until this value is dropped, and never written here.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.length.get()) }
    }

    /// Gives the pages that were read back; they are read again where they are used (madvise(2), MADV_DONTNEED).
    pub fn forget_pages(&self) {
        // SAFETY: a private mapping that was never written reads the same bytes again.
        let _ = unsafe { libc::madvise(self.start.as_ptr(), self.length.get(), libc::MADV_DONTNEED) };
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: made by `of`, and no slice of it outlives this value.
        let _ = unsafe { libc::munmap(self.start.as_ptr(), self.length.get()) };
    }
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

/// Bytes on pages of their own that are never swapped (mlock(2)) and in no core file or forked child
/// (MADV_DONTDUMP, MADV_WIPEONFORK); overwritten when dropped. For keys and values.
#[derive(Debug)]
pub struct LockedBytes {
    start: std::ptr::NonNull<libc::c_void>,
    room: std::num::NonZeroUsize,
    length: usize,
}

impl LockedBytes {
    /// `length` zero bytes.
    ///
    /// # Errors
    /// Where there is no memory, or RLIMIT_MEMLOCK does not allow so many locked pages.
    pub fn new(length: usize) -> io::Result<Self> {
        use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mlock, mmap_anonymous};
        let room = std::num::NonZeroUsize::new(length.max(1)).ok_or(io::ErrorKind::InvalidInput)?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new private mapping at an address of the kernel's choice; it overlaps nothing.
        let start = unsafe { mmap_anonymous(None, room, access, MapFlags::MAP_PRIVATE) }?;
        // From here on drop unmaps, also where a step below fails.
        let bytes = Self { start, room, length };
        // SAFETY: the range is the mapping just made, which nobody else knows.
        unsafe {
            mlock(start, room.get())?;
            madvise(start, room.get(), MmapAdvise::MADV_DONTDUMP)?;
            // Linux 4.14; a kernel without it only lacks the wiping in children, which the keeper has none of.
            let _older_kernel = libc::madvise(start.as_ptr(), room.get(), libc::MADV_WIPEONFORK);
        }
        Ok(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        // SAFETY: `length` bytes of a readable mapping that lives as long as `self`, zero at first.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.length) }
    }

    /// The bytes, to write.
    #[must_use]
    pub const fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; `&mut self` makes this the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.length) }
    }

    /// Forgets the bytes after the first `length`, overwriting them.
    pub fn truncate(&mut self, length: usize) {
        let from = length.min(self.length);
        overwrite(&mut self.bytes_mut()[from..]);
        self.length = from;
    }
}

impl Drop for LockedBytes {
    fn drop(&mut self) {
        overwrite(self.bytes_mut());
        // SAFETY: exactly the mapping that `new` made; nothing refers to it after this. Unmapping unlocks.
        let _cannot_fail = unsafe { nix::sys::mman::munmap(self.start, self.room.get()) };
    }
}

// SAFETY: the value owns its mapping alone, like a `Box<[u8]>`; nothing in it belongs to a thread.
unsafe impl Send for LockedBytes {}

/// Writes zeros that the compiler may not leave out.
fn overwrite(bytes: &mut [u8]) {
    for byte in &mut *bytes {
        // SAFETY: a valid, exclusive reference.
        unsafe { std::ptr::write_volatile(byte, 0) };
    }
    std::sync::atomic::compiler_fence(Ordering::SeqCst);
}

/// Takes a variable out of the environment: its value is copied, then overwritten in the memory that
/// `/proc/PID/environ` shows, then the variable is unset (unsetenv alone leaves the bytes there).
///
/// # Errors
/// Where the process has a second thread, which might read the environment, or memory cannot be locked.
pub fn take_environment(name: &std::ffi::CStr) -> io::Result<Option<LockedBytes>> {
    if thread_count()? != 1 {
        return Err(io::Error::other("the environment can be changed only while there is one thread"));
    }
    // SAFETY: there is one thread (looked at above), so nobody changes the environment meanwhile.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return Ok(None);
    }
    // SAFETY: getenv gives a NUL-terminated string in writable memory that nothing else refers to now;
    // `strlen` bytes of it are overwritten, the NUL stays. One thread, as above.
    unsafe {
        let bytes = std::slice::from_raw_parts_mut(value.cast::<u8>(), libc::strlen(value));
        let copy = LockedBytes::new(bytes.len()).map(|mut copy| {
            copy.bytes_mut().copy_from_slice(bytes);
            copy
        });
        overwrite(bytes);
        libc::unsetenv(name.as_ptr());
        copy.map(Some)
    }
}

/// The key of type «user» with this description in the session's or the user's keyring (keyrings(7)).
///
/// # Errors
/// Where there is one but it may not be read, or it has more than `most` bytes.
pub fn keyring_key(description: &std::ffi::CStr, most: usize) -> io::Result<Option<LockedBytes>> {
    const KEYCTL_SEARCH: libc::c_long = 10;
    const KEYCTL_READ: libc::c_long = 11;
    let mut found = -1;
    let mut error = io::Error::from_raw_os_error(libc::ENOKEY);
    for keyring in [libc::KEY_SPEC_SESSION_KEYRING, libc::KEY_SPEC_USER_KEYRING] {
        let ring = libc::c_long::from(keyring);
        // SAFETY: KEYCTL_SEARCH reads two NUL-terminated strings and writes nothing of ours.
        found = unsafe {
            libc::syscall(libc::SYS_keyctl, KEYCTL_SEARCH, ring, c"user".as_ptr(), description.as_ptr(), 0_i64)
        };
        if found != -1 {
            break;
        }
        let now = io::Error::last_os_error();
        // Not there, or a kernel (ENOSYS) or container (EPERM) without keyrings: no key either way.
        if !matches!(now.raw_os_error(), Some(libc::ENOKEY | libc::ENOSYS | libc::EPERM)) {
            error = now;
        }
    }
    if found == -1 {
        return if error.raw_os_error() == Some(libc::ENOKEY) { Ok(None) } else { Err(error) };
    }
    let mut bytes = LockedBytes::new(most)?;
    let room = bytes.bytes_mut();
    // SAFETY: KEYCTL_READ writes at most `room.len()` bytes to `room`, and answers the key's full length.
    let length = unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_READ, found, room.as_mut_ptr(), room.len(), 0_i64) };
    let Ok(length) = usize::try_from(length) else { return Err(io::Error::last_os_error()) };
    if length > most {
        return Err(io::Error::other(format!("the key in the keyring has {length} bytes, where {most} are the most")));
    }
    bytes.truncate(length);
    Ok(Some(bytes))
}

/// All groups of the process at the other end of a Unix socket, as they were when it connected
/// (SO_PEERGROUPS, Linux 4.13); at most 256 of them.
///
/// # Errors
/// The error of `getsockopt`, as on an older kernel.
pub fn peer_groups(socket: BorrowedFd<'_>) -> io::Result<Vec<u32>> {
    let mut groups = [0_u32; 256];
    let mut bytes = libc::socklen_t::try_from(size_of_val(&groups)).map_err(io::Error::other)?;
    // SAFETY: the kernel writes at most `bytes` bytes into `groups`, and the number of them into `bytes`.
    check(unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERGROUPS,
            groups.as_mut_ptr().cast(),
            &raw mut bytes,
        )
    })?;
    let count = usize::try_from(bytes).map_err(io::Error::other)? / size_of::<u32>();
    Ok(groups.get(..count).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_loader_wrote_is_read_only_afterwards() {
        let bytes = super::protect_relocations().expect("protected");
        assert!(bytes > 0, "this program has no RELRO segment");
    }

    #[test]
    fn locked_bytes_are_locked_and_in_no_core() {
        let mut bytes = LockedBytes::new(40).unwrap();
        bytes.bytes_mut().fill(7);
        let address = bytes.bytes().as_ptr().addr();
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let line = maps
            .lines()
            .skip_while(|line| {
                let range = line.split(' ').next().and_then(|range| range.split_once('-'));
                let at = |text: &str| usize::from_str_radix(text, 16).ok();
                !range.is_some_and(|(low, high)| {
                    at(low).is_some_and(|low| low <= address) && at(high).is_some_and(|high| address < high)
                })
            })
            .find(|line| line.starts_with("VmFlags:"))
            .unwrap();
        for flag in [" lo", " dd", " wf"] {
            assert!(line.contains(flag), "{line}");
        }
        bytes.truncate(4);
        assert_eq!(bytes.bytes(), [7; 4]);
    }

    #[test]
    fn the_groups_of_a_peer_are_its_own() {
        use std::os::fd::AsFd;
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let wanted: Vec<u32> = nix::unistd::getgroups().unwrap().into_iter().map(nix::unistd::Gid::as_raw).collect();
        assert_eq!(peer_groups(one.as_fd()).unwrap(), wanted);
    }
}
