//! Which addresses a request may go to: public ones, and those of the LAN that were granted one by one.
//!
//! Everything that is not plainly a public unicast address is refused: private, loopback, link-local,
//! shared and special ranges (RFC 6890 and IANA's special-purpose registries), and every range that
//! carries an IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4, Teredo), because such
//! an address leads where the inner one does.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::base::limits::LAN_GRANTS;

/// Network, prefix length, what it is; IANA IPv4 Special-Purpose Address Registry.
const V4: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this host or network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private network"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by a carrier's customers"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local, where clouds keep their metadata"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private network"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "for protocols"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private network"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved, or broadcast"),
];

/// Inside 2000::/3; all else but that is refused whole.
const V6: &[(Ipv6Addr, u32, &str)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "Teredo, which carries an IPv4 address"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "for protocols"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "for documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4, which carries an IPv4 address"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "for documentation"),
];

/// Why a request may not go to this address where nothing grants it; `None` for a public one.
#[must_use]
pub fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => V4.iter().find(|(net, length, _)| same(v4_bits(v4), v4_bits(*net), *length)).map(|row| row.2),
        // A mapped address reaches what the IPv4 address in it names.
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(|| refusal_v6(v6), |v4| refusal(v4.into())),
    }
}

fn refusal_v6(address: Ipv6Addr) -> Option<&'static str> {
    let bits = address.to_bits();
    if bits >> 125 != 0b001 {
        return Some(match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0 | 1] => "this host",
            [0x64, 0xff9b, ..] => "NAT64, which carries an IPv4 address",
            [0, ..] => "an IPv4 address in an old form",
            [first, ..] if first & 0xfe00 == 0xfc00 => "a private network",
            [first, ..] if first & 0xffc0 == 0xfe80 => "link-local",
            [first, ..] if first & 0xff00 == 0xff00 => "multicast",
            _ => "not a public unicast address",
        });
    }
    V6.iter().find(|(net, length, _)| same(bits, net.to_bits(), *length)).map(|row| row.2)
}

/// In the high 32 of 128 bits, so that one comparison serves both kinds.
fn v4_bits(address: Ipv4Addr) -> u128 {
    u128::from(address.to_bits()) << 96
}

fn same(one: u128, other: u128, length: u32) -> bool {
    (one ^ other).checked_shr(128 - length).unwrap_or(0) == 0
}

/// One granted address, or a small network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    network: IpAddr,
    length: u32,
}

/// Shortest prefix of a grant: a network that a person can have looked through.
const SHORTEST: (u32, u32) = (24, 64);

impl Grant {
    fn holds(self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(net), IpAddr::V4(address)) => same(v4_bits(address), v4_bits(net), self.length),
            (IpAddr::V6(net), IpAddr::V6(address)) => same(address.to_bits(), net.to_bits(), self.length),
            _ => false,
        }
    }
}

impl FromStr for Grant {
    type Err = String;

    /// `192.168.1.20`, `192.168.1.16/28`, `fd00::1`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let network: IpAddr = address.parse().map_err(|_| format!("{address} is no address"))?;
        let (most, least) = if network.is_ipv4() { (32, SHORTEST.0) } else { (128, SHORTEST.1) };
        let length = match length {
            None => most,
            Some(length) => length.parse().map_err(|_| format!("/{length} is no prefix length"))?,
        };
        if !(least..=most).contains(&length) {
            return Err(format!("a grant is an address or a network of /{least} to /{most}"));
        }
        if network.is_unspecified() || network.is_multicast() || network == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return Err(format!("{network} cannot be granted"));
        }
        let host = match network {
            IpAddr::V4(v4) => u128::from(v4.to_bits().checked_shl(length).unwrap_or(0)),
            IpAddr::V6(v6) => v6.to_bits().checked_shl(length).unwrap_or(0),
        };
        if host != 0 {
            return Err(format!("{text}: the address has bits behind its prefix"));
        }
        Ok(Self { network, length })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.length)
    }
}

/// What of the LAN may be reached. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants(Vec<Grant>);

impl Grants {
    /// These, at most [`LAN_GRANTS`].
    ///
    /// # Errors
    /// The first text that is no grant, and why.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let grants: Vec<_> = texts.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        if grants.len() > LAN_GRANTS { Err(format!("at most {LAN_GRANTS} grants")) } else { Ok(Self(grants)) }
    }

    /// Whether this address was granted.
    #[must_use]
    pub fn hold(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|grant| grant.holds(address))
    }

    /// Whether nothing was granted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    #[test]
    fn grants_are_exact() {
        let grants = Grants::parse(["192.168.1.16/28", "127.0.0.1", "fd00::7"]).expect("grants");
        for held in ["192.168.1.16", "192.168.1.31", "127.0.0.1", "::ffff:127.0.0.1", "fd00::7"] {
            assert!(grants.hold(held.parse().expect("an address")), "{held}");
        }
        for other in ["192.168.1.15", "192.168.1.32", "127.0.0.2", "fd00::8", "::1", "8.8.8.8"] {
            assert!(!grants.hold(other.parse().expect("an address")), "{other}");
        }
        for bad in ["10.0.0.0/8", "0.0.0.0", "192.168.1.20/28", "fd00::/8", "router", "1.2.3.4/33", "::", "224.0.0.1"] {
            assert!(Grants::parse([bad]).is_err(), "{bad}");
        }
        assert!(Grants::parse(vec!["10.0.0.1"; LAN_GRANTS + 1]).is_err());
        assert_eq!("10.0.0.0/24".parse::<Grant>().map(|grant| grant.to_string()), Ok("10.0.0.0/24".into()));
    }

    proptest! {
        #[test]
        fn a_mapped_address_is_judged_as_the_one_in_it(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            prop_assert_eq!(refusal(v4.into()), refusal(v4.to_ipv6_mapped().into()));
        }

        #[test]
        fn the_library_calls_nothing_private_that_is_let_through(bits in any::<u32>(), wide in any::<u128>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            let bad = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                || v4.is_documentation() || v4.is_broadcast() || v4.is_unspecified();
            prop_assert!(!bad || refusal(v4.into()).is_some());
            let v6 = Ipv6Addr::from_bits(wide);
            let bad = v6.is_loopback() || v6.is_multicast() || v6.is_unique_local() || v6.is_unicast_link_local();
            prop_assert!(!bad || refusal(v6.into()).is_some());
        }

        #[test]
        fn texts_from_outside_never_panic(text in "[0-9a-f.:/]{0,30}") {
            let _ = text.parse::<Grant>();
        }
    }
}
