//! What is said to memory in a conversation: kept, found again with its date, forgotten.
//!
//! Understood before the home is asked, so that «remember that the lamp is on» moves no lamp; offline, and
//! acknowledged when it is on disk.

use serde_json::{Value, json};

use super::{Agent, Said};
use crate::base::{Code, Fault, Id};
use crate::bus::{Inbound, Principal, Rights};
use crate::intent::{self, Recall};
use crate::memory::{Memory, Speaker};
use crate::store::memory;

/// What the last turn left for «forget that» and for a choice.
#[derive(Clone, Debug, Default)]
pub(super) struct Spoken {
    /// What was last kept or told.
    last: Vec<Id>,
    /// What waits for a choice.
    choice: Vec<Id>,
}

impl Spoken {
    /// These were last spoken of.
    pub(super) const fn of(last: Vec<Id>) -> Self {
        Self { last, choice: Vec::new() }
    }
}

/// What is chosen of a list.
#[derive(Debug, PartialEq, Eq)]
enum Choice {
    One(usize),
    All,
    None,
}

impl Agent {
    /// Answers what is for memory; [`None`] where it is for the home.
    pub(super) async fn recall(&self, message: &Inbound) -> Option<Said> {
        // Whatever is said next, it is not about the turn before last.
        let before = self.with_session(&message.session, |session| std::mem::take(&mut session.spoken));
        let speaker = speaker(message);
        if !before.choice.is_empty()
            && let Some(choice) = chosen(&message.text)
        {
            return Some(self.forget_chosen(message, &speaker, before.choice, &choice).await);
        }
        let wish = intent::recall(&message.text)?;
        let writes = !matches!(wish, Recall::Find { .. });
        if writes && message.principal.rights < Rights::Use {
            let text = "I keep and forget things only for people that I know by name; hearth's [people] names them.";
            return Some(said(text, "answer", &wish, json!(null)));
        }
        let done = match &wish {
            Recall::Keep(text) => self.keep(message, &speaker, text).await,
            Recall::Find { topic, by, said } => match self.find(message, &speaker, topic, by.as_deref(), *said).await {
                Ok(found) => Ok(found?),
                Err(fault) => Err(fault),
            },
            Recall::Forget(topic) => {
                let topic = topic.as_deref().filter(|topic| Memory::is_topic(topic));
                match self.forget(message, &speaker, topic, before.last).await {
                    Ok(told) => Ok(told?),
                    Err(fault) => Err(fault),
                }
            }
        };
        Some(match done {
            Ok((text, decision, detail)) => said(&text, decision, &wish, detail),
            Err(fault) => said(&not_done(&wish, &fault), "answer", &wish, json!({"fault": fault.code})),
        })
    }

    async fn keep(&self, message: &Inbound, speaker: &Speaker<'_>, text: &str) -> Result<Told, Fault> {
        let kept = self.world.memory.keep_said(speaker, text).await?;
        let ids: Vec<Id> = kept.iter().map(|kept| kept.id).collect();
        let known = kept.iter().all(|kept| kept.duplicate);
        self.spoke(message, ids.clone(), Vec::new());
        let told = if known { "I know that already." } else { "I will remember that." };
        Ok((told.to_owned(), "act", json!({ "kept": ids, "known": known })))
    }

    async fn find(
        &self,
        message: &Inbound,
        speaker: &Speaker<'_>,
        topic: &str,
        by: Option<&str>,
        only_said: bool,
    ) -> Result<Option<Told>, Fault> {
        let found = self.world.memory.said_about(speaker, topic, by).await?;
        if found.is_empty() {
            let nothing = || ("I have nothing on that.".to_owned(), "answer", json!({"found": []}));
            return Ok(only_said.then(nothing));
        }
        let ids: Vec<Id> = found.iter().map(|one| one.memory.id).collect();
        let told = self.world.memory.told_all(&found, speaker.person);
        self.spoke(message, ids.clone(), Vec::new());
        Ok(Some((told, "answer", json!({ "found": ids }))))
    }

    /// Answers from memory a question that the home cannot answer; [`None`] where that is no question, or where
    /// memory is not sure. Nothing is moved by it, whatever was remembered.
    pub(super) async fn look_up(&self, message: &Inbound) -> Option<Said> {
        if !intent::asks(&message.text) {
            return None;
        }
        let speaker = speaker(message);
        let found = match self.world.memory.answers_to(&speaker, &message.text).await {
            Ok(found) => found,
            Err(fault) => {
                tracing::warn!(%fault, "a question could not be looked up");
                return None;
            }
        };
        if found.is_empty() {
            return None;
        }
        let ids: Vec<Id> = found.iter().map(|one| one.memory.id).collect();
        let told = self.world.memory.told_all(&found, speaker.person);
        self.spoke(message, ids.clone(), Vec::new());
        let wish = Recall::Find { topic: message.text.clone(), by: None, said: false };
        Some(said(&told, "answer", &wish, json!({ "found": ids })))
    }

