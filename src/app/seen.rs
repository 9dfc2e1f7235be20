//! The latest record that the keeper vouched for, kept beside the database: whether its vault has gone back since.
//!
//! The keeper remembers the head of the audit chain in its vault, so a vault that was put back whole from an older
//! copy knows an earlier head than the one that it gave its word for. The vault alone cannot tell; whoever puts
//! back both folders at once is not noticed.

use std::path::{Path, PathBuf};

use crate::base::{Code, Fault};
use crate::keeper::armor;
use crate::store::{ChainHead, Store};

/// Where it is kept.
#[derive(Clone, Debug)]
pub(super) struct Seen(PathBuf);

impl Seen {
    pub(super) fn within(data: &Path) -> Self {
        Self(data.join("vouched"))
    }

    /// Keeps it, at each call that the keeper vouched for, so without a flush, which would cost the flash a
    /// write each. Where the disk refuses, or the power goes first, less is noticed, and nothing wrongly.
    pub(super) fn keep(&self, head: ChainHead) {
        let next = self.0.with_extension("new");
        let line = format!("{} {}\n", head.place, armor::to_hex(&head.link));
        if let Err(error) = std::fs::write(&next, line).and_then(|()| std::fs::rename(&next, &self.0)) {
            tracing::debug!(%error, "what the keeper vouched for was not kept");
        }
    }

    /// What was kept; nothing where it is not there or damaged.
    fn kept(&self) -> Option<ChainHead> {
        let text = std::fs::read_to_string(&self.0).ok()?;
        let (place, link) = text.trim_end().split_once(' ')?;
        Some(ChainHead { place: place.parse().ok()?, link: armor::from_hex(link)?.as_slice().try_into().ok()? })
    }

    /// Looks whether a keeper that knows of so many records gave its word for more of this chain before.
    ///
    /// # Errors
    /// [`Code::Refused`] where it did: its vault is an older one. A chain that began anew is another one.
    pub(super) async fn compare(&self, store: &Store, known: i64) -> Result<(), Fault> {
        let Some(seen) = self.kept().filter(|seen| seen.place > known) else { return Ok(()) };
        if store.chain_at(seen.place).await? != Some(seen) {
            return Ok(());
        }
        let message = format!(
            "the keeper's vault is an older copy: it vouched for {} audit records and knows of {known}; what was \
             added, rotated, deleted or revoked in between is undone; hearth audit accept takes the vault as it is",
            seen.place
        );
        Err(Fault::new(Code::Refused, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_reads_back_and_what_is_damaged_is_nothing() {
        let folder = std::env::temp_dir().join(format!("hearth-seen-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let seen = Seen::within(&folder);
        assert_eq!(seen.kept(), None);
        let head = ChainHead { place: 12, link: [7; 32] };
        seen.keep(head);
        assert_eq!(seen.kept(), Some(head));
        for damaged in ["", "12", "12 07", "x 0707", "12 zz"] {
            std::fs::write(folder.join("vouched"), damaged).expect("written");
            assert_eq!(seen.kept(), None, "{damaged}");
        }
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
