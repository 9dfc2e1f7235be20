//! Tools `file_read`, `file_write`, `file_append`, `file_edit` on files of the workspace.
//!
//! The brain opens beneath the workspace and, when a hand has written a draft, syncs and renames it:
//! a file is the old one or the new one, also after a power cut.

use std::fs::File;
use std::sync::Arc;

use serde_json::{Value, json};

use super::arguments::{only, text};
use super::file_hand::PART_BYTES;
use super::workspace::{Draft, Workspace};
use crate::base::limits::FILE_BYTES;
use crate::base::{Code, Fault};
use crate::gate::{EVERY_HAND, Job, Manifest, Run, Tier, Tool};
use crate::sandbox::Class;
use crate::wire::hand::{Outcome, Work};

macro_rules! file_tool {
    ($(#[$doc:meta])* $tool:ident, $name:literal, $purpose:literal, $keys:expr, $tier:expr, $idempotent:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $tool {
            manifest: Manifest,
            workspace: Arc<Workspace>,
        }

        impl $tool {
            const KEYS: &[&str] = $keys;

            /// The tool on this workspace.
            #[must_use]
            pub fn new(workspace: Arc<Workspace>) -> Self {
                let manifest = manifest($name, $purpose, Self::KEYS, $tier, $idempotent);
                Self { manifest, workspace }
            }
        }

        impl Tool for $tool {
            fn manifest(&self) -> &Manifest {
                &self.manifest
            }

            fn prepare(&self, arguments: &Value) -> Result<Job, Fault> {
                only(arguments, Self::KEYS)?;
                self.job(arguments)
            }
        }
    };
}

file_tool!(
    /// Reads a file whole.
    FileRead, "file_read", "The text of a file in the workspace", &["path"], Tier::Looks, true
);
file_tool!(
    /// Replaces a file, or makes it.
    FileWrite, "file_write", "Writes a file in the workspace whole", &["path", "text"], Tier::Changes, true
);
file_tool!(
    /// Adds to the end of a file.
    FileAppend, "file_append", "Adds text to the end of a file in the workspace", &["path", "text"], Tier::Changes, false
);
file_tool!(
    /// Replaces one passage.
    FileEdit, "file_edit", "Replaces a passage that occurs once in a file", &["path", "find", "replace"], Tier::Changes, false
);

fn manifest(name: &'static str, purpose: &'static str, keys: &[&str], tier: Tier, idempotent: bool) -> Manifest {
    let properties: serde_json::Map<_, _> =
        keys.iter().map(|key| ((*key).to_owned(), json!({"type": "string"}))).collect();
    let arguments =
        json!({"type": "object", "required": keys, "additionalProperties": false, "properties": properties});
    Manifest { name, purpose, arguments, class: Some(Class::Files), needs: EVERY_HAND, tier, idempotent }
}

impl FileRead {
    fn job(&self, arguments: &Value) -> Result<Job, Fault> {
        let path = text(arguments, "path")?;
        let file = self.workspace.read(path)?;
        let size = size_within(&file, path, 0)?;
        let parts = size.div_ceil(PART_BYTES as u64).max(1);
        let length = u32::try_from(PART_BYTES).unwrap_or(u32::MAX);
        let work = (0..parts).map(|part| Work::FileRead { offset: part * PART_BYTES as u64, length }).collect();
        let finish = Box::new(move |outcomes: Vec<Outcome>| {
            let mut whole = Vec::new();
            for outcome in outcomes {
                let Outcome::Bytes { bytes, .. } = outcome else { return Err(garbage(&outcome)) };
                whole.extend(bytes);
            }
            let bytes = whole.len();
            let text =
                String::from_utf8(whole).map_err(|_| Fault::new(Code::BadInput, "the file is not UTF-8 text"))?;
            Ok(json!({"text": text, "bytes": bytes}))
        });
        Ok(Job { run: Run::Once { class: Class::Files, descriptors: vec![file.into()], work }, finish })
    }
}

