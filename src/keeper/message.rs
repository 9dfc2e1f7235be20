//! The keeper's protocol as types: what is asked, what is answered, and their FlatBuffers.
//!
//! Both sides use this file, so that a message that one can write the other can read. Decoding
//! believes nothing before the verifier, then the version, then the kind.

use flatbuffers::FlatBufferBuilder;

use crate::base::{Code, Fault};
use crate::wire::generated::keeper as table;
use crate::wire::{self, WireFault, verify};

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The first request of each connection.
    Hello,
    /// What the keeper is and what holds it.
    Status,
    /// The names of the secrets.
    ListNames,
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The asker's own number, repeated in the reply.
    pub id: u64,
    /// What is asked.
    pub ask: Ask,
}

/// Whether there is a vault to take secrets from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vault {
    /// No vault was made yet.
    NotInitialised,
}

impl Vault {
    /// The word used in JSON and for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotInitialised => "not_initialised",
        }
    }
}

/// What the keeper is, as it sees itself while it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The keeper's version.
    pub program: String,
    /// Its process.
    pub pid: u32,
    /// The uid that it runs as.
    pub uid: u32,
    /// Milliseconds since it began to serve.
    pub uptime_ms: u64,
    /// Connections at this moment, the asker's included.
    pub clients: u32,
    /// Walls that were seen to hold.
    pub walls: Vec<String>,
    /// Walls that were not.
    pub missing: Vec<String>,
    /// The vault.
    pub vault: Vault,
}

/// What can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Ask::Hello`]: the keeper's version.
    Welcome(String),
    /// To [`Ask::Status`].
    State(State),
    /// To [`Ask::ListNames`].
    Names(Vault, Vec<String>),
    /// To anything; the connection ends after some of them.
    Refused(Fault),
}

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The number of the request; 0 where the keeper refuses before it read one.
    pub id: u64,
    /// What is answered.
    pub answer: Answer,
}

impl Request {
    /// The request as a verified FlatBuffer.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut fbb = FlatBufferBuilder::new();
        let (ask_type, ask) = match self.ask {
            Ask::Hello => (table::Ask::Hello, table::Hello::create(&mut fbb, &table::HelloArgs {}).as_union_value()),
            Ask::Status => {
                (table::Ask::Status, table::Status::create(&mut fbb, &table::StatusArgs {}).as_union_value())
            }
            Ask::ListNames => {
                (table::Ask::ListNames, table::ListNames::create(&mut fbb, &table::ListNamesArgs {}).as_union_value())
            }
        };
        let args = table::RequestArgs { version: wire::VERSION, id: self.id, ask_type, ask: Some(ask) };
        let root = table::Request::create(&mut fbb, &args);
        fbb.finish(root, None);
        fbb.finished_data().to_vec()
    }

    /// The request in `bytes`.
    ///
    /// # Errors
    /// Every [`WireFault`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireFault> {
        let request = verify::read::<table::Request<'_>>(bytes)?;
        verify::same_version(request.version())?;
        let ask = match request.ask_type() {
            table::Ask::Hello => Ask::Hello,
            table::Ask::Status => Ask::Status,
            table::Ask::ListNames => Ask::ListNames,
            other => return Err(WireFault::UnknownKind(other.0)),
        };
        Ok(Self { id: request.id(), ask })
    }
}

impl Reply {
    /// The reply as a verified FlatBuffer.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut fbb = FlatBufferBuilder::new();
        let (answer_type, answer) = match &self.answer {
            Answer::Welcome(program) => {
                let program = Some(fbb.create_string(program));
                let made = table::Welcome::create(&mut fbb, &table::WelcomeArgs { program });
                (table::Answer::Welcome, made.as_union_value())
            }
            Answer::State(state) => (table::Answer::State, put_state(&mut fbb, state).as_union_value()),
            Answer::Names(vault, names) => {
                let names = Some(put_texts(&mut fbb, names));
                let made = table::Names::create(&mut fbb, &table::NamesArgs { vault: put_vault(*vault), names });
                (table::Answer::Names, made.as_union_value())
            }
            Answer::Refused(fault) => {
                let message = Some(fbb.create_string(&fault.message));
                let made = table::Refused::create(&mut fbb, &table::RefusedArgs { code: fault.code.number(), message });
                (table::Answer::Refused, made.as_union_value())
            }
        };
        let args = table::ReplyArgs { version: wire::VERSION, id: self.id, answer_type, answer: Some(answer) };
        let root = table::Reply::create(&mut fbb, &args);
        fbb.finish(root, None);
        fbb.finished_data().to_vec()
    }

    /// The reply in `bytes`.
    ///
    /// # Errors
    /// Every [`WireFault`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireFault> {
        let reply = verify::read::<table::Reply<'_>>(bytes)?;
        verify::same_version(reply.version())?;
        let unknown = WireFault::UnknownKind(reply.answer_type().0);
        let answer = if let Some(welcome) = reply.answer_as_welcome() {
            Answer::Welcome(welcome.program().to_owned())
        } else if let Some(state) = reply.answer_as_state() {
            Answer::State(take_state(&state)?)
        } else if let Some(names) = reply.answer_as_names() {
            Answer::Names(take_vault(names.vault())?, take_texts(&names.names()))
        } else if let Some(refused) = reply.answer_as_refused() {
            Answer::Refused(Fault::new(Code::from_number(refused.code()), refused.message()))
        } else {
            return Err(unknown);
        };
        Ok(Self { id: reply.id(), answer })
    }
}

