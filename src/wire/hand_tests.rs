//! Messages between the brain and a hand: all read back, none can be made to panic.

use super::*;

#[test]
fn every_request_and_reply_reads_back() {
    let grant = LineGrant { kind: LineKind::Pwm, period_ns: 1_000_000, writable: true, active_low: true, register: 7 };
    let all = [
        Work::Hold(vec![grant, LineGrant { kind: LineKind::I2cWord, writable: false, ..grant }]),
        Work::LineSet { line: 3, value: 42.5 },
        Work::LineGet { line: 0 },
        Work::TellTime { zone: "Europe/Berlin".into(), unix_ms: -1 },
        Work::Evaluate { expression: "6*7".into() },
        Work::FileRead { offset: 9, length: 10 },
        Work::FileWrite { bytes: vec![0, 255] },
        Work::FileEdit { find: "a".into(), replace: String::new() },
        Work::RunCommand { command: "echo ü".into(), wall_ms: 8_000, vouchers: vec![net::tests::voucher()] },
        Work::LoadModel { sha256: "00ff".into(), mapped: true },
        Work::Embed { texts: vec!["lamp".into(), String::new()] },
    ];
    for work in all {
        assert_eq!(decode_request(&encode_request(7, &work)), Ok((7, work)));
    }
    let all = [
        Outcome::Done,
        Outcome::Number(1.0),
        Outcome::Text("ü".into()),
        Outcome::Bytes { bytes: vec![1], total: 8 },
        Outcome::Ran(Ran { status: 42, signal: 9, output: vec![7], cut: true, ended_by: "time".into() }),
        Outcome::Vectors(vec![
            Embedded { vector: vec![0.5, -1.0], language: "en".into(), tokens: 7, cut: true },
            Embedded { language: "de".into(), ..Embedded::default() },
        ]),
        Outcome::Failed(Fault::new(Code::Refused, "no")),
    ];
    for outcome in all {
        assert_eq!(decode_reply(&encode_reply(9, &outcome)), Ok((9, outcome)));
    }
}

proptest::proptest! {
    #[test]
    fn bytes_from_outside_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..256)) {
        let _ = decode_request(&bytes);
        let _ = decode_reply(&bytes);
    }

    #[test]
    fn a_changed_message_never_panics(at in 0_usize..120, to in proptest::num::u8::ANY) {
        let mut request = encode_request(1, &Work::TellTime { zone: "Europe/Paris".into(), unix_ms: 5 });
        let at = at % request.len();
        request[at] = to;
        let _ = decode_request(&request);
        let mut reply = encode_reply(1, &Outcome::Failed(Fault::new(Code::Full, "full")));
        let at = at % reply.len();
        reply[at] = to;
        let _ = decode_reply(&reply);
    }
}
