//! Forbidden acts: what a captured hand would do first. Each is tried for real, against canaries.
//!
//! The table says which walls claim to refuse which act; `probe` tries each claim alone, and the same
//! act with no wall at all, where it must succeed.

use std::ffi::{CStr, CString};
use std::os::fd::RawFd;

use super::policy::{self, Arch, Class, Role};
use super::wall::{Wall, Walls};
use crate::base::{limits, sys};

/// One act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// Reads a file of the agent.
    ReadFile,
    /// Makes a file in a folder of the agent.
    WriteFile,
    /// Connects to a TCP port.
    ConnectTcp,
    /// Sends a UDP packet, as a name lookup would.
    SendUdp,
    /// Connects to an abstract Unix socket.
    ConnectAbstract,
    /// Connects to a Unix socket by its path.
    ConnectPath,
    /// Sends a signal to a process outside.
    Signal,
    /// Traces a process outside.
    Trace,
    /// Makes a process.
    Fork,
    /// Runs a program.
    Exec,
    /// Mounts a file system, in namespaces of its own.
    Mount,
    /// Opens shared memory of the agent.
    SharedMemory,
    /// Joins a new keyring.
    Keys,
    /// Sets io_uring up, which calls without system calls.
    IoUring,
    /// Takes page faults over.
    FaultHandler,
    /// Loads a program into the kernel.
    Bpf,
    /// Maps memory that can be written and executed.
    MapExecutable,
    /// Takes more memory than it has.
    Memory,
    /// Takes more descriptors than it has.
    Descriptors,
    /// Writes a larger file than it may.
    BigFile,
    /// Fills more memory than its group has, however it got it.
    TreeMemory,
    /// Has more processes at a time than its group may, whoever made them.
    TreeProcesses,
}

impl Act {
    /// All acts.
    pub const ALL: [Self; 22] = [
        Self::ReadFile,
        Self::WriteFile,
        Self::ConnectTcp,
        Self::SendUdp,
        Self::ConnectAbstract,
        Self::ConnectPath,
        Self::Signal,
        Self::Trace,
        Self::Fork,
        Self::Exec,
        Self::Mount,
        Self::SharedMemory,
        Self::Keys,
        Self::IoUring,
        Self::FaultHandler,
        Self::Bpf,
        Self::MapExecutable,
        Self::Memory,
        Self::Descriptors,
        Self::BigFile,
        Self::TreeMemory,
        Self::TreeProcesses,
    ];

