//! News for systemd: READY, STATUS, WATCHDOG, EXTEND_TIMEOUT_USEC (sd_notify(3)).
//!
//! Nothing is sent where no NOTIFY_SOCKET is set. The watchdog is fed from the agent's own loop, so
//! a loop that hangs is a service that is restarted.

use std::time::Duration;

use sd_notify::NotifyState;

/// The connection to the service manager.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notify;

impl Notify {
    /// The service is ready to obey.
    pub fn ready(self, status: &str) {
        send(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// The service is going.
    pub fn stopping(self) {
        send(&[NotifyState::Stopping]);
    }

    /// A line for `systemctl status`.
    pub fn status(self, status: &str) {
        send(&[NotifyState::Status(status)]);
    }

    /// The service lives.
    pub fn watchdog(self) {
        send(&[NotifyState::Watchdog]);
    }

    /// The start takes this much longer than the unit allows, counted from now.
    pub fn extend(self, by: Duration) {
        send(&[NotifyState::ExtendTimeoutUsec(u32::try_from(by.as_micros()).unwrap_or(u32::MAX))]);
    }

    /// How often to feed the watchdog: half of what the unit asks, or `None` without one.
    #[must_use]
    pub fn watchdog_interval(self) -> Option<Duration> {
        sd_notify::watchdog_enabled().map(|limit| limit / 2)
    }
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}
