//! From a clause to an action: which intent, which command, for which kinds of entities.
//!
//! The rules are tried from the most particular (volume, playback) to the most general (on and off);
//! the first that fits decides. A rule only fits when it uses everything that the clause says.

use super::action::Action;
use super::{climate, cover, fan, light, option, player, power, robot};
use crate::intent::sentence::clause::Clause;

/// The action of a clause; [`None`] where no rule fits.
pub(in crate::intent) fn action(c: &Clause) -> Option<Action> {
    // «the lamp is red» states something; «make sure that it is» asks for it.
    if c.crowded || c.is && !c.ensure {
        return None;
    }
    // Half a name and a value or colour are not yet a command.
    let vague = c.attrs.is_empty() && !c.nps.iter().any(|np| np.headed() || np.placed());
    if vague && c.verbs.is_empty() && c.on.is_none() {
        return None;
    }
    let partial = c.nps.iter().any(|np| np.parts.is_some());
    if partial && c.verbs.is_empty() && c.on.is_none() && c.up.is_none() && !c.to && c.states.is_empty() {
        return None;
    }
    light::lit(c)
        .or_else(|| light::wished_light(c))
        .or_else(|| player::volume(c))
        .or_else(|| robot::robot(c))
        .or_else(|| player::playback(c))
        .or_else(|| cover::tilt(c))
        .or_else(|| fan::oscillation(c))
        .or_else(|| cover::lock(c))
        .or_else(|| cover::cover(c))
        .or_else(|| fan::fan(c))
        .or_else(|| climate::humidity(c))
        .or_else(|| climate::temperature(c))
        .or_else(|| light::light(c))
        .or_else(|| option::scene(c))
        .or_else(|| option::number_of(c))
        .or_else(|| power::power(c))
        .or_else(|| light::bare_light(c))
}
