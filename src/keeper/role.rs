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
