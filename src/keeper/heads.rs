//! What the vault remembers of the chain of audit records: how far it reached, and what was let go at its front.
//!
//! The brain may only go on: a head that is earlier than the one that was shown, and a cut that reaches one of the
//! latest records, is refused. An administrator may begin anew.

use super::cipher::CipherFault;
use super::message::Head;
use super::vault::{Vault, VaultFault};
use super::vault_text::Kind;
use crate::base::limits;

impl Vault {
    /// Remembers a head of the chain of audit records; its MAC. Never an earlier one, or another of the same
    /// place, unless an administrator begins `anew`.
    ///
    /// # Errors
    /// [`VaultFault::Backwards`], [`VaultFault::System`].
    pub fn vouch(&mut self, head: Head, anew: bool) -> Result<[u8; 32], VaultFault> {
        if let Ok((known, mac)) = self.vouched() {
            if known == head {
                return Ok(mac);
            }
            if known.place >= head.place && !anew {
                return Err(VaultFault::Backwards { known: known.place, shown: head.place });
            }
        }
        let value = bytes(head);
        self.set(Kind::Audit, "head", &value, limits::VAULT_HEADS)?;
        self.mac(b"hearth audit head 1", &value)
    }

    /// The head that is remembered, and its MAC.
    ///
    /// # Errors
    /// [`VaultFault::NoHead`] where none was shown yet.
    pub fn vouched(&self) -> Result<(Head, [u8; 32]), VaultFault> {
        let head = self.remembered("head")?.ok_or(VaultFault::NoHead)?;
        Ok((head, self.mac(b"hearth audit head 1", &bytes(head))?))
    }

    /// Lets the records up to this one go off the front of the chain; its MAC. Never one of the latest, and never
    /// back, unless an administrator takes the chain as it is.
    ///
    /// # Errors
    /// [`VaultFault::NoHead`], [`VaultFault::Latest`], [`VaultFault::Backwards`], [`VaultFault::System`].
    pub fn cut(&mut self, cut: Head, admin: bool) -> Result<[u8; 32], VaultFault> {
        let (head, _) = self.vouched()?;
        let (known, mac) = self.cut_at()?;
        if known == cut {
            return Ok(mac);
        }
        let most = head.place.saturating_sub(limits::AUDIT_LEFT);
        if cut.place > most && !admin {
            return Err(VaultFault::Latest { most, wanted: cut.place });
        }
        if known.place >= cut.place && !admin {
            return Err(VaultFault::Backwards { known: known.place, shown: cut.place });
        }
        let value = bytes(cut);
        self.set(Kind::Audit, "cut", &value, limits::VAULT_HEADS)?;
        self.mac(b"hearth audit cut 1", &value)
    }

    /// The last record that was let go, and its MAC; place 0 where none was.
    ///
    /// # Errors
    /// [`VaultFault::Record`].
    pub fn cut_at(&self) -> Result<(Head, [u8; 32]), VaultFault> {
        let cut = self.remembered("cut")?.unwrap_or(Head { place: 0, link: [0; 32] });
        Ok((cut, self.mac(b"hearth audit cut 1", &bytes(cut))?))
    }

    fn remembered(&self, name: &str) -> Result<Option<Head>, VaultFault> {
        let Some(record) = self.of(Kind::Audit).find(|record| record.name == name) else { return Ok(None) };
        let value = self.unseal(record)?;
        let (place, link) = value.bytes().split_first_chunk::<8>().ok_or(VaultFault::NoHead)?;
        let link = link.try_into().map_err(|_| VaultFault::NoHead)?;
        Ok(Some(Head { place: u64::from_be_bytes(*place), link }))
    }

    fn mac(&self, what: &[u8], value: &[u8]) -> Result<[u8; 32], VaultFault> {
        use hmac::{KeyInit, Mac};
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(self.key()).map_err(|_| CipherFault::System)?;
        mac.update(what);
        mac.update(value);
        Ok(mac.finalize().into_bytes().into())
    }
}

fn bytes(head: Head) -> Vec<u8> {
    [head.place.to_be_bytes().as_slice(), &head.link].concat()
}
