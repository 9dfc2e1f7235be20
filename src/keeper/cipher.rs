//! XChaCha20-Poly1305 over one record: random nonce, ciphertext, tag, as one text.
//!
//! Associated data is part of what is checked: a record opens only under the name, version and key
//! that it was sealed for.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::armor;
use crate::base::sys::LockedBytes;

/// Length of every key, in bytes.
pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// A key on a locked page.
#[derive(Debug)]
pub struct Key(LockedBytes);

/// Why a record did not open; which of them an attacker learns makes no difference, a person it helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherFault {
    /// Not a key.
    #[error("a key has {KEY_BYTES} bytes, this one has {0}")]
    KeyLength(usize),
    /// Not a record.
    #[error("not a sealed record: base64url without padding of at least 40 bytes is expected")]
    NotARecord,
    /// The key, the associated data or the record is another one.
    #[error("the record does not open: another key, or it was changed or moved")]
    NotOpened,
    /// The system has no random bytes or no lockable memory.
    #[error("no random bytes or no memory that can be locked (RLIMIT_MEMLOCK)")]
    System,
}

impl Key {
    /// A key of these bytes.
    ///
    /// # Errors
    /// [`CipherFault::KeyLength`], [`CipherFault::System`].
    pub fn new(bytes: &[u8]) -> Result<Self, CipherFault> {
        if bytes.len() != KEY_BYTES {
            return Err(CipherFault::KeyLength(bytes.len()));
        }
        Self::filled(|room| {
            room.copy_from_slice(bytes);
            Ok(())
        })
    }

    /// A new random key.
    ///
    /// # Errors
    /// [`CipherFault::System`].
    pub fn random() -> Result<Self, CipherFault> {
        Self::filled(|room| getrandom::fill(room).map_err(|_| CipherFault::System))
    }

    /// A key that `fill` writes in its place.
    ///
    /// # Errors
    /// What `fill` answers, or [`CipherFault::System`].
    pub fn filled(fill: impl FnOnce(&mut [u8]) -> Result<(), CipherFault>) -> Result<Self, CipherFault> {
        let mut page = LockedBytes::new(KEY_BYTES).map_err(|_| CipherFault::System)?;
        fill(page.bytes_mut())?;
        Ok(Self(page))
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, CipherFault> {
        XChaCha20Poly1305::new_from_slice(self.bytes()).map_err(|_| CipherFault::KeyLength(self.bytes().len()))
    }

    /// `value` sealed with `associated`, as text.
    ///
    /// # Errors
    /// [`CipherFault::System`].
    pub fn seal(&self, associated: &[u8], value: &[u8]) -> Result<String, CipherFault> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        self.seal_with(nonce, associated, value)
    }

    fn seal_with(&self, nonce: [u8; NONCE_BYTES], associated: &[u8], value: &[u8]) -> Result<String, CipherFault> {
        // Encrypted in place: the buffer holds the value only until the line after.
        let mut sealed = Zeroizing::new([&nonce, value, &[0; TAG_BYTES]].concat());
        let (body, end) = sealed[NONCE_BYTES..].split_at_mut(value.len());
        let tag = self
            .cipher()?
            .encrypt_inout_detached(&XNonce::from(nonce), associated, body.into())
            .map_err(|_| CipherFault::System)?;
        end.copy_from_slice(&tag);
        Ok(armor::to_base64url(&sealed))
    }

    /// The value behind `text`, on a locked page.
    ///
    /// # Errors
    /// [`CipherFault::NotARecord`], [`CipherFault::NotOpened`], [`CipherFault::System`].
    pub fn open(&self, associated: &[u8], text: &str) -> Result<LockedBytes, CipherFault> {
        let bytes = armor::from_base64url(text).ok_or(CipherFault::NotARecord)?;
        let (nonce, rest) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(CipherFault::NotARecord)?;
        let (body, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(CipherFault::NotARecord)?;
        let mut value = LockedBytes::new(body.len()).map_err(|_| CipherFault::System)?;
        value.bytes_mut().copy_from_slice(body);
        self.cipher()?
            .decrypt_inout_detached(&XNonce::from(*nonce), associated, value.bytes_mut().into(), &Tag::from(*tag))
            .map_err(|_| CipherFault::NotOpened)?;
        Ok(value)
    }
}

/// Random bytes of the kernel.
///
/// # Errors
/// [`CipherFault::System`].
pub fn random<const N: usize>() -> Result<[u8; N], CipherFault> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| CipherFault::System)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_under_its_own_data_only_and_seals_differently_each_time() {
        let key = Key::random().unwrap();
        let text = key.seal(b"name 1", b"value").unwrap();
        assert_ne!(text, key.seal(b"name 1", b"value").unwrap());
        assert_eq!(key.open(b"name 1", &text).unwrap().bytes(), b"value");
        assert_eq!(key.open(b"name 2", &text).unwrap_err(), CipherFault::NotOpened);
        assert_eq!(Key::random().unwrap().open(b"name 1", &text).unwrap_err(), CipherFault::NotOpened);
    }

    #[test]
    fn no_bit_of_a_record_can_be_flipped() {
        let key = Key::random().unwrap();
        let bytes = armor::from_base64url(&key.seal(b"a", b"value").unwrap()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.open(b"a", &armor::to_base64url(&bytes)).unwrap_err(), CipherFault::NotOpened, "{bit}");
        }
    }

    #[test]
    fn the_draft_s_ciphertext_comes_out() {
        let hex = |text| armor::from_hex(text).unwrap();
        let key = Key::new(&hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f")).unwrap();
        let nonce: [u8; 24] = hex("404142434445464748494a4b4c4d4e4f5051525354555657").as_slice().try_into().unwrap();
        // draft-irtf-cfrg-xchacha-03, A.3.1.
        let plain = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
            sunscreen would be it.";
        let text = key.seal_with(nonce, &hex("50515253c0c1c2c3c4c5c6c7"), plain).unwrap();
        let sealed = armor::to_hex(&armor::from_base64url(&text).unwrap()[24..]);
        assert!(sealed.starts_with("bd6d179d3e83d43b95765794"), "{sealed}");
        assert!(sealed.ends_with("c0875924c1c7987947deafd8780acf49"), "{sealed}");
    }
}
