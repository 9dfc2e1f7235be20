//! FlatBuffers code made by `schemas/generate` from `schemas/*.fbs`; never edited by hand.
//!
//! `schemas/generated.lock` records what each file was made from, and `tests/it/generated.rs` holds
//! it true. Nothing here checks more than the shape of bytes: read through [`super::verify`].

// The generator's style is not ours to lint; its `unsafe` stands on the verifier that `read` ran.
#![allow(unsafe_code)]
#![allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
#![allow(
    deprecated,
    missing_docs,
    unreachable_pub,
    unused_imports,
    unsafe_op_in_unsafe_fn,
    mismatched_lifetime_syntaxes
)]

#[rustfmt::skip]
mod hand_generated;
#[rustfmt::skip]
mod keeper_generated;
#[rustfmt::skip]
mod spawn_generated;

pub use hand_generated::hearth::hand;
pub use keeper_generated::hearth::keeper;
pub use spawn_generated::hearth::spawn;
