//! A proxy that cuts a connection at one packet boundary, counted over both directions.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// See the module.
pub(super) struct Proxy {
    /// Its port.
    pub(super) port: u16,
    passed: Arc<AtomicUsize>,
}

impl Proxy {
    /// A proxy to `to` that passes `cut` packets and then cuts, once; later connections pass whole.
    pub(super) fn start(to: u16, cut: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let passed = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&passed);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let Ok(broker) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                for (from, to) in [(&client, &broker), (&broker, &client)] {
                    let _ = from.set_nodelay(true);
                    let (from, to) = (from.try_clone().expect("a clone"), to.try_clone().expect("a clone"));
                    let counter = Arc::clone(&counter);
                    std::thread::spawn(move || {
                        let _ = pass(&from, &to, &counter, cut);
                        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                    });
                }
            }
        });
        Self { port, passed }
    }

    /// Packets that have passed.
    pub(super) fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }
}

fn pass(mut from: &TcpStream, mut to: &TcpStream, passed: &AtomicUsize, cut: usize) -> std::io::Result<()> {
    loop {
        let packet = packet(&mut from)?;
        // The packet at the cut is lost with the connection.
        if passed.fetch_add(1, Ordering::SeqCst) == cut {
            return Ok(());
        }
        to.write_all(&packet)?;
    }
}

fn packet(from: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; 2];
    from.read_exact(&mut bytes)?;
    while bytes[bytes.len() - 1] & 0x80 != 0 {
        let mut more = [0];
        from.read_exact(&mut more)?;
        bytes.push(more[0]);
    }
    let length = bytes[1..].iter().rev().fold(0, |length, byte| (length << 7) | usize::from(byte & 0x7f));
    let header = bytes.len();
    bytes.resize(header + length, 0);
    from.read_exact(&mut bytes[header..])?;
    Ok(bytes)
}
