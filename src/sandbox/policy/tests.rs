//! What the tables must never hold, and that each line says what it means.

use super::*;

/// In no class of hand but `shell`, which has some of them.
const HANDS_NEVER: &[&str] = &[
    "open",
    "openat",
    "openat2",
    "creat",
    "socket",
    "socketpair",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "execve",
    "execveat",
    "clone",
    "clone3",
    "fork",
    "vfork",
    "mprotect",
    "prctl",
    "kill",
    "tgkill",
    "unshare",
    "setresuid",
    "prlimit64",
    "memfd_create",
    "dup",
    "dup2",
    "dup3",
    "fcntl",
    "unlink",
    "unlinkat",
    "rename",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "capset",
    "seccomp",
    "setgroups",
    "landlock_restrict_self",
    "sched_setaffinity",
    "setsid",
    "wait4",
];

/// Not even in `shell`, whose network is kept by this table alone where there is no namespace for it.
const SHELL_NEVER: &[&str] = &[
    "socket",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "sendmmsg",
    "recvmmsg",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "capset",
    "unshare",
    "seccomp",
    "setgroups",
    "shmget",
    "shmat",
    "semget",
    "msgget",
    "swapon",
];

/// In no role at all.
const NOBODY_EVER: &[&str] = &[
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "bpf",
    "userfaultfd",
    "perf_event_open",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "io_setup",
    "io_submit",
    "keyctl",
    "add_key",
    "request_key",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "setns",
    "clone3",
    "fsopen",
    "fsmount",
    "fsconfig",
    "fspick",
    "move_mount",
    "open_tree",
    "mount_setattr",
    "swapon",
    "swapoff",
    "acct",
    "reboot",
    "iopl",
    "ioperm",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "sethostname",
    "setdomainname",
    "quotactl",
    "open_by_handle_at",
    "name_to_handle_at",
    "lookup_dcookie",
    "pkey_mprotect",
    "vhangup",
    "mknod",
    "mknodat",
    "syslog",
    "fanotify_init",
    "setfsuid",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
];

#[test]
fn nothing_forbidden_is_in_a_table_on_any_processor() {
    for arch in Arch::ALL {
        for role in Role::ALL {
            let allowed = allowed(role, arch, true);
            let never = NOBODY_EVER.iter().chain(match role {
                Role::Hand(Class::Shell) => SHELL_NEVER,
                Role::Hand(_) => HANDS_NEVER,
                Role::Brain | Role::Keeper => &["execve", "execveat", "fork", "vfork", "unshare", "mount", "kill"],
                Role::Spawner => &["bind", "listen", "accept", "accept4"],
            });
            for name in never {
                assert!(numbers::known(name), "«{name}» is not in the table of numbers");
                let number = numbers::number(name, arch);
                assert!(!number.is_some_and(|n| allowed.contains_key(&n)), "{name} in {} on {arch:?}", role.word());
            }
        }
    }
}

#[test]
fn brain_and_keeper_make_threads_and_no_process() {
    for role in [Role::Brain, Role::Keeper] {
        for arch in Arch::ALL {
            let allowed = allowed(role, arch, true);
            let clone = numbers::number("clone", arch).expect("clone");
            assert!(decide(&allowed, clone, [0x0001_0f00, 0, 0, 0, 0, 0]));
            assert!(!decide(&allowed, clone, [17, 0, 0, 0, 0, 0]), "a process of {}", role.word());
        }
    }
}

/// Address families (include/linux/socket.h): Unix, IPv4, IPv6, netlink, packets, Bluetooth, virtual machines.
const FAMILIES: [u64; 7] = [1, 2, 10, 16, 17, 31, 40];

#[test]
fn a_socket_of_the_network_is_the_brains_alone() {
    for role in Role::ALL {
        for arch in Arch::ALL {
            let allowed = allowed(role, arch, true);
            for (call, may) in [("socket", may_socket(role)), ("socketpair", may_pair(role))] {
                let number = numbers::number(call, arch).expect(call);
                for family in FAMILIES {
                    for kind in [1, 2, 3, 0x0008_0801] {
                        let decided = decide(&allowed, number, [family, kind, 0, 0, 0, 0]);
                        assert_eq!(
                            decided,
                            may.contains(&family),
                            "{call}({family}, {kind}) of {} on {arch:?}",
                            role.word()
                        );
                    }
                }
            }
        }
    }
}

