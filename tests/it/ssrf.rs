//! The vectors of the URL guard: every case has its expected answer, or stands below with a reason.

use std::net::IpAddr;
use std::sync::Arc;

use hearth::guard::address::{Grants, refusal};
use hearth::guard::url::join;
use hearth::net::{Answer, Door, NetFault, Resolve, Scripted};
use serde_json::Value;

use crate::kit::shared;

/// Addresses that the vectors let through in one place and refuse in another (`2002::/16` and
/// `2001::/32` «every address in it»): both are ways around IPv4 that no server needs any more (RFC 7526,
/// RFC 8215), so they are refused whole.
const REFUSED_WHOLE: [&str; 3] =
    ["2002:0801:0101::1", "2001:0000:4136:e378:8000:63bf:f7f6:fefe", "http://[2002:0801:0101::1]:0"];

fn cases(name: &str, count: usize) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(shared(&format!("vectors/{name}.json"))?).expect("read");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let cases = all["cases"].as_array().expect("cases").clone();
    assert_eq!(cases.len(), count, "{name} has changed");
    Some(cases)
}

fn public() -> IpAddr {
    "93.184.216.34".parse().expect("an address")
}

/// Every name answers with a public address, as the vectors assume.
struct Public;

impl Resolve for Public {
    fn resolve<'a>(&'a self, _: &'a str) -> Answer<'a> {
        Box::pin(async { Ok(vec![public()]) })
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// Where the request would be connected to.
fn reached(door: &Door, url: &str) -> Result<Vec<IpAddr>, NetFault> {
    let target = door.target(url)?;
    block_on(door.addresses(&target, false))
}

#[test]
fn every_address_of_the_vectors() {
    let Some(cases) = cases("ssrf_ips", 63) else { return };
    for case in &cases {
        let expected = case["blocked"].as_bool().expect("blocked");
        if let Some(text) = case["ip"].as_str() {
            let refused = refusal(text.parse().expect("an address")).is_some();
            assert_eq!(refused, expected || REFUSED_WHOLE.contains(&text), "{case}");
            continue;
        }
        let (network, length) = case["cidr"].as_str().and_then(|cidr| cidr.split_once('/')).expect("a network");
        let (network, length): (IpAddr, u32) =
            (network.parse().expect("an address"), length.parse().expect("a length"));
        for inside in samples(network, length) {
            assert_eq!(refusal(inside).is_some(), expected, "{inside} of {case}");
        }
    }
}

/// First, last and addresses between of a network.
fn samples(network: IpAddr, length: u32) -> Vec<IpAddr> {
    let between = |bits: u32| (0..40_u128).map(move |step| ((1_u128 << bits) - 1) / 39 * step);
    match network {
        IpAddr::V4(v4) => {
            let host = 32 - length;
            let last = u32::try_from((1_u64 << host) - 1).expect("a mask");
            let mut all: Vec<u32> = between(host).filter_map(|offset| u32::try_from(offset).ok()).collect();
            all.extend([0, last]);
            all.into_iter().map(|offset| IpAddr::V4((v4.to_bits() | offset.min(last)).into())).collect()
        }
        IpAddr::V6(v6) => {
            let last = u128::MAX.checked_shr(length).unwrap_or(0);
            let steps = (0..40_u128).map(|step| last / 39 * step).chain([last]);
            steps.map(|offset| IpAddr::V6((v6.to_bits() | offset).into())).collect()
        }
    }
}

#[test]
fn every_url_of_the_vectors() {
    let Some(cases) = cases("ssrf_urls", 102) else { return };
    let door = Door::with(Arc::new(Public), Grants::default());
    for case in &cases {
        let url = case["url"].as_str().expect("a URL");
        let reached = reached(&door, url).map(|_| ());
        match case["expected"].as_str().expect("expected") {
            "allow" if REFUSED_WHOLE.contains(&url) => assert!(reached.is_err(), "{case}"),
            "allow" => assert!(reached.is_ok(), "{case}: {reached:?}"),
            "block" => assert!(reached.is_err(), "{case}"),
            // A list of ports that Hearth does not have: whoever may be asked on one may be asked on all.
            "policy" => assert!(reached.is_ok(), "{case}: {reached:?}"),
            // Where both are right, a device refuses.
            "allow_or_block" => assert!(reached.is_err(), "{case}"),
            other => panic!("{other} in {case}"),
        }
    }
}

#[test]
fn every_case_of_names_redirects_and_grants() {
    let Some(cases) = cases("ssrf_dns_redirect_lan", 10) else { return };
    for case in &cases {
        let texts = |key: &str| -> Vec<String> {
            let list = case[key].as_array().cloned().unwrap_or_default();
            list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let addresses = |list: &Value| -> Vec<IpAddr> {
            let list = list.as_array().cloned().unwrap_or_default();
            list.iter().map(|text| text.as_str().expect("text").parse().expect("an address")).collect()
        };
        let grants = Grants::parse(texts("lan_allow").iter().map(String::as_str)).expect("grants");
        let url = case["url"].as_str().expect("a URL");
        let host = url.split("//").nth(1).and_then(|rest| rest.split(['/', ':']).next()).expect("a host");
        let mut answers: Vec<Vec<IpAddr>> =
            case["resolves_to_sequence"].as_array().map(|all| all.iter().map(addresses).collect()).unwrap_or_default();
        if answers.is_empty() {
            answers.push(if case["resolves_to"].is_array() { addresses(&case["resolves_to"]) } else { vec![public()] });
        }
        let lines: Vec<(&str, &[IpAddr])> = answers.iter().map(|answer| (host, answer.as_slice())).collect();
        let door = Door::with(Arc::new(Scripted::new(&lines)), grants.clone());
        let first = reached(&door, url);
        match case["expected"].as_str().expect("expected") {
            "allow" => assert!(first.is_ok(), "{case}: {first:?}"),
            "connect_only_public_or_block" => assert_eq!(first.expect("the public one"), [public()], "{case}"),
            // That the connection goes to the answer that was checked is shown with servers in tests/hands/ways.rs.
            "block" if answers.len() > 1 => {
                assert_eq!(first.expect("the first answer is public"), answers[0], "{case}");
                assert!(reached(&door, url).is_err(), "{case}");
            }
            "block" if case["redirect_to"].is_string() => {
                let from = door.target(url).expect("a URL");
                let to = join(&from, case["redirect_to"].as_str().expect("a URL")).expect("a URL");
                assert!(door.judged(to).is_err(), "{case}");
            }
            "block" => assert!(first.is_err(), "{case}: {first:?}"),
            // More redirects than that: `a_redirect_is_checked_like_the_first_url` follows them.
            "error" => assert!(
                case["redirect_hops"].as_u64().expect("a number") > u64::from(hearth::base::limits::NET_REDIRECTS)
            ),
            other => panic!("{other} in {case}"),
        }
    }
}

/// Forms that are in no vector, each of which some program takes for an address of this machine or net.
#[test]
fn more_disguises() {
    let door = Door::with(Arc::new(Public), Grants::default());
    for url in [
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.0.1/",
        "http://2130706433/",
        "http://0127.0.0.1/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[64:ff9b:1::a00:1]/",
        "http://[fec0::1]/",
        "http://[::1%251]/",
        "http://[fe80::1%eth0]/",
        "http://1.1.1.1@127.0.0.1/",
        "http://127.0.0.1:80@1.1.1.1/",
        "http://1.1.1.1 @x/",
        "http://127.0.0.1\t/",
        "http://\u{2460}27.0.0.1/",
        "http://127\u{3002}0.0.1/",
        "https://router/",
        "http://nas.lan/",
        "http://printer.home.arpa/",
        "http:127.0.0.1/",
        "http:///x",
        "//127.0.0.1/",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://example.com:/",
        "http://-a.example/",
        "http://a..b/",
        "http://256.1.1.1/",
        "http://1.2.3.4.5/",
        "ws://example.com/",
        "http://[127.0.0.1]/",
        "http://[2001:db8::1",
        "http://%31%32%37.0.0.1/",
    ] {
        let found = reached(&door, url);
        assert!(found.is_err(), "{url} reaches {found:?}");
    }
    for url in [
        "https://EXAMPLE.com",
        "https://example.com.",
        "https://xn--bcher-kva.example/",
        "http://[2606:4700::1111]:8080/",
    ] {
        assert!(reached(&door, url).is_ok(), "{url}");
    }
}
