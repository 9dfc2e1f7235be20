//! The body of a `shell` hand: one command in the folder that was handed over.

use std::os::fd::OwnedFd;
use std::time::Duration;

use crate::base::{Code, Fault};
use crate::sandbox::{Port, run_command};
use crate::wire::PacketFault;
use crate::wire::hand::{Outcome, Work};

pub(super) fn body(port: &mut Port, descriptors: Vec<OwnedFd>) -> Result<(), PacketFault> {
    // The seal has mounted it; held open it could be walked out of.
    drop(descriptors);
    while let Some((id, work)) = port.take()? {
        let outcome = match work {
            Work::RunCommand { command, wall_ms } => {
                run_command(&command, Duration::from_millis(wall_ms.into())).map(Outcome::Ran)
            }
            other => Err(Fault::new(Code::Refused, format!("a shell hand does not do {other:?}"))),
        };
        port.reply(id, outcome)?;
    }
    Ok(())
}
