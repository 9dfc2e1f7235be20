//! The seals of brain and keeper: what they may still ask of the kernel once they are set up.

use super::filter::Filter;
use super::lock::{self, Reach};
use super::policy::Role;
use super::wall::{Wall, Walls};
use super::{SandboxFault, capability};
use crate::base::sys;

/// Seals the brain: no capability, no new privileges, not dumpable, Landlock around files where the
/// kernel has it, its system calls on every thread. Settings are read before, foreign bytes after.
///
/// The spawner must have been forked already: a sealed brain makes no process. Answers the walls raised.
///
/// # Errors
/// The step that failed; the program must not go on then.
pub fn seal_brain(reach: &Reach, lowered: Walls) -> Result<Walls, SandboxFault> {
    let landlock = lock::offered().common(Walls::of(&[Wall::LandlockFiles])).without(lowered);
    capability::give_up().map_err(SandboxFault::step("give up capabilities"))?;
    sys::forbid_new_privileges().map_err(SandboxFault::step("no new privileges"))?;
    sys::forbid_dumping().map_err(SandboxFault::step("not dumpable"))?;
    lock::raise(landlock, reach)?;
    if lowered.has(Wall::Seccomp) {
        return Ok(landlock);
    }
    Filter::of(Role::Brain)?.enforce()?;
    Ok(landlock.and(Walls::of(&[Wall::Seccomp])))
}

/// Puts the keeper's filter in force on every thread; the keeper's other walls are its own.
///
/// # Errors
/// Where the kernel refuses it.
pub fn seal_keeper() -> Result<(), SandboxFault> {
    Filter::of(Role::Keeper)?.enforce()
}

/// Instructions of a role's filter.
///
/// # Errors
/// Where there is no table of numbers for this processor.
pub fn filter_length(role: Role) -> Result<usize, SandboxFault> {
    Filter::of(role).map(|filter| filter.len())
}
