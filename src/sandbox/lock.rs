//! The Landlock walls: files, TCP ports, scopes (landlock(7)), each raised only when it is asked for.
//!
//! A wall that is asked for and that the kernel does not have is an error, never a silence.

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, Scope,
};

use super::SandboxFault;
use super::wall::{Wall, Walls};

/// The newest rights that are asked for; an older kernel leaves out those that it does not know.
const NEWEST: ABI = ABI::V6;

/// What stays open through the file wall.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Folders in which everything may be done, and files that may be written.
    pub write: Vec<PathBuf>,
    /// Folders and files that may be read.
    pub read: Vec<PathBuf>,
    /// Folders whose programs may be run as well.
    pub run: Vec<PathBuf>,
    /// Device nodes, and folders of them: read, written, asked (ioctl).
    pub devices: Vec<PathBuf>,
}

/// The walls that the kernel has, by the number of its Landlock interface.
pub(super) fn offered() -> Walls {
    // SAFETY: with LANDLOCK_CREATE_RULESET_VERSION (1) the call takes no pointer and answers a number.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0, 1) };
    let since = [(1, Wall::LandlockFiles), (4, Wall::LandlockTcp), (6, Wall::LandlockScopes)];
    since.into_iter().filter(|(first, _)| version >= *first).map(|(_, wall)| wall).collect()
}

/// Raises those of `walls` that are Landlock's on this thread, of which there must be one only.
///
/// # Errors
/// Where the kernel lacks one of them, or refuses.
pub(super) fn raise(walls: Walls, reach: &Reach) -> Result<(), SandboxFault> {
    let walls = walls.common(Walls::LANDLOCK);
    if walls.is_empty() {
        return Ok(());
    }
    let lacking = walls.without(offered());
    if !lacking.is_empty() {
        let names: Vec<_> = lacking.iter().map(Wall::word).collect();
        return Err(failed(format!("this kernel has no {}", names.join(", "))));
    }
    let mut ruleset = Ruleset::default();
    if walls.has(Wall::LandlockFiles) {
        ruleset = ruleset.handle_access(AccessFs::from_all(NEWEST)).map_err(failed)?;
    }
    if walls.has(Wall::LandlockTcp) {
        ruleset = ruleset.handle_access(AccessNet::from_all(NEWEST)).map_err(failed)?;
    }
    if walls.has(Wall::LandlockScopes) {
        ruleset = ruleset.scope(Scope::from_all(NEWEST)).map_err(failed)?;
    }
    let mut created = ruleset.create().map_err(failed)?;
    if walls.has(Wall::LandlockFiles) {
        for (paths, rights) in rights(reach) {
            for path in paths {
                created = allow(created, path, rights)?;
            }
        }
    }
    let status = created.restrict_self().map_err(failed)?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(failed("the kernel did not enforce it"));
    }
    Ok(())
}

fn rights(reach: &Reach) -> [(&[PathBuf], BitFlags<AccessFs>); 4] {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let all = AccessFs::from_all(NEWEST) & !BitFlags::from(AccessFs::IoctlDev) & !BitFlags::from(AccessFs::Execute);
    [
        (&reach.write, all),
        (&reach.read, read),
        (&reach.run, read | AccessFs::Execute),
        (&reach.devices, read | AccessFs::WriteFile | AccessFs::IoctlDev | AccessFs::Truncate),
    ]
}

/// A path that is not there needs no right.
fn allow(
    created: landlock::RulesetCreated,
    path: &Path,
    rights: BitFlags<AccessFs>,
) -> Result<landlock::RulesetCreated, SandboxFault> {
    let Ok(kind) = path.metadata() else { return Ok(created) };
    let Ok(beneath) = PathFd::new(path) else { return Ok(created) };
    let rights = if kind.is_dir() { rights } else { rights & AccessFs::from_file(NEWEST) };
    created.add_rule(PathBeneath::new(beneath, rights)).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> SandboxFault {
    SandboxFault::step("raise the Landlock walls")(io::Error::other(error.to_string()))
}
