//! What a clause speaks of: the devices, kinds and places in it.

use crate::home::{AreaRef, EntityRef, FloorRef, NameHit};
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;

/// A name in a clause with everybody who bears it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::intent) struct Named {
    /// The bearers, surest first; only entities.
    pub(in crate::intent) hits: Vec<NameHit>,
    /// The word also names a kind: somebody called a device «Light».
    pub(in crate::intent) generic: bool,
    /// The word is one of the language, too: somebody called a device «Speed».
    pub(in crate::intent) word: bool,
    /// It was said in the plural.
    pub(in crate::intent) plural: bool,
    /// The words that it takes.
    pub(in crate::intent) words: (usize, usize),
}

/// One thing spoken of: «every lamp of the loft except the desk lamp».
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::intent) struct Np {
    pub(in crate::intent) names: Vec<Named>,
    pub(in crate::intent) kinds: Vec<&'static str>,
    pub(in crate::intent) classes: Vec<&'static str>,
    pub(in crate::intent) areas: Vec<AreaRef>,
    pub(in crate::intent) floors: Vec<FloorRef>,
    /// Entities with words of the phrase in their names, where no whole name was said.
    pub(in crate::intent) parts: Option<Vec<EntityRef>>,
    pub(in crate::intent) all: bool,
    /// The place is called like a door: «the garage».
    pub(in crate::intent) gate: bool,
    /// «both»: all of them, and there are two.
    pub(in crate::intent) both: bool,
    pub(in crate::intent) any: bool,
    pub(in crate::intent) everything: bool,
    pub(in crate::intent) it: bool,
    /// «them»: all that was spoken of.
    pub(in crate::intent) them: bool,
    /// «the right one»: of the kind that was spoken of before.
    pub(in crate::intent) one: bool,
    pub(in crate::intent) here: bool,
    pub(in crate::intent) everywhere: bool,
    pub(in crate::intent) plural: bool,
    pub(in crate::intent) except: Vec<Np>,
    /// The stems of its head words, to tell «lamp» from «light».
    pub(in crate::intent) heads: Vec<String>,
    pub(in crate::intent) words: (usize, usize),
}

impl Np {
    /// It says what is meant, not only where.
    pub(in crate::intent) fn headed(&self) -> bool {
        !self.names.is_empty()
            || !self.kinds.is_empty()
            || !self.classes.is_empty()
            || self.everything
            || self.it
            || self.parts.is_some()
    }

    /// It says nothing, or only that everything is meant.
    pub(in crate::intent) fn unheaded(&self) -> bool {
        !self.headed() || self.everything && self.names.is_empty() && self.kinds.is_empty() && self.classes.is_empty()
    }

    /// Names in a row that nobody bears together: which of them is meant was not said.
    pub(in crate::intent) fn two_names(&self) -> bool {
        let mut names = self.names.iter().filter(|n| !n.generic && !n.word);
        let Some(first) = names.next() else { return false };
        names.any(|other| !other.hits.iter().any(|h| first.hits.iter().any(|f| f.of == h.of)))
    }

    /// It says where.
    pub(in crate::intent) fn placed(&self) -> bool {
        !self.areas.is_empty() || !self.floors.is_empty() || self.here || self.everywhere
    }

    /// It says nothing.
    pub(in crate::intent) fn empty(&self) -> bool {
        !self.headed() && !self.placed() && !self.all
    }

    /// Takes the item in, if it is part of such a phrase.
    pub(in crate::intent) fn take(&mut self, item: &Item) -> bool {
        let taken = self.take_part(item) || self.take_name(item) || self.take_word(item);
        if taken {
            if self.words.1 == 0 {
                self.words = item.words;
            }
            self.words.1 = item.words.1;
        }
        taken
    }

    fn take_part(&mut self, item: &Item) -> bool {
        self.take_part_of(&item.parts, item)
    }

    /// Takes a word in as part of the names of these entities.
    pub(in crate::intent) fn take_part_of(&mut self, bearers: &[EntityRef], item: &Item) -> bool {
        if bearers.is_empty() {
            return false;
        }
        self.plural |= item.plural;
        match &mut self.parts {
            Some(parts) => parts.retain(|e| bearers.contains(e)),
            None => self.parts = Some(bearers.to_vec()),
        }
        true
    }

