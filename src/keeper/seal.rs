//! The keeper closes its doors before it reads a byte, and can say which are closed.
//!
//! One table of walls, each with how it is raised and how it is *seen* to hold; a wall that cannot be
//! raised ends the keeper. The order is the table's: the seccomp filter goes last.

use std::io;

use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::stat::{Mode, umask};

use super::fault::KeeperFault;
use crate::base::limits;

/// One wall.
struct Wall {
    name: &'static str,
    raise: fn() -> io::Result<()>,
    holds: fn() -> bool,
}

/// What a limit of zero, or of our own, is set on.
const LIMITS: [(Resource, rlim_t); 4] = [
    (Resource::RLIMIT_CORE, 0),
    (Resource::RLIMIT_NOFILE, limits::KEEPER_DESCRIPTORS),
    (Resource::RLIMIT_AS, limits::KEEPER_MEMORY_BYTES),
    (Resource::RLIMIT_FSIZE, limits::KEEPER_FILE_BYTES),
];

/// In the order in which they are raised.
const WALLS: [Wall; 6] = [
    // Files that the keeper makes are for the keeper alone.
    Wall { name: "umask", raise: close_umask, holds: umask_is_closed },
    // No core, no descriptor, memory or file beyond what its work needs.
    Wall { name: "rlimits", raise: lower_limits, holds: limits_are_low },
    // No capability, and none to be had: a keeper that root started has given root's ids up before.
    Wall {
        name: "capabilities",
        raise: crate::sandbox::capability::give_up,
        holds: || matches!(crate::sandbox::capability::none(), Ok(true)),
    },
    // Nobody of the same uid traces it or reads its memory.
    Wall {
        name: "not_dumpable",
        raise: || Ok(prctl::set_dumpable(false)?),
        holds: || matches!(prctl::get_dumpable(), Ok(false)),
    },
    // No gain of rights by a program with a set-uid bit; also what seccomp without privilege needs.
    Wall {
        name: "no_new_privs",
        raise: || Ok(prctl::set_no_new_privs()?),
        holds: || matches!(prctl::get_no_new_privs(), Ok(true)),
    },
    // Its system calls and no other, on every thread; last, because it forbids those of the walls above.
    Wall { name: "seccomp", raise: filter, holds: crate::base::sys::is_filtered },
];

/// Ids that own nothing but the vault. Taken before the vault is opened, where root started it and said whose.
const IDS: Wall = Wall { name: "ids", raise: || Ok(()), holds: || !nix::unistd::geteuid().is_root() };

/// Raises every wall, and looks whether it holds.
///
/// # Errors
/// [`KeeperFault::Unsealed`] with the first that does not.
pub fn seal() -> Result<(), KeeperFault> {
    crate::base::sys::protect_relocations().map_err(|error| KeeperFault::Unsealed { wall: "relro", error })?;
    for wall in &WALLS {
        (wall.raise)().map_err(|error| KeeperFault::Unsealed { wall: wall.name, error })?;
        if !(wall.holds)() {
            let error = io::Error::other("raised, but not seen to hold");
            return Err(KeeperFault::Unsealed { wall: wall.name, error });
        }
    }
    Ok(())
}

/// The names of the walls that hold at this moment, and of those that do not.
#[must_use]
pub fn observe() -> (Vec<String>, Vec<String>) {
    let (held, missing): (Vec<_>, Vec<_>) = [&IDS].into_iter().chain(&WALLS).partition(|wall| (wall.holds)());
    let names = |walls: Vec<&Wall>| walls.into_iter().map(|wall| wall.name.to_owned()).collect();
    (names(held), names(missing))
}

fn filter() -> io::Result<()> {
    crate::sandbox::seal_keeper().map_err(io::Error::other)
}

fn closed() -> Mode {
    Mode::S_IRWXG | Mode::S_IRWXO
}

fn close_umask() -> io::Result<()> {
    umask(closed());
    Ok(())
}

/// The only way to read the umask is to set it; one that was open is closed by looking, and reported.
fn umask_is_closed() -> bool {
    umask(closed()) == closed()
}

/// A limit that is lower already stays; both the soft and the hard one are set, so that none goes back up.
fn lower_limits() -> io::Result<()> {
    for (resource, most) in LIMITS {
        let (_, hard) = getrlimit(resource)?;
        let most = most.min(hard);
        setrlimit(resource, most, most)?;
    }
    Ok(())
}

fn limits_are_low() -> bool {
    LIMITS
        .iter()
        .all(|(resource, most)| matches!(getrlimit(*resource), Ok((soft, hard)) if soft <= *most && hard <= *most))
}
