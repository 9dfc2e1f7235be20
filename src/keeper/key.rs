//! The master key: what its text means, and how a passphrase becomes a key on this board.
//!
//! 64 hexadecimal digits or 43 characters of base64url are a key of 32 bytes; `passphrase:` and at
//! least 12 bytes are a passphrase for Argon2id. Anything else is refused rather than guessed at.

use argon2::{Algorithm, Argon2, Params, Version};

use super::armor;
use super::cipher::{CipherFault, KEY_BYTES, Key};
use crate::base::limits;
use crate::base::sys::LockedBytes;

const PASSPHRASE: &[u8] = b"passphrase:";
/// Least length of a passphrase, in bytes.
const PASSPHRASE_BYTES: usize = 12;
/// Length of the salt, in bytes (RFC 9106 recommends 16).
pub const SALT_BYTES: usize = 16;

/// What a source of the master key held.
#[derive(Debug)]
pub enum Master {
    /// A key.
    Key(Key),
    /// A passphrase, from which the vault's own parameters make a key.
    Passphrase(LockedBytes),
}

/// How the key that opens a vault is made from the master key; stands in the vault's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// The master key is the key.
    None,
    /// Argon2id, one lane.
    Argon2id {
        /// Memory, in KiB.
        memory_kib: u32,
        /// Passes.
        passes: u32,
        /// Random, per vault.
        salt: [u8; SALT_BYTES],
    },
}

