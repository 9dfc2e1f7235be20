//! Messages between the brain and one hand, as ordinary values (`schemas/hand.fbs`).

use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, WIPOffset};

use super::generated::hand as fb;
use super::verify::same_version;
use super::{VERSION, WireFault, net, read};
use crate::base::{Code, Fault};

/// What a handed line descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A GPIO line request (uapi v2): 0 or 1.
    Digital,
    /// `duty_cycle` of a sysfs PWM channel: 0 to 100, in percent of the period.
    Pwm,
    /// A sysfs attribute that holds one number.
    Reading,
    /// A line of the simulated bank.
    Simulated,
    /// A 16-bit register of an I2C device, high byte first, signed.
    I2cWord,
}

/// One line that a `lines` hand is given, in the order of its descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineGrant {
    /// What the descriptor is.
    pub kind: LineKind,
    /// Period of a PWM channel in nanoseconds; 0 elsewhere.
    pub period_ns: u64,
    /// Whether the hand may set it.
    pub writable: bool,
    /// Whether the thing behind it is on while the line is low.
    pub active_low: bool,
    /// Register of an I2C device; 0 elsewhere.
    pub register: u8,
}

/// What a hand is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// `lines`: these are your descriptors.
    Hold(Vec<LineGrant>),
    /// `lines`: drive a line to a value.
    LineSet {
        /// Its place in [`Work::Hold`].
        line: u32,
        /// 0 or 1; 0 to 100 for PWM.
        value: f64,
    },
    /// `lines`: what is on a line now.
    LineGet {
        /// Its place in [`Work::Hold`].
        line: u32,
    },
    /// `pure`: civil time of an instant.
    TellTime {
        /// IANA zone name.
        zone: String,
        /// Milliseconds since 1970 UTC.
        unix_ms: i64,
    },
    /// `pure`: the value of an arithmetic expression.
    Evaluate {
        /// The expression.
        expression: String,
    },
    /// `files`: bytes of the passed descriptor.
    FileRead {
        /// First byte.
        offset: u64,
        /// At most so many.
        length: u32,
    },
    /// `files`: puts bytes into the passed descriptor.
    FileWrite {
        /// The bytes; they go to where the descriptor is: behind what is there, if it was opened so.
        bytes: Vec<u8>,
    },
    /// `files`: the first descriptor's bytes with one replacement, into the second.
    FileEdit {
        /// Must occur exactly once.
        find: String,
        /// What stands there afterwards.
        replace: String,
    },
    /// `shell`: runs a command in the passed folder.
    RunCommand {
        /// For `/bin/sh -c`.
        command: String,
        /// Milliseconds that it has.
        wall_ms: u32,
        /// Secrets that it is given: on standard input, or on the descriptor whose number is the mark.
        vouchers: Vec<net::Voucher>,
    },
    /// `net`, `link`; [`net::Ask::Greet`] of `shell` as well.
    Net(net::Ask),
    /// `embed`: the passed descriptor is the model.
    LoadModel {
        /// SHA-256 that it must have, in hex.
        sha256: String,
        /// Whether its table of word pieces stays in the file.
        mapped: bool,
    },
    /// `embed`: texts to vectors.
    Embed {
        /// The texts.
        texts: Vec<String>,
    },
}

/// What there is to say of one text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embedded {
    /// Its vector; empty where it would mislead.
    pub vector: Vec<f32>,
    /// Its language as far as it was told, an ISO 639-1 code or `und`.
    pub language: String,
    /// Pieces that were read.
    pub tokens: u32,
    /// Whether its end was not read.
    pub cut: bool,
}

/// How a command ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Exit status, where it exited.
    pub status: i32,
    /// The signal that ended it, or 0.
    pub signal: i32,
    /// What it wrote, standard output and standard error together.
    pub output: Vec<u8>,
    /// Whether it wrote more than is kept.
    pub cut: bool,
    /// The cap that ended it; empty where it ended by itself.
    pub ended_by: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Done, nothing to tell.
    Done,
    /// A number: a line's value, an expression's.
    Number(f64),
    /// A text.
    Text(String),
    /// Bytes of a file.
    Bytes {
        /// The bytes read.
        bytes: Vec<u8>,
        /// Size of the whole file.
        total: u64,
    },
    /// A command has ended.
    Ran(Ran),
    /// Of `net` and `link`.
    Net(net::Told),
    /// One for each text.
    Vectors(Vec<Embedded>),
    /// It was not done, and why.
    Failed(Fault),
}

