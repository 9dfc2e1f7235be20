//! What the probe found: which wall refused which act to which class. The only ground for «it holds».

use serde::Serialize;
use serde_json::{Value, json};

use super::act::Act;
use super::policy::Class;
use super::wall::{Wall, Walls};
use crate::wire::WireFault;
use crate::wire::spawn::{Probed, Tried, decode_probed, encode_probed};

/// What stood around the child that tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stood {
    /// No wall.
    None,
    /// This wall alone.
    Only(Wall),
    /// All walls that the class uses here.
    All,
}

/// What came of the act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was done.
    Succeeded,
    /// The kernel answered with this errno.
    Refused(i32),
    /// This signal ended the process.
    Ended(i32),
    /// The walls could not be raised around the child.
    Unraised,
}

impl Verdict {
    /// Whether the act was not done because something refused it.
    #[must_use]
    pub const fn refused(self) -> bool {
        matches!(self, Self::Refused(_) | Self::Ended(_))
    }
}

/// One attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// The class of hand.
    pub class: Class,
    /// The act.
    pub act: Act,
    /// What stood.
    pub stood: Stood,
    /// What came of it.
    pub verdict: Verdict,
}

/// Everything that the probe tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Walls that can be raised here, less those taken away.
    pub raised: Walls,
    /// Walls that were taken away when the program was started; only tests do.
    pub lowered: Walls,
    /// Every attempt.
    pub tried: Vec<Attempted>,
}

/// How a wall stands around a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It refused every act that it claims to refuse.
    Holds,
    /// This system has none.
    Missing,
    /// It was taken away when the program was started.
    TakenAway,
    /// The class does not use it.
    Unused,
    /// It can be raised, but an act went through.
    Broken,
}

impl Report {
    /// How `wall` stands around hands of `class`.
    #[must_use]
    pub fn standing(&self, class: Class, wall: Wall) -> Standing {
        if !super::mould::used(class).has(wall) {
            return Standing::Unused;
        }
        if self.lowered.has(wall) {
            return Standing::TakenAway;
        }
        if !self.raised.has(wall) {
            return Standing::Missing;
        }
        let mut attempts = self.by(class, wall).peekable();
        let tried = attempts.peek().is_some();
        if tried && attempts.all(|(_, verdict)| verdict.refused()) { Standing::Holds } else { Standing::Broken }
    }

    /// The acts that were tried with this wall alone.
    pub fn by(&self, class: Class, wall: Wall) -> impl Iterator<Item = (Act, Verdict)> {
        let stood = Stood::Only(wall);
        self.tried.iter().filter(move |t| t.class == class && t.stood == stood).map(|t| (t.act, t.verdict))
    }

    /// What came of the act with these walls.
    #[must_use]
    pub fn verdict(&self, class: Class, act: Act, stood: Stood) -> Option<Verdict> {
        self.tried.iter().find(|t| t.class == class && t.act == act && t.stood == stood).map(|t| t.verdict)
    }

    /// Acts that this system refuses to anybody, so that they show nothing of a wall.
    pub fn refused_without_walls(&self) -> impl Iterator<Item = Act> {
        self.tried.iter().filter(|t| t.stood == Stood::None && t.verdict != Verdict::Succeeded).map(|t| t.act)
    }

    /// For people and programs: per class and wall how it stands, and what it refused how.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let classes: serde_json::Map<String, Value> =
            Class::ALL.into_iter().map(|class| (class.word().to_owned(), self.class_json(class))).collect();
        let anyway: Vec<_> = self.refused_without_walls().map(Act::word).collect();
        json!({"classes": classes, "lowered": self.lowered, "refused_without_walls": anyway})
    }

    fn class_json(&self, class: Class) -> Value {
        let wall = |wall: Wall| {
            let refused: serde_json::Map<String, Value> =
                self.by(class, wall).map(|(act, verdict)| (act.word().to_owned(), verdict_json(verdict))).collect();
            (wall.word().to_owned(), json!({"standing": self.standing(class, wall), "tried": refused}))
        };
        let walls: serde_json::Map<String, Value> = Wall::ALL.into_iter().map(wall).collect();
        let open: Vec<_> = self
            .tried
            .iter()
            .filter(|t| t.class == class && t.stood == Stood::All && !t.verdict.refused())
            .map(|t| t.act.word())
            .collect();
        json!({"walls": walls, "succeeded_with_all_walls": open})
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let tried = self.tried.iter().map(to_wire).collect();
        encode_probed(&Probed { raised: self.raised.bits(), lowered: self.lowered.bits(), tried })
    }

    /// The report in a buffer.
    ///
    /// # Errors
    /// As `decode_probed`, or [`WireFault::UnknownKind`] for a number that means nothing.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, WireFault> {
        let probed = decode_probed(bytes)?;
        let tried = probed.tried.iter().map(from_wire).collect::<Result<_, _>>()?;
        Ok(Self { raised: Walls::from_bits(probed.raised), lowered: Walls::from_bits(probed.lowered), tried })
    }
}

