//! What brain, spawner and keeper may ask of the kernel.

use super::Argument::{Is, With, Without};
use super::hands::EXECUTABLE;
use super::{Rule, rule};

/// CLONE_THREAD: a new thread, never a new process (clone(2)).
const THREAD: u32 = 0x0001_0000;
/// Numbers of prctl(2) that name a thread, and that look.
const SET_NAME: u32 = 15;
const GET_DUMPABLE: u32 = 3;
const GET_SECCOMP: u32 = 21;
const GET_NO_NEW_PRIVS: u32 = 39;
/// Address families of socket(2).
const UNIX: u32 = 1;
const INET: u32 = 2;
const INET6: u32 = 10;
const NETLINK: u32 = 16;

/// Threads of the standard library, tokio, smol and the store.
pub(super) const THREADS: &[Rule] = &[
    rule!([clone], when[With(0, THREAD)], "a thread; clone3 answers ENOSYS, so that its flags are seen here"),
    rule!([mprotect], when[Without(2, EXECUTABLE)], "guard page of a stack, arena of the allocator; never executable"),
    rule!([set_robust_list], "start of a thread"),
    rule!([rseq], Glibc, "start of a thread"),
    rule!([set_tid_address], "start of a thread"),
    rule!([gettid, getpid], "names of threads and of this process"),
    rule!([prctl], when[Is(0, SET_NAME)], "name of a thread"),
    rule!([prctl], when[Is(0, GET_DUMPABLE)], "looks whether a wall holds"),
    rule!([prctl], when[Is(0, GET_SECCOMP)], "looks whether a wall holds"),
    rule!([prctl], when[Is(0, GET_NO_NEW_PRIVS)], "looks whether a wall holds"),
    rule!([sched_getaffinity], "the standard library counts processors and finds its stack"),
    rule!([sched_yield], "a contended lock"),
    rule!(
        [sched_get_priority_min, sched_get_priority_max, sched_getparam, sched_getscheduler],
        "the library reads a thread's attributes"
    ),
    rule!([prlimit64], when[Is(2, 0)], "reads limits (size of the stack); never sets one"),
    rule!([getrlimit, ugetrlimit], "the same in its older shape"),
    rule!([rt_sigaction], "signal handlers"),
    rule!([rt_sigtimedwait, rt_sigpending], "signals that are waited for"),
    rule!([tgkill], "abort, and cancelling a thread"),
    rule!([clock_nanosleep, nanosleep], "pauses"),
    rule!([clock_nanosleep_time64], Arm, "the same with 64-bit time"),
    rule!([clock_getres, gettimeofday, times, getrusage, sysinfo, uname], "time, usage and name of the system"),
    rule!([getuid, geteuid, getgid, getegid, getuid32, geteuid32, getgid32, getegid32], "who this process is"),
    rule!([getppid, getpgrp, getsid], "who started it"),
    rule!([membarrier], "the executor's fences"),
];

/// Waiting for descriptors, and Unix sockets.
pub(super) const EVENTS: &[Rule] = &[
    rule!([epoll_create1, epoll_ctl, epoll_wait, epoll_pwait, epoll_pwait2], "the executor waits"),
    rule!([poll, ppoll, select, pselect6, _newselect], "libraries wait for one descriptor"),
    rule!([ppoll_time64, pselect6_time64], Arm, "the same with 64-bit time"),
    rule!([eventfd2, pipe2], "wakes the executor"),
    rule!([timerfd_create, timerfd_settime, timerfd_gettime], "the executor's timers"),
    rule!([timerfd_settime64, timerfd_gettime64], Arm, "the same with 64-bit time"),
    rule!([signalfd4], "ending signals as a descriptor"),
    rule!([socket, socketpair], when[Is(0, UNIX)], "Unix sockets"),
    rule!([bind, listen, accept, accept4], "the doors: admin socket, keeper's socket"),
    rule!([getsockopt, setsockopt, getsockname, getpeername], "whose connection it is"),
    rule!([recvfrom, sendto, shutdown], "bytes of a connection"),
    rule!([read, write, readv, writev], "bytes of any descriptor"),
    rule!([fcntl, fcntl64], "flags and duplicates of descriptors"),
    rule!([dup, dup3], "duplicates of descriptors"),
    rule!([close_range], "closes what is not needed"),
    rule!([ioctl], when[Is(1, 0x5421)], "FIONBIO: a socket that does not block"),
    rule!([ioctl], when[Is(1, 0x541B)], "FIONREAD: how much there is to read"),
    rule!([ioctl], when[Is(1, 0x5401)], "TCGETS: whether it is a terminal"),
    rule!([fstat, fstat64, newfstatat, fstatat64, statx, stat, stat64, lstat, lstat64], "looks at a file"),
    rule!([umask], "modes of what is made"),
    rule!([unlink, unlinkat], "removes its socket's file"),
];

