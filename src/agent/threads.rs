//! What a conversation was about before Hearth was started again, and where a new one begins.
//!
//! Nothing is saved for it: what was said is read again, by the same understanding, so that «it» is what
//! was last spoken of. What waited for a «yes» waits no longer.

use jiff::Timestamp;
use serde_json::json;

use super::{Agent, Said};
use crate::base::limits::{CONFIRM_WITHIN, RESUME_MESSAGES, RESUME_WITHIN};
use crate::bus::Inbound;
use crate::intent::{self, Context, Recall, Turn};
use crate::memory::{NEW_THREAD, thread};
use crate::store::{Message, Role};

use super::recall::{Spoken, speaker};
use super::session::Session;

impl Agent {
    /// Takes a conversation of an earlier run up again, once.
    pub(super) async fn resume(&self, message: &Inbound) {
        if self.sessions().knows(&message.session) {
            return;
        }
        let said = match self.world.store.messages(&message.session, RESUME_MESSAGES).await {
            Ok(said) => said,
            Err(error) => return tracing::warn!(%error, "a conversation was not taken up again"),
        };
        let now_ms = self.world.clock.wall_ms();
        let recent = |old: &Message| old.trace != Some(message.trace) && is_within(RESUME_WITHIN, old.at_ms, now_ms);
        let said: Vec<Message> = thread(said).into_iter().filter(recent).filter(|old| old.role == Role::User).collect();
        let mut context = self.read_again(&said);
        if !said.last().is_some_and(|last| is_within(CONFIRM_WITHIN, last.at_ms, now_ms)) {
            context.pending = None;
        }
        let spoken = self.spoken_of(message, said.last()).await;
        self.with_session(&message.session, |session| *session = Session::taken_up(context, spoken));
    }

    /// What these sentences leave behind; understanding changes nothing.
    fn read_again(&self, said: &[Message]) -> Context {
        let home = self.world.home();
        let mut context = Context::default();
        for old in said.iter().filter(|old| !old.text.starts_with('/') && intent::recall(&old.text).is_none()) {
            let at = Timestamp::from_millisecond(old.at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
            let now = at.to_zoned(self.world.zone.clone()).datetime();
            context = intent::understand(&home, &Turn { text: &old.text, area: None, now, context }).context;
        }
        context
    }

    /// The memory that the last sentence was about.
    async fn spoken_of(&self, message: &Inbound, last: Option<&Message>) -> Spoken {
        let Some(Recall::Keep(text)) = last.and_then(|last| intent::recall(&last.text)) else {
            return Spoken::default();
        };
        let kept = self.world.memory.to_forget(&speaker(message), &text).await.unwrap_or_default();
        Spoken::of(kept.iter().filter(|memory| memory.text == text).map(|memory| memory.id).collect())
    }

    /// `/new` and `/session`.
    pub(super) async fn thread_command(&self, message: &Inbound, command: &str) -> Said {
        let text = match command {
            "new" => {
                let noted =
                    self.world.store.add_message(&message.session, Role::System, NEW_THREAD, Some(message.trace)).await;
                self.with_session(&message.session, |session| *session = Session::default());
                match noted {
                    Ok(_) => "All right, from the beginning. What was said before is kept.".to_owned(),
                    Err(error) => format!("I could not note that: {error}."),
                }
            }
            _ => self.about(message).await,
        };
        Said { text, detail: json!({"decision": "answer", "command": command}) }
    }

    async fn about(&self, message: &Inbound) -> String {
        let talks = self.world.store.talks(crate::base::limits::STORE_ROWS).await.unwrap_or_default();
        let mut lines = vec![format!("This conversation is {}, with {}.", message.session, message.principal.name)];
        if let Some(talk) = talks.iter().find(|talk| talk.session == message.session) {
            let since = self.world.memory.day_and_time(talk.created_ms);
            lines.push(format!("It has {} messages since {since}.", talk.messages));
        }
        let mentioned = self.with_session(&message.session, |session| session.context.mentioned.clone());
        let home = self.world.home();
        let names: Vec<&str> = mentioned.iter().filter_map(|e| home.entity(*e)).map(|e| e.name.as_str()).collect();
        if !names.is_empty() {
            lines.push(format!("Last spoken of: {}.", names.join(", ")));
        }
        lines.join("\n")
    }
}

/// Whether something is at most so old. What lies ahead of the clock is of no known age: the clock was set back.
fn is_within(most: std::time::Duration, at_ms: i64, now_ms: i64) -> bool {
    now_ms
        .checked_sub(at_ms)
        .and_then(|age| u64::try_from(age).ok())
        .is_some_and(|age| u128::from(age) <= most.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_from_ahead_of_the_clock_waits_for_no_yes() {
        let at = 1_700_000_000_000;
        assert!(is_within(CONFIRM_WITHIN, at, at));
        assert!(is_within(CONFIRM_WITHIN, at, at + 59_000));
        for now in [at + 61_000, at - 1, at - 10 * 365 * 86_400_000, i64::MIN] {
            assert!(!is_within(CONFIRM_WITHIN, at, now), "{now}");
        }
    }
}