const fn may_socket(role: Role) -> &'static [u64] {
    match role {
        Role::Brain => &[1, 2, 10, 16],
        Role::Keeper | Role::Spawner => &[1],
        Role::Hand(_) => &[],
    }
}

const fn may_pair(role: Role) -> &'static [u64] {
    match role {
        Role::Brain | Role::Keeper | Role::Spawner | Role::Hand(Class::Shell) => &[1],
        Role::Hand(_) => &[],
    }
}

#[test]
fn a_command_makes_processes_and_no_namespace() {
    // CLONE_NEW*: time, mount, cgroup, uts, ipc, user, pid, net.
    let namespaces: [u64; 8] = [7, 17, 25, 26, 27, 28, 29, 30].map(|bit| 1 << bit);
    for arch in Arch::ALL {
        let allowed = allowed(Role::Hand(Class::Shell), arch, true);
        let clone = numbers::number("clone", arch).expect("clone");
        assert!(decide(&allowed, clone, [17, 0, 0, 0, 0, 0]));
        for namespace in namespaces {
            assert!(!decide(&allowed, clone, [17 | namespace, 0, 0, 0, 0, 0]), "{namespace:#x} on {arch:?}");
        }
    }
}

#[test]
fn only_shell_and_the_spawner_map_what_can_be_executed() {
    for role in Role::ALL {
        let may = matches!(role, Role::Spawner | Role::Hand(Class::Shell));
        for arch in Arch::ALL {
            let allowed = allowed(role, arch, true);
            for name in ["mmap", "mmap2", "mprotect"] {
                let Some(number) = numbers::number(name, arch) else { continue };
                assert_eq!(decide(&allowed, number, [0, 4096, 7, 0, 0, 0]), may, "{name} of {}", role.word());
            }
        }
    }
}

#[test]
fn ioctl_is_never_allowed_whole_and_compared_in_32_bits() {
    for role in Role::ALL {
        for rule in role.lines().filter(|rule| rule.calls.contains(&"ioctl")) {
            assert!(matches!(rule.when, [Argument::Is(1, _)]), "{}", role.word());
        }
    }
    let lines = allowed(Role::Hand(Class::Lines), Arch::X86_64, true);
    assert!(decide(&lines, 16, [0, 0xffff_ffff_c010_b40e, 0, 0, 0, 0]), "the kernel looks at 32 bits too");
    assert!(!decide(&lines, 16, [0, 0xc250_b407, 0, 0, 0, 0]), "a line holder requests no line");
}

#[test]
fn every_line_names_known_calls_and_has_a_reason() {
    for role in Role::ALL {
        for rule in role.lines() {
            assert!(rule.why.len() > 5, "«{}» is no reason for {:?}", rule.why, rule.calls);
            for name in rule.calls {
                assert!(numbers::known(name), "«{name}» of {} has no number", role.word());
            }
        }
    }
}

#[test]
fn the_spawner_may_what_its_hands_may() {
    // Filters stack: what the spawner's forbids, no hand has.
    for arch in Arch::ALL {
        let spawner = allowed(Role::Spawner, arch, true);
        for class in Class::ALL {
            for (number, ways) in allowed(Role::Hand(class), arch, true) {
                let over = spawner.get(&number).unwrap_or_else(|| panic!("{number} of {} on {arch:?}", class.word()));
                assert!(over.is_empty() || ways.iter().all(|way| over.contains(way)), "{number} of {}", class.word());
            }
        }
    }
}

#[test]
fn tags_leave_lines_out() {
    let rseq = numbers::number("rseq", Arch::X86_64).expect("rseq");
    assert!(allowed(Role::Brain, Arch::X86_64, true).contains_key(&rseq));
    assert!(!allowed(Role::Brain, Arch::X86_64, false).contains_key(&rseq), "musl has no rseq");
}