    /// The word used in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.row().0
    }

    /// Its word, and the call without which it cannot be done, with arguments that a condition looks at.
    const fn row(self) -> (&'static str, &'static str, [u64; 6]) {
        const NONE: [u64; 6] = [0; 6];
        // 32-bit ARM has no mmap(2) of the new kind; its library calls mmap2.
        const MAP: &str = if cfg!(target_arch = "arm") { "mmap2" } else { "mmap" };
        match self {
            Self::ReadFile => ("read_file", "openat", NONE),
            Self::WriteFile => ("write_file", "openat", NONE),
            Self::ConnectTcp => ("connect_tcp", "socket", [2, 1, 0, 0, 0, 0]),
            Self::SendUdp => ("send_udp", "socket", [2, 2, 0, 0, 0, 0]),
            Self::ConnectAbstract => ("connect_abstract", "socket", [1, 1, 0, 0, 0, 0]),
            Self::ConnectPath => ("connect_path", "socket", [1, 1, 0, 0, 0, 0]),
            Self::Signal => ("signal", "kill", NONE),
            Self::Trace => ("trace", "ptrace", NONE),
            Self::Fork => ("fork", "clone", [17, 0, 0, 0, 0, 0]),
            Self::Exec => ("exec", "execve", NONE),
            Self::Mount => ("mount", "unshare", [0x1002_0000, 0, 0, 0, 0, 0]),
            Self::SharedMemory => ("shared_memory", "shmget", NONE),
            Self::Keys => ("keys", "keyctl", NONE),
            Self::IoUring => ("io_uring", "io_uring_setup", NONE),
            Self::FaultHandler => ("fault_handler", "userfaultfd", NONE),
            Self::Bpf => ("bpf", "bpf", NONE),
            Self::MapExecutable => ("map_executable", MAP, [0, 4096, 7, 0, 0, 0]),
            // Held by limits; the calls are everyday ones.
            Self::Memory => ("memory", MAP, [0, 4096, 3, 0, 0, 0]),
            Self::Descriptors => ("descriptors", "dup", NONE),
            Self::BigFile => ("big_file", "pwrite64", NONE),
            Self::TreeMemory => ("tree_memory", MAP, [0, 4096, 3, 0, 0, 0]),
            Self::TreeProcesses => ("tree_processes", "clone", [17, 0, 0, 0, 0, 0]),
        }
    }

    /// The walls that claim to refuse it to a hand of this class, each by itself.
    #[must_use]
    pub fn refused_by(self, class: Class) -> Walls {
        let shell = class == Class::Shell;
        let walls: &[Wall] = match self {
            Self::ReadFile | Self::WriteFile => &[Wall::Uid, Wall::MountNs, Wall::LandlockFiles],
            Self::ConnectTcp => &[Wall::NetNs, Wall::LandlockTcp],
            Self::SendUdp => &[Wall::NetNs],
            Self::ConnectAbstract => &[Wall::NetNs, Wall::LandlockScopes],
            Self::ConnectPath => &[Wall::Uid, Wall::MountNs],
            Self::Signal => &[Wall::Uid, Wall::PidNs, Wall::LandlockScopes],
            Self::Trace => &[Wall::Uid, Wall::UserNs, Wall::PidNs, Wall::LandlockFiles],
            Self::Exec if !shell => &[Wall::MountNs, Wall::LandlockFiles],
            Self::Fork if !shell => &[Wall::Rlimits, Wall::Cgroup],
            // A shell's group has more than a probe should take from a board.
            Self::TreeMemory if !shell => &[Wall::Cgroup],
            Self::TreeProcesses => &[Wall::Cgroup],
            Self::Mount => &[Wall::LandlockFiles],
            Self::SharedMemory => &[Wall::Uid, Wall::IpcNs],
            Self::Memory | Self::Descriptors | Self::BigFile => &[Wall::Rlimits],
            _ => &[],
        };
        let walls = Walls::of(walls).common(super::mould::used(class));
        if self.filtered(class) { walls.and(Walls::of(&[Wall::Seccomp])) } else { walls }
    }

    /// Whether the class's filter forbids the call without which it cannot be done.
    fn filtered(self, class: Class) -> bool {
        let (_, call, arguments) = self.row();
        Arch::here().is_some_and(|arch| !policy::permits(Role::Hand(class), arch, call, arguments))
    }

    pub(super) const fn number(self) -> u8 {
        self as u8
    }

    pub(super) fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// What acts are tried against; put up by the probe outside every wall.
pub(super) struct Canaries {
    pub(super) file: CString,
    pub(super) new_file: CString,
    pub(super) socket: CString,
    pub(super) abstract_name: Vec<u8>,
    pub(super) tcp_port: u16,
    pub(super) udp_port: u16,
    pub(super) shared: libc::key_t,
    pub(super) victim: libc::pid_t,
    pub(super) program: CString,
    pub(super) memory_file: RawFd,
}

/// Tries the act; 0 where it succeeded, else the errno. Only system calls: it runs behind any wall.
pub(super) fn attempt(act: Act, canaries: &Canaries) -> i32 {
    let answer = match act {
        Act::ReadFile => open(&canaries.file, libc::O_RDONLY),
        Act::WriteFile => open(&canaries.new_file, libc::O_WRONLY | libc::O_CREAT),
        Act::ConnectTcp => connect_ip(libc::SOCK_STREAM, canaries.tcp_port),
        Act::SendUdp => connect_ip(libc::SOCK_DGRAM, canaries.udp_port),
        Act::ConnectAbstract => connect_unix(&canaries.abstract_name),
        Act::ConnectPath => connect_unix(canaries.socket.to_bytes()),
        Act::Exec => run(&canaries.program),
        Act::Descriptors => many_descriptors(),
        Act::BigFile => big_file(canaries.memory_file),
        Act::Fork => fork(),
        Act::Mount => mount(),
        Act::TreeMemory => fill(limits::HAND_TREE_BYTES * 3 / 2),
        Act::TreeProcesses => crowd(limits::SHELL_PROCESSES_HARD + 8),
        other => bare(other, canaries),
    };
    // A successful act must not look like a failed one with errno 0.
    if answer < 0 { std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO) } else { 0 }
}

