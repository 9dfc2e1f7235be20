//! What has changed, for every channel that shows it; nobody waits for a slow one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::broadcast;

use crate::base::limits::NEWS_BEHIND;

/// One change of one property.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Change {
    /// The entity's id.
    pub entity: String,
    /// `state`, or an attribute.
    pub property: String,
    /// Before; null where there was nothing.
    pub from: Value,
    /// Now.
    pub to: Value,
}

/// Changes on their way to channels, and the last state of each entity.
#[derive(Clone, Debug)]
pub struct News {
    changes: broadcast::Sender<Arc<Change>>,
    states: Arc<Mutex<BTreeMap<String, Value>>>,
}

impl Default for News {
    fn default() -> Self {
        Self { changes: broadcast::channel(NEWS_BEHIND).0, states: Arc::default() }
    }
}

impl News {
    /// Notes the state of an entity as it is now; entities are bounded by the home.
    pub fn know(&self, entity: &str, state: Value) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).insert(entity.to_owned(), state);
    }

    /// Tells a change to whoever listens.
    pub fn tell(&self, change: Change) {
        // Nobody listening is no fault.
        let _ = self.changes.send(Arc::new(change));
    }

    /// The state of one entity.
    #[must_use]
    pub fn state(&self, entity: &str) -> Option<Value> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).get(entity).cloned()
    }

    /// The states of all entities.
    #[must_use]
    pub fn states(&self) -> BTreeMap<String, Value> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes from now on; who falls behind is told so (`RecvError::Lagged`) and asks [`News::states`].
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Change>> {
        self.changes.subscribe()
    }
}
