//! The one model that this build believes.
//!
//! The hash is in the program, so where the file was found does not matter: another file is refused.
//! `models/build` prints the new hash when the model is made anew.

/// Name of the model file.
pub const MODEL_FILE: &str = "minilm-l6-en.safetensors";
/// SHA-256 of the model file, in hex.
pub const MODEL_SHA256: &str = "4eabd4d1e73b18d2e498147530390eea5935139e9f2105dc16ef465968cc5ac8";
/// Numbers in one vector.
pub const DIMENSIONS: usize = 384;
/// What the file's metadata must say of its layout.
pub(super) const FORMAT: &str = "hearth-embed-1";
/// Heads of attention, which the file does not tell.
pub(super) const HEADS: usize = 12;
/// Weights of a table row that share one scale.
pub(super) const BLOCK: usize = 16;
