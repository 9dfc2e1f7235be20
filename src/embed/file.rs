//! Finding and opening the model file, and embedding without a hand for emulators.

#![forbid(unsafe_code)]

use std::fs::File;
use std::path::{Path, PathBuf};

use super::model::{Embedded, Model, ModelFault, Table};
use super::pinned::{MODEL_FILE, MODEL_SHA256};
use crate::base::sys::Mapping;
use crate::base::{Code, Fault, limits};

/// Where packages put the model.
const SHARED: [&str; 2] = ["/usr/share/hearth", "/usr/local/share/hearth"];
/// How many folders above the program are looked into: `target/TARGET/PROFILE/hearth` is below the checkout.
const ABOVE: usize = 4;

/// The model file, open. What is in it is believed by the hand that checks its hash, by nobody else.
#[derive(Debug)]
pub struct ModelFile {
    file: File,
    path: PathBuf,
}

impl ModelFile {
    /// Opens the model: in `folder` where one is named; else beside the program, in a folder `models` or
    /// `share/hearth` above it, in `/usr/share/hearth`, in `models` below the current folder.
    ///
    /// # Errors
    /// [`Code::NotFound`] naming the places, or the system's answer.
    pub fn open(folder: Option<&Path>) -> Result<Self, Fault> {
        let places = folder.map_or_else(usual, |folder| vec![folder.to_path_buf()]);
        for place in &places {
            let path = place.join(MODEL_FILE);
            match File::open(&path) {
                Ok(file) => return Self::checked(file, path),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Fault::new(Code::System, format!("model {}: {error}", path.display()))),
            }
        }
        let places: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
        let message = format!(
            "no model: {MODEL_FILE} is not in {}; put it there or name its folder with the setting models_dir",
            places.join(", ")
        );
        Err(Fault::new(Code::NotFound, message))
    }

    /// Where it was found.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    #[must_use]
    pub fn into_file(self) -> File {
        self.file
    }

    fn checked(file: File, path: PathBuf) -> Result<Self, Fault> {
        let wrong = |problem: String| Fault::new(Code::BadInput, format!("model {}: {problem}", path.display()));
        let about = file.metadata().map_err(|error| wrong(error.to_string()))?;
        let most = limits::EMBED_MODEL_BYTES as u64;
        if !about.is_file() || about.len() > most {
            return Err(wrong(format!("is no file of at most {most} bytes")));
        }
        Ok(Self { file, path })
    }
}

fn usual() -> Vec<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let mut places: Vec<PathBuf> = program.parent().map(Path::to_path_buf).into_iter().collect();
    for above in program.ancestors().skip(1).take(ABOVE + 1) {
        places.push(above.join("models"));
        places.push(above.join("share/hearth"));
    }
    places.extend(SHARED.map(PathBuf::from));
    places.push(PathBuf::from("models"));
    places
}

/// Embeds texts in this very process, behind no wall: for emulators, where no hand can be made.
///
/// # Errors
/// As the hand's.
pub fn bare(file: &ModelFile, table: Table, texts: &[String]) -> Result<Vec<Embedded>, Fault> {
    let mapping = Mapping::of(&file.file, limits::EMBED_MODEL_BYTES).map_err(ModelFault::from)?;
    let model = Model::read(mapping, MODEL_SHA256, table)?;
    texts.iter().map(|text| model.embed(text).map_err(Fault::from)).collect()
}
