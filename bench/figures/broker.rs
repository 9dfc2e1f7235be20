//! A mosquitto on a free loopback port, as Debian installs it.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ended when dropped.
pub(crate) struct Broker {
    pub(crate) port: u16,
    settings: PathBuf,
    child: Child,
}

impl Broker {
    /// `None` where there is none.
    pub(crate) fn start() -> Option<Self> {
        let places = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin";
        let program = places.split(':').map(|place| Path::new(place).join("mosquitto")).find(|path| path.exists())?;
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let settings = std::env::temp_dir().join(format!("hearth-figures-{}.conf", std::process::id()));
        let text = format!("listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n");
        std::fs::write(&settings, text).expect("written");
        let mut command = Command::new(program);
        let child = command.arg("-c").arg(&settings).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let broker = Self { port, settings, child: child.expect("started") };
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "mosquitto does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(broker)
    }

    /// The next message on a topic, as `mosquitto_sub` prints it; empty where none comes within two seconds.
    pub(crate) fn hear(&self, topic: &str) -> String {
        let port = self.port.to_string();
        let heard = Command::new("mosquitto_sub").args(["-p", &port, "-t", topic, "-C", "1", "-W", "2"]).output();
        String::from_utf8_lossy(&heard.expect("ran").stdout).trim().to_owned()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.settings);
    }
}
