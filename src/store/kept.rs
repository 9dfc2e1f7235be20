//! The handle's part for timers and list items: acknowledged when they are on disk.

use super::handle::{bounded, kept};
use super::keep::{Due, Keep, ListItem, NewTimer, Timer};
use super::policy::{Durability, Kind};
use super::worker::Request;
use super::write::Write;
use super::{Store, StoreError};
use crate::base::{Id, limits};

impl Store {
    /// Keeps a timer until [`Store::end_timer`]; its id. It is on disk when this returns.
    ///
    /// # Errors
    /// As [`Store::keep_memories`].
    pub async fn set_timer(&self, principal: &str, session: &str, timer: NewTimer) -> Result<Id, StoreError> {
        short(&[("principal", principal), ("session key", session), ("name of a timer", &timer.name)])?;
        short(&[("area", &timer.area), ("command of a timer", &timer.command)])?;
        let id = self.ids().next();
        let timer = NewTimer { name: kept(timer.name), command: kept(timer.command), ..timer };
        let (principal, session) = (principal.to_owned(), session.to_owned());
        let timer = Timer { id, principal, session, timer, at_ms: self.now_ms() };
        self.keep(Keep::SetTimer(timer), Kind::Timer).await?;
        Ok(id)
    }

    /// Changes when a timer rings: it was made longer or shorter, paused or resumed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; else as [`Store::keep_memories`].
    pub async fn move_timer(&self, id: Id, due: Due) -> Result<(), StoreError> {
        self.keep(Keep::MoveTimer(id, due), Kind::Timer).await
    }

    /// Ends a timer: it rang or was called off.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; else as [`Store::keep_memories`].
    pub async fn end_timer(&self, id: Id) -> Result<(), StoreError> {
        self.keep(Keep::EndTimer(id), Kind::Timer).await
    }

    /// Timers that have not ended, the next one first.
    ///
    /// # Errors
    /// As [`Store::memories`].
    pub async fn timers(&self) -> Result<Vec<Timer>, StoreError> {
        self.ask(Request::Timers).await
    }

    /// Puts an item on a list; its id. It is on disk when this returns.
    ///
    /// # Errors
    /// As [`Store::keep_memories`].
    pub async fn add_item(&self, principal: &str, list: &str, text: &str) -> Result<Id, StoreError> {
        short(&[("principal", principal), ("name of a list", list), ("list item", text)])?;
        let id = self.ids().next();
        let (principal, list, text) = (principal.to_owned(), list.to_owned(), kept(text.to_owned()));
        let item = ListItem { id, principal, list, text, at_ms: self.now_ms(), done_ms: None };
        self.keep(Keep::AddItem(item), Kind::Item).await?;
        Ok(id)
    }

    /// Ticks an item off.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; else as [`Store::keep_memories`].
    pub async fn tick_item(&self, id: Id) -> Result<(), StoreError> {
        self.keep(Keep::TickItem(id, self.now_ms()), Kind::Item).await
    }

    /// Takes an item off its list.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; else as [`Store::keep_memories`].
    pub async fn remove_item(&self, id: Id) -> Result<(), StoreError> {
        self.keep(Keep::RemoveItem(id), Kind::Item).await
    }

    /// The items of a list, oldest first.
    ///
    /// # Errors
    /// As [`Store::memories`].
    pub async fn items(&self, list: &str) -> Result<Vec<ListItem>, StoreError> {
        let list = list.to_owned();
        self.ask(|reply| Request::Items(list, reply)).await
    }

    async fn keep(&self, change: Keep, kind: Kind) -> Result<(), StoreError> {
        match kind.durability() {
            Durability::Durable => self.ask(|reply| Request::Write(Write::Keep(change), Some(reply))).await,
            Durability::Grouped => self.post(Write::Keep(change)).await,
        }
    }
}

fn short(texts: &[(&'static str, &str)]) -> Result<(), StoreError> {
    texts.iter().try_for_each(|(what, text)| bounded(what, text.len(), limits::AUDIT_TEXT_BYTES))
}
