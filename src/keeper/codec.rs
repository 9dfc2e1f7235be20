//! The keeper's messages as FlatBuffers, and back.
//!
//! Decoding believes nothing before the verifier, then the version, then the kind; what is encoded is
//! overwritten when dropped, for a value may be in it.

use flatbuffers::{FlatBufferBuilder, ForwardsUOffset, UnionWIPOffset, Vector, WIPOffset};
use zeroize::{Zeroize, Zeroizing};

use super::message::{Answer, Ask, Head, Place, Reply, Request, State, Use, Value, Vault};
use crate::base::{Code, Fault, limits};
use crate::wire::generated::keeper as table;
use crate::wire::{self, WireFault, verify};

/// Room for any message, so that no buffer is left behind in growing with a value in it.
fn builder<'a>(value: bool) -> FlatBufferBuilder<'a> {
    FlatBufferBuilder::with_capacity(if value { limits::VAULT_VALUE_BYTES + 1024 } else { 256 })
}

/// The finished bytes; the builder's own are overwritten.
fn finished(fbb: FlatBufferBuilder<'_>) -> Zeroizing<Vec<u8>> {
    let bytes = Zeroizing::new(fbb.finished_data().to_vec());
    let (mut whole, _) = fbb.collapse();
    whole.zeroize();
    bytes
}

impl Request {
    /// The request as a verified FlatBuffer.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut fbb = builder(matches!(self.ask, Ask::Put { .. }));
        let (ask_type, ask) = put_ask(&mut fbb, &self.ask);
        let args = table::RequestArgs { version: wire::VERSION, id: self.id, ask_type, ask: Some(ask) };
        let root = table::Request::create(&mut fbb, &args);
        fbb.finish(root, None);
        finished(fbb)
    }

    /// The request in `bytes`.
    ///
    /// # Errors
    /// Every [`WireFault`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireFault> {
        let request = verify::read::<table::Request<'_>>(bytes)?;
        verify::same_version(request.version())?;
        Ok(Self { id: request.id(), ask: take_ask(&request)? })
    }
}

fn put_ask(fbb: &mut FlatBufferBuilder<'_>, ask: &Ask) -> (table::Ask, WIPOffset<UnionWIPOffset>) {
    use table::Ask as Kind;
    match ask {
        Ask::Hello => (Kind::Hello, table::Hello::create(fbb, &table::HelloArgs {}).as_union_value()),
        Ask::Status => (Kind::Status, table::Status::create(fbb, &table::StatusArgs {}).as_union_value()),
        Ask::ListNames => (Kind::ListNames, table::ListNames::create(fbb, &table::ListNamesArgs {}).as_union_value()),
        Ask::Init => (Kind::Init, table::Init::create(fbb, &table::InitArgs {}).as_union_value()),
        Ask::Rotate => (Kind::Rotate, table::Rotate::create(fbb, &table::RotateArgs {}).as_union_value()),
        Ask::Revoke => (Kind::Revoke, table::Revoke::create(fbb, &table::RevokeArgs {}).as_union_value()),
        Ask::Wipe => (Kind::Wipe, table::Wipe::create(fbb, &table::WipeArgs {}).as_union_value()),
        Ask::ShowHead => (Kind::ShowHead, table::ShowHead::create(fbb, &table::ShowHeadArgs {}).as_union_value()),
        Ask::ShowCut => (Kind::ShowCut, table::ShowCut::create(fbb, &table::ShowCutArgs {}).as_union_value()),
        Ask::Cut(head) => {
            let args = table::CutArgs { place: head.place, link: Some(fbb.create_vector(&head.link)) };
            (Kind::Cut, table::Cut::create(fbb, &args).as_union_value())
        }
        Ask::Vouch(head) => {
            let args = table::VouchArgs { place: head.place, link: Some(fbb.create_vector(&head.link)) };
            (Kind::Vouch, table::Vouch::create(fbb, &args).as_union_value())
        }
        Ask::Commit { public, commitment } => {
            let (public, commitment) = (Some(fbb.create_vector(public)), Some(fbb.create_vector(commitment)));
            (Kind::Commit, table::Commit::create(fbb, &table::CommitArgs { public, commitment }).as_union_value())
        }
        Ask::Prove(response) => {
            let response = Some(fbb.create_vector(response));
            (Kind::Prove, table::Prove::create(fbb, &table::ProveArgs { response }).as_union_value())
        }
        Ask::Buy { what, connection } => {
            let args = table::BuyArgs { use_: Some(put_use(fbb, what)), connection: *connection };
            (Kind::Buy, table::Buy::create(fbb, &args).as_union_value())
        }
        Ask::Redeem(what) => {
            let use_ = Some(put_use(fbb, what));
            (Kind::Redeem, table::Redeem::create(fbb, &table::RedeemArgs { use_ }).as_union_value())
        }
        Ask::Put { name, value, replace } => {
            let (name, value) = (Some(fbb.create_string(name)), Some(fbb.create_vector(&value.0)));
            (Kind::Put, table::Put::create(fbb, &table::PutArgs { name, value, replace: *replace }).as_union_value())
        }
        Ask::Delete { name } => {
            let name = Some(fbb.create_string(name));
            (Kind::Delete, table::Delete::create(fbb, &table::DeleteArgs { name }).as_union_value())
        }
        Ask::Export { name } => {
            let name = Some(fbb.create_string(name));
            (Kind::Export, table::Export::create(fbb, &table::ExportArgs { name }).as_union_value())
        }
        Ask::Enrol { uid, public } => {
            let public = Some(fbb.create_vector(public));
            (Kind::Enrol, table::Enrol::create(fbb, &table::EnrolArgs { uid: *uid, public }).as_union_value())
        }
    }
}

