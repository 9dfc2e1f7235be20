//! Where a URL leads, judged by its text: `http` or `https`, a plain host, no disguise.
//!
//! One parser (`http::Uri`, the one that the net hand uses too) reads the text, and what two parsers
//! could read differently is refused before: user names, backslashes, control characters, hosts that
//! are not ASCII, numbers that some programs take for an address (octal, hexadecimal, one number).
//! Names are resolved elsewhere; what they resolve to is judged by [`super::address`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::http::Uri;

use super::address::{Grants, refusal};
use crate::base::limits::URL_BYTES;

/// A host as a URL names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name to be resolved, in lower case, without a dot at its end.
    Name(String),
    /// An address.
    Address(IpAddr),
}

/// Where a URL leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether TLS is spoken.
    pub https: bool,
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// The whole URL without its fragment.
    pub url: String,
}

impl Target {
    /// The host as a certificate and a ticket name it.
    #[must_use]
    pub fn host_text(&self) -> String {
        match &self.host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        }
    }

    /// Whether both lead to the same server by the same protocol.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        (self.https, &self.host, self.port) == (other.https, &other.host, other.port)
    }

    /// Whether the name belongs to a home or a machine, so that only granted addresses answer for it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        const ENDINGS: [&str; 6] = ["localhost", "local", "internal", "lan", "home", "home.arpa"];
        let Host::Name(name) = &self.host else { return false };
        let under = |ending: &&'static str| {
            name.strip_suffix(*ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        !name.contains('.') || ENDINGS.iter().any(under)
    }

    /// Why this address may not answer for this URL; `None` where it may.
    #[must_use]
    pub fn refuses(&self, address: IpAddr, grants: &Grants) -> Option<String> {
        if grants.hold(address) {
            return None;
        }
        match refusal(address) {
            Some(what) => Some(format!("{address} is {what}, and net.lan does not grant it")),
            None if self.is_local() => Some(format!("{address} is not granted by net.lan to a local name")),
            None => None,
        }
    }

    /// Why this URL is refused before anything is resolved.
    #[must_use]
    pub fn refused(&self, grants: &Grants) -> Option<String> {
        match self.host {
            Host::Address(address) => self.refuses(address, grants),
            Host::Name(ref name) if grants.is_empty() && self.is_local() => {
                Some(format!("{name} is a local name, and net.lan grants nothing"))
            }
            Host::Name(_) => None,
        }
    }
}

