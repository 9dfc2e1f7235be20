//! What a tool declares: its class of hand, its risk, what it may touch. Nothing is granted by default.

use crate::sandbox::Class;

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

/// A tool's declaration.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Manifest {
    /// Its name: `[a-z_]`, unique.
    pub name: &'static str,
    /// One sentence for people and models.
    pub purpose: &'static str,
    /// JSON Schema of the arguments.
    pub arguments: serde_json::Value,
    /// The class of hand that does it, and so what the kernel lets it do.
    #[serde(serialize_with = "word")]
    pub class: Class,
    /// The least risk of any call of it.
    pub tier: Tier,
    /// Whether doing it twice is the same as doing it once.
    pub idempotent: bool,
}

fn word<S: serde::Serializer>(class: &Class, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(class.word())
}
