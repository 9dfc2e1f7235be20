//! The topic tree: `<prefix>/<device>/…`, what is heard on it and where answers go.

use super::packet::QoS;
use crate::base::limits::MQTT_TOPIC_BYTES;

/// What a topic means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning<'a> {
    /// A sentence by anybody who may publish there.
    Say,
    /// A sentence by a client that names itself in the topic.
    Request(&'a str),
    /// A command for an entity.
    Set(&'a str),
}

/// The topics of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    base: String,
}

/// A prefix as it is used: without slashes at its end; `otherwise` where nothing is left.
#[must_use]
pub fn normalised(prefix: &str, otherwise: &str) -> String {
    let trimmed = prefix.trim_end_matches('/');
    if trimmed.is_empty() { otherwise.to_owned() } else { trimmed.to_owned() }
}

/// Whether a text may be the topic of a message.
#[must_use]
pub fn is_topic(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MQTT_TOPIC_BYTES
        && !text.contains(['#', '+'])
        && !text.chars().any(char::is_control)
}

impl Topics {
    /// The topics of `device` under a prefix.
    #[must_use]
    pub fn new(prefix: &str, device: &str) -> Self {
        Self { base: format!("{}/{device}", normalised(prefix, "hearth")) }
    }

    /// What a topic means to us; `None` for one that is none of ours.
    #[must_use]
    pub fn meaning<'a>(&self, topic: &'a str) -> Option<Meaning<'a>> {
        let rest = topic.strip_prefix(self.base.as_str())?.strip_prefix('/')?;
        let parts: Vec<_> = rest.split('/').collect();
        match parts[..] {
            ["say"] => Some(Meaning::Say),
            ["cmd", entity, "set"] if !entity.is_empty() => Some(Meaning::Set(entity)),
            [client, "request"] if !client.is_empty() => Some(Meaning::Request(client)),
            _ => None,
        }
    }

    /// What is subscribed for people and machines.
    #[must_use]
    pub fn filters(&self) -> Vec<(String, QoS)> {
        let under = |tail: &str| (format!("{}/{tail}", self.base), QoS::ExactlyOnce);
        vec![under("say"), under("cmd/+/set"), under("+/request")]
    }

    /// Where answers to [`Meaning::Say`] and [`Meaning::Set`] go.
    #[must_use]
    pub fn reply(&self) -> String {
        format!("{}/reply", self.base)
    }

    /// Where answers to [`Meaning::Request`] go.
    #[must_use]
    pub fn response(&self, client: &str) -> String {
        format!("{}/{client}/response", self.base)
    }

    /// The retained state of an entity.
    #[must_use]
    pub fn state(&self, entity: &str) -> String {
        format!("{}/state/{entity}", self.base)
    }

    /// Where an entity is commanded.
    #[must_use]
    pub fn set(&self, entity: &str) -> String {
        format!("{}/cmd/{entity}/set", self.base)
    }

    /// Changes as they happen.
    #[must_use]
    pub fn event(&self) -> String {
        format!("{}/event", self.base)
    }

    /// `online` or `offline`, retained; the broker says the latter in our name.
    #[must_use]
    pub fn availability(&self) -> String {
        format!("{}/availability", self.base)
    }

    /// What this Hearth is, retained.
    #[must_use]
    pub fn status(&self) -> String {
        format!("{}/status", self.base)
    }

    /// Whether a topic that a stranger names for an answer is not one of ours.
    #[must_use]
    pub fn is_foreign(&self, topic: &str) -> bool {
        is_topic(topic)
            && !topic.starts_with('$')
            && topic != self.base
            && !topic.starts_with(&format!("{}/", self.base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_mean_what_the_tree_says() {
        let topics = Topics::new("hearth", "attic");
        assert_eq!(topics.meaning("hearth/attic/say"), Some(Meaning::Say));
        assert_eq!(topics.meaning("hearth/attic/cmd/light.desk/set"), Some(Meaning::Set("light.desk")));
        assert_eq!(topics.meaning("hearth/attic/phone/request"), Some(Meaning::Request("phone")));
        for other in
            ["hearth/attic", "hearth/atticx/say", "hearth/attic/cmd//set", "hearth/attic/cmd/a/b/set", "say", ""]
        {
            assert_eq!(topics.meaning(other), None, "{other}");
        }
    }

    #[test]
    fn an_answer_goes_to_no_topic_of_ours_and_to_no_wildcard() {
        let topics = Topics::new("hearth", "attic");
        assert!(topics.is_foreign("phone/answers") && topics.is_foreign("hearth/cellar/say"));
        for bad in ["hearth/attic/say", "hearth/attic", "$SYS/x", "a/+", "#", "a\0b", "", &"x".repeat(600)] {
            assert!(!topics.is_foreign(bad), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_topic_panics(topic in ".*") {
            let topics = Topics::new("hearth", "attic");
            let _ = (topics.meaning(&topic), topics.is_foreign(&topic));
        }
    }
}