type Texts<'a> = flatbuffers::Vector<'a, flatbuffers::ForwardsUOffset<&'a str>>;

fn put_texts<'a>(fbb: &mut FlatBufferBuilder<'a>, texts: &[String]) -> flatbuffers::WIPOffset<Texts<'a>> {
    let offsets: Vec<_> = texts.iter().map(|text| fbb.create_string(text)).collect();
    fbb.create_vector(&offsets)
}

fn take_texts(texts: &Texts<'_>) -> Vec<String> {
    texts.iter().map(str::to_owned).collect()
}

const fn put_vault(vault: Vault) -> table::Vault {
    match vault {
        Vault::NotInitialised => table::Vault::NotInitialised,
    }
}

const fn take_vault(vault: table::Vault) -> Result<Vault, WireFault> {
    match vault {
        table::Vault::NotInitialised => Ok(Vault::NotInitialised),
        other => Err(WireFault::UnknownKind(other.0)),
    }
}

fn put_state<'a>(fbb: &mut FlatBufferBuilder<'a>, state: &State) -> flatbuffers::WIPOffset<table::State<'a>> {
    let args = table::StateArgs {
        program: Some(fbb.create_string(&state.program)),
        pid: state.pid,
        uid: state.uid,
        uptime_ms: state.uptime_ms,
        clients: state.clients,
        walls: Some(put_texts(fbb, &state.walls)),
        missing: Some(put_texts(fbb, &state.missing)),
        vault: put_vault(state.vault),
    };
    table::State::create(fbb, &args)
}

fn take_state(state: &table::State<'_>) -> Result<State, WireFault> {
    Ok(State {
        program: state.program().to_owned(),
        pid: state.pid(),
        uid: state.uid(),
        uptime_ms: state.uptime_ms(),
        clients: state.clients(),
        walls: take_texts(&state.walls()),
        missing: take_texts(&state.missing()),
        vault: take_vault(state.vault())?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn replies() -> Vec<Reply> {
        let state = State {
            program: "1.2.3".to_owned(),
            pid: 7,
            uid: 8,
            uptime_ms: 9,
            clients: 1,
            walls: vec!["no_new_privs".to_owned()],
            missing: vec!["seccomp".to_owned()],
            vault: Vault::NotInitialised,
        };
        vec![
            Reply { id: 1, answer: Answer::Welcome("1.2.3".to_owned()) },
            Reply { id: u64::MAX, answer: Answer::State(state) },
            Reply { id: 3, answer: Answer::Names(Vault::NotInitialised, vec!["a".to_owned(), "b".to_owned()]) },
            Reply { id: 0, answer: Answer::Refused(Fault::new(Code::Full, "no room")) },
        ]
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        for ask in [Ask::Hello, Ask::Status, Ask::ListNames] {
            let request = Request { id: 42, ask };
            assert_eq!(Request::decode(&request.encode()), Ok(request));
        }
        for reply in replies() {
            assert_eq!(Reply::decode(&reply.encode()).as_ref(), Ok(&reply));
        }
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

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = Request::decode(&bytes);
            let _ = Reply::decode(&bytes);
        }

        #[test]
        fn no_damage_panics(which in 0usize..4, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let mut bytes = replies()[which].encode();
            let place = at.index(bytes.len());
            bytes[place] = byte;
            let _ = Reply::decode(&bytes);
            bytes.truncate(cut.index(bytes.len()));
            let _ = Reply::decode(&bytes);
        }
    }
}
