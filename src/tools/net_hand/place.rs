//! Puts values into a request: a header, the URL's path, the body. Never anywhere else.

use ureq::http::{self, HeaderName, HeaderValue, Method};
use zeroize::Zeroizing;

use super::super::vouchers::place;
use crate::base::limits::NET_HEADERS;
use crate::base::{Code, Fault};
use crate::keeper::message::{Place, Value};
use crate::wire::net::{Fetch, Voucher};

/// A request as it goes out.
pub(super) type Request = http::Request<Option<Zeroizing<Vec<u8>>>>;

fn bad(what: &str) -> Fault {
    Fault::new(Code::BadInput, what)
}

/// The request with its values; one value for each voucher, in their order.
///
/// # Errors
/// [`Code::BadInput`] where the request makes no sense, or a mark does not stand exactly once in its place.
pub(super) fn request(fetch: &Fetch, body: Vec<u8>, values: &[Value]) -> Result<Request, Fault> {
    if fetch.headers.len() > NET_HEADERS {
        return Err(bad("too many headers"));
    }
    let mut url = Zeroizing::new(fetch.url.clone());
    let mut body = Zeroizing::new(body);
    let mut secret = Vec::new();
    let json =
        fetch.headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("content-type") && value.contains("json"));
    for (voucher, value) in fetch.vouchers.iter().zip(values) {
        match place(voucher.place)? {
            Place::Header => secret.push(header(voucher, value)?),
            Place::Path => url = in_path(&url, voucher, value)?,
            Place::Body => body = in_body(&body, voucher, value, json)?,
            Place::Stdin | Place::Descriptor => return Err(bad("a request has no such place for a secret")),
        }
    }
    let method = Method::from_bytes(fetch.method.as_bytes()).map_err(|_| bad("there is no such method"))?;
    let with_body = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
    if !with_body && ![Method::GET, Method::HEAD, Method::DELETE].contains(&method) {
        return Err(bad("a method is one of GET, HEAD, POST, PUT, PATCH, DELETE"));
    }
    if !with_body && !body.is_empty() {
        return Err(bad("this method has no body"));
    }
    let mut built = http::Request::builder().method(method).uri(url.as_str());
    for (name, value) in &fetch.headers {
        built = built.header(name, value);
    }
    for (name, value) in secret {
        built = built.header(name, value);
    }
    built.body(with_body.then_some(body)).map_err(|_| bad("a header or the URL cannot stand in a request"))
}

