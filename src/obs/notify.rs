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
        send(&[NotifyState::Ready, NotifyState::Status(&one_line(status))]);
    }

    /// The service is going.
    pub fn stopping(self) {
        send(&[NotifyState::Stopping]);
    }

    /// A line for `systemctl status`.
    pub fn status(self, status: &str) {
        send(&[NotifyState::Status(&one_line(status))]);
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

/// A line end in a status would begin another message of the protocol.
fn one_line(status: &str) -> String {
    status.replace(|c: char| c.is_control(), " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The socket's path is read from the environment, so the speaker is a process of its own.
    #[test]
    #[ignore = "the speaking half of the_service_manager_hears_each_message, which starts it"]
    fn speaker() {
        let notify = Notify;
        assert_eq!(notify.watchdog_interval(), Some(Duration::from_secs(5)));
        notify.extend(Duration::from_secs(30));
        notify.ready("8 devices\nSTOPPING=1");
        notify.watchdog();
        notify.status("idle");
        notify.stopping();
    }

    #[test]
    fn the_service_manager_hears_each_message() {
        let path = std::env::temp_dir().join(format!("hearth-notify-{}", std::process::id()));
        let socket = std::os::unix::net::UnixDatagram::bind(&path).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        let speaker = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--ignored", "--exact", "obs::notify::tests::speaker"])
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "10000000")
            .env_remove("WATCHDOG_PID")
            .output()
            .expect("started");
        assert!(speaker.status.success(), "{speaker:?}");
        let mut heard = Vec::new();
        for _ in 0..5 {
            let mut part = [0; 512];
            let length = socket.recv(&mut part).expect("a message");
            heard.push(String::from_utf8_lossy(&part[..length]).into_owned());
        }
        let said = [
            "EXTEND_TIMEOUT_USEC=30000000\n",
            "READY=1\nSTATUS=8 devices STOPPING=1\n",
            "WATCHDOG=1\n",
            "STATUS=idle\n",
            "STOPPING=1\n",
        ];
        assert_eq!(heard, said);
        std::fs::remove_file(path).expect("cleaned");
    }
}
