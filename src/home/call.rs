//! What can be asked of a home, as types that cannot be wrong.
//!
//! A [`Call`] is one command for some entities; `intent` makes them, tools and models may too.

use super::entity::{AreaRef, EntityRef};

/// A colour by name, with its red, green and blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Color {
    /// The name, in the words of the language: `dark blue`.
    pub name: String,
    /// Red, green, blue.
    pub rgb: [u8; 3],
}

/// What an entity shall do. Percentages are 0-100; steps are in the same unit and may be negative.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Go on; a cover or valve opens, a lock locks, a robot starts, a scene comes true.
    TurnOn,
    /// Go off; a cover or valve closes, a lock unlocks, a robot goes home.
    TurnOff,
    /// The other of the two.
    Toggle,
    /// Stop moving, playing or working where it is.
    Stop,
    /// Light output.
    Brightness(f64),
    /// Lighter or darker by this much.
    BrightnessStep(f64),
    /// Colour of light.
    Color(Color),
    /// White of light, in kelvin.
    ColorTemperature(f64),
    /// Warmer (negative) or colder, in kelvin.
    ColorTemperatureStep(f64),
    /// Percent open.
    Position(f64),
    /// Further open by this much.
    PositionStep(f64),
    /// Tilt of slats.
    Tilt(f64),
    /// Tilt further open by this much.
    TiltStep(f64),
    /// Speed.
    Speed(f64),
    /// Faster by this much.
    SpeedStep(f64),
    /// Speed by its name, as the entity lists it.
    SpeedName(String),
    /// Swing from side to side, or not.
    Oscillate(bool),
    /// Target temperature, in the unit of the entity.
    Temperature(f64),
    /// Warmer by this much.
    TemperatureStep(f64),
    /// Mode, as the entity lists it.
    Mode(String),
    /// Preset, as the entity lists it.
    Preset(String),
    /// Target humidity.
    Humidity(f64),
    /// More humid by this much.
    HumidityStep(f64),
    /// Play or go on playing.
    Play,
    /// Hold playback, or a job.
    Pause,
    /// Next track.
    Next,
    /// Previous track.
    Previous,
    /// Mute or unmute.
    Mute(bool),
    /// Volume.
    Volume(f64),
    /// Louder by this much.
    VolumeStep(f64),
    /// Source, as the entity lists it.
    Source(String),
    /// Find something and play it.
    PlayMedia {
        /// What to look for, as it was said.
        query: String,
        /// `track`, `album`, `artist`, `playlist`, `podcast`, `movie`, `tv_show`, …
        class: Option<String>,
    },
    /// Start the job (vacuum, mow).
    Start,
    /// Go back to the base.
    Dock,
    /// Say where it is.
    Locate,
    /// Clean this area.
    CleanArea(AreaRef),
    /// Set a number.
    Number(f64),
    /// Choose an option, as the entity lists it.
    Option(String),
    /// Put an item on the list.
    AddItem(String),
    /// Check an item off.
    CompleteItem(String),
    /// Take an item off without having done it.
    RemoveItem(String),
    /// Something with a timer; has no entities.
    Timer(TimerCommand),
    /// Say this everywhere.
    Broadcast(String),
}

/// What shall happen with timers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerCommand {
    /// A new one.
    Start {
        /// Hours, minutes and seconds, as they were said.
        hms: [u64; 3],
        /// Its name; empty for none.
        name: String,
        /// Where it was set.
        area: Option<AreaRef>,
        /// The command at its end, in the words that were said.
        command: Option<String>,
        /// Whether the name is a message to remind of.
        reminder: bool,
    },
    /// End it without ringing.
    Cancel(TimerWhich),
    /// End all but reminders, or all of an area.
    CancelAll(Option<AreaRef>),
    /// End all reminders.
    CancelReminders,
    /// Longer by seconds.
    Add(TimerWhich, u64),
    /// Shorter by seconds.
    Subtract(TimerWhich, u64),
    /// Hold it.
    Pause(TimerWhich),
    /// Let it run on.
    Resume(TimerWhich),
}

/// Which timer is meant; every part that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimerWhich {
    /// Its name.
    pub name: Option<String>,
    /// Its area.
    pub area: Option<AreaRef>,
    /// The hours, minutes and seconds it was set for.
    pub start: [Option<u64>; 3],
}

/// One command for some entities.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What to do.
    pub command: Command,
    /// To what; empty for timers and broadcasts.
    pub targets: Vec<EntityRef>,
}
