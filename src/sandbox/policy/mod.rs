//! What each role and class of hand may ask of the kernel: tables, a reason on each line.
//!
//! Default deny. A call that is not in a hand's table ends the hand (SECCOMP_RET_KILL_PROCESS), which
//! the spawner reports; in the roles, in `shell` and in `embed`, where libraries and foreign programs
//! fall back on older calls or defaults, it answers ENOSYS. The tables are the same in debug and release; a line that only
//! one processor or C library needs carries a tag. No class but `shell` has `open*`, `execve`, `clone`;
//! none at all has `socket`, `connect`, `bind`, `mount`, `ptrace`, `io_uring*`, `bpf`, `keyctl`.

mod hands;
mod numbers;
mod roles;
mod shell;

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
    /// The only one that runs foreign programs, in one workspace, without a network.
    Shell,
    /// TLS and HTTP over one passed, connected socket; redeems tickets.
    Net,
    /// Long-lived: TLS and the credentials of one connection to a broker.
    Link,
    /// Texts to vectors, with the one model file that it was handed; ended when nobody asks.
    Embed,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 7] = [Self::Pure, Self::Files, Self::Lines, Self::Shell, Self::Net, Self::Link, Self::Embed];

    /// The word used in logs, JSON and manifests.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Files => "files",
            Self::Lines => "lines",
            Self::Shell => "shell",
            Self::Net => "net",
            Self::Link => "link",
            Self::Embed => "embed",
        }
    }

    pub(crate) const fn to_wire(self) -> spawn::Class {
        match self {
            Self::Pure => spawn::Class::Pure,
            Self::Files => spawn::Class::Files,
            Self::Lines => spawn::Class::Lines,
            Self::Shell => spawn::Class::Shell,
            Self::Net => spawn::Class::Net,
            Self::Link => spawn::Class::Link,
            Self::Embed => spawn::Class::Embed,
        }
    }

    pub(crate) fn from_wire(class: spawn::Class) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.to_wire() == class)
    }
}

/// A process with a policy of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The agent: files, sockets and threads, never a process.
    Brain,
    /// Makes processes; what it may is more than any of its hands may, because filters stack.
    Spawner,
    /// Keeps secrets behind one Unix socket.
    Keeper,
    /// One job.
    Hand(Class),
}

impl Role {
    /// All roles, every class of hand included.
    pub const ALL: [Self; 10] = [
        Self::Brain,
        Self::Spawner,
        Self::Keeper,
        Self::Hand(Class::Pure),
        Self::Hand(Class::Files),
        Self::Hand(Class::Lines),
        Self::Hand(Class::Shell),
        Self::Hand(Class::Net),
        Self::Hand(Class::Link),
        Self::Hand(Class::Embed),
    ];

    /// The word used in logs and JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Brain => "brain",
            Self::Spawner => "spawner",
            Self::Keeper => "keeper",
            Self::Hand(class) => class.word(),
        }
    }

    /// What happens to a call that is not in the table.
    #[must_use]
    pub const fn otherwise(self) -> Otherwise {
        match self {
            // tract asks /proc and /sys about caches; refused, it takes its defaults.
            Self::Brain | Self::Spawner | Self::Keeper | Self::Hand(Class::Shell | Class::Embed) => {
                Otherwise::NoSuchCall
            }
            Self::Hand(_) => Otherwise::End,
        }
    }

    /// The lines of its table.
    pub fn lines(self) -> impl Iterator<Item = &'static Rule> {
        let tables: &[&[Rule]] = match self {
            Self::Brain => &[hands::LIFE, roles::THREADS, roles::EVENTS, roles::BRAIN],
            Self::Spawner => &[hands::LIFE, hands::FILES, hands::LINES, hands::EMBED, shell::PROGRAMS, roles::SPAWNER],
            Self::Keeper => &[hands::LIFE, roles::THREADS, roles::EVENTS, roles::KEEPER],
            Self::Hand(Class::Pure) => &[hands::LIFE],
            Self::Hand(Class::Files) => &[hands::LIFE, hands::FILES],
            Self::Hand(Class::Lines) => &[hands::LIFE, hands::LINES],
            Self::Hand(Class::Shell) => &[hands::LIFE, shell::PROGRAMS],
            Self::Hand(Class::Net | Class::Link) => &[hands::LIFE, hands::STREAMS],
            Self::Hand(Class::Embed) => &[hands::LIFE, hands::EMBED],
        };
        tables.iter().copied().flatten()
    }
}

/// What happens to a call that no line allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// The process ends (SIGSYS).
    End,
    /// It answers ENOSYS, so that a library takes its older way or reports it.
    NoSuchCall,
}