    async fn forget(
        &self,
        message: &Inbound,
        speaker: &Speaker<'_>,
        topic: Option<&str>,
        last: Vec<Id>,
    ) -> Result<Option<Told>, Fault> {
        if topic.is_some_and(is_everything) {
            let text =
                "I do not forget everything at a word. Say what, for example «forget what I said about the boiler».";
            return Ok(Some((text.to_owned(), "ask", json!({"forgotten": 0}))));
        }
        let Some(topic) = topic else {
            return match last.len() {
                0 if self.with_session(&message.session, |session| session.context.pending.is_some()) => Ok(None),
                0 => {
                    let text = "What shall I forget? Say, for example, «forget what I said about the boiler».";
                    Ok(Some((text.to_owned(), "ask", json!({"forgotten": 0}))))
                }
                _ => {
                    let all = self.seen(speaker, last).await?;
                    self.forget_or_ask(message, speaker, all).await.map(Some)
                }
            };
        };
        let meant = self.world.memory.to_forget(speaker, topic).await?;
        if meant.is_empty() {
            return Ok(Some(("I have nothing on that.".to_owned(), "answer", json!({"forgotten": 0}))));
        }
        self.forget_or_ask(message, speaker, meant).await.map(Some)
    }

    async fn seen(&self, speaker: &Speaker<'_>, ids: Vec<Id>) -> Result<Vec<memory::Memory>, Fault> {
        let mut seen = Vec::new();
        for id in ids {
            seen.extend(self.world.memory.seen(speaker, id).await?);
        }
        Ok(seen)
    }

    /// Forgets the one that is meant; asks which where several may be.
    async fn forget_or_ask(
        &self,
        message: &Inbound,
        speaker: &Speaker<'_>,
        mut meant: Vec<memory::Memory>,
    ) -> Result<Told, Fault> {
        let owns = message.principal.rights == Rights::Own;
        let may = |memory: &memory::Memory| owns || memory.person == speaker.person && !speaker.person.is_empty();
        if meant.iter().any(may) {
            meant.retain(may);
        } else if !meant.is_empty() {
            let text = "That is the household's; only an owner can have me forget it.";
            return Ok((text.to_owned(), "answer", json!({"forgotten": 0})));
        }
        if let [one] = meant.as_slice() {
            // Not its words: this answer is kept, too.
            let text = format!("Forgotten: what was said on {}.", self.world.memory.day_and_time(one.said_ms));
            let went = self.world.memory.forget_said(speaker, vec![one.id]).await?;
            return Ok((text, "act", json!({ "forgotten": went })));
        }
        let mut lines = vec![format!("I have {} about that. Which shall I forget?", meant.len())];
        for (number, one) in meant.iter().enumerate() {
            lines.push(format!("{}. {}", number + 1, self.world.memory.told(one, speaker.person)));
        }
        lines.push("Say a number, «all» or «none».".to_owned());
        let ids: Vec<Id> = meant.iter().map(|one| one.id).collect();
        self.spoke(message, Vec::new(), ids.clone());
        Ok((lines.join("\n"), "ask", json!({ "choice": ids })))
    }

    async fn forget_chosen(&self, message: &Inbound, speaker: &Speaker<'_>, of: Vec<Id>, choice: &Choice) -> Said {
        let wish = Recall::Forget(None);
        let ids = match choice {
            Choice::All => of,
            Choice::None => return said("All right, I forget nothing.", "answer", &wish, json!({"forgotten": 0})),
            Choice::One(number) => match number.checked_sub(1).and_then(|place| of.get(place)) {
                Some(id) => vec![*id],
                None => {
                    let text = format!("There is no number {number}; I forget nothing.");
                    return said(&text, "answer", &wish, json!({"forgotten": 0}));
                }
            },
        };
        tracing::debug!(session = message.session, many = ids.len(), "memories were chosen to be forgotten");
        match self.world.memory.forget_said(speaker, ids).await.map_err(Fault::from) {
            Ok(1) => said("Forgotten.", "act", &wish, json!({"forgotten": 1})),
            Ok(many) => said(&format!("Forgotten, all {many}."), "act", &wish, json!({ "forgotten": many })),
            Err(fault) => said(&not_done(&wish, &fault), "answer", &wish, json!({"fault": fault.code})),
        }
    }

