//! Kinds of entities: their words, states, powers and how dangerous they are.
//!
//! One table; a kind that is not in it cannot be in a home.

/// How much care a change of an entity needs; the gate decides what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Reversible and harmless: lights, fans, music.
    Everyday,
    /// Opens the home or can hurt: locks, garage, doors, gates, windows, valves, alarms.
    Guarded,
}

impl Tier {
    /// The number that policy and audit use: 1 or 2.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Everyday => 1,
            Self::Guarded => 2,
        }
    }
}

/// One thing that an entity may be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Goes on and off (for covers: opens and closes; for locks: locks and unlocks).
    OnOff,
    /// Light output in percent.
    Brightness,
    /// Coloured light.
    Color,
    /// White from warm to cold, in kelvin.
    ColorTemperature,
    /// A position in percent open.
    Position,
    /// Slats that tilt, in percent.
    Tilt,
    /// Stops while moving.
    Stop,
    /// A speed in percent.
    Speed,
    /// Swings from side to side.
    Oscillate,
    /// A target temperature.
    Temperature,
    /// A mode of operation, by name.
    Mode,
    /// A preset, by name.
    Preset,
    /// A target humidity in percent.
    Humidity,
    /// Plays, pauses, skips.
    Playback,
    /// A volume in percent, and mute.
    Volume,
    /// An input or source, by name.
    Source,
    /// Starts a job and goes home from it.
    Job,
    /// Takes a number.
    Number,
    /// Takes one of its options.
    Options,
    /// Holds items of text.
    Items,
}

impl Capability {
    /// The word in a home file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OnOff => "on_off",
            Self::Brightness => "brightness",
            Self::Color => "color",
            Self::ColorTemperature => "color_temperature",
            Self::Position => "position",
            Self::Tilt => "tilt",
            Self::Stop => "stop",
            Self::Speed => "speed",
            Self::Oscillate => "oscillate",
            Self::Temperature => "temperature",
            Self::Mode => "mode",
            Self::Preset => "preset",
            Self::Humidity => "humidity",
            Self::Playback => "playback",
            Self::Volume => "volume",
            Self::Source => "source",
            Self::Job => "job",
            Self::Number => "number",
            Self::Options => "options",
            Self::Items => "items",
        }
    }

    /// Every capability, in table order.
    pub const ALL: [Self; 20] = [
        Self::OnOff,
        Self::Brightness,
        Self::Color,
        Self::ColorTemperature,
        Self::Position,
        Self::Tilt,
        Self::Stop,
        Self::Speed,
        Self::Oscillate,
        Self::Temperature,
        Self::Mode,
        Self::Preset,
        Self::Humidity,
        Self::Playback,
        Self::Volume,
        Self::Source,
        Self::Job,
        Self::Number,
        Self::Options,
        Self::Items,
    ];
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $kind:ident $word:literal $on:literal $off:literal $default:literal [$($cap:ident)*];)*) => {
        /// The kind of an entity; its word is the part of the id before the dot.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[doc = $doc])* $kind,)* }

        impl Kind {
            /// Every kind, in table order.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The word in ids and home files.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }

            /// The state after «turn on»; empty where a kind has no such state.
            #[must_use]
            pub const fn on_state(self) -> &'static str {
                match self { $(Self::$kind => $on,)* }
            }

            /// The state after «turn off»; empty where a kind has no such state.
            #[must_use]
            pub const fn off_state(self) -> &'static str {
                match self { $(Self::$kind => $off,)* }
            }

            /// The state that a home file means when it gives none.
            #[must_use]
            pub const fn default_state(self) -> &'static str {
                match self { $(Self::$kind => $default,)* }
            }

            /// What an entity of this kind can do unless the home file says less.
            #[must_use]
            pub const fn powers(self) -> &'static [Capability] {
                match self { $(Self::$kind => &[$(Capability::$cap,)*],)* }
            }
        }
    };
}