/// Why a text is no master key, or does not fit its vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MasterFault {
    /// Neither form.
    #[error(
        "neither 32 bytes (64 hexadecimal digits or 43 characters of base64url) nor 'passphrase:' with at least {PASSPHRASE_BYTES} bytes after it"
    )]
    Form,
    /// The vault was made with the other kind of master key.
    #[error("the vault was made with {0}, and the master key is the other kind")]
    Kind(&'static str),
    /// The header asks for more work than any board of ours would.
    #[error("the vault's Argon2id parameters are out of bounds: {0} KiB, {1} passes")]
    Cost(u32, u32),
    /// A key could not be made.
    #[error(transparent)]
    Cipher(#[from] CipherFault),
}

impl Master {
    /// Reads the text of a source; one line end after it is not part of it.
    ///
    /// # Errors
    /// [`MasterFault::Form`].
    pub fn parse(text: &[u8]) -> Result<Self, MasterFault> {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if let Some(phrase) = text.strip_prefix(PASSPHRASE) {
            if phrase.len() < PASSPHRASE_BYTES {
                return Err(MasterFault::Form);
            }
            let mut page = LockedBytes::new(phrase.len()).map_err(|_| CipherFault::System)?;
            page.bytes_mut().copy_from_slice(phrase);
            return Ok(Self::Passphrase(page));
        }
        let text = std::str::from_utf8(text).map_err(|_| MasterFault::Form)?;
        let bytes = if text.len() == 2 * KEY_BYTES { armor::from_hex(text) } else { armor::from_base64url(text) };
        let bytes = bytes.filter(|bytes| bytes.len() == KEY_BYTES).ok_or(MasterFault::Form)?;
        Ok(Self::Key(Key::new(&bytes)?))
    }

    /// How a new vault's key is made from this, on a board with so much memory.
    ///
    /// # Errors
    /// [`MasterFault::Cipher`] where there are no random bytes.
    pub fn derivation(&self, memory_kib: u64) -> Result<Derivation, MasterFault> {
        match self {
            Self::Key(_) => Ok(Derivation::None),
            Self::Passphrase(_) => {
                let (memory_kib, passes) = cost(memory_kib);
                Ok(Derivation::Argon2id { memory_kib, passes, salt: super::cipher::random()? })
            }
        }
    }

    /// The key that opens a vault with this derivation.
    ///
    /// # Errors
    /// [`MasterFault::Kind`], [`MasterFault::Cost`], [`MasterFault::Cipher`].
    pub fn wrapping_key(&self, derivation: &Derivation) -> Result<Key, MasterFault> {
        match (self, derivation) {
            (Self::Key(key), Derivation::None) => Ok(Key::new(key.bytes())?),
            (Self::Passphrase(phrase), Derivation::Argon2id { memory_kib, passes, salt }) => {
                let cost = || MasterFault::Cost(*memory_kib, *passes);
                if *memory_kib > limits::ARGON2_KIB || *passes > limits::ARGON2_PASSES {
                    return Err(cost());
                }
                let params = Params::new(*memory_kib, *passes, 1, Some(KEY_BYTES)).map_err(|_| cost())?;
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                let fill = |room: &mut [u8]| {
                    argon2.hash_password_into(phrase.bytes(), salt, room).map_err(|_| CipherFault::System)
                };
                Ok(Key::filled(fill)?)
            }
            (_, Derivation::None) => Err(MasterFault::Kind("a key of 32 bytes")),
            (_, Derivation::Argon2id { .. }) => Err(MasterFault::Kind("a passphrase")),
        }
    }
}

/// Memory in KiB and passes for a board with so much memory: the equal steps that OWASP names, the
/// largest that takes no more than about a tenth of it.
#[must_use]
pub const fn cost(memory_kib: u64) -> (u32, u32) {
    match memory_kib / 1024 {
        0..96 => (7 * 1024, 5),
        96..192 => (9 * 1024, 4),
        192..512 => (19 * 1024, 2),
        _ => (46 * 1024, 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_keys_are_read() {
        let hex = "00".repeat(32);
        let base64 = armor::to_base64url(&[9; 32]);
        assert_eq!(base64.len(), 43);
        for good in [hex.clone(), format!("{hex}\n"), base64] {
            assert!(matches!(Master::parse(good.as_bytes()), Ok(Master::Key(_))), "{good}");
        }
        let short = "00".repeat(31);
        for bad in ["", "\n", &short, &"00".repeat(33), &format!("{hex}\n\n"), &format!(" {hex}"), "passphrase:short"] {
            assert_eq!(Master::parse(bad.as_bytes()).unwrap_err(), MasterFault::Form, "{bad:?}");
        }
    }

    #[test]
    fn a_passphrase_makes_the_same_key_with_the_same_parameters_only() {
        let master = Master::parse(b"passphrase:correct horse battery").unwrap();
        let with = |salt| Derivation::Argon2id { memory_kib: 64, passes: 1, salt: [salt; SALT_BYTES] };
        let key = |master: &Master, salt| master.wrapping_key(&with(salt)).unwrap().bytes().to_vec();
        assert_eq!(key(&master, 1), key(&master, 1));
        assert_ne!(key(&master, 1), key(&master, 2));
        let other = Master::parse(b"passphrase:correct horse batterz").unwrap();
        assert_ne!(key(&master, 1), key(&other, 1));
        assert_eq!(master.wrapping_key(&Derivation::None).unwrap_err(), MasterFault::Kind("a key of 32 bytes"));
        let greedy = Derivation::Argon2id { memory_kib: u32::MAX, passes: 1, salt: [0; SALT_BYTES] };
        assert!(matches!(master.wrapping_key(&greedy), Err(MasterFault::Cost(..))));
    }

    #[test]
    fn the_cost_fits_the_board() {
        for megabytes in [64_u64, 128, 256, 512, 1024, 8192] {
            let (kib, passes) = cost(megabytes * 1024);
            assert!(u64::from(kib) <= megabytes * 1024 / 8, "{megabytes} MiB");
            assert!((7 * 1024..=limits::ARGON2_KIB).contains(&kib) && passes <= limits::ARGON2_PASSES);
            // The work of OWASP's smallest step at least.
            assert!(kib * passes >= 35 * 1024, "{megabytes} MiB");
        }
    }
}