    fn spoke(&self, message: &Inbound, last: Vec<Id>, choice: Vec<Id>) {
        self.with_session(&message.session, |session| session.spoken = Spoken { last, choice });
    }
}

/// What is said, what was decided, and the same for a program.
type Told = (String, &'static str, Value);

/// Who speaks, as memory knows it.
pub(super) fn speaker(message: &Inbound) -> Speaker<'_> {
    speaks(&message.principal, &message.session)
}

/// The same, of a principal in a conversation.
pub(super) fn speaks<'a>(principal: &'a Principal, session: &'a str) -> Speaker<'a> {
    Speaker { person: principal.person(), known: principal.is_known(), session }
}

fn said(text: &str, decision: &str, wish: &Recall, detail: Value) -> Said {
    let (intent, slots) = match wish {
        Recall::Keep(_) => ("HearthRemember", json!({})),
        Recall::Find { topic, .. } => ("HearthRecall", json!({ "topic": topic })),
        Recall::Forget(topic) => ("HearthForget", topic.as_ref().map_or_else(|| json!({}), |t| json!({ "topic": t }))),
    };
    let intents = json!([{ "intent": intent, "slots": slots }]);
    Said { text: text.to_owned(), detail: json!({"decision": decision, "intents": intents, "memory": detail}) }
}

fn not_done(wish: &Recall, fault: &Fault) -> String {
    match (wish, fault.code) {
        (Recall::Keep(_), Code::Refused) => format!("I do not keep that: {}.", fault.message),
        (Recall::Keep(_), _) => format!("I could not write that down, so I will not remember it: {}.", fault.message),
        (Recall::Forget(_), _) => format!("I forgot nothing: {}.", fault.message),
        (Recall::Find { .. }, _) => format!("I could not look that up: {}.", fault.message),
    }
}

/// Whether no one thing is meant.
fn is_everything(topic: &str) -> bool {
    let words = topic.to_lowercase();
    let words = words.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
    let mut words = words.skip_while(|word| matches!(*word, "absolutely" | "about" | "of")).peekable();
    let all = words.next_if(|word| matches!(*word, "everything" | "all" | "anything")).is_some();
    all && words.all(|word| {
        matches!(
            word,
            "that" | "this" | "it" | "them" | "of" | "you" | "i" | "we" | "ever" | "know" | "have" | "remember"
        ) || matches!(word, "said" | "told" | "your" | "my" | "the" | "memory" | "memories" | "please" | "now")
    })
}

/// What an answer chooses; [`None`] where it is none.
fn chosen(text: &str) -> Option<Choice> {
    let plain = text.trim().trim_end_matches(['.', '!']).to_lowercase();
    let plain = plain.strip_prefix("the ").unwrap_or(&plain);
    let plain = plain.strip_prefix("number ").unwrap_or(plain);
    let plain = plain.strip_suffix(" one").or_else(|| plain.strip_suffix(" please")).unwrap_or(plain);
    const ORDINALS: [&[&str]; 9] = [
        &["first", "one", "1st"],
        &["second", "two", "2nd"],
        &["third", "three", "3rd"],
        &["fourth", "four", "4th"],
        &["fifth", "five", "5th"],
        &["sixth", "six"],
        &["seventh", "seven"],
        &["eighth", "eight"],
        &["ninth", "nine"],
    ];
    if let Some(place) = ORDINALS.iter().position(|words| words.contains(&plain)) {
        return Some(Choice::One(place + 1));
    }
    match plain {
        "all" | "all of them" | "both" | "everything" => Some(Choice::All),
        "none" | "none of them" | "no" | "nothing" | "cancel" | "stop" | "never mind" | "nevermind" => {
            Some(Choice::None)
        }
        number => number.parse().ok().map(Choice::One),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_no_topic_and_everything_about_one_is() {
        for text in ["everything", "all of it", "Everything I said", "everything you know", "all my memories, please"] {
            assert!(is_everything(text), "{text}");
        }
        for text in ["everything about the boiler", "the boiler", "all the keys", "it", ""] {
            assert!(!is_everything(text), "{text}");
        }
    }

    #[test]
    fn a_number_an_ordinal_all_or_none_chooses() {
        for (text, choice) in [
            ("2", Choice::One(2)),
            ("the first one", Choice::One(1)),
            ("Number three.", Choice::One(3)),
            ("all of them!", Choice::All),
            ("never mind", Choice::None),
        ] {
            assert_eq!(chosen(text), Some(choice), "{text}");
        }
        for text in ["turn on the kitchen lamp", "", "one more thing", "-1"] {
            assert_eq!(chosen(text), None, "{text}");
        }
    }
}
