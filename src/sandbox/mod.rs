//! The walls: the spawner that makes every process, and the hands it forks and seals.
//!
//! This is the only module that makes processes. A *hand* does one job: it is forked from the
//! spawner, sealed before it reads its first byte, and holds nothing but its socket and the
//! descriptors that were handed to it. The spawner itself is forked from `hearth` first of all,
//! before threads, configuration or foreign bytes. What a hand does with its descriptors is not
//! known here: [`Body`] functions come from above.

#![allow(unsafe_code)]

mod act;
mod assemble;
pub(crate) mod capability;
mod cgroup;
mod ended;
mod filter;
mod given;
mod hands;
mod heap;
mod holder;
mod leftovers;
mod link;
mod lock;
mod mould;
mod policy;
mod port;
mod probe;
mod report;
mod role;
mod seal;
mod shell;
mod shell_root;
mod space;
mod spawner;
mod tree;
mod wall;

pub use act::Act;
pub use given::Given;
pub use hands::{Hands, HandsStatus};
pub use holder::Holder;
pub use link::HandLink;
pub use lock::Reach;
pub use policy::{Argument, Class, Only, Otherwise, Role, Rule};
pub use port::{Body, Port};
pub use report::{Attempted, Report, Standing, Stood, Verdict};
pub use role::{filter_length, seal_brain, seal_keeper};
pub use shell::{Caps, run as run_command};
pub use spawner::{Spawner, start};
pub use wall::{Wall, Walls};

pub use crate::wire::spawn::AtKeeper;

/// What to do about a keeper's socket that did not take a connection; one that is shut to this user is told apart from
/// one where nobody listens.
#[must_use]
pub fn unreached(error: &std::io::Error, otherwise: &'static str) -> &'static str {
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        "this user may not reach it: give the socket to the agent's group (chgrp, chmod 660), as the units do"
    } else {
        otherwise
    }
}

/// What went wrong in making or sealing a process.
#[derive(Debug, thiserror::Error)]
pub enum SandboxFault {
    /// Without seccomp no hand has a wall that counts, so none is made.
    #[error(
        "no hands: this kernel has no seccomp, and without that wall Hearth runs no tool \
         (CONFIG_SECCOMP_FILTER is missing, or this is qemu-user)"
    )]
    NoSeccomp,
    /// The spawner has to be made while the program has one thread.
    #[error("the spawner must be made before the first thread, but there are {0} threads")]
    NotAlone(usize),
    /// A step of making or sealing a process failed.
    #[error("{step}: {error}")]
    Step {
        /// What was being done.
        step: &'static str,
        /// The system's answer.
        error: std::io::Error,
    },
    /// A hand with tickets to redeem found no keeper.
    #[error("no keeper answers at {socket}: {error}; {}", unreached(.error, "start hearth-keeper, or name its socket in keeper.socket"))]
    NoKeeper {
        /// Where it was looked for.
        socket: String,
        /// The system's answer.
        error: std::io::Error,
    },
    /// The filter of a class cannot be made on this processor.
    #[error("no seccomp filter for this processor: {0}")]
    NoFilter(String),
}

impl SandboxFault {
    pub(crate) fn step(step: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Step { step, error }
    }

    pub(crate) fn errno(step: &'static str) -> impl FnOnce(nix::errno::Errno) -> Self {
        move |error| Self::Step { step, error: error.into() }
    }
}