fn take_ask(request: &table::Request<'_>) -> Result<Ask, WireFault> {
    let unknown = || WireFault::UnknownKind(request.ask_type().0);
    Ok(match request.ask_type() {
        table::Ask::Hello => Ask::Hello,
        table::Ask::Status => Ask::Status,
        table::Ask::ListNames => Ask::ListNames,
        table::Ask::Init => Ask::Init,
        table::Ask::Rotate => Ask::Rotate,
        table::Ask::Revoke => Ask::Revoke,
        table::Ask::ShowHead => Ask::ShowHead,
        table::Ask::Wipe => Ask::Wipe,
        table::Ask::ShowCut => Ask::ShowCut,
        table::Ask::Cut => {
            let cut = request.ask_as_cut().ok_or_else(unknown)?;
            Ask::Cut(Head { place: cut.place(), link: take_array(&cut.link())? })
        }
        table::Ask::Vouch => {
            let vouch = request.ask_as_vouch().ok_or_else(unknown)?;
            Ask::Vouch(Head { place: vouch.place(), link: take_array(&vouch.link())? })
        }
        table::Ask::Commit => {
            let commit = request.ask_as_commit().ok_or_else(unknown)?;
            Ask::Commit { public: take_array(&commit.public())?, commitment: take_array(&commit.commitment())? }
        }
        table::Ask::Prove => Ask::Prove(take_array(&request.ask_as_prove().ok_or_else(unknown)?.response())?),
        table::Ask::Buy => {
            let buy = request.ask_as_buy().ok_or_else(unknown)?;
            Ask::Buy { what: take_use(&buy.use_())?, connection: buy.connection() }
        }
        table::Ask::Redeem => Ask::Redeem(take_use(&request.ask_as_redeem().ok_or_else(unknown)?.use_())?),
        table::Ask::Put => {
            let put = request.ask_as_put().ok_or_else(unknown)?;
            let value = Value::new(put.value().bytes());
            Ask::Put { name: put.name().to_owned(), value, replace: put.replace() }
        }
        table::Ask::Delete => Ask::Delete { name: request.ask_as_delete().ok_or_else(unknown)?.name().to_owned() },
        table::Ask::Export => Ask::Export { name: request.ask_as_export().ok_or_else(unknown)?.name().to_owned() },
        table::Ask::Enrol => {
            let enrol = request.ask_as_enrol().ok_or_else(unknown)?;
            Ask::Enrol { uid: enrol.uid(), public: take_array(&enrol.public())? }
        }
        _ => return Err(unknown()),
    })
}

