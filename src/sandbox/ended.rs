//! Exit statuses by which a hand says why it ended.

/// It panicked: the status that Rust gives.
pub(super) const PANICKED: i32 = 101;
/// It could not be sealed.
pub(super) const UNSEALED: i32 = 70;
/// It got no more memory.
pub(super) const SPENT: i32 = 71;
