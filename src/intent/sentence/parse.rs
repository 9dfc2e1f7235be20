//! A stretch of a sentence taken apart into a [`Clause`]; what finds no place in it stays unknown.

use super::clause::Clause;
use super::np::{Np, share};
use crate::home::{Home, Kind, NameOf};
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

impl Clause {
    /// Takes a stretch of items apart.
    pub(in crate::intent) fn parse(home: &Home, scan: &Scan<'_>, from: usize, to: usize) -> Self {
        let mut out = Self::default();
        let mut parts = vec![Np::default()];
        let mut except: Option<Vec<Np>> = None;
        let mut kept = false;
        let items = &scan.items[from..to];
        let mut prep: Option<&str> = None;
        for (i, item) in items.iter().enumerate() {
            let unnamed;
            let item = if level_by_its_word(home, item) {
                unnamed = Item { hits: Vec::new(), ..item.clone() };
                &unnamed
            } else {
                item
            };
            let text = scan.words[item.words.0].text.as_str();
            let excepted = excepts(item, &parts, except.is_some());
            let last = match &mut except {
                Some(e) => e.last_mut(),
                None => parts.last_mut(),
            };
            let Some(np) = last else { continue };
            let head = out.verbs.is_empty() && np.empty();
            if head && text == "light" && lit_up(&items[i + 1..]) {
                out.verbs.push("light");
                continue;
            }
            // «have Dusty vacuum the hall»: «vacuum» is what it shall do.
            let robot = out.verbs.is_empty() && item.verb(&["clean"]) && of_kind(home, np, Kind::Vacuum);
            if robot && item.hits.is_empty() {
                out.verbs.push("clean");
                continue;
            }
            // «turn the heat down in the loft»
            let leads = item.hits.is_empty() && item.is(Sense::Prep) && item.words.1 > item.words.0 + 1;
            if leads && matches!(text, "up" | "down") && out.scaled(items, np) {
                out.up = Some(text == "up");
                continue;
            }
            // «lights out in the loft»
            let switched = |i: &Item| i.hits.is_empty() && (i.is(Sense::On) || i.is(Sense::Off));
            if leads && text == "out" && np.kinds == ["light"] && !out.is && !items.iter().any(switched) {
                out.on = Some(false);
                continue;
            }
            out.wish |= item.hits.is_empty() && item.is(Sense::Wish);
            out.options.extend(item.options.iter().cloned());
            if item.unknown() {
                out.unknown.push(from + i);
            } else if excepted {
                except.get_or_insert_with(|| vec![Np::default()]);
                kept |= ["leave", "keep"].iter().any(|w| scan.plain(item).contains(w));
            } else if kept && item.hits.is_empty() && (item.is(Sense::On) || item.is(Sense::Off)) {
                // «… but leave the lamp on»
            } else if item.is(Sense::And) {
                match &mut except {
                    Some(e) => e.push(Np::default()),
                    None => parts.push(Np::default()),
                }
            } else if let Some(value) = item.value.filter(|_| item.hits.is_empty()) {
                out.crowded |= out.value.is_some();
                out.value = Some(value);
                out.to |= matches!(prep, Some("to" | "at"));
                out.by |= prep == Some("by");
            } else if head && item.hits.is_empty() && item.senses.iter().any(|s| matches!(s, Sense::Verb(_))) {
                out.verbs
                    .extend(item.senses.iter().filter_map(|s| if let Sense::Verb(v) = s { Some(*v) } else { None }));
                if item.is(Sense::Up) {
                    out.up = Some(true);
                }
                if out.verbs.contains(&"turn") && item.is(Sense::On) {
                    out.on = Some(true);
                }
            } else {
                let led = item.is(Sense::Prep) && item.hits.is_empty();
                let explained = out.particle(items, i)
                    || item.idle()
                    || !item.options.is_empty() && item.senses.is_empty()
                    || led
                    || out.ensure_word(item)
                    || np.take(item)
                    || out.word(item, prep.is_some_and(|p| p != "to" || mode(item)), || scan.plain(item));
                out.to |= out.level.is_some() && item.hits.is_empty() && matches!(prep, Some("to" | "at"));
                // A word of the language that makes no sense here may still be a word of a name.
                let explained = explained || !item.options.is_empty();
                if !explained && (item.mended || !np.take_part_of(home.gazetteer().bearing(&item.head), item)) {
                    out.unknown.push(from + i);
                }
            }
            if item.is(Sense::Prep) {
                prep = Some(text);
            } else if !item.idle() {
                prep = None;
            }
        }
        out.nps = share(parts);
        same_kind(home, &mut out.nps);
        out.about = out
            .nps
            .iter()
            .flat_map(|np| &np.names)
            .flat_map(|n| &n.hits)
            .filter_map(|h| match h.of {
                NameOf::Entity(e) => home.entity(e).map(|e| e.kind),
                _ => None,
            })
            .chain(out.nps.iter().flat_map(|np| partly_about(home, np)))
            .collect();
        // «the climate fan»: a part of it, not another device.
        for np in &mut out.nps {
            if np.kinds.contains(&"climate") && np.kinds.contains(&"fan") {
                np.kinds.retain(|k| *k != "fan");
                out.attrs.push("speed");
            }
        }
        if let Some(except) = except {
            let mut except = share(except);
            if let Some(last) = out.nps.last() {
                except.insert(0, Np { except: Vec::new(), ..last.clone() });
                same_kind(home, &mut except);
                except.remove(0);
            }
            if let Some(last) = out.nps.last_mut() {
                last.except = except;
            }
        }
        out
    }

