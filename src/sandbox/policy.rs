//! What each class of hand may ask of the kernel: one table, a reason on each line.
//!
//! Default deny: a call that is not in the table of its class ends the hand (SECCOMP_RET_KILL_PROCESS),
//! which the spawner reports. The tables are the same in debug and release. Absent from every table:
//! `open*`, `socket`, `connect`, `bind`, `execve`, `clone`, `fork`, `ptrace`, `io_uring*`, `bpf`, `mount`.

use crate::wire::spawn;

/// A class of hand: which job, and so which system calls and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Parsers, arithmetic, calendars: no descriptor but its socket.
    Pure,
    /// The bytes of descriptors that the brain opened.
    Files,
    /// Long-lived holder of GPIO, PWM and reading descriptors.
    Lines,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 3] = [Self::Pure, Self::Files, Self::Lines];

    /// The word used in logs, JSON and manifests.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Files => "files",
            Self::Lines => "lines",
        }
    }

    pub(crate) const fn to_wire(self) -> spawn::Class {
        match self {
            Self::Pure => spawn::Class::Pure,
            Self::Files => spawn::Class::Files,
            Self::Lines => spawn::Class::Lines,
        }
    }

    pub(crate) fn from_wire(class: spawn::Class) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.to_wire() == class)
    }
}

/// A condition on one argument of a call, compared in its low 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// The argument at this position has exactly this value.
    Is(u8, u32),
    /// None of these bits is set in the argument at this position.
    Without(u8, u32),
}

/// One allowed system call.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name in the manual, section 2.
    pub name: &'static str,
    /// Its number on this architecture.
    pub number: libc::c_long,
    /// All must hold; several rules of one number are alternatives.
    pub when: &'static [Argument],
    /// Who needs it and for what.
    pub why: &'static str,
}

/// PROT_EXEC: mappings of a hand are never executable.
const EXECUTABLE: u32 = 4;
/// `GPIO_V2_LINE_GET_VALUES_IOCTL`: `_IOWR(0xB4, 0x0E, struct gpio_v2_line_values)`, include/uapi/linux/gpio.h.
const LINE_GET_VALUES: u32 = 0xC010_B40E;
/// `GPIO_V2_LINE_SET_VALUES_IOCTL`: `_IOWR(0xB4, 0x0F, struct gpio_v2_line_values)`, include/uapi/linux/gpio.h.
const LINE_SET_VALUES: u32 = 0xC010_B40F;

macro_rules! rule {
    ($name:ident, $why:literal) => {
        rule!($name, [], $why)
    };
    ($name:ident, [$($when:expr),*], $why:literal) => {
        Rule { name: stringify!($name), number: libc::$name, when: &[$($when),*], why: $why }
    };
}

/// What every hand needs to live: its socket, memory, the clock, an end.
const LIFE: &[Rule] = &[
    rule!(SYS_recvmsg, "the next request on the hand's one socket"),
    rule!(SYS_sendmsg, "the reply on it"),
    rule!(SYS_mmap, [Argument::Without(2, EXECUTABLE)], "the allocator's large blocks; never executable"),
    rule!(SYS_munmap, "gives blocks back"),
    rule!(SYS_mremap, "grows a large block"),
    rule!(SYS_madvise, "the allocator returns pages (glibc trim, musl free)"),
    rule!(SYS_brk, "the allocator's small blocks"),
    rule!(SYS_futex, "the allocator's and the standard library's locks"),
    rule!(SYS_clock_gettime, "time where the vdso has none (riscv64 and arm kernels without it)"),
    rule!(SYS_getrandom, "seeds of hash tables"),
    rule!(SYS_sigaltstack, "the standard library frees its signal stack at exit"),
    rule!(SYS_rt_sigprocmask, "abort and panic block signals"),
    rule!(SYS_rt_sigreturn, "return from a signal handler"),
    rule!(SYS_close, "drops a descriptor"),
    rule!(SYS_exit, "the end of a thread"),
    rule!(SYS_exit_group, "the end"),
];

/// Bytes of descriptors that the brain opened beneath the workspace.
const FILES: &[Rule] = &[
    rule!(SYS_pread64, "reads at a place"),
    rule!(SYS_pwrite64, "writes at a place"),
    rule!(SYS_read, "reads on"),
    rule!(SYS_write, "writes on; an append descriptor has no place"),
    rule!(SYS_lseek, "finds the end"),
    rule!(SYS_fstat, "the size of what was opened"),
    #[cfg(not(target_arch = "arm"))]
    rule!(SYS_statx, "the size of what was opened, as the standard library asks it"),
    rule!(SYS_ftruncate, "cuts a file before it is written"),
];

/// Values of lines whose descriptors were handed over; requesting a line is not possible here.
const LINES: &[Rule] = &[
    rule!(SYS_ioctl, [Argument::Is(1, LINE_GET_VALUES)], "level of a GPIO line (uapi v2)"),
    rule!(SYS_ioctl, [Argument::Is(1, LINE_SET_VALUES)], "drives a GPIO line (uapi v2)"),
    rule!(SYS_pread64, "reads a PWM duty, a reading or a simulated line"),
    rule!(SYS_pwrite64, "writes a PWM duty or a simulated line"),
];

/// The rules of a class: what all hands need, then its own.
pub fn rules(class: Class) -> impl Iterator<Item = &'static Rule> {
    let own: &[Rule] = match class {
        Class::Pure => &[],
        Class::Files => FILES,
        Class::Lines => LINES,
    };
    LIFE.iter().chain(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_class_may_open_connect_or_make_processes() {
        let never = [
            libc::SYS_openat,
            libc::SYS_openat2,
            libc::SYS_socket,
            libc::SYS_connect,
            libc::SYS_bind,
            libc::SYS_execve,
            libc::SYS_clone,
            libc::SYS_clone3,
            libc::SYS_ptrace,
            libc::SYS_bpf,
            libc::SYS_mount,
            libc::SYS_io_uring_setup,
            libc::SYS_keyctl,
            libc::SYS_userfaultfd,
            libc::SYS_init_module,
            libc::SYS_kexec_load,
        ];
        for class in Class::ALL {
            for rule in rules(class) {
                assert!(!never.contains(&rule.number), "{} in {}", rule.name, class.word());
                assert!(!rule.why.is_empty());
            }
        }
    }

    #[test]
    fn ioctl_is_never_allowed_whole() {
        for class in Class::ALL {
            for rule in rules(class).filter(|rule| rule.number == libc::SYS_ioctl) {
                assert!(matches!(rule.when, [Argument::Is(1, _)]), "{}", class.word());
            }
        }
    }
}
