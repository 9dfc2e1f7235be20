//! Buys tickets: the brain's session with the keeper, made again where it broke.
//!
//! It can name secrets and buy their use; what a ticket is for stands in it and cannot be changed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{Code, Fault};
use crate::keeper::message::Use;
use crate::keeper::ticket::TicketBytes;
use crate::keeper::{Client, KeeperFault, enrol};
use crate::sandbox::AtKeeper;

/// See the module; cheap to clone.
#[derive(Clone, Debug)]
pub struct Purse {
    socket: PathBuf,
    key: PathBuf,
    client: Arc<Mutex<Option<Client>>>,
}

impl Purse {
    /// At the keeper's socket, with the session key that `hearth keeper enrol` made. Nothing is asked yet.
    #[must_use]
    pub fn new(socket: PathBuf, key: PathBuf) -> Self {
        Self { socket, key, client: Arc::default() }
    }

    /// The connections that a hand has to make for so many tickets.
    #[must_use]
    pub fn at_keeper(&self, tickets: usize) -> Option<AtKeeper> {
        let connections = u8::try_from(tickets).unwrap_or(u8::MAX);
        let socket = self.socket.to_string_lossy().into_owned();
        (connections > 0).then_some(AtKeeper { socket, connections })
    }

    /// A ticket for the hand on this connection.
    ///
    /// # Errors
    /// [`Code::Unavailable`] where no keeper answers; what the keeper says no to.
    pub async fn buy(&self, what: Use, connection: u64) -> Result<TicketBytes, Fault> {
        let purse = self.clone();
        // The client blocks, for at most a few seconds: not on the executor's thread.
        let bought = tokio::task::spawn_blocking(move || purse.buy_now(&what, connection)).await;
        bought.map_err(|error| Fault::new(Code::Internal, format!("buying a ticket: {error}")))?.map_err(Into::into)
    }

    fn buy_now(&self, what: &Use, connection: u64) -> Result<TicketBytes, KeeperFault> {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut client) = kept.take()
            && let Ok(ticket) = client.buy(what.clone(), connection)
        {
            *kept = Some(client);
            return Ok(ticket);
        }
        // None yet, or one that idled away, whose hour is over, or whose keeper was restarted.
        let mut client = Client::connect(&self.socket)?;
        client.prove(&enrol::load(&self.key)?)?;
        let ticket = client.buy(what.clone(), connection)?;
        *kept = Some(client);
        Ok(ticket)
    }
}
