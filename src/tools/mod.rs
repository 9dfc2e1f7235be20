//! What Hearth can do: the tools behind the gate, and the bodies of the hands that do it.
//!
//! A file here is either the brain's half (manifest, arguments, descriptors) or the hand's half
//! (`*_hand`), which runs sealed. The brain's half must never do the work itself.

#![forbid(unsafe_code)]

mod arguments;
mod calculate;
mod expression;
mod file_hand;
mod files;
mod kept;
mod line_hand;
mod lines;
mod link_hand;
mod memory;
mod mqtt;
mod net_hand;
mod pem;
mod pure_hand;
mod shell;
mod shell_hand;
mod time;
mod vouchers;
mod web;
mod workspace;

pub use calculate::Calculate;
pub use files::{FileAppend, FileEdit, FileRead, FileWrite};
pub use kept::Kept;
pub use lines::{LineGet, LineSet, LineTable, LineUse};
pub use memory::MemoryTool;
pub use mqtt::MqttSet;
pub use shell::Shell;
pub use time::TimeNow;
pub use web::WebFetch;
pub use workspace::Workspace;

use crate::sandbox::{Body, Class};

/// The body of every class of hand; handed to the spawner before anything else happens.
#[must_use]
pub fn bodies() -> &'static [(Class, Body)] {
    &[
        (Class::Pure, pure_hand::body),
        (Class::Files, file_hand::body),
        (Class::Lines, line_hand::body),
        (Class::Shell, shell_hand::body),
        (Class::Net, net_hand::body),
        (Class::Link, link_hand::body),
        (Class::Embed, crate::embed::body),
    ]
}