fn verdict_json(verdict: Verdict) -> Value {
    match verdict {
        Verdict::Succeeded => json!("succeeded"),
        Verdict::Refused(errno) => json!(nix::errno::Errno::from_raw(errno).to_string()),
        Verdict::Ended(signal) => {
            let name = nix::sys::signal::Signal::try_from(signal).map_or("a signal", |signal| signal.as_str());
            json!(format!("ended by {name}"))
        }
        Verdict::Unraised => json!("the wall could not be raised"),
    }
}

/// Numbers of [`Stood`] that are no wall's.
const NONE: u8 = 255;
const ALL: u8 = 254;

fn to_wire(t: &Attempted) -> Tried {
    let wall = match t.stood {
        Stood::None => NONE,
        Stood::All => ALL,
        Stood::Only(wall) => wall.number(),
    };
    let (verdict, number) = match t.verdict {
        Verdict::Succeeded => (0, 0),
        Verdict::Refused(errno) => (1, errno),
        Verdict::Ended(signal) => (2, signal),
        Verdict::Unraised => (3, 0),
    };
    Tried { class: t.class.to_wire().0, act: t.act.number(), wall, verdict, number }
}

fn from_wire(t: &Tried) -> Result<Attempted, WireFault> {
    let class = Class::from_wire(crate::wire::spawn::Class(t.class)).ok_or(WireFault::UnknownKind(t.class))?;
    let act = Act::numbered(t.act).ok_or(WireFault::UnknownKind(t.act))?;
    let stood = match t.wall {
        NONE => Stood::None,
        ALL => Stood::All,
        wall => Stood::Only(Wall::numbered(wall).ok_or(WireFault::UnknownKind(wall))?),
    };
    let verdict = match t.verdict {
        0 => Verdict::Succeeded,
        1 => Verdict::Refused(t.number),
        2 => Verdict::Ended(t.number),
        3 => Verdict::Unraised,
        other => return Err(WireFault::UnknownKind(other)),
    };
    Ok(Attempted { class, act, stood, verdict })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_act_that_goes_through_breaks_a_wall() {
        let with = |verdict| Report {
            raised: Walls::of(&[Wall::NetNs]),
            lowered: Walls::of(&[Wall::IpcNs]),
            tried: vec![
                Attempted { class: Class::Pure, act: Act::SendUdp, stood: Stood::Only(Wall::NetNs), verdict },
                Attempted {
                    class: Class::Pure,
                    act: Act::ConnectTcp,
                    stood: Stood::Only(Wall::NetNs),
                    verdict: Verdict::Refused(101),
                },
            ],
        };
        let holds = with(Verdict::Ended(31));
        assert_eq!(holds.standing(Class::Pure, Wall::NetNs), Standing::Holds);
        assert_eq!(holds.standing(Class::Pure, Wall::PidNs), Standing::Missing);
        assert_eq!(holds.standing(Class::Pure, Wall::IpcNs), Standing::TakenAway);
        assert_eq!(holds.standing(Class::Shell, Wall::Uid), Standing::Unused);
        assert_eq!(holds.standing(Class::Files, Wall::NetNs), Standing::Broken, "nothing tried is nothing shown");
        for open in [Verdict::Succeeded, Verdict::Unraised] {
            assert_eq!(with(open).standing(Class::Pure, Wall::NetNs), Standing::Broken);
        }
        assert_eq!(Report::decode(&holds.encode()), Ok(holds));
    }
}
