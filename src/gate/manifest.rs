//! What a tool declares: its class of hand, its risk, what it may touch. Nothing is granted by default.

use crate::sandbox::{Act, Class, Report, Standing, Verdict, Wall};

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

    /// Those of its walls that let an act through when they were tried, as a sentence. A wall that could not be tried
    /// is none of them: a hand around which it cannot be raised is not made. An act that another of its walls refuses
    /// got nowhere: the kernel counts no processes of root, and the filter lets a hand make none.
    #[must_use]
    pub fn breached(self, class: Class, report: &Report) -> Option<String> {
        let (Self::All(walls) | Self::Any(walls)) = self;
        let refused =
            |act: Act| walls.iter().flat_map(|wall| report.by(class, *wall)).any(|(of, v)| of == act && v.refused());
        let through = |wall: &&Wall| {
            report.by(class, **wall).any(|(act, verdict)| verdict == Verdict::Succeeded && !refused(act))
        };
        let told = walls.iter().filter(through).map(|wall| format!("{} did not refuse what it should", wall.word()));
        let told: Vec<_> = told.collect();
        (!told.is_empty()).then(|| told.join(", "))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Attempted, Stood, Walls};

    #[test]
    fn a_wall_of_every_hand_that_let_something_through_is_told() {
        let with = |wall, verdict| Report {
            raised: Walls::of(&[Wall::Seccomp, Wall::Rlimits]),
            tried: vec![Attempted { class: Class::Pure, act: Act::Trace, stood: Stood::Only(wall), verdict }],
            ..Report::default()
        };
        let told = |class, report: &Report| EVERY_HAND.iter().find_map(|need| need.breached(class, report));
        let broken = with(Wall::Seccomp, Verdict::Succeeded);
        assert_eq!(told(Class::Pure, &broken).as_deref(), Some("seccomp did not refuse what it should"));
        assert_eq!(told(Class::Files, &broken), None, "another class");
        for (wall, verdict) in
            [(Wall::Seccomp, Verdict::Ended(31)), (Wall::Seccomp, Verdict::Unraised), (Wall::NetNs, Verdict::Succeeded)]
        {
            assert_eq!(told(Class::Pure, &with(wall, verdict)), None, "{wall:?} {verdict:?}");
        }
        assert_eq!(told(Class::Pure, &Report::default()), None);
        // Root's processes are not counted, and a hand of root's makes none.
        let mut of_root = with(Wall::Rlimits, Verdict::Succeeded);
        assert!(told(Class::Pure, &of_root).is_some());
        of_root.tried.push(Attempted {
            stood: Stood::Only(Wall::Seccomp),
            verdict: Verdict::Refused(38),
            ..of_root.tried[0]
        });
        assert_eq!(told(Class::Pure, &of_root), None);
    }
}
