//! An item: a stretch of words and everything that it can mean.

use super::lexicon::Sense;
use super::number::Value;
use crate::home::{EntityRef, NameHit, NameOf, OptionHit};

/// A stretch of words and everything that it can mean.
#[derive(Clone, Debug, Default)]
pub(in crate::intent) struct Item {
    /// First word and the one behind the last.
    pub(in crate::intent) words: (usize, usize),
    /// Who bears this name.
    pub(in crate::intent) hits: Vec<NameHit>,
    /// The singular of its last word.
    pub(in crate::intent) head: String,
    /// It was said in the plural.
    pub(in crate::intent) plural: bool,
    /// A word of it was set right.
    pub(in crate::intent) mended: bool,
    /// What the language has for it.
    pub(in crate::intent) senses: Vec<Sense>,
    /// Who has this word in a name («desk» of «Office Desk Light»), where nothing else explains it.
    pub(in crate::intent) parts: Vec<EntityRef>,
    /// Whose option this is.
    pub(in crate::intent) options: Vec<OptionHit>,
    /// The value that it states.
    pub(in crate::intent) value: Option<Value>,
}

impl Item {
    /// Whether it can mean this.
    pub(in crate::intent) fn is(&self, sense: Sense) -> bool {
        self.senses.contains(&sense)
    }

    /// Nothing explains it.
    pub(in crate::intent) fn unknown(&self) -> bool {
        self.hits.is_empty()
            && self.senses.is_empty()
            && self.value.is_none()
            && self.options.is_empty()
            && self.parts.is_empty()
    }

    /// Words that can be passed over.
    pub(in crate::intent) fn idle(&self) -> bool {
        self.hits.is_empty()
            && self.value.is_none()
            && self.senses.iter().any(|s| matches!(s, Sense::Filler | Sense::Det | Sense::Question))
    }

    /// The payload of the first sense that a function picks.
    pub(in crate::intent) fn pick<T>(&self, f: impl Fn(Sense) -> Option<T>) -> Option<T> {
        self.senses.iter().find_map(|s| f(*s))
    }

    /// Whether it can be one of these verbs.
    pub(in crate::intent) fn verb(&self, verbs: &[&str]) -> bool {
        self.senses.iter().any(|s| matches!(s, Sense::Verb(v) if verbs.contains(v)))
    }

    /// The area that it names.
    pub(in crate::intent) fn areas(&self) -> impl Iterator<Item = crate::home::AreaRef> + '_ {
        self.hits.iter().filter_map(|h| if let NameOf::Area(a) = h.of { Some(a) } else { None })
    }

    /// The floor that it names.
    pub(in crate::intent) fn floors(&self) -> impl Iterator<Item = crate::home::FloorRef> + '_ {
        self.hits.iter().filter_map(|h| if let NameOf::Floor(f) = h.of { Some(f) } else { None })
    }

    /// Whether it names an entity.
    pub(in crate::intent) fn named(&self) -> bool {
        self.hits.iter().any(|h| matches!(h.of, NameOf::Entity(_)))
    }
}