/// The buffer of a request.
#[must_use]
pub fn encode_request(id: u64, work: &Work) -> Vec<u8> {
    let mut builder = FlatBufferBuilder::new();
    let (work_type, work) = build_work(&mut builder, work);
    let request = fb::Request::create(&mut builder, &fb::RequestArgs { version: VERSION, id, work_type, work });
    builder.finish_minimal(request);
    builder.finished_data().to_vec()
}

fn build_work(b: &mut FlatBufferBuilder<'_>, work: &Work) -> (fb::Work, Option<WIPOffset<UnionWIPOffset>>) {
    let (kind, table) = match work {
        Work::Hold(lines) => {
            let lines: Vec<_> = lines.iter().map(|grant| fb::LineGrant::create(b, &grant_args(*grant))).collect();
            let lines = b.create_vector(&lines);
            (fb::Work::Hold, fb::Hold::create(b, &fb::HoldArgs { lines: Some(lines) }).as_union_value())
        }
        Work::LineSet { line, value } => {
            let args = fb::LineSetArgs { line: *line, value: *value };
            (fb::Work::LineSet, fb::LineSet::create(b, &args).as_union_value())
        }
        Work::LineGet { line } => {
            (fb::Work::LineGet, fb::LineGet::create(b, &fb::LineGetArgs { line: *line }).as_union_value())
        }
        Work::TellTime { zone, unix_ms } => {
            let zone = Some(b.create_string(zone));
            let args = fb::TellTimeArgs { zone, unix_ms: *unix_ms };
            (fb::Work::TellTime, fb::TellTime::create(b, &args).as_union_value())
        }
        Work::Evaluate { expression } => {
            let expression = Some(b.create_string(expression));
            (fb::Work::Evaluate, fb::Evaluate::create(b, &fb::EvaluateArgs { expression }).as_union_value())
        }
        Work::FileRead { offset, length } => {
            let args = fb::FileReadArgs { offset: *offset, length: *length };
            (fb::Work::FileRead, fb::FileRead::create(b, &args).as_union_value())
        }
        Work::FileWrite { bytes } => {
            let bytes = Some(b.create_vector(bytes));
            let args = fb::FileWriteArgs { bytes };
            (fb::Work::FileWrite, fb::FileWrite::create(b, &args).as_union_value())
        }
        Work::FileEdit { find, replace } => {
            let (find, replace) = (Some(b.create_string(find)), Some(b.create_string(replace)));
            (fb::Work::FileEdit, fb::FileEdit::create(b, &fb::FileEditArgs { find, replace }).as_union_value())
        }
        Work::RunCommand { command, wall_ms, vouchers } => {
            let (command, vouchers) = (Some(b.create_string(command)), Some(net::build_vouchers(b, vouchers)));
            let args = fb::RunCommandArgs { command, wall_ms: *wall_ms, vouchers };
            (fb::Work::RunCommand, fb::RunCommand::create(b, &args).as_union_value())
        }
        Work::Net(ask) => net::build_ask(b, ask),
        Work::LoadModel { sha256, mapped } => {
            let args = fb::LoadModelArgs { sha256: Some(b.create_string(sha256)), mapped: *mapped };
            (fb::Work::LoadModel, fb::LoadModel::create(b, &args).as_union_value())
        }
        Work::Embed { texts } => {
            let texts: Vec<_> = texts.iter().map(|text| b.create_string(text)).collect();
            let args = fb::EmbedArgs { texts: Some(b.create_vector(&texts)) };
            (fb::Work::Embed, fb::Embed::create(b, &args).as_union_value())
        }
    };
    (kind, Some(table))
}

fn grant_args(grant: LineGrant) -> fb::LineGrantArgs {
    let kind = match grant.kind {
        LineKind::Digital => fb::LineKind::Digital,
        LineKind::Pwm => fb::LineKind::Pwm,
        LineKind::Reading => fb::LineKind::Reading,
        LineKind::Simulated => fb::LineKind::Simulated,
        LineKind::I2cWord => fb::LineKind::I2cWord,
    };
    let LineGrant { period_ns, writable, active_low, register, .. } = grant;
    fb::LineGrantArgs { kind, period_ns, writable, active_low, register }
}

