//! Adds a user name and a password to an MQTT CONNECT on its way out.
//!
//! The brain writes the packet without them; the hand that owns the connection (and TLS) adds them
//! to the first packet that passes. OASIS MQTT 3.1.1 and 5, section 3.1: both versions have the same
//! fixed header, the flags at the same place, and user name and password at the end of the payload.

use zeroize::Zeroizing;

use crate::base::{Code, Fault};

/// Where the flags are, counted from the end of the fixed header: `00 04 M Q T T level flags`.
const FLAGS: usize = 7;
const USER: u8 = 0x80;
const PASSWORD: u8 = 0x40;

/// The packet with these credentials; `packet` is exactly one CONNECT without any. Wiped when dropped.
///
/// # Errors
/// [`Code::BadInput`] where it is something else, or where a text is over 65,535 bytes.
pub fn add(packet: &[u8], user: &str, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let wrong = |what: &str| Fault::new(Code::BadInput, format!("credentials were not added: {what}"));
    let header = 1 + packet.iter().skip(1).take(4).take_while(|byte| *byte & 0x80 != 0).count() + 1;
    let body = packet.get(header..).ok_or_else(|| wrong("the packet is too short"))?;
    if packet.first() != Some(&0x10) || !body.starts_with(b"\0\x04MQTT") {
        return Err(wrong("the first packet is no CONNECT"));
    }
    let flags = *body.get(FLAGS).ok_or_else(|| wrong("the packet is too short"))?;
    if flags & (USER | PASSWORD) != 0 {
        return Err(wrong("it has credentials already"));
    }
    let texts = [user.as_bytes(), password];
    let mut rest = body.len() + texts.iter().map(|text| 2 + text.len()).sum::<usize>();
    // Room for all of it at once: a vector that grows leaves its bytes behind.
    let mut whole = Zeroizing::new(Vec::with_capacity(1 + 5 + rest));
    whole.push(0x10);
    while rest >= 0x80 {
        whole.push(u8::try_from(rest & 0x7f).unwrap_or(0) | 0x80);
        rest >>= 7;
    }
    whole.push(u8::try_from(rest).unwrap_or(0));
    let at = whole.len() + FLAGS;
    whole.extend_from_slice(body);
    whole[at] = flags | USER | PASSWORD;
    for text in texts {
        let length = u16::try_from(text.len()).map_err(|_| wrong("they are too long"))?;
        whole.extend_from_slice(&length.to_be_bytes());
        whole.extend_from_slice(text);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a";

    #[test]
    fn credentials_stand_at_the_end_and_in_the_flags() {
        let whole = add(BARE, "ha", b"pw").expect("added");
        assert_eq!(whole.as_slice(), b"\x10\x15\0\x04MQTT\x04\xc2\0\x3c\0\x01a\0\x02ha\0\x02pw");
        assert!(add(&whole, "ha", b"pw").is_err(), "twice");
        let long = add(BARE, "u", &[7; 300]).expect("added");
        assert_eq!((long[1], long[2], long.len()), (0xbe, 0x02, 3 + 0x13e));
    }

    #[test]
    fn anything_else_is_refused() {
        for bytes in [&b""[..], b"\x10", b"\x30\x02\0\0", b"\x10\x02\0\x04", b"\x10\xff\xff\xff\xff\xff"] {
            assert!(add(bytes, "u", b"p").is_err(), "{bytes:?}");
        }
        assert!(add(BARE, &"u".repeat(70_000), b"p").is_err());
    }
}
