//! Who is busy with what: one at a time for each name.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The names that are taken. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Seats(Arc<Mutex<BTreeSet<String>>>);

/// A name that is taken until this is dropped.
pub(super) struct Seat {
    seats: Seats,
    name: String,
}

impl Seats {
    /// Takes a name; [`None`] while another has it.
    pub(super) fn take(&self, name: &str) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(name.to_owned()).then(|| Seat { seats: self.clone(), name: name.to_owned() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_once_until_it_is_let_go() {
        let seats = Seats::default();
        let first = seats.take("a");
        assert!(first.is_some() && seats.clone().take("a").is_none() && seats.take("b").is_some());
        drop(first);
        assert!(seats.take("a").is_some());
    }
}
