//! The prologue of a hand: from a fresh fork to a process that can do one job only.
//!
//! In this order, before the first byte is read: its control group; own descriptors only; connections to the
//! keeper where the hand has tickets to redeem (the last moment at which its path is there); ids and their
//! maps, namespaces, mounts; no new privileges, Landlock; limits; own descriptors only once more, no capability,
//! not dumpable; seccomp last, because it forbids the calls of the steps before. Which walls stand is said from outside; raising one that was
//! asked for and is not there is an error, and the hand ends.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;

use super::filter::Filter;
use super::lock::{self, Reach};
use super::policy::Class;
use super::wall::{Wall, Walls};
use super::{SandboxFault, capability, shell_root, space};
use crate::base::{limits, sys};
use crate::wire::spawn::AtKeeper;

/// Where the hand's socket lies; 0, 1 and 2 are `/dev/null`.
const FIRST: RawFd = 3;
/// Above every place that descriptors are moved to, and far below any usual bound of open files: fcntl(2)
/// refuses a number beyond `RLIMIT_NOFILE`, of which the unit gives 512.
const ASIDE: libc::c_int = 256;

/// How a hand is sealed.
pub(super) struct Order<'a> {
    pub(super) class: Class,
    /// The walls that stand around it.
    pub(super) walls: Walls,
    /// Uid and gid: its own with [`Wall::Uid`], else those that it has.
    pub(super) ids: (u32, u32),
    /// Processor time, in seconds; 0 for a long-lived hand.
    pub(super) cpu_seconds: u64,
    /// The class's filter.
    pub(super) filter: &'a Filter,
    /// Whether its namespaces were made with it, or are entered here.
    pub(super) born_inside: bool,
    /// Whether a class that needs a certain wall is refused without it.
    pub(super) strict: bool,
    /// Connections to make to the keeper; nothing is said on them before the seal.
    pub(super) keeper: Option<&'a AtKeeper>,
    /// Whether it is in its control group already.
    pub(super) counted: bool,
}

/// What a sealed hand holds.
pub(super) struct Sealed {
    pub(super) socket: OwnedFd,
    pub(super) descriptors: Vec<OwnedFd>,
    pub(super) keeper: Vec<UnixStream>,
}

/// Seals this process as a hand that holds `socket` and `descriptors`, nothing else.
///
/// # Errors
/// The step that failed, and the hand's socket to say so, where it has one; the process must end then.
pub(super) fn hand(
    order: &Order<'_>,
    socket: OwnedFd,
    descriptors: Vec<OwnedFd>,
) -> Result<Sealed, (SandboxFault, Option<OwnedFd>)> {
    sys::set_process_name(process_name(order.class));
    let mut sealed = keep_only(socket, descriptors).map_err(|fault| (fault, None))?;
    let raised = order.keeper.map_or(Ok(Vec::new()), at_keeper).and_then(|keeper| {
        sealed.keeper = keeper;
        let held = 1 + sealed.descriptors.len() + sealed.keeper.len();
        raise(order, &sealed.descriptors, Some(FIRST.saturating_add(i32::try_from(held).unwrap_or(RawFd::MAX))))
    });
    match raised {
        Ok(()) => Ok(sealed),
        Err(fault) => Err((fault, Some(sealed.socket))),
    }
}

/// Connects to the keeper. It sees the agent's uid and this process, and numbers each connection.
fn at_keeper(keeper: &AtKeeper) -> Result<Vec<UnixStream>, SandboxFault> {
    let absent = |error| SandboxFault::NoKeeper { socket: keeper.socket.clone(), error };
    let connect = |_| {
        let stream = UnixStream::connect(&keeper.socket)?;
        // Set here: a sealed hand sets nothing.
        stream.set_read_timeout(Some(limits::KEEPER_MESSAGE))?;
        stream.set_write_timeout(Some(limits::KEEPER_MESSAGE))?;
        Ok(stream)
    };
    (0..keeper.connections.min(limits::HAND_TICKETS)).map(connect).collect::<Result<_, _>>().map_err(absent)
}

/// Raises the walls of `order` around this process, and closes what doing so has left open: everything from
/// `above` on.
///
/// # Errors
/// The step that failed; the process must end then.
pub(super) fn raise(order: &Order<'_>, descriptors: &[OwnedFd], above: Option<RawFd>) -> Result<(), SandboxFault> {
    let walls = order.walls;
    if walls.has(Wall::Cgroup) && !order.counted {
        let error = std::io::Error::other("it was not taken in");
        return Err(SandboxFault::step("enter a control group")(error));
    }
    if walls.has(Wall::Uid) {
        take_ids(order.ids)?;
    }
    // After the ids: changing them forgets it.
    sys::die_with_parent(Signal::SIGKILL);
    if order.class == Class::Shell {
        // What a command detaches comes to this hand, which ends it.
        nix::sys::prctl::set_child_subreaper(true).map_err(SandboxFault::errno("take orphans over"))?;
    }
    let reach = rooms(order, descriptors)?;
    sys::forbid_new_privileges().map_err(SandboxFault::step("no new privileges"))?;
    lock::raise(walls, &reach)?;
    if walls.has(Wall::Rlimits) {
        limit(order.class, order.cpu_seconds, descriptors.len())?;
    }
    if let Some(above) = above {
        close_again(above);
    }
    capability::give_up().map_err(SandboxFault::step("give up capabilities"))?;
    sys::forbid_dumping().map_err(SandboxFault::step("not dumpable"))?;
    if walls.has(Wall::Seccomp) {
        order.filter.enforce()?;
    }
    Ok(())
}