/// The request in a buffer.
///
/// # Errors
/// Whatever makes the buffer not a request of this version.
pub fn decode_request(bytes: &[u8]) -> Result<(u64, Work), WireFault> {
    let request = read::<fb::Request<'_>>(bytes)?;
    same_version(request.version())?;
    let unknown = || WireFault::UnknownKind(request.work_type().0);
    let work = match request.work_type() {
        fb::Work::Hold => hold(request.work_as_hold().ok_or_else(unknown)?)?,
        fb::Work::LineSet => {
            let set = request.work_as_line_set().ok_or_else(unknown)?;
            Work::LineSet { line: set.line(), value: set.value() }
        }
        fb::Work::LineGet => Work::LineGet { line: request.work_as_line_get().ok_or_else(unknown)?.line() },
        fb::Work::TellTime => {
            let time = request.work_as_tell_time().ok_or_else(unknown)?;
            Work::TellTime { zone: time.zone().to_owned(), unix_ms: time.unix_ms() }
        }
        fb::Work::Evaluate => {
            let expression = request.work_as_evaluate().ok_or_else(unknown)?.expression().to_owned();
            Work::Evaluate { expression }
        }
        fb::Work::FileRead => {
            let part = request.work_as_file_read().ok_or_else(unknown)?;
            Work::FileRead { offset: part.offset(), length: part.length() }
        }
        fb::Work::FileWrite => {
            let part = request.work_as_file_write().ok_or_else(unknown)?;
            Work::FileWrite { bytes: part.bytes().bytes().to_vec() }
        }
        fb::Work::FileEdit => {
            let edit = request.work_as_file_edit().ok_or_else(unknown)?;
            Work::FileEdit { find: edit.find().to_owned(), replace: edit.replace().to_owned() }
        }
        fb::Work::RunCommand => {
            let run = request.work_as_run_command().ok_or_else(unknown)?;
            let vouchers = run.vouchers().map_or_else(|| Ok(Vec::new()), net::read_vouchers)?;
            Work::RunCommand { command: run.command().to_owned(), wall_ms: run.wall_ms(), vouchers }
        }
        fb::Work::LoadModel => {
            let load = request.work_as_load_model().ok_or_else(unknown)?;
            Work::LoadModel { sha256: load.sha256().to_owned(), mapped: load.mapped() }
        }
        fb::Work::Embed => {
            let texts = request.work_as_embed().ok_or_else(unknown)?.texts();
            Work::Embed { texts: texts.iter().map(str::to_owned).collect() }
        }
        _ => Work::Net(net::read_ask(&request)?.ok_or_else(unknown)?),
    };
    Ok((request.id(), work))
}

fn hold(table: fb::Hold<'_>) -> Result<Work, WireFault> {
    let grants = table.lines().iter().map(|grant| {
        let kind = match grant.kind() {
            fb::LineKind::Digital => LineKind::Digital,
            fb::LineKind::Pwm => LineKind::Pwm,
            fb::LineKind::Reading => LineKind::Reading,
            fb::LineKind::Simulated => LineKind::Simulated,
            fb::LineKind::I2cWord => LineKind::I2cWord,
            other => return Err(WireFault::UnknownKind(other.0)),
        };
        Ok(LineGrant {
            kind,
            period_ns: grant.period_ns(),
            writable: grant.writable(),
            active_low: grant.active_low(),
            register: grant.register(),
        })
    });
    Ok(Work::Hold(grants.collect::<Result<_, _>>()?))
}

