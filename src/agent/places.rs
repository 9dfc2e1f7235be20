//! Where a speaker is, by what the channel knows of them; the most exact word decides.

use std::collections::BTreeMap;

use crate::bus::Inbound;
use crate::home::AreaRef;

/// Areas by what channels know: `serial`, `mqtt:kitchen_panel`, `admin:bedside`.
#[derive(Clone, Debug, Default)]
pub struct Places(BTreeMap<String, AreaRef>);

impl Places {
    /// These places.
    #[must_use]
    pub const fn new(places: BTreeMap<String, AreaRef>) -> Self {
        Self(places)
    }

    /// The area of whoever said this.
    pub(super) fn of(&self, message: &Inbound) -> Option<AreaRef> {
        self.find(&message.principal.name, &message.session)
    }

    fn find(&self, principal: &str, session: &str) -> Option<AreaRef> {
        // `anna@mqtt:phone` is what the channel knows with a name before it, `mqtt:x:unknown` one without.
        let known = principal.split_once('@').map_or(principal, |(_, identity)| identity);
        let known = known.strip_suffix(":unknown").unwrap_or(known);
        let channel = session.split(':').next().unwrap_or_default();
        [known, session, channel].iter().find_map(|who| self.0.get(*who).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_word_decides() {
        let all = [("mqtt", 0), ("mqtt:panel", 1), ("serial", 2), ("admin:bedside", 3)];
        let places = Places::new(all.map(|(who, place)| (who.to_owned(), AreaRef(place))).into());
        let of = |principal: &str, session: &str| places.find(principal, session).map(|area| area.0);
        assert_eq!(of("house@mqtt:panel", "mqtt:request:panel"), Some(1));
        assert_eq!(of("mqtt:panel:unknown", "mqtt:request:panel"), Some(1));
        assert_eq!(of("house@mqtt:other", "mqtt:request:other"), Some(0));
        assert_eq!(of("owner@serial", "serial:text"), Some(2));
        assert_eq!(of("admin:1000", "admin:bedside"), Some(3));
        assert_eq!(of("admin:1000", "admin:ask"), None);
        assert_eq!(of("console", "console"), None);
    }
}
