//! The body of a `shell` hand: one command in the folder that was handed over, with the secrets it is given.
//!
//! Values come from the keeper on connections that were made before the seal and are closed before the
//! command starts; its output is looked through for them before a byte of it leaves the hand.

use std::os::fd::OwnedFd;
use std::time::Duration;

use super::vouchers::{Redeemed, Vouchers, place};
use crate::base::{Code, Fault};
use crate::keeper::message::Place;
use crate::sandbox::{Caps, Given, Port, run_command};
use crate::wire::PacketFault;
use crate::wire::hand::{Outcome, Work};
use crate::wire::net::{Ask, Told, Voucher};

pub(super) fn body(port: &mut Port, descriptors: Vec<OwnedFd>) -> Result<(), PacketFault> {
    // The seal has mounted it; held open it could be walked out of.
    drop(descriptors);
    let mut keeper = Vouchers::new(port.take_keeper());
    while let Some((id, work)) = port.take()? {
        let outcome = match work {
            Work::Net(Ask::Greet) => keeper.greet().map(|connections| Outcome::Net(Told::Greeted(connections))),
            Work::RunCommand { command, wall_ms, vouchers } => given(&mut keeper, &vouchers)
                .and_then(|given| run_command(&command, Caps::within(Duration::from_millis(wall_ms.into())), given))
                .map(Outcome::Ran),
            other => Err(Fault::new(Code::Refused, format!("a shell hand does not do {other:?}"))),
        };
        port.reply(id, outcome)?;
    }
    Ok(())
}

/// Redeems the vouchers, for a program of this machine: no host gets the value.
fn given(keeper: &mut Vouchers, vouchers: &[Voucher]) -> Result<Given, Fault> {
    let Redeemed { values, spill } = keeper.redeem(vouchers, "")?;
    let mut given = Given::watched_by(spill);
    for (voucher, value) in vouchers.iter().zip(&values) {
        let bad = |error: &dyn std::fmt::Display| Fault::new(Code::BadInput, format!("a command's secret: {error}"));
        let put = match place(voucher.place)? {
            Place::Stdin => given.on_stdin(&value.0),
            Place::Descriptor => {
                let number = voucher.mark.parse().map_err(|error| bad(&error))?;
                given.on(number, &value.0)
            }
            Place::Header | Place::Path | Place::Body => return Err(bad(&"a command has no such place")),
        };
        put.map_err(|error| bad(&error))?;
    }
    Ok(given)
}