impl Reply {
    /// The reply as a verified FlatBuffer.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut fbb = builder(matches!(self.answer, Answer::Value(_)));
        let (answer_type, answer) = put_answer(&mut fbb, &self.answer);
        let args = table::ReplyArgs { version: wire::VERSION, id: self.id, answer_type, answer: Some(answer) };
        let root = table::Reply::create(&mut fbb, &args);
        fbb.finish(root, None);
        finished(fbb)
    }

    /// The reply in `bytes`.
    ///
    /// # Errors
    /// Every [`WireFault`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireFault> {
        let reply = verify::read::<table::Reply<'_>>(bytes)?;
        verify::same_version(reply.version())?;
        let answer = if let Some(welcome) = reply.answer_as_welcome() {
            Answer::Welcome { program: welcome.program().to_owned(), connection: welcome.connection() }
        } else if let Some(state) = reply.answer_as_state() {
            Answer::State(take_state(&state)?)
        } else if let Some(names) = reply.answer_as_names() {
            Answer::Names(take_vault(names.vault())?, take_texts(&names.names()))
        } else if let Some(refused) = reply.answer_as_refused() {
            Answer::Refused(Fault::new(Code::from_number(refused.code()), refused.message()))
        } else if let Some(challenge) = reply.answer_as_challenge() {
            Answer::Challenge(take_array(&challenge.bytes())?)
        } else if let Some(session) = reply.answer_as_session() {
            Answer::Session { token: take_array(&session.token())?, lasts_ms: session.lasts_ms() }
        } else if let Some(ticket) = reply.answer_as_ticket() {
            Answer::Ticket { bytes: take_array(&ticket.bytes())?, lasts_ms: ticket.lasts_ms() }
        } else if let Some(value) = reply.answer_as_value() {
            Answer::Value(Value::new(value.bytes().bytes()))
        } else if let Some(head) = reply.answer_as_head() {
            let mac = take_array(&head.mac())?;
            Answer::Head { head: Head { place: head.place(), link: take_array(&head.link())? }, mac }
        } else if let Some(done) = reply.answer_as_done() {
            Answer::Done(done.count())
        } else {
            return Err(WireFault::UnknownKind(reply.answer_type().0));
        };
        Ok(Self { id: reply.id(), answer })
    }
}

fn put_answer(fbb: &mut FlatBufferBuilder<'_>, answer: &Answer) -> (table::Answer, WIPOffset<UnionWIPOffset>) {
    use table::Answer as Kind;
    match answer {
        Answer::Welcome { program, connection } => {
            let args = table::WelcomeArgs { program: Some(fbb.create_string(program)), connection: *connection };
            (Kind::Welcome, table::Welcome::create(fbb, &args).as_union_value())
        }
        Answer::State(state) => (Kind::State, put_state(fbb, state).as_union_value()),
        Answer::Names(vault, names) => {
            let args = table::NamesArgs { vault: put_vault(*vault), names: Some(put_texts(fbb, names)) };
            (Kind::Names, table::Names::create(fbb, &args).as_union_value())
        }
        Answer::Refused(fault) => {
            let args =
                table::RefusedArgs { code: fault.code.number(), message: Some(fbb.create_string(&fault.message)) };
            (Kind::Refused, table::Refused::create(fbb, &args).as_union_value())
        }
        Answer::Challenge(bytes) => {
            let bytes = Some(fbb.create_vector(bytes));
            (Kind::Challenge, table::Challenge::create(fbb, &table::ChallengeArgs { bytes }).as_union_value())
        }
        Answer::Session { token, lasts_ms } => {
            let args = table::SessionArgs { token: Some(fbb.create_vector(token)), lasts_ms: *lasts_ms };
            (Kind::Session, table::Session::create(fbb, &args).as_union_value())
        }
        Answer::Ticket { bytes, lasts_ms } => {
            let args = table::TicketArgs { bytes: Some(fbb.create_vector(bytes)), lasts_ms: *lasts_ms };
            (Kind::Ticket, table::Ticket::create(fbb, &args).as_union_value())
        }
        Answer::Value(value) => {
            let bytes = Some(fbb.create_vector(&value.0));
            (Kind::Value, table::Value::create(fbb, &table::ValueArgs { bytes }).as_union_value())
        }
        Answer::Head { head, mac } => {
            let (link, mac) = (Some(fbb.create_vector(&head.link)), Some(fbb.create_vector(mac)));
            (Kind::Head, table::Head::create(fbb, &table::HeadArgs { place: head.place, link, mac }).as_union_value())
        }
        Answer::Done(count) => {
            (Kind::Done, table::Done::create(fbb, &table::DoneArgs { count: *count }).as_union_value())
        }
    }
}