/// The buffer of a reply.
#[must_use]
pub fn encode_reply(id: u64, outcome: &Outcome) -> Vec<u8> {
    let mut builder = FlatBufferBuilder::new();
    let b = &mut builder;
    let (outcome_type, outcome) = match outcome {
        Outcome::Done => (fb::Outcome::Done, fb::Done::create(b, &fb::DoneArgs {}).as_union_value()),
        Outcome::Number(value) => {
            (fb::Outcome::Number, fb::Number::create(b, &fb::NumberArgs { value: *value }).as_union_value())
        }
        Outcome::Text(text) => {
            let text = Some(b.create_string(text));
            (fb::Outcome::Text, fb::Text::create(b, &fb::TextArgs { text }).as_union_value())
        }
        Outcome::Bytes { bytes, total } => {
            let bytes = Some(b.create_vector(bytes));
            (fb::Outcome::Bytes, fb::Bytes::create(b, &fb::BytesArgs { bytes, total: *total }).as_union_value())
        }
        Outcome::Ran(ran) => {
            let output = Some(b.create_vector(&ran.output));
            let ended_by = Some(b.create_string(&ran.ended_by));
            let args = fb::RanArgs { status: ran.status, signal: ran.signal, output, cut: ran.cut, ended_by };
            (fb::Outcome::Ran, fb::Ran::create(b, &args).as_union_value())
        }
        Outcome::Vectors(texts) => {
            let texts: Vec<_> = texts.iter().map(|text| build_embedded(b, text)).collect();
            let texts = Some(b.create_vector(&texts));
            (fb::Outcome::Vectors, fb::Vectors::create(b, &fb::VectorsArgs { texts }).as_union_value())
        }
        Outcome::Net(told) => net::build_told(b, told),
        Outcome::Failed(fault) => {
            let message = Some(b.create_string(&fault.message));
            let args = fb::FailedArgs { code: fault.code.number(), message };
            (fb::Outcome::Failed, fb::Failed::create(b, &args).as_union_value())
        }
    };
    let args = fb::ReplyArgs { version: VERSION, id, outcome_type, outcome: Some(outcome) };
    let reply = fb::Reply::create(&mut builder, &args);
    builder.finish_minimal(reply);
    builder.finished_data().to_vec()
}

fn build_embedded<'b>(b: &mut FlatBufferBuilder<'b>, text: &Embedded) -> WIPOffset<fb::Embedded<'b>> {
    let vector = Some(b.create_vector(&text.vector));
    let language = Some(b.create_string(&text.language));
    fb::Embedded::create(b, &fb::EmbeddedArgs { vector, language, tokens: text.tokens, cut: text.cut })
}

/// The reply in a buffer.
///
/// # Errors
/// Whatever makes the buffer not a reply of this version.
pub fn decode_reply(bytes: &[u8]) -> Result<(u64, Outcome), WireFault> {
    let reply = read::<fb::Reply<'_>>(bytes)?;
    same_version(reply.version())?;
    let unknown = || WireFault::UnknownKind(reply.outcome_type().0);
    let outcome = match reply.outcome_type() {
        fb::Outcome::Done => Outcome::Done,
        fb::Outcome::Number => Outcome::Number(reply.outcome_as_number().ok_or_else(unknown)?.value()),
        fb::Outcome::Text => Outcome::Text(reply.outcome_as_text().ok_or_else(unknown)?.text().to_owned()),
        fb::Outcome::Bytes => {
            let part = reply.outcome_as_bytes().ok_or_else(unknown)?;
            Outcome::Bytes { bytes: part.bytes().bytes().to_vec(), total: part.total() }
        }
        fb::Outcome::Ran => {
            let ran = reply.outcome_as_ran().ok_or_else(unknown)?;
            Outcome::Ran(Ran {
                status: ran.status(),
                signal: ran.signal(),
                output: ran.output().bytes().to_vec(),
                cut: ran.cut(),
                ended_by: ran.ended_by().to_owned(),
            })
        }
        fb::Outcome::Vectors => {
            let texts = reply.outcome_as_vectors().ok_or_else(unknown)?.texts();
            Outcome::Vectors(texts.iter().map(embedded).collect())
        }
        fb::Outcome::Failed => {
            let failed = reply.outcome_as_failed().ok_or_else(unknown)?;
            Outcome::Failed(Fault::new(Code::from_number(failed.code()), failed.message()))
        }
        _ => Outcome::Net(net::read_told(&reply).ok_or_else(unknown)?),
    };
    Ok((reply.id(), outcome))
}

fn embedded(text: fb::Embedded<'_>) -> Embedded {
    let vector = text.vector().iter().collect();
    Embedded { vector, language: text.language().to_owned(), tokens: text.tokens(), cut: text.cut() }
}

#[cfg(test)]
#[path = "hand_tests.rs"]
mod tests;