/// The mark of a header is its name, a colon, and what stands before the value.
fn header(voucher: &Voucher, value: &Value) -> Result<(HeaderName, HeaderValue), Fault> {
    let (name, before) = voucher.mark.split_once(':').ok_or_else(|| bad("the mark names no header"))?;
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("the mark names no header"))?;
    let text = Zeroizing::new([before.as_bytes(), &value.0].concat());
    let mut value = HeaderValue::from_bytes(&text).map_err(|_| bad("the secret cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

fn in_path(url: &str, voucher: &Voucher, value: &Value) -> Result<Zeroizing<String>, Fault> {
    let start = url.find("://").and_then(|at| url[at + 3..].find('/').map(|slash| at + 3 + slash));
    let start = start.ok_or_else(|| bad("the URL has no path"))?;
    let end = url[start..].find('?').map_or(url.len(), |at| start + at);
    let at = once(&url.as_bytes()[start..end], voucher.mark.as_bytes())?;
    let (before, after) = (&url[..start + at], &url[start + at + voucher.mark.len()..]);
    let mut whole = Zeroizing::new(String::with_capacity(url.len() + value.0.len() * 3));
    whole.push_str(before);
    for byte in value.0.iter() {
        // What may stand in a part of a path as it is (RFC 3986, 3.3).
        if byte.is_ascii_alphanumeric() || b"-._~:@!$&'()*+,;=".contains(byte) {
            whole.push(char::from(*byte));
        } else {
            whole.push_str(&format!("%{byte:02X}"));
        }
    }
    whole.push_str(after);
    Ok(whole)
}

fn in_body(body: &[u8], voucher: &Voucher, value: &Value, json: bool) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let at = once(body, voucher.mark.as_bytes())?;
    let text = if json {
        let text = std::str::from_utf8(&value.0).map_err(|_| bad("the secret cannot stand in JSON"))?;
        let quoted = Zeroizing::new(serde_json::to_string(text).map_err(|_| bad("the secret cannot stand in JSON"))?);
        Zeroizing::new(quoted.as_bytes()[1..quoted.len() - 1].to_vec())
    } else {
        value.0.clone()
    };
    Ok(Zeroizing::new([&body[..at], &text, &body[at + voucher.mark.len()..]].concat()))
}

/// Where the mark stands; a text that holds it twice was not made by who asked.
fn once(text: &[u8], mark: &[u8]) -> Result<usize, Fault> {
    let wrong = || bad("the secret's mark does not stand exactly once in its place");
    if mark.is_empty() {
        return Err(wrong());
    }
    let mut found = text.windows(mark.len()).enumerate().filter(|(_, window)| *window == mark);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch(place: u8, mark: &str, url: &str) -> Fetch {
        let (tool, secret, host) = ("t".to_owned(), "s".to_owned(), "h".to_owned());
        let voucher = Voucher { ticket: [0; 32], tool, secret, place, host, mark: mark.to_owned() };
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let (method, url) = ("POST".to_owned(), url.to_owned());
        Fetch { method, url, headers, vouchers: vec![voucher], roots: false, floor_ms: 0, idle_ms: 1 }
    }

    fn made(place: u8, mark: &str, url: &str, body: &str, value: &[u8]) -> Result<Request, Fault> {
        request(&fetch(place, mark, url), body.into(), &[Value::new(value)])
    }

    #[test]
    fn a_value_stands_in_its_place_only() {
        let made_header = made(0, "authorization:Bearer ", "https://h/p", "{}", b"k9").expect("made");
        assert_eq!(made_header.headers()["authorization"], "Bearer k9");
        assert!(made_header.headers()["authorization"].is_sensitive());
        let path = made(1, "{secret}", "https://h/bot{secret}/send?a={secret}", "", b"12:a/b?").expect("made");
        assert_eq!(path.uri().path_and_query().expect("a path"), "/bot12:a%2Fb%3F/send?a={secret}");
        let body = made(2, "{secret}", "https://h/", "{\"k\":\"{secret}\"}", b"a\"b").expect("made");
        assert_eq!(body.body().as_ref().expect("a body").as_slice(), b"{\"k\":\"a\\\"b\"}");
    }

    #[test]
    fn a_mark_that_is_missing_or_doubled_and_other_places_are_refused() {
        for (place, mark, url, body, value) in [
            (1, "{secret}", "https://h/none", "", &b"v"[..]),
            (1, "{secret}", "https://h/?q={secret}", "", b"v"),
            (1, "{secret}", "https://{secret}", "", b"v"),
            (1, "", "https://h/", "", b"v"),
            (2, "{secret}", "https://h/", "{secret}{secret}", b"v"),
            (2, "{secret}", "https://h/", "{secret}", b"\xff"),
            (0, "authorization", "https://h/", "", b"v"),
            (0, "a b:", "https://h/", "", b"v"),
            (0, "authorization:Bearer ", "https://h/", "", b"v\r\nx: y"),
            (3, "{secret}", "https://h/{secret}", "{secret}", b"v"),
            (9, "{secret}", "https://h/{secret}", "{secret}", b"v"),
        ] {
            assert!(made(place, mark, url, body, value).is_err(), "{place} {mark} {url} {body}");
        }
        let mut odd = fetch(0, "x:", "https://h/");
        odd.method = "CONNECT".into();
        assert!(request(&odd, Vec::new(), &[Value::new(b"v")]).is_err());
        odd.method = "GET".into();
        assert!(request(&odd, b"body".to_vec(), &[Value::new(b"v")]).is_err());
    }
}
