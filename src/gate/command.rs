//! A command for a `shell` hand, and the secrets that it is given: by the keeper, to the hand, by ticket.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use super::web::Purse;
use crate::base::limits::{HAND_TICKETS, HAND_WALL, KEEPER_MESSAGE, SHELL_WALL};
use crate::base::{Code, Fault};
use crate::keeper::message::{Place, Use};
use crate::sandbox::{Class, HandLink, Hands};
use crate::wire::hand::{Outcome, Work};
use crate::wire::net::{Ask, Told, Voucher};

/// Where a command gets a secret: never as an argument, never in its environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Its standard input.
    Stdin,
    /// The descriptor of this number.
    Descriptor(i32),
}

/// What is run.
pub struct Command {
    /// On whose behalf; tickets are bought for this tool.
    pub tool: &'static str,
    /// The folder that it runs in.
    pub folder: OwnedFd,
    /// For `/bin/sh -c`.
    pub command: String,
    /// How long it may take.
    pub wall: Duration,
    /// Names of secrets, and where each goes.
    pub secrets: Vec<(String, Way)>,
    /// Buys tickets; [`None`] where no keeper is set.
    pub purse: Option<Purse>,
}

impl Command {
    pub(super) async fn perform(self, hands: &Hands) -> Result<Vec<Outcome>, Fault> {
        if self.secrets.len() > usize::from(HAND_TICKETS) {
            return Err(Fault::new(Code::BadInput, format!("a command is given at most {HAND_TICKETS} secrets")));
        }
        let keeper = match (&self.purse, self.secrets.len()) {
            (_, 0) => None,
            (Some(purse), count) => purse.at_keeper(count),
            (None, _) => return Err(Fault::new(Code::Unavailable, "no keeper is set, so there are no secrets")),
        };
        let seconds = u32::try_from(SHELL_WALL.as_secs()).unwrap_or(u32::MAX);
        let mut link = hands.spawn_at_keeper(Class::Shell, seconds, &[self.folder.as_fd()], keeper).await?;
        let vouchers = self.buy(&mut link).await?;
        let wall_ms = u32::try_from(self.wall.as_millis()).unwrap_or(u32::MAX);
        let work = Work::RunCommand { command: self.command, wall_ms, vouchers };
        // The hand ends its command by itself; this is for a hand that does not.
        let within = SHELL_WALL + HAND_WALL + KEEPER_MESSAGE;
        Ok(vec![link.call(&work, within).await?])
    }

    async fn buy(&self, link: &mut HandLink) -> Result<Vec<Voucher>, Fault> {
        let (Some(purse), false) = (&self.purse, self.secrets.is_empty()) else { return Ok(Vec::new()) };
        let greeted = link.call(&Work::Net(Ask::Greet), HAND_WALL + KEEPER_MESSAGE).await?;
        let Outcome::Net(Told::Greeted(connections)) = greeted else {
            return Err(Fault::new(Code::Garbage, "the shell hand did not greet"));
        };
        let mut vouchers = Vec::with_capacity(self.secrets.len());
        for ((secret, way), connection) in self.secrets.iter().zip(connections) {
            let (place, number, mark) = match way {
                Way::Stdin => (Place::Stdin, 3, String::new()),
                Way::Descriptor(number) => (Place::Descriptor, 4, number.to_string()),
            };
            let (tool, host) = (self.tool.to_owned(), String::new());
            let what = Use { tool: tool.clone(), secret: secret.clone(), place, host: host.clone() };
            let ticket = purse.buy(what, connection).await?;
            vouchers.push(Voucher { ticket, tool, secret: secret.clone(), place: number, host, mark });
        }
        Ok(vouchers)
    }
}
