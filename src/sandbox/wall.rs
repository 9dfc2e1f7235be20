//! The walls by name, and sets of them. A wall is one mechanism of the kernel, tried by itself.

/// One wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wall {
    /// The class's system calls and no other.
    Seccomp,
    /// A uid of the hand's own, where the spawner was given the right to change it.
    Uid,
    /// Limits of setrlimit(2).
    Rlimits,
    /// A user namespace: no right over what is outside.
    UserNs,
    /// A mount namespace with a root of its own: empty, or a shell's.
    MountNs,
    /// A network namespace with nothing in it.
    NetNs,
    /// A process namespace: no other process has a number.
    PidNs,
    /// System V memory and queues of its own.
    IpcNs,
    /// Landlock: files.
    LandlockFiles,
    /// Landlock: TCP ports.
    LandlockTcp,
    /// Landlock: signals and abstract Unix sockets.
    LandlockScopes,
    /// A control group: memory and processes of the whole tree.
    Cgroup,
}

impl Wall {
    /// All walls.
    pub const ALL: [Self; 12] = [
        Self::Seccomp,
        Self::Uid,
        Self::Rlimits,
        Self::UserNs,
        Self::MountNs,
        Self::NetNs,
        Self::PidNs,
        Self::IpcNs,
        Self::LandlockFiles,
        Self::LandlockTcp,
        Self::LandlockScopes,
        Self::Cgroup,
    ];

    /// The word used in manifests, JSON and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Seccomp => "seccomp",
            Self::Uid => "uid",
            Self::Rlimits => "rlimits",
            Self::UserNs => "user_ns",
            Self::MountNs => "mount_ns",
            Self::NetNs => "net_ns",
            Self::PidNs => "pid_ns",
            Self::IpcNs => "ipc_ns",
            Self::LandlockFiles => "landlock_files",
            Self::LandlockTcp => "landlock_tcp",
            Self::LandlockScopes => "landlock_scopes",
            Self::Cgroup => "cgroup",
        }
    }

    /// The wall of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wall| wall.word() == word)
    }

    /// Its number on the wire: its place in [`Wall::ALL`].
    pub(super) const fn number(self) -> u8 {
        self as u8
    }

    /// The wall of a number.
    pub(super) fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl serde::Serialize for Wall {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// A set of walls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walls(u32);

impl Walls {
    /// No wall.
    pub const NONE: Self = Self(0);
    /// Namespaces.
    pub(super) const NAMESPACES: Self = Self::of(&[Wall::UserNs, Wall::MountNs, Wall::NetNs, Wall::PidNs, Wall::IpcNs]);
    /// What Landlock gives.
    pub(super) const LANDLOCK: Self = Self::of(&[Wall::LandlockFiles, Wall::LandlockTcp, Wall::LandlockScopes]);

    /// A set of these.
    #[must_use]
    pub const fn of(walls: &[Wall]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < walls.len() {
            bits |= 1 << walls[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// Whether the wall is in it.
    #[must_use]
    pub const fn has(self, wall: Wall) -> bool {
        self.0 & (1 << wall as u32) != 0
    }

    /// Both sets.
    #[must_use]
    pub const fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// This set without those.
    #[must_use]
    pub const fn without(self, less: Self) -> Self {
        Self(self.0 & !less.0)
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The walls in it.
    pub fn iter(self) -> impl Iterator<Item = Wall> {
        Wall::ALL.into_iter().filter(move |wall| self.has(*wall))
    }

    /// As bits, for the wire.
    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    /// From bits; those of no known wall are dropped.
    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits).common(Self::of(&Wall::ALL))
    }
}

impl FromIterator<Wall> for Walls {
    fn from_iter<I: IntoIterator<Item = Wall>>(walls: I) -> Self {
        walls.into_iter().fold(Self::NONE, |set, wall| set.and(Self::of(&[wall])))
    }
}

impl serde::Serialize for Walls {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_sets_read_back() {
        for wall in Wall::ALL {
            assert_eq!(Wall::named(wall.word()), Some(wall));
            assert_eq!(Wall::numbered(wall.number()), Some(wall));
            assert!(Walls::of(&[wall]).has(wall) && !Walls::NONE.has(wall));
        }
        let all: Walls = Wall::ALL.into_iter().collect();
        assert_eq!(Walls::from_bits(u32::MAX), all);
        assert_eq!(all.without(Walls::NAMESPACES).common(Walls::NAMESPACES), Walls::NONE);
        assert_eq!(all.iter().count(), Wall::ALL.len());
    }
}