/// A condition on one argument of a call, compared in its low 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// The argument at this position has exactly this value.
    Is(u8, u32),
    /// None of these bits is set in the argument at this position.
    Without(u8, u32),
    /// All of these bits are set in the argument at this position.
    With(u8, u32),
}

/// A processor that filters are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arch {
    /// 64-bit PCs.
    X86_64,
    /// 64-bit ARM.
    Aarch64,
    /// 64-bit RISC-V.
    Riscv64,
    /// 32-bit ARM, EABI.
    Arm,
}

impl Arch {
    /// All of them.
    #[cfg(test)]
    pub(super) const ALL: [Self; 4] = [Self::X86_64, Self::Aarch64, Self::Riscv64, Self::Arm];

    /// The one that this program was built for.
    #[must_use]
    pub(super) fn here() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::X86_64),
            "aarch64" => Some(Self::Aarch64),
            "riscv64" => Some(Self::Riscv64),
            "arm" => Some(Self::Arm),
            _ => None,
        }
    }
}

/// Where a line applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Everywhere.
    Always,
    /// On 32-bit ARM, whose calls come in old and 64-bit-time shapes.
    Arm,
    /// Where the C library is glibc.
    Glibc,
}

impl Only {
    const fn holds(self, arch: Arch, glibc: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Arm => matches!(arch, Arch::Arm),
            Self::Glibc => glibc,
        }
    }
}

/// One line of a table: calls that are allowed, when, and why.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Names in the manual, section 2; one that a processor does not have is left out there.
    pub calls: &'static [&'static str],
    /// All must hold; several lines for one call are alternatives.
    pub when: &'static [Argument],
    /// Where the line applies.
    pub only: Only,
    /// Who needs it and for what.
    pub why: &'static str,
}

/// A line: names, optionally conditions and a tag, and the reason.
macro_rules! rule {
    ([$($name:ident),+], $why:literal) => { rule!([$($name),+], when [], Always, $why) };
    ([$($name:ident),+], when [$($when:expr),*], $why:literal) => { rule!([$($name),+], when [$($when),*], Always, $why) };
    ([$($name:ident),+], $only:ident, $why:literal) => { rule!([$($name),+], when [], $only, $why) };
    ([$($name:ident),+], when [$($when:expr),*], $only:ident, $why:literal) => {
        $crate::sandbox::policy::Rule {
            calls: &[$(stringify!($name)),+],
            when: &[$($when),*],
            only: $crate::sandbox::policy::Only::$only,
            why: $why,
        }
    };
}
use rule;

/// A call as a filter sees it: its number, and alternatives of conditions; none means always.
pub(super) type Allowed = std::collections::BTreeMap<u32, Vec<&'static [Argument]>>;

/// The calls that a role may make on `arch`.
pub(super) fn allowed(role: Role, arch: Arch, glibc: bool) -> Allowed {
    let mut allowed = Allowed::new();
    for rule in role.lines().filter(|rule| rule.only.holds(arch, glibc)) {
        for number in rule.calls.iter().filter_map(|name| numbers::number(name, arch)) {
            allowed.entry(number).or_default().push(rule.when);
        }
    }
    // One line without a condition makes the others of the same call idle.
    for ways in allowed.values_mut() {
        if ways.iter().any(|when| when.is_empty()) {
            ways.clear();
        }
    }
    allowed
}

/// The number of a call, where the processor has it.
#[cfg(test)]
pub(super) fn number(name: &str, arch: Arch) -> Option<u32> {
    numbers::number(name, arch)
}

/// Whether the table of a role lets this call through with these arguments.
pub(super) fn permits(role: Role, arch: Arch, call: &str, arguments: [u64; 6]) -> bool {
    let allowed = allowed(role, arch, cfg!(target_env = "gnu"));
    numbers::number(call, arch).is_some_and(|number| decide(&allowed, number, arguments))
}

/// Whether a call with these arguments is allowed by the table, without any filter program.
pub(super) fn decide(allowed: &Allowed, number: u32, arguments: [u64; 6]) -> bool {
    let low = |index: u8| u32::try_from(arguments[usize::from(index)] & 0xffff_ffff).unwrap_or_default();
    let holds = |argument: &Argument| match *argument {
        Argument::Is(index, value) => low(index) == value,
        Argument::Without(index, bits) => low(index) & bits == 0,
        Argument::With(index, bits) => low(index) & bits == bits,
    };
    allowed.get(&number).is_some_and(|ways| ways.is_empty() || ways.iter().any(|when| when.iter().all(holds)))
}

#[cfg(test)]
mod tests;
