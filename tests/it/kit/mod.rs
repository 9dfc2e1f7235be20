//! The kit of the integration tests: a throw-away home for the built binary, and ways to drive it.
//!
//! The agent under test never runs as root: where the tests do, it is started under another uid.

mod authority;
mod bank;
mod home;
mod kept;
mod model;
mod process;
mod shared;
mod terminal;

pub(crate) use authority::Authority;
use bank::Line;
pub(crate) use home::{Home, is_root};
pub(crate) use kept::Kept;
pub(crate) use model::{Model, Step};
pub(crate) use process::{Output, Running, pid};
pub(crate) use shared::shared;
pub(crate) use terminal::at_terminal;

use std::time::{Duration, Instant};

/// Longest wait for something that should happen soon; generous, because CI machines are busy.
pub(crate) const SOON: Duration = Duration::from_secs(90);

/// Waits until `check` gives something.
///
/// # Panics
/// With `what` after [`SOON`].
pub(crate) fn wait_for<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + SOON;
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(Instant::now() < until, "waited {SOON:?} for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
