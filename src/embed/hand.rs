//! The body of an `embed` hand: loads the model that it was handed, then turns texts into vectors.

#![forbid(unsafe_code)]

use std::fs::File;
use std::os::fd::OwnedFd;

use super::language;
use super::model::{Model, ModelFault, Table};
use crate::base::sys::{Mapping, announce_vector_unit};
use crate::base::{Code, Fault, limits};
use crate::sandbox::Port;
use crate::wire::PacketFault;
use crate::wire::hand::{Embedded, Outcome, Work};

/// Runs sealed, with the model's descriptor, until the brain closes the socket.
///
/// # Errors
/// A packet that is not the protocol: the hand must end.
pub fn body(port: &mut Port, mut descriptors: Vec<OwnedFd>) -> Result<(), PacketFault> {
    announce_vector_unit();
    let mut model = None;
    while let Some((id, work)) = port.take()? {
        let outcome = match work {
            Work::LoadModel { sha256, mapped } => load(descriptors.pop(), &sha256, mapped).map(|loaded| {
                model = Some(loaded);
                Outcome::Done
            }),
            Work::Embed { texts } => embed(model.as_ref(), &texts).map(Outcome::Vectors),
            other => Err(Fault::new(Code::Refused, format!("an embed hand does not do {other:?}"))),
        };
        port.reply(id, outcome)?;
    }
    Ok(())
}

fn load(descriptor: Option<OwnedFd>, sha256: &str, mapped: bool) -> Result<Model, Fault> {
    let Some(descriptor) = descriptor else {
        return Err(Fault::new(Code::BadInput, "an embed hand is handed one model, once"));
    };
    let mapping = Mapping::of(&File::from(descriptor), limits::EMBED_MODEL_BYTES).map_err(ModelFault::from)?;
    let table = if mapped { Table::Mapped } else { Table::Memory };
    Ok(Model::read(mapping, sha256, table)?)
}

fn embed(model: Option<&Model>, texts: &[String]) -> Result<Vec<Embedded>, Fault> {
    let Some(model) = model else {
        return Err(Fault::new(Code::BadInput, "an embed hand has no model yet"));
    };
    texts.iter().map(|text| one(model, text)).collect()
}

/// One text; the costly part is left out where its vector would mislead.
fn one(model: &Model, text: &str) -> Result<Embedded, Fault> {
    let pieces = model.split(text);
    let language = language::of(text);
    let tokens = u32::try_from(pieces.ids.len()).unwrap_or(u32::MAX);
    let mut made = Embedded { vector: Vec::new(), language: language.code.to_owned(), tokens, cut: pieces.cut };
    if pieces.words > 0 && language.suits(pieces.ids.len(), pieces.words) {
        made.vector = model.embed_pieces(&pieces)?.vector;
    }
    Ok(made)
}