impl FileWrite {
    fn job(&self, arguments: &Value) -> Result<Job, Fault> {
        let text = text(arguments, "text")?;
        let draft = self.workspace.draft(self::text(arguments, "path")?)?;
        let descriptors = vec![duplicate(&draft.file)?.into()];
        let run = Run::Once { class: Class::Files, descriptors, work: parts(text)? };
        Ok(Job { run, finish: Box::new(move |outcomes| publish(draft, &outcomes)) })
    }
}

impl FileAppend {
    fn job(&self, arguments: &Value) -> Result<Job, Fault> {
        let path = text(arguments, "path")?;
        let text = text(arguments, "text")?;
        let file = self.workspace.append(path)?;
        size_within(&file, path, text.len() as u64)?;
        let descriptors = vec![duplicate(&file)?.into()];
        let run = Run::Once { class: Class::Files, descriptors, work: parts(text)? };
        let finish = Box::new(move |outcomes: Vec<Outcome>| {
            all_done(&outcomes)?;
            file.sync_all().map_err(|error| Fault::new(Code::System, format!("write the file to disk: {error}")))?;
            Ok(json!({"appended": true}))
        });
        Ok(Job { run, finish })
    }
}

impl FileEdit {
    fn job(&self, arguments: &Value) -> Result<Job, Fault> {
        let path = text(arguments, "path")?;
        let from = self.workspace.read(path)?;
        let draft = self.workspace.draft(path)?;
        let find = text(arguments, "find")?.to_owned();
        let replace = text(arguments, "replace")?.to_owned();
        if find.len() + replace.len() > PART_BYTES {
            return Err(Fault::new(Code::Full, format!("an edit has at most {PART_BYTES} bytes")));
        }
        let descriptors = vec![from.into(), duplicate(&draft.file)?.into()];
        let run = Run::Once { class: Class::Files, descriptors, work: vec![Work::FileEdit { find, replace }] };
        Ok(Job { run, finish: Box::new(move |outcomes| publish(draft, &outcomes)) })
    }
}

fn publish(draft: Draft, outcomes: &[Outcome]) -> Result<Value, Fault> {
    all_done(outcomes)?;
    draft.publish()?;
    Ok(json!({"written": true}))
}

fn parts(text: &str) -> Result<Vec<Work>, Fault> {
    if text.len() as u64 > FILE_BYTES {
        let message = format!("{} bytes are more than a file may have ({FILE_BYTES})", text.len());
        return Err(Fault::new(Code::Full, message));
    }
    Ok(text.as_bytes().chunks(PART_BYTES).map(|part| Work::FileWrite { bytes: part.to_vec() }).collect())
}

fn size_within(file: &File, path: &str, more: u64) -> Result<u64, Fault> {
    let size = file.metadata().map_err(|error| Fault::new(Code::System, format!("«{path}»: {error}")))?.len();
    if size.saturating_add(more) > FILE_BYTES {
        return Err(Fault::new(Code::Full, format!("«{path}» would pass the {FILE_BYTES} bytes that a file may have")));
    }
    Ok(size)
}

fn duplicate(file: &File) -> Result<File, Fault> {
    file.try_clone().map_err(|error| Fault::new(Code::System, format!("duplicate a descriptor: {error}")))
}

fn all_done(outcomes: &[Outcome]) -> Result<(), Fault> {
    outcomes.iter().find(|outcome| **outcome != Outcome::Done).map_or(Ok(()), |other| Err(garbage(other)))
}

fn garbage(outcome: &Outcome) -> Fault {
    Fault::new(Code::Garbage, format!("a files hand answered {outcome:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_larger_than_a_file_may_be_is_refused() {
        let most = usize::try_from(FILE_BYTES).expect("a size");
        assert!(parts(&"x".repeat(most)).is_ok());
        assert!(parts(&"x".repeat(most + 1)).expect_err("too large").message.contains("more than a file may have"));
    }
}
