//! How a sealed hand turns vouchers into values: at the keeper, on connections made before the seal.

use std::os::unix::net::UnixStream;

use crate::base::{Code, Fault};
use crate::guard::spill::Spill;
use crate::keeper::Client;
use crate::keeper::message::{Place, Use, Value};
use crate::wire::net::Voucher;

/// The hand's connections to the keeper, one for each voucher; a connection that was used is closed.
#[derive(Debug)]
pub(super) struct Vouchers {
    fresh: Vec<UnixStream>,
    greeted: Vec<Client>,
}

/// What was redeemed, and the scan that its owner has to put before its output.
#[derive(Debug)]
pub(super) struct Redeemed {
    /// In the order of the vouchers.
    pub(super) values: Vec<Value>,
    /// Looks for all of them.
    pub(super) spill: Spill,
}

impl Vouchers {
    pub(super) const fn new(fresh: Vec<UnixStream>) -> Self {
        Self { fresh, greeted: Vec::new() }
    }

    /// Greets the keeper on every connection; the numbers that it gave to them.
    ///
    /// # Errors
    /// Where it does not answer.
    pub(super) fn greet(&mut self) -> Result<Vec<u64>, Fault> {
        for stream in self.fresh.drain(..) {
            self.greeted.push(Client::over(stream)?);
        }
        Ok(self.greeted.iter().map(Client::connection).collect())
    }

    /// Redeems each voucher on its connection, for the host that this hand really speaks to. The keeper
    /// refuses a ticket that was bought for another.
    ///
    /// # Errors
    /// Where the keeper refuses one or has gone.
    pub(super) fn redeem(&mut self, vouchers: &[Voucher], host: &str) -> Result<Redeemed, Fault> {
        let mut clients = std::mem::take(&mut self.greeted).into_iter();
        let mut values = Vec::with_capacity(vouchers.len());
        for voucher in vouchers {
            let missing = || Fault::new(Code::BadInput, "more vouchers than connections to the keeper");
            let mut client = clients.next().ok_or_else(missing)?;
            let (tool, secret) = (voucher.tool.clone(), voucher.secret.clone());
            let what = Use { tool, secret, place: place(voucher.place)?, host: host.to_owned() };
            values.push(client.redeem(&voucher.ticket, what)?);
        }
        let spill = Spill::of(values.iter().map(|value| value.0.as_slice()));
        Ok(Redeemed { values, spill })
    }
}

/// The place behind its number.
///
/// # Errors
/// [`Code::BadInput`] for a number that is none.
pub(super) fn place(number: u8) -> Result<Place, Fault> {
    match number {
        0 => Ok(Place::Header),
        1 => Ok(Place::Path),
        2 => Ok(Place::Body),
        3 => Ok(Place::Stdin),
        4 => Ok(Place::Descriptor),
        other => Err(Fault::new(Code::BadInput, format!("there is no place {other} for a secret"))),
    }
}