kinds! {
    /// A lamp.
    Light "light" "on" "off" "off" [OnOff Brightness Color ColorTemperature];
    /// A switch or an outlet.
    Switch "switch" "on" "off" "off" [OnOff];
    /// A fan.
    Fan "fan" "on" "off" "off" [OnOff Speed Oscillate Preset];
    /// A blind, shutter, curtain, garage door, door, window, gate or awning that moves.
    Cover "cover" "open" "closed" "closed" [OnOff Position Tilt Stop];
    /// A valve.
    Valve "valve" "open" "closed" "closed" [OnOff Position Stop];
    /// A lock: on is locked.
    Lock "lock" "locked" "unlocked" "locked" [OnOff];
    /// Heating or cooling.
    Climate "climate" "" "off" "off" [OnOff Temperature Mode Preset Humidity Speed];
    /// A humidifier or dehumidifier.
    Humidifier "humidifier" "on" "off" "off" [OnOff Humidity Mode];
    /// A television, speaker or player.
    MediaPlayer "media_player" "on" "off" "idle" [OnOff Playback Volume Source];
    /// A vacuum robot.
    Vacuum "vacuum" "cleaning" "returning" "docked" [OnOff Job Speed];
    /// A mowing robot.
    LawnMower "lawn_mower" "mowing" "returning" "docked" [OnOff Job];
    /// A water heater.
    WaterHeater "water_heater" "" "off" "off" [OnOff Temperature Mode];
    /// A reading.
    Sensor "sensor" "" "" "unknown" [];
    /// A reading that is on or off.
    BinarySensor "binary_sensor" "" "" "unknown" [];
    /// A scene.
    Scene "scene" "activated" "" "unknown" [OnOff];
    /// A script.
    Script "script" "on" "off" "off" [OnOff];
    /// An automation.
    Automation "automation" "on" "off" "on" [OnOff];
    /// A button.
    Button "button" "pressed" "" "unknown" [OnOff];
    /// A button made by the user.
    InputButton "input_button" "pressed" "" "unknown" [OnOff];
    /// A number that can be set.
    Number "number" "" "" "unknown" [Number];
    /// A number made by the user.
    InputNumber "input_number" "" "" "unknown" [Number];
    /// A choice of options.
    Select "select" "" "" "unknown" [Options];
    /// A choice made by the user.
    InputSelect "input_select" "" "" "unknown" [Options];
    /// A toggle made by the user.
    InputBoolean "input_boolean" "on" "off" "off" [OnOff];
    /// A text that can be set.
    Text "text" "" "" "unknown" [];
    /// A text made by the user.
    InputText "input_text" "" "" "unknown" [];
    /// A moment made by the user.
    InputDatetime "input_datetime" "" "" "unknown" [];
    /// A list of things to do or buy.
    Todo "todo" "" "" "0" [Items];
    /// A timer entity.
    Timer "timer" "active" "idle" "idle" [];
    /// Weather at a place.
    Weather "weather" "" "" "unknown" [];
    /// A person.
    Person "person" "" "" "unknown" [];
    /// A device that shows where somebody is.
    DeviceTracker "device_tracker" "" "" "unknown" [];
    /// A siren.
    Siren "siren" "on" "off" "off" [OnOff];
    /// A remote control.
    Remote "remote" "on" "off" "off" [OnOff];
    /// A camera.
    Camera "camera" "on" "off" "idle" [];
    /// An alarm panel; Hearth reads it and leaves arming to its owner.
    AlarmControlPanel "alarm_control_panel" "" "" "unknown" [];
    /// An event.
    Event "event" "" "" "unknown" [];
    /// A pending update.
    Update "update" "" "" "off" [];
    /// A calendar.
    Calendar "calendar" "" "" "off" [];
    /// A picture.
    Image "image" "" "" "unknown" [];
    /// A voice satellite.
    AssistSatellite "assist_satellite" "" "" "idle" [];
    /// A group of entities.
    Group "group" "on" "off" "off" [OnOff];
    /// The sun.
    Sun "sun" "" "" "unknown" [];
    /// A zone.
    Zone "zone" "" "" "0" [];
    /// A counter.
    Counter "counter" "" "" "0" [];
    /// A date.
    Date "date" "" "" "unknown" [];
    /// A time.
    Time "time" "" "" "unknown" [];
    /// Something of a kind that is not known here.
    Other "other" "" "" "unknown" [];
}

impl Kind {
    /// The kind behind a word, with the device class that some everyday words imply.
    #[must_use]
    pub fn from_word(word: &str) -> Option<(Self, Option<&'static str>)> {
        if let Some(kind) = Self::ALL.iter().find(|k| k.word() == word) {
            return Some((*kind, None));
        }
        let (_, kind, class) = NICKNAMES.iter().find(|(w, _, _)| *w == word)?;
        Some((*kind, Some(class)))
    }

    /// Whether a change of such an entity is guarded.
    #[must_use]
    pub fn tier(self, device_class: Option<&str>) -> Tier {
        let guarded = match self {
            Self::Lock | Self::Valve | Self::AlarmControlPanel | Self::Siren => true,
            Self::Cover => matches!(device_class, Some("garage" | "garage_door" | "door" | "gate" | "window")),
            _ => false,
        };
        if guarded { Tier::Guarded } else { Tier::Everyday }
    }
}

/// Words for a kind together with a device class, allowed in home files.
pub(super) const NICKNAMES: &[(&str, Kind, &str)] = &[
    ("outlet", Kind::Switch, "outlet"),
    ("plug", Kind::Switch, "outlet"),
    ("blind", Kind::Cover, "blind"),
    ("shutter", Kind::Cover, "shutter"),
    ("shade", Kind::Cover, "shade"),
    ("curtain", Kind::Cover, "curtain"),
    ("awning", Kind::Cover, "awning"),
    ("garage", Kind::Cover, "garage"),
    ("door", Kind::Cover, "door"),
    ("gate", Kind::Cover, "gate"),
    ("window", Kind::Cover, "window"),
    ("tv", Kind::MediaPlayer, "tv"),
    ("speaker", Kind::MediaPlayer, "speaker"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_word_and_doors_are_guarded() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some((*kind, None)));
        }
        assert_eq!(Kind::from_word("outlet"), Some((Kind::Switch, Some("outlet"))));
        assert_eq!(Kind::from_word("lihgt"), None);
        assert_eq!(Kind::Lock.tier(None), Tier::Guarded);
        assert_eq!(Kind::Cover.tier(Some("garage")), Tier::Guarded);
        assert_eq!(Kind::Cover.tier(Some("blind")), Tier::Everyday);
    }
}
