//! The working context: one short document for each agent and person, shown to a model at every turn.

use super::{Memory, MemoryFault};
use crate::base::limits;
use crate::guard::leak;
use crate::store::memory::Document;

/// What becomes of a working context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// This instead.
    Write(String),
    /// This behind it.
    Append(String),
}

fn name(agent: &str) -> String {
    format!("context:{agent}")
}

impl Memory {
    /// The working context of an agent for a person; empty where there is none.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn context(&self, agent: &str, person: &str) -> Result<String, MemoryFault> {
        let found = self.store.document(name(agent), person.to_owned()).await?;
        Ok(found.map(|document| document.text).unwrap_or_default())
    }

    /// Changes it, durably; the text as it is then.
    ///
    /// # Errors
    /// [`MemoryFault::Record`] for one over `limits::CONTEXT_BYTES`, [`MemoryFault::Secret`], [`MemoryFault::Store`].
    pub async fn change_context(&self, agent: &str, person: &str, change: Change) -> Result<String, MemoryFault> {
        let text = match change {
            Change::Write(text) => text.trim().to_owned(),
            Change::Append(more) => {
                let before = self.context(agent, person).await?;
                if before.is_empty() { more.trim().to_owned() } else { format!("{before}\n{}", more.trim()) }
            }
        };
        if text.len() > limits::CONTEXT_BYTES {
            let (is, most) = (text.len(), limits::CONTEXT_BYTES);
            return Err(MemoryFault::Record(format!(
                "text: a working context has at most {most} bytes, this one {is}"
            )));
        }
        if let Some(kind) = leak::holds(&text) {
            return Err(MemoryFault::Secret(kind));
        }
        let (name, person, at_ms) = (name(agent), person.to_owned(), self.clock.wall_ms());
        self.store.write_document(Document { name, person, text: text.clone(), at_ms }).await?;
        Ok(text)
    }
}