    fn take_name(&mut self, item: &Item) -> bool {
        if item.hits.is_empty() {
            return false;
        }
        let hits: Vec<NameHit> =
            item.hits.iter().filter(|h| matches!(h.of, crate::home::NameOf::Entity(_))).copied().collect();
        let area = item.areas().next();
        let floor = item.floors().next();
        // «the lights» where somebody named a device «Light»: the kind is meant, unless there is no other reading.
        let generic = item.senses.iter().any(|s| matches!(s, Sense::Kind(_) | Sense::Class(_) | Sense::Binary(_)));
        let word = !item.senses.is_empty();
        if !hits.is_empty()
            && area.is_none()
            && floor.is_none()
            && !(generic && item.plural && !hits.iter().any(|h| h.plural))
        {
            self.names.push(Named { hits, generic, word, plural: item.plural, words: item.words });
            self.plural |= item.plural;
            if generic {
                self.take_word(item);
            }
            return true;
        }
        if let Some(area) = area {
            self.areas.push(area);
            // «open the garage», where an area is called so: its door, unless something else is named.
            if item.is(Sense::Class("garage")) {
                self.gate = true;
            }
            if !hits.is_empty() {
                self.names.push(Named { hits, generic, word, plural: item.plural, words: item.words });
            }
            return true;
        }
        if let Some(floor) = floor {
            self.floors.push(floor);
            return true;
        }
        false
    }

    fn take_word(&mut self, item: &Item) -> bool {
        let mut taken = false;
        for sense in &item.senses {
            match sense {
                Sense::All => self.all = true,
                Sense::Both => (self.all, self.both) = (true, true),
                Sense::Any => self.any = true,
                Sense::Everything => self.everything = true,
                Sense::It => {
                    self.it = true;
                    self.them |= item.head == "them";
                }
                Sense::One => {
                    self.one = true;
                    self.plural |= item.plural;
                }
                Sense::Here => self.here = true,
                Sense::Everywhere => self.everywhere = true,
                Sense::Kind(kind) => {
                    self.kinds.push(kind);
                    self.heads.push(item.head.clone());
                    self.plural |= item.plural;
                }
                Sense::Class(class) => {
                    self.classes.push(class);
                    self.heads.push(item.head.clone());
                    self.plural |= item.plural;
                }
                _ => continue,
            }
            taken = true;
        }
        taken
    }

    /// Takes over what another speaks of, not where.
    pub(in crate::intent) fn take_head_of(&mut self, other: &Self) {
        self.kinds.clone_from(&other.kinds);
        self.classes.clone_from(&other.classes);
        self.heads.clone_from(&other.heads);
        self.everything = other.everything;
    }

    /// Adds where another says that it is.
    pub(in crate::intent) fn place_of(&mut self, other: &Self) {
        self.areas.extend(other.areas.iter().copied());
        self.floors.extend(other.floors.iter().copied());
        self.here |= other.here;
        self.everywhere |= other.everywhere;
    }
}

/// Shares heads and places between the parts of «the kitchen and bedroom lights».
pub(in crate::intent) fn share(parts: Vec<Np>) -> Vec<Np> {
    let mut out: Vec<Np> = Vec::new();
    let mut waiting: Option<Np> = None;
    for mut part in parts.into_iter().filter(|p| !p.empty()) {
        if !part.headed() && part.placed() && !part.one {
            match out.last_mut() {
                // «the lights in the kitchen and the bedroom»
                Some(last) if last.headed() && waiting.is_none() => last.place_of(&part),
                _ => match &mut waiting {
                    Some(w) => w.place_of(&part),
                    None => waiting = Some(part),
                },
            }
            continue;
        }
        if let Some(before) = waiting.take() {
            part.place_of(&before);
        }
        out.push(part);
    }
    out.extend(waiting);
    // «both the hall lamp and the desk lamp»: it is said of the two, not of the first.
    if let [first, second] = out.as_mut_slice()
        && first.both
        && !first.names.is_empty()
        && second.headed()
    {
        (first.both, first.all) = (false, false);
    }
    out
}
