//! The bodies of hands that do what no hand should.

// The acts are system calls as an attacker would make them.
#![allow(unsafe_code)]

use std::os::fd::OwnedFd;
use std::time::Duration;

use hearth::base::{Code, Fault};
use hearth::sandbox::{Body, Caps, Class, Given, Port, run_command};
use hearth::wire::PacketFault;
use hearth::wire::hand::{Outcome, Work};

/// The same body in every class: each is bounded by itself.
pub(crate) const BODIES: &[(Class, Body)] = &[
    (Class::Pure, body),
    (Class::Files, body),
    (Class::Lines, body),
    (Class::Net, body),
    (Class::Link, body),
    (Class::Shell, body),
    (Class::Embed, body),
];

fn body(port: &mut Port, mut held: Vec<OwnedFd>) -> Result<(), PacketFault> {
    while let Some((id, work)) = port.take()? {
        let expression = match work {
            Work::Evaluate { expression } => expression,
            Work::RunCommand { command, wall_ms, .. } => {
                let caps = Caps { wall: Duration::from_millis(wall_ms.into()), processor: Duration::from_secs(1) };
                // Held open, the workspace could be walked out of.
                held.clear();
                port.reply(id, run_command(&command, caps, Given::nothing()).map(Outcome::Ran))?;
                continue;
            }
            _ => return Ok(()),
        };
        match expression.as_str() {
            "good" => port.reply(id, Ok(Outcome::Number(42.0)))?,
            "other id" => port.reply(id + 1, Ok(Outcome::Done))?,
            "noise" => raw(b"this is not a FlatBuffer at all, but it is long enough"),
            "empty reply" => raw(b"\0\0\0\0"),
            "version" => {
                let mut reply = hearth::wire::hand::encode_reply(id, &Outcome::Done);
                let place = reply.windows(2).position(|two| two == hearth::wire::VERSION.to_le_bytes());
                reply[place.expect("a version")] = 77;
                raw(&reply);
            }
            "leave" => return Ok(()),
            "panic" => panic!("on purpose"),
            "spin" => loop {
                std::hint::spin_loop();
            },
            "memory" => {
                let mut taken: Vec<Vec<u8>> = Vec::new();
                loop {
                    taken.push(vec![1; 8 << 20]);
                }
            }
            "output" => loop {
                raw(&[7; 60_000]);
            },
            "hang" => loop {
                // Waits for a packet that never comes, with a call that is allowed.
                let _ = port.take()?;
            },
            what => {
                let done = act(what);
                port.reply(id, Err(Fault::new(Code::Internal, format!("{what} was let through: {done}"))))?;
            }
        }
    }
    Ok(())
}

/// Sends bytes of our own on the hand's socket, which is descriptor 3.
fn raw(bytes: &[u8]) {
    let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: an all-zero `msghdr` is a valid empty one; its one part points at `bytes`, which outlives the call.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        libc::sendmsg(3, &raw const message, 0);
    }
}

/// Does something that no hand may; whether it worked.
pub(crate) fn act(what: &str) -> bool {
    // SAFETY: plain system calls with constant strings; the forked child leaves at once.
    unsafe {
        match what {
            "open" => libc::open(c"/etc/hostname".as_ptr(), libc::O_RDONLY) >= 0,
            // I2C_SLAVE, I2C_SLAVE_FORCE and I2C_RDWR name an address; the second also with bits that the kernel drops.
            "i2c address" => libc::ioctl(0, 0x0703, 0x48) == 0,
            "i2c address by force" => libc::syscall(libc::SYS_ioctl, 0, 0x1_0000_0706_u64, 0x48) == 0,
            "i2c transfer to an address" => libc::ioctl(0, 0x0707, 0) == 0,
            "terminal" => libc::ioctl(0, 0x5401, 0) == 0,
            // What is let through is answered by `/dev/null`: it is no bus.
            "i2c register" | "i2c register, upper bits" => {
                let number = if what.ends_with("bits") { 0x1_0000_0720_u64 } else { 0x0720 };
                libc::syscall(libc::SYS_ioctl, 0, number, 0) == -1
                    && std::io::Error::last_os_error().raw_os_error() == Some(libc::ENOTTY)
            }
            // The first descriptor that was handed over lies behind the socket.
            "large file" => libc::pwrite(4, c"x".as_ptr().cast(), 1, 1 << 30) == 1,
            "descriptors" => (0..600).all(|_| libc::dup(0) >= 0),
            "file" => {
                let file = libc::memfd_create(c"big".as_ptr(), 0);
                libc::pwrite(file, c"x".as_ptr().cast(), 1, 1 << 30) == 1
            }
            "socket" => libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) >= 0,
            // PTRACE_SEIZE of a process of its own, which a class without processes is not let make either.
            "trace" => match libc::fork() {
                0 => loop {
                    libc::poll(std::ptr::null_mut(), 0, -1);
                },
                // As the number of a process it would mean all of them.
                -1 => false,
                child => {
                    let traced = libc::ptrace(libc::PTRACE_SEIZE, child, 0, 0) == 0;
                    libc::kill(child, libc::SIGKILL);
                    libc::waitpid(child, std::ptr::null_mut(), 0);
                    traced
                }
            },
            "fork" => match libc::fork() {
                0 => libc::_exit(0),
                child => child > 0 && libc::waitpid(child, std::ptr::null_mut(), 0) == child,
            },
            // More processes at a time than a command may have, by the kernel's count.
            "crowd" => {
                let most = usize::try_from(hearth::base::limits::SHELL_PROCESSES_HARD).unwrap_or(usize::MAX) + 10;
                let mut made = Vec::new();
                while made.len() < most {
                    match libc::fork() {
                        0 => loop {
                            libc::poll(std::ptr::null_mut(), 0, -1);
                        },
                        -1 => break,
                        child => made.push(child),
                    }
                }
                for child in &made {
                    libc::kill(*child, libc::SIGKILL);
                    libc::waitpid(*child, std::ptr::null_mut(), 0);
                }
                made.len() == most
            }
            "exec" => match libc::fork() {
                0 => {
                    let arguments = [c"true".as_ptr(), std::ptr::null()];
                    libc::execv(c"/bin/true".as_ptr(), arguments.as_ptr());
                    libc::_exit(1)
                }
                child => {
                    let mut status = 1;
                    libc::waitpid(child, &raw mut status, 0) == child && status == 0
                }
            },
            _ => false,
        }
    }
}
