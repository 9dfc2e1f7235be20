//! When each kind of write is on disk: one table.
//!
//! «Durable» means that the answer comes after fsync. «Grouped» means that the answer comes when the
//! write is queued, and it is on disk within `limits::GROUP_COMMIT`, at the next durable write, at
//! `flush`, or at the end, whichever is first.

/// When a write is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Before it is acknowledged.
    Durable,
    /// Within `limits::GROUP_COMMIT` of its acknowledgement.
    Grouped,
}

/// When the day's flash budget is spent: what is not written any more that day, but held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sheds {
    /// Written whatever it costs.
    Never,
    /// Held back once half as much again as the budget is spent.
    Late,
    /// Held back as soon as the budget is spent.
    First,
}

/// A kind of write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Begin of a tier-2 or non-idempotent call.
    BeginOnce,
    /// Begin of an idempotent, low-tier call.
    BeginIdempotent,
    /// End of any call.
    End,
    /// A message of a conversation.
    Message,
    /// A session used.
    Session,
    /// A device's state, read back.
    State,
    /// Orphaned calls closed at the start.
    Orphans,
    /// A memory kept or forgotten.
    Memory,
    /// The vector of a memory.
    Vector,
    /// A timer set or ended.
    Timer,
    /// A list item added, ticked off or removed.
    Item,
}

/// One row of the table.
#[derive(Debug, serde::Serialize)]
pub struct Policy {
    /// The kind of write.
    pub kind: Kind,
    /// When it is on disk.
    pub durability: Durability,
    /// Whether it waits where the day's budget is spent.
    pub sheds: Sheds,
    /// Why.
    pub reason: &'static str,
}

/// The table.
pub const POLICIES: [Policy; 11] = [
    Policy {
        kind: Kind::BeginOnce,
        durability: Durability::Durable,
        sheds: Sheds::Never,
        reason: "after a power cut it must be known that the act may have happened, or it is done twice",
    },
    Policy {
        kind: Kind::BeginIdempotent,
        durability: Durability::Grouped,
        sheds: Sheds::Never,
        reason: "doing it again is harmless; the lamp should not wait for the card",
    },
    Policy {
        kind: Kind::End,
        durability: Durability::Grouped,
        sheds: Sheds::Never,
        reason: "a lost end reads as «outcome unknown», which is true",
    },
    Policy {
        kind: Kind::Message,
        durability: Durability::Grouped,
        sheds: Sheds::Late,
        reason: "said, not promised: what is to be remembered is acknowledged by memory's own durable write",
    },
    Policy {
        kind: Kind::Session,
        durability: Durability::Grouped,
        sheds: Sheds::First,
        reason: "a convenience that the next message makes anew",
    },
    Policy {
        kind: Kind::State,
        durability: Durability::Grouped,
        sheds: Sheds::First,
        reason: "a cache of the hardware, read back at the start",
    },
    Policy {
        kind: Kind::Orphans,
        durability: Durability::Durable,
        sheds: Sheds::Never,
        reason: "reported once, so it must not come back at the next start",
    },
    Policy {
        kind: Kind::Memory,
        durability: Durability::Durable,
        sheds: Sheds::Never,
        reason: "«I'll remember that» is a promise; and what was forgotten must not come back",
    },
    Policy {
        kind: Kind::Vector,
        durability: Durability::Grouped,
        sheds: Sheds::First,
        reason: "made from the text, and made again where it is missing",
    },
    Policy {
        kind: Kind::Timer,
        durability: Durability::Durable,
        sheds: Sheds::Never,
        reason: "a timer that does not ring after a power cut was never set",
    },
    Policy {
        kind: Kind::Item,
        durability: Durability::Durable,
        sheds: Sheds::Never,
        reason: "whoever heard «added» does not write it down elsewhere",
    },
];

impl Durability {
    /// The word for a person.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Durable => "at once",
            Self::Grouped => "grouped",
        }
    }
}

impl Kind {
    /// The word for a person.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BeginOnce => "call, once",
            Self::BeginIdempotent => "call, harmless",
            Self::End => "end of a call",
            Self::Message => "message",
            Self::Session => "session",
            Self::State => "device state",
            Self::Orphans => "orphaned calls",
            Self::Memory => "memory",
            Self::Vector => "vector",
            Self::Timer => "timer",
            Self::Item => "list item",
        }
    }

    /// The row's durability.
    #[must_use]
    pub const fn durability(self) -> Durability {
        match self.row() {
            Some(row) => row.durability,
            // Unreachable while the test below holds; the safe answer if it did not.
            None => Durability::Durable,
        }
    }

    /// Whether it waits where the day's budget is spent.
    #[must_use]
    pub const fn sheds(self) -> Sheds {
        match self.row() {
            Some(row) => row.sheds,
            None => Sheds::Never,
        }
    }

    const fn row(self) -> Option<&'static Policy> {
        let mut row = 0;
        while row < POLICIES.len() {
            if POLICIES[row].kind as u8 == self as u8 {
                return Some(&POLICIES[row]);
            }
            row += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_row_with_a_reason() {
        use Kind::{BeginIdempotent, BeginOnce, End, Item, Memory, Message, Orphans, Session, State, Timer, Vector};
        for kind in [BeginOnce, BeginIdempotent, End, Message, Session, State, Orphans, Memory, Vector, Timer, Item] {
            let rows: Vec<_> = POLICIES.iter().filter(|p| p.kind == kind).collect();
            assert_eq!(rows.len(), 1, "{kind:?}");
            assert!(rows[0].reason.len() > 20, "{kind:?}");
            assert_eq!((rows[0].durability, rows[0].sheds), (kind.durability(), kind.sheds()));
            assert!(kind.durability() == Durability::Grouped || kind.sheds() == Sheds::Never, "{kind:?} is a promise");
        }
        assert_eq!(BeginOnce.durability(), Durability::Durable);
        for promised in [Memory, Timer, Item] {
            assert_eq!(promised.durability(), Durability::Durable);
        }
        assert_eq!(BeginIdempotent.durability(), Durability::Grouped);
        assert!([BeginIdempotent, End].iter().all(|kind| kind.sheds() == Sheds::Never), "the audit is never shed");
    }
}