/// Reads a URL.
///
/// # Errors
/// Why it is none that may be asked for, as a sentence for a person; it does not repeat the URL.
pub fn parse(text: &str) -> Result<Target, String> {
    if text.len() > URL_BYTES {
        return Err(format!("a URL has at most {URL_BYTES} bytes"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('\\') {
        return Err("a URL holds visible ASCII and no backslash; write other names as xn--".into());
    }
    let uri: Uri = text.parse().map_err(|_| "this is no URL".to_owned())?;
    let https = match uri.scheme_str() {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => true,
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => false,
        Some(_) => return Err("only http and https URLs are fetched".into()),
        None => return Err("a URL begins with https:// or http://".into()),
    };
    let authority = uri.authority().ok_or("a URL names a host")?;
    if authority.as_str().contains('@') {
        return Err("a URL with a user name is refused; secrets come from the keeper".into());
    }
    let host = host(authority.host())?;
    let port = match authority.as_str().strip_prefix(authority.host()) {
        Some("") => {
            if https {
                443
            } else {
                80
            }
        }
        Some(_) => authority.port_u16().filter(|port| *port > 0).ok_or("a port is a number from 1 to 65535")?,
        None => return Err("this is no URL".into()),
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let (scheme, usual) = if https { ("https", 443) } else { ("http", 80) };
    let name = match &host {
        Host::Name(name) => name.clone(),
        Host::Address(IpAddr::V4(address)) => address.to_string(),
        Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
    };
    let port_text = if port == usual { String::new() } else { format!(":{port}") };
    Ok(Target { https, host, port, url: format!("{scheme}://{name}{port_text}{path}") })
}

fn host(text: &str) -> Result<Host, String> {
    if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        // A zone («%eth0») is no address for this parser, and so is refused.
        let address: Ipv6Addr = inner.parse().map_err(|_| "the address in brackets is none of IPv6")?;
        return Ok(Host::Address(IpAddr::V6(address).to_canonical()));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    // Only the plain form is an address; a dot behind it makes it a name, which it cannot be.
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(inner)
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return Err("the host is no name".into());
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if number { Err("the host is an address in a disguise".into()) } else { Ok(Host::Name(name)) }
}

/// Where a `Location` leads, seen from `from` (RFC 3986, 5.2, without removing dots: servers do that).
///
/// # Errors
/// As [`parse`].
pub fn join(from: &Target, location: &str) -> Result<Target, String> {
    let location = location.split('#').next().unwrap_or_default();
    let scheme = if from.https { "https" } else { "http" };
    let (origin, path) = from.url.split_at(scheme.len() + 3);
    let (authority, path) = path.find('/').map_or((path, "/"), |at| path.split_at(at));
    let path = path.split('?').next().unwrap_or("/");
    let absolute = location.find(':').is_some_and(|colon| location[..colon].bytes().all(|b| b.is_ascii_alphanumeric()));
    let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
    parse(&match location {
        _ if absolute => location.to_owned(),
        _ if location.starts_with("//") => format!("{scheme}:{location}"),
        _ if location.starts_with('/') => format!("{origin}{authority}{location}"),
        _ if location.starts_with('?') => format!("{origin}{authority}{path}{location}"),
        "" => return Err("the redirect names no place".into()),
        _ => format!("{origin}{authority}{folder}{location}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn a_location_is_joined_as_browsers_do() {
        let from = parse("https://a.example:8443/x/y?q=1").expect("a URL");
        for (location, wanted) in [
            ("https://b.example/z", "https://b.example/z"),
            ("http://10.0.0.1/", "http://10.0.0.1/"),
            ("//c.example", "https://c.example/"),
            ("/root", "https://a.example:8443/root"),
            ("?p", "https://a.example:8443/x/y?p"),
            ("beside#part", "https://a.example:8443/x/beside"),
        ] {
            assert_eq!(join(&from, location).map(|target| target.url), Ok(wanted.to_owned()), "{location}");
        }
        for bad in ["", "file:///etc/passwd", "javascript:alert(1)", "http://u@h.example/", "/\u{e4}"] {
            assert!(join(&from, bad).is_err(), "{bad}");
        }
        assert_eq!(
            join(&parse("http://h.example").expect("a URL"), "x").map(|t| t.url),
            Ok("http://h.example/x".into())
        );
    }

    #[test]
    fn what_the_hand_gets_names_the_host_that_was_judged() {
        let target = parse("HTTPS://Example.COM:443/P?q#frag").expect("a URL");
        assert_eq!((target.url.as_str(), target.port), ("https://example.com/P?q", 443));
        assert_eq!(target.host_text(), "example.com");
        assert_eq!(parse("http://[::ffff:10.0.0.1]/").expect("a URL").host_text(), "10.0.0.1");
        assert!(!target.same_origin(&parse("http://example.com/").expect("a URL")));
        assert!(parse("https://example.com./x").expect("a URL").same_origin(&target));
    }

    proptest! {
        #[test]
        fn texts_from_outside_never_panic(text in ".{0,60}", other in "[a-z0-9:/?#@\\[\\].%\\\\-]{0,60}") {
            for text in [text, other] {
                if let Ok(target) = parse(&text) {
                    let again = parse(&target.url).expect("what was read reads again");
                    prop_assert!(again.same_origin(&target));
                    let _ = join(&target, &text);
                }
                let from = parse("https://a.example/b/c?d").expect("a URL");
                let _ = join(&from, &text);
            }
        }
    }
}
