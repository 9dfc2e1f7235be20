//! Devices behind a channel: what they were told goes out here, what they report comes in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot, watch};

use crate::base::limits::{ENTITIES, MQTT_ORDERS, STATE_BYTES};
use crate::base::{Code, Fault};

/// Something that a device is told.
#[derive(Debug)]
pub struct Publication {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// Hears when the broker has it.
    pub done: oneshot::Sender<Result<(), Fault>>,
}

/// What a device reported last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Counts up with every report of any device.
    pub number: u64,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// Both directions, by topic; cheap to clone.
#[derive(Clone, Debug)]
pub struct Remote {
    reports: Arc<Mutex<BTreeMap<String, Report>>>,
    latest: watch::Sender<u64>,
    up: watch::Sender<bool>,
    out: mpsc::Sender<Publication>,
}

impl Remote {
    /// A remote, and what a channel takes off it.
    #[must_use]
    pub fn open() -> (Self, mpsc::Receiver<Publication>) {
        let (out, publications) = mpsc::channel(MQTT_ORDERS);
        let (latest, up) = (watch::Sender::new(0), watch::Sender::new(false));
        (Self { reports: Arc::default(), latest, up, out }, publications)
    }

    /// Tells a device something, now or not at all: a command that waited for hours would surprise.
    ///
    /// # Errors
    /// [`Code::Unavailable`] while there is no connection, [`Code::Full`], or the broker's refusal.
    pub async fn publish(&self, topic: String, payload: Vec<u8>) -> Result<(), Fault> {
        if !*self.up.borrow() {
            return Err(Fault::new(Code::Unavailable, "there is no connection to the MQTT broker"));
        }
        let (done, came) = oneshot::channel();
        self.out.try_send(Publication { topic, payload, done }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Fault::new(Code::Full, "too many commands wait for the MQTT broker"),
            mpsc::error::TrySendError::Closed(_) => Fault::new(Code::Unavailable, "MQTT is not in use"),
        })?;
        came.await.map_err(|_| Fault::new(Code::Unavailable, "the MQTT connection has stopped"))?
    }

    /// Whether the channel is connected.
    pub fn set_up(&self, up: bool) {
        self.up.send_replace(up);
    }

    /// A device reported something; over-long reports and more topics than entities are not kept.
    pub fn report(&self, topic: &str, payload: &[u8]) {
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        if payload.len() > STATE_BYTES || (reports.len() >= ENTITIES && !reports.contains_key(topic)) {
            tracing::warn!(topic, bytes = payload.len(), "a device's report was not taken");
            return;
        }
        let number = *self.latest.borrow() + 1;
        reports.insert(topic.to_owned(), Report { number, payload: payload.to_vec() });
        drop(reports);
        self.latest.send_replace(number);
    }

    /// What came last on a topic.
    #[must_use]
    pub fn last(&self, topic: &str) -> Option<Report> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).get(topic).cloned()
    }

    /// The number of the latest report.
    #[must_use]
    pub fn latest(&self) -> u64 {
        *self.latest.borrow()
    }

    /// Changes with every report.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }
}

impl Default for Remote {
    /// One without a channel behind it: nothing can be told.
    fn default() -> Self {
        Self::open().0
    }
}