    /// «on», «off», «up», «down» where they are not prepositions.
    fn particle(&mut self, items: &[Item], at: usize) -> bool {
        let item = &items[at];
        if !item.hits.is_empty() {
            return false;
        }
        if item.is(Sense::Up) || item.is(Sense::Down) {
            self.up = Some(item.is(Sense::Up));
            return true;
        }
        let on = match (item.is(Sense::On), item.is(Sense::Off)) {
            (true, _) => true,
            (_, true) => false,
            _ => return false,
        };
        if on && self.preposition(items, at) {
            return true;
        }
        self.crowded |= self.on.is_some_and(|o| o != on);
        self.on = Some(on);
        true
    }

    /// Whether something is spoken of that goes up and down, so that «down in» says both that and where.
    fn scaled(&self, items: &[Item], np: &Np) -> bool {
        let switched = items.iter().any(|i| i.hits.is_empty() && (i.is(Sense::On) || i.is(Sense::Off)));
        let turned = self.verbs.is_empty() || self.verb(&["turn", "set"]);
        let scaled = self.attr(&["volume", "temperature", "brightness", "playback", "speed"])
            || turned && !self.verbs.is_empty() && np.headed();
        turned && scaled && !switched && self.up.is_none() && self.value.is_none()
    }

    /// Whether this «on» leads to a place or device instead of completing the verb.
    fn preposition(&self, items: &[Item], at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|b| items.get(b));
        if before.is_some_and(|b| b.verb(&["turn", "set"]) && !b.verb(&["increase", "raise"])) {
            return false;
        }
        let Some(next) = items[at + 1..].iter().find(|i| !i.idle()) else { return false };
        let place = !next.hits.is_empty()
            || !next.parts.is_empty()
            || !next.options.is_empty()
            || next.verb(&["pause"])
            || next.senses.iter().any(|s| {
                matches!(s, Sense::Max | Sense::Min | Sense::Medium | Sense::Half | Sense::Color(..) | Sense::White(_))
            })
            || next.is(Sense::Here)
            || next.senses.iter().any(|s| matches!(s, Sense::Kind(_) | Sense::Class(_) | Sense::All));
        if !place {
            return false;
        }
        // «put the thermostat on cool»
        if !next.options.is_empty() && items[..at].iter().any(|i| i.named() || i.is(Sense::Kind("climate"))) {
            return true;
        }
        // «put the news on the TV»
        if items.iter().any(|i| !i.options.is_empty() && i.senses.is_empty()) {
            return true;
        }
        let other = items.iter().enumerate().any(|(i, it)| {
            i != at
                && it.hits.is_empty()
                && (it.is(Sense::Off) || it.is(Sense::On) || it.is(Sense::Up) || it.is(Sense::Down))
        });
        other || self.on.is_some() || !(self.verbs.is_empty() || self.verb(&["turn"])) || !self.attrs.is_empty()
    }

    fn ensure_word(&mut self, item: &Item) -> bool {
        if item.is(Sense::Ensure) {
            self.ensure = true;
        } else if item.hits.is_empty() && item.is(Sense::Bid) && self.verbs.is_empty() {
            // «tell the robot to …»
        } else if item.is(Sense::Is) {
            self.is = true;
        } else {
            return false;
        }
        true
    }

    /// Everything that is neither verb nor thing: levels, colours, properties, states.
    fn word(&mut self, item: &Item, after_prep: bool, text: impl Fn() -> String) -> bool {
        let mut known = false;
        let first = self.verbs.is_empty() && !after_prep;
        for sense in &item.senses {
            match sense {
                Sense::Half => self.level = Some(50.0),
                Sense::Low => self.level = Some(33.0),
                Sense::Max => self.level = Some(100.0),
                Sense::Min => self.level = Some(1.0),
                Sense::Medium => {
                    self.level = Some(50.0);
                    self.medium = true;
                }
                Sense::Step => self.much = -1,
                Sense::BigStep => self.much = 1,
                Sense::Color(_, rgb) => {
                    self.crowded |= self.color.is_some();
                    self.color = Some((text(), *rgb));
                }
                Sense::White(kelvin) => self.white = Some(*kelvin),
                Sense::Attr(attr) => self.attrs.push(attr),
                Sense::Media(class) => self.media.push(class),
                Sense::State(state) => self.states.push(state),
                Sense::Verb(verb) if self.verb(&["set"]) && COMPARED.contains(verb) => self.verbs.push(verb),
                Sense::Participle(verb) if self.ensure => self.verbs.push(verb),
                Sense::Verb("set") if !self.verbs.is_empty() => {}
                Sense::Verb(verb @ ("next" | "previous" | "replay" | "toggle")) => self.verbs.push(verb),
                Sense::Verb(verb @ ("oscillate" | "tilt")) => self.verbs.push(verb),
                // «make the robot stop», «put the player on pause»
                Sense::Verb(verb @ ("stop" | "start" | "pause" | "resume" | "play" | "clean"))
                    if self.verb(&["set", "on"]) =>
                {
                    self.verbs.push(verb);
                }
                Sense::Verb(verb) if first => self.verbs.push(verb),
                Sense::Status => self.status = true,
                Sense::Unit(_) => {}
                _ => continue,
            }
            known = true;
        }
        known
    }
}

