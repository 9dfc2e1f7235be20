//! One command of a sentence, as parts: its verb, what it speaks of, its values and directions.

use super::np::Np;
use crate::home::{Kind, OptionHit};
use crate::intent::words::number::Value;

/// A clause taken apart.
#[derive(Clone, Debug, Default)]
pub(in crate::intent) struct Clause {
    /// Every reading of its verb.
    pub(in crate::intent) verbs: Vec<&'static str>,
    /// «on» or «off» as part of the verb.
    pub(in crate::intent) on: Option<bool>,
    /// «up» or «down».
    pub(in crate::intent) up: Option<bool>,
    /// The value, and whether «to» or «by» led to it.
    pub(in crate::intent) value: Option<Value>,
    pub(in crate::intent) to: bool,
    pub(in crate::intent) by: bool,
    /// «maximum», «minimum», «half» as a percentage.
    pub(in crate::intent) level: Option<f64>,
    /// «medium», which is more than half for fans.
    pub(in crate::intent) medium: bool,
    /// «a bit» is -1, «a lot» is 1.
    pub(in crate::intent) much: i8,
    pub(in crate::intent) color: Option<(String, [u8; 3])>,
    pub(in crate::intent) white: Option<u16>,
    pub(in crate::intent) attrs: Vec<&'static str>,
    pub(in crate::intent) media: Vec<&'static str>,
    /// States that the clause wishes for: «locked», «open».
    pub(in crate::intent) states: Vec<&'static str>,
    /// «the state of».
    pub(in crate::intent) status: bool,
    /// «I need», «give me».
    pub(in crate::intent) wish: bool,
    /// «make sure», «should be».
    pub(in crate::intent) ensure: bool,
    /// It says «is».
    pub(in crate::intent) is: bool,
    pub(in crate::intent) nps: Vec<Np>,
    /// Items that nothing explains, by place in the scan.
    pub(in crate::intent) unknown: Vec<usize>,
    /// Kinds of the entities that are named.
    pub(in crate::intent) about: Vec<Kind>,
    /// Options of entities that are spoken of: modes, presets, sources.
    pub(in crate::intent) options: Vec<OptionHit>,
    /// More than one value of a kind: no single meaning.
    pub(in crate::intent) crowded: bool,
}

impl Clause {
    /// Whether the verb can be one of these.
    pub(in crate::intent) fn verb(&self, verbs: &[&str]) -> bool {
        self.verbs.iter().any(|v| verbs.contains(v))
    }

    /// Whether it speaks of this property.
    pub(in crate::intent) fn attr(&self, attrs: &[&str]) -> bool {
        self.attrs.iter().any(|a| attrs.contains(a))
    }

    /// Whether it speaks of this kind, by its word or by the name of one.
    pub(in crate::intent) fn kind(&self, kinds: &[&str]) -> bool {
        self.nps.iter().any(|np| np.kinds.iter().chain(&np.classes).any(|k| kinds.contains(k)))
            || self.about.iter().any(|k| kinds.contains(&k.word()))
    }

    /// Whether something is named, or a kind is.
    pub(in crate::intent) fn headed(&self) -> bool {
        self.nps.iter().any(Np::headed)
    }

    /// It states no value, level, colour or property.
    pub(in crate::intent) fn plain(&self) -> bool {
        self.value.is_none()
            && self.level.is_none()
            && self.color.is_none()
            && self.white.is_none()
            && self.attrs.is_empty()
            && self.media.is_empty()
            && self.much == 0
            && (self.ensure || !self.is)
    }

    /// Takes over what was spoken of before, where this says only where.
    pub(in crate::intent) fn inherit(&mut self, before: &[Np]) {
        let Some(before) = before.iter().find(|np| np.names.is_empty() && np.headed()) else { return };
        for np in &mut self.nps {
            np.take_head_of(before);
            np.plural |= before.plural;
            np.all |= before.all;
        }
    }
}