/// Files, network and devices of the agent: always after a decision. No process, no program, no mount.
pub(super) const BRAIN: &[Rule] = &[
    rule!([open, openat, openat2, creat], "data folder, settings, workspace, device nodes (Landlock bounds which)"),
    rule!([access, faccessat, faccessat2], "the store looks for its journal"),
    rule!(
        [pread64, pwrite64, preadv, pwritev, preadv2, pwritev2, lseek, _llseek],
        "pages of the store, values of lines"
    ),
    rule!([fsync, fdatasync, sync_file_range, msync], "what was acknowledged is on disk"),
    rule!(
        [ftruncate, ftruncate64, truncate, truncate64, fallocate, fadvise64, arm_fadvise64_64],
        "size of the journal"
    ),
    rule!([flock], "one service a folder"),
    rule!([getdents64, readlink, readlinkat, getcwd, chdir, fchdir], "looks through folders"),
    rule!(
        [mkdir, mkdirat, rmdir, rename, renameat, renameat2, link, linkat, symlink, symlinkat],
        "makes and moves files"
    ),
    rule!([chmod, fchmod, fchmodat, chown, fchown, fchown32, lchown, fchownat], "modes of what it made"),
    rule!([utimensat, utimes, utimensat_time64], "times of what it made"),
    rule!([statfs, fstatfs, statfs64, fstatfs64], "room that is left"),
    rule!([copy_file_range, sendfile, sendfile64, splice], "copies of files"),
    rule!([mlock, mlock2, munlock, mincore], "pages that must not be swapped"),
    rule!([inotify_init1, inotify_add_watch, inotify_rm_watch], "a file that changed"),
    rule!([socket], when[Is(0, INET)], "IPv4 of a channel or a model, after a decision"),
    rule!([socket], when[Is(0, INET6)], "IPv6 of a channel or a model, after a decision"),
    rule!([socket], when[Is(0, NETLINK)], "the resolver asks for addresses; devices that come and go"),
    rule!([connect], "a decided address, the keeper, the service manager"),
    rule!([sendmmsg, recvmmsg], "the resolver's two questions at once"),
    rule!([recvmmsg_time64], Arm, "the same with 64-bit time"),
    rule!([setitimer, getitimer, timer_create, timer_settime, timer_delete], "timers of libraries"),
    rule!([ioctl], when[Is(1, 0x5413)], "TIOCGWINSZ: width of the console"),
    rule!([ioctl], when[Is(1, 0x5402)], "TCSETS: speed of a serial line"),
    rule!([ioctl], when[Is(1, 0x5403)], "TCSETSW: the same, after what was written"),
    rule!([ioctl], when[Is(1, 0x5404)], "TCSETSF: the same, dropping what was read"),
    rule!([ioctl], when[Is(1, 0x802C_542A)], "TCGETS2: speeds that have no name"),
    rule!([ioctl], when[Is(1, 0x402C_542B)], "TCSETS2: speeds that have no name"),
    rule!([ioctl], when[Is(1, 0x5409)], "TCSBRK: waits until a serial line has sent"),
    rule!([ioctl], when[Is(1, 0x540B)], "TCFLSH: drops what a serial line holds"),
    rule!([ioctl], when[Is(1, 0x540C)], "TIOCEXCL: a serial line for one"),
    rule!([ioctl], when[Is(1, 0x540D)], "TIOCNXCL: gives it back"),
    rule!([ioctl], when[Is(1, 0x540F)], "TIOCGPGRP: whether the console is in front"),
    rule!([ioctl], when[Is(1, 0x5415)], "TIOCMGET: modem lines"),
    rule!([ioctl], when[Is(1, 0x5418)], "TIOCMSET: modem lines"),
    rule!([ioctl], when[Is(1, 0x8044_B401)], "GPIO_GET_CHIPINFO: name of a chip"),
    rule!([ioctl], when[Is(1, 0xC100_B405)], "GPIO_V2_GET_LINEINFO: name of a line"),
    rule!([ioctl], when[Is(1, 0xC250_B407)], "GPIO_V2_GET_LINE: requests a line, which is then handed over"),
    rule!([ioctl], when[Is(1, 0xC010_B40E)], "GPIO_V2_LINE_GET_VALUES: a line's level"),
    rule!([ioctl], when[Is(1, 0xC110_B40D)], "GPIO_V2_LINE_SET_CONFIG: a requested line becomes an input or an output"),
    rule!([ioctl], when[Is(1, 0x0703)], "I2C_SLAVE: the address is set before the descriptor is handed over"),
];

/// The vault's files and its one socket; no network, no program.
pub(super) const KEEPER: &[Rule] = &[
    rule!([open, openat, openat2], "the vault's files"),
    rule!(
        [pread64, pwrite64, lseek, _llseek, fsync, fdatasync, ftruncate, ftruncate64, flock],
        "the vault's bytes, on disk"
    ),
    rule!(
        [rename, renameat, renameat2, mkdir, mkdirat, getdents64, readlink, readlinkat],
        "a new vault takes the old one's place"
    ),
    rule!([fchmod, fchown, fchown32], "nobody else reads it"),
    rule!([mlock, mlock2, munlock], "values that must not be swapped"),
    rule!([connect], "the service manager's notify socket (Unix sockets only can be made)"),
    rule!([capget], "sees that it holds no capability"),
];

/// What the spawner needs beyond what its hands need; it hears one socket and has no network.
pub(super) const SPAWNER: &[Rule] = &[
    rule!([clone, fork], "makes hands, in namespaces of their own"),
    rule!([unshare], "namespaces of a hand that has its own uid already"),
    rule!([mount, umount2, pivot_root], "the root of a hand, in its own mount namespace"),
    rule!([setresuid, setresgid, setgroups, setresuid32, setresgid32, setgroups32], "a hand's own uid"),
    rule!([capset, capget], "a hand has no capability"),
    rule!([prctl], "names, death with the parent, no new privileges, not dumpable"),
    rule!([prlimit64, setrlimit], "limits of a hand"),
    rule!([landlock_create_ruleset, landlock_add_rule, landlock_restrict_self], "the Landlock walls of a hand"),
    rule!([seccomp], "the filter of a hand: it can only forbid more"),
    rule!([socket], when[Is(0, UNIX)], "a hand's way to the keeper, before it is sealed"),
    rule!([connect], "the same: Unix sockets only can be made"),
    rule!([recv, send], Arm, "what its hands say to their peers"),
    rule!([signalfd4], "a hand that ended"),
    rule!([kill], "ends a hand"),
    rule!([chroot], "the root of a hand where pivot_root has none"),
];
