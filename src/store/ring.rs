//! Records held in memory while the disk refuses writes, and how reads see them.

use std::collections::VecDeque;

use super::read::outcome_word;
use super::write::{Write, shorten};
use super::{CallEnd, CallQuery, CallRecord, DeviceState, Message, search};
use crate::base::{Id, limits};

/// The latest changes, oldest first, at most `limits::STORE_RING` and about `limits::STORE_RING_BYTES`.
#[derive(Default)]
pub(super) struct Ring {
    held: VecDeque<Write>,
    bytes: usize,
    dropped: u64,
}

impl Ring {
    /// Holds one more; the oldest goes, and is counted, when there is no room.
    pub(super) fn push(&mut self, write: Write) {
        self.bytes += write.bytes();
        self.held.push_back(write);
        // The newest stays, however large: each is bounded by itself.
        while self.held.len() > limits::STORE_RING || (self.held.len() > 1 && self.bytes > limits::STORE_RING_BYTES) {
            let Some(oldest) = self.held.pop_front() else { return };
            self.bytes -= oldest.bytes();
            self.dropped += 1;
        }
    }

    /// How many are held.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// How many were lost for want of room.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What is held, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Write> {
        self.held.iter()
    }

    /// Forgets what is on disk now.
    pub(super) fn clear(&mut self) {
        self.held.clear();
        self.bytes = 0;
    }

    /// Whether the vector of a memory is held.
    pub(super) fn holds_vector(&self, seq: i64) -> bool {
        self.held.iter().any(|write| matches!(write, Write::Vectors(held) if held.iter().any(|(of, _)| *of == seq)))
    }

    /// Adds the held calls and ends to what the disk answered.
    pub(super) fn overlay_calls(&self, query: CallQuery, calls: &mut Vec<CallRecord>) {
        for write in &self.held {
            match write {
                Write::Begin { id, at_ms, call } if wanted(query, call.trace) => calls.push(CallRecord {
                    id: *id,
                    tool: shorten(&call.tool),
                    principal: shorten(&call.principal),
                    trace: call.trace,
                    args: shorten(&call.args),
                    decision: call.decision,
                    reason: shorten(&call.reason),
                    began_ms: *at_ms,
                    end: None,
                }),
                Write::End { id, at_ms, end } => {
                    if let Some(call) = calls.iter_mut().find(|c| c.id == *id && c.end.is_none()) {
                        call.end = Some(CallEnd {
                            outcome: outcome_word(end.outcome.map_or_else(|code| i64::from(code.number()), |()| 0)),
                            detail: shorten(&end.detail),
                            took_us: super::db::micros(end.took),
                            ended_ms: *at_ms,
                        });
                    }
                }
                _ => {}
            }
        }
        match query {
            CallQuery::Latest(limit) => {
                calls.sort_by_key(|c| std::cmp::Reverse(c.id));
                calls.truncate(limit.min(limits::STORE_ROWS));
            }
            CallQuery::Trace(_) => calls.sort_by_key(|c| c.id),
        }
    }

    /// The held messages, oldest first.
    pub(super) fn messages(&self) -> impl Iterator<Item = Message> {
        self.held.iter().filter_map(|write| match write {
            Write::Message { id, session, role, text, trace, at_ms } => Some(Message {
                id: *id,
                session: session.clone(),
                role: *role,
                text: text.clone(),
                trace: *trace,
                at_ms: *at_ms,
            }),
            _ => None,
        })
    }

    /// Adds the held messages of a session.
    pub(super) fn overlay_messages(&self, session: &str, limit: usize, messages: &mut Vec<Message>) {
        messages.extend(self.messages().filter(|m| m.session == session));
        let surplus = messages.len().saturating_sub(limit);
        messages.drain(..surplus);
    }

    /// Adds the held messages that hold every word.
    pub(super) fn overlay_search(&self, query: &str, messages: &mut Vec<Message>) {
        messages.extend(self.messages().filter(|m| search::matches(query, &m.text)));
    }

    /// Puts the held states over those of the disk.
    pub(super) fn overlay_states(&self, states: &mut Vec<DeviceState>) {
        for write in &self.held {
            let Write::States(newer) = write else { continue };
            for state in newer {
                match states.iter_mut().find(|s| s.entity == state.entity) {
                    Some(old) => *old = state.clone(),
                    None => states.push(state.clone()),
                }
            }
        }
    }
}

fn wanted(query: CallQuery, trace: Id) -> bool {
    match query {
        CallQuery::Latest(_) => true,
        CallQuery::Trace(id) => id == trace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_drops_the_oldest_and_counts_it() {
        let mut ring = Ring::default();
        for at_ms in 0..i64::try_from(limits::STORE_RING).unwrap() + 3 {
            let key = at_ms.to_string();
            ring.push(Write::Session { key, principal: String::new(), channel: String::new(), at_ms });
        }
        assert_eq!((ring.len(), ring.dropped()), (limits::STORE_RING, 3));
        assert!(matches!(ring.iter().next(), Some(Write::Session { at_ms: 3, .. })));
        ring.clear();
        let key = "k".repeat(limits::STORE_RING_BYTES / 4);
        for at_ms in 0..9 {
            ring.push(Write::Session { key: key.clone(), principal: String::new(), channel: String::new(), at_ms });
        }
        assert_eq!((ring.len(), ring.dropped()), (3, 9), "a few large ones fill it as well");
    }
}
