//! Every part, joined: configuration and board become a service.
//!
//! The order is the point: the spawner was forked before this module ran; then settings, the
//! folder's lock, the store, hands, lines, tools, the home, the agent, and last the doors (admin
//! socket, console). Nothing below this floor knows the whole.

#![forbid(unsafe_code)]

pub mod admin;
mod edges;
mod faults;
mod keeping;
mod lines;
mod model;
mod network;
mod outside;
mod places;
mod plain;
mod ring;
mod seen;
mod serve;
mod service;
mod settings;
mod suspended;
mod vouch;

pub use keeping::resident_vectors;
pub(crate) use serve::Stop;
pub use serve::{Front, serve};
pub use service::Service;
pub use settings::{Options, Settings};

use crate::base::KeyFault;
use crate::sandbox::SandboxFault;
use crate::store::StoreError;

/// Why Hearth did not start.
#[derive(Debug, thiserror::Error)]
pub enum AppFault {
    /// Settings, board or home are wrong; every fault of them.
    #[error("{}", list(.0))]
    Settings(Vec<KeyFault>),
    /// The data folder or its database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The spawner.
    #[error(transparent)]
    Sandbox(#[from] SandboxFault),
    /// A step of starting.
    #[error("{step}: {error}")]
    Step {
        /// What was being done.
        step: String,
        /// The system's answer.
        error: std::io::Error,
    },
}

impl AppFault {
    pub(crate) fn step(step: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let step = step.into();
        move |error| Self::Step { step, error }
    }
}

fn list(faults: &[KeyFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
