//! The home: what devices there are, what is true of them, and what a command would change.
//!
//! It plans and never acts: [`Home::plan`] turns a [`Call`] into [`Step`]s, whoever owns the gate
//! carries them out, and [`Home::observe`] takes in what the hardware then reads. No I/O, no clock.
//!
//! ```text
//! home file or [home] section ── Home::from_json ──> Home ── plan(call) ──> steps
//!                                                     ^                       │ gate, hand, line
//!                                                     └── observe(read-back) ─┘
//! ```

#![forbid(unsafe_code)]

mod apply;
mod attr;
mod call;
mod call_json;
mod entity;
mod fault;
mod gazetteer;
mod kind;
mod load;
mod load_entity;
mod load_mqtt;
mod model;
mod observe;
mod plan;
mod raw;
pub mod remote;
mod rooms;
pub mod spell;
mod stairs;
#[cfg(test)]
mod tests;
mod timer;
pub mod words;

pub use apply::Simulated;
pub use attr::{Style, number, number_of, whole};
pub use call::{Call, Color, Command, TimerCommand, TimerWhich};
pub use entity::{AreaRef, Binding, Entity, EntityRef, FloorRef, ListItem, Reading};
pub use fault::HomeFault;
pub use gazetteer::{Gazetteer, NameHit, NameKind, NameOf, OptionHit};
pub use kind::{Capability, Kind, Tier};
pub use model::{Area, Change, Device, Floor, Home, Media};
pub use observe::LineValue;
pub use plan::{Declined, Plan, Step};
pub use timer::Timer;
