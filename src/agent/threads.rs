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
        let within = i64::try_from(RESUME_WITHIN.as_millis()).unwrap_or(i64::MAX);
        let recent = |old: &Message| old.trace != Some(message.trace) && now_ms - old.at_ms <= within;
        let said: Vec<Message> = thread(said).into_iter().filter(recent).filter(|old| old.role == Role::User).collect();
        let mut context = self.read_again(&said);
        let waits = i64::try_from(CONFIRM_WITHIN.as_millis()).unwrap_or(0);
        if said.last().is_none_or(|last| now_ms - last.at_ms > waits) {
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
