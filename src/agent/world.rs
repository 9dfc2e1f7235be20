//! What turns share: the home, the way to tools, and who may move what at one time.
//!
//! Turns of several sessions run beside each other. The home is locked for moments, never while
//! something is waited for. What is moved is held from the plan to the read-back, so that two turns
//! cannot toggle one thing by the same reading: all lines together (one hand moves them, in
//! milliseconds), each device behind a channel for itself (it may be silent for seconds).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::sync::{Mutex as Turnstile, MutexGuard as Passed};

use super::timers::Timers;
use super::{Behalf, Mind, Parts, Places};
use crate::base::{Clock, Fault};
use crate::bus::{self, Outside};
use crate::gate::{Call, Gate};
use crate::home::{Binding, Change, EntityRef, Home};
use crate::memory::Memory;
use crate::store::{DeviceState, Store};

/// See the module.
#[derive(Debug)]
pub(super) struct World {
    home: Mutex<Home>,
    pub(super) gate: Arc<Gate>,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) zone: TimeZone,
    pub(super) outside: Outside,
    pub(super) memory: Memory,
    pub(super) mind: Option<Mind>,
    pub(super) places: Places,
    /// One change of a list at a time.
    pub(super) lists: Turnstile<()>,
    pub(super) timers: Timers,
    lines: Turnstile<()>,
    /// One for each device behind a channel, by its place in the home.
    devices: BTreeMap<usize, Turnstile<()>>,
}

/// Devices that nobody else moves; let go one by one.
pub(super) struct Held<'a>(BTreeMap<usize, Passed<'a, ()>>);

impl Held<'_> {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Others may move this one again.
    pub(super) fn let_go(&mut self, entity: EntityRef) {
        self.0.remove(&entity.0);
    }
}

impl World {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { home, gate, store, clock, zone, outside, memory, mind, places } = parts;
        let remote = home.entities.iter().enumerate();
        let remote = remote.filter(|(_, entity)| matches!(entity.binding, Binding::Mqtt { .. }));
        let devices = remote.map(|(place, _)| (place, Turnstile::default())).collect();
        let (lists, timers, lines) = (Turnstile::default(), Timers::default(), Turnstile::default());
        Self {
            home: Mutex::new(home),
            gate,
            store,
            clock,
            zone,
            outside,
            memory,
            mind,
            places,
            lists,
            timers,
            lines,
            devices,
        }
    }

    /// The home, for a moment.
    pub(super) fn home(&self) -> MutexGuard<'_, Home> {
        self.home.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls a tool through the gate.
    pub(super) async fn call(&self, tool: &str, arguments: Value, behalf: Behalf<'_>) -> Result<Value, Fault> {
        let Behalf { principal, trace, confirmed } = behalf;
        self.gate.call(Call { tool, arguments, principal, trace, confirmed }).await
    }

    /// Changes what the service keeps, through the gate.
    pub(super) async fn keep<T>(
        &self,
        tool: &str,
        arguments: Value,
        behalf: Behalf<'_>,
        doing: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let Behalf { principal, trace, confirmed } = behalf;
        self.gate.keep(Call { tool, arguments, principal, trace, confirmed }, doing).await
    }

    /// Waits until nobody else moves a line.
    pub(super) async fn hold_lines(&self) -> Passed<'_, ()> {
        self.lines.lock().await
    }

    /// Waits until nobody else moves these devices; entities that are none are not waited for.
    pub(super) async fn hold_devices(&self, targets: impl Iterator<Item = EntityRef>) -> Held<'_> {
        let mut held = BTreeMap::new();
        // In the order of the home, so that two turns cannot wait for each other.
        for place in targets.map(|entity| entity.0).collect::<std::collections::BTreeSet<_>>() {
            if let Some(device) = self.devices.get(&place) {
                held.insert(place, device.lock().await);
            }
        }
        Held(held)
    }

    /// Whether a turn moves this device now; that turn takes its reports in itself.
    pub(super) fn is_held(&self, entity: EntityRef) -> bool {
        self.devices.get(&entity.0).is_some_and(|device| device.try_lock().is_err())
    }

    /// Takes something into the home and tells it at once, so that changes are told in their order.
    pub(super) fn take_in(&self, observe: impl FnOnce(&mut Home) -> Vec<Change>) -> Vec<Change> {
        let mut home = self.home();
        let changes = observe(&mut home);
        let news = &self.outside.news;
        for change in &changes {
            if let Some(entity) = home.find(&change.entity).and_then(|found| home.entity(found)) {
                news.know(&entity.id, entity.to_json());
            }
            let Change { entity, property, from, to } = change.clone();
            news.tell(bus::Change { entity, property, from, to });
        }
        changes
    }

    /// Saves the states of what has changed.
    pub(super) async fn save(&self, changes: &[Change]) {
        let states = self.states_of(changes);
        if states.is_empty() {
            return;
        }
        if let Err(error) = self.store.save_states(states).await {
            tracing::warn!(%error, "states were not saved");
        }
    }

    fn states_of(&self, changes: &[Change]) -> Vec<DeviceState> {
        let (home, at_ms) = (self.home(), self.clock.wall_ms());
        let mut states: Vec<DeviceState> = Vec::new();
        for change in changes {
            let Some(entity) = home.find(&change.entity).and_then(|found| home.entity(found)) else { continue };
            if states.iter().all(|state| state.entity != entity.id) {
                let source = if matches!(entity.binding, Binding::Mqtt { .. }) { "mqtt" } else { "line" }.to_owned();
                states.push(DeviceState { entity: entity.id.clone(), state: entity.to_json(), at_ms, source });
            }
        }
        states
    }
}
