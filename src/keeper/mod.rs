//! Secrets: the process that keeps them, and the way to ask it.
//!
//! `hearth-keeper` is its own small program: one Unix socket, smol, FlatBuffers, no TLS, no database,
//! no network. It seals itself before it reads the first byte. [`client`] is what the brain and the
//! commands use: names, tickets and administration; `desk` answers them. Nothing here may hand a value to the brain, run a program or open a network socket.

#![forbid(unsafe_code)]

pub mod args;
pub mod armor;
pub mod cipher;
pub mod client;
pub mod codec;
pub mod desk;
pub mod enrol;
pub mod fault;
pub mod frame;
mod heads;
pub mod key;
pub mod listen;
pub mod message;
pub mod role;
pub mod safe;
pub mod schnorr;
pub mod seal;
pub mod server;
pub mod session;
pub mod source;
pub mod ticket;
pub mod vault;
pub mod vault_text;

#[cfg(test)]
mod codec_tests;
#[cfg(test)]
mod vault_tests;

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use args::{Parsed, Settings};
pub use client::Client;
pub use fault::KeeperFault;
use listen::Listener;

/// Where the keeper listens, and where commands look for it, unless they are told otherwise.
pub const DEFAULT_SOCKET: &str = crate::base::limits::KEEPER_SOCKET;

/// The program `hearth-keeper`: 0 after SIGTERM or SIGINT, 1 where it could not serve, 2 on wrong usage.
#[must_use]
pub fn main() -> ExitCode {
    // First of all: what was inherited is taken or closed while nothing of ours is open.
    let inherited = crate::base::sys::take_inherited();
    match args::parse(std::env::args_os().skip(1)).and_then(|parsed| act(parsed, inherited)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            say(&fault.to_string());
            ExitCode::from(if matches!(fault, KeeperFault::Usage(_)) { 2 } else { 1 })
        }
    }
}

fn act(parsed: Parsed, inherited: io::Result<Option<OwnedFd>>) -> Result<(), KeeperFault> {
    match parsed {
        Parsed::Say(text) => {
            // A reader that went away is no fault of ours.
            let _ = io::stdout().write_all(text.as_bytes());
            Ok(())
        }
        Parsed::Serve(settings) => serve(&settings, inherited.map_err(KeeperFault::Inherited)?),
    }
}

/// Open, close the doors, say so, then read the first byte.
fn serve(settings: &Settings, inherited: Option<OwnedFd>) -> Result<(), KeeperFault> {
    let signals = server::ending_signals()?;
    let listener = match inherited {
        Some(descriptor) => Listener::activated(descriptor)?,
        None => Listener::bind(settings.socket()?)?,
    };
    become_user(settings.user)?;
    // Before a key is in memory; `seal` raises this again with the rest.
    let dumping = |error| KeeperFault::Unsealed { wall: "not_dumpable", error };
    crate::base::sys::forbid_dumping().map_err(dumping)?;
    // The keyring and the credential are out of reach once sealed, and the variable goes while there is one thread.
    let safe = safe::Safe::open(settings.vault.as_deref(), settings.key_file.as_deref());
    seal::seal()?;
    if safe.source() == "environment" {
        say("the master key came from the environment, which was overwritten; a credential or key file is better");
    }
    if !safe.note().is_empty() {
        say(&format!("the vault is locked: {}", safe.note()));
    }
    server::run(&listener, &signals, settings, safe)
}

/// Gives root's ids up for those of the user that was named, before any file but the socket is opened.
fn become_user(user: Option<u32>) -> Result<(), KeeperFault> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    let Some(user) = user else {
        // It gives up what root may, and stays the owner of root's files: said here and in its status.
        say("started as root, and without --user: it has root's ids, though no capability");
        return Ok(());
    };
    let (uid, gid) = (nix::unistd::Uid::from_raw(user), nix::unistd::Gid::from_raw(user));
    let gid = args::group_of(uid).unwrap_or(gid);
    crate::sandbox::capability::empty_bounds();
    let given = nix::unistd::setgroups(&[])
        .and_then(|()| nix::unistd::setresgid(gid, gid, gid))
        .and_then(|()| nix::unistd::setresuid(uid, uid, uid));
    given.map_err(|error| KeeperFault::Unsealed { wall: "ids", error: error.into() })
}

/// One line for a person on standard error; a log that is gone must not end the keeper.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "hearth-keeper: {line}");
}
