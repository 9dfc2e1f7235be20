//! The body of the `lines` hand: holds line descriptors, reads and drives them.

use std::fs::File;
use std::os::fd::OwnedFd;

use crate::base::{Code, Fault};
use crate::hal::value;
use crate::sandbox::Port;
use crate::wire::PacketFault;
use crate::wire::hand::{LineGrant, Outcome, Work};

pub(super) fn body(port: &mut Port, descriptors: Vec<OwnedFd>) -> Result<(), PacketFault> {
    let files: Vec<File> = descriptors.into_iter().map(File::from).collect();
    let mut held: Vec<(File, LineGrant)> = Vec::new();
    let mut files = Some(files);
    while let Some((id, work)) = port.take()? {
        let outcome = match work {
            Work::Hold(grants) => take(&mut files, &mut held, &grants),
            Work::LineSet { line, value } => at(&held, line).and_then(|(file, grant)| {
                value::set(file, *grant, value).map_err(|error| failed("drive", line, &error))?;
                Ok(Outcome::Done)
            }),
            Work::LineGet { line } => at(&held, line).and_then(|(file, grant)| {
                value::get(file, *grant).map(Outcome::Number).map_err(|error| failed("read", line, &error))
            }),
            other => Err(Fault::new(Code::Refused, format!("a lines hand does not do {other:?}"))),
        };
        port.reply(id, outcome)?;
    }
    Ok(())
}

fn take(
    files: &mut Option<Vec<File>>,
    held: &mut Vec<(File, LineGrant)>,
    grants: &[LineGrant],
) -> Result<Outcome, Fault> {
    match files.take() {
        Some(files) if files.len() == grants.len() => {
            held.extend(files.into_iter().zip(grants.iter().copied()));
            Ok(Outcome::Done)
        }
        Some(files) => {
            let message = format!("{} lines were granted with {} descriptors", grants.len(), files.len());
            Err(Fault::new(Code::BadInput, message))
        }
        None => Err(Fault::new(Code::Refused, "the lines are held already")),
    }
}

fn at(held: &[(File, LineGrant)], line: u32) -> Result<&(File, LineGrant), Fault> {
    let index = usize::try_from(line).unwrap_or(usize::MAX);
    held.get(index).ok_or_else(|| Fault::new(Code::NotFound, format!("line {line} is not held")))
}

fn failed(act: &str, line: u32, error: &std::io::Error) -> Fault {
    let code = if error.kind() == std::io::ErrorKind::PermissionDenied { Code::Refused } else { Code::System };
    Fault::new(code, format!("{act} line {line}: {error}"))
}
