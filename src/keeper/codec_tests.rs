//! Every message reads back as itself, and no bytes do harm.

use flatbuffers::FlatBufferBuilder;
use proptest::prelude::*;

use super::message::{Answer, Ask, Head, Place, Reply, Request, State, Use, Value, Vault};
use crate::base::{Code, Fault};
use crate::wire::WireFault;
use crate::wire::generated::keeper as table;

fn asks() -> Vec<Ask> {
    let name = || "wifi".to_owned();
    let what = |place| Use { tool: "net".to_owned(), secret: "key".to_owned(), place, host: "api.example".to_owned() };
    let places = [Place::Header, Place::Path, Place::Body, Place::Stdin, Place::Descriptor];
    let mut asks = vec![
        Ask::Hello,
        Ask::Status,
        Ask::ListNames,
        Ask::Commit { public: [1; 64], commitment: [2; 64] },
        Ask::Prove([3; 32]),
        Ask::Buy { what: what(Place::Header), connection: u64::MAX },
        Ask::Init,
        Ask::Put { name: name(), value: Value::new(b"v"), replace: true },
        Ask::Rotate,
        Ask::Delete { name: name() },
        Ask::Export { name: name() },
        Ask::Enrol { uid: 7, public: [4; 64] },
        Ask::Revoke,
        Ask::Vouch(Head { place: 9, link: [5; 32] }),
        Ask::ShowHead,
        Ask::Cut(Head { place: 8, link: [4; 32] }),
        Ask::ShowCut,
        Ask::Wipe,
    ];
    asks.extend(places.map(|place| Ask::Redeem(what(place))));
    asks
}

fn replies() -> Vec<Reply> {
    let state = State {
        program: "1.2.3".to_owned(),
        pid: 7,
        uid: 8,
        uptime_ms: 9,
        clients: 1,
        sessions: 2,
        walls: vec!["no_new_privs".to_owned()],
        missing: vec!["seccomp".to_owned()],
        vault: Vault::Locked,
        note: "why".to_owned(),
        key: "key file".to_owned(),
        separated: true,
    };
    let answers = vec![
        Answer::Welcome { program: "1.2.3".to_owned(), connection: 5 },
        Answer::State(state),
        Answer::Names(Vault::NotInitialised, vec!["a".to_owned(), "b".to_owned()]),
        Answer::Names(Vault::Open, Vec::new()),
        Answer::Refused(Fault::new(Code::Full, "no room")),
        Answer::Challenge([1; 32]),
        Answer::Session { token: [2; 32], lasts_ms: 3 },
        Answer::Ticket { bytes: [4; 32], lasts_ms: 5 },
        Answer::Value(Value::new(b"value")),
        Answer::Done(6),
        Answer::Head { head: Head { place: 9, link: [5; 32] }, mac: [6; 32] },
    ];
    answers.into_iter().zip(0..).map(|(answer, id)| Reply { id, answer }).collect()
}

#[test]
fn what_is_encoded_decodes_to_itself() {
    for (ask, id) in asks().into_iter().zip(0..) {
        let request = Request { id, ask };
        assert_eq!(Request::decode(&request.encode()), Ok(request));
    }
    for reply in replies() {
        assert_eq!(Reply::decode(&reply.encode()).as_ref(), Ok(&reply));
    }
}

#[test]
fn no_value_shows_in_a_debug_print() {
    let put = Ask::Put { name: "wifi".to_owned(), value: Value::new(b"canary"), replace: false };
    let printed = format!("{put:?} {:?}", Answer::Value(Value::new(b"canary")));
    assert!(!printed.contains("canary") && !printed.contains("99, 97"), "{printed}");
}

fn raw(version: u16, ask_type: table::Ask) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let ask = Some(table::Hello::create(&mut fbb, &table::HelloArgs {}).as_union_value());
    let root = table::Request::create(&mut fbb, &table::RequestArgs { version, id: 1, ask_type, ask });
    fbb.finish(root, None);
    fbb.finished_data().to_vec()
}

#[test]
fn another_version_is_said_before_an_unknown_kind() {
    assert_eq!(Request::decode(&raw(2, table::Ask(200))), Err(WireFault::WrongVersion { ours: 1, theirs: 2 }));
    assert_eq!(Request::decode(&raw(1, table::Ask(200))), Err(WireFault::UnknownKind(200)));
}

#[test]
fn a_proof_of_another_length_is_refused() {
    let mut fbb = FlatBufferBuilder::new();
    let response = Some(fbb.create_vector(&[0_u8; 31]));
    let ask = Some(table::Prove::create(&mut fbb, &table::ProveArgs { response }).as_union_value());
    let args = table::RequestArgs { version: 1, id: 1, ask_type: table::Ask::Prove, ask };
    let root = table::Request::create(&mut fbb, &args);
    fbb.finish(root, None);
    assert!(matches!(Request::decode(fbb.finished_data()), Err(WireFault::NotVerified(_))));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = Request::decode(&bytes);
        let _ = Reply::decode(&bytes);
    }

    #[test]
    fn no_damage_panics(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let (asks, replies) = (asks(), replies());
        let request = Request { id: 1, ask: asks[which.index(asks.len())].clone() }.encode();
        for bytes in [request, replies[which.index(replies.len())].encode()] {
            let mut bytes = bytes.to_vec();
            let place = at.index(bytes.len());
            bytes[place] = byte;
            let _ = (Request::decode(&bytes), Reply::decode(&bytes));
            bytes.truncate(cut.index(bytes.len()));
            let _ = (Request::decode(&bytes), Reply::decode(&bytes));
        }
    }
}
