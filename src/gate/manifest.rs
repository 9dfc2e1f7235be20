//! What a tool declares: its class of hand, its risk, what it may touch. Nothing is granted by default.

use crate::sandbox::{Class, Report, Standing, Wall};

/// The risk of a call, which decides who may make it and whether a person confirms it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Looks, changes nothing.
    Looks,
    /// Changes what can be changed back by the same person: a lamp.
    Changes,
    /// Opens a house, spends money, deletes: a person confirms each call.
    Risky,
}

/// Walls that a tool needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Each of them.
    All(&'static [Wall]),
    /// At least one of them.
    Any(&'static [Wall]),
}

/// What every hand is made with, or not at all: it ends where they cannot be raised around it.
pub const EVERY_HAND: &[Need] = &[Need::All(&[Wall::Seccomp, Wall::Rlimits])];

impl Need {
    /// What is missing of it for hands of `class`, as a sentence; `None` where it is met.
    #[must_use]
    pub fn unmet(self, class: Class, report: &Report) -> Option<String> {
        let stands = |wall: &Wall| report.standing(class, *wall) == Standing::Holds;
        let told = |wall: &Wall| match report.standing(class, *wall) {
            Standing::Holds => format!("{} holds", wall.word()),
            Standing::Missing => format!("this system has no {}", wall.word()),
            Standing::TakenAway => format!("{} was taken away", wall.word()),
            Standing::Unused => format!("{} is not used here", wall.word()),
            Standing::Broken => format!("{} did not refuse what it should", wall.word()),
        };
        let (met, walls) = match self {
            Self::All(walls) => (walls.iter().all(stands), walls),
            Self::Any(walls) => (walls.iter().any(stands), walls),
        };
        let missing: Vec<_> = walls.iter().filter(|wall| !stands(wall)).map(told).collect();
        (!met).then(|| missing.join(", "))
    }
}

/// A tool's declaration.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Manifest {
    /// Its name: `[a-z_]`, unique.
    pub name: &'static str,
    /// One sentence for people and models.
    pub purpose: &'static str,
    /// JSON Schema of the arguments.
    pub arguments: serde_json::Value,
    /// The class of hand that does it, and so what the kernel lets it do; [`None`] where a channel or a store of the brain does it.
    #[serde(serialize_with = "word")]
    pub class: Option<Class>,
    /// The walls that must stand around its hand; without them it is refused.
    pub needs: &'static [Need],
    /// The least risk of any call of it.
    pub tier: Tier,
    /// Whether doing it twice is the same as doing it once.
    pub idempotent: bool,
}

impl Manifest {
    /// Who does it, in a word.
    #[must_use]
    pub fn doer(&self) -> &'static str {
        self.class.map_or("brain", Class::word)
    }
}

#[allow(clippy::ref_option, reason = "the signature that serde asks for")]
fn word<S: serde::Serializer>(class: &Option<Class>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(class.map_or("brain", Class::word))
}
