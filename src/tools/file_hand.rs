//! The body of a `files` hand: bytes of the descriptors it was handed.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use crate::base::limits::FILE_BYTES;
use crate::base::{Code, Fault};
use crate::sandbox::Port;
use crate::wire::PacketFault;
use crate::wire::hand::{Outcome, Work};

/// Bytes of a file in one packet, with room for the message around them.
pub(super) const PART_BYTES: usize = 96 * 1024;

pub(super) fn body(port: &mut Port, descriptors: Vec<OwnedFd>) -> Result<(), PacketFault> {
    let mut files: Vec<File> = descriptors.into_iter().map(File::from).collect();
    while let Some((id, work)) = port.take()? {
        let outcome = match (work, files.as_mut_slice()) {
            (Work::FileRead { offset, length }, [file, ..]) => read(file, offset, length),
            (Work::FileWrite { bytes }, [file, ..]) => {
                file.write_all(&bytes).map(|()| Outcome::Done).map_err(|error| failed(&error))
            }
            (Work::FileEdit { find, replace }, [from, to]) => edit(from, to, &find, &replace),
            (other, _) => Err(Fault::new(Code::Refused, format!("a files hand does not do {other:?}"))),
        };
        port.reply(id, outcome)?;
    }
    Ok(())
}

fn read(file: &File, offset: u64, length: u32) -> Result<Outcome, Fault> {
    let total = file.metadata().map_err(|error| failed(&error))?.len();
    let most = usize::try_from(length).unwrap_or(PART_BYTES).min(PART_BYTES);
    let mut bytes = vec![0; most];
    let mut filled = 0;
    while filled < most {
        let place = offset.saturating_add(u64::try_from(filled).unwrap_or(u64::MAX));
        match file.read_at(&mut bytes[filled..], place) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(error) => return Err(failed(&error)),
        }
    }
    bytes.truncate(filled);
    Ok(Outcome::Bytes { bytes, total })
}

/// Puts the bytes of `from` into `to` with the one occurrence of `find` replaced.
fn edit(from: &File, to: &mut File, find: &str, replace: &str) -> Result<Outcome, Fault> {
    let size = from.metadata().map_err(|error| failed(&error))?.len();
    if size > FILE_BYTES {
        return Err(Fault::new(Code::Full, format!("the file has {size} bytes; an edit takes {FILE_BYTES} at most")));
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
    from.read_exact_at(&mut bytes, 0).map_err(|error| failed(&error))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Fault::new(Code::BadInput, "the file is not UTF-8 text; only text is edited"))?;
    let mut places = text.match_indices(find);
    let Some((place, _)) = places.next().filter(|_| !find.is_empty()) else {
        return Err(Fault::new(Code::NotFound, "the text to replace does not occur in the file"));
    };
    if places.next().is_some() {
        return Err(Fault::new(Code::BadInput, "the text to replace occurs more than once; give more of it"));
    }
    for part in [&text[..place], replace, &text[place + find.len()..]] {
        to.write_all(part.as_bytes()).map_err(|error| failed(&error))?;
    }
    Ok(Outcome::Done)
}

fn failed(error: &std::io::Error) -> Fault {
    Fault::new(Code::System, error.to_string())
}
