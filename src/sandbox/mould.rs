//! Makes hands: which walls there are on this system, and a fork with them around it.
//!
//! What can be raised is tried in throw-away children before the first hand is made. A wall that is
//! there stands around every hand of a class that uses it; nobody can ask for fewer, except a test
//! that takes walls away when it starts the program.

use std::io;

use nix::sys::signal::SigSet;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getgid, getuid};

use super::cgroup::{self, Groups};
use super::filter::Filter;
use super::policy::{Class, Role};
use super::seal::{self, Order};
use super::wall::{Wall, Walls};
use super::{SandboxFault, lock, space};
use crate::base::{limits, sys};
use crate::wire::spawn::AtKeeper;

/// What hands are made from.
pub(super) struct Mould {
    filters: Vec<(Class, Filter)>,
    /// The group to divide among hands, where one was delegated.
    pub(super) groups: Option<Groups>,
    /// Walls that can be raised here, less those taken away.
    pub(super) raised: Walls,
    /// Walls taken away for a test.
    pub(super) lowered: Walls,
}

/// One hand to be made.
#[derive(Clone)]
pub(super) struct Birth {
    pub(super) class: Class,
    pub(super) walls: Walls,
    /// Its place among the hands that live, which gives its own uid.
    pub(super) place: u32,
    pub(super) cpu_seconds: u64,
    /// Whether a class that needs a certain wall is refused without it; a probe tries it all the same.
    pub(super) strict: bool,
    /// Connections to the keeper that it makes before it is sealed.
    pub(super) keeper: Option<AtKeeper>,
}

impl Mould {
    /// Makes the filters and tries what can be raised.
    ///
    /// # Errors
    /// Where a filter cannot be made.
    pub(super) fn make(lowered: Walls, groups: Option<Groups>) -> Result<Self, SandboxFault> {
        let filters = Class::ALL
            .into_iter()
            .map(|class| Ok((class, Filter::of(Role::Hand(class))?)))
            .collect::<Result<_, _>>()?;
        let mut mould = Self { filters, groups, raised: Walls::NONE, lowered };
        let given = Walls::of(&[Wall::Seccomp, Wall::Rlimits]).and(lock::offered());
        let tried = Walls::NAMESPACES.and(Walls::of(&[Wall::Uid, Wall::Cgroup]));
        let tried: Walls = tried.iter().filter(|wall| mould.stands(*wall)).collect();
        mould.raised = given.and(tried).without(lowered);
        if !mould.raised.has(Wall::UserNs) {
            // No other namespace can be made without it, by a process that has no privilege.
            mould.raised = mould.raised.without(Walls::NAMESPACES);
        }
        Ok(mould)
    }

    /// The walls around a hand of this class.
    pub(super) fn walls(&self, class: Class) -> Walls {
        used(class).common(self.raised)
    }

    /// Forks a hand; `life` is its whole life, with how to seal it, and gives its exit status.
    ///
    /// # Errors
    /// Where the kernel makes no process.
    pub(super) fn bear(&self, birth: &Birth, life: impl FnOnce(&Order<'_>) -> i32) -> io::Result<Pid> {
        let uid = limits::HAND_UIDS + birth.place;
        let own = birth.walls.has(Wall::Uid);
        let Some((_, filter)) = self.filters.iter().find(|(class, _)| *class == birth.class) else {
            return Err(io::Error::other("a class without a filter"));
        };
        let door = match &self.groups {
            Some(groups) if birth.walls.has(Wall::Cgroup) => Some(groups.door(birth.place, birth.class)?),
            _ => None,
        };
        // A process namespace is made with its first process; one that changes its uid first cannot have one.
        let born_inside = !own && !birth.walls.common(Walls::NAMESPACES).is_empty();
        let mut order = Order {
            class: birth.class,
            walls: birth.walls,
            ids: if own { (uid, uid) } else { (getuid().as_raw(), getgid().as_raw()) },
            cpu_seconds: birth.cpu_seconds,
            filter,
            born_inside,
            strict: birth.strict,
            keeper: birth.keeper.as_ref(),
            counted: false,
        };
        let child = if born_inside { fork_into(space::flags(birth.walls))? } else { plain_fork()? };
        match child {
            Some(pid) => Ok(pid),
            None => {
                // Before anything else, so that all of it is counted.
                order.counted = door.is_some_and(|door| cgroup::walk_in(&door).is_ok());
                // The spawner blocks SIGCHLD, which it reads from a descriptor. A shell that waits for its children with it
                // blocked waits for ever.
                let _ = SigSet::empty().thread_set_mask();
                sys::exit_now(life(&order))
            }
        }
    }

    /// Whether a wall can be raised by itself.
    fn stands(&self, wall: Wall) -> bool {
        let walls = Walls::of(&[wall]);
        let birth = Birth { class: Class::Pure, walls, place: 0, cpu_seconds: 0, strict: true, keeper: None };
        let born = self.bear(&birth, |order| i32::from(seal::raise(order, &[], None).is_err()));
        born.is_ok_and(|pid| matches!(waitpid(pid, None), Ok(WaitStatus::Exited(_, 0))))
    }
}

/// The walls that a class uses where they are there.
pub(super) const fn used(class: Class) -> Walls {
    match class {
        // The workspace belongs to the agent's uid: another could not write it.
        Class::Shell => Walls::of(&Wall::ALL).without(Walls::of(&[Wall::Uid])),
        Class::Pure | Class::Files | Class::Lines | Class::Net | Class::Link | Class::Embed => Walls::of(&Wall::ALL),
    }
}

/// fork(2): `None` in the child.
///
/// # Errors
/// Its answer.
pub(super) fn plain_fork() -> io::Result<Option<Pid>> {
    // SAFETY: the spawner and its probes never have a second thread, so the child may go on as an ordinary process.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => Ok(None),
    }
}

/// fork(2) into new namespaces, by clone(2) without a stack of its own: `None` in the child.
fn fork_into(flags: libc::c_int) -> io::Result<Option<Pid>> {
    let flags = libc::c_long::from(flags | libc::SIGCHLD);
    // SAFETY: a null stack means a copy of this one, as fork(2) does; there is one thread, as above.
    let answer = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    match i32::try_from(answer) {
        Ok(0) => Ok(None),
        Ok(pid) if pid > 0 => Ok(Some(Pid::from_raw(pid))),
        _ => Err(io::Error::last_os_error()),
    }
}