/// «to cool»: one of the modes of something, and not what is to be done.
fn mode(item: &Item) -> bool {
    item.options.iter().any(|o| matches!(o.list, "hvac_modes" | "preset_modes" | "operation_list"))
}

/// The kind of everything that bears the words of a phrase, where they all are of one.
fn partly_about(home: &Home, np: &Np) -> Option<Kind> {
    let mut kinds = np.parts.as_ref()?.iter().filter_map(|e| home.entity(*e)).map(|e| e.kind);
    let first = kinds.next()?;
    (np.names.is_empty() && kinds.all(|k| k == first)).then_some(first)
}

/// Whether the phrase names something of a kind.
fn of_kind(home: &Home, np: &Np, kind: Kind) -> bool {
    let hits = np.names.iter().flat_map(|n| &n.hits);
    hits.into_iter().any(|h| matches!(h.of, NameOf::Entity(e) if home.entity(e).is_some_and(|e| e.kind == kind)))
}

/// «… at max», where somebody is called Max: nothing is done to persons.
fn level_by_its_word(home: &Home, item: &Item) -> bool {
    let person = |h: &crate::home::NameHit| match h.of {
        NameOf::Entity(e) => home.entity(e).is_some_and(|e| e.kind == Kind::Person),
        _ => false,
    };
    !item.hits.is_empty() && item.is(Sense::Max) && item.hits.iter().all(person)
}

/// Whether an exception begins here: «but» is one only behind «all».
fn excepts(item: &Item, parts: &[Np], before: bool) -> bool {
    item.is(Sense::Except)
        && item.hits.is_empty()
        && (!item.is(Sense::And) || !before && parts.iter().any(|p| p.all || p.everything || p.any || p.everywhere))
}

/// «make it …»
const COMPARED: &[&str] = &["brighten", "dim", "warmer", "cooler", "louder", "quieter", "faster", "slower"];

/// «… and the right one»: the kind of what was spoken of before.
fn same_kind(home: &Home, nps: &mut [Np]) {
    for i in 1..nps.len() {
        let (before, after) = nps.split_at_mut(i);
        let (Some(before), Some(np)) = (before.last(), after.first_mut()) else { continue };
        if !np.one || !np.kinds.is_empty() || !np.classes.is_empty() {
            continue;
        }
        // «the lamp in the loft and the one in the shed»
        if np.placed() && np.parts.is_none() && !before.names.is_empty() {
            np.names.clone_from(&before.names);
            continue;
        }
        np.kinds.clone_from(&before.kinds);
        np.classes.clone_from(&before.classes);
        let named = before.names.iter().flat_map(|n| &n.hits).find_map(|h| match h.of {
            NameOf::Entity(e) => home.entity(e),
            _ => None,
        });
        if let Some(entity) = named.filter(|_| np.kinds.is_empty() && np.classes.is_empty()) {
            np.kinds.push(entity.kind.word());
        }
    }
}

/// «light … up»: «light» is the verb here.
fn lit_up(rest: &[Item]) -> bool {
    let on = |i: &Item| i.hits.is_empty() && (i.is(Sense::On) || i.is(Sense::Off));
    rest.iter().any(|i| i.is(Sense::Up)) && !rest.iter().any(on)
}
