//! Current state decides where it leaves one: only what plays can be paused, only what moves stopped.

use crate::home::{Command, EntityRef, Home, Kind};

/// Of several candidates the one whose state a command is about; [`None`] where none or several are.
pub(in crate::intent) fn only_one(home: &Home, command: &Command, candidates: &[EntityRef]) -> Option<EntityRef> {
    let about = |kind: Kind, state: &str| match (kind, command) {
        (Kind::MediaPlayer, Command::Play) => state == "paused",
        (
            Kind::MediaPlayer,
            Command::Pause
            | Command::Stop
            | Command::Next
            | Command::Previous
            | Command::Volume(_)
            | Command::VolumeStep(_)
            | Command::Mute(true),
        ) => state == "playing",
        (Kind::Vacuum, Command::Pause | Command::Stop) => state == "cleaning",
        (Kind::Vacuum, Command::Dock) => matches!(state, "cleaning" | "paused" | "idle"),
        (Kind::LawnMower, Command::Pause | Command::Stop) => state == "mowing",
        (Kind::LawnMower, Command::Dock) => matches!(state, "mowing" | "paused"),
        (Kind::Cover | Kind::Valve, Command::Stop) => matches!(state, "opening" | "closing"),
        _ => false,
    };
    // «mute the TV»: where none plays, the one that is on.
    let on = |kind: Kind, state: &str| {
        let heard = matches!(command, Command::Volume(_) | Command::VolumeStep(_) | Command::Mute(_));
        kind == Kind::MediaPlayer && heard && !matches!(state, "off" | "standby" | "unavailable" | "unknown")
    };
    one(home, candidates, about).or_else(|| one(home, candidates, on))
}

fn one(home: &Home, candidates: &[EntityRef], fits: impl Fn(Kind, &str) -> bool) -> Option<EntityRef> {
    let mut fit = candidates.iter().filter(|e| home.entity(**e).is_some_and(|e| fits(e.kind, &e.state)));
    let first = fit.next().copied();
    first.filter(|_| fit.next().is_none())
}
