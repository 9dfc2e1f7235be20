//! Who is meant by what a channel knows: the people of the settings.
//!
//! A channel gives identities, the most exact first (`mqtt:kitchen`, then `mqtt`). Nobody's identity is
//! «unknown» with least rights: it may ask, and moves nothing.

use super::principal::{Principal, Rights};

/// One person of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// What this person may do.
    pub rights: Rights,
    /// What channels know of this person.
    pub is: Vec<String>,
}

/// Everybody whom the settings name.
#[derive(Clone, Debug, Default)]
pub struct People(Vec<Person>);

impl People {
    /// These people.
    #[must_use]
    pub const fn new(people: Vec<Person>) -> Self {
        Self(people)
    }

    /// The principal behind identities, the most exact first.
    #[must_use]
    pub fn who(&self, identities: &[&str]) -> Principal {
        let first = identities.first().copied().unwrap_or("nobody");
        for identity in identities {
            if let Some(person) = self.0.iter().find(|person| person.is.iter().any(|is| is == identity)) {
                return Principal { name: format!("{}@{first}", person.name), rights: person.rights };
            }
        }
        Principal::unknown(first)
    }

    /// The principal of a name that [`People::who`] or [`Principal::owner`] gave earlier, with the rights of now.
    ///
    /// A person who is not named any more, or whose identity is another's now, has least rights.
    #[must_use]
    pub fn again(&self, name: &str) -> Principal {
        if name == "console" || name.starts_with("admin:") {
            return Principal::owner(name);
        }
        let Some((_, identity)) = name.split_once('@') else { return Principal::unknown(name) };
        let channel = identity.split(':').next().unwrap_or_default();
        let now = self.who(&[identity, channel]);
        if now.name == name { now } else { Principal::unknown(identity) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_identity_decides_and_nobody_may_only_ask() {
        let person = |name: &str, rights, is: &str| Person { name: name.into(), rights, is: vec![is.into()] };
        let people = People::new(vec![person("house", Rights::Use, "mqtt"), person("anna", Rights::Own, "mqtt:phone")]);
        let who = |identities: &[&str]| people.who(identities);
        assert_eq!(who(&["mqtt:phone", "mqtt"]), Principal { name: "anna@mqtt:phone".into(), rights: Rights::Own });
        assert_eq!(who(&["mqtt:x", "mqtt"]), Principal { name: "house@mqtt:x".into(), rights: Rights::Use });
        assert_eq!(who(&["serial"]), Principal { name: "serial:unknown".into(), rights: Rights::Ask });
        assert_eq!(who(&[]).rights, Rights::Ask);
        for same in ["anna@mqtt:phone", "house@mqtt:x"] {
            assert_eq!(people.again(same).name, same);
        }
        assert_eq!(people.again("anna@mqtt:phone").rights, Rights::Own);
        assert_eq!((people.again("admin:0").rights, people.again("console").rights), (Rights::Own, Rights::Own));
        // «ben» was who «mqtt:phone» is now: what he asked for does not become anna's.
        for gone in ["ben@mqtt:phone", "ben@serial:x", "serial:unknown", "owner"] {
            assert_eq!(people.again(gone).rights, Rights::Ask, "{gone}");
        }
    }
}