type Texts<'a> = Vector<'a, ForwardsUOffset<&'a str>>;

fn put_texts<'a>(fbb: &mut FlatBufferBuilder<'a>, texts: &[String]) -> WIPOffset<Texts<'a>> {
    let offsets: Vec<_> = texts.iter().map(|text| fbb.create_string(text)).collect();
    fbb.create_vector(&offsets)
}

fn take_texts(texts: &Texts<'_>) -> Vec<String> {
    texts.iter().map(str::to_owned).collect()
}

/// Bytes of a fixed length; another length is not what the schema means.
fn take_array<const N: usize>(bytes: &Vector<'_, u8>) -> Result<[u8; N], WireFault> {
    let wrong = |_| WireFault::NotVerified(format!("{} bytes where {N} are expected", bytes.len()));
    bytes.bytes().try_into().map_err(wrong)
}

fn put_use<'a>(fbb: &mut FlatBufferBuilder<'a>, what: &Use) -> WIPOffset<table::Use<'a>> {
    let args = table::UseArgs {
        tool: Some(fbb.create_string(&what.tool)),
        secret: Some(fbb.create_string(&what.secret)),
        place: match what.place {
            Place::Header => table::Place::Header,
            Place::Path => table::Place::Path,
            Place::Body => table::Place::Body,
            Place::Stdin => table::Place::Stdin,
            Place::Descriptor => table::Place::Descriptor,
        },
        host: Some(fbb.create_string(&what.host)),
    };
    table::Use::create(fbb, &args)
}

fn take_use(what: &table::Use<'_>) -> Result<Use, WireFault> {
    let place = match what.place() {
        table::Place::Header => Place::Header,
        table::Place::Path => Place::Path,
        table::Place::Body => Place::Body,
        table::Place::Stdin => Place::Stdin,
        table::Place::Descriptor => Place::Descriptor,
        other => return Err(WireFault::UnknownKind(other.0)),
    };
    let text = str::to_owned;
    Ok(Use { tool: text(what.tool()), secret: text(what.secret()), place, host: text(what.host()) })
}

const fn put_vault(vault: Vault) -> table::Vault {
    match vault {
        Vault::NotInitialised => table::Vault::NotInitialised,
        Vault::Open => table::Vault::Open,
        Vault::Locked => table::Vault::Locked,
    }
}

const fn take_vault(vault: table::Vault) -> Result<Vault, WireFault> {
    match vault {
        table::Vault::NotInitialised => Ok(Vault::NotInitialised),
        table::Vault::Open => Ok(Vault::Open),
        table::Vault::Locked => Ok(Vault::Locked),
        other => Err(WireFault::UnknownKind(other.0)),
    }
}

fn put_state<'a>(fbb: &mut FlatBufferBuilder<'a>, state: &State) -> WIPOffset<table::State<'a>> {
    let args = table::StateArgs {
        program: Some(fbb.create_string(&state.program)),
        pid: state.pid,
        uid: state.uid,
        uptime_ms: state.uptime_ms,
        clients: state.clients,
        sessions: state.sessions,
        walls: Some(put_texts(fbb, &state.walls)),
        missing: Some(put_texts(fbb, &state.missing)),
        vault: put_vault(state.vault),
        note: Some(fbb.create_string(&state.note)),
        key: Some(fbb.create_string(&state.key)),
        separated: state.separated,
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
        sessions: state.sessions(),
        walls: take_texts(&state.walls()),
        missing: take_texts(&state.missing()),
        vault: take_vault(state.vault())?,
        note: state.note().to_owned(),
        key: state.key().to_owned(),
        separated: state.separated(),
    })
}