/// Namespaces and their root; what the file wall must leave open in it.
fn rooms(order: &Order<'_>, descriptors: &[OwnedFd]) -> Result<Reach, SandboxFault> {
    let walls = order.walls;
    if !walls.common(Walls::NAMESPACES).is_empty() {
        if !order.born_inside {
            space::enter(walls)?;
        }
        space::map_ids(order.ids)?;
    }
    if order.class == Class::Shell {
        return shell_root::make(walls, order.ids, descriptors, order.strict, order.keeper.is_some());
    }
    if walls.has(Wall::MountNs) {
        space::empty_root()?;
    }
    Ok(Reach::default())
}

/// Becomes a uid of its own, for good.
fn take_ids((uid, gid): (u32, u32)) -> Result<(), SandboxFault> {
    // SAFETY: numbers only.
    unsafe {
        space::check(libc::setgroups(0, std::ptr::null())).map_err(SandboxFault::step("leave all groups"))?;
        space::check(libc::setresgid(gid, gid, gid)).map_err(SandboxFault::step("take a gid of its own"))?;
        space::check(libc::setresuid(uid, uid, uid)).map_err(SandboxFault::step("take a uid of its own"))
    }
}

const fn process_name(class: Class) -> &'static std::ffi::CStr {
    match class {
        Class::Pure => c"hearth-pure",
        Class::Files => c"hearth-files",
        Class::Lines => c"hearth-lines",
        Class::Shell => c"hearth-shell",
        Class::Net => c"hearth-net",
        Class::Link => c"hearth-link",
        Class::Embed => c"hearth-embed",
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
    Ok(Sealed { socket, descriptors: placed, keeper: Vec::new() })
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

/// The same once the root is turned: before Linux 5.9 by number, since no `/proc` shows them; what was opened
/// since [`close_from`] has the lowest ones.
fn close_again(first: RawFd) {
    // SAFETY: as above.
    if unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) } != 0 {
        for fd in first..ASIDE {
            // SAFETY: as above; most of them are not open, which is harmless.
            unsafe { libc::close(fd) };
        }
    }
}

/// Limits of setrlimit(2): no core, bounded memory, processor time, file size, descriptors and processes.
///
/// Processes are counted by uid: outside a user namespace this is no cap of the tree, and a shell
/// counts its tree itself.
fn limit(class: Class, cpu_seconds: u64, held: usize) -> Result<(), SandboxFault> {
    let shell = class == Class::Shell;
    let file_size = match class {
        Class::Files => limits::FILE_BYTES,
        Class::Shell => limits::SHELL_FILE_BYTES,
        Class::Pure | Class::Lines | Class::Net | Class::Link | Class::Embed => 4096,
    };
    let held = u64::try_from(held).unwrap_or(u64::MAX).saturating_add(4 + u64::from(limits::HAND_TICKETS));
    let memory = if shell { limits::SHELL_PROCESS_BYTES } else { limits::HAND_MEMORY_BYTES };
    let mut table = vec![
        (Resource::RLIMIT_CORE, 0, "limit core files"),
        (Resource::RLIMIT_AS, memory, "limit memory"),
        (Resource::RLIMIT_FSIZE, file_size, "limit file size"),
        (Resource::RLIMIT_NOFILE, if shell { limits::SHELL_DESCRIPTORS } else { held }, "limit descriptors"),
        (Resource::RLIMIT_NPROC, if shell { limits::SHELL_PROCESSES_HARD } else { 0 }, "limit processes"),
    ];
    if cpu_seconds > 0 {
        table.push((Resource::RLIMIT_CPU, cpu_seconds, "limit processor time"));
    }
    for (resource, most, step) in table {
        let most = rlimit(most);
        // A limit that is lower already stays.
        let (_, hard) = nix::sys::resource::getrlimit(resource).map_err(SandboxFault::errno(step))?;
        let most = most.min(hard);
        // At the hard limit of processor time the kernel kills without a word; one second before, SIGXCPU says why.
        let hard = if resource == Resource::RLIMIT_CPU { most.saturating_add(1) } else { most };
        setrlimit(resource, most, hard).map_err(SandboxFault::errno(step))?;
    }
    Ok(())
}

#[allow(clippy::useless_conversion, reason = "rlim_t is 32 bits wide on some targets")]
fn rlimit(most: u64) -> libc::rlim_t {
    most.try_into().unwrap_or(libc::RLIM_INFINITY)
}
