//! What foreign programs in a `shell` hand may ask of the kernel: files, processes and pipes of their own.
//!
//! Broad, because programs differ; what they reach is bounded by the mount namespace or Landlock. Not
//! here: any socket but a pair, namespaces, mounts, ids, ptrace, bpf, io_uring, keys, modules, clocks.

use super::Argument::{Is, Without};
use super::{Rule, rule};

/// CLONE_NEW* of clone(2): time, mount, cgroup, uts, ipc, user, pid, net.
const NAMESPACES: u32 = 0x7E02_0080;
/// AF_UNIX.
const UNIX: u32 = 1;

/// See the module.
pub(super) const PROGRAMS: &[Rule] = &[
    rule!([execve, execveat], "programs are what this class is for"),
    rule!(
        [clone],
        when[Without(0, NAMESPACES)],
        "processes and threads; no namespace, in which a program would be root"
    ),
    rule!([fork, vfork], "processes"),
    rule!([wait4, waitid], "ends of processes"),
    rule!([mmap, mmap2, mprotect], "programs are mapped executable by their loader"),
    rule!([mlock, mlock2, munlock, mincore, msync], "memory of its own"),
    rule!([membarrier], "memory of its own"),
    rule!([arch_prctl], "thread-local storage of a new program (x86_64)"),
    rule!([cacheflush, set_tls], Arm, "thread-local storage of a new program (arm)"),
    rule!([set_tid_address, set_robust_list, get_robust_list, gettid], "threads"),
    rule!([rseq], Glibc, "threads"),
    rule!([prctl], when[Is(0, 15)], "PR_SET_NAME: name of a thread"),
    rule!([prctl], when[Is(0, 16)], "PR_GET_NAME: name of a thread"),
    rule!([prctl], when[Is(0, 38)], "PR_SET_NO_NEW_PRIVS: only forbids"),
    rule!([prctl], when[Is(0, 1)], "PR_SET_PDEATHSIG: ends with the parent"),
    rule!([prctl], when[Is(0, 36)], "PR_SET_CHILD_SUBREAPER: takes orphans over"),
    rule!(
        [sched_getaffinity, sched_setaffinity, sched_yield, sched_getparam, sched_getscheduler],
        "scheduling of its own"
    ),
    rule!(
        [sched_get_priority_min, sched_get_priority_max, getpriority, setpriority],
        "scheduling of its own; only downwards"
    ),
    rule!(
        [getrlimit, ugetrlimit, prlimit64, setrlimit, getrusage, times, sysinfo, uname],
        "limits (only downwards) and usage"
    ),
    rule!([getpid, getppid, getpgrp, getpgid, getsid, setpgid, setsid], "process groups"),
    rule!([getuid, geteuid, getgid, getegid, getuid32, geteuid32, getgid32, getegid32], "who it is"),
    rule!([getresuid, getresgid, getresuid32, getresgid32, getgroups, getgroups32, capget], "who it is"),
    rule!(
        [setresuid, setresgid, setresuid32, setresgid32],
        "posix_spawn puts ids back to what they are; no right to others"
    ),
    rule!([kill, tkill, tgkill, rt_sigqueueinfo], "signals to its own (pid namespace, Landlock scope, uid)"),
    rule!([rt_sigaction, rt_sigpending, rt_sigsuspend, rt_sigtimedwait, pause], "signals to itself"),
    rule!([alarm, setitimer, getitimer, timer_create, timer_settime, timer_delete], "timers of its own"),
    rule!([clock_getres, clock_nanosleep, nanosleep, gettimeofday], "reads and waits for clocks; sets none"),
    rule!([clock_getres_time64, clock_nanosleep_time64, timer_settime64], Arm, "the same with 64-bit time"),
    rule!(
        [read, write, readv, writev, pread64, pwrite64, preadv, pwritev, preadv2, pwritev2],
        "bytes of files and pipes"
    ),
    rule!([lseek, _llseek, sendfile, sendfile64, copy_file_range, splice, tee, vmsplice], "bytes of files and pipes"),
    rule!([fsync, fdatasync, sync, syncfs, sync_file_range], "bytes on disk"),
    rule!(
        [ftruncate, ftruncate64, truncate, truncate64, fallocate, fadvise64, arm_fadvise64_64, readahead],
        "sizes of its own files"
    ),
    rule!([open, openat, openat2, creat, close_range], "files that the mount namespace or Landlock leaves it"),
    rule!(
        [access, faccessat, faccessat2, readlink, readlinkat, getcwd, chdir, fchdir, getdents, getdents64],
        "folders, as ls walks them"
    ),
    rule!([stat, lstat, fstat, stat64, lstat64, fstat64, fstatat64, newfstatat, statx], "looks at files"),
    rule!([statfs, fstatfs, statfs64, fstatfs64], "room that is left"),
    rule!([mkdir, mkdirat, rmdir, unlink, unlinkat, rename, renameat, renameat2], "its own files"),
    rule!([link, linkat, symlink, symlinkat, umask, flock], "its own files"),
    rule!([chmod, fchmod, fchmodat, chown, fchown, chown32, fchown32, lchown, fchownat], "its own files"),
    rule!([utime, utimes, futimesat, utimensat, utimensat_time64], "its own files"),
    rule!([getxattr, lgetxattr, fgetxattr, listxattr, llistxattr, flistxattr], "attributes, as cp and ls look at them"),
    rule!([dup, dup2, dup3, fcntl, fcntl64, pipe, pipe2, eventfd2], "descriptors"),
    rule!([memfd_create], "a file in memory, as sort and python use it"),
    rule!([poll, ppoll, select, pselect6, _newselect, ppoll_time64, pselect6_time64], "waits for descriptors"),
    rule!([epoll_create, epoll_create1, epoll_ctl, epoll_wait, epoll_pwait, epoll_pwait2], "waits for descriptors"),
    rule!([timerfd_create, timerfd_settime, timerfd_gettime, signalfd4, pidfd_open], "waits for descriptors"),
    rule!([inotify_init1, inotify_add_watch, inotify_rm_watch], "waits for files (tail -f)"),
    rule!([socketpair], when[Is(0, UNIX)], "a pair of its own; no other socket, so no network and no daemon"),
    rule!([sendto, recvfrom, shutdown, getsockopt, setsockopt, getsockname, getpeername], "bytes of that pair"),
    rule!([ioctl], when[Is(1, 0x5401)], "TCGETS: whether it is a terminal"),
    rule!([ioctl], when[Is(1, 0x5413)], "TIOCGWINSZ: width of a terminal"),
    rule!([ioctl], when[Is(1, 0x540F)], "TIOCGPGRP: whether it is in front"),
    rule!([ioctl], when[Is(1, 0x541B)], "FIONREAD: how much there is to read"),
    rule!([ioctl], when[Is(1, 0x5421)], "FIONBIO: a pipe that does not block"),
    rule!([ioctl], when[Is(1, 0x5450)], "FIONCLEX: a descriptor that stays"),
    rule!([ioctl], when[Is(1, 0x5451)], "FIOCLEX: a descriptor that closes"),
    rule!([ioctl], when[Is(1, 0x4004_9409)], "FICLONE: cp shares blocks"),
    rule!([personality], when[Is(0, 0xFFFF_FFFF)], "asks which personality it has"),
];
