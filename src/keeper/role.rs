//! Who may ask what: one table.
//!
//! The role comes from the kernel's word on the peer (SO_PEERCRED, SO_PEERGROUPS) and from the key
//! that it proved; see `desk` for how it is found.

use super::message::Ask;

/// What a session's owner is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The brain: its uid and its enrolled session key.
    Brain,
    /// A hand: the key of one ticket, on the connection that the ticket names.
    Hand,
    /// Root, the keeper's own uid, or a member of the admin group.
    Admin,
}

impl Role {
    /// The word in a refusal.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Brain => "the brain",
            Self::Hand => "a hand",
            Self::Admin => "an administrator",
        }
    }

    /// Whether this role may ask this.
    #[must_use]
    pub const fn may(&self, ask: &Ask) -> bool {
        match ask {
            Ask::Hello | Ask::Status => true,
            // A session is made once on a connection.
            Ask::Commit { .. } | Ask::Prove { .. } => false,
            Ask::ListNames | Ask::Vouch(_) | Ask::ShowHead | Ask::Cut(_) | Ask::ShowCut => {
                matches!(self, Self::Brain | Self::Admin)
            }
            Ask::Buy { .. } => matches!(self, Self::Brain),
            Ask::Redeem(_) => matches!(self, Self::Hand),
            Ask::Init
            | Ask::Put { .. }
            | Ask::Rotate
            | Ask::Delete { .. }
            | Ask::Export { .. }
            | Ask::Enrol { .. }
            | Ask::Revoke
            | Ask::Wipe => matches!(self, Self::Admin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keeper::message::{Head, Place, Use, Value};

    #[test]
    fn every_request_has_its_roles() {
        let what = || Use { tool: "t".into(), secret: "s".into(), place: Place::Header, host: "h".into() };
        let (name, head) = (|| "s".to_owned(), Head { place: 1, link: [0; 32] });
        let value = Value::new(b"v");
        // Brain, hand, administrator.
        let table = [
            (Ask::Hello, [true, true, true]),
            (Ask::Status, [true, true, true]),
            (Ask::Commit { public: [0; 64], commitment: [0; 64] }, [false; 3]),
            (Ask::Prove([0; 32]), [false; 3]),
            (Ask::ListNames, [true, false, true]),
            (Ask::Vouch(head), [true, false, true]),
            (Ask::ShowHead, [true, false, true]),
            (Ask::Cut(head), [true, false, true]),
            (Ask::ShowCut, [true, false, true]),
            (Ask::Buy { what: what(), connection: 1 }, [true, false, false]),
            (Ask::Redeem(what()), [false, true, false]),
            (Ask::Init, [false, false, true]),
            (Ask::Put { name: name(), value, replace: true }, [false, false, true]),
            (Ask::Rotate, [false, false, true]),
            (Ask::Delete { name: name() }, [false, false, true]),
            (Ask::Export { name: name() }, [false, false, true]),
            (Ask::Enrol { uid: 1, public: [0; 64] }, [false, false, true]),
            (Ask::Revoke, [false, false, true]),
            (Ask::Wipe, [false, false, true]),
        ];
        for (ask, may) in table {
            let answers = [Role::Brain, Role::Hand, Role::Admin].map(|role| role.may(&ask));
            assert_eq!(answers, may, "{ask:?}");
        }
    }

    #[test]
    fn a_session_holds_an_hour() {
        assert_eq!(crate::base::limits::KEEPER_SESSION.as_secs(), 60 * 60);
    }
}
