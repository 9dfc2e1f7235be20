//! Players: louder and quieter, pause and on with it, the next one.

use super::action::{Action, direction, percent, stride};
use crate::home::{Command, Kind, number};
use crate::intent::sentence::clause::Clause;

const PLAYERS: &[Kind] = &[Kind::MediaPlayer];

pub(in crate::intent) fn volume(c: &Clause) -> Option<Action> {
    if c.verb(&["unmute"]) {
        return Some(Action::new("HassMediaPlayerUnmute", Command::Mute(false), PLAYERS).bare());
    }
    if c.verb(&["mute"]) {
        return Some(Action::new("HassMediaPlayerMute", Command::Mute(true), PLAYERS).bare());
    }
    let spoken = c.verb(&["louder", "quieter"]);
    let turned =
        c.up.is_some() && c.verb(&["turn"]) && (c.kind(&["media_player", "tv", "speaker"]) || c.attr(&["playback"]));
    if !c.attr(&["volume"]) && !spoken && !turned {
        return None;
    }
    let dir = direction(c, &["increase", "raise", "louder"], &["decrease", "lower", "quieter"]);
    let set = |level: f64| {
        Action::new("HassSetVolume", Command::Volume(level), PLAYERS).with("volume_level", number(level)).bare()
    };
    match (percent(c), dir) {
        (Some(level), None) => Some(set(level)),
        (Some(level), Some(_)) if c.to || c.value.is_none() => Some(set(level)),
        (Some(step), Some(dir)) => Some(
            Action::new("HassSetVolumeRelative", Command::VolumeStep(dir * step), PLAYERS)
                .with("volume_step", number(dir * step))
                .bare(),
        ),
        (None, Some(dir)) if c.value.is_none() => Some(
            Action::new("HassSetVolumeRelative", Command::VolumeStep(dir * stride(c, 10.0)), PLAYERS)
                .with("volume_step", if dir > 0.0 { "up" } else { "down" })
                .bare(),
        ),
        _ => None,
    }
}

/// Pause, resume, next, previous.
pub(in crate::intent) fn playback(c: &Clause) -> Option<Action> {
    if c.value.is_some() || c.color.is_some() || c.attrs.iter().any(|a| *a != "playback") {
        return None;
    }
    let content = c.attr(&["playback"]) || !c.media.is_empty();
    let music = content || c.kind(&["media_player", "tv", "speaker"]);
    let bare = !c.headed();
    let players: &'static [Kind] = &[Kind::MediaPlayer];
    let make = |intent, command| Some(Action::new(intent, command, players).bare());
    // «watch telly»: on with it.
    if c.verb(&["watch"]) && c.kind(&["tv", "media_player"]) && !content && c.plain() {
        return Some(Action::new("HassTurnOn", Command::TurnOn, players));
    }
    // «turn the music off»
    let on = c.on.or_else(|| c.verb(&["on"]).then_some(true)).or_else(|| c.verb(&["off"]).then_some(false));
    if let Some(on) = on.filter(|_| c.up.is_none()) {
        if !c.attr(&["playback"]) || c.headed() && !c.kind(&["media_player", "tv", "speaker"]) {
            return None;
        }
        return if on { make("HassMediaUnpause", Command::Play) } else { make("HassMediaPause", Command::Pause) };
    }
    if c.verb(&["previous", "replay"]) && (music || bare) {
        return make("HassMediaPrevious", Command::Previous);
    }
    if c.verb(&["next", "skip"]) && (music || bare) {
        return make("HassMediaNext", Command::Next);
    }
    if c.verb(&["pause"]) && (music || bare) {
        return make("HassMediaPause", Command::Pause);
    }
    if c.verb(&["stop"]) && (music || c.states.contains(&"playing")) {
        return make("HassMediaPause", Command::Pause);
    }
    if c.verb(&["resume"]) && (music || bare) || c.verb(&["play", "start"]) && music && c.verbs.len() < 9 {
        return make("HassMediaUnpause", Command::Play);
    }
    None
}