/// Acts that are one system call.
fn bare(act: Act, canaries: &Canaries) -> libc::c_long {
    const GIB: usize = 1 << 30;
    let mut zeroed = [0_u64; 32];
    let zeros = zeroed.as_mut_ptr();
    let map = |length: usize, protection: libc::c_int| {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new anonymous mapping at no fixed place; nothing of this process is touched.
        let place = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, flags, -1, 0) };
        if place == libc::MAP_FAILED { -1 } else { 0 }
    };
    // SAFETY: numbers, or a pointer to a zeroed buffer that is larger than any structure asked for here
    // (io_uring_params has 120 bytes, union bpf_attr is read for 48).
    unsafe {
        match act {
            Act::Signal => libc::kill(canaries.victim, 0).into(),
            Act::Trace => libc::syscall(libc::SYS_ptrace, 0x4206, canaries.victim, 0, 0),
            Act::SharedMemory => libc::shmget(canaries.shared, 0, 0o600).into(),
            Act::Keys => libc::syscall(libc::SYS_keyctl, 1, 0),
            Act::IoUring => libc::syscall(libc::SYS_io_uring_setup, 4, zeros),
            Act::FaultHandler => libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | 1),
            // BPF_MAP_CREATE of an array with one entry of four bytes.
            Act::Bpf => {
                zeroed[0] = 2 | 4 << 32;
                zeroed[1] = 4 | 1 << 32;
                libc::syscall(libc::SYS_bpf, 0, zeroed.as_ptr(), 48)
            }
            Act::MapExecutable => map(4096, libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC),
            Act::Memory => map(GIB + GIB / 4, libc::PROT_READ | libc::PROT_WRITE),
            _ => -1,
        }
    }
}

fn open(path: &CStr, flags: libc::c_int) -> libc::c_long {
    // SAFETY: a NUL-terminated path that outlives the call.
    unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags | libc::O_CLOEXEC, 0o600) }
}

#[allow(clippy::cast_possible_truncation, reason = "an address family and the size of an address")]
fn connect_ip(kind: libc::c_int, port: u16) -> libc::c_long {
    // SAFETY: `address` is a whole sockaddr_in; the descriptor is this function's own.
    unsafe {
        let socket = libc::socket(libc::AF_INET, kind | libc::SOCK_CLOEXEC, 0);
        if socket < 0 {
            return -1;
        }
        let mut address: libc::sockaddr_in = std::mem::zeroed();
        address.sin_family = libc::AF_INET as libc::sa_family_t;
        address.sin_port = port.to_be();
        address.sin_addr.s_addr = u32::from_be_bytes([127, 0, 0, 1]).to_be();
        let length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
        if libc::connect(socket, (&raw const address).cast(), length) != 0 {
            return -1;
        }
        if kind == libc::SOCK_DGRAM { libc::send(socket, c"x".as_ptr().cast(), 1, 0) as libc::c_long } else { 0 }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "an address family and the size of an address")]
fn connect_unix(name: &[u8]) -> libc::c_long {
    // SAFETY: `address` is a whole sockaddr_un and `name` was made to fit it; the descriptor is this function's own.
    unsafe {
        let socket = libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0);
        if socket < 0 {
            return -1;
        }
        let mut address: libc::sockaddr_un = std::mem::zeroed();
        address.sun_family = libc::AF_UNIX as libc::sa_family_t;
        for (place, byte) in address.sun_path.iter_mut().zip(name) {
            *place = *byte as libc::c_char;
        }
        let length = size_of::<libc::sa_family_t>() + name.len() + usize::from(name[0] != 0);
        libc::connect(socket, (&raw const address).cast(), length as libc::socklen_t).into()
    }
}

