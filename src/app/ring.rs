//! What happens when a timer ends: people are told, and what was put off is done.
//!
//! The row goes last, so that a power cut in between tells it once more rather than never.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Service;
use crate::agent::Rung;
use crate::bus::{Notice, Principal};

impl Service {
    /// Rings the timers, until it is dropped; a slow command holds no other timer up.
    pub(super) async fn ring(self: Arc<Self>) {
        let mut ringing = JoinSet::new();
        loop {
            tokio::select! {
                rung = self.agent.rung() => drop(ringing.spawn(Arc::clone(&self).rang(rung))),
                Some(ended) = ringing.join_next() => if let Err(error) = ended {
                    tracing::error!(%error, "a timer was not told to its end");
                },
            }
        }
    }

    async fn rang(self: Arc<Self>, rung: Rung) {
        let mut text = rung.text.clone();
        if let Some(command) = &rung.command {
            // On behalf of who asked, with the rights of now.
            let principal: Principal = self.bus.again(&rung.principal);
            let came = self.say(principal, &rung.session, command.clone()).await;
            let came = came.map_or_else(|fault| format!("that did not work: {fault}"), |answer| answer.text);
            text = format!("{text} {came}");
        }
        self.outside.notices.tell(Notice { session: rung.session.clone(), text });
        self.agent.rung_out(&rung).await;
    }

    /// What a channel is to tell unasked, from now on.
    pub(super) fn notices(&self, channel: &'static str) -> mpsc::Receiver<Notice> {
        self.outside.notices.of(channel)
    }
}