fn run(program: &CStr) -> libc::c_long {
    let arguments = [program.as_ptr(), c"--version".as_ptr(), std::ptr::null()];
    let environment = [std::ptr::null()];
    // SAFETY: NUL-terminated strings in null-terminated lists; on success this program is gone.
    unsafe { libc::execve(program.as_ptr(), arguments.as_ptr(), environment.as_ptr()).into() }
}

fn fork() -> libc::c_long {
    // SAFETY: the child ends at once.
    unsafe {
        let child = libc::syscall(libc::SYS_clone, libc::c_long::from(libc::SIGCHLD), 0, 0, 0, 0);
        if child == 0 {
            libc::_exit(0);
        }
        child
    }
}

/// Takes memory that is really there; the kernel ends who takes more than its group has.
fn fill(bytes: u64) -> libc::c_long {
    let length = usize::try_from(bytes).unwrap_or(usize::MAX);
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_POPULATE;
    // SAFETY: a new anonymous mapping at no fixed place; nothing of this process is touched.
    let place = unsafe { libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    if place == libc::MAP_FAILED { -1 } else { 0 }
}

/// Longest life of one of a crowd, whatever happens to its maker.
const CROWD_SECONDS: libc::c_long = 60;

/// So many processes that live at one time; none is left.
fn crowd(many: u64) -> libc::c_long {
    let (mut made, mut answer) = (Vec::new(), 0);
    // SAFETY: asks for a number.
    let maker = unsafe { libc::syscall(libc::SYS_getpid) };
    for _ in 0..many {
        // SAFETY: the child waits for its end, which comes from below or with this process; where this process ended
        // before the child could ask for that, it ends at once. A pointer to two numbers, as ppoll(2) reads them.
        unsafe {
            answer = libc::syscall(libc::SYS_clone, libc::c_long::from(libc::SIGCHLD), 0, 0, 0, 0);
            if answer == 0 {
                sys::die_with_parent(nix::sys::signal::Signal::SIGKILL);
                let most: [libc::c_long; 2] = [CROWD_SECONDS, 0];
                if libc::syscall(libc::SYS_getppid) == maker {
                    libc::syscall(libc::SYS_ppoll, 0, 0, most.as_ptr(), 0, 0);
                }
                libc::_exit(0);
            }
        }
        match libc::pid_t::try_from(answer) {
            Ok(child @ 1..) => made.push(child),
            _ => break,
        }
    }
    let refused = std::io::Error::last_os_error();
    for child in made {
        // SAFETY: numbers; children of this process, which nobody else waits for.
        unsafe {
            libc::kill(child, libc::SIGKILL);
            libc::waitpid(child, std::ptr::null_mut(), 0);
        }
    }
    if answer < 0 {
        // SAFETY: the caller reads the errno of the call that was refused, not of the clearing up.
        unsafe { *libc::__errno_location() = refused.raw_os_error().unwrap_or(libc::EAGAIN) };
    }
    answer
}

fn mount() -> libc::c_long {
    // SAFETY: flags, and NUL-terminated strings that outlive the call; all happens in a new namespace.
    unsafe {
        if libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) != 0 {
            return -1;
        }
        libc::mount(c"none".as_ptr(), c"/".as_ptr(), c"tmpfs".as_ptr(), 0, std::ptr::null()).into()
    }
}

fn many_descriptors() -> libc::c_long {
    for _ in 0..600 {
        // SAFETY: duplicates standard input; the duplicates end with this process.
        if unsafe { libc::syscall(libc::SYS_dup, 0) } < 0 {
            return -1;
        }
    }
    0
}

fn big_file(file: RawFd) -> libc::c_long {
    // SAFETY: a file in memory that the probe holds, one byte written far behind its beginning; the signal
    // that comes with a refusal is ignored, so that its errno is seen.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        libc::pwrite(file, c"x".as_ptr().cast(), 1, 1 << 30) as libc::c_long
    }
}
